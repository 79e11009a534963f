"""A copy of the notebooks to work in, which never loses what was changed in it.

    python book/working_copy.py notebooks work

copies each notebook that is new, or that still is as it was copied last.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

COPIED = ".copied.json"  # the SHA-256 of each notebook, as it was copied last


def update(source: Path, work: Path) -> list[str]:
    """Bring ``work`` up to date. Returns the names of those changed there, which are kept."""
    work.mkdir(parents=True, exist_ok=True)
    record = work / COPIED
    copied = json.loads(record.read_text()) if record.exists() else {}
    kept = []
    for original in sorted(source.glob("*.ipynb")):
        copy = work / original.name
        if copy.exists() and digest(copy) not in (copied.get(copy.name), digest(original)):
            kept.append(copy.name)
            continue
        shutil.copyfile(original, copy)
        copied[copy.name] = digest(copy)
        record.write_text(json.dumps(copied, indent=1))
    return kept


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    source, work = map(Path, sys.argv[1:])
    kept = ", ".join(update(source, work)) or "none"
    print(f"{work}/ is a copy of {source}/. Kept as you changed them: {kept}.")
