"""What is kept beside the rows: results/predictions/NAME-seedN.npz, results/weights/... as well."""

import io
from pathlib import Path
from typing import TypeVar

import numpy as np
from torch import nn

from lenet import results
from lenet.files import write_whole
from lenet.predictions import Predictions
from lenet.weights import load_weights, save_weights

Network = TypeVar("Network", bound=nn.Module)


def keep_predictions(said: Predictions, name: str, seed: int, folder: Path) -> None:
    """Write the file of that name and seed, whole or not at all."""
    file = io.BytesIO()
    np.savez_compressed(file, answers=said.answers, scores=said.scores)
    write_whole(folder / "predictions" / f"{name}-seed{seed}.npz", file.getvalue())


def keep_network(network: nn.Module, name: str, seed: int, folder: Path) -> None:
    """Write the weights of that name and seed, whole or not at all."""
    save_weights(network, kept_weights(name, seed, folder))


def kept_weights(name: str, seed: int, folder: Path | None = None) -> Path:
    """The file of the weights of that name and seed."""
    file = f"weights/{name}-seed{seed}.safetensors"
    return folder / file if folder else results.place_of(file)


def kept_network(network: Network, name: str, seed: int) -> Network:
    """``network`` with the weights of that name and seed. Raises as `load_weights`."""
    load_weights(network, kept_weights(name, seed))
    return network
