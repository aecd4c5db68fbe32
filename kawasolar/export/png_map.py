"""The map itself: hill-shade, irradiation on the roofs, buildings by class, numbered sites."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import rasterio.errors
import rasterio.windows
import shapely
from PIL import Image, ImageDraw, ImageFilter
from rasterio.enums import Resampling

from gis.progress import Progress, silent
from kawasolar.export.png_basemap import PaperMap, lay_paper_map
from kawasolar.palette import CLASS_COLOURS, ramp_colours
from kawasolar.project.layers import building_layer, site_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan

_GROUND = (238, 240, 236)
_OUTSIDE = (250, 250, 249)
# The hill-shade is only to be felt: it may not drown the roofs and the lines.
_SHADE_DARK, _SHADE_LIGHT = 150.0, 250.0
_MARGIN = 0.03
# Foot of the picture that scale bar and north arrow stand on.
_FOOT_SHARE = 0.07
_SMALLEST_EXTENT = 60.0
_OVERSAMPLING = 2


@dataclass(frozen=True)
class View:
    """Which part of the plane lies in the picture: west, north [m] and metres per pixel."""

    west: float
    north: float
    resolution: float
    columns: int
    rows: int

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixel coordinates of ``[n, 2]`` eastings and northings."""
        return np.stack(
            [(points[:, 0] - self.west) / self.resolution, (self.north - points[:, 1]) / self.resolution], axis=-1
        )

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        return (
            self.west,
            self.north - self.rows * self.resolution,
            self.west + self.columns * self.resolution,
            self.north,
        )


@dataclass
class MapPicture:
    """The finished picture and what the page has to know of it; ``thickness`` 0…1 thins lines and signs far out."""

    image: Image.Image
    view: View
    low: float
    high: float
    thickness: float
    notes: list[str] = field(default_factory=list)


def fit_view(plan: Plan, columns: int, rows: int) -> View:
    """The extent of buildings and facilities with a margin, in the shape of the frame."""
    boxes = [frame.total_bounds for frame in (plan.results.buildings, plan.facilities) if len(frame)]
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    corners = corners[np.isfinite(corners).all(axis=1)]
    if not len(corners):
        corners = np.zeros((1, 4))
    west, south = corners[:, :2].min(axis=0)
    east, north = corners[:, 2:].max(axis=0)
    width = max(east - west, _SMALLEST_EXTENT) * (1 + 2 * _MARGIN)
    height = max(north - south, _SMALLEST_EXTENT) * (1 + 2 * _MARGIN)
    body = rows * (1 - _FOOT_SHARE)
    resolution = max(width / columns, height / body)
    # In the middle of the whole picture where the foot stays free all the same.
    spare = rows - (north - south) / resolution
    room = rows if spare >= 2 * _FOOT_SHARE * rows else body
    return View(
        (west + east - resolution * columns) / 2, (south + north + resolution * room) / 2, resolution, columns, rows
    )


def draw_map(
    plan: Plan, columns: int, rows: int, unit: float, basemap: PaperMap | None = None, progress: Progress = silent
) -> MapPicture:
    """Draw the map.

    Parameters
    ----------
    columns, rows : int
        Size of the picture [px].
    unit : float
        Pixels per millimetre on paper.
    basemap : PaperMap, optional
        What lies below all but the hill-shade.
    """
    view = fit_view(plan, columns * _OVERSAMPLING, rows * _OVERSAMPLING)
    fine = unit * _OVERSAMPLING
    notes: list[str] = []
    ground, shaded = _ground(plan.cache / "hillshade.tif", view)
    if not shaded:
        notes.append("export.map.no_hillshade")
    if basemap is not None:
        ground, holes = lay_paper_map(ground, view, plan.crs, fine, basemap, progress)
        if holes:
            notes.append("export.map.no_tiles")
    low, high = irradiation_range(plan)
    image = Image.fromarray(ground)
    lines = _Lines.of(plan, view, fine)
    # Below the roofs: what is seen of a line lies outside its building, and no roof is hidden.
    lines.facilities(image)
    if not _paint_irradiation(image, plan.cache / "irradiation.tif", view, low, high):
        notes.append("export.map.no_irradiation")
        _paint_planes(image, plan, view, low, high)
    lines.others(image)
    image = image.reduce(_OVERSAMPLING)
    coarse = View(view.west, view.north, view.resolution * _OVERSAMPLING, columns, rows)
    return MapPicture(image, coarse, low, high, lines.thickness, notes)


