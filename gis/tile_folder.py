"""A folder of tiles, ``zoom/column/row.png``, as the GSI's are usually kept; or in the order of TMS, rows from the south, where ``tilemapresource.xml`` says so."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path

from gis.errors import UnreadableFile
from gis.tile_source import DEEPEST, MOST_BYTES, TileFacts, check_picture, plain_words

ENDINGS = ("png", "jpg", "jpeg", "webp")
TMS = "tilemapresource.xml"
_MOST_SAID = 1 << 20
_PROFILE = re.compile(r"<TileSets\b[^>]{0,500}?\bprofile\s*=\s*[\"']([^\"'<>]{0,200})")
_SRS = re.compile(r"<SRS>\s*([^<]{0,2000}?)\s*</SRS>")
# Web Mercator has many names.
_MERCATOR = re.compile(r"3857|3785|900913|102100|41001|Mercator", re.IGNORECASE)
# What is looked at in a folder before it counts as something else.
_MOST_NAMES = 2000


class TileFolder:
    """Tiles in a folder; see :class:`gis.tile_source.TileSource`. Any thread may read.

    Raises
    ------
    UnreadableFile
        ``tiles.no_folder`` where it does not hold ``zoom/column/row.png``, ``tiles.unreadable``, ``tiles.vector``,
        ``tiles.not_mercator`` where it says that it is of another projection
    """

    def __init__(self, path: Path) -> None:
        self._root = path.resolve()
        try:
            zooms = sorted(_numbers(self._root, DEEPEST))
            first = next(filter(None, (self._any_tile(self._root / str(z)) for z in zooms)), None)
            if first is None:
                raise UnreadableFile("tiles.no_folder", file=path.name)
            check_picture(first.read_bytes()[:16], path.name)
            self._from_south = _is_tms(self._root)
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
        row = (1 << z) - 1 - y if self._from_south else y
        path = self._root / str(z) / str(x) / f"{row}{self._ending}"
        try:
            # A link may not lead out of the folder.
            if not path.resolve().is_relative_to(self._root):
                return None
            return path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
        except FileNotFoundError:
            return None
        except OSError:
            return b""

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


def _is_tms(root: Path) -> bool:
    """Whether the folder says that its rows are numbered from the south, as programs that write ``tilemapresource.xml`` do.

    Raises
    ------
    UnreadableFile
        ``tiles.not_mercator``
    """
    path = root / TMS
    if not path.is_file() or path.stat().st_size > _MOST_SAID:
        return False
    # Looked through as a text: nothing of it is followed.
    said = path.read_bytes().decode("utf-8", "replace")
    profile, srs = (found[1] if (found := pattern.search(said)) else "" for pattern in (_PROFILE, _SRS))
    if profile.lower() not in ("", "mercator", "global-mercator", "local", "none", "raster") or (
        srs and not _MERCATOR.search(srs)
    ):
        raise UnreadableFile("tiles.not_mercator", file=root.name, found=plain_words(srs or profile))
    return True


def _numbers(folder: Path, most: int) -> list[int]:
    """Folders in a folder that are called as a number is written."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, _MOST_NAMES) if entry.is_dir()]
    return [
        int(name)
        for name in names
        if name.isascii() and name.isdecimal() and str(int(name)) == name and int(name) <= most
    ]
