"""Keys as people read them, in 7-bit characters."""

from __future__ import annotations

_NAMES = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
}


def is_typed(key: str) -> bool:
    """Whether a key is a character, which a field takes for itself."""
    return len(key_name(key)) == 1


def key_name(key: str) -> str:
    """The name of a key: ``^s`` for ``ctrl+s``, ``pgup``, ``?``."""
    *modifiers, name = key.split("+")
    text = _NAMES.get(name, name)
    for modifier in reversed(modifiers):
        text = f"^{text}" if modifier == "ctrl" else f"{modifier}+{text}"
    return text
