"""Irradiation of cells and planes from their skylines and the sky's table."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from gis.sky import ELEVATIONS, SkyTable

_LAST = ELEVATIONS - 1
# Degrees of a slope s at s / (1 + s): an arc tangent by table, right to 1e-5 degrees.
_STEPS = 4096
_ANGLES = np.degrees(np.arctan(np.arange(_STEPS) / (_STEPS - np.arange(_STEPS, dtype=np.float64))))
_ANGLES = np.append(_ANGLES, [90.0, 90.0])
# Skylines are kept in 1/700 of a degree in 16 bits.
SKYLINE_SCALE = 700.0


@njit(nogil=True, cache=True, inline="always")
def _look_up(table: NDArray[np.float64], sector: int, degrees: float, e: float, n: float, u: float) -> float:
    """``normal · table[sector, degrees]``, linear between edges."""
    low = min(int(degrees), _LAST - 1)
    share = degrees - low
    below = e * table[sector, low, 0] + n * table[sector, low, 1] + u * table[sector, low, 2]
    above = e * table[sector, low + 1, 0] + n * table[sector, low + 1, 1] + u * table[sector, low + 1, 2]
    return below + share * (above - below)


@njit(nogil=True, cache=True, inline="always")
def _degrees(slope: float) -> float:
    """Arc tangent of a slope ≥ 0 in degrees."""
    place = slope / (1.0 + slope) * _STEPS
    low = int(place)
    return _ANGLES[low] + (place - low) * (_ANGLES[low + 1] - _ANGLES[low])


@njit(nogil=True, cache=True, inline="always")
def _own_slope(e: float, n: float, u: float, sin_a: float, cos_a: float) -> float:
    """Tangent of the elevation below which light from an azimuth comes from behind the plane."""
    return -(e * sin_a + n * cos_a) / max(u, 1e-9)


@njit(nogil=True, cache=True, parallel=True)
def add_sector(
    total: NDArray[np.float64],
    open_part: NDArray[np.float64],
    skyline: NDArray[np.uint16],
    keep: NDArray[np.int64],
    slopes: NDArray[np.float32],
    index: NDArray[np.int64],
    plane: NDArray[np.int32],
    normals: NDArray[np.float64],
    table: NDArray[np.float64],
    sky: NDArray[np.float64],
    sector: int,
    azimuth: float,
) -> None:
    """Add one sector's light to each roof cell.

    Parameters
    ----------
    total, open_part : (cells,) kWh/m² so far, and the share of a uniform sky that is seen
    skyline : uint16 (kept cells, sectors), 1/700°; row ``keep[cell]``, −1 = not kept
    slopes : tangent of the horizon angle, raveled; the roof cells' at ``index`` (cells,)
    plane : (cells,) row in ``normals`` (planes, 3)
    table, sky : (sectors, 91, 3)
    azimuth : of the sector, degrees from true north
    """
    sin_a, cos_a = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    for cell in prange(total.shape[0]):
        normal = normals[plane[cell]]
        e, n, u = normal[0], normal[1], normal[2]
        slope = float(slopes[index[cell]])
        degrees = _degrees(max(slope, _own_slope(e, n, u, sin_a, cos_a), 0.0))
        total[cell] += _look_up(table, sector, degrees, e, n, u)
        open_part[cell] += _look_up(sky, sector, degrees, e, n, u)
        row = keep[cell]
        if row >= 0:
            skyline[row, sector] = np.uint16(_degrees(slope) * SKYLINE_SCALE + 0.5)


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
