"""Files of meters that a plan had before, and that nobody needs any more: found, not removed.

With every adding of half hours the window writes a new file, and leaves the former one for whoever undoes the step. Which files that were stands in the new one's
notes. What is found here was written by the window for a plan, was followed by the plan's present file, lies beside it, and is named by no project there, by no edit
that is kept anywhere, and by nothing that can still be undone. Where any of that cannot be known, nothing is found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from gis.progress import silent
from kawasolar.document.journal_lines import MAX_BYTES
from kawasolar.document.journal_lines import SUFFIX as JOURNAL
from kawasolar.errors import UnreadableMeters, UnreadableProject
from kawasolar.meters.store import open_store
from kawasolar.project.format import SUFFIX as PROJECT
from kawasolar.project.named import files_named_in

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from gis.progress import Progress

# Projects beside one another that are looked into; of more nobody knows what they need.
_MOST_PROJECTS = 200


@dataclass(frozen=True)
class OlderStore:
    """A file of meters that was followed by another; ``size`` in bytes, ``points`` are its supply points."""

    path: Path
    size: int
    points: int


def older_stores(
    store: Path, project: Path, needed: Collection[Path], journals: Path, progress: Progress = silent
) -> tuple[OlderStore, ...]:
    """The files that a plan's file of meters followed and that nobody needs any more.

    Parameters
    ----------
    store : the plan's present file of meters
    project : the plan's own file
    needed : files that the open project names, or would if something were undone
    journals : the folder of the edits that no file holds yet

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    try:
        candidates = _followed(store)
        if not candidates:
            return ()
        named = {_called(path) for path in (*needed, store)}
        beside = sorted({project, *store.parent.glob(f"*{PROJECT}"), *project.parent.glob(f"*{PROJECT}")})
        if len(beside) > _MOST_PROJECTS:
            return ()
        for done, each in enumerate(beside):
            progress(done / len(beside), "meters")
            named |= {_called(path) for path in files_named_in(each)}
        told = _edits(journals)
        progress(1.0, "meters")
    except (UnreadableMeters, UnreadableProject, OSError):
        return ()
    free = [one for one in candidates if _called(one.path) not in named]
    return tuple(one for one in free if not any(name in text for name in _written(one.path.name) for text in told))


def _followed(store: Path) -> list[OlderStore]:
    """What the notes of a store name, as far as it is there and was written by the window too."""
    found = []
    for name in open_store(store).before or ():
        path = store.parent / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            older = open_store(path)
        except UnreadableMeters:
            # Damaged, or something else by now: a person's own affair.
            continue
        if older.before is not None:
            found.append(OlderStore(path, path.stat().st_size, len(older.points)))
    return found


def _edits(journals: Path) -> list[bytes]:
    """All that is written in the journals of this computer, of whatever project."""
    found = []
    for path in journals.glob(f"*{JOURNAL}"):
        with path.open("rb") as file:
            found.append(file.read(MAX_BYTES))
    return found


def _written(name: str) -> tuple[bytes, bytes]:
    """A name as it stands in JSON."""
    return json.dumps(name)[1:-1].encode(), json.dumps(name, ensure_ascii=False)[1:-1].encode()


def _called(path: Path) -> str:
    """The name alone: what lies elsewhere by the same name is taken for it, and no path of a stranger's file is followed."""
    return PureWindowsPath(path).name.casefold()
