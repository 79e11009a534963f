"""Write book/extra/live/data.js, the weights and digits of the page "LeNet in this page".

    python book/export_live.py

A page opened from a file cannot fetch other files, so all it needs comes as one script: both
networks with the weights that ship with lenet, and twenty test digits. Run this again when weights
in lenet/weights have changed; tests/test_export_live.py fails until then.
"""

import base64
import json
from pathlib import Path

from torch import Tensor, nn

from lenet.data import load_mnist
from lenet.layers import Subsampling, TableConvolution
from lenet.networks import NETWORKS
from lenet.paper import FIG8_ERRORS
from lenet.weights import load_shipped

DATA = Path(__file__).parent / "extra" / "live" / "data.js"
HEAD = "// Written by `python book/export_live.py` from lenet/weights and MNIST: do not edit.\n"


def script() -> str:
    """All of data.js: two constants, WEIGHTS by network, layer and name, and DIGITS."""
    weights = {name: exported(load_shipped(name)) for name in NETWORKS}
    return f"{HEAD}const WEIGHTS = {lines(weights)};\nconst DIGITS = {lines(digits())};\n"


def exported(network: nn.Module) -> dict[str, dict]:
    """The numbers of each layer, and what the weights alone do not say: C3's table, the mean."""
    layers = {name: {} for name, _ in network.named_children()}
    for name, tensor in network.state_dict().items():
        layer, kind = name.split(".")
        layers[layer][kind] = {"shape": list(tensor.shape), "base64": packed(tensor)}
    for name, module in network.named_modules():
        layer = layers.get(name.split(".")[0])
        if isinstance(module, Subsampling):
            layer["mean"] = module.mean
        elif isinstance(module, TableConvolution):
            layer["reads"] = module.table
        elif isinstance(module, nn.Conv2d):
            layer["reads"] = [list(range(module.in_channels))] * module.out_channels
    return {name: layer for name, layer in layers.items() if layer}


def digits() -> list[dict]:
    """The first test image of each digit; then, of each, the first of the paper's 82 errors."""
    images, labels = load_mnist("test")
    easy = [{"index": labels.tolist().index(digit), "label": digit} for digit in range(10)]
    hard = {}
    for error in FIG8_ERRORS:
        index, label, read = error["test_index"], error["true"], error["predicted"]
        hard.setdefault(label, {"index": index, "label": label, "paper": read})
    chosen = easy + [hard[digit] for digit in sorted(hard)]
    return [digit | {"base64": packed(images[digit["index"]])} for digit in chosen]


def packed(tensor: Tensor) -> str:
    """The bytes of a tensor, little-endian, as base64."""
    array = tensor.numpy()
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def lines(value: object) -> str:
    """JSON with a line for each tensor and digit, so that a change shows where it is."""
    return json.dumps(value).replace("}, ", "},\n")


if __name__ == "__main__":
    text = script()
    DATA.write_text(text)
    print(f"{DATA}: {len(text):,} bytes")
