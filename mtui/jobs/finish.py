"""The end of an export: tables out of the records of all units, a check of what was written, and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mtui.errors import InputError
from mtui.formats.mrc import write_mrc
from mtui.formats.star_writer import write_star
from mtui.jobs.report import Outcome, Reporter
from mtui.jobs.unit_poses import profile_of, stack_rule, target_of
from mtui.jobs.units import UnitRecord
from mtui.jobs.wording import plural
from mtui.model.export_plan import ExportPlan
from mtui.profiles.check import check_set
from mtui.profiles.columns import count_of
from mtui.profiles.hand import LARGEST_RESIDUAL_ANG
from mtui.profiles.profile import Part
from mtui.profiles.relion5 import DUMMY, HAND_RESIDUAL

SHOWN_NAMES = 3
CHECKED_IMAGES = 200
"""Images whose headers are opened at the end; that all of them exist is checked in any case."""


def write_tables(
    plan: ExportPlan, records: Mapping[int, UnitRecord], failures: dict[str, str], report: Reporter
) -> Outcome:
    """Write the tables of all series that succeeded; raises WriteError."""
    kept = [series for series in plan.series if series.ref.hash not in failures]
    finished = [light_record(records[unit.number]) for series in kept for unit in series.units]
    parts = [record.tables for record in finished]
    dropped = sum(record.dropped for record in finished)
    particles = sum(len(series.rows) for series in kept) - dropped
    skipped = _skipped_text(plan, len(failures), plan.n_particles - particles - dropped)
    if not kept:
        return Outcome(0, len(failures), f"{skipped}: {next(iter(failures.values()))}")
    for warning in _warnings(plan, finished, parts):
        report.warning(warning)
    if not particles:
        return Outcome(
            0, len(failures), f"No tilt shows any of {plural(dropped, 'particle')}; nothing was written."
        )
    report.writing(f"writing {plan.output.name}")
    _write_files(plan, parts)
    report.writing(f"checking {plan.output.name}")
    problems = _check(plan, report)
    text = (
        f"Wrote {plural(particles, 'particle')} of {_count_series(parts, len(kept))} series to {plan.output}"
    )
    text = f"{text}; {skipped}." if failures else f"{text}."
    return Outcome(particles, len(failures) + problems, " ".join([text, *_remarks(plan, parts)]))


def light_record(record: UnitRecord) -> UnitRecord:
    """A record without what the tables do not need, and with one text in memory where all rows have it."""
    tables = {
        key: {name: _shared(texts) for name, texts in rows.items()} for key, rows in record.tables.items()
    }
    return replace(record, tables=tables, files={})


def _shared(texts: list[str]) -> list[str]:
    return texts[:1] * len(texts) if len(set(texts)) == 1 else texts


def _write_files(plan: ExportPlan, parts: Sequence[Part]) -> None:
    profile = profile_of(plan)
    if profile.name == "relion5":
        angpix = float(plan.series[0].pixel.angpix)
        write_mrc(plan.output.with_name(DUMMY), np.zeros((2, 2, 2), np.float32), angpix, standard=True)
    for file in profile.files_of(parts, target_of(plan)):
        write_star(file.path, file.tables)


def _check(plan: ExportPlan, report: Reporter) -> int:
    """Read the set back as its consumers would; the number of things that are wrong."""
    try:
        found = check_set(plan.output, plan.base, sample=CHECKED_IMAGES)
    except InputError as error:
        report.warning(f"The check of {plan.output.name} failed: {error}")
        return 1
    for finding in found.findings:
        report.warning(f"Check: {finding.where}: {finding.text}.")
    return len(found.errors)


def _skipped_text(plan: ExportPlan, series: int, particles: int) -> str:
    return f"{plural(series, 'series', 'series')} skipped ({particles:,} particles)"


def _count_series(parts: Sequence[Part], series: int) -> int:
    """Series that are left in the tables, where they say which series a part is of."""
    named = {
        part["tomogram"]["rlnTomoName"][0]
        for part in parts
        if "tomogram" in part and count_of(part["particles"])
    }
    return len(named) or series


def _warnings(plan: ExportPlan, finished: Sequence[UnitRecord], parts: Sequence[Part]) -> Iterator[str]:
    outside, dropped = (sum(getattr(record, name) for record in finished) for name in ("outside", "dropped"))
    if outside and plan.target.kind == "volumes":
        yield (
            f"{plural(outside, 'particle lies', 'particles lie')} outside the image in some tilts; "
            "as in M, the image's edge repeats there."
        )
    elif outside:
        yield (
            f"{plural(outside, 'stack has', 'stacks have')} tilts that do not show the whole particle; "
            "the image's edge repeats there."
        )
    if dropped:
        why = "not every tilt shows" if stack_rule(plan) == "drop-partial" else "no tilt shows"
        yield f"{plural(dropped, 'particle is', 'particles are')} left out, because {why} them as a whole."
    for name, residual in _residuals(parts).items():
        if residual > LARGEST_RESIDUAL_ANG:
            yield (
                f"{name}: with this defocus hand RELION's defocus differs from M's by {residual:.0f} Å (root "
                "mean square over particles and tilts)."
            )


def _remarks(plan: ExportPlan, parts: Sequence[Part]) -> Iterator[str]:
    """What the user should know of the set, beyond that it is complete."""
    residuals = _residuals(parts)
    if residuals:
        yield (
            f"Defocus hand: {_hands_text(parts)}; RELION's defocus differs from M's by at most "
            f"{max(residuals.values()):.0f} Å (root mean square in a series)."
        )
        yield f"Start RELION in {plan.base}."
    if plan.target.profile == "relion31":
        yield "RELION 5 cannot refine sub-tomogram volumes: for it, export image series."


def _hands_text(parts: Sequence[Part]) -> str:
    """``+1 in 4 series (a, b, c, ...) and -1 in 1 series (d)``."""
    names: dict[str, dict[str, None]] = {"1.0": {}, "-1.0": {}}
    for part in parts:
        if HAND_RESIDUAL in part.get("tomogram", {}) and count_of(part["particles"]):
            names[part["tomogram"]["rlnTomoHand"][0]][part["tomogram"]["rlnTomoName"][0]] = None
    return " and ".join(
        f"{float(hand):+.0f} in {plural(len(found), 'series', 'series')} ({_some(list(found))})"
        for hand, found in names.items()
        if found
    )


def _some(names: list[str]) -> str:
    shown = [name.rpartition(".")[0] or name for name in names[:SHOWN_NAMES]]
    return ", ".join([*shown, "..."] if len(names) > SHOWN_NAMES else shown)


def _residuals(parts: Sequence[Part]) -> dict[str, float]:
    """Root mean square difference of defocus by series, where the profile has a hand."""
    return {
        part["tomogram"]["rlnTomoName"][0]: float(part["tomogram"][HAND_RESIDUAL][0])
        for part in parts
        if HAND_RESIDUAL in part.get("tomogram", {}) and count_of(part["particles"])
    }
