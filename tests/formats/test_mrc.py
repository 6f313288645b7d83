"""MRC files, read by mrcfile and by us."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.mrc import (
    MrcHeader,
    mrc_chunks,
    read_header,
    read_image,
    read_leading_values,
    read_volume,
    write_mrc,
)

floats = arrays(
    np.float32, array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.floats(-1e4, 1e4, width=32)
)


@settings(max_examples=40, deadline=None)
@given(values=floats, half=st.booleans(), angpix=st.floats(0.125, 50, width=32))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, values: NDArray[np.float32], half: bool, angpix: float
) -> None:
    path = tmp_path_factory.mktemp("mrc") / "a.mrc"
    write_mrc(path, values, angpix, half)
    kept = values.astype(np.float16).astype(np.float32) if half else values
    expected = kept if values.ndim == 3 else kept[None]
    np.testing.assert_array_equal(read_volume(path), expected)
    np.testing.assert_array_equal(read_image(path), expected[0])
    np.testing.assert_array_equal(read_leading_values(path, 3), expected.ravel()[:3])
    header = read_header(path)
    assert header.size_px == expected.shape[::-1]
    assert header.mode == (12 if half else 2)
    assert header.angpix == pytest.approx(angpix, rel=1e-6)


def test_header_is_warp_s(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrc", np.array([[[-1.5, 2.0, 0.25]]], np.float32), 1.35)
    raw = (tmp_path / "a.mrc").read_bytes()
    assert len(raw) == 1024 + 6
    assert raw[208:216] == b"MAP \x44\x41\0\0"
    with mrcfile.open(tmp_path / "a.mrc") as file:
        header = file.header
        assert (header.nx, header.ny, header.nz, header.mode) == (3, 1, 1, 12)
        assert (header.mx, header.my, header.mz) == (3, 1, 1)
        assert header.cella.tolist() == pytest.approx((4.05, 1.35, 1.35), rel=1e-6)
        assert header.cellb.tolist() == (90, 90, 90)
        assert (header.mapc, header.mapr, header.maps) == (1, 2, 3)
        assert (header.dmin, header.dmax, header.dmean, header.rms) == (-1.5, 2.0, 0.0, 0.0)
        assert (header.ispg, header.nsymbt, header.nlabl) == (0, 0, 0)
        np.testing.assert_array_equal(file.data.ravel(), [-1.5, 2.0, 0.25])


def test_numbers_too_large_for_half_are_stored_as_float(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrc", np.array([[65504.0]], np.float32), 1.0)
    assert read_header(tmp_path / "a.mrc").mode == 12
    for value in (65505.0, -65520.0, np.inf, np.nan):
        write_mrc(tmp_path / "a.mrc", np.array([[value]], np.float32), 1.0)
        assert read_header(tmp_path / "a.mrc").mode == 2
        np.testing.assert_array_equal(read_image(tmp_path / "a.mrc"), [[np.float32(value)]])


def test_the_environment_can_ask_for_float(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARP_FORCE_MRC_FLOAT32", "1")
    write_mrc(tmp_path / "a.mrc", np.ones((2, 2), np.float32), 1.0)
    assert read_header(tmp_path / "a.mrc").mode == 2


@pytest.mark.parametrize("kind", ["int16", "uint16", "float32", "float16"])
def test_reads_what_others_write(tmp_path: Path, kind: str) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(kind)
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(values)
        file.voxel_size = 2.5
        file.set_extended_header(np.zeros(64, np.int8))
    np.testing.assert_array_equal(read_volume(tmp_path / "a.mrc"), values)
    assert read_header(tmp_path / "a.mrc").angpix == 2.5


def test_bytes_are_unsigned_and_both_orders_are_read(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(np.array([[-1, 1]], np.int8))
    np.testing.assert_array_equal(read_image(tmp_path / "a.mrc"), [[255, 1]])
    with mrcfile.new(tmp_path / "b.mrc") as file:
        file.set_data(np.array([[1.5, -2.0]], ">f4"))
    assert (tmp_path / "b.mrc").read_bytes()[3] == 2
    np.testing.assert_array_equal(read_image(tmp_path / "b.mrc"), [[1.5, -2.0]])


def test_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    with pytest.raises(FormatError, match="does not exist"):
        read_header(path)
    path.write_bytes(b"x" * 100)
    with pytest.raises(FormatError, match="too short"):
        read_header(path)
    path.write_bytes(b"x" * 2000)
    with pytest.raises(FormatError, match="not an MRC file"):
        read_header(path)
    write_mrc(path, np.zeros((4, 4), np.float32), 1.0)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match="truncated: its header announces 1056 bytes, it has 1055"):
        read_image(path)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(np.zeros((2, 2), np.complex64))
    with pytest.raises(FormatError, match="MRC mode 4"):
        read_image(path)


@pytest.mark.shared
def test_real_files(shared: Path) -> None:
    project = shared / "data" / "empiar10499"
    average = project / "tilts" / "frames" / "average" / "00254_20_-0.0.mrc"
    assert read_header(average) == MrcHeader((652, 630, 1), 12, 10.0)
    half = project / "species" / "complex_2c0ffee0" / "complex_half1.mrc"
    with mrcfile.open(half) as file:
        np.testing.assert_array_equal(read_volume(half), file.data)


@pytest.mark.parametrize("half", [True, False])
def test_standard_headers_are_valid(tmp_path: Path, half: bool) -> None:
    values = np.random.default_rng(2).normal(size=(5, 8, 6)).astype(np.float32)
    write_mrc(tmp_path / "m.mrc", values, 2.0, half)
    write_mrc(tmp_path / "standard.mrc", values, 2.0, half, standard=True)
    assert not mrcfile.validate(tmp_path / "m.mrc")
    assert mrcfile.validate(tmp_path / "standard.mrc")
    np.testing.assert_array_equal(read_volume(tmp_path / "standard.mrc"), read_volume(tmp_path / "m.mrc"))


def test_numbers_that_were_rounded_before_give_the_same_file() -> None:
    values = np.random.default_rng(4).normal(size=(3, 4, 5)).astype(np.float32)
    rounded = values.astype(np.float16)
    known = mrc_chunks(rounded.astype(np.float32), 2.0, standard=True, rounded=rounded)
    assert b"".join(known) == b"".join(mrc_chunks(values, 2.0, standard=True))


def test_numbers_stay_float32_where_that_is_asked_for(tmp_path: Path) -> None:
    values = np.ones((2, 2, 2), np.float32)
    chunks = mrc_chunks(values, 2.0, half=False, rounded=values.astype(np.float16))
    (tmp_path / "a.mrc").write_bytes(b"".join(chunks))
    assert read_header(tmp_path / "a.mrc").mode == 2
