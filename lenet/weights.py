"""Save and load weights as safetensors: names, shapes and numbers, nothing to unpickle.

A file says whose weights it holds: the network's name and what else the writer knows, such as the
recipe, the random seed, the commit and the licence.
"""

import json
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lenet.files import write_whole
from lenet.networks import NETWORKS, Chain

Network = TypeVar("Network", bound=nn.Module)

FOLDER = Path(__file__).with_name("weights")  # what ships with the package


def save_weights(
    network: nn.Module, path: str | Path, *, overwrite: bool = True, **about: object
) -> None:
    """Write the weights of ``network`` to ``path``, as `lenet.files.write_whole` does.

    ``about`` goes into the file as well, with the name of the network if it is one of NETWORKS.
    """
    names = {kind: name for name, kind in NETWORKS.items()}
    about = {"network": names.get(type(network), type(network).__name__)} | about
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    # one entry: several come in another order each time, and the same weights make the same file
    metadata = {"about": json.dumps({name: str(value) for name, value in about.items()})}
    write_whole(Path(path), save(tensors, metadata), overwrite=overwrite)


def read_weights(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file by name, and what it says about them.

    Files of version 0.1.0 say nothing, and name some tensors otherwise; they are read all the same.
    Raises ``FileNotFoundError`` without such a file, ``ValueError`` when it holds no weights.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as problem:
        raise ValueError(f"{path}: not a safetensors file ({problem})") from problem
    tensors = {name.replace(".sum.", "."): tensor for name, tensor in tensors.items()}
    if "network" not in about:
        about["network"] = "lenet5-1998" if "output.codes" in tensors else "lenet5"
    return tensors, about


def load_weights(network: Network, path: str | Path) -> Network:
    """Read ``path`` into ``network``, which is returned in its evaluation form.

    Raises as `read_weights`, and ``ValueError`` when the weights are not of this network; it is
    then as it was.
    """
    found, _ = read_weights(path)
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


def load_network(path: str | Path) -> Chain:
    """The network whose weights the file holds. Raises as `load_weights`."""
    name = read_weights(path)[1]["network"]
    if name not in NETWORKS:
        raise ValueError(f"{path}: weights of {name}, not of {' or '.join(NETWORKS)}")
    return load_weights(NETWORKS[name](), path)


def shipped(name: str) -> Path:
    """Where the weights are that ship with the package, for a key of NETWORKS."""
    return FOLDER / f"{name}.safetensors"


def load_shipped(name: str) -> Chain:
    """The network ``name`` with the weights that ship with the package. Raises as load_weights."""
    return load_weights(NETWORKS[name](), shipped(name))
