"""The ``versions/`` folder of a species: one complete sub-folder per version, never changed again."""

from __future__ import annotations

import contextlib
import filecmp
import glob
import itertools
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mtui.errors import InputError, ModelError, WriteError
from mtui.formats.files import copy_file, discard_file, flush_folder, make_folder, write_error
from mtui.model.species import Species, load_species, save_species

MAPS = ("half1", "half2", "mask")
_ANGULAR = "_angdist.mrc"
_TABLE = "_particles.star"
_COPIED = (*(f"_{kind}.mrc" for kind in MAPS), "_noisenet.pt")
"""What M puts into a version's folder, beside the table."""


def version_folders(species: Species) -> tuple[Path, ...]:
    """Folders that hold a ``.species`` file, by name."""
    if not species.versions_folder.is_dir():
        return ()
    found = (path for path in species.versions_folder.iterdir() if not path.name.startswith("."))
    return tuple(sorted(path for path in found if _species_file(path) is not None))


def archived_species(folder: Path) -> Species:
    """The species as a version's folder has it.

    Raises:
        ModelError: the folder holds no ``.species`` file, or no particle table.
        FormatError: the ``.species`` file is broken.
    """
    path = _species_file(folder)
    if path is None:
        raise ModelError(f"{folder} holds no version of a species.", "Choose a folder below versions/.")
    species = load_species(path)
    if not species.particles_path.is_file():
        raise ModelError(f"{folder} holds no particle table.", "Choose another version.")
    return species


def complete_versions(species: Species) -> list[Species]:
    """The versions that can be read, each as its folder has it, by folder name.

    A broken one is left out: it must not keep anybody from committing a new one.
    """
    versions = []
    for folder in version_folders(species):
        with contextlib.suppress(InputError):
            versions.append(archived_species(folder))
    return versions


def find_version(species: Species, name: str) -> Species:
    """The version in the folder of that name.

    Raises:
        InputError: there is no such version (with the list of those that are there).
    """
    folders = {folder.name: folder for folder in version_folders(species)}
    if name not in folders:
        known = ", ".join(folders) or "none"
        raise InputError(
            f"The species {species.name!r} has no version {name!r}.", f"Its versions are: {known}."
        )
    return archived_species(folders[name])


def same_files(first: Path, second: Path) -> bool:
    """Whether two files hold the same bytes."""
    return filecmp.cmp(first, second, shallow=False)


def archive_current(species: Species, version: str) -> None:
    """Put the species as it is on disk into ``versions/`` unless it is there; raises WriteError.

    Maps are copied, not linked: M overwrites its files in place. A species that never had a version text is
    archived with the one that its files give, so that it can be found and restored.
    """
    if _holds_table_of(species.versions_folder / version, species):
        return

    def fill(folder: Path) -> None:
        if species.version:
            copy_file(species.path, folder / species.path.name)
        else:
            save_species(replace(species, path=folder / species.path.name, version=version))
        for suffix in (_TABLE, _ANGULAR, *_COPIED):
            _copy_if_there(species, suffix, folder)

    _publish(species, version, fill)


def add_version(species: Species, table: Callable[[Path], None]) -> Species:
    """Create the folder of a new version, complete; raises WriteError.

    ``species`` has the new version's values and the path of the current one; ``table`` writes the particle
    table. Returns the species as archived. The angular distribution belongs to the old particles and is left
    out.
    """

    def fill(folder: Path) -> None:
        table(folder / species.particles_path.name)
        for suffix in _COPIED:
            _copy_if_there(species, suffix, folder)
        save_species(replace(species, path=folder / species.path.name))

    return archived_species(_publish(species, species.version, fill))


def remove_leftovers(species: Species) -> None:
    """Delete what an interrupted commit left unfinished; only while the species is locked."""
    for path in species.versions_folder.glob(".*.tmp"):
        shutil.rmtree(path, ignore_errors=True)
    for path in species.folder.glob(f".{glob.escape(species.data_stem)}*.tmp"):
        discard_file(path)


def _publish(species: Species, version: str, fill: Callable[[Path], None]) -> Path:
    """Fill a temporary folder and move it to ``versions/<version>``.

    Where another particle table has taken that name (half-sets and extra columns are not part of the version
    text), ``<version>-2`` and so on are tried.
    """
    make_folder(species.versions_folder)
    temporary = species.versions_folder / f".{version}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
    make_folder(temporary)
    try:
        fill(temporary)
        written = archived_species(temporary)
        names = itertools.chain((version,), (f"{version}-{number}" for number in itertools.count(2)))
        folders = (species.versions_folder / name for name in names)
        target = next(folder for folder in folders if not folder.exists() or _holds_table_of(folder, written))
        if not target.exists():
            temporary.rename(target)
            flush_folder(species.versions_folder)
    except WriteError as error:
        raise WriteError(
            error.message.replace(str(temporary), str(species.versions_folder / version)), error.hint
        ) from error
    except OSError as error:
        raise write_error(species.versions_folder / version, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _holds_table_of(folder: Path, species: Species) -> bool:
    with contextlib.suppress(InputError):
        archived = archived_species(folder)
        return same_files(archived.particles_path, species.particles_path)
    return False


def _copy_if_there(species: Species, suffix: str, folder: Path) -> None:
    source = species.folder / f"{species.data_stem}{suffix}"
    if source.is_file():
        copy_file(source, folder / source.name)
        # The table's time is the version's time.
        times = source.stat()
        os.utime(folder / source.name, ns=(times.st_atime_ns, times.st_mtime_ns))


def _species_file(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("*.species"))), None)
