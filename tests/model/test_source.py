"""Sources."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtui.errors import FormatError
from mtui.model.source import DataSource, SourceFile, load_source, save_source
from tests.model.samples import file_names, guids, make_source, names, positive

TEXT = """<?xml version="1.0" encoding="utf-8"?>
<DataSource>
	<Param Name="GUID" Value="{0A1B2C3D-4E5F-4071-8293-A4B5C6D7E8F9}" />
	<Param Name="GainFlipX" Value="True" />
	<Param Name="FrameLimit" Value="41" />
	<Param Name="DimensionsZ" Value="1400" />
	<Param Name="DimensionsY" Value="4096.0" />
	<Param Name="DimensionsX" Value="4400" />
	<Param Name="Name" Value="ts" />
	<Param Name="Version" Value="qZk_NkcGgWq6PiVxeFDCbJzQ2J0" />
	<Param Name="PixelSize" Value="0.8340" />
	<Param Name="NewInM3" Value="kept" />
	<UsedSpecies />
	<Files>
		<File Hash="SLlDcHGWHTl-KkGXCQRvFsrRVr4" Name="TS_01.tomostar" Weight="0.5" />
		<File Hash="bzewHWTujXX3lESF0XW0WisN_Ds" Name="TS_02.tomostar" />
	</Files>
</DataSource>"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.source"
    path.write_text(text)
    return path


def test_values(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, TEXT))
    assert source.guid == "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9"
    assert str(source.angpix) == "0.8340"
    assert source.volume_ang == pytest.approx((3669.6, 3416.064, 1167.6), rel=1e-6)
    assert source.frame_limit == 41
    assert source.is_tilt_series
    assert source.folder == tmp_path
    assert source.files[1] == SourceFile("bzewHWTujXX3lESF0XW0WisN_Ds", "TS_02.tomostar")


def test_what_is_not_understood_survives(tmp_path: Path) -> None:
    source = load_source(write(tmp_path, TEXT))
    save_source(replace(source, name="new", files=(source.files[0], SourceFile("h", "TS_3.tomostar"))))
    text = source.path.read_text(encoding="utf-8-sig")
    assert '<Param Name="NewInM3" Value="kept" />' in text
    assert '<Param Name="GainFlipX" Value="True" />' in text
    assert '<File Hash="SLlDcHGWHTl-KkGXCQRvFsrRVr4" Name="TS_01.tomostar" Weight="0.5" />' in text
    assert "TS_02" not in text
    assert load_source(source.path).files[1].name == "TS_3.tomostar"
    save_source(source)
    assert source.path.read_text(encoding="utf-8-sig") == TEXT.replace(
        "{0A1B2C3D-4E5F-4071-8293-A4B5C6D7E8F9}", source.guid
    ).replace(
        '<Param Name="NewInM3" Value="kept" />',
        '<Param Name="NewInM3" Value="kept" />\n\t<Param Name="PreviousVersion" Value="" />'
        '\n\t<Param Name="DontVersion" Value="False" />',
    )


@st.composite
def sources(draw: st.DrawFn) -> DataSource:
    files = draw(
        st.lists(st.tuples(file_names, file_names), max_size=3, unique_by=(lambda f: f[0], lambda f: f[1]))
    )
    return DataSource(
        path=Path("set later"),
        guid=draw(guids),
        name=draw(names),
        version=draw(names),
        previous_version=draw(names),
        dont_version=draw(st.booleans()),
        angpix=draw(positive),
        dimensions_px=(draw(positive), draw(positive), draw(positive)),
        frame_limit=draw(st.integers(-1, 100)),
        files=tuple(SourceFile(*file) for file in files),
    )


@settings(max_examples=50, deadline=None)
@given(sources())
def test_saving_and_loading_gives_an_equal_source(
    tmp_path_factory: pytest.TempPathFactory, source: DataSource
) -> None:
    source = replace(source, path=tmp_path_factory.mktemp("source") / "a.source")
    save_source(source)
    loaded = load_source(source.path)
    assert loaded == source
    save_source(loaded)
    assert load_source(source.path) == source


def test_a_new_file_has_what_m_expects(tmp_path: Path) -> None:
    save_source(make_source(tmp_path / "a.source"))
    text = (tmp_path / "a.source").read_bytes()
    assert text.startswith(b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n<DataSource>\n\t<Param')
    for name in ("GainPath", "EERGroupFrames", "RelativeBFactor", "DosePerAngstromFrame"):
        assert f'Name="{name}"'.encode() in text
    assert text.endswith(b"\t</Files>\n</DataSource>")


def test_sources_of_m_1_0_9(tmp_path: Path) -> None:
    legacy = TEXT.replace(
        '<Param Name="PixelSize" Value="0.8340" />',
        '<Param Name="PixelSizeX" Value="1.7" /><Param Name="PixelSizeY" Value="1.8" />',
    )
    path = tmp_path / "a.source"
    path.write_bytes(legacy.replace("utf-8", "utf-16").encode("utf-16"))
    source = load_source(path)
    assert source.angpix == Decimal("1.7")
    save_source(replace(source, angpix=Decimal("1.75")))
    assert load_source(path).angpix == Decimal("1.75")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'Value="0.8340"',
            'Value="0,834"',
            "Param of <DataSource> PixelSize is '0,834': it has a decimal comma",
        ),
        ('Value="0.8340"', 'Value="8E-1"', "PixelSize is '8E-1': it has an exponent"),
        ('Value="0.8340"', 'Value="0"', "PixelSize is '0': it must be above zero"),
        ('Value="0.8340"', 'Value=""', "PixelSize is missing or empty"),
        ('Name="DimensionsZ"', 'Name="dimensionsz"', "DimensionsZ is missing"),
        ('Value="41"', 'Value="41.0"', "FrameLimit is '41.0': it must be a whole number"),
        ("{0A1B2C3D-", "{", "GUID is .*it must be a GUID"),
        (
            "bzewHWTujXX3lESF0XW0WisN_Ds",
            "SLlDcHGWHTl-KkGXCQRvFsrRVr4",
            "<File> numbers 1 and 2 have the same Hash",
        ),
        ("TS_02", "TS_01", "<File> numbers 1 and 2 have the same Name, 'TS_01.tomostar'"),
        ('Hash="bzewHWTujXX3lESF0XW0WisN_Ds" ', "", "<File> number 2 has no Hash"),
        ("</DataSource>", "", "ends too early"),
        ("DataSource>", "Source>", "holds <Source>, not <DataSource>"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(FormatError, match=f"a.source.*{message}") as caught:
        load_source(write(tmp_path, TEXT.replace(old, new)))
    assert caught.value.hint


def test_an_empty_source_is_no_tilt_series(tmp_path: Path) -> None:
    assert not make_source(tmp_path, files=()).is_tilt_series
    assert not make_source(tmp_path, files=(SourceFile("h", "a.tif"),)).is_tilt_series
