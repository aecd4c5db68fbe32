"""The program as a user starts it, on a real X server: the window is painted, and nothing is complained of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.xvfb


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Start the program with a home of its own; the window closes itself after some seconds."""
    if not os.environ.get("DISPLAY"):
        pytest.skip("no X server; make test starts one (Xvfb)")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        places = {
            name: str(tmp_path / name.lower())
            for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
        }
        return subprocess.run(
            [sys.executable, "-m", "kawasolar", *arguments],
            cwd=ROOT,
            env={**os.environ, **places, "QT_QPA_PLATFORM": "xcb", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.mark.parametrize("arguments", [("--lang", "ja"), ("--lang", "en", "--theme", "dark")])
def test_bare_window_is_painted(
    start: Callable[..., subprocess.CompletedProcess[str]], arguments: tuple[str, ...]
) -> None:
    done = start("--smoke", "3", *arguments)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_window_with_a_project(start: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    from kawasolar.project import save_plan
    from tests.support.plans import example_plan

    folder = tmp_path / "計画 フォルダー"
    folder.mkdir()
    project = folder / "例.kawasolar"
    save_plan(example_plan(folder, 40), project)
    before = project.read_bytes()
    done = start("--smoke", "6", "--lang", "ja", str(project))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert project.read_bytes() == before


def test_a_file_that_is_no_project_is_told_not_fatal(
    start: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    project = tmp_path / "broken.kawasolar"
    project.write_bytes(b"no project")
    done = start("--smoke", "4", str(project))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
