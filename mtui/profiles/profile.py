"""What a profile is: a documented set of files for certain programs, made from the poses of an export.

The work of an export comes in units. Each gives a ``Part``, some rows of each table, which can be kept as
JSON; at the end the parts of all units become the files. Both steps are pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtui.formats.files import relative_posix
from mtui.formats.star import StarTable
from mtui.geometry.sizes import OutputPixel
from mtui.profiles.columns import Rows, count_of
from mtui.profiles.hand import Hand
from mtui.profiles.names import ctf_name, stack_name, volume_name
from mtui.profiles.poses import UnitPoses
from mtui.profiles.stacks import StackRule, TiltOrder, UnitStacks
from mtui.settings.outputs import ImageKind

Part = dict[str, Rows]
"""What one unit adds to each table, by a key of the profile's own; ``particles`` is always among them."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What the user chose that shows in the tables."""

    prerotated: bool = False
    """Volumes are in the orientation of the map, so their angles are 0."""
    premultiplied: bool = False
    """Stacks are multiplied by CTF and weights."""
    stacked: bool = False
    """Images are stacks of tilt images, not volumes."""
    strict: bool = False
    """Only the profile's own columns, none passed on from the species' table."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitTables:
    """One unit, ready to be described."""

    poses: UnitPoses
    """The particles that are kept."""
    options: TableOptions
    stacks: UnitStacks | None = None
    """Where the images are stacks; its poses are the same."""
    hand: Hand | None = None
    """Where the profile needs one (``Profile.needs_hand``)."""
    describes_series: bool = True
    """Whether what the tables say of the series as a whole comes with this unit; once is enough."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the tables go."""

    output: Path
    """The main table; the others are named after it."""
    base: Path
    """Folder that the paths in the tables start from."""

    def beside(self, ending: str) -> Path:
        """Another file of the set, ``<output without .star><ending>``."""
        return self.output.with_name(f"{self.output.name.removesuffix('.star')}{ending}")

    def text(self, path: Path) -> str:
        """A path as it stands in a table."""
        return relative_posix(path, self.base)


@dataclass(frozen=True, slots=True, eq=False)
class StarFile:
    """A STAR file to be written."""

    path: Path
    tables: tuple[StarTable, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A set of files that certain programs open without further ado."""

    name: str
    consumers: str
    """The programs, in words."""
    kinds: tuple[ImageKind, ...]
    """The images it can describe, the first by default."""
    part_of: Callable[[UnitTables], Part]
    files_of: Callable[[Sequence[Part], Target], tuple[StarFile, ...]]
    """The files, the main table last; parts come in the order of the rows."""
    endings: tuple[str, ...] = ()
    """Endings of the files beside the main table."""
    stack: StackRule = "full"
    """What stacks hold unless the user says otherwise."""
    tilt_order: TiltOrder = "index"
    premultiply: bool = False
    """Whether stacks are multiplied by their CTF unless the user says otherwise."""
    may_premultiply: bool = False
    needs_hand: bool = False
    has_ctf_volumes: bool = False
    needs_tilts: bool = False
    """Whether the tables of volumes describe every tilt too."""
    name_stack: Callable[[str, str, int, OutputPixel], str] = stack_name
    """Name of a particle's stack: of series, species, particle, pixel."""

    def image_names(
        self, kind: ImageKind, root: str, species: str, index: int, pixel: OutputPixel
    ) -> list[str]:
        """Names of the files with a particle's images."""
        if kind == "none":
            return []
        if kind == "series":
            return [self.name_stack(root, species, index, pixel)]
        volume = [volume_name(root, species, index, pixel)]
        return [*volume, ctf_name(root, species, index, pixel)] if self.has_ctf_volumes else volume


def filled(parts: Sequence[Part]) -> list[Part]:
    """Parts that have particles; a series whose particles were all left out is not mentioned at all."""
    return [part for part in parts if count_of(part["particles"])]
