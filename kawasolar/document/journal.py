"""The edits since the last save, kept while people make them, so that a crash takes none.

One file per open project, in the user's own folder of state: a line that says whose it is, then a line per edit with a
running number. Each line carries a checksum, so that one that was torn is seen::

    {"sum":"0f3a…","line":{"journal": …, "project": …, "base": [journal, seq], "pid": …, …}}
    {"sum":"77c1…","line":{"seq": 1, "at": …, "active": "s1", "edit": {…}}}

The project file says which journal it was saved from, and up to which number (:class:`~kawasolar.plan.SaveMark`); so a
crash between the save and the shortening of the journal does no harm. What a journal says is not trusted.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

from kawasolar import __version__
from kawasolar.document.entries import EditConflict, apply, edit_from_json, edit_to_json, followed_by
from kawasolar.document.lock import STALE_AFTER_S, birth_of, host_name, is_running, local_time
from kawasolar.errors import NotWritable, PlanError
from kawasolar.plan import SaveMark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kawasolar.document.entries import Edit, Entries

MAX_BYTES = 50_000_000
_SUFFIX = ".journal"
_FORMAT = 1
# A drag makes many edits a second: the disk is told of them this often, the system of each.
_SYNC_S = 0.3
_BEGIN, _END = b'{"sum":"%08x","line":', b"}\n"
_BEGIN_LENGTH = len(_BEGIN % 0)
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class JournalFailed(PlanError):
    """Edits cannot be kept; the work goes on without.

    Codes: ``journal.not_writable`` and ``journal.disk_full`` with ``file`` and ``reason``, ``journal.full`` with ``limit_mb``
    and ``reason``.
    """


def recovery_folder() -> Path:
    """Where the journals lie: the user's own folder of state."""
    from platformdirs import user_state_path

    return user_state_path("KawaSolar", appauthor=False) / "recovery"


# ---------------------------------------------------------------------------------------------- writing


