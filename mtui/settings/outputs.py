"""What an export writes: volumes, image series or neither, and in which profile's tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mtui.errors import InputError

if TYPE_CHECKING:
    from mtui.settings.export import ExportSettings

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


def idle_flags(settings: ExportSettings, output: Output) -> Iterator[str]:
    """Flags that were given although they mean nothing for this output."""
    wanted = {
        "--no-premultiply": not settings.premultiply and output.profile != "relion5",
        "--stack": settings.stack is not None and output.kind != "series",
        "--hand": settings.hand != "auto" and output.profile != "relion5",
        "--prerotate": settings.prerotate and output.kind != "volumes",
        "--sparse-ctf": settings.sparse_ctf and (output.kind != "volumes" or output.profile == "raw"),
        "--no-normalize-output": not settings.normalize_output and output.kind != "volumes",
        "--m-pose-times": settings.m_pose_times and output.profile == "warp-series",
    }
    yield from (flag for flag, is_idle in wanted.items() if is_idle)
