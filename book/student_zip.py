"""The zip for students: their notebooks, the wheel of `lenet`, and how to begin.

    python book/student_zip.py FOLDER

writes `students.zip` and the wheel into FOLDER. The wheel brings `results/` too, for the chapters
read from it (see `lenet.results`).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import nbformat
from students import student_notebook

NAME = "students.zip"
WHEEL = ("pyproject.toml", "README.md", "LICENSE", "lenet", "lenet_paper")
BESIDE = ("LICENSE", "LICENSE-TEXT")
CODE = ("book/students.py", "book/student_zip.py", "book/_ext/notebook_form.py")
SOURCES = (*WHEEL, *BESIDE, *CODE, "results", "notebooks")
OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")  # a link to a page that is no notebook
README = """\
# LeNet-5, Layer by Layer: the notebooks for students

With Python 3.11 or newer, in this folder:

```
python3 -m venv .venv
source .venv/bin/activate        # on Windows: .venv\\Scripts\\activate
pip install jupyterlab ipywidgets ./{wheel}
jupyter lab
```

The chapters after the tenth and the appendices need more: `pip install "./{wheel}[paper]"`.
On Linux pip takes the CUDA build of torch, several GB. For the small one, begin with
`pip install torch --index-url https://download.pytorch.org/whl/cpu`.

The first chapter fetches MNIST, 12 MB, once. An empty cell stands under each exercise, and below it
a check. It fails until the cell has what the exercise asks for; then it is silent.
To get a chapter back as it was, unpack the zip again, into another folder.

Code: MIT (LICENSE). Text and figures: CC BY 4.0 (LICENSE-TEXT).
"""


def write_zip(root: Path, folder: Path) -> None:
    wheel = build_wheel(root, folder)
    files = {"README.md": README.format(wheel=wheel.name), wheel.name: wheel.read_bytes()}
    for name in BESIDE:
        files[name] = (root / name).read_bytes()
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        notebook = student_notebook(nbformat.read(path, as_version=4))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = OUTSIDE.sub(r"\1", cell.source)
        files[path.name] = nbformat.writes(notebook, indent=1)
    with ZipFile(folder / NAME, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = ZipInfo(f"lenet-students/{name}")  # of 1980: the same files, the same zip
            archive.writestr(entry, content, ZIP_DEFLATED)


def build_wheel(root: Path, folder: Path) -> Path:
    """The wheel of `lenet`, built from a copy, so that no old file is left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("lenet-*.whl"):
        old.unlink()
    with TemporaryDirectory() as copy:
        for name in WHEEL:
            take = shutil.copytree if (root / name).is_dir() else shutil.copy
            take(root / name, Path(copy, name))
        shutil.copytree(root / "results", Path(copy, "lenet", "kept"))
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        pip += ["--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), copy]
        subprocess.run(pip, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"})
    return next(folder.glob("lenet-*.whl"))


if __name__ == "__main__":
    write_zip(Path(__file__).parents[1], Path(sys.argv[1]))
