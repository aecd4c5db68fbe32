"""A folder of tiles, ``zoom/column/row.png``, as the GSI's are usually kept."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from gis.errors import UnreadableFile
from gis.tile_source import DEEPEST, MOST_BYTES, TileFacts, check_picture, plain_words

ENDINGS = ("png", "jpg", "jpeg", "webp")
# What is looked at in a folder before it counts as something else.
_MOST_NAMES = 2000


class TileFolder:
    """Tiles in a folder; see :class:`gis.tile_source.TileSource`. Any thread may read.

    Raises
    ------
    UnreadableFile
        ``tiles.no_folder`` where it does not hold ``zoom/column/row.png``, ``tiles.unreadable``, ``tiles.vector``
    """

    def __init__(self, path: Path) -> None:
        self._root = path.resolve()
        try:
            zooms = sorted(_numbers(self._root, DEEPEST))
            first = next(filter(None, (self._any_tile(self._root / str(z)) for z in zooms)), None)
            if first is None:
                raise UnreadableFile("tiles.no_folder", file=path.name)
            check_picture(first.read_bytes()[:16], path.name)
        except OSError as error:
            raise UnreadableFile("tiles.unreadable", file=path.name) from error
        self._ending = first.suffix
        self._facts = TileFacts(plain_words(path.name), zooms[0], zooms[-1])

    @property
    def facts(self) -> TileFacts:
        return self._facts

    def read(self, z: int, x: int, y: int) -> bytes | None:
        if not self._facts.holds(z, x, y):
            return None
        path = self._root / str(z) / str(x) / f"{y}{self._ending}"
        try:
            # A link may not lead out of the folder.
            if not path.resolve().is_relative_to(self._root) or path.stat().st_size > MOST_BYTES:
                return None
            return path.read_bytes()
        except OSError:
            return None

    def close(self) -> None:
        """Nothing is held."""

    @staticmethod
    def _any_tile(zoom: Path) -> Path | None:
        """Some tile of a zoom."""
        for column in _numbers(zoom, (1 << DEEPEST) - 1):
            with os.scandir(zoom / str(column)) as entries:
                for entry in islice(entries, _MOST_NAMES):
                    stem, _, ending = entry.name.rpartition(".")
                    named = stem.isdecimal() and ending.lower() in ENDINGS
                    if named and entry.is_file(follow_symlinks=False) and entry.stat().st_size:
                        return Path(entry.path)
        return None


def _numbers(folder: Path, most: int) -> list[int]:
    """Folders in a folder that are called as a number is written."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, _MOST_NAMES) if entry.is_dir()]
    return [
        int(name)
        for name in names
        if name.isascii() and name.isdecimal() and str(int(name)) == name and int(name) <= most
    ]
