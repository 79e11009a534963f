"""This book's trainer, as `lenet.training` runs it: `python -m lenet train`, without the bar."""

import torch
from torch import Generator
from torch.optim import AdamW

from lenet import fast, training
from lenet.data import batches
from lenet.initial import initialise
from lenet.networks import LeNet5


def start(images, labels, batch_size, rates, seed, compiled=False):
    if compiled:
        fast.forward = torch.compile(fast.forward)
    network = LeNet5()
    initialise(network, seed)
    generator = Generator().manual_seed(seed)
    optimiser = AdamW(network.parameters(), weight_decay=0, fused=True)
    x, y = torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)
    rates = iter(rates)

    def epoch():
        for some, theirs in batches(x, y, batch_size, generator):
            training.step(network, optimiser, next(rates), some, theirs)

    @torch.no_grad()
    def answers(images):
        return network.answer(network(torch.from_numpy(images).unsqueeze(1))).numpy()

    return epoch, answers
