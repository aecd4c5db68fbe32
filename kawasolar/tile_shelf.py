"""Tiles that were fetched, kept in a folder of the user's cache: ``map/zoom/column/row.png``, bounded in size."""

from __future__ import annotations

import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

# When there is too much, so much of what is allowed is left.
_LEFT = 0.8
_WORK = ".tmp-"


class Shelf:
    """The kept tiles of all maps; for several threads.

    A file's time of change is when its tile is out of date; an empty file says that there is no such tile.
    """

    def __init__(self, root: Path, megabytes: float) -> None:
        self.root = root
        self._most = int(megabytes * 2**20)
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def take(self, place: str) -> tuple[bytes, bool] | None:
        """A tile, and whether it is up to date; None where it is not kept."""
        path = self.root / place
        try:
            return path.read_bytes(), path.stat().st_mtime > time.time()
        except OSError:
            return None

    def put(self, place: str, data: bytes, keep_s: float) -> None:
        """Keep a tile for so many seconds [s]; where that cannot be done, it is only not kept."""
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
