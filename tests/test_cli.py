"""The command line as a person meets it: what it prints, what it refuses, and its exit status."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_training import break_off
from torch.nn import functional as F

from lenet import checkpoint, cli, data, networks, recipes, training, weights
from lenet.evaluation import errors
from lenet.initial import initialise
from lenet.losses import MaximumAPosteriori
from lenet.paper import SUMMARY
from lenet.shown import AsTheyAre


def lenet(*arguments, **options):
    """Run ``python -m lenet`` in a process of its own."""
    command = [sys.executable, "-m", "lenet", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def call(capsys, *arguments):
    """The same without a new process: (status, what it printed, what it complained of)."""
    try:
        status = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:  # argparse's way
        status = end.code
    return status, *capsys.readouterr()


def few(split="train"):
    """MNIST, but so little of it that training takes no time."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(200, 1, 32, 32, generator=generator)
    return images, torch.randint(10, (200,), generator=generator)


@pytest.fixture
def few_images(monkeypatch):
    monkeypatch.setattr(data, "mnist", few)
    return few()


LOSSES = {"lenet5": F.cross_entropy, "lenet5-1998": MaximumAPosteriori(1.0)}
RECIPES = {"lenet5": "short", "lenet5-1998": "paper"}
each = pytest.mark.parametrize("name", networks.NETWORKS)


@pytest.fixture
def pictures(tmp_path):
    """A folder with a seven, dark on light and light on dark, and files that are no digit."""
    seven = np.zeros((120, 90), np.uint8)
    seven[20:32, 20:70] = 255
    for row in range(32, 100):
        middle = 64 - (row - 32) // 2
        seven[row, middle - 6 : middle + 6] = 255
    Image.fromarray(seven).save(tmp_path / "light.png")
    Image.fromarray(255 - seven).save(tmp_path / "dark.jpg")
    Image.fromarray(seven * 0).save(tmp_path / "blank.png")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("seven")
    return tmp_path


# ---------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "COMMAND"),
        (["walk"], "walk"),
        (["--network", "lenet5"], "COMMAND"),
        (["table", "--network", "lenet6"], "lenet6"),
        (["table", "--network"], "--network"),
        (["table", "--channels-first"], "--channels-first"),
        (["table", "extra"], "extra"),
        (["fetch", "--network", "lenet5"], "--network"),
        (["train", "--seed", "-1"], "whole number"),
        (["train", "--seed", "one"], "one"),
        (["train", "--seed", "9" * 30], "whole number"),
        (["train", "--epochs", "0"], "whole number"),
        (["train", "--epochs", "1.5"], "1.5"),
        (["train", "--recipe", "best"], "best"),
        (["predict"], "IMAGE"),
        (["predict", "--weights"], "--weights"),
        (["evaluate", "seven.png"], "seven.png"),
        (["reproduce", "summary", "fig5"], "fig5"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments, named):
    run = lenet(*arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert named in run.stderr
    assert "--help" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["evaluate", "--weights", "none.safetensors"], "none.safetensors: no such file"),
        (["evaluate", "--weights", "."], ".: no such file"),
        (["evaluate", "--weights", "text.png"], "text.png: not a safetensors file"),
        (["predict", "light.png", "--weights", "none.safetensors"], "none.safetensors: no such"),
        (["predict", "light.png", "--weights", "lenet5.safetensors", "--network", "lenet5-1998"],
         "lenet5.safetensors: weights of lenet5, not of lenet5-1998"),
        (["train", "--out", "light.png"], "light.png is there already: give --overwrite"),
        (["train", "--out", "light.png/mine"], "light.png: File exists"),
        (["train", "--out", "."], ". is a folder"),
        (["train", "--out", ".", "--overwrite"], ". is a folder"),
        (["train", "--network", "lenet5-1998", "--epochs", "21"], "21 epochs: the paper's"),
        (["train", "--recipe", "paper", "--epochs", "21"], "21 epochs: the paper's"),
        (["reproduce", "fig99"], "no experiment is called fig99: choose from summary-recipes"),
        (["reproduce", "--again"], "which experiment?"),
    ],
)  # fmt: skip
def test_a_wrong_file_or_name_is_one_line_and_status_2(
    arguments, named, capsys, pictures, monkeypatch
):
    monkeypatch.chdir(pictures)
    weights.save_weights(networks.LeNet5(), "lenet5.safetensors")
    before = {path: path.read_bytes() for path in pictures.iterdir()}
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"python -m lenet: {named}")
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in pictures.iterdir()} == before