def irradiation_range(plan: Plan) -> tuple[float, float]:
    """Ends of the colour ramp [kWh/m² a]: round numbers that hold 96 % of the roof planes' area."""
    planes = plan.results.planes
    value = planes["irradiation_kwh_m2"].to_numpy(dtype=np.float64)
    value = value[np.isfinite(value)]
    if not len(value):
        return 0.0, 1500.0
    low, high = np.percentile(value, (2, 98))
    low, high = math.floor(low / 100) * 100.0, math.ceil(high / 100) * 100.0
    return (low, high) if high > low else (low, low + 100.0)


# ---------------------------------------------------------------------------------------------- rasters


def _read(path: Path, view: View, resampling: Resampling) -> tuple[NDArray[np.float32], tuple[int, int]] | None:
    """The part of a raster that lies in the view, at the view's resolution; NaN where nothing is known."""
    try:
        with rasterio.open(path, driver="GTiff") as file:
            left, right = max(file.bounds.left, view.bounds[0]), min(file.bounds.right, view.bounds[2])
            bottom, top = max(file.bounds.bottom, view.bounds[1]), min(file.bounds.top, view.bounds[3])
            if right <= left or top <= bottom:
                return None
            column, row = round((left - view.west) / view.resolution), round((view.north - top) / view.resolution)
            shape = (
                min(max(1, round((top - bottom) / view.resolution)), view.rows - row),
                min(max(1, round((right - left) / view.resolution)), view.columns - column),
            )
            window = rasterio.windows.from_bounds(left, bottom, right, top, file.transform)
            data = file.read(1, window=window, out_shape=shape, masked=True, resampling=resampling)
            return data.astype(np.float32).filled(np.nan), (row, column)
    except (rasterio.errors.RasterioError, OSError):
        return None


def _ground(path: Path, view: View) -> tuple[NDArray[np.uint8], bool]:
    """Hill-shade as a quiet grey, paper where the surface model ends."""
    picture = np.empty((view.rows, view.columns, 3), dtype=np.uint8)
    found = _read(path, view, Resampling.bilinear)
    picture[:] = _GROUND if found is None else _OUTSIDE
    if found is None:
        return picture, False
    shade, (row, column) = found
    grey = _SHADE_DARK + (_SHADE_LIGHT - _SHADE_DARK) * shade / 255.0
    known = np.isfinite(grey)
    part = picture[row : row + shade.shape[0], column : column + shade.shape[1]]
    part[known] = grey[known][:, None].astype(np.uint8)
    return picture, True


def _paint_irradiation(image: Image.Image, path: Path, view: View, low: float, high: float) -> bool:
    """Colours of the irradiation over the cells that have one; False where there is no raster."""
    cells = _cell_size(path)
    if cells is None:
        return False
    # Enlarged, cells stay cells; reduced, they are averaged.
    found = _read(path, view, Resampling.average if cells < view.resolution else Resampling.nearest)
    if found is None:
        return False
    value, (row, column) = found
    known = np.isfinite(value)
    colours = ramp_colours((value - low) / (high - low))
    mask = Image.fromarray(np.where(known, 255, 0).astype(np.uint8))
    image.paste(Image.fromarray(colours), (column, row), mask)
    return True


def _cell_size(path: Path) -> float | None:
    try:
        with rasterio.open(path, driver="GTiff") as file:
            return float(file.res[0])
    except (rasterio.errors.RasterioError, OSError):
        return None


def _paint_planes(image: Image.Image, plan: Plan, view: View, low: float, high: float) -> None:
    """Without the raster, each roof plane in the colour of its mean."""
    planes = plan.results.planes
    colours = ramp_colours((planes["irradiation_kwh_m2"].to_numpy(dtype=np.float64) - low) / (high - low))
    draw = ImageDraw.Draw(image)
    for index, ring, outer in _rings(planes.geometry.to_numpy(), view):
        draw.polygon(ring.ravel().tolist(), fill=tuple(colours[index].tolist()) if outer else _GROUND)


