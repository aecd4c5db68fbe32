"""Irradiation of cells and planes from their skylines and the sky's table."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.sky import ELEVATIONS, SkyTable

_LAST = ELEVATIONS - 1
# Degrees of a slope s at s / (1 + s): an arc tangent by table, right to 1e-5 degrees.
_STEPS = 4096
_ANGLES = np.degrees(np.arctan(np.arange(_STEPS) / (_STEPS - np.arange(_STEPS, dtype=np.float64))))
_ANGLES = np.append(_ANGLES, [90.0, 90.0])
# Skylines are kept in 1/700 of a degree in 16 bits.
SKYLINE_SCALE = 700.0
# Twelve months × east, north, up.
_MONTH_VECTORS = 36


@njit(nogil=True)
def _look_up(table: NDArray[np.float64], sector: int, degrees: float, e: float, n: float, u: float) -> float:
    """``normal · table[sector, degrees]``, linear between edges."""
    low = min(int(degrees), _LAST - 1)
    share = degrees - low
    below = e * table[sector, low, 0] + n * table[sector, low, 1] + u * table[sector, low, 2]
    above = e * table[sector, low + 1, 0] + n * table[sector, low + 1, 1] + u * table[sector, low + 1, 2]
    return below + share * (above - below)


@njit(nogil=True)
def _degrees(slope: float) -> float:
    """Arc tangent of a slope ≥ 0 in degrees."""
    place = slope / (1.0 + slope) * _STEPS
    low = int(place)
    return _ANGLES[low] + (place - low) * (_ANGLES[low + 1] - _ANGLES[low])


@njit(nogil=True)
def _own_slope(e: float, n: float, u: float, sin_a: float, cos_a: float) -> float:
    """Tangent of the elevation below which light from an azimuth comes from behind the plane."""
    return -(e * sin_a + n * cos_a) / max(u, 1e-9)


class LightSums(NamedTuple):
    """What has been added up so far, for cells that lie plane by plane.

    Attributes
    ----------
    total, open_part : (cells,) kWh/m², and the share of a uniform sky that is seen
    months : (planes, 36), sums over the plane's cells of the months' vectors (month × direction) [kWh/m²]
    skyline : uint16 (kept cells, sectors), 1/700°
    """

    total: NDArray[np.float64]
    open_part: NDArray[np.float64]
    months: NDArray[np.float64]
    skyline: NDArray[np.uint16]

    @classmethod
    def zeros(cls, cells: int, planes: int, kept: int, sectors: int) -> LightSums:
        return cls(
            np.zeros(cells), np.zeros(cells), np.zeros((planes, _MONTH_VECTORS)), np.zeros((kept, sectors), np.uint16)
        )


@njit(nogil=True, cache=True, error_model="numpy")
def add_sector(
    begin: int,
    end: int,
    total: NDArray[np.float64],
    open_part: NDArray[np.float64],
    months: NDArray[np.float64],
    skyline: NDArray[np.uint16],
    keep: NDArray[np.int64],
    slopes: NDArray[np.float32],
    index: NDArray[np.int64],
    bounds: NDArray[np.int64],
    normals: NDArray[np.float64],
    table: NDArray[np.float64],
    sky: NDArray[np.float64],
    by_month: NDArray[np.float64],
    sector: int,
    azimuth: float,
) -> None:  # pragma: no cover - compiled
    """Add one sector's light to the cells of the planes ``begin`` … ``end``.

    A look-up is linear between whole degrees, so that a plane's month is exact from the weights with which its cells look at each degree: one
    multiplication of a vector for each degree that occurs, not one look-up for each cell and month.

    Parameters
    ----------
    total, open_part, months, skyline : as in :class:`LightSums`
    keep : (cells,) row in ``skyline``, −1 = not kept
    slopes : tangent of the horizon angle, raveled; the roof cells' at ``index`` (cells,)
    bounds : (planes + 1,) first cell of each plane, and the end
    normals : (planes, 3)
    table, sky : (91, 3) of this sector
    by_month : (91, 36) of this sector
    azimuth : of the sector, degrees from true north
    """
    sin_a, cos_a = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    weights = np.zeros(ELEVATIONS)
    light, seen = np.empty(ELEVATIONS), np.empty(ELEVATIONS)
    for plane in range(begin, end):
        e, n, u = normals[plane, 0], normals[plane, 1], normals[plane, 2]
        own = max(_own_slope(e, n, u, sin_a, cos_a), 0.0)
        lowest, highest = ELEVATIONS, -1
        known = -1  # degrees up to which the plane's own table has been made
        for cell in range(bounds[plane], bounds[plane + 1]):
            slope = float(slopes[index[cell]])
            row = keep[cell]
            if row >= 0:
                skyline[row, sector] = np.uint16(_degrees(slope) * SKYLINE_SCALE + 0.5)
            degrees = _degrees(max(slope, own))
            low = min(int(degrees), _LAST - 1)
            share = degrees - low
            while known <= low:
                known += 1
                light[known] = e * table[known, 0] + n * table[known, 1] + u * table[known, 2]
                seen[known] = e * sky[known, 0] + n * sky[known, 1] + u * sky[known, 2]
            total[cell] += light[low] + share * (light[low + 1] - light[low])
            open_part[cell] += seen[low] + share * (seen[low + 1] - seen[low])
            weights[low] += 1.0 - share
            weights[low + 1] += share
            lowest, highest = min(lowest, low), max(highest, low + 1)
        for degree in range(lowest, highest + 1):
            weight = weights[degree]
            if weight != 0.0:
                weights[degree] = 0.0
                for k in range(_MONTH_VECTORS):
                    months[plane, k] += weight * by_month[degree, k]


@njit(nogil=True, cache=True)
def _on_planes(
    table: NDArray[np.float64],
    azimuths: NDArray[np.float64],
    skyline: NDArray[np.float64],
    normals: NDArray[np.float64],
) -> NDArray[np.float64]:
    out = np.zeros(normals.shape[0])
    for k in range(normals.shape[0]):
        e, n, u = normals[k, 0], normals[k, 1], normals[k, 2]
        for a in range(len(azimuths)):
            radians = math.radians(azimuths[a])
            own = math.degrees(math.atan(_own_slope(e, n, u, math.sin(radians), math.cos(radians))))
            out[k] += _look_up(table, a, min(max(own, skyline[k, a], 0.0), 90.0), e, n, u)
    return out


def ground_reflected(table: SkyTable, up: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Yearly light from the ground [kWh/m²] on planes with upward component ``up`` of the normal: GHI × albedo × (1 − cos β)/2."""
    return np.asarray(table.ghi.sum() * table.albedo * (1.0 - np.asarray(up)) / 2.0)


