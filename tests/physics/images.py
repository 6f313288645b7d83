"""Exported image tables read by hand: every image with its pose and CTF, and nothing from anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import starfile

Array = np.ndarray[Any, Any]

VOLTAGE_TO_WAVELENGTH = 12.2642598


@dataclass(frozen=True)
class ImageStack:
    """Images (I, y, x) with what a table says about each: arrays (I,) or (I, 3, 3)."""

    images: Array
    angpix: float
    matrices: Array
    """Map to image."""
    defocus_u_ang: Array
    defocus_v_ang: Array
    defocus_angle_deg: Array
    phase_deg: Array
    bfactor_ang2: Array
    scale: Array
    voltage_kv: float
    cs_mm: float
    amplitude: float

    def __len__(self) -> int:
        return len(self.images)


def euler_matrices(angles_deg: Array) -> Array:
    """(N, 3, 3) of rot, tilt, psi by SciPy: the inverse of intrinsic ZYZ, as RELION defines it."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_euler("ZYZ", angles_deg, degrees=True).inv().as_matrix())


def read_classic(star: Path) -> ImageStack:
    """The classic table, one row per image."""
    table = starfile.read(star)
    stacks: dict[str, Array] = {}
    images = []
    for cell in table["rlnImageName"]:
        number, name = cell.split("@")
        if name not in stacks:
            with mrcfile.open(star.parent / name) as file:
                stacks[name] = file.data.astype(np.float64)
        images.append(stacks[name][int(number) - 1])
    angles = table[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    return ImageStack(
        images=np.array(images),
        angpix=float(table["rlnDetectorPixelSize"][0] * 1e4 / table["rlnMagnification"][0]),
        matrices=euler_matrices(angles),
        defocus_u_ang=table["rlnDefocusU"].to_numpy(),
        defocus_v_ang=table["rlnDefocusV"].to_numpy(),
        defocus_angle_deg=table["rlnDefocusAngle"].to_numpy(),
        phase_deg=table["rlnPhaseShift"].to_numpy(),
        bfactor_ang2=table["rlnCtfBfactor"].to_numpy(),
        scale=table["rlnCtfScalefactor"].to_numpy(),
        voltage_kv=float(table["rlnVoltage"][0]),
        cs_mm=float(table["rlnSphericalAberration"][0]),
        amplitude=float(table["rlnAmplitudeContrast"][0]),
    )


def frequencies(size_px: int, angpix: float) -> tuple[Array, Array]:
    """x (1, N/2 + 1) and y (N, 1) of a half plane in 1/Å."""
    return np.fft.rfftfreq(size_px, angpix)[None], np.fft.fftfreq(size_px, angpix)[:, None]


def transfer(stack: ImageStack, rows: slice, kx: Array, ky: Array) -> Array:
    """CTF (I, y, x) with envelope and scale, from the table's numbers."""
    volts = stack.voltage_kv * 1e3
    wavelength = VOLTAGE_TO_WAVELENGTH / np.sqrt(volts * (1 + 0.978466e-6 * volts))
    square, azimuth = kx**2 + ky**2, np.arctan2(ky, kx)
    u, v, angle, phase, bfactor, scale = (
        getattr(stack, name)[rows, None, None]
        for name in (
            "defocus_u_ang",
            "defocus_v_ang",
            "defocus_angle_deg",
            "phase_deg",
            "bfactor_ang2",
            "scale",
        )
    )
    focus = (u + v) / 2 + (u - v) / 2 * np.cos(2 * (azimuth - np.radians(angle)))
    chi = np.pi * wavelength * focus * square - np.pi / 2 * stack.cs_mm * 1e7 * wavelength**3 * square**2
    chi = chi + np.radians(phase) + np.arcsin(stack.amplitude)
    return np.asarray(np.sin(chi) * np.exp(bfactor * square / 4) * scale)
