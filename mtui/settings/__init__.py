"""What the user asked for: one declaration of each option feeds the form, the flag and the job file.

A settings class is a frozen dataclass whose fields carry an :class:`Option` in their metadata. The command
line builds its flags from it, the app builds its fields from it, a job stores it as JSON (:func:`to_json`),
and "copy command" is :func:`to_argv`. ``None`` means "the species' own value".
"""

from mtui.settings.codec import (
    AnySettings,
    Settings,
    check,
    flag_of,
    from_json,
    number_text,
    options,
    problem_of,
    to_argv,
    to_json,
)
from mtui.settings.export import ExportSettings
from mtui.settings.intersect import IntersectSettings
from mtui.settings.option import Kind, Option

__all__ = [
    "AnySettings",
    "ExportSettings",
    "IntersectSettings",
    "Kind",
    "Option",
    "Settings",
    "check",
    "flag_of",
    "from_json",
    "number_text",
    "options",
    "problem_of",
    "to_argv",
    "to_json",
]
