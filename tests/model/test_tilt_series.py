"""Tilt series from XML and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mtui.errors import FormatError, ModelError
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import TiltGeometry
from mtui.model.population import load_population
from mtui.model.remap import Remap
from mtui.model.series_writer import save_tilt_series
from mtui.model.tilt_series import TiltSeries, load_tilt_series

TEXT = """<?xml version="1.0" encoding="utf-8"?>
<TiltSeries DataDirectory="../tomostar" AreAnglesInverted="True" LevelAngleX="1.5" MagnificationCorrection="1.1, 0.2, 0.3, 1.4" UnselectManual="" New="kept">
	<Angles>-3
0
3.01</Angles>
	<Dose>6
0
3</Dose>
	<UseTilt>True
false
True</UseTilt>
	<AxisAngle>-85.60053
-85.60053
-85.60053</AxisAngle>
	<MoviePath>../frames/a&amp;b_-3.0.tif
../frames/a 0.0.tif
 ../frames/a_3.0.tif </MoviePath>
	<FOVFraction>1
1
1</FOVFraction>
	<PS1D>0|1.5;0.5|2</PS1D>
	<OptionsCTF>
		<Param Name="Window" Value="512" />
	</OptionsCTF>
	<CTF>
		<Param Name="Voltage" Value="300.0" />
		<Param Name="Cs" Value="2.7" />
		<Param Name="Amplitude" Value="0.07" />
		<Param Name="Defocus" Value="3.1" />
	</CTF>
	<GridCTF Width="1" Height="1" Depth="3" MarginX="0" MarginY="0" MarginZ="0">
		<Node X="0" Y="0" Z="0" Value="2.91" />
		<Node X="0" Y="0" Z="1" Value="2.875" />
		<Node X="0" Y="0" Z="2" Value="2.9425" />
	</GridCTF>
	<GridCTFPhase Width="1" Height="1" Depth="1">
		<Node X="0" Y="0" Z="0" Value="0.5" />
	</GridCTFPhase>
	<GridDoseWeights Width="1" Height="1" Depth="1" />
	<GridVolumeWarpX Width="2" Height="1" Depth="1" Duration="2">
		<Node X="0" Y="0" Z="0" W="0" Value="1" />
		<Node X="1" Y="0" Z="0" W="0" Value="2" />
		<Node X="0" Y="0" Z="0" W="1" Value="3" />
		<Node X="1" Y="0" Z="0" W="1" Value="4" />
	</GridVolumeWarpX>
