"""ONNX files give the answers of the networks they were made from."""

import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lenet import cli
from lenet.data import mnist
from lenet.networks import NETWORKS
from lenet.weights import load_shipped


@pytest.mark.parametrize("name", NETWORKS)
def test_a_thousand_digits_get_the_same_outputs_in_onnxruntime(name, tmp_path, capsys):
    path, images = tmp_path / "network.onnx", mnist("test")[0][:1000]
    assert cli.main(["export", "--network", name, "--format", "onnx", "--out", str(path)]) == 0
    assert str(path) in capsys.readouterr().out
    session = onnxruntime.InferenceSession(path)
    (found,) = session.run(["outputs"], {"images": images.numpy()})
    network = load_shipped(name)
    with torch.no_grad():
        expected = network(images)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    answers = network.answer(torch.from_numpy(found))
    assert torch.equal(answers, network.answer(expected))
    (one,) = session.run(None, {"images": images[:1].numpy()})  # any number of images
    np.testing.assert_allclose(one, found[:1], rtol=1e-4, atol=1e-4)
    said = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert said["network"] == name
    assert said["licence"] == "MIT"


def test_a_file_that_is_there_is_kept_unless_told_otherwise(tmp_path, capsys):
    path = tmp_path / "network.onnx"
    path.write_bytes(b"mine")
    assert cli.main(["export", "--out", str(path)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert path.read_bytes() == b"mine"


def test_without_its_packages_one_line_names_the_extra(tmp_path):
    code = (
        "import sys; sys.modules['onnxscript'] = None\n"
        "from lenet import cli\n"
        f"sys.exit(cli.main(['export', '--out', {str(tmp_path / 'network.onnx')!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "lenet[onnx]" in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["export"], ["train", "--epochs", "1"]])
def test_what_is_no_ordinary_file_is_never_replaced(command, tmp_path, capsys):
    """A pipe here; as root it might be /dev/null."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert cli.main([*command, "--out", str(pipe), "--overwrite"]) == 2
    assert f"{pipe} is no ordinary file: give another --out" in capsys.readouterr().err
    assert pipe.is_fifo()
