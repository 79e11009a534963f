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

from lenet import (
    checkpoint,
    cli,
    compiled,
    data,
    experiments,
    networks,
    results,
    sdlm,
    training,
    weights,
)
from lenet.evaluation import errors
from lenet_paper.configuration import HEADLINE
from lenet.paper import SCHEDULE, SEED

ROOT = Path(__file__).parents[1]


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


@pytest.fixture
def few_images(monkeypatch):
    """MNIST, but so little of it that training takes no time."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(200, 1, 32, 32, generator=generator)
    labels = torch.randint(10, (200,), generator=generator)
    monkeypatch.setattr(data, "mnist", lambda split: (images, labels))
    return images, labels


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
        (["reproduce", "seed", "fig5"], "fig5"),
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
         "lenet5.safetensors: not weights of LeNet5_1998"),
        (["train", "--out", "light.png"], "light.png is there already: give --overwrite"),
        (["train", "--out", "."], ". is a folder"),
        (["train", "--out", ".", "--overwrite"], ". is a folder"),
        (["train", "--network", "lenet5-1998", "--recipe", "short"], "--recipe is for lenet5"),
        (["train", "--network", "lenet5-1998", "--epochs", "21"], "--epochs 21: the paper's"),
        (["reproduce", "fig99"], "no experiment is called fig99: choose from seed-recipes"),
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
    assert tuple(training.RECIPES) == cli.RECIPES


# ---------------------------------------------------------------- table, fetch


def test_the_seeds_table_is_printed_row_by_row(capsys):
    status, out, err = call(capsys, "table", "--network", "lenet5", "--channels-last")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    found = []
    for line in lines[2 : 2 + len(SEED["rows"])]:
        _, kind, shape, parameters = re.match(r"(\w+) +(\w+) +\((.*?)\) +([\d,]+) ", line).groups()
        batch, *sizes = shape.split(", ")
        assert batch == "None"
        found.append([kind, [int(size) for size in sizes], int(parameters.replace(",", ""))])
    assert found == SEED["rows"]
    assert f"Total parameters: {SEED['parameters']:,}" in lines


def test_the_papers_table_ends_with_its_totals(capsys):
    _, out, _ = call(capsys, "table", "--network", "lenet5-1998")
    assert out.endswith("Trainable parameters: 60,000\nConnections: 340,908\n")


def test_fetch_says_where_mnist_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(data, "fetch", lambda: tmp_path)
    assert call(capsys, "fetch") == (0, f"MNIST is in {tmp_path}\n", "")


def test_a_reader_that_has_seen_enough_is_no_error():
    code = (
        "import sys; from lenet import cli\n"
        "def table(arguments): print('a long table\\n' * 100_000)\n"
        "cli.table = table\n"
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


def test_train_writes_weights_that_evaluate_reads(capsys, few_images, tmp_path):
    out = tmp_path / "mine.safetensors"
    status, printed, err = call(capsys, "train", "--epochs", 2, "--seed", 3, "--out", out)
    assert (status, err) == (0, "")
    lines = printed.splitlines()
    assert lines[0].split() == ["epoch", "loss", "training", "%", "test", "%", "seconds"]
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    assert lines[3] == f"weights: {out}"
    assert list(tmp_path.iterdir()) == [out]  # no checkpoint is left

    expected, recipe = networks.LeNet5(), training.Recipe(**RECIPE_FIELDS | {"epochs": 2})
    training.train(expected, *few_images, recipe, seed=3)
    loaded = weights.load_weights(networks.LeNet5(), out)
    assert all(map(torch.equal, expected.parameters(), loaded.parameters()))

    status, printed, _ = call(capsys, "evaluate", "--weights", out)
    assert status == 0
    assert printed.splitlines() == [f"lenet5, weights: {out}", lines[-1]]
    errors = int(re.fullmatch(r"errors (\d+) of 200 \(accuracy .* %\)", lines[-1])[1])
    answers = loaded(few_images[0]).argmax(1)
    assert errors == int((answers != few_images[1]).sum())
    assert lines[-1].endswith(f"(accuracy {100 * (200 - errors) / 200:.2f} %)")


RECIPE_FIELDS = vars(training.RECIPES["short"])


def test_train_gives_the_papers_network_the_papers_training(
    capsys, few_images, tmp_path, monkeypatch
):
    monkeypatch.setitem(SCHEDULE, "curvature_samples", 50)
    out = tmp_path / "paper.safetensors"
    command = ("train", "--network", "lenet5-1998", "--epochs", 2, "--seed", 3, "--out", out)
    status, printed, err = call(capsys, *command)
    assert (status, err) == (0, "")
    lines = printed.splitlines()

    network = HEADLINE.network(seed=3)
    on_the_fly = list(
        sdlm.train(
            network,
            HEADLINE.loss(),
            *few_images,
            seed=3,
            passes=2,
            literal=HEADLINE.literal,
            run_pass=compiled.run_pass,
        )
    )
    assert [float(line.split()[1]) for line in lines[1:3]] == [wrong / 2 for wrong in on_the_fly]
    loaded = weights.load_weights(networks.LeNet5_1998(), out)
    assert all(map(torch.equal, network.parameters(), loaded.parameters()))
    wrong = errors(network, *few_images)
    assert lines[3:] == [
        f"weights: {out}",
        f"errors {wrong} of 200 (accuracy {100 - wrong / 2:.2f} %)",
    ]


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


def test_an_interrupted_training_is_kept_and_goes_on(capsys, few_images, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole.safetensors", tmp_path / "mine.safetensors"
    call(capsys, "train", "--epochs", 3, "--out", whole)

    step, count = training.step, []

    def interrupted(*arguments):
        count.append(1)
        if len(count) == 4:  # in the middle of the second epoch of two batches
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(training, "step", interrupted)
    command = ("train", "--epochs", 3, "--out", out)
    status, _, err = call(capsys, *command)
    assert status == 130
    assert "the same command goes on from it" in err
    assert err.endswith("python -m lenet: interrupted\n")
    assert not out.exists()

    status, _, err = call(capsys, "train", "--epochs", 3, "--seed", 1, "--out", out)
    assert status == 2
    assert "the checkpoint of another training (seed 0, not 1)" in err

    status, printed, _ = call(capsys, *command)
    assert status == 0
    assert printed.startswith("going on from ")
    assert out.read_bytes() == whole.read_bytes()


def test_control_c_ends_a_real_process_with_130(tmp_path):
    """Sent once the process is at work; it waits there, on a pipe that nobody fills."""
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    code = (
        "import signal, sys; from lenet import cli\n"
        # a job in the background of a shell is born deaf to Control-C
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"def fetch(arguments): print('waiting', flush=True); open({str(fifo)!r}).read()\n"
        "cli.fetch = fetch\n"
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


def test_the_shipped_weights_reach_the_seeds_accuracy():
    """On MNIST itself: the 10,000 test images."""
    run = lenet("evaluate", "--network", "lenet5", cwd="/")
    assert (run.returncode, run.stderr) == (0, "")
    line = run.stdout.splitlines()[-1]
    errors, accuracy = re.fullmatch(
        r"errors (\d+) of 10,000 \(accuracy (\d\d\.\d\d) %\)", line
    ).groups()
    assert float(accuracy) >= SEED["accuracy_percent"]
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


@pytest.fixture
def one_experiment(monkeypatch, tmp_path):
    """A single experiment, ``try``, that writes one row into a folder of its own."""
    module = tmp_path / "experiment_for_the_test.py"
    module.write_text(
        '"""Whether it runs.\n\nMore about it.\n"""\n'
        "from lenet import results\n"
        "def run():\n"
        "    results.Record('try', {}).add({'seconds': 150, 'threads': 2})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"try": module.stem})
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "results")
    return tmp_path / "results" / "try.json"


def test_reproduce_lists_the_experiments_and_what_they_took(capsys, one_experiment):
    status, out, _ = call(capsys, "reproduce")
    assert status == 0
    assert re.fullmatch(r"try +not run  Whether it runs\.\n", out)
    assert call(capsys, "reproduce", "try")[0] == 0
    assert re.fullmatch(r"try +2\.5 min  Whether it runs\.\n", call(capsys, "reproduce")[1])


def test_reproduce_runs_one_and_says_where_its_results_are(capsys, one_experiment):
    assert call(capsys, "reproduce", "try") == (0, f"results: {one_experiment}\n", "")
    assert results.load("try")["rows"] == [{"seconds": 150, "threads": 2}]


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_has_a_summary_and_a_run(name):
    assert experiments.summary(name).endswith(".")
    assert callable(experiments.experiment(name).run)
