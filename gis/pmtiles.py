"""PMTiles, version 3: tiles in one file behind directories of their numbers along a Hilbert curve.

After https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md. A reader of our own: it is short, and every size that the file claims is held
against what it can be before anything is read or unpacked.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gis.errors import UnreadableFile
from gis.tile_source import DEEPEST, MOST_BYTES, TileFacts, check_picture, checked_bounds, plain_words

MAGIC = b"PMTiles"
_HEADER = struct.Struct("<7sB11Q6B4iB2i")
_VERSION = 3
_NONE, _GZIP = 1, 2
_VECTOR = 1
# A directory unpacked takes some ten bytes an entry; writers put 16,384 in one at most.
_MOST_DIRECTORY = 2**20
_MOST_METADATA = 2**20
_MOST_DEPTH = 4
_KEPT_LEAVES = 16
_LONGEST_VARINT = 9


@dataclass(frozen=True)
class Directory:
    """Entries by number of their first tile: how many tiles in a row are the same (0: a further directory), where and how long."""

    first: NDArray[np.int64]
    run: NDArray[np.int64]
    length: NDArray[np.int64]
    offset: NDArray[np.int64]

    def find(self, number: int) -> tuple[bool, int, int] | None:
        """Whether it is a directory, offset and length of the entry that holds a tile."""
        k = int(np.searchsorted(self.first, number, side="right")) - 1
        if k < 0:
            return None
        run = int(self.run[k])
        if run and number >= int(self.first[k]) + run:
            return None
        return run == 0, int(self.offset[k]), int(self.length[k])


class _Damaged(Exception):
    """A part of the file is not what it claims to be."""


class PmTiles:
    """An open PMTiles file; see :class:`gis.tile_source.TileSource`.

    Raises
    ------
    UnreadableFile
        ``tiles.unreadable``, ``tiles.old`` (of an older version), ``tiles.vector``, ``tiles.empty``
    """

    def __init__(self, path: Path) -> None:
        self._leaves: OrderedDict[tuple[int, int], Directory] = OrderedDict()
        self._file: BinaryIO = path.open("rb")
        try:
            self._size = path.stat().st_size
            self._facts = self._look(path)
        except (_Damaged, OSError, struct.error) as error:
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
            return self._tile(tile_number(z, x, y))
        except (_Damaged, OSError):
            return b""

    def close(self) -> None:
        self._file.close()

    def _tile(self, number: int) -> bytes | None:
        directory = self._root
        for _ in range(_MOST_DEPTH):
            found = directory.find(number)
            if found is None:
                return None
            further, offset, length = found
            if not further:
                return _unpacked(self._part(self._data + offset, length, MOST_BYTES), self._packed, MOST_BYTES)
            directory = self._leaf(offset, length)
        raise _Damaged

    def _leaf(self, offset: int, length: int) -> Directory:
        key = (offset, length)
        if key not in self._leaves:
            self._leaves[key] = self._directory(self._leaves_at + offset, length)
        self._leaves.move_to_end(key)
        while len(self._leaves) > _KEPT_LEAVES:
            self._leaves.popitem(last=False)
        return self._leaves[key]

    def _part(self, offset: int, length: int, most: int) -> bytes:
        """A part of the file, of which it may claim ``most`` bytes."""
        if not 0 < length <= most or offset < 0 or offset + length > self._size:
            raise _Damaged
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) != length:
            raise _Damaged
        return data

    def _directory(self, offset: int, length: int) -> Directory:
        return directory_from(_unpacked(self._part(offset, length, _MOST_DIRECTORY), self._inner, _MOST_DIRECTORY))

    def _look(self, path: Path) -> TileFacts:
        head = _HEADER.unpack(self._part(0, _HEADER.size, _HEADER.size))
        if head[0] != MAGIC:
            raise _Damaged
        if head[1] != _VERSION:
            raise UnreadableFile("tiles.old", file=path.name, found=head[1], expected=_VERSION)
        root, root_long, said, said_long, self._leaves_at, _, self._data = head[2:9]
        self._inner, self._packed, kind, low, high = head[14:19]
        if kind == _VECTOR:
            raise UnreadableFile("tiles.vector", file=path.name)
        if not 0 <= low <= high <= DEEPEST:
            raise _Damaged
        self._root = self._directory(root, root_long)
        first = self._first_tile(self._root)
        if first is None:
            raise UnreadableFile("tiles.empty", file=path.name)
        check_picture(first, path.name)
        words = self._metadata(said, said_long)
        west, south, east, north = (value / 1e7 for value in head[19:23])
        name, credit = plain_words(words.get("name") or path.stem), plain_words(words.get("attribution") or "")
        return TileFacts(name, low, high, checked_bounds((west, south, east, north)), credit)

    def _first_tile(self, directory: Directory) -> bytes | None:
        return self._tile(int(directory.first[0])) if len(directory.first) else None

    def _metadata(self, offset: int, length: int) -> dict[str, object]:
        """What the file says of itself; nothing where that cannot be read."""
        try:
            data = _unpacked(self._part(offset, length, _MOST_METADATA), self._inner, _MOST_METADATA)
            found = json.loads(data)
        except (_Damaged, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def tile_number(z: int, x: int, y: int) -> int:
    """Number of a tile: all coarser zooms first, then along the Hilbert curve."""
    along, half = 0, (1 << z) >> 1
    while half:
        right, down = int(bool(x & half)), int(bool(y & half))
        along += half * half * ((3 * right) ^ down)
        x, y = x & (half - 1), y & (half - 1)
        if not down:
            if right:
                x, y = half - 1 - x, half - 1 - y
            x, y = y, x
        half >>= 1
    return (4**z - 1) // 3 + along


def directory_from(data: bytes) -> Directory:
    """A directory from its bytes: number of entries, then numbers, runs, lengths and offsets, each a column of varints."""
    values = _varints(data)
    count = int(values[0]) if len(values) else 0
    if len(values) != 1 + 4 * count or count == 0:
        raise _Damaged
    steps, run, length, place = values[1:].reshape(4, count)
    if (steps[1:] <= 0).any() or (length <= 0).any():
        raise _Damaged
    offset = place - 1
    # 0: right behind the one before.
    for k in np.flatnonzero(place == 0).tolist():
        if k == 0:
            raise _Damaged
        offset[k] = offset[k - 1] + length[k - 1]
    return Directory(np.cumsum(steps), run, length, offset)


def _varints(data: bytes) -> NDArray[np.int64]:
    """Whole numbers in groups of seven bits, the lowest first; of 63 bits at most."""
    raw = np.frombuffer(data, np.uint8)
    last = np.flatnonzero(raw < 0x80)
    if len(last) == 0 or last[-1] != len(raw) - 1:
        raise _Damaged
    first = np.concatenate([[0], last[:-1] + 1])
    size = last - first + 1
    if size.max() > _LONGEST_VARINT:
        raise _Damaged
    values = np.zeros(len(last), np.int64)
    for k in range(int(size.max())):
        has = size > k
        values[has] |= (raw[first[has] + k] & 0x7F).astype(np.int64) << (7 * k)
    return values


def _unpacked(data: bytes, packed: int, most: int) -> bytes:
    """Bytes as they were before they were compressed; ``most`` of them at most."""
    if packed == _NONE:
        return data
    if packed != _GZIP:
        raise _Damaged
    unpack = zlib.decompressobj(31)
    try:
        found = unpack.decompress(data, most + 1)
    except zlib.error as error:
        raise _Damaged from error
    if len(found) > most or not unpack.eof:
        raise _Damaged
    return found