</TiltSeries>"""  # noqa: E501


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "TS_01.xml"
    path.write_text(text)
    return path


def test_values(tmp_path: Path) -> None:
    series = load_tilt_series(write(tmp_path, TEXT))
    geometry, ctf = series.geometry, series.ctf
    assert (series.name, series.n_tilts, series.data_directory) == ("TS_01", 3, "../tomostar")
    assert geometry.angles_deg.tolist() == [-3, 0, 3.01]
    assert geometry.dose.tolist() == [6, 0, 3]
    assert geometry.use_tilt.tolist() == [True, False, True]
    assert geometry.angles_inverted
    assert (geometry.level_angle_x_deg, geometry.level_angle_y_deg) == (1.5, 0)
    assert geometry.magnification.tolist() == [[1.1, 0.3], [0.2, 1.4]], "the file lists columns"
    assert series.movie_paths == ("../frames/a&b_-3.0.tif", "../frames/a 0.0.tif", "../frames/a_3.0.tif")
    assert geometry.defocus_um.values.ravel().tolist() == [2.91, 2.875, 2.9425]
    assert geometry.warp_x.values.tolist() == [[[[1, 2]]], [[[3, 4]]]]
    assert (ctf.voltage_kv, ctf.cs_mm, ctf.amplitude, ctf.scale) == (300, 2.7, 0.07, 1)
    assert ctf.phase_pi.tolist() == [0.5, 0, 0], "one node serves the first tilt only, as in M"


def test_missing_grids_and_lists_have_m_s_defaults(tmp_path: Path) -> None:
    series = load_tilt_series(write(tmp_path, TEXT))
    assert series.ctf.dose_weights == CubicGrid.constant(0.0), "present but empty"
    assert series.ctf.location_weights == CubicGrid.constant(1.0)
    assert series.ctf.dose_bfactors == CubicGrid.constant(0.0)
    assert series.geometry.movement_x == CubicGrid.constant(0.0)
    assert series.geometry.warp_y == LinearGrid4D.constant(0.0)
    assert series.geometry.axis_offset_x_ang.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [[1, 0], [0, 1]]),
        ("1, 1, 0", [[1, 0], [0, 1]]),
        ("1.1, 0.9, 0", [[1.1, 0], [0, 0.9]]),
        (f"1.1, 0.9, {np.pi / 2}", [[0.9, 0], [0, 1.1]]),
        # Stretched by 1.1 along (1, -1): turned backwards by 45 degrees.
        (f"1.1, 1, {np.pi / 4}", [[1.05, -0.05], [-0.05, 1.05]]),
    ],
)
def test_magnification_of_m_1_0_9(tmp_path: Path, text: str, expected: list[list[float]]) -> None:
    path = write(tmp_path, TEXT.replace("1.1, 0.2, 0.3, 1.4", text))
    np.testing.assert_allclose(load_tilt_series(path).geometry.magnification, expected, atol=1e-12)


def test_utf16_of_the_first_builds(tmp_path: Path) -> None:
    path = tmp_path / "TS_01.xml"
    path.write_bytes(TEXT.replace("utf-8", "utf-16").encode("utf-16"))
    assert load_tilt_series(path) == load_tilt_series(write(tmp_path, TEXT))


def test_what_is_not_understood_survives(tmp_path: Path) -> None:
    series = load_tilt_series(write(tmp_path, TEXT))
    save_tilt_series(series)
    assert series.xml_path.read_text(encoding="utf-8-sig").split() == TEXT.split()
    moved = replace(series, data_directory="/new", geometry=replace(series.geometry, angles_inverted=False))
    save_tilt_series(moved)
    text = series.xml_path.read_text(encoding="utf-8-sig")
    expected = TEXT.replace("../tomostar", "/new").replace('Inverted="True"', 'Inverted="False"')
    assert text.split() == expected.split()
    assert load_tilt_series(series.xml_path) == moved


def test_changed_values_are_written_as_m_reads_them(tmp_path: Path) -> None:
    series = load_tilt_series(write(tmp_path, TEXT))
    ctf = replace(series.ctf, angpix_delta=5e-5, defocus_delta_um=np.array([0.1, 0.2, 0.3]))
    save_tilt_series(replace(series, ctf=ctf))
    text = series.xml_path.read_text(encoding="utf-8-sig")
    assert '<Param Name="PixelSizeDeltaPercent" Value="0.00005" />' in text, "M reads no exponent here"
    assert load_tilt_series(series.xml_path).ctf == ctf


finite = st.floats(-1e6, 1e6)


@st.composite
def tilt_series(draw: st.DrawFn) -> TiltSeries:
    count = draw(st.integers(1, 4))

    def numbers(*shape: int) -> NDArray[np.float64]:
        return draw(arrays(np.float64, shape, elements=finite))

    def cubic() -> CubicGrid:
        depth = draw(st.sampled_from([1, count]))
        return CubicGrid(numbers(depth, draw(st.integers(1, 2)), draw(st.integers(1, 2))))

    def linear() -> LinearGrid4D:
        return LinearGrid4D(numbers(*(draw(st.integers(1, 2)) for _ in range(4))))

    geometry = TiltGeometry(
        angles_deg=numbers(count),
        dose=numbers(count),
        use_tilt=draw(arrays(np.bool_, count)),
        axis_angle_deg=numbers(count),
        axis_offset_x_ang=numbers(count),
        axis_offset_y_ang=numbers(count),
        level_angle_x_deg=draw(finite),
        level_angle_y_deg=draw(finite),
        angles_inverted=draw(st.booleans()),
        magnification=numbers(2, 2),
        movement_x=cubic(),
        movement_y=cubic(),
        angle_x=cubic(),
        angle_y=cubic(),
        angle_z=cubic(),
        defocus_um=cubic(),
        warp_x=linear(),
        warp_y=linear(),
        warp_z=linear(),
    )
    ctf = SeriesCtf(
        voltage_kv=draw(finite),
        cs_mm=draw(finite),
        amplitude=draw(finite),
        angpix_delta=draw(finite),
        angpix_delta_angle_deg=draw(finite),
        scale=draw(finite),
        bfactor_ang2=draw(finite),
        defocus_delta_um=numbers(count),
        defocus_angle_deg=numbers(count),
        phase_pi=numbers(count),
        dose_bfactors=cubic(),
        dose_bfactors_delta=cubic(),
        dose_bfactors_angle=cubic(),
        dose_weights=cubic(),
        location_bfactors=cubic(),
        location_weights=cubic(),
    )
    movies = tuple(f"../frames/{draw(st.sampled_from(['a b', 'ä&<', 'x.y']))}_{i}.tif" for i in range(count))
    return TiltSeries(
        "TS_01", Path("set later"), geometry, ctf, movies, draw(st.sampled_from(["", "/d d", "..\\x"]))
    )


@settings(max_examples=40, deadline=None)
@given(tilt_series(), tilt_series())
def test_saving_and_loading_gives_an_equal_series(
    tmp_path_factory: pytest.TempPathFactory, series: TiltSeries, other: TiltSeries
) -> None:
    path = tmp_path_factory.mktemp("series") / "TS_01.xml"
    series, other = replace(series, xml_path=path), replace(other, xml_path=path)
    save_tilt_series(series)
    loaded = load_tilt_series(path)
    assert loaded == series
    save_tilt_series(replace(other, document=loaded.document))
    assert load_tilt_series(path) == other


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("6\n0\n3<", "6\n0<", "<Dose> has 2 entries, but <Angles> has 3"),
        ("false\n", "", "<UseTilt> has 2 entries"),
        ("../frames/a 0.0.tif\n", "", "<MoviePath> has 2 entries"),
        ("3.01", "3,01", "entry 3 of <Angles> is '3,01': it has a decimal comma"),
        ("\n0\n3<", "\n\n3<", "entry 2 of <Dose> is ''"),
        ("false", "0", "entry 2 of <UseTilt> is '0': it must be True or False"),
        ('Inverted="True"', 'Inverted="1"', "attribute of <TiltSeries> AreAnglesInverted is '1'"),
        ('"1.5"', '"x"', "LevelAngleX is 'x': it must be a number"),
        ("1.1, 0.2, 0.3, 1.4", "1.1, 0.2", "MagnificationCorrection is .*four numbers, or three"),
        ("1.1, 0.2, 0.3, 1.4", "1,1, 0, 0, 1", "MagnificationCorrection is .*four numbers"),
        ('"300.0"', '"3E2"', "Param of <CTF> Voltage is '3E2': it has an exponent"),
        ('Depth="3" MarginX="0"', 'Depth="4" MarginX="0"', "<GridCTF> has 3 nodes, 3 of them different"),
        ('Value="2.875"', 'Value="2,875"', "attribute of <Node> Value is '2,875'"),
        ("</TiltSeries>", "", "ends too early"),
        ("TiltSeries", "Movie", "holds <Movie>, not <TiltSeries>"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(FormatError, match=f"TS_01.xml.*{message}") as caught:
        load_tilt_series(write(tmp_path, TEXT.replace(old, new)))
    assert caught.value.hint


def test_a_series_without_ctf_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace("<CTF>", "<Other>").replace("</CTF>", "</Other>")
    with pytest.raises(FormatError, match=r"TS_01\.xml has no <CTF>"):
        load_tilt_series(write(tmp_path, text))


def test_a_grid_for_another_number_of_tilts_is_refused(tmp_path: Path) -> None:
    nodes = "".join(f'<Node X="0" Y="0" Z="{z}" Value="0.5" />' for z in range(2))
    grid = f'<GridAngleX Depth="2">{nodes}</GridAngleX>'
    path = write(tmp_path, TEXT.replace("<GridCTFPhase", f"{grid}<GridCTFPhase"))
    with pytest.raises(
        FormatError, match="<GridAngleX> has 2 nodes along the tilts, but <Angles> has 3 entries"
    ):
        load_tilt_series(path)


def test_a_missing_file_is_an_error_and_not_a_defocus_of_zero(tmp_path: Path) -> None:
    (tmp_path / "TS_01.tomostar").write_text("data_\n")
    with pytest.raises(
        ModelError, match=r"metadata of tilt series TS_01 are missing: .*TS_01\.xml does not exist"
    ):
        load_tilt_series(tmp_path / "TS_01.xml")


TOMOSTAR = """
data_

