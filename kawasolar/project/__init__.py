"""The project file: one GeoPackage ``NAME.kawasolar`` that holds the project, and that QGIS opens as it is.

Layers ``facilities``, ``buildings`` and ``roof_planes``; everything else in attribute tables. The active scenario's lie under
these names; what another scenario has of its own lies beside them with a suffix (:mod:`kawasolar.project.slots`). The arrays lie
in ``kawasolar_arrays`` (:mod:`kawasolar.project.arrays`). Rasters stay outside, in the cache folder beside the file; they may be
missing. Nothing in the file is ever executed or unpickled, and no path in it is touched on loading.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kawasolar.document.check import check_entries
from kawasolar.errors import UnreadableProfile, UnreadableProject
from kawasolar.export.writing import atomic_geopackage
from kawasolar.project.cache import carry_cache
from kawasolar.project.check import check_plan
from kawasolar.project.entered import check_amount
from kawasolar.project.format import CACHE_RASTERS, FORMAT_VERSION, SUFFIX, absolute, cache_folder, cache_of
from kawasolar.project.gpkg import opened
from kawasolar.project.read import read_meta, read_project
from kawasolar.project.single import project_of
from kawasolar.project.slots import layout_of, with_read
from kawasolar.project.standing import back_up_older, read_mark, refuse_changed, refuse_vanished
from kawasolar.project.trust import DAMAGE
from kawasolar.project.upgrade import upgraded
from kawasolar.project.write import Written, packed_arrays, write_layers, write_tables

if TYPE_CHECKING:
    from kawasolar.plan import Plan, Project, SaveMark

__all__ = [
    "CACHE_RASTERS", "FORMAT_VERSION", "SUFFIX", "cache_folder", "cache_of", "carry_cache", "load_plan", "load_project", "project_of",
    "read_mark", "save_plan", "save_project",
]  # fmt: skip


def save_project(project: Project, path: Path, *, expect: SaveMark | None = None, who: str = "") -> Path | None:
    """Write the project as one file; what stood there stands until the new file is whole.

    Parameters
    ----------
    expect : the mark that the file at ``path`` should bear, where there is one; None does not look
    who : kept in the file, for the message of somebody whose file it was meanwhile

    Returns
    -------
    Where the file of an older version that stood at ``path`` was copied to, None where there was none.

    Raises
    ------
    NotWritable
        Locked, read-only, no such folder, disk full; ``project.changed_meanwhile``: another mark than expected;
        ``project.folder_gone``: with ``expect``, where the folder is no longer there, as on a network drive that was lost.
    """
    path = Path(path)
    _check_whole(project, path)
    if expect is not None:
        refuse_vanished(path)
        refuse_changed(path, expect)
    backup = back_up_older(path)
    project = replace(project, plans={key: with_read(plan) for key, plan in project.plans.items()})
    layout = layout_of(project)
    written = Written()

    def finish(connection: sqlite3.Connection) -> None:
        write_tables(project, layout, connection, written, absolute(path), who)

    with ThreadPoolExecutor(1) as pool, atomic_geopackage(path, finish) as work:
        packed = pool.submit(packed_arrays, project, layout)
        written.schemas = write_layers(project, layout, work)
        written.blobs = packed.result()
    return backup


def _check_whole(project: Project, path: Path) -> None:
    """A file that could not be opened again is not written."""
    check_entries(project.entries.tables)
    check_amount(project.entries)
    if set(project.plans) != set(project.entries.table("scenarios")) or project.active not in project.plans:
        raise ValueError(f"plans {sorted(project.plans)}, scenarios {sorted(project.entries.table('scenarios'))}")
    for plan in project.plans.values():
        check_plan(plan, path)


def load_project(path: Path) -> Project:
    """Read a project file; one of an older version is upgraded in memory, the file stays as it is.

    Raises
    ------
    UnreadableProject
        Missing, no project, made by a newer version, or damaged; the details name the file and the reason.
    """
    path = Path(path)
    try:
        with opened(path) as connection:
            version = int(read_meta(connection, path)["format_version"])
            if version == FORMAT_VERSION:
                return read_project(connection, path)
            with upgraded(connection, path, version) as copy:
                return _after_upgrade(read_project(copy, path), path, version)
    except OSError as error:
        raise UnreadableProject("project.not_readable", file=str(path), reason=error.strerror or str(error)) from error
    except DAMAGE as error:
        if isinstance(error, UnreadableProfile):
            key = error.details.get("key")
            raise UnreadableProject("project.bad_profile", file=str(path), key=key, reason=str(error)) from error
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise UnreadableProject("project.locked", file=str(path)) from error
        reason = f"{type(error).__name__}: {error}"[:300]
        raise UnreadableProject("project.damaged", file=str(path), reason=reason) from error


def _after_upgrade(project: Project, path: Path, version: int) -> Project:
    """Stamps for results that were kept without, of the first calculation; their rasters lie where that version had them."""
    from kawasolar.stages import stamped

    root = cache_folder(absolute(path))
    plans = {
        key: plan if plan.stamps else replace(stamped(plan, project.profile, version=1), cache=root)
        for key, plan in project.plans.items()
    }
    return replace(project, plans=plans, upgraded_from=version)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a project of this one scenario; see :func:`save_project`."""
    save_project(project_of(plan), path)


def load_plan(path: Path) -> Plan:
    """The active scenario of a project file; see :func:`load_project`."""
    return load_project(path).plan
