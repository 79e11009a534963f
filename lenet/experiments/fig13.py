"""Fig. 13: LeNet-5 trained with one pixel in ten inverted, on odd sizes, places, angles, noise.

Three seeds, new noise at every pass, and beside them the networks of fig5, which saw no noise. All
10,000 test images are scaled, shifted, rotated about the centre, or made noisy, one at a time.
"""

import math
import time
from dataclasses import asdict
from functools import partial

import torch
from torch import Generator, Tensor

from lenet import predictions, results
from lenet.data import mnist
from lenet.distortions import warp
from lenet.evaluation import errors
from lenet.experiments import paper_network
from lenet.experiments.paper_network import HEADLINE, side_by_side
from lenet.networks import LeNet5_1998
from lenet.noise import invert, noisy
from lenet.weights import load_shipped, save_weights, shipped

NAME = "fig13"
SEEDS = range(3)
NOISE = 0.1  # in training: the paper's
SWEEPS = {
    "scale": (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0),  # factors
    "shift": tuple(range(-14, 15, 2)),  # pixels down
    "rotation": tuple(range(-60, 61, 10)),  # degrees, clockwise
    "noise": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4),  # inverted pixels, a share
}


def run() -> None:
    """Train with noise, and count the errors of both kinds of network under every change."""
    settings = {"network": "lenet5-1998", "seeds": list(SEEDS), "configuration": asdict(HEADLINE)}
    record = results.Record(NAME, settings | {"noise": NOISE, "sweeps": SWEEPS})
    images, _ = mnist("test")
    jobs = [(name, seed) for name in ("noise", "clean") for seed in SEEDS]
    jobs = [(name, seed) for name, seed in jobs if not record.find(trained_with=name, seed=seed)]
    for (name, seed), (row, network) in side_by_side(train_and_try, jobs):
        if name == "noise":
            predictions.save(predictions.predict(network, images), NAME, seed)
            if seed == 0:
                save_weights(network, shipped("lenet5-1998-noise"))
        record.add(row)
        print(f"trained with {name}, seed {seed}: tried", flush=True)


def train_and_try(name: str, seed: int) -> tuple[dict, LeNet5_1998]:
    """A network trained with "noise", or the "clean" one of fig5, under every change."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    test, row = mnist("test"), {}
    if name == "noise":
        show = partial(noisy, probability=NOISE, generator=Generator().manual_seed(seed))
        row, network = paper_network.run(HEADLINE, seed, mnist("train"), test, show=show)
    else:
        network = load_shipped("lenet5-1998", seed)
    tried = {change: errors_under(change, network, *test) for change in SWEEPS}
    seconds = round(time.perf_counter() - start, 1)
    row = {"trained_with": name} | row | {"seed": seed, "errors": tried, "seconds": seconds}
    return row, network


def errors_under(change: str, network: LeNet5_1998, images: Tensor, labels: Tensor) -> list[int]:
    """The errors of ``network`` on all the images at each value of one of SWEEPS."""
    return [errors(network, changed(images, change, value), labels) for value in SWEEPS[change]]


def changed(images: Tensor, change: str, value: float) -> Tensor:
    """The images (N, 1, 32, 32) under one change of SWEEPS, noise drawn from a fixed seed."""
    if change == "noise":
        return invert(images, value, Generator().manual_seed(0))
    return warp(images, MAPS[change](value).expand(len(images), 2, 3))


def scaling(factor: float) -> Tensor:
    return torch.tensor([[factor, 0.0, 0.0], [0.0, factor, 0.0]])


def shift_down(pixels: float) -> Tensor:
    return torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, pixels]])


def rotation(degrees: float) -> Tensor:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return torch.tensor([[c, -s, 0.0], [s, c, 0.0]])  # clockwise, as y points down


MAPS = {"scale": scaling, "shift": shift_down, "rotation": rotation}
