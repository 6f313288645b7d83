"""The new particle set of an intersection, whatever table it comes from, in M's terms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import InputError, MatchingError
from mtui.matching.name_rules import rules_of
from mtui.matching.names import EXAMPLES, NameReport, match_names
from mtui.matching.scores import column_of
from mtui.model.dialects import TOMO_NAME, Detection, Dialect, detect_dialect
from mtui.model.particle_tables import read_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import BrokenEntry, Population, SeriesRef
from mtui.model.relion_columns import HALF
from mtui.model.relion_particles import convert_particles, m_detection
from mtui.model.relion_positions import Rooms, Stated
from mtui.model.relion_table import ParticleTable, read_particle_table
from mtui.model.source import DataSource
from mtui.model.species import Species, existing_particles, load_species
from mtui.model.version_folders import archived_species
from mtui.settings import IntersectSettings
from mtui.settings.intersect import RELION_READING

MICROGRAPH_NAME = "rlnMicrographName"
ONLY_RELION = ("coords_angpix", "shifts_angpix", *RELION_READING, "source")
"""Settings that tell how a table of RELION is to be read."""


@dataclass(frozen=True, slots=True, eq=False)
class NewSet:
    """A particle set to compare with."""

    path: Path
    particles: ParticleSet
    """Those whose tilt series is known, with the key frames of the table."""
    n_rows: int
    """Rows of the table."""
    detection: Detection
    names: NameReport | None
    """How names were understood; None for tables of M, which carry hashes."""
    has_halves: bool
    """Whether the table says which half-set each particle is in."""
    better_by: NDArray[np.str_] | None = None
    """``(N,)`` texts of the column that says which pose is better, if one was asked for."""

    @property
    def unmatched_rows(self) -> int:
        """Rows that are left out because their name stands for no tilt series."""
        return self.names.unmatched_rows if self.names else 0


def read_new_set(population: Population, species: Species, settings: IntersectSettings) -> NewSet:
    """Read the set that the settings name.

    Raises:
        InputError: not exactly one set is named; no such file.
        FormatError: the table cannot be read, see `particle_tables` and `relion_table`.
        MatchingError: ambiguous names, no row with a known name, or with strict names any row whose name
            or source hash is unknown.
    """
    if settings.m_star is not None and settings.relion_star is None:
        _refuse_for_m(settings)
        return _read_m(population, settings, find_m_table(settings.m_star))
    if settings.relion_star is not None and settings.m_star is None:
        return _read_relion(population, species, settings, settings.relion_star)
    raise InputError(
        "The new set must be one table, of M or of RELION.", "Give either --m-star or --relion-star."
    )


def find_m_table(path: Path) -> Path:
    """The particle table that a path means: itself, that of a ``.species`` file, or of a version's folder."""
    if path.is_dir():
        return archived_species(path).particles_path
    if path.suffix == ".species":
        return existing_particles(load_species(path))
    return path


def _read_m(population: Population, settings: IntersectSettings, table: Path) -> NewSet:
    particles = read_m_particles(table)
    known = population.series_by_hash()
    strange = sorted(set(particles.source_hash.tolist()) - known.keys())
    detection = m_detection()
    if strange:
        rows = int(np.isin(particles.source_hash, strange).sum())
        if settings.strict_names:
            raise MatchingError(
                f"{rows:,} of {len(particles):,} rows of {table} carry source hashes that no source lists, "
                f"the first one {strange[0]}.",
                "Leave these rows out, or leave out --strict-names: then they count as only new, as in M.",
            )
        detection = replace(
            detection,
            warnings=(
                f"{rows:,} rows carry source hashes that no source lists; as in M they count as only new.",
            ),
        )
    kept = tuple((name, values) for name, values in particles.extra if not name.startswith("wrp"))
    better = None if settings.better_by is None else column_of(particles, settings.better_by)
    return NewSet(table, replace(particles, extra=kept), len(particles), detection, None, True, better)


