"""Image stacks for RELION 5: tables of particles and tomograms, an optimisation set, a dummy tilt series.

The layout of WarpTools ``ts_export_particles --2d`` since 2.0.0dev40: everything is in output pixels, as if
the tomogram had been recorded at that pixel. What differs on purpose: the defocus hand is the one that fits
(see ``hand``), deselected tilts are not in the tables, names carry the species, series without particles are
not mentioned, half-sets are kept, matrices have fixed decimals.

RELION takes a particle's defocus as ``D_t + rlnTomoHand * (third row of the tilt's matrix) . (p - centre)``,
with the centre at half of ``rlnTomoSize``; the defocus of a tilt is written for that very point.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtui.geometry.tilts import dose_order
from mtui.profiles.columns import Rows, axes, fixed, in_order, passed_on, repeated, star_table
from mtui.profiles.names import particle_name, stack_name
from mtui.profiles.optics import lens_columns, number_groups, with_groups
from mtui.profiles.poses import SeriesFacts, UnitPoses
from mtui.profiles.profile import Part, Profile, StarFile, Target, UnitTables, filled
from mtui.profiles.relion5_tilts import tilt_rows
from mtui.profiles.stacks import UnitStacks
from mtui.profiles.tomogram import tomogram_size_px

OPTICS = (
    "rlnOpticsGroup",
    "rlnOpticsGroupName",
    "rlnSphericalAberration",
    "rlnVoltage",
    "rlnTomoTiltSeriesPixelSize",
    "rlnCtfDataAreCtfPremultiplied",
    "rlnImageDimensionality",
    "rlnTomoSubtomogramBinning",
    "rlnImagePixelSize",
    "rlnImageSize",
    "rlnAmplitudeContrast",
)
PARTICLES = (
    "rlnTomoName",
    "rlnTomoParticleId",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnTomoParticleName",
    "rlnOpticsGroup",
    "rlnImageName",
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnOriginZAngst",
    "rlnTomoVisibleFrames",
)
"""WarpTools' columns. ``rlnRandomSubset`` and what is passed on follow, unless ``strict``."""
TOMOGRAMS = (
    "rlnTomoName",
    "rlnTomoTiltSeriesName",
    "rlnTomoFrameCount",
    "rlnTomoSizeX",
    "rlnTomoSizeY",
    "rlnTomoSizeZ",
    "rlnTomoHand",
    "rlnOpticsGroupName",
    "rlnTomoTiltSeriesPixelSize",
    "rlnVoltage",
    "rlnSphericalAberration",
    "rlnAmplitudeContrast",
    "rlnTomoImportFractionalDose",
)
TOMOGRAMS_ENDING = "_tomograms.star"
OPTIMISATION_ENDING = "_optimisation_set.star"
HAND_RESIDUAL = "mtuiHandResidual"
"""Kept with a unit's rows, written nowhere: how far RELION's defocus is from M's in Å."""
DUMMY = "dummy_tiltseries.mrc"
"""RELION opens the header of a tomogram's tilt series; this one stands for all."""


def part_of(unit: UnitTables) -> Part:
    """A unit's particles, and what the tables say about its series."""
    stacks, hand = unit.stacks, unit.hand
    if stacks is None or hand is None:
        raise ValueError("this profile needs stacks and a hand")
    series = unit.poses.series
    particles = in_order(PARTICLES, _particle_rows(unit.poses, stacks))
    if not unit.options.strict:
        particles["rlnRandomSubset"] = fixed(unit.poses.half + 1.0, 0)
        particles |= passed_on(unit.poses.extra)
    return {
        "particles": particles,
        "optics": _optics(series, premultiplied=unit.options.premultiplied),
        "tomogram": _tomogram(series, hand.value) | {HAND_RESIDUAL: [f"{hand.residual_ang:.1f}"]},
        "tilts": tilt_rows(series, stacks.frame) if unit.describes_series else {},
    }


