from __future__ import annotations

import numpy as np
import pytest
from scipy import fft

from mtui.demo.average import Subtomogram, average_subtomograms
from mtui.demo.fsc import compute_fsc
from mtui.demo.kinds import ANGPIX, KINDS, kind_phantom
from mtui.demo.phantom import Phantom, sample_phantom
from mtui.demo.rotations import matrices_from_euler, random_euler
from mtui.errors import InputError

BOX = 32
PHANTOM = kind_phantom(KINDS[0], 0, seed=20)


def turned_phantom(pose: np.ndarray) -> np.ndarray:
    """The density as a sub-tomogram shows it."""
    return sample_phantom(
        Phantom(PHANTOM.centres_ang @ pose.T, PHANTOM.amplitudes, PHANTOM.sigma_ang), BOX, ANGPIX
    )


def wedge(rng: np.random.Generator) -> np.ndarray:
    """A 3D CTF (z, y, x): positive, with a soft-edged missing wedge and a random ring."""
    along = np.fft.fftfreq(BOX)
    kz, ky, kx = np.meshgrid(along, along, np.fft.rfftfreq(BOX), indexing="ij")
    radius = np.sqrt(kx**2 + ky**2 + kz**2)
    ctf: np.ndarray = 0.3 + 0.3 * np.cos(rng.uniform(30, 90) * radius)
    beyond = np.abs(kz) - np.abs(kx) * np.tan(np.radians(60))
    softened: np.ndarray = ctf / (1 + np.exp(beyond / 0.03))
    return softened.astype(np.float32)


def test_the_average_of_turned_volumes_is_the_density() -> None:
    rng = np.random.default_rng(8)
    poses = matrices_from_euler(random_euler(rng, 30))
    items = []
    for pose in poses:
        ctf = wedge(rng)
        volume = fft.irfftn(fft.rfftn(turned_phantom(pose)) * ctf, (BOX,) * 3)
        items.append(Subtomogram(volume.astype(np.float32), ctf, pose))
    fsc = compute_fsc(average_subtomograms(items), sample_phantom(PHANTOM, BOX, ANGPIX))
    assert fsc[2 : BOX // 4 + 1].min() > 0.97


def test_poses_used_the_wrong_way_round_are_noticed() -> None:
    poses = matrices_from_euler(random_euler(np.random.default_rng(9), 10))
    ones = np.ones((BOX, BOX, BOX // 2 + 1), np.float32)
    items = [Subtomogram(turned_phantom(pose), ones, pose.T) for pose in poses]
    fsc = compute_fsc(average_subtomograms(items), sample_phantom(PHANTOM, BOX, ANGPIX))
    assert fsc[2 : BOX // 4 + 1].min() < 0.7


def test_nothing_cannot_be_averaged() -> None:
    with pytest.raises(InputError, match="no particles"):
        average_subtomograms([])
