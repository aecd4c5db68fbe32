"""What a surface is made from besides a city model: elevation data below it, measured surfaces above it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gis.archives import DAMAGED, ZIP_MAGIC
from gis.crs import overlap, swapped
from gis.fgd_dem import KINDS, dem_on, read_dem_tiles
from gis.findings import Finding
from gis.progress import Progress, part
from gis.raster import open_surface, read_head
from gis.relief import is_relief, read_relief
from gis.sampled import on_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.crs import Bounds
    from gis.fgd_dem import DemTile
    from gis.grid import Grid
    from gis.raster import SurfaceSource
    from kawasolar.profile import Profile

    Heights = Callable[[Grid], NDArray[np.float32]]

# How much of a file, and how many names of an archive, tell what it is.
_HEAD, _LOOKED_AT = 4096, 50
# What every LAS and LAZ file begins with.
_LAS = b"LASF"
# Coarse cells and holes are what elevation data have; the surface made of them has neither.
_PASSED_OVER = ("raster.coarse", "raster.holes")
# Metres of a second of arc; and how much finer the GSI's tiles are to be than a city model's terrain to go before it: that is mostly made of DEM5A's points.
_METRES_A_SECOND, _FINER = 30.0, 1.5
# The GSI's own name in its files' first lines, and in the names of what it delivers.
_GSI, _GSI_NAME = b"fgd.gsi.go.jp", "FG-GML"


@dataclass
class Layers:
    """Heights of the ground and of measured surfaces on any part of the raster that is made, in the files' order of trust.

    Attributes
    ----------
    ground : NaN where no file knows one
    measured : the same of what was measured; None where nothing was
    heights : file, and what its heights are measured from (:func:`gis.crs.height_name`), of those that say it
    """

    ground: Heights
    measured: Heights | None
    heights: tuple[tuple[str, str], ...]
    _bounds: Bounds
    _lands: Counted
    _sources: list[tuple[str, SurfaceSource]] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(
        cls, ground: Sequence[Path], measured: Sequence[Path], grid: Grid, profile: Profile, folder: Path, stack: ExitStack, progress: Progress
    ) -> Layers:  # fmt: skip
        """Open all files: rasters to be read by and by, the GSI's tiles and point clouds at once.

        The ground that a point cloud tells goes before that of other files; then rasters, in their order; then the terrain of a city model and the GSI's
        tiles, the finer first. ``folder`` is where what is too large for memory lies meanwhile.

        Raises
        ------
        gis.errors.GisError
            a file cannot be used
        """
        sources: list[tuple[str, SurfaceSource]] = []
        findings: list[Finding] = []
        heights: list[tuple[str, str | None]] = []
        clouds = [path for path in measured if _is_las(path)]
        tiles = [path for path in ground if is_gsi(path)]
        relief = [path for path in ground if path not in tiles and is_relief(path)]
        rasters = [path for path in ground if path not in tiles and path not in relief]
        tops = [path for path in measured if path not in clouds]
        surfaces = _rasters(tops, grid.crs, stack, sources, smooth=False)
        opened = _rasters(rasters, grid.crs, stack, sources, smooth=True)
        lands = [(path.name, heights_of) for path, heights_of in zip(rasters, opened, strict=True)]
        told = part(progress, 0.0, 0.3 if clouds else 1.0)
        lands += _terrain(relief, tiles, grid, profile, folder, stack, told, findings, heights)
        if clouds:
            top, floor, seen, said = _cloud(clouds, grid, profile, folder, stack, part(progress, 0.3, 1.0))
            findings += seen
            heights.append((clouds[0].name, said))
            # What stands first is trusted more.
            surfaces.insert(0 if _is_las(measured[0]) else len(surfaces), top)
            lands.insert(0, (clouds[0].name, floor))
        heights += [(path.name, read_head(path).heights) for path in (*tops, *rasters)]
        known = tuple((name, found) for name, found in heights if found is not None)
        highest = _one_above(*surfaces) if surfaces else None
        counted = Counted(lands)
        return cls(counted, highest, known, grid.bounds, counted, sources, findings)

    def told(self) -> list[Finding]:
        """What was noticed; to be asked in the end."""
        beside = [
            Finding(self._why_beside(source), "warning", name) for name, source in self._sources if not source.is_read
        ]
        noticed = [finding for _, source in self._sources if source.is_read for finding in source.seen()]
        return (
            self._findings
            + self._lands.told()
            + beside
            + [finding for finding in noticed if finding.code not in _PASSED_OVER]
        )

    def _why_beside(self, source: SurfaceSource) -> str:
        """A raster whose axes are exchanged lies here the other way round."""
        return "surface.swapped" if overlap(swapped(source.grid.bounds), self._bounds) else "surface.beside"


def _terrain(
    relief: list[Path], tiles: list[Path], grid: Grid, profile: Profile, folder: Path, stack: ExitStack, progress: Progress, findings: list[Finding],
    heights: list[tuple[str, str | None]],
) -> list[tuple[str, Heights]]:  # fmt: skip
    """The ground of a city model and of the GSI's tiles: the finer first, of two about as fine the model's."""
    found: list[tuple[str, Heights]] = []
    spacing = np.inf
    if relief:
        told = part(progress, 0.0, 0.5 if tiles else 1.0)
        made = read_relief(relief, grid, folder, stack, told, bridge=profile.number("surface.bridge"))
        findings += made.findings
        heights.append((relief[0].name, made.heights))
        found.append((relief[0].name, made.on))
        spacing = made.spacing
    if tiles:
        read, noticed = read_dem_tiles(tiles, part(progress, 0.5 if relief else 0.0, 1.0))
        findings += noticed
        finer = [_FINER * _METRES_A_SECOND * KINDS[tile.kind] < spacing for tile in read]
        fine, coarse = ([tile for tile, is_fine in zip(read, finer, strict=True) if is_fine == wanted] for wanted in (True, False))  # fmt: skip
        if fine:
            found.insert(0, (_kinds(fine), partial(dem_on, fine)))
        if coarse:
            found.append((_kinds(coarse), partial(dem_on, coarse)))
    return found


def _kinds(tiles: list[DemTile]) -> str:
    return ", ".join(f"DEM{kind}" for kind in KINDS if any(tile.kind == kind for tile in tiles))


def _rasters(
    paths: list[Path], crs: CRS, stack: ExitStack, sources: list[tuple[str, SurfaceSource]], *, smooth: bool
) -> list[Heights]:
    opened = [stack.enter_context(open_surface(path, onto=crs, smooth=smooth)) for path in paths]
    sources += [(path.name, source) for path, source in zip(paths, opened, strict=True)]
    return [on_grid(source) for source in opened]


def _cloud(
    paths: list[Path], grid: Grid, profile: Profile, folder: Path, stack: ExitStack, progress: Progress
) -> tuple[Heights, Heights, list[Finding], str | None]:
    """Surface and ground of point clouds, and what their heights are measured from. One that names no coordinate system is taken to be in that of the surface, and it is said."""
    from gis.point_cloud import survey_points
    from gis.point_tiles import grid_cloud

    number = profile.number
    cloud = survey_points(paths, part(progress, 0.0, 0.1))
    findings = []
    if cloud.crs is None:
        findings.append(Finding("surface.cloud_crs", "warning", paths[0].name, expected=f"EPSG:{grid.crs.to_epsg()}"))
        cloud = survey_points(paths, part(progress, 0.0, 0.1), crs=grid.crs)
    made = grid_cloud(
        cloud, grid, folder, stack, part(progress, 0.1, 1.0), fill=number("surface.fill"), bridge=number("surface.bridge"), stray=number("surface.stray")
    )  # fmt: skip
    files = len(cloud.files) + len(cloud.left.errors)
    findings += [*cloud.findings, *made.findings, *cloud.left.findings(files)]
    return made.dsm, made.dtm, findings, cloud.heights


def _is_las(path: Path) -> bool:
    """Whether a file, or the first of a folder, is a point cloud."""
    if path.is_dir():
        return any(file.suffix.lower() in (".las", ".laz") for file in path.iterdir())
    try:
        with path.open("rb") as file:
            return file.read(len(_LAS)) == _LAS
    except OSError:
        return False


def is_gsi(path: Path) -> bool:
    """Whether a file, or what is in a folder or an archive, is the GSI's 基盤地図情報."""
    if path.is_dir():
        return any(is_gsi(file) for file in sorted(path.glob("*.[xXzZ][mMiI][lLpP]"))[:1])
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if head.startswith(ZIP_MAGIC):
            with zipfile.ZipFile(path) as archive:
                return any(_GSI_NAME in name for name in archive.namelist()[:_LOOKED_AT])
    except DAMAGED:
        return False
    return _GSI in head


