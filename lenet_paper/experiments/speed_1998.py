"""Patterns a second on one core: the compiled pass of the paper's network beside the plain one.

Three rounds, the two in turn. The networks start equal, and how far they drift apart over 1,000
patterns is written down as well.
"""

import copy
import time

import torch

from lenet import compiled, sdlm
from lenet.data import mnist
from lenet.paper import SCHEDULE
from lenet_paper.configuration import HEADLINE
from lenet_paper.experiment import Experiment, Job, Outcome

ROUNDS = range(3)
PATTERNS = {"plain": 1000, "compiled": 20_000}
PASSES = {"plain": sdlm.run_pass, "compiled": compiled.run_pass}


def measure(round_: int) -> Outcome:
    """Time both, one after the other, and measure how far they drift apart."""
    start = time.perf_counter()
    images, labels = mnist("train")
    loss, network = HEADLINE.loss(), HEADLINE.network(seed=0)
    some = SCHEDULE["curvature_samples"]
    h = sdlm.curvature(network, loss, images[:some], labels[:some])
    rates = sdlm.rates(h, SCHEDULE["global_rate"][0], SCHEDULE["mu"])
    # numba makes its machine code at the first call, which is not timed
    compiled.run_pass(copy.deepcopy(network), loss, rates, images[:1], labels[:1])
    speeds = {}
    for name, run_pass in PASSES.items():
        moved, count = copy.deepcopy(network), PATTERNS[name]
        began = time.perf_counter()
        run_pass(moved, loss, rates, images[:count], labels[:count])
        speeds[name] = round(count / (time.perf_counter() - began))
    row = {
        "patterns_a_second": speeds,
        "ratio": round(speeds["compiled"] / speeds["plain"], 1),
        "drift_after_1000": drift(network, loss, rates, images[:1000], labels[:1000]),
        "seconds": round(time.perf_counter() - start, 1),
    }
    return Outcome(row)


def drift(network, loss, rates, images, labels) -> float:
    """The distance of the two networks' weights after these patterns, over the way they came."""
    ends = []
    for run_pass in PASSES.values():
        trained = copy.deepcopy(network)
        run_pass(trained, loss, rates, images, labels)
        ends.append(torch.nn.utils.parameters_to_vector(trained.parameters()).detach())
    start = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
    return float(f"{(ends[0] - ends[1]).norm() / (ends[0] - start).norm():.1e}")


EXPERIMENT = Experiment(
    name="speed-1998",
    about="patterns a second on one core: the compiled pass beside the plain one",
    settings={"network": "lenet5-1998", "patterns": PATTERNS},
    jobs=lambda rows: [Job({"round": round_}, (round_,)) for round_ in ROUNDS],
    work=measure,
    alone=True,
)