def files_of(parts: Sequence[Part], target: Target) -> tuple[StarFile, ...]:
    """Tomograms, optimisation set and particles; one optics group per series."""
    kept = filled(parts)
    if not kept:
        return ()
    optics, groups = number_groups(kept, merge=False)
    series = {part["tomogram"]["rlnTomoName"][0]: (part, g) for part, g in zip(kept, groups, strict=True)}
    # The unit that describes the tilts may have lost all of its particles.
    tilts = {part["tomogram"]["rlnTomoName"][0]: part["tilts"] for part in parts if part["tilts"]}
    tomograms = target.beside(TOMOGRAMS_ENDING)
    dummy = target.text(target.output.with_name(DUMMY))
    rows = [_with_names(part["tomogram"], group, dummy) for part, group in series.values()]
    listed = [star_table("global", {name: [row[name][0] for row in rows] for name in TOMOGRAMS})]
    listed += [star_table(name, tilts[name]) for name in series]
    members = {
        "rlnTomoParticlesFile": [target.text(target.output)],
        "rlnTomoTomogramsFile": [target.text(tomograms)],
    }
    particles = (
        star_table("general", {"rlnTomoSubTomosAre2DStacks": ["1"]}, is_list=True),
        star_table("optics", in_order(OPTICS, optics)),
        star_table("particles", with_groups(kept, groups)),
    )
    return (
        StarFile(tomograms, tuple(listed)),
        StarFile(target.beside(OPTIMISATION_ENDING), (star_table("", members, is_list=True),)),
        StarFile(target.output, particles),
    )


def _particle_rows(poses: UnitPoses, stacks: UnitStacks) -> Rows:
    series, count = poses.series, len(poses)
    numbers = poses.number.tolist()
    visible = stacks.projections.visible[:, series.tilts]
    constants = {
        "rlnTomoName": series.name,
        "rlnOpticsGroup": "1",
        "rlnOriginXAngst": "0.0",
        "rlnOriginYAngst": "0.0",
        "rlnOriginZAngst": "0.0",
    }
    names = [(series.root, series.species, number) for number in numbers]
    return {
        **repeated(constants, count),
        "rlnTomoParticleId": [str(number + 1) for number in numbers],
        **axes("rlnCoordinateX rlnCoordinateY rlnCoordinateZ", poses.position_ang / series.angpix, 3),
        **axes("rlnAngleRot rlnAngleTilt rlnAnglePsi", poses.angles_deg, 3),
        "rlnTomoParticleName": [particle_name(*name) for name in names],
        "rlnImageName": [f"{series.images}/{stack_name(*name, series.pixel)}" for name in names],
        "rlnTomoVisibleFrames": [_flags(row) for row in visible],
    }


def _flags(visible: NDArray[np.bool_]) -> str:
    return f"[{','.join('1' if shown else '0' for shown in visible.tolist())}]"


def _optics(series: SeriesFacts, *, premultiplied: bool) -> Rows:
    values = lens_columns(series) | {
        "rlnTomoTiltSeriesPixelSize": series.pixel.text_f5,
        "rlnCtfDataAreCtfPremultiplied": "1" if premultiplied else "0",
        "rlnImageDimensionality": "2",
        "rlnTomoSubtomogramBinning": "1.00000",
        "rlnImagePixelSize": series.pixel.text_f5,
        "rlnImageSize": str(series.box_px),
    }
    return repeated(values, 1)


def _tomogram(series: SeriesFacts, hand: int) -> Rows:
    """The series' row of the tomograms' table, without what is only known at the end."""
    size = dict(zip("XYZ", tomogram_size_px(series), strict=True))
    values = lens_columns(series) | {
        "rlnTomoName": series.name,
        "rlnTomoFrameCount": str(len(series.tilts)),
        **{f"rlnTomoSize{axis}": str(edge) for axis, edge in size.items()},
        "rlnTomoHand": f"{hand:.1f}",
        "rlnTomoTiltSeriesPixelSize": series.pixel.text_f5,
        "rlnTomoImportFractionalDose": fixed(np.array([_fractional_dose(series)]), 3)[0],
    }
    return repeated(values, 1)


def _fractional_dose(series: SeriesFacts) -> float:
    """Dose between the first two exposures; of a single one, its own."""
    dose = series.geometry.dose[series.tilts]
    ordered = dose[dose_order(dose)]
    return float(ordered[1] - ordered[0]) if len(ordered) > 1 else float(ordered[0])


def _with_names(tomogram: Rows, group: str, dummy: str) -> Rows:
    return tomogram | {"rlnTomoTiltSeriesName": [dummy], "rlnOpticsGroupName": [f"opticsGroup{group}"]}


PROFILE = Profile(
    name="relion5",
    consumers="RELION 5 (sub-tomogram refinement and classification), WarpTools' readers",
    kinds=("series",),
    part_of=part_of,
    files_of=files_of,
    endings=(TOMOGRAMS_ENDING, OPTIMISATION_ENDING),
    stack="visible",
    premultiply=True,
    may_premultiply=True,
    needs_hand=True,
)
