"""M's particle tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from mtui.errors import FormatError
from mtui.formats.star import count_rows
from mtui.model.particle_tables import read_m_particles, write_m_particles
from mtui.model.particles import ParticleSet
from tests.model.samples import make_particles, particle_sets

TABLE = """
data_

loop_
_wrpCoordinateX1 #1
_wrpCoordinateY1 #2
_wrpCoordinateZ1 #3
_wrpAngleRot1 #4
_wrpAngleTilt1 #5
_wrpAnglePsi1 #6
_wrpRandomSubset #7
_wrpSourceName #8
_wrpSourceHash #9
_aisFilamentID #10
  1204.50000   987.25000  310.12500   12.00000  88.50000  -170.25000  1  TS_01.tomostar  SLlD-HGW     7
    88.00000  2400.75000  295.00000  -95.12500   3.00000     0.50000  2  TS_02.tomostar  bzew_WTu  null
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a_particles.star"
    path.write_text(text)
    return path


def test_a_table_of_m_is_read_and_written_byte_for_byte(tmp_path: Path) -> None:
    path = write(tmp_path, TABLE)
    particles = read_m_particles(path, 1, 1)
    assert particles.positions_ang.tolist() == [[[1204.5, 987.25, 310.125]], [[88.0, 2400.75, 295.0]]]
    assert particles.angles_deg[1].tolist() == [[-95.125, 3.0, 0.5]]
    assert particles.half.tolist() == [0, 1]
    assert particles.source_hash[0] == "SLlD-HGW"
    assert [(name, texts.tolist()) for name, texts in particles.extra] == [("aisFilamentID", ["7", "null"])]
    write_m_particles(tmp_path / "b.star", particles)
    assert (tmp_path / "b.star").read_text() == TABLE


@settings(max_examples=50, deadline=None)
@given(particle_sets())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, particles: ParticleSet) -> None:
    path = tmp_path_factory.mktemp("tables") / "a.star"
    write_m_particles(path, particles)
    again = read_m_particles(path)
    assert again.same_as(particles)
    assert count_rows(path) == len(particles)


def test_hashes_and_extra_columns_stay_text(tmp_path: Path) -> None:
    odd = ["1234e567", "0012", "nan", "inf", "True", "1.50"]
    particles = replace(
        make_particles(6),
        source_hash=np.array(odd),
        extra=(("rlnOriginX", np.array(odd)), ("wrpDose", np.array(odd))),
    )
    write_m_particles(tmp_path / "a.star", particles)
    again = read_m_particles(tmp_path / "a.star")
    assert again.source_hash.tolist() == odd
    assert [(name, texts.tolist()) for name, texts in again.extra] == [("rlnOriginX", odd), ("wrpDose", odd)]


def test_empty_extras_become_null(tmp_path: Path) -> None:
    particles = replace(make_particles(2), extra=(("x", np.array(["", "a"])),))
    write_m_particles(tmp_path / "a.star", particles)
    assert read_m_particles(tmp_path / "a.star").extra[0][1].tolist() == ["null", "a"]


def test_key_frames_are_repeated_or_cut_but_never_resampled(tmp_path: Path) -> None:
    particles = make_particles(3, keys=3)
    write_m_particles(tmp_path / "a.star", particles)
    assert read_m_particles(tmp_path / "a.star").movement == 3
    more = read_m_particles(tmp_path / "a.star", 4, 3)
    np.testing.assert_allclose(more.positions_ang, particles.positions_ang[:, [0, 1, 2, 2]], atol=1e-5)
    fewer = read_m_particles(tmp_path / "a.star", 1, 2)
    np.testing.assert_allclose(fewer.positions_ang, particles.positions_ang[:, :1], atol=1e-5)
    assert fewer.rotation == 2
    assert [name for name, _ in fewer.extra] == ["aisFilamentID"], "surplus key frames are no extra columns"


def test_an_empty_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"a\.star would hold no particles"):
        write_m_particles(tmp_path / "a.star", make_particles(3).select([]))
    path = write(tmp_path, TABLE[: TABLE.index("  1204")])
    with pytest.raises(FormatError, match=r"a_particles\.star holds no particles"):
        read_m_particles(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("_wrpCoordinateX1 #1\n", "_rlnCoordinateX #1\n", "not a particle table of M: .*wrpCoordinateX1"),
        ("_wrpAnglePsi1", "_wrpAnglePsi", "no column wrpAnglePsi1"),
        ("_wrpSourceHash", "_wrpHash", "no column wrpSourceHash"),
        ("  88.50000", "  88,50000", "line 15: wrpAngleTilt1 is '88,50000', a number with a decimal comma"),
        ("295.00000", "x", "line 16: wrpCoordinateZ1 is 'x', not a number"),
        ("295.00000", "nan", "wrpCoordinateZ1 is not a finite number on 1 rows .line 16"),
        ("  2  TS_02", "  0  TS_02", "line 16: wrpRandomSubset is 0; it must be 1 or 2"),
        ("  2  TS_02", "  1.5  TS_02", "line 16: wrpRandomSubset is 1.5"),
        ("  null", "", "line 16: the row has 9 values"),
        ("_aisFilamentID", "_wrpSourceHash", "line 14: the column wrpSourceHash occurs twice"),
    ],
)  # fmt: skip
def test_broken_tables_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TABLE
    with pytest.raises(FormatError, match=f"a_particles.star.*{message}") as caught:
        read_m_particles(write(tmp_path, TABLE.replace(old, new)))
    assert caught.value.hint


@pytest.mark.shared
def test_real_tables(shared: Path, tmp_path: Path) -> None:
    species = shared / "data" / "empiar10499" / "species"
    for path, count, keys in (
        (species / "ribosome70s_1c0ffee0" / "ribosome70s_particles.star", 200, 1),
        (species / "complex_2c0ffee0" / "complex_particles.star", 60, 3),
    ):
        particles = read_m_particles(path)
        assert (len(particles), particles.movement, particles.rotation) == (count, keys, keys)
        write_m_particles(tmp_path / "a.star", particles)
        assert (tmp_path / "a.star").read_bytes() == path.read_bytes()
    star = shared / "data" / "star"
    counts = {
        path.name: len(read_m_particles(path))
        for path in (*star.glob("*/*mtools_example*"), *star.glob("*/*m_species_particles*"))
    }
    assert sorted(counts.values()) == [12, 36]
