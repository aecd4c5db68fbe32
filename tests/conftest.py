"""Shared fixtures: where the real data lie, and a fixed language."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Folder of the real data; the test is skipped, and says so, where it is missing."""
    named = os.environ.get("KAWASOLAR_REALDATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set KAWASOLAR_REALDATA")
    return folder
