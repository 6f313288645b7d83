"""The demo project: two sources, five tilt series, two species, new sets, and the truth about all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mtui.demo.kinds import ANGPIX, KINDS, kind_phantom
from mtui.demo.layouts import desktop_layout, warptools_layout
from mtui.demo.phantom import Phantom
from mtui.demo.recipes import GRID_RECIPES, GRID_STAGE, LAMELLA_RECIPES, LAMELLA_STAGE
from mtui.demo.scenes import Scene, gather, series_truth, shoot, write_source
from mtui.demo.set_files import write_sets
from mtui.demo.species_files import new_species, write_species
from mtui.demo.truth import DemoTruth, SpeciesTruth, save_truth
from mtui.errors import InputError
from mtui.model.population import Population, save_population
from mtui.model.source import DataSource
from mtui.model.species import Species

SEED = 20


@dataclass(frozen=True, slots=True)
class DemoProject:
    """A demo project on disk."""

    folder: Path

    @property
    def population(self) -> Path:
        """The population file; the last one written, so that where it is the project is complete."""
        return self.folder / "demo.population"

    @property
    def truth(self) -> Path:
        """What :func:`mtui.demo.truth.load_truth` reads."""
        return self.folder / "truth.json"

    @property
    def sets(self) -> Path:
        """Folder with the new sets."""
        return self.folder / "sets"


def find_demo(folder: Path) -> DemoProject | None:
    """The demo project in a folder, if there is a complete one."""
    project = DemoProject(folder.absolute())
    return project if project.population.is_file() and project.truth.is_file() else None


def write_demo(
    folder: Path, seed: int = SEED, on_step: Callable[[str], None] = lambda step: None
) -> DemoProject:
    """Write the demo project into a new or empty folder; the same seed gives the same project.

    ``on_step`` is told in a few words what is being written.

    Raises:
        InputError: the folder is a file or has something in it.
        WriteError: the system refused to write.
    """
    _require_empty(folder)
    project = DemoProject(folder.absolute())
    phantoms = [kind_phantom(kind, number, seed) for number, kind in enumerate(KINDS)]
    sources, scenes = _write_series(project, phantoms, seed, on_step)
    on_step("species, new particle sets and the truth")
    particles = [gather(scenes, number) for number in range(len(KINDS))]
    species = [
        write_species(
            new_species(project.folder, kind, seed), phantom, table, np.random.default_rng([seed, 5])
        )
        for kind, phantom, table in zip(KINDS, phantoms, particles, strict=True)
    ]
    room = {scene.hash: scene.design.volume_ang for scene in scenes}
    sets = write_sets(project.sets, species, particles, room, seed)
    save_truth(project.truth, DemoTruth(seed, _species_truth(species, phantoms, scenes), sets))
    save_population(Population(project.population, "mtui demo", tuple(species), tuple(sources)))
    return project


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is not an empty folder, so the demo cannot be written there.",
            "Name a new folder (mtui demo FOLDER), or empty this one.",
        )


def _write_series(
    project: DemoProject, phantoms: Sequence[Phantom], seed: int, on_step: Callable[[str], None]
) -> tuple[list[DataSource], list[Scene]]:
    """Both sources with their tilt series: one in each of Warp's layouts."""
    sources: list[DataSource] = []
    scenes: list[Scene] = []
    for name, layout, stage, recipes in (
        ("grid", desktop_layout(project.folder / "grid"), GRID_STAGE, GRID_RECIPES),
        ("lamella", warptools_layout(project.folder / "lamella"), LAMELLA_STAGE, LAMELLA_RECIPES),
    ):
        shot: list[Scene] = []
        for recipe in recipes:
            on_step(f"tilt series {recipe.root}: {recipe.count} images")
            shot.append(shoot(layout, stage, recipe, phantoms, [seed, 2, len(scenes) + len(shot)]))
        sources.append(write_source(name, layout, stage, shot, seed))
        scenes += shot
    return sources, scenes


def _species_truth(
    species: Sequence[Species], phantoms: Sequence[Phantom], scenes: Sequence[Scene]
) -> dict[str, SpeciesTruth]:
    return {
        entry.name: SpeciesTruth(
            phantom,
            ANGPIX,
            entry.box_px,
            {scene.design.root: series_truth(scene, number) for scene in scenes},
        )
        for number, (entry, phantom) in enumerate(zip(species, phantoms, strict=True))
    }
