"""Settings of JAX and of the process that reconstructs."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from pathlib import Path

import jax
import numpy as np

PINNED = "pinned_host"

# glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8


def configure_runtime(cache_folder: Path | None = None) -> None:
    """Keep compiled programs on disk and freed memory in the process; call it before anything is computed.

    Parameters
    ----------
    cache_folder
        Where compiled programs go, in a folder for each kind of processor: on clusters, different machines
        share a home, and a program compiled for one may not run on another. By default ``mtui/jax`` in the
        user's cache folder.
    """
    folder = (cache_folder or default_cache_folder()) / processor_key()
    for name, value in (
        ("jax_compilation_cache_dir", str(folder)),
        ("jax_persistent_cache_min_compile_time_secs", 0.0),
        ("jax_persistent_cache_min_entry_size_bytes", -1),
    ):
        jax.config.update(name, value)  # type: ignore[no-untyped-call]
    _keep_freed_memory()


def default_cache_folder() -> Path:
    """``$XDG_CACHE_HOME/mtui/jax``, or the same below ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "mtui" / "jax"


def processor_key() -> str:
    """A word for this kind of processor: its architecture, and a digest of what Linux says that it can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    known = sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    return f"{platform.machine()}-{hashlib.sha256(chr(10).join(known).encode()).hexdigest()[:12]}"


def usable_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fetch(arrays: tuple[jax.Array, ...], device: jax.Device) -> tuple[np.ndarray, ...]:
    """Arrays of a device as NumPy arrays.

    From a GPU through page-locked memory, which JAX keeps and reuses: fifteen to thirty times as fast as
    into memory that has to be got first.
    """
    if device.platform != "cpu" and any(kind.kind == PINNED for kind in device.addressable_memories()):
        # Handing over would wait for the results, and keep other threads from starting their own work.
        jax.block_until_ready(arrays)  # type: ignore[no-untyped-call]
        arrays = jax.device_put(arrays, jax.sharding.SingleDeviceSharding(device, memory_kind=PINNED))
    return tuple(np.asarray(array) for array in arrays)


def _keep_freed_memory() -> None:
    """Let glibc reuse large blocks instead of returning them to the system.

    Every slice needs the same few hundred megabytes; getting them as fresh pages each time took a fifth of
    the run.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return
    for option, value in (
        (_M_MMAP_MAX, 0),
        (_M_TRIM_THRESHOLD, 2**31 - 1),
        (_M_TOP_PAD, 64 * 2**20),
        (_M_ARENA_MAX, 1),
    ):
        library.mallopt(option, value)
