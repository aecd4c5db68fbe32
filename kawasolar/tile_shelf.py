"""Tiles that were fetched, kept in a folder of the user's cache: ``map/zoom/column/row.png``, bounded in size."""

from __future__ import annotations

import os
import secrets
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# When there is too much, so much of what is allowed is left.
_LEFT = 0.8
_WORK = ".tmp-"
# Behind the picture, where readers of pictures do not look: by what its server knows it again, and how long that is.
_END, _MARK = struct.Struct(">H8s"), b"KSolarT1"
_LONGEST_TAG = 1000


@dataclass(frozen=True)
class Kept:
    """A tile that is kept; empty where there is none, as its server said. ``tag`` is what was given with it."""

    data: bytes
    fresh: bool
    tag: str = ""


class Shelf:
    """The kept tiles of all maps; for several threads.

    A file's time of change is when its tile is out of date; an empty file says that there is no such tile.
    """

    def __init__(self, root: Path, megabytes: float) -> None:
        self.root = root
        self._most = int(megabytes * 2**20)
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def take(self, place: str) -> Kept | None:
        """A tile, and whether it is up to date; None where it is not kept."""
        path = self.root / place
        try:
            data, fresh = path.read_bytes(), path.stat().st_mtime > time.time()
        except OSError:
            return None
        return Kept(*_parted(data, fresh=fresh))

    def drop(self, place: str) -> None:
        """Let go of a tile that is damaged."""
        with suppress(OSError):
            (self.root / place).unlink()

    def put(self, place: str, data: bytes, keep_s: float, tag: str = "") -> None:
        """Keep a tile for so many seconds [s]; where that cannot be done, it is only not kept.

        Parameters
        ----------
        tag : by what its server knows it again, in printable ASCII
        """
        if data and 0 < len(tag) <= _LONGEST_TAG:
            data += tag.encode("ascii", "replace") + _END.pack(len(tag), _MARK)
        path = self.root / place
        # Whole or not at all; a cache need not wait for the disk as what people made must (kawasolar.export.writing).
        work = path.with_name(f"{_WORK}{secrets.token_hex(6)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.stat().st_size if path.exists() else 0
            work.write_bytes(data)
            until = time.time() + keep_s
            os.utime(work, (until, until))
            work.replace(path)
        except OSError:
            with suppress(OSError):
                work.unlink()
            return
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, size, _ in self._files())
            else:
                self._bytes += len(data) - before
            if self._bytes > self._most:
                self._bytes = self._make_room()

    def bytes(self) -> int:
        """What all tiles take up; looks at each."""
        return sum(size for _, size, _ in self._files())

    def _make_room(self) -> int:
        """Drop what is out of date first; the size of what is left."""
        files = sorted(self._files())
        size = sum(each for _, each, _ in files)
        for _, each, path in files:
            if size <= self._most * _LEFT:
                break
            with suppress(OSError):
                path.unlink()
                size -= each
        return size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Time, size and place of each tile."""
        found = []
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                with suppress(OSError):
                    told = path.stat()
                    found.append((told.st_mtime, told.st_size, path))
        return found


def _parted(data: bytes, *, fresh: bool) -> tuple[bytes, bool, str]:
    """The picture, and what stands behind it."""
    if len(data) > _END.size:
        long, mark = _END.unpack(data[-_END.size :])
        begin = len(data) - _END.size - long
        if mark == _MARK and long <= _LONGEST_TAG and begin > 0:
            return data[:begin], fresh, data[begin : -_END.size].decode("ascii", "replace")
    return data, fresh, ""
