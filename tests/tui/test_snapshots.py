"""Every screen as text, in its empty, filled, error and narrow states, compared with what it was.

``MTUI_UPDATE_SNAPSHOTS=1`` writes them anew; look at the difference before you keep it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mtui.jobs.deleting import delete_job
from mtui.jobs.record import list_jobs
from mtui.tui.screens.export import ExportScreen
from mtui.tui.widgets.fields import Field
from tests.tui.conftest import COLOURS, PLAIN, running, screen_text, wait_for, wait_for_text
from tests.tui.project import break_species
from tests.tui.test_jobs import a_job

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = bool(os.environ.get("MTUI_UPDATE_SNAPSHOTS"))
CHANGING = (
    (re.compile(r"\d\d:\d\d:\d\d"), "hh:mm:ss"),
    (re.compile(r"(\d\d:\d\d)(?= by )"), "hh:mm"),
    (re.compile(r"started .*? by "), "started hh:mm by "),
    (re.compile(r"[\d.]+ (GB|TB|MB|kB) free"), "n.n GB free"),
    (re.compile(r"Takes about .*?\."), "Time not known yet."),
    (re.compile(r"host \S+"), "host name"),
    (re.compile(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d"), "yyyy-mm-dd hh:mm"),
)
"""What differs from run to run: times, space, names of machines."""
BLANKS = re.compile(r" {2,}")
DIGITS = re.compile(r"(/tmp/mtui-)(\d+)")

Prepare = Callable[[Path], object]
Then = Callable[[Pilot[int]], Awaitable[None]]


async def nothing(pilot: Pilot[int]) -> None:
    """No further step."""


async def spoil_box(pilot: Pilot[int]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, ExportScreen)
    screen.query_one("#field-box", Field).text = "131"
    await wait_for_text(pilot, "!Box", "must be even")


async def spoil_set(pilot: Pilot[int]) -> None:
    pilot.app.screen.query_one("#field-relion-star", Field).text = "nothing.star"
    await wait_for_text(pilot, "There is no file")


async def spoil_more(pilot: Pilot[int]) -> None:
    pilot.app.screen.query_one("#field-profile", Field).text = "eman"
    await pilot.press("escape")
    await wait_for_text(pilot, "'eman' is none of")


async def filter_all(pilot: Pilot[int]) -> None:
    await pilot.press(*"zzz")
    await wait_for_text(pilot, "No species fits the filter.")


async def type_path(pilot: Pilot[int]) -> None:
    await pilot.press("tab", *"nothing", "enter")
    await wait_for_text(pilot, "is not a file")


async def confirm_undo(pilot: Pilot[int]) -> None:
    await wait_for_text(pilot, "no earlier version")


@dataclass(frozen=True)
class Case:
    """How to get to a screen in a state."""

    texts: tuple[str, ...]
    keys: tuple[str, ...] = ()
    prepare: Prepare = str
    then: Then = nothing
    small: bool = False
    population: bool = True
    home: tuple[str, ...] = field(default=("Opened ery.population", "60 / 60"))


def stopped(path: Path) -> object:
    return a_job(path, "stopped")


def failed(path: Path) -> object:
    return a_job(path, "failed")


def broken(path: Path) -> object:
    break_species(path, "apoferritin")
    return path


def damaged(path: Path) -> object:
    return path.write_text("<Population")


def no_population(path: Path) -> object:
    return path.rename(path.with_suffix(".other"))


def empty(path: Path) -> object:
    text = re.sub(r"<Species .*?/>", "", path.read_text(), flags=re.DOTALL)
    return path.write_text(text)


INTERSECT, EXPORT = ("enter", "i"), ("enter", "e")
PLANNED = ("Will write 120 volumes",)
CASES = {
    "home": Case(()),
    "home-broken": Case(("ends too early",), ("enter",), broken, home=("1 problem",)),
    "home-damaged": Case(("it ends too",), (), damaged, home=()),
    "home-filtered": Case((), ("slash",), then=filter_all),
    "home-undo": Case((), ("z",), then=confirm_undo),
    "operations": Case(("Export sub-tomograms...",), ("enter",)),
    "intersect": Case(("New particle set",), INTERSECT),
    "intersect-error": Case(("New particle set",), INTERSECT, then=spoil_set),
    "intersect-more": Case(("Dialect",), (*INTERSECT, "f8")),
    "export": Case(PLANNED, EXPORT),
    "export-error": Case(PLANNED, EXPORT, then=spoil_box),
    "export-more": Case(("Batch system",), (*EXPORT, "f8")),
    "export-more-error": Case(("Batch system",), (*EXPORT, "f8"), then=spoil_more),
    "export-help": Case(("Help: Export",), (*EXPORT, "f1")),
    "sources": Case(("Sources (2)",), ("s",)),
    "jobs-empty": Case(("No jobs yet.",), ("J",)),
    "jobs": Case(("Jobs (1)", "= stopped"), ("J",), stopped),
    "jobs-failed": Case(("Jobs (1)", "x failed"), ("J",), failed),
    "jobs-delete": Case(("Delete job 1?",), ("J", "d"), stopped),
    "job": Case(("Problems (0)", "= stopped"), ("J", "enter"), stopped),
    "job-failed": Case(("Problems (0)", "x failed"), ("J", "enter"), failed),
    "messages": Case(("Messages", "Opened"), ("L",)),
    "open": Case(("demo",), (), no_population, population=False, home=()),
    "open-error": Case(("demo",), (), no_population, then=type_path, population=False, home=()),
    "small": Case(("mtui needs 80x24",), small=True, home=()),
}


@pytest.fixture
def population(pristine_project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose path is as long everywhere: paths are shortened and wrapped where they are shown."""
    folder = Path(f"/tmp/mtui-{os.getpid():08d}")
    shutil.copytree(pristine_project, folder)
    monkeypatch.chdir(folder)
    yield folder / "ery.population"
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", CASES)
async def test_screen_is_as_it_was(
    population: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    case.prepare(population)
    size = (72, 20) if case.small else (80, 24)
    # Relative, so that what is drawn does not depend on where the tests run.
    where = Path(population.name) if case.population else None
    async with running(where, size=size) as pilot:
        await wait_for_text(pilot, *case.home)
        for key in case.keys:
            before = screen_text(pilot.app)
            await pilot.press(key)
            await wait_for(pilot, lambda before=before: screen_text(pilot.app) != before)  # type: ignore[misc]
        await wait_for_text(pilot, *case.texts)
        await case.then(pilot)
        await settled(pilot)
        compare(name, constant(screen_text(pilot.app)))
    for job in list_jobs(population):
        delete_job(job)


async def settled(pilot: Pilot[int]) -> None:
    """Wait until the screen has stayed the same for a while."""
    before, same = "", 0
    while same < 12:
        await pilot.pause(0.05)
        now = screen_text(pilot.app)
        before, same = now, same + 1 if now == before else 0


def constant(text: str) -> str:
    """The text without what differs from run to run; trailing blanks are cut."""
    return "\n".join(constant_line(line) for line in text.rstrip("\n").split("\n")) + "\n"


def constant_line(line: str) -> str:
    """One line; where something was replaced, its columns cannot be told from others any more."""
    line = DIGITS.sub(lambda match: match[1] + "0" * len(match[2]), line).rstrip()
    before = line
    for pattern, word in CHANGING:
        line = pattern.sub(word, line)
    return line if line == before and word_free(line) else BLANKS.sub("  ", line)


def word_free(line: str) -> bool:
    """Whether none of the words that stand for something else is in a line."""
    return not any(word in line for _, word in CHANGING)


def compare(name: str, text: str) -> None:
    path = FOLDER / f"{name}.txt"
    if UPDATE:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"there is no snapshot {name}: run with MTUI_UPDATE_SNAPSHOTS=1"
    assert text == path.read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES) | {"ticks-plain"}


async def test_ticks_in_a_plain_terminal(population: Path) -> None:
    async with running(Path(population.name), terminal=PLAIN) as pilot:
        await wait_for_text(pilot, "60 / 60")
        await pilot.press("enter", "i")
        await wait_for_text(pilot, "[x] In both")
        await settled(pilot)
        text = "\n".join(line for line in screen_text(pilot.app).splitlines() if "[" in line or "(" in line)
        compare("ticks-plain", text + "\n")
    assert COLOURS != PLAIN
