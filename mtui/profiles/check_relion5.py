"""Rules that RELION 5 puts to image stacks, most of them learnt from its crashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtui.errors import FormatError
from mtui.formats.mrc import read_header
from mtui.formats.star import StarTable
from mtui.profiles.check_images import Expected, Images
from mtui.profiles.check_report import Finding, bad_rows
from mtui.profiles.check_tables import as_numbers, check_cells, check_columns, check_unique
from mtui.profiles.exported import MEMBERS, ExportedSet, whole_numbers
from mtui.profiles.relion5 import DUMMY, OPTIMISATION_ENDING, TOMOGRAMS, TOMOGRAMS_ENDING
from mtui.profiles.relion5_tilts import TILTS

LENS = ("rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnTomoTiltSeriesPixelSize")
LENS_TOLERANCE = 1e-3
STACKS_FLAG = "rlnTomoSubTomosAre2DStacks"
MATRIX_TOLERANCE = 1e-4
FULL_DEPTH = (
    "stacks hold all tilts, also those in which the particle is not visible: tomoDRGN reads them so, RELION "
    "and cryoDRGN would pair images with the wrong tilts"
)


def check_relion5(found: ExportedSet, base: Path) -> Iterator[Finding]:
    """Particles, tomograms and optimisation set fit together."""
    particles = found.particles
    yield from _check_flags(found)
    yield from _check_particles(particles)
    tomograms = found.companion(TOMOGRAMS_ENDING)
    if "global" not in tomograms:
        yield Finding(
            "error", found.star.name, f"there is no tomogram table {found.star.stem}{TOMOGRAMS_ENDING}"
        )
        return
    listed = tomograms["global"]
    yield from check_columns(listed, TOMOGRAMS)
    if any(name not in listed.columns for name in TOMOGRAMS):
        return
    yield from _check_global(listed, tomograms, base)
    yield from _check_frames(particles, listed)
    yield from _check_lens(found.tables["optics"], particles, listed)
    yield from _check_places(particles, listed)
    yield from _check_members(found, base)


def stack_images(found: ExportedSet, base: Path) -> tuple[Images, list[Finding]]:
    """Stacks as deep as the visible frames say, or of full depth where the first partial one has it."""
    particles, optics = found.particles, found.tables["optics"]
    ones = np.array([cell.count("1") for cell in particles.texts("rlnTomoVisibleFrames").tolist()])
    frames = np.array([cell.count(",") + 1 for cell in particles.texts("rlnTomoVisibleFrames").tolist()])
    names = particles.texts("rlnImageName").tolist()
    partial = np.flatnonzero(ones < frames)
    findings = []
    if len(partial) and _depth(base / names[int(partial[0])]) == frames[partial[0]]:
        findings.append(Finding("warning", names[int(partial[0])], FULL_DEPTH))
        ones = frames
    group = whole_numbers(particles, "rlnOpticsGroup") - 1
    box, angpix = optics.numbers("rlnImageSize"), optics.numbers("rlnImagePixelSize")
    group = np.clip(group, 0, len(box) - 1)
    images = {
        name: Expected((int(box[g]), int(box[g]), int(depth)), float(angpix[g]))
        for name, g, depth in zip(names, group.tolist(), ones.tolist(), strict=True)
    }
    return images, findings


def _check_flags(found: ExportedSet) -> Iterator[Finding]:
    """What says that the images are stacks."""
    general = found.tables["general"]
    flag = general.texts(STACKS_FLAG).tolist() if STACKS_FLAG in general.columns else []
    if flag != ["1"]:
        yield Finding("error", f"block general, {STACKS_FLAG}", "it must be 1, else images count as volumes")
    dimensions = as_numbers(found.tables["optics"].columns["rlnImageDimensionality"].astype(np.str_))
    wrong = np.flatnonzero(dimensions != 2.0)
    yield from bad_rows("block optics, rlnImageDimensionality", wrong, "it is 2 for stacks of images")
    names = found.particles.texts("rlnImageName").tolist()
    numbered = [row for row, name in enumerate(names) if "@" in name]
    yield from bad_rows("block particles, rlnImageName", numbered, "a stack has no slice number in its name")


def _check_particles(particles: StarTable) -> Iterator[Finding]:
    where = "block particles"
    yield from check_unique(particles, "rlnTomoParticleName")
    yield from check_unique(particles, "rlnImageName")
    if "rlnMicrographName" in particles.columns:
        yield Finding(
            "error", where, "rlnMicrographName makes RELION sort rows and lose which image has which pose"
        )
    for name in ("Rot", "Tilt", "Psi"):
        column = f"rlnTomoSubtomogram{name}"
        if column in particles.columns and as_numbers(particles.columns[column].astype(np.str_)).any():
            yield Finding(
                "error", f"{where}, {column}", "only RELION heeds it; it must be folded into the angles"
            )


def _check_global(listed: StarTable, tomograms: dict[str, StarTable], base: Path) -> Iterator[Finding]:
    names = listed.texts("rlnTomoName").tolist()
    yield from check_unique(listed, "rlnTomoName")
    blocks = [name for name in tomograms if name != "global"]
    if blocks != names:
        yield Finding(
            "error",
            "block global",
            f"rows list {', '.join(names[:3])}, the blocks that follow are {', '.join(blocks[:3])}",
        )
        return
    counts = whole_numbers(listed, "rlnTomoFrameCount")
    for name, count in zip(names, counts.tolist(), strict=True):
        yield from _check_tilts(tomograms[name], count)
    hands = listed.numbers("rlnTomoHand")
    yield from bad_rows(
        "block global, rlnTomoHand", np.flatnonzero(np.abs(hands) != 1.0), "the hand is +1 or -1"
    )
    for dummy in dict.fromkeys(listed.texts("rlnTomoTiltSeriesName").tolist()):
        if not (base / dummy).is_file():
            yield Finding(
                "error", dummy, f"RELION opens this file; it does not exist ({DUMMY} was moved or deleted)"
            )


def _check_tilts(tilts: StarTable, count: int) -> Iterator[Finding]:
    yield from check_columns(tilts, TILTS)
    if any(name not in tilts.columns for name in TILTS):
        return
    yield from check_cells(tilts)
    if len(tilts) != count:
        yield Finding(
            "error", f"block {tilts.name}", f"it has {len(tilts)} tilts, rlnTomoFrameCount says {count}"
        )
    matrices = np.stack([parse_vectors(tilts.texts(f"rlnTomoProj{axis}"))[:, :3] for axis in "XYZ"], axis=1)
    off = np.abs(matrices @ matrices.swapaxes(1, 2) - np.eye(3)).max(axis=(1, 2))
    off = np.maximum(off, np.abs(np.linalg.det(matrices) - 1.0))
    wrong = np.flatnonzero(~(off < MATRIX_TOLERANCE))
    yield from bad_rows(f"block {tilts.name}", wrong, "the projection matrix is not a rotation")


def _check_frames(particles: StarTable, listed: StarTable) -> Iterator[Finding]:
    where = "block particles, rlnTomoVisibleFrames"
    counts = dict(
        zip(
            listed.texts("rlnTomoName").tolist(),
            whole_numbers(listed, "rlnTomoFrameCount").tolist(),
            strict=True,
        )
    )
    names = particles.texts("rlnTomoName").tolist()
    cells = particles.texts("rlnTomoVisibleFrames").tolist()
    unknown = [row for row, name in enumerate(names) if name not in counts]
    yield from bad_rows(
        "block particles, rlnTomoName", unknown, "the tomogram is not in the tomograms' table"
    )
    flags = [cell.strip("[]").split(",") for cell in cells]
    bad = [row for row, entries in enumerate(flags) if not set(entries) <= {"0", "1"}]
    yield from bad_rows(where, bad, "it must be zeros and ones in brackets")
    wrong = [
        row
        for row, (name, entries) in enumerate(zip(names, flags, strict=True))
        if name in counts and len(entries) != counts[name]
    ]
    yield from bad_rows(where, wrong, "it has another number of entries than the tomogram has tilts")
    unseen = [row for row, entries in enumerate(flags) if "1" not in entries]
    yield from bad_rows(where, unseen, "no tilt is visible; RELION crashes on such a particle")
    without = sorted(set(counts) - set(names))
    if without:
        yield Finding("error", "block global", f"tomograms without particles: {', '.join(without[:3])}")


def _check_lens(optics: StarTable, particles: StarTable, listed: StarTable) -> Iterator[Finding]:
    """RELION aborts where the two tables differ."""
    row_of = {name: row for row, name in enumerate(listed.texts("rlnTomoName").tolist())}
    pairs = set(
        zip(particles.texts("rlnTomoName").tolist(), particles.texts("rlnOpticsGroup").tolist(), strict=True)
    )
    place_of = {group: row for row, group in enumerate(optics.texts("rlnOpticsGroup").tolist())}
    columns = {name: (optics.numbers(name), listed.numbers(name)) for name in LENS}
    for tomogram, group in sorted(pairs):
        if tomogram not in row_of or group not in place_of:
            continue
        for column, (ours, theirs) in columns.items():
            first, second = ours[place_of[group]], theirs[row_of[tomogram]]
            if abs(first - second) > LENS_TOLERANCE:
                yield Finding(
                    "error",
                    f"{tomogram}, {column}",
                    f"{first:g} in the optics table but {second:g} in the tomograms'",
                )


def _check_places(particles: StarTable, listed: StarTable) -> Iterator[Finding]:
    place_of = {name: row for row, name in enumerate(listed.texts("rlnTomoName").tolist())}
    size = np.stack(
        [as_numbers(listed.columns[f"rlnTomoSize{axis}"].astype(np.str_)) for axis in "XYZ"], axis=1
    )
    rows = np.array([place_of.get(name, -1) for name in particles.texts("rlnTomoName").tolist()])
    position = np.stack([particles.numbers(f"rlnCoordinate{axis}") for axis in "XYZ"], axis=1)
    outside = ((position < 0) | (position > size[rows])).any(axis=1) & (rows >= 0)
    found = np.flatnonzero(outside).tolist()
    if found:
        yield Finding("warning", "block particles", f"{len(found):,} particles lie outside of their tomogram")


def _check_members(found: ExportedSet, base: Path) -> Iterator[Finding]:
    tables = found.companion(OPTIMISATION_ENDING)
    table = next(iter(tables.values()), None)
    if table is None:
        yield Finding(
            "error", found.star.name, f"there is no optimisation set {found.star.stem}{OPTIMISATION_ENDING}"
        )
        return
    for member in MEMBERS:
        text = str(table.texts(member)[0]) if member in table.columns else ""
        if not text or not (base / text).is_file():
            yield Finding("error", f"optimisation set, {member}", f"{text!r} does not exist from {base}")


def parse_vectors(cells: NDArray[np.str_]) -> NDArray[np.float64]:
    """Numbers (N, 4) in brackets; NaN where a cell is not four numbers."""
    rows = [as_numbers(np.array(cell.strip("[]").split(","))) for cell in cells.tolist()]
    return np.array([row if len(row) == 4 else np.full(4, np.nan) for row in rows]).reshape(-1, 4)


def _depth(path: Path) -> int:
    try:
        return read_header(path).size_px[2]
    except FormatError:
        return 0
