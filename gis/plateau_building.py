"""One building of a PLATEAU city model: what its element says, as plain values.

Standard: 3D都市モデル標準製品仕様書 (i-UR 1.4, 2.0, 3.x on CityGML 2.0). What i-UR calls by other names in its versions is looked for by all of them, in
whatever namespace: the last part of the tag is what the versions share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_GML = "{http://www.opengis.net/gml}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_ID = f"{_GML}id"
_LONGEST = 200
# Written where nothing is known: -9999 and 9999 of numbers, the year 1.
_SENTINELS = (-9999.0, 9999.0, 99999.0, -99999.0)
# i-UR 3.x and 2.0, and 1.4 -> the hazard, by what the tag begins with.
_HAZARDS = {
    "RiverFloodingRiskAttribute": "flood", "BuildingRiverFloodingRisk": "flood",
    "TsunamiRiskAttribute": "tsunami", "BuildingTsunamiRisk": "tsunami",
    "HighTideRiskAttribute": "storm_surge", "BuildingHighTideRisk": "storm_surge",
    "InlandFloodingRiskAttribute": "inland", "BuildingInlandFloodingRisk": "inland",
}  # fmt: skip
HAZARDS = ("flood", "tsunami", "storm_surge", "inland")
# Of landslides there is no depth, but the kind of the area.
_LANDSLIDES = ("LandSlideRiskAttribute", "BuildingLandSlideRisk")
_LANDSLIDE_AREA = "areaType"
# Tag -> field, for texts and for numbers.
_TEXTS = {
    "name": "name", "class": "class_code", "usage": "usage", "buildingID": "public_id", "city": "city",
    "buildingStructureType": "structure", "orgUsage": "org_usage",
}  # fmt: skip
_NUMBERS = {
    "measuredHeight": "measured_height", "storeysAboveGround": "storeys", "yearOfConstruction": "built_year",
    "totalFloorArea": "floor_area_m2", "surveyYear": "survey_year",
}  # fmt: skip
_LOD0 = ("lod0RoofEdge", "lod0FootPrint")
# What holds shapes, or other things than the building's own attributes.
_GEOMETRY = (
    "lod2Solid", "lod3Solid", "lod4Solid", "lod1MultiSurface", "lod2MultiSurface", "lod0RoofEdge", "consistsOfBuildingPart", "outerBuildingInstallation",
    "interiorRoom", "address", "opening",
)  # fmt: skip


@dataclass
class Polygon:
    """Corners of an outer ring and of holes, three numbers each in the order of the file."""

    rings: list[list[float]]


@dataclass
class Building:
    """What an element says of a building; None where it says nothing, or a number that stands for nothing.

    Attributes
    ----------
    outline : rings of LOD0, else what stands for it: the floor of LOD1 or LOD2
    outline_of : the element that told the outline; empty for a floor
    roofs : level of detail (1, 2) -> polygons that are seen from above
    installations : what stands on it (towers of stairs, tanks, machines): polygons of LOD2 that are seen from above, and perhaps others
    ground_z, top_z : lowest and highest corner of the solid [m]
    depths : hazard -> greatest depth of the water [m]
    landslide : kinds of the areas of landslides that it is in, as codes
    lists : field (``usage structure landslide``) -> name of the list that its codes are of
    broken : polygons that could not be read
    """

    gml_id: str
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    outline: list[Polygon] = field(default_factory=list)
    outline_of: str = ""
    roofs: dict[int, list[Polygon]] = field(default_factory=dict)
    installations: list[Polygon] = field(default_factory=list)
    ground_z: float | None = None
    top_z: float | None = None
    depths: dict[str, float] = field(default_factory=dict)
    landslide: list[str] = field(default_factory=list)
    lists: dict[str, str] = field(default_factory=dict)
    broken: int = 0


@lru_cache(maxsize=4096)
def local(tag: object) -> str:
    """Name of a tag without its namespace; empty for comments."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def number_of(text: str | None) -> float | None:
    """A number that means something; None for blanks, ``Null`` and the numbers that stand for nothing."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return None if value in _SENTINELS or not -1e9 < value < 1e9 else value


def building_of(element: _Element) -> Building:
    """Read a ``bldg:Building`` with its parts."""
    found = Building(str(element.get(_ID, ""))[:_LONGEST])
    floors: list[Polygon] = []
    by_id = _ById(element)
    for whole in (element, *_parts(element)):
        for child in whole:
            name = local(child.tag)
            if name in _LOD0:
                _outline(child, name, found)
            elif name == "lod1Solid":
                floors += _box(child, found)
            elif name == "boundedBy":
                floors += _bounded(child, by_id, found)
            elif name == "outerBuildingInstallation":
                _installation(child, by_id, found)
            elif whole is element:
                _attribute(child, name, found)
    if not found.outline:
        found.outline = floors
    return found


def _parts(element: _Element) -> Iterator[_Element]:
    for child in element:
        if local(child.tag) == "consistsOfBuildingPart":
            yield from child


# ---------------------------------------------------------------------------------------------- attributes


def _attribute(child: _Element, name: str, found: Building) -> None:
    """A plain attribute, or those of i-UR, which stand one or two levels deeper."""
    if len(child) == 0:
        _plain(child, name, found)
        return
    if name in _GEOMETRY:
        return
    for inner in child.iter():
        kind = local(inner.tag)
        if kind in _HAZARDS:
            _hazard(inner, _HAZARDS[kind], found)
        elif kind in _LANDSLIDES:
            _landslide(inner, found)
        elif len(inner) == 0:
            _plain(inner, kind, found)


def _plain(child: _Element, name: str, found: Building) -> None:
    text = (child.text or "").strip()[:_LONGEST]
    if name in _TEXTS and text and text.lower() != "null":
        if _TEXTS[name] not in found.texts:
            found.texts[_TEXTS[name]] = text
            _list_of(child, _TEXTS[name], found)
    elif name in _NUMBERS:
        value = number_of(text)
        # No building is of the year 1, and none has no height.
        if value is not None and value > (1.0 if name == "yearOfConstruction" else 0.0):
            found.numbers.setdefault(_NUMBERS[name], value)


def _hazard(element: _Element, hazard: str, found: Building) -> None:
    """Of several records of one hazard (planned and greatest rain, state and prefecture) the deepest."""
    for child in element:
        if local(child.tag) == "depth":
            value = number_of(child.text)
            if value is not None and value >= 0:
                found.depths[hazard] = max(value, found.depths.get(hazard, 0.0))


def _landslide(element: _Element, found: Building) -> None:
    """Of several records all kinds, each once."""
    for child in element:
        text = (child.text or "").strip()[:_LONGEST]
        if local(child.tag) == _LANDSLIDE_AREA and text and text.lower() != "null" and text not in found.landslide:
            found.landslide.append(text)
            _list_of(child, "landslide", found)


def _list_of(child: _Element, name: str, found: Building) -> None:
    """The list that a code is of: ``../../codelists/Building_usage.xml`` -> ``Building_usage``."""
    space = child.get("codeSpace")
    if space:
        found.lists.setdefault(name, str(space)[-_LONGEST:].rpartition("/")[2].removesuffix(".xml"))


# ---------------------------------------------------------------------------------------------- shapes


def _outline(child: _Element, name: str, found: Building) -> None:
    """LOD0; the edge of the roof before the walls' line."""
    polygons = _polygons(child, found)
    if polygons and (not found.outline or name == _LOD0[0]):
        found.outline = found.outline + polygons if found.outline_of == name else polygons
        found.outline_of = name


