"""Arrays as compact BLOBs of a project file.

Layout, little-endian: ``KWA1``, one byte of encoding, one byte of dimensions, two bytes zero, the shape as
``uint32`` each, the length of a block before compression as ``uint32``; then the blocks, each its compressed
length as ``uint32`` and a zlib stream. Two encodings:

- 1, *share*: values 0…1 in steps of 1/255 (``uint8``), NaN not allowed. Error at most 1/510, that is 0.2 % of
  a roof plane's cells; saving what was loaded changes nothing any more.
- 2, *exact*: ``float32`` with the bytes of equal weight side by side, which zlib packs better. No error.
- 3, *exact*: ``float64`` the same way.
"""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Encoding = Literal["share", "float32", "float64"]

_MAGIC = b"KWA1"
_CODES: dict[Encoding, int] = {"share": 1, "float32": 2, "float64": 3}
_WIDTHS = {1: 1, 2: 4, 3: 8}
_BLOCK = 4 << 20
_STEP = 1 << 16
_MOST_DIMENSIONS = 4
# Fast is enough: the runs of 0 and 255 that skylines consist of pack well at any level.
_LEVEL = 1
_SHARE_STEPS = 255
_MOST_BYTES = 1 << 32


class DamagedArray(ValueError):
    """A BLOB that is not what its header says, or not what the project expects."""


def pack_array(values: NDArray[np.floating], encoding: Encoding) -> bytes:
    """Compress an array; see the module for the layout and the error of each encoding."""
    code = _CODES[encoding]
    block_of = _shares_of(values) if encoding == "share" else _bytes_of(values, _WIDTHS[code])
    with ThreadPoolExecutor(2) as pool:
        starts = range(0, values.size * _WIDTHS[code], _BLOCK)
        packed = list(pool.map(lambda start: zlib.compress(block_of(start), _LEVEL), starts))
    head = _MAGIC + struct.pack("<BBH", code, values.ndim, 0) + struct.pack(f"<{values.ndim}I", *values.shape)
    parts = [head, struct.pack("<I", _BLOCK)]
    for block in packed:
        parts += [struct.pack("<I", len(block)), block]
    return b"".join(parts)


def as_kept(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Shares as a file gives them back: what is computed from them is then the same before and after saving."""
    return np.divide(
        np.rint(np.clip(values, 0.0, 1.0) * np.float32(_SHARE_STEPS)).astype(np.uint8), np.float32(_SHARE_STEPS)
    )


def unpack_array(blob: bytes, shape: Sequence[int | None]) -> NDArray[np.floating]:
    """The array of a BLOB.

    Parameters
    ----------
    blob : bytes
    shape : sequence
        What the other tables of the project lead to expect; None where any length will do that the
        BLOB can hold. Checked before anything is allocated.

    Raises
    ------
    DamagedArray
        The header, the shape or a block is wrong.
    """
    code, found, block, start = _header(blob)
    if len(found) != len(shape) or any(
        want is not None and want != have for have, want in zip(found, shape, strict=True)
    ):
        raise DamagedArray(f"shape {found}, expected {tuple(shape)}")
    total = _WIDTHS[code]
    for length in found:
        total *= length
    # zlib packs at most about 1,032 to 1: a header that claims more is a bomb or a mistake.
    if total > min(1100 * len(blob) + 1024, _MOST_BYTES) or not 0 < block <= 1 << 26:
        raise DamagedArray(f"{total} bytes claimed by {len(blob)}")
    places = _places(blob, start, total, block)
    if code == _CODES["share"]:
        shares = np.empty(found, dtype=np.float32)
        flat = shares.reshape(-1)

        def fill(data: bytes, begin: int) -> None:
            part = flat[begin : begin + len(data)]
            np.divide(np.frombuffer(data, dtype=np.uint8), np.float32(_SHARE_STEPS), out=part)

        _inflate(blob, places, fill)
        return shares
    raw = np.empty(total, dtype=np.uint8)

    def copy(data: bytes, begin: int) -> None:
        raw[begin : begin + len(data)] = np.frombuffer(data, dtype=np.uint8)

    _inflate(blob, places, copy)
    width = _WIDTHS[code]
    woven = np.ascontiguousarray(raw.reshape(width, -1).T)
    return woven.reshape(-1).view(np.dtype(f"<f{width}")).reshape(found)


def _header(blob: bytes) -> tuple[int, tuple[int, ...], int, int]:
    if len(blob) < 8 or blob[:4] != _MAGIC:
        raise DamagedArray("no array")
    code, dimensions, _ = struct.unpack_from("<BBH", blob, 4)
    if code not in _WIDTHS or not 1 <= dimensions <= _MOST_DIMENSIONS or len(blob) < 12 + 4 * dimensions:
        raise DamagedArray(f"encoding {code}, {dimensions} dimensions")
    shape = struct.unpack_from(f"<{dimensions}I", blob, 8)
    (block,) = struct.unpack_from("<I", blob, 8 + 4 * dimensions)
    return code, shape, block, 12 + 4 * dimensions


def _places(blob: bytes, start: int, total: int, block: int) -> list[tuple[int, int, int, int]]:
    """Of each block where it begins, its length, where its content begins, and the length of that."""
    places = []
    filled = 0
    while filled < total:
        if start + 4 > len(blob):
            raise DamagedArray("block missing")
        (length,) = struct.unpack_from("<I", blob, start)
        want = min(block, total - filled)
        places.append((start + 4, length, filled, want))
        start += 4 + length
        filled += want
    if start != len(blob):
        raise DamagedArray("blocks do not fill the array")
    return places


def _inflate(blob: bytes, places: list[tuple[int, int, int, int]], take: Callable[[bytes, int], None]) -> None:
    """Decompress all blocks; none may hold more or less than it should."""
    source = memoryview(blob)

    def inflate(place: tuple[int, int, int, int]) -> None:
        begin, length, target, want = place
        try:
            data = zlib.decompressobj().decompress(source[begin : begin + length], want + 1)
        except zlib.error as error:
            raise DamagedArray(str(error)) from error
        if len(data) != want:
            raise DamagedArray("block of another length")
        take(data, target)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(inflate, places))


def _shares_of(values: NDArray[np.floating]) -> Callable[[int], bytes]:
    """A function that gives the block of shares beginning at a byte; in small steps, which stay in the processor's cache."""
    flat = np.ascontiguousarray(values).reshape(-1)

    def block(start: int) -> bytes:
        end = min(start + _BLOCK, flat.size)
        found = np.empty(end - start, np.uint8)
        for begin in range(start, end, _STEP):
            part = flat[begin : min(begin + _STEP, end)]
            scaled = np.clip(part, 0.0, 1.0) * np.float32(_SHARE_STEPS)
            found[begin - start : begin - start + part.size] = np.rint(scaled, out=scaled)
        return found.tobytes()

    return block


def _bytes_of(values: NDArray[np.floating], width: int) -> Callable[[int], bytes]:
    """A function that gives the block beginning at a byte of the bytes of equal weight side by side."""
    plain = np.ascontiguousarray(values, dtype=np.dtype(f"<f{width}"))
    woven = np.ascontiguousarray(plain.reshape(-1).view(np.uint8).reshape(-1, width).T).reshape(-1)
    return lambda start: woven[start : start + _BLOCK].tobytes()
