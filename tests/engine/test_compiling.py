"""How many programs are compiled: few, by sizes alone, and none in a second run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from mtui.engine.export_unit import export_unit
from mtui.engine.image_series import ImageSeriesSettings, extract_images, prepare_image_series
from mtui.engine.runtime import default_cache_folder, processor_key
from mtui.engine.series_context import ReconstructionSettings, SeriesInput, prepare_series
from mtui.geometry.splines import CubicGrid
from tests.engine.scene import ANGPIX, plain_series, random_particles

COMPILED = "/jax/core/compile/backend_compile_duration"
BOX = 12


@contextmanager
def counting_programs() -> Iterator[list[str]]:
    """One entry for every program that is compiled or loaded while the block runs."""
    programs: list[str] = []

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event == COMPILED:
            programs.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield programs
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def export(series: SeriesInput, settings: ReconstructionSettings, count: int) -> None:
    positions, angles = random_particles(series, count)
    for result in export_unit(prepare_series(series, settings), positions, angles):
        assert np.isfinite(result.volumes).all()


def with_tilts(series: SeriesInput, n_tilts: int) -> SeriesInput:
    """The same kind of series with another number of tilts."""
    other = plain_series(series.images.shape[2], series.images.shape[1], n_tilts)
    return replace(other, name=f"{n_tilts} tilts")


@pytest.mark.parametrize("prerotate", [False, pytest.param(True, marks=pytest.mark.full)])
def test_one_program_for_series_of_one_kind(prerotate: bool) -> None:
    settings = ReconstructionSettings(ANGPIX, BOX, 2 * BOX + 2, 3, prerotate=prerotate)
    series = plain_series(72, 60, 7)
    with counting_programs() as first:
        export(series, settings, 20)
    with counting_programs() as others:
        export(series, settings, 5)  # a remainder
        export(series, settings, 33)  # several slices
        export(with_tilts(series, 5), settings, 3)
        export(plain_series(64, 70, 7), settings, 3)  # another image size
        export(series, replace(settings, norm_radius_px=4), 3)
        export(series, replace(settings, norm_radius_px=None, sparse_ctf=True), 3)
        export(series, replace(settings, first_tilts=2, shift_ang=(1.0, 2.0, 3.0)), 3)
        export(series, replace(settings, with_ctf=False), 3)
        geometry = replace(series.geometry, magnification=np.array([[1.01, 0.0], [0.0, 0.99]]))
        export(replace(series, geometry=geometry), settings, 3)
    assert len(first) == 1
    assert len(others) == 0


def test_one_more_program_for_each_shape() -> None:
    settings = ReconstructionSettings(ANGPIX, BOX, 2 * BOX + 4, 3)
    export(plain_series(72, 60, 7), settings, 2)
    with counting_programs() as programs:
        export(plain_series(72, 60, 9), settings, 2)  # 9 ... 16 tilts
        export(plain_series(72, 60, 16), settings, 2)
        series = plain_series(72, 60, 9)
        spread = CubicGrid(np.array([0.0, -5.0]).reshape(1, 1, 2))
        weights = CubicGrid(np.full((9, 1, 1), -20.0))
        ctf = replace(series.ctf, location_bfactors=spread, dose_bfactors=weights)
        export(replace(series, ctf=ctf), settings, 2)  # B-factors that vary in space
    assert len(programs) == 2


def test_image_series_share_a_program() -> None:
    settings = ImageSeriesSettings(ANGPIX, 14)
    counts = []
    for series in (plain_series(72, 60, 7), plain_series(64, 70, 7), plain_series(72, 60, 3)):
        with counting_programs() as programs:
            context = prepare_image_series(series, settings)
            coords = np.repeat(random_particles(series, 4)[0], series.geometry.n_tilts, axis=1)
            extract_images(context, coords, np.array([0, 3]), np.array([1, 2]))
        counts.append(len(programs))
    assert counts == [1, 0, 0]


SECOND_RUN = """
import sys
from pathlib import Path
import jax
from mtui.engine.runtime import configure_runtime
from mtui.engine.series_context import ReconstructionSettings
from tests.engine.scene import ANGPIX, plain_series
from tests.engine.test_compiling import export

missed = []
jax.monitoring.register_event_listener(
    lambda event, **_: missed.append(event) if event == "/jax/compilation_cache/cache_misses" else None
)
configure_runtime(Path(sys.argv[1]))
for prerotate in (False, True):
    export(plain_series(), ReconstructionSettings(ANGPIX, 12, 24, 3, prerotate=prerotate), 3)
print(len(missed))
"""


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    def run() -> int:
        command = [sys.executable, "-c", SECOND_RUN, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
        return int(done.stdout)

    assert [run(), run()] == [2, 0]


def test_the_cache_is_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_folder() == tmp_path / "mtui" / "jax"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache_folder() == tmp_path / ".cache" / "mtui" / "jax"
    assert processor_key() == processor_key() != ""


@pytest.mark.full
def test_an_unwritable_cache_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    command = [sys.executable, "-c", SECOND_RUN, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
