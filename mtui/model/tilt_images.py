"""Where a tilt series' images are, and how large its raw ones were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtui.errors import FormatError, ModelError
from mtui.formats.files import absolute_path, spellings
from mtui.formats.mrc import MrcHeader, read_header
from mtui.formats.raw_size import READABLE, raw_image_size_px
from mtui.formats.xml import read_xml
from mtui.model.remap import Remap, data_folders
from mtui.model.source import DataSource
from mtui.model.tilt_series import TiltSeries

_NEAR_WHOLE_PX = 0.01
"""Sizes derived from a float32 pixel size miss a whole number by less than this."""


@dataclass(frozen=True, slots=True)
class TiltImage:
    """Files of one tilt."""

    average: Path
    """The image that is used."""
    mask: Path | None
    """Dirt to be erased; None where there is none."""
    raw: Path | None
    """Raw movie, looked up for the first tilt only, whose size counts for all; None where it is gone."""


@dataclass(frozen=True, slots=True)
class RawSize:
    """Size of the unbinned images in pixels of the source."""

    x: float
    y: float
    from_average: bool
    """Derived from the average because the raw movie is gone: worth one warning."""


def locate_tilt_images(series: TiltSeries, remap: Remap | None = None) -> tuple[TiltImage, ...]:
    """Files of each tilt, in the order of the series (M's `TiltSeries.LoadMovieData` and `LoadMovieMasks`).

    Averages and masks hang off the folder of the movie that the series names, which itself need not exist.
    The series' data directory is looked for where it is now (see `remap.data_folders`).

    Raises:
        ModelError: the series names no movies, or an average does not exist, with all places that were tried.
    """
    remap = remap or Remap()
    if not series.movie_paths:
        raise ModelError(
            f"{series.xml_path} names no movies: its <MoviePath> is missing.",
            "Restore the file, or import the tilt series again with Warp.",
        )
    folders = data_folders(series.data_directory, series.xml_path.parent, remap)
    candidates = [_movies(series, folder, remap) for folder in folders]
    movies = next((paths for paths in candidates if _average(paths[0]).is_file()), candidates[-1])
    missing = [movie for movie in movies if not _average(movie).is_file()]
    if missing:
        raise _missing_error(series, missing, [_average(paths[0]) for paths in candidates])
    raws = [_raw_movie(movies[0], remap)] + [None] * (len(movies) - 1)
    return tuple(
        TiltImage(_average(movie), _mask(movie), raw) for movie, raw in zip(movies, raws, strict=True)
    )


def check_averages(images: Sequence[TiltImage]) -> MrcHeader:
    """Header of the first tilt's average, after a look at all of them.

    Raises:
        FormatError: an average that is no MRC file, has more than one section, or another size than the
            first.
    """
    first = read_header(images[0].average)
    for image in images:
        header = read_header(image.average)
        if header.size_px[2] != 1:
            raise FormatError(
                f"{image.average} has {header.size_px[2]} sections; an average has one.",
                "Make the averages again with Warp.",
            )
        if header.size_px != first.size_px:
            raise FormatError(
                f"{image.average} has {header.size_px[0]} x {header.size_px[1]} pixels, but "
                f"{images[0].average} has {first.size_px[0]} x {first.size_px[1]}.",
                "All averages of a tilt series must have one size: make them again with Warp.",
            )
    return first


def raw_size_px(series: TiltSeries, source: DataSource, images: Sequence[TiltImage]) -> RawSize:
    """Size of the raw images: from the first tilt's movie, or from its average where that is gone.

    Then it is the average's size times the pixel size in its header over the source's (M's `LoadMovieSizes`).

    Raises:
        FormatError: the movie or the average cannot be read.
        ModelError: the movie is gone and the average's header has no pixel size.
    """
    raw = images[0].raw
    if raw is not None and raw.suffix.lower() in READABLE:
        x, y = raw_image_size_px(raw)
        return RawSize(float(x), float(y), from_average=False)
    average = images[0].average
    header = read_header(average)
    if not header.angpix > 0:
        raise ModelError(
            f"The raw images of tilt series {series.name} are gone, and the header of {average} has no "
            "pixel size.",
            f"Set the pixel size in the header, or restore the movie {series.movie_paths[0]}.",
        )
    scale = header.angpix / float(source.angpix)
    return RawSize(_near_whole(header.size_px[0] * scale), _near_whole(header.size_px[1] * scale), True)


def _movies(series: TiltSeries, folder: Path, remap: Remap) -> list[Path]:
    return [remap.apply(path) or _movie(folder, path) for path in series.movie_paths]


def _movie(folder: Path, stored: str) -> Path:
    movies = [absolute_path(folder / spelling) for spelling in spellings(stored)]
    return next((movie for movie in movies if _average(movie).is_file()), movies[0])


def _average(movie: Path) -> Path:
    return movie.parent / "average" / f"{movie.stem}.mrc"


def _mask(movie: Path) -> Path | None:
    mask = movie.parent / "mask" / f"{movie.stem}.tif"
    return mask if mask.is_file() else None


def _raw_movie(movie: Path, remap: Remap) -> Path | None:
    """The raw file of a movie: in the data directory of the movie's own XML, or the movie itself."""
    metadata = movie.parent / f"{movie.stem}.xml"
    stored = _movie_data_directory(metadata) if metadata.is_file() else ""
    places = [folder / movie.name for folder in data_folders(stored, movie.parent, remap)]
    return next((place for place in places if place.is_file()), None)


def _movie_data_directory(metadata: Path) -> str:
    return read_xml(metadata, "Movie").get("DataDirectory", "")


def _missing_error(series: TiltSeries, missing: Sequence[Path], tried: Sequence[Path]) -> ModelError:
    first = _average(missing[0])
    places = "; ".join(str(path) for path in tried if path != first)
    also = (
        f" Also tried for the first tilt: {places}."
        if len(missing) == len(series.movie_paths) and places
        else ""
    )
    return ModelError(
        f"{len(missing)} of {len(series.movie_paths)} averages of tilt series {series.name} are missing, "
        f"the first is {first}.{also}",
        "Restore them, or say where the data moved with --remap OLD=NEW, for example "
        f"--remap {series.data_directory or series.xml_path.parent}=/where/it/is/now.",
    )


def _near_whole(size: float) -> float:
    return float(round(size)) if abs(size - round(size)) < _NEAR_WHOLE_PX else size
