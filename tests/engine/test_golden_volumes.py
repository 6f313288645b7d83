"""Volumes and 3D CTFs against an independent float64 implementation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from mtui.engine.export_unit import UnitResult, export_unit
from mtui.engine.series_context import prepare_series
from mtui.engine.volumes import compute_finishing, normalize_volumes
from tests.engine.golden import GoldenCase, load_case

CASES = (
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
)


def reconstruct(case: GoldenCase) -> list[UnitResult]:
    context = prepare_series(case.series, replace(case.settings, norm_radius_px=None))
    return list(export_unit(context, case.arrays["coord_keys"], case.arrays["angle_keys"]))


@pytest.mark.shared
@pytest.mark.parametrize("name", CASES)
def test_agrees_with_golden(golden: Path, name: str) -> None:
    case = load_case(golden, name)
    results = reconstruct(case)
    volumes = np.concatenate([result.volumes for result in results])
    expected = case.arrays["volume"]
    assert volumes.shape == expected.shape
    axes = (1, 2, 3)
    error = np.sqrt(np.mean((volumes - expected) ** 2, axis=axes) / np.mean(expected**2, axis=axes))
    assert error.max() < 3e-5

    radius_px = case.settings.norm_radius_px
    assert radius_px is not None
    assert radius_px == case.raw["norm_radius_px"]
    finishing = compute_finishing(case.settings.box_px, radius_px, sparse=False)
    normalized = np.asarray(normalize_volumes(jnp.asarray(volumes), finishing))
    assert np.sqrt(np.mean((normalized - case.arrays["volume_norm"]) ** 2, axis=axes)).max() < 3e-5

    ctfs = np.concatenate([result.ctfs for result in results])
    assert ctfs.shape == case.arrays["ctf"].shape
    assert np.abs(ctfs - case.arrays["ctf"]).max() < 2e-6


@pytest.mark.shared
def test_trajectories_agree_with_golden(golden: Path) -> None:
    case = load_case(golden, "vol_prerotated_shift_3key_b16")
    trajectories = reconstruct(case)[0].trajectories
    np.testing.assert_allclose(trajectories.coords_ang, case.arrays["coords"], atol=2e-3)
    np.testing.assert_allclose(trajectories.angles_deg, case.arrays["angles"], atol=1e-4)


@pytest.mark.shared
def test_particle_at_the_border_is_exported_and_counted(golden: Path) -> None:
    result = reconstruct(load_case(golden, "vol_default_b16"))[0]
    assert result.tilts_over_edge.tolist() == [0, 0, 0, 11]
    assert result.tilts_outside.tolist() == [0, 0, 0, 0]
