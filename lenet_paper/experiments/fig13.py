"""Fig. 13: LeNet-5 trained with one pixel in ten inverted, on odd sizes, places, angles, noise.

Three seeds, new noise at every pass, and beside them the networks of fig5, which saw no noise. All
10,000 test images are scaled, shifted, rotated about the centre, or made noisy, one at a time.
"""

import math
import time
from dataclasses import asdict

import torch
from torch import Generator, Tensor

from lenet.data import mnist
from lenet.distortions import invert, warp
from lenet.evaluation import errors
from lenet.networks import LeNet5_1998
from lenet.paper import NOISE
from lenet.predictions import predictions_of
from lenet.shown import Noisy
from lenet_paper.configuration import HEADLINE, train_configured
from lenet_paper.experiment import Experiment, Job, Outcome
from lenet_paper.kept import kept_network

SEEDS = range(3)
SWEEPS = {
    "scale": (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0),  # factors
    "shift": tuple(range(-14, 15, 2)),  # pixels down
    "rotation": tuple(range(-60, 61, 10)),  # degrees, clockwise
    "noise": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4),  # inverted pixels, a share
}


def train_and_try(trained_with: str, seed: int) -> Outcome:
    """A network trained with "noise", or the "clean" one of fig5, under every change."""
    start, test = time.perf_counter(), mnist("test")
    if trained_with == "noise":
        show = Noisy(NOISE["inverted"])
        row, network = train_configured(HEADLINE, seed, mnist("train"), test, show=show)
    else:
        row, network = {}, kept_network(LeNet5_1998(), "fig5", seed)
    tried = {change: errors_under(change, network, *test) for change in SWEEPS}
    row |= {"errors": tried, "seconds": round(time.perf_counter() - start, 1)}
    if trained_with == "clean":
        return Outcome(row)
    kept = network if seed == 0 else None
    return Outcome(row, predictions_of(network, test[0]), kept, "fig13-noise")


def errors_under(change: str, network: LeNet5_1998, images: Tensor, labels: Tensor) -> list[int]:
    """The errors of ``network`` on all the images at each value of one of SWEEPS."""
    return [errors(network, changed(images, change, value), labels) for value in SWEEPS[change]]


def changed(images: Tensor, change: str, value: float) -> Tensor:
    """The images (N, 1, 32, 32) under one change of SWEEPS, noise drawn from a fixed seed."""
    if change == "noise":
        return invert(images, value, Generator().manual_seed(0))
    return warp(images, MAPS[change](value).expand(len(images), 2, 3))


def scaling(factor: float) -> Tensor:
    """Larger by this factor, about the centre."""
    return torch.tensor([[factor, 0.0, 0.0], [0.0, factor, 0.0]])


def shift_down(pixels: float) -> Tensor:
    """So many pixels down."""
    return torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, pixels]])


def rotation(degrees: float) -> Tensor:
    """Clockwise, about the centre."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return torch.tensor([[c, -s, 0.0], [s, c, 0.0]])  # clockwise, as y points down


MAPS = {"scale": scaling, "shift": shift_down, "rotation": rotation}

EXPERIMENT = Experiment(
    name="fig13",
    about="Fig. 13: odd sizes, places, angles and noise, with and without noisy training",
    settings={
        "network": "lenet5-1998",
        "seeds": list(SEEDS),
        "configuration": asdict(HEADLINE),
        "noise": NOISE["inverted"],
        "sweeps": SWEEPS,
    },
    jobs=lambda rows: [
        Job({"trained_with": name, "seed": seed}, (name, seed))
        for name in ("noise", "clean")
        for seed in SEEDS
    ],
    work=train_and_try,
    needs=("fig5",),
)
