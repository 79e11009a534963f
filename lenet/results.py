"""What an experiment measured, and with what: results/NAME.json.

One row a seed or a configuration, written as soon as it is known. An experiment that was stopped
goes on after its last row, if its settings are still the same.
"""

import datetime
import json
import os
import platform
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import torch

from lenet.files import write_whole

LINE = 100  # characters; what fits on a line stays on it


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


class Record:
    """The results of one experiment, open for more rows.

    ``settings`` are whatever decides the numbers, as JSON has it; ``command`` is what makes the
    file, unless ``python -m lenet reproduce`` does. Raises ``ValueError`` when the file is there
    with other settings: rows of two kinds would stand in one table.
    """

    def __init__(self, name: str, settings: dict, command: str | None = None) -> None:
        self.path = folder() / f"{name}.json"
        settings = json.loads(json.dumps(settings))  # tuples become lists, as in the file
        here = {"versions": versions(), "machine": machine()}
        self.content = {
            "experiment": name,
            "command": command or f"python -m lenet reproduce {name}",
            "settings": settings,
            **here,
            "date": datetime.date.today().isoformat(),
            "rows": [],
        }
        if self.path.exists():
            self.content = load(name)
            there = self.content["settings"]
            keys = sorted(settings.keys() | there.keys())
            other = [key for key in keys if settings.get(key) != there.get(key)]
            if other:
                raise ValueError(
                    f"{self.path} was made with other settings ({', '.join(other)}): "
                    "move it away to start anew"
                )
        # What differs for a row that is added later, or elsewhere, stands in that row.
        self.here = {key: value for key, value in here.items() if self.content[key] != value}

    def find(self, **key: object) -> dict | None:
        """The row in which each name of ``key`` has its value; None when it is still to be made."""
        for row in self.content["rows"]:
            if all(row.get(name) == value for name, value in key.items()):
                return row
        return None

    def add(self, row: dict) -> None:
        """Add a row and write the file, whole or not at all."""
        self.content["rows"].append(row | self.here)
        write_whole(self.path, (layout(self.content) + "\n").encode())


def versions() -> dict[str, str]:
    """The versions on which the last digits of a result depend."""
    found = {"python": platform.python_version()}
    for name in ("torch", "numpy", "scikit-learn", "scikit-learn-intelex", "lenet"):
        with suppress(metadata.PackageNotFoundError):  # Intel's may be missing
            found[name] = metadata.version(name)
    return found


def machine() -> dict[str, str | int]:
    """The processor, its cores, and the threads that torch uses."""
    cpuinfo = Path("/proc/cpuinfo")  # Linux; platform.processor() is empty there
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = (models or [platform.processor() or platform.machine()])[0]
    return {"cpu": cpu, "cores": os.cpu_count() or 1, "threads": torch.get_num_threads()}


def layout(value: object, indent: str = "") -> str:
    """JSON that people can read and git can compare: short things and plain lists on one line."""
    text = json.dumps(value, ensure_ascii=False)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    plain = isinstance(value, list) and not any(isinstance(part, dict | list) for part in inside)
    if not inside or plain or len(indent) + len(text) <= LINE:
        return text
    deeper = indent + " "
    names = (
        [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    )
    parts = [deeper + name + layout(part, deeper) for name, part in zip(names, inside, strict=True)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(parts), indent + closing])
