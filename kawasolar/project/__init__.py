"""The project file: one GeoPackage ``NAME.kawasolar`` that holds the plan, and that QGIS opens as it is.

Layers ``facilities``, ``buildings`` and ``roof_planes``; everything else in attribute tables. The arrays lie in
``kawasolar_arrays`` (:mod:`kawasolar.project.arrays`). Rasters stay outside, in the cache folder beside the file;
they may be missing. Nothing in the file is ever executed or unpickled, and no path in it is touched on loading.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from kawasolar.errors import NotWritable, UnreadableProfile, UnreadableProject
from kawasolar.export.writing import atomic, atomic_geopackage
from kawasolar.project.format import FORMAT_VERSION, Schemas, absolute, cache_folder
from kawasolar.project.gpkg import opened
from kawasolar.project.read import read_plan
from kawasolar.project.write import write_layers, write_tables

if TYPE_CHECKING:
    from kawasolar.plan import Plan

__all__ = ["CACHE_RASTERS", "FORMAT_VERSION", "SUFFIX", "cache_folder", "carry_cache", "load_project", "save_project"]

SUFFIX = ".kawasolar"
CACHE_RASTERS = ("surface.tif", "hillshade.tif", "irradiation.tif", "planes.tif")
# What reading damaged bytes can raise below us; anything else is a mistake of ours and is shown as such.
_DAMAGE = (
    sqlite3.Error, zlib.error, struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    RecursionError, MemoryError, RuntimeError, shapely.errors.ShapelyError, UnreadableProfile,
)  # fmt: skip


def save_project(plan: Plan, path: Path) -> None:
    """Write the plan as one file; what stood there stands until the new file is whole.

    Raises
    ------
    NotWritable
        Locked, read-only, no such folder, disk full.
    """
    schemas: Schemas = {}
    with atomic_geopackage(path, lambda connection: write_tables(plan, connection, schemas, absolute(path))) as work:
        schemas.update(write_layers(plan, work))


def load_project(path: Path) -> Plan:
    """Read a project file.

    Raises
    ------
    UnreadableProject
        Missing, no project, made by a newer version, or damaged; the details name the file and the reason.
    """
    path = Path(path)
    try:
        with opened(path) as connection:
            return read_plan(connection, path)
    except _DAMAGE as error:
        if isinstance(error, UnreadableProfile):
            key = error.details.get("key")
            raise UnreadableProject("project.bad_profile", file=str(path), key=key, reason=str(error)) from error
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise UnreadableProject("project.locked", file=str(path)) from error
        reason = f"{type(error).__name__}: {error}"[:300]
        raise UnreadableProject("project.damaged", file=str(path), reason=reason) from error


def carry_cache(plan: Plan, path: Path) -> Plan:
    """For "save as": copy the derived rasters beside the project that now lies at ``path``.

    Returns the plan with its new cache folder. What cannot be copied stays away, and what another plan left there goes:
    it can be computed again, and a map of another plan would be wrong in silence.
    """
    target = cache_folder(absolute(path))
    if target == absolute(plan.cache):
        return plan
    with suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        for name in CACHE_RASTERS:
            copied = False
            with suppress(OSError, NotWritable):
                if (plan.cache / name).is_file():
                    with atomic(target / name, ".tif") as work:
                        shutil.copyfile(plan.cache / name, work)
                    copied = True
            if not copied:
                (target / name).unlink(missing_ok=True)
    return replace(plan, cache=target)
