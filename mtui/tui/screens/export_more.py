"""Whose files an export writes and who does the work: what the export form has no room for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mtui.settings import ExportSettings, options
from mtui.tui.screens.form import Draft
from mtui.tui.screens.more import MoreScreen

TEXTS = ("profile", "stack", "hand", "path_base", "images_dir", "remap", "workers", "cluster", "scheduler")
TICKS = ("premultiply", "m_pose_times", "float32", "strict_columns")
MORE = (*TEXTS, *TICKS)


class ExportMoreScreen(MoreScreen):
    """Fields for the rarer settings of an export."""

    HELP = (
        "For which program the files are, how they are stored, and who does the work. An empty field leaves "
        "it to mtui. esc goes back to the form, where the export is planned again."
    )
    PLACE = "Export sub-tomograms"
    OPTIONS = options(ExportSettings)
    TEXTS = TEXTS
    TICKS = TICKS
    DEFAULTS = {"hand": "auto", "path_base": "star"}  # noqa: RUF012 - declared as a class variable by the parent


def with_more(settings: ExportSettings, draft: Draft) -> ExportSettings:
    """The settings with what was entered."""
    return replace(settings, **{name: _value(name, entry) for name, entry in draft.items()})


def _value(name: str, entry: str | bool) -> Any:
    if isinstance(entry, bool):
        return entry
    if name == "workers":
        return int(entry)
    if name == "remap":
        return tuple(word.strip() for word in entry.split(",") if word.strip())
    return entry