def test_mnist_that_cannot_be_had_is_status_1_without_a_traceback(tmp_path):
    """A whole process: no data, no network, no npm."""
    environment = os.environ | {
        "LENET_DATA": str(tmp_path / "none"),
        "XDG_CACHE_HOME": str(tmp_path),
        "PATH": "",
        "https_proxy": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "no_proxy": "",
        "NO_PROXY": "",
    }
    run = lenet("fetch", env=environment)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("python -m lenet: MNIST could not be fetched")
    assert "Traceback" not in run.stderr
    assert "LENET_DATA" in run.stderr


def test_a_disk_that_is_full_is_status_1_and_one_line(capsys, few_images, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "mine.safetensors")

    monkeypatch.setattr(checkpoint, "write_whole", full)
    out = tmp_path / "mine.safetensors"
    status, _, err = call(capsys, "train", "--epochs", 1, "--out", out)
    assert status == 1
    assert err == "python -m lenet: mine.safetensors: No space left on device\n"
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- help


def test_help_answers_at_once_with_examples():
    start = time.perf_counter()
    run = lenet("--help")
    print(f"--help took {time.perf_counter() - start:.2f} s")
    assert run.returncode == 0
    for command in ("fetch", "table", "train", "evaluate", "predict", "reproduce"):
        assert re.search(rf"^  {command} +\w", run.stdout, re.MULTILINE), command
    assert "examples:" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 100


def test_help_needs_no_torch():
    code = "import sys, lenet.cli; lenet.cli.parser(); print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout == "False\n"


@pytest.mark.parametrize("command", ["table", "train", "evaluate", "predict", "reproduce"])
def test_each_command_has_its_own_help(command, capsys):
    status, out, _ = call(capsys, command, "--help")
    assert status == 0
    assert f"python -m lenet {command}" in out


def test_the_names_offered_are_the_names_there_are():
    assert tuple(networks.NETWORKS) == cli.NETWORKS
    assert tuple(recipes.RECIPES) == cli.RECIPES


# ---------------------------------------------------------------- table, fetch


def test_the_summarys_table_is_printed_row_by_row(capsys):
    status, out, err = call(capsys, "table", "--network", "lenet5", "--channels-last")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    found = []
    for line in lines[2 : 2 + len(SUMMARY["rows"])]:
        _, kind, shape, parameters = re.match(r"(\w+) +(\w+) +\((.*?)\) +([\d,]+) ", line).groups()
        batch, *sizes = shape.split(", ")
        assert batch == "None"
        found.append([kind, [int(size) for size in sizes], int(parameters.replace(",", ""))])
    assert found == SUMMARY["rows"]
    assert f"Total parameters: {SUMMARY['parameters']:,}" in lines


def test_the_papers_table_ends_with_its_totals(capsys):
    _, out, _ = call(capsys, "table", "--network", "lenet5-1998")
    assert out.endswith("Trainable parameters: 60,000\nConnections: 340,908\n")


def test_fetch_says_where_mnist_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(data, "fetch", lambda: tmp_path)
    assert call(capsys, "fetch") == (0, f"MNIST is in {tmp_path}\n", "")


def test_a_reader_that_has_seen_enough_is_no_error():
    code = (
        "import sys; from lenet import cli\n"
        "def _table(arguments): print('a long table\\n' * 100_000)\n"
        "cli._table = _table\n"
        "sys.exit(cli.main(['table']))"
    )
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writing)
    assert run.stderr == ""
    assert run.returncode == 1


# ---------------------------------------------------------------- train, evaluate


@each
def test_train_writes_weights_that_evaluate_reads(name, capsys, few_images, tmp_path):
    out, network = tmp_path / "mine.safetensors", networks.NETWORKS[name]
    command = ("train", "--network", name, "--epochs", 2, "--seed", 3, "--out", out)
    status, printed, err = call(capsys, *command)
    assert (status, err) == (0, "")
    lines = printed.splitlines()
    assert list(tmp_path.iterdir()) == [out]  # no checkpoint is left

    expected, recipe = initialise(network(), 3), recipes.RECIPES[RECIPES[name]].shorter(2)
    given = {"loss": LOSSES[name], "seed": 3, "test": few_images}
    epochs = training.train(expected, *few_images, recipe, **given)
    loaded = weights.load_weights(network(), out)
    assert all(map(torch.equal, expected.parameters(), loaded.parameters()))

    assert lines[0].split() == ["epoch", "loss", "training", "%", "test", "%", "seconds"]
    shares = [(100 - epoch.wrong / 2, 100 - epoch.errors / 2) for epoch in epochs]
    told = [
        [str(number), f"{epoch.loss:.4f}", *(f"{share:.2f}" for share in shares[number - 1])]
        for number, epoch in enumerate(epochs, start=1)
    ]
    assert [line.split()[:-1] for line in lines[1:3]] == told
    assert all(float(line.split()[-1]) >= 0 for line in lines[1:3])
    assert lines[3] == f"weights: {out}"

    status, printed, _ = call(capsys, "evaluate", "--network", name, "--weights", out)
    assert status == 0
    assert printed.splitlines() == [f"{name}, weights: {out}", *lines[4:]]
    wrong = errors(loaded, *few_images)
    assert lines[4:] == [f"errors {wrong} of 200 (accuracy {100 - wrong / 2:.2f} %)"]


