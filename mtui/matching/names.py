"""Which tilt series a table's names stand for.

Names come as file names, paths and tomogram names of many programs. The rules of the ladder are tried in
turn, after them those that the user gives; all are case-sensitive and compare whole names, so that ``TS_1``
never stands for ``TS_10``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtui.errors import MatchingError
from mtui.model.particles import group_codes
from mtui.model.population import SeriesRef

EXAMPLES = 10
_EXTENSION = re.compile(r"\.[A-Za-z]\w*$")
"""What follows the last point, unless it starts with a digit: ``TS_1_10.00Apx`` has no extension."""
_ANGPIX_SUFFIX = re.compile(r"_\d+(\.\d+)?Apx$")


@dataclass(frozen=True, slots=True)
class NameRule:
    """A rule of the user's."""

    words: str
    """What it is called in reports."""
    reading: Callable[[str], str | None]
    """The name of a tilt series for a name of the table, or None where the rule does not apply."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """The tilt series that a name stands for."""

    name: str
    """As the table has it."""
    series: SeriesRef
    rule: str
    """The rule that found it, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class NameReport:
    """How the names of a table were understood."""

    matches: tuple[NameMatch, ...]
    """One for each name that stands for a series, in ordinal order of the names."""
    unmatched: tuple[str, ...]
    """Names that stand for none."""
    row_match: NDArray[np.intp]
    """``(N,)`` index into ``matches`` of each row; -1 where its name stands for no series."""
    known: tuple[str, ...]
    """Names of the tilt series of the selected sources."""

    @property
    def unmatched_rows(self) -> int:
        """Rows that are left out."""
        return int(np.count_nonzero(self.row_match < 0))

    @property
    def rules(self) -> dict[str, int]:
        """How many names each rule found."""
        found: dict[str, int] = {}
        for match in self.matches:
            found[match.rule] = found.get(match.rule, 0) + 1
        return found


def match_names(
    names: NDArray[np.str_], series: Sequence[SeriesRef], more_rules: Sequence[NameRule] = ()
) -> NameReport:
    """Find the tilt series of each row's name ``(N,)``, with the user's own rules after the ladder's.

    Two sources may list one series by the same hash; then the first counts.

    Raises:
        MatchingError: a name stands for more than one series, with the candidates.
    """
    distinct, codes = group_codes(names)
    index = _Index.of(series)
    hits = {name: _find(name, index, more_rules) for name in distinct}
    _refuse_ambiguous(hits, codes, distinct)
    matches = [NameMatch(name, found[0], rule) for name, (rule, found) in hits.items() if found]
    place = {match.name: number for number, match in enumerate(matches)}
    of_name = np.array([place.get(name, -1) for name in distinct], np.intp)
    return NameReport(
        tuple(matches),
        tuple(name for name in distinct if name not in place),
        of_name[codes],
        tuple(dict.fromkeys(ref.name for ref in series)),
    )


def base_name(name: str) -> str:
    """What follows the last slash of either kind."""
    return re.split(r"[/\\]", name)[-1]


@dataclass(frozen=True, slots=True)
class _Index:
    """Tilt series by what their names can be compared with."""

    by_name: dict[str, tuple[SeriesRef, ...]]
    by_stem: dict[str, tuple[SeriesRef, ...]]

    @classmethod
    def of(cls, series: Iterable[SeriesRef]) -> _Index:
        first: dict[tuple[str, str], SeriesRef] = {}
        for ref in series:
            first.setdefault((ref.hash, ref.name), ref)
        by_name, by_stem = defaultdict(list), defaultdict(list)
        for ref in first.values():
            by_name[ref.name].append(ref)
            by_stem[ref.root].append(ref)
        return cls(
            {name: tuple(refs) for name, refs in by_name.items()},
            {stem: tuple(refs) for stem, refs in by_stem.items()},
        )


def _find(name: str, index: _Index, more_rules: Sequence[NameRule]) -> tuple[str, tuple[SeriesRef, ...]]:
    """The first rule that finds any series, and what it finds."""
    base = base_name(name)
    for rule, lookup in _LADDER:
        found = lookup(base, index)
        if found:
            return rule, found
    for own in more_rules:
        read = own.reading(name)
        found = (_by_file_name(read, index) or _by_stem(read, index)) if read else ()
        if found:
            return own.words, found
    return "", ()


def _by_file_name(base: str, index: _Index) -> tuple[SeriesRef, ...]:
    return index.by_name.get(base, ())


def _by_stem(base: str, index: _Index) -> tuple[SeriesRef, ...]:
    return index.by_stem.get(base) or index.by_stem.get(_EXTENSION.sub("", base), ())


def _by_reconstruction(base: str, index: _Index) -> tuple[SeriesRef, ...]:
    """The name of a tomogram, whose pixel size follows the series' name."""
    for stem in (base, _EXTENSION.sub("", base)):
        bare = _ANGPIX_SUFFIX.sub("", stem)
        if bare != stem:
            found = index.by_stem.get(bare) or index.by_stem.get(bare.removesuffix(".mrc"), ())
            if found:
                return found
    return ()


_LADDER: tuple[tuple[str, Callable[[str, _Index], tuple[SeriesRef, ...]]], ...] = (
    ("file name", _by_file_name),
    ("name without extension", _by_stem),
    ("name without pixel size", _by_reconstruction),
)


def _refuse_ambiguous(
    hits: dict[str, tuple[str, tuple[SeriesRef, ...]]], codes: NDArray[np.int32], distinct: Sequence[str]
) -> None:
    ambiguous = {name: found for name, (_, found) in hits.items() if len(found) > 1}
    if not ambiguous:
        return
    rows = int(np.isin(codes, [distinct.index(name) for name in ambiguous]).sum())
    listed = "; ".join(
        f"{name} is {' and '.join(f'{ref.name} of {ref.source.name}' for ref in found)}"
        for name, found in list(ambiguous.items())[:EXAMPLES]
    )
    raise MatchingError(
        f"{len(ambiguous):,} image names ({rows:,} rows) are ambiguous between the selected data sources: "
        f"{listed}.",
        "Select fewer sources, with --source NAME for each of them.",
    )
