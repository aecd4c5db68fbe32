"""Small polygon tools: rectangles, boxes round a shape, cuts across it, blocks and lots."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

_FAR = 4000.0


class Box(NamedTuple):
    """Rectangle: centre, direction of its longer side [rad from east], length and width [m]."""

    x: float
    y: float
    angle: float
    length: float
    width: float

    def at(self, a: float, b: float) -> tuple[float, float]:
        """The point ``a`` along and ``b`` to the left of the box's axis."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        return float(self.x + a * c - b * s), float(self.y + a * s + b * c)


def rect(box: Box) -> Polygon:
    """The rectangle as a polygon."""
    a, b = box.length / 2, box.width / 2
    return Polygon([box.at(-a, -b), box.at(a, -b), box.at(a, b), box.at(-a, b)])


def box_of(shape: Polygon) -> Box:
    """Smallest rectangle round the shape; its axis along the longer side, pointing east (or due north)."""
    ring = shapely.get_coordinates(shapely.oriented_envelope(shape))
    first, second = ring[1] - ring[0], ring[2] - ring[1]
    lengths = float(np.hypot(*first)), float(np.hypot(*second))
    longer = first if lengths[0] >= lengths[1] else second
    angle = float(np.arctan2(longer[1], longer[0]))
    if angle <= -np.pi / 2 + 1e-9 or angle > np.pi / 2 + 1e-9:
        angle -= np.sign(angle) * np.pi
    centre = (ring[0] + ring[2]) / 2
    return Box(float(centre[0]), float(centre[1]), angle, max(lengths), min(lengths))


def northward(shape: Polygon) -> Box:
    """As :func:`box_of`, but its *left* side (``+b``) looks as far north as it can; length may be the shorter."""
    box = box_of(shape)
    if abs(box.angle) <= np.pi / 4:
        return box
    turn = -np.pi / 2 if box.angle > 0 else np.pi / 2
    return Box(box.x, box.y, box.angle + turn, box.width, box.length)


def polygons(shape: shapely.Geometry, least: float = 1.0) -> list[Polygon]:
    """The polygons in any geometry, largest first, those under ``least`` m² left out."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, Polygon) and p.area >= least]
    return sorted(parts, key=lambda p: -p.area)


def cut(shape: Polygon, point: tuple[float, float], angle: float, gap: float) -> list[Polygon]:
    """Both sides of a straight street of width ``gap`` through ``point``, at right angles to ``angle``."""
    sides: list[Polygon] = []
    for sign in (-1.0, 1.0):
        reach = sign * (gap / 2 + _FAR / 2)
        x, y = point[0] + reach * np.cos(angle), point[1] + reach * np.sin(angle)
        sides += polygons(shape & rect(Box(x, y, angle, _FAR, _FAR)), 30.0)
    return sides


def blocks(shape: Polygon, longest: float, widest: float, street: float, rng: np.random.Generator) -> list[Polygon]:
    """Cut the shape by streets until every block is at most ``longest`` × ``widest`` metres."""
    todo, done = [shape], []
    while todo:
        piece = todo.pop()
        box = box_of(piece)
        along, across = box.length / longest, box.width / widest
        if max(along, across) <= 1.0:
            done.append(piece)
            continue
        share = rng.uniform(-0.07, 0.07)
        if along >= across:
            todo += cut(piece, box.at(share * box.length, 0.0), box.angle, street)
        else:
            todo += cut(piece, box.at(0.0, share * box.width), box.angle + np.pi / 2, street)
    return done


def slices(shape: Polygon, count: int, rng: np.random.Generator, gap: float = 0.0) -> list[Polygon]:
    """Cut the shape across its longer side into ``count`` pieces of nearly the same length."""
    box = box_of(shape)
    marks = -0.5 + np.arange(1, count) / count + rng.uniform(-0.08, 0.08, count - 1) / count
    pieces: list[Polygon] = []
    rest = [shape]
    for mark in marks:
        point = box.at(float(mark) * box.length, 0.0)
        following: list[Polygon] = []
        for piece in rest:
            for side in cut(piece, point, box.angle, gap):
                a = (side.centroid.x - point[0]) * np.cos(box.angle) + (side.centroid.y - point[1]) * np.sin(box.angle)
                (pieces if a < 0 else following).append(side)
        rest = following
    return pieces + rest


def lots(block: Polygon, frontage: float, rng: np.random.Generator) -> list[Polygon]:
    """House lots of a block: one or two rows back to back, each cut every ``frontage`` metres or so."""
    box = box_of(block)
    rows = [block] if box.width < 21.0 else cut(block, (box.x, box.y), box.angle + np.pi / 2, 0.0)
    found: list[Polygon] = []
    for row in rows:
        length = box_of(row).length
        found += slices(row, max(1, round(length / (frontage * rng.uniform(0.88, 1.15)))), rng)
    return found


def end_piece(block: Polygon, area: float) -> tuple[Polygon, list[Polygon]]:
    """Take about ``area`` m² from one end of a block; the piece, and what is left."""
    box = box_of(block)
    length = area / max(block.area, 1.0) * box.length
    if block.area - area < 400.0:
        return block, []
    sides = cut(block, box.at(length - box.length / 2, 0.0), box.angle, 0.0)
    order = sorted(
        sides, key=lambda p: (p.centroid.x - box.x) * np.cos(box.angle) + (p.centroid.y - box.y) * np.sin(box.angle)
    )
    return order[0], order[1:]


def spread(points: NDArray[np.float64], count: int, first: int) -> list[int]:
    """Indices of ``count`` points far from one another (farthest-point sampling), beginning at ``first``."""
    chosen = [first]
    distance = np.hypot(*(points - points[first]).T)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.hypot(*(points - points[chosen[-1]]).T))
    return chosen
