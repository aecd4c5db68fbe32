"""Coordinate systems: metric ones, the meridian's convergence, and guesses for an error message."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Proj, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.exceptions import CRSError, ProjError

from gis.errors import CrsMismatch

Bounds = tuple[float, float, float, float]

# JGD2011 plane-rectangular zones I–XIX.
JAPAN_ZONES = tuple(range(6669, 6688))
GEOGRAPHIC_2D = CRS.from_epsg(6668)
# A projection whose scale is off by more than this is no measure of roofs (web mercator: 20 % in Japan; a zone or UTM: 0.1 %).
_SCALE_TOLERANCE = 0.005


def parse_crs(text: str | int | CRS) -> CRS:
    """The horizontal CRS named by ``"EPSG:6669"``, ``6669`` or WKT.

    Raises
    ------
    CrsMismatch
        ``crs.unknown`` where it is none, or neither projected nor geographic (a height, a local grid).
    """
    try:
        found = CRS.from_user_input(int(text) if isinstance(text, str) and text.strip().isdigit() else text)
    except CRSError as error:
        raise CrsMismatch("crs.unknown", found=str(text)) from error
    flat = horizontal(found)
    if not (flat.is_projected or flat.is_geographic):
        raise CrsMismatch("crs.unknown", found=label(flat))
    return flat


def vertical_unit(crs: CRS) -> float:
    """Metres in a unit of the heights that a compound CRS speaks of; 1 where it speaks of none."""
    part = next((part for part in crs.sub_crs_list if part.is_vertical), None)
    return float(part.axis_info[0].unit_conversion_factor) if part is not None and part.axis_info else 1.0


def height_name(crs: CRS) -> str | None:
    """What a CRS measures heights from: the EPSG code of its vertical part, or that part's name; None where it speaks of no heights."""
    parts = crs.sub_crs_list if crs.is_compound else [crs]
    part = next((part for part in parts if part.is_vertical), None)
    if part is None:
        return None
    code = part.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else part.name


def on_earth(crs: CRS, x: float, y: float) -> bool:
    """Whether coordinates are any place at all: degrees taken as metres, or metres as degrees, are mostly none."""
    try:
        lon, lat = to_lonlat(crs, x, y)
    except ProjError:
        return False
    return (
        math.isfinite(lon)
        and math.isfinite(lat)
        and abs(lat) <= 90.0
        and abs(x) <= (360.0 if crs.is_geographic else 1e8)
    )


def horizontal(crs: CRS) -> CRS:
    """The horizontal part of a compound CRS."""
    if crs.is_compound:
        return next((part for part in crs.sub_crs_list if not part.is_vertical), crs)
    return crs


def label(crs: CRS) -> str:
    """``EPSG:6669`` where it has a code, else its name."""
    code = horizontal(crs).to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else horizontal(crs).name


def to_lonlat(crs: CRS, x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude [deg] of a point (JGD2011; ITRF within the DSM's error elsewhere)."""
    lon, lat = Transformer.from_crs(horizontal(crs), GEOGRAPHIC_2D, always_xy=True).transform(x, y)
    return float(lon), float(lat)


def meridian_convergence(crs: CRS, x: float, y: float) -> float:
    """Azimuth of grid north [deg clockwise from true north] at a point.

    True azimuth = grid azimuth + convergence. 0.1° of it turns a skyline by a third of a cell at 200 m.
    """
    return float(meridian_convergences(crs, np.array([x]), np.array([y]))[0])


def meridian_convergences(crs: CRS, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """As :func:`meridian_convergence`, of many points."""
    if x.size == 0:
        return np.zeros(0)
    lon, lat = Transformer.from_crs(horizontal(crs), horizontal(crs).geodetic_crs, always_xy=True).transform(x, y)
    return np.asarray(Proj(horizontal(crs)).get_factors(lon, lat).meridian_convergence, dtype=np.float64)


def measures_metres(crs: CRS, x: float, y: float) -> bool:
    """Whether a metre on this map is a metre on the ground at the point."""
    flat = horizontal(crs)
    if not flat.is_projected or any(abs(axis.unit_conversion_factor - 1.0) > 1e-9 for axis in flat.axis_info[:2]):
        return False
    lon, lat = Transformer.from_crs(flat, flat.geodetic_crs, always_xy=True).transform(x, y)
    factors = Proj(flat).get_factors(lon, lat)
    return bool(
        abs(factors.meridional_scale - 1.0) < _SCALE_TOLERANCE and abs(factors.parallel_scale - 1.0) < _SCALE_TOLERANCE
    )


def utm_at(lon: float, lat: float) -> CRS:
    """The UTM zone (WGS 84) of a place; for surfaces that come without a metric CRS and a profile without a zone."""
    area = AreaOfInterest(lon, lat, lon, lat)
    return CRS.from_epsg(int(query_utm_crs_info(datum_name="WGS 84", area_of_interest=area)[0].code))


def overlap(a: Bounds, b: Bounds) -> bool:
    """Whether two boxes (west, south, east, north) share any ground."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def swapped(bounds: Bounds) -> Bounds:
    """The same box with its axes exchanged."""
    return bounds[1], bounds[0], bounds[3], bounds[2]


def likely_crs(bounds: Bounds, target: CRS, target_bounds: Bounds) -> str | None:
    """Which well-known CRS would bring a layer onto the target; for the error message only."""
    candidates: Iterable[int] = (6668, 3857, *JAPAN_ZONES)
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    for code in candidates:
        move = Transformer.from_crs(CRS.from_epsg(code), horizontal(target), always_xy=True)
        x, y = move.transform(*centre)
        if target_bounds[0] <= x <= target_bounds[2] and target_bounds[1] <= y <= target_bounds[3]:
            return f"EPSG:{code}"
    return None
