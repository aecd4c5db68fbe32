"""Where a city model lies: its coordinate system, the plane rectangular zone of its prefecture, and its rings as outlines and roofs there."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gis.crs import height_name, horizontal, label
from gis.datums import exchanged, looks_like_tokyo, old_datum, told_of
from gis.errors import CrsMismatch
from gis.findings import Finding
from gis.left_out import mesh_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.plateau_building import Polygon

# JGD2011 with heights above T.P., which a file is taken to be that does not say.
_USUAL = 6697


@dataclass
class Roofs:
    """Polygons seen from above, one after the other.

    Attributes
    ----------
    xyz : (n, 3) easting, northing [m] and height above T.P. [m]
    lengths : corners by ring
    polygon : number of the polygon by ring; the first ring of each is the outer one
    building : row of the building by polygon
    """

    xyz: NDArray[np.float64]
    lengths: NDArray[np.int64]
    polygon: NDArray[np.int64]
    building: NDArray[np.int64]


class Rings:
    """Polygons as they stand in the files, growing; the building's row by polygon."""

    def __init__(self) -> None:
        self.numbers, self.lengths = array("d"), array("q")
        self.polygon, self.building = array("q"), array("q")

    @property
    def arrays(self) -> tuple[array[float], array[int], array[int], array[int]]:
        """All that grows."""
        return self.numbers, self.lengths, self.polygon, self.building

    def add(self, row: int, polygon: Polygon) -> None:
        """One polygon of the building in a row."""
        for ring in polygon.rings:
            self.numbers.extend(ring)
            self.lengths.append(len(ring) // 3)
            self.polygon.append(len(self.building))
        self.building.append(row)


def own_crs(names: list[str], findings: list[Finding]) -> tuple[CRS, str | None]:
    """The one CRS of all files, and what its heights are measured from (:func:`gis.crs.height_name`; None where no file says it)."""
    codes = {int(found[0]) for name in names if (found := re.findall(r"\d{4,5}", name))} or set()
    said = bool(codes)
    if not said:
        findings.append(Finding("citymodel.no_crs", "warning", expected=f"EPSG:{_USUAL}"))
        codes = {_USUAL}
    try:
        known = [CRS.from_epsg(code) for code in sorted(codes)]
    except CRSError as error:
        raise CrsMismatch("citymodel.unknown_crs", found=", ".join(map(str, sorted(codes)))) from error
    for crs in known:
        if not crs.is_compound and len(crs.axis_info) == 3:
            raise CrsMismatch("citymodel.ellipsoidal", found=f"EPSG:{crs.to_epsg()}", expected=f"EPSG:{_USUAL}")
    vertical = {crs.sub_crs_list[1].name for crs in known if crs.is_compound}
    if len(vertical) > 1:
        raise CrsMismatch("citymodel.mixed_heights", found=", ".join(sorted(vertical)))
    if len({horizontal(crs).to_wkt() for crs in known}) > 1:
        raise CrsMismatch("citymodel.mixed_crs", found=", ".join(f"EPSG:{code}" for code in sorted(codes)))
    return horizontal(known[0]), height_name(known[0]) if said else None


def moved(rings: Rings, own: CRS, target: CRS, findings: list[Finding]) -> Roofs:
    """The polygons in another CRS; heights stay. Latitude comes first, unless the numbers can only be the other way round, which is said."""
    numbers = np.frombuffer(rings.numbers, np.float64).reshape(-1, 3) if len(rings.numbers) else np.zeros((0, 3))
    first, second, z = numbers[:, 0], numbers[:, 1], numbers[:, 2]
    if own.is_geographic:
        swapped = exchanged(first, second)
        if swapped.any() and not any(finding.code == "citymodel.swapped" for finding in findings):
            findings.append(Finding("citymodel.swapped", "warning"))
        lat, lon = np.where(swapped, second, first), np.where(swapped, first, second)
        x, y = Transformer.from_crs(own, target, always_xy=True).transform(lon, lat)
    else:
        # Officially the first axis points north.
        north_first = own.axis_info[0].direction.lower() == "north"
        east_, north_ = (second, first) if north_first else (first, second)
        x, y = Transformer.from_crs(own, target, always_xy=True).transform(east_, north_)
    return Roofs(
        np.column_stack([x, y, z]), np.frombuffer(rings.lengths, np.int64), np.frombuffer(rings.polygon, np.int64), np.frombuffer(rings.building, np.int64)
    )  # fmt: skip


def told_of_places(own: CRS, sources: list[str], outline: Rings) -> list[Finding]:
    """Of an older datum that the files name; and of files that seem to be of one, by the meshes in their names.

    Parameters
    ----------
    sources : file by building
    """
    if not sources:
        return []
    found = told_of(own, sources[0].partition("/")[0])
    if not own.is_geographic or old_datum(own) is not None or not len(outline.building):
        return found
    numbers = np.frombuffer(outline.numbers, np.float64).reshape(-1, 3)
    lengths = np.frombuffer(outline.lengths, np.int64)
    polygon = np.frombuffer(outline.polygon, np.int64)
    building = np.frombuffer(outline.building, np.int64)
    corners = numbers[np.cumsum(lengths) - lengths]
    first, second = corners[:, 0], corners[:, 1]
    swapped = exchanged(first, second)
    lat, lon = np.where(swapped, second, first), np.where(swapped, first, second)
    files, file = np.unique(np.array(sources, object)[building[polygon]].astype(str), return_inverse=True)
    for k, name in enumerate(files.tolist()):
        mesh, here = mesh_in(name), file == k
        if mesh is not None and looks_like_tokyo(lat[here], lon[here], mesh):
            found.append(Finding("datum.looks_tokyo", "warning", name, found=label(own), expected=mesh))
    return found


def outlines_of(rings: Roofs, count: int) -> NDArray[np.object_]:
    """One outline a building: its polygons as one, mended where they cross themselves; None where it has none."""
    shapes = np.full(count, None, object)
    if not len(rings.building):
        return shapes
    ring = np.repeat(np.arange(len(rings.lengths)), rings.lengths)
    good = np.isfinite(rings.xyz).all(axis=1)
    whole = np.bincount(ring[~good], minlength=len(rings.lengths)) == 0
    lines = np.full(len(rings.lengths), None, object)
    kept = whole[ring]
    if kept.any():
        lines[whole] = shapely.linearrings(rings.xyz[kept, :2], indices=np.unique(ring[kept], return_inverse=True)[1])
    first = np.unique(rings.polygon, return_index=True)[1]
    is_outer = np.zeros(len(lines), np.bool_)
    is_outer[first] = True
    outer = lines[is_outer]
    polygons = np.full(len(outer), None, object)
    there = ~shapely.is_missing(outer)
    polygons[there] = shapely.polygons(outer[there])
    for k in np.unique(rings.polygon[~is_outer]):
        begin, end = np.searchsorted(rings.polygon, (k, k + 1))
        if outer[k] is not None:
            polygons[k] = shapely.Polygon(outer[k], [hole for hole in lines[begin + 1 : end] if hole is not None])
    polygons = shapely.make_valid(polygons)
    order = np.argsort(rings.building, kind="stable")
    owner, begin = np.unique(rings.building[order], return_index=True)
    for row, some in zip(owner, np.split(polygons[order], begin[1:]), strict=True):
        shapes[row] = some[0] if len(some) == 1 else shapely.union_all(some)
    # Mending may leave lines beside the areas.
    for row in np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (-1, 3, 6))):
        shapes[row] = shapely.union_all([p for p in shapely.get_parts(shapes[row]) if p.geom_type == "Polygon"])
    return shapes


