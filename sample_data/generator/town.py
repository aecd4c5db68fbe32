"""Lays the town out: roads, rail, river, blocks and lots; gives each block its use; builds it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features
from shapely import LineString, Polygon

from sample_data.generator import fill, sites, stamp, terrain
from sample_data.generator.build import Building, Town
from sample_data.generator.lines import RAIL, ROADS, STATION, TOWERS
from sample_data.generator.place import CELL, HEIGHT, NODATA, STEP, WIDTH, Frame, random
from sample_data.generator.roster import roster
from sample_data.generator.shapes import (
    blocks,
    box_of,
    end_piece,
    polygons,
)  # fmt: skip


@dataclass
class Plan:
    """The pieces of land, by use."""

    big: list[Polygon] = field(default_factory=list)
    leaves: list[Polygon] = field(default_factory=list)
    green: list[Polygon] = field(default_factory=list)


@dataclass
class Made:
    """The finished town: surface, buildings, and the site of each public facility."""

    surface: NDArray[np.float32]
    ground: NDArray[np.float32]
    buildings: list[Building]
    sites: dict[int, Polygon]


def _foot_line(offset: float) -> list[tuple[float, float]]:
    u = np.arange(-40.0, WIDTH + 41.0, 20.0, dtype=np.float32)
    return list(zip(u.tolist(), (terrain.hill_foot(u) + offset).tolist(), strict=True))


def _levee_line(offset: float) -> list[tuple[float, float]]:
    u = np.arange(-40.0, WIDTH + 41.0, 20.0, dtype=np.float32)
    return list(zip(u.tolist(), (terrain.river_middle(u) - terrain.LEVEE_OFFSET + offset).tolist(), strict=True))


def _corridors() -> shapely.Geometry:
    lines = [road.buffer(width / 2) for road, width in ROADS]
    lines.append(RAIL.buffer(8.5))
    lines.append(LineString(_foot_line(16.0)).buffer(4.5))
    return shapely.union_all(lines)


def flat_pieces(taken: shapely.Geometry) -> list[Polygon]:
    """The superblocks of the flat."""
    land = Polygon(_foot_line(16.0) + _levee_line(-21.0)[::-1]) & shapely.box(5, 5, WIDTH - 5, HEIGHT - 5)
    return polygons(land - taken, 250.0)


def hill_pieces(ground: NDArray[np.float32], taken: shapely.Geometry) -> list[tuple[Polygon, float]]:
    """Bands between contour streets, with their mean slope."""
    coarse = ground[4::8, 4::8]
    transform = Frame().transform @ Affine.scale(8.0)
    rise_y, rise_x = np.gradient(coarse, 8 * CELL)
    steep = np.hypot(rise_x, rise_y)
    level = np.floor((coarse - 15.2) / 4.9).astype(np.int16)
    hill = Polygon([(-40, -40), *_foot_line(7.0), (WIDTH + 40, -40)]) & shapely.box(5, 5, WIDTH - 5, HEIGHT - 5)
    found: list[tuple[Polygon, float]] = []
    for shape, _ in features.shapes(level, transform=transform):
        band = shapely.geometry.shape(shape).buffer(0)
        band = (band & hill).simplify(4.0).buffer(3.0).buffer(-5.4).simplify(0.8) - taken
        for piece in polygons(band, 160.0):
            cells = features.rasterize([piece], coarse.shape, transform=transform)
            slope = float(steep[cells == 1].mean()) if cells.any() else 0.0
            found.append((piece, slope))
    return found


def _wild(piece: Polygon) -> bool:
    """The two woods on top of the hill that were never built on."""
    x, y = float(piece.centroid.x), float(piece.centroid.y)
    return (330.0 < x < 520.0 and y < 190.0) or (1705.0 < x < 1890.0 and y < 230.0)


def divide(ground: NDArray[np.float32], rng: np.random.Generator) -> tuple[Plan, Plan]:
    """Blocks of the flat and of the hill."""
    taken = _corridors()
    flat, hill = Plan(), Plan()
    for piece in flat_pieces(taken):
        flat.big += blocks(piece, 200.0, 122.0, 7.0, rng)
    for piece, slope in hill_pieces(ground, taken):
        if slope > 0.205 or _wild(piece):
            hill.green.append(piece)
            continue
        for block in blocks(piece, 190.0, 118.0, 6.0, rng):
            (hill.big if block.area > 700.0 else hill.green).append(block)
    return flat, hill


class _Layout:
    """Gives each block its use, in a fixed order, and builds it."""

    def __init__(self, seed: int) -> None:
        self.rng = random(seed, "layout")
        self.frame = Frame()
        self.natural = terrain.bare_ground(self.frame, random(seed, "terrain"))
        self.town = Town(random(seed, "build"))
        self.flat, self.hill = divide(self.natural, self.rng)
        self.entries = roster()
        self.sites: dict[int, Polygon] = {}

    # -- large sites -------------------------------------------------------------------------------------------
    def large_sites(self) -> None:
        """Schools, plants, depots and housing take whole big blocks."""
        wanted = [
            (i, e) for i, e in enumerate(self.entries)
            if e.shape in ("school", "housing", "depot", "depot_saw", "waste", "water", "reservoir", "sports")
        ]  # fmt: skip
        order = sorted(wanted, key=lambda item: -item[1].area)
        for index, entry in order:
            pool = self.hill.big if entry.where == "hill" else self.flat.big
            best = min(range(len(pool)), key=lambda k: self._misfit(pool[k], index))
            self.sites[index] = self._trimmed(pool.pop(best), entry.area, pool)

    def _misfit(self, block: Polygon, index: int) -> float:
        entry, box = self.entries[index], box_of(block)
        middle = block.centroid
        ratio = block.area / entry.area
        cost = 4.0 * abs(np.log(ratio)) if ratio < 1.0 else 0.8 * np.log(ratio)
        need = 62.0 if entry.shape in ("school", "waste", "water") else 44.0
        cost += max(0.0, need - box.width) / 6.0 + 10.0 * (1.0 - block.area / (box.length * box.width))
        for other, site in self.sites.items():
            same = self.entries[other].kind == entry.kind
            cost += (1.6 if same else 0.5) * np.exp(-site.distance(block) / (230.0 if same else 120.0))
        if entry.where == "industry":
            cost += 0.0 if (middle.x < 400 and middle.y > 900) or (middle.x > 1700 and middle.y > 1000) else 9.0
        elif entry.where != "hill":
            cost += 6.0 * np.exp(-np.hypot(middle.x - STATION[0], middle.y - STATION[1]) / 110.0)
        if entry.where == "river":
            cost += max(0.0, 1140.0 - middle.y) / 60.0
        return float(cost + 0.2 * self.rng.random())

    def _trimmed(self, block: Polygon, area: float, pool: list[Polygon]) -> Polygon:
        if block.area < 1.4 * area:
            return block
        piece, rest = end_piece(block, area * 1.08)
        pool += [shape.buffer(-3.0, join_style="mitre") for shape in rest if shape.buffer(-3.0).area > 900]
        return piece

    # -- small sites -------------------------------------------------------------------------------------------
    def leaves(self) -> None:
        """Cut what is left into blocks of one or two rows of lots."""
        for plan in (self.flat, self.hill):
            rest = []
            for block in plan.big:
                centre = block.centroid
                if plan is self.flat and self._use(centre.x, centre.y) in ("industry", "farm", "park"):
                    rest.append(block)
                    continue
                for leaf in blocks(block, 110.0, 45.0, 5.5, self.rng):
                    (plan.leaves if leaf.area > 220.0 else plan.green).append(leaf)
            plan.big = rest

    def _use(self, x: float, y: float) -> str:
        if (x < 470 and y > 905) or (x > 1745 and y > 1020):
            return "industry"
        if (470 < x < 640 and 1120 < y < 1240) or (1480 < x < 1620 and 700 < y < 830):
            return "park"
        farms = ((1380, 1660, 1180, 1300), (60, 300, 560, 700), (1800, 2000, 560, 760), (1250, 1450, 700, 780),
                 (660, 800, 1130, 1300), (520, 640, 560, 680))  # fmt: skip
        if any(west < x < east and south < y < north for west, east, south, north in farms):
            return "farm"
        return "homes"

    def small_sites(self) -> None:
        """Take the towers' blocks, then a piece of a block for each smaller facility."""
        self.tower_plots = []
        for x, y, _ in TOWERS:
            near = min(self.flat.leaves, key=lambda p: fill.tower_misfit(p, x, y))
            self.flat.leaves.remove(near)
            self.tower_plots.append(near)
        rest = [i for i in range(len(self.entries)) if i not in self.sites]
        rest.sort(key=lambda i: (self.entries[i].where not in ("tower_a", "tower_b"), -self.entries[i].area))
        for index in rest:
            pool = self.hill.leaves if self.entries[index].where == "hill" else self.flat.leaves
            best = min(range(len(pool)), key=lambda k: self._small_misfit(pool[k], index))
            piece, left = end_piece(pool.pop(best), self.entries[index].area)
            pool += left
            self.sites[index] = piece

    def _small_misfit(self, block: Polygon, index: int) -> float:
        entry, box, middle = self.entries[index], box_of(block), block.centroid
        cost = 8.0 * max(0.0, np.log(entry.area / block.area)) + max(0.0, 14.0 - box.width) * 0.6
        cost += max(0.0, entry.area / max(box.width, 1.0) - 60.0) / 15.0
        cost += 12.0 * (1.0 - block.area / (box.length * box.width))
        cost += sum(
            (2.0 if self.entries[k].kind == entry.kind else 1.0) * np.exp(-site.distance(block) / 90.0)
            for k, site in self.sites.items()
        )
        where = entry.where
        if where in ("tower_a", "tower_b"):
            plot = self.tower_plots[0 if where == "tower_a" else 1]
            cost += np.hypot(middle.x - plot.centroid.x, middle.y - plot.centroid.y - 52.0) / 8.0
        elif where == "station":
            cost += abs(np.hypot(middle.x - STATION[0], middle.y - STATION[1]) - 170.0) / 45.0
        elif where == "foot":
            cost += abs(middle.y - terrain.hill_foot(np.array([middle.x], np.float32))[0] - 42.0) / 14.0
        elif where == "river":
            cost += max(0.0, 1130.0 - middle.y) / 40.0
        elif where == "west":
            cost += max(0.0, middle.x - 620.0) / 40.0
        elif where == "east":
            cost += max(0.0, 1400.0 - middle.x) / 40.0
        return float(cost + 0.4 * self.rng.random())

    # -- everything else ---------------------------------------------------------------------------------------
    def build_all(self) -> None:
        """Facilities first, then towers, then each block by its use."""
        for index in sorted(self.sites):
            sites.put_up(self.town, index, self.entries[index], self.sites[index])
        for plot, (_, _, height) in zip(self.tower_plots, TOWERS, strict=True):
            fill.tower(self.town, plot, height)
        fill.station(self.town)
        for block in self.flat.big:
            fill.by_use(self.town, block, self._use(block.centroid.x, block.centroid.y))
        main = shapely.union_all([road.buffer(width / 2 + 9.0) for road, width in ROADS])
        for leaf in self.flat.leaves:
            fill.urban(self.town, leaf, leaf.intersects(main))
        for leaf in self.hill.leaves + self.hill.big:
            fill.hillside(self.town, leaf)
        built = shapely.union_all([b.outline.buffer(2.5) for b in self.town.buildings])
        for piece in self.hill.green:
            self.town.grove(piece.buffer(2.9) - built, 6.2, (2.6, 4.0), (7.0, 13.5))
        for piece in self.flat.green:
            self.town.grove(piece.buffer(-1.5), 5.0, (1.5, 2.2), (3.5, 6.0))
        fill.street_trees(self.town)
        fill.bridges(self.town)


