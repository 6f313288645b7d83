"""The whole way by keyboard on real terminals: open, intersect, undo, export, stop, resume, come back."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtui.demo.project import DemoProject
from mtui.jobs.follow import state_word
from mtui.jobs.heartbeat import read_heartbeat
from mtui.jobs.record import Job, list_jobs, read_state
from mtui.model.population import load_population
from mtui.model.species import count_particles
from tests.tui.pseudo_terminal import REPOSITORY, PseudoTerminal
from tests.tui.test_pty import environment

ANCHORS = 80
PLAIN = {"TERM": "xterm-256color", "LANG": "C", "NO_COLOR": "1"}
TERMS = ("xterm-256color", "screen-256color", "tmux-256color", "linux")
MATRIX = [{"TERM": term, "LANG": locale} for term in TERMS for locale in ("C.UTF-8", "C")]
LONGEST_WAIT_S = 120.0
FIELDS_BEFORE_PATH = 5


def clear_and_type(terminal: PseudoTerminal, text: str) -> None:
    """Replace what stands in the field with the focus."""
    terminal.press("ctrl+u", text)


def intersect(terminal: PseudoTerminal, project: DemoProject) -> None:
    """Keep what the species shares with the RELION table."""
    terminal.press("enter")
    terminal.wait_for_text("i  Intersect with another particle set...")
    terminal.press("i")
    terminal.wait_for_text("New particle set")
    clear_and_type(terminal, str(project.folder / "sets" / "anchor_relion30.star"))
    terminal.wait_for_text("new particles matched to available data sources", f"{ANCHORS} -> ")
    terminal.press("ctrl+s")
    terminal.wait_for_text("z puts them back")


def undo(terminal: PseudoTerminal) -> None:
    terminal.press("z")
    terminal.wait_for_text("Undo the last change of anchor?")
    terminal.press("y")
    terminal.wait_for_text(f"is current again, {ANCHORS} particles")


def begin_export(terminal: PseudoTerminal, output: Path) -> None:
    """Export at full size, which takes a while."""
    terminal.press("enter")
    terminal.wait_for_text("e  Export sub-tomograms...")
    terminal.press("e")
    terminal.wait_for_text(f"Will write {ANCHORS} volumes")
    for _ in range(FIELDS_BEFORE_PATH):
        terminal.press("tab")
        terminal.quiet(0.2)
    terminal.wait_for_text("^o Browse")
    clear_and_type(terminal, str(output))
    terminal.wait_for_text(f"Will write {ANCHORS} volumes", output.name)
    terminal.press("ctrl+s")
    terminal.wait_for_text("Jobs > ", " export anchor")


def word_of(job: Job) -> str:
    return state_word(job, read_state(job), time.time())


def wait_until(job: Job, *words: str) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while word_of(job) not in words:
        assert time.monotonic() < deadline, f"the job is {word_of(job)}, not {' or '.join(words)}"
        time.sleep(0.05)


def stop_and_resume(terminal: PseudoTerminal, job: Job) -> None:
    beat = read_heartbeat(job.heartbeat_path)
    assert beat is not None
    # Held while the keys are pressed, for an export of the demo takes seconds.
    os.kill(beat.pid, signal.SIGSTOP)
    terminal.press("x")
    terminal.wait_for_text(f"Stop job {job.number}?")
    terminal.press("y")
    terminal.wait_for_text("stopping after the unit in work")
    os.kill(beat.pid, signal.SIGCONT)
    wait_until(job, "stopped")
    terminal.wait_for_text("= stopped")
    terminal.press("r")
    wait_until(job, "done")
    terminal.wait_for_text("100%", "Wrote 80 particles")


def walk(terminal: PseudoTerminal, project: DemoProject) -> None:
    """Open, intersect, undo, export, stop, resume, quit."""
    terminal.wait_for_text("Opened demo.population", "40 / 40")
    intersect(terminal, project)
    undo(terminal)
    begin_export(terminal, project.folder / "out" / "anchor.star")
    job = list_jobs(project.population)[0]
    stop_and_resume(terminal, job)
    images = list((project.folder / "out").rglob("*anchor_*A.mrc"))
    assert len(images) == 2 * ANCHORS
    terminal.press("ctrl+q")
    assert terminal.wait_for_end() == 0


def in_project(project: DemoProject, more: dict[str, str]) -> PseudoTerminal:
    kept = {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}
    return PseudoTerminal(["-m", "mtui", str(project.population)], environment(**more, **kept))


def test_without_colour_and_in_ascii(demo_copy: DemoProject) -> None:
    with in_project(demo_copy, PLAIN) as terminal:
        walk(terminal, demo_copy)
        assert terminal.received.isascii()


@pytest.mark.full
@pytest.mark.parametrize("more", MATRIX, ids=lambda more: f"{more['TERM']}-{more['LANG']}")
def test_on_every_kind_of_terminal(demo_copy: DemoProject, more: dict[str, str]) -> None:
    with in_project(demo_copy, more) as terminal:
        walk(terminal, demo_copy)


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            pytest.skip(f"{program} is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sshd(folder: Path) -> Iterator[list[str]]:
    """A server on loopback with keys made for the test; gives the words of a client for it."""
    needs("sshd", "ssh", "ssh-keygen")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    port = free_port()
    lines = (
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder}/host",
        f"AuthorizedKeysFile {folder}/authorized",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin yes",
        f"PidFile {folder}/pid",
        "AcceptEnv *",
    )
    (folder / "config").write_text("\n".join(lines) + "\n")
    server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert server is not None
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen(
        [server, "-D", "-e", "-f", str(folder / "config")],
        stdin=subprocess.DEVNULL,
        stderr=(folder / "log").open("w"),
    )
    try:
        deadline = time.monotonic() + 20
        while "listening" not in (folder / "log").read_text():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield [
            *("ssh", "-tt", "-F", "none", "-p", str(port), "-i", str(folder / "user")),
            *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder}/known"),
            *("-o", "SendEnv=LANG XDG_STATE_HOME", f"{getpass.getuser()}@127.0.0.1"),
        ]
    finally:
        process.terminate()
        process.wait()


def over_ssh(client: list[str], *words: str, **more: str) -> PseudoTerminal:
    """A command on the other side; exec in the child makes the client the terminal's process."""
    remote = f"cd {REPOSITORY} && exec {sys.executable} -m mtui {' '.join(words)}"
    code = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
    kept = {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}
    return PseudoTerminal(["-c", code, *client, remote], environment(**kept, **more))


