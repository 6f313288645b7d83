"""How quickly the app is there and answers, on a pseudo-terminal, with many particles loaded.

``python -m tests.benchmarks.bench_app [--particles N]``. Times are from the key's byte written to the first
byte that comes back, and bytes are all that come back; each row is the median and the largest of some
presses.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.bench_matching import scene
from tests.benchmarks.matching_project import write_project
from tests.benchmarks.tables import load_note, print_header, print_row
from tests.tui.pseudo_terminal import PseudoTerminal
from tests.tui.terminals import environment

PRESSES = 9
REST_S = 1.0
STARTS = 5
LONGEST_S = 600.0


def measure_start(population: Path) -> tuple[float, float]:
    """Seconds until the first paint, and until the species are listed."""
    start = time.perf_counter()
    with PseudoTerminal(["-m", "mtui", str(population)], environment()) as terminal:
        terminal.wait_for_text("Species")
        painted = time.perf_counter() - start
        terminal.wait_for_text("Opened ")
        return painted, time.perf_counter() - start


def answer(terminal: PseudoTerminal, key: str) -> tuple[float, int]:
    """Milliseconds until a key is answered, and the bytes of the whole answer."""
    start = time.perf_counter()
    terminal.press(key)
    first = b""
    while not first:
        first = terminal.read(LONGEST_S)
    answered = 1000 * (time.perf_counter() - start)
    return answered, len(first) + terminal.quiet(REST_S)


def measure_keys(terminal: PseudoTerminal, where: str, keys: Sequence[str]) -> None:
    """Press keys in turn and print what they took."""
    for key in keys:
        answer(terminal, key)
    answers = [answer(terminal, key) for _ in range(PRESSES // len(keys) + 1) for key in keys]
    times, counts = zip(*answers, strict=True)
    names = ", ".join(keys)
    print_row([where, names, statistics.median(times), max(times), max(counts)])


def wait_long(terminal: PseudoTerminal, *texts: str) -> float:
    """Seconds until texts are shown, however long that takes."""
    start = time.perf_counter()
    while not all(text in terminal.text for text in texts):
        terminal.read(1.0)
        if time.perf_counter() - start > LONGEST_S:
            raise TimeoutError(terminal.text)
    return time.perf_counter() - start


def measure_app(population: Path, new: Path) -> None:
    """Start, lists, export form, intersect form after matching."""
    starts = [measure_start(population) for _ in range(STARTS)]
    print_header(["start", "median s", "longest s"])
    for name, values in zip(("first paint", "species listed"), zip(*starts, strict=True), strict=True):
        print_row([name, statistics.median(values), max(values)])
    print()
    print_header(["where", "keys", "median ms", "longest ms", "most bytes"])
    with PseudoTerminal(["-m", "mtui", str(population)], environment()) as terminal:
        print(f"Details of the species were there after {wait_long(terminal, 'Particles by source'):.1f} s.")
        terminal.quiet(REST_S)
        measure_keys(terminal, "sources and back", ["s", "q"])
        terminal.press("/")
        terminal.quiet(REST_S)
        measure_keys(terminal, "filter", ["l", "backspace"])
        terminal.press("enter")
        terminal.quiet(REST_S)
        terminal.press("enter")
        terminal.quiet(REST_S)
        terminal.press("e")
        print(f"The export was planned after {wait_long(terminal, 'Will write'):.1f} s.")
        terminal.quiet(3 * REST_S)
        measure_keys(terminal, "export form", ["tab"])
        terminal.press("escape")
        terminal.quiet(REST_S)
        terminal.press("enter")
        terminal.quiet(REST_S)
        terminal.press("i")
        terminal.wait_for_text("New particle set")
        terminal.press(*["\x1b[Z"] * 3)
        terminal.quiet(REST_S)
        terminal.press(" ")
        terminal.quiet(REST_S)
        terminal.press("tab", str(new))
        print(f"The sets were matched after {wait_long(terminal, 'within tolerance'):.1f} s.")
        terminal.quiet(3 * REST_S)
        while "Tolerance" not in focused(terminal):
            terminal.press("tab")
            terminal.quiet(REST_S)
        measure_keys(terminal, "tolerance", ["up", "down"])
        terminal.press("f6")
        terminal.quiet(3 * REST_S)
        measure_keys(terminal, "tolerance, near distances", ["up", "down"])
        while "Only old" not in focused(terminal):
            terminal.press("tab")
            terminal.quiet(REST_S)
        measure_keys(terminal, "tick", [" "])


def focused(terminal: PseudoTerminal) -> str:
    """The line with an inverse cell."""
    for row in range(terminal.screen.lines):
        cells = terminal.screen.buffer[row]
        if any(cells[column].reverse for column in range(terminal.screen.columns)):
            return str(terminal.screen.display[row])
    return ""


def main() -> None:
    """Write a project, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=1_000_000)
    particles = parser.parse_args().particles
    with tempfile.TemporaryDirectory() as folder:
        population, new = write_project(Path(folder) / "project", particles, scene)
        print(f"{particles:,} particles; {load_note()}")
        measure_app(population, new)
        print(f"Afterwards: {load_note()}")


if __name__ == "__main__":
    main()
