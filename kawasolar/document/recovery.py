"""What a process that is gone left in its journal, and the file does not hold."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kawasolar.document.entries import EditConflict, apply, edit_from_json, followed_by
from kawasolar.document.journal_lines import MAX_BYTES, SUFFIX, Header, checked, hash_of
from kawasolar.document.lock import STALE_AFTER_S, host_name, is_running, local_time
from kawasolar.plan import SaveMark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.document.entries import Edit, Entries
    from kawasolar.document.journal import Journal


@dataclass(frozen=True)
class Recovery:
    """Edits that a project file does not hold, left by a process that is gone.

    Attributes
    ----------
    journal : id of the journal that they lie in
    edits : in order; the edits of one drag as one
    when : of the last one, ISO 8601, UTC
    active : the scenario that people looked at
    fits : False where the file is of another state than the one that the edits were made on
    """

    path: Path
    journal: str
    edits: tuple[Edit, ...]
    when: str
    active: str
    fits: bool

    @property
    def count(self) -> int:
        """How many edits."""
        return len(self.edits)

    def when_text(self) -> str:
        """When the last one was made, by this computer's clock."""
        return local_time(self.when)

    def replay(self, entries: Entries) -> tuple[Entries, int]:
        """The entries after as many edits as apply; stops at the first that does not. Also how many did."""
        for done, edit in enumerate(self.edits):
            try:
                entries = apply(entries, edit)
            except EditConflict:
                return entries, done
        return entries, len(self.edits)

    def adopt(self, journal: Journal, count: int | None = None) -> None:
        """The first ``count`` edits, or all, were applied: they are the open journal's now, and not offered again.

        Raises
        ------
        JournalFailed
            They stay where they were, too.
        """
        journal.take_over(self.edits[:count], self.active, self.journal)
        self.discard()

    def discard(self) -> None:
        """They are not wanted, or are kept elsewhere."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Record:
    seq: int
    at: str
    active: str
    edit: Edit


@dataclass
class _Read:
    path: Path
    header: Header
    records: list[_Record] = field(default_factory=list)
    adopted: set[str] = field(default_factory=set)
    let_go: bool = False


def find_recoveries(folder: Path, project: Path, mark: SaveMark | None) -> list[Recovery]:
    """What was not saved the last time, the latest first; journals that hold nothing more than the file are taken away.

    Parameters
    ----------
    mark : what the project file says that it holds; None for a file that says nothing
    """
    known = mark or SaveMark()
    left = []
    for path in _journals_of(folder, project, known):
        with suppress(OSError):
            read = _left_behind(path)
            if read is not None:
                left.append(read)
    adopted = frozenset[str]().union(*(read.adopted for read in left))
    found = []
    for read in left:
        recovery = None if read.header.journal in adopted else _recovery(read, known)
        if recovery is not None:
            found.append(recovery)
            continue
        with suppress(OSError):
            read.path.unlink(missing_ok=True)
    return sorted(found, key=lambda recovery: (recovery.fits, recovery.when), reverse=True)


def _journals_of(folder: Path, project: Path, mark: SaveMark) -> list[Path]:
    """Those of this path, and the one that the file was saved from, where its path is no more: the file was moved."""
    if not folder.is_dir():
        return []
    found = set(folder.glob(f"{hash_of(project)}-*{SUFFIX}"))
    if len(mark.journal) == 32 and mark.journal.isalnum():
        for path in folder.glob(f"*-{mark.journal}{SUFFIX}"):
            with suppress(OSError):
                header = _header_of(path)
                if header is not None and not Path(header.project).exists():
                    found.add(path)
    return sorted(found)


def _header_of(path: Path) -> Header | None:
    with path.open("rb") as file:
        first = checked(file.readline(1_000_000))
    try:
        return None if first is None else Header.from_json(first)
    except (ValueError, KeyError, TypeError):
        return None


def _left_behind(path: Path) -> _Read | None:
    """A journal of a process that is gone; None where it is another's, or damaged from the beginning."""
    header = _header_of(path)
    if header is None:
        return None
    read = _read(path, header)
    return None if not read.let_go and _is_open(header, path) else read


def _recovery(read: _Read, mark: SaveMark) -> Recovery | None:
    """What a journal offers; None where it holds nothing that the file has not."""
    header = read.header
    own = header.journal == mark.journal
    later = [record for record in read.records if not own or record.seq > mark.seq]
    edits = _steps(record.edit for record in later)
    if not edits:
        return None
    # Ours: nothing may be missing between the file and the first edit. Another's: it was begun on this very file.
    fits = later[0].seq == mark.seq + 1 if own else header.base == mark
    return Recovery(read.path, header.journal, edits, later[-1].at, later[-1].active, fits)


def _is_open(header: Header, path: Path) -> bool:
    if header.host.casefold() == host_name().casefold():
        return is_running(header.pid, header.birth)
    # A folder of state that several computers share: nobody asks while the project's lock is another's, so this is for
    # a project without a lock only.
    return time.time() - path.stat().st_mtime < STALE_AFTER_S


def _read(path: Path, header: Header) -> _Read:
    """What a journal says, up to the first line that is bad."""
    read = _Read(path, header)
    with path.open("rb") as file:
        lines = file.read(MAX_BYTES).splitlines(keepends=True)
    whole = 0
    adopting = False
    for value in map(checked, lines[1:]):
        if value is None:
            break
        if "left" in value:
            read.let_go = True
            break
        if "adopting" in value:
            adopting = True
        elif "adopted" in value:
            adopting = False
            read.adopted.add(str(value["adopted"]))
        else:
            try:
                record = _record(value)
            except (ValueError, KeyError, TypeError):
                break
            if read.records and record.seq != read.records[-1].seq + 1:
                break
            read.records.append(record)
        if not adopting:
            whole = len(read.records)
    # Those that it was just taking over are still in the other.
    del read.records[whole:]
    return read


def _record(value: dict[str, Any]) -> _Record:
    seq, at, active = value["seq"], value["at"], value["active"]
    if type(seq) is not int or not isinstance(at, str) or not isinstance(active, str):
        raise ValueError("record")
    return _Record(seq, at[:40], active, edit_from_json(value["edit"]))


def _steps(edits: Iterator[Edit]) -> tuple[Edit, ...]:
    """Edits with those of a drag as one; a drag that ended where it began is none."""
    found: list[Edit] = []
    for edit in edits:
        last = found[-1] if found else None
        if last is not None and edit.merge and edit.merge == last.merge and _follows(last, edit):
            found.pop()
            edit = followed_by(last, edit)  # noqa: PLW2901 - the same step, grown
        if edit.changes:
            found.append(edit)
    return tuple(found)


def _follows(first: Edit, second: Edit) -> bool:
    after = {(change.table, change.key): change.after for change in first.changes}
    return all(after.get((c.table, c.key), c.before) == c.before for c in second.changes)
