"""Roof surfaces of CityGML 2.0 (PLATEAU LOD2), read as a stream: only rings and ids are kept, whatever the file's size.

The file may be anybody's. A document type, entities and references to other files are refused or passed over, nothing is fetched, and of an archive only
members are read that are what their directory says and pack no more than text does.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from gis.archives import DAMAGED, LARGEST, LARGEST_ALL, MOST_MEMBERS, ZIP_MAGIC, named, plainly_packed
from gis.errors import UnreadableFile
from gis.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

_GML = "{http://www.opengis.net/gml}"
_BLDG = tuple(f"{{http://www.opengis.net/citygml/building/{version}}}" for version in ("2.0", "1.0"))
_BUILDINGS = frozenset(f"{space}{name}" for space in _BLDG for name in ("Building", "BuildingPart"))
# What stands on a roof shades it, and carries no modules: its own roof is no roof plane.
_INSTALLATIONS = frozenset(f"{space}BuildingInstallation" for space in _BLDG)
_ROOFS = {f"{space}RoofSurface": f"{space}lod2MultiSurface" for space in _BLDG}
_ID, _HREF = f"{_GML}id", "{http://www.w3.org/1999/xlink}href"
_ENVELOPE, _POLYGON = f"{_GML}Envelope", f"{_GML}Polygon"

# More surfaces than a prefecture has.
MOST_SURFACES = 5_000_000
# Between two tags, and within one roof surface [bytes]: a ring of a million corners is no roof.
_LONGEST = 32 << 20
_DEEPEST = 1000
_LONGEST_ID = 200
_XML = re.compile(rb"(\xef\xbb\xbf)?\s*<")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLDG_MEMBER = re.compile(r"(^|[/_])bldg[/_]", re.IGNORECASE)


@dataclass
class Rings:
    """Rings of polygons in one coordinate system, one after the other, numbers in the order of the file.

    Attributes
    ----------
    numbers : three for each corner
    lengths : corners by ring
    polygon : number of the polygon by ring, from 0; the first ring of each is the outer one
    items : id of the building by polygon
    """

    numbers: array[float] = field(default_factory=lambda: array("d"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    polygon: array[int] = field(default_factory=lambda: array("q"))
    items: list[str] = field(default_factory=list)


@dataclass
class RoofSurfaces:
    """What the files hold.

    Attributes
    ----------
    by_crs : rings by ``srsName``; empty where none is given
    broken : building of each polygon that could not be read
    linked : building of each polygon that lies elsewhere (``xlink``), which is not looked up
    """

    by_crs: dict[str, Rings] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, crs: str, item: str, rings: list[array[float]]) -> None:
        """One polygon; its outer ring first."""
        kept = self.by_crs.setdefault(crs, Rings())
        for ring in rings:
            kept.numbers.extend(ring)
            kept.lengths.append(len(ring) // 3)
            kept.polygon.append(len(kept.items))
        kept.items.append(item)
        self.count += 1


def is_citygml(head: bytes) -> bool:
    """Whether a file that begins so is read here: XML, or an archive."""
    return head.startswith((ZIP_MAGIC, *_UTF16)) or _XML.match(head) is not None


def read_roof_surfaces(path: Path, progress: Progress = silent) -> RoofSurfaces:
    """All LOD2 roof surfaces of a ``.gml`` file, or of the ``.gml`` members of an archive (those of buildings, where it has such).

    Raises
    ------
    UnreadableFile
        ``roof_planes.unreadable``, ``roof_planes.entities``, ``roof_planes.archive``, ``roof_planes.too_large``, ``roof_planes.too_many``
    gis.progress.Cancelled
        from ``progress``
    """
    found = RoofSurfaces()
    with opened(path) as (parts, total):
        done = 0
        for name, size, stream in parts:
            _read(stream, f"{path.name}/{name}" if name else path.name, found, _Told(progress, done, total))
            done += size
    return found


# ---------------------------------------------------------------------------------------------- files


@contextmanager
def opened(
    path: Path, area: str = "roof_planes", wanted: re.Pattern[str] = _BLDG_MEMBER
) -> Iterator[tuple[Iterator[tuple[str, int, IO[bytes]]], int]]:
    """The streams of a file, each with its name in the archive and its size, and the size of all of them.

    Parameters
    ----------
    area : of the errors' codes
    wanted : which members of an archive, where it has such
    """
    try:
        with path.open("rb") as file:
            if file.read(len(ZIP_MAGIC)) != ZIP_MAGIC:
                file.seek(0)
                size = path.stat().st_size
                if size > LARGEST:
                    raise UnreadableFile(f"{area}.too_large", file=path.name, found=size >> 20, expected=LARGEST >> 20)
                yield iter([("", size, file)]), size
                return
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path.name, area, wanted)
            yield _streams(archive, members), sum(member.file_size for member in members)
    except DAMAGED as error:
        raise UnreadableFile(f"{area}.unreadable", file=path.name, reason=str(error)) from error


def _streams(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, int, IO[bytes]]]:
    for member in members:
        try:
            stream = archive.open(member)
        except DAMAGED as error:
            # Who reads it learns it; the members behind it are to be had.
            stream = cast("IO[bytes]", _Unopened(error))
        with stream:
            yield member.filename.rpartition("/")[2], member.file_size, stream


class _Unopened(io.RawIOBase):
    """A member whose head is damaged."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        raise self._error


