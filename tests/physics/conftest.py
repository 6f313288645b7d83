"""A demo project without noise, in which even small errors of defocus show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtui.demo import images, project, scenes
from mtui.demo.kinds import KINDS
from mtui.demo.project import DemoProject, write_demo
from mtui.demo.recipes import GRID_RECIPES, LAMELLA_RECIPES


@pytest.fixture(scope="session")
def quiet_project(tmp_path_factory: pytest.TempPathFactory) -> DemoProject:
    """One normal and one inverted series, ten particles in each, hardly any noise.

    The images have sizes that the pixel of the export divides: else M's rounding stretches them by up to 0.3
    %, which looks like 150 Å of defocus.
    """
    with pytest.MonkeyPatch.context() as patch:
        kinds = (replace(KINDS[0], per_series=10),)
        patch.setattr(project, "KINDS", kinds)
        patch.setattr(scenes, "KINDS", kinds)
        patch.setattr(images, "NOISE", 0.02)
        patch.setattr(project, "GRID_RECIPES", (replace(GRID_RECIPES[0], raw_size_px=(640, 588)),))
        patch.setattr(project, "LAMELLA_RECIPES", (replace(LAMELLA_RECIPES[0], raw_size_px=(1000, 900)),))
        return write_demo(tmp_path_factory.mktemp("physics") / "quiet")
