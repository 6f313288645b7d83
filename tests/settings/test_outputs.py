"""Kinds of images and profiles."""

from __future__ import annotations

import pytest

from mtui.errors import InputError
from mtui.settings.outputs import KINDS_OF_PROFILE, Output, resolve_output, usual_kind


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
