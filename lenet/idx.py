"""Read IDX, the file format of MNIST.

A file is a header and then numbers, whose type is unsigned bytes in all of MNIST's:

    0 0 8 D           two zero bytes, the type of the numbers, how many dimensions
    size 1 ... D      four bytes each, big end first
    numbers           size 1 x ... x size D of them, the last dimension running fastest
"""

import gzip
import io
import math
import zlib

import numpy as np

LARGEST = 2**30  # bytes; twenty times the largest file of MNIST, and no gzip bomb


def parse_idx(data: bytes, name: str = "IDX data") -> np.ndarray:
    """Turn the bytes of a raw IDX file into a uint8 array of the file's own shape.

    Raises ``ValueError``, which begins with ``name``, when they are not exactly one such array.
    """
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{name}: expected an IDX file of bytes (0 0 8 D ...), found {data[:4]!r}")
    start = 4 + 4 * data[3] if len(data) > 3 else 4
    if not 4 < start <= len(data):
        raise ValueError(f"{name}: expected dimensions and their sizes, found {data[:start]!r}")
    shape = tuple(int(size) for size in np.frombuffer(data[4:start], ">u4"))
    expected = start + math.prod(shape)
    if len(data) != expected:
        raise ValueError(f"{name}: expected {expected} bytes for shape {shape}, found {len(data)}")
    try:
        return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()
    except ValueError as problem:  # more dimensions, or larger empty ones, than NumPy can hold
        raise ValueError(f"{name}: expected a shape NumPy can hold, found {shape}") from problem


def unpack(data: bytes, name: str) -> bytes:
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
