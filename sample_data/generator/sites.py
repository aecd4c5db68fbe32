"""The larger public sites: schools, depots, the waste plant, the water works, housing; and the small ones."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

from sample_data.generator import stamp
from sample_data.generator.build import (
    FLATS,
    PUBLIC,
    SCHOOL,
    STORE,
    UTILITY,
    Town,
    fitted,
    hall,
    slab,
)  # fmt: skip
from sample_data.generator.roster import Entry
from sample_data.generator.shapes import Box, northward, rect


def put_up(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """Build what the roster asks for on ``site``."""
    town.pad(site)
    makers = {
        "school": _school, "housing": _housing, "depot": _depot, "depot_saw": _depot, "waste": _waste, "water": _water,
        "reservoir": _reservoir, "sports": _sports,
    }  # fmt: skip
    before = len(town.buildings)
    makers.get(entry.shape, _single)(town, index, entry, site)
    if len(town.buildings) == before:
        raise ValueError(f"no room for {entry.name} on {site.area:.0f} m2")


def _placed(
    site: Polygon, plot: Box, taken: list[Polygon], a: float, b: float, length: float, width: float
) -> Box | None:
    """Fit a body at ``(a, b)`` or up to 15 m further inside, where it can be largest; and take the place."""
    best: Box | None = None
    for shift in (0.0, 5.0, 10.0, 15.0):
        body = fitted(site, Box(*plot.at(a, b - np.sign(b) * shift), plot.angle, length, width), taken)
        if body is not None and (best is None or body.length > 1.08 * best.length):
            best = body
    if best is not None:
        taken.append(rect(best))
    return best


def _school(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """Class rooms in the north, a second wing, the gym beside them, the pool, the ground in the south."""
    plot = northward(site)
    taken: list[Polygon] = []
    east, north = plot.length / 2, plot.width / 2
    wide = plot.length >= 96.0
    gym_length, gym_width = (32.0, 22.0) if entry.kind != "小学校" else (29.0, 20.0)
    length = min(plot.length - (gym_length + 16.0 if wide else 14.0), 84.0)
    body = _placed(site, plot, taken, -east + 6.0 + length / 2, north - 11.0, length, 11.5)
    if body:
        slab(town, body, entry.storeys, SCHOOL, owner=index, role="校舎", floor=3.7, equipment=0.5)
    at = (east - 5.0 - gym_length / 2, north - 16.0) if wide else (east - 5.0 - gym_length / 2, -north + 16.0)
    gym = _placed(site, plot, taken, *at, gym_length, gym_width)
    if gym:
        hall(town, gym, 8.2, "vault" if index % 3 else "metal", SCHOOL, storeys=2, owner=index, role="体育館")
    second = _placed(site, plot, taken, -east + 6.0 + length * 0.32, north - 35.0, length * 0.62, 10.5)
    if second and plot.width > 75:
        slab(town, second, max(2, entry.storeys - 1), SCHOOL, owner=index, role="校舎", floor=3.7, equipment=0.4)
    pool = _placed(site, plot, taken, -east + 21.0, -north + 13.0, 30.0, 17.0)
    if pool:
        town.parts.add(pool, stamp.FLAT, 1.25, 1.3, 0.5)
        town.parts.add(pool._replace(length=pool.length - 5, width=pool.width - 5), stamp.SUNK, 0.5)
    town.border(site, 7.5, 2.3, 7.5, 0.75)


def _housing(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """Slabs one behind another, long sides to the south."""
    plot = northward(site)
    taken: list[Polygon] = []
    gap = 26.0
    count = max(2, int((plot.width - 12.0) // gap))
    for k in range(count):
        b = plot.width / 2 - 10.0 - k * (plot.width - 20.0) / max(1, count - 1)
        body = _placed(site, plot, taken, 0.0, b, min(plot.length - 14.0, 66.0), 10.0)
        if body:
            slab(town, body, entry.storeys, FLATS, owner=index, role=f"{k + 1}号棟", floor=2.8, equipment=0.15)
    town.border(site, 8.0, 2.2, 7.0, 0.6)


def _depot(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """An office, a long garage, vehicles in rows."""
    plot = northward(site)
    taken: list[Polygon] = []
    garage = _placed(site, plot, taken, 0.0, plot.width / 2 - 15.0, min(plot.length * 0.75, 62.0), 21.0)
    if garage:
        if entry.shape == "depot_saw":
            across = Box(garage.x, garage.y, garage.angle + np.pi / 2, garage.width, garage.length)
            hall(town, across, 7.5, "sawtooth", STORE, owner=index, role="車庫棟")
        else:
            hall(town, garage, 7.5, "metal", STORE, owner=index, role="車庫棟")
    office = _placed(site, plot, taken, -plot.length / 2 + 22.0, -plot.width / 2 + 12.0, 32.0, 13.0)
    if office:
        slab(town, office, entry.storeys, PUBLIC, owner=index, role="事務所棟")
    for row in range(2):
        for k in range(int((plot.length - 52.0) / 4.2)):
            at = plot.at(-plot.length / 2 + 45.0 + 4.2 * k, -plot.width / 2 + 11.0 + 13.0 * row)
            truck = Box(*at, plot.angle + np.pi / 2, 7.0, 2.4)
            if town.rng.random() < 0.75 and not any(rect(truck).distance(t) < 1 for t in taken):
                town.parts.add(truck, stamp.FLAT, 2.9)


def _waste(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """The furnace hall, the ramp hall, the office, a stack of 85 m."""
    plot = northward(site)
    taken: list[Polygon] = []
    body = _placed(
        site, plot, taken, 6.0, 0.12 * plot.width, min(plot.length * 0.58, 82.0), min(plot.width * 0.48, 46.0)
    )
    if body:
        slab(town, body, entry.storeys, UTILITY, owner=index, role="工場棟", floor=5.6, equipment=0.7)
        low = _placed(site, plot, taken, 6.0, -0.5 * plot.width + 14.0, body.length * 0.7, 18.0)
        if low:
            hall(town, low, 11.0, "metal", UTILITY, owner=index, role="プラットホーム棟")
    office = _placed(site, plot, taken, -plot.length / 2 + 16.0, 0.1 * plot.width, 20.0, 30.0)
    if office:
        slab(town, office, 3, PUBLIC, owner=index, role="管理棟")
    stack = Box(*plot.at(plot.length / 2 - 14.0, plot.width / 2 - 14.0), 0.0, 6.5, 6.5)
    town.parts.add(stack, stamp.ROUND, 85.0)
    town.border(site, 6.5, 2.6, 9.0, 0.9)


def _water(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """Round settling tanks, filter basins, a pump house and an office."""
    plot = northward(site)
    taken: list[Polygon] = []
    house = _placed(site, plot, taken, -plot.length * 0.22, plot.width / 2 - 15.0, min(plot.length * 0.45, 48.0), 19.0)
    if house:
        slab(town, house, entry.storeys, UTILITY, owner=index, role="ろ過池棟", floor=4.2, equipment=0.3)
    office = _placed(site, plot, taken, plot.length * 0.3, plot.width / 2 - 13.0, 30.0, 13.0)
    if office:
        slab(town, office, 3, PUBLIC, owner=index, role="管理棟")
    radius = min(13.0, plot.width * 0.13)
    for k in range(3):
        at = plot.at((-0.33 + 0.24 * k) * plot.length, -0.02 * plot.width)
        tank = Box(*at, plot.angle, 2 * radius, 2 * radius)
        if site.contains(rect(tank)):
            town.parts.add(tank, stamp.ROUND, 3.2, 0.6)
    for k in range(6):
        at = plot.at((-0.36 + 0.12 * k) * plot.length, -0.33 * plot.width)
        basin = Box(*at, plot.angle, 0.1 * plot.length, 0.2 * plot.width)
        if site.contains(rect(basin)):
            town.parts.add(basin, stamp.FLAT, 1.1, 0.0, 0.5)
            town.parts.add(basin._replace(length=basin.length - 2, width=basin.width - 2), stamp.SUNK, -0.4)
    town.border(site, 8.0, 2.2, 7.0, 0.6)


def _reservoir(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """A covered basin on the hill, its pump house beside it."""
    plot = northward(site)
    taken: list[Polygon] = []
    body = _placed(site, plot, taken, -4.0, 2.0, min(plot.length * 0.6, 46.0), min(plot.width * 0.6, 30.0))
    if body:
        slab(town, body, entry.storeys, UTILITY, owner=index, role="配水池", floor=4.4, equipment=0.05)
    pump = _placed(site, plot, taken, plot.length / 2 - 9.0, -plot.width / 2 + 8.0, 13.0, 9.0)
    if pump:
        slab(town, pump, 1, UTILITY, owner=index, role="ポンプ棟", floor=4.0, equipment=0.3)


def _sports(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """A large arena under a vault, the entrance wing in front."""
    plot = northward(site)
    taken: list[Polygon] = []
    arena = _placed(
        site, plot, taken, 0.0, 0.1 * plot.width, min(plot.length * 0.72, 60.0), min(plot.width * 0.55, 40.0)
    )
    if arena:
        hall(town, arena, 13.5, "vault", PUBLIC, storeys=2, owner=index, role="アリーナ棟")
    wing = _placed(site, plot, taken, 0.0, -plot.width / 2 + 9.0, min(plot.length * 0.6, 46.0), 10.0)
    if wing:
        slab(town, wing, entry.storeys, PUBLIC, owner=index, role="管理棟")


def _single(town: Town, index: int, entry: Entry, site: Polygon) -> None:
    """One building on a small site, most of it covered, a few trees and cars."""
    plot = northward(site)
    cover = 0.84 if entry.area < 350 else 0.72 if entry.area < 1000 else 0.68
    length = min(plot.length - 3.6, plot.length * 0.94, 62.0 if entry.shape == "office" else 44.0)
    width = min(plot.width - 3.6, plot.width * cover, 26.0 if entry.shape == "office" else 19.0)
    if entry.shape == "slab":
        width = min(width, 11.0)
    body = fitted(site, Box(*plot.at(0.0, (plot.width - width) / 2 - 2.4), plot.angle, length, width), [])
    if body is None:
        body = fitted(site, Box(plot.x, plot.y, plot.angle, length, width), [], 0.5)
    if body is None:
        # A ragged site: the square in its largest circle.
        ray = shapely.maximum_inscribed_circle(site)
        spot = shapely.get_coordinates(ray)[0]
        body = Box(float(spot[0]), float(spot[1]), plot.angle, 1.3 * ray.length, 1.3 * ray.length)
    usage = {"市営住宅": FLATS, "下水道施設": UTILITY, "保育所": SCHOOL, "老人福祉施設": SCHOOL, "駐車場": STORE}.get(
        entry.kind, PUBLIC
    )
    if entry.shape in ("gable", "hip", "metal", "vault"):
        wall = 0.5 + 3.2 * entry.storeys
        long = (
            body if body.length >= body.width else Box(body.x, body.y, body.angle + np.pi / 2, body.width, body.length)
        )
        hall(town, long, wall, entry.shape, usage, storeys=entry.storeys, owner=index)
    else:
        few = 0.2 if entry.kind in ("保育所", "消防団器具置場") else 0.7
        floor = 2.9 if entry.shape == "slab" else 3.7
        slab(town, body, entry.storeys, usage, owner=index, floor=floor, equipment=few)
    rest = site.difference(rect(body).buffer(2.2))
    if entry.where == "trees":
        town.grove(site.buffer(7.0).difference(rect(body).buffer(1.4)), 6.5, (3.2, 4.4), (11.0, 15.0))
    else:
        for _ in range(4):
            x, y = plot.at(town.rng.uniform(-0.45, 0.45) * plot.length, town.rng.uniform(-0.45, 0.1) * plot.width)
            if rest.buffer(-1.5).contains_properly(rect(Box(x, y, 0.0, 1.0, 1.0))):
                town.tree(x, y, town.rng.uniform(1.2, 2.0), town.rng.uniform(3.5, 5.5))
