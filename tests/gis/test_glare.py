"""Glare: closed forms, a slow and independent reckoning of every minute, what stands between, and turned grids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from gis.glare import (
    GLASS,
    Glare,
    GlareRules,
    Panels,
    Receptors,
    SunSteps,
    beam_half_angle,
    facade_points,
    mirrored,
    panel_skylines,
    reflectance,
    sun_steps,
)
from gis.grid import Grid
from gis.progress import Cancelled
from gis.sun import SunPosition, sun_position

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKYO = (35.6, 139.6, "Asia/Tokyo")
WEST, NORTH = 1000.0, 2000.0
# A panel so small that only the beam counts.
TINY = 1e-8


class Scene(NamedTuple):
    panels: Panels
    receptors: Receptors
    z: NDArray[np.float32]
    grid: Grid


@pytest.fixture(scope="module")
def year() -> SunSteps:
    return sun_steps(*TOKYO)


@pytest.fixture(scope="module")
def coarse() -> SunSteps:
    return sun_steps(*TOKYO, minutes=7)


def grid_of(rows: int, cols: int, cell: float = 1.0) -> Grid:
    return Grid(rows, cols, cell, WEST, NORTH, CRS.from_epsg(6677))


def flat(side: int = 200) -> tuple[NDArray[np.float32], Grid]:
    return np.zeros((side, side), np.float32), grid_of(side, side)


def one_panel(tilt: float, azimuth: float, area: float = TINY, height: float = 10.0) -> Panels:
    place = np.array([[WEST + 100.0, NORTH - 100.0, height]])
    return Panels(place, np.array([tilt]), np.array([azimuth]), np.array([area]))


def towards(azimuth: float, elevation: float) -> NDArray[np.float64]:
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])


def seen_from(panels: Panels, azimuth: float, elevation: float, dist: float) -> Receptors:
    return Receptors.around(panels.xyz[:1] + dist * towards(azimuth, elevation))


def same(one: Glare, other: Glare) -> None:
    for name in Glare.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


# --- the sun ---


def test_sun_between_knots_is_the_sun(year: SunSteps) -> None:
    """Every 997th minute of the year, against the algorithm itself."""
    times = pd.date_range("2023-01-01 00:00:30", "2024-01-01", freq="min", tz=TOKYO[2], inclusive="left")
    exact = sun_position(times[::997], *TOKYO[:2], interval=pd.Timedelta(0))
    all_up = sun_position(times[::60], *TOKYO[:2], interval=pd.Timedelta(0)).elevation > 0
    assert abs(len(year) - 60 * all_up.sum()) < 0.002 * len(year)
    minute = np.full(len(times), -1)
    when = times.day_of_year * 24 + times.hour
    # Steps of the day are in order within their hours: find each by its hour and the sun's azimuth.
    for k in np.flatnonzero(exact.elevation > 0.05):
        hour = np.flatnonzero(year.day * 24 + year.hour == when[k * 997])
        off = np.abs(year.position.azimuth[hour] - exact.azimuth[k])
        minute[k] = hour[off.argmin()]
        assert off.min() < 1e-4
        assert abs(year.position.elevation[minute[k]] - exact.elevation[k]) < 2e-5


def test_steps_of_other_lengths_make_the_same_year(year: SunSteps, coarse: SunSteps) -> None:
    assert len(coarse) * 7 == pytest.approx(len(year), rel=1e-3)
    assert year.position.elevation.min() > 0
    assert set(year.month) == set(range(1, 13))


# --- closed forms ---


@pytest.mark.parametrize(("azimuth", "elevation"), [(10.0, 40.3), (300.0, 12.2), (75.0, 25.1), (200.0, 30.0)])
def test_horizontal_mirror(year: SunSteps, azimuth: float, elevation: float) -> None:
    """A pond shows the sun to who looks at it from the opposite azimuth at the sun's own elevation."""
    z, grid = flat()
    panels = one_panel(0.0, 0.0)
    found = mirrored(panels, seen_from(panels, azimuth, elevation, 50.0), year, z, grid, GlareRules(beam=1.0))
    a = np.radians(year.position.azimuth - (azimuth + 180.0))
    e, own = np.radians(year.position.elevation), np.radians(elevation)
    # Great-circle distance by haversines.
    half = np.sin((e - own) / 2) ** 2 + np.cos(e) * np.cos(own) * np.sin(a / 2) ** 2
    hit = 2 * np.arcsin(np.sqrt(half)) <= np.radians(1.0)
    assert found.minutes[0] == hit.sum()
    assert (hit.sum() > 0) == (azimuth != 200.0)  # the sun never stands in the north at 30°
    if hit.any():
        days = np.bincount(year.day[hit])
        assert found.worst_day[0] == days.argmax()
        assert found.worst_day_minutes[0] == days.max()
        assert found.days[0] == (days > 0).sum()
        assert found.incidence[0] == pytest.approx(90.0 - elevation, abs=1e-4)
        month = np.bincount(year.month[hit], minlength=13)[1:]
        assert found.by_hour[0].sum(axis=1).tolist() == month.tolist()


