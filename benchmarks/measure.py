"""One peer in a process of its own: train the summary's network, and print what it took as JSON.

`task.run_peer` starts it, with the name of a peer and a file that holds the images, the settings
and the learning rate of every step. So no peer pays for another's framework, or for ours.

A peer is a file beside this one with ``start(images, labels, batch_size, rates, seed, **form)``.
It takes float32 (N, 32, 32) and int64 (N,), and returns two functions: one that trains for an
epoch, and one that answers images.
"""

import contextlib
import importlib
import json
import os
import resource
import sys
import time
from importlib import metadata

PEERS = {
    "ours": ("ours", {}),
    "ours, compiled": ("ours", {"compiled": True}),
    "PyTorch, tensors": ("torch_tensors", {}),
    "PyTorch, tensors, compiled": ("torch_tensors", {"compiled": True}),
    "PyTorch, DataLoader": ("torch_loader", {}),
    "PyTorch, image by image": ("torch_images", {}),
    "Keras on TensorFlow": ("keras_tensorflow", {}),
    "Keras on TensorFlow, as it comes": ("keras_tensorflow", {"steps_a_call": 1}),
    "Keras on TensorFlow, XLA": ("keras_tensorflow", {"jit_compile": True}),
    "JAX, jit": ("jax_steps", {}),
    "JAX, jit and scan": ("jax_steps", {"scan": True}),
}
PACKAGES = ("torch", "tensorflow", "keras", "jax", "optax", "numpy")


def main() -> None:
    peer, path, threads, epochs, batch_size, seed = sys.argv[1:]
    limit(int(threads))

    import numpy as np  # it counts the cores when it is imported, as the peers do

    file, form = PEERS[peer]
    with np.load(path) as task:
        images, labels, rates = task["images"], task["labels"], task["rates"].tolist()
        judges, right = task["judges"], task["right"]
    begin = time.perf_counter()
    start = importlib.import_module(file).start
    epoch, answers = start(images, labels, int(batch_size), rates, int(seed), **form)
    ready, seconds = time.perf_counter() - begin, []
    for _ in range(int(epochs)):
        begin = time.perf_counter()
        epoch()
        seconds.append(round(time.perf_counter() - begin, 3))
    thousands = range(0, len(judges), 1000)
    answered = np.concatenate([answers(judges[i : i + 1000]) for i in thousands])
    found = {
        "ready": round(ready, 3),  # importing the framework, and building the network
        "seconds": seconds,  # of each epoch; the first may compile
        "accuracy": round(100 * float((answered == right).mean()), 3),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "packages": installed(),
    }
    print(json.dumps(found))


def limit(threads: int) -> None:
    """Keep this process to so many threads. Comes before any framework is imported."""
    os.environ["OMP_NUM_THREADS"] = str(threads)  # PyTorch, and oneDNN in TensorFlow
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
    if hasattr(os, "sched_setaffinity"):  # Linux; XLA takes as many threads as it sees cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def installed() -> dict[str, str]:
    """The versions of those packages that there are."""
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


if __name__ == "__main__":
    main()
