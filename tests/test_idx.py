"""The IDX reader returns exactly what a file holds, or refuses it by name."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lenet import idx
from lenet.idx import parse_idx, unpack

IMAGE = bytes([0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes([1, 2, 3, 4, 5, 6])


def to_idx(array: np.ndarray) -> bytes:
    """Write the format down a second time, from its definition."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + sizes + array.tobytes()


arrays = hnp.arrays("u1", hnp.array_shapes(min_dims=1, max_dims=5, min_side=0))


def test_reads_an_image_written_by_hand():
    array = parse_idx(IMAGE)
    assert array.dtype == np.uint8
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]
    array[0, 0] = 9  # the array is the caller's own


@given(arrays)
def test_every_shape_comes_back(array):
    back = parse_idx(to_idx(array))
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


def test_gzip_is_told_by_its_bytes():
    assert unpack(gzip.compress(IMAGE), "raw") == unpack(IMAGE, "packed.gz") == IMAGE


@given(st.binary(max_size=64) | st.binary(max_size=40).map(lambda end: b"\0\0\x08" + end))
@example(b"\0\0\x08\x41" + bytes(4 * 0x41))  # 65 dimensions, NumPy holds 64
@example(b"\0\0\x08\x05" + bytes(4) + b"\xff" * 16)  # empty, and too large for NumPy
@example(b"\0\0\x08\x02" + b"\xff" * 8)  # announces 2^64 bytes
@example(b"\0\0\x08")
def test_hostile_bytes_give_a_whole_array_or_a_named_value_error(data):
    try:
        array = parse_idx(data, "hostile-file")
    except ValueError as problem:
        assert str(problem).startswith("hostile-file: expected ")
    else:
        assert to_idx(array) == data


@given(arrays, st.data())
def test_one_byte_too_few_or_too_many_is_refused(array, data):
    whole = to_idx(array)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ValueError, match=r"^some-file: expected "):
        parse_idx(whole[:cut], "some-file")
    with pytest.raises(ValueError, match=rf"^some-file: expected {len(whole)} bytes"):
        parse_idx(whole + b"\0", "some-file")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (b"", "expected an IDX file"),
        (b"<!DOCTYPE html><html>", "expected an IDX file"),
        (b"\0\0\x0d" + IMAGE[3:], "expected an IDX file of bytes"),
        (b"\0\0\x08\x00\x07", "expected dimensions"),
        (IMAGE[:9], "expected dimensions and their sizes"),
        (IMAGE[:-1], r"expected 18 bytes for shape \(2, 3\), found 17"),
        (gzip.compress(IMAGE)[:-9], "expected a whole gzip file"),
        (gzip.compress(IMAGE)[:-8] + bytes(8), "expected a whole gzip file"),
        (gzip.compress(IMAGE)[:10] + b"\xff" * 20, "expected a whole gzip file"),
        (b"\x1f\x8b" + IMAGE, "expected a whole gzip file"),
        (gzip.compress(IMAGE) + b"more", "expected a whole gzip file"),
    ],
)
def test_the_error_names_the_file_and_what_was_expected(wrong, said):
    with pytest.raises(ValueError, match=rf"digits-idx3-ubyte: .*{said}"):
        parse_idx(unpack(wrong, "digits-idx3-ubyte"), "digits-idx3-ubyte")


def test_a_gzip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(idx, "LARGEST", 10_000)
    with pytest.raises(ValueError, match="bomb: expected at most 10000 bytes"):
        unpack(gzip.compress(bytes(10_001)), "bomb")
