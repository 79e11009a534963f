"""The script with weights and digits for the page "LeNet in this page"."""

import sys
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"
sys.path.append(str(BOOK))

from export_live import DATA, digits, script  # noqa: E402

from lenet.paper import FIG8_ERRORS  # noqa: E402


def test_the_page_has_the_weights_that_ship():
    assert DATA.read_text() == script(), "run: python book/export_live.py"


def test_there_are_twenty_digits_ten_of_them_the_papers_errors():
    errors = {row["test_index"]: row["predicted"] for row in FIG8_ERRORS}
    twenty = digits()
    assert [digit["label"] for digit in twenty] == [*range(10), *range(10)]
    assert [errors[digit["index"]] for digit in twenty[10:]] == [d["paper"] for d in twenty[10:]]


def test_the_pages_own_files_take_less_than_a_megabyte():
    files = [*DATA.parent.iterdir(), BOOK / "live.md"]
    assert sum(file.stat().st_size for file in files) < 1_000_000