def irradiation(
    table: SkyTable, skyline: NDArray[np.float64], normals: NDArray[np.float64], *, month: int | None = None
) -> NDArray[np.float64]:
    """Irradiation of planes under given skylines.

    Parameters
    ----------
    skyline : (n, n_azimuths), degrees, at the table's azimuths
    normals : (n, 3), unit vectors, east-north-up, looking up
    month : 0…11 for one month, else the year

    Returns
    -------
    (n,) kWh/m², ground reflection included
    """
    vectors = table.year if month is None else table.months[month]
    direct = _on_planes(
        vectors,
        table.azimuths,
        np.ascontiguousarray(skyline, dtype=np.float64),
        np.ascontiguousarray(normals, dtype=np.float64),
    )
    ground = ground_reflected(table, normals[:, 2])
    return direct + (ground if month is None else ground * table.ghi[month] / table.ghi.sum())


def sunlit_fractions(
    skyline: NDArray[np.uint16], plane: NDArray[np.int64], planes: int, weight: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Share of each plane's cells whose skyline lies at or below each whole degree.

    Parameters
    ----------
    skyline : uint16 (cells, sectors), 1/700°
    plane : (cells,) 0 … planes−1
    weight : (cells,) 1 for a cell that counts, 0 for one that does not

    Returns
    -------
    float32 (planes, sectors, 91). A cell between two degrees counts in part for the upper one, so that reading the table linearly is exact for single cells.
    """
    return _sunlit(skyline, plane, planes, weight)


@njit(nogil=True, cache=True)
def _sunlit(
    skyline: NDArray[np.uint16], plane: NDArray[np.int64], planes: int, weight: NDArray[np.float64]
) -> NDArray[np.float32]:
    sectors = skyline.shape[1]
    out = np.zeros((planes, sectors, ELEVATIONS), dtype=np.float32)
    count = np.zeros(planes)
    for cell in range(skyline.shape[0]):
        if weight[cell] <= 0.0:
            continue
        row = plane[cell]
        count[row] += weight[cell]
        for a in range(sectors):
            degrees = skyline[cell, a] / SKYLINE_SCALE
            edge = min(math.ceil(degrees), _LAST)
            out[row, a, edge] += weight[cell]
    for row in range(planes):
        if count[row] == 0.0:
            continue
        for a in range(sectors):
            running = 0.0
            for e in range(ELEVATIONS):
                running += out[row, a, e] / count[row]
                out[row, a, e] = running
    return out
