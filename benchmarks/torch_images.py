"""PyTorch as the usual tutorials have it: each image is made from its bytes when it is asked for.

What `torchvision.datasets.MNIST` does with `Pad`, `ToTensor` and `Normalize`, without
torchvision: an image of PIL's, padded, a tensor from 0 to 1, the paper's range.
"""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.utils.data import DataLoader, Dataset
from torch_tensors import train_on

from lenet.data import load_mnist
from lenet.paper import PIXELS


class FromBytes(Dataset):
    def __init__(self, count):
        images, labels = load_mnist("train")
        self.images, self.labels = images[:count].numpy(), labels[:count].tolist()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = ImageOps.expand(Image.fromarray(self.images[index]), border=2, fill=0)
        x = torch.from_numpy(np.array(image)).unsqueeze(0).float().div(255)
        span = PIXELS["foreground"] - PIXELS["background"]
        return x.mul(span).add(PIXELS["background"]), self.labels[index]


def start(images, labels, batch_size, rates, seed):
    loader = DataLoader(FromBytes(len(images)), batch_size=batch_size, shuffle=True)
    return train_on(lambda: loader, rates, seed)
