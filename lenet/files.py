"""Write a file whole or not at all."""

import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` by one rename: a reader, or a kill, never meets half a file.

    Makes the folder. Raises ``OSError`` when it cannot be written; what was there stays then.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        temporary.chmod(0o644)  # a temporary file is born its owner's alone
        temporary.replace(path)
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)
