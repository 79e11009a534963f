"""Write what an experiment measured, and with what, row by row: results/NAME.json.

A row is written as soon as it is known, with the commit, the versions and the machine that made it
where they differ from those of the file's head, which are the first row's. Several processes of a
machine may add rows to one file.
"""

import datetime
import hashlib
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import torch
from filelock import FileLock

from lenet import results
from lenet.files import write_whole
from lenet_paper.experiment import ResultRow

CODE = (":/lenet", ":/lenet_paper", ":/benchmarks")  # in the checkout; what decides the numbers
LINE = 100  # characters; what fits on a line stays on it


class Record:
    """The results of one experiment, open for more rows.

    ``settings`` are whatever decides the numbers, as JSON has it; ``command`` is what makes the
    file, unless ``python -m lenet reproduce`` does. Raises ``ValueError`` when the file is there
    with other settings: rows of two kinds would stand in one table.
    """

    def __init__(
        self, name: str, settings: dict, command: str | None = None, folder: Path | None = None
    ) -> None:
        self.path = (folder or results.folder()) / f"{name}.json"
        self.new = {
            "experiment": name,
            "command": command or f"python -m lenet reproduce {name}",
            "settings": json.loads(json.dumps(settings)),  # tuples become lists, as in the file
            **made_by(),
            "date": datetime.date.today().isoformat(),
            "rows": [],
        }
        self.content = self.read()

    def read(self) -> dict:
        """The file as it is now, or an empty one."""
        if not self.path.exists():
            return self.new
        content = json.loads(self.path.read_text(encoding="utf-8"))
        here, there = self.new["settings"], content["settings"]
        other = [key for key in sorted(here | there) if here.get(key) != there.get(key)]
        if other:
            raise ValueError(
                f"{self.path} was made with other settings ({', '.join(other)}): "
                "move it away to start anew"
            )
        return content

    @property
    def rows(self) -> list[ResultRow]:
        return self.content["rows"]

    def find(self, **key: object) -> ResultRow | None:
        """The row in which each name of ``key`` has its value; None when it is still to be made."""
        return find(self.rows, key)

    def add(
        self,
        key: ResultRow,
        found: ResultRow | None = None,
        by: ResultRow | None = None,
        keep: Callable[[], None] | None = None,
    ) -> bool:
        """Add the row of ``key``, unless another process did; whether it was added.

        ``by`` is what `made_by` said where the row was made, if not here. ``keep`` writes the files
        beside the row before the row is there: neither is of another run than the other.
        """
        by = by or made_by()
        with self.lock():
            self.content = self.read()
            if self.find(**key):
                return False
            if not self.rows:
                self.content |= by
            if keep:
                keep()
            changed = {name: one for name, one in by.items() if self.content.get(name) != one}
            self.rows.append(key | (found or {}) | changed)
            write_whole(self.path, (layout(self.content) + "\n").encode())
            return True

    def lock(self) -> FileLock:
        """Held while the file is read and written; it lies outside the results."""
        name = hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]
        return FileLock(Path(tempfile.gettempdir(), f"lenet-{name}.lock"))


def find(rows: list[ResultRow], key: ResultRow) -> ResultRow | None:
    """The first of the rows in which each name of ``key`` has its value."""
    for row in rows:
        if all(row.get(name) == value for name, value in key.items()):
            return row
    return None


def published(name: str, **key: object) -> ResultRow:
    """The row of results/NAME.json in which each name of ``key`` has its value.

    Raises ``FileNotFoundError`` when it is still to be made.
    """
    row = find(results.load(name)["rows"], key)
    if row is None:
        raise FileNotFoundError(f"{name} has no row of {key} yet")
    return row


def made_by() -> ResultRow:
    """The commit, the versions and the machine of this process."""
    return {"commit": commit(), "versions": versions(), "machine": machine()}


@cache  # the code that this process has read does not change with the files
def commit() -> str:
    """The commit of the code, "... and changes" where it was changed since, or no checkout."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        return ended.stdout.strip()

    try:
        git("ls-files", "--error-unmatch", Path(__file__).name)  # a wheel may lie in a checkout
        changed = git("status", "--porcelain", "--", *CODE)
        return git("rev-parse", "HEAD") + (" and changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "not a checkout"


def versions() -> dict[str, str]:
    """The versions on which the last digits of a result depend."""
    found = {"python": platform.python_version()}
    for name in ("torch", "numpy", "numba", "scikit-learn", "scikit-learn-intelex", "lenet"):
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
        [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(inside)
    )
    parts = [deeper + name + layout(part, deeper) for name, part in zip(names, inside, strict=True)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(parts), indent + closing])
