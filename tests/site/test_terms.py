"""No term before its explanation: in reading order, a glossary term's first use links to it."""

import re
from functools import cache

import pytest
from bs4 import NavigableString
from site_pages import SITE, toc_sources
from test_files import soup

LOOKED_UP = ("book/glossary", "book/bibliography", "book/reference")  # not read in order
NOT_PROSE = ["h1", "h2", "h3", "h4", "pre", "code", "script", "button", "nav", "mjx-container"]


def terms() -> list[str]:
    return [
        dt.contents[0].strip() for dt in soup(SITE / "book/glossary.html").select("dl.glossary dt")
    ]


@cache
def prose() -> list[tuple[str, str, bool]]:
    """Every piece of text in reading order: its page, the text, whether it links to a term."""
    pieces = []
    for name in toc_sources():
        if name in LOOKED_UP:
            continue
        article = soup(SITE / f"{name}.html").find("article")
        for text in article.find_all(string=True):
            if type(text) is not NavigableString or text.find_parent(NOT_PROSE):
                continue
            if text.find_parent(class_="math"):
                continue
            links = text.find_parents("a", href=re.compile("#term-"))
            pieces.append((name, " ".join(text.split()), bool(links)))
    return pieces


def first_use(term: str) -> tuple[str, str, bool] | None:
    word = re.compile(rf"\b{re.escape(term)}(s|es)?\b", re.IGNORECASE)
    return next((piece for piece in prose() if word.search(piece[1])), None)


def test_the_glossary_has_terms():
    assert len(terms()) > 30


@pytest.mark.parametrize("term", terms() if (SITE / "book/glossary.html").exists() else [])
def test_the_first_use_of_a_term_links_to_it(term):
    use = first_use(term)
    assert use is not None, f"{term!r} stands in the glossary and nowhere else"
    page, text, links = use
    assert links, f"{page} uses {term!r} before it is explained: {text}"