def _box(child: _Element, found: Building) -> list[Polygon]:
    """LOD1: its top, or tops, as roofs; its floor comes back."""
    level = _polygons(child, found, level=True)
    if not level:
        return []
    heights = [polygon.rings[0][2] for polygon in level]
    floor, top = min(heights), max(heights)
    if floor == top:
        # A box without a floor: its walls tell how deep it goes.
        floor = min((min(polygon.rings[0][2::3]) for polygon in _polygons(child, found)), default=top)
    _span(found, floor, top)
    if top > floor:
        found.roofs.setdefault(1, []).extend(p for p, z in zip(level, heights, strict=True) if z > floor)
    return [p for p, z in zip(level, heights, strict=True) if z == floor]


def _bounded(child: _Element, by_id: _ById, found: Building) -> list[Polygon]:
    """LOD2: what a roof surface has is a roof; what a ground surface has comes back."""
    floors: list[Polygon] = []
    for surface in child:
        kind = local(surface.tag)
        if kind not in ("RoofSurface", "GroundSurface"):
            continue
        for part in surface:
            if local(part.tag) != "lod2MultiSurface":
                continue
            polygons = _polygons(part, found) + _linked(part, by_id, found)
            for polygon in polygons:
                _span(found, min(polygon.rings[0][2::3]), max(polygon.rings[0][2::3]))
            if kind == "RoofSurface":
                found.roofs.setdefault(2, []).extend(polygons)
            else:
                floors += polygons
    return floors


