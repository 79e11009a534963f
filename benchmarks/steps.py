"""The speed-up one change at a time, and what was tried beside it: results/speed-steps.json.

All forms in one process, in turn, so that they share whatever else the machine does.
"""

import time
from collections.abc import Callable
from statistics import median

import torch
from task import THREADS
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Adam
from ways import OTHERS, STEPS

from lenet.data import mnist
from lenet.initial import initialise
from lenet.networks import LeNet5
from lenet_paper.record import Record

ROUNDS, STEPS_A_ROUND, BATCH_SIZE = 9, 60, 128


def main() -> None:
    torch.set_num_threads(THREADS)
    settings = {"rounds": ROUNDS, "steps_a_round": STEPS_A_ROUND, "batch_size": BATCH_SIZE}
    record = Record("speed-steps", settings | {"threads": THREADS}, command="make bench")
    if record.find(form=next(iter(STEPS))):
        return
    images, labels = (tensor[: STEPS_A_ROUND * BATCH_SIZE] for tensor in mnist("train"))
    ways = STEPS | OTHERS
    seconds = {name: [] for name in ways}
    for round_ in range(1 + ROUNDS):  # the first one warms up
        for name, (form, adam) in ways.items():
            took = seconds_of_a_pass(form, images, labels, BATCH_SIZE, **adam)
            if round_:
                seconds[name].append(took / STEPS_A_ROUND)
    for name, each in seconds.items():
        spread = [round(1000 * value, 3) for value in (min(each), median(each), max(each))]
        record.add({"form": name, "milliseconds_a_step": spread, "step": name in STEPS})
        print(f"{name}: {spread} ms a step (least, median, most)")


def seconds_of_a_pass(
    form: Callable, images: Tensor, labels: Tensor, batch_size: int, **adam: bool
) -> float:
    """Seconds for one pass over the images, with a new network and optimiser."""
    network = LeNet5()
    initialise(network, seed=0)
    optimiser = Adam(network.parameters(), **adam or {"fused": True})
    begin = time.perf_counter()
    for chosen in torch.randperm(len(images)).split(batch_size):
        optimiser.zero_grad()
        F.cross_entropy(form(network, images[chosen]), labels[chosen]).backward()
        optimiser.step()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
