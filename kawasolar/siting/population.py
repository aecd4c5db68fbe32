"""A raster of population as points, and many points as fewer: by square blocks, the weight of a block at its own centre of weight."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.crs import horizontal, parse_crs
from gis.drivers import raster_driver
from gis.errors import CrsMissing, UnreadableFile
from gis.progress import silent
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from affine import Affine
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.crs import Bounds
    from gis.progress import Progress

# Points that a location problem gets at most; more of them are gathered by blocks.
MOST_POINTS = 3000
_MOST_CELLS = 60_000_000
_ROWS = 512


def read_population(
    path: Path, target: CRS, bounds: Bounds, *, crs: str | None = None, most: int = MOST_POINTS, progress: Progress = silent
) -> tuple[pd.DataFrame, int]:  # fmt: skip
    """Populated cells of a raster (persons a cell; GeoTIFF, ASC) within bounds, in blocks of k × k cells with the least k that leaves ``most`` points.

    Sums are kept: the weight of a block is that of its cells, its place their centre of weight. Cells below 0, and those without data, count for nothing.

    Parameters
    ----------
    bounds : west, south, east, north in ``target``

    Returns
    -------
    frame : as :func:`kawasolar.siting.reading.read_points`; k

    Raises
    ------
    UnreadableFile
        ``siting.missing``, ``siting.unreadable``, ``siting.raster_too_large``
    CrsMissing
        ``siting.no_crs``
    PlanError
        ``siting.nobody``: nobody lives within the bounds
    """
    from pyproj import Transformer

    columns, rows, persons, own, transform = _cells(path, target, bounds, crs, progress)
    k = _least_block(columns, rows, most)
    x, y, weight = _gathered(
        columns // k, rows // k, columns.astype(np.float64) + 0.5, rows.astype(np.float64) + 0.5, persons
    )
    a, b, c, d, e, f = transform[:6]
    east, north = a * x + b * y + c, d * x + e * y + f
    px, py = Transformer.from_crs(own, horizontal(target), always_xy=True).transform(east, north)
    ids = np.array([f"#{i + 1}" for i in range(len(weight))], dtype=object)
    return pd.DataFrame({"point_id": ids, "name": "", "weight": weight, "x": px, "y": py}), k


def _cells(
    path: Path, target: CRS, bounds: Bounds, crs: str | None, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], CRS, Affine]:
    """Columns and rows of the populated cells, their persons; the file's CRS and transform."""
    import rasterio
    from pyproj import Transformer
    from rasterio.errors import NotGeoreferencedWarning, RasterioError
    from rasterio.windows import Window, from_bounds

    if not path.is_file():
        raise UnreadableFile("siting.missing", file=str(path))
    driver = raster_driver(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver=driver) as file:
                told = file.crs.to_wkt() if file.crs else crs
                if told is None:
                    raise CrsMissing("siting.no_crs", file=path.name)
                own = horizontal(parse_crs(told))
                move = Transformer.from_crs(horizontal(target), own, always_xy=True)
                box = from_bounds(*move.transform_bounds(*bounds), transform=file.transform)
                left, top = max(int(np.floor(box.col_off)), 0), max(int(np.floor(box.row_off)), 0)
                right = min(int(np.ceil(box.col_off + box.width)), file.width)
                bottom = min(int(np.ceil(box.row_off + box.height)), file.height)
                if right <= left or bottom <= top:
                    raise PlanError("siting.nobody", file=path.name)
                if (right - left) * (bottom - top) > _MOST_CELLS:
                    raise UnreadableFile("siting.raster_too_large", file=path.name, expected=_MOST_CELLS)
                parts = []
                for row in range(top, bottom, _ROWS):
                    progress((row - top) / (bottom - top), "siting")
                    end = min(row + _ROWS, bottom)
                    read = file.read(1, window=Window(left, row, right - left, end - row), masked=True)
                    values = np.ma.filled(read.astype(np.float64), 0.0)
                    r, c = np.nonzero(np.isfinite(values) & (values > 0))
                    parts.append((c + left, r + row, values[r, c]))
                transform = file.transform
    except RasterioError as error:
        raise UnreadableFile("siting.unreadable", file=path.name) from error
    columns, rows, persons = (np.concatenate([part[k] for part in parts]) for k in range(3))
    if not len(persons):
        raise PlanError("siting.nobody", file=path.name)
    return columns, rows, persons, own, transform


def _least_block(columns: NDArray[np.int64], rows: NDArray[np.int64], most: int) -> int:
    """The least k for which so many blocks of k × k cells have somebody in them."""
    k = 1
    while len(np.unique((columns // k) * (2**31) + rows // k)) > most:
        k += 1
    return k


def _gathered(
    a: NDArray[np.int64], b: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    _, group = np.unique(np.stack([a, b]), axis=1, return_inverse=True)
    group = group.ravel()
    total = np.bincount(group, weights=weight).astype(np.float64)
    return np.bincount(group, weights=weight * x) / total, np.bincount(group, weights=weight * y) / total, total


def gathered(points: pd.DataFrame, most: int = MOST_POINTS) -> tuple[pd.DataFrame, float]:
    """Points in square blocks, each twice as large as the one before, until there are at most ``most``; and the side of a block [m], 0 where none was needed."""
    if len(points) <= most:
        return points, 0.0
    x, y, weight = (points[name].to_numpy(float) for name in ("x", "y", "weight"))
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1.0)
    side = span / 4096.0
    while True:
        a, b = (np.floor((v - v.min()) / side).astype(np.int64) for v in (x, y))
        if len(np.unique(np.stack([a, b]), axis=1).T) <= most:
            break
        side *= 2.0
    px, py, total = _gathered(a, b, x, y, weight)
    ids = np.array([f"#{i + 1}" for i in range(len(total))], dtype=object)
    return pd.DataFrame({"point_id": ids, "name": "", "weight": total, "x": px, "y": py}), side
