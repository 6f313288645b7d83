"""What can be known to go wrong before a job starts: places, files in the way, space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mtui.errors import InputError
from mtui.formats import files
from mtui.jobs.names import image_names, table_paths
from mtui.jobs.replacing import stale_images
from mtui.jobs.wording import byte_text, plural
from mtui.model.export_plan import ExportPlan, SeriesPlan

SHOWN_FILES = 3
MARGIN_BYTES = 1 << 20
"""Left free for the job's own records."""


def check_start(plan: ExportPlan) -> None:
    """Refuse an export that could not be finished or would destroy something.

    Raises:
        InputError: the output is a folder or one of the inputs, a folder cannot be written, files of another
            export are in the way, or there is too little space.
    """
    check_places(plan)
    if not plan.settings.overwrite:
        check_replaced(plan)
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
    for series in plan.series:
        in_the_way += _existing_images(plan, series)
    in_the_way += stale_images(plan)
    if in_the_way:
        shown = ", ".join(str(path) for path in in_the_way[:SHOWN_FILES])
        more = f" and {len(in_the_way) - SHOWN_FILES:,} more" if len(in_the_way) > SHOWN_FILES else ""
        raise InputError(
            f"{plural(len(in_the_way), 'file')} of another export would be replaced: {shown}{more}.",
            "Choose another place, or replace them with --overwrite.",
        )


def check_space(plan: ExportPlan) -> None:
    """Refuse an export that does not fit; files that it replaces free their space only one by one."""
    needs: dict[int, int] = {}
    place_of: dict[int, Path] = {}
    share = plan.n_bytes // max(1, plan.n_particles)
    for series in plan.series:
        disk = files.existing_ancestor(series.folder).stat().st_dev
        needs[disk] = needs.get(disk, MARGIN_BYTES) + share * len(series.rows)
        place_of.setdefault(disk, series.folder)
    for disk, need in needs.items():
        free = files.free_bytes(place_of[disk])
        if free < need:
            raise InputError(
                f"The export needs {byte_text(need)} and {place_of[disk]} has {byte_text(free)} free.",
                "Free some space, choose another disk, or a larger pixel or smaller box.",
            )


def prepare_folders(plan: ExportPlan) -> None:
    """Create the folders that the export writes to; raises WriteError."""
    for folder in _folders(plan):
        files.make_folder(folder)


def _existing_images(plan: ExportPlan, series: SeriesPlan) -> list[Path]:
    # One listing per folder instead of one question per image: lab file systems are slow.
    if not series.folder.is_dir():
        return []
    present = {path.name for path in series.folder.iterdir()}
    return [series.folder / name for name in image_names(plan, series) if name in present]


def _inputs(plan: ExportPlan) -> Iterator[Path]:
    yield from (plan.species.path, plan.species.particles_path, plan.settings.population)
    for series in plan.series:
        yield from (series.ref.source.path, series.ref.xml_path, series.ref.source.folder / series.ref.name)


def _is_same_file(first: Path, second: Path) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


def _folders(plan: ExportPlan) -> Iterator[Path]:
    images = () if plan.target.kind == "none" else (series.folder for series in plan.series)
    yield from dict.fromkeys((plan.output.parent, *images))
