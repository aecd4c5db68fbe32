"""Where Numba finds the kernels of the frozen program (named to it by ``NUMBA_CACHE_LOCATOR_CLASSES``).

In a frozen program Numba's own locators look for a folder named after the working directory, and for one state of the executable; the same
program started from another folder, or as its other executable, would compile everything anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator


class ShippedLocator(UserProvidedCacheLocator):
    """``NUMBA_CACHE_DIR/package``, wherever the program lies and is started from."""

    def __init__(self, py_func: Callable[..., object], py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[no-untyped-call]
        self._cache_path = str(Path(os.environ["NUMBA_CACHE_DIR"]) / py_func.__module__.rpartition(".")[0])

    def get_source_stamp(self) -> str:
        """Nothing: the folder is of one state of the sources already (:func:`gis.kernels.set_cache_folder`)."""
        return ""

    @classmethod
    def from_function(cls, py_func: Callable[..., object], py_file: str) -> ShippedLocator | None:
        """A locator for the function, None where its folder cannot be written; the file need not exist."""
        found = cls(py_func, py_file)
        try:
            found.ensure_cache_path()  # type: ignore[no-untyped-call]
        except OSError:
            return None
        return found
