"""Worker processes give the same pairs, report errors, and never stay behind."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mtui.errors import MatchingError
from mtui.matching import parallel
from mtui.matching.parallel import Request, pair_many
from tests.matching.scenes import make_scene


def make_requests(count: int) -> list[Request]:
    scenes = [make_scene("noisy", 30 + 7 * index, 40, index) for index in range(count)]
    return [(old, new, 50.0 if index % 2 else None) for index, (old, new) in enumerate(scenes)]


def test_workers_give_the_same_pairs_in_the_same_order() -> None:
    requests = make_requests(7)
    seen: list[tuple[int, int]] = []
    alone = pair_many(requests, 1)
    together = pair_many(requests, 2, lambda done, total: seen.append((done, total)))
    assert seen == [(done, 7) for done in range(1, 8)]
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])


def test_little_work_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert len(pair_many(make_requests(3))) == 3
    assert pair_many([]) == []


def test_much_work_is_shared_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "WORTH_STARTING", 10)
    counts: list[int] = []

    def note(requests: Sequence[Request], count: int, report: Any) -> list[Any]:
        counts.append(count)
        return []

    monkeypatch.setattr(parallel, "_pair_in_workers", note)
    monkeypatch.setattr(parallel, "_processors", lambda: 4)
    pair_many(make_requests(3))
    pair_many(make_requests(6))
    assert counts == [3, 4]


def test_a_worker_that_dies_is_an_error_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(command: list[str], **arguments: Any) -> subprocess.Popen[bytes]:
        started.append(popen([sys.executable, "-c", "raise SystemExit(3)"], **arguments))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(MatchingError, match="ended early"):
        pair_many(make_requests(4), 2)
    assert [process.poll() is not None for process in started] == [True, True]


def test_a_worker_ends_when_its_input_closes_even_while_it_works() -> None:
    old, new = make_scene("apart", 3000, 3000, 0)
    process = subprocess.Popen(
        [sys.executable, "-m", "mtui.matching.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    pickle.dump((old, new, None), process.stdin)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert process.stdout is not None
    assert process.stdout.read() == b""
