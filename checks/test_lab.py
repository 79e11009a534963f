"""The notebooks as a reader meets them, in JupyterLab with no extension."""

import re

import nbformat
import pytest
from conftest import NOTEBOOKS, ROOT
from notebook_form import is_folded

CHAPTERS_TO_RUN = ["02_c1.ipynb", "05_c5_f6.ipynb", "10_the_papers_network.ipynb"]
# As it is rendered: of a role the back-ticks are gone, of a directive the fence.
MARKUP = re.compile(
    r"\{(?:cite|cite:t|doc|eq|numref|ref|term)\}|:::|```|:label:|^\([\w-]+\)="
    r"|\$|\\begin|<a id|</?details|\*\*|\]\(",
    re.M,
)
# What a reader sees of each cell, in order.
CELLS = """() => [...document.querySelectorAll('.jp-NotebookPanel .jp-Cell')].map(cell => ({
  text: cell.querySelector('.jp-MarkdownOutput')?.innerText,
  errors: cell.querySelectorAll('[data-mjx-error], mjx-merror').length,
  formulas: cell.querySelectorAll('mjx-container').length,
  figures: cell.querySelectorAll('.jp-OutputArea img').length,
}))"""
PROMPTS = """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
  .map(prompt => prompt.innerText)"""


def is_figure(cell):
    hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
    outputs = [] if hidden else cell.get("outputs", [])
    return any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_reads_like_a_book(open_notebook, name):
    written = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
    page = open_notebook(name)
    page.wait_for_function(f"({CELLS})().length === {len(written)}")
    page.wait_for_function(  # every text cell is rendered
        "() => [...document.querySelectorAll('.jp-MarkdownCell')]"
        ".every(cell => cell.querySelector('.jp-RenderedMarkdown')?.innerText.trim())"
    )
    if any("$" in cell.source for cell in written if cell.cell_type == "markdown"):
        page.wait_for_selector("mjx-container")
        page.wait_for_timeout(3000)
    cells = page.evaluate(CELLS)
    texts = [cell["text"] for cell in cells if cell["text"]]
    assert len(texts) == sum(cell.cell_type == "markdown" for cell in written)
    marked = [found[0] + " in: " + text[:80] for text in texts if (found := MARKUP.search(text))]
    assert marked == []
    assert sum(cell["errors"] for cell in cells) == 0
    figures = [number for number, cell in enumerate(cells) if cell["figures"]]
    assert figures == [number for number, cell in enumerate(written) if is_figure(cell)]
    bare = [n for n in figures if not (cells[n + 1]["text"] or "").startswith("Figure.")]
    assert bare == []


@pytest.mark.parametrize("name", CHAPTERS_TO_RUN)
def test_restart_kernel_and_run_all_cells(open_notebook, name):
    page = open_notebook(f"empty/{name}")
    page.get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel and Run All Cells…").click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    cells = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    # A folded cell has no prompt; `lab` has put an open one behind the last.
    prompts = ["" if is_folded(cell) else f"[{n}]:" for n, cell in enumerate(code, start=1)]
    prompts.append(f"[{len(prompts) + 1}]:")
    last = f"({PROMPTS})().at(-1) === '{prompts[-1]}'"
    error = "document.querySelector('[data-mime-type=\"application/vnd.jupyter.error\"]')"
    page.wait_for_function(f"() => {last} || {error}", timeout=300_000)
    for kind in ("error", "stderr"):
        said = page.locator(f'[data-mime-type="application/vnd.jupyter.{kind}"]')
        assert said.all_inner_texts() == []
    assert page.evaluate(PROMPTS) == prompts
