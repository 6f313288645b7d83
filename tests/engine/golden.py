"""The golden engine cases: inputs built from their metadata, without the rooms above geometry."""

from __future__ import annotations

import importlib.util
import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mtui.engine.series_context import ReconstructionSettings, SeriesInput
from mtui.geometry.sizes import OutputPixel, norm_radius_px, super_box_px
from mtui.geometry.splines import CubicGrid, LinearGrid4D
from mtui.geometry.tilt_ctf import SeriesCtf, values_per_tilt
from mtui.geometry.tilts import Frame, TiltGeometry, dose_order


@dataclass(frozen=True)
class GoldenCase:
    """One case of the golden folder."""

    name: str
    series: SeriesInput
    settings: ReconstructionSettings
    arrays: dict[str, np.ndarray]
    raw: dict[str, Any]


def load_case(folder: Path, name: str) -> GoldenCase:
    """Everything about a case; images come from the recipe."""
    raw = next(
        case for case in json.loads((folder / "cases.json").read_text())["engine"] if case["name"] == name
    )
    with np.load(folder / raw["file"]) as data:
        arrays = dict(data)
    geometry, ctf = read_metadata(folder / raw["xml"])
    use_tilt = geometry.use_tilt.copy()
    use_tilt[raw["use_tilt_false"]] = False
    geometry = replace(geometry, use_tilt=use_tilt, magnification=np.array(raw["magnification"]))
    pixel = OutputPixel(Decimal(raw["pixel_size"]), Decimal(raw["output_pixel_size"]))
    frame = Frame(
        volume_ang=tuple(np.array(raw["volume_pixels"]) * float(raw["pixel_size"])),
        image_ang=tuple(np.array(raw["raw_image_pixels"]) * float(raw["pixel_size"])),
        size_rounding=tuple(raw["size_rounding"]),
    )
    images = _images(folder, raw["image_seed"], raw["n_tilts"], *raw["scaled_image_pixels"])
    lowest = dose_order(geometry.dose)[0]
    settings = ReconstructionSettings(
        angpix=float(pixel.angpix),
        box_px=raw["box"],
        super_box_px=super_box_px(
            raw["box"],
            raw["diameter_angstrom"],
            pixel,
            defocus_um=float(values_per_tilt(geometry.defocus_um, raw["n_tilts"])[lowest]),
            cs_mm=ctf.cs_mm,
            voltage_kv=ctf.voltage_kv,
            phase_pi=float(ctf.phase_pi[lowest]),
        ),
        norm_radius_px=norm_radius_px(raw["diameter_angstrom"], pixel.angpix),
        prerotate=raw["prerotate"],
        shift_ang=tuple(raw["shift_angstrom"]) if raw["shift_angstrom"] else None,
        first_tilts=raw["limit_tilts"],
        sparse_ctf=raw["sparse"],
    )
    return GoldenCase(name, SeriesInput(name, images, geometry, ctf, frame), settings, arrays, raw)


@cache
def _images(folder: Path, seed: int, n_tilts: int, width: int, height: int) -> np.ndarray:
    spec = importlib.util.spec_from_file_location("golden_recipe", folder / "recipe.py")
    assert spec is not None and spec.loader is not None
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    images: np.ndarray = recipe.tilt_images(seed, n_tilts, height, width)
    return images


@cache
def read_metadata(path: Path) -> tuple[TiltGeometry, SeriesCtf]:
    """Geometry and CTF of a series from its XML."""
    root = ET.parse(path).getroot()
    geometry = TiltGeometry(
        angles_deg=_numbers(root, "Angles"),
        dose=_numbers(root, "Dose"),
        use_tilt=np.array([text.lower() == "true" for text in _text(root, "UseTilt").split()]),
        axis_angle_deg=_numbers(root, "AxisAngle"),
        axis_offset_x_ang=_numbers(root, "AxisOffsetX"),
        axis_offset_y_ang=_numbers(root, "AxisOffsetY"),
        level_angle_x_deg=float(root.get("LevelAngleX", "0")),
        level_angle_y_deg=float(root.get("LevelAngleY", "0")),
        angles_inverted=root.get("AreAnglesInverted", "False").lower() == "true",
        magnification=np.eye(2),
        movement_x=_cubic(root, "GridMovementX"),
        movement_y=_cubic(root, "GridMovementY"),
        angle_x=_cubic(root, "GridAngleX"),
        angle_y=_cubic(root, "GridAngleY"),
        angle_z=_cubic(root, "GridAngleZ"),
        defocus_um=_cubic(root, "GridCTF"),
        warp_x=_linear(root, "GridVolumeWarpX"),
        warp_y=_linear(root, "GridVolumeWarpY"),
        warp_z=_linear(root, "GridVolumeWarpZ"),
    )
    n_tilts = geometry.n_tilts
    params = {param.get("Name"): param.get("Value", "0") for param in root.iterfind("CTF/Param")}
    ctf = SeriesCtf(
        voltage_kv=float(params["Voltage"]),
        cs_mm=float(params["Cs"]),
        amplitude=float(params["Amplitude"]),
        angpix_delta=float(params.get("PixelSizeDeltaPercent", "0")),
        angpix_delta_angle_deg=float(params.get("PixelSizeAngle", "0")),
        scale=float(params.get("Scale", "1")),
        bfactor_ang2=float(params.get("Bfactor", "0")),
        defocus_delta_um=values_per_tilt(_cubic(root, "GridCTFDefocusDelta"), n_tilts),
        defocus_angle_deg=values_per_tilt(_cubic(root, "GridCTFDefocusAngle"), n_tilts),
        phase_pi=values_per_tilt(_cubic(root, "GridCTFPhase"), n_tilts),
        dose_bfactors=_cubic(root, "GridDoseBfacs"),
        dose_bfactors_delta=_cubic(root, "GridDoseBfacsDelta"),
        dose_bfactors_angle=_cubic(root, "GridDoseBfacsAngle"),
        dose_weights=_cubic(root, "GridDoseWeights"),
        location_bfactors=_cubic(root, "GridLocationBfacs"),
        location_weights=_cubic(root, "GridLocationWeights"),
    )
    return geometry, ctf


def _text(root: ET.Element, name: str) -> str:
    return (root.findtext(name) or "").strip()


def _numbers(root: ET.Element, name: str) -> np.ndarray:
    return np.array(_text(root, name).split(), dtype=np.float64)


def _nodes(root: ET.Element, name: str, axes: str) -> np.ndarray | None:
    grid = root.find(name)
    if grid is None:
        return None
    values = np.zeros([int(grid.get(key, "1")) for key in _sizes(axes)])
    for node in grid.iterfind("Node"):
        values[tuple(int(node.get(axis.upper(), "0")) for axis in axes)] = float(node.get("Value", "0"))
    return values


def _sizes(axes: str) -> list[str]:
    return [{"x": "Width", "y": "Height", "z": "Depth", "w": "Duration"}[axis] for axis in axes]


def _cubic(root: ET.Element, name: str) -> CubicGrid:
    values = _nodes(root, name, "zyx")
    default = 1.0 if "Weights" in name else 0.0
    return CubicGrid.constant(default) if values is None else CubicGrid(values)


def _linear(root: ET.Element, name: str) -> LinearGrid4D:
    values = _nodes(root, name, "wzyx")
    return LinearGrid4D.constant(0.0) if values is None else LinearGrid4D(values)