def test_patch_is_seen_as_large_as_it_is(year: SunSteps) -> None:
    """Without a beam the sun's place must lie in the disc: on a pond of radius 5 m, 10 m above it and 20 m beside."""
    z, grid = flat()
    panels = one_panel(0.0, 0.0, area=25.0 * np.pi)
    receptors = Receptors.around(panels.xyz + np.array([[0.0, 20.0, 10.0]]))
    found = mirrored(panels, receptors, year, z, grid, GlareRules(beam=0.0))
    a, cot = np.radians(year.position.azimuth), 1.0 / np.tan(np.radians(year.position.elevation))
    # Back along the ray from 10 m above, towards the sun's side.
    away = np.hypot(10.0 * cot * np.sin(a), 20.0 + 10.0 * cot * np.cos(a))
    assert found.minutes[0] == (away <= 5.0).sum() > 1000


def test_two_panels_in_one_place_count_once(year: SunSteps) -> None:
    z, grid = flat()
    panels = one_panel(20.0, 0.0, 2.0)
    twice = Panels(*(np.concatenate([each, each]) for each in (panels.xyz, panels.tilt, panels.azimuth, panels.area)))
    receptors = seen_from(panels, 0.0, 5.0, 30.0)
    one, two = (mirrored(each, receptors, year, z, grid, GlareRules(beam=1.0)) for each in (panels, twice))
    assert one.minutes[0] > 0
    assert two.minutes.tolist() == one.minutes.tolist()
    assert two.panel_minutes.tolist() == [one.minutes[0]] * 2
    assert two.worst_panel.tolist() == [0]


# --- the slow reckoning ---


class Slow(NamedTuple):
    """Which step a pair sees, bool (r, p, n)."""

    hits: NDArray[np.bool_]


