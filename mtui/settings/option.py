"""How one setting looks to people: in a form, as a flag, in the help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["positional", "value", "triple", "on", "off", "choice", "repeat"]


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting looks to people: in a form, as a flag, in the help.

    ``kind``: ``positional`` argument; ``value`` after a flag; ``triple`` of numbers after a flag; ``on`` and
    ``off``, a flag without a value that sets True or False; ``choice``, one flag per value (``flags`` maps
    them); ``repeat``, a flag that may be given several times.
    """

    label: str
    """Words in front of the form's field."""
    help: str
    """What the option does to the data, for a scientist; the same text in the form and in ``--help``."""
    kind: Kind = "value"
    flag: str = ""
    """The flag; derived from the field's name where empty."""
    unit: str = ""
    metavar: str = "N"
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    even: bool = False
    choices: tuple[str, ...] = ()
    """The values allowed; for ``choice`` they are the flags ``--<value>`` themselves."""
    unavailable: tuple[tuple[str, str], ...] = ()
    """Values that exist but cannot be used yet, each with the reason; a form shows them disabled."""