def test_a_recipe_can_be_chosen_for_either_network(capsys, few_images, tmp_path):
    out, recipe = tmp_path / "mine.safetensors", recipes.RECIPES["long"].shorter(1)
    command = ("train", "--recipe", "long", "--epochs", 1, "--out", out)
    assert call(capsys, *command, "--network", "lenet5-1998")[0] == 0
    expected = initialise(networks.LeNet5_1998(), 0)
    training.train(expected, *few_images, recipe, loss=LOSSES["lenet5-1998"])
    loaded = weights.load_weights(networks.LeNet5_1998(), out)
    assert all(map(torch.equal, expected.parameters(), loaded.parameters()))


def test_train_names_its_file_after_network_and_seed(capsys, few_images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, _ = call(capsys, "train", "--epochs", 1, "--seed", 12)
    assert status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["lenet5-seed12.safetensors"]


def test_overwrite_replaces_the_file(capsys, few_images, tmp_path):
    out = tmp_path / "mine.safetensors"
    out.write_text("old")
    assert call(capsys, "train", "--epochs", 1, "--out", out, "--overwrite")[0] == 0
    weights.load_weights(networks.LeNet5(), out)


@each
def test_a_training_into_a_pipe_prints_a_line_an_epoch_as_it_goes(
    name, few_images, tmp_path, monkeypatch
):
    """At the start of each epoch a reader has the lines of those before."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    arrived, show = [], AsTheyAre.__call__

    def read_first(*given):
        try:
            arrived.append(os.read(reading, 100_000).decode())
        except BlockingIOError:
            arrived.append("")
        return show(*given)

    monkeypatch.setattr(AsTheyAre, "__call__", read_first)
    out = str(tmp_path / "mine.safetensors")
    with os.fdopen(writing, "w") as pipe, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        assert cli.main(["train", "--network", name, "--epochs", "3", "--out", out]) == 0
    arrived.append(os.read(reading, 100_000).decode())
    os.close(reading)
    first = [[line.split()[0] for line in part.splitlines()] for part in arrived]
    assert first == [[], ["epoch", "1"], ["2"], ["3", "weights:", "errors"]]


class Reached(BaseException):
    """What would take long has begun."""


@pytest.fixture
def nothing_long(monkeypatch):
    def reached(*_, **__):
        raise Reached

    monkeypatch.setattr(data, "mnist", reached)
    monkeypatch.setattr(training, "train", reached)


@pytest.mark.parametrize("below", ["a file/mine", "a file/folder/mine", "/proc/mine"])
def test_a_place_that_cannot_be_written_is_said_before_anything_is_trained(
    below, capsys, nothing_long, tmp_path, monkeypatch
):
    if below.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("there is no folder in which not even root can write")
    monkeypatch.chdir(tmp_path)
    Path("a file").write_text("old")
    status, out, err = call(capsys, "train", "--out", below)
    assert status in (1, 2)
    assert out == ""
    assert re.fullmatch(r"python -m lenet: (a file|/proc).*: .*\n", err)
    assert Path("a file").read_text() == "old"


def test_a_place_that_can_be_written_is_left_as_it_is_until_there_are_weights(
    nothing_long, tmp_path
):
    with pytest.raises(Reached):
        cli.main(["train", "--out", str(tmp_path / "new" / "mine")])
    assert list((tmp_path / "new").iterdir()) == []


def test_a_result_that_appeared_meanwhile_stays_and_the_training_is_not_lost(
    capsys, few_images, tmp_path, monkeypatch
):
    whole, out = tmp_path / "whole.safetensors", tmp_path / "mine.safetensors"
    call(capsys, "train", "--epochs", 2, "--out", whole)
    command, show = ("train", "--epochs", 2, "--out", out), AsTheyAre.__call__

    def appear(*given):
        out.write_text("another's")
        return show(*given)

    with monkeypatch.context() as patch:
        patch.setattr(AsTheyAre, "__call__", appear)
        status, printed, err = call(capsys, *command)
    assert status == 2
    assert "weights:" not in printed
    kept = f"{out}.checkpoint"
    assert err.splitlines() == [
        f"python -m lenet: kept in {kept}; the same command with --overwrite goes on from it",
        f"python -m lenet: {out}: File exists",
    ]
    assert out.read_text() == "another's"
    assert Path(kept).is_file()

    monkeypatch.setattr(training.Trainer, "run_epoch", None)  # nothing is trained again
    status, printed, err = call(capsys, *command, "--overwrite")
    assert (status, err) == (0, "")
    assert printed.startswith(f"going on from {kept}\n")
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == [out, whole]


@each
def test_an_interrupted_training_is_kept_and_goes_on(
    name, capsys, few_images, tmp_path, monkeypatch
):
    whole, out = tmp_path / "whole.safetensors", tmp_path / "mine.safetensors"
    command = ("train", "--network", name, "--epochs", 3, "--out")
    call(capsys, *command, whole)

    def interrupt():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        break_off(interrupt, patch.setattr, after=2)  # two batches of 200 images
        status, _, err = call(capsys, *command, out)
    assert status == 130
    assert "the same command goes on from it" in err
    assert err.endswith("python -m lenet: interrupted\n")
    assert not out.exists()

    status, _, err = call(capsys, *command, out, "--seed", 1)
    assert status == 2
    assert "the checkpoint of another training (seed 0, not 1)" in err

    status, printed, _ = call(capsys, *command, out)
    assert status == 0
    assert printed.startswith("going on from ")
    assert [line.split()[0] for line in printed.splitlines()[2:4]] == ["2", "3"]
    assert out.read_bytes() == whole.read_bytes()


def test_control_c_ends_a_real_process_with_130(tmp_path):
    """Sent once the process is at work; it waits there, on a pipe that nobody fills."""
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    code = (
        "import signal, sys; from lenet import cli\n"
        # a job in the background of a shell is born deaf to Control-C
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"def _fetch(arguments): print('waiting', flush=True); open({str(fifo)!r}).read()\n"
        "cli._fetch = _fetch\n"
        "sys.exit(cli.main(['fetch']))"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            assert process.stdout.readline() == "waiting\n"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err == "python -m lenet: interrupted\n"


def test_the_shipped_weights_reach_the_summarys_accuracy():
    """On MNIST itself: the 10,000 test images."""
    run = lenet("evaluate", "--network", "lenet5", cwd="/")
    assert (run.returncode, run.stderr) == (0, "")
    line = run.stdout.splitlines()[-1]
    errors, accuracy = re.fullmatch(
        r"errors (\d+) of 10,000 \(accuracy (\d\d\.\d\d) %\)", line
    ).groups()
    assert float(accuracy) >= SUMMARY["accuracy_percent"]
    assert int(errors) == round((100 - float(accuracy)) * 100)


# ---------------------------------------------------------------- predict


def test_predict_says_the_digit_and_the_ten_scores(pictures):
    run = lenet("predict", pictures / "light.png", pictures / "dark.jpg")
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0] == f"{pictures / 'light.png'}: digit 7"
    assert lines[2] == f"{pictures / 'dark.jpg'}: digit 7"
    for line in lines[1], lines[3]:
        scores = [float(score) for score in re.findall(r"\d: +(-?\d+\.\d\d)", line)]
        assert len(scores) == 10
        assert max(scores) == scores[7]
    assert len(lines) == 4


def test_one_bad_picture_does_not_stop_the_others(capsys, pictures, monkeypatch):
    monkeypatch.chdir(pictures)
    names = ["blank.png", "light.png", "empty.png", "none.png", ".", "text.png", "dark.jpg"]
    status, out, err = call(capsys, "predict", *names)
    assert status == 2
    assert re.findall(r"^(\S+): digit \d$", out, re.MULTILINE) == ["light.png", "dark.jpg"]
    complaints = err.splitlines()
    bad = ["blank.png", "empty.png", "none.png", ".", "text.png"]
    assert [line.split(": ")[1] for line in complaints] == bad


# ---------------------------------------------------------------- reproduce


def test_reproduce_gets_what_was_asked_for(capsys, monkeypatch):
    from lenet_paper import command

    asked = []
    monkeypatch.setattr(command, "reproduce", lambda *given: asked.append(given))
    assert call(capsys, "reproduce") == (0, "", "")
    rows = ("--row", "svm", "--row", "rbf")
    options = ("--again", *rows, "--seed", 2, "--jobs", 3, "--dask", "tcp://there:8786")
    assert call(capsys, "reproduce", "fig9", *options) == (0, "", "")
    everything = command.Selection(["svm", "rbf"], 2, 3, "tcp://there:8786")
    assert asked == [(None, command.Selection(), False), ("fig9", everything, True)]


def test_reproduce_says_what_it_needs_where_that_is_missing(capsys, monkeypatch):
    for module in list(sys.modules):
        if module.startswith("lenet_paper"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "joblib", None)
    status, out, err = call(capsys, "reproduce", "fig5")
    assert (status, out) == (1, "")
    message = "reproduce needs joblib, which comes with the extra lenet[paper]"
    assert err == f"python -m lenet: {message}\n"
