"""Fills the blocks: towers, station, works, fields, shops, flats and houses; street trees and the bridge."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

from sample_data.generator import build, stamp, terrain
from sample_data.generator.build import Building, Town
from sample_data.generator.lines import RAIL, ROADS, STATION
from sample_data.generator.shapes import Box, blocks, box_of, cut, lots, northward, rect, slices


def tower_misfit(plot: Polygon, x: float, y: float) -> float:
    """How unfit a block is for the tower wanted at ``(x, y)``: far, narrow or ragged."""
    box = box_of(plot)
    ragged = 1.0 - plot.area / (box.length * box.width)
    far = float(plot.distance(shapely.Point(x, y)))
    return far + 12.0 * max(0.0, 36.0 - box.width) + 1500.0 * max(0.0, float(ragged) - 0.06)


def tower(town: Town, plot: Polygon, height: float) -> None:
    """A tower of ``height`` metres on its podium."""
    rng = town.rng
    town.pad(plot)
    box = northward(plot)
    podium = build.fitted(plot, Box(box.x, box.y, box.angle, box.length - 8, box.width - 5), [])
    if podium is None:
        raise ValueError("no room for a tower")
    town.parts.add(podium, stamp.FLAT, 9.5, 1.1, 0.5)
    side = min(podium.width - 1.0, 33.0)
    shaft = Box(podium.x, podium.y, podium.angle, side * 1.12, side)
    town.parts.add(shaft, stamp.FLAT, height - 5.0, 1.4, 0.5)
    town.parts.add(shaft._replace(length=shaft.length * 0.6, width=shaft.width * 0.55), stamp.FLAT, height, 0.8, 0.5)
    for _ in range(6):
        at = podium.at(
            rng.choice((-1, 1)) * rng.uniform(0.36, 0.45) * podium.length, rng.uniform(-0.3, 0.3) * podium.width
        )
        town.parts.add(Box(*at, podium.angle, 3.5, 2.0), stamp.FLAT, 11.5)
    storeys = round(height / 3.3)
    usage = build.FLATS if height > 110 else build.OFFICE
    town.buildings.append(Building(rect(podium), usage, storeys, height, "flat", role="tower"))


def station(town: Town) -> None:
    """The line on its viaduct, platform roofs and the station over the road."""
    deck_points = np.arange(0.0, RAIL.length, 6.0)
    for d in deck_points:
        p, q = RAIL.interpolate(d), RAIL.interpolate(d + 6.0)
        angle = float(np.arctan2(q.y - p.y, q.x - p.x))
        up = 1.2 + 6.3 * float(terrain.smooth(np.array([(min(p.x - 250.0, 1900.0 - p.x)) / 260.0], np.float32))[0])
        deck = Box(p.x + (q.x - p.x) / 2, p.y + (q.y - p.y) / 2, angle, 6.8, 10.5)
        _deck(town, deck, up)
    at = RAIL.project(shapely.Point(*STATION))
    for shift in (-46.0, 0.0, 46.0):
        p, q = RAIL.interpolate(at + shift), RAIL.interpolate(at + shift + 5.0)
        angle = float(np.arctan2(q.y - p.y, q.x - p.x))
        body = Box(p.x, p.y, angle, 45.0, 16.4)
        town.parts.add(body, stamp.GABLE, 12.5, 0.12)
        town.buildings.append(Building(rect(body), "431", 2, 13.7, "metal", role="station"))


def _deck(town: Town, deck: Box, height: float, base: float = np.nan) -> None:
    """A stretch of viaduct or bridge with a parapet on either side."""
    town.parts.add(deck, stamp.FLAT, height, base=base)
    for side in (-1.0, 1.0):
        rail = Box(*deck.at(0.0, side * (deck.width / 2 - 0.4)), deck.angle, deck.length, 0.8)
        town.parts.add(rail, stamp.FLAT, height + 1.0, base=base)


def by_use(town: Town, block: Polygon, use: str) -> None:
    """Works, a park or fields on a large block."""
    rng = town.rng
    if use == "industry":
        for plot in blocks(block, 112.0, 84.0, 5.0, rng):
            _factory(town, plot)
    elif use == "park":
        town.border(block, 6.0, 3.0, 9.5, 0.95)
        town.grove(block.buffer(-8.0) & block.centroid.buffer(34.0), 8.5, (2.6, 4.0), (8.0, 12.0))
    else:
        town.pad(block, 0.1)
        box = northward(block)
        for field_piece in blocks(block, 70.0, 46.0, 3.0, rng):
            inner, choice = northward(field_piece), rng.random()
            if choice < 0.38:
                for k in range(int(inner.length / 9.5)):
                    house = Box(
                        *inner.at(-inner.length / 2 + 6 + 9.5 * k, 0), inner.angle + np.pi / 2, inner.width * 0.7, 6.0
                    )
                    if field_piece.contains(rect(house)):
                        town.parts.add(house, stamp.VAULT, 1.2, 2.0)
            elif choice < 0.7:
                town.grove(field_piece.buffer(-3.0), 6.0, (1.7, 2.1), (2.4, 2.9))
        del box


def _factory(town: Town, plot: Polygon) -> None:
    rng = town.rng
    town.pad(plot)
    box = northward(plot)
    kind = rng.choice(("sawtooth", "sawtooth", "metal", "metal", "flat"))
    length, width = min(box.length - 12.0, 78.0), min(box.width - 17.0, 56.0)
    if length < 14 or width < 12:
        build.house(town, plot)
        return
    body = build.fitted(plot, Box(*box.at(0.0, (box.width - width) / 2 - 4.0), box.angle, length, width), [])
    if body is None:
        return
    wall = float(rng.uniform(6.5, 11.5))
    if kind == "sawtooth":
        turned = Box(body.x, body.y, body.angle + np.pi / 2, body.width, body.length)
        build.hall(town, turned, wall, "sawtooth", build.FACTORY, role="factory")
    elif kind == "metal":
        long = (
            body if body.length > body.width else Box(body.x, body.y, body.angle + np.pi / 2, body.width, body.length)
        )
        build.hall(town, long, wall, "metal", build.STORE if rng.random() < 0.5 else build.FACTORY, role="factory")
    else:
        build.slab(town, body, 3, build.FACTORY, role="factory", floor=4.5, equipment=1.0)
    office = build.fitted(
        plot, Box(*box.at(-box.length * 0.25, -box.width / 2 + 6.5), box.angle, 22.0, 9.0), [rect(body)]
    )
    if office is not None:
        build.slab(town, office, 2, build.OFFICE, role="factory office")
    for k in range(int(rng.integers(3, 12))):
        truck = Box(*box.at(0.05 * box.length + 4.0 * k, -box.width / 2 + 7.0), box.angle + np.pi / 2, 8.0, 2.5)
        if plot.contains(rect(truck)) and rng.random() < 0.7:
            town.parts.add(truck, stamp.FLAT, 3.2)


def urban(town: Town, leaf: Polygon, on_main: bool) -> None:
    """Shops and offices near the station, flats along the main roads, houses elsewhere."""
    rng, middle = town.rng, leaf.centroid
    far = float(np.hypot(middle.x - STATION[0], middle.y - STATION[1]))
    if far < 215.0:
        town.pad(leaf)
        box = box_of(leaf)
        rows = [leaf] if box.width < 26 else cut(leaf, (box.x, box.y), box.angle + np.pi / 2, 0.0)
        for row in rows:
            length = box_of(row).length
            for lot in slices(row, max(1, round(length / rng.uniform(15.0, 24.0))), rng):
                _mid_rise(
                    town, lot, (3, 10) if far < 150 else (2, 7), build.OFFICE if rng.random() < 0.4 else build.SHOP
                )
    elif on_main and rng.random() < 0.8:
        town.pad(leaf)
        length = box_of(leaf).length
        for lot in slices(leaf, max(1, round(length / rng.uniform(24.0, 38.0))), rng):
            _flats(town, lot)
    else:
        _homes(town, leaf, rng.uniform(15.0, 19.5))


def _mid_rise(town: Town, lot: Polygon, storeys: tuple[int, int], usage: str) -> None:
    rng, box = town.rng, northward(lot)
    body = build.fitted(lot, Box(box.x, box.y, box.angle, box.length - 1.2, box.width - 1.6), [], 0.35)
    if body is None or min(body.length, body.width) < 5.0:
        build.house(town, lot)
        return
    build.slab(town, body, int(rng.integers(*storeys)), usage, equipment=1.6, role="shop")


def _flats(town: Town, lot: Polygon) -> None:
    rng, box = town.rng, northward(lot)
    width = min(box.width - 9.0, rng.uniform(9.5, 13.0))
    if width < 7 or box.length < 15:
        _homes(town, lot, 12.0)
        return
    body = build.fitted(lot, Box(*box.at(0.0, (box.width - width) / 2 - 2.5), box.angle, box.length - 4.0, width), [])
    if body is None:
        _homes(town, lot, 12.0)
        return
    build.slab(town, body, int(rng.integers(3, 10)), build.FLATS, floor=2.9, equipment=0.25)
    for k in range(int(box.length / 2.7)):
        car = Box(*box.at(-box.length / 2 + 3 + 2.7 * k, -box.width / 2 + 3.4), box.angle + np.pi / 2, 4.4, 1.8)
        if rng.random() < 0.6 and lot.contains(rect(car)) and rect(car).distance(rect(body)) > 0.5:
            town.car(car)


def _homes(town: Town, leaf: Polygon, frontage: float) -> None:
    rng = town.rng
    for lot in lots(leaf, frontage, rng):
        box = box_of(lot)
        if lot.area > 700.0 and box.width > 14.0:
            for half in cut(lot, (box.x, box.y), box.angle, 0.0):
                build.house(town, half)
        elif rng.random() < 0.1:
            town.pad(lot, 0.1)
            for k in range(int(box.length / 3.0)):
                car = Box(*box.at(-box.length / 2 + 2 + 3 * k, 0.0), box.angle + np.pi / 2, 4.4, 1.8)
                if lot.contains(rect(car)) and rng.random() < 0.7:
                    town.car(car)
        else:
            build.house(town, lot)


def hillside(town: Town, leaf: Polygon) -> None:
    """Houses on the slope, a grove where it is too narrow or left alone."""
    rng, box = town.rng, box_of(leaf)
    if box.width < 11.0 or rng.random() < 0.15:
        town.grove(leaf, 5.6, (2.0, 3.4), (5.0, 11.0))
        return
    if leaf.area > 2300 and rng.random() < 0.06:
        town.pad(leaf)
        _flats(town, leaf)
        return
    _homes(town, leaf, rng.uniform(15.0, 19.0))


def street_trees(town: Town) -> None:
    """Two rows along the widest roads."""
    rng = town.rng
    for road, width in ROADS[:3]:
        for side in (-1.0, 1.0):
            line = road.offset_curve(side * (width / 2 - 1.6))
            for d in np.arange(0.0, line.length, 9.0):
                p = line.interpolate(d)
                blocked = RAIL.distance(p) < 14.0 or p.y > 1270.0 or p.y < 430.0
                if rng.random() < 0.72 and not blocked:
                    town.tree(p.x, p.y, rng.uniform(1.5, 2.4), rng.uniform(5.0, 8.0))


def bridges(town: Town) -> None:
    """The main road over the river, from levee to levee."""
    road = ROADS[1][0]
    for d in np.arange(0.0, road.length, 5.0):
        p, q = road.interpolate(d), road.interpolate(d + 5.0)
        if p.y < 1248.0:
            break
        angle = float(np.arctan2(q.y - p.y, q.x - p.x))
        rise = terrain.smooth(np.array([(p.y - 1246.0) / 34.0], np.float32))[0]
        _deck(town, Box(p.x, p.y, angle, 5.8, 15.0), 0.0, base=12.0 + 5.6 * float(rise))
