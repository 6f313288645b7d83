"""Progress is computed from events alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mtui.jobs.activity import activity_text
from mtui.jobs.events import Event, append_event, read_events
from mtui.jobs.progress import (
    Tally,
    add_events,
    compute_progress,
    duration_text,
    progress_text,
    read_progress,
    rounded_seconds,
)

START = Event("started", 1000.0, particles=200, series_count=2, unit_count=4)


def unit(number: int, time: float, particles: int = 50, last: bool = False) -> Event:
    return Event("unit", time, "TS_1", number, particles, 10.0, series_count=int(last))


def progress_after(*events: Event, now: float) -> str:
    return progress_text(compute_progress(add_events(Tally(), (START, *events)), now))


def test_time_left_appears_after_three_units_and_ignores_the_first() -> None:
    # The first unit takes 90 s (compilation), the others 10 s each: 50 particles remain, 10 s.
    events = [unit(0, 1090.0), unit(1, 1100.0, last=True), unit(2, 1110.0)]
    two = compute_progress(add_events(Tally(), [START, *events[:2]]), 1100.0)
    assert two.left_s is None
    three = compute_progress(add_events(Tally(), [START, *events]), 1110.0)
    assert three.left_s == 10.0
    assert three.particles_per_min == pytest.approx(300.0)
    assert (three.done_particles, three.done_series, three.done_units) == (150, 1, 3)
    assert progress_after(*events, now=1110.0).startswith(
        " 75%  150/200 particles  1/2 series  300/min  110 s"
    )


def test_recent_units_weigh_more() -> None:
    slowing = [unit(0, 1001.0, 10), unit(1, 1002.0, 10), unit(2, 1003.0, 10), unit(3, 1013.0, 10)]
    progress = compute_progress(add_events(Tally(), [START, *slowing]), 1013.0)
    assert progress.particles_per_min is not None
    plain_mean = 60 / ((1 + 1 + 10) / 30)
    assert progress.particles_per_min < plain_mean
    assert progress.particles_per_min == pytest.approx(60 / ((0.81 + 0.9 + 10) / (8.1 + 9 + 10)))


def test_skipped_series_are_counted_and_their_particles_not_waited_for() -> None:
    problem = Event("problem", 1010.0, "TS_2", particles=100, series_count=1, text="average is missing")
    progress = compute_progress(add_events(Tally(), [START, unit(0, 1005.0), problem]), 1010.0)
    assert [event.text for event in progress.problems] == ["average is missing"]
    assert progress.fraction == pytest.approx(0.75)
    assert progress.done_series == 1


def test_the_clock_stops_when_the_job_has_ended() -> None:
    ended = Event("ended", 1060.0, text="done")
    progress = compute_progress(add_events(Tally(), [START, ended]), 5000.0)
    assert progress.elapsed_s == 60.0
    assert progress.left_s is None


def test_the_clock_of_a_killed_job_stops_at_its_last_word() -> None:
    events = [START, *(unit(number, 1010.0 + number) for number in range(3))]
    tally = add_events(Tally(), events)
    assert compute_progress(tally, 5000.0).elapsed_s == 4000.0
    over = compute_progress(tally, 5000.0, is_over=True)
    assert (over.elapsed_s, over.left_s, over.ends_at, over.devices) == (12.0, None, None, ())


def test_no_events_is_a_start() -> None:
    progress = compute_progress(Tally(), 1.0)
    assert progress.fraction == 0.0
    assert progress_text(progress) == "starting"


@hypothesis_settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 20), max_size=12), st.data())
def test_events_in_portions_give_the_same_tally(sizes: list[int], data: st.DataObject) -> None:
    events = [START, *(unit(number, 1000.0 + number, size) for number, size in enumerate(sizes))]
    cut = data.draw(st.integers(0, len(events)))
    assert add_events(add_events(Tally(), events[:cut]), events[cut:]) == add_events(Tally(), events)


@pytest.mark.parametrize(
    ("seconds", "rounded", "text"),
    [
        (3, 10, "10 s"),
        (47, 50, "50 s"),
        (119, 120, "2 min"),
        (130, 120, "2 min"),
        (31 * 60 + 20, 1860, "31 min"),
    ],
)
def test_time_left_is_rounded(seconds: float, rounded: float, text: str) -> None:
    assert rounded_seconds(seconds) == rounded
    assert duration_text(rounded) == text


def test_long_durations_have_hours() -> None:
    assert duration_text(3 * 3600 + 5 * 60) == "3 h 05 min"


def test_a_line_in_writing_is_read_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert read_events(path) == ((), 0)
    append_event(path, START)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind": "unit", "ti')
    events, offset = read_events(path)
    assert events == (START,)
    assert offset == len(whole)
    path.write_bytes(whole + b'{"kind": "unit", "time": 1001.0, "particles": 5}\nnonsense\n')
    assert read_events(path, offset)[0] == (Event("unit", 1001.0, particles=5),)
    assert read_progress(path, 1002.0).done_particles == 5


def test_rates_in_series_and_the_time_it_ends() -> None:
    events = [unit(0, 1090.0), unit(1, 1100.0, last=True), unit(2, 1110.0)]
    progress = compute_progress(add_events(Tally(), [START, *events]), 1110.0)
    assert progress.series_per_min == pytest.approx(3.0)
    assert progress.ends_at == 1120.0
    later = Event("started", 1000.0, particles=200_000, series_count=2, unit_count=4)
    text = progress_text(compute_progress(add_events(Tally(), [later, *events]), 1110.0))
    assert "about 11 h 06 min left  ends about " in text


def test_what_each_device_does() -> None:
    def devices(*events: Event) -> list[str]:
        progress = compute_progress(add_events(Tally(), [START, *events]), 1100.0)
        return [activity_text(device) for device in progress.devices]

    def done(series: str, device: str, last: bool = False) -> Event:
        return Event("unit", 1001.0, series, 0, 50, 1.0, int(last), device=device, memory_mb=12_100)

    first = (Event("series", 1000.5, "TS_1", unit_count=4), done("TS_1", "GPU 0"))
    assert devices(first[0]) == []
    assert devices(*first) == ["GPU 0  TS_1   25%   12.1 GB"]
    assert devices(*first, Event("series", 1002.0, "TS_2", unit_count=2)) == ["GPU 0  TS_2    0%   12.1 GB"]
    second = (Event("series", 1002.0, "TS_2", unit_count=2), done("TS_2", "GPU 1"))
    assert devices(*first, *second, done("TS_1", "GPU 0")) == [
        "GPU 0  TS_1   50%   12.1 GB",
        "GPU 1  TS_2   50%   12.1 GB",
    ]
    assert devices(*first, Event("writing", 1003.0, text="writing a.star")) == []


def test_finished_series_are_not_kept_in_mind() -> None:
    events = [START]
    for number in range(100):
        events.append(Event("series", 1000.0, f"TS_{number}", unit_count=1))
        events.append(Event("unit", 1001.0, f"TS_{number}", number, 1, 1.0, 1, device=f"GPU {number % 3}"))
    tally = add_events(Tally(), events)
    assert tally.activities.open_series == ()
    assert len(tally.activities.devices) == 3
