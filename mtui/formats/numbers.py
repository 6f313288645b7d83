"""Numbers as .NET writes and reads them, without its silent fallbacks.

Values that M would replace by a default (`XMLHelper` swallows every parse error) are refused here with the
reason. A comma is never a decimal sign to M but a thousands separator: ``1,5`` would become 15.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INT = re.compile(r"[+-]?\d+")
_F5_EXACT = 2.0**53
"""Scaled values up to here are exact integers in float64."""


def f5_array(values: ArrayLike) -> NDArray[np.str_]:
    """Text with five decimals of each value, same shape, as .NET's ``ToString("F5")`` of its float32.

    The exactly rounded decimal, ties to even, sign of zero kept. A float32 times 1e5 is exact in float64, so
    rounding the product is rounding the decimal.
    """
    exact = np.asarray(values, np.float32).astype(np.float64)
    scaled = np.rint(exact * 1e5)
    if scaled.size == 0 or not np.all(np.abs(scaled) < _F5_EXACT):
        return np.array([_f5_single(x) for x in exact.ravel().tolist()], np.str_).reshape(exact.shape)
    return _digits_text(scaled.ravel()).reshape(exact.shape)


def f5_text(values: ArrayLike) -> list[str]:
    """Five-decimal text (see :func:`f5_array`) of a one-dimensional array."""
    texts: list[str] = f5_array(values).ravel().tolist()
    return texts


def f5_values(values: ArrayLike) -> NDArray[np.float32]:
    """What reading back the five-decimal text of each value gives, as float32."""
    exact = np.asarray(values, np.float32).astype(np.float64)
    scaled = np.rint(exact * 1e5)
    # Beyond this the float32 has no decimals left to lose.
    return np.where(np.abs(scaled) < _F5_EXACT, scaled / 1e5, exact).astype(np.float32)


def _f5_single(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:.5f}"


def _digits_text(scaled: NDArray[np.float64]) -> NDArray[np.str_]:
    """Integers (N,) to text with the point before the last five digits, built digit by digit in one array."""
    negative = np.signbit(scaled)
    whole = np.abs(scaled).astype(np.int64)
    digits = max(6, len(str(int(whole.max()))))
    width = digits + 2  # sign and point
    text = np.zeros((scaled.size, width), np.uint32)
    rest = whole
    for place in range(digits):
        rest, digit = np.divmod(rest, 10)
        column = width - 1 - place - (place >= 5)
        shown = (place < 6) | (rest > 0) | (digit > 0)
        text[:, column] = np.where(shown, digit + ord("0"), 0)
    text[:, width - 6] = ord(".")
    first = np.argmax(text != 0, axis=1)
    text[np.nonzero(negative)[0], first[negative] - 1] = ord("-")
    first = first - negative
    # Texts start at the left edge of their cell: one pass per width that occurs.
    result = np.zeros_like(text)
    for offset in np.unique(first):
        rows = first == offset
        result[rows, : width - offset] = text[rows, offset:]
    return result.view(f"<U{width}").ravel().astype(np.str_, copy=False)


def fixed_text(value: Decimal, digits: int) -> str:
    """Decimal with a fixed number of places, ties away from zero, as .NET's ``decimal.ToString("F2")``."""
    return format(value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, Context(prec=80)), "f")


def decimal_text(value: Decimal) -> str:
    """Decimal in plain digits, trailing zeros kept; M cannot read an exponent here."""
    return format(value, "f")


def float_text(value: float) -> str:
    """Shortest text that reads back to the same float32, as .NET has it: ``0.1``, ``1E-05``."""
    with np.errstate(over="ignore"):  # beyond float32 it is infinite, and says so
        single = np.float32(value)
    if not np.isfinite(single):
        return _f5_single(float(single))
    digits, exponent = np.format_float_scientific(single, unique=True, trim="-", exp_digits=1).split("e")
    significant = len(digits.lstrip("-").replace(".", ""))
    if -5 < int(exponent) < max(significant, 7):
        return np.format_float_positional(single, unique=True, trim="-")
    return f"{digits}E{int(exponent):+03d}"


def number_text(value: float) -> str:
    """Shortest text that reads back to the same float64: as a float32 where that is one."""
    single = float_text(value)
    return single if float(single) == value else repr(value).replace("e", "E")


def parse_decimal(text: str) -> Decimal:
    """Plain decimal digits; ValueError with the reason."""
    return Decimal(_checked(text, _DECIMAL, "a plain decimal number"))


def parse_float(text: str) -> float:
    """Decimal number, exponent allowed, not NaN or infinite; ValueError with the reason."""
    return float(_checked(text, _FLOAT, "a number"))


def parse_int(text: str) -> int:
    """Whole number without a point; ValueError with the reason."""
    return int(_checked(text, _INT, "a whole number"))


def parse_bool(text: str) -> bool:
    """``True`` or ``False`` in any case; ValueError with the reason."""
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise ValueError("it must be True or False")
    return word == "true"


def parse_floats(text: str, separator: str = ",") -> tuple[float, ...]:
    """Numbers with a separator between them, blanks allowed; ValueError with the reason."""
    return tuple(parse_float(part) for part in text.split(separator))


def _checked(text: str, pattern: re.Pattern[str], wanted: str) -> str:
    stripped = text.strip()
    if stripped.isascii() and pattern.fullmatch(stripped):
        return stripped
    if "," in stripped and pattern.fullmatch(stripped.replace(",", ".", 1)):
        raise ValueError("it has a decimal comma, so it was written under a comma-decimal locale")
    if pattern is _DECIMAL and _FLOAT.fullmatch(stripped):
        raise ValueError("it has an exponent, which M does not read here; it must be written in plain digits")
    raise ValueError(f"it must be {wanted}")