class Journal:
    """The journal of a project that is open here; see :meth:`begin`."""

    def __init__(self, path: Path, header: _Header, file: BinaryIO, size: int) -> None:
        self._path = path
        self._header = header
        # None for a moment while the file is replaced, and after the end.
        self._file: BinaryIO | None = file
        self._ended = False
        # Length up to which the file is known to be whole.
        self._size = size
        self._seq = 0
        # Lines that could not be written yet: they are tried again with the next.
        self._pending: list[tuple[int, bytes]] = []
        self._merge = ""
        self._synced = time.monotonic()
        self._dirty = False

    @classmethod
    def begin(
        cls, folder: Path, project: Path, *, base: SaveMark | None = None, journal_id: str | None = None
    ) -> Journal:
        """Begin a journal for a project that was just opened.

        Parameters
        ----------
        base : the mark of the project file that the edits start from

        Raises
        ------
        JournalFailed
        """
        header = _Header.here(journal_id or uuid4().hex, project, base or SaveMark())
        path = folder / f"{_hash_of(project)}-{header.journal}{_SUFFIX}"
        line = _line_of(header.to_json())
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sweep(folder)
            file = path.open("xb", buffering=0)
            try:
                _write(file, line)
                os.fsync(file.fileno())
            except OSError:
                file.close()
                path.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _failed(path, error) from error
        return cls(path, header, file, len(line))

    @property
    def id(self) -> str:
        """As the project file names it."""
        return self._header.journal

    @property
    def seq(self) -> int:
        """Number of the last edit; 0 before the first."""
        return self._seq

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._path

    def append(self, edit: Edit, active: str) -> int:
        """Keep an edit that was applied; ``active`` is the scenario that people look at.

        When it returns, the death of this process takes nothing; a failure of the computer takes at most the last
        moments of a drag (see :meth:`sync`).

        Returns
        -------
        int
            The number of the edit.

        Raises
        ------
        JournalFailed
            The edit has its number nevertheless, and is tried again together with the next one.
        """
        self._number(edit, active)
        self._flush()
        dragging = edit.merge != "" and edit.merge == self._merge
        self._merge = edit.merge
        if not dragging or time.monotonic() - self._synced >= _SYNC_S:
            self.sync()
        return self._seq

    def take_over(self, edits: Sequence[Edit], active: str, source: str) -> None:
        """Keep the edits of another journal, all or none: until the last is kept, they are still that one's.

        Raises
        ------
        JournalFailed
            As :meth:`append`: they are tried again together with the next edit.
        """
        self._pending.append((self._seq + 1, _line_of({"adopting": source})))
        for edit in edits:
            self._number(edit, active)
        self._pending.append((self._seq, _line_of({"adopted": source})))
        self._merge = ""
        self.sync()

    def _number(self, edit: Edit, active: str) -> None:
        line = _line_of({"seq": self._seq + 1, "at": _now(), "active": active, "edit": edit_to_json(edit)})
        self._seq += 1
        self._pending.append((self._seq, line))

    def sync(self) -> None:
        """Put on the disk what was only handed to the system.

        Raises
        ------
        JournalFailed
        """
        self._flush()
        if self._file is None or not self._dirty:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _failed(self._path, error) from error
        self._dirty, self._synced = False, time.monotonic()

    def saved(self, seq: int) -> None:
        """The project file contains the edits up to this number: drop them here.

        Raises
        ------
        JournalFailed
            The journal stays as it was; recovery goes by the project file's mark, so this does no harm.
        """
        if self._ended:
            return
        header = self._header.on(SaveMark(self.id, seq))
        self._pending = [(number, line) for number, line in self._pending if number > seq]
        try:
            kept = [line for number, line in self._lines() if number > seq]
            self._replace(b"".join([_line_of(header.to_json()), *kept]))
        except (OSError, NotWritable) as error:
            raise _failed(self._path, error) from error
        self._header = header
        self.sync()

    def moved(self, folder: Path, project: Path, base: SaveMark) -> Journal:
        """The project was saved to another place: a journal for it there, with the edits that ``base`` lacks; this one ends.

        Raises
        ------
        JournalFailed
            This one goes on.
        """
        after = base.seq if base.journal == self.id else 0
        later = Journal.begin(folder, project, base=base)
        try:
            with suppress(JournalFailed):
                self._flush()
            found = [*self._lines(), *self._pending]
            for record in (_checked(line) for number, line in found if number > after):
                if record is not None and "seq" in record:
                    later.append(edit_from_json(record["edit"]), record["active"])
        except (OSError, ValueError) as error:
            later.close()
            raise _failed(self._path, error) from error
        self.close()
        return later

    def close(self) -> None:
        """The project was closed and nothing is to be recovered: the file goes."""
        self._ended = True
        self._shut()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def abandon(self) -> None:
        """The project was closed, but the file stays and its edits are offered the next time."""
        with suppress(JournalFailed):
            self._flush()
        if self._file is not None:
            with suppress(OSError):
                # This process may live on: say that it has let go.
                _write(self._file, _line_of({"left": _now()}))
                os.fsync(self._file.fileno())
        self._ended = True
        self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _flush(self) -> None:
        """Hand all lines that wait to the system, whole."""
        if self._ended:
            self._pending.clear()
        data = b"".join(line for _, line in self._pending)
        if not data:
            return
        if self._size + len(data) > MAX_BYTES:
            limit = f"{MAX_BYTES // 1_000_000} MB"
            raise JournalFailed("journal.full", file=str(self._path), limit=limit, reason=f"> {limit}")
        try:
            file = self._opened()
            # What a write that failed left behind would make all that follows unreadable.
            if file.seek(0, os.SEEK_END) != self._size:
                file.truncate(self._size)
                file.seek(self._size)
            _write(file, data)
        except OSError as error:
            with suppress(OSError):
                if self._file is not None:
                    self._file.truncate(self._size)
            raise _failed(self._path, error) from error
        self._size += len(data)
        self._pending.clear()
        self._dirty = True

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The edits in the file, by number."""
        with self._path.open("rb") as file:
            for line in file.read(self._size).splitlines(keepends=True):
                record = _checked(line)
                if record is not None and "seq" in record:
                    yield record["seq"], line

    def _replace(self, data: bytes) -> None:
        """Other contents, whole or not at all; Windows replaces no file that is open."""
        from kawasolar.export.writing import atomic

        try:
            with atomic(self._path, _SUFFIX) as work:
                work.write_bytes(data)
                self._shut()
            self._size = len(data)
        finally:
            self._opened()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self._path.open("r+b", buffering=0)
        return self._file


def _sweep(folder: Path) -> None:
    """Take away what a killed process left half written; a day old, so that nobody writes it any more."""
    for left in folder.glob(f".kawasolar-*{_SUFFIX}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > timedelta(days=1).total_seconds():
                left.unlink()


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _failed(path: Path, error: Exception) -> JournalFailed:
    if isinstance(error, NotWritable):
        full, reason = error.code == "export.disk_full", str(error.details.get("reason", ""))
    else:
        full = isinstance(error, OSError) and error.errno in _FULL
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return JournalFailed("journal.disk_full" if full else "journal.not_writable", file=str(path), reason=reason)


# ---------------------------------------------------------------------------------------------- lines


@dataclass(frozen=True)
class _Header:
    journal: str
    project: str
    base: SaveMark
    pid: int
    birth: str
    host: str
    started: str

    @classmethod
    def here(cls, journal: str, project: Path, base: SaveMark) -> _Header:
        pid = os.getpid()
        return cls(journal, _place(project), base, pid, birth_of(pid), host_name(), _now())

    def on(self, base: SaveMark) -> _Header:
        return _Header(self.journal, self.project, base, self.pid, self.birth, self.host, self.started)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": _FORMAT, "journal": self.journal, "project": self.project,
            "base": [self.base.journal, self.base.seq], "pid": self.pid, "birth": self.birth, "host": self.host,
            "started": self.started, "version": __version__,
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> _Header:
        """Raises ValueError, KeyError, TypeError."""
        if value["format"] != _FORMAT:
            raise ValueError("format")
        journal, seq = value["base"]
        texts = [value[name] for name in ("journal", "project", "birth", "host", "started")]
        if not all(isinstance(text, str) for text in (journal, *texts)) or not all(
            type(number) is int for number in (seq, value["pid"])
        ):
            raise ValueError("header")
        name, project, birth, host, started = texts
        return cls(name, project, SaveMark(journal, seq), value["pid"], birth, host, started)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _place(project: Path) -> str:
    return os.path.realpath(project)


def _hash_of(project: Path) -> str:
    text = os.path.normcase(_place(project))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _line_of(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = text.encode("utf-8", "surrogatepass")
    return _BEGIN % zlib.crc32(data) + data + _END


def _constant(name: str) -> float:
    raise ValueError(name)


def _checked(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is torn or damaged."""
    data = line[_BEGIN_LENGTH : -len(_END)]
    if line != _BEGIN % zlib.crc32(data) + data + _END:
        return None
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


