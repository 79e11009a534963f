"""What this book adds to Sphinx: fresh pages, parallel runs, offline MathJax, notebooks to save.

A page is read (and its notebook run) again when the page, `lenet/`, `results/` or the pinned
packages differ in content from those it was built from. Sphinx itself knows only of the page's own
time stamp.
"""

import hashlib
import importlib
import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from matplotlib import font_manager  # noqa: F401  (it makes its cache now, and not in a notebook)
from myst_nb.sphinx_ import NbMetadataCollector
from nbformat.v4 import new_code_cell, new_markdown_cell
from notebook_form import read_for_sphinx
from sphinx.util import logging

sys.path.append(str(Path(__file__).parents[1]))

import student_zip

WATCHED = ("lenet", "lenet_paper", "results", "requirements.txt", "book/_ext")
LOOKS = ("book/_static", "book/extra")
STAMP = ".fingerprints.json"
logger = logging.getLogger(__name__)


def fingerprint(root: Path, *tops: str) -> str:
    """SHA-256 of the names and contents of these files and of all files in these folders."""
    digest = hashlib.sha256()
    for top in tops:
        for path in sorted([root / top, *(root / top).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def site_fingerprints(root: Path, sources: dict[str, Path]) -> dict[str, str]:
    """Fingerprint of each page (its source and all that is watched), of looks and student zip."""
    watched = fingerprint(root, *WATCHED).encode()
    pages = {
        name: hashlib.sha256(watched + source.read_bytes()).hexdigest()
        for name, source in sources.items()
    }
    students = fingerprint(root, *student_zip.SOURCES)
    return {"looks": fingerprint(root, *LOOKS), "students": students} | pages


def find_changed_pages(app, env, added, changed, removed):
    """Name the pages whose fingerprint is not the one of the last build that succeeded."""
    stamp = Path(app.outdir, STAMP)
    built = json.loads(stamp.read_text()) if stamp.exists() else {}
    # Until this build has succeeded, nothing counts as built.
    stamp.unlink(missing_ok=True)
    sources = {name: Path(env.doc2path(name)) for name in env.found_docs}
    app.house_fingerprints = site_fingerprints(Path(app.srcdir), sources)
    app.house_changes = {k for k, now in app.house_fingerprints.items() if built.get(k) != now}
    return app.house_changes & env.found_docs


def note_pages_read(app, env, docnames):
    app.house_pages_read = list(docnames)


def write_student_zip(app, env, docnames):
    if "students" in app.house_changes:
        student_zip.write_zip(Path(app.srcdir), Path(app.outdir))


def run_notebooks(app, env, docnames):
    """Run the notebooks of the pages to be read, one on each core.

    Reading then takes their outputs from the cache. A notebook that fails is not put there: its
    page runs it again, and says what failed.
    """
    config = env.mystnb_config
    cache = get_cache(config.execution_cache_path)
    cache.clear_cache()  # the code of a notebook may be that of the last build, but not `lenet/`
    sources = [Path(env.doc2path(name)) for name in docnames]
    notebooks = [source for source in sources if source.suffix == ".ipynb"]
    os.environ["OMP_WAIT_POLICY"] = "passive"  # a waiting thread leaves its core to the other one
    logger.info("running %d notebooks, one on each core ...", len(notebooks))
    with TemporaryDirectory() as folder:
        # The cache gives a page its cells' metadata too, so what is run is what the page reads.
        for notebook in notebooks:
            copy = Path(folder, notebook.name)
            nbformat.write(read_for_sphinx(notebook), copy)
            cache.add_nb_to_project(str(copy))
        load_executor("local-parallel", cache).run_and_cache(timeout=config.execution_timeout)


def write_all_pages(app, env):
    """Write every page when one was read, for its title and numbers may stand on any other.

    Without a page to write Sphinx would not copy changed style sheets either.
    """
    return list(env.found_docs) if app.house_pages_read or app.house_changes else []


def mend_citations(app, pagename, templatename, context, doctree):
    """docutils calls the bibliography a list, but its entries no items of it."""
    if "body" in context:
        context["body"] = context["body"].replace(
            ' role="list" class="citation-list"', ' class="citation-list"'
        )


def offer_notebook(app, pagename, templatename, context, doctree):
    """Put the notebook, without its outputs, into its page, for the download button to save.

    A link to the file would do on a server, but on file:// a browser only shows it.
    """
    for button in context["header_buttons"]:
        if button["label"] == "download-buttons":
            buttons = button["buttons"]
            buttons[:] = [b for b in buttons if b["label"] != "download-source-button"]
            source = Path(app.env.doc2path(pagename))
            if source.suffix == ".ipynb":
                buttons.insert(0, NOTEBOOK_BUTTON)
                wheel = next(Path(app.outdir).glob("lenet-*.whl"))
                notebook = bare_notebook(source, wheel, app.config.html_baseurl)
                context["body"] += EMBEDDED.format(name=source.name, notebook=notebook)


NOTEBOOK_BUTTON = {
    "type": "javascript",
    "javascript": "saveNotebook()",
    "text": ".ipynb",
    "icon": "fas fa-code",
    "tooltip": "Download the notebook",
    "label": "download-notebook-button",
}
EMBEDDED = '<script type="application/json" id="notebook" data-name="{name}">{notebook}</script>'


def bare_notebook(source: Path, wheel: Path, address: str) -> str:
    """The notebook as JSON without outputs, safe inside a script element.

    Its first cell brings `lenet`, or says how to: ``address`` is that of the site, if it has one.
    """
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    code = "".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    extra = "[paper]" if "lenet_paper" in code else ""
    notebook.cells.insert(0, install_cell(wheel, extra, address))
    return nbformat.writes(notebook).replace("</", "<\\/")


def install_cell(wheel: Path, extra: str, address: str):
    """By full address and SHA-256, or from a file: the bare name is not ours on PyPI."""
    if not address:
        return new_markdown_cell(INSTALL.format(wheel=wheel.name, extra=extra), id="install")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    wanted = f"lenet{extra} @ {address.rstrip('/')}/{wheel.name}#sha256={sha256}"
    return new_code_cell(f'%pip install --quiet "{wanted}"', id="install")


INSTALL = """\
This notebook needs the package `lenet`. Its wheel lies in the zip for students, which the preface
of the book offers. In the folder of that wheel: `pip install "./{wheel}{extra}"`."""


def copy_mathjax(app):
    package = Path(importlib.import_module("sphinx-mathjax-offline").__file__).parent
    target = Path(app.outdir, "_static", app.config.mathjax_path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(package / "static" / app.config.mathjax_path, target)


def print_run_times(app):
    seconds = {
        name: data["exec_data"]["runtime"]
        for name, data in NbMetadataCollector.get_doc_data(app.env).items()
        if name in app.house_pages_read and "exec_data" in data
    }
    for name, runtime in sorted(seconds.items()):
        logger.info("%8.1f s  %s", runtime, name)
    logger.info("%8.1f s  for %d notebooks run", sum(seconds.values()), len(seconds))


def finish(app, exception):
    """Seal a build that succeeded; leave nothing of one that failed."""
    strict = app.warningiserror or app.keep_going  # -W, or -W --keep-going
    if exception or (strict and app._warncount):
        shutil.rmtree(app.outdir, ignore_errors=True)
        return
    copy_mathjax(app)
    print_run_times(app)
    Path(app.outdir, STAMP).write_text(json.dumps(app.house_fingerprints, indent=1))


def setup(app):
    app.house_pages_read = []
    app.connect("env-get-outdated", find_changed_pages)
    app.connect("env-before-read-docs", note_pages_read)
    app.connect("env-before-read-docs", write_student_zip)
    app.connect("env-before-read-docs", run_notebooks)
    app.connect("env-updated", write_all_pages)
    app.connect("html-page-context", mend_citations)
    app.connect("html-page-context", offer_notebook, priority=600)  # after the theme's buttons
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
