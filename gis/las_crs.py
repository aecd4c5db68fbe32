"""The coordinate system that a LAS file names: as WKT, or as keys of GeoTIFF.

LAS 1.4-R15, chapter "Coordinate Reference System"; the keys: OGC 19-008r4 (GeoTIFF 1.1), chapters 7.4 to 7.6 and annex B.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.crs import height_name, horizontal, vertical_unit
from gis.errors import CrsMismatch
from gis.las_heads import PROJECTION

if TYPE_CHECKING:
    from gis.las_heads import LasHead

_WKT, _KEYS = (PROJECTION, 2112), (PROJECTION, 34735)
_GEODETIC, _PROJECTED, _LINEAR_UNIT, _VERTICAL, _VERTICAL_UNIT = 2048, 3072, 3076, 4096, 4099
_METRE = 9001
# Codes of EPSG in a key; 32767 says that the CRS is described by further keys.
_FIRST_CODE, _LAST_CODE = 1024, 32766
# In a file that names no CRS: a step that is too fine for metres, but usual for degrees.
_FINE_STEP = 2e-6


@dataclass(frozen=True)
class Named:
    """``crs``: the horizontal one, None where none is named; ``heights``: the vertical one's code or name, None where none is named.

    ``unknown``: something is named that cannot be understood.
    """

    crs: CRS | None
    heights: str | None
    unknown: bool = False


def named_crs(head: LasHead) -> Named:
    """What the file's points are measured in.

    Raises
    ------
    CrsMismatch
        ``point_cloud.degrees``: longitude and latitude, not metres; ``point_cloud.not_metres``: feet
    """
    name = head.path.name
    found = _from_wkt(head.records.get(_WKT), name)
    if found.crs is None:
        keys = _from_keys(head.records.get(_KEYS, b""), name)
        found = Named(keys.crs, keys.heights, (found.unknown or keys.unknown) and keys.crs is None)
    if found.crs is None:
        if _looks_like_degrees(head):
            raise CrsMismatch("point_cloud.degrees", file=name)
        return found
    if found.crs.is_geographic:
        raise CrsMismatch("point_cloud.degrees", file=name)
    if any(abs(axis.unit_conversion_factor - 1.0) > 1e-9 for axis in found.crs.axis_info[:2]):
        raise CrsMismatch("point_cloud.not_metres", file=name)
    return found


def same_place(a: CRS, b: CRS) -> bool:
    """Whether two horizontal CRS mean the same coordinates, however they are written: same datum, method and parameters.

    PROJ's own comparison minds the order of axes and the thirteenth digit of 139°50′, in which what GDAL writes of a Japanese zone differs from EPSG.
    """
    if a.equals(b, ignore_axis_order=True):
        return True
    ours, theirs = _measures(a), _measures(b)
    if ours is None or theirs is None or ours[0] != theirs[0] or ours[1].keys() != theirs[1].keys():
        return False
    return all(math.isclose(ours[1][key], theirs[1][key], rel_tol=1e-9, abs_tol=1e-12) for key in ours[1])


def _measures(crs: CRS) -> tuple[tuple[str, str], dict[str, float]] | None:
    """Datum and method by name; ellipsoid, unit and parameters of the projection in SI units."""
    way, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    if not crs.is_projected or way is None or ellipsoid is None or crs.datum is None:
        return None
    try:
        values = {param.name: float(param.value) * param.unit_conversion_factor for param in way.params}
    except ValueError:  # a parameter may be the name of a file
        return None
    values |= {"a": ellipsoid.semi_major_metre, "b": ellipsoid.semi_minor_metre or 0.0}
    values |= {"unit": crs.axis_info[0].unit_conversion_factor} if crs.axis_info else {}
    return (crs.datum.name.removesuffix(" ensemble").lower(), way.method_name), values


def _by_its_code(crs: CRS) -> CRS:
    """EPSG's own entry where it is that, so that it is shown and compared by its code."""
    code = crs.to_epsg(min_confidence=20)
    known = None if code is None else _of_code(code)
    return known if known is not None and same_place(crs, known) else crs


def _from_wkt(record: bytes | None, file: str) -> Named:
    text = (record or b"").split(b"\0")[0].decode("utf-8", "replace").strip()
    if not text:
        return Named(None, None)
    try:
        whole = CRS.from_wkt(text)
    except CRSError:
        return Named(None, None, unknown=True)
    flat = horizontal(whole)
    if not (flat.is_projected or flat.is_geographic):
        return Named(None, None, unknown=True)
    if abs(vertical_unit(whole) - 1.0) > 1e-9:
        raise CrsMismatch("point_cloud.not_metres", file=file)
    return Named(_by_its_code(flat), height_name(whole))


def _from_keys(record: bytes, file: str) -> Named:
    usable = len(record) - len(record) % 8
    entries = list(struct.iter_unpack("<4H", record[:usable]))[1:]
    keys = {key: value for key, place, _, value in entries if place == 0}
    if not keys:
        return Named(None, None)
    units = (keys.get(_LINEAR_UNIT, _METRE), keys.get(_VERTICAL_UNIT, _METRE))
    if any(unit not in (0, _METRE) for unit in units):
        raise CrsMismatch("point_cloud.not_metres", file=file)
    code = keys.get(_PROJECTED, keys.get(_GEODETIC, 0))
    crs = _of_code(code)
    flat = crs is not None and (crs.is_projected or crs.is_geographic)
    vertical = keys.get(_VERTICAL, 0)
    return Named(crs if flat else None, _height_of_code(vertical, file), unknown=not flat and code > 0)


def _height_of_code(code: int, file: str) -> str | None:
    if not _FIRST_CODE <= code <= _LAST_CODE:
        return None
    crs = _of_code(code)
    if crs is None or not crs.is_vertical:
        return f"EPSG:{code}"
    if abs(crs.axis_info[0].unit_conversion_factor - 1.0) > 1e-9:
        raise CrsMismatch("point_cloud.not_metres", file=file)
    return height_name(crs)


def _of_code(code: int) -> CRS | None:
    if not _FIRST_CODE <= code <= _LAST_CODE:
        return None
    try:
        return horizontal(CRS.from_epsg(code))
    except CRSError:
        return None


def _looks_like_degrees(head: LasHead) -> bool:
    west, south, east, north = head.bounds
    degrees = west >= -180.0 and east <= 360.0 and south >= -90.0 and north <= 90.0
    return bool(head.count and degrees and max(head.scale[:2]) <= _FINE_STEP)
