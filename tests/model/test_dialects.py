"""Which dialect a table is written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtui.errors import FormatError
from mtui.model.dialects import Dialect, UsedAngpix, detect_dialect
from tests.model.relion_files import (
    ANGLES,
    CENTRED,
    DETECTOR,
    GROUP,
    NAME,
    TOMO_NAME,
    XYZ,
    Columns,
    detection,
    make_table,
)

OPTICS: Columns = {"rlnOpticsGroup": [1], "rlnImagePixelSize": [4]}
TOMO_OPTICS: Columns = OPTICS | {"rlnTomoTiltSeriesPixelSize": [2]}
FRACTIONS: Columns = {name: [0, 1] for name in XYZ}

CASES: list[tuple[Columns, Columns | None, Dialect]] = [
    (XYZ | NAME | DETECTOR, None, Dialect.RELION30),
    (XYZ | NAME, None, Dialect.RELION30),
    (XYZ | TOMO_NAME | {"rlnPixelSize": [2, 2]}, None, Dialect.RELION30),
    (FRACTIONS | NAME | DETECTOR, None, Dialect.RELION30),
    (FRACTIONS | NAME, None, Dialect.NORMALISED),
    (XYZ | NAME | {"rlnDetectorPixelSize": [10, 10]}, None, Dialect.PYTOM),
    (XYZ | NAME | GROUP, OPTICS, Dialect.RELION31),
    (XYZ | TOMO_NAME | GROUP, OPTICS, Dialect.RELION31),
    (XYZ | TOMO_NAME | GROUP, TOMO_OPTICS, Dialect.RELION4),
    (XYZ | GROUP | {"rlnTomoName": ["TS_1.tomostar"] * 2}, TOMO_OPTICS, Dialect.WARPTOOLS_2D),
    (XYZ | TOMO_NAME | GROUP | {"rlnTomoParticleId": [1, 2]}, TOMO_OPTICS, Dialect.WARPTOOLS_2D),
    (
        XYZ | TOMO_NAME | GROUP | {"rlnImageName": ["../particleseries/a.mrcs"] * 2},
        TOMO_OPTICS,
        Dialect.WARPTOOLS_2D,
    ),
    (CENTRED | TOMO_NAME | GROUP, TOMO_OPTICS, Dialect.RELION5),
    (CENTRED | TOMO_NAME, None, Dialect.RELION5),
    (CENTRED | XYZ | GROUP | {"rlnTomoName": ["TS_1.tomostar"] * 2}, TOMO_OPTICS, Dialect.RELION5),
]


@pytest.mark.parametrize(("particles", "optics", "expected"), CASES)
def test_detection(tmp_path: Path, particles: Columns, optics: Columns | None, expected: Dialect) -> None:
    assert detect_dialect(make_table(tmp_path, particles, optics), angpix_stated=False) is expected


def test_a_stated_pixel_size_makes_pixels_of_fractions(tmp_path: Path) -> None:
    table = make_table(tmp_path, FRACTIONS | NAME)
    assert detect_dialect(table, angpix_stated=True) is Dialect.RELION30


def test_an_image_series_is_refused_with_the_reason(tmp_path: Path) -> None:
    series: Columns = {
        "rlnGroupName": ["TS_1_apo_0000000"] * 2,
        "rlnCtfScalefactor": [1, 0.9],
        "rlnDefocusU": [30000, 31000],
        "rlnCoordinateX": [1, 2],
        "rlnCoordinateY": [1, 2],
    }
    table = make_table(tmp_path, series | ANGLES | NAME | DETECTOR)
    with pytest.raises(FormatError, match="image series") as caught:
        detect_dialect(table, angpix_stated=False)
    assert "cannot be recovered" in caught.value.message


def test_what_was_detected_reads_well(tmp_path: Path) -> None:
    found = detection(make_table(tmp_path, XYZ | NAME | GROUP | ANGLES, OPTICS))
    assert str(found.coordinates) == "4 Å/px (rlnImagePixelSize)"
    assert str(found.shifts) == "none in the table"
    assert found.centre == "the corner of the volume"
    assert str(UsedAngpix((1.0,), "in Å")) == "in Å"
    assert str(UsedAngpix((2.0, 3.5, 4.0), "x")) == "2 to 4 Å/px (x)"
