"""The tour of a demo project: what it runs, and how its result is judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.demo.average import Average, compute_average
from mtui.demo.fsc import compute_fsc
from mtui.demo.phantom import Phantom, sample_phantom
from mtui.demo.project import DemoProject
from mtui.demo.truth import load_truth
from mtui.errors import InputError
from mtui.settings import ExportSettings, IntersectSettings, to_argv

Floats = NDArray[np.float64]

TOLERANCE_ANG = 20.0
FIRST_SHELL = 2
"""The first shell that counts: the one before holds what the images' high-pass filter takes in part."""
WANTED_FSC = 0.9


@dataclass(frozen=True, slots=True)
class TourStep:
    """One command of the tour: what it shows, and its arguments after ``mtui``."""

    title: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TourExport:
    """One export of the tour."""

    species: str
    star: Path
    step: TourStep


@dataclass(frozen=True, slots=True)
class Verdict:
    """How close an average comes to the truth: ``fsc`` (shells,) from 0 to Nyquist."""

    average: Average
    fsc: Floats

    @property
    def last_shell(self) -> int:
        """Half of Nyquist."""
        return (len(self.fsc) - 1) // 2

    @property
    def lowest(self) -> float:
        """The lowest correlation from the second shell to half of Nyquist."""
        return float(self.fsc[FIRST_SHELL : self.last_shell + 1].min())

    @property
    def is_good(self) -> bool:
        """Whether the average gives back the truth."""
        return self.lowest >= WANTED_FSC

    @property
    def resolution_ang(self) -> float:
        """What half of Nyquist is in Å."""
        return len(self.average.volume) * self.average.angpix / self.last_shell


def first_steps(project: DemoProject) -> tuple[TourStep, ...]:
    """Look at the population, then at a new particle set, then keep what two sets have in common."""
    population = project.population
    compared = IntersectSettings(
        population,
        "anchor",
        relion_star=project.sets / "anchor_relion31.star",
        tolerance=TOLERANCE_ANG,
        keep=("old", "both"),
    )
    kept = IntersectSettings(
        population,
        "slow drifter",
        m_star=project.sets / "slowdrifter_m.star",
        tolerance=TOLERANCE_ANG,
        keep=("both",),
    )
    return (
        TourStep("The species of the population", ("species", str(population))),
        TourStep("Compare anchor with a RELION table, changing nothing", (*to_argv(compared), "--dry-run")),
        TourStep("Keep the particles that slow drifter shares with another set", tuple(to_argv(kept))),
    )


def export_steps(project: DemoProject) -> tuple[TourExport, ...]:
    """Export both species, one of them in the orientation of its map."""
    exports = []
    for species, stem, prerotate in (("anchor", "anchor", False), ("slow drifter", "slowdrifter", True)):
        star = project.folder / "export" / f"{stem}.star"
        settings = ExportSettings(project.population, species, star, prerotate=prerotate, overwrite=True)
        how = ", pre-rotated along their trajectories" if prerotate else ""
        step = TourStep(f"Export the volumes and 3D CTFs of {species}{how}", tuple(to_argv(settings)))
        exports.append(TourExport(species, star, step))
    return tuple(exports)


def judge_export(project: DemoProject, species: str, star: Path) -> Verdict:
    """Average an export of a species and compare it with the density that its images show.

    Raises:
        InputError: the demo has no such species.
        FormatError: the export is missing or damaged.
    """
    truth = load_truth(project.truth)
    if species not in truth.species:
        raise InputError(
            f"The demo has no species {species!r}.", f"Its species are: {', '.join(truth.species)}."
        )
    return judge_average(compute_average(star), truth.species[species].phantom)


def judge_average(average: Average, phantom: Phantom) -> Verdict:
    """Compare an average with the density it should show."""
    density = sample_phantom(phantom, average.volume.shape[0], average.angpix)
    return Verdict(average, compute_fsc(average.volume, density))


def verdict_text(verdict: Verdict) -> str:
    """The verdict in one sentence."""
    box, average = len(verdict.average.volume), verdict.average
    word = "good" if verdict.is_good else "NOT good"
    return (
        f"Average of {average.particles} particles, box {box} px at {average.angpix:.2f} Å: Fourier shell "
        f"correlation with the truth at least {verdict.lowest:.3f} from shell {FIRST_SHELL} to half of "
        f"Nyquist ({verdict.resolution_ang:.1f} Å), {word}: the limit is "
        f"{WANTED_FSC}."
    )