# ---------------------------------------------------------------------------------------------- lines


def _rings(shapes: NDArray[Any], view: View) -> Iterator[tuple[int, NDArray[np.float64], bool]]:
    """Index of the shape, ring in pixels, outer or not; shapes outside the view are left out."""
    west, south, east, north = view.bounds
    left, bottom, right, top = shapely.bounds(shapes).T
    seen = np.flatnonzero((right >= west) & (left <= east) & (top >= south) & (bottom <= north))
    parts, owner = shapely.get_parts(shapes[seen], return_index=True)
    for part, place in zip(parts, owner, strict=True):
        if shapely.get_type_id(part) != shapely.GeometryType.POLYGON:
            continue
        yield int(seen[place]), view.pixels(shapely.get_coordinates(shapely.get_exterior_ring(part))), True
        for hole in range(shapely.get_num_interior_rings(part)):
            yield int(seen[place]), view.pixels(shapely.get_coordinates(shapely.get_interior_ring(part, hole))), False


# Class: width on paper [mm], of which half is seen; dash [mm] or None; white casing [mm].
STROKES: dict[str, tuple[float, tuple[float, float] | None, float]] = {
    "other": (0.12, None, 0.0),
    "ineligible": (0.8, None, 0.25),
    "eligible": (0.9, None, 0.25),
    "unknown": (1.1, (1.4, 0.9), 0.25),
    "chosen": (1.9, None, 0.4),
}
# Lines are as wide as above where a facility's building measures this on paper [mm], and thinner where it is smaller.
_FULL_SIZE = 6.0
_THINNEST = 0.45


@dataclass(frozen=True)
class _Lines:
    """Outlines of the buildings by class."""

    shapes: NDArray[Any]
    classes: NDArray[Any]
    view: View
    unit: float
    thickness: float

    @staticmethod
    def of(plan: Plan, view: View, unit: float) -> _Lines:
        buildings = building_layer(plan)
        classes = buildings["class"].to_numpy()
        shapes = buildings.geometry.to_numpy()
        size = _typical_size(shapes[classes != "other"]) / view.resolution / unit
        return _Lines(shapes, classes, view, unit, min(max(size / _FULL_SIZE, _THINNEST), 1.0))

    def facilities(self, image: Image.Image) -> None:
        """The facilities' buildings, the chosen last."""
        draw = ImageDraw.Draw(image)
        unit = self.unit * self.thickness
        for name, (width, dash, casing) in STROKES.items():
            if name == "other":
                continue
            rings = [ring for _, ring, _ in _rings(self.shapes[self.classes == name], self.view)]
            for ring in rings:
                stroke(draw, ring, "#FFFFFF", (width + 2 * casing) * unit)
            for ring in rings:
                if dash:
                    dashed(draw, ring, CLASS_COLOURS[name], width * unit, (dash[0] * unit, dash[1] * unit))
                else:
                    stroke(draw, ring, CLASS_COLOURS[name], width * unit)

    def others(self, image: Image.Image) -> None:
        """Thin lines round all other buildings; far out they would be a grey mash and are left out."""
        shapes = self.shapes[self.classes == "other"]
        if _typical_size(shapes) / self.view.resolution < 1.2 * self.unit:
            return
        draw = ImageDraw.Draw(image)
        for _, ring, _ in _rings(shapes, self.view):
            stroke(draw, ring, CLASS_COLOURS["other"], STROKES["other"][0] * self.unit)


def _typical_size(shapes: NDArray[Any]) -> float:
    """Side of the square of the median area [m]."""
    return float(np.median(np.sqrt(shapely.area(shapes)))) if len(shapes) else 0.0


def stroke(draw: ImageDraw.ImageDraw, ring: NDArray[np.float64], colour: str, width: float) -> None:
    """A closed or open line with round joints."""
    points = [tuple(point) for point in ring.tolist()]
    if len(points) > 2 and points[0] == points[-1]:
        # Pillow joins only inside a line: go round the first corner too.
        points.append(points[1])
    draw.line(points, fill=colour, width=max(1, round(width)), joint="curve")


