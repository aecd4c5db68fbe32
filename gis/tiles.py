"""A survey by tiles: of a surface far larger than memory, on one machine or many, with no seam.

    surface ──► block maxima of all of it (gis.far)
       └──► tiles: the outlines whose middle lies in one, with what is near around them ──► survey of each ──► one table

A tile surveys the buildings whose middle it holds. Its window goes as far around them as obstacles are seen at full resolution; what lies beyond comes
from the block maxima. The digital lines are those of the whole surface, and neighbours' roofs are found and levelled too where they are close, so that
a roof gets the same wherever the tiles' borders run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.aside import aside
from gis.canopy import Canopy, said_once
from gis.crs import meridian_convergence
from gis.given_places import of_buildings
from gis.grid import Grid
from gis.plane_cells import cells_of_planes
from gis.prepared import Place, convergence_of
from gis.progress import Progress, part, silent
from gis.raster import Surface
from gis.roofs_given import GivenTally
from gis.roofs_polygons import plane_polygons
from gis.survey import Computed, compute, prepare
from gis.survey_tables import Coverage, building_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gis.far import FarField
    from gis.findings import Finding
    from gis.given_roofs import GivenRoofs
    from gis.sky import SkyTable
    from gis.survey import SurveySettings

# Top, bottom, left, right → float32 (rows, cols) of that window of the whole raster.
Reader: TypeAlias = "Callable[[int, int, int, int], NDArray[np.float32]]"
# Where the convergence differs by more than this from the middle to the corners, each tile has its own, in steps of this [deg].
_CONVERGENCE_STEP = 0.1


@dataclass(frozen=True)
class Tiling:
    """How a surface is cut.

    Attributes
    ----------
    tile_m : side of a tile [m]
    near_m : how far around a tile's buildings the surface itself is looked at [m]
    ring_m : how far around them the roofs of others are found and levelled [m]
    most_cells : a tile has no more cells than this: it bounds the memory, about 40 bytes a cell of a tile and what is near around it
    """

    tile_m: float = 3072.0
    near_m: float = 256.0
    ring_m: float = 48.0
    most_cells: int = 12_000_000

    def side(self, cell: float) -> int:
        """Cells along a tile."""
        return max(1, min(round(self.tile_m / cell), int(self.most_cells**0.5)))

    def near(self, cell: float) -> int:
        """Cells around a tile's buildings."""
        return max(1, round(self.near_m / cell))


@dataclass(frozen=True)
class Tile:
    """One piece of the work.

    Attributes
    ----------
    name : ``r003c012``, by row and column of the tile
    own : rows of the outlines that are surveyed here
    ring : rows of those besides whose roofs are found
    top, bottom, left, right : window in the whole raster [cells]
    """

    name: str
    own: NDArray[np.int64]
    ring: NDArray[np.int64]
    top: int
    bottom: int
    left: int
    right: int

    @property
    def cells(self) -> int:
        """Size of the window."""
        return (self.bottom - self.top) * (self.right - self.left)


@dataclass(frozen=True)
class TileResult:
    """What a tile's survey gave; ``row`` numbers the outline in the whole layer, from 0.

    Attributes
    ----------
    planes : one row a plane of the tile's own buildings, in their order: ``row``, ``part`` (1 … within the building), figures as in
        ``docs/nomenclature.md``, and ``geometry`` where it was asked for
    sunlit : float32 (planes in detail, azimuths, 91), and ``detailed`` bool (planes,)
    coverage : of the tile's own outlines, ``row share overlapped``, and of the planes that were given of them ``taken left shift_m``
    """

    name: str
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    detailed: NDArray[np.bool_]
    coverage: pd.DataFrame
    open_sky_kwh_m2: float
    findings: tuple[Finding, ...]
    cut: RasterCut | None = None


@dataclass(frozen=True)
class RasterCut:
    """The tile's own cells of the derived rasters, at a place in the whole.

    ``plane``: 1 … for the rows of the tile's ``planes``, 0 where no plane of its own is; ``irradiation`` [kWh/m² a], anything there.
    """

    top: int
    left: int
    plane: NDArray[np.int32]
    irradiation: NDArray[np.float32]


