"""What a LAS or LAZ file says of itself before its first point: read by hand, and checked, before a library sees the file.

Format: ASPRS, LAS Specification 1.4-R15 (2019), public header block and (extended) variable length records; LAZ: Isenburg, LASzip: lossless
compression of LiDAR data, PE&RS 79 (2013). All numbers are little-endian. A library that trusts the numbers in a header reserves as much memory as
they say; here each is compared with the size of the file.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from gis.errors import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

    from gis.crs import Bounds

Triple = tuple[float, float, float]

MAX_POINTS = 20_000_000_000
# Records of a header that are kept: a CRS as text has some 2 KB; of a record without end this much is read.
_LONGEST_RECORD = 1 << 20
_MOST_RECORDS = 10_000
PROJECTION, LASZIP = "LASF_Projection", "laszip encoded"
_KEPT = {(PROJECTION, 2112), (PROJECTION, 34735), (LASZIP, 22204)}
# Least bytes of a point of each format.
_POINT_BYTES = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)
# Of the header by minor version, of what stands before a record, and before one behind the points.
HEAD_BYTES = (227, 227, 227, 235, 375, 393)
RECORD_BYTES, _LONG_RECORD_BYTES = 54, 60
# Nothing real has more between header and points; it is read into memory.
_LATEST_START = 64 << 20
# Steps of coordinates: a hundredth of a micrometre to a metre. No projection has coordinates beyond 100,000 km.
_FINEST, _COARSEST, _FARTHEST = 1e-8, 1.0, 1e8
_INT32 = 2.0**31
# What a damaged header says of its area is believed up to so much [m].
_LARGEST_SHEET = 100_000.0
_COMPRESSED, _FORMAT_BITS = 0x80, 0x7F


@dataclass(frozen=True)
class LasHead:
    """The header of one file.

    Attributes
    ----------
    size : of the file [byte]
    minor : version 1.minor
    point_format : 0 to 10
    record_length : bytes of a point
    start : of the points in the file [byte]
    count : points
    scale, offset : coordinates are ``whole number × scale + offset``, by axis
    lows, highs : least and largest coordinates, by axis
    records : what is kept of the variable length records, by user and number
    """

    path: Path
    size: int
    minor: int
    point_format: int
    compressed: bool
    record_length: int
    start: int
    count: int
    scale: Triple
    offset: Triple
    lows: Triple
    highs: Triple
    records: dict[tuple[str, int], bytes]

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north."""
        return self.lows[0], self.lows[1], self.highs[0], self.highs[1]


def read_las_head(path: Path) -> LasHead:
    """Read and check a header.

    Raises
    ------
    UnreadableFile
        ``point_cloud.missing``, ``point_cloud.not_las``, ``point_cloud.version``, ``point_cloud.truncated``, ``point_cloud.too_many``,
        ``point_cloud.bad_scale``, ``point_cloud.bad_bounds``
    """
    if not path.is_file():
        raise UnreadableFile("point_cloud.missing", file=str(path))
    try:
        with path.open("rb") as file:
            return _read(file, path, path.stat().st_size)
    except OSError as error:
        raise UnreadableFile("point_cloud.unreadable", file=path.name) from error


