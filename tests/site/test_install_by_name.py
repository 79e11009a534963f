"""Nothing that a reader gets installs `lenet` by its name alone, which is not ours on PyPI."""

import re
from zipfile import ZipFile

import pytest
from site_pages import PAGES, ROOT, SITE

# The name, if it is no part of a path and no address follows it.
BY_NAME = re.compile(
    r"""\b(?:pip3?|uv|conda|mamba)\s+(?:pip\s+)?install\b[^\n`]*?   # up to
        (?<![\w./-])lenet(?![\w./-])(?!(?:\[\w+\])?\ @\ https://)""",
    re.X,
)
SOURCES = [
    *(ROOT / "notebooks").glob("*.ipynb"),
    *(ROOT / "book").glob("*.*"),
    *(ROOT / name for name in ("README.md", "Makefile", ".ci/run", "lenet/cli.py")),
]


@pytest.mark.parametrize(
    "line",
    [
        "pip install lenet",
        "pip install -U lenet==0.2",
        '%pip install --quiet "lenet[paper]"',
        "python -m pip install numpy lenet",
        "uv pip install lenet",
    ],
)
def test_an_installation_by_name_is_found(line):
    assert BY_NAME.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "pip install ./lenet-0.2.0-py3-none-any.whl",
        'pip install "./lenet-0.2.0-py3-none-any.whl[paper]"',
        '%pip install "lenet[paper] @ https://example.org/lenet-0.2.0-py3-none-any.whl#sha256=0"',
        "pip install -e .\npython -m lenet fetch",
    ],
)
def test_an_installation_from_a_file_is_none(line):
    assert not BY_NAME.search(line)


def test_no_source_installs_it_by_name():
    assert len(SOURCES) > 20
    assert [path.name for path in SOURCES if BY_NAME.search(path.read_text())] == []


def test_no_page_installs_it_by_name():
    assert PAGES
    pages = {path.name: re.sub(r"</?span[^>]*>", "", path.read_text()) for path in PAGES}
    assert [name for name, text in pages.items() if BY_NAME.search(text)] == []


def test_nothing_in_the_zip_installs_it_by_name():
    with ZipFile(SITE / "students.zip") as archive:
        texts = {n: archive.read(n).decode() for n in archive.namelist() if n[-4:] != ".whl"}
    assert len(texts) > 20
    assert [name for name, text in texts.items() if BY_NAME.search(text)] == []
