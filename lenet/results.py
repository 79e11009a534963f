"""What the experiments measured: results/NAME.json, as `lenet_paper` wrote it."""

import json
from pathlib import Path


def folder() -> Path:
    """``results`` beside the package in a checkout, otherwise in the current folder."""
    beside = Path(__file__).parents[1]
    return (beside if (beside / "pyproject.toml").is_file() else Path.cwd()) / "results"


def place_of(name: str) -> Path:
    """The file results/NAME to read: in `folder`, or else the one that the book's wheel brings."""
    here, brought = folder() / name, Path(__file__).with_name("kept") / name
    return brought if brought.is_file() and not here.is_file() else here


def load(name: str) -> dict:
    """Everything that results/NAME.json says. Raises ``FileNotFoundError`` when it is not there."""
    path = place_of(f"{name}.json")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; python -m lenet reproduce {name} makes it")
    return json.loads(path.read_text(encoding="utf-8"))
