"""The 27 classifiers of Fig. 9 as data: what each is, and its settings.

Settings that the paper does not give were chosen on held-out training images (fig9-choice); that
images of length 1 were tried at all came of test counts, as chapter 15 tells.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from lenet_paper.classifiers import Classified, Digits, boosting, local, svm, trained
from lenet_paper.classifiers.forms import deslanted, regular, small
from lenet_paper.classifiers.linear import linear, pairwise
from lenet_paper.classifiers.neighbours import nearest
from lenet_paper.classifiers.pca_quadratic import pca_quadratic
from lenet_paper.classifiers.rbf_units import rbf_units
from lenet_paper.classifiers.tangent import tangent_distance


@dataclass(frozen=True)
class Bar:
    """One bar of Fig. 9. ``label`` is its tag there, a key of `lenet.paper.FIG9`.

    ``classify`` takes digits, images and the ``settings``; also ``seed`` if there are seeds,
    ``ranges`` and ``copies`` if the row is distorted, and ``network`` if it is of another row.
    Without it the answers are those that another experiment has ``kept``.
    """

    label: str
    classify: Callable[..., Classified] | None = None
    settings: dict = field(default_factory=dict)
    form: Callable[[str], Digits] = regular
    seeds: tuple[int, ...] = ()  # none: nothing is random
    distorted: bool = False  # shown the enlarged set of fig6
    of: str = ""  # the row whose trained network it takes
    kept: str = ""


ONE, THREE = (0,), (0, 1, 2)


def bar_of_network(hidden: list[int], *, distorted: bool = False) -> Bar:
    """A fully connected network on 28x28 pixels with so many hidden units."""
    label = f"{'[dist] ' if distorted else ''}28x28-{'-'.join(map(str, hidden))}-10"
    settings = {"hidden": hidden, "initial": "root" if len(hidden) == 1 else "variance"}
    return Bar(
        label,
        trained.dense_network,
        settings,
        seeds=THREE,
        distorted=distorted,
    )


BARS = {  # by their names on the command line and in results/, in the order of Fig. 9
    "linear": Bar("Linear", linear, {"ridge": 1000}),
    "deslant-linear": Bar("[deslant] Linear", linear, {"ridge": 100}, deslanted),
    "pairwise": Bar("Pairwise", pairwise, {"ridge": 100, "steepness": 4}),
    "knn": Bar("K-NN Euclidean", nearest, {"k": 3}),
    "deslant-knn": Bar("[deslant] K-NN", nearest, {"k": 3}, deslanted),
    "pca-quadratic": Bar("40 PCA + quadratic", pca_quadratic, {"components": 40, "ridge": 0.01}),
    "rbf": Bar(
        "1000 RBF + linear", rbf_units, {"units": 1000, "width": 0.5, "ridge": 1}, seeds=THREE
    ),
    "tangent": Bar(
        "[16x16] Tangent distance",
        tangent_distance,
        {"sigma": 0.5, "candidates": 300},
        small,
    ),
    "svm": Bar("SVM poly 4", svm.svm, {"degree": 4, "c": 1, "unit_length": True}),
    "rs-svm": Bar(
        "RS-SVM poly 5",
        svm.reduced_svm,
        {"degree": 5, "c": 1, "unit_length": True, "vectors_a_class": 82},
        seeds=ONE,
    ),
    "dist-v-svm": Bar(
        "[dist] V-SVM poly 9",
        svm.virtual_svm,
        {"degree": 9, "c": 0.1, "unit_length": True},
    ),
    "300": bar_of_network([300]),
    "dist-300": bar_of_network([300], distorted=True),
    "deslant-300": Bar(
        "[deslant] 20x20-300-10",
        trained.dense_network,
        {"hidden": [300], "initial": "root"},
        deslanted,
        seeds=THREE,
    ),
    "1000": bar_of_network([1000]),
    "dist-1000": bar_of_network([1000], distorted=True),
    "300-100": bar_of_network([300, 100]),
    "dist-300-100": bar_of_network([300, 100], distorted=True),
    "500-150": bar_of_network([500, 150]),
    "dist-500-150": bar_of_network([500, 150], distorted=True),
    "lenet1": Bar(
        "[16x16] LeNet-1",
        trained.convolutional,
        {"name": "lenet1", "initial": "paper"},
        small,
        seeds=THREE,
    ),
    "lenet4": Bar(
        "LeNet-4",
        trained.convolutional,
        {"name": "lenet4", "initial": "root"},
        seeds=THREE,
    ),
    "lenet4-local": Bar(
        "LeNet-4 / Local",
        local.by_own_layer,
        {"k": 100, "ridge": 1},
        seeds=THREE,
        of="lenet4",
    ),
    "lenet4-knn": Bar("LeNet-4 / K-NN", local.by_neighbours, {"k": 5}, seeds=THREE, of="lenet4"),
    "lenet5": Bar("LeNet-5", kept="fig5", seeds=THREE),
    "dist-lenet5": Bar("[dist] LeNet-5", kept="fig6-distorted", seeds=THREE),
    "dist-boosted-lenet4": Bar(
        "[dist] Boosted LeNet-4",
        boosting.boosted,
        {"size": 60_000, "initial": "root"},
        seeds=ONE,
        distorted=True,
    ),
}
