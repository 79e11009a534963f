"""The compiled pass for the networks of `rivals`, from the loops of LeNet-5's.

See `lenet.compiled`, whose layout of the maps this keeps. The fully connected layers come as
tuples, first layer first, so that one function does for any number of them.
"""

import numpy as np
from torch import Tensor

from lenet.compiled import (
    ONE,
    TWO,
    ZERO,
    as_kernels,
    compiled,
    correlate,
    dense,
    dense_backward,
    line,
    move_kernels,
    squash,
    squash_backward,
    start_from_bias,
    subsample,
    subsample_backward,
)
from lenet.losses import MaximumLikelihood
from lenet_paper.classifiers.rivals import Rival


def run_pass(
    network: Rival,
    loss: MaximumLikelihood,
    rates: dict[str, Tensor],
    images: Tensor,
    labels: Tensor,
) -> tuple[float, int]:
    """What `lenet.sdlm.run_pass` does with eq. 8, up to rounding. Changes the weights in place."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    weights = [as_kernels(parameter.detach()) for parameter in parameters]
    steps = [np.ascontiguousarray(as_kernels(rates[name])) for name in names]
    first = 8 if hasattr(network, "C1") else 0  # of the fully connected layers' weights
    connected = [tuple(part[start::2]) for part in (weights, steps) for start in (first, first + 1)]
    units, slopes = (
        tuple(np.zeros(len(bias), dtype=np.float32) for bias in connected[1]) for _ in range(2)
    )
    digits = images.numpy().reshape(len(images), -1)
    if not first:
        return dense_patterns(digits, labels.numpy(), *connected, units, slopes)
    table = network.C3
    pairs1 = np.stack([np.zeros(len(weights[1]), dtype=np.int64), np.arange(len(weights[1]))], 1)
    pairs3 = np.stack([table.inputs.numpy(), table.outputs.numpy()], 1)
    convolved = tuple(weights[:first]), tuple(steps[:first]), images.shape[-1], pairs1, pairs3
    return patterns(digits, labels.numpy(), *convolved, *connected, units, slopes)


@compiled
def dense_patterns(images, labels, weights, biases, rate_weights, rate_biases, units, slopes):
    """Forward, loss, backward and update for each pattern in turn; sum of losses, and errors."""
    total, wrong = 0.0, 0
    for pattern in range(len(images)):
        image, label = images[pattern], labels[pattern]
        forward(image, weights, biases, units)
        wrong += np.argmax(units[-1]) != label
        total += backward(label, weights, biases, rate_weights, rate_biases, units, slopes)
        # nothing lies below the first layer: its weights move, and no slope is handed on
        d, w, rates = slopes[0], weights[0], rate_weights[0]
        for o in range(d.size):
            e, w_line, rate_line = d[o], w[o], rates[o]
            for k in range(image.size):
                w_line[k] -= rate_line[k] * e * image[k]
            biases[0][o] -= rate_biases[0][o] * e
    return total, wrong


@compiled
def patterns(
    images,
    labels,
    maps_weights,
    maps_rates,
    width1,
    pairs1,
    pairs3,
    weights,
    biases,
    rate_weights,
    rate_biases,
    units,
    slopes,
):
    """The same with two convolutions and two subsamplings below the fully connected layers."""
    w1, b1, c2, b2, w3, b3, c4, b4 = maps_weights
    rate_w1, rate_b1, rate_c2, rate_b2, rate_w3, rate_b3, rate_c4, rate_b4 = maps_rates
    maps1, maps2, maps3 = len(b1), len(c2), len(b3)
    copies = maps2 // maps1  # how many maps of S2 see the same map of C1
    side2 = (width1 - 4) // 2
    side4 = (side2 - 4) // 2
    length1, length3 = (width1 - 4) * width1, (side2 - 5) * side2 + side2 - 4
    margin = 4 * side2 + 4

    image = line(1, width1 * width1 + 4)
    x1, x1_copied = line(maps1, length1), line(maps2, length1)
    s2, x2 = line(maps2, side2 * side2), line(maps2, side2 * side2)
    x3, s4, x4 = line(maps3, length3), line(maps3, side4 * side4), line(maps3, side4 * side4)
    d1, d1_copied, d2 = line(maps1, length1), line(maps2, length1), line(maps2, side2 * side2)
    d3, d4 = line(maps3, 2 * margin + length3), line(maps3, side4 * side4)
    d3_units = d3[:, margin : margin + length3]
    x4_units, d4_units = x4.reshape(x4.size), d4.reshape(d4.size)

    total, wrong = 0.0, 0
    for pattern in range(len(images)):
        image[0, : width1 * width1], label = images[pattern], labels[pattern]

        start_from_bias(b1, x1)
        correlate(image, w1, pairs1, width1, x1)
        squash(x1)
        for m in range(maps2):
            x1_copied[m] = x1[m // copies]
        subsample(x1_copied, width1, side2, ONE, c2, b2, s2, x2)
        squash(x2)
        start_from_bias(b3, x3)
        correlate(x2, w3, pairs3, side2, x3)
        squash(x3)
        subsample(x3, side2, side4, ONE, c4, b4, s4, x4)
        squash(x4)
        forward(x4_units, weights, biases, units)
        wrong += np.argmax(units[-1]) != label

        total += backward(label, weights, biases, rate_weights, rate_biases, units, slopes)
        first = weights[0], biases[0], rate_weights[0], rate_biases[0]
        dense_backward(x4_units, slopes[0], first[0], first[1], first[2], first[3], d4_units)
        squash_backward(x4, d4)
        subsample_backward(s4, d4, side2, side4, ONE, c4, b4, rate_c4, rate_b4, d3_units)
        squash_backward(x3, d3_units)
        d2[:] = ZERO
        correlate(d3, w3[:, ::-1, ::-1], pairs3[:, ::-1], side2, d2)
        move_kernels(x2, d3, margin, w3, b3, rate_w3, rate_b3, pairs3, side2)
        squash_backward(x2, d2)
        subsample_backward(s2, d2, width1, side2, ONE, c2, b2, rate_c2, rate_b2, d1_copied)
        d1[:] = ZERO
        for m in range(maps2):
            d1[m // copies] += d1_copied[m]
        squash_backward(x1, d1)
        move_kernels(image, d1, 0, w1, b1, rate_w1, rate_b1, pairs1, width1)
    return total, wrong


@compiled
def forward(x, weights, biases, units):
    """The fully connected layers in turn, the first from ``x``."""
    below = x
    for layer in range(len(weights)):
        dense(below, weights[layer], biases[layer], units[layer])
        squash(units[layer].reshape(1, units[layer].size))
        below = units[layer]


@compiled
def backward(label, weights, biases, rate_weights, rate_biases, units, slopes):
    """From the loss down to the first layer's slopes, moving the weights of all layers above it.

    Returns the loss.
    """
    last, lost = len(weights) - 1, ZERO
    for i in range(units[last].size):
        apart = units[last][i] - (ONE if i == label else -ONE)
        lost += apart * apart
        slopes[last][i] = TWO * apart
    for layer in range(last, -1, -1):
        count = units[layer].size
        squash_backward(units[layer].reshape(1, count), slopes[layer].reshape(1, count))
        if layer > 0:
            dense_backward(
                units[layer - 1],
                slopes[layer],
                weights[layer],
                biases[layer],
                rate_weights[layer],
                rate_biases[layer],
                slopes[layer - 1],
            )
    return lost
