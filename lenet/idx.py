"""Read IDX, the file format of MNIST, Fashion-MNIST and EMNIST.

A file is a header and then numbers, big end first:

    0 0 TYPE D        two zero bytes, the type of the numbers, how many dimensions
    size 1 ... D      four bytes each
    numbers           size 1 x ... x size D of them, the last dimension running fastest
"""

import gzip
import io
import math
import zlib
from pathlib import Path

import numpy as np

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

LARGEST = 2**30  # bytes; twice the largest set we know (EMNIST by class), and no gzip bomb


def read_idx(path: str | Path) -> np.ndarray:
    """Read the IDX file at `path`, raw or gzipped (its first bytes tell, not its name).

    Returns an array of the file's own shape and type, in the machine's byte order.
    Raises ValueError, naming the file, when its bytes are not exactly one IDX array.
    """
    return parse_idx(unpack(Path(path).read_bytes(), path), path)


def parse_idx(data: bytes, name: str | Path = "IDX data") -> np.ndarray:
    """Turn the bytes of a raw IDX file into an array; `name` stands in error messages."""
    if len(data) < 4 or data[:2] != b"\0\0":
        raise ValueError(f"{name}: expected an IDX file (0 0 TYPE D ...), found {data[:4]!r}")
    if data[2] not in TYPES:
        known = ", ".join(f"0x{code:02x}" for code in TYPES)
        raise ValueError(f"{name}: expected an IDX type among {known}, found 0x{data[2]:02x}")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    if dimensions == 0 or len(data) < start:
        raise ValueError(
            f"{name}: expected at least one dimension and a header of {start} bytes, "
            f"found {dimensions} dimensions and {len(data)} bytes"
        )
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", dimensions, offset=4))
    stored = np.dtype(TYPES[data[2]])
    expected = start + math.prod(shape) * stored.itemsize
    if len(data) != expected:
        raise ValueError(f"{name}: expected {expected} bytes for shape {shape}, found {len(data)}")
    try:
        numbers = np.frombuffer(data, stored, offset=start).reshape(shape)
    except ValueError as problem:  # more dimensions, or larger empty ones, than NumPy can hold
        raise ValueError(f"{name}: expected a shape NumPy can hold, found {shape}") from problem
    return numbers.astype(stored.newbyteorder("="))


def unpack(data: bytes, name: str | Path) -> bytes:
    """Undo gzip where `data` is gzipped; ValueError when it is damaged, cut short or huge."""
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            raw = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise ValueError(f"{name}: expected a whole gzip file, but: {problem}") from problem
    if len(raw) > LARGEST:
        raise ValueError(f"{name}: expected at most {LARGEST} bytes, gzip holds more")
    return raw
