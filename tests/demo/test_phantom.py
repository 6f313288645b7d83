from __future__ import annotations

import numpy as np

from mtui.demo.fsc import compute_fsc
from mtui.demo.kinds import ANGPIX, KINDS, kind_phantom
from mtui.demo.phantom import Phantom, sample_phantom
from mtui.demo.rotations import matrices_from_euler, random_euler


def test_a_sampled_gaussian_is_where_it_should_be() -> None:
    phantom = Phantom(np.array([[10.0, -5.0, 15.0]]), np.array([2.0]), 5.0)
    volume = sample_phantom(phantom, 16, 5.0)
    assert volume[8 + 3, 8 - 1, 8 + 2] == volume.max()
    assert volume.max() == np.float32(2.0)
    assert volume[11, 7, 11] == np.float32(2.0 * np.exp(-0.5))


def test_the_kinds_fit_their_diameter_and_are_centred() -> None:
    for number, kind in enumerate(KINDS):
        phantom = kind_phantom(kind, number, seed=3)
        radius = np.linalg.norm(phantom.centres_ang, axis=1).max()
        assert radius <= kind.diameter_ang / 2
        np.testing.assert_allclose(phantom.amplitudes @ phantom.centres_ang, 0, atol=1e-9)


def test_the_kinds_are_unlike_their_mirror_image_and_their_turned_selves() -> None:
    rng = np.random.default_rng(5)
    for number, kind in enumerate(KINDS):
        phantom = kind_phantom(kind, number, seed=20)
        box = 2 * round(kind.diameter_ang / ANGPIX)
        density = sample_phantom(phantom, box, ANGPIX)
        poses = matrices_from_euler(random_euler(rng, 100))
        mirror = phantom.centres_ang * (1, 1, -1)
        for centres in (mirror @ poses.transpose(0, 2, 1), phantom.centres_ang @ poses.transpose(0, 2, 1)):
            for turned in centres:
                other = sample_phantom(Phantom(turned, phantom.amplitudes, phantom.sigma_ang), box, ANGPIX)
                assert compute_fsc(density, other)[2 : box // 4 + 1].min() < 0.9
