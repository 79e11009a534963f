"""What a reader meets: the built pages in a real browser, from file:// and without a network."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import new_page
from site_pages import INDEX, SITE

WIDTHS = (380, 820, 1440)


def test_the_page_opens_without_complaint(page):
    assert page.get_by_role("main").get_by_role("heading", level=1).first.is_visible()
    assert page.complaints == []


def test_mathematics_is_drawn(page):
    sources = page.locator("#main-content :is(span, div).math").count()
    drawn = page.locator("#main-content :is(span, div).math mjx-container svg").count()
    assert drawn >= sources
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0


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
