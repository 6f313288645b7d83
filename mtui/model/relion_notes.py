"""What was assumed about a foreign table, in words, and what is doubtful about it."""

from __future__ import annotations

import numpy as np

from mtui.model.dialects import TOMO_ANGPIX, Dialect
from mtui.model.relion_angpix import IMAGE_ANGPIX, MICROGRAPH_ANGPIX
from mtui.model.relion_columns import HALF
from mtui.model.relion_table import ParticleTable


def table_notes(table: ParticleTable, dialect: Dialect) -> tuple[str, ...]:
    """Assumptions that another reader might not make."""
    notes = []
    if dialect is Dialect.WARPTOOLS_2D and table.has(IMAGE_ANGPIX):
        raw_angpix, angpix = table.numbers(TOMO_ANGPIX), table.numbers(IMAGE_ANGPIX)
        if not np.allclose(raw_angpix, angpix, rtol=1e-4):
            notes.append(
                f"{TOMO_ANGPIX} is the raw pixel ({raw_angpix[0]:.7g} Å) here, as WarpTools up to 2.0.0dev39 "
                "wrote it, not that of the coordinates."
            )
    if dialect is Dialect.RELION31 and table.has(MICROGRAPH_ANGPIX):
        angpix = table.numbers(MICROGRAPH_ANGPIX)[0]
        notes.append(
            "RELION 3.1 does not say what a pixel of the coordinates is. If it is that of "
            f"{MICROGRAPH_ANGPIX}, state --coords-angpix {angpix:.7g}."
        )
    if not table.has(HALF):
        notes.append(f"There is no {HALF}: the rows go to the two half-sets in turn.")
    return tuple(notes)


def table_warnings(table: ParticleTable, dialect: Dialect) -> tuple[str, ...]:
    """What should be looked at before the particles are used."""
    warnings = []
    if dialect is Dialect.PYTOM:
        warnings.append(
            "rlnDetectorPixelSize without rlnMagnification is taken for Å per voxel, as pytom-match-pick "
            "writes it."
        )
    if dialect in (Dialect.RELION30, Dialect.RELION31) and not table.has("rlnCoordinateZ"):
        warnings.append(f"{table.path} has no rlnCoordinateZ: all particles are taken to lie at Z = 0.")
    if table.has(HALF) and len(table) > 1 and len(np.unique(table.numbers(HALF))) == 1:
        warnings.append(f"{HALF} is {table.numbers(HALF)[0]:g} in all rows: all are in one half-set.")
    return tuple(warnings)
