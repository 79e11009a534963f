"""JAX with Optax: a compiled step, called for each batch, or an epoch as one compiled `scan`.

On a processor XLA runs convolutions inside a loop of its own on a slow path, so both are tried.
"""

import jax
import jax.numpy as jnp
import optax
from jax import lax

from lenet.paper import FACTS

AMPLITUDE, SLOPE = FACTS["squash"]["A"], 2 / 3
SHAPES = {
    "C1": (5, 5, 1, 6),
    "C3": (5, 5, 6, 16),
    "C5": (5, 5, 16, 120),
    "F6": (120, 84),
    "output": (84, 10),
}


def squash(a):
    return AMPLITUDE * jnp.tanh(SLOPE * a)


def convolve(x, layer):
    layout = ("NHWC", "HWIO", "NHWC")
    y = lax.conv_general_dilated(x, layer["w"], (1, 1), "VALID", dimension_numbers=layout)
    return y + layer["b"]


def mean_pool(x):
    return lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4


def logits(layers, x):
    x = squash(mean_pool(convolve(x, layers["C1"])))
    x = squash(mean_pool(convolve(x, layers["C3"])))
    x = squash(convolve(x, layers["C5"])).reshape(len(x), 120)
    x = squash(x @ layers["F6"]["w"] + layers["F6"]["b"])
    return x @ layers["output"]["w"] + layers["output"]["b"]


def start(images, labels, batch_size, rates, seed, scan=False):
    key, *keys = jax.random.split(jax.random.key(seed), 1 + len(SHAPES))
    draw = jax.nn.initializers.lecun_normal()
    layers = {
        name: {"w": draw(key, shape), "b": jnp.zeros(shape[-1])}
        for key, (name, shape) in zip(keys, SHAPES.items(), strict=True)
    }
    rates = jnp.array(rates)
    adam = optax.adam(lambda step: rates[step])
    state = adam.init(layers)
    x, y = jnp.array(images[..., None]), jnp.array(labels)

    def loss(layers, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(logits(layers, x), y).mean()

    def step(carry, some, theirs):
        layers, state = carry
        gradients = jax.grad(loss)(layers, some, theirs)
        updates, state = adam.update(gradients, state)
        return optax.apply_updates(layers, updates), state

    compiled_step = jax.jit(step, donate_argnums=0)

    def one_by_one(carry, order, x, y):
        for first in range(0, len(x), batch_size):
            chosen = order[first : first + batch_size]
            carry = compiled_step(carry, x[chosen], y[chosen])
        return carry

    @jax.jit
    def scanned(carry, order, x, y):
        whole = len(x) // batch_size * batch_size
        batches = order[:whole].reshape(-1, batch_size)
        carry, _ = lax.scan(lambda carry, i: (step(carry, x[i], y[i]), None), carry, batches)
        rest = order[whole:]
        return step(carry, x[rest], y[rest]) if whole < len(x) else carry

    train = scanned if scan else one_by_one
    answer = jax.jit(lambda layers, x: logits(layers, x).argmax(axis=1))

    def epoch():
        nonlocal layers, state, key
        key, own = jax.random.split(key)
        order = jax.random.permutation(own, len(x))
        layers, state = jax.block_until_ready(train((layers, state), order, x, y))

    def answers(images):
        return answer(layers, images[..., None])

    return epoch, answers
