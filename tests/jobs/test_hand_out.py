"""Pieces of an export: what is handed out, and what follows from what the workers say; without a cluster."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest

from mtui.errors import JobError, WriteError
from mtui.jobs.results import Result, SeriesBegun, SeriesFailed, UnitDone
from mtui.jobs.scale import stretches
from mtui.jobs.scale.hand_out import HandOut
from mtui.jobs.scale.remote import Message, decode, encode
from mtui.jobs.scale.stretches import Stretch
from mtui.jobs.units import UnitRecord, encode_unit
from mtui.model import export_plan
from mtui.model.export_plan import ExportPlan, plan_export
from mtui.model.population import load_population
from mtui.settings import ExportSettings
from tests.tiny import write_tiny


class KilledWorker(Exception):  # noqa: N818 - named as Dask's
    """A task whose workers died."""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportPlan:
    """Two series of five units, two in a piece."""
    monkeypatch.setattr(export_plan, "UNIT_PARTICLES", 1)
    monkeypatch.setattr(stretches, "STRETCH_UNITS", 2)
    project = write_tiny(tmp_path, (("TS_1", "TS_2"),), particles=5, tilts=1)
    settings = ExportSettings(project.population, "apo 1", tmp_path / "out" / "a.star", box=8)
    return plan_export(load_population(project.population), settings)


def record(number: int) -> UnitRecord:
    return UnitRecord(number, "hash", number, number + 1, {"particles": {}}, {})


def do(hand_out: HandOut, stretch: Stretch) -> list[Result]:
    """Play the worker and the job: do the whole piece, end, and record."""
    results: list[Result] = []
    say = [Message("begun", stretch.number)]
    for unit in stretch.series.units:
        kept = unit.number in stretch.done
        say.append(Message("unit", stretch.number, record=encode_unit(record(unit.number)), kept=kept))
    assert isinstance(hand_out.records, dict)
    for message in (*say, Message("done", stretch.number)):
        for result in hand_out.hear(decode(encode(message))):
            results.append(result)
            if isinstance(result, UnitDone):
                hand_out.records[result.record.number] = result.record
    return [*results, *hand_out.close((stretch,), None)]


def test_long_series_come_in_pieces_and_end_with_a_last_one(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    pieces = [piece for _ in range(2) for piece in hand_out.take(1)]
    assert [[unit.number for unit in piece.series.units] for piece in pieces] == [[0, 1], [2, 3]]
    assert not any(piece.is_last for piece in pieces)
    results = [result for piece in reversed(pieces) for result in do(hand_out, piece)]
    assert [type(result) for result in results].count(SeriesBegun) == 1
    done = [result.record.number for result in results if isinstance(result, UnitDone)]
    assert sorted(done) == [0, 1, 2, 3]
    (last,) = hand_out.take(1)
    assert last.is_last
    assert (sorted(last.done), len(last.series.units)) == ([0, 1, 2, 3], 5)
    ends = do(hand_out, last)
    assert [result.record.number for result in ends if isinstance(result, UnitDone)] == [4]
    (following,) = hand_out.take(1)
    assert following.series.ref.root == "TS_2"


def test_a_piece_carries_no_more_than_its_series(plan: ExportPlan) -> None:
    (piece,) = HandOut(plan, {}, "run").take(1)
    assert len(piece.plan.particles) == 5
    assert [file.name for file in piece.series.ref.source.files] == ["TS_1.tomostar"]
    again = pickle.loads(pickle.dumps(piece))
    assert again.series.units == piece.series.units
    assert len(pickle.dumps(piece)) < 10_000


def test_recorded_units_keep_their_rows(plan: ExportPlan) -> None:
    before = dataclasses.replace(record(1), tables={"particles": {"rlnImageName": ["a.mrc"]}})
    hand_out = HandOut(plan, {1: before}, "run")
    (piece,) = hand_out.take(1)
    assert piece.done == {1: dataclasses.replace(before, tables={})}
    results = [result for result in do(hand_out, piece) if isinstance(result, UnitDone)]
    assert [(result.kept, result.record.tables) for result in results] == [
        (False, {"particles": {}}),
        (True, before.tables),
    ]


def test_a_unit_that_is_done_twice_is_told_once(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    (piece,) = hand_out.take(1)
    message = Message("unit", piece.number, record=encode_unit(record(0)))
    told = [*hand_out.hear(message), *hand_out.hear(message)]
    assert len(told) == 1


def test_a_piece_without_an_end_is_tried_again_and_then_given_up(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    (first,) = hand_out.take(1)
    assert list(hand_out.close((first,), None)) == []
    tried = [piece for _ in range(2) for piece in hand_out.take(1)]
    assert [piece.number for piece in tried] == [1, 0]
    failed = list(hand_out.close((first,), KilledWorker()))
    assert isinstance(failed[0], SeriesFailed) and failed[0].series is plan.series[0]
    assert "for want of memory" in failed[0].reason


def test_of_several_pieces_the_first_is_to_blame(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    pieces = [piece for _ in range(2) for piece in hand_out.take(1)]
    list(hand_out.close(pieces, KilledWorker()))
    assert [type(result) for result in hand_out.close(pieces, KilledWorker())] == [SeriesFailed]
    assert list(hand_out.close(pieces, None)) == [], "the second was tried once"
    assert hand_out.take(1) and not hand_out.is_done


def test_short_series_travel_together_but_not_at_the_end(
    plan: ExportPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_UNITS", 16)
    one = plan.series[0]
    many = dataclasses.replace(plan, series=(one,) * 40)
    hand_out = HandOut(many, {}, "run")
    sizes = []
    while task := hand_out.take(workers=2):
        sizes.append(len(task))
    assert (sizes[0], sizes[-1], sum(sizes)) == (4, 1, 40)
    assert sizes == sorted(sizes, reverse=True)


def test_workers_without_mtui_end_the_job(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    (piece,) = hand_out.take(1)
    with pytest.raises(JobError, match="cannot do the work: ModuleNotFoundError: No module named 'mtui'"):
        list(hand_out.close((piece,), ModuleNotFoundError("No module named 'mtui'")))


def test_a_full_disk_ends_the_job(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    (piece,) = hand_out.take(1)
    with pytest.raises(WriteError, match="No space left"):
        list(hand_out.hear(Message("broken", piece.number, "a.mrc: No space left.", "Free some.")))


def test_an_interrupted_hand_out_is_not_done(plan: ExportPlan) -> None:
    hand_out = HandOut(plan, {}, "run")
    pieces = [piece for _ in range(4) for piece in hand_out.take(1)]
    assert len(pieces) == 4 and hand_out.take(1) == ()
    for piece in pieces:
        list(hand_out.hear(Message("stopped", piece.number)))
    assert not hand_out.is_done
