"""Administrative areas with their names: the wards of a city, from national or own boundary files."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import horizontal, parse_crs
from gis.drivers import check_vector
from gis.errors import CrsMissing, UnreadableFile
from gis.outlines import column_of, load_polygons, only_polygons

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.crs import Bounds

# The first that has anything in a row is its name: the ward where the file has wards (国土数値情報 N03 from 2024: N03_005, before: N03_004), else the city.
_NAMES = (
    ("ward", "行政区", "区名", "区"), ("n03_005",), ("n03_004",), ("市区町村名", "市区町村", "市町村名", "city_name", "shikuchoson"), ("name", "名称"),
)  # fmt: skip
_CODES = ("n03_007", "行政区域コード", "市区町村コード", "全国地方公共団体コード", "コード", "code")
_MOST = 100_000


@dataclass(frozen=True)
class Wards:
    """Areas, one row a ward: ``name``, ``code`` (empty where the file has none), ``geometry``; and rows of the file without a name or an area."""

    frame: gpd.GeoDataFrame
    left_out: int

    def at(self, points: NDArray[np.object_]) -> NDArray[np.object_]:
        """Name of the ward that holds each point, None where none does or there is no point."""
        names = np.full(len(points), None, dtype=object)
        shapes = self.frame.geometry.to_numpy()
        there = np.flatnonzero(~shapely.is_missing(points) & ~shapely.is_empty(points))
        which, ward = shapely.STRtree(shapes).query(points[there], predicate="intersects")
        # On a border the first in the file.
        for k, w in zip(which[::-1].tolist(), ward[::-1].tolist(), strict=True):
            names[there[k]] = self.frame["name"].iloc[w]
        return names


def read_wards(
    path: Path, target: CRS, *, layer: str | None = None, crs: str | None = None, bounds: Bounds | None = None
) -> Wards:
    """Read areas and put the parts of each together.

    Parameters
    ----------
    target : CRS of the result
    crs : what the coordinates are, where the file does not say
    bounds : west, south, east, north in ``target``; wards that do not meet them are left away

    Raises
    ------
    UnreadableFile
        ``wards.missing``, ``wards.unreadable``, ``wards.no_names``, ``wards.too_many``, ``wards.elsewhere``
    CrsMissing
        ``wards.no_crs``
    """
    if not path.is_file():
        raise UnreadableFile("wards.missing", file=str(path))
    check_vector(path, "wards.unreadable")
    try:
        raw = load_polygons(path, layer)
    except UnreadableFile as error:
        raise UnreadableFile("wards.unreadable", file=path.name) from error
    if len(raw) > _MOST:
        raise UnreadableFile("wards.too_many", file=path.name, found=len(raw), expected=_MOST)
    if raw.crs is None and crs is None:
        raise CrsMissing("wards.no_crs", file=path.name)
    names = _names(raw)
    if names is None:
        raise UnreadableFile("wards.no_names", file=path.name, found=", ".join(map(str, raw.columns[:12])))
    code = column_of(raw, _CODES)
    codes = _texts(raw[code]) if code is not None else pd.Series("", index=raw.index, dtype=object)
    source = horizontal(parse_crs(raw.crs if raw.crs is not None else str(crs)))
    shapes = only_polygons(shapely.make_valid(shapely.force_2d(raw.geometry.to_numpy())))
    moved = gpd.GeoSeries(shapes, crs=source).to_crs(horizontal(target)).to_numpy()
    good = (names != "").to_numpy() & ~shapely.is_missing(moved) & ~shapely.is_empty(moved)
    good &= np.isfinite(shapely.bounds(moved)).all(axis=1)
    frame = _together(names[good], codes[good], moved[good], target)
    if bounds is not None:
        frame = frame[shapely.intersects(frame.geometry.to_numpy(), shapely.box(*bounds))].reset_index(drop=True)
    if not len(frame):
        raise UnreadableFile("wards.elsewhere", file=path.name)
    return Wards(frame, int((~good).sum()))


def _together(names: pd.Series, codes: pd.Series, shapes: NDArray[np.object_], target: CRS) -> gpd.GeoDataFrame:
    """One row a ward: parts of the same name and code are one area. Two cities may have wards of the same name."""
    keys = list(zip(names.tolist(), codes.tolist(), strict=True))
    rows = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    owner = np.array([rows[key] for key in keys], dtype=np.int64)
    areas = [only_polygons(np.array([shapely.union_all(shapes[owner == k])]))[0] for k in range(len(rows))]
    return gpd.GeoDataFrame(
        {"name": [key[0] for key in rows], "code": [key[1] for key in rows]},
        geometry=np.array(areas, dtype=object),
        crs=target,
    )


def _names(raw: gpd.GeoDataFrame) -> pd.Series | None:
    """Name of each row; None where no column is called as one of names is."""
    found: pd.Series | None = None
    for group in _NAMES:
        column = column_of(raw, group)
        if column is not None:
            texts = _texts(raw[column])
            found = texts if found is None else found.where(found != "", texts)
    return found


def _texts(values: pd.Series) -> pd.Series:
    """Texts as they are compared: full width as half, no blanks around; empty where there is none."""
    return values.map(_text).astype(object)


def _text(value: object) -> str:
    return "" if pd.isna(value) else unicodedata.normalize("NFKC", str(value)).strip()  # type: ignore[call-overload]
