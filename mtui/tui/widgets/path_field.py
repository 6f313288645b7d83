"""A field for a path that completes like a shell and takes what people paste."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.message import Message

from mtui.settings import Option
from mtui.tui.attending import attend
from mtui.tui.launch import Launch
from mtui.tui.paths import Completion, clean_pasted_path, complete_path, expand_path
from mtui.tui.screens.browse import BrowseScreen
from mtui.tui.widgets.fields import Field, FieldInput


class PathInput(FieldInput):
    """An input for a path: ``tab`` completes, and moves on when there is nothing left to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", id="path.complete"),
        Binding("ctrl+o", "browse", "Browse", id="path.browse"),
    ]

    @dataclass
    class Completed(Message):
        """A completion was looked up."""

        entry: PathInput
        completion: Completion

    def __init__(self, value: str = "", *, suffixes: tuple[str, ...] = (), id: str | None = None) -> None:
        super().__init__(value, id=id)
        self.suffixes = suffixes
        self._listed_for: str | None = None

    def action_complete(self) -> None:
        """Complete the path; a second press without a change moves on."""
        if not self.value or self._listed_for == self.value or self.cursor_position < len(self.value):
            self.screen.focus_next()
        else:
            attend(self, partial(self._complete, self.value), "completion")

    async def _complete(self, text: str) -> None:
        completion = await asyncio.to_thread(complete_path, text, self.suffixes)
        if self.value != text or not self.has_focus:
            return
        if completion.text == text and len(completion.candidates) <= 1 and not completion.problem:
            self.screen.focus_next()
            return
        self.value = completion.text
        self.cursor_position = len(self.value)
        self._listed_for = self.value
        self.post_message(self.Completed(self, completion))

    def action_browse(self) -> None:
        """Choose the path from a list of the folder."""
        start = self.value or f"{self._browse_folder()}/"
        self.app.push_screen(BrowseScreen(start, self.suffixes), self._browsed)

    def _browse_folder(self) -> Path:
        launch = getattr(self.app, "launch", None)
        folder = launch.config.browse_folder if isinstance(launch, Launch) else None
        return folder or Path().absolute()

    def _browsed(self, path: str | None) -> None:
        if path is not None:
            self.value = path
            self.cursor_position = len(path)

    def on_paste(self, event: Paste) -> None:
        """Insert a pasted path without quotes, blanks, newline or ``file://``."""
        event.stop()
        event.prevent_default()
        self.replace(clean_pasted_path(event.text), *self.selection)


class PathField(Field):
    """A field for the path of a file."""

    DEFAULT_CSS = """
    PathField { width: 1fr; }
    PathField > PathInput { width: 1fr; }
    """

    def __init__(
        self,
        name: str,
        option: Option,
        value: str = "",
        *,
        suffixes: tuple[str, ...] = (".star",),
        label: str | None = None,
        label_width: int = 0,
    ) -> None:
        entry = PathInput(value, suffixes=suffixes, id=name.replace("_", "-"))
        super().__init__(name, option, entry, label=label, label_width=label_width)

    @property
    def path(self) -> Path | None:
        """The absolute path that was typed, or ``None``."""
        return expand_path(self.text) if self.text.strip() else None
