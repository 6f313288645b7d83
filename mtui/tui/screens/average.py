"""The mean of the volumes that a job exported, as pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.message import Message
from textual.widget import Widget

from mtui.jobs.record import Job
from mtui.tui.attending import attend
from mtui.tui.screens.frame import FrameScreen
from mtui.tui.screens.species_pages import Canvas, slices_lines, slices_pictures
from mtui.tui.terminal import Terminal
from mtui.tui.views import SlicesView, View, ViewReader
from mtui.tui.widgets.lines import line
from mtui.tui.widgets.picture_lines import PictureLines


@dataclass
class AverageWanted(Message):
    """The mean of a job's volumes is to be shown; the app knows on what terminal."""

    job: Job


class AverageScreen(FrameScreen[None]):
    """Central slices of the mean of a job's volumes."""

    TITLE = "Average"
    HELP = (
        "Slices through the centre of the mean of all volumes that the job has written, seen along z, y and "
        "x. The volumes are added as they were exported: without pre-rotation each particle lies in another "
        "orientation and the mean shows only a round blob; with it the mean shows the particle."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "reload", "Read again", id="average.reload"),
        Binding("q", "back", "Back", show=False, id="average.back"),
    ]

    def __init__(self, job: Job, terminal: Terminal) -> None:
        super().__init__()
        self._job = job
        self._terminal = terminal
        self._views = ViewReader()
        self._view: View | str = "computing..."

    def compose_body(self) -> Iterable[Widget]:
        """One panel."""
        with Vertical(id="panel"):
            yield PictureLines(self._terminal.graphics, id="slices")

    def on_mount(self) -> None:
        """Compute it."""
        self.action_reload()

    def show_title(self) -> None:
        """Where I am."""
        self.set_title(f"mtui  Jobs > {self._job.number} > Average")

    def action_reload(self) -> None:
        """Compute it of what the job has written by now."""
        attend(self, self._read, "view")

    async def _read(self) -> None:
        self._view = await self._views.read("average", self._job.folder, [self._job.units_path])
        if isinstance(self._view, str):
            self.remark(self._view, "error")
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Use the room there is."""
        super().on_resize(event)
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        lines = self.query_one("#slices", PictureLines)
        if isinstance(self._view, SlicesView):
            canvas = Canvas(lines.size.width, lines.size.height, self._terminal)
            lines.show(slices_lines(self._view, canvas), slices_pictures(self._view, canvas))
        else:
            lines.show([line(str(self._view), "quiet")], ())
