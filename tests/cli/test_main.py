"""What every command has in common: exit codes, errors, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mtui import __version__
from mtui.cli import main as main_module
from mtui.cli import output
from mtui.cli.command import Command
from mtui.cli.main import COMMANDS, main
from mtui.errors import InputError, ModelError


def replace_command(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    monkeypatch.setitem(main_module.COMMANDS, "reset", Command("reset", "", lambda parser: None, run))


def failing(error: BaseException) -> Any:
    def run(_arguments: Any) -> int:
        raise error

    return run


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: mtui {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"mtui {__version__}\n"


def test_the_app_needs_a_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    population = tmp_path / "a.population"
    population.touch()
    for words in ([], [str(population)], ["--ascii"], ["--readonly", str(population)]):
        assert main(words) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("mtui: The app needs a terminal") and shown.err.count("\n") == 1


def test_an_unknown_word_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["exprot"], ["exprot", "a.population", "apo", "--output", "o.star"]):
        assert main(words) == 2
        expected = "mtui: exprot is neither a command nor a file. Did you mean: mtui export?\n"
        assert capsys.readouterr().err == expected


def test_usage_errors_are_one_paragraph(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "p"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "mtui: The following arguments are required: SPECIES, --output. See: mtui export --help\n"
    )


def test_with_json_an_error_is_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["species", "/there/is/no.population", "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert error["message"] == "/there/is/no.population does not exist."
    assert error["kind"] == "FormatError"
    assert "/there/is/no.population" in shown.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("No.", "Hint."), 2),
        (ModelError("No."), 2),
        (KeyboardInterrupt(), 130),
        (ValueError("a\nb"), 1),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_command(monkeypatch, failing(error))
    monkeypatch.delenv("MTUI_DEBUG", raising=False)
    assert main(["reset"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err


def test_a_fault_leaves_a_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    replace_command(monkeypatch, failing(ZeroDivisionError("of all things")))
    monkeypatch.delenv("MTUI_DEBUG", raising=False)
    assert main(["reset"]) == 1
    error = capsys.readouterr().err
    assert "A fault in mtui itself: ZeroDivisionError: of all things." in error
    report = Path(error.partition("The report is in ")[2].strip().rstrip("."))
    try:
        assert "Traceback" in report.read_text()
    finally:
        report.unlink()


def test_a_developer_sees_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_command(monkeypatch, failing(ZeroDivisionError()))
    monkeypatch.setenv("MTUI_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["reset"])


def test_reset_prints_what_restores_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reset"]) == 0
    printed = capsys.readouterr().out
    assert all(f"\x1b[?{mode}" in printed for mode in ("1003l", "1049l", "25h", "2004l"))


def run_mtui(words: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "mtui", *words]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        command = [sys.executable, "-P", "-m", "mtui", "reset"]
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_stdin_is_not_read_and_letters_are_replaced(tmp_path: Path) -> None:
    done = run_mtui(["export", "--help"], input=b"y\n", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert b"?/px" in done.stdout and done.stderr == b""


@pytest.mark.parametrize(
    ("value", "text"),
    [("a\x1b[31mb\x07", "a?[31mb?"), ("Å 70S", "Å 70S"), ("a\x9bb", "a?b")],
)
def test_names_cannot_command_the_terminal(value: str, text: str) -> None:
    assert output.printable(value) == text


class Terminal:
    """A stream that says whether it is a terminal and remembers what was written."""

    def __init__(self, is_terminal: bool) -> None:
        self.is_terminal, self.text = is_terminal, ""

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def fileno(self) -> int:
        raise OSError


def test_progress_rewrites_a_line_on_a_terminal_only() -> None:
    terminal, log = Terminal(True), Terminal(False)
    for stream in (terminal, log):
        line = output.StatusLine(stream)  # type: ignore[arg-type]
        for second, text in enumerate(["1 of 3", "1 of 3", "2 of 3", "3 of 3"]):
            line.show(text, now=float(6 * second))
        line.leave()
    assert terminal.text == "\r1 of 3\x1b[K\r2 of 3\x1b[K\r3 of 3\x1b[K\n"
    assert log.text == "1 of 3\n2 of 3\n"
