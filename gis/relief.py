"""The ground of a PLATEAU city model (``dem``, CityGML 2.0 Relief): triangles, or points of mass, as heights on a raster's cells.

Read as a stream, triangle by triangle; only their cells are kept. A second mesh is some ten million triangles in gigabytes of text, whatever part of it is
wanted. Standard: OGC 12-019, chapter 10.9 (``dem:TINRelief``, ``dem:MassPointRelief``); 3D都市モデル標準製品仕様書, 地形(起伏)モデル.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from gis.archives import DAMAGED, ZIP_MAGIC, named
from gis.citygml import opened
from gis.crs import label
from gis.datums import old_datum
from gis.errors import CrsMismatch, UnreadableFile
from gis.findings import Finding
from gis.gml_stream import GmlStream
from gis.left_out import LeftOut, mesh_in
from gis.plateau_place import own_crs
from gis.progress import Progress, part, silent
from gis.relief_cells import Corners, ReliefCells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from gis.grid import Grid

    Heights = Callable[[Grid], NDArray[np.float32]]

_GML = "{http://www.opengis.net/gml}"
_DEM = tuple(f"{{http://www.opengis.net/citygml/relief/{version}}}" for version in ("2.0", "1.0"))
_TRIANGLE, _POINTS, _ENVELOPE = f"{_GML}Triangle", (f"{_GML}Point", f"{_GML}MultiPoint"), f"{_GML}Envelope"
_LEVELS = tuple(f"{space}lod" for space in _DEM)
_MASS = tuple(f"{space}reliefPoints" for space in _DEM)
# What else may be large, and is let go as soon as it ends.
_MEMBERS = tuple(
    f"{{http://www.opengis.net/citygml/{space}}}{name}"
    for space, name in (("2.0", "cityObjectMember"), ("1.0", "cityObjectMember"), ("appearance/2.0", "appearanceMember"), ("2.0", "appearanceMember"))
)  # fmt: skip
_MEMBER = re.compile(r"(^|[/_])dem[/_]", re.IGNORECASE)
# Triangles, or points, that are brought to the grid at once.
_AT_ONCE = 20_000
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Relief:
    """What the files say of the ground.

    Attributes
    ----------
    on : heights [m] on any rows of the grid; NaN where no triangle is
    spacing : side of a square as large as two triangles, typically [m]: how fine the ground is told; infinite where nothing lies on the grid
    heights : what they are measured from (:func:`gis.crs.height_name`), None where no file says it
    """

    on: Heights
    spacing: float
    heights: str | None
    findings: tuple[Finding, ...] = field(default=())


def is_relief(path: Path) -> bool:
    """Whether a file, archive or folder is given as a city model's ground: GML is nothing else there."""
    if path.is_dir():
        return any(path.rglob("*.gml")) or any(is_relief(file) for file in sorted(path.glob("*.[zZ][iI][pP]"))[:1])
    with suppress(*DAMAGED), path.open("rb") as file:
        if file.read(len(ZIP_MAGIC)) != ZIP_MAGIC:
            return path.suffix.lower() == ".gml"
        with zipfile.ZipFile(path) as archive:
            return bool(named(archive, (".gml",)))
    return False


def read_relief(
    paths: Sequence[Path], grid: Grid, folder: Path, stack: ExitStack, progress: Progress = silent, *, bridge: float
) -> Relief:
    """The ground of ``.gml`` files, archives and folders of them, on a grid; of damaged files among others nothing (:mod:`gis.left_out`).

    Where a place has several, the higher level of detail goes before the lower, and of one level what comes later.

    Parameters
    ----------
    folder, stack : as :class:`gis.sheets.Sheets` takes them
    bridge : between points of mass the ground is linear over so much [m] at most, as between those of a point cloud

    Raises
    ------
    UnreadableFile
        ``relief.missing``, ``relief.no_files``, ``relief.archive``, ``relief.entities``, ``relief.too_large``, ``relief.too_many``, ``relief.no_relief``;
        ``relief.unreadable`` where no file is left
    CrsMismatch
        as :func:`gis.plateau_place.own_crs`
    OSError
        the disk is full
    gis.progress.Cancelled
        from ``progress``
    """
    cells = ReliefCells(grid, folder, stack, bridge)
    found: list[Finding] = []
    left, count = LeftOut(), 0
    said: dict[str, str] = {}
    files = [file for path in paths for file in _files(path)]
    for k, file in enumerate(files):
        with left.unless_damaged(file.name), opened(file, "relief", _MEMBER) as (parts, total):
            told, done = part(progress, k / len(files), (k + 1) / len(files)), 0
            for name, size, stream in parts:
                source = f"{file.name}/{name}" if name else file.name
                count += 1
                with left.unless_damaged(source):
                    _read(GmlStream(stream, source, "relief", told, done, total), source, cells, said, found)
                done += size
    if not cells.count:
        left.raise_first()
        raise UnreadableFile("relief.no_relief", file=", ".join(path.name for path in paths[:5]))
    cells.finish(progress)
    where = files[0].name
    return Relief(
        cells.rows_of, cells.spacing, next(iter(said), None), (*_once(found), *cells.findings(where), *left.findings(count))
    )  # fmt: skip


