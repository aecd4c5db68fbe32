"""A tile's bytes as pixels. What comes from a stranger's file is looked at before it is unpacked."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gis.tile_source import MOST_BYTES, is_picture

Pixels = NDArray[np.uint32]
# Sides that tiles have [px]; a header that claims more is a bomb.
_SIDES = (128, 256, 512, 1024)
_FORMATS = ("PNG", "JPEG", "WEBP")
# Pillow's readers of damaged pictures raise all of these.
_DAMAGED = (
    OSError, ValueError, SyntaxError, LookupError, TypeError, ArithmeticError, EOFError, MemoryError, NotImplementedError, AttributeError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


def decoded(data: bytes) -> Pixels | None:
    """The pixels of a tile.

    Parameters
    ----------
    data : bytes
        PNG, JPEG or WebP.

    Returns
    -------
    uint32 ``[row, col]``, ``0xAARRGGBB`` with the colours multiplied by alpha; None where the bytes are no square picture of a tile's size
    """
    if len(data) > MOST_BYTES or not is_picture(data):
        return None
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.size[0] not in _SIDES or image.size[0] != image.size[1]:
                return None
            opaque = image.mode in ("RGB", "L") and "transparency" not in image.info
            pixels = np.asarray(image.convert("RGB" if opaque else "RGBA"))
    except _DAMAGED:
        return None
    return packed(pixels)


def packed(pixels: NDArray[np.uint8]) -> Pixels:
    """``0xAARRGGBB``, multiplied by alpha, from uint8 ``[row, col, 3 or 4]``."""
    parts = pixels.astype(np.uint32)
    if pixels.shape[2] == 3:
        return np.uint32(0xFF000000) | parts[..., 0] << np.uint32(16) | parts[..., 1] << np.uint32(8) | parts[..., 2]
    alpha = parts[..., 3]
    red, green, blue = ((parts[..., k] * alpha + np.uint32(127)) // np.uint32(255) for k in range(3))
    return alpha << np.uint32(24) | red << np.uint32(16) | green << np.uint32(8) | blue


def unpacked(pixels: Pixels) -> NDArray[np.uint8]:
    """Red, green, blue as uint8 ``[row, col, 3]`` of opaque pixels."""
    return np.stack([(pixels >> np.uint32(shift)) & np.uint32(255) for shift in (16, 8, 0)], axis=-1).astype(np.uint8)


def halved(tile: Pixels) -> Pixels:
    """Each four pixels as one."""
    rows, cols = tile.shape
    parts = tile.view(np.uint8).reshape(rows // 2, 2, cols // 2, 2, 4)
    mean = (parts.sum(axis=(1, 3), dtype=np.uint16) + np.uint16(2)) >> np.uint16(2)
    return np.ascontiguousarray(mean.astype(np.uint8)).view(np.uint32)[..., 0]


def enlarged(tile: Pixels, times: int) -> Pixels:
    """Each pixel as a square of ``times`` × ``times``."""
    return np.repeat(np.repeat(tile, times, axis=0), times, axis=1)