# ---------------------------------------------------------------------------------------------- zones

# Plane rectangular zone by prefecture (国土交通省告示第9号); Hokkaido, Kagoshima's and Tokyo's islands and Okinawa have several: the one of most buildings.
_ZONES = {
    1: 12, 2: 10, 3: 10, 4: 10, 5: 10, 6: 10, 7: 9, 8: 9, 9: 9, 10: 9, 11: 9, 12: 9, 13: 9, 14: 9, 15: 8, 16: 7, 17: 7, 18: 6, 19: 8, 20: 8, 21: 7, 22: 8,
    23: 7, 24: 6, 25: 6, 26: 6, 27: 6, 28: 5, 29: 6, 30: 6, 31: 5, 32: 3, 33: 5, 34: 3, 35: 3, 36: 4, 37: 4, 38: 4, 39: 4, 40: 2, 41: 2, 42: 1, 43: 2, 44: 2,
    45: 2, 46: 2, 47: 15,
}  # fmt: skip
# EPSG of zone I of JGD2011; the others follow.
_ZONE_I = 6669


def zone_of_prefecture(cities: list[str | None]) -> CRS:
    """Of the prefecture that most buildings name.

    Raises
    ------
    CrsMismatch
        ``citymodel.no_zone``
    """
    named = pd.Series([text[:2] for text in cities if text and text[:2].isdigit()], dtype=object)
    code = int(named.mode().iloc[0]) if len(named) else 0
    if code not in _ZONES:
        raise CrsMismatch("citymodel.no_zone")
    return CRS.from_epsg(_ZONE_I + _ZONES[code] - 1)