def said_area(path: Path) -> float | None:
    """Area [m²] of the box that the header of a damaged file speaks of, if that much of it is whole; a sheet of a map is no larger than a few kilometres."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES[0])
    except OSError:
        return None
    if head[:4] != b"LASF" or len(head) < HEAD_BYTES[0]:
        return None
    east, west, north, south = struct.unpack_from("<4d", head, 179)
    if not (0.0 <= east - west <= _LARGEST_SHEET and 0.0 <= north - south <= _LARGEST_SHEET):
        return None
    return float((east - west) * (north - south))


def _read(file: BinaryIO, path: Path, size: int) -> LasHead:
    head = file.read(HEAD_BYTES[4])
    if head[:4] != b"LASF":
        raise UnreadableFile("point_cloud.not_las", file=path.name)
    if len(head) < HEAD_BYTES[0]:
        raise _cut(path)
    major, minor = head[24], head[25]
    head_bytes, start, n_records, kind, record_length, count = struct.unpack_from("<HIIBHI", head, 94)
    point_format = kind & _FORMAT_BITS
    if major != 1 or minor >= len(HEAD_BYTES) or point_format >= len(_POINT_BYTES):
        raise UnreadableFile("point_cloud.version", file=path.name, found=f"{major}.{minor} / {point_format}")
    if record_length < _POINT_BYTES[point_format] or start < HEAD_BYTES[minor]:
        raise UnreadableFile("point_cloud.damaged", file=path.name)
    numbers = struct.unpack_from("<12d", head, 131)
    long_start = n_long = 0
    if minor >= 4:
        if len(head) < HEAD_BYTES[4]:
            raise _cut(path)
        long_start, n_long, count = struct.unpack_from("<QIQ", head, 235)
    if count > MAX_POINTS:
        raise UnreadableFile("point_cloud.too_many", file=path.name, found=count, expected=MAX_POINTS)
    compressed = bool(kind & _COMPRESSED)
    if start > _LATEST_START:
        raise UnreadableFile("point_cloud.damaged", file=path.name)
    if start > size or (not compressed and start + count * record_length > size):
        raise _cut(path)
    records = _records(file, path, head_bytes, n_records, start)
    records = _long_records(file, long_start, n_long, size) | records
    scale, offset = _triple(numbers[:3]), _triple(numbers[3:6])
    highs, lows = _triple(numbers[6::2]), _triple(numbers[7::2])
    _check_numbers(path, scale, offset)
    if count:
        _check_bounds(path, scale, offset, lows, highs)
    return LasHead(
        path, size, minor, point_format, compressed, record_length, start, count, scale, offset, lows, highs, records
    )


def _triple(values: tuple[float, ...]) -> Triple:
    return values[0], values[1], values[2]


def _cut(path: Path) -> UnreadableFile:
    return UnreadableFile("point_cloud.truncated", file=path.name)


def _records(file: BinaryIO, path: Path, begin: int, number: int, end: int) -> dict[tuple[str, int], bytes]:
    """The records between header and points; a header that counts more than find room is damaged."""
    if number > _MOST_RECORDS or begin + number * RECORD_BYTES > end:
        raise UnreadableFile("point_cloud.damaged", file=path.name)
    found: dict[tuple[str, int], bytes] = {}
    at = begin
    for _ in range(number):
        file.seek(at)
        head = file.read(RECORD_BYTES)
        length = struct.unpack_from("<H", head, 20)[0] if len(head) == RECORD_BYTES else end
        at += RECORD_BYTES + length
        if at > end:
            raise UnreadableFile("point_cloud.damaged", file=path.name)
        _keep(found, head, file, length)
    return found


def _long_records(file: BinaryIO, at: int, number: int, size: int) -> dict[tuple[str, int], bytes]:
    """The records behind the points (LAS 1.4). They are no reason to refuse the points: what cannot be read is left out."""
    found: dict[tuple[str, int], bytes] = {}
    for _ in range(min(number, _MOST_RECORDS)):
        if at + _LONG_RECORD_BYTES > size:
            break
        file.seek(at)
        head = file.read(_LONG_RECORD_BYTES)
        length = struct.unpack_from("<Q", head, 20)[0]
        at += _LONG_RECORD_BYTES + length
        if at > size:
            break
        _keep(found, head, file, length)
    return found


def _keep(found: dict[tuple[str, int], bytes], head: bytes, file: BinaryIO, length: int) -> None:
    key = (head[2:18].split(b"\0")[0].decode("latin-1"), struct.unpack_from("<H", head, 18)[0])
    if key in _KEPT:
        found.setdefault(key, file.read(min(length, _LONGEST_RECORD)))


def _check_numbers(path: Path, scale: Triple, offset: Triple) -> None:
    for step, origin in zip(scale, offset, strict=True):
        # A NaN is in no range.
        if not (_FINEST <= step <= _COARSEST and abs(origin) <= _FARTHEST):
            raise UnreadableFile("point_cloud.bad_scale", file=path.name, found=f"{step:g} / {origin:g}")


def _check_bounds(path: Path, scale: Triple, offset: Triple, lows: Triple, highs: Triple) -> None:
    """Bounds must be what whole numbers of 32 bits can say with this scale and offset."""
    for step, origin, low, high in zip(scale, offset, lows, highs, strict=True):
        reach = _INT32 * step + step
        if not (low <= high and abs(low - origin) <= reach and abs(high - origin) <= reach):
            raise UnreadableFile("point_cloud.bad_bounds", file=path.name, found=f"{low:g} – {high:g}")
    if not all(math.isfinite(value) and abs(value) <= _FARTHEST for value in (*lows[:2], *highs[:2])):
        raise UnreadableFile("point_cloud.bad_bounds", file=path.name, found=f"{lows[0]:g} – {highs[0]:g}")
