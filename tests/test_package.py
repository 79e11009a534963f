"""`lenet` as a package: what one imports, and networks that behave as any other module does."""

import copy
import doctest
import pickle
import re
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lenet
from lenet import cli, data
from lenet.evaluation import errors
from lenet.networks import NETWORKS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def few(monkeypatch):
    images, labels = data.mnist("test")
    monkeypatch.setattr(data, "mnist", lambda split: (images[:300], labels[:300]))
    return images[:300], labels[:300]


@pytest.fixture(params=NETWORKS)
def network(request):
    return lenet.load_shipped(request.param)


def test_every_name_offered_is_there():
    for name in lenet.__all__:
        assert getattr(lenet, name).__name__ in (name, f"lenet.{name}")
    assert set(lenet.__all__) <= set(dir(lenet))
    with pytest.raises(AttributeError, match="no attribute 'LeNet6'"):
        _ = lenet.LeNet6


def test_the_version_is_that_of_the_installed_package(capsys):
    assert lenet.__version__ == metadata.version("lenet")
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"lenet {lenet.__version__}\n"


def test_importing_it_imports_no_torch():
    code = "import sys, lenet; print('torch' in sys.modules, 'numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout == "False False\n"


def test_its_types_are_for_others_too():
    assert (Path(lenet.__file__).parent / "py.typed").is_file()


def test_the_examples_of_docstrings_run():
    tried = 0
    for path in sorted((ROOT / "lenet").glob("*.py")):
        if path.stem != "__main__" and ">>>" in path.read_text(encoding="utf-8"):
            name = "lenet" if path.stem == "__init__" else f"lenet.{path.stem}"
            found = doctest.testmod(import_module(name))
            assert found.failed == 0
            tried += found.attempted
    assert tried >= 3


def test_the_readmes_example_runs(few, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= 20
    exec(compile(example, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "Total parameters: 61,706" in out
    assert float(out.splitlines()[-1]) > 97
    assert [path.name for path in tmp_path.iterdir()] == ["mine.safetensors"]


def test_a_slice_is_a_chain_of_the_same_layers(network):
    x = data.mnist("test")[0][:20]
    assert torch.equal(network[-1](network[:-1](x)), network(x))
    assert list(dict(network[2:4].named_children())) == list(dict(network.named_children()))[2:4]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_gives_the_same_outputs(network, copied):
    x = data.mnist("test")[0][:20]
    assert torch.equal(copied(network)(x), network(x))


def test_half_precision_gives_the_same_answers(network):
    x = data.mnist("test")[0][:200]
    by_half = network.answer(copy.deepcopy(network).half()(x.half()))
    assert (by_half != network.answer(network(x))).sum() <= 2


def test_a_loader_feeds_it_and_a_hook_hears(network, few):
    heard = []
    hook = network.C1.register_forward_hook(lambda *_: heard.append(1))
    loader = DataLoader(TensorDataset(*few), batch_size=100)
    wrong = sum(int((network.answer(network(x)) != y).sum()) for x, y in loader)
    hook.remove()
    assert wrong == errors(network, *few)
    assert len(heard) == 3


def test_it_can_be_exported_and_compiled(network):
    x = data.mnist("test")[0][:20]
    expected = network(x)
    exported = torch.export.export(network, (x,)).module()(x)
    compiled = torch.compile(network, backend="eager")(x)
    for found in (exported, compiled):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_its_text_shows_sizes_and_the_table(network):
    text = repr(network)
    assert "Conv2d(1, 6, kernel_size=(5, 5)" in text
    if isinstance(network, lenet.LeNet5_1998):
        for part in ("6 maps, the sum of 2x2", "60 kernels of 5x5", "[3, 4, 5]", "84 inputs"):
            assert part in text


@pytest.mark.parametrize("shape", [(5, 1, 28, 28), (5, 3, 32, 32), (1, 32, 32), (5, 32, 32)])
def test_images_of_another_form_get_a_sentence_that_names_pad(network, shape):
    with pytest.raises(ValueError, match=r"expected images \(N, 1, 32, 32\).*pad") as problem:
        network(torch.zeros(shape))
    assert str(shape) in str(problem.value)


def test_a_network_that_cannot_answer_gets_a_sentence_that_says_what_to_do(few):
    mute = nn.Sequential(nn.Flatten(), nn.Linear(1024, 10))
    with pytest.raises(TypeError, match=r"Sequential has no `answer`: make it a .*Chain"):
        lenet.evaluate(mute, *few)
    with pytest.raises(TypeError, match="has no `answer`"):
        lenet.train(mute, *few, progress=False)
