"""Where the program's own files lie: beside the source, inside the wheel, or in the frozen program."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Path of a bundled file or folder below ``resources``."""
    frozen = getattr(sys, "_MEIPASS", None)
    here = Path(__file__).resolve().parent
    candidates = [here.parent / "resources", here / "_resources"]
    if frozen:
        candidates.insert(0, Path(frozen) / "resources")
    root = next((folder for folder in candidates if folder.is_dir()), candidates[0])
    return root.joinpath(*parts)


@cache
def content_of(*parts: str) -> str:
    """SHA-256 of a bundled file, so that a result can know by which tables of the program it was made."""
    # As text: line ends are the checkout's.
    return hashlib.sha256(resource_path(*parts).read_text("utf-8").encode()).hexdigest()[:32]
