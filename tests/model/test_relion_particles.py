"""Positions, angles and half-sets of foreign tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mtui.errors import FormatError, MatchingError
from mtui.geometry.euler import matrix_from_euler
from mtui.model.particle_tables import read_m_particles
from mtui.model.relion_table import read_particle_table
from tests.model.relion_files import (
    ANGLES,
    CENTRED,
    DETECTOR,
    GROUP,
    NAME,
    TOMO_NAME,
    VOLUME_ANG,
    XYZ,
    Columns,
    convert,
    make_table,
)

ORIGINS: Columns = {"rlnOriginX": [1, 0], "rlnOriginY": [0, -2], "rlnOriginZ": [0, 0]}
ORIGINS_ANG: Columns = {"rlnOriginXAngst": [3, 0], "rlnOriginYAngst": [0, -4], "rlnOriginZAngst": [0, 0]}
SUBTOMOGRAM: Columns = {
    "rlnTomoSubtomogramRot": [90, 15],
    "rlnTomoSubtomogramTilt": [0, 25],
    "rlnTomoSubtomogramPsi": [0, 35],
}
TOMO_OPTICS: Columns = {
    "rlnOpticsGroup": [1],
    "rlnImagePixelSize": [8],
    "rlnTomoTiltSeriesPixelSize": [2],
}
PIXELS = np.array([[10.0, 30.0, 50.0], [20.0, 40.0, 60.0]])


def test_relion_30(tmp_path: Path) -> None:
    read = convert(
        make_table(tmp_path, XYZ | ANGLES | NAME | DETECTOR | ORIGINS | {"rlnRandomSubset": [2, 1]})
    )
    assert read.positions_ang.tolist() == [[18.0, 60.0, 100.0], [40.0, 84.0, 120.0]]
    assert read.angles_deg.tolist() == [[10.0, 30.0, 50.0], [20.0, 40.0, 60.0]]
    assert read.half.tolist() == [1, 0]
    assert read.detection.shifts.values == (2.0,)


def test_pixel_sizes_differ_from_row_to_row(tmp_path: Path) -> None:
    detector: Columns = {"rlnMagnification": [10000, 20000], "rlnDetectorPixelSize": [2, 8]}
    read = convert(make_table(tmp_path, XYZ | NAME | detector | ORIGINS))
    assert read.positions_ang.tolist() == [[18.0, 60.0, 100.0], [80.0, 168.0, 240.0]]
    assert read.detection.coordinates.values == (2.0, 4.0)


def test_origins_in_pixels_win_in_30_and_those_in_angstrom_in_31(tmp_path: Path) -> None:
    both = XYZ | NAME | ORIGINS | ORIGINS_ANG
    old = convert(make_table(tmp_path, both | DETECTOR))
    assert old.positions_ang[0].tolist() == [18.0, 60.0, 100.0]
    hybrid = convert(make_table(tmp_path, XYZ | NAME | ORIGINS_ANG | DETECTOR))
    assert hybrid.positions_ang[0].tolist() == [17.0, 60.0, 100.0]
    new = convert(make_table(tmp_path, both | GROUP, {"rlnOpticsGroup": [1], "rlnImagePixelSize": [2]}))
    assert new.positions_ang[0].tolist() == [17.0, 60.0, 100.0]


def test_stated_pixel_sizes_win(tmp_path: Path) -> None:
    table = make_table(tmp_path, XYZ | NAME | DETECTOR | ORIGINS)
    read = convert(table, coordinates=3.0, shifts=5.0)
    assert read.positions_ang[0].tolist() == [25.0, 90.0, 150.0]
    # As in M's dialog the two fields are independent of each other.
    assert convert(table, coordinates=3.0).positions_ang[0].tolist() == [28.0, 90.0, 150.0]
    bare = make_table(tmp_path, XYZ | NAME | ORIGINS)
    assert convert(bare, coordinates=3.0).positions_ang[0].tolist() == [27.0, 90.0, 150.0]
    angstrom = make_table(tmp_path, XYZ | NAME | DETECTOR | ORIGINS_ANG)
    assert convert(angstrom, shifts=2.0).positions_ang[0].tolist() == [14.0, 60.0, 100.0]


def test_a_missing_pixel_size_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not say what a pixel") as caught:
        convert(make_table(tmp_path, XYZ | NAME))
    assert "--coords-angpix" in caught.value.hint


def test_relion_4_counts_unbinned_pixels_and_turns_origins(tmp_path: Path) -> None:
    table = make_table(tmp_path, XYZ | ANGLES | TOMO_NAME | GROUP | ORIGINS_ANG | SUBTOMOGRAM, TOMO_OPTICS)
    read = convert(table)
    turn = matrix_from_euler(np.array([[90.0, 0.0, 0.0], [15.0, 25.0, 35.0]]))
    shifts = np.einsum("nij,nj->ni", turn, np.array([[3.0, 0.0, 0.0], [0.0, -4.0, 0.0]]))
    np.testing.assert_allclose(read.positions_ang, PIXELS * 2 - shifts)
    expected = turn @ matrix_from_euler(np.array([[10.0, 30.0, 50.0], [20.0, 40.0, 60.0]]))
    np.testing.assert_allclose(matrix_from_euler(read.angles_deg), expected, atol=1e-9)


def test_warptools_counts_pixels_of_the_images(tmp_path: Path) -> None:
    names: Columns = {"rlnTomoName": ["TS_1.tomostar"] * 2}
    old = convert(make_table(tmp_path, XYZ | names | GROUP | ORIGINS_ANG, TOMO_OPTICS))
    assert old.positions_ang[0].tolist() == [77.0, 240.0, 400.0]
    assert "dev39" in old.detection.notes[0]
    current = convert(
        make_table(tmp_path, XYZ | names | GROUP, TOMO_OPTICS | {"rlnTomoTiltSeriesPixelSize": [8]})
    )
    assert current.positions_ang[0].tolist() == [80.0, 240.0, 400.0]
    assert not any("dev39" in note for note in current.detection.notes)


def test_relion_5_counts_from_the_middle(tmp_path: Path) -> None:
    read = convert(make_table(tmp_path, CENTRED | TOMO_NAME))
    assert read.positions_ang.tolist() == [[2001.5, 2501.5, 501.5], [1997.5, 2497.5, 497.5]]
    assert read.angles_deg.tolist() == [[0.0] * 3] * 2
    assert "middle" in read.detection.centre
    assert read.detection.angles == "none in the table, so 0"


def test_stale_centred_coordinates_are_told(tmp_path: Path) -> None:
    table = make_table(tmp_path, CENTRED | XYZ | TOMO_NAME | GROUP, TOMO_OPTICS)
    read = convert(table)
    assert read.positions_ang[0].tolist() == [2001.5, 2501.5, 501.5]
    assert "stale" in read.detection.warnings[0]
    assert "--coords-angpix 8" in read.detection.warnings[0]
    assert convert(table, coordinates=8.0).positions_ang[0].tolist() == [80.0, 240.0, 400.0]


def test_agreeing_coordinates_are_not_stale(tmp_path: Path) -> None:
    pixels: Columns = {
        "rlnCoordinateX": [1001, 999],
        "rlnCoordinateY": [1251, 1249],
        "rlnCoordinateZ": [251, 249],
    }
    read = convert(make_table(tmp_path, CENTRED | pixels | TOMO_NAME | GROUP, TOMO_OPTICS))
    assert not any("stale" in warning for warning in read.detection.warnings)


def test_a_pixel_size_does_not_scale_angstrom(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="in Å"):
        convert(make_table(tmp_path, CENTRED | TOMO_NAME), coordinates=2.0)


def test_fractions_of_the_volume(tmp_path: Path) -> None:
    picks: Columns = {"rlnCoordinateX": [0, 0.5], "rlnCoordinateY": [1, 0.5], "rlnCoordinateZ": [0.25, 0.5]}
    read = convert(make_table(tmp_path, picks | NAME))
    assert read.positions_ang.tolist() == [[0.0, VOLUME_ANG[1], 250.0], [2000.0, 2500.0, 500.0]]


def test_pytom_picks_are_in_voxels(tmp_path: Path) -> None:
    read = convert(make_table(tmp_path, XYZ | NAME | {"rlnDetectorPixelSize": [10, 10]}))
    assert read.positions_ang[0].tolist() == [100.0, 300.0, 500.0]
    assert "pytom-match-pick" in read.detection.warnings[0]


def test_half_sets(tmp_path: Path) -> None:
    columns = XYZ | NAME | DETECTOR
    table = make_table(tmp_path, {name: [*values, *values] for name, values in columns.items()})
    # The row's number counts among the rows that are left.
    read = convert(table.select([True, False, True, True]))
    assert read.half.tolist() == [0, 1, 0]
    assert "no rlnRandomSubset" in read.detection.notes[0]
    one = convert(make_table(tmp_path, XYZ | NAME | DETECTOR | {"rlnRandomSubset": ["1.000", 1]}))
    assert "one half-set" in one.detection.warnings[0]
    with pytest.raises(FormatError, match=r"line \d+: rlnRandomSubset is 0"):
        convert(make_table(tmp_path, XYZ | NAME | DETECTOR | {"rlnRandomSubset": [0, 1]}))


def test_a_table_without_z_lies_at_zero(tmp_path: Path) -> None:
    flat: Columns = {name: values for name, values in XYZ.items() if name != "rlnCoordinateZ"}
    read = convert(make_table(tmp_path, flat | NAME | DETECTOR))
    assert read.positions_ang[:, 2].tolist() == [0.0, 0.0]
    assert "Z = 0" in read.detection.warnings[0]


@pytest.mark.parametrize("column", ["rlnCoordinateY", "rlnOriginX", "rlnAnglePsi"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_values_that_are_not_finite_name_their_rows(tmp_path: Path, column: str, value: str) -> None:
    table = make_table(tmp_path, XYZ | ANGLES | NAME | DETECTOR | ORIGINS | {column: [1, value]})
    with pytest.raises(FormatError, match=rf"line {table.lines[1]}: {column} is {value}"):
        convert(table)


def test_incomplete_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="but not rlnAngleTilt"):
        convert(make_table(tmp_path, XYZ | NAME | DETECTOR | {"rlnAngleRot": [1, 2], "rlnAnglePsi": [1, 2]}))


def test_a_pixel_size_that_is_not_positive_names_its_line(tmp_path: Path) -> None:
    table = make_table(tmp_path, XYZ | NAME | {"rlnPixelSize": [2, 0]})
    with pytest.raises(FormatError, match=rf"line {table.lines[1]}: rlnPixelSize is 0"):
        convert(table)


def test_a_pixel_size_that_leads_outside_names_the_candidates(tmp_path: Path) -> None:
    table = make_table(tmp_path, XYZ | {"rlnTomoName": ["TS_1.tomostar"] * 2} | GROUP, TOMO_OPTICS)
    small = (100.0, 100.0, 130.0)
    with pytest.raises(MatchingError, match=r"2 of 2 particles .* outside of the volume") as caught:
        convert(table, volume_ang=small, margin_ang=0.0)
    assert "rlnImagePixelSize" in caught.value.message
    assert "--coords-angpix 8" in caught.value.hint
    assert "2 Å/px (rlnTomoTiltSeriesPixelSize) puts 2 inside: --coords-angpix 2" in caught.value.hint
    read = convert(table, coordinates=2.0, volume_ang=small, margin_ang=0.0)
    assert read.positions_ang[1].tolist() == [40.0, 80.0, 120.0]


def test_one_stray_particle_is_only_refused_with_an_assumed_pixel_size(tmp_path: Path) -> None:
    many: Columns = {name: [values[0]] * 19 + [9000] for name, values in XYZ.items()}
    table = make_table(tmp_path, many | {"rlnMicrographName": ["TS_1"] * 20, "rlnPixelSize": [2] * 20})
    with pytest.raises(MatchingError, match="1 of 20 particles"):
        convert(table)
    stated = convert(table, coordinates=2.0)
    assert any("outside of the volume" in warning for warning in stated.detection.warnings)


def test_extra_columns_are_those_of_neither_relion_nor_warp(tmp_path: Path) -> None:
    extra: Columns = {"aisFilamentID": ["0012", "1e5"], "wrpThing": [1, 2], "rlnClassNumber": [1, 1]}
    read = convert(make_table(tmp_path, XYZ | NAME | DETECTOR | extra))
    assert [(name, values.tolist()) for name, values in read.extra] == [("aisFilamentID", ["0012", "1e5"])]


@pytest.mark.parametrize("name", ["relion30_run_data", "relion31_run_data", "relion5_particles"])
def test_real_sets_lie_where_they_were_made(shared: Path, name: str) -> None:
    folder = shared / "data" / "empiar10499" / "sets"
    truth = json.loads((folder / "truth.json").read_text())[f"{name}.star"]
    read = convert(read_particle_table(folder / f"{name}.star"), volume_ang=(6320.0, 6320.0, 2400.0))
    expected = np.array(truth["position_angstrom_first_rows"])
    np.testing.assert_allclose(read.positions_ang[: len(expected)], expected, atol=2e-3)


def test_real_warptools_export_lies_where_m_imported_it(shared: Path) -> None:
    folder = shared / "data" / "star" / "uermel__cryoet-alignment"
    imported = read_m_particles(folder / "tests__data__particles__m_species_particles.star")
    table = read_particle_table(folder / "tests__data__particles__m_import_run_data.star")
    read = convert(table, volume_ang=(12000.0, 12000.0, 12000.0))
    names = [str(name) for name in table.texts("rlnTomoName")]
    order = [
        int(np.argmin(np.abs(imported.positions_ang[:, 0] - position).max(axis=1)))
        for position in read.positions_ang
    ]
    assert sorted(order) == list(range(12))
    np.testing.assert_allclose(read.positions_ang, imported.positions_ang[order, 0], atol=1e-3)
    np.testing.assert_allclose(
        matrix_from_euler(read.angles_deg),
        matrix_from_euler(imported.angles_deg[order, 0].astype(np.float64)),
        atol=1e-6,
    )
    assert names == imported.source_name[order].tolist()
    assert (read.half == imported.half[order]).all()
