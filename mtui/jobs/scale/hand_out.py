"""Which pieces of an export are to be done, in hand and done: bookkeeping, without any cluster."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtui.errors import JobError, WriteError
from mtui.jobs.results import Result, SeriesBegun, SeriesFailed, UnitDone
from mtui.jobs.scale import stretches
from mtui.jobs.scale.remote import Message
from mtui.jobs.scale.stretches import Stretch, cut_series, last_piece
from mtui.jobs.units import UnitRecord
from mtui.model.export_plan import ExportPlan, SeriesPlan

SHARES = 4
"""Tasks that each worker shall still get, at least."""
MOST_TRIES = 2
"""So often Dask is asked to do a piece; it gives it to four workers that end, one after the other."""


@dataclass(slots=True, eq=False)
class OpenSeries:
    """A series that is being worked on."""

    series: SeriesPlan
    open: int
    """Pieces that have not ended."""
    is_cut: bool
    """A last piece follows when all others are done."""
    begun: bool = False
    failed: bool = False


@dataclass(slots=True)
class HandOut:
    """The pieces of one run of an export. Series are cut when their turn comes, so memory is bounded."""

    plan: ExportPlan
    records: Mapping[int, UnitRecord]
    """Whoever takes the results keeps this current."""
    run: str
    told: set[int] = field(default_factory=set)
    """Units that were reported."""
    in_hand: dict[int, OpenSeries] = field(default_factory=dict)
    """Pieces without an end, by number."""
    tries: dict[int, int] = field(default_factory=dict)
    waiting: deque[Stretch] = field(default_factory=deque)
    coming: Iterator[SeriesPlan] = field(init=False)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    left: int = field(init=False)
    """Units of the series whose turn has not come."""
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.coming = iter(self.plan.series)
        self.left = self.plan.n_units

    @property
    def is_done(self) -> bool:
        """Whether nothing was left; asked when nothing is in hand."""
        return not self.interrupted and not self.waiting and next(self.coming, None) is None

    def take(self, workers: int) -> tuple[Stretch, ...]:
        """What goes to a worker next: a piece, or several of short series; nothing if there is nothing now.

        Towards the end less goes at once, so that all workers end at about the same time.
        """
        most = min(stretches.STRETCH_UNITS, self.left // (SHARES * max(1, workers)))
        taken: list[Stretch] = []
        while (piece := self._next()) is not None:
            taken.append(piece)
            if sum(len(entry.series.units) for entry in taken) >= most:
                break
        return tuple(taken)

    def _next(self) -> Stretch | None:
        if not self.waiting and (series := next(self.coming, None)) is not None:
            pieces = cut_series(self.plan, series, self.records, self.run, self.numbers)
            self.left -= len(series.units)
            self.waiting.extend(pieces)
            entry = OpenSeries(series, len(pieces), is_cut=not pieces[0].is_last)
            self.in_hand.update((piece.number, entry) for piece in pieces)
        return self.waiting.popleft() if self.waiting else None

    def hear(self, message: Message) -> Iterator[Result]:
        """What a worker's message means.

        Raises:
            WriteError: it could not write a file.
        """
        entry = self.in_hand.get(message.stretch)
        if entry is None:
            return
        if message.kind == "begun":
            if not entry.begun:
                yield SeriesBegun(entry.series, message.size_from_average)
            entry.begun = True
        elif message.kind == "unit":
            yield from self._hear_unit(entry, message)
        else:
            yield from self._end(entry, message)

    def close(self, pieces: Sequence[Stretch], error: BaseException | None) -> Iterator[Result]:
        """A task is over. Where no worker told how a piece ended, it is tried again.

        The first such piece may be what ended the workers; it is given up after some tries.

        Raises:
            JobError: the workers cannot do such tasks.
        """
        if error is not None and type(error).__name__ != "KilledWorker":
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise JobError(
                f"The workers cannot do the work: {reason}.",
                "They need the same version of mtui and Python as the job.",
            )
        unended = [piece for piece in pieces if piece.number in self.in_hand]
        self.waiting.extend(unended[1:])
        for piece in unended[:1]:
            yield from self._try_again(piece)

    def _try_again(self, piece: Stretch) -> Iterator[Result]:
        tries = self.tries[piece.number] = self.tries.get(piece.number, 0) + 1
        if tries < MOST_TRIES:
            self.waiting.append(piece)
        else:
            text = "Its workers ended several times while they worked on it, perhaps for want of memory."
            yield from self._end(self.in_hand[piece.number], Message("failed", piece.number, text))

    def _hear_unit(self, entry: OpenSeries, message: Message) -> Iterator[Result]:
        record = UnitRecord(**json.loads(message.record))
        if record.number in self.told:
            return
        self.told.add(record.number)
        if message.kept:
            record = replace(self.records[record.number], files=record.files)
        yield UnitDone(entry.series, record, message.seconds, message.device, message.kept, message.memory_mb)

    def _end(self, entry: OpenSeries, message: Message) -> Iterator[Result]:
        if message.kind == "broken":
            raise WriteError(message.text, message.hint)
        del self.in_hand[message.stretch]
        entry.open -= 1
        self.interrupted = self.interrupted or message.kind == "stopped"
        if message.kind == "failed" and not entry.failed:
            entry.failed = True
            yield SeriesFailed(entry.series, message.text)
        if entry.is_cut and not entry.open and not entry.failed and not self.interrupted:
            entry.open, entry.is_cut = 1, False
            piece = last_piece(self.plan, entry.series, self.records, self.run, next(self.numbers))
            self.waiting.append(piece)
            self.in_hand[piece.number] = entry
