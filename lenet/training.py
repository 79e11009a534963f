"""Train a network: one contract for both ways, batches under Adam and the paper's single patterns.

A recipe (`lenet.adam.Adam`, `lenet.sdlm.SDLM`) says how long to train, how fast, and what each
epoch shows. Its `Trainer` takes a network that has its weights, a loss, images and labels. `train`
runs that to its end, keeps it on disk, and tells of each epoch.

One number, the seed, decides the order of the images and what is drawn at random to show them. The
same seed gives the same weights bit for bit on the same processor, threads and versions, also when
the training was killed and went on from its checkpoint.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from torch import Generator, Tensor, nn
from tqdm import tqdm

from lenet.checkpoint import load_checkpoint, save_checkpoint
from lenet.evaluation import errors
from lenet.sources import watched

Loss = Callable[[Tensor, Tensor], Tensor]  # outputs (N, 10) and labels (N,) to their mean loss
Images = tuple[Tensor, Tensor]  # images (N, 1, 32, 32) and labels (N,)


@dataclass(frozen=True)
class Epoch:
    """What happened in one epoch. ``loss`` and ``wrong`` are counted on the fly, as images came."""

    loss: float  # mean over the images
    wrong: int  # images that got another answer than their label
    seconds: float  # of training alone
    errors: int | None = None  # after the epoch, on the images that `train` is given to test on


class Trainer(ABC):
    """A training under way, by some recipe."""

    def __init__(
        self, recipe: Any, network: nn.Module, loss: Loss, images: Tensor, labels: Tensor, seed: int
    ) -> None:
        self.recipe, self.network, self.loss = recipe, network, loss
        self.images, self.labels, self.seed = images, labels, seed
        self.generator = Generator().manual_seed(seed)
        self.done = 0  # epochs

    @abstractmethod
    def show_all(self, images: Tensor) -> tuple[float, int]:
        """Show each of the images once, moving the weights; the sum of losses, and the errors."""

    def run_epoch(self) -> Epoch:
        start = time.perf_counter()
        loss, wrong = self.show_all(self.recipe.show(self.images, self.seed, self.done))
        self.done += 1
        return Epoch(loss / len(self.images), wrong, time.perf_counter() - start)

    def state(self) -> dict[str, Tensor]:
        """All that changes while a network trains."""
        weights = {f"network.{name}": one for name, one in self.network.state_dict().items()}
        return weights | {"generator": self.generator.get_state()}

    def restore(self, tensors: dict[str, Tensor], done: int) -> None:
        """Go back to what ``state`` gave after so many epochs."""
        self.network.load_state_dict(part(tensors, "network."))
        self.generator.set_state(tensors["generator"])
        self.done = done


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix``, by the rest of their names."""
    return {k.removeprefix(prefix): one for k, one in tensors.items() if k.startswith(prefix)}


def train(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    recipe: Any = None,
    *,
    loss: Loss | None = None,
    seed: int = 0,
    test: Images | None = None,
    checkpoint: str | Path | None = None,
    after: Callable[[int, Epoch], None] | None = None,
    progress: bool = True,
) -> list[Epoch]:
    """Train ``network`` from the weights that it has; returns what happened, epoch by epoch.

    images (N, 1, 32, 32), labels (N,). ``recipe`` and ``loss`` are those of `lenet.recipes` for the
    network unless given. Parameters that need no gradient keep their values. ``test`` is looked at
    after each epoch and changes nothing. ``checkpoint`` is a file written after each epoch; if it
    is there, the training goes on from it, and one of another training raises ``ValueError``.
    ``after`` is called with the number of each epoch, from 1, and the epoch, when it is over. A
    progress bar is shown on a terminal and in a notebook if ``progress``. The network ends in its
    evaluation form.
    """
    from lenet import recipes  # which knows the recipes, and they this file

    recipe, loss = recipe or recipes.recipe_of(network), loss or recipes.loss_of(network)
    trainer = recipe.trainer(recipe, network, loss, images, labels, seed)
    epochs: list[Epoch] = []
    this = {"network": type(network).__name__, "loss": said(loss), "recipe": type(recipe).__name__}
    this |= {one.name: said(getattr(recipe, one.name)) for one in fields(recipe)}
    this |= {"seed": seed, "images": len(images)}
    if checkpoint and Path(checkpoint).exists():
        history, tensors = load_checkpoint(Path(checkpoint), this)
        epochs = [Epoch(**one) for one in history]
        trainer.restore(tensors, len(epochs))

    hidden = not (progress and watched())
    with tqdm(total=recipe.epochs, initial=len(epochs), unit="epoch", disable=hidden) as bar:
        while trainer.done < recipe.epochs:
            network.train()
            epoch = trainer.run_epoch()
            epochs.append(replace(epoch, errors=errors(network, *test)) if test else epoch)
            if checkpoint:
                history = [asdict(one) for one in epochs]
                save_checkpoint(Path(checkpoint), this, history, trainer.state())
            if after:
                with tqdm.external_write_mode():  # what it prints is no part of the bar
                    after(len(epochs), epochs[-1])
            bar.update()
    network.eval()
    return epochs


def said(value: object) -> object:
    """What tells a recipe's value or a loss from another, as a checkpoint keeps it."""
    plain = isinstance(value, int | float | str | tuple)
    return value if plain else getattr(value, "__qualname__", repr(value))
