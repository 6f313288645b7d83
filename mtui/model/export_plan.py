"""What an export would do: which particles of which tilt series, in what order, how large, and where to.

A plan is made from tables and headers alone, so that a form can preview it while the user types and a job can
make the same plan again on another machine. The slices of the work (units) follow from the settings only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import InputError, ModelError
from mtui.formats.files import absolute_path
from mtui.geometry.sizes import OutputPixel
from mtui.model.export_refusals import (
    refuse_blanks,
    refuse_missing_background,
    refuse_shared_folders,
    refuse_shared_names,
)
from mtui.model.export_sizes import Amount, amount_of
from mtui.model.particles import ParticleSet
from mtui.model.population import BrokenEntry, Population, SeriesRef
from mtui.model.source import DataSource
from mtui.model.species import Species
from mtui.settings import ExportSettings
from mtui.settings.outputs import Output, idle_flags, resolve_output

UNIT_PARTICLES = 64
"""Particles in one unit of work; a constant, so that an export has the same units on any machine."""
FEW_TILTS = 41
"""Tilts of a series whose metadata cannot be read yet, for the estimate of space."""


@dataclass(frozen=True, slots=True, eq=False)
class ExportInputs:
    """What an export starts from, whatever its settings: the species' particles by tilt series."""

    population: Population
    species: Species
    particles: ParticleSet
    series: tuple[tuple[SeriesRef, NDArray[np.intp]], ...]
    """Series with particles, in the order of the sources and of their files, each with its rows."""
    left_out: int
    """Particles whose tilt series is in none of the population's sources."""
    left_out_names: tuple[str, ...]
    """Names of up to ten of those tilt series."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A slice of one tilt series: what is computed, written and recorded at once."""

    number: int
    """Position in the whole export."""
    start: int
    """First particle, counted within the series."""
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class SeriesPlan:
    """The part of an export that comes from one tilt series."""

    ref: SeriesRef
    rows: NDArray[np.intp]
    """Rows of the species' table, in its order; the index in here stands in a particle's file names."""
    pixel: OutputPixel
    folder: Path
    """Where the images go."""
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExportPlan:
    """An export with every default filled in."""

    settings: ExportSettings
    species: Species
    particles: ParticleSet
    output: Path
    """The table, absolute."""
    target: Output
    """Kind of images, and profile."""
    base: Path
    """Folder that the paths in the tables start from."""
    angpix: Decimal
    """Output pixel size as requested."""
    box_px: int
    diameter_ang: int
    series: tuple[SeriesPlan, ...]
    left_out: int
    """Particles whose tilt series is in no source."""
    warnings: tuple[str, ...]

    @property
    def n_particles(self) -> int:
        """Particles that are exported."""
        return sum(len(series.rows) for series in self.series)

    @property
    def n_units(self) -> int:
        """Units of all series."""
        return sum(len(series.units) for series in self.series)

    @property
    def amount(self) -> Amount:
        """Files and bytes to be written, at most; series of one source count as long as the first of them."""
        from mtui.model.averages import first_of_sources, peek_sampling

        first = {ref.source.guid: ref for ref in first_of_sources([series.ref for series in self.series])}

        def tilts_of(place: int) -> int:
            source = self.series[place].ref.source
            sampling = peek_sampling(first[source.guid], self.settings.remap)
            limit = self.tilt_limit(source)
            tilts = FEW_TILTS if sampling is None else sampling.n_tilts
            return tilts if limit is None else min(tilts, limit)

        particles = tuple(len(series.rows) for series in self.series)
        return amount_of(self.target, particles, self.box_px, tilts_of, float32=self.settings.float32)

    @property
    def n_files(self) -> int:
        """Files to be written, at most."""
        return self.amount.files

    @property
    def n_bytes(self) -> int:
        """Bytes to be written, at most."""
        return self.amount.bytes

    def tilt_limit(self, source: DataSource) -> int | None:
        """Number of lowest-dose tilts to use, or None for all.

        As in M (`DialogTomoParticleExport`) a source's FrameLimit counts only where the user limits the
        tilts; unlike there, a FrameLimit of 0 or below (a hand-made source) does not mean "none".
        """
        if self.settings.first_tilts is None:
            return None
        limit = source.frame_limit if source.frame_limit > 0 else self.settings.first_tilts
        return min(limit, self.settings.first_tilts)


def load_export_inputs(population: Population, species_text: str) -> ExportInputs:
    """Load a species' particles and find the tilt series of each.

    Raises:
        InputError: no such species, or none of its particles is in a source of the population.
        ModelError: a source cannot be loaded (its particles would be missing), holds frame series, or the
            species has no particles.
        FormatError: the particle table is damaged.
    """
    from mtui.model.versions import load_particles

    species = population.find_species(species_text)
    for entry in population.sources:
        if isinstance(entry, BrokenEntry):
            raise entry.error
    particles = load_particles(species)
    if not len(particles):
        raise ModelError(
            f"The species {species.name!r} has no particles: {species.particles_path} has no rows.",
            "Choose another species, or restore an earlier version of this one.",
        )
    rows_of = particles.rows_by_hash()
    series = tuple((ref, rows_of.pop(ref.hash)) for ref in _in_order(population) if ref.hash in rows_of)
    for ref, _ in series:
        _refuse_frame_series(ref)
    lost = np.concatenate(list(rows_of.values())) if rows_of else np.zeros(0, np.intp)
    names = tuple(sorted(set(particles.source_name[lost].tolist()))[:10])
    if not series:
        raise InputError(
            f"None of the {len(particles):,} particles of {species.name!r} is in a source of "
            f"{population.path}; their tilt series are {', '.join(names)}.",
            "Add the source they come from to the population.",
        )
    return ExportInputs(population, species, particles, series, len(lost), names)


