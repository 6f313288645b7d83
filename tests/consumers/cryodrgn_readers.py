"""Read exported sets with cryoDRGN's own readers: by hand, in an environment of its own, not with the tests.

    python -m venv cryodrgn && cryodrgn/bin/pip install torch cryodrgn==4.3.1
    mtui demo demo
    mtui export demo/demo.population anchor --profile warp-series --stack visible --output warp/particles.star
    mtui export demo/demo.population anchor --series --no-premultiply --output relion5/particles.star
    cryodrgn/bin/python tests/consumers/cryodrgn_readers.py warp/particles.star relion5/particles.star

Both sets must show the same particles. Says what each reader made of them, and fails if the readers disagree
with each other. The RELION set has one pose per particle, so of a species that moves (``--moving``) only
pixels and optics are judged.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

TILT_IMAGE_PX = (400, 400)
"""What ``parse_warptools`` wants to be told; it only moves ``rlnCoordinateX/Y``."""
LARGEST_ANGLE_DEG = 0.05
LARGEST_DEFOCUS_ANG = 50.0


def main(words: Sequence[str]) -> int:
    """Run all readers on both sets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("warp_series", type=Path)
    parser.add_argument("relion5", type=Path)
    parser.add_argument("--moving", action="store_true", help="The species has several key frames.")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        classic = read_with_cryodrgn(
            arguments.warp_series, Path(folder) / "classic", arguments.warp_series.parent
        )
        expanded = Path(folder) / "expanded.star"
        expand_with_parse_warptools(arguments.relion5, expanded)
        modern = read_with_cryodrgn(expanded, Path(folder) / "modern", arguments.relion5.parent)
    return compare(classic, modern, moving=arguments.moving)


def read_with_cryodrgn(star: Path, stem: Path, images: Path) -> dict[str, Any]:
    """Poses, CTF and images of a table with one row per image."""
    table = read_table(star)
    box = image_box(images / str(table["rlnImageName"].iloc[0]).partition("@")[2])
    angpix = float(table["rlnDetectorPixelSize"].iloc[0])
    size = ["-D", str(box), "--Apix", str(angpix)]
    pose, ctf = stem.with_suffix(".pose.pkl"), stem.with_suffix(".ctf.pkl")
    call("cryodrgn.commands.parse_pose_star", [str(star), "-o", str(pose), *size])
    call("cryodrgn.commands.parse_ctf_star", [str(star), "-o", str(ctf), *size])
    dataset = import_module("cryodrgn.dataset")
    data = dataset.TiltSeriesData(str(star), datadir=str(images), dose_per_tilt=3.0, voltage=300)
    with pose.open("rb") as file:
        rotations, _ = pickle.load(file)
    with ctf.open("rb") as file:
        parameters = pickle.load(file)
    print(
        f"{star.name}: parse_pose_star {rotations.shape}, parse_ctf_star {parameters.shape}, TiltSeriesData "
        f"with {data.Np} particles, {data.N} images of {data.D - 1} px, first {data.ntilts} tilts of each, "
        f"item {tuple(data[[0, 1]]['y'].shape)}"
    )
    return {"table": table, "rotations": rotations, "ctf": parameters, "data": data, "images": images}


def expand_with_parse_warptools(star: Path, target: Path) -> None:
    """One row per image out of RELION 5's tables."""
    tomograms = star.with_name(f"{star.stem}_tomograms.star")
    width, height = map(str, TILT_IMAGE_PX)
    call(
        "cryodrgn.commands_utils.parse_warptools",
        ["-t", str(tomograms), "-p", str(star), "--tilt-dim", width, height, "-o", str(target)],
    )


def call(name: str, words: list[str]) -> None:
    """Run one of cryoDRGN's commands in this process."""
    command = import_module(name)
    parser = argparse.ArgumentParser()
    command.add_args(parser)
    command.main(parser.parse_args(words))


def read_table(star: Path) -> Any:
    """The only table of a file."""
    import starfile

    return starfile.read(star)


def image_box(path: Path) -> int:
    """Edge of the images in a stack: the first number of an MRC header."""
    return int(np.fromfile(path, "<i4", 1)[0])


def compare(classic: dict[str, Any], modern: dict[str, Any], *, moving: bool) -> int:
    """Say how far the two sets agree image by image, and return the exit code."""
    if classic["rotations"].shape != modern["rotations"].shape:
        print(f"The sets have {len(classic['rotations'])} and {len(modern['rotations'])} images.")
        return 1
    turn = classic["rotations"] @ modern["rotations"].transpose(0, 2, 1)
    angle = np.degrees(np.arccos(np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    # Columns: box, Å/px, defocus U and V, angle, kV, Cs, amplitude contrast, phase shift.
    defocus = np.abs(classic["ctf"][:, 2:4] - modern["ctf"][:, 2:4])
    lens = np.abs(classic["ctf"][:, [0, 1, 5, 6, 7]] - modern["ctf"][:, [0, 1, 5, 6, 7]]).max()
    images = np.abs(read_images(classic) - read_images(modern)).max()
    print(
        f"Image by image: orientations differ by at most {angle.max():.4f} degrees, defocus by "
        f"{defocus.max():.1f} Å ({np.sqrt(np.mean(defocus**2)):.1f} rms), lens by {lens:.2g}, pixels by "
        f"{images:.2g}."
    )
    same_poses = angle.max() < LARGEST_ANGLE_DEG and defocus.max() < LARGEST_DEFOCUS_ANG
    good = (moving or same_poses) and lens < 1e-3 and images == 0
    print("Both sets say the same." if good else "The sets do NOT say the same.")
    return 0 if good else 1


def read_images(found: dict[str, Any]) -> np.ndarray:
    """Raw images as cryoDRGN's source reads them."""
    images: np.ndarray = found["data"].src.images(np.arange(found["data"].N)).numpy()
    return images


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
