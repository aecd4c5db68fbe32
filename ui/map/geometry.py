"""Geometry of drawing on roofs: main direction, right angles, snapping, and whose roof a shape lies on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ui.map.scene import Scene, Shapes

Point = tuple[float, float]
# A keep-out must lie on one roof with at least this share of its area.
MOST = 0.5


def main_direction(shape: shapely.Geometry) -> float:
    """Direction of most of the outline [rad east of … counter-clockwise from east], 0 … π/2: walls stand at right angles to one another.

    The mean of the sides' directions in the fourfold angle, weighted by their lengths.
    """
    corners = shapely.get_coordinates(shapely.get_exterior_ring(_largest(shape)))
    way = np.diff(corners, axis=0)
    if not len(way):
        return 0.0
    turned = (np.hypot(way[:, 0], way[:, 1]) * np.exp(4j * np.arctan2(way[:, 1], way[:, 0]))).sum()
    return float(np.angle(turned) / 4.0 % (math.pi / 2)) if abs(turned) > 0 else 0.0


def _largest(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return parts[int(np.argmax(shapely.area(parts)))] if len(parts) else shape


def rectangle(first: Point, opposite: Point, direction: float) -> list[Point]:
    """The corners of a rectangle with a side in ``direction`` [rad], two of them given."""
    ux, uy = math.cos(direction), math.sin(direction)
    along = (opposite[0] - first[0]) * ux + (opposite[1] - first[1]) * uy
    second = (first[0] + along * ux, first[1] + along * uy)
    fourth = (opposite[0] - along * ux, opposite[1] - along * uy)
    return [first, second, opposite, fourth]


def straightened(origin: Point, to: Point, directions: Iterable[float]) -> Point:
    """``to`` moved square onto the nearest of the lines through ``origin`` in these directions [rad], or at right angles to them."""
    dx, dy = to[0] - origin[0], to[1] - origin[1]
    best, away = to, math.inf
    for base in directions:
        for turn in (0.0, math.pi / 2):
            ux, uy = math.cos(base + turn), math.sin(base + turn)
            along = dx * ux + dy * uy
            off = math.hypot(dx - along * ux, dy - along * uy)
            if off < away:
                best, away = (origin[0] + along * ux, origin[1] + along * uy), off
    return best


def crosses_itself(points: Sequence[Point], *, closed: bool) -> bool:
    """Whether a line, or the ring that it closes to, meets itself anywhere but at its ends."""
    if len(points) < (3 if closed else 2):
        return False
    line = [*points, points[0]] if closed else list(points)
    return not shapely.is_simple(shapely.LineString(line))


@dataclass(frozen=True)
class Snap:
    """A place that attracts the pointer: a corner or a side of a roof."""

    x: float
    y: float
    kind: Literal["corner", "side"]


def snap(shapes: Iterable[Shapes], origin: Point, x: float, y: float, reach: float) -> Snap | None:
    """The nearest corner within ``reach`` [m] of a point, else the nearest side; None where there is neither."""
    segments = [found for found in (_segments(each, origin, x, y, reach) for each in shapes) if found is not None]
    if not segments:
        return None
    a, b = (np.concatenate([pair[k] for pair in segments]) for k in (0, 1))
    corners = np.concatenate([a, b])
    away = np.hypot(corners[:, 0] - x, corners[:, 1] - y)
    k = int(np.argmin(away))
    if away[k] <= reach:
        return Snap(float(corners[k, 0]), float(corners[k, 1]), "corner")
    way = b - a
    length = np.maximum((way**2).sum(axis=1), 1e-12)
    share = np.clip(((x - a[:, 0]) * way[:, 0] + (y - a[:, 1]) * way[:, 1]) / length, 0.0, 1.0)
    foot = a + way * share[:, None]
    away = np.hypot(foot[:, 0] - x, foot[:, 1] - y)
    k = int(np.argmin(away))
    return Snap(float(foot[k, 0]), float(foot[k, 1]), "side") if away[k] <= reach else None


def _segments(
    shapes: Shapes, origin: Point, x: float, y: float, reach: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Sides of the outlines whose boxes come near a point: where they begin and where they end."""
    at = shapes.corners_of(shapes.within((x - reach, y - reach, x + reach, y + reach)))
    at = at[shapes.joins[at] == 1]
    if not len(at):
        return None
    begin = np.column_stack([shapes.x[at] + origin[0], shapes.y[at] + origin[1]])
    end = np.column_stack([shapes.x[at + 1] + origin[0], shapes.y[at + 1] + origin[1]])
    return begin, end


def outline_at(scene: Scene, x: float, y: float) -> tuple[str, shapely.Geometry] | None:
    """The building below a point, one of a facility first: its id and its outline."""
    point = shapely.Point(x, y)
    for shapes, ids in ((scene.public, scene.public_ids), (scene.others.shapes, scene.other_ids)):
        hit = shapes.tree.query(point, predicate="intersects")
        if len(hit):
            k = int(hit[np.argmin(shapes.area[hit])])
            return str(ids[k]), shapes.geometries[k]
    return None


@dataclass(frozen=True)
class Roof:
    """Whose roof a shape lies on, or why it lies on none; ``area`` is what of it lies there [m²]."""

    building_id: str = ""
    area: float = 0.0
    fault: Literal["", "nowhere", "not_a_facility", "beside"] = ""


def roof_of(scene: Scene, shape: shapely.Polygon) -> Roof:
    """The building that holds most of a shape."""
    best = Roof(fault="nowhere")
    for shapes, ids, fault in (
        (scene.public, scene.public_ids, ""),
        (scene.others.shapes, scene.other_ids, "not_a_facility"),
    ):
        hit = shapes.tree.query(shape, predicate="intersects")
        if not len(hit):
            continue
        shared = shapely.area(shapely.intersection(shapes.geometries[hit], shape))
        k = int(np.argmax(shared))
        if shared[k] > best.area:
            best = Roof(str(ids[hit[k]]), float(shared[k]), fault)  # type: ignore[arg-type]
    if not best.fault and best.area < MOST * shape.area:
        return Roof(best.building_id, best.area, "beside")
    return best
