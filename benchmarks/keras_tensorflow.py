"""Keras on TensorFlow, the framework of the summary's table: `fit` on arrays in memory.

Many steps run inside one call of TensorFlow, as Keras' documentation advises for small models.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from keras import layers, ops

from lenet.paper import FACTS

AMPLITUDE, SLOPE = FACTS["squash"]["A"], 2 / 3
STEPS_A_CALL = 67  # 469 steps of 128 images are 7 calls


def squash(a):
    return AMPLITUDE * ops.tanh(SLOPE * a)


class Rates(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of each step, from a table."""

    def __init__(self, rates):
        self.rates = ops.convert_to_tensor(rates, dtype="float32")

    def __call__(self, step):
        return ops.take(self.rates, ops.cast(step, "int32"))


def start(images, labels, batch_size, rates, seed, steps_a_call=STEPS_A_CALL, jit_compile=False):
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, name="C1"),
            layers.AveragePooling2D(2, name="S2"),
            layers.Activation(squash),
            layers.Conv2D(16, 5, name="C3"),
            layers.AveragePooling2D(2, name="S4"),
            layers.Activation(squash),
            layers.Conv2D(120, 5, activation=squash, name="C5"),
            layers.Flatten(),
            layers.Dense(84, activation=squash, name="F6"),
            layers.Dense(10, name="output"),
        ]
    )
    network.compile(
        optimizer=keras.optimizers.Adam(Rates(rates)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps_a_call,
        jit_compile=jit_compile,
    )
    images = images[..., None]

    def epoch():
        network.fit(images, labels, batch_size=batch_size, epochs=1, verbose=0)

    def answers(images):
        return network.predict_on_batch(images[..., None]).argmax(axis=1)

    return epoch, answers
