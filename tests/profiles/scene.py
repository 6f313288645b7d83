"""A small tilt series and particles in it, for the tests of tables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from mtui.geometry.sizes import OutputPixel
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilts import Frame
from mtui.geometry.visibility import selected_tilts
from mtui.model.particles import ParticleSet
from mtui.profiles.hand import HandRule, compute_hand
from mtui.profiles.poses import PoseTime, SeriesFacts, compute_poses, project_poses
from mtui.profiles.profile import Part, Profile, StarFile, TableOptions, Target, UnitTables
from mtui.profiles.stacks import StackRule, TiltOrder, plan_stacks
from mtui.profiles.tomogram import tomogram_centre_ang
from tests.geometry.series import plain_ctf, plain_geometry

ANGLES_DEG = np.array([-40.0, -20.0, 0.0, 20.0, 40.0])
DOSE = np.array([12.0, 6.0, 0.0, 3.0, 9.0])
VOLUME_ANG = (1600.0, 1200.0, 400.0)
FRAME = Frame(VOLUME_ANG, (1600.0, 1200.0))
BOX_PX = 24
DIAMETER_ANG = 100
PLAIN = TableOptions()


def make_series(
    name: str = "TS_1.tomostar",
    *,
    inverted: bool = False,
    deselected: tuple[int, ...] = (),
    first_tilts: int | None = None,
    species: str = "apo",
) -> SeriesFacts:
    """Five tilts with a tilted axis, levelled, warped and moved a little."""
    rng = np.random.default_rng(5)
    use_tilt = ~np.isin(np.arange(5), deselected)
    geometry = replace(
        plain_geometry(ANGLES_DEG, DOSE),
        use_tilt=use_tilt,
        axis_angle_deg=np.full(5, 84.0),
        level_angle_x_deg=2.0,
        level_angle_y_deg=-3.0,
        angles_inverted=inverted,
        defocus_um=CubicGrid(np.array([3.1, 3.2, 3.0, 2.9, 3.3])[:, None, None]),
        movement_x=CubicGrid(rng.normal(0, 5, (5, 2, 2))),
        movement_y=CubicGrid(rng.normal(0, 5, (5, 2, 2))),
        warp_z=LinearGrid4D(rng.normal(0, 3, (2, 1, 2, 2))),
    )
    ctf = replace(
        plain_ctf(5),
        defocus_delta_um=np.array([0.1, 0.08, 0.06, 0.04, 0.02]),
        defocus_angle_deg=np.array([10.0, 20.0, 30.0, 40.0, 50.0]),
        phase_pi=np.full(5, 0.25),
    )
    root = name.rpartition(".")[0]
    return SeriesFacts(
        name=name,
        root=root,
        species=species,
        pixel=OutputPixel(Decimal("1.6"), Decimal(8)),
        box_px=BOX_PX,
        images=f"particleseries/{root}",
        geometry=geometry,
        ctf=ctf,
        volume_ang=VOLUME_ANG,
        movies=tuple(f"{root}_{number}.mrc" for number in range(5)),
        tilts=selected_tilts(geometry, first_tilts),
    )


def make_particles(count: int = 6, *, keys: int = 1, seed: int = 2) -> ParticleSet:
    """Particles well inside of the volume, with key frames that differ."""
    rng = np.random.default_rng(seed)
    room = np.array(VOLUME_ANG)
    return ParticleSet(
        positions_ang=(
            room * rng.uniform(0.25, 0.75, (count, 1, 3)) + rng.normal(0, 9, (count, keys, 3))
        ).astype(np.float32),
        angles_deg=(rng.uniform(-80, 80, (count, 1, 3)) + rng.normal(0, 4, (count, keys, 3))).astype(
            np.float32
        ),
        half=(np.arange(count) % 2).astype(np.int8),
        source_name=np.full(count, "TS_1.tomostar"),
        source_hash=np.full(count, "hash"),
        extra=(
            ("rlnHelicalTubeID", np.array([str(n) for n in range(count)])),
            ("rlnAngleTiltPrior", np.full(count, "1")),
        ),
    )


def make_unit(
    series: SeriesFacts,
    particles: ParticleSet,
    *,
    first_number: int = 0,
    rule: StackRule = "visible",
    order: TiltOrder = "index",
    options: TableOptions = PLAIN,
    time: PoseTime = "first",
    hand: HandRule = "auto",
    shift_ang: tuple[float, float, float] | None = None,
) -> UnitTables:
    """A unit with everything that a profile may ask for."""
    poses = compute_poses(series, particles, first_number, shift_ang, time)
    stacks = plan_stacks(poses, project_poses(poses, FRAME, DIAMETER_ANG), FRAME, rule, order)
    starts = particles.positions_ang[:, 0].astype(np.float64)
    found = compute_hand(series.geometry, FRAME, tomogram_centre_ang(series), starts, hand)
    return UnitTables(stacks.poses, options, stacks, found)


def files_of(profile: Profile, parts: list[Part], folder: Path) -> dict[str, StarFile]:
    """Files by name."""
    target = Target(folder / "particles.star", folder)
    return {file.path.name: file for file in profile.files_of(parts, target)}
