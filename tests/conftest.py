"""Fixtures used by more than one room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the reference material beside the project; the test is skipped where it is absent."""
    folder = Path(os.environ.get("MTUI_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "golden" / "cases.json").is_file():
        pytest.skip("the reference material is not beside the project")
    return folder
