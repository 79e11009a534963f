"""The 27 classifiers of Fig. 9 as data: what each is, and its settings.

Settings that the paper does not give were chosen on held-out training images (fig9-choice).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from lenet.classifiers import Classified, Digits, boosting, local, svm, trained
from lenet.classifiers.forms import deslanted, regular, small
from lenet.classifiers.linear import linear, pairwise
from lenet.classifiers.neighbours import nearest
from lenet.classifiers.pca_quadratic import pca_quadratic
from lenet.classifiers.rbf_units import rbf_units
from lenet.classifiers.tangent import tangent_distance


@dataclass(frozen=True)
class Row:
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
    of: str | None = None  # the row whose trained network it takes
    kept: str | None = None
    minutes: int = 1  # for all its seeds on two cores, about; without the extra "svm"


ONE, THREE = (0,), (0, 1, 2)


def connected(hidden: list[int], minutes: int, *, distorted: bool = False) -> Row:
    """A fully connected network on 28x28 pixels with so many hidden units."""
    label = f"{'[dist] ' if distorted else ''}28x28-{'-'.join(map(str, hidden))}-10"
    settings = {"hidden": hidden, "initial": "root" if len(hidden) == 1 else "variance"}
    return Row(
        label,
        trained.dense_network,
        settings,
        seeds=THREE,
        distorted=distorted,
        minutes=minutes,
    )


ROWS = {  # by their names on the command line and in results/, in the order of Fig. 9
    "linear": Row("Linear", linear, {"ridge": 1000}),
    "deslant-linear": Row("[deslant] Linear", linear, {"ridge": 100}, deslanted),
    "pairwise": Row("Pairwise", pairwise, {"ridge": 100, "steepness": 4}),
    "knn": Row("K-NN Euclidean", nearest, {"k": 3}),
    "deslant-knn": Row("[deslant] K-NN", nearest, {"k": 3}, deslanted),
    "pca-quadratic": Row("40 PCA + quadratic", pca_quadratic, {"components": 40, "ridge": 0.01}),
    "rbf": Row(
        "1000 RBF + linear", rbf_units, {"units": 1000, "width": 0.5, "ridge": 1}, seeds=THREE
    ),
    "tangent": Row(
        "[16x16] Tangent distance",
        tangent_distance,
        {"sigma": 0.5, "candidates": 300},
        small,
        minutes=5,
    ),
    "svm": Row("SVM poly 4", svm.svm, {"degree": 4, "c": 1, "unit_length": True}, minutes=40),
    "rs-svm": Row(
        "RS-SVM poly 5",
        svm.reduced_svm,
        {"degree": 5, "c": 1, "unit_length": True, "vectors_a_class": 82},
        seeds=ONE,
        minutes=60,
    ),
    "dist-v-svm": Row(
        "[dist] V-SVM poly 9",
        svm.virtual_svm,
        {"degree": 9, "c": 0.1, "unit_length": True},
        minutes=120,
    ),
    "300": connected([300], minutes=5),
    "dist-300": connected([300], minutes=10, distorted=True),
    "deslant-300": Row(
        "[deslant] 20x20-300-10",
        trained.dense_network,
        {"hidden": [300], "initial": "root"},
        deslanted,
        seeds=THREE,
        minutes=3,
    ),
    "1000": connected([1000], minutes=20),
    "dist-1000": connected([1000], minutes=25, distorted=True),
    "300-100": connected([300, 100], minutes=6),
    "dist-300-100": connected([300, 100], minutes=11, distorted=True),
    "500-150": connected([500, 150], minutes=10),
    "dist-500-150": connected([500, 150], minutes=15, distorted=True),
    "lenet1": Row(
        "[16x16] LeNet-1",
        trained.convolutional,
        {"name": "lenet1", "initial": "paper"},
        small,
        seeds=THREE,
        minutes=5,
    ),
    "lenet4": Row(
        "LeNet-4",
        trained.convolutional,
        {"name": "lenet4", "initial": "root"},
        seeds=THREE,
        minutes=10,
    ),
    "lenet4-local": Row(
        "LeNet-4 / Local",
        local.by_own_layer,
        {"k": 100, "ridge": 1},
        seeds=THREE,
        of="lenet4",
        minutes=2,
    ),
    "lenet4-knn": Row("LeNet-4 / K-NN", local.by_neighbours, {"k": 5}, seeds=THREE, of="lenet4"),
    "lenet5": Row("LeNet-5", kept="fig5", seeds=THREE),
    "dist-lenet5": Row("[dist] LeNet-5", kept="fig6-distorted", seeds=THREE),
    "dist-boosted-lenet4": Row(
        "[dist] Boosted LeNet-4",
        boosting.boosted,
        {"size": 60_000, "initial": "root"},
        seeds=ONE,
        distorted=True,
        minutes=45,
    ),
}


def chosen(names: list[str] | None) -> list[str]:
    """These rows, or all, in the order of Fig. 9. Raises ``ValueError`` for one there is not."""
    for name in names or []:
        if name not in ROWS:
            raise ValueError(f"Fig. 9 has no row {name}: choose from {', '.join(ROWS)}")
    return [name for name in ROWS if not names or name in names]