def dashed(
    draw: ImageDraw.ImageDraw, ring: NDArray[np.float64], colour: str, width: float, dash: tuple[float, float]
) -> None:
    """A line of dashes that go round its corners."""
    line = shapely.LineString(ring)
    starts = np.arange(0.0, line.length, sum(dash))
    for start in starts.tolist():
        part = shapely.ops.substring(line, start, min(start + dash[0], line.length))
        points = shapely.get_coordinates(part)
        if len(points) > 1:
            stroke(draw, points, colour, width)


# ---------------------------------------------------------------------------------------------- sites


@dataclass(frozen=True)
class Marker:
    """A chosen site on the map: number, the site and where its mark stands [px]."""

    number: int
    site: tuple[float, float]
    mark: tuple[float, float]


def site_points(plan: Plan) -> pd.DataFrame:
    """Easting ``x``, northing ``y`` and ``class`` by facility id: its point, else the middle of its first building."""
    import pandas as pd

    points = plan.facilities.set_index("facility_id").geometry
    x, y = shapely.get_x(points.to_numpy()), shapely.get_y(points.to_numpy())
    buildings = plan.results.buildings.drop_duplicates("building_id").set_index("building_id").geometry
    first = (
        plan.results.links.drop_duplicates("facility_id").set_index("facility_id")["building_id"].reindex(points.index)
    )
    middle = shapely.point_on_surface(buildings.reindex(first).to_numpy())
    # A mark belongs on the roof that is meant; the ledger's point may lie at the gate.
    inside = ~shapely.is_missing(middle)
    x = np.where(inside, shapely.get_x(middle), x)
    y = np.where(inside, shapely.get_y(middle), y)
    frame = pd.DataFrame({"x": x, "y": y}, index=points.index)
    frame["class"] = site_class(plan).reindex(frame.index)
    return frame[np.isfinite(frame["x"]) & np.isfinite(frame["y"])]


def place_markers(sites: list[tuple[int, float, float]], radius: float, size: tuple[int, int]) -> list[Marker]:
    """Marks that do not cover one another: on the site if free, else the nearest free place around it.

    Parameters
    ----------
    sites : list of (number, x, y)
        In pixels.
    radius : float
        Of a mark [px].
    size : (width, height)
        Of the picture [px]; marks stay inside.
    """
    ring = [(0.0, 0.0)]
    for step in range(1, 7):
        count = 8 * step
        ring += [
            (
                2.1 * radius * step * math.sin(2 * math.pi * k / count),
                -2.1 * radius * step * math.cos(2 * math.pi * k / count),
            )
            for k in range(count)
        ]
    offsets = np.array(ring)
    taken = np.empty((0, 2))
    markers = []
    for number, x, y in sites:
        places = np.array([x, y]) + offsets
        free = ((places >= radius) & (places <= np.array(size) - radius)).all(axis=1)
        if len(taken):
            free &= (np.hypot(*(places[:, None, :] - taken[None]).transpose(2, 0, 1)) >= 2.05 * radius).all(axis=1)
        best = places[int(np.argmax(free))] if free.any() else np.clip(places[0], radius, np.array(size) - radius)
        taken = np.vstack([taken, best])
        markers.append(Marker(number, (x, y), (float(best[0]), float(best[1]))))
    return markers


def disc(size: int, fill: str, edge: str, border: float) -> Image.Image:
    """A smooth disc as RGBA, ``size`` px wide."""
    fine = size * 4
    picture = Image.new("RGBA", (fine, fine), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((0, 0, fine - 1, fine - 1), fill=edge)
    inner = round(border * 4)
    draw.ellipse((inner, inner, fine - 1 - inner, fine - 1 - inner), fill=fill)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def shadow(size: int, blur: float) -> Image.Image:
    """A soft shadow under a mark."""
    side = size + round(blur * 4)
    picture = Image.new("L", (side, side), 0)
    edge = round(blur * 2)
    ImageDraw.Draw(picture).ellipse((edge, edge, side - edge, side - edge), fill=110)
    return picture.filter(ImageFilter.GaussianBlur(blur))
