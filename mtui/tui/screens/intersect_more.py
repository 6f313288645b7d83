"""How the new set is read and what common particles keep: what the intersect form has no room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from textual.widget import Widget

from mtui.settings import IntersectSettings, options
from mtui.settings.intersect import RELION_READING
from mtui.tui.paths import expand_path
from mtui.tui.screens.form import Draft
from mtui.tui.screens.more import MoreScreen
from mtui.tui.text import wrap
from mtui.tui.widgets.lines import Lines, line

TEXT_COLUMNS = 74

KEEPING = ("poses", "better_by", "only_series", "matches")
TICKS = ("lowest", "strict_names")


class IntersectMoreScreen(MoreScreen):
    """Fields for the rarer settings of an intersection."""

    HELP = (
        "How the table was understood, what overrides that where it is wrong, and what common particles "
        "keep. An empty field leaves it to mtui. esc goes back to the form, where the sets are compared "
        "again."
    )
    PLACE = "Intersect"
    OPTIONS = options(IntersectSettings)
    TEXTS = (*RELION_READING, *KEEPING)
    TICKS = TICKS
    DEFAULTS = {"poses": "old"}  # noqa: RUF012 - declared as a class variable by the parent

    def __init__(self, species: str, draft: Draft, understood: Sequence[str] = ()) -> None:
        super().__init__(species, draft)
        self._understood = understood

    def compose_head(self) -> Iterable[Widget]:
        """How the table was understood, which the fields below override."""
        texts = [part for text in self._understood for part in wrap(text, TEXT_COLUMNS)]
        if texts:
            block = Lines([line(text, "quiet") for text in texts], id="understood")
            block.styles.height = len(texts) + 1
            yield block


def with_more(settings: IntersectSettings, draft: Mapping[str, str | bool]) -> IntersectSettings:
    """The settings with what was entered; what tells how a table of RELION is read only where it is one."""
    left_out = RELION_READING if settings.relion_star is None else ()
    values = {name: _value(name, entry) for name, entry in draft.items() if name not in left_out}
    return replace(settings, **values)


def _value(name: str, entry: str | bool) -> Any:
    if isinstance(entry, bool):
        return entry
    if name in ("name_map", "matches"):
        return expand_path(entry)
    if name == "centre_offset":
        return float(entry)
    if name == "only_series":
        return tuple(word.strip() for word in entry.split(",") if word.strip())
    return entry
