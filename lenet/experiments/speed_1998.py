"""Patterns a second on one core: the compiled pass of the paper's network beside the plain one.

Three rounds, the two in turn. The first round's networks start equal, and their difference after
1,000 patterns is written down as well.
"""

import copy
import time

import torch

from lenet import compiled, results, sdlm
from lenet.data import mnist
from lenet.experiments.paper_network import HEADLINE
from lenet.paper import SCHEDULE

NAME = "speed-1998"
ROUNDS = 3
PATTERNS = {"plain": 1000, "compiled": 20_000}
PASSES = {"plain": sdlm.run_pass, "compiled": compiled.run_pass}


def run() -> None:
    """Time both, round by round, and measure how far they drift apart."""
    torch.set_num_threads(1)
    record = results.Record(NAME, {"network": "lenet5-1998", "patterns": PATTERNS})
    images, labels = mnist("train")
    loss, network = HEADLINE.loss(), HEADLINE.network(seed=0)
    some = SCHEDULE["curvature_samples"]
    h = sdlm.curvature(network, loss, images[:some], labels[:some])
    rates = sdlm.rates(h, SCHEDULE["global_rate"][0], SCHEDULE["mu"])
    # numba makes its machine code at the first call, which is not timed
    compiled.run_pass(copy.deepcopy(network), loss, rates, images[:1], labels[:1])

    for round_ in range(ROUNDS):
        if record.find(round=round_):
            continue
        start = time.perf_counter()
        speeds = {}
        for name, run_pass in PASSES.items():
            trained, count = copy.deepcopy(network), PATTERNS[name]
            began = time.perf_counter()
            run_pass(trained, loss, rates, images[:count], labels[:count])
            speeds[name] = round(count / (time.perf_counter() - began))
        row = {"round": round_, "patterns_a_second": speeds}
        row["ratio"] = round(speeds["compiled"] / speeds["plain"], 1)
        row["drift_after_1000"] = drift(network, loss, rates, images[:1000], labels[:1000])
        record.add(row | {"seconds": round(time.perf_counter() - start, 1)})
        print(f"round {round_}: {speeds}, ratio {row['ratio']}", flush=True)


def drift(network, loss, rates, images, labels) -> float:
    """The distance of the two networks' weights after these patterns, over the way they came."""
    ends = []
    for run_pass in PASSES.values():
        trained = copy.deepcopy(network)
        run_pass(trained, loss, rates, images, labels)
        ends.append(torch.nn.utils.parameters_to_vector(trained.parameters()).detach())
    start = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
    return float(f"{(ends[0] - ends[1]).norm() / (ends[0] - start).norm():.1e}")
