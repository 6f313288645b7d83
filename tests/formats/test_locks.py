"""Lock files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mtui.errors import WriteError
from mtui.formats.locks import exclusive_lock


def test_is_gone_after_the_block_and_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with exclusive_lock(path):
        assert path.is_file()
    assert not path.exists()
    with pytest.raises(ZeroDivisionError), exclusive_lock(path):
        _ = 1 / 0
    assert not path.exists()


def test_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with exclusive_lock(path):
        with (
            pytest.raises(WriteError, match=f"process {os.getpid()} on {socket.gethostname()}") as caught,
            exclusive_lock(path),
        ):
            pytest.fail("two held the lock")
        assert path.is_file(), "the second took the first one's lock away"
    assert str(path) in caught.value.hint


def test_takes_over_from_a_process_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    path.write_text(f"{socket.gethostname()} {child.stdout.decode().strip()} 0 word")
    with exclusive_lock(path):
        assert str(os.getpid()) in path.read_text()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["elsewhere 1 0 word", "", "garbage"])
def test_does_not_take_over_what_it_cannot_judge(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".lock"
    path.write_text(content)
    with pytest.raises(WriteError, match="is being changed by"), exclusive_lock(path):
        pytest.fail("took over")
    assert path.read_text() == content


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="could not be written"), exclusive_lock(tmp_path / "gone" / ".lock"):
        pytest.fail("locked")
