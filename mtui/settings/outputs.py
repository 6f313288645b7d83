"""What an export writes: volumes, image series or neither, and in which profile's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mtui.errors import InputError

ImageKind = Literal["volumes", "series", "none"]

KINDS_OF_PROFILE: dict[str, tuple[ImageKind, ...]] = {
    "relion3": ("volumes",),
    "relion31": ("volumes",),
    "relion5": ("series",),
    "warp-series": ("series",),
    "coordinates": ("none",),
    "raw": ("volumes", "series"),
}
"""The images each profile describes, its usual ones first."""
_WORDS = {"none": "writes no images", "volumes": "is for volumes", "series": "is for image series"}


@dataclass(frozen=True, slots=True)
class Output:
    """What is written."""

    kind: ImageKind
    profile: str


def resolve_output(output_kind: str, profile: str | None) -> Output:
    """Images and profile of an export; without a profile, ``relion3`` for volumes and ``relion5`` for series.

    ``volumes`` is what settings say that say nothing, so a profile without images takes it.

    Raises:
        InputError: the profile does not describe such images.
    """
    if profile is None:
        return Output("series", "relion5") if output_kind == "series" else Output("volumes", "relion3")
    kinds = KINDS_OF_PROFILE[profile]
    if kinds != ("none",) or output_kind != "volumes":
        refuse_contradiction(output_kind, profile)
    return Output(
        "none" if kinds == ("none",) else "series" if output_kind == "series" else "volumes", profile
    )


def refuse_contradiction(output_kind: str, profile: str) -> None:
    """Refuse a profile that does not describe the images that were asked for; raises InputError."""
    kinds = KINDS_OF_PROFILE[profile]
    if output_kind not in kinds:
        raise InputError(
            f"The profile {profile} {_WORDS[kinds[0]]}, but --{output_kind} was asked for.",
            f"Leave out --{output_kind}, or choose another --profile.",
        )


def usual_kind(profile: str) -> str:
    """The value of ``output_kind`` that goes with a profile where none was given."""
    return "series" if KINDS_OF_PROFILE[profile][0] == "series" else "volumes"
