"""The record of an experiment: written row by row, resumed, refused when settings differ."""

import json

import numpy
import pytest
import torch

from lenet import files, results
from lenet.files import write_whole

SETTINGS = {"network": "lenet5", "seeds": [0, 1], "rate": 0.003}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "folder", lambda: tmp_path / "results")
    return tmp_path / "results"


def test_a_record_says_how_it_was_made(folder):
    results.Record("try", SETTINGS).add({"seed": 0, "errors": 120})
    content = json.loads((folder / "try.json").read_text())
    assert content == results.load("try")
    assert content["experiment"] == "try"
    assert content["command"] == "python -m lenet reproduce try"
    assert content["settings"] == SETTINGS
    assert content["versions"]["torch"] == torch.__version__
    assert content["versions"]["numpy"] == numpy.__version__
    named = {"python", "torch", "numpy", "scikit-learn", "lenet"}
    assert set(content["versions"]) - {"scikit-learn-intelex"} == named
    assert content["machine"]["threads"] == torch.get_num_threads()
    assert content["machine"]["cpu"]
    assert content["machine"]["cores"] >= 1
    assert content["rows"] == [{"seed": 0, "errors": 120}]


def test_a_record_may_be_made_by_another_command():
    record = results.Record("try", SETTINGS, command="make bench")
    record.add({"seed": 0})
    assert results.load("try")["command"] == "make bench"


def test_each_row_is_in_the_file_as_soon_as_it_is_added():
    record = results.Record("try", SETTINGS)
    for seed in range(3):
        record.add({"seed": seed})
        assert results.load("try")["rows"] == [{"seed": s} for s in range(seed + 1)]


def test_a_record_goes_on_where_it_was_stopped():
    results.Record("try", SETTINGS).add({"recipe": "short", "seed": 0, "errors": 7})
    record = results.Record("try", SETTINGS)
    assert record.find(recipe="short", seed=0)["errors"] == 7
    assert record.find(recipe="short", seed=1) is None
    assert record.find(recipe="long", seed=0) is None
    record.add({"recipe": "short", "seed": 1})
    assert [row["seed"] for row in results.load("try")["rows"]] == [0, 1]


def test_tuples_and_lists_are_the_same_setting():
    results.Record("try", {"seeds": [0, 1]}).add({"seed": 0})
    assert results.Record("try", {"seeds": (0, 1)}).find(seed=0)


@pytest.mark.parametrize("other", [{"rate": 0.004}, {"more": 1}, {"seeds": [0, 1, 2]}])
def test_other_settings_are_refused_and_nothing_is_lost(other, folder):
    results.Record("try", SETTINGS).add({"seed": 0})
    before = (folder / "try.json").read_bytes()
    with pytest.raises(ValueError, match=f"other settings \\({next(iter(other))}\\): move"):
        results.Record("try", SETTINGS | other)
    with pytest.raises(ValueError, match="other settings"):
        results.Record("try", {key: SETTINGS[key] for key in ("network", "seeds")})
    assert (folder / "try.json").read_bytes() == before


def test_a_row_made_elsewhere_says_where(monkeypatch):
    results.Record("try", SETTINGS).add({"seed": 0})
    elsewhere = {"cpu": "another", "cores": 64, "threads": 64}
    monkeypatch.setattr(results, "machine", lambda: elsewhere)
    results.Record("try", SETTINGS).add({"seed": 1})
    assert results.load("try")["rows"] == [{"seed": 0}, {"seed": 1, "machine": elsewhere}]


def test_a_result_that_is_not_there_says_what_makes_it():
    with pytest.raises(FileNotFoundError, match="python -m lenet reproduce fig99"):
        results.load("fig99")


def test_the_folder_is_beside_the_package_in_a_checkout_else_here(monkeypatch, tmp_path):
    monkeypatch.undo()
    checkout = tmp_path / "checkout"
    (checkout / "lenet").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(results, "__file__", str(checkout / "lenet" / "results.py"))
    assert results.folder() == tmp_path / "results"
    (checkout / "pyproject.toml").touch()
    assert results.folder() == checkout / "results"


def test_the_layout_is_json_with_short_things_on_one_line():
    value = {
        "settings": {"a": 1, "b": [1, 2], "é": None},
        "empty": [{}, []],
        "rows": [
            {"seed": s, "curve": [s / 7] * 40, "text": 'a, "b" [c]\n', "deep": {"x": [True] * 40}}
            for s in range(2)
        ],
    }
    text = results.layout(value)
    assert json.loads(text) == value
    lines = text.splitlines()
    assert ' "settings": {"a": 1, "b": [1, 2], "é": null},' in lines
    assert ' "empty": [{}, []],' in lines
    curves = [line for line in lines if '"curve"' in line]
    assert [line.count("[") == line.count("]") == 1 for line in curves] == [True, True]
    assert max(len(line) for line in lines if '"curve"' not in line and "True" not in line) < 300


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