def test_a_connection_that_breaks_leaves_the_job_and_another_finds_it(
    demo_copy: DemoProject, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    with sshd(keys) as client:
        with over_ssh(client, str(demo_copy.population), TERM="xterm-256color") as terminal:
            terminal.wait_for_text("Opened demo.population", "40 / 40")
            assert b"\x1b[?1003h" not in terminal.received, "the mouse is off over SSH"
            begin_export(terminal, demo_copy.folder / "out" / "anchor.star")
            job = list_jobs(demo_copy.population)[0]
        # Leaving the block killed the client: the server sees the connection end.
        assert word_of(job) in ("running", "done")
        with over_ssh(client, str(demo_copy.population), TERM="screen-256color") as terminal:
            terminal.wait_for_text("Opened demo.population")
            terminal.press("J")
            terminal.wait_for_text("Jobs (", "anchor")
            terminal.press("enter")
            terminal.wait_for_text(f"Jobs > {job.number} export anchor")
            wait_until(job, "done")
            terminal.wait_for_text("100%", "Wrote 80 particles")
            terminal.press("ctrl+q")
            assert terminal.wait_for_end() == 0


@pytest.mark.full
def test_in_tmux(demo_copy: DemoProject, tmp_path: Path) -> None:
    needs("tmux")
    tmux = ["tmux", "-L", f"mtui-{os.getpid()}", "-f", "/dev/null"]
    command = f"{sys.executable} -m mtui {demo_copy.population}"

    def run(*words: str) -> str:
        done = subprocess.run([*tmux, *words], check=True, capture_output=True, text=True, cwd=REPOSITORY)
        return done.stdout

    def wait_for(*texts: str) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while not all(text in (shown := run("capture-pane", "-p")) for text in texts):
            assert time.monotonic() < deadline, shown
            time.sleep(0.1)

    run("new-session", "-d", "-x", "80", "-y", "24", command)
    try:
        wait_for("Opened demo.population", "40 / 40")
        run("send-keys", "Enter")
        wait_for("Intersect with another particle set")
        run("send-keys", "i")
        wait_for("New particle set")
        run("send-keys", "-l", str(demo_copy.folder / "sets" / "anchor_relion30.star"))
        wait_for("new particles matched", f"{ANCHORS} -> ")
        run("send-keys", "C-s")
        wait_for("z puts them back")
        species = load_population(demo_copy.population).find_species("anchor")
        assert count_particles(species) < ANCHORS
        run("resize-window", "-x", "60", "-y", "20")
        wait_for("mtui needs 80x24")
        run("resize-window", "-x", "80", "-y", "24")
        wait_for("anchor", "Operations")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
