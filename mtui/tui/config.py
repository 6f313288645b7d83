"""What a user may choose for good: theme, keys, mouse, ASCII, default folders. Nothing else.

The file is ``mtui/config.toml`` in ``$XDG_CONFIG_HOME``, else in ``~/.config``::

    theme = "auto"          # or dark, light, plain
    mouse = true
    ascii = false

    [folders]
    browse = "~/data"       # where the list of files starts while a path field is empty
    export = "/scratch/me"  # instead of the folder "export" beside the population

    [keys]                  # names of keys, with commas between them, by the id of an action
    "population.jobs" = "J,f2"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtui.errors import InputError
from mtui.tui.paths import expand_path

THEMES = ("auto", "dark", "light", "plain")
FOLDERS = ("browse", "export")
_TYPES: dict[str, type] = {"theme": str, "mouse": bool, "ascii": bool, "folders": dict, "keys": dict}
_WORDS = {str: "text in quotes", bool: "true or false", dict: "a section in square brackets"}


@dataclass(frozen=True, slots=True)
class Config:
    """The user's choices; what is None is left to mtui."""

    theme: str = "auto"
    """``auto`` is dark, or plain where the terminal has no more than 16 colours."""
    mouse: bool | None = None
    ascii: bool = False
    browse_folder: Path | None = None
    export_folder: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of an action."""


def config_path() -> Path:
    """Where the file is looked for."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mtui" / "config.toml"


def load_config(path: Path) -> Config:
    """Read the choices; none if there is no file.

    Raises:
        InputError: the file cannot be read, is no TOML, or has an entry that does not exist or fit.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Correct its permissions.") from error
    except ValueError as error:
        raise InputError(f"{path} is no TOML file: {error}.", "Correct that line.") from error
    _check(path, values)
    folders = {name: expand_path(text) for name, text in values.get("folders", {}).items()}
    return Config(
        theme=values.get("theme", "auto"),
        mouse=values.get("mouse"),
        ascii=values.get("ascii", False),
        browse_folder=folders.get("browse"),
        export_folder=folders.get("export"),
        keys=values.get("keys", {}),
    )


def _check(path: Path, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in _TYPES:
            raise InputError(f"{path}: there is no setting {name!r}.", f"There are {', '.join(_TYPES)}.")
        if not isinstance(value, _TYPES[name]):
            raise InputError(f"{path}: {name} is {value!r}.", f"It must be {_WORDS[_TYPES[name]]}.")
    if (theme := values.get("theme", "auto")) not in THEMES:
        raise InputError(f"{path}: there is no theme {theme!r}.", f"There are {', '.join(THEMES)}.")
    for section in ("folders", "keys"):
        for name, value in values.get(section, {}).items():
            if not isinstance(value, str):
                raise InputError(f"{path}: {section}.{name} is {value!r}.", "It must be text in quotes.")
    if wrong := [name for name in values.get("folders", {}) if name not in FOLDERS]:
        raise InputError(f"{path}: there is no folder {wrong[0]!r}.", f"There are {', '.join(FOLDERS)}.")


def check_keys(keys: Mapping[str, str], known: frozenset[str], path: Path) -> None:
    """Refuse keys for an action that does not exist; raises InputError with the nearest ones."""
    for name in keys:
        if name not in known:
            room = name.partition(".")[0]
            alike = sorted(entry for entry in known if entry.startswith(f"{room}.")) or sorted(known)
            raise InputError(f"{path}: there is no action {name!r}.", f"There are {', '.join(alike)}.")
