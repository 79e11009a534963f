"""Write a file whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes, *, overwrite: bool = True) -> None:
    """Put ``data`` at ``path`` in one step: a reader, or a kill, never meets half a file.

    Makes the folder. Raises ``OSError`` when it cannot be written, ``FileExistsError`` when it is
    there and not to be overwritten; what was there stays then.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        temporary.chmod(0o644)  # a temporary file is born its owner's alone
        if overwrite:
            temporary.replace(path)
        else:
            link(temporary, path)
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def link(temporary: Path, path: Path) -> None:
    """Give the file a second name, unless that is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError as problem:  # it would name the temporary file
        raise FileExistsError(problem.errno, problem.strerror, str(path)) from None


def reserve(path: Path, overwrite: bool) -> None:
    """See to it, before long work, that its result can be written to ``path``.

    Raises ``OSError`` where it cannot, with what to do where that is a matter of the command.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give --out a file in it")
    if path.exists() and not path.is_file():  # /dev/null is not to become a file
        raise FileExistsError(f"{path} is no ordinary file: give another --out")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already: give --overwrite, or another --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass
