"""Where the facilities are: degrees or plane coordinates of a ledger as points in the project's coordinate system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]

# JGD2011, JGD2000 and WGS84 agree within a metre or two, which a facility's point cannot tell.
WGS84 = CRS.from_epsg(4326)
TOKYO = CRS.from_epsg(4301)

# Further than this from the project's area a point is more likely wrong than far.
FAR_M = 50_000.0
# Within this of the surface's rectangle a facility counts as lying on it: points stand at gates and on streets.
NEAR_M = 200.0
# Degrees by which a point may lie outside the official area of the coordinate system.
_MARGIN_DEG = 1.0


@dataclass(frozen=True)
class Places:
    """Easting and northing [m] of each row (NaN where unknown), and where the two had been exchanged."""

    x: Floats
    y: Floats
    swapped: Bools


def _within(crs: CRS, lon: Floats, lat: Floats) -> Bools:
    """Whether the coordinate system is made for these places; nowhere known is anywhere on the globe."""
    area = crs.area_of_use
    west, south, east, north = area.bounds if area is not None else (-180.0, -90.0, 180.0, 90.0)
    m = _MARGIN_DEG
    return (lon >= west - m) & (lon <= east + m) & (lat >= south - m) & (lat <= north + m)


def transform(source: CRS, target: CRS, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coordinates in ``target``, NaN where the projection has no answer."""
    try:
        tx, ty = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    except ProjError:
        return np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    bad = ~(np.isfinite(tx) & np.isfinite(ty))
    return np.where(bad, np.nan, tx), np.where(bad, np.nan, ty)


def unswapped(lon: Floats, lat: Floats, crs: CRS) -> tuple[Floats, Floats, Bools]:
    """Longitude and latitude the right way round, and where they were not.

    Exchanged are pairs that lie outside the area of ``crs`` as they stand and inside it the other way.
    """
    swapped = ~_within(crs, lon, lat) & _within(crs, lat, lon)
    return np.where(swapped, lat, lon), np.where(swapped, lon, lat), swapped


def from_plane(first: Floats, second: Floats, crs: CRS, area: Box | None, *, official: bool) -> Places:
    """Plane coordinates as easting and northing.

    ``official``: the columns are called X and Y, and mean what ``crs`` calls X and Y: in the Japanese
    plane-rectangular zones X is north and Y is east. Otherwise ``first`` is the easting. Where the project's
    ``area`` is known and only the other way round falls near it, the other way round is taken.
    """
    north_first = official and any(
        axis.abbrev.upper() == "X" and axis.direction.lower() == "north" for axis in crs.axis_info
    )
    x, y = (second, first) if north_first else (first, second)
    swapped = np.zeros(x.shape, dtype=bool)
    if area is not None:
        swapped = (distance_to_box(x, y, area) > FAR_M) & (distance_to_box(y, x, area) <= FAR_M)
    return Places(np.where(swapped, y, x), np.where(swapped, x, y), swapped)


def distance_to_box(x: Floats, y: Floats, box: Box) -> Floats:
    """Distance [m] of points from a rectangle (west, south, east, north); 0 inside, NaN for NaN."""
    west, south, east, north = box
    return np.hypot(np.maximum(np.maximum(west - x, x - east), 0.0), np.maximum(np.maximum(south - y, y - north), 0.0))


def far(x: Floats, y: Floats, crs: CRS, area: Box | None) -> Bools:
    """Which points lie more than :data:`FAR_M` from the project's area.

    Without an ``area`` the middle of the ledger's own points stands for it, and the points must lie
    where the coordinate system is made for.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return np.zeros(x.shape, dtype=bool)
    if area is not None:
        return known & (distance_to_box(x, y, area) > FAR_M)
    middle_x, middle_y = float(np.median(x[known])), float(np.median(y[known]))
    lon, lat = transform(crs, WGS84, x, y)
    return known & ((np.hypot(x - middle_x, y - middle_y) > FAR_M) | ~_within(crs, lon, lat))
