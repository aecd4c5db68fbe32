"""PLATEAU city models of a few buildings, as the versions of i-UR write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyproj import Transformer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Corner = tuple[float, float, float]
EPSG_6697 = "http://www.opengis.net/def/crs/EPSG/0/6697"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0"
 xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:uro="https://www.geospatial.jp/iur/uro/3.1">
"""


@dataclass
class House:
    """A building of EPSG:6677 [m]: its foot, floor and top, and what else its element holds.

    ``attributes`` come first and ``uro`` last, as XML; ``roofs`` are LOD2's, ``lod`` says which of LOD0, 1 and 2 are written.
    """

    name: str
    foot: Sequence[tuple[float, float]]
    floor: float = 10.0
    top: float = 16.0
    attributes: str = "<bldg:measuredHeight uom='m'>6.2</bldg:measuredHeight>"
    uro: str = "<uro:buildingIDAttribute><uro:BuildingIDAttribute><uro:city>14130</uro:city></uro:BuildingIDAttribute></uro:buildingIDAttribute>"
    roofs: Sequence[Sequence[Corner]] = ()
    lod: str = "01"
    parts: Sequence[House] = field(default=())


class Writer:
    """Writes corners in the order and system of a file."""

    def __init__(self, epsg: int = 6668, *, longitude_first: bool = False) -> None:
        self._move = Transformer.from_crs(6677, epsg, always_xy=True)
        self._longitude_first = longitude_first

    def ring(self, corners: Sequence[Corner]) -> str:
        """A ring that closes."""
        numbers = []
        for east, north, up in (*corners, corners[0]):
            x, y = self._move.transform(east, north)
            first, second = (x, y) if self._longitude_first else (y, x)
            numbers.append(f"{float(first)!r} {float(second)!r} {float(up)!r}")
        return f"<gml:LinearRing><gml:posList>{' '.join(numbers)}</gml:posList></gml:LinearRing>"

    def polygon(self, corners: Sequence[Corner], name: str = "", holes: Sequence[Sequence[Corner]] = ()) -> str:
        """A polygon, perhaps with an id and holes."""
        inner = "".join(f"<gml:interior>{self.ring(hole)}</gml:interior>" for hole in holes)
        marked = f' gml:id="{name}"' if name else ""
        return f"<gml:Polygon{marked}><gml:exterior>{self.ring(corners)}</gml:exterior>{inner}</gml:Polygon>"

    def surface(self, polygons: Iterable[str]) -> str:
        """Polygons as members of a surface."""
        members = "".join(f"<gml:surfaceMember>{polygon}</gml:surfaceMember>" for polygon in polygons)
        return f"<gml:MultiSurface>{members}</gml:MultiSurface>"

    def box(self, house: House) -> str:
        """LOD1: floor, top and walls."""
        foot = list(house.foot)
        faces = [[(x, y, house.floor) for x, y in reversed(foot)], [(x, y, house.top) for x, y in foot]]
        for (x0, y0), (x1, y1) in zip(foot, foot[1:] + foot[:1], strict=True):
            faces.append([(x0, y0, house.floor), (x1, y1, house.floor), (x1, y1, house.top), (x0, y0, house.top)])
        members = "".join(f"<gml:surfaceMember>{self.polygon(face)}</gml:surfaceMember>" for face in faces)
        return f"<gml:Solid><gml:exterior><gml:CompositeSurface>{members}</gml:CompositeSurface></gml:exterior></gml:Solid>"

    def building(self, house: House, kind: str = "Building") -> str:
        """The element of a building or a part."""
        inside = [house.attributes]
        if "0" in house.lod:
            foot = self.surface([self.polygon([(x, y, 0.0) for x, y in house.foot])])
            inside.append(f"<bldg:lod0RoofEdge>{foot}</bldg:lod0RoofEdge>")
        if "1" in house.lod:
            inside.append(f"<bldg:lod1Solid>{self.box(house)}</bldg:lod1Solid>")
        inside.extend(
            f"<bldg:boundedBy><bldg:RoofSurface><bldg:lod2MultiSurface>{self.surface([self.polygon(roof)])}</bldg:lod2MultiSurface>"
            "</bldg:RoofSurface></bldg:boundedBy>"
            for roof in house.roofs
        )
        for part in house.parts:
            whole = self.building(part, "BuildingPart")
            inside.append(f"<bldg:consistsOfBuildingPart>{whole}</bldg:consistsOfBuildingPart>")
        return f'<bldg:{kind} gml:id="{house.name}">{"".join(inside)}{house.uro}</bldg:{kind}>'


def city_model(houses: Iterable[House | str], writer: Writer | None = None, srs: str | None = EPSG_6697) -> str:
    """A whole file; a text among the houses is put in as it is."""
    made = writer or Writer()
    envelope = "" if srs is None else f'<gml:boundedBy><gml:Envelope srsName="{srs}" srsDimension="3"/></gml:boundedBy>'
    members = [
        f"<core:cityObjectMember>{house if isinstance(house, str) else made.building(house)}</core:cityObjectMember>"
        for house in houses
    ]
    return f"{HEAD}{envelope}{''.join(members)}</core:CityModel>"


def square(x: float, y: float, side: float) -> list[tuple[float, float]]:
    """A square foot from its south-western corner."""
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


def gable(x: float, y: float, side: float, eaves: float, ridge: float) -> list[list[Corner]]:
    """Two roofs that meet along the middle, from west to east."""
    middle = y + side / 2
    return [
        [(x, y, eaves), (x + side, y, eaves), (x + side, middle, ridge), (x, middle, ridge)],
        [(x, middle, ridge), (x + side, middle, ridge), (x + side, y + side, eaves), (x, y + side, eaves)],
    ]
