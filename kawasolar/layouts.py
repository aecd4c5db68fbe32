"""Modules on the roofs of the facilities: which stand where, and so what each roof carries.

Every plane that the rules have left something of is laid out as the profile says, or as was entered for its facility: on pitched planes flush, rows
along the eaves; on flat ones in rows of racks, turned to one direction or along the building, or back to back to the east and the west. The distance
between rows keeps the next one free of shade around noon of the shortest day. What stands in one plane and faces one way is a *subarray*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Proj, Transformer

from gis.crs import horizontal
from gis.layout import (
    Layout,
    Module,
    Paths,
    Rows,
    back_to_back,
    best_of,
    flush,
    lay_out,
    racks,
    share_behind,
    winter_spacing,
)
from gis.plane_cells import PlaneCells
from gis.progress import Progress, silent
from kawasolar.errors import PlanError
from kawasolar.keeping import kept, light_of, modules_within
from kawasolar.layout_values import COLUMNS, ORIENTATIONS, RACKS, Orientation, Racks, by_density

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from kawasolar.profile import Profile

Mounting = Literal["roof", "rack", "back_to_back"]


@dataclass(frozen=True)
class Choices:
    """How one facility is laid out.

    Attributes
    ----------
    power : of a module [W]
    weight : of a module [kg]
    orientation : upright, lying, or whichever holds more
    racks : which way rows on flat roofs face: to ``azimuth``, along the building and nearest to it, or back to back to the east and west
    tilt, azimuth : of racks [deg], true
    east_west_tilt : of modules back to back [deg]
    winter_hours : on the shortest day rows stay free of one another's shade so long before and after noon [h]
    valley, gap : between pairs that stand back to back, and between modules of a row [m]
    least : a plane with fewer modules stays empty
    most_kw : a facility carries no more; 0 for all that its roofs hold
    paths : for the fire service and for maintenance, on large arrays
    """

    power: float
    weight: float
    module: Module
    orientation: Orientation
    racks: Racks
    tilt: float
    azimuth: float
    east_west_tilt: float
    winter_hours: float
    valley: float
    gap: float
    least: int
    most_kw: float
    paths: Paths

    @classmethod
    def of(cls, profile: Profile) -> Choices:
        """As a profile has it."""
        number = profile.number
        sides = sorted((number("module.width"), number("module.length")))
        return cls(
            power=number("module.power"), weight=number("module.weight"), module=Module(*sides),
            orientation=ORIENTATIONS[round(number("layout.orientation")) - 1], racks=RACKS[round(number("layout.racks")) - 1],
            tilt=number("pv.rack_tilt"), azimuth=number("pv.rack_azimuth"), east_west_tilt=number("layout.east_west_tilt"),
            winter_hours=number("layout.winter_hours"), valley=number("layout.valley"), gap=number("layout.gap"),
            least=round(number("layout.least_modules")), most_kw=number("layout.most_kw"),
            paths=Paths(number("layout.path_area"), number("layout.path_reach"), number("layout.path_width")),
        )  # fmt: skip

    @cached_property
    def upright(self) -> tuple[bool, ...]:
        """Which ways are tried; the first wins where both hold as many."""
        return {"portrait": (True,), "landscape": (False,), "more": (False, True)}[self.orientation]


@dataclass(frozen=True)
class Place:
    """Where a building stands: latitude and convergence [deg], and the direction of its walls from grid north [deg, 0…90)."""

    latitude: float
    convergence: float
    walls: float


@dataclass(frozen=True)
class Plane:
    """A roof plane as the layout wants it; ``azimuth`` is true [deg]."""

    flat: bool
    tilt: float
    azimuth: float
    cells: PlaneCells
    place: Place


def no_subarrays(crs: CRS | None) -> gpd.GeoDataFrame:
    """The frame without a row."""
    columns = {name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def compute_layouts(
    planes: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    owners: Mapping[str, str],
    profile: Profile,
    special: Mapping[str, Profile],
    progress: Progress = silent,
) -> gpd.GeoDataFrame:
    """Subarrays of all planes whose building belongs to a facility, in the order of the planes.

    Parameters
    ----------
    planes : roof planes, with ``cell_rules``
    buildings : with ``building_id`` and outline
    owners : building -> its facility
    profile : how facilities are laid out
    special : facility -> the profile by which it is laid out, where that is another

    Raises
    ------
    PlanError
        ``layout.no_sun``: on the shortest day the sun is not up as long as the rows shall be free of shade
    gis.progress.Cancelled
        from ``progress``
    """
    crs = planes.crs
    if by_density(profile) or "cell_rules" not in planes:
        return no_subarrays(crs)
    facility = planes["building_id"].map(owners)
    wanted = planes[
        facility.notna().to_numpy()
        & (planes["usable_m2"].to_numpy(dtype=np.float64) > 0)
        & planes["cell_rules"].notna().to_numpy()
    ]
    places = places_of(buildings[buildings["building_id"].isin(wanted["building_id"])])
    choices: dict[str, Choices] = {}
    usual = Choices.of(profile)
    laid: list[_Laid] = []
    told = zip(
        *(wanted[name].tolist() for name in ("plane_id", "building_id", "flat", "tilt", "azimuth", "cell_rules")),
        light_of(wanted).tolist(),
        strict=True,
    )
    for k, (plane_id, building, flat, tilt, azimuth, code, light) in enumerate(told):
        progress(k / max(len(wanted), 1), "layout")
        owner = owners[building]
        if owner in special and owner not in choices:
            choices[owner] = Choices.of(special[owner])
        own = choices.get(owner, usual)
        plane = Plane(bool(flat), tilt, float(np.nan_to_num(azimuth)), PlaneCells.decode(code), places[building])
        laid.append(_Laid(plane_id, building, owner, light, plane, subarrays_of(plane, own)))
    _bound(laid, choices, usual)
    rows = [{"plane_id": one.plane_id, "building_id": one.building, **found} for one in laid for found in one.rows]
    progress(1.0, "layout")
    if not rows:
        return no_subarrays(crs)
    table = pd.DataFrame(rows)
    return gpd.GeoDataFrame(table[list(COLUMNS)].astype(COLUMNS), geometry=table["geometry"].to_numpy(), crs=crs)


@dataclass
class _Laid:
    """A plane with what stands on it."""

    plane_id: int
    building: str
    owner: str
    light: float
    plane: Plane
    rows: list[dict[str, object]]

    @property
    def modules(self) -> int:
        return sum(cast("int", row["modules"]) for row in self.rows)


def _bound(laid: Sequence[_Laid], choices: Mapping[str, Choices], usual: Choices) -> None:
    """Take modules from the worst-lit planes of the facilities that shall carry no more than so much."""
    by_owner: dict[str, list[_Laid]] = {}
    for one in laid:
        by_owner.setdefault(one.owner, []).append(one)
    for owner, planes in by_owner.items():
        own = choices.get(owner, usual)
        if own.most_kw <= 0.0:
            continue
        counts = [one.modules for one in planes]
        left = kept(counts, [one.light for one in planes], modules_within(own.most_kw, own.power), own.least)
        for one, count, many in zip(planes, counts, left.tolist(), strict=True):
            if many < count:
                one.rows = subarrays_of(one.plane, own, many)


def subarrays_of(plane: Plane, choices: Choices, most: int | None = None) -> list[dict[str, object]]:
    """What stands on one plane; empty where it is too little.

    Parameters
    ----------
    most : modules; all that it holds unless given
    """
    found = best_of(
        [lay_out(plane.cells.usable, plane.cells.cell, rows, choices.paths) for rows in _ways(plane, choices)]
    )
    if most is not None:
        found = _first(found, most)
    if len(found) < max(choices.least, 1):
        return []
    return [_subarray(found, facing, behind, plane, choices) for facing, behind in _facings(found)]


def _first(layout: Layout, count: int) -> Layout:
    """Only so many modules: the rows in front, before which nothing stands."""
    facing = np.radians(layout.rows.azimuth)
    ahead = layout.corners.mean(axis=1) @ np.array([np.sin(facing), np.cos(facing)])
    # To the centimetre: modules of a row are equally far ahead.
    stay = np.sort(np.argsort(-np.round(ahead, 2), kind="stable")[:count])
    return replace(layout, corners=layout.corners[stay], azimuth=layout.azimuth[stay])


def _facings(layout: Layout) -> list[tuple[float, float]]:
    """Directions from grid north in which modules face, with the share that stands behind others."""
    behind = share_behind(layout)
    found = [((layout.rows.azimuth + 180.0 * k) % 360.0, float(share)) for k, share in enumerate(behind)]
    return [(facing, share) for facing, share in found if (layout.azimuth == facing).any()]


def _subarray(layout: Layout, facing: float, behind: float, plane: Plane, choices: Choices) -> dict[str, object]:
    rows = layout.rows
    corners = layout.corners[layout.azimuth == facing] + np.array([plane.cells.west, plane.cells.north])
    count = len(corners)
    mounting: Mounting = "back_to_back" if rows.each == 2 else "rack" if plane.flat else "roof"
    return {
        "mounting": mounting,
        "portrait": bool(np.isclose(rows.slant, choices.module.length)),
        "modules": count,
        "capacity_kw": count * choices.power / 1000.0,
        "tilt": rows.tilt,
        "azimuth": (facing + plane.place.convergence) % 360.0,
        "pitch_m": rows.pitch,
        "slant_m": rows.slant,
        "behind": behind if plane.flat else 0.0,
        "area_m2": count * choices.module.area,
        "weight_kg": count * choices.weight,
        "geometry": shapely.multipolygons(shapely.polygons(np.round(corners, 3))),
    }


def _ways(plane: Plane, choices: Choices) -> Sequence[Rows]:
    """All ways in which the rows may stand on this plane."""
    way: Callable[..., Rows] = _flush if not plane.flat else _pairs if choices.racks == "east_west" else _racks
    return [way(plane, choices, portrait=portrait) for portrait in choices.upright]


def _flush(plane: Plane, choices: Choices, *, portrait: bool) -> Rows:
    azimuth = (plane.azimuth - plane.place.convergence) % 360.0
    return flush(choices.module, portrait=portrait, tilt=plane.tilt, azimuth=azimuth, gap=choices.gap)


def _racks(plane: Plane, choices: Choices, *, portrait: bool) -> Rows:
    azimuth = (choices.azimuth - plane.place.convergence) % 360.0
    if choices.racks == "building":
        azimuth = _along(plane.place.walls, azimuth)
    slant = choices.module.length if portrait else choices.module.width
    facing = (azimuth + plane.place.convergence) % 360.0
    try:
        spacing = winter_spacing(slant, choices.tilt, facing, plane.place.latitude, choices.winter_hours)
    except ValueError as error:
        raise PlanError("layout.no_sun", latitude=round(plane.place.latitude, 1), hours=choices.winter_hours) from error
    return racks(
        choices.module, portrait=portrait, tilt=choices.tilt, azimuth=azimuth, gap=choices.gap, spacing=spacing
    )


def _pairs(plane: Plane, choices: Choices, *, portrait: bool) -> Rows:
    azimuth = _along(plane.place.walls, (90.0 - plane.place.convergence) % 360.0)
    return back_to_back(
        choices.module, portrait=portrait, tilt=choices.east_west_tilt, azimuth=azimuth, gap=choices.gap, valley=choices.valley
    )  # fmt: skip


def _along(walls: float, azimuth: float) -> float:
    """Of the four directions of the walls the one nearest to an azimuth."""
    return (walls + 90.0 * round((azimuth - walls) / 90.0)) % 360.0


def places_of(buildings: gpd.GeoDataFrame) -> dict[str, Place]:
    """Where some buildings stand."""
    if not len(buildings):
        return {}
    flat = horizontal(buildings.crs)
    shapes = buildings.geometry.to_numpy()
    middle = shapely.centroid(shapes)
    lon, lat = Transformer.from_crs(flat, flat.geodetic_crs, always_xy=True).transform(
        shapely.get_x(middle), shapely.get_y(middle)
    )
    turned = np.asarray(Proj(flat).get_factors(lon, lat).meridian_convergence)
    told = zip(buildings["building_id"], lat.tolist(), turned.tolist(), wall_directions(shapes).tolist(), strict=True)
    return {name: Place(*where) for name, *where in told}


def wall_directions(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """The direction of most of each outline's walls, from grid north [deg, 0…90): the mean of four times their angle, weighted by length."""
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    side = np.diff(points, axis=0)
    # From the end of one ring to the begin of the next there is no wall.
    side[np.diff(ring) != 0] = 0.0
    owner = of_part[of_ring[ring[:-1]]]
    length = np.hypot(side[:, 0], side[:, 1])
    angle = np.arctan2(side[:, 0], side[:, 1])
    turned = np.bincount(owner, weights=length * np.sin(4.0 * angle), minlength=len(shapes))
    along = np.bincount(owner, weights=length * np.cos(4.0 * angle), minlength=len(shapes))
    found = np.degrees(np.arctan2(turned, along)) / 4.0 % 90.0
    # The remainder of a very small negative number is rounded to 90.
    return np.where(found < 90.0, found, 0.0)
