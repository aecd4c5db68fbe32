"""Kernels compiled when the program is frozen, so that nobody's first plan waits for a compiler.

``kawasolar.spec`` has :mod:`gis.warm` compile them for a processor that nearly every office machine has (x86-64 with AVX2, from 2013 on) into a
folder of the program. At its first start the frozen program copies them (some 2 MB) to the user's cache, since Numba writes beside what it
reads. Where the processor lacks AVX2 nothing is copied, and kernels are compiled when they are first called, as from the sources.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from pathlib import Path

# What the kernels are compiled for. No fused multiply-add: figures stay those of the sources to the last bit, at the same speed.
TARGET = {"NUMBA_CPU_NAME": "x86-64-v2", "NUMBA_CPU_FEATURES": "+avx,+avx2"}
LOCATOR = {"NUMBA_CACHE_LOCATOR_CLASSES": "gis.shipped_locator.ShippedLocator"}
# In the frozen program: the folder of the kernels, and in it the name of the state of the sources that they were compiled from.
FOLDER, STATE = "compiled", "state.txt"
_PF_AVX2_INSTRUCTIONS_AVAILABLE = 40


def suits(machine: str | None = None) -> bool:
    """Whether this processor, under this system, runs what was compiled for ``TARGET``; where it cannot be told, it does not."""
    if (platform.machine() if machine is None else machine).lower() not in ("x86_64", "amd64"):
        return False
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(_PF_AVX2_INSTRUCTIONS_AVAILABLE))
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in told.splitlines() if line.startswith("flags")), "")
    return "avx2" in flags.split()


def unpack(bundle: Path, folder: Path) -> bool:
    """Copy the kernels of ``bundle`` to ``folder``, whole or not at all; whether they are there now."""
    if folder.exists():
        return True
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as part:
            copy = Path(part) / folder.name
            shutil.copytree(bundle, copy)
            copy.replace(folder)
    except OSError:
        # Another start of the program may have been first.
        return folder.exists()
    return True