def _members(archive: zipfile.ZipFile, name: str, area: str, wanted: re.Pattern[str]) -> list[zipfile.ZipInfo]:
    """The members to read, in the order of their names."""
    if len(archive.infolist()) > MOST_MEMBERS:
        raise UnreadableFile(f"{area}.archive", file=name, found=f"{len(archive.infolist())}")
    texts = named(archive, (".gml", ".xml"))
    # A whole data set has roads, trees and terrain besides.
    members = [entry for entry in texts if wanted.search(entry.filename)] or texts
    for entry in members:
        if not plainly_packed(entry):
            raise UnreadableFile(f"{area}.archive", file=name, found=entry.filename)
    total = sum(entry.file_size for entry in members)
    if total > LARGEST_ALL:
        raise UnreadableFile(f"{area}.too_large", file=name, found=total >> 20, expected=LARGEST_ALL >> 20)
    return sorted(members, key=lambda entry: entry.filename)


class _Told:
    """Progress by bytes."""

    def __init__(self, progress: Progress, done: int, total: int) -> None:
        self._progress, self._done, self._total = progress, done, max(total, 1)

    def __call__(self, read: int) -> None:
        self._progress(min(1.0, (self._done + read) / self._total), "read")


class _Counted:
    """A stream that tells how far it is read, and ends what never ends."""

    def __init__(self, stream: IO[bytes], name: str, told: _Told) -> None:
        self._stream, self._name, self._told = stream, name, told
        self.read_bytes = 0
        # Where the last tag, or the roof surface that is open, began.
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        if self.read_bytes - self.since > _LONGEST:
            raise UnreadableFile("roof_planes.too_large", file=self._name, found=">", expected=_LONGEST >> 20)
        content = self._stream.read(size)
        self.read_bytes += len(content)
        self._told(self.read_bytes)
        return content


# ---------------------------------------------------------------------------------------------- XML


def _read(stream: IO[bytes], name: str, found: RoofSurfaces, told: _Told) -> None:
    """Roof surfaces of one stream; elements are let go as soon as they end, unless they are of a roof."""
    counted = _Counted(stream, name, told)
    try:
        _walk(counted, name, found)
    except DefusedXmlException as error:
        raise UnreadableFile("roof_planes.entities", file=name) from error
    except (ParseError, LookupError, ValueError, zlib.error) as error:
        # LookupError, ValueError: an encoding that nobody knows, or that expat does not take.
        raise UnreadableFile("roof_planes.unreadable", file=name, reason=str(error)) from error


def _walk(stream: _Counted, name: str, found: RoofSurfaces) -> None:
    # Of each open element: itself, and the srsName that holds in it.
    open_: list[tuple[Element, str]] = []
    items: list[str] = []
    default, roof, beside = "", 0, 0
    events = iterparse(stream, ("start", "end"), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    for event, element in events:
        tag = element.tag
        if event == "start":
            _push(element, open_)
            if not roof:
                stream.since = stream.read_bytes
            if tag in _INSTALLATIONS:
                beside += 1
            elif tag in _ROOFS and not beside:
                roof += 1
            elif tag in _BUILDINGS:
                items.append(element.get(_ID, "")[:_LONGEST_ID])
            continue
        _, crs = open_.pop()
        if tag in _INSTALLATIONS:
            beside -= 1
        elif tag in _ROOFS and not beside:
            roof -= 1
            _take(element, crs or default, items[-1] if items else "", found)
            if found.count > MOST_SURFACES:
                raise UnreadableFile("roof_planes.too_many", file=name, found=found.count, expected=MOST_SURFACES)
        elif tag in _BUILDINGS and items:
            items.pop()
        elif tag == _ENVELOPE and not default:
            default = crs
        if not roof:
            stream.since = stream.read_bytes
            # Nothing of it is wanted any more; and its place in its parent's list neither.
            element.clear()
            if open_:
                open_[-1][0].remove(element)


def _push(element: Element, open_: list[tuple[Element, str]]) -> None:
    if len(open_) >= _DEEPEST:
        raise ValueError("too deep")
    open_.append((element, element.get("srsName") or (open_[-1][1] if open_ else "")))


def _take(roof: Element, crs: str, item: str, found: RoofSurfaces) -> None:
    """The polygons of one roof surface."""
    for part in roof.findall(_ROOFS[roof.tag]):
        for polygon in part.iter(_POLYGON):
            try:
                rings = _rings(polygon)
            except ValueError:
                found.broken.append(item)
                continue
            found.add(polygon.get("srsName") or crs, item, rings)
        if any(element.get(_HREF) for element in part.iter()):
            found.linked.append(item)


def _rings(polygon: Element) -> list[array[float]]:
    """Corners of the outer ring and of those of the holes.

    Raises
    ------
    ValueError
        Not numbers, not three for a corner, or fewer than three corners.
    """
    outer = polygon.findall(f"{_GML}exterior/{_GML}LinearRing")
    inner = polygon.findall(f"{_GML}interior/{_GML}LinearRing")
    if len(outer) != 1:
        raise ValueError("no outer ring")
    return [_ring(ring) for ring in (*outer, *inner)]


def _ring(ring: Element) -> array[float]:
    parts = [element for element in ring if element.tag in (f"{_GML}posList", f"{_GML}pos")]
    if any(part.get("srsDimension", "3") != "3" for part in parts):
        raise ValueError("not three numbers for a corner")
    numbers = array("d")
    for part in parts:
        numbers.extend(map(float, (part.text or "").split()))
    if len(numbers) % 3 or len(numbers) < 9:
        raise ValueError("not three numbers for a corner")
    if not all(-1e9 < number < 1e9 for number in numbers):
        raise ValueError("no place")
    return numbers
