from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.geometry.sizes import (
    OutputPixel,
    aliasing_free_size_px,
    norm_radius_px,
    scaled_image_size_px,
    size_rounding,
    species_box_px,
    super_box_px,
)
from tests.geometry.golden import DATA

TABLES: dict[str, list[dict[str, Any]]] = json.loads((DATA / "sizes.json").read_text())
ANGPIX = st.decimals("0.4", "4.0", places=4)


def pixel_of(row: dict[str, Any]) -> OutputPixel:
    return OutputPixel(Decimal(row["pixel_size"]), Decimal(row["output_pixel_size"]))


@pytest.mark.parametrize(
    "row", TABLES["sizes"], ids=lambda row: f"{row['pixel_size']}-{row['output_pixel_size']}"
)
def test_output_pixel_and_image_sizes_are_those_of_m(row: dict[str, Any]) -> None:
    pixel, raw = pixel_of(row), (row["raw"][0], row["raw"][1])
    assert pixel.bin_times == Decimal(row["bin_times"])
    assert pixel.factor == Decimal(row["factor"])
    assert pixel.angpix == Decimal(row["binned"])
    assert float(np.float32(float(pixel.angpix))) == row["binned_float32"]
    assert (pixel.text_f2, pixel.text_f5) == (row["text_f2"], row["text_f5"])
    assert list(scaled_image_size_px(raw, pixel)) == row["scaled"]
    assert list(size_rounding(raw, pixel)) == row["rounding"]


@pytest.mark.parametrize(
    "row", TABLES["super_box"], ids=lambda row: f"{row['output_pixel_size']}-{row['box']}"
)
def test_super_boxes_are_those_of_m(row: dict[str, Any]) -> None:
    pixel = pixel_of(row)
    optics = {key: row[key] for key in ("defocus_um", "cs_mm", "voltage_kv", "phase_pi")}
    assert pixel.angpix == Decimal(row["binned_pixel_size"])
    assert aliasing_free_size_px(row["diameter_angstrom"], pixel, **optics) == row["aliasing_free"]
    assert super_box_px(row["box"], row["diameter_angstrom"], pixel, **optics) == row["super_box"]


@pytest.mark.parametrize("row", TABLES["norm_radius"], ids=lambda row: f"{row['diameter']}-{row['binned']}")
def test_background_radii_are_those_of_m(row: dict[str, Any]) -> None:
    assert norm_radius_px(row["diameter"], Decimal(row["binned"])) == row["radius"]


@pytest.mark.parametrize(("diameter", "angpix", "box"), [(165, "2.5", 132), (5, "2", 4), (260, "10", 52)])
def test_species_box_is_even_with_ties_to_the_multiple_of_4(diameter: int, angpix: str, box: int) -> None:
    assert species_box_px(diameter, Decimal(angpix)) == box


@settings(max_examples=50, deadline=None)
@given(ANGPIX, st.integers(1, 600), st.integers(0, 60), st.integers(5, 700), st.floats(0.0, 8.0))
def test_super_box_is_even_and_at_least_twice_the_box(
    raw: Decimal, box: int, tenths: int, diameter: int, defocus: float
) -> None:
    pixel = OutputPixel(raw, raw + Decimal(tenths) / 10)
    size = super_box_px(box, diameter, pixel, defocus_um=defocus, cs_mm=2.7, voltage_kv=300.0, phase_pi=0.0)
    assert size % 2 == 0
    assert min(2 * box, 1024) <= size <= 1024


@settings(max_examples=50, deadline=None)
@given(ANGPIX, st.integers(0, 150), st.integers(500, 8000), st.integers(500, 8000))
def test_size_rounding_makes_pixels_of_the_rescaled_image(
    raw: Decimal, tenths: int, width: int, height: int
) -> None:
    pixel = OutputPixel(raw, raw + Decimal(tenths) / 10)
    scaled, rounding = scaled_image_size_px((width, height), pixel), size_rounding((width, height), pixel)
    for axis, size in enumerate((width, height)):
        assert scaled[axis] % 2 == 0
        assert abs(scaled[axis] - size / float(pixel.factor)) < 1.001
        right_edge_px = size * float(raw) * rounding[axis] / float(pixel.angpix)
        assert right_edge_px == pytest.approx(scaled[axis], rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(ANGPIX, st.integers(0, 1000))
def test_output_pixel_is_the_requested_one_up_to_the_last_digits(raw: Decimal, hundredths: int) -> None:
    requested = raw + Decimal(hundredths) / 100
    assert abs(OutputPixel(raw, requested).angpix / requested - 1) < Decimal("1e-13")


def test_text_of_the_pixel_follows_the_chain_not_the_request() -> None:
    assert OutputPixel(Decimal("0.675"), Decimal("2.125")).text_f2 == "2.12"
    assert OutputPixel(Decimal("2.125"), Decimal("2.125")).text_f2 == "2.13"
