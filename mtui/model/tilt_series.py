"""A tilt series: its geometry, CTF and images as Warp and M describe them in XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mtui.errors import FormatError, ModelError
from mtui.formats.files import absolute_path
from mtui.formats.xml import read_xml
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import TiltGeometry
from mtui.model.population import SeriesRef
from mtui.model.remap import Remap, data_folders
from mtui.model.series_lists import TiltLists, read_lists
from mtui.model.series_values import read_ctf, read_geometry
from mtui.model.tomostar import read_tomostar

ROOT = "TiltSeries"


@dataclass(frozen=True, slots=True)
class TiltSeries:
    """The metadata of one tilt series (M's `TiltSeries`). Tilts are in file order everywhere."""

    name: str
    """Root name: file names without extension."""
    xml_path: Path
    geometry: TiltGeometry
    ctf: SeriesCtf
    movie_paths: tuple[str, ...]
    """As stored: relative to the data directory; empty where the file lists none."""
    data_directory: str
    """As stored; empty for the XML's folder. It may be on another machine, see `remap.data_folders`."""
    document: bytes = field(default=b"", compare=False, repr=False)
    """The XML it was loaded from, for what mtui does not interpret (spectra, options)."""

    @property
    def n_tilts(self) -> int:
        """Number of tilts, deselected ones included."""
        return len(self.geometry.angles_deg)


def load_tilt_series(series: SeriesRef | Path, remap: Remap | None = None) -> TiltSeries:
    """Load a tilt series from its XML file (M's `TiltSeries.LoadMeta`).

    Where the XML lists no tilts, angles, doses and movies come from the ``.tomostar`` file, as in M; unlike
    M, a single tilt that the XML describes fully is taken from there. A missing XML is an error, where M
    would go on with a defocus of 0.

    Raises:
        ModelError: the XML does not exist.
        FormatError: not readable as XML; a value that is not what it must be, where M would silently keep
            defaults for it and all that follows; lists or grids that do not have one entry per tilt.
    """
    path = absolute_path(series if isinstance(series, Path) else series.xml_path)
    if not path.is_file():
        raise ModelError(
            f"The metadata of tilt series {path.stem} are missing: {path} does not exist.",
            "Restore the file, or process the tilt series in Warp: alignment and CTF are in there.",
        )
    name = path.stem if isinstance(series, Path) else series.root
    return tilt_series_of(path, read_xml(path, ROOT), name, remap or Remap())


def tilt_series_of(path: Path, root: ET.Element, name: str, remap: Remap | None = None) -> TiltSeries:
    """Tilt series of an XML document that ``path`` holds or will hold; raises FormatError."""
    lists = read_lists(path, root)
    if lists is None:
        lists = _lists_of_tomostar(path, root, remap or Remap())
    return TiltSeries(
        name=name,
        xml_path=path,
        geometry=read_geometry(path, root, lists),
        ctf=read_ctf(path, root, len(lists.angles_deg)),
        movie_paths=lists.movie_paths,
        data_directory=root.get("DataDirectory", ""),
        document=ET.tostring(root),
    )


def _lists_of_tomostar(path: Path, root: ET.Element, remap: Remap) -> TiltLists:
    name = f"{path.stem}.tomostar"
    places = [folder / name for folder in data_folders(root.get("DataDirectory", ""), path.parent, remap)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise FormatError(
            f"{path} lists no tilts, and there is no {name} in {' or '.join(str(p.parent) for p in places)}.",
            "Import the tilt series again with Warp.",
        )
    table = read_tomostar(found)
    return TiltLists(
        angles_deg=table.angles_deg,
        dose=table.dose,
        use_tilt=np.ones(len(table.angles_deg), np.bool_),
        axis_angle_deg=table.axis_angle_deg,
        axis_offset_x_ang=table.axis_offset_x_ang,
        axis_offset_y_ang=table.axis_offset_y_ang,
        movie_paths=table.movie_paths,
    )
