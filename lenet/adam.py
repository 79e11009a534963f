"""Train in batches, in a random order, under Adam, with a rate that rises and falls."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from torch import Tensor
from torch.optim import AdamW

from lenet import fast
from lenet.data import batches
from lenet.networks import answers
from lenet.shown import AsTheyAre, Show
from lenet.training import Trainer, part


class Batches(Trainer):
    """A training by `Adam` under way."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        moving = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimiser = AdamW(moving, weight_decay=self.recipe.weight_decay, fused=True)

    def show_all(self, images: Tensor) -> tuple[float, int]:
        recipe, total, wrong = self.recipe, 0.0, 0
        steps = math.ceil(len(images) / recipe.batch_size)
        shown = batches(images, self.labels, recipe.batch_size, self.generator)
        for number, (x, y) in enumerate(shown):
            rate = recipe.rate((self.done + number / steps) / recipe.epochs)
            loss, missed = self.step(x, y, rate)
            total += loss * len(x)
            wrong += missed
        return total, wrong

    def step(self, images: Tensor, labels: Tensor, rate: float) -> tuple[float, int]:
        """Move the weights once, after one batch; its mean loss and its errors before that."""
        outputs = fast.run(self.network, images)
        loss = self.loss(outputs, labels)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item(), int((answers(self.network, outputs) != labels).sum())

    def state(self) -> dict[str, Tensor]:
        moments = {
            f"optimiser.{index}.{name}": moment
            for index, own in self.optimiser.state_dict()["state"].items()
            for name, moment in own.items()
        }
        return super().state() | moments

    def restore(self, tensors: dict[str, Tensor], done: int) -> None:
        super().restore(tensors, done)
        count = len(self.optimiser.param_groups[0]["params"])
        moments = {index: part(tensors, f"optimiser.{index}.") for index in range(count)}
        self.optimiser.load_state_dict(self.optimiser.state_dict() | {"state": moments})


@dataclass(frozen=True)
class Adam:
    """How long to train, how fast, and what each epoch shows."""

    trainer: ClassVar = Batches
    epochs: int
    batch_size: int = 128
    peak_rate: float = 0.003
    warm_up: float = 0.2  # the part of the training in which the rate rises
    weight_decay: float = 0.0
    show: Show = field(default_factory=AsTheyAre)

    def rate(self, progress: float) -> float:
        """The learning rate when the part ``progress`` (0 to 1) of the training is over.

        One cycle: a straight line from 0 up to the peak, then a half cosine down to 0.
        """
        if progress < self.warm_up:
            return self.peak_rate * progress / self.warm_up
        fall = (progress - self.warm_up) / (1 - self.warm_up)
        return self.peak_rate * (1 + math.cos(math.pi * fall)) / 2

    def shorter(self, epochs: int) -> "Adam":
        """The same in so many epochs."""
        return replace(self, epochs=epochs)
