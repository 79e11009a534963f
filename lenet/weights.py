"""Save and load weights as safetensors: names, shapes and numbers, nothing to unpickle."""

from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from lenet.files import write_whole
from lenet.networks import NETWORKS, Chain

Network = TypeVar("Network", bound=nn.Module)

FOLDER = Path(__file__).with_name("weights")  # what ships with the package


def save_weights(network: nn.Module, path: str | Path, *, overwrite: bool = True) -> None:
    """Write the weights of ``network`` to ``path``, as `lenet.files.write_whole` does."""
    write_whole(Path(path), save(network.state_dict()), overwrite=overwrite)


def load_weights(network: Network, path: str | Path) -> Network:
    """Read ``path`` into ``network``, which is returned in its evaluation form.

    Raises ``FileNotFoundError`` when there is no such file, and ``ValueError`` when it is not a
    safetensors file or not of this network; the network is then as it was.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    try:
        found = load_file(path)
    except SafetensorError as problem:
        raise ValueError(f"{path}: not a safetensors file ({problem})") from problem
    expected = network.state_dict()
    for name in sorted(expected.keys() | found.keys()):
        here, there = (
            f"{tuple(tensors[name].shape)} {tensors[name].dtype}" if name in tensors else "nothing"
            for tensors in (expected, found)
        )
        if here != there:
            kind = type(network).__name__
            raise ValueError(f"{path}: not weights of {kind}: {name} is {there}, expected {here}")
    network.load_state_dict(found)
    return network.eval()


def shipped(name: str) -> Path:
    """Where the weights are that ship with the package, for a key of NETWORKS."""
    return FOLDER / f"{name}.safetensors"


def load_shipped(name: str) -> Chain:
    """The network ``name`` with the weights that ship with the package. Raises as load_weights."""
    return load_weights(NETWORKS[name](), shipped(name))