loop_
_wrpMovieName #1
_wrpAngleTilt #2
_wrpAxisAngle #3
_wrpDose #4
  a_1.tif   3.00  -85.000  6
  a_2.tif  -0.00  -85.000  0
"""
BARE = '<TiltSeries DataDirectory="{}"><Angles>0</Angles><MoviePath></MoviePath><CTF /></TiltSeries>'


@pytest.mark.parametrize("directory", ["", "tomostar", "/gone/tomostar", "/old"])
def test_a_series_without_tilts_takes_them_from_the_tomostar(tmp_path: Path, directory: str) -> None:
    folder = tmp_path / "tomostar" if directory else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / "TS_01.tomostar").write_text(TOMOSTAR)
    remap = Remap((("/old", str(folder)),))
    series = load_tilt_series(write(tmp_path, BARE.format(directory)), remap)
    assert series.geometry.angles_deg.tolist() == [3, 0]
    assert series.geometry.dose.tolist() == [6, 0]
    assert series.geometry.axis_angle_deg.tolist() == [-85, -85]
    assert series.geometry.use_tilt.tolist() == [True, True]
    assert series.movie_paths == ("a_1.tif", "a_2.tif")


def test_a_series_without_tilts_anywhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"lists no tilts, and there is no TS_01\.tomostar in"):
        load_tilt_series(write(tmp_path, BARE.format("")))
    (tmp_path / "TS_01.tomostar").write_text(TOMOSTAR.replace("wrpDose", "wrpExposure"))
    with pytest.raises(FormatError, match=r"not a \.tomostar file: it has no column wrpDose"):
        load_tilt_series(write(tmp_path, BARE.format("")))


def test_a_single_tilt_that_the_xml_describes_is_taken_from_there(tmp_path: Path) -> None:
    text = BARE.format("").replace("<MoviePath>", "<MoviePath>a.tif").replace("<Angles>0", "<Angles>5")
    series = load_tilt_series(write(tmp_path, text))
    assert (series.n_tilts, series.movie_paths) == (1, ("a.tif",))
    assert series.geometry.angles_deg.tolist() == [5]


@pytest.mark.shared
def test_real_series(shared: Path, tmp_path: Path) -> None:
    refined = load_tilt_series(shared / "data" / "metadata" / "TS_1.xml")
    assert refined.n_tilts == 41
    assert refined.geometry.movement_x.values.shape == (41, 4, 6)
    assert refined.geometry.magnification[0, 1] == 0.004283654
    assert refined.ctf.dose_weights.values.shape == (41, 1, 1)
    copy = replace(refined, xml_path=tmp_path / "TS_1.xml")
    save_tilt_series(copy)
    original = (shared / "data" / "metadata" / "TS_1.xml").read_bytes().replace(b"\r\n", b"\n")
    assert copy.xml_path.read_bytes() == original, "spectra and options included"
    population = load_population(shared / "data" / "empiar10499" / "mpneumoniae.population")
    (ref,) = population.series_by_hash().values()
    series = load_tilt_series(ref)
    assert (series.name, series.n_tilts, series.geometry.angles_inverted) == ("00254", 41, True)
