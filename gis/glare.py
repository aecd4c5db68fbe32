r"""Glare: the minutes of a year in which the glass of modules mirrors the sun onto neighbours' windows and onto roads.

A mirror throws the sun's ray s back along r = 2 (n·s) n − s. Read the other way, a panel p shows a receptor the sun only when that stands near
s* = 2 (n·d) n − d, d being the direction from panel to receptor. So no minute is asked of a pair: the year's suns are sorted once into bins of
direction, and a pair looks only into the few bins around its s*, whatever the number of minutes.

    sun  \   n   / receptor            n: normal of the panel
        s \  |  / d                    the panel is a disc of its area; through it the receptor
           \ | /                       sees the sun mirrored, or at most ``beam`` beside its rim
    ________\|/________ panel

The surface says what stands between: between panel and receptor along the ray itself, between panel and sun by the panel's skyline. What an eye
makes of it (retinal irradiance, after-images) is not said; the least that can be told is the share of the beam that the glass throws back
(:func:`reflectance`).

Points are in the CRS of the grid [m]. Azimuths of panels and of the sun are true, those of normals the grid's: true azimuth = grid azimuth + convergence.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis import glare_kernels as kernels
from gis.progress import part, silent
from gis.sun import SunPosition, sun_position
from gis.threads import run_blocks, threads

if TYPE_CHECKING:
    from datetime import tzinfo

    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.progress import Progress

# The sun's mean angular radius as it is used for solar collectors: 4.65 mrad (0.267°; the disc is 0.53° wide).
SUN_RADIUS_MRAD = 4.65
# Refractive index of a module's glass (De Soto et al. 2006, doi:10.1016/j.solener.2005.06.010; also pvlib.iam.physical).
GLASS = 1.526
# Side of a bin of direction [deg]: of a minute's suns some hold a dozen, and a beam of half a degree meets about twenty.
_BIN_DEG = 0.5
# Directions of a panel's skyline: every half degree, at 100 m within a metre.
_SKYLINE = 720
# From sample to sample of a ray, in cells.
_STEP_CELLS = 0.5
# The sun's vector is known every so many minutes and a cubic spline leads through it: right to 1e-5 degrees, (ω h)⁴ / 384.
_KNOT_MIN = 20
# Panels whose marks one thread may hold [bytes].
_MOST_BYTES = 512_000_000
# Pairs of a panel and a receptor in a block of work: some 50 ms where most of them dazzle.
_PAIRS = 8_000
# Panels in a block of skylines.
_PANELS = 16
# Of an outline: corners that are less than this off a wall are no corners, and a wall shorter than the other has no window [m].
_STRAIGHT_M, _LEAST_WALL_M = 0.25, 1.0


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


@dataclass(frozen=True)
class Panels:
    """Sample points on modules, each with the piece of glass that it stands for.

    Attributes
    ----------
    xyz : float64 (p, 3), easting, northing and height [m]
    tilt : float64 (p,), from the horizontal [deg]
    azimuth : float64 (p,), where they face, clockwise from true north [deg]
    area : float64 (p,), of the glass that the point stands for [m²]
    """

    xyz: NDArray[np.float64]
    tilt: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    area: NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.xyz)
        _check(self.xyz.shape == (count, 3), "xyz of panels must be (p, 3)")
        _check(all(each.shape == (count,) for each in (self.tilt, self.azimuth, self.area)), "a value for each panel")

    def __len__(self) -> int:
        return len(self.xyz)


@dataclass(frozen=True)
class Receptors:
    """Points onto which glare may fall.

    Attributes
    ----------
    xyz : float64 (r, 3), easting, northing and height [m]
    normal : float64 (r, 2), horizontal unit vector out of the façade or along the way that somebody drives, grid; NaN where the receptor looks in all directions
    half_angle : how far to either side of the normal it looks, in the horizontal [deg]; 90 for a façade
    """

    xyz: NDArray[np.float64]
    normal: NDArray[np.float64]
    half_angle: float = 90.0

    def __post_init__(self) -> None:
        _check(self.xyz.shape == (len(self.xyz), 3), "xyz of receptors must be (r, 3)")
        _check(self.normal.shape == (len(self.xyz), 2), "normal of receptors must be (r, 2)")
        _check(0.0 < self.half_angle <= 180.0, "half_angle must be within 0 … 180")

    def __len__(self) -> int:
        return len(self.xyz)

    @classmethod
    def around(cls, xyz: NDArray[np.float64]) -> Receptors:
        """Points that look in all directions."""
        return cls(xyz, np.full((len(xyz), 2), np.nan))


@dataclass(frozen=True)
class SunSteps:
    """Where the sun stands in steps of equal length; those of the night may be left out.

    Attributes
    ----------
    position : in the middle of each step, shapes (n,)
    month, hour, day : int64 (n,), of the middle: 1–12, 0–23, day of the year 1–366
    minutes : length of a step
    """

    position: SunPosition
    month: NDArray[np.int64]
    hour: NDArray[np.int64]
    day: NDArray[np.int64]
    minutes: float

    def __post_init__(self) -> None:
        # The kernels count by them, and look at no bounds.
        for each, least, most in ((self.month, 1, 12), (self.hour, 0, 23), (self.day, 1, 366)):
            _check(each.shape == self.position.azimuth.shape, "a month, hour and day for each step")
            _check(not len(each) or (least <= each.min() and each.max() <= most), "no such month, hour or day")

    def __len__(self) -> int:
        return len(self.month)


@dataclass(frozen=True)
class GlareRules:
    """What counts as glare.

    Attributes
    ----------
    beam : half angle of the mirrored sun, its radius and the scatter of the glass [deg]; see :func:`beam_half_angle`
    apart : least angle between the sun itself and the panel, as the receptor sees them [deg]; nearer to it the sun dazzles anyway. The German LAI
        (2012, annex 2) takes 10°
    reach : farthest receptor from a panel [m]
    sun_reach : how far what stands before the sun is looked for [m]
    clear : at the panel, what of a ray's way is not looked at, in the horizontal [m]: there stands the panel's own roof
    short : at the receptor, the same [m]; None = one cell: the surface's walls stand up to a cell beside the outline's
    """

    beam: float
    apart: float = 0.0
    reach: float = 200.0
    sun_reach: float = 200.0
    clear: float = 2.0
    short: float | None = None


@dataclass(frozen=True)
class Glare:
    """Glare in a year of clear sky; a minute in which several panels dazzle counts once.

    Attributes
    ----------
    minutes : float32 (r,), in the year
    by_hour : float32 (r, 12, 24), minutes by month and hour of the day
    days : int32 (r,), days with any
    worst_day : int32 (r,), day of the year with the most minutes, of equals the first; 0 where there is no glare
    worst_day_minutes : float32 (r,)
    worst_panel : int32 (r,), the panel with the most minutes onto this receptor, -1 where there is no glare
    worst_panel_minutes : float32 (r,)
    incidence : float32 (r,), greatest angle of incidence among the panels that dazzle, at their middle [deg], for :func:`reflectance`; NaN = no glare
    panel_minutes : float32 (p,), minutes in which a panel dazzles any receptor
    """

    minutes: NDArray[np.float32]
    by_hour: NDArray[np.float32]
    days: NDArray[np.int32]
    worst_day: NDArray[np.int32]
    worst_day_minutes: NDArray[np.float32]
    worst_panel: NDArray[np.int32]
    worst_panel_minutes: NDArray[np.float32]
    incidence: NDArray[np.float32]
    panel_minutes: NDArray[np.float32]


def beam_half_angle(slope_error: float, deviations: float = 1.0) -> float:
    """Half angle of the mirrored sun [deg]: its radius, and twice the slope of the glass, since a mirror that leans by δ turns the ray by 2 δ.

    Parameters
    ----------
    slope_error : root mean square of the glass' slope [mrad]; 0 = ideal mirror. Yellowhair & Ho (2015, doi:10.1115/POWER2015-49481) measured modules
    deviations : how many standard deviations of it count; SGHAT takes 3 (10 mrad make a beam of 0.13 rad)
    """
    return float(np.degrees(1e-3 * (SUN_RADIUS_MRAD + 2.0 * deviations * slope_error)))


def reflectance(incidence: NDArray[np.floating] | float, n: float = GLASS) -> NDArray[np.float64]:
    """Share of the beam that smooth glass throws back, by Fresnel's equations for unpolarised light.

    A receptor that sees the whole sun in the glass gets this share of the direct normal irradiance, on a plane across the ray [W/m²]; one that sees a
    part of it gets less. Glass with a coating against reflection gives less at steep angles.

    Parameters
    ----------
    incidence : angle between the ray and the normal of the glass, 0–90 [deg]
    n : refractive index of the glass
    """
    cosine = np.cos(np.radians(np.asarray(incidence, np.float64)))
    inside = np.sqrt(1.0 - (1.0 - cosine**2) / n**2)
    across = ((cosine - n * inside) / (cosine + n * inside)) ** 2
    along = ((inside - n * cosine) / (inside + n * cosine)) ** 2
    return np.asarray(0.5 * (across + along))


def sun_steps(
    latitude: float, longitude: float, zone: str | tzinfo, *, year: int = 2023, minutes: int = 1, altitude: float = 0.0
) -> SunSteps:
    """The sun of a whole year in steps of some minutes, without the nights.

    Parameters
    ----------
    latitude, longitude : degrees
    zone : time zone of months, days and hours
    year : one of 365 days unless asked otherwise
    minutes : length of a step
    altitude : metres
    """
    begin, end = (pd.Timestamp(year=each, month=1, day=1, tz=zone) for each in (year, year + 1))
    knot, step = pd.Timedelta(minutes=_KNOT_MIN), pd.Timedelta(minutes=minutes)
    # A knot more at either end, for the spline.
    knots = pd.date_range(begin - knot, end + 2 * knot, freq=knot)
    middle = pd.date_range(begin + step / 2, end, freq=step, inclusive="left")
    exact = sun_position(knots, latitude, longitude, altitude, interval=pd.Timedelta(0))
    position = _between(_seconds(knots, begin), exact, _seconds(middle, begin))
    up = position.elevation > 0.0
    position = SunPosition(position.azimuth[up], position.elevation[up], position.cos_zenith[up])
    middle = middle[up]
    month, hour, day = (np.asarray(each, np.int64) for each in (middle.month, middle.hour, middle.day_of_year))
    return SunSteps(position, month, hour, day, float(minutes))


def _seconds(times: pd.DatetimeIndex, begin: pd.Timestamp) -> NDArray[np.float64]:
    return np.asarray((times - begin) / pd.Timedelta(seconds=1), np.float64)


def _between(known: NDArray[np.float64], sun: SunPosition, asked: NDArray[np.float64]) -> SunPosition:
    """Positions at other times: a cubic spline through the sun's unit vectors, brought back to the sphere."""
    from scipy.interpolate import CubicSpline

    vector = CubicSpline(known, _towards(sun.azimuth, sun.elevation))(asked)
    vector /= np.linalg.norm(vector, axis=1)[:, None]
    azimuth = np.degrees(np.arctan2(vector[:, 0], vector[:, 1])) % 360.0
    return SunPosition(azimuth, np.degrees(np.arcsin(vector[:, 2])), vector[:, 2])