def march(
    scene: Scene, at: NDArray[np.float64], way: NDArray[np.float64], first: float, last: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances and heights on a horizontal way from a point, half a cell apart; NaN beyond the raster."""
    half = scene.grid.cell / 2
    d = first + half * np.arange(1, int((last - first) / half) + 2)
    d = d[d <= last]
    col = np.floor((at[0] + d * way[0] - WEST) / scene.grid.cell).astype(int)
    row = np.floor((NORTH - at[1] - d * way[1]) / scene.grid.cell).astype(int)
    inside = (row >= 0) & (col >= 0) & (row < scene.grid.rows) & (col < scene.grid.cols)
    heights = np.full(len(d), np.nan)
    heights[inside] = scene.z[row[inside], col[inside]]
    return d, heights


def slow_skyline(scene: Scene, rules: GlareRules, convergence: float, p: int, azimuth: float) -> float:
    turn = np.radians(azimuth - convergence)
    at = scene.panels.xyz[p]
    d, heights = march(scene, at, np.array([np.sin(turn), np.cos(turn)]), rules.clear, rules.sun_reach)
    rise = np.degrees(np.arctan2(heights - at[2], d))
    return float(np.nanmax(np.append(rise, 0.0)))


def angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)))


def slow(scene: Scene, sun: SunSteps, rules: GlareRules, convergence: float) -> Slow:
    """Every minute of every pair, in true directions and by angles."""
    panels, receptors = scene.panels, scene.receptors
    s = np.stack([towards(*each) for each in zip(sun.position.azimuth, sun.position.elevation, strict=True)])
    turn = np.radians(convergence)
    # Grid north stands ``convergence`` to the right of true north: what lies grid-north lies true north-east.
    true = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    hits = np.zeros((len(receptors), len(panels), len(sun)), dtype=bool)
    short = scene.grid.cell if rules.short is None else rules.short
    nearest = np.floor(sun.position.azimuth * 2 + 0.5) / 2 % 360
    for p, at in enumerate(panels.xyz):
        skyline = {each: slow_skyline(scene, rules, convergence, p, each) for each in np.unique(nearest)}
        lit = sun.position.elevation > np.array([np.float32(skyline[each]) for each in nearest])
        n = towards(panels.azimuth[p], 90 - panels.tilt[p])
        lit &= (s @ n > 0) & (sun.position.elevation > 0)
        r = 2 * (s @ n)[:, None] * n - s
        for k, to in enumerate(receptors.xyz):
            way = to - at
            level, dist = np.hypot(way[0], way[1]), np.linalg.norm(way)
            v = np.append(true @ way[:2], way[2])
            facing = receptors.normal[k]
            if dist > rules.reach or v @ n <= 0:
                continue
            if np.isfinite(facing).all():
                aside = np.degrees(np.arccos(np.clip(-facing @ way[:2] / level, -1.0, 1.0)))
                if aside >= receptors.half_angle:
                    continue
            d, heights = march(scene, at, way[:2] / level, rules.clear, level - short)
            if (heights > at[2] + d / level * way[2]).any():
                continue
            with np.errstate(all="ignore"):
                foot = v - (v @ n / (s @ n))[:, None] * r  # where the ray through the receptor leaves the plane
                out = np.linalg.norm(foot, axis=1)
                radius = np.sqrt(panels.area[p] / np.pi)
                # Every fifth of a degree of the rim: where the receptor sees it nearest to the ray.
                across = np.cross(n, [0.3, 0.5, 0.8])
                across *= radius / np.linalg.norm(across)
                t = np.radians(np.arange(0.0, 360.0, 0.2))[:, None]
                w = v - np.cos(t) * across - np.sin(t) * np.cross(n, across)
                w /= np.linalg.norm(w, axis=1)[:, None]
                hit = out <= radius
                # No point of the disc is farther from its middle than this; the rest need not be looked at.
                seen_under = np.degrees(np.arcsin(min(1.0, radius / dist)))
                for i in np.flatnonzero(~hit & (angle(v, r) <= rules.beam + seen_under + 0.1)):
                    hit[i] = angle(w, r[i]).min() <= rules.beam
            hits[k, p] = hit & lit & (angle(s, -v / dist) >= rules.apart)
    return Slow(hits)


def town(seed: int) -> Scene:
    """Panels on one roof of a few blocks, receptors around; all heights and places drawn."""
    rng = np.random.default_rng(seed)
    side, cell = 90, 1.0
    grid = grid_of(side, side, cell)
    z = rng.uniform(0.0, 0.5, (side, side)).astype(np.float32)
    for _ in range(6):
        r, c = rng.integers(5, side - 20, 2)
        z[r : r + rng.integers(3, 9), c : c + rng.integers(3, 9)] = rng.uniform(3.0, 14.0)
    z[40:50, 40:50] = 7.0
    z[rng.integers(0, side, 40), rng.integers(0, side, 40)] = np.nan
    p, r = 5, 14
    xyz = np.column_stack(
        [WEST + rng.uniform(41, 49, p), NORTH - rng.uniform(41, 49, p), 7.0 + rng.uniform(0.1, 1.5, p)]
    )
    panels = Panels(xyz, rng.uniform(0, 60, p), rng.uniform(0, 360, p), rng.uniform(0.5, 30.0, p))
    points = np.column_stack(
        [WEST + rng.uniform(0, side, r), NORTH - rng.uniform(0, side, r), rng.uniform(1.0, 25.0, r)]
    )
    turn = rng.uniform(0, 2 * np.pi, r)
    normal = np.column_stack([np.sin(turn), np.cos(turn)])
    normal[::2] = np.nan
    return Scene(panels, Receptors(points, normal), z, grid)


def a_few_steps(sun: SunSteps, seed: int) -> SunSteps:
    """288 steps of the year, each with a month and hour of its own: the counts by month and hour are then the set of steps itself."""
    pick = np.sort(np.random.default_rng(seed).choice(len(sun), 288, replace=False))
    position = SunPosition(*(getattr(sun.position, name)[pick] for name in ("azimuth", "elevation", "cos_zenith")))
    number = np.arange(288)
    return SunSteps(position, number // 24 + 1, number % 24, sun.day[pick], 1.0)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_minutes_as_the_slow_reckoning(coarse: SunSteps, seed: int) -> None:
    scene = town(seed)
    # Drivers look ahead.
    ahead = [90.0, 90.0, 40.0, 120.0][seed // 2]
    scene = scene._replace(receptors=replace(scene.receptors, half_angle=ahead))
    # Wide, so that a few hundred steps find something.
    rules = GlareRules(beam=12.0, apart=10.0 * (seed % 2), reach=60.0, sun_reach=50.0)
    convergence = [0.0, 1.3, -20.0, 0.4][seed % 4]
    some = a_few_steps(coarse, seed)
    found = mirrored(*scene[:2], some, *scene[2:], rules, convergence=convergence)
    hits = slow(scene, some, rules, convergence).hits
    np.testing.assert_array_equal(found.by_hour.reshape(-1, 288) > 0, hits.any(axis=1))
    assert hits.any()
    np.testing.assert_array_equal(found.panel_minutes, hits.any(axis=0).sum(axis=1))


@pytest.mark.parametrize("seed", range(100, 103))
def test_the_same_year_as_the_slow_reckoning(coarse: SunSteps, seed: int) -> None:
    scene = town(seed)
    rules = GlareRules(beam=beam_half_angle(6.55), reach=60.0, sun_reach=50.0)
    found = mirrored(*scene[:2], coarse, *scene[2:], rules, convergence=0.7)
    hits = slow(scene, coarse, rules, 0.7).hits
    any_panel = hits.any(axis=1)
    assert any_panel.any()
    np.testing.assert_array_equal(found.minutes, 7 * any_panel.sum(axis=1))
    np.testing.assert_array_equal(found.panel_minutes, 7 * hits.any(axis=0).sum(axis=1))
    pairs = hits.sum(axis=2)
    np.testing.assert_array_equal(found.worst_panel_minutes, 7 * pairs.max(axis=1))
    np.testing.assert_array_equal(found.worst_panel, np.where(pairs.max(axis=1) > 0, pairs.argmax(axis=1), -1))
    for k in range(len(scene.receptors)):
        days = np.bincount(coarse.day[any_panel[k]], minlength=367)
        assert (found.days[k], found.worst_day_minutes[k]) == ((days > 0).sum(), 7 * days.max())
        assert found.worst_day[k] == (days.argmax() if days.any() else 0)
        hours = np.bincount((coarse.month * 24 + coarse.hour)[any_panel[k]], minlength=13 * 24)[24:]
        np.testing.assert_array_equal(found.by_hour[k].ravel(), 7 * hours)


@pytest.mark.parametrize("seed", range(4))
def test_skylines_are_those_of_a_plain_march(seed: int) -> None:
    scene, rules = town(seed), GlareRules(beam=1.0, sun_reach=70.0)
    found = panel_skylines(scene.panels, scene.z, scene.grid, rules, 0.9)
    assert (found > 1.0).mean() > 0.01
    for p in range(len(scene.panels)):
        plain = [slow_skyline(scene, rules, 0.9, p, k / 2) for k in range(0, 720, 3)]
        np.testing.assert_allclose(found[p, ::3], plain, atol=1e-5)


def test_a_wall_that_barely_rises_behind_a_fence() -> None:
    """From 10 m: a fence 3 m above at 10 m, and behind it at 20 m the highest wall, half a metre above the fence's line."""
    z, grid = flat()
    z[89] = 13.0
    z[79] = 16.5
    north = panel_skylines(one_panel(0.0, 0.0), z, grid, GlareRules(beam=1.0))[0, 0]
    # Of both the near edge counts, the first sample in the cell: the wall's is at 20 or 20.5 m.
    assert np.tan(np.radians(north)) == pytest.approx(6.5 / 20.5, abs=0.01)
    z[79] = 15.5
    assert panel_skylines(one_panel(0.0, 0.0), z, grid, GlareRules(beam=1.0))[0, 0] < north - 0.5


def test_blocks_and_threads_change_nothing(coarse: SunSteps) -> None:
    scene, times = town(101), 400
    rules = GlareRules(beam=1.0, sun_reach=50.0)
    one = mirrored(*scene[:2], coarse, *scene[2:], rules)
    many = Receptors(*(np.tile(each, (times, 1)) for each in (scene.receptors.xyz, scene.receptors.normal)))
    all_of_them = mirrored(scene.panels, many, coarse, *scene[2:], rules)
    np.testing.assert_array_equal(all_of_them.by_hour, np.tile(one.by_hour, (times, 1, 1)))
    np.testing.assert_array_equal(all_of_them.panel_minutes, one.panel_minutes)
    assert one.minutes.max() > 0


# --- what stands between ---


def northward() -> tuple[Panels, Receptors, NDArray[np.float32], Grid]:
    """A pond at 10 m and a façade 60 m north of it, 45 m higher, that faces south: it sees the sun at 36.9°."""
    z, grid = flat()
    panels = one_panel(0.0, 0.0, 2.0)
    point = panels.xyz + np.array([[0.0, 60.0, 45.0]])
    return panels, Receptors(point, np.array([[0.0, -1.0]])), z, grid


def test_a_wall_between_hides_and_a_lower_one_does_not(coarse: SunSteps) -> None:
    panels, receptors, z, grid = northward()
    rules = GlareRules(beam=1.0)
    free = mirrored(panels, receptors, coarse, z, grid, rules)
    assert free.minutes[0] > 0
    # Half way, from 29 to 31 m, the ray is at 31.75 to 33.25 m.
    for height, hidden in ((31.5, False), (33.5, True)):
        z[69:71] = height
        found = mirrored(panels, receptors, coarse, z, grid, rules)
        assert (found.minutes[0] == 0) == hidden
        if not hidden:
            same(found, free)
    # The cell in which the façade stands, and the panel's own roof, hide nothing.
    z[69:71] = 0.0
    z[40] = z[99:101] = 60.0
    assert mirrored(panels, receptors, coarse, z, grid, replace(rules, sun_reach=1.0)).minutes[0] == free.minutes[0]


def test_a_wall_before_the_sun_hides_what_is_below_its_top(coarse: SunSteps) -> None:
    """A wall 40 m south of the pond takes the suns below its slope; the façade asks for 36.9°."""
    panels, receptors, z, grid = northward()
    rules = GlareRules(beam=3.0)
    free = mirrored(panels, receptors, coarse, z, grid, rules)
    for height, some in (
        (10.0 + 40.0 * np.tan(np.radians(20.0)), True),
        (10.0 + 42.0 * np.tan(np.radians(45.0)), False),
    ):
        z[140:142] = height
        found = mirrored(panels, receptors, coarse, z, grid, rules)
        assert found.minutes[0] == (free.minutes[0] if some else 0)
    beyond = mirrored(panels, receptors, coarse, z, grid, replace(rules, sun_reach=30.0))
    same(beyond, free)


def test_a_given_skyline_is_taken(coarse: SunSteps) -> None:
    panels, receptors, z, grid = northward()
    rules = GlareRules(beam=3.0)
    free = mirrored(panels, receptors, coarse, z, grid, rules)
    own = panel_skylines(panels, z, grid, rules)
    assert own.shape == (1, 720)
    same(mirrored(panels, receptors, coarse, z, grid, rules, skyline=own), free)
    half = np.zeros((1, 4), np.float32)
    half[0, 2] = 90.0  # all of the south
    assert mirrored(panels, receptors, coarse, z, grid, rules, skyline=half).minutes[0] == 0


def test_a_facade_that_looks_away_and_a_panel_that_does(coarse: SunSteps) -> None:
    panels, receptors, z, grid = northward()
    rules = GlareRules(beam=2.0)
    assert mirrored(panels, receptors, coarse, z, grid, rules).minutes[0] > 0
    away = Receptors(receptors.xyz, -receptors.normal)
    assert mirrored(panels, away, coarse, z, grid, rules).minutes[0] == 0
    south = one_panel(80.0, 180.0, 2.0)
    assert mirrored(south, receptors, coarse, z, grid, rules).minutes[0] == 0
    far = mirrored(panels, receptors, coarse, z, grid, replace(rules, reach=74.9))  # 75 m
    assert far.minutes[0] == 0
    assert far.worst_day.tolist() == [0]
    assert far.worst_panel.tolist() == [-1]
    assert np.isnan(far.incidence[0])


def test_sun_beside_the_panel_is_left_out(year: SunSteps) -> None:
    """At a grazing ray of elevation e the sun stands 2 e beside its image."""
    z, grid = flat()
    panels = one_panel(0.0, 0.0)
    receptors = seen_from(panels, 90.0, 4.0, 50.0)
    near, apart = (mirrored(panels, receptors, year, z, grid, GlareRules(0.5, apart=a)).minutes[0] for a in (6.0, 10.0))
    assert near > 0
    assert apart == 0


# --- turned grids ---


def turned(scene: Scene, angle_deg: float) -> Scene:
    """The scene in a grid whose north stands ``angle_deg`` clockwise from the old one: all points turn against the clock about the raster's middle."""
    turn = np.radians(angle_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([WEST + scene.grid.cols / 2, NORTH - scene.grid.rows / 2])

    def points(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(xyz[:, :2] - middle) @ matrix.T + middle, xyz[:, 2]])

    panels = replace(scene.panels, xyz=points(scene.panels.xyz))
    receptors = Receptors(points(scene.receptors.xyz), scene.receptors.normal @ matrix.T)
    return Scene(panels, receptors, scene.z, scene.grid)


@pytest.mark.parametrize("convergence", [-35.0, 0.8, 140.0])
def test_a_turned_grid_without_obstacles(coarse: SunSteps, convergence: float) -> None:
    scene = town(5)
    scene = scene._replace(z=np.zeros_like(scene.z))
    rules = GlareRules(beam=1.0)
    straight = mirrored(*scene[:2], coarse, *scene[2:], rules)
    other = turned(scene, convergence)
    found = mirrored(*other[:2], coarse, *other[2:], rules, convergence=convergence)
    assert straight.minutes.max() > 0
    np.testing.assert_array_equal(found.minutes, straight.minutes)
    wrong = mirrored(*other[:2], coarse, *other[2:], rules, convergence=-convergence)
    assert (wrong.minutes != straight.minutes).any()


def test_a_grid_turned_by_a_quarter_with_all_that_stands(coarse: SunSteps) -> None:
    scene = town(6)
    rules = GlareRules(beam=5.0, sun_reach=50.0)
    straight = mirrored(*scene[:2], coarse, *scene[2:], rules)
    # Against the clock, as the points.
    other = turned(scene, 90.0)._replace(z=np.ascontiguousarray(np.rot90(scene.z)))
    found = mirrored(*other[:2], coarse, *other[2:], rules, convergence=90.0)
    assert straight.minutes.max() > 0
    np.testing.assert_array_equal(found.by_hour, straight.by_hour)
    np.testing.assert_array_equal(found.panel_minutes, straight.panel_minutes)


# --- glass ---


def test_fresnel() -> None:
    incidence = np.linspace(0.0, 90.0, 181)
    share = reflectance(incidence)
    assert share[0] == pytest.approx(((GLASS - 1) / (GLASS + 1)) ** 2, rel=1e-12)
    assert share[-1] == pytest.approx(1.0)
    assert (np.diff(share) > -1e-12).all()
    # At Brewster's angle nothing of one polarisation comes back: half of what the other gives, sin²(θ − θ′).
    brewster = np.degrees(np.arctan(GLASS))
    inside = np.degrees(np.arcsin(np.sin(np.radians(brewster)) / GLASS))
    assert reflectance(brewster) == pytest.approx(0.5 * np.sin(np.radians(brewster - inside)) ** 2)


def test_beam() -> None:
    """SGHAT's manual: a slope of 10 mrad makes a beam of 0.13 rad from edge to edge."""
    assert np.radians(2 * beam_half_angle(10.0, 3.0)) == pytest.approx(0.13, abs=0.001)
    assert beam_half_angle(0.0) == pytest.approx(0.266, abs=0.001)


# --- façades ---


def test_points_of_a_box() -> None:
    outlines = np.array([shapely.box(0, 0, 10, 4), shapely.box(50, 0, 60, 4)], dtype=object)
    points, index = facade_points(outlines, np.array([2.0, 5.0]), np.array([9.5, 5.0]), 5.0, 3.0, before_m=0.5)
    # Two storeys; long walls have two parts, short ones one; the second building has no height.
    assert len(points) == 2 * (2 + 1 + 2 + 1)
    assert index.tolist() == [0] * 12
    assert sorted(set(points.xyz[:, 2])) == [3.5, 6.5]
    south = points.normal[:, 1] == -1.0
    assert sorted(points.xyz[south & (points.xyz[:, 2] == 3.5), 0]) == [2.5, 7.5]
    assert (points.xyz[south, 1] == -0.5).all()


@pytest.mark.parametrize("reverse", [False, True])
def test_points_stand_outside_and_look_out(reverse: bool) -> None:
    shape = shapely.Polygon([(0, 0), (12, 0), (12, 5), (6, 5), (6, 10), (0, 10)], [[(2, 2), (3, 2), (3, 3), (2, 3)]])
    shape = shapely.MultiPolygon([shape.reverse() if reverse else shape, shapely.box(20, 0, 24, 3)])
    points, _ = facade_points(np.array([shape], dtype=object), np.zeros(1), np.full(1, 2.0), 2.0, 3.0)
    assert set(points.xyz[:, 2]) == {1.0}  # lower than a storey
    assert np.allclose(np.linalg.norm(points.normal, axis=1), 1.0)
    for steps, inside in ((0.0, False), (-0.6, True), (0.4, False)):
        moved = shapely.points(points.xyz[:, :2] + steps * points.normal)
        assert (shapely.contains(shape, moved) == inside).all()
    assert np.allclose(shapely.distance(shape, shapely.points(points.xyz[:, :2])), 0.5)


def test_no_outline_no_points() -> None:
    none = np.array([None, shapely.Polygon(), shapely.box(0, 0, 0.5, 0.5)], dtype=object)
    points, index = facade_points(none, np.zeros(3), np.array([6.0, 6.0, 6.0]), 3.0, 3.0)
    assert len(points) == len(index) == 0


# --- what does not fit ---


def test_nothing_and_unknown_places(coarse: SunSteps) -> None:
    panels, receptors, z, grid = northward()
    rules = GlareRules(beam=2.0)
    nobody = Receptors.around(np.zeros((0, 3)))
    assert mirrored(panels, nobody, coarse, z, grid, rules).by_hour.shape == (0, 12, 24)
    none = Panels(np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros(0))
    assert mirrored(none, receptors, coarse, z, grid, rules).minutes.tolist() == [0.0]
    lost = Receptors.around(np.array([[np.nan, 0.0, 0.0], [WEST + 100.0, NORTH - 40.0, np.nan]]))
    assert mirrored(panels, lost, coarse, z, grid, rules).minutes.tolist() == [0.0, 0.0]
    for bad in (replace(panels, tilt=np.array([np.nan])), replace(panels, area=np.array([np.nan]))):
        assert mirrored(bad, receptors, coarse, z, grid, rules).minutes.tolist() == [0.0]
    same_place = Receptors.around(panels.xyz)
    assert mirrored(panels, same_place, coarse, z, grid, rules).minutes.tolist() == [0.0]
    holes = mirrored(panels, receptors, coarse, np.full_like(z, np.nan), grid, rules)
    same(holes, mirrored(panels, receptors, coarse, z, grid, rules))


def test_arrays_that_do_not_fit(coarse: SunSteps) -> None:
    panels, receptors, z, grid = northward()
    rules = GlareRules(beam=2.0)
    with pytest.raises(ValueError, match="each panel"):
        replace(panels, tilt=np.zeros(2))
    with pytest.raises(ValueError, match="normal"):
        Receptors(receptors.xyz, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="no such month"):
        replace(coarse, month=coarse.month + 1)
    with pytest.raises(ValueError, match="skyline"):
        mirrored(panels, receptors, coarse, z, grid, rules, skyline=np.zeros((2, 8), np.float32))
    with pytest.raises(ValueError, match="grid"):
        mirrored(panels, receptors, coarse, z[1:], grid, rules)


def test_cancel(coarse: SunSteps) -> None:
    scene = town(1)

    def stop(share: float, what: str) -> None:
        if share > 0.3:
            raise Cancelled

    many = Receptors.around(np.tile(scene.receptors.xyz, (2000, 1)))
    with pytest.raises(Cancelled):
        mirrored(scene.panels, many, coarse, scene.z, scene.grid, GlareRules(beam=1.0), progress=stop)
