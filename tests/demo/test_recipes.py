from __future__ import annotations

import numpy as np
import pytest

from mtui.demo.microscope import transfer
from mtui.demo.recipes import (
    GRID_RECIPES,
    GRID_STAGE,
    LAMELLA_RECIPES,
    LAMELLA_STAGE,
    Recipe,
    Stage,
    exposure_ranks,
    make_design,
)

ALL = [(GRID_STAGE, recipe) for recipe in GRID_RECIPES] + [
    (LAMELLA_STAGE, recipe) for recipe in LAMELLA_RECIPES
]


def test_tilts_are_exposed_in_turns_of_two_from_the_middle() -> None:
    ranks = exposure_ranks(np.arange(-9.0, 10.0, 3.0))
    assert ranks.tolist() == [6, 4, 3, 0, 1, 2, 5]


def test_an_uneven_range_is_exposed_to_its_end() -> None:
    assert exposure_ranks(np.array([-3.0, 0.0, 3.0, 6.0, 9.0, 12.0])).tolist() == [3, 0, 1, 2, 4, 5]


@pytest.mark.parametrize(("stage", "recipe"), ALL)
def test_the_field_of_view_is_kept_by_the_averages(stage: Stage, recipe: Recipe) -> None:
    design = make_design(stage, recipe, np.random.default_rng(1))
    for field, size in zip(design.image_ang, design.average_size_px, strict=True):
        assert field / size == pytest.approx(design.average_angpix, rel=4e-3)
        if not design.has_raw:
            assert field == size * design.average_angpix


def test_no_frequency_is_lost_in_all_series() -> None:
    frequencies = np.linspace(1 / 80, 1 / 20, 60)[None]
    power = np.zeros(frequencies.shape[1])
    for stage, recipe in ALL:
        design = make_design(stage, recipe, np.random.default_rng(1))
        for tilt in range(design.count):
            defocus = design.lens.defocus_um[tilt : tilt + 1]
            power += (
                transfer(design.lens, tilt, defocus, frequencies, np.zeros((1, 1)))[0, 0] ** 2 / design.count
            )
    assert (power / len(ALL)).min() > 0.08
