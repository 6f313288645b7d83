"""The tables for RELION 3.1 and 4."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mtui.formats.star import read_star
from mtui.formats.star_writer import write_star
from mtui.profiles.profile import TableOptions
from mtui.profiles.relion31 import OPTICS, PARTICLES, PROFILE
from tests.profiles.scene import files_of, make_particles, make_series, make_unit


def test_one_file_with_optics_and_particles(tmp_path: Path) -> None:
    unit = make_unit(make_series(), make_particles(keys=2), first_number=64)
    file = files_of(PROFILE, [PROFILE.part_of(unit)], tmp_path)["particles.star"]
    write_star(file.path, file.tables)
    tables = read_star(file.path)
    assert list(tables) == ["optics", "particles"]
    optics, particles = tables["optics"], tables["particles"]
    assert tuple(optics.columns) == OPTICS
    assert tuple(particles.columns) == (*PARTICLES, "rlnHelicalTubeID")
    assert optics.texts("rlnCtfDataAreCtfPremultiplied").tolist() == ["0"]
    assert optics.numbers("rlnImagePixelSize").tolist() == [8.0]
    poses = unit.poses
    for axis, name in enumerate("XYZ"):
        position = particles.numbers(f"rlnCoordinate{name}") * 8.0
        np.testing.assert_allclose(position, poses.position_ang[:, axis], atol=1e-4)
        assert particles.numbers(f"rlnOrigin{name}Angst").tolist() == [0.0] * 6
    for axis, name in enumerate(("Rot", "Tilt", "Psi")):
        np.testing.assert_allclose(particles.numbers(f"rlnAngle{name}"), poses.angles_deg[:, axis], atol=1e-5)
    assert particles.numbers("rlnRandomSubset").tolist() == [1, 2, 1, 2, 1, 2]
    assert particles.texts("rlnImageName")[0] == "particleseries/TS_1/TS_1_apo_0000064_8.00A.mrc"
    assert particles.texts("rlnCtfImage")[5] == "particleseries/TS_1/TS_1_apo_0000069_ctf_8.00A.mrc"
    assert particles.texts("rlnTomoParticleName")[0] == "TS_1_apo/65"


def test_angles_of_pre_rotated_volumes_are_zero() -> None:
    part = PROFILE.part_of(make_unit(make_series(), make_particles(), options=TableOptions(prerotated=True)))
    assert {text for name in ("Rot", "Tilt", "Psi") for text in part["particles"][f"rlnAngle{name}"]} == {
        "0.00000"
    }


def test_strict_means_no_other_columns() -> None:
    part = PROFILE.part_of(make_unit(make_series(), make_particles(), options=TableOptions(strict=True)))
    assert tuple(part["particles"]) == PARTICLES


def test_series_with_the_same_optics_share_a_group(tmp_path: Path) -> None:
    first, second, third = (make_series(f"TS_{n}.tomostar") for n in (1, 2, 3))
    second = replace(second, ctf=replace(second.ctf, voltage_kv=200.0))
    parts = [PROFILE.part_of(make_unit(series, make_particles(2))) for series in (first, second, third)]
    optics, particles = files_of(PROFILE, parts, tmp_path)["particles.star"].tables
    assert optics.texts("rlnOpticsGroup").tolist() == ["1", "2"]
    assert optics.texts("rlnVoltage").tolist() == ["300.000", "200.000"]
    assert particles.texts("rlnOpticsGroup").tolist() == ["1", "1", "2", "2", "1", "1"]


def test_names_are_unique_over_series_and_species(tmp_path: Path) -> None:
    series = [make_series(f"TS_{n}.tomostar", species=species) for n in (1, 2) for species in ("apo", "ribo")]
    parts = [PROFILE.part_of(make_unit(entry, make_particles(3))) for entry in series]
    _, particles = files_of(PROFILE, parts, tmp_path)["particles.star"].tables
    for column in ("rlnTomoParticleName", "rlnImageName", "rlnCtfImage"):
        assert len(set(particles.texts(column).tolist())) == 12
