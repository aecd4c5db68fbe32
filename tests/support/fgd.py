"""Files of 基盤地図情報 of a few cells or buildings, as the GSI writes them."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Latitude and longitude [deg].
Corner = tuple[float, float]

JGD2011 = "fguuid:jgd2011.bl"
BUILDING = "普通建物"
_HEAD = """<?xml version="1.0" encoding="{encoding}"?>
<Dataset xsi:schemaLocation="http://fgd.gsi.go.jp/spec/2008/FGD_GMLSchema FGD_GMLSchema.xsd"
 xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://fgd.gsi.go.jp/spec/2008/FGD_GMLSchema" gml:id="Dataset1">
<gml:description>基盤地図情報メタデータ ID=fmdid:15-3101</gml:description>
<gml:name>基盤地図情報ダウンロードデータ(GML版)</gml:name>
"""


def dem_text(
    tuples: Sequence[str],
    *,
    shape: tuple[int, int],
    corner: Corner = (35.25, 138.5),
    seconds: float = 0.2,
    start: str = "0 0",
    srs: str = JGD2011,
    order: str = "+x-y",
    kind: str = "5mメッシュ(標高)",
    encoding: str = "UTF-8",
    low: str = "0 0",
) -> str:
    """A terrain tile; ``corner`` is the south-west one."""
    rows, cols = shape
    south, west = corner
    first, second = map(int, low.split())
    north, east = south + rows * seconds / 3600, west + cols * seconds / 3600
    body = "\r\n".join(tuples)
    return f"""{_HEAD.format(encoding=encoding)}<DEM gml:id="DEM001"><fid>fgoid:10-00100-15-60101-52387400</fid>
<lfSpanFr gml:id="DEM001-1"><gml:timePosition>2016-10-01</gml:timePosition></lfSpanFr><orgGILvl>0</orgGILvl>
<type>{kind}</type><mesh>52387400</mesh><coverage gml:id="DEM001-3">
<gml:boundedBy><gml:Envelope srsName="{srs}"><gml:lowerCorner>{south:.9f} {west:.9f}</gml:lowerCorner>
<gml:upperCorner>{north:.9f} {east:.9f}</gml:upperCorner></gml:Envelope></gml:boundedBy>
<gml:gridDomain><gml:Grid dimension="2" gml:id="DEM001-4"><gml:limits><gml:GridEnvelope><gml:low>{low}</gml:low>
<gml:high>{first + cols - 1} {second + rows - 1}</gml:high></gml:GridEnvelope></gml:limits><gml:axisLabels>x y</gml:axisLabels></gml:Grid></gml:gridDomain>
<gml:rangeSet><gml:DataBlock><gml:rangeParameters><gml:QuantityList uom="DEM構成点"></gml:QuantityList></gml:rangeParameters>
<gml:tupleList>
{body}
</gml:tupleList></gml:DataBlock></gml:rangeSet>
<gml:coverageFunction><gml:GridFunction><gml:sequenceRule order="{order}">Linear</gml:sequenceRule>
<gml:startPoint>{start}</gml:startPoint></gml:GridFunction></gml:coverageFunction></coverage></DEM>
</Dataset>
"""


def ground(values: Sequence[float]) -> list[str]:
    """Tuples of 地表面."""
    return [f"地表面,{value:.4f}" for value in values]


def ring_text(pieces: Sequence[Sequence[Corner]]) -> str:
    """A ring of curves."""
    curves = []
    for piece in pieces:
        numbers = "\r\n".join(f"{lat!r} {lon!r}" for lat, lon in piece)
        curves.append(
            "<gml:curveMember><gml:Curve><gml:segments><gml:LineStringSegment><gml:posList>\r\n"
            f"{numbers}\r\n</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></gml:curveMember>"
        )
    return f"<gml:Ring>{''.join(curves)}</gml:Ring>"


def patch_text(*rings: str) -> str:
    """An area: its outer ring and the holes."""
    sides = ["exterior", *["interior"] * (len(rings) - 1)]
    inside = "".join(f"<gml:{side}>{ring}</gml:{side}>" for side, ring in zip(sides, rings, strict=True))
    return f"<gml:PolygonPatch>{inside}</gml:PolygonPatch>"


def building_text(
    name: str, *patches: str, kind: str = BUILDING, srs: str | None = JGD2011, fid: str | None = None
) -> str:
    """One building."""
    said = "" if srs is None else f' srsName="{srs}"'
    return (
        f'<BldA gml:id="{name}"><fid>{name if fid is None else fid}</fid><lfSpanFr gml:id="{name}-1"><gml:timePosition>2015-09-18</gml:timePosition></lfSpanFr>'
        f'<orgGILvl>2500</orgGILvl><area><gml:Surface gml:id="{name}-g"{said}><gml:patches>{"".join(patches)}</gml:patches></gml:Surface></area>'
        f"<type>{kind}</type></BldA>\n"
    )


def dataset(*features: str, encoding: str = "UTF-8") -> str:
    """A file of features."""
    return f"{_HEAD.format(encoding=encoding)}{''.join(features)}</Dataset>\n"


def square(south: float, west: float, side: float = 1e-4) -> list[Corner]:
    """Corners of a square, the first one again at the end."""
    north, east = south + side, west + side
    return [(south, west), (south, east), (north, east), (north, west), (south, west)]


def house(
    name: str,
    south: float = 35.7,
    west: float = 139.7,
    side: float = 1e-4,
    *,
    kind: str = BUILDING,
    srs: str | None = JGD2011,
) -> str:
    """A square building."""
    return building_text(name, patch_text(ring_text([square(south, west, side)])), kind=kind, srs=srs)


def line_file() -> str:
    """Outlines as lines."""
    return dataset('<BldL gml:id="L1"><fid>L1</fid><loc><gml:Curve/></loc><type>普通建物</type></BldL>')


def packed(path: Path, members: Mapping[str, bytes | str]) -> Path:
    """A zip of files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
