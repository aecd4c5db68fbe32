"""Derived rasters written to the disk: whole or not at all, and so that a window can go on meanwhile."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.windows import Window

from gis.aside import aside
from gis.grid import Grid
from gis.progress import Progress, silent

# Cells on a side of the files' squares, and rows between two looks at ``progress``.
_BLOCK = 256
_BYTES_WRITTEN = 16_000_000
# The map lets go of its files after 1.5 s without movement.
_REPLACE_TRIES, _REPLACE_WAIT_S = 20, 0.25


def write_raster(
    path: Path, values: NDArray[np.generic], grid: Grid, *, nodata: float | None, progress: Progress = silent
) -> None:
    """Write a derived raster: tiled GeoTIFF, deflate, with overviews; the last good file stays until the new one is whole.

    Overviews are means, but of signed integers, which are numbers of things.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written. GDAL would not say it, so the bytes are written here.
    """
    unfinished = _unfinished(path)
    plain = MemoryFile()
    try:
        with plain.open(**_plain(grid, values.dtype, nodata)) as file:
            for top in range(0, grid.rows, _BLOCK):
                progress(0.3 * top / grid.rows, "write")
                some = values[top : top + _BLOCK]
                file.write(some, 1, window=Window(0, top, grid.cols, some.shape[0]))
    except BaseException:
        plain.close()
        raise

    def packed() -> bytes:
        with plain, MemoryFile() as memory:
            _pack(plain.name, memory.name, values.dtype)
            return bytes(memory.getbuffer())

    try:
        content = memoryview(aside(packed, progress, 0.3, "write", abandoned=plain.close))
        with unfinished.open("wb") as file:
            for begin in range(0, len(content), _BYTES_WRITTEN):
                progress(0.9, "write")
                file.write(content[begin : begin + _BYTES_WRITTEN])
        replace_file(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _plain(grid: Grid, dtype: np.dtype[np.generic], nodata: float | None) -> dict[str, object]:
    """Of a file that is packed afterwards; squares without data take no room."""
    return {
        "driver": "GTiff", "height": grid.rows, "width": grid.cols, "count": 1, "dtype": dtype, "crs": grid.crs.to_wkt(), "transform": grid.transform,
        "nodata": nodata, "tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK, "sparse_ok": True, "bigtiff": "if_safer",
    }  # fmt: skip


def _pack(plain: str | Path, packed: str | Path, dtype: np.dtype[np.generic]) -> None:
    """Deflate a file and give it overviews. GDAL's COG driver does it without the GIL, which its overviews alone would keep from the window."""
    copy(
        str(plain), str(packed), driver="COG", compress="DEFLATE", level="1", predictor="YES", blocksize=_BLOCK, num_threads="ALL_CPUS",
        overview_resampling="NEAREST" if dtype.kind == "i" else "AVERAGE", bigtiff="IF_SAFER",
    )  # fmt: skip


@contextmanager
def raster_by_rows(
    path: Path, grid: Grid, dtype: str, *, nodata: float | None, progress: Progress = silent
) -> Iterator[Callable[[int, NDArray[np.generic]], None]]:
    """As :func:`write_raster`, for a raster that never is in memory: gives a function that writes rows from one on, in order.

    ``progress`` is told of what follows the last row.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written.
    """
    # GDAL's own writes say nothing of a full disk: ask before, and read back what came last.
    needed = grid.rows * grid.cols * np.dtype(dtype).itemsize * 3 // 2
    if shutil.disk_usage(path.parent).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    plain, packed = _unfinished(path), _unfinished(path)
    try:
        with rasterio.open(plain, "w", **_plain(grid, np.dtype(dtype), nodata)) as file:

            def write(top: int, values: NDArray[np.generic]) -> None:
                file.write(values, 1, window=Window(0, top, grid.cols, values.shape[0]))

            yield write
        aside(
            lambda: _pack(plain, packed, np.dtype(dtype)), progress, 0.0, "write", abandoned=lambda: _remove(plain, packed)
        )  # fmt: skip
        with rasterio.open(packed) as file:
            file.read(1, window=Window(0, grid.rows - 1, grid.cols, 1))
        replace_file(packed, path)
    except (RasterioError, CPLE_BaseError) as error:
        raise OSError(errno.EIO, str(error), str(path)) from error
    finally:
        _remove(plain, packed)


def _remove(*unfinished: Path) -> None:
    """Take unfinished files away; on Windows not while they are still being written: whoever writes takes them away in the end."""
    for path in unfinished:
        with suppress(PermissionError):
            path.unlink(missing_ok=True)


def replace_file(unfinished: Path, path: Path) -> None:
    """Move a file over another; on Windows wait for a reader, such as the map's, to let go of it."""
    for _ in range(_REPLACE_TRIES):
        try:
            unfinished.replace(path)
        except PermissionError:
            time.sleep(_REPLACE_WAIT_S)
        else:
            return
    unfinished.replace(path)
