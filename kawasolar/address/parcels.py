"""Parcels of land (地番) from a layer of polygons, such as the maps of the registry offices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import horizontal, label, overlap, parse_crs
from gis.drivers import check_vector
from gis.errors import CrsMissing, NoOverlap, UnreadableFile
from gis.findings import Finding
from gis.outlines import column_of, load_polygons, only_polygons
from kawasolar.address.book import Entry, Namer
from kawasolar.address.normal import parse_address

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

    from gis.crs import Bounds

_LOT = ("地番", "lot", "lot_number", "chiban", "地番号", "本番")
_WHOLE = ("所在地番", "所在及び地番", "所在地", "住所", "所在", "address", "addr")
_TOWN = ("大字名", "大字", "町名", "町丁名", "大字町丁目名", "town", "oaza")
_CHOME = ("丁目名", "丁目", "chome")
_SMALL = ("小字名", "小字", "字名", "aza", "koaza")
_CITY = ("市区町村名", "市町村名", "city")
# What the readers of outlines say of a file, said of parcels.
_CODES = ("missing", "unreadable", "no_layer", "no_polygons", "many_layers", "too_many", "empty")
# Parcels so far around the surface are kept [m]: a facility's point may lie beside it.
_AROUND = 500.0
_FARTHEST = 1e8


@dataclass(frozen=True)
class Parcels:
    """``frame``: ``lot`` (as written; None where the layer has none), ``town``, ``small``, ``city``, ``geometry`` (valid polygons, project CRS)."""

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]

    def entries(self) -> list[Entry]:
        """The parcels with a number as addresses; their places lie within them."""
        frame = self.frame[self.frame["lot"].notna()]
        points = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
        namer = Namer()
        return [
            namer.entry(city, town, small, lot, x, y, "parcel")
            for city, town, small, lot, (x, y) in zip(
                frame["city"], frame["town"], frame["small"], frame["lot"], points.tolist(), strict=True
            )
        ]


def read_parcels(
    path: Path, target: CRS, *, layer: str | None = None, crs: str | CRS | None = None, bounds: Bounds | None = None
) -> Parcels:
    """Read parcels and bring them to ``target``; those far from ``bounds`` are left out.

    Raises
    ------
    UnreadableFile
        ``parcels.missing``, ``parcels.unreadable``, ``parcels.no_layer``, ``parcels.no_polygons``, ``parcels.many_layers``, ``parcels.too_many``,
        ``parcels.empty``
    CrsMissing
        ``parcels.no_crs``
    NoOverlap
        ``parcels.no_overlap``
    """
    if not path.is_file():
        raise UnreadableFile("parcels.missing", file=str(path))
    try:
        check_vector(path)
        raw = load_polygons(path, layer)
    except UnreadableFile as error:
        code = error.code.partition(".")[2]
        raise UnreadableFile(f"parcels.{code if code in _CODES else 'unreadable'}", **error.details) from error
    if raw.crs is None and crs is None:
        raise CrsMissing("parcels.no_crs", file=path.name)
    own = parse_crs(crs if crs is not None else raw.crs)
    frame = _tidy(raw, own)
    if not horizontal(own).equals(horizontal(target), ignore_axis_order=True):
        frame = frame.to_crs(target)
    frame = frame.set_crs(target, allow_override=True)
    frame = frame[_finite(frame.geometry.to_numpy())]
    if frame.empty:
        raise UnreadableFile("parcels.no_polygons", file=path.name)
    if bounds is not None:
        frame = _near(frame, own, bounds, path)
    findings = []
    if not frame["lot"].notna().any():
        findings.append(Finding("parcels.no_lots", "info", path.name))
    return Parcels(frame.reset_index(drop=True), tuple(findings))


def _tidy(raw: gpd.GeoDataFrame, own: CRS) -> gpd.GeoDataFrame:
    def text(names: tuple[str, ...]) -> pd.Series:
        column = column_of(raw, names)
        if column is None:
            return pd.Series("", index=raw.index, dtype=object)
        values = raw[column]
        if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
            values = values.astype("Int64")
        return values.astype(object).where(values.notna(), "").map(lambda value: str(value).strip()[:200])

    lot, town, chome = text(_LOT), text(_TOWN), text(_CHOME)
    if column_of(raw, _LOT) is None:
        # The number stands at the end of an address.
        whole = text(_WHOLE)
        parsed = [parse_address(value) for value in whole]
        lot = pd.Series(["-".join(each.numbers) for each in parsed], index=raw.index, dtype=object)
        town = pd.Series([each.words for each in parsed], index=raw.index, dtype=object)
    shapes = shapely.force_2d(raw.geometry.to_numpy())
    known = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    known &= _finite(shapes)
    broken = known & ~shapely.is_valid(shapes)
    if broken.any():
        shapes[broken] = only_polygons(shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False))
    known &= np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    columns = {
        "lot": lot.where(lot != "", None), "town": town + chome, "small": text(_SMALL), "city": text(_CITY),
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=own)[known]


def _finite(shapes: np.ndarray) -> np.ndarray:
    ends = shapely.bounds(shapes)
    return np.isfinite(ends).all(axis=1) & (np.abs(ends) < _FARTHEST).all(axis=1)


def _near(frame: gpd.GeoDataFrame, own: CRS, bounds: Bounds, path: Path) -> gpd.GeoDataFrame:
    west, south, east, north = (
        bounds[0] - _AROUND,
        bounds[1] - _AROUND,
        bounds[2] + _AROUND,
        bounds[3] + _AROUND,
    )
    box = shapely.bounds(frame.geometry.to_numpy())
    meets = (box[:, 0] < east) & (box[:, 2] > west) & (box[:, 1] < north) & (box[:, 3] > south)
    whole = tuple(float(value) for value in frame.total_bounds)
    if not meets.any() or not overlap((whole[0], whole[1], whole[2], whole[3]), bounds):
        raise NoOverlap(
            "parcels.no_overlap", file=path.name, crs=label(own), found=", ".join(f"{value:.0f}" for value in whole),
            expected=", ".join(f"{value:.0f}" for value in bounds),
        )  # fmt: skip
    return frame[meets]
