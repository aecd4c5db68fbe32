"""CityGML files of a few roofs, made of corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproj import Transformer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# East, north, up [m].
Corner = tuple[float, float, float]

PLATEAU = "http://www.opengis.net/def/crs/EPSG/0/6697"
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0"
 xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink">
"""


def roof_surface(rings: Sequence[Sequence[Corner]], *, lod: str = "lod2MultiSurface", latlon: bool = True) -> str:
    """One roof surface; corners in EPSG:6677, written as latitude, longitude and height, or as northing, easting and height."""
    move = Transformer.from_crs(6677, 6668, always_xy=True)
    parts = []
    for k, ring in enumerate(rings):
        numbers = []
        for east, north, up in (*ring, ring[0]):
            x, y = move.transform(east, north) if latlon else (east, north)
            numbers.append(f"{float(y)!r} {float(x)!r} {float(up)!r}")
        side = "exterior" if k == 0 else "interior"
        parts.append(
            f"<gml:{side}><gml:LinearRing><gml:posList>{' '.join(numbers)}</gml:posList></gml:LinearRing></gml:{side}>"
        )
    polygon = f"<gml:Polygon>{''.join(parts)}</gml:Polygon>"
    return (
        f"<bldg:boundedBy><bldg:RoofSurface><bldg:{lod}><gml:MultiSurface><gml:surfaceMember>{polygon}</gml:surfaceMember>"
        f"</gml:MultiSurface></bldg:{lod}></bldg:RoofSurface></bldg:boundedBy>"
    )


def city_model(surfaces: Iterable[tuple[str, str]], *, srs: str | None = PLATEAU) -> str:
    """A file of buildings: id of each, and its surfaces."""
    envelope = "" if srs is None else f'<gml:boundedBy><gml:Envelope srsName="{srs}" srsDimension="3"/></gml:boundedBy>'
    members = [
        f'<core:cityObjectMember><bldg:Building gml:id="{name}">{inside}</bldg:Building></core:cityObjectMember>'
        for name, inside in surfaces
    ]
    return f"{_HEAD}{envelope}{''.join(members)}</core:CityModel>"


def write_model(path: Path, roofs: Iterable[tuple[str, Sequence[Sequence[Corner]]]]) -> Path:
    """A PLATEAU file of roofs in EPSG:6677: id of the building and the rings of one surface each."""
    path.write_text(city_model([(name, roof_surface(rings)) for name, rings in roofs]), encoding="utf-8")
    return path


def town_model(path: Path) -> Path:
    """LOD2 of the small town: ``B0`` as it stands, ``B1`` in two triangles that lean by 1° to the south, ``B4`` five metres too high."""
    from tests.support.town import middles

    places = middles()

    def square(roof: int, side: float, low: float, high: float) -> list[Corner]:
        x, y = places[roof]
        half = side / 2
        return [
            (x - half, y - half, low),
            (x + half, y - half, low),
            (x + half, y + half, high),
            (x - half, y + half, high),
        ]

    leaning = square(1, 20.0, 20.85, 21.2)
    roofs = [
        ("M0", [square(0, 22.0, 20.0, 20.0)]),
        ("M1", [leaning[:3]]),
        ("M1", [[leaning[0], *leaning[2:]]]),
        ("M4", [square(4, 16.0, 29.0, 29.0)]),
    ]
    return write_model(path, roofs)
