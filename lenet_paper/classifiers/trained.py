"""The networks of Fig. 9, trained as LeNet-5 is: one pattern at a time, by appendix C."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from lenet.data import scale
from lenet.distortions import Ranges
from lenet.evaluation import outputs
from lenet.initial import initialise
from lenet.ledger import ledger, totals
from lenet.losses import MaximumLikelihood
from lenet.sdlm import SDLM, fastest_pass
from lenet.shown import AsTheyAre, Enlarged, Show
from lenet.training import Loss, train
from lenet_paper.classifiers import Classified, Digits, compiled_rivals
from lenet_paper.classifiers.rivals import CONVOLUTIONAL, Rival, fully_connected

MARGINS = {"lenet1": 6, "lenet4": 2}  # background around a digit: 16x16 to 28x28, 28x28 to 32x32


def dense_network(
    training: Digits,
    images: Tensor,
    *,
    seed: int,
    hidden: list[int],
    initial: str,
    ranges: Ranges | None = None,
    copies: int = 9,
) -> Classified:
    """Fully connected, with so many ``hidden`` units in each layer but the last (section III-C).

    With ``ranges`` it is shown the set of the images and so many distorted ``copies`` of each.
    """
    network = fully_connected(training[0][0].numel(), *hidden, 10)
    show = Enlarged(ranges, copies) if ranges else None
    return say(network, training, images, seed, initial, show)


def convolutional(
    training: Digits, images: Tensor, *, seed: int, name: str, initial: str
) -> Classified:
    """LeNet-1, on 16x16 images, or LeNet-4, on 28x28 (section III-C)."""
    network, margin = CONVOLUTIONAL[name](), MARGINS[name]
    training = padded(training[0], margin), training[1]
    return say(network, training, padded(images, margin), seed, initial)


def padded(images: Tensor, margin: int) -> Tensor:
    """So many pixels of background around images (N, H, W)."""
    return F.pad(images, (margin, margin, margin, margin))


def pixels(images: Tensor) -> Tensor:
    """Images (N, H, W) from 0 to 1 as networks take them: (N, 1, H, W) from -0.1 to 1.175."""
    return scale(255 * images)[:, None]


def say(
    network: Rival,
    training: Digits,
    images: Tensor,
    seed: int,
    initial: str,
    show: Show | None = None,
) -> Classified:
    """Train ``network`` from new weights, and what it then says of the images."""
    train_rival(network, (pixels(training[0]), training[1]), seed, initial, show)
    multiply_adds, stored = costs(network, images)
    penalties = outputs(network, pixels(images)).numpy()
    return Classified(penalties, multiply_adds, stored, network)


def train_rival(
    network: Rival, training: Digits, seed: int, initial: str, show: Show | None = None
) -> None:
    """The paper's twenty passes over images (N, 1, H, H) and their labels, from new weights."""
    recipe = SDLM(show=show or AsTheyAre())
    initialise(network, seed, initial)
    train(network, *training, recipe, loss=MaximumLikelihood(), seed=seed, progress=False)


@fastest_pass.register
def _(network: Rival, loss: Loss) -> Callable[..., tuple[float, int]]:
    return compiled_rivals.run_pass


def costs(network: Rival, images: Tensor) -> tuple[int, int]:
    """Multiply-adds for an image, and trained numbers. The answer needs no distances to PLACES."""
    total = totals(ledger(network, (1, *images.shape[1:]))[:-1])
    return total.multiply_adds, total.parameters
