"""A species' particles and their versions: load, commit, list, restore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mtui.errors import ModelError
from mtui.formats.files import file_chunks, write_together
from mtui.formats.locks import exclusive_lock
from mtui.formats.star import count_rows
from mtui.formats.xml import xml_bytes
from mtui.model.particle_tables import m_table_chunks, read_m_particles, write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.species import Species, existing_particles, load_species, save_species, species_document
from mtui.model.version_folders import (
    MAPS,
    add_version,
    archive_current,
    complete_versions,
    find_version,
    remove_leftovers,
    same_files,
)
from mtui.model.version_text import compute_version, same_as_written

__all__ = [
    "VersionEntry",
    "commit_particles",
    "compute_version",
    "list_versions",
    "load_particles",
    "restore_version",
]


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """One version of a species."""

    name: str
    """Name of its folder, which is its version text; empty for a species that was never committed."""
    previous_version: str
    """Version text of the one before it."""
    species: Species
    """The species as it was; its paths lead into the version's folder where it has one."""
    particles: int
    time: datetime
    """When its particle table was written, in local time."""
    is_current: bool


def load_particles(species: Species) -> ParticleSet:
    """Particles of a species, with its numbers of key frames.

    Raises:
        ModelError: there is no particle table.
        FormatError: see `particle_tables.read_m_particles`.
    """
    return read_m_particles(existing_particles(species), species.temporal_movement, species.temporal_rotation)


def commit_particles(species: Species, particles: ParticleSet) -> Species:
    """Give a species other particles as a new version (M's `Species.Commit`); returns it as it is now.

    Under a lock: the version before is put into ``versions/`` unless it is there, then the new one, complete;
    only then the species' own files are replaced, the angular distribution (which would be stale) being
    dropped first, the ``.species`` file being last. A crash at any point leaves a species that M can read,
    and the next commit or restore completes what was interrupted. If the table would be the same, nothing is
    written and the version stays. With ``DontVersion`` there is no ``versions/`` folder, as in M.

    Raises:
        ModelError: no particles; key frames that are not the species'; the species changed on disk since it
            was loaded; a half map or the mask is missing.
        WriteError: somebody else is changing the species, or a file could not be written.
    """
    _refuse_unfit(species, particles)
    with _unchanged(species) as current:
        if same_as_written(load_particles(current), particles):
            return current
        version = compute_version(current, particles)
        # Half-sets and extra columns are not part of the text: such a change keeps it, as in M.
        before = current.version if current.dont_version else _text_of(current)
        previous = current.previous_version if version == before else before
        new = replace(current, version=version, previous_version=previous)
        if current.dont_version:
            table = m_table_chunks(current.particles_path, particles)
        else:
            archive_current(current, before)
            archived = add_version(new, lambda path: write_m_particles(path, particles))
            table = file_chunks(archived.particles_path)
        write_together(
            [(current.particles_path, table), (new.path, (xml_bytes(species_document(new)),))],
            removing=[current.map_path("angdist")],
        )
        return load_species(species.path)


def restore_version(species: Species, name: str) -> Species:
    """Make an earlier version current again; returns the species as it is now.

    The current one is put into ``versions/`` first, unless it is there. Restored are the particle table, the
    numbers of key frames, the angular distribution, and those of both half maps and the mask that differ,
    with their pixel size, resolution and B-factor; name, symmetry and all else stay as they are now.

    Raises:
        InputError: there is no such version.
        ModelError: the species changed on disk since it was loaded.
        WriteError: somebody else is changing the species, or a file could not be written.
    """
    with _unchanged(species) as current:
        wanted = find_version(current, name)
        if (
            same_files(wanted.particles_path, existing_particles(current))
            and wanted.version == current.version
        ):
            return current
        archive_current(current, _text_of(current))
        maps = [kind for kind in MAPS if _differs(wanted.map_path(kind), current.map_path(kind))]
        restored = _restored(current, wanted, with_maps=bool(maps))
        plot = ["angdist"] if wanted.map_path("angdist").is_file() else []
        parts: list[tuple[Path, Iterable[bytes]]] = [
            (current.map_path(kind), file_chunks(wanted.map_path(kind))) for kind in (*maps, *plot)
        ]
        parts.append((current.particles_path, file_chunks(wanted.particles_path)))
        parts.append((current.path, (xml_bytes(species_document(restored)),)))
        write_together(parts, removing=[] if plot else [current.map_path("angdist")])
        return load_species(species.path)


