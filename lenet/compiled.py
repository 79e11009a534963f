"""One pattern at a time, fast: the pass of `lenet.sdlm` for the paper's network, under numba.

One pattern gives each layer little to do, and PyTorch spends its time between the operations.
Here the whole pass is one loop of machine code, and no C++ compiler is needed to make it.

Maps are kept as lines: (maps, length), row after row, so that one tap of a kernel is one shift of
a whole line. Where a line runs over the end of a row, the forward pass computes a few values that
nobody reads, and the backward pass holds zeros. ``width`` is always the length of a row of the
maps that the convolution reads.
"""

from typing import Any

import numba
import numpy as np
from torch import Tensor

from lenet.layers import AMPLITUDE, SLOPE
from lenet.losses import MaximumAPosteriori, MaximumLikelihood
from lenet.networks import LeNet5_1998

# Not kept on disk: numba looks at one file only, and would hide an edit of what a loop takes from
# another. And each kernel becomes a part of its loop: else there are two copies of it, which round
# differently, and which of them runs depends on what was compiled before.
compiled: Any = numba.njit(fastmath=True, error_model="numpy", forceinline=True)

A, S = np.float32(AMPLITUDE), np.float32(SLOPE)
ZERO, ONE, TWO, FOUR = (np.float32(number) for number in (0, 1, 2, 4))
FAR = np.float32(9)  # tanh(9) is 1 in float32
LAMBERT_TOP = tuple(np.float32(number) for number in (135135, 17325, 378))
LAMBERT_BOTTOM = tuple(np.float32(number) for number in (135135, 62370, 3150, 28))


