"""The app: which screen is first, the theme, the keys that work everywhere. Nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Key, Resize
from textual.filter import LineFilter
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from mtui.errors import ExitCode
from mtui.tui.ascii import AsciiFilter
from mtui.tui.job_snapshot import count_running
from mtui.tui.keys import key_name
from mtui.tui.launch import Launch
from mtui.tui.screens.frame import PopulationOpened, Said
from mtui.tui.screens.help import HelpScreen
from mtui.tui.screens.messages import Entry, MessagesScreen
from mtui.tui.screens.opening import opening_screen
from mtui.tui.screens.small import SmallScreen
from mtui.tui.terminal import detect_terminal, original_locale, refusal, size_problem
from mtui.tui.theme import DARK, PLAIN, THEMES

JOBS_POLL_S = 2.0
FOLDER = Path(__file__).parent
STYLES: list[str | PurePath] = [FOLDER / "app.tcss", *sorted((FOLDER / "screens").glob("*.tcss"))]
"""All at once: a screen that brought its own would have everything drawn twice when it opens."""


class MtuiApp(App[int]):
    """Particle operations on M populations."""

    TITLE = "mtui"
    CSS_PATH = STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="help"),
        Binding("L", "messages", "Messages", show=False, id="messages"),
        Binding("colon", "command_palette", "Palette", show=False, id="palette"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, id="suspend"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="quit"),
    ]

    running_jobs: reactive[int] = reactive(0, repaint=False)

    def __init__(self, population: Path | None, launch: Launch) -> None:
        super().__init__(ansi_color=launch.terminal.plain)
        self._population = population
        self.launch = launch
        self._journal: list[Entry] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = PLAIN if launch.terminal.plain else DARK

    def get_default_screen(self) -> Screen[None]:
        """The population, or the choice of one."""
        return opening_screen(self._population, self.launch)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and one that leaves only 7-bit characters where the terminal needs that."""
        ascii_only = [AsciiFilter()] if self.launch.terminal.ascii_only else []
        return [*super().get_line_filters(), *ascii_only]

    def get_key_display(self, binding: Binding) -> str:
        """Names of keys in 7-bit characters, on every terminal the same."""
        return binding.key_display or key_name(binding.key)

    def on_mount(self) -> None:
        """End in order, with the terminal restored, when the terminal or the machine goes away."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, ExitCode.INTERRUPTED)
        self.set_interval(JOBS_POLL_S, self._count_jobs)

    def on_resize(self, event: Resize) -> None:
        """Cover the screen with one sentence while the window is too small."""
        problem = size_problem(event.size.width, event.size.height)
        covered = isinstance(self.screen, SmallScreen)
        if problem and not covered:
            self.push_screen(SmallScreen())
        elif covered and not problem:
            self.pop_screen()

    def on_key(self, event: Key) -> None:
        """Give a field what was typed before it had the focus; a slow link delivers keys in bursts."""
        if isinstance(self.focused, Input) and event.is_printable:
            event.prevent_default()
            self.focused.post_message(Key(event.key, event.character))

    def on_population_opened(self, event: PopulationOpened) -> None:
        """Count the population's running jobs from now on, for every title."""
        self._population = event.path

    async def _count_jobs(self) -> None:
        if self._population is not None and self._population.is_file():
            self.running_jobs = await asyncio.to_thread(count_running, self._population)

    def on_said(self, event: Said) -> None:
        """Keep a message."""
        self._journal.append(Entry(f"{datetime.now():%H:%M:%S}", event.text, event.tone))

    def action_help(self) -> None:
        """Open the help for the screen and the field with the focus."""
        self.push_screen(HelpScreen(self.screen))

    def action_messages(self) -> None:
        """Show what happened."""
        if not isinstance(self.screen, MessagesScreen):
            self.push_screen(MessagesScreen(tuple(self._journal)))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette has the entries that the keys have."""
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.description and active.enabled and not binding.system:
                display = self.get_key_display(binding)

                async def run(action: str = binding.action, node: object = active.node) -> None:
                    await self.run_action(action, node)  # type: ignore[arg-type]

                yield SystemCommand(binding.description, f"key {display}", run)


def run_app(
    population: Path | None, *, mouse: bool | None = None, ascii_only: bool = False, readonly: bool = False
) -> int:
    """Run the app on a population, or on none, and give the exit code.

    ``mouse`` is None for the default: on, but off over SSH, where its reports are a stream of bytes that can
    end up as text in a field.
    """
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    if sentence := refusal(os.environ, is_terminal=is_terminal):
        print(f"mtui: {sentence}", file=sys.stderr)
        return ExitCode.REFUSED
    terminal = detect_terminal(original_locale(os.environ), ascii_only=ascii_only)
    app = MtuiApp(population, Launch(terminal, readonly))
    result = app.run(mouse=not terminal.over_ssh if mouse is None else mouse)
    return app.return_code or result or ExitCode.COMPLETE
