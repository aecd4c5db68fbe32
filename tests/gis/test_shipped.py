"""Kernels that come compiled with the frozen program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gis import shipped

ROOT = Path(__file__).resolve().parents[2]

# What the frozen program does when gis is imported.
_FROZEN = """
import os, pathlib
import gis.kernels
gis.kernels._users_cache = lambda: pathlib.Path(os.environ["HERE"]) / "cache"
gis.kernels._set_frozen(pathlib.Path(os.environ["HERE"]) / "compiled")
from gis.far import block_maxima
import numpy as np
assert block_maxima(np.ones((4, 4), np.float32), 2).tolist() == [[1.0, 1.0], [1.0, 1.0]]
print(sum(block_maxima.stats.cache_hits.values()), sum(1 for _ in pathlib.Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nbc")))
"""


def call(here: Path, cwd: Path, code: str, **more: str) -> str:
    taken = ("NUMBA_CACHE_DIR", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_CACHE_LOCATOR_CLASSES")
    env = {key: value for key, value in os.environ.items() if key not in taken}
    env |= {"PYTHONPATH": str(ROOT), "HERE": str(here)} | more
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=True
    ).stdout.strip()  # fmt: skip


@pytest.mark.skipif(not shipped.suits(), reason="no AVX2 here: nothing is compiled ahead")
def test_the_first_call_finds_them_from_whatever_folder_it_is_started(tmp_path: Path) -> None:
    bundle = tmp_path / "compiled"
    bundle.mkdir()
    ahead = "from gis.far import block_maxima; import numpy as np; block_maxima(np.ones((4, 4), np.float32), 2)"
    call(tmp_path, ROOT, ahead, NUMBA_CACHE_DIR=str(bundle), **shipped.TARGET, **shipped.LOCATOR)
    (bundle / shipped.STATE).write_text("abc", encoding="utf-8")
    elsewhere = tmp_path / "別の 場所"
    elsewhere.mkdir()
    # Taken from the cache (one hit), and nothing was compiled beside it.
    for folder in (tmp_path, elsewhere):
        hits, files = call(tmp_path, folder, _FROZEN, NUMBA_CACHE_DIR="set again").split()
        assert (hits, files) == ("1", "1")
    assert (tmp_path / "cache" / "numba-abc" / "gis").is_dir()


def test_copies_are_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle, folder = tmp_path / "bundle", tmp_path / "cache" / "numba-1"
    bundle.mkdir()
    (bundle / "a.nbc").write_bytes(b"1")

    def half(_source: Path, target: Path) -> None:
        target.mkdir()
        (target / "a.nbc").write_bytes(b"")
        raise OSError(28, "full")

    with monkeypatch.context() as broken:
        broken.setattr(shipped.shutil, "copytree", half)
        assert not shipped.unpack(bundle, folder)
    assert not folder.exists()
    assert list((tmp_path / "cache").iterdir()) == []
    assert shipped.unpack(bundle, folder)
    assert (folder / "a.nbc").read_bytes() == b"1"
    (folder / "b.nbc").write_bytes(b"2")
    assert shipped.unpack(bundle, folder)  # a second start leaves it as it is
    assert (folder / "b.nbc").exists()


@pytest.mark.parametrize("machine", ["arm64", "aarch64", "x86", ""])
def test_other_processors_compile_for_themselves(machine: str) -> None:
    assert not shipped.suits(machine)
