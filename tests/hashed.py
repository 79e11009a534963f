"""What is in a folder, to see that nothing in it changed."""

import hashlib
from pathlib import Path


def hashes(*folders: Path) -> dict[str, str]:
    """The files below the folders, but for what Python and numba keep for themselves."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
        if path.parent.name != "__pycache__"
    }
