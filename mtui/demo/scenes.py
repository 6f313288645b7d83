"""The demo's tilt series with the particles in them, and the sources that list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from mtui.demo.design import SeriesDesign
from mtui.demo.forward import compute_appearance
from mtui.demo.images import Cast
from mtui.demo.kinds import KINDS, demo_guid
from mtui.demo.layouts import Layout, write_series
from mtui.demo.particles import Poses, make_moving, make_still, scatter
from mtui.demo.phantom import Phantom
from mtui.demo.recipes import Recipe, Stage, make_design
from mtui.demo.truth import SeriesTruth
from mtui.model.particles import ParticleSet, concatenate
from mtui.model.source import DataSource, SourceFile, save_source


@dataclass(frozen=True, slots=True)
class Scene:
    """One tilt series on disk and the particles in it, kind by kind in the order of ``KINDS``."""

    design: SeriesDesign
    hash: str
    poses: tuple[Poses, ...]
    casts: tuple[Cast, ...]

    @property
    def name(self) -> str:
        """How a source and particle tables name the series."""
        return f"{self.design.root}.tomostar"


def shoot(
    layout: Layout, stage: Stage, recipe: Recipe, phantoms: Sequence[Phantom], seed: list[int]
) -> Scene:
    """Place particles in a tilt series, take its images, and write all of it."""
    rng = np.random.default_rng(seed)
    design = make_design(stage, recipe, rng)
    counts = [kind.per_series for kind in KINDS]
    places = np.split(scatter(design, sum(counts), rng), np.cumsum(counts)[:-1])
    poses = tuple(
        make_moving(chosen, rng) if kind.is_moving else make_still(chosen, rng)
        for kind, chosen in zip(KINDS, places, strict=True)
    )
    casts = tuple(
        Cast(phantom, compute_appearance(design, entry.positions_ang, entry.angles_deg))
        for phantom, entry in zip(phantoms, poses, strict=True)
    )
    return Scene(design, write_series(layout, design, casts, seed), poses, casts)


def write_source(name: str, layout: Layout, stage: Stage, scenes: Sequence[Scene], seed: int) -> DataSource:
    """Write the source that lists these tilt series."""
    x, y, z = (Decimal(size) for size in stage.volume_px)
    source = DataSource(
        path=layout.processing / f"{name}.source",
        guid=demo_guid(seed, f"source.{name}"),
        name=name,
        version="",
        previous_version="",
        dont_version=False,
        angpix=Decimal(str(stage.raw_angpix)),
        dimensions_px=(x, y, z),
        frame_limit=max(scene.design.count for scene in scenes),
        files=tuple(SourceFile(scene.hash, scene.name) for scene in scenes),
    )
    save_source(source)
    return source


def gather(scenes: Sequence[Scene], number: int) -> ParticleSet:
    """All particles of one kind as M's table lists them: sorted by hash, half sets in turn, numbered."""
    parts = [_table(scene, number) for scene in scenes]
    joined = parts[0]
    for part in parts[1:]:
        joined = concatenate(joined, part)
    return joined.sorted_by_hash()


def series_truth(scene: Scene, number: int) -> SeriesTruth:
    """What the forward model did with the particles of one kind in one series."""
    poses, appearance = scene.poses[number], scene.casts[number].appearance
    return SeriesTruth(poses.positions_ang, poses.angles_deg, appearance.xy_ang, appearance.defocus_um)


def _table(scene: Scene, number: int) -> ParticleSet:
    poses = scene.poses[number]
    count = len(poses)
    return ParticleSet(
        poses.positions_ang.astype(np.float32),
        poses.angles_deg.astype(np.float32),
        (np.arange(count) % 2).astype(np.int8),
        np.full(count, scene.name),
        np.full(count, scene.hash),
        (("demoParticle", np.array([f"{scene.design.root}_{index:02d}" for index in range(count)])),),
    )
