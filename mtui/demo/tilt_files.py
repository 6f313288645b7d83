"""A tilt series' metadata on disk: its XML, its ``.tomostar``, and the XML of its movies."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtui.demo.design import Lens, SeriesDesign
from mtui.formats.numbers import float_text
from mtui.formats.star_table import StarTable
from mtui.formats.star_writer import write_star
from mtui.formats.xml import set_param, write_xml

Floats = NDArray[np.float64]


def tilt_names(design: SeriesDesign) -> tuple[str, ...]:
    """Movie names without extension, one per tilt: series, rank of exposure, angle."""
    ranks = np.argsort(np.argsort(design.dose))
    return tuple(
        f"{design.root}_{rank:03d}_{angle:.1f}" for rank, angle in zip(ranks, design.angles_deg, strict=True)
    )


def write_series_xml(path: Path, design: SeriesDesign, data_directory: str, movies: str) -> None:
    """Write ``<root>.xml`` as M leaves it after a refinement.

    ``movies`` is the folder of the movies as seen from the data directory, or from the XML where that is
    empty.
    """
    root = ET.Element("TiltSeries", _attributes(design, data_directory))
    for name, values in _lists(design, movies).items():
        ET.SubElement(root, name).text = "\n".join(values)
    root.append(_lens(design))
    for name, grid in _grids(design).items():
        root.append(_cubic(name, grid))
    warps = design.warps
    for axis, warp in zip("XYZ", (warps.warp_x, warps.warp_y, warps.warp_z), strict=True):
        root.append(_linear(f"GridVolumeWarp{axis}", warp))
    write_xml(path, root)


def write_tomostar(path: Path, design: SeriesDesign, movies: str) -> None:
    """Write the ``.tomostar`` from which the series began: no offsets, no refined geometry."""
    columns = {
        "wrpMovieName": [f"{movies}/{name}.mrc" for name in tilt_names(design)],
        "wrpAngleTilt": [f"{angle:.2f}" for angle in design.angles_deg],
        "wrpAxisAngle": [f"{angle:.3f}" for angle in design.axis_angle_deg],
        "wrpDose": _texts(design.dose),
        "wrpAverageIntensity": [f"{np.cos(np.radians(angle)):.3f}" for angle in design.angles_deg],
        "wrpMaskedFraction": ["0.000"] * design.count,
    }
    write_star(path, [StarTable("", {name: np.array(texts) for name, texts in columns.items()})])


def write_movie_xml(path: Path, data_directory: str) -> None:
    """Write the XML of one movie, which says where its raw data are."""
    write_xml(path, ET.Element("Movie", {"DataDirectory": data_directory, "UnselectManual": "null"}))


def _attributes(design: SeriesDesign, data_directory: str) -> dict[str, str]:
    return {
        "DataDirectory": data_directory,
        "AreAnglesInverted": str(design.angles_inverted),
        "PlaneNormal": "0, 0, 1",
        "LevelAngleX": float_text(design.level_angle_x_deg),
        "LevelAngleY": float_text(design.level_angle_y_deg),
        "Bfactor": "0",
        "Weight": "1",
        # Column by column.
        "MagnificationCorrection": ", ".join(_texts(design.magnification.T)),
        "ImageDimensionsAngstrom": ", ".join(_texts(design.image_ang)),
        "VolumeDimensionsAngstrom": ", ".join(_texts(design.volume_ang)),
        "UnselectFilter": "False",
        "UnselectManual": "",
        "CTFResolutionEstimate": "8.0",
    }


def _lists(design: SeriesDesign, movies: str) -> dict[str, list[str]]:
    return {
        "Angles": _texts(design.angles_deg),
        "Dose": _texts(design.dose),
        "UseTilt": [str(bool(used)) for used in design.use_tilt],
        "AxisAngle": _texts(design.axis_angle_deg),
        "AxisOffsetX": _texts(design.axis_offset_x_ang),
        "AxisOffsetY": _texts(design.axis_offset_y_ang),
        "MoviePath": [f"{movies}/{name}.mrc" for name in tilt_names(design)],
        "FOVFraction": ["1"] * design.count,
    }


def _lens(design: SeriesDesign) -> ET.Element:
    """The series' own CTF: what holds for all tilts, and averages of the rest."""
    lens: Lens = design.lens
    element = ET.Element("CTF")
    params = {
        "PixelSize": f"{design.average_angpix:.4f}",
        "Voltage": f"{lens.voltage_kv:.1f}",
        "Cs": f"{lens.cs_mm:.2f}",
        "Cc": "2.7",
        "Amplitude": f"{lens.amplitude:.3f}",
        "Defocus": f"{lens.defocus_um.mean():.5f}",
        "DefocusDelta": f"{lens.defocus_delta_um.mean():.5f}",
        "DefocusAngle": f"{lens.defocus_angle_deg.mean():.3f}",
        "PhaseShift": f"{lens.phase_pi.mean():.5f}",
        "Scale": "1.0",
        "Bfactor": "0.0",
    }
    for name, text in params.items():
        set_param(element, name, text)
    return element


def _grids(design: SeriesDesign) -> dict[str, Floats]:
    """Cubic grids (tilt, y, x) by element."""
    lens, warps = design.lens, design.warps
    single = np.zeros(1)
    weights, bfactors = design.dose_weights, design.dose_bfactors_ang2
    per_tilt = {
        "GridCTF": lens.defocus_um,
        "GridCTFDefocusDelta": lens.defocus_delta_um,
        "GridCTFDefocusAngle": lens.defocus_angle_deg,
        "GridCTFPhase": lens.phase_pi,
        "GridAngleX": warps.angle_x,
        "GridAngleY": warps.angle_y,
        "GridAngleZ": warps.angle_z,
        "GridDoseBfacs": single if bfactors is None else bfactors,
        "GridDoseBfacsDelta": single,
        "GridDoseBfacsAngle": single,
        "GridDoseWeights": np.ones(1) if weights is None else weights,
        "GridLocationBfacs": single,
        "GridLocationWeights": np.ones(1),
    }
    grids = {"GridMovementX": warps.movement_x, "GridMovementY": warps.movement_y}
    return grids | {name: values[:, None, None] for name, values in per_tilt.items()}


def _cubic(name: str, grid: Floats) -> ET.Element:
    depth, height, width = map(str, grid.shape)
    sizes = {"Width": width, "Height": height, "Depth": depth}
    element = ET.Element(name, sizes | {f"Margin{axis}": "0" for axis in "XYZ"})
    _add_nodes(element, "ZYX", grid)
    return element


def _linear(name: str, grid: Floats) -> ET.Element:
    duration, depth, height, width = map(str, grid.shape)
    element = ET.Element(name, {"Width": width, "Height": height, "Depth": depth, "Duration": duration})
    _add_nodes(element, "WZYX", grid)
    return element


def _add_nodes(element: ET.Element, axes: str, grid: Floats) -> None:
    for index, value in np.ndenumerate(grid):
        place = dict(zip(reversed(axes), map(str, reversed(index)), strict=True))
        ET.SubElement(element, "Node", place | {"Value": float_text(value)})


def _texts(values: ArrayLike) -> list[str]:
    return [float_text(value) for value in np.asarray(values, dtype=np.float64).ravel()]
