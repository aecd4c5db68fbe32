"""Which input files a project file names, without the rest of it being read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kawasolar.errors import UnreadableProject
from kawasolar.project.entered import read_entries
from kawasolar.project.format import absolute, full_path
from kawasolar.project.gpkg import opened, tables
from kawasolar.project.read import read_meta
from kawasolar.project.trust import DAMAGE, rows, typed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kawasolar.document.entries import Edit, Entries


def files_named_in(path: Path) -> set[Path]:
    """The input files of a project in its file: of all its scenarios, and those that were exchanged for them.

    Raises
    ------
    UnreadableProject
        Nobody can say which.
    """
    folder, found = absolute(path).parent, set[Path]()
    try:
        with opened(path) as connection:
            read_meta(connection, path)
            present = tables(connection)
            for table in (name for name in present if name == "inputs" or name.startswith("inputs__")):
                found |= {
                    Path(full_path(typed(row["path"], str), folder)) for row in rows(connection, table, ("path",))
                }
            if "entries" in present:
                found |= files_entered(read_entries(connection, path))
    except DAMAGE as error:
        raise UnreadableProject("project.not_a_project", file=str(path)) from error
    return found


def files_entered(entries: Entries) -> set[Path]:
    """The files that people exchanged, and those that they took."""
    return _files(entries.table("inputs").values())


def files_in_edits(edits: Iterable[Edit]) -> set[Path]:
    """The files that edits take, or take away."""
    changes = [change for edit in edits for change in edit.changes if change.table == "inputs"]
    return _files(state for change in changes for state in (change.before, change.after) if state is not None)


def _files(entries: Iterable[Any]) -> set[Path]:
    return {Path(state["path"]) for entry in entries for state in (entry, entry["was"]) if state["path"]}
