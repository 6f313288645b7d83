"""M's hashes: SHA-1 in a base64 alphabet of its own."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

HASHED_BYTES = 524_288
"""How much of a raw movie or a map enters a hash."""


def hash_bytes(data: bytes | memoryview) -> str:
    """27 characters: SHA-1, base64 without padding, ``/`` as ``-`` and ``+`` as ``_``.

    The substitutions are the reverse of RFC 4648's URL-safe alphabet (M's `MathHelper.GetSHA1`).
    """
    text = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")
    return text.rstrip("=").replace("/", "-").replace("+", "_")


def hash_text(text: str) -> str:
    """Hash of a text as M holds it: UTF-16, little endian, no byte order mark."""
    return hash_bytes(text.encode("utf-16-le"))


def hash_series(root_name: str, movie: Path) -> str:
    """Data hash of a tilt series: its root name and the first 512 KiB of the movie listed first.

    M's `TiltSeries.GetDataHash`; ``movie`` is the raw movie of the first tilt in file order. Raises OSError
    where the movie cannot be read.
    """
    with movie.open("rb") as stream:
        return hash_bytes(root_name.encode("utf-16-le") + stream.read(HASHED_BYTES))
