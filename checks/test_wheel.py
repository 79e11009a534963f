"""The wheel that the site offers: all of `lenet`, all results, and nothing else."""

import hashlib
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zipfile import ZipFile

import pytest
from conftest import ROOT

SITE = ROOT / "_build" / "html"


@pytest.fixture(scope="module")
def wheel():
    (found,) = SITE.glob("lenet-*.whl")
    return found


def tracked(*folders):
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return listed.stdout.split()


def test_it_holds_the_package_and_the_results(wheel):
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    results = {name.replace("results/", "lenet/kept/", 1) for name in tracked("results")}
    assert held == {*tracked("lenet", "lenet_paper"), *results}


def test_it_is_the_one_in_the_zip(wheel):
    with ZipFile(SITE / "students.zip") as archive:
        assert archive.read(f"lenet-students/{wheel.name}") == wheel.read_bytes()


@pytest.fixture(scope="module")
def address():
    """The site, served."""
    handler = partial(SimpleHTTPRequestHandler, directory=SITE)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def install(requirement, folder):
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir"]
    pip += ["--no-deps", "--no-index", "--target", str(folder), requirement]
    return subprocess.run(pip, capture_output=True, text=True)


def test_it_installs_by_address_and_sum_and_finds_its_results(wheel, address, tmp_path):
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requirement = f"lenet @ {address}/{wheel.name}#sha256="
    refused = install(requirement + "0" * 64, tmp_path / "refused")
    assert refused.returncode != 0 and "THESE PACKAGES DO NOT MATCH" in refused.stderr
    installed = install(requirement + sha256, tmp_path / "installed")
    assert installed.returncode == 0, installed.stderr
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r})\n"
    script += "from lenet import results; print(results.place_of('fig5.json'))"
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert said.stdout.strip() == str(tmp_path / "installed" / "lenet" / "kept" / "fig5.json")
