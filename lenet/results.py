"""What the experiments measured: results/NAME.json, as `lenet_paper` wrote it."""

import json
from pathlib import Path


def folder() -> Path:
    """``results`` beside the package in a checkout, otherwise in the current folder."""
    beside = Path(__file__).parents[1]
    return (beside if (beside / "pyproject.toml").is_file() else Path.cwd()) / "results"


def load(name: str) -> dict:
    """Everything that results/NAME.json says. Raises ``FileNotFoundError`` when it is not there."""
    path = folder() / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; python -m lenet reproduce {name} makes it")
    return json.loads(path.read_text(encoding="utf-8"))
