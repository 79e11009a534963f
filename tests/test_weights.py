"""Weights: saved whole, loaded exactly, and refused with one clear line."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

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
        (lambda t: t.pop("F6.bias"), "F6.bias is nothing"),
        (lambda t: t.update({"more": torch.zeros(1)}), "expected nothing"),
    ],
)
def test_a_wrong_tensor_is_named(change, found, tmp_path):
    path, tensors = tmp_path / "weights.safetensors", LeNet5().state_dict()
    change(tensors)
    save_file(tensors, path)
    assert found in refused(path)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_weights_of_each_network_of_the_command_line_ship(name):
    network = load_weights(NETWORKS[name](), shipped(name))
    assert all(weights.isfinite().all() for weights in network.parameters())
    there = load_shipped(name)
    assert type(there) is NETWORKS[name]
    for key, weights in network.state_dict().items():
        assert torch.equal(there.state_dict()[key], weights), key
    assert shipped(name).stat().st_size < 260_000


def test_nothing_else_ships():
    files = {path.name for path in shipped("lenet5").parent.iterdir()}
    assert files == {f"{name}.safetensors" for name in NETWORKS}


def test_what_is_there_is_replaced_only_on_request(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(LeNet5(), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError) as problem:
        save_weights(LeNet5(), path, overwrite=False)
    assert problem.value.filename == str(path)
    assert path.read_bytes() == before
    save_weights(LeNet5(), path)
    assert path.read_bytes() != before
    assert list(tmp_path.iterdir()) == [path]
