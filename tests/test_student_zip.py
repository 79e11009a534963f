"""The zip for students: whole, installable by its file, and without a link that leads nowhere."""

import re
import sys
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest

from lenet import results

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book"))

import student_zip  # noqa: E402

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The content of each file of the zip, with a small file in place of the wheel."""
    folder = tmp_path_factory.mktemp("zip")
    (folder / "lenet-1-py3-none-any.whl").write_bytes(b"wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(student_zip, "build_wheel", lambda root, folder: next(folder.glob("*.whl")))
        student_zip.write_zip(ROOT, folder)
    with ZipFile(folder / student_zip.NAME) as archive:
        return {Path(name).name: archive.read(name) for name in archive.namelist()}


def test_it_holds_every_notebook_the_wheel_the_licences_and_how_to_begin(files):
    others = {"README.md", "lenet-1-py3-none-any.whl", "LICENSE", "LICENSE-TEXT"}
    assert set(files) == {*NOTEBOOKS, *others}
    assert files["lenet-1-py3-none-any.whl"] == b"wheel"


def test_the_wheel_is_installed_by_its_file(files):
    asked = re.findall(r"pip install (.*lenet.*)", files["README.md"].decode())
    assert len(asked) == 2
    assert all("./lenet-1-py3-none-any.whl" in line for line in asked)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_its_links_stay_inside(files, name):
    for cell in nbformat.reads(files[name].decode(), as_version=4).cells:
        if cell.cell_type == "markdown":
            for path in re.findall(r"\]\(([^)#\s]+)", cell.source):
                assert path in files or path.startswith("https://"), path


def test_results_are_read_here_or_else_from_the_wheel(monkeypatch, tmp_path):
    package, here = tmp_path / "lenet", tmp_path / "here"
    for folder in (package / "kept", here / "results"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(results, "__file__", str(package / "results.py"))
    monkeypatch.chdir(here)
    own, brought = here / "results" / "a.json", package / "kept" / "a.json"
    assert results.place_of("a.json") == own
    brought.touch()
    assert results.place_of("a.json") == brought
    own.touch()
    assert results.place_of("a.json") == own
