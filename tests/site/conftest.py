"""The built site, and a real Chromium to read it with."""

import json
import os
import shutil
import sys

import pytest
from playwright.sync_api import sync_playwright
from site_pages import PAGES, ROOT, SITE, new_page, toc_sources

sys.path.append(str(ROOT / "book" / "_ext"))


def pytest_generate_tests(metafunc):
    if "page_file" in metafunc.fixturenames:
        names = [path.relative_to(SITE).as_posix() for path in PAGES] or ["no page"]
        files = [SITE / name for name in names]
        metafunc.parametrize("page_file", files, ids=names, scope="module")


@pytest.fixture(scope="session", autouse=True)
def built_site():
    """The built site must be there, and be that of the sources as they are now."""
    import house

    stamp = SITE / house.STAMP
    if not stamp.exists():
        pytest.fail("there is no built site: run `make book`", pytrace=False)
    if json.loads(stamp.read_text()) != house.site_fingerprints(ROOT, toc_sources()):
        pytest.fail("the built site is not that of these sources: run `make book`", pytrace=False)


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, headless. Without one its tests are skipped, but never in CI."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser, page_file):
    """One page of the site, opened from file://."""
    page = new_page(browser)
    page.goto(page_file.as_uri())
    page.evaluate("() => window.MathJax?.startup?.promise")
    # Colours change at once, so that none is seen half-way between light and dark.
    page.add_style_tag(content="* { transition: none !important; }")
    yield page
    page.close()
