"""Sizes in pixels that M derives from physical sizes, with its decimal and float32 arithmetic.

Many of these are rounded, so that the last digit of an intermediate result decides; every step has the type
it has in M, whose ``decimal`` is a ``Decimal`` of 28 digits here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import NDArray

DECIMAL = Context(prec=28, rounding=ROUND_HALF_EVEN)
LARGEST_SUPER_BOX_PX = 1024
PHASE_SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class OutputPixel:
    """The pixel size of an export, as M's chain of logarithm and power makes it from the requested one.

    M keeps the binning as a power of two with 15 digits, so the pixel size it uses is not quite the requested
    one (0.834 to 10 Å gives 9.9999999999999906 Å). Rounded sizes and texts depend on that.
    """

    raw_angpix: Decimal
    requested_angpix: Decimal

    @property
    def bin_times(self) -> Decimal:
        """Binary logarithm of the binning, 15 digits."""
        ratio = float(DECIMAL.divide(self.requested_angpix, self.raw_angpix))
        return _fifteen_digits(math.log(ratio) / math.log(2.0))

    @property
    def factor(self) -> Decimal:
        """Binning (M: ``DownsampleFactor``), 15 digits."""
        return _fifteen_digits(math.pow(2.0, float(self.bin_times)))

    @property
    def angpix(self) -> Decimal:
        """Pixel size in Å (M: ``BinnedPixelSizeMean``)."""
        return DECIMAL.multiply(self.raw_angpix, self.factor)

    @property
    def text_f2(self) -> str:
        """Pixel size as it stands in file names: two decimals, ties away from zero."""
        return _fixed(self.angpix, "0.01")

    @property
    def text_f5(self) -> str:
        """Pixel size as it stands in tables: five decimals, ties away from zero."""
        return _fixed(self.angpix, "0.00001")


def scaled_image_size_px(raw_size_px: tuple[float, float], pixel: OutputPixel) -> tuple[int, int]:
    """Width and height of a tilt image rescaled to the output pixel: even, ties to the multiple of 4.

    Parameters
    ----------
    raw_size_px
        Width and height of the unbinned image.
    """
    width, height = (2 * round(float(exact / np.float32(2.0))) for exact in _exact_sizes(raw_size_px, pixel))
    return width, height


def size_rounding(raw_size_px: tuple[float, float], pixel: OutputPixel) -> tuple[float, float]:
    """Rounded over exact size of the rescaled image in x and y (M: ``SizeRoundingFactors``, float32 numbers).

    Image positions are multiplied by it, so that dividing them by the output pixel gives pixels of that
    image.
    """
    rounded = scaled_image_size_px(raw_size_px, pixel)
    exact = _exact_sizes(raw_size_px, pixel)
    return float(np.float32(rounded[0]) / exact[0]), float(np.float32(rounded[1]) / exact[1])


def species_box_px(diameter_ang: int, angpix: Decimal) -> int:
    """Edge of a species' maps: about twice the diameter, even (M: ``Species.Size``)."""
    return 2 * _round_half_even(DECIMAL.divide(Decimal(diameter_ang), angpix))


def norm_radius_px(diameter_ang: int, angpix: Decimal) -> int:
    """Radius beyond which a sub-tomogram counts as background; half a pixel goes to the even number."""
    return _round_half_even(DECIMAL.divide(DECIMAL.divide(Decimal(diameter_ang), angpix), Decimal(2)))


def aliasing_free_size_px(
    diameter_ang: int,
    pixel: OutputPixel,
    *,
    defocus_um: float,
    cs_mm: float,
    voltage_kv: float,
    phase_pi: float,
) -> int:
    """Smallest box in which the CTF's fastest oscillation is sampled twice per period, with a 10 % margin.

    Matches M's ``CTF.GetAliasingFreeSize``: the largest step of the phase between 1000 samples up to Nyquist,
    in float32, plus the particle's diameter. Take the CTF of the tilt with the lowest dose (``dose_order``),
    with its mean defocus and no particle's depth. A phase shift touches roundings only.
    """
    phase = compute_phase_pi(float(pixel.angpix), defocus_um, cs_mm, voltage_kv, phase_pi).astype(np.float32)
    step = np.abs(np.diff(phase)).max()
    samples = step / np.float32(0.5) * np.float32(PHASE_SAMPLES)
    diameter_px = np.float32(float(DECIMAL.divide(Decimal(diameter_ang), pixel.angpix)))
    return math.ceil(float(samples) * 1.1 + float(diameter_px))


def super_box_px(
    box_px: int,
    diameter_ang: int,
    pixel: OutputPixel,
    *,
    defocus_um: float,
    cs_mm: float,
    voltage_kv: float,
    phase_pi: float,
) -> int:
    """Edge of the box in which a sub-tomogram is reconstructed before it is cropped to ``box_px``.

    At least twice the box, large enough for the CTF (``aliasing_free_size_px``), even, at most 1024.
    """
    free = aliasing_free_size_px(
        diameter_ang, pixel, defocus_um=defocus_um, cs_mm=cs_mm, voltage_kv=voltage_kv, phase_pi=phase_pi
    )
    return min(LARGEST_SUPER_BOX_PX, max(2 * box_px, 2 * round(free / 2)))


def compute_phase_pi(
    angpix: float, defocus_um: float, cs_mm: float, voltage_kv: float, phase_pi: float
) -> NDArray[np.float64]:
    """CTF phase in units of pi at 1000 frequencies up to Nyquist, zero excluded; no amplitude contrast."""
    volts = voltage_kv * 1e3
    wavelength_ang = 12.2643247 / math.sqrt(volts * (1.0 + 0.978466e-6 * volts))
    frequency = np.arange(1, PHASE_SAMPLES + 1) * (0.5 / angpix / PHASE_SAMPLES)
    defocus_term = -wavelength_ang * defocus_um * 1e4 * frequency**2
    return defocus_term + 0.5 * cs_mm * 1e7 * wavelength_ang**3 * frequency**4 - phase_pi


def _exact_sizes(raw_size_px: tuple[float, float], pixel: OutputPixel) -> tuple[np.float32, np.float32]:
    factor = np.float32(float(pixel.factor))
    return np.float32(raw_size_px[0]) / factor, np.float32(raw_size_px[1]) / factor


def _fifteen_digits(value: float) -> Decimal:
    """A double as M's cast to ``decimal`` keeps it."""
    return Decimal(f"{value:.15g}")


def _round_half_even(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def _fixed(value: Decimal, unit: str) -> str:
    return f"{value.quantize(Decimal(unit), ROUND_HALF_UP):f}"
