"""Saving a tilt series' XML: only what changed is written anew."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from mtui.formats.numbers import decimal_text, number_text
from mtui.formats.xml import ensure_child, parse_xml, set_param, write_xml
from mtui.formats.xml_grids import cubic_element, linear_element
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.model.series_lists import TiltLists, write_lists
from mtui.model.tilt_series import ROOT, TiltSeries, tilt_series_of

Grid = CubicGrid | LinearGrid4D

_ATTRIBUTES: dict[str, Callable[[TiltSeries], str]] = {
    "DataDirectory": lambda series: series.data_directory,
    "AreAnglesInverted": lambda series: str(series.geometry.angles_inverted),
    "LevelAngleX": lambda series: number_text(series.geometry.level_angle_x_deg),
    "LevelAngleY": lambda series: number_text(series.geometry.level_angle_y_deg),
    # The file lists the matrix by columns.
    "MagnificationCorrection": lambda series: ", ".join(
        map(number_text, series.geometry.magnification.T.ravel().tolist())
    ),
}
_PARAMS: dict[str, Callable[[TiltSeries], float]] = {
    "Voltage": lambda series: series.ctf.voltage_kv,
    "Cs": lambda series: series.ctf.cs_mm,
    "Amplitude": lambda series: series.ctf.amplitude,
    "PixelSizeDeltaPercent": lambda series: series.ctf.angpix_delta,
    "PixelSizeAngle": lambda series: series.ctf.angpix_delta_angle_deg,
    "Scale": lambda series: series.ctf.scale,
    "Bfactor": lambda series: series.ctf.bfactor_ang2,
}
_GRIDS: dict[str, Callable[[TiltSeries], Grid]] = {
    "GridCTF": lambda series: series.geometry.defocus_um,
    "GridCTFDefocusDelta": lambda series: _along_tilts(series.ctf.defocus_delta_um),
    "GridCTFDefocusAngle": lambda series: _along_tilts(series.ctf.defocus_angle_deg),
    "GridCTFPhase": lambda series: _along_tilts(series.ctf.phase_pi),
    "GridMovementX": lambda series: series.geometry.movement_x,
    "GridMovementY": lambda series: series.geometry.movement_y,
    "GridVolumeWarpX": lambda series: series.geometry.warp_x,
    "GridVolumeWarpY": lambda series: series.geometry.warp_y,
    "GridVolumeWarpZ": lambda series: series.geometry.warp_z,
    "GridAngleX": lambda series: series.geometry.angle_x,
    "GridAngleY": lambda series: series.geometry.angle_y,
    "GridAngleZ": lambda series: series.geometry.angle_z,
    "GridDoseBfacs": lambda series: series.ctf.dose_bfactors,
    "GridDoseBfacsDelta": lambda series: series.ctf.dose_bfactors_delta,
    "GridDoseBfacsAngle": lambda series: series.ctf.dose_bfactors_angle,
    "GridDoseWeights": lambda series: series.ctf.dose_weights,
    "GridLocationBfacs": lambda series: series.ctf.location_bfactors,
    "GridLocationWeights": lambda series: series.ctf.location_weights,
}


def save_tilt_series(series: TiltSeries) -> None:
    """Write the XML file at ``series.xml_path``; what mtui does not interpret stays. Raises WriteError."""
    root, before = ET.Element(ROOT), None
    if series.document:
        root = parse_xml(series.document, series.xml_path, ROOT)
        before = tilt_series_of(series.xml_path, root, series.name)
    for name, text in _ATTRIBUTES.items():
        if before is None or text(before) != text(series):
            root.set(name, text(series))
    if before is None or _lists(before) != _lists(series):
        write_lists(root, _lists(series))
    ctf = ensure_child(root, "CTF")
    for name, number in _PARAMS.items():
        if before is None or number(before) != number(series):
            set_param(ctf, name, decimal_text(Decimal(number_text(number(series)))))
    for tag, grid in _GRIDS.items():
        if before is None or grid(before) != grid(series):
            _replace(root, _element(tag, grid(series)))
    write_xml(series.xml_path, root)


def _lists(series: TiltSeries) -> TiltLists:
    geometry = series.geometry
    return TiltLists(
        angles_deg=geometry.angles_deg,
        dose=geometry.dose,
        use_tilt=geometry.use_tilt,
        axis_angle_deg=geometry.axis_angle_deg,
        axis_offset_x_ang=geometry.axis_offset_x_ang,
        axis_offset_y_ang=geometry.axis_offset_y_ang,
        movie_paths=series.movie_paths,
    )


def _along_tilts(values: NDArray[np.float64]) -> CubicGrid:
    return CubicGrid(values[:, None, None])


def _element(tag: str, grid: Grid) -> ET.Element:
    if isinstance(grid, CubicGrid):
        return cubic_element(tag, grid.values, grid.margins)
    return linear_element(tag, grid.values)


def _replace(root: ET.Element, element: ET.Element) -> None:
    old = root.find(element.tag)
    if old is None:
        root.append(element)
    else:
        root[list(root).index(old)] = element
