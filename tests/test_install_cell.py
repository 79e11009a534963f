"""A notebook from the download button brings its own `lenet`, or says how to."""

import hashlib
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))

import house  # noqa: E402

ADDRESS = "https://example.org/book"
WHEEL = "lenet-1-py3-none-any.whl"


@pytest.fixture
def saved(tmp_path):
    """The first cell of a saved notebook whose code is the given one."""
    (tmp_path / WHEEL).write_bytes(b"wheel")

    def first_cell(code, address):
        written = new_notebook(cells=[new_code_cell(code, execution_count=3)])
        nbformat.write(written, tmp_path / "a.ipynb")
        text = house.bare_notebook(tmp_path / "a.ipynb", tmp_path / WHEEL, address)
        assert "</" not in text
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert [cell.source for cell in notebook.cells[1:]] == [code]
        return notebook.cells[0]

    return first_cell


@pytest.mark.parametrize(("module", "extra"), [("lenet", ""), ("lenet_paper", "[paper]")])
def test_with_an_address_it_installs_the_wheel_there_and_no_other(saved, module, extra):
    sha256 = hashlib.sha256(b"wheel").hexdigest()
    wanted = f'%pip install --quiet "lenet{extra} @ {ADDRESS}/{WHEEL}#sha256={sha256}"'
    for address in (ADDRESS, ADDRESS + "/"):
        cell = saved(f"import {module}  # </script>", address)
        assert (cell.cell_type, cell.source) == ("code", wanted)


@pytest.mark.parametrize(("module", "extra"), [("lenet", ""), ("lenet_paper", "[paper]")])
def test_without_one_a_sentence_says_how(saved, module, extra):
    cell = saved(f"import {module}", "")
    assert cell.cell_type == "markdown"
    assert f'`pip install "./{WHEEL}{extra}"`' in cell.source
