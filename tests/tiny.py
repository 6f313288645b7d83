"""A whole M project that is exported within a second: tiny images, few tilts, few particles."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from mtui.formats.mrc import write_mrc
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf
from mtui.geometry.tilts import TiltGeometry
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import Population, save_population
from mtui.model.series_writer import save_tilt_series
from mtui.model.source import DataSource, SourceFile, save_source
from mtui.model.species import Species, save_species
from mtui.model.tilt_series import TiltSeries

IMAGE_PX = 32
ANGPIX = Decimal(10)
VOLUME_PX = (32, 32, 16)
DIAMETER_ANG = 40


@dataclass(frozen=True, slots=True)
class TinyProject:
    """Where the files of a project are."""

    population: Path
    species: Path
    particles: Path
    sources: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        return self.population.parent

    def xml(self, root: str, source: int = 0) -> Path:
        return self.sources[source].parent / f"{root}.xml"

    def average(self, root: str, tilt: int = 0, source: int = 0) -> Path:
        return self.sources[source].parent / "frames" / "average" / f"{root}_{tilt}.mrc"


def write_tiny(
    folder: Path,
    series: tuple[tuple[str, ...], ...] = (("TS_1",),),
    particles: int = 3,
    tilts: int = 3,
    keys: int = 1,
    homeless: int = 0,
    image_px: int = IMAGE_PX,
) -> TinyProject:
    """Write a project with one species "apo 1"; ``series`` are the roots of each source's tilt series.

    Each series has ``particles`` particles, listed in turn; ``homeless`` more come from no source.
    """
    sources = tuple(
        _write_source(folder / f"tilts{number}", number, roots, _volume_px(image_px))
        for number, roots in enumerate(series)
    )
    for source in sources:
        for number, file in enumerate(source.files):
            root = file.name.removesuffix(".tomostar")
            _write_series(source.folder, root, tilts, seed=number, image_px=image_px)
    species = _write_species(folder / "species", keys)
    hashes = [file.hash for source in sources for file in source.files]
    names = [file.name for source in sources for file in source.files]
    table = make_particles(
        hashes * particles + ["lost"] * homeless,
        names * particles + ["lost.tomostar"] * homeless,
        keys,
        volume_px=_volume_px(image_px),
    )
    write_m_particles(species.particles_path, table)
    population = Population(folder / "tiny.population", "tiny", (species,), sources)
    save_population(population)
    return TinyProject(
        population.path, species.path, species.particles_path, tuple(source.path for source in sources)
    )


def make_particles(
    hashes: list[str],
    names: list[str],
    keys: int = 1,
    seed: int = 7,
    volume_px: tuple[int, int, int] = VOLUME_PX,
) -> ParticleSet:
    """Particles somewhere in the middle of the volume."""
    random = np.random.default_rng(seed)
    count = len(hashes)
    size = np.array(volume_px) * float(ANGPIX)
    middle = (0.35 + 0.3 * random.random((count, 1, 3))) * size
    return ParticleSet(
        positions_ang=(middle + random.normal(0, 3, (count, keys, 3))).astype(np.float32),
        angles_deg=random.uniform(0, 90, (count, keys, 3)).astype(np.float32),
        half=(np.arange(count) % 2).astype(np.int8),
        source_name=np.array(names, np.str_),
        source_hash=np.array(hashes, np.str_),
    )


def _guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _volume_px(image_px: int) -> tuple[int, int, int]:
    """As wide and high as the images, half as deep."""
    return image_px, image_px, image_px // 2


def _write_source(
    folder: Path, number: int, roots: tuple[str, ...], volume_px: tuple[int, int, int]
) -> DataSource:
    files = tuple(SourceFile(f"hash{number}{root}", f"{root}.tomostar") for root in roots)
    dimensions = (Decimal(volume_px[0]), Decimal(volume_px[1]), Decimal(volume_px[2]))
    name = f"source{number}"
    source = DataSource(
        folder / f"{name}.source", _guid(name), name, "", "", False, ANGPIX, dimensions, -1, files
    )
    folder.mkdir(parents=True)
    save_source(source)
    return source


def _write_series(folder: Path, root: str, tilts: int, seed: int, image_px: int) -> None:
    angles = np.linspace(-30.0, 30.0, tilts) if tilts > 1 else np.zeros(1)
    one = CubicGrid.constant
    still = LinearGrid4D.constant(0.0)
    geometry = TiltGeometry(
        angles_deg=angles,
        dose=np.abs(angles),
        use_tilt=np.ones(tilts, np.bool_),
        axis_angle_deg=np.zeros(tilts),
        axis_offset_x_ang=np.zeros(tilts),
        axis_offset_y_ang=np.zeros(tilts),
        level_angle_x_deg=0.0,
        level_angle_y_deg=0.0,
        angles_inverted=False,
        magnification=np.eye(2),
        movement_x=one(0.0),
        movement_y=one(0.0),
        angle_x=one(0.0),
        angle_y=one(0.0),
        angle_z=one(0.0),
        defocus_um=CubicGrid(np.full((tilts, 1, 1), 1.0)),
        warp_x=still,
        warp_y=still,
        warp_z=still,
    )
    zeros = np.zeros(tilts)
    ctf = SeriesCtf(
        300.0, 2.7, 0.07, 0.0, 0.0, 1.0, 0.0, zeros, zeros, zeros,
        one(0.0), one(0.0), one(0.0), one(1.0), one(0.0), one(1.0),
    )  # fmt: skip
    movies = tuple(f"frames/{root}_{tilt}.mrc" for tilt in range(tilts))
    save_tilt_series(TiltSeries(root, folder / f"{root}.xml", geometry, ctf, movies, ""))
    averages = folder / "frames" / "average"
    averages.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for tilt in range(tilts):
        image = random.normal(size=(image_px, image_px)).astype(np.float32)
        write_mrc(averages / f"{root}_{tilt}.mrc", image, float(ANGPIX), half=False)


def _write_species(folder: Path, keys: int) -> Species:
    species = Species(
        path=folder / "apo1.species",
        guid=_guid("apo 1"),
        name="apo 1",
        version="",
        previous_version="",
        dont_version=False,
        angpix=ANGPIX,
        weight_kda=Decimal(100),
        diameter_ang=DIAMETER_ANG,
        symmetry="C1",
        temporal_movement=keys,
        temporal_rotation=keys,
        resolution_ang=Decimal(-1),
        bfactor_ang2=0,
        data_stem="apo1",
    )
    folder.mkdir(parents=True)
    save_species(species)
    for kind in ("half1", "half2", "mask"):
        write_mrc(species.map_path(kind), np.ones((8, 8, 8), np.float32), float(ANGPIX), half=False)
    return species
