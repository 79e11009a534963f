"""The layers a second time: NumPy, one image, loops over maps and pixels, nothing of PyTorch.

Each function takes its input, its weights, and the loss's gradient by its output (``g``, zeros
when only the output is asked for). It counts what it does as it goes.
"""

import math
from dataclasses import dataclass, field

import numpy as np

A, S = 1.7159, 2 / 3


@dataclass
class Run:
    """The output, the gradients by name ("input" among them), and what was counted."""

    out: np.ndarray
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    connections: int = 0
    multiply_adds: int = 0


def start(shape, g, **parts):
    run = Run(np.zeros(shape), {name: np.zeros_like(part) for name, part in parts.items()})
    return run, np.zeros(shape) if g is None else g


def squash(x, g=None):
    run, g = start(x.shape, g, input=x)
    for place in np.ndindex(*x.shape):
        t = math.tanh(S * x[place])
        run.out[place] = A * t
        run.gradients["input"][place] = g[place] * A * S * (1 - t * t)
    return run


def convolution(x, weight, bias, g=None, table=None):
    """weight[o][i] is a kernel; with a table, weight[n] is that of the table's n-th entry."""
    size = weight.shape[-1]
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    run, g = start((len(bias), height, width), g, input=x, weight=weight, bias=bias)
    kernel_before = 0
    for o in range(len(bias)):
        inputs = range(len(x)) if table is None else table[o]
        for row, column in np.ndindex(height, width):
            run.out[o, row, column] = bias[o]
            run.gradients["bias"][o] += g[o, row, column]
            run.connections += 1
            for n, i in enumerate(inputs):
                which = (o, i) if table is None else kernel_before + n
                window = (i, slice(row, row + size), slice(column, column + size))
                run.out[o, row, column] += (weight[which] * x[window]).sum()
                run.gradients["weight"][which] += g[o, row, column] * x[window]
                run.gradients["input"][window] += g[o, row, column] * weight[which]
                run.connections += x[window].size
                run.multiply_adds += x[window].size
        kernel_before += len(inputs)
    return run


def mean_pool(x, g=None):
    maps, height, width = x.shape
    run, g = start((maps, height // 2, width // 2), g, input=x)
    for m, row, column in np.ndindex(*run.out.shape):
        for down, right in np.ndindex(2, 2):
            place = (m, 2 * row + down, 2 * column + right)
            run.out[m, row, column] += x[place] / 4
            run.gradients["input"][place] = g[m, row, column] / 4
            run.connections += 1
    return run


def subsampling(x, coefficient, bias, g=None, mean=False):
    part = 1 / 4 if mean else 1
    maps, height, width = x.shape
    shape = (maps, height // 2, width // 2)
    run, g = start(shape, g, input=x, coefficient=coefficient, bias=bias)
    for m, row, column in np.ndindex(*shape):
        total = 0.0
        for down, right in np.ndindex(2, 2):
            place = (m, 2 * row + down, 2 * column + right)
            total += part * x[place]
            run.gradients["input"][place] = g[m, row, column] * coefficient[m] * part
            run.connections += 1
        run.out[m, row, column] = coefficient[m] * total + bias[m]
        run.gradients["coefficient"][m] += g[m, row, column] * total
        run.gradients["bias"][m] += g[m, row, column]
        run.connections += 1
        run.multiply_adds += 1
    return run


def flatten(x, g=None):
    run, g = start(x.size, g, input=x)
    for n, place in enumerate(np.ndindex(*x.shape)):
        run.out[n] = x[place]
        run.gradients["input"][place] = g[n]
    return run


def dense(x, weight, bias, g=None):
    run, g = start(len(bias), g, input=x, weight=weight, bias=bias)
    for o in range(len(bias)):
        run.out[o] = bias[o]
        run.gradients["bias"][o] = g[o]
        run.connections += 1
        for i in range(len(x)):
            run.out[o] += weight[o, i] * x[i]
            run.gradients["weight"][o, i] = g[o] * x[i]
            run.gradients["input"][i] += g[o] * weight[o, i]
            run.connections += 1
            run.multiply_adds += 1
    return run


def rbf(x, codes, g=None):
    run, g = start(len(codes), g, input=x)
    for o in range(len(codes)):
        for i in range(len(x)):
            run.out[o] += (x[i] - codes[o, i]) ** 2
            run.gradients["input"][i] += g[o] * 2 * (x[i] - codes[o, i])
            run.connections += 1
            run.multiply_adds += 1
    return run
