"""Tilt series for the tests of geometry: read from Warp's XML, or made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from mtui.geometry.arrays import Array
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf, values_per_tilt
from mtui.geometry.tilts import TiltGeometry


def read_geometry(path: Path) -> TiltGeometry:
    """The geometry of an XML written by Warp or M; only what these tests need, and no checks."""
    root = ElementTree.parse(path).getroot()
    m11, m21, m12, m22 = (float(v) for v in root.get("MagnificationCorrection", "1,0,0,1").split(","))
    return TiltGeometry(
        angles_deg=_numbers(root, "Angles"),
        dose=_numbers(root, "Dose"),
        use_tilt=np.array([line == "True" for line in _lines(root, "UseTilt")]),
        axis_angle_deg=_numbers(root, "AxisAngle"),
        axis_offset_x_ang=_numbers(root, "AxisOffsetX"),
        axis_offset_y_ang=_numbers(root, "AxisOffsetY"),
        level_angle_x_deg=float(root.get("LevelAngleX", "0")),
        level_angle_y_deg=float(root.get("LevelAngleY", "0")),
        angles_inverted=root.get("AreAnglesInverted") == "True",
        magnification=np.array([[m11, m12], [m21, m22]]),
        defocus_um=_cubic(root, "GridCTF"),
        movement_x=_cubic(root, "GridMovementX"),
        movement_y=_cubic(root, "GridMovementY"),
        angle_x=_cubic(root, "GridAngleX"),
        angle_y=_cubic(root, "GridAngleY"),
        angle_z=_cubic(root, "GridAngleZ"),
        warp_x=_linear(root, "GridVolumeWarpX"),
        warp_y=_linear(root, "GridVolumeWarpY"),
        warp_z=_linear(root, "GridVolumeWarpZ"),
    )


def read_ctf(path: Path) -> SeriesCtf:
    """The CTF and the weights of an XML written by Warp or M."""
    root = ElementTree.parse(path).getroot()
    n_tilts = len(_lines(root, "Angles"))
    delta, angle, phase = (
        values_per_tilt(_cubic(root, f"GridCTF{name}"), n_tilts)
        for name in ("DefocusDelta", "DefocusAngle", "Phase")
    )
    return replace(
        plain_ctf(n_tilts),
        defocus_delta_um=delta,
        defocus_angle_deg=angle,
        phase_pi=phase,
        dose_bfactors=_cubic(root, "GridDoseBfacs"),
        dose_bfactors_delta=_cubic(root, "GridDoseBfacsDelta"),
        dose_bfactors_angle=_cubic(root, "GridDoseBfacsAngle"),
        dose_weights=_cubic(root, "GridDoseWeights", default=1.0),
        location_bfactors=_cubic(root, "GridLocationBfacs"),
        location_weights=_cubic(root, "GridLocationWeights", default=1.0),
    )


def plain_geometry(angles_deg: Array, dose: Array) -> TiltGeometry:
    """A series with nothing but tilt angles and doses; every grid has one node with value 0."""
    zeros, grid, warp = np.zeros(len(angles_deg)), CubicGrid.constant(0.0), LinearGrid4D.constant(0.0)
    return TiltGeometry(
        angles_deg=angles_deg,
        dose=dose,
        use_tilt=np.ones(len(angles_deg), dtype=bool),
        axis_angle_deg=zeros,
        axis_offset_x_ang=zeros,
        axis_offset_y_ang=zeros,
        level_angle_x_deg=0.0,
        level_angle_y_deg=0.0,
        angles_inverted=False,
        magnification=np.eye(2),
        defocus_um=grid,
        movement_x=grid,
        movement_y=grid,
        angle_x=grid,
        angle_y=grid,
        angle_z=grid,
        warp_x=warp,
        warp_y=warp,
        warp_z=warp,
    )


def plain_ctf(n_tilts: int) -> SeriesCtf:
    """A CTF without astigmatism, phase shift or refined weights."""
    zeros, zero, one = np.zeros(n_tilts), CubicGrid.constant(0.0), CubicGrid.constant(1.0)
    return SeriesCtf(
        voltage_kv=300.0,
        cs_mm=2.7,
        amplitude=0.07,
        angpix_delta=0.0,
        angpix_delta_angle_deg=0.0,
        scale=1.0,
        bfactor_ang2=0.0,
        defocus_delta_um=zeros,
        defocus_angle_deg=zeros,
        phase_pi=zeros,
        dose_bfactors=zero,
        dose_bfactors_delta=zero,
        dose_bfactors_angle=zero,
        dose_weights=one,
        location_bfactors=zero,
        location_weights=one,
    )


def _lines(root: ElementTree.Element, name: str) -> list[str]:
    return root.findtext(name, "").split()


def _numbers(root: ElementTree.Element, name: str) -> Array:
    return np.array([float(line) for line in _lines(root, name)])


def _cubic(root: ElementTree.Element, name: str, default: float = 0.0) -> CubicGrid:
    element = root.find(name)
    return (
        CubicGrid.constant(default) if element is None else CubicGrid(_values(element, "Depth Height Width"))
    )


def _linear(root: ElementTree.Element, name: str) -> LinearGrid4D:
    element = root.find(name)
    if element is None:
        return LinearGrid4D.constant(0.0)
    return LinearGrid4D(_values(element, "Duration Depth Height Width"))


def _values(element: ElementTree.Element, sizes: str) -> Array:
    values = np.zeros([int(element.get(size, "1")) for size in sizes.split()])
    axes = "WZYX"[-values.ndim :]
    for node in element.iter("Node"):
        values[tuple(int(node.get(axis, "0")) for axis in axes)] = float(node.attrib["Value"])
    return values
