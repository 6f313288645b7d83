"""Read an exported warp-series set with RECOVAR's own readers: by hand, in an environment of its own.

    python -m venv recovar && recovar/bin/pip install recovar==1.0.5
    mtui demo demo
    mtui export demo/demo.population anchor --profile warp-series --output warp/particles.star
    recovar/bin/python tests/consumers/recovar_readers.py warp/particles.star

Fails if RECOVAR takes pixel size, defocus, angles, the order of exposures or the images for something else
than the files say.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

DEFOCUS = ("rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle")


def main(words: Sequence[str]) -> int:
    """Run the readers and compare what they say with the files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("warp_series", type=Path)
    star: Path = parser.parse_args(words).warp_series.absolute()
    readers, backends = (
        import_module(f"recovar.data_io.{name}") for name in ("metadata_readers", "image_backends")
    )
    data = backends.TiltSeriesDataset(str(star), datadir=str(star.parent), tilt_file_option="warp")
    rotations, translations = readers.parse_poses_from_star(str(star), data.image_size)
    ctf = readers.parse_ctf_from_star(str(star), data.image_size)
    print(
        f"TiltSeriesDataset with {data.Np} particles, {data.N} images of {data.image_size} px; poses "
        f"{rotations.shape}, CTF {ctf.shape}"
    )
    found = {
        "pixel size": same_pixels(ctf, star),
        "defocus": float(np.abs(ctf[:, 1:4] - read_table(star)[list(DEFOCUS)].to_numpy()).max()),
        "shifts": float(np.abs(translations).max()),
        "no rotation": float(np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3)).max()),
        "order of exposures": order_difference(data),
        "images": image_difference(data, star),
    }
    print("Differences: " + ", ".join(f"{name} {value:.2g}" for name, value in found.items()))
    good = max(found.values()) < 1e-4
    print("RECOVAR reads what the files say." if good else "RECOVAR reads something else.")
    return 0 if good else 1


def read_table(star: Path) -> Any:
    """The only table of a file."""
    import starfile

    return starfile.read(star)


def same_pixels(ctf: np.ndarray, star: Path) -> float:
    """Difference of pixel sizes in Å."""
    table = read_table(star)
    angpix = table["rlnDetectorPixelSize"] * 1e4 / table["rlnMagnification"]
    return float(np.abs(ctf[:, 0] - angpix.to_numpy()).max())


def order_difference(data: Any) -> float:
    """Rows of a particle must come in the order in which RECOVAR takes exposures, lowest dose first."""
    ranks = [data.tilt_order[rows] for rows in data.particle_groups.values()]
    return float(max(np.abs(rank - np.arange(len(rank))).max() for rank in ranks))


def image_difference(data: Any, star: Path) -> float:
    """Images of the last particle, by RECOVAR and by mrcfile."""
    import mrcfile

    images, _, rows = data[data.Np - 1]
    names = read_table(star)["rlnImageName"].iloc[rows].str.split("@")
    expected = []
    for number, name in names:
        with mrcfile.open(star.parent / name) as file:
            expected.append(np.asarray(file.data[int(number) - 1], np.float32))
    return float(np.abs(np.asarray(images) - np.array(expected)).max())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
