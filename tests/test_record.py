"""The record of an experiment: written row by row, resumed, refused when settings differ."""

import json
import subprocess
import sys
from collections import Counter

import numpy
import pytest
import torch

from lenet import results
from lenet_paper import record as module
from lenet_paper.record import Record, commit, find, layout, made_by, published

SETTINGS = {"network": "lenet5", "seeds": [0, 1], "rate": 0.003}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "results")
    return tmp_path / "results"


def test_a_record_says_how_it_was_made(folder):
    assert Record("try", SETTINGS).add({"seed": 0, "errors": 120})
    content = json.loads((folder / "try.json").read_text())
    assert content == results.load("try")
    assert content["experiment"] == "try"
    assert content["command"] == "python -m lenet reproduce try"
    assert content["settings"] == SETTINGS
    assert content["commit"] == commit()
    assert content["versions"]["torch"] == torch.__version__
    assert content["versions"]["numpy"] == numpy.__version__
    named = {"python", "torch", "numpy", "numba", "scikit-learn", "lenet"}
    assert set(content["versions"]) - {"scikit-learn-intelex"} == named
    assert content["machine"]["threads"] == torch.get_num_threads()
    assert content["machine"]["cpu"]
    assert content["machine"]["cores"] >= 1
    assert content["rows"] == [{"seed": 0, "errors": 120}]


def test_a_record_may_be_made_by_another_command():
    record = Record("try", SETTINGS, command="make bench")
    record.add({"seed": 0})
    assert results.load("try")["command"] == "make bench"


def test_a_record_may_lie_elsewhere(tmp_path, folder):
    Record("try", SETTINGS, folder=tmp_path / "again").add({"seed": 0}, {"errors": 3})
    assert json.loads((tmp_path / "again" / "try.json").read_text())["rows"][0]["errors"] == 3
    assert not folder.exists()


def test_each_row_is_in_the_file_as_soon_as_it_is_added():
    record = Record("try", SETTINGS)
    for seed in range(3):
        record.add({"seed": seed})
        assert results.load("try")["rows"] == [{"seed": s} for s in range(seed + 1)]


def test_a_record_goes_on_where_it_was_stopped():
    Record("try", SETTINGS).add({"recipe": "short", "seed": 0}, {"errors": 7})
    record = Record("try", SETTINGS)
    assert record.find(recipe="short", seed=0)["errors"] == 7
    assert record.find(recipe="short", seed=1) is None
    assert record.find(recipe="long", seed=0) is None
    record.add({"recipe": "short", "seed": 1})
    assert [row["seed"] for row in results.load("try")["rows"]] == [0, 1]
    assert find(record.rows, {"seed": 1})["recipe"] == "short"


def test_a_row_of_another_experiment_is_there_or_missed_by_name():
    Record("try", SETTINGS).add({"seed": 0}, {"errors": 7})
    assert published("try", seed=0)["errors"] == 7
    with pytest.raises(FileNotFoundError, match=r"try has no row of {'seed': 1} yet"):
        published("try", seed=1)


def test_tuples_and_lists_are_the_same_setting():
    Record("try", {"seeds": [0, 1]}).add({"seed": 0})
    assert Record("try", {"seeds": (0, 1)}).find(seed=0)


@pytest.mark.parametrize("other", [{"rate": 0.004}, {"more": 1}, {"seeds": [0, 1, 2]}])
def test_other_settings_are_refused_and_nothing_is_lost(other, folder):
    Record("try", SETTINGS).add({"seed": 0})
    before = (folder / "try.json").read_bytes()
    with pytest.raises(ValueError, match=f"other settings \\({next(iter(other))}\\): move"):
        Record("try", SETTINGS | other)
    with pytest.raises(ValueError, match="other settings"):
        Record("try", {key: SETTINGS[key] for key in ("network", "seeds")})
    assert (folder / "try.json").read_bytes() == before


# ---------------------------------------------------------------- by which code and machine


def test_a_row_made_elsewhere_says_where(monkeypatch):
    Record("try", SETTINGS).add({"seed": 0})
    elsewhere = {"cpu": "another", "cores": 64, "threads": 64}
    monkeypatch.setattr(module, "machine", lambda: elsewhere)
    Record("try", SETTINGS).add({"seed": 1})
    assert results.load("try")["rows"] == [{"seed": 0}, {"seed": 1, "machine": elsewhere}]