def _one_above(*layers: Heights) -> Heights:
    """Heights of several layers: the first that knows one tells it."""

    def on(grid: Grid) -> NDArray[np.float32]:
        found = np.full(grid.shape, np.nan, np.float32)
        for layer in layers:
            lacking = np.isnan(found)
            if not lacking.any():
                break
            found[lacking] = layer(grid)[lacking]
        return found

    return on


class Counted:
    """Ground of several files, the better first; counts whose the cells are."""

    def __init__(self, lands: Sequence[tuple[str, Heights]]) -> None:
        self._lands = list(lands)
        self._cells = [0] * len(self._lands)
        self._whole = 0

    def __call__(self, grid: Grid) -> NDArray[np.float32]:
        found = np.full(grid.shape, np.nan, np.float32)
        self._whole += found.size
        for k, (_, layer) in enumerate(self._lands):
            lacking = np.isnan(found)
            if not lacking.any():
                break
            found[lacking] = layer(grid)[lacking]
            self._cells[k] += int(np.count_nonzero(lacking)) - int(np.count_nonzero(np.isnan(found)))
        return found

    def told(self) -> list[Finding]:
        """Whose the ground is, where it is not all of one."""
        if len(self._lands) < 2:
            return []
        shares = [100.0 * cells / max(1, self._whole) for cells in self._cells]
        parts = ", ".join(f"{name} {share:.1f} %" for (name, _), share in zip(self._lands, shares, strict=True))
        return [Finding("surface.ground_from", "info", found=parts)]


class GroundBelow:
    """Elevation data where there are some, else what lies between the buildings; counts which."""

    def __init__(self, known: Heights, between: Heights) -> None:
        self._known, self._between = known, between
        self._cells, self._of_data = 0, 0

    def __call__(self, grid: Grid) -> NDArray[np.float32]:
        z = self._known(grid)
        there = np.isfinite(z)
        self._cells, self._of_data = self._cells + z.size, self._of_data + int(np.count_nonzero(there))
        return z if there.all() else np.where(there, z, self._between(grid)).astype(np.float32)

    @property
    def share(self) -> float:
        """Of the cells, those with elevation data [0…1]."""
        return self._of_data / max(1, self._cells)
