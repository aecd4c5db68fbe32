"""The file that already stands where a project is to be written: whose it is, and how old."""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from kawasolar.document.lock import local_time
from kawasolar.errors import NotWritable, UnreadableProject
from kawasolar.export.writing import atomic
from kawasolar.plan import SaveMark
from kawasolar.project.entered import mark_of
from kawasolar.project.format import FORMAT_VERSION
from kawasolar.project.gpkg import opened
from kawasolar.project.trust import DAMAGE, read_values

_KEYS = ("format_version", "mark", "saved", "saved_by")


@dataclass(frozen=True)
class Standing:
    """What a file says of its last saving; None where it does not."""

    version: int
    mark: SaveMark | None
    who: str | None
    when: str | None


def standing(path: Path) -> Standing | None:
    """What stands at a path; None where nothing stands, or nothing that can be read.

    Raises
    ------
    NotWritable
        ``export.locked``: another program is writing it just now.
    """
    try:
        with opened(Path(path)) as connection:
            meta = read_values(connection, "kawasolar_meta", _KEYS)
            version = meta["format_version"]
            if type(version) is not int:
                return None
            # A newer version may keep its mark in another way.
            mark = mark_of(meta) if "mark" in meta and version <= FORMAT_VERSION else None
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            return None
        raise NotWritable("export.locked", file=str(path), reason=str(error)) from error
    except (UnreadableProject, OSError, *DAMAGE):
        return None
    said = {key: meta.get(key) for key in ("saved_by", "saved")}
    who, when = (value if isinstance(value, str) and value else None for value in said.values())
    return Standing(version, mark, who, when)


def read_mark(path: Path) -> SaveMark | None:
    """Which edits a project file contains; None for no project, a damaged one, or one of a version that kept no mark."""
    try:
        found = standing(path)
    except NotWritable:
        return None
    return None if found is None else found.mark


def refuse_vanished(path: Path) -> None:
    """Raise where the folder of a project that was opened is gone; making it anew would save into an empty mount point.

    Raises
    ------
    NotWritable
        ``project.folder_gone``
    """
    if not path.parent.is_dir():
        raise NotWritable("project.folder_gone", file=str(path), folder=str(path.parent))


def refuse_changed(path: Path, expect: SaveMark) -> None:
    """Raise where somebody else has saved the project since.

    Raises
    ------
    NotWritable
        ``project.changed_meanwhile``
    """
    found = standing(path)
    # A file that cannot be read holds nothing that could be lost; one of an older version bears no mark.
    if found is None or (found.version <= FORMAT_VERSION and (found.mark or SaveMark()) == expect):
        return
    raise NotWritable(
        "project.changed_meanwhile",
        file=str(path),
        who=found.who,
        when=None if found.when is None else local_time(found.when),
    )


def back_up_older(path: Path) -> Path | None:
    """Copy a file of an older version beside itself, before it is replaced; returns the copy, None where there is none.

    Raises
    ------
    NotWritable
        The copy cannot be written; nothing else may be, then.
    """
    found = standing(path)
    if found is None or found.version >= FORMAT_VERSION:
        return None
    backup = _free_place(path, found.version)
    if not backup.exists():
        with atomic(backup, path.suffix) as work:
            shutil.copyfile(path, work)
    return backup


def _free_place(path: Path, version: int) -> Path:
    """``NAME.v1.kawasolar``; another number where that is something else than the same file."""
    count = 1
    while True:
        again = "" if count == 1 else f" ({count})"
        place = path.with_name(f"{path.stem}.v{version}{again}{path.suffix}")
        if not place.exists() or (place.is_file() and filecmp.cmp(path, place, shallow=False)):
            return place
        count += 1
