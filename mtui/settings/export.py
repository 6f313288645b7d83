"""Settings of the export of sub-tomograms."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from mtui.settings.option import Option
from mtui.settings.outputs import KINDS_OF_PROFILE

WORKER_OPTIONS = ("gpus", "workers", "cluster", "scheduler")
"""Who does the work. What is written does not depend on it, so a job may go on with others."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Cut a species' particles out of the tilt images along their refined trajectories."""

    command: ClassVar[str] = "export"

    population: Path = field(
        metadata={"option": Option("Population", "The M .population file.", kind="positional")}
    )
    species: str = field(
        metadata={
            "option": Option(
                "Species",
                "The species' name as M shows it, its file-safe form, or its GUID.",
                kind="positional",
            )
        }
    )
    output: Path = field(
        metadata={
            "option": Option(
                "Path",
                "The STAR file to write. Images go to subtomo/<series>/ below its folder, image series to "
                "particleseries/<series>/.",
                metavar="PATH",
            )
        }
    )
    angpix: Decimal | None = field(
        default=None,
        metadata={
            "option": Option(
                "Scaled to",
                "Pixel size of the output; tilt images are rescaled to it in Fourier space. "
                "Default: the species'.",
                unit="Å/px",
                minimum=0.01,
                maximum=1000,
                step=0.0001,
            )
        },
    )
    box: int | None = field(
        default=None,
        metadata={
            "option": Option(
                "Box",
                "Edge of the output volumes, even. Default: twice the species' diameter in its own pixels.",
                unit="px",
                minimum=2,
                maximum=10000,
                step=2,
                even=True,
            )
        },
    )
    diameter: int | None = field(
        default=None,
        metadata={
            "option": Option(
                "Diameter",
                "Particle diameter: volumes are normalised by what lies outside it. Default: the species'.",
                unit="Å",
                minimum=2,
                maximum=10000,
                step=1,
            )
        },
    )
    output_kind: str = field(
        default="volumes",
        metadata={
            "option": Option(
                "Output",
                "Volumes: for each particle a sub-tomogram and its 3D CTF. Series: for each particle one "
                "stack of the pieces of the tilt images that show it, smaller and not interpolated in 3D.",
                kind="choice",
                choices=("volumes", "series"),
            )
        },
    )
    profile: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Profile",
                "The program the files are for: relion3 (M's own table), relion31 (RELION 5 cannot refine "
                "volumes, 3.1 and 4 can), relion5 (image series), warp-series (cryoDRGN, tomoDRGN, RECOVAR), "
                "coordinates (poses without images), raw (images without CTF, and a table of it). "
                "Default: relion3 for volumes, relion5 for image series.",
                metavar="NAME",
                choices=tuple(KINDS_OF_PROFILE),
            )
        },
    )
    premultiply: bool = field(
        default=True,
        metadata={
            "option": Option(
                "Premultiply by CTF",
                "Multiply image series for RELION 5 by their CTF and dose weights, as WarpTools does; "
                "--no-premultiply leaves the images as they are.",
                kind="off",
                flag="--no-premultiply",
            )
        },
    )
    stack: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Stacks hold",
                "visible: the tilts that show the whole particle; full: all tilts; drop-partial: all tilts, "
                "of those particles alone that every tilt shows. Default: visible for relion5, else full.",
                metavar="RULE",
                choices=("visible", "full", "drop-partial"),
            )
        },
    )
    hand: str = field(
        default="auto",
        metadata={
            "option": Option(
                "Defocus hand",
                "Sign of a particle's height in its defocus, for RELION 5: auto finds the one that agrees "
                "with M's model in each series; warptools is what WarpTools writes; +1 and -1 are taken.",
                metavar="HAND",
                choices=("auto", "warptools", "+1", "-1"),
            )
        },
    )
    path_base: str = field(
        default="star",
        metadata={
            "option": Option(
                "Paths start from",
                "Folder that the paths in the tables are relative to: star (the table's own), cwd (the "
                "working directory), or a folder, such as the one in which RELION will be started.",
                metavar="star|cwd|DIR",
            )
        },
    )
    m_pose_times: bool = field(
        default=False,
        metadata={
            "option": Option(
                "M's pose times",
                "For particles that move: write the pose of the moment that M writes (in volume tables the "
                "position is that at the first tilt in the list) instead of the first key frame.",
                kind="on",
            )
        },
    )
    float32: bool = field(
        default=False,
        metadata={
            "option": Option(
                "32-bit images",
                "Write images with 32 instead of 16 bits per number, for programs that cannot read float16.",
                kind="on",
            )
        },
    )
    strict_columns: bool = field(
        default=False,
        metadata={
            "option": Option(
                "Profile's columns only",
                "Leave out half-sets and columns of the species' table where the profile does not need them, "
                "for programs that recognise a table by its exact columns.",
                kind="on",
            )
        },
    )
    shift: tuple[float, float, float] | None = field(
        default=None,
        metadata={
            "option": Option(
                "Shift by",
                "Move the centre of every box by this vector in the refined map's frame.",
                kind="triple",
                unit="Å",
                metavar="X Y Z",
                minimum=-9999,
                maximum=9999,
                step=1,
            )
        },
    )
    prerotate: bool = field(
        default=False,
        metadata={
            "option": Option(
                "Pre-rotate particles",
                "Reconstruct each particle in the map's orientation, following its angles over the exposure; "
                "the table's angles are then 0.",
                kind="on",
            )
        },
    )
    first_tilts: int | None = field(
        default=None,
        metadata={
            "option": Option(
                "Limit to first",
                "Use only this many tilts with the lowest dose. Default: all.",
                unit="tilts",
                minimum=1,
                maximum=10000,
                step=1,
            )
        },
    )
    invert: bool = field(
        default=True,
        metadata={
            "option": Option(
                "Invert contrast",
                "Turn dark particles in the images into bright ones, as RELION expects; "
                "--no-invert leaves them.",
                kind="off",
                flag="--no-invert",
            )
        },
    )
    normalize_input: bool = field(
        default=True,
        metadata={
            "option": Option(
                "Normalize input images",
                "Subtract a plane from each tilt image and scale it to mean 0 and standard deviation 1.",
                kind="off",
                flag="--no-normalize-input",
            )
        },
    )
    normalize_output: bool = field(
        default=True,
        metadata={
            "option": Option(
                "Normalize output volumes",
                "Scale each volume to mean 0 and standard deviation 1 outside the particle's diameter.",
                kind="off",
                flag="--no-normalize-output",
            )
        },
    )
    sparse_ctf: bool = field(
        default=False,
        metadata={
            "option": Option(
                "Make 3D CTF sparse",
                "Set values below 0.01 of the 3D CTF to 0, so that the files compress well.",
                kind="on",
            )
        },
    )
    gpus: tuple[int, ...] | None = field(
        default=None,
        metadata={
            "option": Option(
                "GPUs", "Numbers of the devices to use, as a comma list. Default: all.", metavar="0,1"
            )
        },
    )
    workers: int | None = field(
        default=None,
        metadata={
            "option": Option(
                "Workers",
                "Processes that share the work: on this machine, or jobs of the batch system. "
                "Default: one per GPU, or one.",
                minimum=1,
                maximum=10000,
                step=1,
            )
        },
    )
    cluster: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Batch system",
                "Let jobs of this batch system do the work, one worker in each. Queue, walltime, memory and "
                "GPU come from your own Dask configuration (jobqueue.yaml).",
                metavar="slurm|pbs|lsf|sge",
                choices=("slurm", "pbs", "lsf", "sge"),
            )
        },
    )
    scheduler: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Dask scheduler",
                "Let the workers of a Dask cluster that already runs do the work. They need the same mtui, "
                "and the same folders under the same names.",
                metavar="tcp://HOST:PORT",
            )
        },
    )
    images_dir: str | None = field(
        default=None,
        metadata={
            "option": Option(
                "Images folder",
                "Folder for the images instead of the STAR's; 'source' puts them "
                "where M does, beside each series.",
                metavar="DIR",
            )
        },
    )
    overwrite: bool = field(
        default=False,
        metadata={
            "option": Option(
                "Replace files", "Replace the files of another export in the same place.", kind="on"
            )
        },
    )
    remap: tuple[str, ...] = field(
        default=(),
        metadata={
            "option": Option(
                "Moved folders",
                "Look for paths that start with OLD below NEW; repeat for several.",
                kind="repeat",
                metavar="OLD=NEW",
            )
        },
    )
