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
import os
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from kawasolar.document.entries import edit_from_json, edit_to_json
from kawasolar.document.journal_lines import MAX_BYTES, SUFFIX, Header, checked, hash_of, line_of, now
from kawasolar.errors import NotWritable, PlanError
from kawasolar.plan import SaveMark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kawasolar.document.entries import Edit

# A drag makes many edits a second: the disk is told of them this often, the system of each.
_SYNC_S = 0.3
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

    def __init__(self, path: Path, header: Header, file: BinaryIO, size: int) -> None:
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
        header = Header.here(journal_id or uuid4().hex, project, base or SaveMark())
        path = folder / f"{hash_of(project)}-{header.journal}{SUFFIX}"
        line = line_of(header.to_json())
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
        self._pending.append((self._seq + 1, line_of({"adopting": source})))
        for edit in edits:
            self._number(edit, active)
        self._pending.append((self._seq, line_of({"adopted": source})))
        self._merge = ""
        self.sync()

    def _number(self, edit: Edit, active: str) -> None:
        line = line_of({"seq": self._seq + 1, "at": now(), "active": active, "edit": edit_to_json(edit)})
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
            self._replace(b"".join([line_of(header.to_json()), *kept]))
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
            for record in (checked(line) for number, line in found if number > after):
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
                _write(self._file, line_of({"left": now()}))
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
                record = checked(line)
                if record is not None and "seq" in record:
                    yield record["seq"], line

    def _replace(self, data: bytes) -> None:
        """Other contents, whole or not at all; Windows replaces no file that is open."""
        from kawasolar.export.writing import atomic

        try:
            with atomic(self._path, SUFFIX) as work:
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
    for left in folder.glob(f".kawasolar-*{SUFFIX}"):
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
