"""PyTorch with a `DataLoader` over tensors in memory.

Without worker processes: with both cores at work in the network they only take turns.
"""

import torch
from torch.utils.data import DataLoader, TensorDataset
from torch_tensors import train_on


def start(images, labels, batch_size, rates, seed):
    data = TensorDataset(torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels))
    loader = DataLoader(data, batch_size=batch_size, shuffle=True)
    return train_on(lambda: loader, rates, seed)
