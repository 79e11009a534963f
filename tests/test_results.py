"""What is in results/ and where it lies; files that are written whole or not at all."""

import re

import pytest

from lenet import files, results
from lenet.files import write_whole

NAMES = sorted(path.stem for path in results.folder().glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_every_result_names_the_commit_that_made_it(name):
    assert re.fullmatch("[0-9a-f]{40}( and changes)?", results.load(name)["commit"])


def test_a_result_that_is_not_there_says_what_makes_it(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "folder", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="python -m lenet reproduce fig99"):
        results.load("fig99")


def test_the_folder_is_beside_the_package_in_a_checkout_else_here(monkeypatch, tmp_path):
    checkout = tmp_path / "checkout"
    (checkout / "lenet").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(results, "__file__", str(checkout / "lenet" / "results.py"))
    assert results.folder() == tmp_path / "results"
    (checkout / "pyproject.toml").touch()
    assert results.folder() == checkout / "results"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_whole_under_its_name_from_the_first_moment(tmp_path, monkeypatch):
    path, replace = tmp_path / "file", files.Path.replace

    def watched(temporary, target):
        assert not path.exists()
        assert temporary.read_bytes() == b"all of it"
        replace(temporary, target)

    monkeypatch.setattr(files.Path, "replace", watched)
    write_whole(path, b"all of it")
    assert path.read_bytes() == b"all of it"
