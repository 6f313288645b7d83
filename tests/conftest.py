"""Fixtures used by more than one room."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mtui.demo.project import DemoProject

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What mtui remembers of its user during the tests, in this process and those that it starts.

    Compiled programs are shared by all of them.
    """
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        patch.setenv("XDG_CACHE_HOME", str(_shared_folder(tmp_path_factory) / "cache"))
        yield folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the reference material beside the project; the test is skipped where it is absent."""
    folder = Path(os.environ.get("MTUI_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "golden" / "cases.json").is_file():
        pytest.skip("the reference material is not beside the project")
    return folder


def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Temporary folder of the whole test run, the same for all workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory) -> DemoProject:
    """The demo project, written once per test run. Read-only by convention: see ``demo_copy``."""
    from mtui.demo.project import find_demo, write_demo

    folder = _shared_folder(tmp_path_factory) / "demo"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find_demo(folder) or write_demo(folder)


@pytest.fixture
def demo_copy(demo_project: DemoProject, tmp_path: Path) -> DemoProject:
    """A copy of the demo project to change; its images are links to those of the original."""
    copied = shutil.copytree(demo_project.folder, tmp_path / "demo", copy_function=_link_images)
    return type(demo_project)(copied)


def _link_images(source: str, target: str) -> None:
    if source.endswith(".mrc"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)
