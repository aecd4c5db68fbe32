"""Roof planes that somebody else has made: a CityGML model's LOD2, or polygons drawn by hand.

file ──► polygons and planes, in the surface's system ──► each in the outline that it lies in ──► what is seen from above, coplanar neighbours as one

What becomes of them on the surface's cells is :mod:`gis.roofs_given`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from gis.citygml import is_citygml, read_roof_surfaces
from gis.crs import Bounds, horizontal, label, meridian_convergences, parse_crs, swapped, vertical_unit
from gis.datums import told_of
from gis.drivers import check_vector
from gis.errors import CrsMismatch, CrsMissing, NoOverlap, UnreadableFile
from gis.findings import Finding, Severity
from gis.given_fit import fitted
from gis.outlines import box_meets, column_of, load_polygons, only_polygons
from gis.progress import Progress, silent
from gis.roofs import CITYGML, DRAWN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.citygml import Rings

_TILT_NAMES = ("tilt", "slope", "傾斜", "傾斜角", "傾斜角度", "勾配角")
_AZIMUTH_NAMES = ("azimuth", "aspect", "方位", "方位角")
_HEIGHT_NAMES = ("height", "height_m", "elevation", "標高", "高さ")
# A surface smaller than this in plan is a sliver of the drawing [m²]; one that is steeper is a wall [deg].
_SLIVER_M2 = 0.1
_STEEPEST = 75.0
_HEAD = 4096
# How many are named in a finding.
_NAMED = 5
_SEVERITY: dict[str, Severity] = {
    "steep": "info", "sliver": "info", "mended": "info", "broken": "warning", "linked": "warning", "not_planar": "warning", "no_tilt": "warning",
}  # fmt: skip


@dataclass(frozen=True)
class GivenRoofs:
    """Roof planes of others' making.

    Attributes
    ----------
    frame : one row a plane, in the surface's CRS
        ``geometry`` (2-D), ``rise_east rise_north`` (rise per metre to grid east and north), ``x y`` [m] and ``height_m``, the plane's height there (NaN = that
        of the surface), ``source`` (as in :data:`gis.roofs.SOURCES`), ``item`` (how the file calls it); once it is known, ``building_id``.
    """

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


def read_given_roofs(
    path: Path,
    target: CRS,
    *,
    layer: str | None = None,
    crs: str | CRS | None = None,
    bounds: Bounds | None = None,
    progress: Progress = silent,
) -> GivenRoofs:
    """Read roof planes: CityGML (``.gml``, or a ``.zip`` of such), or a GeoPackage, shapefile or GeoJSON of polygons.

    Drawn polygons have ``tilt`` and ``azimuth`` (downhill, from true north) [deg] and may have ``height`` (of the centroid, as the surface counts) [m]; or they
    are drawn with heights. What is no plane is left out, and said.

    Parameters
    ----------
    layer : of a GeoPackage with several
    crs : what the coordinates are, where the file does not say
    bounds : west, south, east, north of the surface in ``target``; no plane within it is an error

    Raises
    ------
    UnreadableFile
        ``roof_planes.missing``, ``roof_planes.unreadable``, ``roof_planes.no_surfaces`` and those of the readers
    CrsMissing, CrsMismatch
        ``roof_planes.no_crs``, ``roof_planes.unknown_crs``
    NoOverlap
        ``roof_planes.no_overlap``, ``roof_planes.axes_swapped``
    gis.progress.Cancelled
        from ``progress``
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise UnreadableFile("roof_planes.missing", file=str(path)) from error
    told = _Told(path.name)
    read = _city_model if is_citygml(head) else partial(_drawn, layer=layer)
    frame, own = read(path, target, crs, told, progress)
    if frame.empty:
        raise UnreadableFile("roof_planes.no_surfaces", file=path.name, found=told.counted())
    frame = frame[np.isfinite(shapely.bounds(frame.geometry.to_numpy())).all(axis=1)]
    if bounds is not None:
        frame = _within(frame, own, target, bounds, path.name)
    return GivenRoofs(frame.reset_index(drop=True), (*told.findings(), *told_of(own, path.name)))


