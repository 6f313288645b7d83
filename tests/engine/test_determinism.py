"""The same bytes in every run, for any number of processors and wherever a run was cut."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from mtui.engine.export_unit import export_unit
from mtui.engine.series_context import ReconstructionSettings, prepare_series
from tests.engine.scene import ANGPIX, plain_series, random_particles

N_PARTICLES = 40


def settings_of(box_px: int, prerotate: bool) -> ReconstructionSettings:
    return ReconstructionSettings(ANGPIX, box_px, 2 * box_px, 3, prerotate=prerotate)


def export(box_px: int, prerotate: bool, starts: tuple[int, ...] = (0,)) -> tuple[np.ndarray, np.ndarray]:
    """Volumes and CTFs of all particles, in one call or several."""
    series = plain_series()
    context = prepare_series(series, settings_of(box_px, prerotate))
    positions, angles = random_particles(series, N_PARTICLES)
    results = [
        result
        for first, last in zip(starts, (*starts[1:], N_PARTICLES), strict=True)
        for result in export_unit(context, positions[first:last], angles[first:last])
    ]
    volumes, ctfs = (np.concatenate([getattr(r, name) for r in results]) for name in ("volumes", "ctfs"))
    return volumes, ctfs


def digest(box_px: int, prerotate: bool) -> str:
    found = hashlib.sha256()
    for values in export(box_px, prerotate):
        found.update(values.tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("prerotate", [False, True])
def test_same_bytes_again_and_wherever_it_is_cut(prerotate: bool) -> None:
    whole, ctfs = export(12, prerotate)
    for starts in ((0,), (0, 16), (0, 32), (0, 3, 20)):
        volumes, others = export(12, prerotate, starts)
        assert np.array_equal(volumes, whole)
        assert np.array_equal(others, ctfs)


def digest_on(n_processors: int, box_px: int, prerotate: bool) -> str:
    """The digest in a process of its own that may use so many processors."""
    code = f"""
import os
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{n_processors}])
from tests.engine.test_determinism import digest
print(digest({box_px}, {prerotate}))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    return done.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be confined here")
@pytest.mark.parametrize(
    ("box_px", "prerotate"),
    [
        (12, False),
        pytest.param(12, True, marks=pytest.mark.full),
        pytest.param(32, False, marks=pytest.mark.full),
        pytest.param(32, True, marks=pytest.mark.full),
        pytest.param(48, False, marks=pytest.mark.full),
    ],
)
def test_same_bytes_on_one_processor(box_px: int, prerotate: bool) -> None:
    assert digest_on(1, box_px, prerotate) == digest(box_px, prerotate)
