"""What a reader meets: the built pages in a real browser, from file:// and without a network."""

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from site_pages import INDEX, ROOT, SITE, new_page, toc_sources

WIDTHS = (380, 820, 1440)
NOTEBOOKS = [source for source in toc_sources().values() if source.suffix == ".ipynb"]


def test_the_page_opens_without_complaint(page):
    assert page.get_by_role("main").get_by_role("heading", level=1).first.is_visible()
    assert page.complaints == []


def test_mathematics_is_drawn(page):
    sources = page.locator("#main-content :is(span, div).math").count()
    drawn = page.locator("#main-content :is(span, div).math mjx-container svg").count()
    assert drawn >= sources
    # MathJax writes what it does not understand into the page: all of it, or one macro in red.
    assert page.locator("[data-mjx-error], mjx-container [fill=red]").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_does_not_scroll_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


@pytest.mark.parametrize("mode", ("light", "dark"))
def test_axe_finds_no_serious_fault(page, mode):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme=mode)
    page.wait_for_selector(f"html[data-theme={mode}]")
    faults = [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in Axe().run(page).response["violations"]
        for node in fault["nodes"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert faults == []


def test_the_index_opens_the_preface(browser):
    page = new_page(browser)
    page.goto(INDEX.as_uri())
    page.wait_for_url("**/preface.html")
    assert page.complaints == []
    page.close()


def test_search_finds_subsampling(browser):
    page = new_page(browser)
    page.goto((SITE / "book" / "preface.html").as_uri())
    page.locator(".search-button-field").click()
    page.keyboard.type("subsampling")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=subsampling*")
    result = page.locator("#search-results .search li a").first
    result.click()
    page.wait_for_load_state()
    assert "subsampling" in page.locator("#main-content").inner_text().lower()
    assert page.complaints == []
    page.close()


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda source: source.stem)
def test_the_notebook_can_be_downloaded(browser, source, tmp_path):
    page = new_page(browser)
    page.goto((SITE / source.relative_to(ROOT).with_suffix(".html")).as_uri())
    page.get_by_role("button", name="Download this page").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=".ipynb").click()
    assert download.value.suggested_filename == source.name
    download.value.save_as(tmp_path / source.name)
    saved = nbformat.read(tmp_path / source.name, as_version=4)
    written = nbformat.read(source, as_version=4)
    assert [cell.source for cell in saved.cells[1:]] == [cell.source for cell in written.cells]
    assert saved.cells[0].id == "install"
    assert page.complaints == []
    page.close()
