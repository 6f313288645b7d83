"""A population: the species and sources that M refines together."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mtui.errors import InputError, ModelError
from mtui.formats.files import absolute_path, relative_posix, resolve_reference
from mtui.formats.xml import ensure_child, params_of, read_xml, set_param, write_xml
from mtui.model.source import DataSource, load_source
from mtui.model.species import Species, load_species

_ROOT = "Population"

Entry = TypeVar("Entry", Species, DataSource)


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """A species or source that is listed but cannot be loaded."""

    guid: str
    path: Path
    error: InputError = field(compare=False)


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """One tilt series as a source lists it."""

    source: DataSource
    hash: str
    name: str

    @property
    def root(self) -> str:
        """Name without its last extension (M's `RootName`)."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def xml_path(self) -> Path:
        """Metadata, beside the source file."""
        return self.source.folder / f"{self.root}.xml"


@dataclass(frozen=True, slots=True)
class Population:
    """A ``.population`` file with what it refers to (M's `Population`)."""

    path: Path
    name: str
    species: tuple[Species | BrokenEntry, ...]
    sources: tuple[DataSource | BrokenEntry, ...]
    document: bytes = field(default=b"", compare=False, repr=False)
    """The XML it was loaded from, for what mtui does not interpret (the last refinement's options)."""

    @property
    def valid_species(self) -> tuple[Species, ...]:
        """Species that could be loaded."""
        return tuple(entry for entry in self.species if isinstance(entry, Species))

    @property
    def valid_sources(self) -> tuple[DataSource, ...]:
        """Sources that could be loaded."""
        return tuple(entry for entry in self.sources if isinstance(entry, DataSource))

    def find_species(self, text: str) -> Species:
        """Species by its name, the file-safe form of its name, or its GUID.

        Raises:
            InputError: none or more than one fits (with the list), or the one meant cannot be loaded.
        """
        hits = [entry for entry in self.species if text in _names(entry)]
        if not hits:
            raise self._unknown_species(text)
        if len(hits) > 1:
            listed = "; ".join(f"{_label(entry)} {entry.guid}" for entry in hits)
            raise InputError(
                f"{text!r} fits {len(hits)} species of {self.path}: {listed}.",
                "Give the GUID of one of them.",
            )
        if isinstance(hits[0], BrokenEntry):
            raise hits[0].error
        return hits[0]

    def _unknown_species(self, text: str) -> InputError:
        known = ", ".join(repr(species.name) for species in self.valid_species) or "none"
        broken = [entry for entry in self.species if isinstance(entry, BrokenEntry)]
        # The name of a species is in its file, so a broken one may be the one that was meant.
        also = "".join(f" One that cannot be loaded: {entry.error}" for entry in broken)
        return InputError(
            f"{self.path} has no species {text!r}.",
            f"Its species are: {known}. A GUID is accepted too.{also}",
        )

    def series_by_hash(self) -> dict[str, SeriesRef]:
        """Tilt series by data hash; of two sources that list one hash, the first counts."""
        found: dict[str, SeriesRef] = {}
        for source in self.valid_sources:
            for file in source.files:
                found.setdefault(file.hash, SeriesRef(source, file.hash, file.name))
        return found

    def shared_series(self) -> tuple[tuple[SeriesRef, SeriesRef], ...]:
        """Tilt series listed by two sources: the one that counts and the one that is passed over.

        M would process such a series once for each source.
        """
        first = self.series_by_hash()
        return tuple(
            (first[file.hash], SeriesRef(source, file.hash, file.name))
            for source in self.valid_sources
            for file in source.files
            if first[file.hash].source is not source
        )


def load_population(path: Path, *, strict: bool = True) -> Population:
    """Load a ``.population`` file with all its species and sources; nothing is written.

    With ``strict`` the first entry that cannot be loaded raises; otherwise it stands as a BrokenEntry.

    Raises:
        FormatError: not readable as XML, an entry without GUID or path, or see `load_species`, `load_source`.
        ModelError: a species or source file does not exist, or its GUID is not the one listed.
    """
    path = absolute_path(path)
    root = read_xml(path, _ROOT)
    return Population(
        path=path,
        name=params_of(path, root).text("Name", ""),
        species=_load_entries(path, root, "Species", load_species, strict),
        sources=_load_entries(path, root, "Source", load_source, strict),
        document=ET.tostring(root),
    )


def save_population(population: Population) -> None:
    """Write the ``.population`` file, not what it refers to. Raises WriteError.

    Paths are written relative to the file and as plain text: M's own percent-encoded ones cannot be read
    back.
    """
    root = ET.fromstring(population.document) if population.document else ET.Element(_ROOT)
    set_param(root, "Name", population.name)
    _update_entries(population.path.parent, ensure_child(root, "Species"), "Species", population.species)
    _update_entries(population.path.parent, ensure_child(root, "Sources"), "Source", population.sources)
    write_xml(population.path, root)


def _load_entries(
    path: Path, root: ET.Element, tag: str, load: Callable[[Path], Entry], strict: bool
) -> tuple[Entry | BrokenEntry, ...]:
    plural = "Species" if tag == "Species" else "Sources"
    return tuple(
        _load_entry(path, entry, number, load, strict)
        for number, entry in enumerate(root.findall(f"{plural}/{tag}"), start=1)
    )


def _load_entry(
    path: Path, entry: ET.Element, number: int, load: Callable[[Path], Entry], strict: bool
) -> Entry | BrokenEntry:
    kind = entry.tag.lower()
    target = resolve_reference(path.parent, entry.get("Path", ""))
    guid = entry.get("GUID", "")
    try:
        if not entry.get("Path") or not guid:
            raise ModelError(
                f"{path}: {kind} number {number} has no {'GUID' if entry.get('Path') else 'Path'}.",
                "Restore the attribute, or remove the entry.",
            )
        guid = _normal_guid(path, kind, number, guid)
        if not target.is_file():
            raise ModelError(
                f"{path} lists the {kind} {target}, which does not exist.",
                f"Restore the file, or correct the Path of {kind} number {number}.",
            )
        loaded = load(target)
        if loaded.guid != guid:
            raise ModelError(
                f"{path} lists {target} with the GUID {guid}, but that file says {loaded.guid}.",
                f"Correct the GUID of {kind} number {number}, or restore the file that belongs there.",
            )
    except InputError as error:
        if strict:
            raise
        return BrokenEntry(guid, target, error)
    return loaded


def _normal_guid(path: Path, kind: str, number: int, text: str) -> str:
    try:
        return str(uuid.UUID(text.strip().strip("()")))
    except ValueError as error:
        raise ModelError(
            f"{path}: the GUID of {kind} number {number} is {text!r}, which is not a GUID.",
            "Correct the GUID.",
        ) from error


def _update_entries(
    folder: Path, element: ET.Element, tag: str, entries: tuple[Species | DataSource | BrokenEntry, ...]
) -> None:
    known = {(entry.get("GUID", "").lower().strip("{}"), entry.tag): entry for entry in element}
    for child in list(element):
        element.remove(child)
    for entry in entries:
        kept = known.get((entry.guid.lower(), tag), ET.Element(tag, {"GUID": entry.guid}))
        stored = kept.get("Path", "")
        # A path that already leads there is left alone: it may be absolute on purpose.
        if not stored or (folder / stored).resolve() != entry.path.resolve():
            kept.set("Path", relative_posix(entry.path, folder))
        element.append(kept)


def _names(entry: Species | BrokenEntry) -> tuple[str, ...]:
    if isinstance(entry, BrokenEntry):
        return (entry.guid, entry.path.stem)
    return (entry.name, entry.name_safe, entry.data_stem, entry.guid)


def _label(entry: Species | BrokenEntry) -> str:
    return str(entry.path.name) if isinstance(entry, BrokenEntry) else repr(entry.name)
