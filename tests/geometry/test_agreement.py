"""Agreement with output of Warp itself and with all golden cases; small samples of them run everywhere."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import starfile

from mtui.geometry.arrays import Array
from mtui.geometry.euler import euler_from_matrix, matrix_from_euler
from mtui.geometry.sizes import (
    OutputPixel,
    norm_radius_px,
    scaled_image_size_px,
    size_rounding,
    super_box_px,
)
from mtui.geometry.tilt_ctf import SeriesCtf, compute_tilt_ctf, values_per_tilt
from mtui.geometry.tilts import (
    Frame,
    TiltGeometry,
    dose_order,
    particle_matrices,
    positions_in_tilts,
    shared_tilt_matrices,
)
from mtui.geometry.trajectories import dose_steps, resample, shift_trajectories
from tests.geometry.golden import load_document, load_series
from tests.geometry.series import read_ctf, read_geometry

POSITION_ANG, DEFOCUS_UM, MATRIX = 2e-3, 2e-6, 1e-6
SERIES_XML = {"TS_1": "golden/TS_1_geometry.xml", "00254": "data/empiar10499/tilts/00254.xml"}
ENGINE_CASES = [
    "vol_default_b16",
    "vol_default_b24",
    "vol_sparse_b16",
    "vol_shift_b16",
    "vol_prerotated_2key_b24",
    "vol_prerotated_shift_3key_b16",
    "vol_limit10_b16",
    "vol_limit10_unused_tilts_b16",
    "vol_unused_tilts_b16",
    "vol_magnification_strong_b16",
    "vol_magnification_identity_b16",
    "vol_superbox_p5_b16",
    "series_b24",
    "series_limit10_b16",
]


def compare_with_warp(
    geometry: TiltGeometry, ctf: SeriesCtf, frame: Frame, points: Array, rows: dict[str, Array]
) -> None:
    """Compare with rows that Warp wrote: positions from the centres, in Å, with four decimals."""
    coords = np.repeat((points + np.array(frame.volume_ang) / 2)[:, None], geometry.n_tilts, axis=1)
    at = rows["pointID"].astype(int) - 1, rows["tiltID"].astype(int) - 1
    positions, matrices = positions_in_tilts(geometry, frame, coords), shared_tilt_matrices(geometry)
    assert matrices is not None
    centred = positions.xy_ang[at] - np.array(frame.image_ang) / 2
    for axis, name in enumerate("XY"):
        theirs = rows[f"centeredCoordinate{name}Angst"]
        np.testing.assert_allclose(centred[:, axis], theirs, rtol=0, atol=POSITION_ANG)
    euler = np.stack([rows["angleRot"], rows["angleTilt"], rows["anglePsi"]], axis=-1)
    # Warp wrote four decimals: three angles rounded by up to 0.9e-6 rad each.
    np.testing.assert_allclose(matrices[at[1]], matrix_from_euler(euler), rtol=0, atol=2e-6)
    mean_um = (rows["defocusU"] + rows["defocusV"]) / 2e4
    np.testing.assert_allclose(positions.defocus_um[at], mean_um, rtol=0, atol=DEFOCUS_UM)
    np.testing.assert_allclose(ctf.defocus_angle_deg[at[1]], rows["defocusAngle"], rtol=0, atol=1e-4)
    delta_um = (rows["defocusU"] - rows["defocusV"]) / 1e4
    np.testing.assert_allclose(ctf.defocus_delta_um[at[1]], delta_um, rtol=0, atol=DEFOCUS_UM)


def test_a_sample_of_rows_written_by_warp() -> None:
    document, golden = load_document(), load_series("TS_1")
    rows = {name: np.array(values) for name, values in document["warp_rows"].items()}
    assert len(rows["tiltID"]) == 49
    compare_with_warp(golden.geometry, golden.ctf, golden.frame, np.array(document["warp_points"]), rows)


@pytest.mark.shared
def test_every_row_written_by_warp(shared: Path) -> None:
    tables = starfile.read(shared / "data/metadata/TS_1.star", always_dict=True)
    rows = {name: column.to_numpy() for name, column in tables["mappings"].items()}
    assert len(rows["tiltID"]) == 27 * 41
    xml = shared / "data/metadata/TS_1.xml"
    frame = load_series("TS_1").frame
    compare_with_warp(read_geometry(xml), read_ctf(xml), frame, tables["points"].to_numpy(), rows)


@pytest.mark.shared
@pytest.mark.parametrize("name", SERIES_XML)
def test_every_golden_position_matrix_and_ctf(shared: Path, name: str) -> None:
    golden = json.loads((shared / "golden/golden_geometry.json").read_text())["series"][name]
    geometry, ctf = read_geometry(shared / SERIES_XML[name]), read_ctf(shared / SERIES_XML[name])
    series = load_series(name)
    coords, angles = np.array(golden["coords"]), np.array(golden["particle_angles"])
    for frame, key in ((series.frame, "positions_m"), (series.rounded_frame, "positions_size_rounded_m")):
        positions, expected = positions_in_tilts(geometry, frame, coords), np.array(golden[key])
        np.testing.assert_allclose(positions.xy_ang, expected[..., :2], rtol=0, atol=POSITION_ANG)
        np.testing.assert_allclose(positions.defocus_um, expected[..., 2], rtol=0, atol=DEFOCUS_UM)
    matrices = particle_matrices(geometry, series.frame, coords, angles)
    expected = np.array(golden["matrices_particle_in_tilt_warpylib"]).reshape(matrices.shape)
    np.testing.assert_allclose(matrices, expected, rtol=0, atol=MATRIX)
    euler = np.array(golden["euler_particle_in_tilt_deg_m"])
    np.testing.assert_allclose(matrix_from_euler(euler), matrices, rtol=0, atol=MATRIX)
    assert euler_from_matrix(matrices)[..., 1].min() >= 0.0
    result = compute_tilt_ctf(geometry, ctf, series.frame, coords, positions.defocus_um)
    np.testing.assert_allclose(result.scale, golden["ctf_scale_m"], rtol=0, atol=2e-7)
    np.testing.assert_allclose(result.bfactor_ang2, golden["ctf_bfactor_m"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(result.delta_um[0], golden["tilt_defocus_delta"], rtol=0, atol=1e-7)


@pytest.mark.shared
@pytest.mark.parametrize("name", ENGINE_CASES)
def test_trajectories_and_positions_of_engine_cases(shared: Path, name: str) -> None:
    case, arrays, geometry, frame = load_case(shared, name)
    steps = dose_steps(geometry.dose)
    angles = resample(arrays["angle_keys"], steps)
    coords = resample(arrays["coord_keys"], steps)
    if case["shift_angstrom"]:
        x, y, z = case["shift_angstrom"]
        coords = shift_trajectories(coords, angles, (x, y, z))
    np.testing.assert_allclose(coords, arrays["coords"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(angles, arrays["angles"], rtol=0, atol=1e-9)
    positions = positions_in_tilts(geometry, frame, coords)
    np.testing.assert_allclose(positions.xy_ang, arrays["positions"][..., :2], rtol=0, atol=POSITION_ANG)
    np.testing.assert_allclose(positions.defocus_um, arrays["positions"][..., 2], rtol=0, atol=DEFOCUS_UM)


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in ENGINE_CASES if name.startswith("vol_")])
def test_sizes_of_engine_cases(shared: Path, name: str) -> None:
    case, _, geometry, frame = load_case(shared, name)
    pixel = output_pixel(case)
    width, height = case["raw_image_pixels"]
    assert pixel.angpix == Decimal(case["binned_pixel_size"])
    assert list(scaled_image_size_px((width, height), pixel)) == case["scaled_image_pixels"]
    assert list(frame.size_rounding) == case["size_rounding"]
    first = dose_order(geometry.dose)[0]
    defocus_um = float(values_per_tilt(geometry.defocus_um, geometry.n_tilts)[first])
    size = super_box_px(
        case["box"],
        case["diameter_angstrom"],
        pixel,
        defocus_um=defocus_um,
        cs_mm=3.2728,
        voltage_kv=300.0,
        phase_pi=0.0,
    )
    assert size == case["super_box"]
    assert norm_radius_px(case["diameter_angstrom"], pixel.angpix) == case["norm_radius_px"]


@pytest.mark.shared
def test_matrices_of_the_staged_engine_case(shared: Path) -> None:
    stages = np.load(shared / "golden/stages_default_b16_particle0.npz")
    matrices = shared_tilt_matrices(read_geometry(shared / SERIES_XML["TS_1"]))
    assert matrices is not None
    np.testing.assert_allclose(matrices, stages["matrices"], rtol=0, atol=MATRIX)


def output_pixel(case: dict[str, Any]) -> OutputPixel:
    return OutputPixel(Decimal(case["pixel_size"]), Decimal(case["output_pixel_size"]))


def load_case(shared: Path, name: str) -> tuple[dict[str, Any], dict[str, Array], TiltGeometry, Frame]:
    cases = json.loads((shared / "golden/cases.json").read_text())["engine"]
    case = next(case for case in cases if case["name"] == name)
    raw = float(case["pixel_size"])
    (width, height), (x, y, z) = case["raw_image_pixels"], case["volume_pixels"]
    frame = Frame(
        volume_ang=(x * raw, y * raw, z * raw),
        image_ang=(width * raw, height * raw),
        size_rounding=size_rounding((width, height), output_pixel(case)),
    )
    names = ("coord_keys", "angle_keys", "coords", "angles", "positions")
    with np.load(shared / "golden" / case["file"]) as file:
        arrays = {key: file[key].astype(np.float64) for key in names}
    return case, arrays, read_geometry(shared / "golden" / case["xml"]), frame
