"""The built site: where it is, its pages, and how one is opened."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
INDEX = SITE / "index.html"  # only sends the reader on to the preface
PAGES = sorted(
    path for path in SITE.rglob("*.html") if "_static" not in path.parts and path != INDEX
)


def toc_sources() -> dict[str, Path]:
    """The source of every page in the table of contents, by the page's name."""
    names = re.findall(r"(?:root|file): *(\S+)", (ROOT / "_toc.yml").read_text())
    return {name: next(ROOT.glob(f"{name}.*")) for name in names}


def is_outside(url: str) -> bool:
    return not url.startswith((SITE.as_uri() + "/", "data:", "blob:"))


def new_page(browser):
    """An empty page, which lists in `complaints` what a page should not say or do."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.set_default_timeout(120_000)  # a busy machine is no fault of the page
    page.complaints = []
    complain = page.complaints.append
    page.on(
        "console", lambda said: complain(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complain(str(error)))
    page.on("requestfailed", lambda request: complain(f"not loaded: {request.url}"))
    page.on(
        "request",
        lambda request: (
            complain(f"left the site: {request.url}") if is_outside(request.url) else None
        ),
    )
    return page
