"""A reader who opens no fold misses nothing: no name is unknown, no quiz answer stands open.

Folded are the cells whose code JupyterLab hides (and so does the site), the solutions', and those
that the site leaves out.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = [pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob("*.ipynb"))]
FOLDS = {"solution", "remove-cell"}


class Cell(NamedTuple):
    kind: str  # "code" or "markdown"
    text: str
    folded: bool


def read(path: Path) -> list[Cell]:
    return cells_of(json.loads(path.read_text(encoding="utf-8"))["cells"])


def cells_of(raw: list[dict]) -> list[Cell]:
    cells = []
    for cell in raw:
        metadata = cell["metadata"]
        tagged = FOLDS.intersection(metadata.get("tags", []))
        folded = metadata.get("jupyter", {}).get("source_hidden", False)
        cells.append(Cell(cell["cell_type"], "".join(cell["source"]), bool(tagged) or folded))
    return cells


def unknown_names(cells: list[Cell], folder: Path) -> list[str]:
    """Each name that a visible code cell uses and nothing visible has bound by the cell's end.

    A cell is checked behind the visible ones before it: so a function of an earlier cell may not
    lean on what only a later one binds.
    """
    visible = [cell.text for cell in cells if cell.kind == "code" and not cell.folded]
    for number in range(len(visible)):
        script = "\n".join(visible[: number + 1])
        (folder / f"{number:03}.py").write_text(script + "\n", encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero"]
    ruff += ["--select=F82", "--output-format=json", str(folder)]
    found = json.loads(subprocess.run(ruff, check=True, capture_output=True).stdout)
    return sorted({problem["message"] for problem in found})


def open_answers(cells: list[Cell]) -> list[str]:
    """Each visible code cell behind the beginning of the quiz that no text announces with a colon.

    A question ends with its folded answer, so a cell that follows one can only give it away.
    """
    open_ones, in_quiz, before = [], False, Cell("markdown", "", False)
    for cell in cells:
        in_quiz = in_quiz or "## Quiz" in cell.text
        announced = before.kind == "markdown" and before.text.endswith(":")
        if in_quiz and cell.kind == "code" and not cell.folded and not announced:
            open_ones.append(cell.text)
        before = cell
    return open_ones


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_visible_cells_need_no_folded_one(path, tmp_path):
    assert unknown_names(read(path), tmp_path) == []


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_no_visible_cell_gives_an_answer_of_the_quiz(path):
    assert open_answers(read(path)) == []


def markdown(text: str) -> dict:
    return {"cell_type": "markdown", "source": [text], "metadata": {}}


def code(text: str, *tags: str, folded: bool = False) -> dict:
    metadata = {"tags": list(tags), "jupyter": {"source_hidden": folded}}
    return {"cell_type": "code", "source": [text], "metadata": metadata}


def test_a_name_bound_in_a_fold_or_too_late_is_found(tmp_path):
    raw = [
        code("a = 1"),
        code("in_figure = a", folded=True),
        code("in_solution = a", "solution"),
        markdown("On we go."),
        code("later()\ndef f():\n    return a, bound_later"),
        code("print(f(), in_figure, in_solution)\nbound_later = 2"),
    ]
    found = unknown_names(cells_of(raw), tmp_path)
    names = ("bound_later", "in_figure", "in_solution", "later")
    assert found == [f"Undefined name `{name}`" for name in names]


def test_an_open_answer_is_found():
    raw = [
        code("print('in the text')"),
        markdown("## Quiz"),
        markdown("**1. ...?**\n\n<details><summary>Answer</summary>\n\n**b.**\n\n</details>"),
        code("print('b')"),
        code("assert 'b'", "remove-cell"),
        markdown("## What remains open\n\nAs here:"),
        code("print('announced')"),
    ]
    assert open_answers(cells_of(raw)) == ["print('b')"]
