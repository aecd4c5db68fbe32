"""MBTiles: tiles in an SQLite database, rows numbered from the south.

After https://github.com/mapbox/mbtiles-spec (1.3). ``tiles`` may be a view, and a view can be anything; so the database may only read, call nothing,
repeat nothing, and work for so long on a question.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from gis.errors import UnreadableFile
from gis.tile_source import DEEPEST, MOST_BYTES, TileFacts, bounds_from, check_picture, plain_words

MAGIC = b"SQLite format 3\x00"
# An indexed look-up takes some fifty steps of SQLite's machine; what takes more than this has no index or bad intent.
_STEPS, _MOST_TICKS = 10_000, 300
_ALLOWED = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
_TILE = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ? LIMIT 1"
_FACTS = ("name", "format", "bounds", "minzoom", "maxzoom", "attribution")


class MbTiles:
    """An open MBTiles file; see :class:`gis.tile_source.TileSource`.

    Raises
    ------
    UnreadableFile
        ``tiles.unreadable``, ``tiles.vector``, ``tiles.empty``, ``tiles.no_index``
    """

    def __init__(self, path: Path) -> None:
        self._left = 0
        try:
            self._connection = _connect(path)
        except sqlite3.Error as error:
            raise UnreadableFile("tiles.unreadable", file=path.name) from error
        try:
            self._connection.set_progress_handler(self._tick, _STEPS)
            self._connection.set_authorizer(_only_read)
            self._facts = self._look(path)
        except sqlite3.Error as error:
            self.close()
            raise UnreadableFile("tiles.unreadable", file=path.name) from error
        except UnreadableFile:
            self.close()
            raise

    @property
    def facts(self) -> TileFacts:
        return self._facts

    def read(self, z: int, x: int, y: int) -> bytes | None:
        if not self._facts.holds(z, x, y):
            return None
        try:
            found = self._ask(_TILE, z, x, (1 << z) - 1 - y)
        except sqlite3.Error:
            return b""
        return found if isinstance(found, bytes) or found is None else b""

    def close(self) -> None:
        self._connection.close()

    def _tick(self) -> int:
        """Count the work on a question; not 0 stops it."""
        self._left -= 1
        return int(self._left < 0)

    def _ask(self, words: str, *values: object) -> object:
        """The first value of the first row; None where there is none."""
        self._left = _MOST_TICKS
        try:
            row = self._connection.execute(words, values).fetchone()
        except UnicodeDecodeError as error:
            # SQLite's own message, with bytes of a damaged file in it.
            raise sqlite3.DatabaseError("no UTF-8") from error
        return row[0] if row is not None else None

    def _look(self, path: Path) -> TileFacts:
        kind = self._ask("SELECT sql FROM sqlite_master WHERE name = 'tiles' AND type IN ('table', 'view')")
        if not isinstance(kind, str) or kind.upper().split()[:2] == ["CREATE", "VIRTUAL"]:
            raise UnreadableFile("tiles.unreadable", file=path.name)
        said = {}
        for name in _FACTS:
            with suppress(sqlite3.Error):
                said[name] = self._ask("SELECT value FROM metadata WHERE name = ? LIMIT 1", name)
        first = self._ask("SELECT tile_data FROM tiles LIMIT 1")
        if said.get("format") == "pbf":
            raise UnreadableFile("tiles.vector", file=path.name)
        if not isinstance(first, bytes):
            raise UnreadableFile("tiles.empty", file=path.name)
        check_picture(first, path.name)
        self._check_index(path)
        low = self._zoom(said.get("minzoom"), "ASC")
        high = self._zoom(said.get("maxzoom"), "DESC")
        if low is None or high is None or low > high:
            raise UnreadableFile("tiles.unreadable", file=path.name)
        name, credit = plain_words(said.get("name") or path.stem), plain_words(said.get("attribution") or "")
        return TileFacts(name, low, high, bounds_from(said.get("bounds")), credit)

    def _check_index(self, path: Path) -> None:
        """Look for a tile that is not there: with no index that takes all of the file, and so would each tile."""
        try:
            self._ask(_TILE, -1, 0, 0)
        except sqlite3.OperationalError as error:
            raise UnreadableFile("tiles.no_index", file=path.name) from error

    def _zoom(self, said: object, way: str) -> int | None:
        """A zoom that the file states, else the one that its tiles have."""
        try:
            found = int(str(said))
        except ValueError:
            asked = self._ask(f"SELECT zoom_level FROM tiles ORDER BY zoom_level {way} LIMIT 1")  # noqa: S608 -- ASC or DESC
            found = asked if isinstance(asked, int) else -1
        return found if 0 <= found <= DEEPEST else None


def _connect(path: Path) -> sqlite3.Connection:
    """Open to read, with no file beside it asked for; nothing of the schema is trusted."""
    uri = path.resolve().as_uri()
    if not uri.startswith("file:///"):
        # A share: SQLite knows no host but this one.
        uri = f"file:////{uri.removeprefix('file://')}"
    connection = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def _only_read(action: int, *_what: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
