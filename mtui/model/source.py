"""A data source: the tilt series of one project, their hashes, pixel size and volume size."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np

from mtui.errors import FormatError
from mtui.formats.files import absolute_path
from mtui.formats.numbers import decimal_text
from mtui.formats.xml import Values, ensure_child, params_of, read_xml, set_param, write_xml

_ROOT = "DataSource"
_DEFAULTS = {
    "RelativeWeight": "1",
    "RelativeBFactor": "0,0,0",
    "GainFlipX": "False",
    "GainFlipY": "False",
    "GainTranspose": "False",
    "DosePerAngstromFrame": "0",
    "EERGroupFrames": "10",
    "GainPath": "",
    "DefectsPath": "",
}
"""Params that mtui does not use but that M expects in a complete file."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One tilt series of a source."""

    hash: str
    """Data hash, the key that particles carry; used as it is, never recomputed."""
    name: str
    """File name with extension and without folder, usually ``<root>.tomostar``."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """A ``.source`` file (M's `DataSource`)."""

    path: Path
    guid: str
    name: str
    version: str
    previous_version: str
    dont_version: bool
    angpix: Decimal
    """Å per pixel of the unbinned raw data."""
    dimensions_px: tuple[Decimal, Decimal, Decimal]
    """Volume size x, y, z in unbinned pixels."""
    frame_limit: int
    """Largest number of tilts to use."""
    files: tuple[SourceFile, ...]
    document: bytes = field(default=b"", compare=False, repr=False)
    """The XML it was loaded from, for what mtui does not interpret."""

    @property
    def folder(self) -> Path:
        """Processing folder: it holds the tilt series' XML files."""
        return self.path.parent

    @property
    def volume_ang(self) -> tuple[float, float, float]:
        """Volume size x, y, z in Å, a float32 product (M's `DimensionsPhysical`)."""
        x, y, z = (float(np.float32(edge) * np.float32(self.angpix)) for edge in self.dimensions_px)
        return x, y, z

    @property
    def is_tilt_series(self) -> bool:
        """Whether the files are tilt series, which M judges by the first name."""
        return bool(self.files) and ".tomostar" in self.files[0].name


def load_source(path: Path) -> DataSource:
    """Load a ``.source`` file.

    Raises:
        FormatError: not readable as XML; GUID, pixel size or dimensions missing, not numbers or not positive;
            a file entry without hash or name, or two entries with the same one.
    """
    path = absolute_path(path)
    root = read_xml(path, _ROOT)
    params = params_of(path, root)
    return DataSource(
        path=path,
        guid=guid_of(params),
        name=params.text("Name", "New Source"),
        version=params.text("Version", ""),
        previous_version=params.text("PreviousVersion", ""),
        dont_version=params.boolean("DontVersion", False),
        # Sources of M 1.0.9 have three legacy Params, of which M reads the first.
        angpix=positive(params, "PixelSizeX" if "PixelSizeX" in params.texts else "PixelSize"),
        dimensions_px=(
            positive(params, "DimensionsX"),
            positive(params, "DimensionsY"),
            positive(params, "DimensionsZ"),
        ),
        frame_limit=params.integer("FrameLimit", -1),
        files=_read_files(path, root),
        document=ET.tostring(root),
    )


def save_source(source: DataSource) -> None:
    """Write the ``.source`` file; what mtui does not interpret stays. Raises WriteError."""
    root = ET.fromstring(source.document) if source.document else ET.Element(_ROOT)
    texts = {
        "GUID": source.guid,
        "Version": source.version,
        "PreviousVersion": source.previous_version,
        "DontVersion": str(source.dont_version),
        "Name": source.name,
        "PixelSize": decimal_text(source.angpix),
        **{
            f"Dimensions{axis}": decimal_text(edge)
            for axis, edge in zip("XYZ", source.dimensions_px, strict=True)
        },
        "FrameLimit": str(source.frame_limit),
    }
    known = params_of(source.path, root).texts
    if "PixelSizeX" in known:
        texts["PixelSizeX"] = texts["PixelSize"]
    texts |= {name: value for name, value in _DEFAULTS.items() if not source.document and name not in known}
    for name, text in texts.items():
        set_param(root, name, text)
    ensure_child(root, "UsedSpecies")
    _update_files(ensure_child(root, "Files"), source.files)
    write_xml(source.path, root)


def guid_of(params: Values) -> str:
    """The GUID Param, lower case with dashes; any form that .NET writes is accepted."""
    try:
        return str(uuid.UUID(params.text("GUID").strip().strip("()")))
    except ValueError as error:
        raise params.error("GUID", "it must be a GUID") from error


def positive(params: Values, name: str) -> Decimal:
    """A decimal Param above zero."""
    value = params.decimal(name)
    if value <= 0:
        raise params.error(name, "it must be above zero")
    return value


def _read_files(path: Path, root: ET.Element) -> tuple[SourceFile, ...]:
    entries = root.findall("Files/File")
    files = tuple(SourceFile(entry.get("Hash", ""), entry.get("Name", "")) for entry in entries)
    hashes: dict[str, int] = {}
    names: dict[str, int] = {}
    for number, file in enumerate(files, start=1):
        if not file.hash or not file.name:
            raise FormatError(
                f"{path}: <File> number {number} has no {'Name' if file.hash else 'Hash'}.",
                "Remove that line or restore its attributes.",
            )
        for seen, key in ((hashes, file.hash), (names, file.name)):
            if key in seen:
                raise FormatError(
                    f"{path}: <File> numbers {seen[key]} and {number} have the same "
                    f"{'Hash' if seen is hashes else 'Name'}, {key!r}.",
                    "Remove one of the two lines.",
                )
            seen[key] = number
    return files


def _update_files(element: ET.Element, files: tuple[SourceFile, ...]) -> None:
    entries = {entry.get("Hash"): entry for entry in element}
    for entry in list(element):
        element.remove(entry)
    for file in files:
        kept = entries.get(file.hash, ET.Element("File", {"Hash": file.hash}))
        kept.set("Name", file.name)
        element.append(kept)
