"""Where images are, and how large the raw ones were."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import tifffile

from mtui.errors import FormatError, ModelError
from mtui.formats.mrc import write_mrc
from mtui.formats.xml import parse_xml, write_xml
from mtui.model.population import load_population
from mtui.model.remap import Remap
from mtui.model.tilt_images import RawSize, check_averages, locate_tilt_images, raw_size_px
from mtui.model.tilt_series import TiltSeries, load_tilt_series
from tests.model.samples import make_source

MOVIES = ("../frames/a_-3.0.tif", "../frames/a_0.0.tif")


def write_project(folder: Path, data_directory: str = "../tomostar") -> TiltSeries:
    """A series in WarpTools' layout: averages of 6 x 4 pixels at 3.336 Å, no raw movies."""
    for name in ("series", "tomostar", "frames/average", "frames/mask"):
        (folder / name).mkdir(parents=True)
    for movie in MOVIES:
        stem = Path(movie).stem
        write_mrc(folder / "frames" / "average" / f"{stem}.mrc", np.zeros((4, 6), np.float32), 3.336)
    angles = "\n".join("0" for _ in MOVIES)
    text = (
        f'<TiltSeries DataDirectory="{data_directory}"><Angles>{angles}</Angles>'
        f"<MoviePath>{chr(10).join(MOVIES)}</MoviePath><CTF /></TiltSeries>"
    )
    (folder / "series" / "TS_01.xml").write_text(text)
    return load_tilt_series(folder / "series" / "TS_01.xml")


def test_files_hang_off_the_folder_of_the_movie(tmp_path: Path) -> None:
    series = write_project(tmp_path)
    tifffile.imwrite(tmp_path / "frames" / "mask" / "a_0.0.tif", np.zeros((4, 6), np.uint8))
    images = locate_tilt_images(series)
    assert [image.average for image in images] == [
        tmp_path / "frames" / "average" / "a_-3.0.mrc",
        tmp_path / "frames" / "average" / "a_0.0.mrc",
    ]
    assert [image.mask for image in images] == [None, tmp_path / "frames" / "mask" / "a_0.0.tif"]
    assert check_averages(images).size_px == (6, 4, 1)


@pytest.mark.parametrize(
    "directory",
    ["../tomostar", "/gone/tomostar", "/gone/project/tomostar", "C:\\gone\\tomostar", "/old/place"],
)
def test_a_data_directory_that_moved_is_found(tmp_path: Path, directory: str) -> None:
    series = write_project(tmp_path / "new", directory)
    remap = Remap((("/old/place", str(tmp_path / "new" / "tomostar")),))
    assert locate_tilt_images(series, remap)[0].average.is_file()


def test_the_desktop_layout_has_no_data_directory(tmp_path: Path) -> None:
    series = write_project(tmp_path, "")
    assert locate_tilt_images(series)[0].average == tmp_path / "frames" / "average" / "a_-3.0.mrc"


def test_absolute_and_encoded_movie_paths(tmp_path: Path) -> None:
    series = write_project(tmp_path / "my data")
    absolute = tuple(str(tmp_path / "old" / "frames" / Path(movie).name) for movie in MOVIES)
    remap = Remap(((str(tmp_path / "old"), str(tmp_path / "my data")),))
    assert locate_tilt_images(replace(series, movie_paths=absolute), remap)[1].average.is_file()
    encoded = tuple(f"../../my%20data/frames/{Path(movie).name}" for movie in MOVIES)
    assert locate_tilt_images(replace(series, movie_paths=encoded))[1].average.is_file()
    windows = tuple(movie.replace("/", "\\") for movie in MOVIES)
    assert locate_tilt_images(replace(series, movie_paths=windows))[1].average.is_file()


