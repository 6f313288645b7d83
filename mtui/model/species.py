"""A species: one kind of particle, its maps, its particle table."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from mtui.errors import ModelError
from mtui.formats.files import absolute_path
from mtui.formats.numbers import decimal_text
from mtui.formats.star import count_rows
from mtui.formats.xml import ensure_child, params_of, read_xml, set_param, write_xml
from mtui.model.source import guid_of, positive

_ROOT = "Species"
_WINDOWS_INVALID = frozenset('"<>|:*?\\/') | frozenset(map(chr, range(32)))
_PARTICLES = "_particles.star"
_DEFAULTS = {
    "HelicalUnits": "1",
    "HelicalTwist": "0",
    "HelicalRise": "0",
    "HelicalHeight": "0",
    "DoEwald": "False",
    "EwaldReverse": "True",
    "UseForAlignment": "True",
    "DenoisedAtResolution": "-1",
    "ApplyDenoising": "True",
    "MaskAutoThreshold": "0.02",
    "MaskAutoResolution": "10",
    "MaskUseManual": "True",
}
"""Params that mtui does not use but that M expects in a complete file."""


@dataclass(frozen=True, slots=True)
class Species:
    """A ``.species`` file (M's `Species`). Its particles are loaded apart, by ``versions.load_particles``."""

    path: Path
    guid: str
    name: str
    """Display name; the names of all data files derive from it, not from the ``.species`` file's own name."""
    version: str
    """Eight characters; empty before the first commit."""
    previous_version: str
    dont_version: bool
    angpix: Decimal
    """Å per pixel of the maps."""
    weight_kda: Decimal
    diameter_ang: int
    symmetry: str
    temporal_movement: int
    """Key frames of each particle's position."""
    temporal_rotation: int
    """Key frames of each particle's angles."""
    resolution_ang: Decimal
    """Global resolution; -1 where it was never determined."""
    bfactor_ang2: int
    data_stem: str
    """What the names of the data files start with: NameSafe as found on disk."""
    table_stamp: tuple[int, int] | None = field(default=None, compare=False, repr=False)
    """Size and time of the particle table when the species was loaded: whether it is still the same one."""
    document: bytes = field(default=b"", compare=False, repr=False)
    """The XML it was loaded from, for what mtui does not interpret."""

    @property
    def folder(self) -> Path:
        """Folder with the species' data."""
        return self.path.parent

    @property
    def name_safe(self) -> str:
        """Name without blanks and slashes (M's `NameSafe` on Linux)."""
        return safe_names(self.name)[0]

    @property
    def box_px(self) -> int:
        """Edge of the maps: twice the diameter, even (M's `Species.Size`)."""
        return 2 * int((self.diameter_ang / self.angpix).quantize(Decimal(1), ROUND_HALF_EVEN))

    @property
    def particles_path(self) -> Path:
        """The particle table."""
        return self.folder / f"{self.data_stem}{_PARTICLES}"

    @property
    def versions_folder(self) -> Path:
        """Folder with earlier versions, one sub-folder each."""
        return self.folder / "versions"

    def map_path(self, kind: str) -> Path:
        """A map by the end of its name: ``half1``, ``half2``, ``mask``, ``filt``, ``angdist``, ..."""
        return self.folder / f"{self.data_stem}_{kind}.mrc"


def safe_names(name: str) -> tuple[str, str]:
    """NameSafe as M makes it on Linux, and on Windows, where more characters are deleted."""
    bare = name.replace(" ", "").replace("\0", "").replace("/", "")
    return bare, "".join(letter for letter in bare if letter not in _WINDOWS_INVALID)


def load_species(path: Path) -> Species:
    """Load a ``.species`` file; particles and maps are not opened.

    Raises:
        FormatError: not readable as XML; GUID, name, pixel size or diameter missing; a value that is not what
            its Param must be; no key frames.
    """
    path = absolute_path(path)
    root = read_xml(path, _ROOT)
    params = params_of(path, root)
    name = params.text("Name")
    stem = _find_stem(path.parent, name)
    if not safe_names(name)[0]:
        raise params.error("Name", "the names of the data files derive from it, so it cannot be empty")
    diameter = params.integer("DiameterAngstrom")
    if diameter <= 0:
        raise params.error("DiameterAngstrom", "it must be above zero")
    keys = {key: params.integer(f"TemporalResolution{key}", 1) for key in ("Movement", "Rotation")}
    for key, count in keys.items():
        if count < 1:
            raise params.error(f"TemporalResolution{key}", "there must be at least one key frame")
    return Species(
        path=path,
        guid=guid_of(params),
        name=name,
        version=params.text("Version", ""),
        previous_version=params.text("PreviousVersion", ""),
        dont_version=params.boolean("DontVersion", False),
        angpix=positive(params, "PixelSize"),
        weight_kda=params.decimal("MolecularWeightkDa", Decimal(100)),
        diameter_ang=diameter,
        symmetry=params.text("Symmetry", "C1"),
        temporal_movement=keys["Movement"],
        temporal_rotation=keys["Rotation"],
        resolution_ang=params.decimal("GlobalResolution", Decimal(-1)),
        bfactor_ang2=params.integer("GlobalBFactor", 0),
        data_stem=stem,
        table_stamp=read_table_stamp(path.parent / f"{stem}{_PARTICLES}"),
        document=ET.tostring(root),
    )


def species_document(species: Species) -> ET.Element:
    """The ``.species`` XML of these values; what mtui does not interpret stays as it was loaded."""
    root = ET.fromstring(species.document) if species.document else ET.Element(_ROOT)
    texts = {
        "GUID": species.guid,
        "Version": species.version,
        "PreviousVersion": species.previous_version,
        "DontVersion": str(species.dont_version),
        "Name": species.name,
        "PixelSize": decimal_text(species.angpix),
        "MolecularWeightkDa": decimal_text(species.weight_kda),
        "DiameterAngstrom": str(species.diameter_ang),
        "Symmetry": species.symmetry,
        "TemporalResolutionMovement": str(species.temporal_movement),
        "TemporalResolutionRotation": str(species.temporal_rotation),
        "GlobalResolution": decimal_text(species.resolution_ang),
        "GlobalBFactor": str(species.bfactor_ang2),
    }
    if not species.document:
        texts |= _DEFAULTS
    for name, text in texts.items():
        set_param(root, name, text)
    ensure_child(root, "UsedDataSources")
    return root


def save_species(species: Species) -> None:
    """Write the ``.species`` file; particles and maps are not touched. Raises WriteError."""
    write_xml(species.path, species_document(species))


def count_particles(species: Species) -> int:
    """Number of rows of the particle table, without parsing it.

    Raises:
        ModelError: there is no particle table; M would show an empty species.
    """
    return count_rows(existing_particles(species))


def existing_particles(species: Species) -> Path:
    """The particle table's path; raises ModelError where there is none."""
    if not species.particles_path.is_file():
        raise ModelError(
            f"The species {species.name!r} has no particle table: {species.particles_path} does not exist.",
            "Restore the file, or check whether the species was renamed: the table is named after the Name "
            f"in {species.path.name}.",
        )
    return species.particles_path


def read_table_stamp(path: Path) -> tuple[int, int] | None:
    """Size in bytes and time in nanoseconds of a particle table; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def _find_stem(folder: Path, name: str) -> str:
    names = safe_names(name)
    for stem in names:
        if stem and (folder / f"{stem}{_PARTICLES}").is_file():
            return stem
    tables = sorted(folder.glob(f"*{_PARTICLES}"))
    return tables[0].name.removesuffix(_PARTICLES) if len(tables) == 1 else names[0]
