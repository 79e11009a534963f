"""How far from the machine's limit: results/speed-limits.json.

The rate of matrix products, the work of a training step, batch sizes and threads, and where the
time of a step goes, layer by layer.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import torch
from steps import seconds_of_a_pass
from task import THREADS
from ways import layer_by_layer, written_out

from lenet import fast
from lenet.data import mnist
from lenet.initial import initialise
from lenet.networks import LeNet5
from lenet_paper.record import Record

BATCH_SIZE, ROUNDS, IMAGES = 128, 5, 8192
SIDE = 2048  # of the matrices whose product is timed
BATCH_SIZES = [32, 64, 128, 256, 512, 1024]
FORMS = {
    "layer by layer": layer_by_layer,
    "ours": fast.run,
    "gradients written out": written_out,
}


def main() -> None:
    settings = {"batch_size": BATCH_SIZE, "rounds": ROUNDS, "images": IMAGES, "side": SIDE}
    settings |= {"batch_sizes": BATCH_SIZES, "threads": THREADS}
    record = Record("speed-limits", settings, command="make bench")
    images, labels = (tensor[:IMAGES] for tensor in mnist("train"))
    for threads in range(1, THREADS + 1):
        torch.set_num_threads(threads)
        if not record.find(product=SIDE, threads=threads):
            rate = 2 * SIDE**3 / timed(partial(torch.mm, *torch.randn(2, SIDE, SIDE))) / 1e9
            record.add({"product": SIDE, "threads": threads, "gigaflops": round(rate, 1)})
            print(f"{threads} threads: {rate:.0f} GFLOP/s", flush=True)
        for batch_size in BATCH_SIZES:
            if not record.find(batch_size=batch_size, threads=threads):
                row = {"batch_size": batch_size, "threads": threads}
                row["images_a_second"] = {
                    name: round(
                        IMAGES / timed(partial(seconds_of_a_pass, form, images, labels, batch_size))
                    )
                    for name, form in FORMS.items()
                }
                record.add(row)
                print(row, flush=True)
    network = LeNet5()
    initialise(network, seed=0)
    for form, layer, run, x in pieces(network, images[:BATCH_SIZE]):
        if not record.find(form=form, layer=layer):
            row = {"form": form, "layer": layer} | microseconds(run, x, list(network.parameters()))
            record.add(row)
            print(row, flush=True)


def timed(function: Callable, repeats: int = ROUNDS) -> float:
    """The median seconds of so many calls, after one that does not count."""
    seconds = []
    for _ in range(1 + repeats):
        begin = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begin)
    return median(seconds[1:])


def pieces(network: LeNet5, x: torch.Tensor) -> Iterator[tuple]:
    """Each layer, and each pair that becomes one, with what it is given."""
    for name, layer in network.named_children():
        yield "layer by layer", name, layer, x
        if name in ("C1", "C3"):
            run = partial(fast.pooled_convolution, weight=layer.weight, bias=layer.bias)
            yield "in one", {"C1": "C1 and S2", "C3": "C3 and S4"}[name], run, x
        x = layer(x).detach().requires_grad_()


def microseconds(run: Callable, x: torch.Tensor, parameters: list[torch.Tensor]) -> dict:
    """Median times of a layer: its outputs, and all gradients that it has to give."""
    y = run(x)
    wanted = [*parameters, x] if x.requires_grad else parameters
    gradients = partial(
        torch.autograd.grad, y, wanted, torch.ones_like(y), retain_graph=True, allow_unused=True
    )
    seconds = {"forward": timed(partial(run, x), 50), "backward": timed(gradients, 50)}
    return {name: round(1e6 * value, 1) for name, value in seconds.items()}


if __name__ == "__main__":
    main()
