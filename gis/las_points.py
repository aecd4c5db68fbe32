"""The points of a LAS or LAZ file in portions, after everything that a decompressor would believe has been compared with the file.

The compressed parts: Isenburg, LASzip (PE&RS 79, 2013); record 22204, table of chunks, and layers of a chunk for point formats 6 to 10. lazrs reserves
the memory that these speak of and ends the process where there is none, so no number reaches it unchecked.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

import numpy as np

from gis.errors import UnreadableFile
from gis.las_heads import HEAD_BYTES, LASZIP, RECORD_BYTES, read_las_head
from gis.progress import silent
from gis.threads import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from gis.las_heads import LasHead
    from gis.progress import Progress

_Result = TypeVar("_Result")

# lazrs holds the interpreter while it decompresses, some 3 million points a second and core: more at a time would stop the window for longer than
# a tenth of a second. Chunks of LAZ have 50,000 points; each core takes one at a time.
_CHUNK_POINTS = 50_000
_LEAST_PORTION, _MOST_PORTION = 100_000, 1_000_000
_MOST_BYTES = 64 << 20
# Larger chunks are decompressed one after the other, since the parallel decompressor holds whole chunks.
_LARGE_CHUNK = 2_000_000
_MOST_CHUNKS = 1_000_000
_VARIABLE = 0xFFFFFFFF
_CHUNKED, _LAYERED = 2, 3
# Items of a compressed point: their bytes (None: as many as are left), and layers (0: one for each byte).
_ITEMS: dict[int, tuple[int | None, int]] = {
    0: (None, 0), 6: (20, 0), 7: (8, 0), 8: (6, 0), 9: (29, 0), 10: (30, 9), 11: (6, 1), 12: (8, 2), 13: (29, 1), 14: (None, 0),
}  # fmt: skip
_BYTES14 = 14
_FIRST_ITEM = {_CHUNKED: 6, _LAYERED: 10}
GROUND, NOISE = 2, (7, 18)


class Portion(NamedTuple):
    """Some points: whole coordinates ``x``, ``y``, ``z`` as the file holds them, the class, and whether it was flagged as withheld or synthetic."""

    x: NDArray[np.int32]
    y: NDArray[np.int32]
    z: NDArray[np.int32]
    kind: NDArray[np.uint8]
    flagged: NDArray[np.bool_]


def check_points(head: LasHead, progress: Progress = silent) -> bool:
    """Compare what a LAZ file says of its compressed points with the file; a LAS file has nothing to check.

    Returns
    -------
    whether several threads may decompress it

    Raises
    ------
    UnreadableFile
        ``point_cloud.truncated``, ``point_cloud.damaged``, ``point_cloud.version``
    """
    if not head.compressed or not head.count:
        return True
    size, layers = _check_items(head)
    table = _table(head, size)
    points, lengths = table[:, 0], table[:, 1]
    held = np.minimum(points, head.count)
    if points.sum() < head.count or (lengths > 2 * held * head.record_length + 65536).any():
        raise _damaged(head)
    if layers:
        _check_layers(head, lengths, layers, progress)
    # By what the table says, not by what there is: the parallel decompressor makes room for that.
    return bool(points.max() <= _LARGE_CHUNK)


def portions(head: LasHead, *, at_most: int | None = None) -> Iterator[Portion]:
    """All points of a file, or the first ``at_most``, in the order of the file.

    Raises
    ------
    UnreadableFile
        as :func:`check_points`; ``point_cloud.truncated`` also where fewer points come than the header promises
    """
    if not head.count:
        return
    import laspy

    if read_las_head(head.path) != head:
        raise UnreadableFile("point_cloud.changed", file=head.path.name)
    parallel = check_points(head)
    wanted = head.count if at_most is None else min(at_most, head.count)
    portion = min(_MOST_PORTION, max(_LEAST_PORTION, _CHUNK_POINTS * threads()), wanted)
    portion = max(1, min(portion, _MOST_BYTES // head.record_length))
    fields = laspy.DecompressionSelection
    selection = fields.XY_RETURNS_CHANNEL | fields.Z | fields.CLASSIFICATION | fields.FLAGS
    backend = laspy.LazBackend.LazrsParallel if parallel else laspy.LazBackend.Lazrs
    with head.path.open("rb") as file:
        source = _Cleaned(file, _clean_head(head, file.read(HEAD_BYTES[-1])))
        reader = _guarded(
            head, lambda: laspy.open(source, laz_backend=backend, read_evlrs=False, decompression_selection=selection)
        )
        chunks = reader.chunk_iterator(portion)
        done = 0
        while done < wanted:
            found = _guarded(head, lambda: _portion(next(chunks, None)))
            if found is None or not found.x.size:
                raise UnreadableFile("point_cloud.truncated", file=head.path.name)
            done += found.x.size
            yield found


class _Cleaned(io.RawIOBase):
    """A file whose first bytes are others."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self._file, self._head = file, head
        file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 -- any buffer
        at = self._file.tell()
        if at >= len(self._head):
            return self._file.readinto(buffer)  # type: ignore[attr-defined]
        part = self._head[at : at + len(buffer)]
        buffer[: len(part)] = part
        self._file.seek(at + len(part))
        return len(part)


