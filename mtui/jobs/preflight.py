"""What can be known to go wrong before a job starts: places, files in the way, space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mtui.errors import InputError
from mtui.formats import files
from mtui.jobs.names import image_names, table_paths
from mtui.jobs.replacing import refuse_divided_sets, stale_files
from mtui.jobs.wording import byte_text, plural
from mtui.model.export_plan import ExportPlan, SeriesPlan

SHOWN_FILES = 3
MARGIN_FILES = 20
"""Files of the job's own record."""
MARGIN_BYTES = 1 << 20
"""Left free for the job's own records."""


def check_start(plan: ExportPlan) -> None:
    """Refuse an export that could not be finished or would destroy something.

    Raises:
        InputError: the output is a folder or one of the inputs, a folder cannot be written, files of another
            export are in the way, another table lists images that would be replaced, or there is too little
            space or room for too few files.
    """
    check_places(plan)
    if not plan.settings.overwrite:
        check_replaced(plan)
    refuse_divided_sets(plan, _existing_images(plan))
    check_space(plan)


def check_places(plan: ExportPlan) -> None:
    """Refuse a table that cannot be written where it shall be; see :func:`check_start`."""
    output = plan.output
    if output.is_dir():
        raise InputError(f"{output} is a folder.", "Add the name of the STAR file to write.")
    if any(_is_same_file(output, path) for path in _inputs(plan)):
        raise InputError(
            f"{output} is a file that the export reads; it would be lost.",
            "Choose another name for the table.",
        )
    for folder in _folders(plan):
        ancestor = files.existing_ancestor(folder)
        if not ancestor.is_dir():
            raise InputError(f"{folder} cannot be created: {ancestor} is a file.", "Choose another folder.")
        if not files.is_writable_folder(folder):
            raise InputError(
                f"{folder} cannot be written: no permission in {ancestor}.",
                "Choose another folder, or ask its owner for permission.",
            )


def check_replaced(plan: ExportPlan) -> None:
    """Refuse to replace files of another export; see :func:`check_start`."""
    in_the_way = [path for path in table_paths(plan) if path.exists()]
    in_the_way += [*_existing_images(plan), *stale_files(plan)]
    if in_the_way:
        shown = ", ".join(str(path) for path in in_the_way[:SHOWN_FILES])
        more = f" and {len(in_the_way) - SHOWN_FILES:,} more" if len(in_the_way) > SHOWN_FILES else ""
        raise InputError(
            f"{plural(len(in_the_way), 'file')} of another export would be replaced: {shown}{more}.",
            "Choose another place, or replace them with --overwrite.",
        )


def check_space(plan: ExportPlan) -> None:
    """Refuse an export that does not fit; files that it replaces free their space only one by one."""
    particles: dict[int, int] = {}
    place_of: dict[int, Path] = {}
    for series in plan.series:
        disk = files.existing_ancestor(series.folder).stat().st_dev
        particles[disk] = particles.get(disk, 0) + len(series.rows)
        place_of.setdefault(disk, series.folder)
    amount, total = plan.amount, max(1, plan.n_particles)
    for disk, count in particles.items():
        place = place_of[disk]
        _require_bytes(place, MARGIN_BYTES + amount.bytes * count // total)
        _require_files(place, MARGIN_FILES + amount.files * count // total)


def _require_bytes(place: Path, need: int) -> None:
    free = files.free_bytes(place)
    if free < need:
        raise InputError(
            f"The export needs {byte_text(need)} and {place} has {byte_text(free)} free.",
            "Free some space, choose another disk, or a larger pixel or smaller box.",
        )


def _require_files(place: Path, need: int) -> None:
    free = files.free_files(place)
    if free is not None and free < need:
        raise InputError(
            f"The export makes {need:,} files, and the disk of {place} has room for {free:,} more (inodes).",
            "Remove small files there, choose another disk, or export image series: one file per particle.",
        )


def prepare_folders(plan: ExportPlan) -> None:
    """Create the folders that the export writes to; raises WriteError."""
    for folder in _folders(plan):
        files.make_folder(folder)


def _existing_images(plan: ExportPlan) -> list[Path]:
    return [path for series in plan.series for path in _existing_in(plan, series)]


def _existing_in(plan: ExportPlan, series: SeriesPlan) -> Iterator[Path]:
    # One listing per folder instead of one question per image: lab file systems are slow.
    if not series.folder.is_dir():
        return
    present = {path.name for path in series.folder.iterdir()}
    yield from (series.folder / name for name in image_names(plan, series) if name in present)


def _inputs(plan: ExportPlan) -> Iterator[Path]:
    yield from (plan.species.path, plan.species.particles_path, plan.settings.population)
    for series in plan.series:
        yield from (series.ref.source.path, series.ref.xml_path, series.ref.source.folder / series.ref.name)


def _is_same_file(first: Path, second: Path) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


def _folders(plan: ExportPlan) -> Iterator[Path]:
    images = () if plan.target.kind == "none" else (series.folder for series in plan.series)
    yield from dict.fromkeys((plan.output.parent, *images))
