"""What ``mtui intersect`` says: as lines, as JSON, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtui.cli import output
from mtui.jobs.wording import plural

if TYPE_CHECKING:
    from mtui.matching.distances import Histogram
    from mtui.matching.intersect import Committed, Comparison
    from mtui.matching.names import NameReport
    from mtui.settings import IntersectSettings

BAR_COLUMNS = 50
EXAMPLES = 10


def write_notes(comparison: Comparison) -> None:
    """On stderr: what is doubtful about the table, and which rows were left out, with examples."""
    for warning in comparison.new.detection.warnings:
        output.write_note(f"Warning: {warning}")
    names = comparison.new.names
    if names is None or not names.unmatched_rows:
        return
    output.write_note(
        f"Warning: {names.unmatched_rows:,} of {comparison.new.n_rows:,} rows name tilt series that are in "
        "no selected source; they are left out."
    )
    output.write_note(f"  The table has: {_examples(names.unmatched)}")
    output.write_note(f"  The sources have: {_examples(names.known)}")


def write_text(
    comparison: Comparison,
    settings: IntersectSettings,
    committed: Committed | None,
    histogram: Histogram | None,
) -> None:
    """On stdout: how the table was understood, the counts, and the result."""
    for label, text in _detection_lines(comparison) + _count_lines(comparison, settings, committed):
        output.write_line(f"{label:<12} {text}")
    if histogram:
        output.write_line()
        _write_histogram(histogram, settings.tolerance)


def as_json(
    comparison: Comparison,
    settings: IntersectSettings,
    committed: Committed | None,
    histogram: Histogram | None,
) -> dict[str, output.Json]:
    """The same as an object; its keys do not change."""
    counts = comparison.counts(settings.tolerance)
    values: dict[str, output.Json] = {
        "species": comparison.species.name,
        "new_set": str(comparison.new.path),
        "detected": _detection_json(comparison),
        "rows": comparison.new.n_rows,
        "matched": _matched_json(comparison),
        "unmatched": _unmatched_json(comparison.new.names),
        "old": comparison.distances.n_old,
        "new": comparison.distances.n_new,
        "untouched": len(comparison.untouched),
        "rule": settings.rule,
        "both_by_other_rule": comparison.other_both,
        "poses": settings.poses,
        "tolerance": settings.tolerance,
        "largest_distance": round(comparison.distances.largest_ang, 5),
        "only_old": counts.old,
        "both": counts.both,
        "only_new": counts.new,
        "half_conflicts": comparison.half_conflicts(settings.tolerance),
        "keep": list(settings.keep),
        "kept": counts.kept(settings.keep) + len(comparison.untouched) if settings.keep else None,
        "committed": committed is not None and committed.changed,
        "version": committed.species.version if committed else comparison.species.version,
        "previous_version": comparison.species.version if committed and committed.changed else None,
    }
    if histogram:
        values["histogram"] = histogram.counts.tolist()
        values["histogram_end"] = round(histogram.end_ang, 5)
    return values


def _detection_lines(comparison: Comparison) -> list[tuple[str, str]]:
    new, detected = comparison.new, comparison.new.detection
    lines = [
        ("New set", str(new.path)),
        ("Read as", detected.dialect.value),
        ("Coordinates", f"{detected.coordinates}, from {detected.centre}"),
        ("Shifts", str(detected.shifts)),
        ("Angles", detected.angles),
    ]
    lines += [("Note", note) for note in detected.notes]
    if new.names is not None:
        rules = ", ".join(f"{count:,} by {rule}" for rule, count in new.names.rules.items())
        matched = f"{new.n_rows - new.unmatched_rows:,}/{new.n_rows:,}"
        text = f"{matched} new particles matched to available data sources (names: {rules})"
        lines.append(("Names", text))
    return lines


def _count_lines(
    comparison: Comparison, settings: IntersectSettings, committed: Committed | None
) -> list[tuple[str, str]]:
    counts, distances = comparison.counts(settings.tolerance), comparison.distances
    lines = [
        ("Tolerance", f"{settings.tolerance:g} Å; pairs are up to {distances.largest_ang:.1f} Å apart"),
        ("Only old", f"{counts.old:,} of {distances.n_old:,}"),
        ("In both", f"{counts.both:,}{_conflict_text(comparison, settings)}"),
        ("Only new", f"{counts.new:,} of {distances.n_new:,}"),
    ]
    if comparison.other_both != counts.both:
        lines.append(("Other rule", _other_rule_text(comparison.other_both, settings)))
    if len(comparison.untouched):
        lines.append(("Other series", f"{plural(len(comparison.untouched), 'particle')}, which stay"))
    if settings.keep:
        others = len(comparison.untouched)
        text = f"{distances.n_old + others:,} -> {plural(counts.kept(settings.keep) + others, 'particle')}"
        poses = _pose_text(comparison, settings)
        lines.append(("Result", f"{text} (keeping {', '.join(settings.keep)}{poses})"))
    if committed is None:
        lines.append(("Version", f"{comparison.species.version or 'none'}; nothing was written"))
    elif committed.changed:
        lines.append(("Version", f"{comparison.species.version or 'none'} -> {committed.species.version}"))
    else:
        lines.append(("Version", f"{committed.species.version}; the particles are the same as before"))
    return lines


def _pose_text(comparison: Comparison, settings: IntersectSettings) -> str:
    from mtui.matching.intersect import takes_new_pose

    if settings.poses == "old" or "both" not in settings.keep:
        return ""
    taken = int(takes_new_pose(comparison, settings.tolerance, settings).sum())
    return f"; {taken:,} of them with the pose of the new set"


def _other_rule_text(both: int, settings: IntersectSettings) -> str:
    if settings.rule == "m":
        return f"{both:,} in both if pairs beyond the tolerance are not formed at all (--rule gated)"
    return f"{both:,} in both if the tolerance is applied after pairing, as M does (--rule m)"


def _conflict_text(comparison: Comparison, settings: IntersectSettings) -> str:
    conflicts = comparison.half_conflicts(settings.tolerance)
    return f", {conflicts:,} of them in different half-sets (the old one is kept)" if conflicts else ""


def _write_histogram(histogram: Histogram, tolerance_ang: float) -> None:
    """One line per bin: ``#`` within the tolerance, ``.`` beyond it."""
    tallest = max(1, int(histogram.counts.max()))
    rows = []
    for centre, count in zip(histogram.centres_ang.tolist(), histogram.counts.tolist(), strict=True):
        mark = "#" if centre <= tolerance_ang else "."
        rows.append((f"{centre:.2f}", f"{count:,}", mark * -(-count * BAR_COLUMNS // tallest)))
    output.write_table(("Å", "Pairs", ""), rows, right=(0, 1))


def _detection_json(comparison: Comparison) -> dict[str, output.Json]:
    detected = comparison.new.detection
    return {
        "dialect": detected.dialect.name.lower(),
        "description": detected.dialect.value,
        "coords_angpix": list(detected.coordinates.values),
        "coords_angpix_from": detected.coordinates.origin,
        "shifts_angpix": list(detected.shifts.values),
        "shifts_angpix_from": detected.shifts.origin,
        "centre": detected.centre,
        "angles": detected.angles,
        "notes": list(detected.notes),
        "warnings": list(detected.warnings),
    }


def _matched_json(comparison: Comparison) -> dict[str, output.Json]:
    names = comparison.new.names
    rules: dict[str, output.Json] = dict(names.rules) if names else {}
    rows = comparison.new.n_rows - comparison.new.unmatched_rows
    return {"rows": rows, "names": len(names.matches) if names else 0, "rules": rules}


def _unmatched_json(names: NameReport | None) -> dict[str, output.Json]:
    return {
        "rows": names.unmatched_rows if names else 0,
        "names": len(names.unmatched) if names else 0,
        "table_examples": list(names.unmatched[:EXAMPLES]) if names else [],
        "source_examples": list(names.known[:EXAMPLES]) if names else [],
    }


def _examples(names: tuple[str, ...]) -> str:
    return ", ".join(names[:EXAMPLES]) + (", ..." if len(names) > EXAMPLES else "")