def _installation(child: _Element, by_id: _ById, found: Building) -> None:
    """LOD2 of what stands on the building: its roof surfaces, else all that it has, of which walls cover nothing. The building is no higher for it."""
    for installation in child:
        roofs: list[Polygon] = []
        whole: list[Polygon] = []
        for part in installation:
            name = local(part.tag)
            if name == "boundedBy":
                surfaces = (shape for surface in part if local(surface.tag) == "RoofSurface" for shape in surface)
                for shape in surfaces:
                    if local(shape.tag) == "lod2MultiSurface":
                        roofs += _polygons(shape, found) + _linked(shape, by_id, found)
            elif name == "lod2Geometry":
                whole += _polygons(part, found) + _linked(part, by_id, found)
        found.installations += roofs or whole


def _span(found: Building, low: float, high: float) -> None:
    found.ground_z = low if found.ground_z is None else min(found.ground_z, low)
    found.top_z = high if found.top_z is None else max(found.top_z, high)


class _ById:
    """A building's polygons by their id; looked for when one is named, for most buildings name none."""

    def __init__(self, building: _Element) -> None:
        self._building = building
        self._found: dict[str, _Element] | None = None

    def get(self, name: str) -> _Element | None:
        if self._found is None:
            self._found = {str(polygon.get(_ID, "")): polygon for polygon in self._building.iter(f"{_GML}Polygon")}
        return self._found.get(name)


def _linked(part: _Element, by_id: _ById, found: Building) -> list[Polygon]:
    """Polygons that stand elsewhere in the same building, most often in its solid, and are only named here."""
    names = [str(member.get(_HREF, ""))[1:] for member in part.iter() if str(member.get(_HREF, "")).startswith("#")]
    named = [_polygon(element) for name in names if (element := by_id.get(name)) is not None]
    polygons = [polygon for polygon in named if polygon is not None]
    found.broken += len(names) - len(polygons)
    return polygons


def _polygons(element: _Element, found: Building, *, level: bool = False) -> list[Polygon]:
    """All polygons below an element; with ``level`` only those at one height, which LOD1 writes with the same letters."""
    polygons = []
    for polygon in element.iter(f"{_GML}Polygon"):
        if level and not _is_level(polygon):
            continue
        read = _polygon(polygon)
        if read is None:
            found.broken += 1
        else:
            polygons.append(read)
    return polygons


def _is_level(polygon: _Element) -> bool:
    ring = polygon.find(f"{_GML}exterior/{_GML}LinearRing")
    if ring is None:
        return False
    numbers = " ".join(part.text or "" for part in ring).split()
    return len(set(numbers[2::3])) == 1


def _polygon(polygon: _Element) -> Polygon | None:
    outer = polygon.find(f"{_GML}exterior/{_GML}LinearRing")
    if outer is None:
        return None
    try:
        rings = [_ring(outer)]
        rings += [_ring(ring) for ring in polygon.findall(f"{_GML}interior/{_GML}LinearRing")]
    except ValueError:
        return None
    return Polygon(rings)


def _ring(ring: _Element) -> list[float]:
    numbers: list[float] = []
    for part in ring:
        if part.tag in (f"{_GML}posList", f"{_GML}pos"):
            numbers.extend(map(float, (part.text or "").split()))
    if len(numbers) % 3 or len(numbers) < 9 or not all(-1e9 < number < 1e9 for number in numbers):
        raise ValueError("no ring")
    return numbers
