"""JupyterLab on a copy of the notebooks, and a real Chromium to read them with."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
sys.path += [str(ROOT / "book"), str(ROOT / "book" / "_ext")]

OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--ServerApp.disable_check_xsrf=True",  # so that a test may end the kernels it started
    "--LabApp.news_url=",
    "--LabServerApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]
# Every cell is in the page at once, not only those on the screen.
ALL_CELLS = {"windowingMode": "none"}


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a JupyterLab with the notebooks as they are, and once more in empty/.

    There they have no outputs, and at the end one more cell, which says that all have run.
    """
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    (folder / "empty").mkdir()
    for name in NOTEBOOKS:
        shutil.copy(ROOT / "notebooks" / name, folder)
        notebook = nbformat.read(folder / name, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notebook.cells.append(new_code_cell("'end'"))
        nbformat.write(notebook, folder / "empty" / name)
    settings = home / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(ALL_CELLS))
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_WORKSPACES_DIR": "spaces"}
    own = {key: str(home / name) for key, name in own.items()}
    own["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS]
    command += [f"--port={port}", f"--ServerApp.root_dir={folder}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            wait_for(address, home / "log")
            yield address
        finally:
            server.terminate()
            server.wait()


def wait_for(address: str, log: Path) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api").close()
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or pytest.fail("no Chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(browser, lab):
    """Opens a notebook in JupyterLab; its kernel ends with the test."""
    page = browser.new_page(viewport={"width": 1100, "height": 1000})
    page.set_default_timeout(120_000)

    def open_one(name):
        page.goto(f"{lab}/lab/tree/{name}?reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        return page

    yield open_one
    page.close()
    request = urllib.request.urlopen(f"{lab}/api/sessions")
    for session in json.load(request):
        end = urllib.request.Request(f"{lab}/api/sessions/{session['id']}", method="DELETE")
        urllib.request.urlopen(end).close()
    request.close()