def list_versions(species: Species) -> tuple[VersionEntry, ...]:
    """All versions that can be restored: the current one first, then its predecessors, then others by time.

    Folders without a particle table or with a broken ``.species`` file are left out.

    Raises:
        ModelError: there is no particle table.
        FormatError: a particle table is broken.
    """
    existing_particles(species)
    entries = [_entry(archived.folder.name, archived, species) for archived in complete_versions(species)]
    current = next((entry for entry in entries if entry.is_current), None)
    if current is None:
        current = _entry(species.version, species, species)
        entries.append(current)
    ordered = [current]
    others = sorted(
        (entry for entry in entries if entry is not current), key=lambda entry: entry.time, reverse=True
    )
    while before := next((entry for entry in others if entry.name == ordered[-1].previous_version), None):
        ordered.append(before)
        others.remove(before)
    return (*ordered, *others)


def _text_of(species: Species) -> str:
    return species.version or compute_version(species, load_particles(species))


def _refuse_unfit(species: Species, particles: ParticleSet) -> None:
    if not len(particles):
        raise ModelError(
            f"The species {species.name!r} would have no particles left.",
            "M cannot store an empty set: keep at least one particle.",
        )
    wanted = (species.temporal_movement, species.temporal_rotation)
    if (particles.movement, particles.rotation) != wanted:
        raise ModelError(
            f"The new particles have {particles.movement} and {particles.rotation} key frames, "
            f"the species {species.name!r} has {wanted[0]} and {wanted[1]}.",
            "Resample the particles to the species' key frames.",
        )


@contextmanager
def _unchanged(species: Species) -> Iterator[Species]:
    """The species as on disk, locked; refused if it is not the one that was loaded."""
    with exclusive_lock(species.folder / f".{species.data_stem}.lock"):
        remove_leftovers(species)
        current = _completed(load_species(species.path))
        if current.version != species.version:
            raise ModelError(
                f"The species {species.name!r} changed on disk: it was loaded as version "
                f"{species.version!r}, now it is {current.version!r}.",
                "Open the population again and repeat the operation.",
            )
        if species.table_stamp is not None and current.table_stamp != species.table_stamp:
            raise ModelError(
                f"The particle table {species.particles_path} changed on disk since the species was loaded.",
                "Open the population again and repeat the operation.",
            )
        yield current


def _completed(species: Species) -> Species:
    """The species with an interrupted commit completed: its table is one version's, its text another's."""
    archived = complete_versions(species)
    own = [entry for entry in archived if entry.version == species.version]
    if not own or not species.particles_path.is_file():
        return species
    table = species.particles_path
    if any(same_files(entry.particles_path, table) for entry in own):
        return species
    found = next((entry for entry in archived if same_files(entry.particles_path, table)), None)
    if found is None:
        return species
    save_species(_restored(species, found, with_maps=False))
    return load_species(species.path)


def _restored(current: Species, wanted: Species, with_maps: bool) -> Species:
    source = wanted if with_maps else current
    return replace(
        current,
        version=wanted.version,
        previous_version=current.version,
        temporal_movement=wanted.temporal_movement,
        temporal_rotation=wanted.temporal_rotation,
        angpix=source.angpix,
        resolution_ang=source.resolution_ang,
        bfactor_ang2=source.bfactor_ang2,
    )


def _entry(name: str, archived: Species, live: Species) -> VersionEntry:
    table = archived.particles_path
    is_current = archived.version == live.version and same_files(table, live.particles_path)
    return VersionEntry(
        name=name,
        # After an undo the version before is the one that was undone, not the one at the time.
        previous_version=(live if is_current else archived).previous_version,
        species=archived,
        particles=count_rows(table),
        time=datetime.fromtimestamp(table.stat().st_mtime).astimezone(),
        is_current=is_current,
    )


def _differs(archived: Path, live: Path) -> bool:
    return archived.is_file() and not (live.is_file() and same_files(archived, live))
