"""Which files GDAL may open for us: by what they hold, never by what they point to.

GDAL knows formats that are only a description of where the data are: another file, an address on the network. A city's file called ``dsm.tif``
must not make the program read or call anything else, so the first bytes decide, and GDAL's network is switched off.
"""

from __future__ import annotations

import mmap
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from gis.errors import UnreadableFile

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_SQLITE = b"SQLite format 3\x00"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_ASCII_GRID = re.compile(rb"\s*(ncols|nrows|xllcorner|xllcenter|yllcorner|yllcenter|cellsize)\s", re.IGNORECASE)
# A GeoJSON "crs" that is a link is fetched; names are not.
_LINKED_CRS = re.compile(rb'"crs"\s*:\s*\{[^{}]*"type"\s*:\s*"(?!name"|EPSG"|OGC")', re.IGNORECASE)
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Polygon|MultiPolygon|GeometryCollection|Point|MultiPoint)"'
)
_HEAD = 65_536

# The discard port: whatever still asks for the network is refused at once.
_NOWHERE = "127.0.0.1:9"
# What GDAL may keep of a raster; a row of blocks of 12,000 cells is 12 MB.
_CACHE_MB = "64"


def quiet_gdal() -> None:
    """Switch off GDAL's network: every map that the program shows lies on the disk. And keep its memory small.

    GDAL would keep a twentieth of the machine's memory of what it has read.
    """
    os.environ.setdefault("GDAL_CACHEMAX", _CACHE_MB)
    os.environ["GDAL_HTTP_PROXY"] = _NOWHERE
    os.environ["GDAL_HTTPS_PROXY"] = _NOWHERE
    os.environ["CPL_VSIL_CURL_ALLOWED_EXTENSIONS"] = "{none}"


def raster_driver(path: Path) -> str:
    """GDAL's driver for a surface, by its first bytes.

    Raises
    ------
    UnreadableFile
        ``raster.unreadable``: neither GeoTIFF nor ESRI ASCII grid.
    """
    head = _head(path, "raster.unreadable")
    if head.startswith(_TIFF):
        return "GTiff"
    if _ASCII_GRID.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "AAIGrid"
    raise UnreadableFile("raster.unreadable", file=path.name)


def check_vector(path: Path, code: str = "outlines.unreadable") -> None:
    """Let only GeoPackage, SpatiaLite, shapefile and GeoJSON pass, by their first bytes.

    Raises
    ------
    UnreadableFile
        ``code``, with the file's name
    """
    head = _head(path, code)
    if head.startswith((_SHAPEFILE, _SQLITE)):
        return
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"{") or not _GEOJSON.search(text):
        raise UnreadableFile(code, file=path.name)
    with path.open("rb") as file, closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as whole:
        if _LINKED_CRS.search(whole):
            raise UnreadableFile(code, file=path.name)


def stored_tables(path: Path) -> set[str] | None:
    """Names of the tables that really lie in a GeoPackage or SpatiaLite file; None for other formats.

    A view can be anything, a query that never ends among them.
    """
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return set()


def _head(path: Path, code: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise UnreadableFile(code, file=path.name, reason=error.strerror or "") from error
