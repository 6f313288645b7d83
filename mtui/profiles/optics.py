"""Optics groups as RELION numbers them: from 1, in the order of their rows, without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtui.formats.numbers import fixed_text
from mtui.profiles.columns import Rows, count_of, join
from mtui.profiles.poses import SeriesFacts
from mtui.profiles.profile import Part


def lens_columns(series: SeriesFacts, digits: tuple[int, int, int] = (3, 3, 3)) -> dict[str, str]:
    """Voltage in kV, spherical aberration in mm and amplitude contrast; the same text wherever they stand."""
    names = ("rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast")
    values = (series.ctf.voltage_kv, series.ctf.cs_mm, series.ctf.amplitude)
    return {
        name: fixed_text(Decimal(repr(float(value))), places)
        for name, value, places in zip(names, values, digits, strict=True)
    }


def number_groups(parts: Sequence[Part], *, merge: bool) -> tuple[Rows, list[str]]:
    """The optics table of all parts, and the group of each part.

    A part's ``optics`` is one row without number and name, its ``tomogram`` the series it comes from. Each
    series is a group; with ``merge``, all series with the same optics are one.
    """
    found: dict[tuple[str, ...], int] = {}
    rows: list[Rows] = []
    groups: list[str] = []
    for part in parts:
        own = () if merge else tuple(part["tomogram"]["rlnTomoName"])
        key = (*own, *(texts[0] for texts in part["optics"].values()))
        if key not in found:
            found[key] = len(found) + 1
            number = str(found[key])
            rows.append(
                {"rlnOpticsGroup": [number], "rlnOpticsGroupName": [f"opticsGroup{number}"]} | part["optics"]
            )
        groups.append(str(found[key]))
    return join(rows), groups


def with_groups(parts: Sequence[Part], groups: Sequence[str]) -> Rows:
    """The particles of all parts, with their optics groups in the column that stands for them."""
    return join(
        [
            part["particles"] | {"rlnOpticsGroup": [group] * count_of(part["particles"])}
            for part, group in zip(parts, groups, strict=True)
        ]
    )
