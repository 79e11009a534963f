"""The student notebooks: with the solutions put back, and as a student finds them."""

import nbformat
import pytest
from conftest import NOTEBOOKS, ROOT
from nbclient import NotebookClient
from students import solution, split, student_notebook


def errors_of(notebook) -> dict[str, str]:
    """What each cell that fails says, by the cell's id. The others run all the same."""
    NotebookClient(notebook, timeout=600, allow_errors=True).execute()
    return {
        cell.id: f"{output.ename}: {output.evalue}"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }


@pytest.fixture(params=NOTEBOOKS)
def notebook(request):
    return nbformat.read(ROOT / "notebooks" / request.param, as_version=4)


def test_with_the_solutions_put_back_it_runs(notebook):
    students = student_notebook(notebook)
    for cell in students.cells:
        if cell.id.startswith("ex-") and not cell.id.endswith("-check"):
            cell.source = split(solution(notebook, cell.id))[0]
    assert errors_of(students) == {}


def test_without_them_only_the_checks_fail_and_say_what_they_want(notebook):
    students = student_notebook(notebook)
    ids = [cell.id for cell in students.cells]
    checks = [name for name in ids if name.startswith("ex-") and name.endswith("-check")]
    errors = errors_of(students)
    assert sorted(errors) == sorted(checks)
    wanted = "AssertionError: the cell above should make "
    assert [error for error in errors.values() if not error.startswith(wanted)] == []
