"""What a network says about a set of images, in big batches and without gradients."""

import torch
from torch import Tensor, nn

from lenet.networks import answers

BATCH_SIZE = 1000  # images at a time; it changes no answer


@torch.no_grad()
def outputs(network: nn.Module, images: Tensor) -> Tensor:
    """The network's outputs for images (N, 1, 32, 32): (N, 10). In its evaluation form."""
    form = network.training
    network.eval()
    try:
        return torch.cat([network(batch) for batch in images.split(BATCH_SIZE)])
    finally:
        network.train(form)


def errors(network: nn.Module, images: Tensor, labels: Tensor) -> int:
    """How many of the images (N, 1, 32, 32) get another answer than their label (N,)."""
    return int((answers(network, outputs(network, images)) != labels).sum())


def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The accuracy of ``network`` in per cent, on images (N, 1, 32, 32) and labels (N,)."""
    return accuracy(errors(network, images, labels), len(labels))


def accuracy(errors: int, images: int) -> float:
    """The share of right answers in per cent, when ``errors`` of so many ``images`` are wrong."""
    return 100 * (images - errors) / images