def _once(findings: list[Finding]) -> list[Finding]:
    """Each thing once, whatever number of files it is of."""
    return list({finding.code: finding for finding in findings}.values())


def _files(path: Path) -> list[Path]:
    """The files of a folder; those of the relief, where it has such; the archives in it, where it has no others."""
    if not path.is_dir():
        if not path.is_file():
            raise UnreadableFile("relief.missing", file=str(path))
        return [path]
    found = sorted(file for file in path.rglob("*.gml") if file.is_file())
    found = [file for file in found if "dem" in {*file.parent.parts, *re.split(r"[_.]", file.name)}] or found
    found = found or sorted(file for file in path.glob("*.[zZ][iI][pP]") if file.is_file())
    if not found:
        raise UnreadableFile("relief.no_files", file=str(path))
    return found


# ---------------------------------------------------------------------------------------------- XML


def _read(stream: GmlStream, name: str, cells: ReliefCells, said: dict[str, str], found: list[Finding]) -> None:
    """The ground of one stream, on the cells only once the stream has ended well."""
    corners, own = Corners(_AT_ONCE), ""
    cells.tick = stream.again
    try:
        with cells.whole_or_nothing():
            own = _walk(stream, name, cells, corners, said, found)
    except (etree.XMLSyntaxError, *DAMAGED) as error:
        if cells.failed:
            raise
        raise UnreadableFile("relief.unreadable", file=name, reason=str(error)[:_LONGEST_REASON]) from error
    if own and cells.looks_like_tokyo():
        found.append(Finding("datum.relief_tokyo", "warning", name, found=own, expected=mesh_in(name)))


def _walk(
    stream: GmlStream, name: str, cells: ReliefCells, corners: Corners, said: dict[str, str], found: list[Finding]
) -> str:
    """Reads one stream; what its coordinates are, empty where they are of an older datum or there are none."""
    level, srs = 1, ""
    placed, own = False, ""
    for element in _elements(stream):
        if element.tag == _ENVELOPE:
            srs = srs or element.get("srsName", "")
            continue
        if not placed:
            placed = True
            crs, heights = own_crs([srs], found)
            cells.source(crs, name, found)
            own = label(crs) if old_datum(crs) is None else ""
            if heights is not None:
                said.setdefault(heights, name)
                if len(said) > 1:
                    raise CrsMismatch("citymodel.mixed_heights", found=", ".join(said))
        if element.tag in _LEVELS:
            cells.take(corners, level)
            level = int(text) if (text := (element.text or "").strip()).isdigit() and len(text) == 1 else level
        elif element.tag == _TRIANGLE:
            corners.add_triangle(_texts(element))
        else:
            corners.add_points(_texts(element))
        if corners.full:
            cells.take(corners, level)
    cells.take(corners, level)
    return own


def _texts(element: etree._Element) -> str:
    return " ".join(
        pos.text or "" for pos in element.iter(f"{_GML}posList", f"{_GML}pos") if pos.get("srsDimension", "3") == "3"
    )


def _elements(stream: GmlStream) -> Iterator[etree._Element]:
    """Triangles, points of mass, levels and envelopes; whatever ends is let go."""
    events = etree.iterparse(
        stream, events=("end",), tag=(_TRIANGLE, *_POINTS, *_LEVELS, *_MEMBERS, _ENVELOPE), resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    checked = False
    for _, element in events:
        if not checked and element.getroottree().docinfo.internalDTD is not None:
            raise UnreadableFile("relief.entities", file=stream.name)
        checked = True
        if element.tag in (_ENVELOPE, _TRIANGLE, *_LEVELS) or (element.tag in _POINTS and _is_of_mass(element)):
            yield element
        element.clear()
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]
        stream.since = stream.bytes


def _is_of_mass(point: etree._Element) -> bool:
    """Points stand elsewhere too."""
    return any(above.tag in _MASS for above in point.iterancestors())
