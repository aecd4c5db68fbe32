"""Heights of terrain tiles in latitude and longitude at the cell centres of a metric grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from gis.crs import horizontal
from gis.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gis.fgd_dem import DemTile
    from gis.grid import Grid

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

# Finer and better kinds first.
ORDER = ("1A", "5A", "5B", "5C", "10A", "10B")
# Cells of the grid at a time.
_BLOCK = 1 << 17
_CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def dem_on(tiles: Sequence[DemTile], grid: Grid, progress: Progress = silent) -> NDArray[np.float32]:
    """Terrain at the cell centres of a grid.

    Between the centres of four cells of one kind, which may lie in four tiles, heights are bilinear; of those that are not known the others take the weight,
    as long as the nearest of the four is known. What the best kind leaves open the next one fills.

    Parameters
    ----------
    tiles : as :func:`gis.fgd_dem.read_dem_tiles` reads them
    grid : projected

    Returns
    -------
    (rows, cols) float32, heights [m], NaN where no tile knows one

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    out = np.full(grid.shape, np.nan, np.float32)
    groups = _groups(tiles)
    moves = {code: _mover(grid, code) for code in {code for code, _ in groups}}
    rows = max(1, _BLOCK // grid.cols)
    for top in range(0, grid.rows, rows):
        progress(top / grid.rows, "read")
        block = out[top : top + rows]
        # In parts of the width too, where one row is more than a block.
        for left in range(0, grid.cols, _BLOCK):
            _fill(block[:, left : left + _BLOCK], grid, (top, left), groups, moves)
    progress(1.0, "read")
    return out


def _mover(grid: Grid, code: int) -> Transformer:
    return Transformer.from_crs(horizontal(grid.crs), CRS.from_epsg(code), always_xy=True)


def _groups(tiles: Sequence[DemTile]) -> list[tuple[int, list[DemTile]]]:
    """Tiles that join without a seam, with their coordinate system: by kind, newer systems first."""
    keys = sorted({(ORDER.index(tile.kind), -tile.crs) for tile in tiles})
    return [
        (-crs, [tile for tile in tiles if (ORDER.index(tile.kind), -tile.crs) == (rank, crs)]) for rank, crs in keys
    ]


def _fill(
    block: NDArray[np.float32],
    grid: Grid,
    corner: tuple[int, int],
    groups: list[tuple[int, list[DemTile]]],
    moves: dict[int, Transformer],
) -> None:
    """Heights of one block, kind by kind, each where those before knew nothing."""
    x, _ = grid.centre(np.zeros(block.shape[1], np.int64), corner[1] + np.arange(block.shape[1]))
    _, y = grid.centre(corner[0] + np.arange(block.shape[0]), np.zeros(block.shape[0], np.int64))
    places: dict[int, tuple[_Floats, _Floats]] = {}
    for code, tiles in groups:
        row, col = np.nonzero(np.isnan(block))
        if not row.size:
            return
        if code not in places:
            east, north = np.broadcast_arrays(x[None, :], y[:, None])
            lon, lat = moves[code].transform(east, north)
            places[code] = np.asarray(lon), np.asarray(lat)
        lon, lat = places[code]
        block[row, col] = _between(tiles, lon[row, col], lat[row, col])


def _between(tiles: Iterable[DemTile], lon: _Floats, lat: _Floats) -> NDArray[np.float32]:
    """Heights at places, from tiles of one kind: NaN where the nearest cell is not known."""
    first = next(iter(tiles))
    # In cells of the lattice that all tiles of a kind share, rows to the south from the equator; whole numbers are centres.
    across, down = lon / first.step_lon - 0.5, -lat / first.step_lat - 0.5
    # No place is far outside; what the projection cannot reverse is.
    finite = np.isfinite(across) & np.isfinite(down)
    across, down = np.where(finite, across, 0.0), np.where(finite, down, 0.0)
    col, row = np.floor(across).astype(np.int64), np.floor(down).astype(np.int64)
    right, low = across - col, down - row
    sums, weights = np.zeros(lon.size), np.zeros(lon.size)
    nearest = np.zeros(lon.size, np.bool_)
    for south, east in _CORNERS:
        z = _looked_up(tiles, row + south, col + east)
        known = np.isfinite(z)
        weight = (low if south else 1.0 - low) * (right if east else 1.0 - right)
        sums += np.where(known, z * weight, 0.0)
        weights += np.where(known, weight, 0.0)
        nearest |= known & ((low >= 0.5) == bool(south)) & ((right >= 0.5) == bool(east))
    # The nearest of four has a quarter of the weight at least.
    return np.where(nearest & finite, sums / np.where(nearest, weights, 1.0), np.nan).astype(np.float32)


def _looked_up(tiles: Iterable[DemTile], row: _Ints, col: _Ints) -> _Floats:
    """Heights of cells of the lattice; NaN where no tile has them."""
    out = np.full(row.size, np.nan)
    box = row.min(), row.max(), col.min(), col.max()
    for tile in tiles:
        top, left = -round(tile.north / tile.step_lat), round(tile.west / tile.step_lon)
        rows, cols = tile.z.shape
        if box[0] >= top + rows or box[1] < top or box[2] >= left + cols or box[3] < left:
            continue
        inside = np.flatnonzero((row >= top) & (row < top + rows) & (col >= left) & (col < left + cols))
        z = tile.z[row[inside] - top, col[inside] - left]
        # Two tiles of one place differ where one of them ends early.
        known = np.isfinite(z)
        out[inside[known]] = z[known]
    return out
