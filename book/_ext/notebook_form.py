"""The form in which the notebooks are written, and the form of it that Sphinx reads.

A notebook in `notebooks/` reads like a book where it runs: plain Markdown, and cell metadata that
JupyterLab knows. What the site needs besides is made here, as each page is read:

    what                 in the notebook                                     on the site
    -------------------  --------------------------------------------------  ------------------
    a page's name        <a id="chapter-c1"></a>, then # 2. C1, ...          its label
    a numbered equation  <a id="eq-unit"></a> and, next line, $$...$$        its number
    a figure's caption   <a id="fig-slide"></a>**Figure.** The kernel ...;   number and caption,
                         first paragraph of the cell after the figure's      not in the text
    an exercise          <a id="ex-c1"></a>**Exercise.** Compute ...;        a numbered box
                         a Markdown cell of its own
    its solution         the cells after it, which are tagged `solution`     a folded box
      its text           <details><summary>Solution</summary>...</details>   what is inside
                         (what is outside is for the notebook only)
      its code           folded: jupyter.source_hidden and .outputs_hidden   code and output
    other folded code    jupyter.source_hidden                               folded
    a reference          [the sum above](#eq-unit), [a picture](#fig-slide)  (7), Figure 4
                         [an exercise](02_c1.ipynb#ex-c1)                    Exercise 5
    another page         [chapter 2](02_c1.ipynb), [live](../book/live.md)   the same link
    a heading            [below](#What-it-costs), JupyterLab's name for it   the same link
    a citation           [LeCun et al., 1998], Hubel and Wiesel [1962]       a citation of
                                                                             LeCun1998, Hubel1962
    a glossary term      nothing                                             a link (terms.py)

Names begin with eq-, fig- or ex-, for that tells a reference from a link to a heading. The words of
a reference to one of these are for the notebook: the site puts the number in their place. Alt text
stays in the metadata of the figure's cell, as mystnb.image.alt. A quiz is a question, its answers,
and <details><summary>Answer</summary>. Nothing else is MyST's own: no role, directive or label.
"""

import copy
import re
from pathlib import Path

import nbformat
from mdit_py_plugins.anchors.index import slugify
from nbformat.v4 import new_markdown_cell
from sphinx.errors import ExtensionError

SOLUTION = "solution"
CAPTION = re.compile(r'<a id="(fig-[\w-]+)"></a>\s*\*\*Figure\.\*\*\s+(.+?)\s*(?:\n\s*\n|\Z)', re.S)
EXERCISE = re.compile(r'<a id="(ex-[\w-]+)"></a>\s*\*\*Exercise\.\*\*\s+(.+)', re.S)
EQUATION = re.compile(r'<a id="(eq-[\w-]+)"></a>\s*\$\$\s*(.+?)\s*\$\$', re.S)
PAGE = re.compile(r'<a id="([\w-]+)"></a>\s+(?=# )')
DETAILS = re.compile(r"<details><summary>[^<]*</summary>(.*?)</details>", re.S)

CODE = r"(?P<code>```.*?```|`[^`]*`)"
LINK = r"\[(?P<words>[^\]]*)\]\((?P<path>[^)#\s]*)#(?P<name>[^)\s]+)\)"
AUTHORS = r"(?P<{0}>[^\W\d_][\w’'-]*)(?:\s+and\s+[^\W\d_][\w’'-]*|\s+et\s+al\.)?"
CITATION = rf"\[{AUTHORS.format('author')},\s+(?P<year>\d{{4}}[a-z]?)\]"
IN_TEXT = rf"{AUTHORS.format('author_in_text')}\s+\[(?P<year_in_text>\d{{4}}[a-z]?)\]"
INLINE = re.compile("|".join([CODE, LINK, CITATION, IN_TEXT]), re.S)

ROLES = {"eq": "eq", "fig": "numref", "ex": "ref"}
FOLDED_FIGURE = {
    "code_prompt_show": "Show the code of this figure",
    "code_prompt_hide": "Hide the code of this figure",
}


def myst(text: str) -> str:
    """The text of a Markdown cell with MyST's labels, references and citations."""
    text = PAGE.sub(r"(\1)=\n", text)
    text = EQUATION.sub(r"```{math}\n:label: \1\n\2\n```", text)
    return INLINE.sub(_role, text)


def _role(found: re.Match) -> str:
    if found["name"]:
        role = ROLES.get(found["name"].split("-")[0])
        if role:
            return f"{{{role}}}`{found['name']}`"
        return f"[{found['words']}]({found['path']}#{slugify(found['name'])})"
    if found["author"]:
        return f"{{cite}}`{found['author']}{found['year']}`"
    if found["author_in_text"]:
        return f"{{cite:t}}`{found['author_in_text']}{found['year_in_text']}`"
    return found[0]


def is_solution(cell) -> bool:
    return SOLUTION in cell.metadata.get("tags", [])


def is_folded(cell) -> bool:
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def take_caption(cell):
    """Cut the caption out of a Markdown cell: its name and its text, or None."""
    found = CAPTION.match(cell.source) if cell.cell_type == "markdown" else None
    if found:
        cell.source = cell.source[found.end() :].lstrip("\n")
        return {"name": found[1], "caption": myst(found[2])}
    return None


def for_sphinx(notebook):
    """A copy of a notebook in which MyST-NB finds its own syntax; code and outputs are the same.

    Raises ExtensionError where a solution follows no exercise.
    """
    notebook = copy.deepcopy(notebook)
    cells, exercise, in_solution = [], None, False
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if is_solution(cell) != in_solution:
            in_solution = not in_solution
            cells.append(new_markdown_cell(_edge_of_solution(exercise, in_solution)))
        if cell.cell_type == "code":
            _dress(cell, take_caption(following) if following else None)
        elif in_solution:
            cell.source = myst("\n\n".join(DETAILS.findall(cell.source)))
        elif found := EXERCISE.match(cell.source):
            exercise = found[1]
            cell.source = f"`````{{exercise}}\n:label: {exercise}\n\n{myst(found[2])}\n`````"
        else:
            cell.source = myst(cell.source)
        cells.append(cell)
    if in_solution:
        cells.append(new_markdown_cell(_edge_of_solution(exercise, False)))
    notebook.cells = cells
    return notebook


def _edge_of_solution(exercise: str | None, starts: bool) -> str:
    if exercise is None:
        raise ExtensionError("a cell is tagged `solution`, and no exercise stands before it")
    if starts:
        return f"```{{solution-start}} {exercise}\n:class: dropdown\n```"
    return "```{solution-end}\n```"


def _dress(cell, figure):
    """Give a code cell the metadata of MyST-NB for its caption and its fold."""
    tags = [tag for tag in cell.metadata.get("tags", []) if tag != SOLUTION]
    mystnb = dict(cell.metadata.get("mystnb", {}))
    if figure:
        mystnb["figure"] = figure
    if is_folded(cell) and not is_solution(cell):  # a solution is folded as a whole
        tags.append("hide-input")
        if figure:
            mystnb |= FOLDED_FIGURE
    cell.metadata |= {"tags": tags, "mystnb": mystnb}


def read_for_sphinx(path: Path):
    return for_sphinx(nbformat.read(path, as_version=4))


def on_source_read(app, docname, source):
    if Path(app.env.doc2path(docname)).suffix == ".ipynb":
        notebook = nbformat.reads(source[0], as_version=4)
        source[0] = nbformat.writes(for_sphinx(notebook))


def setup(app):
    app.connect("source-read", on_source_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
