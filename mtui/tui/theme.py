"""Themes by role: colour, and the terminal's own colours for 16 and none.

The hues are Okabe and Ito's, which red-green blind people can tell apart, in shades with contrast on each
background. No state is told by colour alone: each has a glyph or a word too.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

DARK, LIGHT, PLAIN = "mtui-dark", "mtui-light", "mtui-plain"

_DARK_ROLES = {
    "role-old": "#56B4E9",
    "role-both": "#009E73",
    "role-new": "#E69F00",
    "role-outside": "#B4B4B4",
    "role-error": "#D55E00",
    "role-quiet": "#9A9A9A",
    "role-frame": "#5A5A5A",
    "role-key": "#56B4E9",
}
_LIGHT_ROLES = {
    "role-old": "#0072B2",
    "role-both": "#00664B",
    "role-new": "#8A5F00",
    "role-outside": "#6A6A6A",
    "role-error": "#A84300",
    "role-quiet": "#5A5A5A",
    "role-frame": "#9A9A9A",
    "role-key": "#0072B2",
}
_PLAIN_ROLES = {
    "role-old": "ansi_bright_cyan",
    "role-both": "ansi_cyan",
    "role-new": "ansi_yellow",
    "role-outside": "ansi_default",
    "role-error": "ansi_yellow",
    "role-quiet": "ansi_default",
    "role-frame": "ansi_default",
    "role-key": "ansi_default",
}


def _colour_theme(name: str, roles: dict[str, str], foreground: str, background: str, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=roles["role-old"],
        secondary=roles["role-both"],
        accent=roles["role-new"],
        warning=roles["role-new"],
        error=roles["role-error"],
        success=roles["role-both"],
        foreground=foreground,
        background=background,
        surface=background,
        panel=background,
        dark=dark,
        variables={**roles, "border": roles["role-frame"], "border-blurred": roles["role-frame"]},
    )


THEMES = (
    _colour_theme(DARK, _DARK_ROLES, "#E4E4E4", "#121212", dark=True),
    _colour_theme(LIGHT, _LIGHT_ROLES, "#1C1C1C", "#FAFAFA", dark=False),
    Theme(
        name=PLAIN,
        ansi=True,
        primary="ansi_default",
        secondary="ansi_default",
        accent="ansi_default",
        warning="ansi_yellow",
        error="ansi_yellow",
        success="ansi_default",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            **BUILTIN_THEMES["ansi-dark"].variables,
            **_PLAIN_ROLES,
            "border": "ansi_default",
            "border-blurred": "ansi_default",
        },
    ),
)
