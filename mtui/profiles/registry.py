"""All profiles by name."""

from __future__ import annotations

from mtui.profiles import coordinates, raw, relion3, relion5, relion31, warp_series
from mtui.profiles.profile import Profile

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        relion3.PROFILE,
        relion31.PROFILE,
        relion5.PROFILE,
        warp_series.PROFILE,
        coordinates.PROFILE,
        raw.PROFILE,
    )
}
