"""Geometry and CTF of a tilt series from its XML's attributes, Params and grids."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.numbers import parse_floats
from mtui.formats.xml import Values, attributes_of, params_of
from mtui.formats.xml_grids import read_cubic, read_linear
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf, values_per_tilt
from mtui.geometry.tilts import TiltGeometry
from mtui.model.series_lists import TiltLists


def read_geometry(path: Path, root: ET.Element, lists: TiltLists) -> TiltGeometry:
    """Geometry from the root's attributes, the lists and the grids; raises FormatError."""
    attributes = attributes_of(path, root)
    count = len(lists.angles_deg)
    return TiltGeometry(
        angles_deg=lists.angles_deg,
        dose=lists.dose,
        use_tilt=lists.use_tilt,
        axis_angle_deg=lists.axis_angle_deg,
        axis_offset_x_ang=lists.axis_offset_x_ang,
        axis_offset_y_ang=lists.axis_offset_y_ang,
        level_angle_x_deg=attributes.number("LevelAngleX", 0.0),
        level_angle_y_deg=attributes.number("LevelAngleY", 0.0),
        angles_inverted=attributes.boolean("AreAnglesInverted", False),
        magnification=read_magnification(attributes),
        movement_x=read_grid(path, root, "GridMovementX", count),
        movement_y=read_grid(path, root, "GridMovementY", count),
        angle_x=read_grid(path, root, "GridAngleX", count),
        angle_y=read_grid(path, root, "GridAngleY", count),
        angle_z=read_grid(path, root, "GridAngleZ", count),
        defocus_um=read_grid(path, root, "GridCTF", count),
        warp_x=_read_warp(path, root, "GridVolumeWarpX"),
        warp_y=_read_warp(path, root, "GridVolumeWarpY"),
        warp_z=_read_warp(path, root, "GridVolumeWarpZ"),
    )


def read_ctf(path: Path, root: ET.Element, count: int) -> SeriesCtf:
    """CTF from the Params of ``<CTF>`` and the grids of ``count`` tilts.

    Raises:
        FormatError: no ``<CTF>`` (M would go on with 300 kV and 2.7 mm), or a value that is not a number.
    """
    element = root.find("CTF")
    if element is None:
        raise FormatError(f"{path} has no <CTF>.", "Estimate the CTF of the tilt series in Warp first.")
    params = params_of(path, element)
    return SeriesCtf(
        voltage_kv=_number(params, "Voltage", "300"),
        cs_mm=_number(params, "Cs", "2.7"),
        amplitude=_number(params, "Amplitude", "0.07"),
        # The name says percent, but Warp stores and uses a fraction.
        angpix_delta=_number(params, "PixelSizeDeltaPercent", "0"),
        angpix_delta_angle_deg=_number(params, "PixelSizeAngle", "0"),
        scale=_number(params, "Scale", "1"),
        bfactor_ang2=_number(params, "Bfactor", "0"),
        defocus_delta_um=values_per_tilt(read_grid(path, root, "GridCTFDefocusDelta", count), count),
        defocus_angle_deg=values_per_tilt(read_grid(path, root, "GridCTFDefocusAngle", count), count),
        phase_pi=values_per_tilt(read_grid(path, root, "GridCTFPhase", count), count),
        dose_bfactors=read_grid(path, root, "GridDoseBfacs", count),
        dose_bfactors_delta=read_grid(path, root, "GridDoseBfacsDelta", count),
        dose_bfactors_angle=read_grid(path, root, "GridDoseBfacsAngle", count),
        dose_weights=read_grid(path, root, "GridDoseWeights", count, missing=1.0),
        location_bfactors=read_grid(path, root, "GridLocationBfacs", count),
        location_weights=read_grid(path, root, "GridLocationWeights", count, missing=1.0),
    )


def read_grid(path: Path, root: ET.Element, tag: str, count: int, missing: float = 0.0) -> CubicGrid:
    """A grid with the tilts along z; ``missing`` where the element is not there.

    Raises:
        FormatError: the grid has neither one node nor ``count`` nodes along the tilts, or see `read_cubic`.
    """
    element = root.find(tag)
    if element is None:
        return CubicGrid.constant(missing)
    nodes = read_cubic(path, element)
    depth = nodes.values.shape[0]
    if depth not in (1, count):
        raise FormatError(
            f"{path}: <{tag}> has {depth} nodes along the tilts, but <Angles> has {count} entries.",
            "Restore the file, or import and process the tilt series again in Warp.",
        )
    return CubicGrid(nodes.values, nodes.margins)


def read_magnification(attributes: Values) -> NDArray[np.float64]:
    """Magnification matrix ``[[m11, m12], [m21, m22]]``, which the file lists by columns.

    M 1.0.9 has three numbers instead: scales along two axes and, in radians, the angle by which these are
    turned backwards. They make the symmetric matrix R(-angle) diag(x, y) R(angle), R counter-clockwise.
    """
    name = "MagnificationCorrection"
    text = attributes.texts.get(name, "")
    if not text.strip():
        return np.eye(2)
    try:
        numbers = parse_floats(text)
    except ValueError as error:
        raise attributes.error(name, str(error)) from error
    if len(numbers) == 3:
        cos, sin = math.cos(numbers[2]), math.sin(numbers[2])
        turn = np.array([[cos, -sin], [sin, cos]])
        return np.asarray(turn.T @ np.diag(numbers[:2]) @ turn)
    if len(numbers) != 4:
        raise attributes.error(name, "it must be four numbers, or three as M 1.0.9 wrote them")
    return np.array(numbers).reshape(2, 2).T.copy()


def _read_warp(path: Path, root: ET.Element, tag: str) -> LinearGrid4D:
    element = root.find(tag)
    return LinearGrid4D.constant(0.0) if element is None else LinearGrid4D(read_linear(path, element))


def _number(params: Values, name: str, default: str) -> float:
    return float(params.decimal(name, Decimal(default)))
