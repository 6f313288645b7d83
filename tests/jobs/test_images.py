"""Images are written by threads, and few of them wait."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mtui.errors import WriteError
from mtui.jobs import images
from mtui.jobs.images import Writers
from mtui.jobs.units import UnitRecord, is_complete


@pytest.mark.parametrize(("limit", "limit_bytes", "taken"), [(3, 10**6, 4), (100, 25, 3), (100, 5, 1)])
def test_few_images_wait_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, limit_bytes: int, taken: int
) -> None:
    monkeypatch.setattr(images, "LARGEST_BACKLOG", limit)
    monkeypatch.setattr(images, "LARGEST_BACKLOG_BYTES", limit_bytes)
    disk_is_free, arrived = threading.Event(), threading.Semaphore(0)
    handed_over: list[int] = []

    def encode() -> tuple[bytes, bytes]:
        disk_is_free.wait()
        return b"12345", b"67890"

    with Writers() as writers:

        def hand_over() -> None:
            for number in range(8):
                handed_over.append(number)
                arrived.release()
                writers.submit(tmp_path / f"{number}.mrc", encode, 10)

        thread = threading.Thread(target=hand_over)
        thread.start()
        for _ in range(taken):
            assert arrived.acquire(timeout=60)
        # The one that is handed over last has to wait for the first.
        assert not arrived.acquire(timeout=0.2)
        assert len(handed_over) == taken
        disk_is_free.set()
        thread.join()
        written = writers.take_written()
        assert writers.backlog_bytes == 0
    assert [Path(name).name for name in written] == [f"{number}.mrc" for number in range(8)]
    assert all(Path(name).read_bytes() == b"1234567890" for name in written)
    assert is_complete(UnitRecord(0, "hash", 0, 8, {}, written))


def test_what_a_write_raised_comes_out_later(tmp_path: Path) -> None:
    with Writers() as writers:
        writers.submit(tmp_path / "missing" / "a.mrc", lambda: (b"1",), 1)
        with pytest.raises(WriteError, match=r"a\.mrc could not be written"):
            writers.take_written()