def run_pass(
    network: LeNet5_1998,
    loss: MaximumLikelihood | MaximumAPosteriori,
    rates: dict[str, Tensor],
    images: Tensor,
    labels: Tensor,
) -> tuple[float, int]:
    """What `lenet.sdlm.run_pass` does, the same up to rounding. Changes the weights in place."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    frozen = {name for name, one in network.named_parameters() if not one.requires_grad}
    rates = {name: one * (name not in frozen) for name, one in rates.items()}
    table = network.C3
    j = loss.j if isinstance(loss, MaximumAPosteriori) else None
    return learn(
        images.numpy().reshape(len(images), -1),
        labels.numpy(),
        tuple(as_kernels(parameter.detach()) for parameter in parameters),
        tuple(as_kernels(rates[name]) for name in names),
        network.output.codes.numpy(),
        np.stack([np.zeros(6, dtype=np.int64), np.arange(6)], axis=1),
        np.stack([table.inputs.numpy(), table.outputs.numpy()], axis=1),
        np.float32(0.25 if network.S2.mean else 1),
        j is not None,
        np.float32(j or 0),
    )


def as_kernels(parameter: Tensor) -> np.ndarray:
    """The same memory as the loops want it: C1 (6, 5, 5), C5 (120, 400), the others unchanged."""
    array = parameter.numpy()
    if array.ndim != 4:
        return array
    return array.reshape(-1, 5, 5) if array.shape[1] == 1 else array.reshape(len(array), -1)


@compiled
def learn(images, labels, weights, rates, codes, pairs1, pairs3, share, competes, j):
    """Forward, loss, backward and update for each pattern in turn; sum of losses, and errors."""
    w1, b1, c2, b2, w3, b3, c4, b4, w5, b5, w6, b6 = weights
    rate_w1, rate_b1, rate_c2, rate_b2, rate_w3, rate_b3 = rates[:6]
    rate_c4, rate_b4, rate_w5, rate_b5, rate_w6, rate_b6 = rates[6:]

    length1, length3 = 28 * 32, 9 * 14 + 10  # C1's last row is whole: multiples of 32 are faster
    margin = 4 * 14 + 4  # zeros before and after d3: how far a kernel reaches
    x1, s2, x2 = line(6, length1), line(6, 196), line(6, 196)
    x3, s4, x4 = line(16, length3), line(16, 25), line(16, 25)
    x5, x6, y = line(1, 120)[0], line(1, 84)[0], line(1, 10)[0]
    d1, d2, d3, d4 = line(6, length1), line(6, 196), line(16, 2 * margin + length3), line(16, 25)
    d5, d6 = line(1, 120)[0], line(1, 84)[0]
    d3_units = d3[:, margin : margin + length3]
    x4_units, d4_units = x4.reshape(400), d4.reshape(400)

    image = line(1, 32 * 32 + 4)  # C1's last taps run over the end

    total, wrong = 0.0, 0
    for pattern in range(len(images)):
        image[0, : 32 * 32], label = images[pattern], labels[pattern]

        start_from_bias(b1, x1)
        correlate(image, w1, pairs1, 32, x1)
        squash(x1)
        subsample(x1, 32, 14, share, c2, b2, s2, x2)
        squash(x2)
        start_from_bias(b3, x3)
        correlate(x2, w3, pairs3, 14, x3)
        squash(x3)
        subsample(x3, 14, 5, share, c4, b4, s4, x4)
        squash(x4)
        dense(x4_units, w5, b5, x5)
        squash(x5.reshape(1, 120))
        dense(x5, w6, b6, x6)
        squash(x6.reshape(1, 84))
        distances(x6, codes, y)
        wrong += np.argmin(y) != label

        total += loss_backward(x6, codes, y, label, competes, j, d6)
        squash_backward(x6.reshape(1, 84), d6.reshape(1, 84))
        dense_backward(x5, d6, w6, b6, rate_w6, rate_b6, d5)
        squash_backward(x5.reshape(1, 120), d5.reshape(1, 120))
        dense_backward(x4_units, d5, w5, b5, rate_w5, rate_b5, d4_units)
        squash_backward(x4, d4)
        subsample_backward(s4, d4, 14, 5, share, c4, b4, rate_c4, rate_b4, d3_units)
        squash_backward(x3, d3_units)
        d2[:] = ZERO
        correlate(d3, w3[:, ::-1, ::-1], pairs3[:, ::-1], 14, d2)
        move_kernels(x2, d3, margin, w3, b3, rate_w3, rate_b3, pairs3, 14)
        squash_backward(x2, d2)
        subsample_backward(s2, d2, 32, 14, share, c2, b2, rate_c2, rate_b2, d1)
        squash_backward(x1, d1)
        move_kernels(image, d1, 0, w1, b1, rate_w1, rate_b1, pairs1, 32)
    return total, wrong


@compiled
def line(maps, length):
    """Lines of zeros."""
    return np.zeros((maps, length), dtype=np.float32)


@compiled
def squash(a):
    """A tanh(S a), in place.

    tanh by Lambert's continued fraction at a quarter of its argument, where it is exact to
    float32, then doubled twice: unlike the library's tanh, this runs many units at once.
    """
    p0, p1, p2 = LAMBERT_TOP
    q0, q1, q2, q3 = LAMBERT_BOTTOM
    for m in range(a.shape[0]):
        units = a[m]
        for k in range(units.size):
            v = min(max(S * units[k], -FAR), FAR) / FOUR
            vv = v * v
            t = v * (p0 + vv * (p1 + vv * (p2 + vv))) / (q0 + vv * (q1 + vv * (q2 + vv * q3)))
            t = TWO * t / (ONE + t * t)
            t = TWO * t / (ONE + t * t)
            units[k] = A * t


@compiled
def squash_backward(x, d):
    """dE/dx to dE/da, in place: f'(a) = A S (1 - (x/A)^2)."""
    top, bend = A * S, S / A
    for m in range(x.shape[0]):
        x_line, d_line = x[m], d[m]
        for k in range(x_line.size):
            d_line[k] *= top - bend * x_line[k] * x_line[k]


@compiled
def start_from_bias(b, a):
    """Fill each line of ``a`` with the bias of its map."""
    for o in range(len(b)):
        a[o] = b[o]


@compiled
def correlate(x, kernels, pairs, width, a):
    """Add to line ``o`` of ``a`` the kernel laid on line ``i`` of ``x``, for each pair (i, o)."""
    n = a.shape[1]
    for k in range(len(pairs)):
        a_line = a[pairs[k, 1]]
        for row in range(5):
            w0, w1, w2 = kernels[k, row, 0], kernels[k, row, 1], kernels[k, row, 2]
            w3, w4 = kernels[k, row, 3], kernels[k, row, 4]
            t = x[pairs[k, 0], row * width : row * width + n + 4]
            for p in range(n):
                a_line[p] += (
                    w0 * t[p] + w1 * t[p + 1] + w2 * t[p + 2] + w3 * t[p + 3] + w4 * t[p + 4]
                )


