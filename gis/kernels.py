"""Where compiled kernels are kept.

Numba's own cache looks at the file of the kernel that is called and not at those it calls, so that a change of one module, or an update of the
program, could run old code. Here each state of the sources has a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

_PREFIX = "numba-"


def set_cache_folder() -> None:
    """Point ``NUMBA_CACHE_DIR`` at the folder of these sources, unless the user has set it. Must run before numba is imported."""
    if "NUMBA_CACHE_DIR" in os.environ or "numba" in sys.modules:
        return
    here = Path(__file__).resolve().parent
    parent = here / "__pycache__"
    if getattr(sys, "frozen", False) or not _writable(parent):
        from platformdirs import user_cache_path

        parent = user_cache_path("KawaSolar", appauthor=False)
        if not _writable(parent):
            return
    folder = parent / f"{_PREFIX}{_state(here)}"
    if not folder.exists():
        for old in parent.glob(f"{_PREFIX}*"):
            shutil.rmtree(old, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _state(sources: Path) -> str:
    """A short name for the state of the sources: size and time of each, or of the frozen program."""
    files = sorted(sources.glob("*.py")) or [Path(sys.executable)]
    told = "".join(f"{file.name}{file.stat().st_size}{file.stat().st_mtime_ns}" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:12]
