"""Map tiles that somebody has on the disk: an MBTiles or PMTiles file, or a folder; by what they hold, not by what they are called."""

from __future__ import annotations

from pathlib import Path

from gis import mbtiles, pmtiles
from gis.errors import UnreadableFile
from gis.mbtiles import MbTiles
from gis.pmtiles import PmTiles
from gis.tile_folder import TileFolder
from gis.tile_source import TileSource


def open_tiles(path: Path) -> TileSource:
    """Open a store of raster tiles.

    Raises
    ------
    UnreadableFile
        ``tiles.missing``, ``tiles.unreadable``, ``tiles.vector``, ``tiles.empty``, ``tiles.old``, ``tiles.no_index``, ``tiles.no_folder``
    """
    if path.is_dir():
        return TileFolder(path)
    if not path.is_file():
        raise UnreadableFile("tiles.missing", file=str(path))
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise UnreadableFile("tiles.unreadable", file=path.name) from error
    if head == mbtiles.MAGIC:
        return MbTiles(path)
    if head.startswith(pmtiles.MAGIC):
        return PmTiles(path)
    raise UnreadableFile("tiles.unreadable", file=path.name)
