"""Screens with fields: the message line tells what the one with the focus takes, or what is wrong."""

from __future__ import annotations

from textual import on
from textual.events import DescendantFocus

from mtui.tui.screens.frame import FrameScreen, Result
from mtui.tui.widgets.fields import Field
from mtui.tui.widgets.lines import Tone
from mtui.tui.widgets.path_field import PathInput
from mtui.tui.widgets.toggles import Toggle


class HintingScreen(FrameScreen[Result]):
    """A screen that remarks on its fields."""

    @on(DescendantFocus)
    def _explain(self, event: DescendantFocus) -> None:
        node = event.widget
        if isinstance(node.parent, Field):
            self.remark(*remark_on(node.parent))
        elif isinstance(node, Toggle) and node.hint:
            self.remark(node.hint)

    @on(PathInput.Completed)
    def _show_candidates(self, event: PathInput.Completed) -> None:
        completion = event.completion
        if completion.problem:
            self.remark(completion.problem, "error")
        elif len(completion.candidates) > 1:
            self.remark(f"{len(completion.candidates)} fit: {'  '.join(completion.candidates[:20])}")


def remark_on(field: Field) -> tuple[str, Tone]:
    """What the message line says about a field: its problem, else what it takes and does."""
    problem = field.problem
    return (problem, "error") if problem else (field.hint, "plain")
