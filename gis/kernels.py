"""How kernels are compiled, and where they are kept.

Compiling is what a person waits for after installation, so it is kept short:

- ``kernel`` is for what Python calls, ``inner`` for what only kernels call. The latter gets no way in from Python and no place of its own in
  the cache; it is compiled with its callers.
- Numba optimises a function again in every function that calls it. So kernels are flat: one step of the work each, over a range of it, and
  at most two or three deep; Python calls them one after the other for a block of the work (:func:`gis.threads.run_blocks`).
- No ``parallel=True`` (three to ten times as long to compile), no ``inline="always"`` (everything inlined is typed anew), no expressions on whole
  arrays, slices, ``np.argsort`` or ``np.median`` in a kernel (each brings in a library): plain loops. Memory comes from the caller.
- Every access to an array, every sum is typed and lowered by Python code, some 3 ms each: a step that recurs is an ``inner`` of its own. It is
  put into its callers by LLVM (``forceinline``), so that nothing is lost: a call would hand over seven values for each array.
- Whoever calls an ``inner`` with int32 in one place and int64 in another, or with a plain 0 in a third, has it compiled three times.

Numba's own cache looks at the file of the kernel that is called and not at those it calls, so that a change of one module, or an update of the
program, could run old code. Here each state of the sources has a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gis import shipped

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., object]")

_PREFIX = "numba-"
# Options of Numba for small functions that only kernels call.
INNER: Any = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}


def kernel(function: _Function) -> _Function:
    """Compile what Python calls: kept on disk; runs without the GIL; a division by zero gives inf or nan and is no error."""
    return _compiled(function, cache=True)


def inner(function: _Function) -> _Function:
    """Compile what only kernels call, into them: without the ways in from Python and C. Python cannot call it."""
    return _compiled(function, no_cpython_wrapper=True, forceinline=True)


def _compiled(function: _Function, **options: bool) -> _Function:
    # Not at the head: the folder of the cache must be set before numba is imported, and ``import gis`` must stay light.
    from numba import njit

    words: Any = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy", **options}
    decorated: _Function = njit(**words)(function)
    return decorated


def set_cache_folder() -> None:
    """Point ``NUMBA_CACHE_DIR`` at the folder of these sources, unless the user has set it. Must run before numba is imported."""
    if "NUMBA_CACHE_DIR" in os.environ or "numba" in sys.modules:
        return
    here = Path(__file__).resolve().parent
    if getattr(sys, "frozen", False):
        _set_frozen(here.parent / shipped.FOLDER)
        return
    parent = here / "__pycache__"
    if not _writable(parent):
        parent = _users_cache()
        if not _writable(parent):
            return
    os.environ["NUMBA_CACHE_DIR"] = str(_own_folder(parent, state_of(here)))


def _set_frozen(bundle: Path) -> None:
    """The frozen program: kernels that came with it, in a folder that Numba may write to."""
    state = (bundle / shipped.STATE).read_text(encoding="utf-8")
    parent = _users_cache()
    if not _writable(parent):
        parent = Path(tempfile.mkdtemp(prefix="kawasolar-"))
    folder = _own_folder(parent, state)
    os.environ |= {**shipped.LOCATOR, "NUMBA_CACHE_DIR": str(folder)}
    chosen = any(name in os.environ for name in shipped.TARGET)
    if not chosen and shipped.suits() and shipped.unpack(bundle, folder):
        os.environ |= shipped.TARGET


def _users_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("KawaSolar", appauthor=False)


def _own_folder(parent: Path, state: str) -> Path:
    """The folder of one state of the sources; when it is new, those of others are taken away."""
    folder = parent / f"{_PREFIX}{state}"
    if not folder.exists():
        for old in parent.glob(f"{_PREFIX}*"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def state_of(sources: Path) -> str:
    """A short name for the state of the sources: size and time of each."""
    files = sorted(sources.glob("*.py"))
    told = "".join(f"{file.name}{file.stat().st_size}{file.stat().st_mtime_ns}" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:12]
