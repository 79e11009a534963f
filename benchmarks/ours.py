"""This book's trainer, as `lenet.training.train` runs it, without the bar."""

import math

import torch

from lenet import fast
from lenet.adam import Adam
from lenet.evaluation import outputs
from lenet.initial import initialise
from lenet.networks import LeNet5
from lenet.recipes import loss_of


def start(images, labels, batch_size, rates, seed, compiled=False):
    if compiled:
        fast.run = torch.compile(fast.run)
    x, y = torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)
    epochs = len(rates) // math.ceil(len(x) / batch_size)
    recipe = Adam(epochs, batch_size, peak_rate=max(rates))
    network = initialise(LeNet5(), seed)
    trainer = recipe.trainer(recipe, network, loss_of(network), x, y, seed)

    def answers(images):
        return network.answer(outputs(network, torch.from_numpy(images).unsqueeze(1))).numpy()

    return trainer.run_epoch, answers
