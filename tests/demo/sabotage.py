"""Ways to spoil a demo project, each of which its average must show."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mtui.demo.project import DemoProject
from mtui.formats.xml import read_xml, write_xml
from mtui.model.particle_tables import write_m_particles
from mtui.model.particles import ParticleSet
from mtui.model.population import load_population
from mtui.model.species import save_species
from mtui.model.versions import load_particles

MOVEMENT = ("GridMovementX", "GridMovementY")
VOLUME_WARP = ("GridVolumeWarpX", "GridVolumeWarpY", "GridVolumeWarpZ")


def series_files(project: DemoProject) -> list[Path]:
    """The XML of every tilt series."""
    return [ref.xml_path for ref in load_population(project.population).series_by_hash().values()]


def ignore_grids(project: DemoProject, names: Iterable[str]) -> None:
    """Set all nodes of these grids to 0."""
    for path in series_files(project):
        root = read_xml(path, "TiltSeries")
        for name in names:
            for node in root.findall(f"{name}/Node"):
                node.set("Value", "0")
        write_xml(path, root)


def forget_trajectories(project: DemoProject, species_name: str) -> None:
    """Leave every particle where and as it was at the beginning of the exposure."""
    species = load_population(project.population).find_species(species_name)
    particles = load_particles(species)
    still = replace(
        particles, positions_ang=particles.positions_ang[:, :1], angles_deg=particles.angles_deg[:, :1]
    )
    save_species(replace(species, temporal_movement=1, temporal_rotation=1))
    write_m_particles(species.particles_path, still)


def mirror(project: DemoProject, species_name: str) -> None:
    """Turn the tomogram's z axis around while the images stay as they are.

    Every position in the images is as before, so that nothing but the hand of the density tells.
    """
    population = load_population(project.population)
    for path in series_files(project):
        root = read_xml(path, "TiltSeries")
        _mirror_geometry(root)
        write_xml(path, root)
    species = population.find_species(species_name)
    particles = load_particles(species)
    depth = {key: ref.source.volume_ang[2] for key, ref in population.series_by_hash().items()}
    write_m_particles(species.particles_path, _mirrored(particles, depth))


def _mirror_geometry(root: ET.Element) -> None:
    for attribute in ("LevelAngleX", "LevelAngleY"):
        root.set(attribute, str(-float(root.attrib[attribute])))
    root.set("AreAnglesInverted", str(root.attrib["AreAnglesInverted"] == "False"))
    angles = root.find("Angles")
    assert angles is not None
    angles.text = "\n".join(str(-float(text)) for text in (angles.text or "").split())
    for name in ("GridAngleX", "GridAngleY", "GridVolumeWarpZ"):
        for node in root.findall(f"{name}/Node"):
            node.set("Value", str(-float(node.attrib["Value"])))
    for name in VOLUME_WARP:
        for grid in root.findall(name):
            for node in grid:
                node.set("Z", str(int(grid.attrib["Depth"]) - 1 - int(node.attrib["Z"])))


def _mirrored(particles: ParticleSet, depth_ang: dict[str, float]) -> ParticleSet:
    """Poses in the mirrored tomogram: z counted from the other face, tilt negative."""
    depths = np.array([depth_ang[key] for key in particles.source_hash])
    positions = particles.positions_ang.copy()
    positions[..., 2] = depths[:, None] - positions[..., 2]
    return replace(
        particles,
        positions_ang=positions.astype(np.float32),
        angles_deg=particles.angles_deg * np.array([1, -1, 1], np.float32),
    )
