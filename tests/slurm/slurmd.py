"""A Slurm of our own on this machine: one controller and nodes that are all this host, on free ports.

Needs neither systemd nor cgroups. What it writes is below one folder, and what it starts ends with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
PACKAGES = ("slurm-wlm", "munge")
INSTALL_S = 240.0
START_S = 30.0
END_S = 10.0
NODE_MB = 4000

CONFIGURATION = """\
ClusterName=mtui
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait=2
MailProg=/bin/true
{nodes}
PartitionName=debug Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not a failure
    """Slurm cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Slurm:
    """A running Slurm."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Slurm's commands find it."""
        return dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"))

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        answer = subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        return answer.stdout.strip()

    def running_jobs(self) -> dict[str, str]:
        """Node of each running job by the job's number."""
        lines = self.ask("squeue", "--noheader", "--states=RUNNING", "--format=%i %N").splitlines()
        pairs = (line.partition(" ") for line in lines)
        return {number: node for number, _, node in pairs}


def require_programs() -> None:
    """Install Slurm and munge where they are missing.

    Raises:
        Unavailable: this is not root, or the packages cannot be had.
    """
    if os.geteuid() != 0:
        raise Unavailable("it takes root to start munged and slurmd")
    if all(shutil.which(program) for program in PROGRAMS):
        return
    if shutil.which("apt-get") is None:
        raise Unavailable(f"{', '.join(PACKAGES)} are missing and there is no apt-get to install them")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    commands = (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *PACKAGES])
    for words in commands:
        try:
            subprocess.run(
                ["apt-get", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=INSTALL_S,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise Unavailable(f"{', '.join(PACKAGES)} cannot be installed: {error}") from error


@contextmanager
def running_slurm(folder: Path, nodes: int = 2) -> Iterator[Slurm]:
    """A Slurm with this many nodes of one core, all idle; ended with all its jobs when the block ends."""
    names = [f"n{number + 1}" for number in range(nodes)]
    _configure(folder, names)
    slurm = Slurm(folder)
    with ExitStack() as held:
        _start(held, slurm, "munged", "-F", *_munge_words(folder))
        wait_for((folder / "munge.socket").exists, "munged has made its socket")
        _start(held, slurm, "slurmctld", "-D", "-f", str(folder / "slurm.conf"))
        for name in names:
            _start(held, slurm, "slurmd", "-D", "-N", name, "-f", str(folder / "slurm.conf"))
        wait_for(lambda: _idle_nodes(slurm) == nodes, f"{nodes} nodes are idle")
        held.callback(_cancel_all, slurm)
        yield slurm


def _configure(folder: Path, names: list[str]) -> None:
    host = socket.gethostname().partition(".")[0]
    (folder / "state").mkdir(parents=True)
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(1024))
    controller, *ports = _free_ports(1 + len(names))
    nodes = "\n".join(
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory={NODE_MB}"
        for name, port in zip(names, ports, strict=True)
    )
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(host=host, port=controller, folder=folder, nodes=nodes, names=",".join(names))
    )


def _munge_words(folder: Path) -> list[str]:
    # --force: the socket's folder need not be one that only root can write to.
    places = {
        "socket": "socket",
        "key-file": "key",
        "pid-file": "pid",
        "log-file": "log",
        "seed-file": "seed",
    }
    return ["--force", *(f"--{option}={folder}/munge.{ending}" for option, ending in places.items())]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for entry in sockets:
            entry.bind(("127.0.0.1", 0))
        return [entry.getsockname()[1] for entry in sockets]


def _start(held: ExitStack, slurm: Slurm, *command: str) -> None:
    log = held.enter_context((slurm.folder / "daemons.log").open("ab"))
    process = subprocess.Popen(
        command,
        env=slurm.environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    held.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _idle_nodes(slurm: Slurm) -> int:
    try:
        return slurm.ask("sinfo", "--noheader", "--Node", "--format=%t").split().count("idle")
    except subprocess.CalledProcessError:
        return 0  # the controller does not answer yet


def _cancel_all(slurm: Slurm) -> None:
    slurm.ask("scancel", "--user=root")
    wait_for(lambda: not slurm.ask("squeue", "--noheader"), "no job is left")


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_S) -> None:
    """Wait until something is so; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"After {seconds:.0f} s it is still not so that {what}.")
        time.sleep(0.2)
