"""One row per particle image: pose, defocus and weights of a particle in one tilt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtui.geometry.euler import euler_from_matrix
from mtui.geometry.tilt_ctf import compute_tilt_ctf
from mtui.geometry.tilts import particle_matrices
from mtui.profiles.columns import Rows, axes, fixed
from mtui.profiles.hand import ANG_PER_UM
from mtui.profiles.names import group_name
from mtui.profiles.stacks import UnitStacks


def image_rows(stacks: UnitStacks, stack_names: Sequence[str]) -> Rows:
    """Rows of all images of a unit, stack by stack, slice by slice.

    ``rlnAngle*`` are those of the particle in the tilt's own frame (tilt matrix times particle matrix),
    defocus in Å is that of the particle in the tilt, coordinates are in the tilt image, in output pixels.
    ``rlnCtfBfactor`` and ``rlnCtfScalefactor`` are the weights M would apply; the images have none.
    """
    poses, projections = stacks.poses, stacks.projections
    series = poses.series
    particle, tilt = stacks.pairs
    matrices = particle_matrices(series.geometry, stacks.frame, poses.coords_ang, poses.tilt_angles_deg)
    ctf = compute_tilt_ctf(
        series.geometry, series.ctf, stacks.frame, poses.coords_ang, projections.defocus_um
    )
    mean, half_delta = ctf.defocus_um[particle, tilt], ctf.delta_um[particle, tilt] / 2
    place = projections.xy_ang[particle, tilt] / series.angpix
    slice_number = np.concatenate([np.zeros(0, np.intp), *(np.arange(len(s)) for s in stacks.slices)]) + 1
    groups = [group_name(series.root, series.species, number) for number in poses.number.tolist()]
    half = (poses.half + 1)[particle]
    return {
        "rlnPhaseShift": fixed(ctf.phase_pi[particle, tilt] * 180.0, 1),
        "rlnDefocusU": fixed((mean + half_delta) * ANG_PER_UM, 1),
        "rlnDefocusV": fixed((mean - half_delta) * ANG_PER_UM, 1),
        "rlnDefocusAngle": fixed(ctf.angle_deg[particle, tilt], 1),
        "rlnImageName": [
            f"{number:03d}@{series.images}/{stack_names[row]}"
            for number, row in zip(slice_number.tolist(), particle.tolist(), strict=True)
        ],
        "rlnMicrographName": [series.movies[index] for index in tilt.tolist()],
        "rlnCoordinateX": fixed(place[:, 0], 5),
        "rlnCoordinateY": fixed(place[:, 1], 5),
        **axes("rlnAngleRot rlnAngleTilt rlnAnglePsi", euler_from_matrix(matrices[particle, tilt]), 5),
        "rlnCtfBfactor": fixed(ctf.bfactor_ang2[particle, tilt], 2),
        "rlnCtfScalefactor": fixed(np.minimum(ctf.scale[particle, tilt], 1.0), 4),
        "rlnRandomSubset": [str(value) for value in half.tolist()],
        "rlnGroupName": [groups[row] for row in particle.tolist()],
    }
