"""What every store of map tiles is asked: which it has, and the bytes of one. Web Mercator, numbered from the north-west (XYZ)."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import Protocol

from gis.crs import Bounds
from gis.errors import UnreadableFile

# A larger tile is none [bytes]: a photograph of 512 × 512 pixels takes 0.6 MB at most.
MOST_BYTES = 4 * 2**20
DEEPEST = 24
_MOST_WORDS = 200
_TAG = re.compile(r"<[^<>]*>")
_PNG, _JPEG, _GZIP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\x1f\x8b"
# Limit of Web Mercator [deg].
_MERCATOR_LAT = 85.0511287798066


class TileUnavailable(Exception):
    """The tile could not be had just now: no network, or the one who has it does not answer."""


class TileDamaged(Exception):
    """The tile is there, and is no picture of a tile."""


@dataclass(frozen=True)
class TileFacts:
    """What a store says of itself.

    Attributes
    ----------
    name : str
    minzoom, maxzoom : int
        Coarsest and finest zoom that it has.
    bounds : west, south, east, north [deg], or None where it does not say
    attribution : str
        Plain text, in one line; empty where it does not say.
    """

    name: str
    minzoom: int
    maxzoom: int
    bounds: Bounds | None = None
    attribution: str = ""

    def holds(self, z: int, x: int, y: int) -> bool:
        """Whether a tile may be there at all: of its zooms, and within its bounds."""
        if not (self.minzoom <= z <= self.maxzoom and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return False
        if self.bounds is None:
            return True
        west, south, east, north = self.bounds
        side = 360.0 / (1 << z)
        return x * side - 180.0 <= east and (x + 1) * side - 180.0 >= west and _row(north, z) <= y <= _row(south, z)


def _row(lat: float, z: int) -> int:
    """Row of the tiles of a zoom that a latitude [deg] lies in."""
    phi = math.radians(min(max(lat, -_MERCATOR_LAT), _MERCATOR_LAT))
    return math.floor((1.0 - math.asinh(math.tan(phi)) / math.pi) / 2.0 * (1 << z))


class TileSource(Protocol):
    """A store of tiles. Used by one thread at a time, unless it says otherwise."""

    @property
    def facts(self) -> TileFacts:
        """What it says of itself."""

    def read(self, z: int, x: int, y: int) -> bytes | None:
        """The encoded tile; None where it is not there, empty where it is and is damaged. Raises TileUnavailable where that cannot be told now."""

    def close(self) -> None:
        """Let go of the file."""


def plain_words(text: object) -> str:
    """What a file says of itself as plain text in one line, without tags and control characters."""
    words = html.unescape(_TAG.sub("", str(text)[: 20 * _MOST_WORDS]))
    shown = "".join(sign if sign.isprintable() else " " for sign in words)
    return " ".join(shown.split())[:_MOST_WORDS]


def check_picture(data: bytes, file: str) -> None:
    """Let only tiles that are pictures pass.

    Raises
    ------
    UnreadableFile
        ``tiles.vector`` where they are vectors, ``tiles.unreadable`` where they are nothing known
    """
    if is_picture(data):
        return
    # Vector tiles are gzipped, or begin with the first layer of a protobuf message.
    raise UnreadableFile("tiles.vector" if data.startswith((_GZIP, b"\x1a")) else "tiles.unreadable", file=file)


def is_picture(data: bytes) -> bool:
    """Whether bytes begin as PNG, JPEG or WebP."""
    return data.startswith((_PNG, _JPEG)) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def bounds_from(text: object) -> Bounds | None:
    """Bounds [deg] written as ``west,south,east,north``; None where that is no area on the earth."""
    try:
        west, south, east, north = (float(part) for part in str(text)[:200].split(","))
    except ValueError:
        return None
    return checked_bounds((west, south, east, north))


def checked_bounds(bounds: Bounds) -> Bounds | None:
    """The bounds [deg] where they are an area on the earth."""
    west, south, east, north = bounds
    good = all(map(math.isfinite, bounds)) and -180 <= west < east <= 180 and -90 <= south < north <= 90
    return bounds if good else None
