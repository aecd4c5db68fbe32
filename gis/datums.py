"""The older Japanese datums: named, told, and looked for where nobody names them; and degrees in the other order.

Tokyo Datum (旧日本測地系) lies some 450 m to the north-west of the present one. Without the GSI's grid of parameters (TKY2JGD), which is no part of PROJ, PROJ
brings it over by three parameters for the whole country, right to some metres (EPSG: 9 m). JGD2000 is taken as JGD2011, from which it differs by what the
earthquake of 2011 moved: some 5 m at the Oshika peninsula, 0.3 m in Tokyo, nothing in the west.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer
from pyproj.transformer import TransformerGroup

from gis.crs import horizontal, label
from gis.findings import Finding
from gis.left_out import mesh_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.crs import Bounds

TOKYO, JGD2000, JGD2011 = 4301, 4612, 6668
_NAMES = {"Tokyo": TOKYO, "Tokyo 1892": TOKYO, "Japanese Geodetic Datum 2000": JGD2000}
# South, north, west, east [deg] of Japan: a latitude there is never a longitude.
JAPAN = (20.0, 46.5, 122.0, 154.5)
# A file whose buildings lie so seldom in the mesh of its name, but so often if they are taken to be of Tokyo Datum, is of that.
_SELDOM, _OFTEN, _LEAST = 0.9, 0.98, 10
# The ground of a mesh ends at its sides, to a triangle's length [deg].
_FILLS = 0.0012
# Buildings belong to one mesh and may reach into the next [deg]: a hundred metres.
_MARGIN = 0.001


def old_datum(crs: CRS) -> int | None:
    """EPSG code of the geographic system of an older datum; None for the present one, and for those of other countries."""
    geodetic = horizontal(crs).geodetic_crs
    datum = geodetic.datum if geodetic is not None else None
    return None if datum is None else _NAMES.get(datum.name)


def told_of(crs: CRS, source: str) -> list[Finding]:
    """What is to be said of a file in this system: nothing of the present datum."""
    old = old_datum(crs)
    if old is None:
        return []
    if old == JGD2000:
        return [Finding("datum.jgd2000", "info", source, found=label(crs))]
    return [Finding("datum.tokyo", "warning", source, found=label(crs), details={"accuracy": tokyo_accuracy()})]


@cache
def tokyo_accuracy() -> float:
    """How exactly Tokyo Datum is brought over here [m]: by a grid if PROJ has one, else by three parameters."""
    with warnings.catch_warnings():
        # It says that the grid is not there.
        warnings.simplefilter("ignore")
        best = TransformerGroup(TOKYO, JGD2000, always_xy=True).transformers[0]
    return float(best.accuracy)


def exchanged(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a latitude and a longitude in Japan can only be the other way round."""
    south, north, west, east = JAPAN
    return (first >= west) & (first <= east) & (second >= south) & (second <= north)


def looks_like_tokyo(lat: NDArray[np.float64], lon: NDArray[np.float64], mesh: str) -> bool:
    """Whether buildings of a mesh lie as if their coordinates were of Tokyo Datum, though the file says that they are not."""
    if len(lat) < _LEAST:
        return False
    moved_lon, moved_lat = _from_tokyo().transform(lon, lat)
    return _share(lat, lon, mesh) < _SELDOM and _share(np.asarray(moved_lat), np.asarray(moved_lon), mesh) > _OFTEN


def covers_as_tokyo(box: Bounds, mesh: str) -> bool:
    """Whether what ought to fill a mesh, west to north [deg], fills it only if its coordinates are taken to be of Tokyo Datum."""
    lon, lat = _from_tokyo().transform([box[0], box[2]], [box[1], box[3]])
    moved = (lon[0], lat[0], lon[1], lat[1])
    return _off(moved, mesh) < _FILLS and _off(box, mesh) > 2.0 * _FILLS


def _off(box: Bounds, mesh: str) -> float:
    """By how much the sides of a box lie beside those of a mesh at most [deg]."""
    return max(abs(ours - its) for ours, its in zip(box, mesh_bounds(mesh), strict=True))


@cache
def _from_tokyo() -> Transformer:
    return Transformer.from_crs(TOKYO, JGD2000, always_xy=True)


def _share(lat: NDArray[np.float64], lon: NDArray[np.float64], mesh: str) -> float:
    west, south, east, north = mesh_bounds(mesh)
    m = _MARGIN
    inside = (lon > west - m) & (lon < east + m) & (lat > south - m) & (lat < north + m)
    return float(np.mean(inside))