def _terraced(natural: NDArray[np.float32], pads: list[tuple[Polygon, float]], frame: Frame) -> NDArray[np.float32]:
    """Ground with every pad levelled to its mean."""
    ids = features.rasterize(
        ((shape, i + 1) for i, (shape, _) in enumerate(pads)),
        (frame.rows, frame.cols), transform=frame.transform, dtype="int32",
    )  # fmt: skip
    counts = np.bincount(ids.ravel(), minlength=len(pads) + 1)
    sums = np.bincount(ids.ravel(), weights=natural.ravel().astype(np.float64), minlength=len(pads) + 1)
    lift = np.array([0.0, *(lift for _, lift in pads)])
    mean = sums / np.maximum(counts, 1) + lift
    return np.where(ids > 0, mean[ids].astype(np.float32), natural)


def _holes(surface: NDArray[np.float32], rng: np.random.Generator) -> None:
    """A few places where the survey saw nothing: water, a glass roof, a shaft."""
    frame = Frame()
    u, v = frame.axes()
    spots = [(u0, float(terrain.river_middle(np.array([u0], np.float32))[0]) + rng.uniform(-16, 16)) for u0 in
             rng.permutation(np.array([95.0, 240.0, 410.0, 640.0, 820.0, 1010.0, 1480.0, 1660.0, 1850.0]))]  # fmt: skip
    spots += [(rng.uniform(80, 1920), rng.uniform(80, 1200)) for _ in range(5)]
    for i, (x, y) in enumerate(spots):
        a, b = (rng.uniform(5.0, 13.0), rng.uniform(2.5, 5.0)) if i < 9 else (rng.uniform(1.0, 2.0),) * 2
        c0, c1 = int((x - a) / CELL), int((x + a) / CELL) + 1
        r0, r1 = int((HEIGHT - y - b) / CELL), int((HEIGHT - y + b) / CELL) + 1
        du, dv = (u[c0:c1] - x) / a, (v[r0:r1, None] - y) / b
        surface[r0:r1, c0:c1][du * du + dv * dv < 1.0] = NODATA


def make(seed: int) -> Made:
    """The whole town. The same seed gives the same town to the bit."""
    layout = _Layout(seed)
    layout.large_sites()
    layout.leaves()
    layout.small_sites()
    layout.build_all()
    town = layout.town
    ground = _terraced(layout.natural, town.pads, layout.frame)
    surface = ground.copy()
    stamp.stamp_trees(surface, ground, np.array(town.trees))
    stamp.stamp_parts(surface, ground, town.parts.array())
    noise = random(seed, "noise").normal(0.0, 0.02, surface.shape).astype(np.float32)
    surface = (np.round((surface + noise) / STEP) * STEP).astype(np.float32)
    _holes(surface, random(seed, "holes"))
    return Made(surface, ground, town.buildings, layout.sites)
