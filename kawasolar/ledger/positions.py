"""Where each row's facility lies, by geometry, degrees or plane coordinates, with findings; see :mod:`kawasolar.ledger.places`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import shapely

from gis.findings import Finding
from kawasolar.ledger import layers, places, values
from kawasolar.ledger.cells import converted, name_of
from kawasolar.ledger.vocabulary import vocabulary

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Severity
    from kawasolar.ledger.notes import Notes
    from kawasolar.ledger.rows import Body


def _angles(name: str, body: Body, notes: Notes) -> NDArray[np.float64]:
    found = converted(body.frame[name], values.angle, name, body, notes)
    return np.array([np.nan if cell is None else cell for cell in found], dtype=np.float64)


def positions(
    frame: pd.DataFrame,
    body: Body,
    shapes: gpd.GeoSeries | None,
    crs: CRS,
    area: places.Box | None,
    notes: Notes,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Easting and northing of every row, from the geometry, else from degrees, else from plane coordinates."""
    raw = body.frame
    x = np.full(len(raw), np.nan)
    y = x.copy()
    if shapes is not None:
        x, y = _from_geometry(shapes, body, crs, notes)
    has_degrees = {"latitude", "longitude"} <= set(raw)
    if has_degrees:
        lon, lat = _degrees(body, crs, notes)
        frame["latitude"], frame["longitude"] = lat, lon
        source = _datum(body, notes)
        gx, gy = places.transform(source, crs, lon, lat)
        empty = np.isnan(x)
        x, y = np.where(empty, gx, x), np.where(empty, gy, y)
    if np.isnan(x).any():
        for first, second, official in (("axis_x", "axis_y", True), ("easting", "northing", False)):
            if {first, second} <= set(raw):
                px, py = _from_plane(first, second, body, crs, area, notes, official=official)
                empty = np.isnan(x)
                x, y = np.where(empty, px, x), np.where(empty, py, y)
    if not has_degrees and np.isfinite(x).any():
        frame["longitude"], frame["latitude"] = places.transform(crs, places.WGS84, x, y)
    _report_places(x, y, body, crs, area, notes)
    return x, y


def _report_places(
    x: NDArray[np.float64], y: NDArray[np.float64], body: Body, crs: CRS, area: places.Box | None, notes: Notes
) -> None:
    _report_area(x, y, area, notes)
    for index in np.flatnonzero(places.far(x, y, crs, area)).tolist():
        notes.cell("ledger.far", int(body.numbers[index]), None, name_of(body, index), item=name_of(body, index))
    nowhere = np.flatnonzero(np.isnan(x)).tolist()
    if nowhere:
        examples = ", ".join(name_of(body, index)[:40] for index in nowhere[:5])
        row = int(body.numbers[nowhere[0]])
        notes.once("ledger.no_place", "info", row=row, found=examples, count=len(nowhere))
        for index in nowhere if notes.whole else ():
            notes.cell("ledger.no_place_row", int(body.numbers[index]), None, name_of(body, index), severity="info")


def _report_area(x: NDArray[np.float64], y: NDArray[np.float64], area: places.Box | None, notes: Notes) -> None:
    """Before all that follows from it: that most of the ledger lies beside the surface."""
    known = int(np.isfinite(x).sum())
    if area is None or not known:
        return
    near = int((places.distance_to_box(x, y, area) <= places.NEAR_M).sum())
    if 2 * near >= known:
        return
    code, severity = ("ledger.few_near", "warning") if near else ("ledger.none_near", "error")
    details: dict[str, object] = {"count": known, "near": near}
    notes.first(Finding(code, cast("Severity", severity), notes.source, found=f"{near:,}", details=details))


def _from_geometry(
    shapes: gpd.GeoSeries, body: Body, crs: CRS, notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inside = layers.points(shapes)
    x, y = shapely.get_x(inside.array), shapely.get_y(inside.array)
    source = shapes.crs or crs
    if source.is_geographic:
        x, y, swapped = places.unswapped(x, y, crs)
        _report_swapped(swapped, None, body, notes)
    return places.transform(source, crs, x, y)


def _report_swapped(swapped: NDArray[np.bool_], column: str | None, body: Body, notes: Notes) -> None:
    for index in np.flatnonzero(swapped).tolist():
        notes.cell("ledger.swapped", int(body.numbers[index]), column, name_of(body, index), item=name_of(body, index))


def _degrees(body: Body, crs: CRS, notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude, exchanged ones mended; a pair with a value that cannot be is missing as a whole."""
    lat, lon = _angles("latitude", body, notes), _angles("longitude", body, notes)
    lon, lat, swapped = places.unswapped(lon, lat, crs)
    _report_swapped(swapped, body.columns["latitude"].heading, body, notes)
    ranges = vocabulary().ranges
    bad = np.zeros(lat.shape, dtype=bool)
    for name, found in (("latitude", lat), ("longitude", lon)):
        low, high = ranges[name]
        outside = (found < low) | (found > high)
        for index in np.flatnonzero(outside):
            cell, row = body.frame[name].iloc[index], int(body.numbers[index])
            notes.cell("ledger.out_of_range", row, body.columns[name].heading, cell, expected=f"{low:g}…{high:g}")
        bad |= outside
    bad |= (lat == 0.0) & (lon == 0.0)
    lat[bad], lon[bad] = np.nan, np.nan
    return lon, lat


def _datum(body: Body, notes: Notes) -> CRS:
    """WGS84 (with which JGD2011 agrees) unless the heading says the old Japanese datum, 400 m beside it."""
    heading = body.columns["latitude"].heading
    if "日本測地系" in heading or "tokyo" in heading.casefold():
        notes.once("ledger.tokyo_datum", "warning", column=heading)
        return places.TOKYO
    return places.WGS84


def _from_plane(
    first: str, second: str, body: Body, crs: CRS, area: places.Box | None, notes: Notes, *, official: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = _angles(first, body, notes), _angles(second, body, notes)
    known = np.isfinite(a) & np.isfinite(b)
    if known.any() and np.median(np.abs(a[known])) <= 180 and np.median(np.abs(b[known])) <= 180:
        # Columns called X and Y with degrees in them: x is the longitude, as every GIS writes it.
        lon, lat, swapped = places.unswapped(a, b, crs)
        heading = f"{body.columns[first].heading}, {body.columns[second].heading}"
        notes.once("ledger.degrees_in_xy", "info", column=heading)
        _report_swapped(swapped, body.columns[first].heading, body, notes)
        return places.transform(places.WGS84, crs, lon, lat)
    found = places.from_plane(a, b, crs, area, official=official)
    _report_swapped(found.swapped, body.columns[first].heading, body, notes)
    return found.x, found.y