@dataclass(frozen=True)
class TiledWork:
    """All that the tiles of one survey have in common.

    Attributes
    ----------
    outlines : in the surface's CRS
    detail : ids of the buildings whose planes are kept with their sunlit shares; None = all
    geometry : whether every plane gets its outline, or only those in detail
    near_only : only parts of the surface near the tile's own roofs are swept: for a few roofs among many
    cuts : whether the derived rasters are wanted
    cells : whether planes in detail get their cells (``cell_rules``)
    transmissivity : (12,), of the vegetation, where one is read
    given : roof planes in these outlines, if there are any
    """

    grid: Grid
    outlines: gpd.GeoDataFrame
    sky: SkyTable
    settings: SurveySettings
    tiling: Tiling = field(default_factory=Tiling)
    detail: frozenset[str] | None = None
    keepouts: gpd.GeoDataFrame | None = None
    geometry: bool = True
    near_only: bool = False
    cuts: bool = False
    cells: bool = False
    transmissivity: NDArray[np.float64] | None = None
    given: GivenRoofs | None = None


def tiles_of(
    grid: Grid, outlines: gpd.GeoDataFrame, tiling: Tiling, wanted: NDArray[np.bool_] | None = None
) -> list[Tile]:
    """Cut the work: each outline that meets the raster belongs to the tile that holds the middle of its box.

    Parameters
    ----------
    wanted : bool by outline; the others are surveyed by no tile
    """
    boxes = _cell_boxes(grid, outlines)
    inside = (boxes[:, 1] > 0) & (boxes[:, 0] < grid.rows) & (boxes[:, 3] > 0) & (boxes[:, 2] < grid.cols)
    asked = inside if wanted is None else inside & wanted
    side = tiling.side(grid.cell)
    row = np.clip((boxes[:, 0] + boxes[:, 1]) // 2, 0, grid.rows - 1) // side
    col = np.clip((boxes[:, 2] + boxes[:, 3]) // 2, 0, grid.cols - 1) // side
    per_row = -(-grid.cols // side)
    number = np.where(asked, row * per_row + col, -1)
    near, ring = tiling.near(grid.cell), round(tiling.ring_m / grid.cell)
    found = []
    for k in np.unique(number[number >= 0]):
        own = np.flatnonzero(number == k)
        top, bottom, left, right = _around(boxes[own], grid)
        close = inside & (boxes[:, 1] > top - ring) & (boxes[:, 0] < bottom + ring)
        close &= (boxes[:, 3] > left - ring) & (boxes[:, 2] < right + ring) & (number != k)
        close[close] = _beside(boxes[close], boxes[own], ring)
        found.append(
            Tile(
                f"r{k // per_row:03d}c{k % per_row:03d}", own, np.flatnonzero(close), max(0, top - near), min(grid.rows, bottom + near),
                max(0, left - near), min(grid.cols, right + near),
            )
        )  # fmt: skip
    return found


def _cell_boxes(grid: Grid, outlines: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """First and end row, first and end column of each outline's box [cells], (n, 4); may lie outside the raster."""
    west, south, east, north = shapely.bounds(outlines.geometry.to_numpy()).T
    top, bottom = np.floor((grid.north - north) / grid.cell), np.ceil((grid.north - south) / grid.cell)
    left, right = np.floor((west - grid.west) / grid.cell), np.ceil((east - grid.west) / grid.cell)
    return np.stack([top, bottom, left, right], axis=1).astype(np.int64)


def _beside(boxes: NDArray[np.int64], own: NDArray[np.int64], ring: int) -> NDArray[np.bool_]:
    """Which boxes come nearer than ``ring`` to one of the tile's own, bool by box."""
    top, bottom, left, right = own.T
    tree = shapely.STRtree(shapely.box(left - ring, top - ring, right + ring, bottom + ring))
    found = np.zeros(len(boxes), dtype=bool)
    found[tree.query(shapely.box(boxes[:, 2], boxes[:, 0], boxes[:, 3], boxes[:, 1]))[0]] = True
    return found


def _around(boxes: NDArray[np.int64], grid: Grid) -> tuple[int, int, int, int]:
    return (
        max(0, int(boxes[:, 0].min())),
        min(grid.rows, int(boxes[:, 1].max())),
        max(0, int(boxes[:, 2].min())),
        min(grid.cols, int(boxes[:, 3].max())),
    )


def convergence_at(grid: Grid, tile: Tile) -> float:
    """Azimuth of grid north for a tile: that of the surface's middle, unless the surface is so wide that it would be wrong by 0.1°."""
    middle = convergence_of(grid)
    corners = [meridian_convergence(grid.crs, x, y) for x in (grid.west, grid.east) for y in (grid.south, grid.north)]
    if max(abs(corner - middle) for corner in corners) < _CONVERGENCE_STEP:
        return middle
    x = grid.west + (tile.left + tile.right) / 2 * grid.cell
    y = grid.north - (tile.top + tile.bottom) / 2 * grid.cell
    return round(meridian_convergence(grid.crs, x, y) / _CONVERGENCE_STEP) * _CONVERGENCE_STEP


def survey_tile(
    read: Reader,
    tile: Tile,
    work: TiledWork,
    far: FarField,
    progress: Progress = silent,
    *,
    read_canopy: Reader | None = None,
) -> TileResult:
    """Survey the buildings of one tile.

    Parameters
    ----------
    read : heights of a window (:meth:`gis.raster.SurfaceSource.read`)
    read_canopy : of the vegetation on the same grid, top above the surface; ``work.transmissivity`` goes with it

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    progress(0.0, "read")
    grid = work.grid
    z = aside(lambda: read(tile.top, tile.bottom, tile.left, tile.right), progress, 0.0, "read")
    west, north = grid.west + tile.left * grid.cell, grid.north - tile.top * grid.cell
    here = Grid(tile.bottom - tile.top, tile.right - tile.left, grid.cell, west, north, grid.crs)
    rows = np.sort(np.concatenate([tile.own, tile.ring]))
    own = np.isin(rows, tile.own, assume_unique=True)
    outlines = work.outlines.iloc[rows].reset_index(drop=True)
    near = work.tiling.near(grid.cell) if work.near_only else None
    place = Place(
        (tile.top, tile.left),
        far.window(tile.top, tile.bottom, tile.left, tile.right),
        near,
        convergence_at(grid, tile),
    )
    surface = Surface(z, here, False, ())
    canopy = None
    if read_canopy is not None and work.transmissivity is not None:
        heights = aside(lambda: read_canopy(tile.top, tile.bottom, tile.left, tile.right), progress, 0.01, "read")
        canopy = Canopy(heights, work.transmissivity)
    given = None if work.given is None else of_buildings(work.given, outlines["building_id"])
    ready = prepare(
        surface,
        outlines,
        work.settings,
        place=place,
        canopy=canopy,
        given=given,
        progress=part(progress, 0.02, 0.25),
    )
    kept = own if work.detail is None else own & outlines["building_id"].isin(work.detail).to_numpy()
    mine = set(outlines["building_id"][own])
    keepouts = None if work.keepouts is None else work.keepouts[work.keepouts["building_id"].isin(mine)]
    done = compute(ready, outlines, work.sky, work.settings, own, kept, keepouts, part(progress, 0.25, 0.95))
    progress(0.95, "planes")
    building = ready.roofs.building - 1
    asked = own[building]
    planes = done.table[asked].reset_index(drop=True)
    planes.insert(0, "row", rows[building[asked]])
    planes.insert(1, "part", _within(building[asked]))
    wanted = own if work.geometry else kept
    shapes = aside(lambda: _shapes(ready.roofs.labels, ready.roofs.building, here, wanted), progress, 0.95, "planes")
    detailed, sunlit = aside(lambda: done.sunlit(ready.roofs, kept), progress, 0.97, "planes")
    seen = ready.coverage
    coverage = pd.DataFrame(
        {"row": rows[own], "share": seen.share[own], "overlapped": seen.overlapped[own], **seen.given.columns(own)}
    )
    if work.cells:
        codes = aside(
            lambda: cells_of_planes(kept[building], done.cells, done.usable.mask, here), progress, 0.98, "planes"
        )
        planes["cell_rules"] = pd.Series(codes[asked], dtype=object)
    frame = gpd.GeoDataFrame(planes.drop(columns="plane_id"), geometry=shapes[asked], crs=grid.crs)
    cut = aside(lambda: _cut(tile, ready.roofs.labels, asked, done), progress, 0.99, "planes") if work.cuts else None
    return TileResult(
        tile.name, frame, sunlit, detailed[asked], coverage, done.open_sky, tuple(done.findings), cut
    )  # fmt: skip


def _within(building: NDArray[np.int32]) -> NDArray[np.int32]:
    """1, 2, … within each building; ``building`` is in order."""
    first = np.searchsorted(building, building, side="left")
    return (np.arange(len(building)) - first + 1).astype(np.int32)


def _shapes(
    labels: NDArray[np.int32], building: NDArray[np.int32], grid: Grid, asked: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Outlines of planes, by plane; None where none is wanted."""
    wanted = np.flatnonzero(asked[building - 1])
    out = np.full(len(building), None, dtype=object)
    if len(wanted):
        found = plane_polygons(labels, grid, wanted + 1, group=building)
        out[found["plane"].to_numpy() - 1] = found.geometry.to_numpy()
    return out


def _cut(tile: Tile, labels: NDArray[np.int32], asked: NDArray[np.bool_], done: Computed) -> RasterCut:
    """The tile's own roof cells, cut out at their box; ``asked`` bool by plane."""
    number = np.append(0, np.where(asked, np.cumsum(asked), 0)).astype(np.int32)
    row, col = np.divmod(done.cells.index, labels.shape[1])
    if len(row) == 0:
        return RasterCut(tile.top, tile.left, np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
    top, left = int(row.min()), int(col.min())
    plane = number[labels[top : int(row.max()) + 1, left : int(col.max()) + 1]]
    light = np.zeros(plane.shape, np.float32)
    light[row - top, col - left] = done.light.total
    return RasterCut(tile.top + top, tile.left + left, plane, light)


@dataclass(frozen=True)
class Assembled:
    """All tiles together; as :class:`gis.survey.Survey`, without the rasters.

    Attributes
    ----------
    planes : of every building that was surveyed, numbered through in the order of the outlines
    detailed : bool by plane; ``sunlit`` (detailed planes, azimuths, 91)
    numbers : of each result, in the order given, ``plane_id`` of its rows
    """

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    detailed: NDArray[np.bool_]
    open_sky_kwh_m2: float
    findings: tuple[Finding, ...]
    numbers: tuple[NDArray[np.int32], ...]


def assemble(outlines: gpd.GeoDataFrame, results: Sequence[TileResult]) -> Assembled:
    """Put tiles together, in any order; what no tile surveyed has no roof."""
    planes = gpd.GeoDataFrame(
        pd.concat([result.planes for result in results], ignore_index=True), geometry="geometry", crs=outlines.crs
    )
    detailed = np.concatenate([result.detailed for result in results])
    sunlit = np.concatenate([result.sunlit for result in results])
    order = np.lexsort((planes["part"].to_numpy(), planes["row"].to_numpy()))
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(1, len(order) + 1)
    numbers = tuple(np.split(number, np.cumsum([len(result.planes) for result in results])[:-1]))
    place = np.cumsum(detailed) - 1
    sunlit = sunlit[place[order][detailed[order]]]
    planes = planes.iloc[order].reset_index(drop=True)
    building = planes["row"].to_numpy().astype(np.int32) + 1
    planes = planes.drop(columns=["row", "part"])
    planes.insert(0, "plane_id", np.arange(1, len(planes) + 1))
    share, overlapped = np.zeros(len(outlines)), np.zeros(len(outlines), dtype=bool)
    given = GivenTally.none(len(outlines))
    for result in results:
        rows = result.coverage["row"].to_numpy()
        share[rows], overlapped[rows] = result.coverage["share"], result.coverage["overlapped"]
        for name, values in given.columns().items():
            values[rows] = result.coverage[name]
    buildings, findings = building_table(outlines, planes, building, Coverage(share, overlapped, given))
    said = said_once([finding for result in results for finding in result.findings])
    open_sky = results[0].open_sky_kwh_m2 if results else float("nan")
    return Assembled(buildings, planes, sunlit, detailed[order], open_sky, (*findings, *said), numbers)


def survey_tiles(
    read: Reader,
    tiles: Sequence[Tile],
    work: TiledWork,
    far: FarField,
    progress: Progress = silent,
    *,
    read_canopy: Reader | None = None,
    known: Callable[[Tile], TileResult | None] = lambda _: None,
) -> Iterator[TileResult]:
    """Survey tile after tile; progress by their cells.

    Parameters
    ----------
    known : what an earlier survey of the same found in a tile; None = nothing
    """
    total = sum(tile.cells for tile in tiles)
    done = 0
    for tile in tiles:
        within = part(progress, done / total, (done + tile.cells) / total)
        within(0.0, "read")
        kept = known(tile)
        if kept is not None:
            within(1.0, "resume")
        yield kept or survey_tile(read, tile, work, far, within, read_canopy=read_canopy)
        done += tile.cells


def without_rasters(result: TileResult) -> TileResult:
    """The tables alone."""
    return replace(result, cut=None)
