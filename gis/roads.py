"""Roads from a vector file, and points at a driver's eyes along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj.exceptions import ProjError
from scipy.ndimage import minimum_filter

from gis.crs import horizontal, parse_crs
from gis.drivers import check_vector
from gis.errors import CrsMissing, UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.crs import Bounds

_NAMES = ("name", "名称", "路線名", "道路名", "rdnm", "ref", "id")
_MOST = 200_000
# A box is bent by another projection: so much more is read around it [share of its size].
_WIDER = 0.1
# Half of what a car or the crown of a small tree covers of a road [m].
_VEHICLE = 2.5


def read_roads(path: Path, target: CRS, bounds: Bounds | None, *, crs: str | None = None) -> gpd.GeoDataFrame:
    """Roads within some bounds, cut to them; all of them with None.

    Parameters
    ----------
    target : CRS of ``bounds`` and of the result
    bounds : west, south, east, north
    crs : what the coordinates are, where the file does not say

    Returns
    -------
    ``name`` (empty where the file has none) and ``geometry``: centre lines, or the carriageway as an area

    Raises
    ------
    UnreadableFile
        ``roads.missing``, ``roads.unreadable``, ``roads.too_many``, ``roads.no_lines``
    CrsMissing
        ``roads.no_crs``
    """
    if not path.is_file():
        raise UnreadableFile("roads.missing", file=str(path))
    check_vector(path)
    try:
        own = pyogrio.read_info(path)["crs"]
        if own is None and crs is None:
            raise CrsMissing("roads.no_crs", file=path.name)
        source = parse_crs(str(own if own is not None else crs))
        around = None if bounds is None else _around(bounds, target, source)
        found = pyogrio.read_dataframe(path, bbox=around, max_features=_MOST + 1, on_invalid="ignore")
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, shapely.errors.GEOSException, UnicodeDecodeError, ProjError, ValueError) as error:  # fmt: skip
        raise UnreadableFile("roads.unreadable", file=path.name) from error
    if len(found) > _MOST:
        raise UnreadableFile("roads.too_many", file=path.name, found=_MOST, expected=_MOST)
    moved = gpd.GeoSeries(shapely.force_2d(found.geometry.to_numpy()), crs=source).to_crs(target).to_numpy()
    finite = np.isfinite(shapely.bounds(moved)).all(axis=1)
    usable = finite & np.isin(shapely.get_type_id(moved), (1, 2, 3, 5, 6))
    if len(found) and not usable.any():
        raise UnreadableFile("roads.no_lines", file=path.name)
    column = next((name for name in found.columns if str(name).lower() in _NAMES), None)
    names = found[column].astype("object") if column is not None else pd.Series("", index=found.index, dtype=object)
    texts = names.where(names.notna(), "").map(lambda value: str(value).strip())[usable]
    cut = shapely.make_valid(moved[usable])
    if bounds is not None:
        cut = shapely.clip_by_rect(cut, *bounds)
    frame = gpd.GeoDataFrame({"name": texts.to_numpy(object)}, geometry=cut, crs=target)
    return frame[~frame.geometry.is_empty].reset_index(drop=True)


def _around(bounds: Bounds, target: CRS, source: CRS) -> Bounds:
    from pyproj import Transformer

    west, south, east, north = bounds
    wide = _WIDER * max(east - west, north - south)
    move = Transformer.from_crs(horizontal(target), horizontal(source), always_xy=True)
    box = move.transform_bounds(west - wide, south - wide, east + wide, north + wide)
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def road_points(
    roads: NDArray[np.object_], spacing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Points along roads, and the ways in which people drive there.

    A line is driven both ways: each of its points stands twice. An area's points stand on its rim, and people there look in any direction.

    Parameters
    ----------
    roads : lines and polygons, single or multiple, in metres
    spacing : farthest from point to point [m]

    Returns
    -------
    points (n, 2), unit vectors of driving (n, 2) with NaN where any direction counts, index of the road (n,)
    """
    points, ways, index = [np.zeros((0, 2))], [np.zeros((0, 2))], [np.zeros(0, np.int64)]
    parts, owner = shapely.get_parts(roads, return_index=True)
    for part, road in zip(parts, owner, strict=True):
        area = part.geom_type == "Polygon"
        line = part.exterior if area else part
        if line.geom_type not in ("LineString", "LinearRing") or line.length <= 0:
            continue
        count = int(np.ceil(line.length / spacing))
        along = (np.arange(count) + 0.5) * line.length / count
        here = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
        if area:
            points.append(here)
            ways.append(np.full((count, 2), np.nan))
        else:
            step = min(0.5, 0.25 * line.length / count)
            ahead, back = (
                shapely.get_coordinates(shapely.line_interpolate_point(line, along + s)) for s in (step, -step)
            )
            way = (ahead - back) / np.maximum(np.linalg.norm(ahead - back, axis=1, keepdims=True), 1e-12)
            points.append(np.concatenate([here, here]))
            ways.append(np.concatenate([way, -way]))
        index.append(np.full(len(points[-1]), road, np.int64))
    return np.concatenate(points), np.concatenate(ways), np.concatenate(index)


def outside(points: NDArray[np.float64], buildings: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which points (n, 2) lie in the outline of no building."""
    free = np.ones(len(points), np.bool_)
    free[buildings.sindex.query(shapely.points(points), predicate="intersects")[0]] = False
    return free


def without_vehicles(z: NDArray[np.float32], cell: float) -> NDArray[np.float32]:
    """A surface less what stands on a road: of each cell the lowest within 2.5 m to each side.

    Parameters
    ----------
    z : heights [m] by row and column; NaN where unknown
    cell : side of a cell [m]

    Returns
    -------
    as ``z``; NaN where nothing around is known
    """
    side = 1 + 2 * max(1, round(_VEHICLE / cell))
    found = minimum_filter(np.where(np.isfinite(z), z, np.float32(np.inf)), size=side, mode="nearest")
    return np.where(np.isfinite(found), found, np.float32(np.nan)).astype(np.float32)
