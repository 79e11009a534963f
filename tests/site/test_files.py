"""What the built files say of themselves, without a browser."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from site_pages import SITE


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(), "html.parser")


def link_of(tag) -> str:
    return tag.get("href") or tag.get("src") or ""


def dead_links(path: Path) -> list[str]:
    """Links and sources of a page that point at no file or at no anchor of the site."""
    dead = []
    for tag in soup(path).find_all(link_of):
        url = urlsplit(link_of(tag))
        if url.scheme or link_of(tag) == "#":  # another site; this page in the sidebar
            continue
        target = (path.parent / unquote(url.path)).resolve() if url.path else path
        if not target.is_relative_to(SITE) or not target.is_file():
            dead.append(f"{link_of(tag)}: no such file")
        elif url.fragment and not soup(target).find(id=unquote(url.fragment)):
            dead.append(f"{link_of(tag)}: no such anchor")
    return dead


def test_no_dead_link(page_file):
    assert dead_links(page_file) == []


def test_nothing_is_loaded_from_another_site(page_file):
    loaded = [
        tag
        for tag in soup(page_file).find_all(link_of)
        if tag.name != "a" and tag.get("rel") != ["canonical"]  # where the site has an address
    ]
    assert loaded
    assert [
        link_of(tag) for tag in loaded if urlsplit(link_of(tag)).scheme not in ("", "data")
    ] == []


def test_images_have_alt_text_and_a_captioned_figure(page_file):
    for img in soup(page_file).find(id="main-content").find_all("img"):
        assert img.get("alt", "").strip(), f"{img['src']} has no alt text"
        figure = img.find_parent("figure")
        assert figure, f"{img['src']} stands in no figure"
        caption = figure.find(class_="caption-text")
        assert caption and caption.text.strip(), f"{img['src']} has no caption"
