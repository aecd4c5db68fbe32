"""Terrain of a city model (CityGML 2.0, Relief) of a few triangles or points of mass, as PLATEAU writes it: latitude, longitude, height."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

EPSG_6697 = "http://www.opengis.net/def/crs/EPSG/0/6697"
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:dem="http://www.opengis.net/citygml/relief/2.0" xmlns:gml="http://www.opengis.net/gml">
"""


def places(points: NDArray[np.float64], epsg: int = 6668, *, longitude_first: bool = False) -> NDArray[np.float64]:
    """Corners of EPSG:6677 [m] in the order and system of a file."""
    x, y = Transformer.from_crs(6677, epsg, always_xy=True).transform(points[:, 0], points[:, 1])
    return np.column_stack([x, y, points[:, 2]] if longitude_first else [y, x, points[:, 2]])


def triangle(corners: Iterable[Sequence[float]]) -> str:
    """One, its first corner again at the end."""
    ring = [list(map(float, corner)) for corner in corners]
    text = " ".join(repr(number) for corner in (*ring, ring[0]) for number in corner)
    return f"<gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>{text}</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle>"


def tin(points: NDArray[np.float64], corners: NDArray[np.integer], level: int = 1) -> str:
    """A net of triangles between points that are as they stand in the file."""
    patches = "".join(triangle(points[three]) for three in corners)
    return (
        f"<dem:reliefComponent><dem:TINRelief><dem:lod>{level}</dem:lod><dem:tin><gml:TriangulatedSurface><gml:trianglePatches>{patches}"
        "</gml:trianglePatches></gml:TriangulatedSurface></dem:tin></dem:TINRelief></dem:reliefComponent>"
    )


def mass(points: NDArray[np.float64], level: int = 1) -> str:
    """Points of mass."""
    members = "".join(
        f"<gml:pointMember><gml:Point><gml:pos>{' '.join(repr(float(number)) for number in point)}</gml:pos></gml:Point></gml:pointMember>"
        for point in points
    )
    return (
        f"<dem:reliefComponent><dem:MassPointRelief><dem:lod>{level}</dem:lod><dem:reliefPoints><gml:MultiPoint>{members}</gml:MultiPoint></dem:reliefPoints>"
        "</dem:MassPointRelief></dem:reliefComponent>"
    )


def terrain(*components: str, srs: str | None = EPSG_6697, level: int = 1) -> str:
    """A whole file."""
    envelope = "" if srs is None else f'<gml:boundedBy><gml:Envelope srsName="{srs}" srsDimension="3"/></gml:boundedBy>'
    return (
        f'{_HEAD}{envelope}<core:cityObjectMember><dem:ReliefFeature gml:id="dem_1"><dem:lod>{level}</dem:lod>{"".join(components)}</dem:ReliefFeature>'
        "</core:cityObjectMember></core:CityModel>"
    )
