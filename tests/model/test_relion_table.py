"""The particle table of a STAR file, its optics joined; what other files are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtui.errors import FormatError
from mtui.model.dialects import detect_dialect
from mtui.model.particle_tables import read_m_particles
from mtui.model.relion_table import read_particle_table
from tests.model.relion_files import GROUP, NAME, XYZ, Columns, make_table, write_particles

RECOGNISED = {
    "alisterburt__dynamo2m/test_data__relion_star_downgrade__relion3.1.star": ("RELION31", 57),
    "chanzuckerberg__cryoet-data-portal-backend/test_infra__test_files__input_bucket__20002__annotations__"
    "relion_3_star.star": ("RELION30", 6),
    "chanzuckerberg__cryoet-data-portal-backend/test_infra__test_files__input_bucket__20002__annotations__"
    "relion_4_star.star": ("RELION31", 6),
    "chanzuckerberg__cryoet-data-portal-backend/test_infra__test_files__input_bucket__20002__annotations__"
    "tomoman_relion_star.star": ("RELION30", 6),
    "hamid13r__tomo_toolshed/tests__duplicate_remover__relion_5_2D_example.EXCERPT.star": ("WARPTOOLS_2D", 4),
    "hanjinliu__cylindra/cylindra_builtins__relion__tests__test_jobs__Class3D__job_class3d__"
    "run_it025_data.star": ("RELION5", 10),
    "hanjinliu__cylindra/cylindra_builtins__relion__tests__test_jobs__Picks__job_picks__particles.star": (
        "RELION5",
        5,
    ),
    "hanjinliu__cylindra/cylindra_builtins__relion__tests__test_jobs__Refine3D__job_refine__"
    "run_it050_data.star": ("RELION5", 5),
    "hanjinliu__starfile-rs/python__tests__data__loop_block.star": ("RELION30", 16),
    "teamtomo__starfile/tests__data__one_loop.star": ("RELION30", 16),
    "uermel__cryoet-alignment/tests__data__particles__m_import_run_data.star": ("WARPTOOLS_2D", 12),
    "uermel__cryoet-alignment/tests__data__particles__warp_2d_export.star": ("WARPTOOLS_2D", 10),
}
OF_M = {
    "hamid13r__tomo_toolshed/tests__duplicate_remover__mtools_example.EXCERPT.star": 36,
    "uermel__cryoet-alignment/tests__data__particles__m_species_particles.star": 12,
}
SENTENCES = {
    "stopgap_star": "motive list of STOPGAP",
    ".tomostar": "is a .tomostar",
    "optimisation_set": "optimisation set of RELION",
    "tomograms.star": "tomograms table of RELION",
    "tilt_series__": "tilt images or movies",
    "starfile-rs/python__tests__data__basic_block": "post-processing result",
    "starfile-rs/python__tests__data__multiblock": "post-processing result",
    "_quote": "is not a particle table|holds no table",
    "empty_loop": "holds no particles",
    "rln3.1_data_style": "2 tables with coordinates",
    "data__single_line_": "2 tables with coordinates",
    "starfile/tests__data__two_": "is not a particle table|holds no table",
    ".settings": "outside of any data_ block",
}


def test_every_real_file_is_what_it_is_or_refused_with_what_it_is(shared: Path) -> None:
    folder = shared / "data" / "star"
    for path in sorted(path for path in folder.glob("*/*") if path.is_file()):
        name = str(path.relative_to(folder))
        if name in RECOGNISED:
            table = read_particle_table(path)
            assert (detect_dialect(table, angpix_stated=False).name, len(table)) == RECOGNISED[name]
            continue
        expected = next((text for part, text in SENTENCES.items() if part in name), "particle table of M")
        with pytest.raises(FormatError, match=expected):
            read_particle_table(path)
        if expected == "particle table of M":
            assert len(read_m_particles(path)) == OF_M[name]


REAL_PROJECT = {
    "sets/m_particles.star": ("M", 170),
    "sets/relion30_run_data.star": ("RELION30", 170),
    "sets/relion31_run_data.star": ("RELION31", 170),
    "sets/relion5_particles.star": ("RELION5", 170),
    "species/complex_2c0ffee0/complex_particles.star": ("M", 60),
    "species/ribosome70s_1c0ffee0/ribosome70s_particles.star": ("M", 200),
}


@pytest.mark.parametrize("name", REAL_PROJECT)
def test_every_table_of_the_real_project_is_what_it_is(name: str, shared: Path) -> None:
    path = shared / "data" / "empiar10499" / name
    dialect, rows = REAL_PROJECT[name]
    if dialect == "M":
        assert len(read_m_particles(path)) == rows
        with pytest.raises(FormatError, match=r"is a particle table of M, .*--m-star"):
            read_particle_table(path)
    else:
        table = read_particle_table(path)
        assert (detect_dialect(table, angpix_stated=False).name, len(table)) == (dialect, rows)


def test_no_star_of_the_reference_is_left_out(shared: Path) -> None:
    """What lies elsewhere is no particle table, and is told so with its columns."""
    data = shared / "data"
    elsewhere = [path for path in data.rglob("*.star") if data / "star" not in path.parents]
    rest = {str(path.relative_to(data)) for path in elsewhere} - {
        f"empiar10499/{name}" for name in REAL_PROJECT
    }
    assert {Path(name).parent.name for name in rest} == {"metadata"}
    for name in rest:
        with pytest.raises(FormatError, match=r"is not a particle table: .* Its columns are: "):
            read_particle_table(data / name)


def test_optics_are_joined_by_group_and_win(tmp_path: Path) -> None:
    particles: Columns = XYZ | NAME | {"rlnOpticsGroup": [7, "3.000"], "rlnImagePixelSize": [9, 9]}
    optics: Columns = {
        "rlnOpticsGroup": [3, 7],
        "rlnOpticsGroupName": ["a", "b"],
        "rlnImagePixelSize": [1.5, 2.5],
    }
    table = make_table(tmp_path, particles, optics)
    assert table.has_optics
    assert table.numbers("rlnImagePixelSize").tolist() == [2.5, 1.5]
    assert not table.has("rlnOpticsGroupName")


def test_one_group_needs_no_column(tmp_path: Path) -> None:
    table = make_table(tmp_path, XYZ | NAME, {"rlnImagePixelSize": [1.5]})
    assert table.numbers("rlnImagePixelSize").tolist() == [1.5, 1.5]


def test_optics_may_be_a_list(tmp_path: Path) -> None:
    path = tmp_path / "new.star"
    path.write_text(
        "data_optics\n_rlnOpticsGroup 1\n_rlnImagePixelSize 4\n\ndata_particles\nloop_\n_rlnCoordinateX\n"
        "_rlnOpticsGroup\n5 1\n6 1\n"
    )
    assert read_particle_table(path).numbers("rlnImagePixelSize").tolist() == [4.0, 4.0]


@pytest.mark.parametrize(
    ("groups", "optics", "message"),
    [
        ([1, 5], [1, 2], r"line \d+: rlnOpticsGroup is 5, which data_optics does not list"),
        ([1, 1], [1, 1], "listed twice"),
        (None, [1, 2], "2 optics groups, but its particles have no rlnOpticsGroup"),
    ],
)
def test_broken_optics(tmp_path: Path, groups: list[int] | None, optics: list[int], message: str) -> None:
    particles: Columns = XYZ | NAME | ({"rlnOpticsGroup": groups} if groups else {})
    with pytest.raises(FormatError, match=message):
        make_table(tmp_path, particles, {"rlnOpticsGroup": optics, "rlnImagePixelSize": [1, 2]})


def test_rows_keep_their_lines(tmp_path: Path) -> None:
    table = make_table(tmp_path, XYZ | NAME)
    text = (tmp_path / "new.star").read_text().splitlines()
    assert [text[line - 1].split()[0] for line in table.lines] == ["10", "20"]
    second = table.select([False, True])
    assert second.numbers("rlnCoordinateX").tolist() == [20.0]
    assert second.line_text(np.array([0])) == f"line {table.lines[1]}"
    assert table.select(np.zeros(7, np.intp)).line_text(np.arange(7)).endswith(", ... (7 rows)")


def test_the_table_called_particles_is_taken_among_several(tmp_path: Path) -> None:
    path = write_particles(tmp_path / "new.star", XYZ | NAME | GROUP, {"rlnOpticsGroup": [1]})
    path.write_text(f"{path.read_text()}\ndata_particles_old\nloop_\n_rlnCoordinateX\n5\n")
    assert len(read_particle_table(path)) == 2


def test_a_table_without_coordinates_says_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "new.star"
    path.write_text("data_\nloop_\n_rlnClassNumber\n_rlnCoordinateY\n1 2\n")
    with pytest.raises(FormatError, match=r"neither rlnCoordinateX .* rlnClassNumber, rlnCoordinateY"):
        read_particle_table(path)
