"""Kinds of images and profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtui.errors import InputError
from mtui.settings import ExportSettings
from mtui.settings.outputs import KINDS_OF_PROFILE, Output, idle_flags, resolve_output, usual_kind


def test_without_a_profile_the_images_decide() -> None:
    assert resolve_output("volumes", None) == Output("volumes", "relion3")
    assert resolve_output("series", None) == Output("series", "relion5")


@pytest.mark.parametrize("profile", KINDS_OF_PROFILE)
def test_a_profile_fits_its_usual_images(profile: str) -> None:
    assert resolve_output(usual_kind(profile), profile) == Output(KINDS_OF_PROFILE[profile][0], profile)


def test_a_profile_may_have_two_kinds() -> None:
    assert resolve_output("series", "raw") == Output("series", "raw")


@pytest.mark.parametrize(
    "kind, profile",
    [
        ("series", "relion3"),
        ("series", "relion31"),
        ("volumes", "relion5"),
        ("volumes", "warp-series"),
        ("series", "coordinates"),
    ],
)
def test_others_are_refused(kind: str, profile: str) -> None:
    with pytest.raises(InputError, match=f"The profile {profile} .* --{kind} was asked for"):
        resolve_output(kind, profile)


@pytest.mark.parametrize(
    "output, options, idle",
    [
        (Output("series", "relion5"), {"premultiply": False, "hand": "-1", "stack": "full"}, []),
        (
            Output("series", "warp-series"),
            {"premultiply": False, "hand": "-1"},
            ["--no-premultiply", "--hand"],
        ),
        (Output("volumes", "relion3"), {"stack": "full", "prerotate": True}, ["--stack"]),
        (
            Output("series", "relion5"),
            {"prerotate": True, "sparse_ctf": True},
            ["--prerotate", "--sparse-ctf"],
        ),
        (Output("none", "coordinates"), {"normalize_output": False}, ["--no-normalize-output"]),
        (Output("series", "warp-series"), {"m_pose_times": True}, ["--m-pose-times"]),
        (Output("volumes", "raw"), {}, []),
    ],
)
def test_flags_that_mean_nothing(output: Output, options: dict[str, Any], idle: list[str]) -> None:
    settings = ExportSettings(Path("a.population"), "apo", Path("a.star"), **options)
    assert list(idle_flags(settings, output)) == idle