def test_missing_averages_are_named_with_the_remedy(tmp_path: Path) -> None:
    series = write_project(tmp_path)
    (tmp_path / "frames" / "average" / "a_0.0.mrc").unlink()
    with pytest.raises(
        ModelError, match=r"1 of 2 averages of tilt series TS_01 are missing, .*a_0\.0\.mrc"
    ) as caught:
        locate_tilt_images(series)
    assert "--remap OLD=NEW" in caught.value.hint
    gone = replace(series, data_directory="/gone/from/here")
    with pytest.raises(ModelError, match=r"2 of 2 .*/gone/from/frames/average/a_-3\.0\.mrc.*Also tried"):
        locate_tilt_images(replace(gone, xml_path=tmp_path / "x" / "y" / "TS_01.xml"))
    with pytest.raises(ModelError, match="names no movies"):
        locate_tilt_images(replace(series, movie_paths=()))


def test_averages_must_be_single_images_of_one_size(tmp_path: Path) -> None:
    images = locate_tilt_images(write_project(tmp_path))
    write_mrc(images[1].average, np.zeros((4, 5), np.float32), 1.0)
    with pytest.raises(FormatError, match=r"a_0\.0\.mrc has 5 x 4 pixels, but .*a_-3\.0\.mrc has 6 x 4"):
        check_averages(images)
    write_mrc(images[1].average, np.zeros((2, 4, 6), np.float32), 1.0)
    with pytest.raises(FormatError, match=r"a_0\.0\.mrc has 2 sections"):
        check_averages(images)


def test_raw_size_from_the_average_where_the_movie_is_gone(tmp_path: Path) -> None:
    series = write_project(tmp_path)
    source = make_source(tmp_path / "series" / "a.source")
    assert raw_size_px(series, source, locate_tilt_images(series)) == RawSize(24.0, 16.0, from_average=True)
    odd = replace(source, angpix=Decimal("1.3"))
    size = raw_size_px(series, odd, locate_tilt_images(series))
    assert (size.x, size.y) == pytest.approx((15.397, 10.265), abs=1e-3)


def test_an_average_without_pixel_size_does_not_help(tmp_path: Path) -> None:
    series = write_project(tmp_path)
    images = locate_tilt_images(series)
    write_mrc(images[0].average, np.zeros((4, 6), np.float32), 0.0)
    with pytest.raises(
        ModelError, match=r"TS_01 are gone, and the header of .*a_-3\.0\.mrc has no pixel size"
    ):
        raw_size_px(series, make_source(tmp_path / "a.source"), images)


@pytest.mark.parametrize("place", ["beside", "raw", "/gone/raw"])
def test_raw_size_from_the_movie_where_it_is_there(tmp_path: Path, place: str) -> None:
    series = write_project(tmp_path)
    folder = tmp_path / "frames" if place == "beside" else tmp_path / "frames" / "raw"
    folder.mkdir(exist_ok=True)
    if place != "beside":
        root = parse_xml(f'<Movie DataDirectory="{place}" />'.encode(), tmp_path, "Movie")
        write_xml(tmp_path / "frames" / "a_-3.0.xml", root)
    tifffile.imwrite(folder / "a_-3.0.tif", np.zeros((3, 17, 25), np.uint8), photometric="minisblack")
    images = locate_tilt_images(series)
    assert images[0].raw == folder / "a_-3.0.tif"
    assert images[1].raw is None
    source = make_source(tmp_path / "a.source")
    assert raw_size_px(series, source, images) == RawSize(25.0, 17.0, from_average=False)


def test_a_movie_whose_header_cannot_be_read_counts_as_gone(tmp_path: Path) -> None:
    series = write_project(tmp_path)
    images = locate_tilt_images(series)
    unreadable = (replace(images[0], raw=tmp_path / "a.dm4"), images[1])
    assert raw_size_px(series, make_source(tmp_path / "a.source"), unreadable).from_average


@pytest.mark.shared
def test_the_real_series(shared: Path) -> None:
    population = load_population(shared / "data" / "empiar10499" / "mpneumoniae.population")
    (ref,) = population.series_by_hash().values()
    series = load_tilt_series(ref)
    images = locate_tilt_images(series)
    assert len(images) == 41
    assert check_averages(images).angpix == 10.0
    assert raw_size_px(series, ref.source, images) == RawSize(652.0, 630.0, from_average=True)
