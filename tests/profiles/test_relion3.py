"""M's export table, number by number."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtui.formats.numbers import f5_text
from mtui.formats.star import read_star
from mtui.formats.star_writer import write_star
from mtui.geometry.sizes import OutputPixel
from mtui.model.particles import ParticleSet
from mtui.profiles.names import average_name, ctf_name, volume_name
from mtui.profiles.poses import SeriesFacts, compute_poses
from mtui.profiles.profile import TableOptions, UnitTables
from mtui.profiles.relion3 import COLUMNS, PROFILE
from tests.profiles.scene import files_of, make_particles, make_series, make_unit

CASES = json.loads((Path(__file__).parents[1] / "data" / "export_rows.json").read_text())


def particle(row: dict[str, Any]) -> ParticleSet:
    return ParticleSet(
        positions_ang=np.array([row["coord_keys"]], np.float32),
        angles_deg=np.array([row["angle_keys"]], np.float32),
        half=np.zeros(1, np.int8),
        source_name=np.array(["a"]),
        source_hash=np.array(["b"]),
    )


def series_of(case: dict[str, Any]) -> SeriesFacts:
    """A series with the case's doses, of which nothing else matters here."""
    series = make_series()
    steps = np.array(case["dose_steps"])
    geometry = replace(series.geometry, dose=steps, angles_deg=np.zeros(len(steps)))
    pixel = OutputPixel(Decimal(case["raw_angpix"]), Decimal(case["angpix"]))
    return replace(series, geometry=geometry, pixel=pixel)


@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("key", ["xyz", "xyz_shifted"])
def test_rows_are_those_of_m(name: str, number: int, key: str) -> None:
    case = CASES[name]
    row = case["rows"][number]
    shift = tuple(case["shift_ang"]) if key == "xyz_shifted" else None
    poses = compute_poses(series_of(case), particle(row), 0, shift, "m-volumes")
    rows = PROFILE.part_of(UnitTables(poses, TableOptions()))["particles"]
    found = [float(rows[f"rlnCoordinate{axis}"][0]) for axis in "XYZ"]
    # Float32 arithmetic in M leaves the last of five decimals open.
    np.testing.assert_allclose(found, [float(text) for text in row[key]], atol=5e-5)
    assert [rows[f"rlnAngle{axis}"][0] for axis in ("Rot", "Tilt", "Psi")] == row["angles"]


def test_rows_have_the_columns_and_formats_of_m() -> None:
    unit = make_unit(make_series(), make_particles(3, keys=3))
    rows = PROFILE.part_of(unit)["particles"]
    assert tuple(rows) == COLUMNS
    assert rows["rlnMagnification"] == ["10000.0"] * 3
    assert rows["rlnDetectorPixelSize"] == rows["rlnPixelSize"] == ["8.00000"] * 3
    assert rows["rlnVoltage"] == ["300.0"] * 3
    assert rows["rlnSphericalAberration"] == ["2.700"] * 3
    assert rows["rlnMicrographName"] == ["TS_1.tomostar"] * 3
    assert rows["rlnRandomSubset"] == ["1", "2", "1"]
    assert rows["rlnImageName"][2] == "particleseries/TS_1/TS_1_apo_0000002_8.00A.mrc"
    assert rows["rlnCtfImage"][2] == "particleseries/TS_1/TS_1_apo_0000002_ctf_8.00A.mrc"


def test_position_and_angles_belong_to_one_moment() -> None:
    particles = make_particles(3, keys=3)
    rows = PROFILE.part_of(make_unit(make_series(), particles))["particles"]
    assert rows["rlnCoordinateY"] == f5_text(particles.positions_ang[:, 0, 1] / np.float32(8))
    assert rows["rlnAngleTilt"] == f5_text(particles.angles_deg[:, 0, 1])


def test_angles_are_zero_when_prerotated() -> None:
    unit = make_unit(make_series(), make_particles(3), options=TableOptions(prerotated=True))
    rows = PROFILE.part_of(unit)["particles"]
    assert all(rows[f"rlnAngle{angle}"] == ["0.00000"] * 3 for angle in ("Rot", "Tilt", "Psi"))


def test_names_use_the_pixel_of_ms_chain() -> None:
    # 0.834 Å binned to 2.125 Å is a little less than that in M's arithmetic, so it is rounded down.
    pixel = OutputPixel(Decimal("0.834"), Decimal("2.125"))
    assert volume_name("TS_01", "apoF", 0, pixel) == "TS_01_apoF_0000000_2.12A.mrc"
    assert ctf_name("TS_01", "apoF", 12, pixel) == "TS_01_apoF_0000012_ctf_2.12A.mrc"
    assert average_name("TS_01", "apoF", pixel) == "TS_01_apoF_2.12A_average.mrc"


def test_the_table_is_one_block_that_reads_back(tmp_path: Path) -> None:
    part = PROFILE.part_of(make_unit(make_series(), make_particles(3)))
    file = files_of(PROFILE, [part, part], tmp_path)["particles.star"]
    write_star(file.path, file.tables)
    tables = read_star(file.path, numeric=lambda name: False)
    assert list(tables) == [""]
    assert {name: values.tolist() for name, values in tables[""].columns.items()} == {
        name: texts * 2 for name, texts in part["particles"].items()
    }
    assert file.path.read_text().startswith("\ndata_\n\nloop_\n_rlnMagnification #1\n")
