"""The notebooks read well where they run, and the build makes of them what the site needs."""

import re
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book" / "_ext"))

from notebook_form import CAPTION, DETAILS, EXERCISE, LINK, for_sphinx, is_solution, myst  # noqa: E402
from terms import link_terms  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAME = re.compile(r'<a id="([^"]*)"></a>')
MYST = re.compile(r"\{[\w:]+\}`|^:::|^```\{|^ *:\w+:|^\([\w-]+\)=", re.MULTILINE)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def read_all():
    return {path.name: nbformat.read(path, as_version=4) for path in NOTEBOOKS}


def prose(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def shows_a_picture(cell) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def test_no_text_has_markup_that_only_the_build_knows(notebook):
    assert [found for text in prose(notebook) for found in MYST.findall(text)] == []


def test_every_picture_has_its_caption_below_it(notebook):
    below = [*notebook.cells[1:], new_markdown_cell()]
    for cell, following in zip(notebook.cells, below, strict=True):
        has_caption = bool(CAPTION.match(following.source))
        assert shows_a_picture(cell) == has_caption, cell.source + following.source


def test_every_exercise_has_a_solution_and_it_is_folded(notebook):
    below = [*notebook.cells[1:], new_markdown_cell()]
    for cell, following in zip(notebook.cells, below, strict=True):
        if EXERCISE.match(cell.source):
            assert is_solution(following), cell.source
        if is_solution(cell) and cell.cell_type == "code":
            assert cell.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
        elif is_solution(cell):
            shown = DETAILS.sub("", cell.source).strip()
            assert shown == "" or re.fullmatch(
                r"\*\*Solution:\*\* unfold the cells? below\.", shown
            )


def test_what_the_build_makes_is_not_in_the_metadata(notebook):
    for cell in notebook.cells:
        assert "hide-input" not in cell.metadata.get("tags", [])
        assert "figure" not in cell.metadata.get("mystnb", {})


def test_every_link_leads_somewhere():
    notebooks = read_all()
    names = {page: NAME.findall("\n".join(prose(each))) for page, each in notebooks.items()}
    counted = Counter(name for page in names.values() for name in page)
    assert [name for name, count in counted.items() if count > 1] == []
    for page, each in notebooks.items():
        text = "\n".join(prose(each))
        names[page] += [title.replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)", text)]
    for page, each in notebooks.items():
        for text in prose(each):
            for path in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text):
                assert (ROOT / "notebooks" / path).exists(), path
            for found in re.finditer(LINK, text):
                assert found["name"] in names[found["path"] or page], found[0]


def test_the_build_leaves_code_and_outputs_as_they_are(notebook):
    kept = [
        [(cell.source, cell.outputs) for cell in each.cells if cell.cell_type == "code"]
        for each in (notebook, for_sphinx(notebook))
    ]
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    "plain, made",
    [
        ('<a id="chapter-c1"></a>\n\n# 2. C1', "(chapter-c1)=\n# 2. C1"),
        (
            'so\n\n<a id="eq-a"></a>\n$$\na = b\n$$\n\n',
            "so\n\n```{math}\n:label: eq-a\na = b\n```\n\n",
        ),
        ("$$a = b$$", "$$a = b$$"),
        ("by [the sum](#eq-a), [a picture](#fig-b)", "by {eq}`eq-a`, {numref}`fig-b`"),
        ("[an exercise](02_c1.ipynb#ex-c1)", "{ref}`ex-c1`"),
        ("[below](#What-it-costs)", "[below](#what-it-costs)"),
        ("[chapter 2](02_c1.ipynb)", "[chapter 2](02_c1.ipynb)"),
        ("in [LeCun et al.,\n1998], too", "in {cite}`LeCun1998`, too"),
        ("[Hubel and Wiesel, 1962]", "{cite}`Hubel1962`"),
        ("where Hubel and Wiesel [1962] saw", "where {cite:t}`Hubel1962` saw"),
        ("`[Nair, 2010]` and `[x](#eq-a)`", "`[Nair, 2010]` and `[x](#eq-a)`"),
    ],
)
def test_text_becomes_myst(plain, made):
    assert myst(plain) == made


def folded_code(source, *tags, **metadata):
    picture = new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    jupyter = {"source_hidden": True}
    metadata |= {"jupyter": jupyter, "tags": list(tags)}
    return new_code_cell(source, outputs=[picture], metadata=metadata)


