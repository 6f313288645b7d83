"""Where the pictures are taken: the demo project in a temporary folder, on a machine without a name.

The folder has the same name every time, because paths are on the screen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from tests.make_screenshots.looks import Look
from tests.tui.pseudo_terminal import REPOSITORY, PseudoTerminal

STAGE = "mtui-pictures"
NEWCOMER = "newcomer"
HOST, USER = "gpu07", "user1"
_NAMELESS = f"import socket\nsocket.gethostname = lambda: {HOST!r}\n"
_IN_FOLDER = "import os, sys; os.chdir(sys.argv[1]); sys.argv[:2] = ['mtui']; "
_MAIN = "from mtui.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder in which the app runs, and what it is told."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def population(self) -> Path:
        """The demo's population, as typed in the folder."""
        return Path("demo") / "demo.population"

    def mtui(self, *words: str) -> None:
        """Run a command of mtui to its end; raises CalledProcessError if it fails."""
        command = [sys.executable, "-c", _IN_FOLDER + _MAIN, str(self.folder), *words]
        subprocess.run(
            command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            cwd=REPOSITORY,
        )

    def terminal(self, look: Look, columns: int, rows: int, *words: str) -> PseudoTerminal:
        """The app on a terminal of this kind, started in the folder."""
        arguments = ["-c", _IN_FOLDER + _MAIN, str(self.folder), *words]
        return PseudoTerminal(arguments, {**self.environment, **look.environment}, columns, rows)

    def first_terminal(self, look: Look, columns: int, rows: int) -> PseudoTerminal:
        """The app in an empty folder, of somebody who never started it before."""
        empty = self.folder / NEWCOMER
        arguments = ["-c", _IN_FOLDER + _MAIN, str(empty)]
        environment = {**self.environment, "HOME": str(empty), **look.environment}
        return PseudoTerminal(arguments, environment, columns, rows)


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Make the folder and clear it away afterwards."""
    folder = Path(tempfile.gettempdir()) / STAGE
    try:
        folder.mkdir()
    except FileExistsError as error:
        raise FileExistsError(f"{folder} is there already: from another run? Remove it.") from error
    try:
        yield Stage(folder, _environment(folder))
    finally:
        rmtree(folder)


def _environment(folder: Path) -> dict[str, str]:
    home, modules = folder / "home", folder / "modules"
    for made in (home, modules, folder / NEWCOMER):
        made.mkdir()
    (modules / "sitecustomize.py").write_text(_NAMELESS)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LOGNAME": USER,
        "PYTHONPATH": f"{modules}{os.pathsep}{REPOSITORY}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ESCDELAY": "100",
    }
