"""Sizes of raw images from headers, and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from mtui.errors import FormatError
from mtui.formats.masks import read_mask
from mtui.formats.mrc import write_mrc
from mtui.formats.raw_size import raw_image_size_px


@pytest.mark.parametrize("name", ["a.mrc", "a.MRCS", "a.st", "a.map", "a.rec"])
def test_mrc(tmp_path: Path, name: str) -> None:
    write_mrc(tmp_path / name, np.zeros((5, 3, 4), np.float32), 1.0)
    assert raw_image_size_px(tmp_path / name) == (4, 3)


@pytest.mark.parametrize("name", ["a.tif", "a.TIFF", "a.gain", "a.eer"])
def test_tiff(tmp_path: Path, name: str) -> None:
    tifffile.imwrite(tmp_path / name, np.zeros((3, 7, 5), np.uint8), photometric="minisblack")
    assert raw_image_size_px(tmp_path / name) == (5, 7)


def test_em(tmp_path: Path) -> None:
    header = bytes((6, 0, 0, 5)) + np.array([8, 9, 10], "<i4").tobytes()
    (tmp_path / "a.em").write_bytes(header.ljust(512, b"\0"))
    assert raw_image_size_px(tmp_path / "a.em") == (8, 9)


@pytest.mark.parametrize(
    ("name", "message"), [("a.tif", "as TIFF"), ("a.em", "not an EM"), ("a.mrc", "too short")]
)
def test_broken_headers_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(FormatError, match=message):
        raw_image_size_px(tmp_path / name)


def test_unknown_extensions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"a\.dm4 has an extension"):
        raw_image_size_px(tmp_path / "a.dm4")


@pytest.mark.parametrize("orientation", [1, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_masks_are_flipped_once_whatever_their_tag_says(
    tmp_path: Path, orientation: int, kind: type[np.uint8] | type[np.float32]
) -> None:
    mask = np.zeros((3, 4), kind)
    mask[0, 1] = 1
    tifffile.imwrite(
        tmp_path / "a.tif", mask[::-1], compression="lzw", extratags=[(274, 3, 1, orientation, True)]
    )
    read = read_mask(tmp_path / "a.tif")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, mask)


def test_broken_masks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"nothing")
    with pytest.raises(FormatError, match=r"mask .*a\.tif could not be read"):
        read_mask(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((2, 3, 4), np.uint8), photometric="minisblack")
    with pytest.raises(FormatError, match="shape"):
        read_mask(tmp_path / "b.tif")
