"""The app: which screen is first, the theme, the keys that work everywhere. Nothing else."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.filter import LineFilter
from textual.reactive import reactive
from textual.screen import Screen

from mtui.errors import ExitCode
from mtui.tui.ascii import AsciiFilter
from mtui.tui.job_snapshot import count_running
from mtui.tui.keys import key_name
from mtui.tui.launch import Launch
from mtui.tui.patient import PatientApp
from mtui.tui.replaying import replay
from mtui.tui.screens.average import AverageScreen, AverageWanted
from mtui.tui.screens.frame import PopulationOpened, Said
from mtui.tui.screens.help import HelpScreen
from mtui.tui.screens.messages import Entry, MessagesScreen
from mtui.tui.screens.opening import ChooseScreen, opening_screen, populations_in
from mtui.tui.screens.population import OtherWanted, PopulationScreen
from mtui.tui.screens.small import SmallScreen
from mtui.tui.terminal import size_problem
from mtui.tui.theme import DARK, LIGHT, PLAIN, THEMES

JOBS_POLL_S = 2.0
FOLDER = Path(__file__).parent
STYLES: list[str | PurePath] = [FOLDER / "app.tcss", *sorted((FOLDER / "screens").glob("*.tcss"))]
"""All at once: a screen that brought its own would have everything drawn twice when it opens."""


class MtuiApp(PatientApp):
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
        super().__init__(ansi_color=launch.terminal.plain or launch.config.theme == "plain")
        self._population = population
        self.launch = launch
        self._journal: list[Entry] = []
        for theme in THEMES:
            self.register_theme(theme)
        chosen = {"light": LIGHT, "plain": PLAIN}.get(launch.config.theme, DARK)
        self.theme = PLAIN if launch.terminal.plain else chosen
        self.set_keymap(dict(launch.config.keys))

    def get_default_screen(self) -> Screen[Path | None]:
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
        # After ctrl+z and fg Textual draws only what changes.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.set_interval(JOBS_POLL_S, self._count_jobs)
        replay(self._driver, self.launch.typed)

    def on_resize(self, event: Resize) -> None:
        """Cover the screen with one sentence while the window is too small."""
        problem = size_problem(event.size.width, event.size.height)
        covered = isinstance(self.screen, SmallScreen)
        if problem and not covered:
            self.push_screen(SmallScreen())
        elif covered and not problem:
            self.pop_screen()

    def on_population_opened(self, event: PopulationOpened) -> None:
        """Count the population's running jobs from now on, for every title."""
        self._population = event.path

    async def _count_jobs(self) -> None:
        if self._population is not None and self._population.is_file():
            self.running_jobs = await asyncio.to_thread(count_running, self._population)

    def on_average_wanted(self, event: AverageWanted) -> None:
        """Show what a job exported."""
        self.push_screen(AverageScreen(event.job, self.launch.terminal))

    def on_other_wanted(self, event: OtherWanted) -> None:
        """Choose another population, and show it instead."""
        self.push_screen(ChooseScreen(populations_in(Path()), self.launch, is_first=False), self._open_other)

    def _open_other(self, path: Path | None) -> None:
        if path is None:
            return
        screen = PopulationScreen(path, self.launch)
        # Textual cannot take the first screen away: it stays below, at rest.
        _ = self.push_screen(screen) if len(self.screen_stack) == 1 else self.switch_screen(screen)

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