@compiled
def move_kernels(x, d, margin, kernels, b, rate_kernels, rate_b, pairs, width):
    """Eq. 18 for a convolution: a shared weight's gradient is the sum over its connections.

    ``margin`` zeros stand before and after each line of ``d``. They are cut off line by line: a
    cut through all lines at once has gaps, and loops over such memory take one unit at a time.
    """
    n = d.shape[1] - 2 * margin
    for k in range(len(pairs)):
        d_line = d[pairs[k, 1], margin : margin + n]
        for row in range(5):
            t = x[pairs[k, 0], row * width : row * width + n + 4]
            g0 = g1 = g2 = g3 = g4 = ZERO
            for p in range(n):
                g0 += d_line[p] * t[p]
                g1 += d_line[p] * t[p + 1]
                g2 += d_line[p] * t[p + 2]
                g3 += d_line[p] * t[p + 3]
                g4 += d_line[p] * t[p + 4]
            w, rate = kernels[k, row], rate_kernels[k, row]
            w[0] -= rate[0] * g0
            w[1] -= rate[1] * g1
            w[2] -= rate[2] * g2
            w[3] -= rate[3] * g3
            w[4] -= rate[4] * g4
    for o in range(len(b)):
        b[o] -= rate_b[o] * d[o].sum()


@compiled
def subsample(x, width, side, share, c, b, s, a):
    """s: the sum of 2x2 units, times ``share`` (1, or 1/4 for the mean); a = c s + b."""
    for m in range(len(c)):
        for row in range(side):
            upper, lower = x[m, 2 * row * width :], x[m, (2 * row + 1) * width :]
            for column in range(side):
                left, right = 2 * column, 2 * column + 1
                added = share * ((upper[left] + upper[right]) + (lower[left] + lower[right]))
                s[m, row * side + column] = added
                a[m, row * side + column] = c[m] * added + b[m]


@compiled
def subsample_backward(s, d, width, side, share, c, b, rate_c, rate_b, d_below):
    """Fill ``d_below`` with dE/dx of the 2x2 units, and move each coefficient and bias."""
    for m in range(len(c)):
        weight, gradient_c, gradient_b = share * c[m], ZERO, ZERO
        for row in range(side):
            upper, lower = d_below[m, 2 * row * width :], d_below[m, (2 * row + 1) * width :]
            for column in range(side):
                e = d[m, row * side + column]
                gradient_c += e * s[m, row * side + column]
                gradient_b += e
                left, right = 2 * column, 2 * column + 1
                upper[left] = upper[right] = lower[left] = lower[right] = weight * e
        c[m] -= rate_c[m] * gradient_c
        b[m] -= rate_b[m] * gradient_b


@compiled
def dense(x, w, b, a):
    """a = w x + b."""
    for o in range(len(b)):
        added = b[o]
        for k in range(x.size):
            added += w[o, k] * x[k]
        a[o] = added


@compiled
def dense_backward(x, d, w, b, rate_w, rate_b, d_below):
    """Fill ``d_below`` with dE/dx from the weights as they were, and move the weights."""
    d_below[:] = ZERO
    for o in range(len(b)):
        e, w_line, rate_line = d[o], w[o], rate_w[o]
        for k in range(x.size):
            d_below[k] += e * w_line[k]
            w_line[k] -= rate_line[k] * e * x[k]
        b[o] -= rate_b[o] * e


@compiled
def distances(x, codes, y):
    """Eq. 7: y, the squared distance of ``x`` to each code."""
    for i in range(len(codes)):
        added = ZERO
        for k in range(x.size):
            added += (x[k] - codes[i, k]) ** 2
        y[i] = added


@compiled
def loss_backward(x, codes, y, label, competes, j, d):
    """Eq. 8, or eq. 9 when the classes compete with one another and with j; d is its dE/dx."""
    for k in range(x.size):
        d[k] = TWO * (x[k] - codes[label, k])
    if not competes:
        return y[label]
    nearest = min(y.min(), j)  # so that no exponential overflows
    total = np.exp(nearest - j)
    for i in range(len(codes)):
        total += np.exp(nearest - y[i])
    for i in range(len(codes)):
        pull = TWO * np.exp(nearest - y[i]) / total
        for k in range(x.size):
            d[k] -= pull * (x[k] - codes[i, k])
    return y[label] + np.log(total) - nearest