def _clean_head(head: LasHead, begin: bytes) -> bytes:
    """All up to the points, with no record but that of LASzip.

    laspy reads every record, and refuses a file for a name in Shift-JIS, or an extra value that it does not know, which nobody asks for here.
    """
    minor = max(2, head.minor)
    size = HEAD_BYTES[minor]
    record = head.records[LASZIP, 22204] if head.compressed else b""
    if size + RECORD_BYTES + len(record) > head.start and record:
        raise _damaged(head)
    clean = bytearray(begin[:size].ljust(head.start, b"\0"))
    clean[25] = minor
    struct.pack_into("<H", clean, 94, size)
    struct.pack_into("<I", clean, 100, 1 if record else 0)
    if minor >= 4:
        struct.pack_into("<QI", clean, 235, 0, 0)
    if record:
        struct.pack_into("<H16sHH32s", clean, size, 0, LASZIP.encode(), 22204, len(record), b"")
        clean[size + RECORD_BYTES : size + RECORD_BYTES + len(record)] = record
    return bytes(clean)


def _portion(record: Any) -> Portion | None:  # noqa: ANN401 -- laspy names its types only from 2.6 on
    if record is None:
        return None
    flagged = np.asarray(record.withheld, np.bool_) | np.asarray(record.synthetic, np.bool_)
    kind = np.asarray(record.classification, np.uint8)
    x, y, z = (np.ascontiguousarray(record.array[axis]) for axis in "XYZ")
    return Portion(x, y, z, kind, flagged)


def _guarded(head: LasHead, step: Callable[[], _Result]) -> _Result:
    """Whatever the libraries say of damaged bytes, as our error; a panic of lazrs is no ``Exception``."""
    try:
        return step()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise _damaged(head) from error


def _damaged(head: LasHead) -> UnreadableFile:
    return UnreadableFile("point_cloud.damaged", file=head.path.name)


def _check_items(head: LasHead) -> tuple[int, int]:
    """Points of a chunk, and layers of a chunk (0 where it has none), from the record of LASzip."""
    record = head.records.get((LASZIP, 22204), b"")
    if len(record) < 34:
        raise _damaged(head)
    compressor, coder = struct.unpack_from("<HH", record)
    if compressor not in _FIRST_ITEM or coder:
        raise UnreadableFile("point_cloud.version", file=head.path.name, found=f"LASzip {compressor}")
    size, number = struct.unpack_from("<I", record, 12)[0], struct.unpack_from("<H", record, 32)[0]
    if len(record) < 34 + 6 * number or not number or not size:
        raise _damaged(head)
    items = [struct.unpack_from("<HHH", record, 34 + 6 * k) for k in range(number)]
    layered = compressor == _LAYERED
    for kind, length, version in items:
        known = _ITEMS.get(kind)
        if known is None or known[0] not in (None, length) or (kind >= 10) != layered:
            raise _damaged(head)
        if version not in ((3, 4) if layered else (1, 2)):
            raise UnreadableFile("point_cloud.version", file=head.path.name, found=f"LASzip item {kind}.{version}")
    first_fits = items[0][0] == _FIRST_ITEM[compressor] and layered == (head.point_format >= 6)
    if not first_fits or sum(length for _, length, _ in items) != head.record_length:
        raise _damaged(head)
    layers = sum(length if kind == _BYTES14 else _ITEMS[kind][1] for kind, length, _ in items)
    return size, layers if layered else 0


def _table(head: LasHead, size: int) -> NDArray[np.int64]:
    """Points and bytes (n, 2) of each chunk."""
    import lazrs

    cut = UnreadableFile("point_cloud.truncated", file=head.path.name)
    first = head.start + 8
    if first > head.size - 8:
        raise cut
    with head.path.open("rb") as file:
        file.seek(head.start)
        at = struct.unpack("<q", file.read(8))[0]
        if at <= head.start:
            file.seek(-8, 2)
            at = struct.unpack("<q", file.read(8))[0]
        if not first <= at <= head.size - 8:
            raise cut
        file.seek(at)
        number = struct.unpack("<II", file.read(8))[1]
        room = (at - first) // head.record_length
        if not 0 < number <= min(room + 1, _MOST_CHUNKS) or (size != _VARIABLE and number * size < head.count):
            raise _damaged(head)
        file.seek(head.start)
        vlr = _guarded(head, lambda: lazrs.LazVlr(head.records[LASZIP, 22204]))
        found = _guarded(head, lambda: lazrs.read_chunk_table(file, vlr))
    table = np.array(found, dtype=np.uint64).reshape(-1, 2)
    if (table > 0xFFFFFFFF).any() or table[:, 1].sum() > at - first:
        raise _damaged(head)
    return table.astype(np.int64)


def _check_layers(head: LasHead, lengths: NDArray[np.int64], layers: int, progress: Progress) -> None:
    """A layered chunk: its first point as it is, the number of its points, the bytes of each layer, the layers."""
    before = head.record_length + 4
    at = head.start + 8
    with head.path.open("rb") as file:
        for k, length in enumerate(lengths.tolist()):
            if k % 1000 == 0:
                progress(k / len(lengths), "read")
            if length:
                file.seek(at + before)
                sizes = np.frombuffer(file.read(4 * layers), "<u4")
                if sizes.size < layers or before + 4 * layers + int(sizes.sum(dtype=np.int64)) > length:
                    raise _damaged(head)
            at += length