class _Told:
    """What was left out or mended: by kind, how often and where first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, list[str]] = {}

    def note(self, kind: str, items: list[str]) -> None:
        """Some more of a kind."""
        if items:
            self._found.setdefault(kind, []).extend(items)

    def counted(self) -> int:
        """How many there are."""
        return sum(len(items) for items in self._found.values())

    def findings(self) -> tuple[Finding, ...]:
        """One of each kind."""
        return tuple(
            Finding(
                f"roof_planes.{kind}", _SEVERITY[kind], self._name, found=", ".join(list(dict.fromkeys(filter(None, items)))[:_NAMED]) or "–",
                details={"count": len(items)},
            )
            for kind, items in self._found.items()
        )  # fmt: skip


def _frame(
    shapes: NDArray[np.object_], planes: NDArray[np.float64], source: int, items: NDArray[np.object_], target: CRS
) -> gpd.GeoDataFrame:
    """``planes``: rise to the east and north, x, y and height by row."""
    columns = dict(zip(("rise_east", "rise_north", "x", "y", "height_m"), planes.T, strict=True))
    return gpd.GeoDataFrame(
        {**columns, "source": np.full(len(shapes), source, np.int8), "item": items}, geometry=shapes, crs=target
    )


def _within(frame: gpd.GeoDataFrame, own: CRS, target: CRS, bounds: Bounds, name: str) -> gpd.GeoDataFrame:
    """Those that meet the surface."""
    boxes = shapely.bounds(frame.geometry.to_numpy())
    there = (
        (boxes[:, 0] < bounds[2]) & (boxes[:, 2] > bounds[0]) & (boxes[:, 1] < bounds[3]) & (boxes[:, 3] > bounds[1])
    )
    if there.any():
        return frame[there]
    west, south, east, north = (float(value) for value in frame.total_bounds)
    details = {
        "file": name, "crs": label(own), "found": f"{west:.1f}, {south:.1f} … {east:.1f}, {north:.1f}",
        "expected": ", ".join(f"{value:.1f}" for value in bounds),
    }  # fmt: skip
    back = Transformer.from_crs(horizontal(target), horizontal(own), always_xy=True)
    turned = swapped(back.transform_bounds(west, south, east, north))
    code = "roof_planes.axes_swapped" if box_meets(turned, own, target, bounds) else "roof_planes.no_overlap"
    raise NoOverlap(code, **details)


# ---------------------------------------------------------------------------------------------- CityGML


def _city_model(
    path: Path, target: CRS, crs: str | CRS | None, told: _Told, progress: Progress
) -> tuple[gpd.GeoDataFrame, CRS]:
    found = read_roof_surfaces(path, progress)
    told.note("broken", found.broken)
    told.note("linked", found.linked)
    frames, own = [_frame(np.zeros(0, object), np.zeros((0, 5)), CITYGML, np.zeros(0, object), target)], target
    for name, rings in found.by_crs.items():
        own = _named_crs(name, crs, path.name)
        shapes = _polygons(rings, north_first=_is_north_first(own))
        items = np.array(rings.items, dtype=object)
        frames.append(_planes_of(shapes, items, own, target, CITYGML, told))
    return gpd.GeoDataFrame(
        pd.concat(frames[len(frames) > 1 :], ignore_index=True), geometry="geometry", crs=target
    ), own


def _named_crs(name: str, said: str | CRS | None, file: str) -> CRS:
    """What ``srsName`` calls; what the user said goes before it."""
    if said is not None:
        return _with_axes(said)
    if not name:
        raise CrsMissing("roof_planes.no_crs", file=file)
    # Old names: …/epsg.xml#6697
    number = name.rpartition("#")[2]
    try:
        found = CRS.from_user_input(f"EPSG:{number}" if "epsg" in name.lower() and number.isdigit() else name)
        parse_crs(found)
    except (CrsMismatch, ValueError, RuntimeError) as error:
        raise CrsMismatch("roof_planes.unknown_crs", file=file, found=name[:200]) from error
    return found


def _with_axes(said: str | CRS) -> CRS:
    parse_crs(said)
    return CRS.from_user_input(int(said) if isinstance(said, str) and said.strip().isdigit() else said)


def _is_north_first(crs: CRS) -> bool:
    """Whether coordinates come as the latitude, or the northing, first: so it is with geographic systems, and with those of Japan."""
    axes = horizontal(crs).axis_info
    return bool(axes) and axes[0].direction.lower() == "north"


def _polygons(rings: Rings, *, north_first: bool) -> NDArray[np.object_]:
    numbers = np.frombuffer(rings.numbers, dtype=np.float64).reshape(-1, 3)
    corners = numbers[:, [1, 0, 2]] if north_first else numbers
    lengths = np.frombuffer(rings.lengths, dtype=np.int64)
    made = shapely.linearrings(corners, indices=np.repeat(np.arange(len(lengths)), lengths))
    return np.asarray(shapely.polygons(made, indices=np.frombuffer(rings.polygon, dtype=np.int64)), dtype=object)


def _planes_of(
    shapes: NDArray[np.object_], items: NDArray[np.object_], own: CRS, target: CRS, source: int, told: _Told
) -> gpd.GeoDataFrame:
    """Polygons with heights as planes."""
    move = Transformer.from_crs(horizontal(own), horizontal(target), always_xy=True)
    unit = vertical_unit(own)

    def moved(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = move.transform(corners[:, 0], corners[:, 1])
        return np.column_stack([x, y, corners[:, 2] * unit])

    shapes = np.asarray(shapely.transform(shapes, moved, include_z=True), dtype=object)
    planes, is_plane, tilt = fitted(shapes)
    flat = _mended(shapely.force_2d(shapes), items, told)
    # What stands upright has no area in plan, and no plane could be laid through it.
    sliver = (shapely.area(flat) < _SLIVER_M2) | ~np.isfinite(tilt)
    steep = ~sliver & (tilt > _STEEPEST)
    bent = ~sliver & ~steep & ~is_plane
    for kind, which in (("sliver", sliver), ("steep", steep), ("not_planar", bent)):
        told.note(kind, items[which].tolist())
    good = ~sliver & ~steep & ~bent
    return _frame(flat[good], planes[good], source, items[good], target)


def _mended(flat: NDArray[np.object_], items: NDArray[np.object_], told: _Told) -> NDArray[np.object_]:
    """Polygons that do not cross themselves."""
    wrong = ~shapely.is_valid(flat) & (shapely.area(shapely.envelope(flat)) > _SLIVER_M2)
    out = np.asarray(flat, dtype=object).copy()
    if wrong.any():
        out[wrong] = only_polygons(shapely.make_valid(out[wrong], method="structure", keep_collapsed=False))
        told.note("mended", items[wrong].tolist())
    return out


# ---------------------------------------------------------------------------------------------- drawn


def _drawn(
    path: Path, target: CRS, crs: str | CRS | None, told: _Told, progress: Progress, *, layer: str | None
) -> tuple[gpd.GeoDataFrame, CRS]:
    progress(0.0, "read")
    try:
        check_vector(path, "roof_planes.unreadable")
        raw = load_polygons(path, layer)
    except UnreadableFile as error:
        raise UnreadableFile(error.code.replace("outlines.", "roof_planes."), **error.details) from error
    own = _own_crs(raw, crs, path.name)
    rows = np.array([str(k) for k in range(1, len(raw) + 1)], dtype=object)
    kinds = shapely.get_type_id(raw.geometry.to_numpy())
    areal = np.isin(kinds, [int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON)])
    told.note("broken", rows[~areal].tolist())
    raw, rows = raw[areal].reset_index(drop=True), rows[areal]
    tilt, azimuth, height = (_numbers(raw, names) for names in (_TILT_NAMES, _AZIMUTH_NAMES, _HEIGHT_NAMES))
    azimuth = np.where((tilt == 0.0) & np.isnan(azimuth), 0.0, azimuth)
    said = (tilt >= 0.0) & (tilt < 90.0) & (np.abs(azimuth) <= 360.0)
    modelled = ~said & shapely.has_z(raw.geometry.to_numpy())
    told.note("no_tilt", rows[~said & ~modelled].tolist())
    shapes = np.asarray(raw.geometry.to_numpy(), dtype=object)
    frames = [
        _by_angles(shapes[said], np.column_stack([tilt, azimuth, height])[said], rows[said], own, target, told),
        _planes_of(shapes[modelled], rows[modelled], own, target, DRAWN, told),
    ]
    both = [frame for frame in frames if len(frame)] or frames[:1]
    return gpd.GeoDataFrame(pd.concat(both, ignore_index=True), geometry="geometry", crs=target), own


def _own_crs(raw: gpd.GeoDataFrame, said: str | CRS | None, name: str) -> CRS:
    if said is not None:
        return _with_axes(said)
    if raw.crs is None:
        raise CrsMissing("roof_planes.no_crs", file=name)
    return CRS(raw.crs)


def _numbers(raw: gpd.GeoDataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    """A column as numbers, NaN where it is missing or holds something else."""
    column = column_of(raw, names)
    if column is None:
        return np.full(len(raw), np.nan)
    found = pd.to_numeric(raw[column], errors="coerce").to_numpy(dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _by_angles(
    shapes: NDArray[np.object_],
    angles: NDArray[np.float64],
    rows: NDArray[np.object_],
    own: CRS,
    target: CRS,
    told: _Told,
) -> gpd.GeoDataFrame:
    """Polygons in plan as planes; ``angles``: tilt, true azimuth [deg] and height of the centroid [m] by row."""
    series = gpd.GeoSeries(shapely.force_2d(shapes), crs=own)
    flat = _mended(np.asarray(series.to_crs(target).to_numpy(), dtype=object), rows, told)
    sliver = ~(shapely.area(flat) >= _SLIVER_M2)
    steep = ~sliver & (angles[:, 0] > _STEEPEST)
    told.note("sliver", rows[sliver].tolist())
    told.note("steep", rows[steep].tolist())
    good = ~sliver & ~steep
    flat, (tilt, azimuth, height) = flat[good], angles[good].T
    middle = shapely.centroid(flat)
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    rise, grid = np.tan(np.radians(tilt)), np.radians(azimuth - meridian_convergences(target, x, y))
    planes = np.column_stack([-rise * np.sin(grid), -rise * np.cos(grid), x, y, height])
    return _frame(flat, planes, DRAWN, rows[good], target)
