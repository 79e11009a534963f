"""What was changed in the working copy stays; all the rest follows the originals."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book"))

from working_copy import update  # noqa: E402


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.ipynb").write_text(f"first {name}")
    return folder


@pytest.fixture
def work(source, tmp_path):
    assert update(source, tmp_path / "work") == []
    return tmp_path / "work"


def texts(folder):
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.ipynb"))}


def test_what_is_unchanged_or_new_follows_the_original(source, work):
    assert texts(work) == texts(source)
    for name in "abc":
        (source / f"{name}.ipynb").write_text(f"second {name}")
    assert update(source, work) == []
    assert texts(work) == {name: f"second {name}" for name in "abc"}


def test_what_was_changed_is_kept_each_time_and_named(source, work):
    (work / "a.ipynb").write_text("mine")
    for version in ("second", "third"):
        for name in "ab":
            (source / f"{name}.ipynb").write_text(f"{version} {name}")
        assert update(source, work) == ["a.ipynb"]
        assert texts(work) == {"a": "mine", "b": f"{version} b"}


def test_what_was_never_copied_is_kept(source, work):
    (source / "c.ipynb").write_text("first c")
    (work / "c.ipynb").write_text("mine")
    assert update(source, work) == ["c.ipynb"]
    assert texts(work)["c"] == "mine"


def test_a_notebook_that_was_deleted_or_put_back_follows_again(source, work):
    (work / "a.ipynb").write_text("mine")
    (work / "b.ipynb").unlink()
    (source / "a.ipynb").write_text("mine")
    assert update(source, work) == []
    (source / "a.ipynb").write_text("third a")
    assert update(source, work) == []
    assert texts(work) == {"a": "third a", "b": "first b"}


def test_one_line_says_what_was_kept(source, work):
    (work / "a.ipynb").write_text("mine")
    script = [sys.executable, str(ROOT / "book" / "working_copy.py"), str(source), str(work)]
    said = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    assert said.count("\n") == 1 and said.endswith("Kept as you changed them: a.ipynb.\n")