# ---------------------------------------------------------------------------------------------- recovery


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
    header: _Header
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
    found = set(folder.glob(f"{_hash_of(project)}-*{_SUFFIX}"))
    if len(mark.journal) == 32 and mark.journal.isalnum():
        for path in folder.glob(f"*-{mark.journal}{_SUFFIX}"):
            with suppress(OSError):
                header = _header_of(path)
                if header is not None and not Path(header.project).exists():
                    found.add(path)
    return sorted(found)


def _header_of(path: Path) -> _Header | None:
    with path.open("rb") as file:
        first = _checked(file.readline(1_000_000))
    try:
        return None if first is None else _Header.from_json(first)
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


def _is_open(header: _Header, path: Path) -> bool:
    if header.host.casefold() == host_name().casefold():
        return is_running(header.pid, header.birth)
    # A folder of state that several computers share: nobody asks while the project's lock is another's, so this is for
    # a project without a lock only.
    return time.time() - path.stat().st_mtime < STALE_AFTER_S


def _read(path: Path, header: _Header) -> _Read:
    """What a journal says, up to the first line that is bad."""
    read = _Read(path, header)
    with path.open("rb") as file:
        lines = file.read(MAX_BYTES).splitlines(keepends=True)
    whole = 0
    adopting = False
    for value in map(_checked, lines[1:]):
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
