"""What surveys of one surface have in common: which building and which roof plane each cell belongs to, and the surface to sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from rasterio.features import rasterize

from gis.aside import aside
from gis.canopy import trees_twice, treetops
from gis.crs import meridian_convergence
from gis.errors import SurveyChanged
from gis.horizon import Sweeper
from gis.kernels import kernel
from gis.progress import Progress, part, silent
from gis.roofs import RoofPlanes, building_boxes, roofs_of_labels, segment_again, segment_roofs
from gis.roofs_given import given_cells
from gis.survey_tables import Coverage
from gis.threads import run_blocks

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.canopy import Canopy, Treetops
    from gis.far import FarWindow
    from gis.findings import Finding
    from gis.given_roofs import GivenRoofs
    from gis.grid import Grid
    from gis.raster import Surface
    from gis.roofs import RoofSettings
    from gis.roofs_given import GivenCells

# Cells that one thread levels at once.
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True)
class Place:
    """Where a window lies in a larger surface.

    Attributes
    ----------
    origin : row and column of its corner
    far : what lies around it
    near : cells, as for :class:`gis.horizon.Sweeper`
    convergence : azimuth of grid north from true north [deg], the same for all windows of a surface
    """

    origin: tuple[int, int]
    far: FarWindow | None
    near: int | None
    convergence: float


@dataclass(frozen=True)
class Prepared:
    """Roofs found and surface levelled, to be kept for a session.

    Besides the surface (4 bytes a cell, the caller's own) it holds 21 bytes a cell: 4 for the buildings, 4 for the planes, 1 for the
    obstacles, 4 for the levelled surface, and 4 + 4 for the transposed copies of surface and planes; and 4 more once a whole
    survey has filled the sweep's buffer. 12 million cells (1.5 × 2 km at 0.5 m): 250 to 300 MB.
    One survey at a time: they share that buffer.

    Attributes
    ----------
    ids, boxes : building by cell, and where each lies
    convergence : azimuth of grid north from true north [deg]
    azimuth : of the planes, from true north [deg]
    normals : (planes, 3), east-north-up from true north
    segmented : bool by outline; where False the planes come from a raster and the obstacles are not known yet
    canopy, trees : vegetation as it was given, and what the light has to pass; None without
    given, laid : roof planes as they were given, and what of them is taken; None without
    noticed : what does not seem right with them
    """

    surface: Surface
    outlines: gpd.GeoDataFrame
    settings: RoofSettings
    ids: NDArray[np.int32]
    boxes: NDArray[np.int64]
    roofs: RoofPlanes
    coverage: Coverage
    sweeper: Sweeper
    convergence: float
    azimuth: NDArray[np.float64]
    normals: NDArray[np.float64]
    segmented: NDArray[np.bool_]
    canopy: Canopy | None = None
    trees: Treetops | None = None
    noticed: tuple[Finding, ...] = ()
    given: GivenRoofs | None = None
    laid: GivenCells | None = None

    def goes_with(
        self,
        surface: Surface,
        outlines: gpd.GeoDataFrame,
        settings: RoofSettings,
        canopy: Canopy | None = None,
        given: GivenRoofs | None = None,
    ) -> bool:
        """Whether it was made from these; a canopy, and given planes, count as the same only if they are the same object."""
        if canopy is not self.canopy or given is not self.given:
            return False
        same = surface.grid == self.surface.grid and settings == self.settings and len(outlines) == len(self.outlines)
        if not same or not (outlines["building_id"].to_numpy() == self.outlines["building_id"].to_numpy()).all():
            return False
        if not shapely.equals_identical(outlines.geometry.to_numpy(), self.outlines.geometry.to_numpy()).all():
            return False
        return surface.z is self.surface.z or np.array_equal(surface.z, self.surface.z, equal_nan=True)

    def complete(self, among: NDArray[np.bool_], progress: Progress = silent) -> None:
        """Find the roofs of some buildings (bool by outline) that came from a raster so far, and compare.

        Raises
        ------
        gis.errors.SurveyChanged
            They come out otherwise than in the raster.
        """
        missing = among & ~self.segmented
        if not missing.any():
            return
        only = np.flatnonzero(missing) + 1
        surface = self.surface
        if not segment_again(
            self.roofs, surface.z, self.ids, surface.grid.cell, self.settings, self.boxes, only, progress, self.laid
        ):
            raise SurveyChanged("survey.changed", found="plane_ids")
        self.segmented[missing] = True


def prepared_roofs(
    surface: Surface,
    outlines: gpd.GeoDataFrame,
    settings: RoofSettings,
    ids: NDArray[np.int32],
    planes: NDArray[np.int32] | None = None,
    place: Place | None = None,
    canopy: Canopy | None = None,
    given: GivenRoofs | None = None,
    progress: Progress = silent,
) -> Prepared:
    """All of :class:`Prepared` from the building raster, and the roofs: found, or read from a raster of planes."""
    grid = surface.grid
    laid: GivenCells | None = None
    if given is not None:
        laid = aside(lambda: given_cells(given, outlines, surface.z, ids, grid, settings), progress, 0.0, "roofs")
    if planes is None:
        roofs: RoofPlanes | None = segment_roofs(surface.z, ids, grid.cell, settings, part(progress, 0.0, 0.8), laid)
    else:
        roofs = roofs_of_labels(surface.z, ids, planes, grid.cell, laid)
    if roofs is None:
        raise SurveyChanged("survey.changed", found="plane_ids")
    here = Place((0, 0), None, None, convergence_of(grid)) if place is None else place
    turn = here.convergence
    progress = part(progress, 0.8, 1.0)
    level = aside(lambda: _levelled(surface.z, roofs, grid.cell), progress, 0.0, "roofs")
    boxes = aside(lambda: building_boxes(ids, len(outlines)), progress, 0.2, "roofs")
    tally = None if laid is None else laid.tally
    coverage = aside(lambda: Coverage.of(outlines, ids, boxes, surface.z, grid, tally), progress, 0.3, "roofs")
    sweeper = aside(
        lambda: Sweeper(level, grid.cell, origin=here.origin, far=here.far, near=here.near), progress, 0.5, "roofs"
    )
    trees: Treetops | None = None
    noticed: tuple[Finding, ...] = ()
    if canopy is not None:
        trees = aside(lambda: treetops(canopy, level, grid.cell, here), progress, 0.7, "roofs")
        noticed = aside(lambda: tuple(trees_twice(canopy.heights, surface.z, ids > 0)), progress, 0.9, "roofs")
    return Prepared(
        surface=surface,
        outlines=outlines[["building_id", "geometry"]].copy(),
        settings=settings,
        ids=ids,
        boxes=boxes,
        roofs=roofs,
        coverage=coverage,
        sweeper=sweeper,
        convergence=turn,
        azimuth=(roofs.azimuth_grid() + turn) % 360.0,
        normals=_to_true_north(roofs.normals(), turn),
        segmented=np.full(len(outlines), planes is None),
        canopy=canopy,
        trees=trees,
        noticed=noticed,
        given=given,
        laid=laid,
    )


def convergence_of(grid: Grid) -> float:
    """Meridian convergence [deg] in the middle of a grid."""
    return meridian_convergence(grid.crs, (grid.west + grid.east) / 2, (grid.south + grid.north) / 2)


def building_raster(outlines: gpd.GeoDataFrame, grid: Grid, progress: Progress = silent) -> NDArray[np.int32]:
    """Number of the outline (1 … n, its row + 1) that holds each cell's centre; 0 = none. Of outlines that overlap the smaller one has the cell."""
    shapes = outlines.geometry.to_numpy()
    order = np.argsort(-shapely.area(shapes), kind="stable")
    ids = np.zeros(grid.shape, dtype=np.int32)
    if len(order):
        # In one call: each copies the whole raster.
        numbered = zip(shapes[order], (order + 1).tolist(), strict=True)
        aside(lambda: rasterize(numbered, out=ids, transform=grid.transform), progress, 0.0, "roofs")
    return ids


def _to_true_north(normals: NDArray[np.float64], convergence: float) -> NDArray[np.float64]:
    """Turn vectors given in grid east and north by the meridian convergence."""
    turn = np.radians(convergence)
    out = normals.copy()
    out[:, 0] = normals[:, 0] * np.cos(turn) + normals[:, 1] * np.sin(turn)
    out[:, 1] = normals[:, 1] * np.cos(turn) - normals[:, 0] * np.sin(turn)
    return np.ascontiguousarray(out)


def _levelled(z: NDArray[np.float32], roofs: RoofPlanes, cell: float) -> NDArray[np.float32]:
    """The surface to sweep: roof planes as planes.

    Five centimetres of noise on half-metre cells are a skyline of 6° all round each cell; the planes' own heights have none.
    """
    level = z.copy()
    by_col, by_row = roofs.gradient_east * cell, -roofs.gradient_north * cell

    def some(begin: int, end: int) -> None:
        _level_planes(begin, end, level, roofs.labels, roofs.height, roofs.row, roofs.col, by_col, by_row)

    run_blocks(some, len(z), 1 + _BLOCK_CELLS // max(1, z.shape[1]))
    return level


@kernel
def _level_planes(
    begin: int,
    end: int,
    z: NDArray[np.float32],
    labels: NDArray[np.int32],
    height: NDArray[np.float64],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    per_col: NDArray[np.float64],
    per_row: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Put each cell of a plane on its plane, in rows ``begin`` to ``end``."""
    for i in range(begin, end):
        for j in range(z.shape[1]):
            if labels[i, j] > 0:
                p = labels[i, j] - 1
                z[i, j] = np.float32(height[p] + per_row[p] * (i - row[p]) + per_col[p] * (j - col[p]))
