"""What an export takes the place of: tables of the same name, and files that only they list.

An interrupted export must not leave an old table that lists new images. So the old tables go before the
first image is replaced, and with them what belongs to them and the new export does not write: the other
tables of their set, the images that they list, and the averages of those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from mtui.errors import InputError
from mtui.formats.files import write_error
from mtui.jobs.names import image_names, table_paths
from mtui.jobs.unit_poses import profile_of
from mtui.model.export_plan import ExportPlan
from mtui.profiles.check_images import find_base
from mtui.profiles.exported import ExportedSet, beside, read_exported
from mtui.profiles.names import family_of
from mtui.profiles.registry import PROFILES

IMAGE_FOLDERS = ("subtomo", "particleseries")


def stale_files(plan: ExportPlan) -> list[Path]:
    """Files that would stay beside the new ones: of the set in the way, or of an export that was interrupted.

    Of a set, its other tables, its images and their averages; without a table, images that are named as if
    this export had made them, of particles that it does not have.
    """
    stale = set(_orphans(plan))
    found = _read_set(plan.output)
    if found is not None:
        stale |= {beside(plan.output, ending) for ending in PROFILES[found.profile].endings}
        stale |= _images_of(found, plan)
    stale -= set(table_paths(plan))
    written = _written_names(plan, {path.parent for path in stale})
    return sorted(path for path in stale if path.name not in written.get(path.parent, ()) and path.is_file())


def refuse_divided_sets(plan: ExportPlan, in_the_way: Collection[Path]) -> None:
    """Refuse to replace images that a table of another name lists too; it would then list wrong ones.

    Raises InputError.
    """
    replaced = {_identity(path) for path in in_the_way}
    own = {plan.output, *(beside(plan.output, e) for profile in PROFILES.values() for e in profile.endings)}
    for star in sorted(plan.output.parent.glob("*.star")) if replaced else ():
        found = None if star in own else _read_set(star)
        if found is not None and not replaced.isdisjoint(_images_of(found, plan)):
            raise InputError(
                f"{star} goes with images that this export would replace; it would then list other images "
                "than it describes.",
                "Choose another folder, or export to the same table; or remove that table first.",
            )


def remove_replaced(plan: ExportPlan) -> None:
    """Remove the tables that will be written anew, and stale files; raises WriteError."""
    stale = stale_files(plan)
    for path in [*reversed(table_paths(plan)), *stale]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(path, error) from error


def _read_set(star: Path) -> ExportedSet | None:
    """The exported set with this main table, if it is one."""
    if not star.is_file():
        return None
    try:
        found = read_exported(star)
    except InputError:
        return None
    return found if found.star == star else None


def _images_of(found: ExportedSet, plan: ExportPlan) -> set[Path]:
    """Images that a set lists and that lie where exports put them, and their averages."""
    names = found.image_names
    base = find_base(names, (found.star.parent, plan.base))
    paths = (_identity(Path(base, name)) for name in names)
    listed = {path for path in paths if path.parent.parent.name in IMAGE_FOLDERS}
    families = ((path, family_of(path.name)) for path in listed)
    return listed | {path.with_name(family.average) for path, family in families if family is not None}


def _orphans(plan: ExportPlan) -> Iterator[Path]:
    """Images that are named like those that the export writes to a series' folder."""
    profile, species = profile_of(plan), plan.species.name_safe
    for series in plan.series:
        names = profile.image_names(plan.target.kind, series.ref.root, species, 0, series.pixel)
        family = family_of(names[0]) if names else None
        if family is not None and series.folder.is_dir():
            alike = (path for path in series.folder.iterdir() if family_of(path.name) == family)
            yield from map(_identity, alike)


def _written_names(plan: ExportPlan, folders: Collection[Path]) -> dict[Path, set[str]]:
    """Names of the images that the export writes to these folders; none are made up for others."""
    series_of = {series.folder.resolve(): series for series in plan.series} if folders else {}
    return {folder: set(image_names(plan, series_of[folder])) for folder in folders if folder in series_of}


def _identity(path: Path) -> Path:
    """The same for one file, however the path to its folder is written."""
    return path.parent.resolve() / path.name