def _towards(azimuth: NDArray[np.float64], elevation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (n, 3) of directions given in degrees."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.stack([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)], axis=-1)


def facade_points(
    outlines: NDArray[np.object_],
    ground: NDArray[np.float64],
    top: NDArray[np.float64],
    spacing_m: float,
    storey_m: float,
    before_m: float = 0.5,
) -> tuple[Receptors, NDArray[np.int64]]:
    """Points where windows may be: along the outer walls, at half the height of every storey.

    A wall is divided into equal parts no longer than ``spacing_m``, with a point in the middle of each. A building has as many storeys as
    fit in whole below its top, at least one.

    Parameters
    ----------
    outlines : polygons and multipolygons (b,), in the CRS of the grid [m]
    ground, top : float64 (b,), heights of the ground and of the roof [m]; a building without, or with its top not above the ground, has no points
    spacing_m : farthest from point to point along a wall [m]
    storey_m : height of a storey [m]
    before_m : how far the points stand before the wall [m], so that a ray that passes along it does not run into it

    Returns
    -------
    the points, and for each the index of its outline, int64 (r,)
    """
    xyz, normal, index = [np.zeros((0, 3))], [np.zeros((0, 2))], [np.zeros(0, np.int64)]
    for k, outline in enumerate(outlines):
        if outline is None or not top[k] - ground[k] > 0.0:
            continue
        heights = ground[k] + _mid_storeys(float(top[k] - ground[k]), storey_m)
        walls, facing = _walls(outline, spacing_m, before_m)
        xyz.append(np.column_stack([np.repeat(walls, len(heights), axis=0), np.tile(heights, len(walls))]))
        normal.append(np.repeat(facing, len(heights), axis=0))
        index.append(np.full(len(walls) * len(heights), k, np.int64))
    return Receptors(np.concatenate(xyz), np.concatenate(normal)), np.concatenate(index)


def _mid_storeys(height: float, storey: float) -> NDArray[np.float64]:
    """Heights above the ground."""
    count = int(height / storey)
    middles = (np.arange(count) + 0.5) * storey if count else np.array([0.5 * height])
    return np.asarray(middles, np.float64)


def _walls(outline: shapely.Geometry, spacing: float, before: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points before the outer walls, and the directions out of them; both (n, 2)."""
    points, normals = [np.zeros((0, 2))], [np.zeros((0, 2))]
    for polygon in shapely.get_parts(shapely.simplify(outline, _STRAIGHT_M)):
        ring = shapely.get_coordinates(shapely.get_exterior_ring(polygon))
        if not len(ring):
            continue
        # Against the clock the building lies on the left.
        if not shapely.is_ccw(shapely.linearrings(ring)):
            ring = ring[::-1]
        for begin, end in pairwise(ring):
            length = float(np.hypot(*(end - begin)))
            if length < _LEAST_WALL_M:
                continue
            count = int(np.ceil(length / spacing))
            along = (end - begin) / length
            out = np.array([along[1], -along[0]])
            share = ((np.arange(count) + 0.5) / count)[:, None]
            points.append(begin + share * (end - begin) + before * out)
            normals.append(np.repeat(out[None], count, axis=0))
    return np.concatenate(points), np.concatenate(normals)


def panel_skylines(
    panels: Panels,
    z: NDArray[np.float32],
    grid: Grid,
    rules: GlareRules,
    convergence: float = 0.0,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """What stands before the sun around each panel: elevations [deg], at least 0, float32 (p, 720), towards true azimuth 0, 0.5, 1 … degrees.

    Marched over the cells from ``rules.clear`` to ``rules.sun_reach``, in steps of half a cell.
    """
    turn = np.radians(np.arange(_SKYLINE) * 360.0 / _SKYLINE - convergence)
    directions = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
    out = np.empty((len(panels), _SKYLINE), np.float32)
    xyz, ground = np.ascontiguousarray(panels.xyz, np.float64), _ground(z, grid)
    reach, step = rules.sun_reach, _STEP_CELLS * grid.cell

    def march(begin: int, end: int) -> None:
        kernels.skylines(xyz, begin, end, directions, ground, float(rules.clear), float(reach), step, out)

    run_blocks(march, len(panels), _PANELS, progress, "glare")
    return out


def mirrored(
    panels: Panels,
    receptors: Receptors,
    sun: SunSteps,
    z: NDArray[np.float32],
    grid: Grid,
    rules: GlareRules,
    *,
    convergence: float = 0.0,
    skyline: NDArray[np.float32] | None = None,
    progress: Progress = silent,
) -> Glare:
    """When the panels mirror the sun onto the receptors.

    In a step a panel dazzles a receptor if the sun is up, above the panel's skyline and before the glass; the receptor within reach, before the glass, and
    within what it looks at; nothing between the two; and the receptor sees the sun mirrored in the panel, taken as a disc of its area, or
    not farther than ``rules.beam`` from its rim.

    Parameters
    ----------
    panels, receptors : p and r points
    sun : n steps, as of :func:`sun_steps`
    z : float32 (rows, cols), heights with all that stands [m], NaN in holes, which hide nothing
    grid : where z lies
    rules : what counts
    convergence : azimuth of grid north, clockwise from true north [deg] (:func:`gis.crs.meridian_convergence`): what the grid shows at azimuth a stands at
        the true azimuth a + convergence
    skyline : float32 (p, m), elevations of what hides the sun from each panel [deg] towards true azimuths 0, 360 / m …; from z
        (:func:`panel_skylines`) unless given
    progress : may raise :class:`gis.progress.Cancelled`

    Raises
    ------
    ValueError
        Arrays that do not fit together.
    gis.progress.Cancelled
        from ``progress``
    """
    if skyline is None:
        skyline = panel_skylines(panels, z, grid, rules, convergence, part(progress, 0.0, 0.2))
        progress = part(progress, 0.2, 1.0)
    _check(skyline.ndim == 2 and len(skyline) == len(panels) and skyline.shape[1] > 0, "a skyline for each panel")
    _check(z.shape == grid.shape, "heights must lie on the grid")
    count = len(receptors)
    mirrors, sky = _mirrors(panels, skyline, convergence), _sky(sun, skyline.shape[1], convergence)
    limits, ground = _limits(rules, grid), _ground(z, grid)
    words = -(-len(sky.hour) // 64)
    workers = max(1, min(threads(), _MOST_BYTES // max(1, 8 * words * len(panels))))
    marks: queue.SimpleQueue[NDArray[np.uint64]] = queue.SimpleQueue()
    gathered = [np.zeros((len(panels), words), np.uint64) for _ in range(workers)]
    for each in gathered:
        marks.put(each)
    found = _nothing_found(count)
    xyz, facing = (np.ascontiguousarray(each, np.float64) for each in (receptors.xyz, receptors.normal))
    # Exactly nothing for a façade: what lies in its plane is not before it.
    view = 0.0 if receptors.half_angle == 90.0 else float(np.cos(np.radians(receptors.half_angle)))

    def work(begin: int, end: int) -> None:
        mine = marks.get()
        bits, by_day = np.zeros(words, np.uint64), np.zeros(kernels.DAYS, np.int32)
        kernels.mirror(xyz, facing, view, begin, end, mirrors, sky, ground, limits, bits, mine, by_day, found)
        marks.put(mine)

    run_blocks(work, count, _PAIRS // max(1, len(panels)), progress, "glare", workers=workers)
    for each in gathered[1:]:
        gathered[0] |= each
    return _told(found, np.bitwise_count(gathered[0]).sum(axis=1), sun.minutes)


def _ground(z: NDArray[np.float32], grid: Grid) -> kernels.Ground:
    surface = np.ascontiguousarray(z, np.float32)
    known = np.isfinite(surface)
    top = float(surface.max(where=known, initial=-np.inf))
    return kernels.Ground(surface, float(grid.west), float(grid.north), float(grid.cell), top)


def _limits(rules: GlareRules, grid: Grid) -> kernels.Limits:
    short = grid.cell if rules.short is None else rules.short
    # Above every cosine where nothing is asked, so that rounding takes nothing.
    apart = 2.0 if rules.apart <= 0.0 else float(np.cos(np.radians(rules.apart)))
    lengths = (float(rules.reach), float(rules.clear), float(short), _STEP_CELLS * grid.cell)
    return kernels.Limits(float(np.radians(rules.beam)), apart, *lengths)


def _mirrors(panels: Panels, skyline: NDArray[np.float32], convergence: float) -> kernels.Mirrors:
    """Panels in the directions of the grid."""
    normal = _towards(np.asarray(panels.azimuth, np.float64) - convergence, 90.0 - np.asarray(panels.tilt, np.float64))
    radius = np.sqrt(np.asarray(panels.area, np.float64) / np.pi)
    xyz = np.ascontiguousarray(panels.xyz, np.float64)
    return kernels.Mirrors(xyz, normal, radius, np.ascontiguousarray(skyline, np.float32))


def _sky(sun: SunSteps, columns: int, convergence: float) -> kernels.Sky:
    """The steps of the day sorted by bins of direction."""
    rows, cols = round(90.0 / _BIN_DEG), round(360.0 / _BIN_DEG)
    up = np.flatnonzero(sun.position.elevation > 0.0)
    true, elevation = sun.position.azimuth[up], sun.position.elevation[up]
    azimuth = (true - convergence) % 360.0
    row = np.clip((elevation / _BIN_DEG).astype(np.int64), 0, rows - 1)
    place = row * cols + np.minimum((azimuth / _BIN_DEG).astype(np.int64), cols - 1)
    order = np.argsort(place, kind="stable")
    start = np.zeros(rows * cols + 1, np.int64)
    np.cumsum(np.bincount(place, minlength=rows * cols), out=start[1:])
    column = np.floor(true * (columns / 360.0) + 0.5).astype(np.int64) % columns
    hour = (sun.month[up] - 1) * 24 + sun.hour[up]
    day = np.asarray(sun.day[up], np.int64)
    vectors = np.ascontiguousarray(_towards(azimuth, elevation)[order])
    return kernels.Sky(vectors, elevation[order], column[order], hour[order], day[order], start, rows, cols)


def _nothing_found(count: int) -> kernels.Found:
    days, day, most, panel, by_panel = (np.full(count, first, np.int32) for first in (0, 0, 0, -1, 0))
    return kernels.Found(
        np.zeros((count, kernels.HOURS), np.int32), days, day, most, panel, by_panel, np.full(count, 2.0)
    )


def _told(found: kernels.Found, panel_steps: NDArray[np.uint64], minutes: float) -> Glare:
    """Counts of steps as minutes."""
    by_hour, worst, panel, by_panel = (
        (each * minutes).astype(np.float32)
        for each in (found.by_hour, found.worst_steps, found.panel_steps, panel_steps)
    )
    lit = found.cosine <= 1.5
    incidence = np.full(len(lit), np.nan, np.float32)
    incidence[lit] = np.degrees(np.arccos(np.clip(found.cosine[lit], 0.0, 1.0)))
    return Glare(
        minutes=(found.by_hour.sum(axis=1) * minutes).astype(np.float32),
        by_hour=by_hour.reshape(-1, 12, 24),
        days=found.days,
        worst_day=found.worst_day,
        worst_day_minutes=worst,
        worst_panel=found.panel,
        worst_panel_minutes=panel,
        incidence=incidence,
        panel_minutes=by_panel,
    )
