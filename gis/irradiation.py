"""Irradiation of cells and planes from their skylines and the sky's table."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.horizon_kernels import degrees_of
from gis.kernels import INNER, kernel
from gis.sky import ELEVATIONS, SkyTable

_LAST = ELEVATIONS - 1
# Skylines are kept in 1/700 of a degree in 16 bits.
SKYLINE_SCALE = 700.0
# Cells of a plane that are looked up at a time.
_CHUNK = 512
# Twelve months × east, north, up.
_MONTH_VECTORS = 36


@njit(**INNER)
def _look_up(table: NDArray[np.float64], sector: int, degrees: float, e: float, n: float, u: float) -> float:
    """``normal · table[sector, degrees]``, linear between edges."""
    low = min(int(degrees), _LAST - 1)
    share = degrees - low
    below = e * table[sector, low, 0] + n * table[sector, low, 1] + u * table[sector, low, 2]
    above = e * table[sector, low + 1, 0] + n * table[sector, low + 1, 1] + u * table[sector, low + 1, 2]
    return below + share * (above - below)


@njit(**INNER)
def _own_slope(e: float, n: float, u: float, sin_a: float, cos_a: float) -> float:
    """Tangent of the elevation below which light from an azimuth comes from behind the plane."""
    return -(e * sin_a + n * cos_a) / max(u, 1e-9)


class LightSums(NamedTuple):
    """What has been added up so far, for cells that lie plane by plane.

    Attributes
    ----------
    total : (cells,) kWh/m²
    open_part : (planes,), sum over the plane's cells of the share of a uniform sky that is seen
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
            np.zeros(cells), np.zeros(planes), np.zeros((planes, _MONTH_VECTORS)), np.zeros((kept, sectors), np.uint16)
        )


@kernel
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
    keep : (cells,) row in ``skyline``, −1 = not kept; a plane is kept as a whole
    slopes : tangent of the horizon angle, raveled; the roof cells' at ``index`` (cells,)
    bounds : (planes + 1,) first cell of each plane, and the end
    normals : (planes, 3)
    table, sky : (91, 3) of this sector
    by_month : (91, 36) of this sector
    azimuth : of the sector, degrees from true north
    """
    sin_a, cos_a = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    weights, light, rise = np.zeros(ELEVATIONS), np.empty(ELEVATIONS), np.empty(ELEVATIONS)
    angles = np.empty(_CHUNK, np.float32)
    vectors = by_month.shape[1]  # no constant: a loop of known length is unrolled, and not vectorised
    one = np.uintp(1)
    for plane in range(begin, end):
        e, n, u = normals[plane, 0], normals[plane, 1], normals[plane, 2]
        own = np.float32(max(_own_slope(e, n, u, sin_a, cos_a), 0.0))
        lowest, highest = ELEVATIONS, -1
        # Degree up to which the plane's own table has been made; no cell looks lower than the plane itself.
        known = int(degrees_of(own)) - 1
        for first in range(bounds[plane], bounds[plane + 1], _CHUNK):
            count = min(_CHUNK, bounds[plane + 1] - first)
            for i in range(count):
                angles[np.uintp(i)] = slopes[np.uintp(index[np.uintp(first + i)])]
            if keep[first] >= 0:
                for i in range(count):
                    skyline[keep[first + i], sector] = np.uint16(
                        degrees_of(angles[i]) * np.float32(SKYLINE_SCALE) + np.float32(0.5)
                    )
            for i in range(count):
                angles[i] = degrees_of(max(angles[i], own))
            for i in range(count):
                degrees = angles[np.uintp(i)]
                low = min(int(degrees), _LAST - 1)
                if low >= known:
                    for degree in range(max(known, 0), low + 2):
                        light[degree] = e * table[degree, 0] + n * table[degree, 1] + u * table[degree, 2]
                    for degree in range(max(known, 0), low + 1):
                        rise[degree] = light[degree + 1] - light[degree]
                    known = low + 1
                at = np.uintp(low)
                share = np.float64(degrees) - low
                total[np.uintp(first + i)] += light[at] + share * rise[at]
                weights[at] += 1.0 - share
                weights[at + one] += share
                lowest, highest = min(lowest, low), max(highest, low + 1)
        for degree in range(lowest, highest + 1):
            weight = weights[degree]
            if weight != 0.0:
                weights[degree] = 0.0
                open_part[plane] += weight * (e * sky[degree, 0] + n * sky[degree, 1] + u * sky[degree, 2])
                for k in range(vectors):
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
