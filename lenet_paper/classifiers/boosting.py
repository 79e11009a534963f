"""Boosted LeNet-4: three networks, each trained on what the ones before leave open (III-C).

The first is trained on distorted digits. Of new distorted digits the second gets those that the
first has wrong and as many that it has right, and the third those on which the two disagree.
The outputs of the three are added.
"""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Generator, Tensor

from lenet.distortions import Ranges, draw_maps, warp
from lenet.evaluation import outputs
from lenet.shown import Enlarged
from lenet_paper.classifiers import Classified, Digits
from lenet_paper.classifiers.rivals import Rival, lenet4
from lenet_paper.classifiers.trained import MARGINS, costs, padded, pixels, train_rival

MARGIN = MARGINS["lenet4"]


def boosted(
    training: Digits,
    images: Tensor,
    *,
    seed: int,
    initial: str,
    size: int,
    ranges: Ranges,
    copies: int,
) -> Classified:
    """Three LeNet-4s; the second and the third are trained on ``size`` distorted digits each.

    The first is shown the enlarged set, as the other distorted rows are.
    """
    x, labels = pixels(padded(training[0], MARGIN)), training[1]
    new = pixels(padded(images, MARGIN))
    first, second, third = lenet4(), lenet4(), lenet4()
    train_rival(first, (x, labels), seed, initial, Enlarged(ranges, copies))

    stream = unseen(x, ranges, Generator().manual_seed(seed + 1))
    hard = collected(stream, labels, size, lambda x: half_wrong(first, x, labels))
    train_rival(second, hard, seed + 100, initial)
    disputed = collected(stream, labels, size, lambda x: disagreed(first, second, x))
    train_rival(third, disputed, seed + 200, initial)

    multiply_adds, stored = costs(first, padded(images, MARGIN))
    # distances add up as outputs do: of one image all share the same remainder
    penalties = torch.stack([outputs(network, new) for network in (first, second, third)]).sum(0)
    return Classified(penalties.numpy(), 3 * multiply_adds, 3 * stored)


def unseen(x: Tensor, ranges: Ranges, generator: Generator) -> Iterator[Tensor]:
    """The images, distorted anew each time, without end."""
    while True:
        yield warp(x, draw_maps(ranges, len(x), generator))


def half_wrong(network: Rival, x: Tensor, labels: Tensor) -> Tensor:
    """Which images x to take, (N,) bool: all that are wrong, and the first ones that are right.

    As many of both; should more be wrong than right, as many of both again.
    """
    wrong = network.answer(outputs(network, x)) != labels
    each = min(int(wrong.sum()), int((~wrong).sum()))
    return (wrong & (wrong.cumsum(0) <= each)) | (~wrong & ((~wrong).cumsum(0) <= each))


def disagreed(first: Rival, second: Rival, x: Tensor) -> Tensor:
    """Which images x (N, 1, H, H) the two networks answer differently: (N,) bool."""
    answers = [network.answer(outputs(network, x)) for network in (first, second)]
    return answers[0] != answers[1]


def collected(
    stream: Iterable[Tensor],
    labels: Tensor,
    size: int,
    taken: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """The first ``size`` images that are ``taken`` of the parts that ``stream`` shows."""
    images, their_labels, count = [], [], 0
    for x in stream:
        some = taken(x)
        images.append(x[some])
        their_labels.append(labels[some])
        count += int(some.sum())
        if count >= size:
            break
    return torch.cat(images)[:size], torch.cat(their_labels)[:size]
