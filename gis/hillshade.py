"""Shaded relief of a surface, for looking at; not for irradiation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.progress import Progress, silent

# Rows worked on at once: bounds the memory of a city-wide raster, and the time until a cancel is heard.
_BLOCK_ROWS = 128


def hillshade(
    z: NDArray[np.float32],
    cell: float,
    azimuth: float = 315.0,
    altitude: float = 45.0,
    z_factor: float = 1.0,
    progress: Progress = silent,
) -> NDArray[np.uint8]:
    """Brightness of a surface under one distant light.

    Parameters
    ----------
    z : float32 ``[row, col]``
        Heights [m], row 0 in the north, NaN where there is none.
    cell : float
        Side of a cell [m].
    azimuth, altitude : float
        Where the light comes from [deg]: clockwise from north, and above the horizon.
    z_factor : float
        Exaggeration of heights [-].

    Returns
    -------
    uint8 ``[row, col]``
        0 where there is no height; else ``1 + 254 cos(incidence)``, 1 in attached shadow. Flat ground
        gives ``1 + 254 sin(altitude)``.

    Notes
    -----
    Gradients after Horn, B. K. P. (1981), Hill shading and the reflectance map, Proc. IEEE 69(1), 14-47,
    doi:10.1109/PROC.1981.11918. Beyond the rim, and in place of a missing neighbour, the cell's own height stands.
    """
    surface = np.asarray(z, dtype=np.float32)
    if surface.ndim != 2:
        raise ValueError(f"a surface has two dimensions, found {surface.ndim}")
    if cell <= 0.0:
        raise ValueError(f"a cell has a positive side, found {cell}")
    light = _direction(azimuth, altitude)
    shade = np.zeros(surface.shape, dtype=np.uint8)
    rows = surface.shape[0]
    for begin in range(0, rows, _BLOCK_ROWS):
        progress(begin / rows, "hillshade")
        end = min(begin + _BLOCK_ROWS, rows)
        shade[begin:end] = _shade(_with_rim(surface, begin, end), z_factor / (8.0 * cell), light)
    progress(1.0, "hillshade")
    return shade


def _direction(azimuth: float, altitude: float) -> tuple[float, float, float]:
    """Unit vector towards the light: east, north, up."""
    a, h = np.radians(azimuth), np.radians(altitude)
    return float(np.sin(a) * np.cos(h)), float(np.cos(a) * np.cos(h)), float(np.sin(h))


def _with_rim(surface: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
    """The rows ``begin:end`` and one cell around them; the raster's own rim is repeated."""
    rows = surface.shape[0]
    block = surface[max(begin - 1, 0) : min(end + 1, rows)]
    return np.pad(block, ((int(begin == 0), int(end == rows)), (1, 1)), mode="edge")


def _shade(block: NDArray[np.float32], scale: float, light: tuple[float, float, float]) -> NDArray[np.uint8]:
    """Brightness of the inner cells of a block that carries its rim."""
    centre = block[1:-1, 1:-1]
    rows, cols = centre.shape

    def near(down: int, right: int) -> NDArray[np.float32]:
        there = block[1 + down : 1 + down + rows, 1 + right : 1 + right + cols]
        return np.where(np.isnan(there), centre, there)

    # Horn's weights: 1 2 1 across the direction of the difference, which spans two cells.
    nw, n, ne = near(-1, -1), near(-1, 0), near(-1, 1)
    w, e = near(0, -1), near(0, 1)
    sw, s, se = near(1, -1), near(1, 0), near(1, 1)
    rise_east = ((ne + 2.0 * e + se) - (nw + 2.0 * w + sw)) * np.float32(scale)
    rise_north = ((nw + 2.0 * n + ne) - (sw + 2.0 * s + se)) * np.float32(scale)
    # The surface's normal is (-dz/de, -dz/dn, 1), not yet of unit length.
    east, north, up = (np.float32(part) for part in light)
    lit = (up - east * rise_east - north * rise_north) / np.sqrt(1.0 + rise_east**2 + rise_north**2)
    shade = np.rint(1.0 + 254.0 * np.clip(np.nan_to_num(lit), 0.0, 1.0))
    return np.where(np.isnan(centre), 0, shade).astype(np.uint8)