def test_a_row_made_by_other_code_says_by_which(monkeypatch):
    Record("try", SETTINGS).add({"seed": 0})
    monkeypatch.setattr(module, "commit", lambda: "a later one")
    monkeypatch.setattr(module, "versions", lambda: {"torch": "3"})
    Record("try", SETTINGS).add({"seed": 1})
    later = {"commit": "a later one", "versions": {"torch": "3"}}
    assert results.load("try")["rows"] == [{"seed": 0}, {"seed": 1} | later]


def test_the_head_is_that_of_the_first_row_wherever_it_was_made():
    record, elsewhere = Record("try", SETTINGS), made_by() | {"commit": "of a worker"}
    record.add({"seed": 0}, by=elsewhere)
    record.add({"seed": 1}, by=elsewhere)
    record.add({"seed": 2})
    content = results.load("try")
    assert content["commit"] == "of a worker"
    assert content["rows"] == [{"seed": 0}, {"seed": 1}, {"seed": 2, "commit": commit()}]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one commit of both packages, in which record.py lies."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    for name in ("lenet/layers.py", "lenet_paper/record.py", "results/try.json", "book/index.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "All")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "lenet_paper" / "record.py"))
    return tmp_path, git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("lenet/layers.py", True),
        ("lenet_paper/new.py", True),
        ("results/try.json", False),
        ("book/index.md", False),
        ("again-try/try.json", False),
    ],
)
def test_the_commit_is_that_of_the_code_and_tells_when_it_was_changed(checkout, name, changes):
    folder, head = checkout
    assert commit.__wrapped__() == head
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("changed")
    assert commit.__wrapped__() == head + (" and changes" if changes else "")


def test_a_package_that_lies_in_anothers_checkout_has_no_commit_of_its_own(checkout, monkeypatch):
    folder, _ = checkout
    installed = folder / ".venv" / "lenet_paper" / "record.py"
    installed.parent.mkdir(parents=True)
    installed.touch()
    monkeypatch.setattr(module, "__file__", str(installed))
    assert commit.__wrapped__() == "not a checkout"


def test_without_git_there_is_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert commit.__wrapped__() == "not a checkout"


# ---------------------------------------------------------------- several at once


ADD = """
import sys, time
from pathlib import Path
from lenet_paper.record import Record

folder, me = Path(sys.argv[1]), sys.argv[2]
record = Record("try", {}, folder=folder / "results")
(folder / f"{me}.ready").touch()
while len(list(folder.glob("*.ready"))) < 2:
    time.sleep(0.01)
for number in range(30):
    record.add({"of": me, "row": number})
    record.add({"of": "both", "row": number}, {"by": me})
"""


def test_two_processes_that_add_to_one_file_lose_no_row(tmp_path):
    command = [sys.executable, "-c", ADD, str(tmp_path)]
    running = [subprocess.Popen([*command, me]) for me in ("one", "two")]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    rows = results.load("try")["rows"]
    counts = Counter((row["of"], row["row"]) for row in rows)
    assert counts == {(of, n): 1 for of in ("one", "two", "both") for n in range(30)}


def test_files_are_those_of_the_row_that_stands_there(tmp_path):
    first, second = Record("try", SETTINGS), Record("try", SETTINGS)
    file = tmp_path / "kept"
    assert first.add({"seed": 0}, {"errors": 1}, keep=lambda: file.write_text("of the first"))
    assert not second.add({"seed": 0}, {"errors": 2}, keep=lambda: file.write_text("of the second"))
    assert results.load("try")["rows"] == second.rows == [{"seed": 0, "errors": 1}]
    assert file.read_text() == "of the first"


def test_a_row_is_there_only_if_its_files_are():
    def full():
        raise OSError(28, "No space left on device")

    record = Record("try", SETTINGS)
    with pytest.raises(OSError, match="No space"):
        record.add({"seed": 0}, keep=full)
    assert not record.path.exists()
    assert record.add({"seed": 0})


# ---------------------------------------------------------------- how it is written


def test_the_layout_is_json_with_short_things_on_one_line():
    value = {
        "settings": {"a": 1, "b": [1, 2], "é": None},
        "empty": [{}, []],
        "rows": [
            {"seed": s, "curve": [s / 7] * 40, "text": 'a, "b" [c]\n', "deep": {"x": [True] * 40}}
            for s in range(2)
        ],
    }
    text = layout(value)
    assert json.loads(text) == value
    lines = text.splitlines()
    assert ' "settings": {"a": 1, "b": [1, 2], "é": null},' in lines
    assert ' "empty": [{}, []],' in lines
    curves = [line for line in lines if '"curve"' in line]
    assert [line.count("[") == line.count("]") == 1 for line in curves] == [True, True]
    assert max(len(line) for line in lines if '"curve"' not in line and "True" not in line) < 300
