"""Where the program's own files lie: beside the source, inside the wheel, or in the frozen program."""

from __future__ import annotations

import sys
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