def test_a_paragraph_under_a_picture_becomes_its_caption():
    alt = {"image": {"alt": "A curve."}}
    caption = '<a id="fig-b"></a>**Figure.** The $x$ of\n[the sum](#eq-a).\n\nIt falls.'
    notebook = new_notebook(cells=[folded_code("plot()", mystnb=alt), new_markdown_cell(caption)])
    code, text = for_sphinx(notebook).cells
    assert code.metadata["mystnb"]["figure"] == {
        "name": "fig-b",
        "caption": "The $x$ of\n{eq}`eq-a`.",
    }
    assert code.metadata["mystnb"]["image"] == alt["image"]
    assert code.metadata["mystnb"]["code_prompt_show"] == "Show the code of this figure"
    assert code.metadata["tags"] == ["hide-input"]
    assert text.source == "It falls."


def test_folded_code_without_a_caption_is_folded_and_open_code_is_not():
    folded, open_ = for_sphinx(new_notebook(cells=[folded_code("1"), new_code_cell("2")])).cells
    assert (folded.metadata["tags"], folded.metadata["mystnb"]) == (["hide-input"], {})
    assert open_.metadata["tags"] == []


def test_an_exercise_and_its_solution_become_boxes():
    tagged = {"tags": ["solution"]}
    first = (
        "**Solution:** unfold.\n\n<details><summary>Solution</summary>\n\n[x](#eq-a)\n\n</details>"
    )
    cells = [
        new_markdown_cell('<a id="ex-a"></a>**Exercise.** **With a pencil.** Why?\n\nAnd how?'),
        new_markdown_cell(first, metadata=tagged),
        folded_code("assert True", "solution", "NBVAL_IGNORE_OUTPUT"),
        new_markdown_cell("After it."),
    ]
    exercise, start, text, code, end, after = for_sphinx(new_notebook(cells=cells)).cells
    assert exercise.source == (
        "`````{exercise}\n:label: ex-a\n\n**With a pencil.** Why?\n\nAnd how?\n`````"
    )
    assert start.source == "```{solution-start} ex-a\n:class: dropdown\n```"
    assert text.source.strip() == "{eq}`eq-a`"
    assert code.metadata["tags"] == ["NBVAL_IGNORE_OUTPUT"]
    assert end.source == "```{solution-end}\n```"
    assert after.source == "After it."
    assert for_sphinx(new_notebook(cells=cells[:3])).cells[-1].source == end.source


def test_a_solution_without_an_exercise_is_refused():
    with pytest.raises(ExtensionError, match="no exercise"):
        for_sphinx(new_notebook(cells=[folded_code("1", "solution")]))


class Pages:
    def get_relative_uri(self, start, end):
        return f"{end}.html"


def linked(*children) -> list[str]:
    """The words that become links to the glossary in a page of these nodes."""
    page = new_document("page", get_default_settings())
    page += children
    before = page.astext()
    terms = ("map", "feature map", "batch", "batch normalisation", "seed", "flatten")
    glossary = {term: ("glossary", term) for term in terms}
    link_terms(page, glossary, Pages(), "page")
    assert page.astext() == before
    return [f"{found.astext()} {found['refuri']}" for found in page.findall(nodes.reference)]


def paragraph(text):
    return nodes.paragraph("", text)


def test_the_first_use_of_a_term_becomes_a_link():
    assert linked(paragraph("A batch, or two Batches.")) == ["batch glossary.html#batch"]
    assert linked(paragraph("Two\nFeature\nmaps make maps.")) == [
        "Feature\nmaps glossary.html#feature map",
        "maps glossary.html#map",
    ]
    assert linked(paragraph("Batch normalisation")) == [
        "Batch normalisation glossary.html#batch normalisation"
    ]


def test_a_term_is_no_part_of_a_word_and_may_have_another_meaning():
    assert linked(paragraph("Mini-batch, mapping, batchwise")) == []
    assert linked(paragraph("The curve flattens.")) == []
    assert linked(paragraph("We flatten.")) == ["flatten glossary.html#flatten"]


def test_no_term_is_linked_in_a_title_in_code_in_mathematics_or_in_a_link():
    for kind in (nodes.title, nodes.literal, nodes.math, nodes.literal_block):
        assert linked(nodes.section("", kind("", "a batch"))) == []
    link = nodes.reference("", "the batch", refuri="elsewhere")
    assert linked(nodes.paragraph("", "", link)) == ["the batch elsewhere"]
