"""A species on disk: maps, mask, particle table, and the species file itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mtui.demo.kinds import ANGPIX, Kind, demo_guid
from mtui.demo.phantom import Phantom, sample_phantom
from mtui.formats.files import make_folder
from mtui.formats.mrc import write_mrc
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.species import Species, safe_names, save_species
from mtui.model.version_text import compute_version

MAP_NOISE = 0.15
"""Noise of a half map, as a share of the density's own deviation."""
MASK_EDGE_PX = 2


def new_species(population_folder: Path, kind: Kind, seed: int) -> Species:
    """A species of a kind, not yet on disk; its folder is named as M's command line names it."""
    guid = demo_guid(seed, kind.name)
    stem = safe_names(kind.name)[0]
    key_frames = 3 if kind.is_moving else 1
    return Species(
        path=population_folder / "species" / f"{stem}_{guid[:8]}" / f"{stem}.species",
        guid=guid,
        name=kind.name,
        version="",
        previous_version="",
        dont_version=False,
        angpix=Decimal(str(ANGPIX)),
        weight_kda=Decimal(kind.weight_kda),
        diameter_ang=kind.diameter_ang,
        symmetry="C1",
        temporal_movement=key_frames,
        temporal_rotation=key_frames,
        resolution_ang=Decimal("11.5"),
        bfactor_ang2=0,
        data_stem=stem,
    )


def write_species(
    species: Species, phantom: Phantom, particles: ParticleSet, rng: np.random.Generator
) -> Species:
    """Write a species with its maps and particles; the same with the version that M would give it."""
    make_folder(species.folder)
    density = sample_phantom(phantom, species.box_px, ANGPIX)
    noise = MAP_NOISE * density.std()
    for kind in ("half1", "half2"):
        half = density + rng.normal(0, noise, density.shape).astype(np.float32)
        write_mrc(species.map_path(kind), half, ANGPIX, half=False)
    write_mrc(species.map_path("filt"), density, ANGPIX, half=False)
    write_mrc(species.map_path("mask"), soft_mask(density), ANGPIX, half=False)
    write_m_particles(species.particles_path, particles)
    versioned = replace(species, version=compute_version(species, particles))
    save_species(versioned)
    return versioned


def soft_mask(density: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 where there is density, falling to 0 over a few voxels around it (z, y, x)."""
    solid = ndimage.binary_dilation(density > 0.1 * density.max(), iterations=1)
    distance = ndimage.distance_transform_edt(~solid)
    edge = 0.5 + 0.5 * np.cos(np.pi * np.minimum(distance / MASK_EDGE_PX, 1))
    return np.asarray(edge, dtype=np.float32)
