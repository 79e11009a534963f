"""Weights: saved whole, loaded exactly, and refused with one clear line."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lenet_paper.classifiers.rivals import CONVOLUTIONAL
from lenet.networks import NETWORKS, LeNet5, LeNet5_1998
from lenet.weights import load_shipped, load_weights, save_weights, shipped


@pytest.mark.parametrize("make", [LeNet5, LeNet5_1998])
def test_what_is_saved_is_what_is_loaded(make, tmp_path):
    network, path = make(), tmp_path / "new folder" / "weights.safetensors"
    save_weights(network, path)
    other = load_weights(make(), path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor), name
    assert not other.training
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # nothing left beside it


def refused(path, network=None):
    """The message with which loading ``path`` is refused, the network being left as it was."""
    network = network or LeNet5()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises((ValueError, FileNotFoundError)) as problem:
        load_weights(network, path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(before[name], tensor)
    message = str(problem.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_a_missing_file_is_named(tmp_path):
    assert "no such file" in refused(tmp_path / "none.safetensors")
    assert "no such file" in refused(tmp_path)  # a folder


@pytest.mark.parametrize("damage", [b"", b"hello", bytes(100), b"\xff" * 100, "half", "pickle"])
def test_what_is_not_safetensors_is_refused(damage, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(LeNet5(), path)
    if damage == "half":
        damage = path.read_bytes()[: path.stat().st_size // 2]
    elif damage == "pickle":
        damage = pickle.dumps({"C1.weight": [1.0]})
    path.write_bytes(damage)
    assert "not a safetensors file" in refused(path)


def test_the_other_networks_weights_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(LeNet5(), path)
    message = refused(path, LeNet5_1998())
    assert "not weights of LeNet5_1998" in message


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda t: t.update({"C1.bias": torch.zeros(7)}), "C1.bias is (7,) torch.float32"),
        (lambda t: t.update({"C1.bias": torch.zeros(6).half()}), "C1.bias is (6,) torch.float16"),
        (lambda t: t.pop("F6.sum.bias"), "F6.sum.bias is nothing"),
        (lambda t: t.update({"more": torch.zeros(1)}), "expected nothing"),
    ],
)
def test_a_wrong_tensor_is_named(change, found, tmp_path):
    path, tensors = tmp_path / "weights.safetensors", LeNet5().state_dict()
    change(tensors)
    save_file(tensors, path)
    assert found in refused(path)


@pytest.mark.parametrize(
    "path", sorted(shipped("lenet5").parent.glob("*.safetensors")), ids=lambda path: path.stem
)
def test_every_shipped_file_loads_by_the_name_it_has(path: Path):
    name, _, seed = path.stem.rpartition("-seed")
    assert path == shipped(name, int(seed))
    kind = name.removesuffix("-distorted").removesuffix("-noise")  # trained on other digits
    network = load_weights((NETWORKS | CONVOLUTIONAL)[kind](), path)
    assert all(weights.isfinite().all() for weights in network.parameters())
    if name in NETWORKS:
        there = load_shipped(name, int(seed)).state_dict()
        assert all(
            torch.equal(there[key], weights) for key, weights in network.state_dict().items()
        )


def test_the_seeds_network_ships():
    assert shipped("lenet5").is_file()
    assert shipped("lenet5").stat().st_size < 260_000
