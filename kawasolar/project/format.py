"""What writing and reading of a project file have in common: version, fields, paths."""

from __future__ import annotations

import os
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kawasolar.plan import Plan

FORMAT_VERSION = 7
SUFFIX = ".kawasolar"
CACHE_SUFFIX = ".kawasolar-cache"
LAYERS = ("facilities", "buildings", "roof_planes", "subarrays")
INPUT_FIELDS = ("role", "path", "size", "sha256", "note", "crs", "layer")
FINDING_FIELDS = ("code", "severity", "source", "row", "column", "found", "expected", "item", "details")
STAMP_FIELDS = ("scenario", "stage", "version", "inputs", "parts", "made", "seconds")
# What a table of another ledger is called, before its kind.
REGISTER_TABLE = "ledger_"
EXPORT_FIELDS = ("kind", "path", "language", "scenario", "fingerprint", "when", "who")
CACHE_RASTERS = ("surface.tif", "hillshade.tif", "irradiation.tif", "planes.tif")
# A path is kept relative where it leaves the project's folder by no more than this many steps up.
_STEPS_UP = 3

# Table -> how its frame is read back: columns, their order, the geometry.
Schemas = dict[str, dict[str, Any]]


def cache_folder(project: Path) -> Path:
    """Where the derived rasters of a project lie: beside it; may be missing."""
    return project.with_name(project.stem + CACHE_SUFFIX)


def cache_of(plan: Plan, project: Path) -> Path:
    """Where the rasters of one plan lie: in a folder for each survey, so that scenarios share what they have in common."""
    root, stamp = cache_folder(project), plan.stamps.get("survey")
    return root if stamp is None else root / stamp.base[:12]


def cache_root_of(cache: Path) -> Path:
    """The folder beside the project, from that of one survey inside it."""
    return cache if cache.name.endswith(CACHE_SUFFIX) else cache.parent


def absolute(path: Path) -> Path:
    """Without a look at the file system, so links stay as they are."""
    return Path(os.path.normpath(path.absolute()))


def kept_path(path: str, folder: Path) -> str:
    """Relative to the project, with ``/``, where the file lies near it; else as it was."""
    if not path:
        return ""
    full = str(absolute(Path(path)))
    try:
        relative = os.path.relpath(full, folder)
    except ValueError:
        # Another drive of Windows.
        return full
    parts = PurePath(relative).parts
    return full if parts.count(os.pardir) > _STEPS_UP else PurePath(relative).as_posix()


def full_path(kept: str, folder: Path) -> str:
    """Undo :func:`kept_path` without touching the file system: a path may point to another's server."""
    if "\0" in kept:
        raise ValueError("NUL in a path")
    if not kept or PureWindowsPath(kept).is_absolute() or PurePosixPath(kept).is_absolute():
        return kept
    return os.path.normpath(folder / kept)