def plan_export(
    population: Population, settings: ExportSettings, inputs: ExportInputs | None = None
) -> ExportPlan:
    """Fill in the defaults and lay out the work; no image data is read.

    ``inputs`` may be given to plan again with other settings without loading the particles again.

    Raises:
        InputError: the particle fills the box, two series would write the same files, or a path would have
            blanks, which no reader of the table can handle.
        ModelError: the output would be sampled finer than the averages.
        (and whatever `load_export_inputs` raises)
    """
    from mtui.model.averages import refuse_finer_than_averages

    inputs = inputs or load_export_inputs(population, settings.species)
    species = inputs.species
    angpix = settings.angpix or species.angpix
    output = absolute_path(settings.output)
    target = resolve_output(settings.output_kind, settings.profile)
    series = tuple(_plan_series(inputs, settings, angpix, output))
    box, diameter = settings.box or species.box_px, settings.diameter or species.diameter_ang
    base = path_base(settings.path_base, output)
    if target.kind == "volumes" and settings.normalize_output:
        refuse_missing_background(series[0].pixel, box, diameter)
    if target.kind != "none":
        refuse_finer_than_averages(angpix, [ref for ref, _ in inputs.series], settings.remap)
        refuse_shared_folders(series)
        refuse_blanks(series, base, output)
    if target.kind == "series":
        refuse_shared_names(series)
    return ExportPlan(
        settings=settings,
        species=species,
        particles=inputs.particles,
        output=output,
        target=target,
        base=base,
        angpix=angpix,
        box_px=box,
        diameter_ang=diameter,
        series=series,
        left_out=inputs.left_out,
        warnings=tuple(_warnings(inputs, settings, angpix)),
    )


def images_folder(settings: ExportSettings, output: Path, ref: SeriesRef) -> Path:
    """Folder of one series' images: below the table's, below ``--images-dir``, or where M puts them."""
    if settings.images_dir == "source":
        base = ref.source.folder
    elif settings.images_dir:
        base = absolute_path(Path(settings.images_dir))
    else:
        base = output.parent
    is_series = resolve_output(settings.output_kind, settings.profile).kind == "series"
    return base / ("particleseries" if is_series else "subtomo") / ref.root


def path_base(rule: str, output: Path) -> Path:
    """Folder that the paths in the tables start from: ``star``, ``cwd`` or a folder's name."""
    if rule == "star":
        return output.parent
    return Path.cwd() if rule == "cwd" else absolute_path(Path(rule))


def _in_order(population: Population) -> Iterator[SeriesRef]:
    """Series by source and by file; of one that two sources list, the first."""
    yield from population.series_by_hash().values()


def _refuse_frame_series(ref: SeriesRef) -> None:
    if not ref.source.is_tilt_series:
        raise ModelError(
            f"The source {ref.source.name!r} ({ref.source.path}) holds frame series such as {ref.name}; "
            "export is not supported for frame series.",
            "Choose a species whose particles come from tilt series.",
        )


def _plan_series(
    inputs: ExportInputs, settings: ExportSettings, angpix: Decimal, output: Path
) -> Iterator[SeriesPlan]:
    first_unit = 0
    for ref, rows in inputs.series:
        starts = range(0, len(rows), UNIT_PARTICLES)
        units = tuple(
            Unit(first_unit + count, start, min(start + UNIT_PARTICLES, len(rows)))
            for count, start in enumerate(starts)
        )
        first_unit += len(units)
        pixel = OutputPixel(raw_angpix=ref.source.angpix, requested_angpix=angpix)
        yield SeriesPlan(ref, rows, pixel, images_folder(settings, output, ref), units)


RAW_GONE = "Raw movies are gone"
"""How the warning about them begins; it is given once."""


def _warnings(inputs: ExportInputs, settings: ExportSettings, angpix: Decimal) -> Iterator[str]:
    from mtui.model.averages import first_of_sources, peek_sampling

    species = inputs.species
    if inputs.left_out:
        names = ", ".join(inputs.left_out_names)
        yield f"{inputs.left_out:,} particles are left out: their tilt series are in no source ({names})."
    for first, second in inputs.population.shared_series():
        yield (
            f"{first.name} is in the sources {first.source.name!r} and {second.source.name!r}; "
            "the first one is used."
        )
    gone = [
        ref.source.name
        for ref in first_of_sources([ref for ref, _ in inputs.series])
        if (sampling := peek_sampling(ref, settings.remap)) is not None and sampling.raw_is_gone
    ]
    if gone:
        yield f"{RAW_GONE} (source {', '.join(gone)}): their size is taken from the averages' headers."
    target = resolve_output(settings.output_kind, settings.profile)
    idle = ", ".join(idle_flags(settings, target))
    if idle:
        yield f"Without effect in the profile {target.profile}: {idle}."
    box = settings.box or species.box_px
    diameter = settings.diameter or species.diameter_ang
    if target.kind != "none" and box * angpix < diameter:
        yield f"The box, {box * angpix:f} Å, is smaller than the particle's diameter, {diameter} Å."
