"""What students get: an empty cell in place of each solution, and a check that can be met."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book"))

from students import (  # noqa: E402
    EXERCISE,
    check_of,
    is_solution,
    made_by,
    solution,
    split,
    student_notebook,
    used_by,
)

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTION = {"tags": ["solution"]}
TWICE = """\
def twice(number):
    return 2 * number


print(twice(1))

# Check
for number in (1, 2):
    assert twice(number) == number + number
"""


@pytest.fixture
def chapter():
    return new_notebook(
        cells=[
            new_code_cell("start = 1", execution_count=1),
            new_markdown_cell('<a id="ex-twice"></a>**Exercise.** Write `twice(number)`.'),
            new_markdown_cell("**Solution:** unfold the cell below.", metadata=SOLUTION),
            new_code_cell(TWICE, metadata=SOLUTION, execution_count=2),
            new_code_cell("after = 1"),
            new_markdown_cell('<a id="ex-why"></a>**Exercise.** Why?'),
            new_markdown_cell(
                "<details><summary>Solution</summary>So.</details>", metadata=SOLUTION
            ),
            new_code_cell("1 + 1", execution_count=3, metadata=SOLUTION),
        ]
    )


def run(notebook):
    names = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, names)


def test_an_empty_cell_and_a_check_stand_in_the_place_of_a_solution(chapter):
    students = student_notebook(chapter)
    start, twice, answer, check, after, why, other = students.cells
    assert (start.source, start.execution_count) == ("start = 1", None)
    assert [twice, after, why] == [chapter.cells[1], chapter.cells[4], chapter.cells[5]]
    assert (answer.id, answer.source) == ("ex-twice", "")
    assert solution(chapter, "ex-twice") == TWICE
    assert (other.id, other.source) == ("ex-why", "")
    assert check.id == "ex-twice-check"
    assert "def" not in check.source and "print" not in check.source
    nbformat.validate(students)


def test_the_check_says_what_is_missing_what_is_wrong_and_nothing_when_all_is_right(chapter):
    students = student_notebook(chapter)
    answer = students.cells[2]
    with pytest.raises(AssertionError, match="the cell above should make twice"):
        run(students)
    answer.source = "def twice(number):\n    return number"
    with pytest.raises(AssertionError, match=r"^$"):
        run(students)
    answer.source = split(solution(chapter, "ex-twice"))[0]
    run(students)


def test_what_stands_below_the_mark_is_the_check_and_only_that():
    code = "a = 2\nassert a\n\n# Check the square.\nb = a * a\nassert b == 4\n"
    assert split(code) == ("a = 2\nassert a", "b = a * a\nassert b == 4")
    assert check_of(code).startswith("# Check. The cell above should make: a.\n")
    assert check_of(code).endswith("\n\nb = a * a\nassert b == 4")


def test_the_check_asks_for_what_it_uses_inside_an_expression_and_for_no_import():
    code = "import math\na, b = 1, 2\n\n# Check\nassert all(a < limit for limit in [math.pi])"
    assert check_of(code).startswith("# Check. The cell above should make: a.\n")
    assert check_of("# Check\nassert True") == "# Check.\nassert True"
    assert check_of("assert True") == ""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_solution_reaches_a_student(path):
    notebook = nbformat.read(path, as_version=4)
    students = student_notebook(notebook)
    nbformat.validate(students)
    exercises = [found[1] for cell in notebook.cells if (found := EXERCISE.match(cell.source))]
    assert [cell.id for cell in students.cells if cell.id in exercises] == exercises
    for exercise in exercises:
        answer, check = split(solution(notebook, exercise))
        assert answer and check, f"{exercise} has no check: write it below a line # Check"
        ast.parse(check_of(solution(notebook, exercise)))
    kept = [cell.source for cell in notebook.cells if not is_solution(cell)]
    added = (*exercises, *(f"{exercise}-check" for exercise in exercises))
    assert kept == [cell.source for cell in students.cells if cell.id not in added]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_exercise_names_what_its_check_asks_for_and_nothing_else_has_made_it(path):
    notebook = nbformat.read(path, as_version=4)
    given = set()
    for cell in notebook.cells:
        if cell.cell_type == "code" and not is_solution(cell):
            given |= made_by(re.sub(r"^[%!].*", "", cell.source, flags=re.M))
        elif found := EXERCISE.match(cell.source):
            answer, check = split(solution(notebook, found[1]))
            asked = made_by(answer) & used_by(check)
            assert asked, f"{found[1]}: the check asks for nothing"
            assert not asked & given, f"{found[1]}: there before the exercise"
            named = re.findall(r"`(\w+)", cell.source)
            assert asked <= set(named), f"{found[1]}: not in the text: {asked - set(named)}"
