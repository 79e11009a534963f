"""Where the built site is, which pages it has, and which it should have."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
INDEX = SITE / "index.html"  # only sends the reader on to the preface
PAGES = sorted(
    path for path in SITE.rglob("*.html") if "_static" not in path.parts and path != INDEX
)


def toc_pages() -> set[str]:
    """Names of all pages in the table of contents, without suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return {toc["root"], *(chapter["file"] for chapter in chapters)}


def is_outside(url: str) -> bool:
    return not url.startswith((SITE.as_uri() + "/", "data:", "blob:"))
