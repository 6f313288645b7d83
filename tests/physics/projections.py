"""RELION 5 stacks read by hand, and the demo's density projected into each image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import starfile

from mtui.demo.phantom import Phantom
from tests.physics.images import ImageStack, euler_matrices, frequencies, transfer

Array = np.ndarray[Any, Any]


def read_relion5(star: Path) -> tuple[ImageStack, Array]:
    """Images with poses and CTF as RELION puts them together, and the particle (row) of each image.

    Slice k of a stack belongs to the k-th visible frame; defocus is that of the tilt plus hand times depth.
    The loss of signal with dose is the demo's own, -4 Å² per e/Å².
    """
    tables = starfile.read(star, always_dict=True)
    tomograms = starfile.read(star.with_name(f"{star.stem}_tomograms.star"), always_dict=True)
    particles, optics = tables["particles"], tables["optics"].iloc[0]
    listed = tomograms["global"].set_index("rlnTomoName")
    columns: dict[str, list[Any]] = {
        name: [] for name in ("images", "matrices", "u", "v", "angle", "phase", "scale", "dose", "row")
    }
    poses = euler_matrices(particles[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy())
    for row, particle in particles.iterrows():
        tomogram, tilts = listed.loc[particle["rlnTomoName"]], tomograms[particle["rlnTomoName"]]
        shown = [bool(int(flag)) for flag in particle["rlnTomoVisibleFrames"].strip("[]").split(",")]
        tilts = tilts[shown]
        rotations = np.stack([_vectors(tilts[f"rlnTomoProj{axis}"]) for axis in "XYZ"], axis=1)[:, :, :3]
        place = particle[["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"]].to_numpy(dtype=float)
        size = tomogram[["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"]].to_numpy(dtype=float)
        depth = (rotations @ (place - size / 2))[:, 2] * tomogram["rlnTomoTiltSeriesPixelSize"]
        with mrcfile.open(star.parent / particle["rlnImageName"]) as file:
            columns["images"] += list(file.data.astype(np.float64))
        columns["matrices"] += list(rotations @ poses[row])
        columns["u"] += list(tilts["rlnDefocusU"] + tomogram["rlnTomoHand"] * depth)
        columns["v"] += list(tilts["rlnDefocusV"] + tomogram["rlnTomoHand"] * depth)
        for key, name in (
            ("angle", "DefocusAngle"),
            ("phase", "PhaseShift"),
            ("scale", "CtfScalefactor"),
            ("dose", "MicrographPreExposure"),
        ):
            columns[key] += list(tilts[f"rln{name}"])
        columns["row"] += [row] * len(tilts)
    arrays = {name: np.array(values) for name, values in columns.items()}
    stack = ImageStack(
        images=arrays["images"],
        angpix=float(optics["rlnImagePixelSize"]),
        matrices=arrays["matrices"],
        defocus_u_ang=arrays["u"],
        defocus_v_ang=arrays["v"],
        defocus_angle_deg=arrays["angle"],
        phase_deg=arrays["phase"],
        bfactor_ang2=-4.0 * arrays["dose"],
        scale=arrays["scale"],
        voltage_kv=float(optics["rlnVoltage"]),
        cs_mm=float(optics["rlnSphericalAberration"]),
        amplitude=float(optics["rlnAmplitudeContrast"]),
    )
    return stack, arrays["row"]


def correlations(stack: ImageStack, phantom: Phantom, offset_ang: float = 0.0) -> Array:
    """Correlation (I,) of every image with the density projected into it through its CTF.

    ``offset_ang`` is added to every defocus.
    """
    box = stack.images.shape[1]
    kx, ky = frequencies(box, stack.angpix)
    moved = replace(
        stack, defocus_u_ang=stack.defocus_u_ang + offset_ang, defocus_v_ang=stack.defocus_v_ang + offset_ang
    )
    flat = np.einsum("iab,gb->iga", stack.matrices[:, :2], phantom.centres_ang) + box // 2 * stack.angpix
    wave_x = phantom.amplitudes[:, None] * np.exp(-2j * np.pi * flat[..., :1] * kx[0])
    wave_y = np.exp(-2j * np.pi * flat[..., 1:] * ky[:, 0])
    blob = np.exp(-2 * (np.pi * phantom.sigma_ang) ** 2 * (kx**2 + ky**2))
    model = np.einsum("igy,igx->iyx", wave_y, wave_x) * blob * transfer(moved, slice(None), kx, ky)
    spectra = np.fft.rfft2(stack.images)
    weight = np.where((np.arange(box // 2 + 1) % (box // 2)) == 0, 1.0, 2.0) * ((kx**2 + ky**2) > 0)
    shared = np.sum(weight * (spectra * model.conj()).real, axis=(1, 2))
    power = [np.sum(weight * np.abs(values) ** 2, axis=(1, 2)) for values in (spectra, model)]
    return np.asarray(shared / np.sqrt(power[0] * power[1]))


def _vectors(cells: Any) -> Array:
    return np.array([[float(number) for number in cell.strip("[]").split(",")] for cell in cells])
