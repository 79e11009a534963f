"""The networks of Fig. 9, trained as LeNet-5 is: one pattern at a time, by appendix C."""

from collections.abc import Callable, Iterable
from itertools import repeat

from torch import Generator, Tensor
from torch.nn import functional as F

from lenet import sdlm
from lenet.classifiers import Classified, Digits, compiled
from lenet.classifiers.networks import CONVOLUTIONAL, Network, dense
from lenet.data import scale
from lenet.distortions import Ranges, enlarged
from lenet.evaluation import outputs
from lenet.initial import initialise
from lenet.ledger import ledger, totals
from lenet.losses import MaximumLikelihood
from lenet.paper import SCHEDULE

MARGINS = {"lenet1": 6, "lenet4": 2}  # background around a digit: 16x16 to 28x28, 28x28 to 32x32
Show = Callable[[Tensor], Iterable[Tensor]]  # what each pass shows of the images


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
    network = dense(training[0][0].numel(), *hidden, 10)
    show = distorted(ranges, copies, seed) if ranges else repeat
    return trained(network, training, images, seed, initial, show)


def convolutional(
    training: Digits, images: Tensor, *, seed: int, name: str, initial: str
) -> Classified:
    """LeNet-1, on 16x16 images, or LeNet-4, on 28x28 (section III-C)."""
    network, margin = CONVOLUTIONAL[name](), MARGINS[name]
    training = padded(training[0], margin), training[1]
    return trained(network, training, padded(images, margin), seed, initial)


def distorted(ranges: Ranges, copies: int, seed: int) -> Show:
    """Show the enlarged set of Fig. 6, one part at every pass."""
    return lambda images: enlarged(images, ranges, Generator().manual_seed(seed), copies)


def padded(images: Tensor, margin: int) -> Tensor:
    """So many pixels of background around images (N, H, W)."""
    return F.pad(images, (margin, margin, margin, margin))


def pixels(images: Tensor) -> Tensor:
    """Images (N, H, W) from 0 to 1 as networks take them: (N, 1, H, W) from -0.1 to 1.175."""
    return scale(255 * images)[:, None]


def trained(
    network: Network,
    training: Digits,
    images: Tensor,
    seed: int,
    initial: str,
    show: Show = repeat,
) -> Classified:
    """Train ``network`` from new weights, and what it then says of the images."""
    train(network, pixels(training[0]), training[1], seed, initial, show)
    multiply_adds, stored = costs(network, images)
    penalties = outputs(network, pixels(images)).numpy()
    return Classified(penalties, multiply_adds, stored, network)


def train(
    network: Network,
    x: Tensor,
    labels: Tensor,
    seed: int,
    initial: str,
    show: Show = repeat,
) -> None:
    """The paper's twenty passes over images x (N, 1, H, H), saying how each went."""
    initialise(network, seed, initial)
    options = {"seed": seed, "show": show, "run_pass": compiled.run_pass}
    progress = sdlm.train(network, MaximumLikelihood(), x, labels, **options)
    for number, wrong in enumerate(progress, start=1):
        share = 100 * wrong / len(x)
        print(f"  pass {number} of {SCHEDULE['passes']}: {share:.2f} % wrong", flush=True)


def costs(network: Network, images: Tensor) -> tuple[int, int]:
    """Multiply-adds for an image, and trained numbers. The answer needs no distances to PLACES."""
    total = totals(ledger(network, (1, *images.shape[1:]))[:-1])
    return total.multiply_adds, total.parameters
