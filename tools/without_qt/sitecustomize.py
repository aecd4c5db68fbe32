"""Python as it would be with PySide6 not installed; put this folder on PYTHONPATH.

Python imports ``sitecustomize`` at start, so that child processes and test workers are without Qt too.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

BLOCKED = frozenset({"PySide6", "shiboken6", "pyqtgraph"})


class WithoutQt(MetaPathFinder):
    """Says that Qt's packages do not exist."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {fullname!r} (blocked by tools/without_qt)", name=fullname)
        return None


sys.meta_path.insert(0, WithoutQt())
