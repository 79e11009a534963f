"""LeNet-5 from the 1998 paper by LeCun, Bottou, Bengio and Haffner, layer by layer.

    >>> import lenet
    >>> sum(parameter.numel() for parameter in lenet.LeNet5().parameters())
    61706
    >>> print(lenet.ledger.table(lenet.LeNet5_1998()).splitlines()[-1])
    Connections: 340,908

One idea a file. An order to read them in: paper, layers, networks, ledger; idx, sources, data,
images; distortions, shown; initial, losses, evaluation; training, adam, fast, sdlm, compiled,
recipes; checkpoint, files, weights; predictions, rejection, results, plots; cli.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lenet import ledger
    from lenet.data import mnist
    from lenet.evaluation import evaluate
    from lenet.initial import initialise
    from lenet.networks import LeNet5, LeNet5_1998
    from lenet.training import train
    from lenet.weights import load_shipped, load_weights, save_weights

__all__ = [
    "LeNet5",
    "LeNet5_1998",
    "evaluate",
    "initialise",
    "ledger",
    "load_shipped",
    "load_weights",
    "mnist",
    "save_weights",
    "train",
]
_PLACES = {
    "LeNet5": "networks",
    "LeNet5_1998": "networks",
    "evaluate": "evaluation",
    "initialise": "initial",
    "load_shipped": "weights",
    "load_weights": "weights",
    "mnist": "data",
    "save_weights": "weights",
    "train": "training",
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is first asked for: torch takes seconds, --help has none."""
    if name == "__version__":
        return import_module("importlib.metadata").version("lenet")
    if name == "ledger":
        return import_module("lenet.ledger")
    if name not in _PLACES:
        raise AttributeError(f"module 'lenet' has no attribute {name!r}")
    return getattr(import_module(f"lenet.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
