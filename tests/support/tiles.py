"""Small stores of map tiles with known content."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gis.pmtiles import tile_number

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Tiles = dict[tuple[int, int, int], bytes]
# Side of the checkerboard's squares [px of the finest zoom].
SQUARE = 16
FINEST = 18


def picture(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return out.getvalue()


def plain(colour: tuple[int, ...], side: int = 256, kind: str = "PNG") -> bytes:
    return picture(np.full((side, side, len(colour)), colour, np.uint8), kind)


def black(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether places [px of the finest zoom] lie on a black square."""
    return (np.floor(x / SQUARE) + np.floor(y / SQUARE)) % 2 == 1


def checkerboard(z: int, x: int, y: int, side: int = 256) -> bytes:
    """A tile of a checkerboard that lies fixed on the earth; red tells the zoom."""
    step = 2.0 ** (FINEST - z) * 256 / side
    at = (np.arange(side) + 0.5) * step
    dark = black(*np.meshgrid(x * side * step + at, y * side * step + at))
    pixels = np.where(dark[..., None], 0, 255).astype(np.uint8).repeat(3, axis=2)
    return picture(pixels)


def around(z: int, lon: float, lat: float, reach: int = 1) -> list[tuple[int, int, int]]:
    """Tiles about a place."""
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**z)
    return [(z, x + i, y + j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)]


def write_folder(path: Path, tiles: Tiles, ending: str = "png") -> Path:
    for (z, x, y), data in tiles.items():
        place = path / str(z) / str(x) / f"{y}.{ending}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return path


def write_mbtiles(path: Path, tiles: Tiles, *, view: bool = False, **metadata: str) -> Path:
    """As most programs write them, or with each picture once behind a view."""
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE metadata (name text, value text)")
        base.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        rows = [(z, x, 2**z - 1 - y, data) for (z, x, y), data in tiles.items()]
        if view:
            base.execute("CREATE TABLE map (zoom_level integer, tile_column integer, tile_row integer, tile_id text)")
            base.execute("CREATE TABLE images (tile_id text PRIMARY KEY, tile_data blob)")
            base.execute("CREATE UNIQUE INDEX map_index ON map (zoom_level, tile_column, tile_row)")
            base.executemany("INSERT INTO map VALUES (?, ?, ?, ?)", [(*row[:3], str(k)) for k, row in enumerate(rows)])
            base.executemany("INSERT INTO images VALUES (?, ?)", [(str(k), row[3]) for k, row in enumerate(rows)])
            base.execute(
                "CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column,"
                " map.tile_row AS tile_row, images.tile_data AS tile_data FROM map JOIN images ON images.tile_id = map.tile_id"
            )
        else:
            base.execute(
                "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)"
            )
            base.execute("CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)")
            base.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    return path


def _varints(values: list[int]) -> bytes:
    out = bytearray()
    for value in values:
        rest = value
        while rest >= 0x80:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    """Entries (first, run, length, offset) as a PMTiles directory, unpacked."""
    firsts = [entry[0] for entry in entries]
    steps = [now - before for before, now in zip([0, *firsts], firsts, strict=False)]
    places = []
    for k, (_, _, _, offset) in enumerate(entries):
        follows = k > 0 and offset == entries[k - 1][3] + entries[k - 1][2]
        places.append(0 if follows else offset + 1)
    lengths, runs = [entry[2] for entry in entries], [entry[1] for entry in entries]
    return _varints([len(entries), *steps, *runs, *lengths, *places])


def write_pmtiles(
    path: Path, tiles: Tiles, *, leaves: int = 0, kind: int = 2, version: int = 3, inner: int = 2, **metadata: str
) -> Path:
    """A PMTiles archive; ``leaves`` entries in a directory of their own where it is not 0. The same picture is kept once."""
    pack = gzip.compress if inner == 2 else bytes
    numbered = sorted((tile_number(*key), data) for key, data in tiles.items())
    body, entries, places = b"", [], dict[bytes, int]()
    for number, data in numbered:
        if data not in places:
            places[data] = len(body)
            body += data
        last = entries[-1] if entries else None
        if last and last[0] + last[1] == number and last[3] == places[data]:
            entries[-1] = (last[0], last[1] + 1, last[2], last[3])
        else:
            entries.append((number, 1, len(data), places[data]))
    leaf_part, root = b"", entries
    if leaves:
        root = []
        for k in range(0, len(entries), leaves):
            one = pack(directory(entries[k : k + leaves]))
            root.append((entries[k][0], 0, len(one), len(leaf_part)))
            leaf_part += one
    packed_root, said = pack(directory(root)), pack(json.dumps(metadata).encode())
    zooms = [key[0] for key in tiles]
    at = 127
    places_of = []
    for part in (packed_root, said, leaf_part, body):
        places_of += [at, len(part)]
        at += len(part)
    head = struct.pack(
        "<7sB11Q6B4iB2i", b"PMTiles", version, *places_of, len(tiles), len(entries), len(places), 1, inner, 1, kind,
        min(zooms), max(zooms), -1800000000, -850000000, 1800000000, 850000000, 0, 0, 0,
    )  # fmt: skip
    path.write_bytes(head + packed_root + said + leaf_part + body)
    return path
