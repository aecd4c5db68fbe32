"""Compiled kernels of one state of the sources are not run with another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def cache_folder(home: Path, **more: str) -> str:
    """What a fresh interpreter sets, with the package copied to ``home``."""
    env = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"} | more
    shown = subprocess.run(
        [sys.executable, "-c", "import gis, os; print(os.environ.get('NUMBA_CACHE_DIR', ''))"],
        cwd=home, env={**env, "PYTHONPATH": str(home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return shown.stdout.strip()


def test_each_state_of_the_sources_has_its_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "gis", tmp_path / "gis", ignore=shutil.ignore_patterns("__pycache__"))
    first = cache_folder(tmp_path)
    assert Path(first).parent == tmp_path / "gis" / "__pycache__"
    assert cache_folder(tmp_path) == first
    Path(first).mkdir()
    with (tmp_path / "gis" / "roofs_fit.py").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    second = cache_folder(tmp_path)
    assert second != first
    assert not Path(first).exists()  # kernels of old sources do not pile up


def test_the_users_own_choice_stands(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "gis", tmp_path / "gis", ignore=shutil.ignore_patterns("__pycache__"))
    assert cache_folder(tmp_path, NUMBA_CACHE_DIR="somewhere") == "somewhere"
