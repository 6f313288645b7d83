"""What an export takes the place of: tables of the same name, and images that only they list.

An interrupted export must not leave an old table that lists new images. So the old tables go before the
first image is replaced, and with them the images that they list and the new export does not write.
"""

from __future__ import annotations

from pathlib import Path

from mtui.errors import InputError
from mtui.formats.files import write_error
from mtui.jobs.names import image_names, table_paths
from mtui.model.export_plan import ExportPlan
from mtui.profiles.check_images import find_base
from mtui.profiles.exported import read_exported

IMAGE_FOLDERS = ("subtomo", "particleseries")


def stale_images(plan: ExportPlan) -> list[Path]:
    """Images that the table in the way lists and that would stay, where exports put images."""
    if not plan.output.is_file():
        return []
    try:
        found = read_exported(plan.output)
    except InputError:
        return []  # another kind of file: nothing but itself is replaced
    names = found.image_names
    base = find_base(names, (plan.output.parent, plan.base))
    written = {series.folder / name for series in plan.series for name in image_names(plan, series)}
    paths = (Path(base, name) for name in names)
    listed = {path.parent.resolve() / path.name for path in paths if path.parent.parent.name in IMAGE_FOLDERS}
    kept = {path.parent.resolve() / path.name for path in written}
    return sorted(path for path in listed - kept if path.is_file())


def remove_replaced(plan: ExportPlan) -> None:
    """Remove the tables that will be written anew, and stale images; raises WriteError."""
    stale = stale_images(plan)
    for path in [*reversed(table_paths(plan)), *stale]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(path, error) from error
