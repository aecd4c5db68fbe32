"""Puts up buildings: outline for the map, bodies for the surface, trees and cars beside them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import Polygon

from sample_data.generator import stamp
from sample_data.generator.shapes import Box, box_of, northward, rect
from sample_data.generator.stamp import Parts

HOUSE, FLATS, OFFICE, SHOP, PUBLIC, SCHOOL, STORE, FACTORY, UTILITY = (
    "411", "412", "401", "402", "421", "422", "431", "441", "452",
)  # fmt: skip


@dataclass
class Building:
    """One outline of the map; ``owner`` is the index of the public facility, or -1."""

    outline: Polygon
    usage: str
    storeys: int
    height: float
    roof: str
    owner: int = -1
    role: str = ""


@dataclass
class Town:
    """Everything that has been put up so far."""

    rng: np.random.Generator
    parts: Parts = field(default_factory=Parts)
    buildings: list[Building] = field(default_factory=list)
    trees: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    pads: list[tuple[Polygon, float]] = field(default_factory=list)

    def pad(self, shape: Polygon, lift: float = 0.25) -> None:
        """Level the ground under ``shape`` to its mean, ``lift`` above."""
        self.pads.append((shape, lift))

    def tree(self, x: float, y: float, radius: float, height: float, rough: float = 0.0) -> None:
        self.trees.append((x, y, radius, height, rough))

    def grove(self, shape: Polygon, spacing: float, radius: tuple[float, float], height: tuple[float, float]) -> None:
        """Fill a shape with trees about ``spacing`` apart."""
        if shape.is_empty:
            return
        x0, y0, x1, y1 = shape.bounds
        xs, ys = np.meshgrid(np.arange(x0, x1, spacing), np.arange(y0, y1, spacing * 0.87))
        xs[1::2] += spacing / 2
        xs = xs + self.rng.normal(0, spacing * 0.2, xs.shape)
        ys = ys + self.rng.normal(0, spacing * 0.2, ys.shape)
        inside = shapely.contains_xy(shape, xs, ys)
        for x, y in zip(xs[inside], ys[inside], strict=True):
            self.tree(float(x), float(y), self.rng.uniform(*radius), self.rng.uniform(*height), 1.0)

    def border(self, shape: Polygon, spacing: float, radius: float, height: float, share: float = 0.8) -> None:
        """A row of trees just inside a shape."""
        ring = shape.buffer(-radius - 0.6)
        for part in shapely.get_parts(ring):
            line = part.exterior
            for d in np.arange(0, line.length, spacing):
                if self.rng.random() < share:
                    p = line.interpolate(d)
                    scale = self.rng.uniform(0.75, 1.15)
                    self.tree(p.x, p.y, radius * scale, height * scale)

    def car(self, box: Box) -> None:
        self.parts.add(box, stamp.GABLE, 1.0, 0.45)


def fitted(shape: Polygon, box: Box, taken: list[Polygon], margin: float = 1.0) -> Box | None:
    """The box, made smaller until it lies in the shape and touches nothing; None where it does not fit."""
    room = shape.buffer(-margin)
    for scale in (1.0, 0.93, 0.86, 0.79, 0.72, 0.64, 0.56, 0.47, 0.4):
        tried = box._replace(length=box.length * scale, width=box.width * max(scale, 0.6))
        outline = rect(tried)
        if room.contains(outline) and not any(outline.distance(other) < 0.9 for other in taken):
            return tried
    return None


def house(town: Town, lot: Polygon) -> None:
    """A dwelling on its lot, with a garden to the south, a tree here and a car there."""
    rng = town.rng
    plot = northward(lot)
    town.pad(lot, 0.2 + rng.uniform(0.0, 0.2))
    side = rng.uniform(0.7, 1.1)
    length = min(plot.length - 2 * side, rng.uniform(8.5, 13.0))
    width = min(plot.width - 2 * side - rng.uniform(0.5, 2.0), rng.uniform(7.0, 10.0))
    if length < 4.5 or width < 4.5:
        return
    north = (plot.width - width) / 2 - side
    centre = plot.at(rng.uniform(-1, 1) * max(0.0, (plot.length - length) / 2 - side), north)
    body = fitted(lot, Box(*centre, plot.angle, length, width), [], 0.55)
    if body is None:
        body = fitted(lot, Box(plot.x, plot.y, plot.angle, length, width), [], 0.55)
    if body is None or body.length < 4.2 or body.width < 4.2:
        return
    if body.width > body.length:
        body = Box(body.x, body.y, body.angle + np.pi / 2, body.width, body.length)
    outline = rect(body)
    style = rng.choice(4, p=(0.36, 0.34, 0.16, 0.14))
    storeys = 3 if style == 3 and rng.random() < 0.6 else 2 if rng.random() < 0.93 else 1
    wall = 0.4 + 2.85 * storeys
    eaves = body._replace(length=body.length + 0.8, width=body.width + 0.8)
    pitch = rng.uniform(0.32, 0.55)
    if style == 0:
        town.parts.add(eaves, stamp.GABLE, wall, pitch)
        top, roof = wall + pitch * body.width / 2, "gable"
    elif style == 1:
        town.parts.add(eaves, stamp.HIP, wall, pitch)
        top, roof = wall + pitch * body.width / 2, "hip"
    elif style == 2:
        slope = rng.uniform(0.12, 0.26)
        turned = eaves if rng.random() < 0.5 else eaves._replace(angle=eaves.angle + np.pi)
        town.parts.add(turned, stamp.SHED, wall, slope)
        top, roof = wall + slope * body.width, "gable"
    else:
        town.parts.add(body, stamp.FLAT, wall, 0.45, 0.5)
        top, roof = wall + 0.45, "flat"
    outline = _wing(town, lot, body, outline, wall)
    town.buildings.append(Building(outline, HOUSE, storeys, top, roof))
    _garden(town, lot, plot, outline)


def _wing(town: Town, lot: Polygon, body: Box, outline: Polygon, wall: float) -> Polygon:
    """A lower part beside the main body, for four houses in ten."""
    rng = town.rng
    if rng.random() > 0.42:
        return outline
    length, depth = body.length * rng.uniform(0.35, 0.55), rng.uniform(1.6, 3.0)
    side = rng.choice((-1.0, 1.0))
    shift = rng.choice((-1.0, 1.0)) * (body.length - length) / 2
    centre = body.at(float(shift), float(side) * (body.width + depth) / 2 - float(side) * 0.05)
    wing = Box(*centre, body.angle + (np.pi if side > 0 else 0.0), length, depth + 0.1)
    shape = rect(wing)
    if not lot.buffer(-0.35).contains(shape):
        return outline
    town.parts.add(wing, stamp.SHED, min(wall - 2.4, 3.3), 0.28)
    joined = outline | shape
    return joined if isinstance(joined, Polygon) else outline


def _garden(town: Town, lot: Polygon, plot: Box, outline: Polygon) -> None:
    rng = town.rng
    x, y = plot.at(rng.uniform(-0.4, 0.4) * plot.length, -0.5 * plot.width + 1.6)
    spot = shapely.Point(x, y)
    if rng.random() < 0.34:
        radius = rng.uniform(1.0, 2.1)
        if spot.distance(outline) > radius * 0.7 and lot.buffer(0.8).contains(spot):
            town.tree(x, y, radius, rng.uniform(2.5, 6.0))
    elif rng.random() < 0.5:
        car = Box(*plot.at(0.36 * plot.length, -0.5 * plot.width + 2.6), plot.angle + np.pi / 2, 4.4, 1.8)
        if lot.contains(rect(car)) and rect(car).distance(outline) > 0.3:
            town.car(car)


def slab(
    town: Town, body: Box, storeys: int, usage: str, *, owner: int = -1, role: str = "", floor: float = 3.3,
    equipment: float = 1.0,
) -> None:  # fmt: skip
    """A building with a flat roof, parapet, stair house and equipment on top."""
    rng = town.rng
    wall = 0.6 + floor * storeys
    parapet = rng.uniform(0.35, 1.1)
    town.parts.add(body, stamp.FLAT, wall, parapet, 0.5)
    if storeys >= 3 and body.width > 7 and equipment > 0:
        along = rng.choice((-0.36, 0.33, 0.0)) * body.length
        stair = Box(
            *body.at(float(along), 0.18 * body.width), body.angle, min(6.5, body.length * 0.3), body.width * 0.4
        )
        town.parts.add(stair, stamp.FLAT, wall + 3.0)
    count = rng.poisson(equipment * body.length * body.width / 130.0)
    for _ in range(min(int(count), 14)):
        spot = body.at(rng.uniform(-0.4, 0.4) * body.length, rng.uniform(-0.3, 0.3) * body.width)
        unit = Box(*spot, body.angle, rng.uniform(1.2, 3.6), rng.uniform(1.0, 1.8))
        town.parts.add(unit, stamp.FLAT, wall + rng.uniform(0.8, 2.0))
    if storeys >= 4 and equipment > 0 and rng.random() < 0.5:
        tank = Box(*body.at(0.28 * body.length, 0.1 * body.width), 0.0, 2.8, 2.8)
        town.parts.add(tank, stamp.ROUND, wall + 2.8, 0.4)
    town.buildings.append(Building(rect(body), usage, storeys, wall + parapet, "flat", owner, role))


def hall(
    town: Town, body: Box, wall: float, roof: str, usage: str, *, storeys: int = 1, owner: int = -1, role: str = "",
    pitch: float = 0.3,
) -> None:  # fmt: skip
    """A hall with a gable, hip, folded-metal, vaulted or saw-tooth roof."""
    eaves = body._replace(length=body.length + 0.8, width=body.width + 0.8)
    kind, top, name = roof, wall, roof
    if roof == "metal":
        town.parts.add(body, stamp.GABLE, wall, 0.06)
        top += 0.03 * body.width
        for shift in np.arange(-0.4, 0.41, 0.2)[: max(1, int(body.length / 9))]:
            vent = Box(*body.at(float(shift) * body.length, 0.0), body.angle, 1.4, 1.4)
            town.parts.add(vent, stamp.ROUND, wall + 0.03 * body.width + 0.5, 0.5)
    elif roof == "vault":
        town.parts.add(body, stamp.VAULT, wall, body.width * 0.13)
        top, name = wall + body.width * 0.13, "metal"
    elif roof == "sawtooth":
        # The glazed teeth look north, as weaving sheds have them: the sloping sheets rise to the north.
        north = body.angle if np.sin(body.angle) > 0 else body.angle + np.pi
        town.parts.add(
            body._replace(angle=north), stamp.SAWTOOTH, wall, 2.9, body.length / max(2, round(body.length / 8))
        )
        top += 2.9
    else:
        town.parts.add(eaves, stamp.HIP if kind == "hip" else stamp.GABLE, wall, pitch)
        top += pitch * body.width / 2
    town.buildings.append(Building(rect(body), usage, storeys, top, name, owner, role))


def long_axis(shape: Polygon) -> Box:
    """Box of a shape, for callers that need no north."""
    return box_of(shape)
