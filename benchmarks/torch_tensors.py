"""PyTorch, its layers as they are: all images in one tensor, a batch taken by its indices.

The optimiser is the fused one, the quickest that PyTorch has for a processor.
"""

import torch
from torch.nn import functional as F
from torch.optim import Adam

from lenet.networks import LeNet5


def start(images, labels, batch_size, rates, seed, compiled=False):
    x, y = torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)

    def batches():
        for chosen in torch.randperm(len(x)).split(batch_size):
            yield x[chosen], y[chosen]

    return train_on(batches, rates, seed, compiled)


def train_on(batches, rates, seed, compiled=False):
    """The loop of PyTorch's tutorials. ``batches()`` goes once through the training set."""
    torch.manual_seed(seed)
    network = LeNet5()
    forward = torch.compile(network) if compiled else network
    optimiser = Adam(network.parameters(), fused=True)
    rates = iter(rates)

    def epoch():
        for x, y in batches():
            optimiser.param_groups[0]["lr"] = next(rates)
            optimiser.zero_grad()
            loss = F.cross_entropy(forward(x), y)
            loss.backward()
            optimiser.step()

    @torch.no_grad()
    def answers(images):
        return network(torch.from_numpy(images).unsqueeze(1)).argmax(dim=1).numpy()

    return epoch, answers
