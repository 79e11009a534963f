"""Train the seed's network: batches in a random order, Adam, a rate that rises and falls.

One number, the seed, decides the first weights, the order of the images and the shifts. The same
seed gives the same weights bit for bit on the same processor, threads and version of torch, also
when the run was killed in between and resumed from its checkpoint.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW, Optimizer
from tqdm import tqdm

from lenet import fast
from lenet.checkpoint import load_checkpoint, save_checkpoint
from lenet.data import batches
from lenet.evaluation import accuracy, errors
from lenet.initial import initialise
from lenet.sources import watched


@dataclass(frozen=True)
class Recipe:
    """How long to train, how fast, and on what.

    ``shift`` moves each image, each time it is shown, by up to so many pixels each way.
    """

    epochs: int
    batch_size: int = 128
    peak_rate: float = 0.003
    warm_up: float = 0.2  # the part of the training in which the rate rises
    weight_decay: float = 0.0
    shift: int = 0

    def rate(self, progress: float) -> float:
        """The learning rate when the part ``progress`` (0 to 1) of the training is over.

        One cycle: a straight line from 0 up to the peak, then a half cosine down to 0.
        """
        if progress < self.warm_up:
            return self.peak_rate * progress / self.warm_up
        fall = (progress - self.warm_up) / (1 - self.warm_up)
        return self.peak_rate * (1 + math.cos(math.pi * fall)) / 2


# Both were chosen on 5,000 held-out training images: results/seed-recipes.json has every candidate.
# The short one had the fewest errors among those that show the images as they are; the long one
# had the fewest of all.
RECIPES = {
    "short": Recipe(epochs=8, peak_rate=0.003),
    "long": Recipe(epochs=40, peak_rate=0.003, weight_decay=0.1, shift=1),
}


@dataclass
class History:
    """What happened in each epoch: the curves of one training."""

    loss: list[float] = field(default_factory=list)  # mean over the epoch's batches, as they came
    training_accuracy: list[float] = field(default_factory=list)  # %, on the fly as well
    accuracy: list[float] = field(default_factory=list)  # %, on the set given to evaluate by
    seconds: list[float] = field(default_factory=list)  # without that evaluation


def train(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    recipe: Recipe,
    seed: int = 0,
    *,
    evaluate: tuple[Tensor, Tensor] | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train ``network`` from new weights on images (N, 1, 32, 32) and labels (N,).

    ``evaluate``, a pair of images and labels, is looked at after each epoch and changes nothing.
    ``checkpoint`` is a file written after each epoch; if it is there, the training goes on from
    it, and a checkpoint of another training raises ``ValueError``. A progress bar is shown on a
    terminal and in a notebook if ``progress``.
    """
    initialise(network, seed)
    generator = Generator().manual_seed(seed)
    optimiser = AdamW(network.parameters(), weight_decay=recipe.weight_decay, fused=True)
    history = History()
    training = {"network": type(network).__name__, "seed": seed, "images": len(images)}
    training |= asdict(recipe)
    if checkpoint and Path(checkpoint).exists():
        curves, tensors = load_checkpoint(Path(checkpoint), training)
        restore(tensors, network, optimiser, generator)
        history = History(**curves)

    done = len(history.loss)
    steps = math.ceil(len(images) / recipe.batch_size)
    bar = tqdm(
        total=recipe.epochs * steps,
        initial=done * steps,
        unit="batch",
        disable=not (progress and watched()),
    )
    with bar:
        for epoch in range(done, recipe.epochs):
            bar.set_description(f"epoch {epoch + 1}/{recipe.epochs}")
            start, loss, wrong = time.perf_counter(), 0.0, 0
            for index, (x, y) in enumerate(batches(images, labels, recipe.batch_size, generator)):
                x = shifted(x, recipe.shift, generator)
                rate = recipe.rate((epoch + index / steps) / recipe.epochs)
                batch_loss, batch_wrong = step(network, optimiser, rate, x, y)
                loss += batch_loss * len(x)
                wrong += batch_wrong
                bar.update()
            history.seconds.append(time.perf_counter() - start)
            history.loss.append(loss / len(images))
            history.training_accuracy.append(accuracy(wrong, len(images)))
            if evaluate:
                missed = errors(network, *evaluate)
                history.accuracy.append(accuracy(missed, len(evaluate[0])))
                bar.set_postfix(accuracy=f"{history.accuracy[-1]:.2f} %")
            if checkpoint:
                tensors = state(network, optimiser, generator)
                save_checkpoint(Path(checkpoint), training, asdict(history), tensors)
    return history


def step(
    network: nn.Module,
    optimiser: Optimizer,
    rate: float,
    images: Tensor,
    labels: Tensor,
    criterion: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
) -> tuple[float, int]:
    """Move the weights once, after one batch. Returns its mean loss and its errors before that."""
    outputs = fast.forward(network, images)
    loss = criterion(outputs, labels)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item(), int((network.answer(outputs) != labels).sum())


def shifted(images: Tensor, most: int, generator: Generator) -> Tensor:
    """Move each image (N, 1, H, W) by its own -most to +most pixels down and to the right.

    What moves in is a copy of the edge, which in MNIST's padded images is background.
    """
    if most == 0:
        return images
    count, _, height, width = images.shape
    down, right = torch.randint(-most, most + 1, (2, count, 1), generator=generator)
    rows = (torch.arange(height) - down).clamp(0, height - 1)
    columns = (torch.arange(width) - right).clamp(0, width - 1)
    which = torch.arange(count)[:, None, None]
    return images[which, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def state(network: nn.Module, optimiser: Optimizer, generator: Generator) -> dict[str, Tensor]:
    """All that changes while a network trains: weights, Adam's moments, the random numbers."""
    tensors = {f"network.{name}": weights for name, weights in network.state_dict().items()}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": moment for name, moment in moments.items()}
    return tensors | {"generator": generator.get_state()}


def restore(
    tensors: dict[str, Tensor], network: nn.Module, optimiser: Optimizer, generator: Generator
) -> None:
    """Go back to what ``state`` gave."""
    weights: dict[str, Tensor] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        if part == "network":
            weights[rest] = tensor
        elif part == "optimiser":
            index, _, moment = rest.partition(".")
            moments.setdefault(int(index), {})[moment] = tensor
    network.load_state_dict(weights)
    optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
    generator.set_state(tensors["generator"])
