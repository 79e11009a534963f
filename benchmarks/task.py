"""What every peer is given, and how one is run: the same images, batches, rates and threads."""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from lenet.adam import Adam
from lenet.data import hold_out, mnist

THREADS = min(2, os.cpu_count() or 1)


def run_peer(
    peer: str,
    recipe: Adam,
    seed: int = 0,
    *,
    held_out: bool = False,
    threads: int = THREADS,
    images: int | None = None,
) -> dict:
    """Train ``peer`` in a process of its own, and return what measure.py says of it.

    Judged by the test images, or by 5,000 ``held_out`` training images. A peer that fails gives
    ``{"failed": why}``, so that it is named all the same. ``images`` is how many to train on, for
    a quick try.
    """
    training, judges = mnist("train"), None if held_out else mnist("test")
    if held_out:
        training, judges = hold_out(*training)
    x, y = (tensor.numpy()[:images] for tensor in training)
    steps = math.ceil(len(x) / recipe.batch_size) * recipe.epochs
    rates = np.array([recipe.rate(step / steps) for step in range(steps)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.npz"
        judged = {"judges": judges[0].numpy()[:, 0], "right": judges[1].numpy()}
        np.savez(path, images=x[:, 0], labels=y, rates=rates, **judged)
        settings = [threads, recipe.epochs, recipe.batch_size, seed]
        here = Path(__file__).with_name("measure.py")
        command = [sys.executable, here, peer, path, *map(str, settings)]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])
