"""The notebooks for students: in place of each solution an empty cell and a check.

The check is what stands below a line `# Check` in the code of the solution.
"""

import copy
import re
import sys
from pathlib import Path
from symtable import symtable

from nbformat.v4 import new_code_cell

sys.path.append(str(Path(__file__).parent / "_ext"))

from notebook_form import EXERCISE, is_solution

MARK = re.compile(r"^# Check\b.*\n", re.M)


def student_notebook(notebook):
    """A copy without solutions and outputs: cells `ex-...` and `ex-...-check` take their place."""
    notebook = copy.deepcopy(notebook)
    cells, exercise, solved = [], None, None
    for cell in notebook.cells:
        if found := EXERCISE.match(cell.source):
            exercise = found[1]
        if not is_solution(cell):
            cells.append(cell)
        elif exercise != solved:
            solved = exercise
            cells.append(new_code_cell(id=exercise))
            if check := check_of(solution(notebook, exercise)):
                cells.append(new_code_cell(check, id=f"{exercise}-check"))
    notebook.cells = cells
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def solution(notebook, exercise: str) -> str:
    """The code of the solution to an exercise."""
    code, here = [], False
    for cell in notebook.cells:
        if found := EXERCISE.match(cell.source):
            here = found[1] == exercise
        elif here and is_solution(cell) and cell.cell_type == "code":
            code.append(cell.source)
    return "\n\n\n".join(code)


def check_of(code: str) -> str:
    """The check for a solution: it names what the student should make. Empty without a mark."""
    answer, check = split(code)
    asked = sorted(made_by(answer) & used_by(check))
    if not check:
        return ""
    if not asked:
        return f"# Check.\n{check}"
    names, as_set = ", ".join(asked), ", ".join(f'"{name}"' for name in asked)
    return (
        f"# Check. The cell above should make: {names}.\n"
        f'assert {{{as_set}}} <= globals().keys(), "the cell above should make {names}"\n\n{check}'
    )


def split(code: str) -> tuple[str, str]:
    """The part of a solution that answers, and the part that checks the answer."""
    mark = MARK.search(code)
    return (code[: mark.start()].strip(), code[mark.end() :].strip()) if mark else (code, "")


def made_by(code: str) -> set[str]:
    """The names that code gives a value, other than by an import."""
    symbols = symtable(code, "answer", "exec").get_symbols()
    return {name.get_name() for name in symbols if name.is_assigned()}


def used_by(code: str) -> set[str]:
    """The global names that code uses, in its functions too."""
    tables, names = [symtable(code, "check", "exec")], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {
            name.get_name()
            for name in table.get_symbols()
            if name.is_referenced() and (table.get_type() == "module" or name.is_global())
        }
    return names