def _read_relion(population: Population, species: Species, settings: IntersectSettings, path: Path) -> NewSet:
    series = _selected_series(population, settings.source)
    table = read_particle_table(path)
    dialect = detect_dialect(table, angpix_stated=settings.coords_angpix is not None)
    if settings.dialect is not None:
        dialect = Dialect[settings.dialect.upper()]
    names = match_names(table.texts(_name_column(table)), series, rules_of(settings))
    _refuse_unmatched(path, names, strict=settings.strict_names)
    known = table.select(names.row_match >= 0)
    place = names.row_match[names.row_match >= 0]
    refs = [match.series for match in names.matches]
    rooms = Rooms(
        np.array([ref.source.volume_ang for ref in refs])[place], float(refs[place[0]].source.angpix)
    )
    stated = Stated(
        None if settings.coords_angpix is None else float(settings.coords_angpix),
        None if settings.shifts_angpix is None else float(settings.shifts_angpix),
        settings.centre,
        settings.angles,
        settings.centre_offset or 0.0,
    )
    read = convert_particles(known, dialect, rooms, stated, float(species.box_px * species.angpix))
    particles = ParticleSet(
        read.positions_ang[:, None].astype(np.float32),
        read.angles_deg[:, None].astype(np.float32),
        read.half,
        np.array([ref.name for ref in refs], np.str_)[place],
        np.array([ref.hash for ref in refs], np.str_)[place],
        read.extra,
    )
    better = None if settings.better_by is None else _texts_of(known, settings.better_by)
    return NewSet(path, particles, len(table), read.detection, names, table.has(HALF), better)


def _texts_of(table: ParticleTable, column: str) -> NDArray[np.str_]:
    if not table.has(column):
        raise InputError(
            f"{table.path} has no column {column!r}.", f"Its columns are: {', '.join(table.columns)}."
        )
    return table.texts(column)


def _refuse_for_m(settings: IntersectSettings) -> None:
    """Tables of M are in Å and carry hashes, so nothing has to be said about them."""
    for name in ONLY_RELION:
        value = getattr(settings, name)
        if value not in (None, ()):
            flag = f"--{name.replace('_', '-')}"
            words = " ".join(value) if isinstance(value, tuple) else value
            raise InputError(
                f"{flag} {words} does not apply to {settings.m_star}: tables of M are in Å and carry hashes.",
                f"Leave out {flag}.",
            )


def _selected_series(population: Population, selected: tuple[str, ...]) -> list[SeriesRef]:
    sources = [_checked(entry) for entry in population.sources if not selected or _label(entry) in selected]
    found = {source.name for source in sources}
    unknown = [name for name in selected if name not in found]
    if unknown:
        known = ", ".join(repr(_label(entry)) for entry in population.sources) or "none"
        raise InputError(f"{population.path} has no source {unknown[0]!r}.", f"Its sources are: {known}.")
    return [SeriesRef(source, file.hash, file.name) for source in sources for file in source.files]


def _label(entry: DataSource | BrokenEntry) -> str:
    return entry.path.stem if isinstance(entry, BrokenEntry) else entry.name


def _checked(entry: DataSource | BrokenEntry) -> DataSource:
    if isinstance(entry, BrokenEntry):
        raise InputError(
            entry.error.message, f"{entry.error.hint} Or name the sources to use, with --source NAME."
        )
    return entry


def _name_column(table: ParticleTable) -> str:
    for column in (TOMO_NAME, MICROGRAPH_NAME):
        if table.has(column):
            return column
    raise MatchingError(
        f"{table.path} has neither {TOMO_NAME} nor {MICROGRAPH_NAME}, so its rows name no tilt series.",
        "Add one of these columns.",
    )


def _refuse_unmatched(path: Path, names: NameReport, *, strict: bool) -> None:
    rows = names.unmatched_rows
    if not rows or (names.matches and not strict):
        return
    raise MatchingError(
        f"{rows:,} of {len(names.row_match):,} rows of {path} name tilt series that are in no selected "
        f"source. The table has {_examples(names.unmatched)}; the sources have {_examples(names.known)}.",
        "Correct the names, or select other sources with --source."
        if not strict
        else "Correct the names, select other sources, or leave out --strict-names.",
    )


def _examples(names: tuple[str, ...]) -> str:
    listed = ", ".join(names[:EXAMPLES]) or "none"
    return f"{listed}, ..." if len(names) > EXAMPLES else listed
