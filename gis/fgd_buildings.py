"""Outlines of buildings of the GSI's 基盤地図情報(基本項目), 建築物 (``BldA``), as they stand in its FG-GML.

Format: 基盤地図情報ダウンロードデータファイル仕様書 and FGD_GMLSchema (GSI). An area is a ``gml:Surface`` whose rings are curves in one or several pieces; latitude stands first.
"""

from __future__ import annotations

from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from gis.crs import horizontal
from gis.datums import exchanged, told_of
from gis.errors import UnreadableFile
from gis.fgd_common import JAPAN, MOST_SAID, crs_code, listed, passed_over
from gis.fgd_files import XmlFile, each_file
from gis.fgd_xml import OtherFile, read_features
from gis.findings import Finding
from gis.outlines import only_polygons
from gis.progress import Progress, part, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableSequence, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


BUILDING_KINDS = ("普通建物", "堅ろう建物", "普通無壁舎", "堅ろう無壁舎")
# More than a prefecture has, and their corners: a gigabyte.
MOST_BUILDINGS = 3_000_000
MOST_CORNERS = 60_000_000
# Pieces of a ring meet to so much [deg], a tenth of a millimetre.
_MEET = 1e-9
_LONGEST_NAME = 200
_MOST_NAMES = 1000
# Areas at a time.
_BLOCK = 2000
# Of one building, in characters and some for each element.
_LONGEST = 32 << 20
_PIECES = frozenset(("LineStringSegment", "LineString", "LinearRing"))
_CURVED = frozenset(("Arc", "ArcString", "ArcByBulge", "ArcByCenterPoint", "Circle", "CircleByCenterPoint", "CubicSpline", "BSpline", "Bezier"))  # fmt: skip


@dataclass
class _Store:
    """All buildings, as numbers one after the other.

    Attributes
    ----------
    numbers : latitude and longitude of each corner [deg]
    lengths : corners by ring
    polygon : number of the polygon by ring; the first ring of each is the outer one
    building : number of the building by polygon
    """

    numbers: array[float] = field(default_factory=lambda: array("d"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    polygon: array[int] = field(default_factory=lambda: array("q"))
    building: array[int] = field(default_factory=lambda: array("q"))
    crs: array[int] = field(default_factory=lambda: array("q"))
    ids: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    strange: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, kind: str, crs: int, polygons: list[list[array[float]]]) -> None:
        for rings in polygons:
            for ring in rings:
                self.numbers.extend(ring)
                self.lengths.append(len(ring) // 2)
                self.polygon.append(len(self.building))
            self.building.append(len(self.ids))
        self.ids.append(name)
        self.kinds.append(kind)
        self.crs.append(crs)
        if kind not in BUILDING_KINDS and len(self.strange) <= MOST_SAID:
            self.strange[kind] = 1

    @contextmanager
    def whole_or_nothing(self) -> Iterator[None]:
        """If what is read within turns out to be damaged, nothing of it stays."""
        kept: list[MutableSequence[Any]] = [self.numbers, self.lengths, self.polygon, self.building, self.crs]
        kept += [self.ids, self.kinds, self.broken]
        sizes, strange = [len(each) for each in kept], dict(self.strange)
        try:
            yield
        except UnreadableFile:
            for each, size in zip(kept, sizes, strict=True):
                del each[size:]
            self.strange = strange
            raise


def read_fgd_buildings(
    paths: Sequence[Path], target: CRS, progress: Progress = silent
) -> tuple[gpd.GeoDataFrame, tuple[Finding, ...]]:
    """Building areas of XML files, archives and folders.

    Parameters
    ----------
    target : CRS of the result

    Returns
    -------
    ``building_id`` (unique: ``fid``, or ``gml:id`` where there is none), ``kind`` as the file says it, ``geometry`` (polygons); and what was noticed: features
    left out (``fgd.buildings_broken``), mended (``fgd.buildings_mended``), given twice, ids made unique, kinds nobody knows, files of other kinds, damaged files
    (:mod:`gis.left_out`)

    Raises
    ------
    UnreadableFile
        ``fgd.missing``, ``fgd.archive``, ``fgd.nested``, ``fgd.too_large``, ``fgd.entities``, ``fgd.lines`` (``BldL``), ``fgd.not_buildings``, ``fgd.no_buildings``,
        ``fgd.too_many``; where no file is left, the first damage: ``fgd.unreadable``, ``fgd.encoding``, ``fgd.crs``
    gis.progress.Cancelled
        from ``progress``
    """
    store = _Store()
    lines: list[str] = []
    other: list[str] = []
    sources: list[str] = []

    def read(file: XmlFile) -> None:
        try:
            with store.whole_or_nothing():
                read_features(file, _Listener(file.name, store))
            sources.append(file.name)
        except OtherFile as found:
            if found.feature == "BldL":
                lines.append(file.name)
            else:
                other.append(file.name)
            if file.alone:
                code = "fgd.lines" if found.feature == "BldL" else "fgd.not_buildings"
                raise UnreadableFile(code, file=file.name, found=found.feature or "XML") from found

    left, files = each_file(paths, read, part(progress, 0.0, 0.8))
    if not sources:
        left.raise_first()
    if lines and not sources:
        raise UnreadableFile("fgd.lines", file=lines[0], found="BldL")
    if not sources:
        raise UnreadableFile("fgd.no_buildings", file=", ".join(path.name for path in paths[:MOST_SAID]))
    where = sources[0] if len(sources) == 1 else sources[0].partition("/")[0]
    frame, findings = _frame(store, target, where, part(progress, 0.8, 1.0))
    passed = (*listed("fgd.lines_passed_over", "info", lines), *passed_over(other))
    return frame, (*findings, *passed, *left.findings(files))


# ---------------------------------------------------------------------------------------------- one building


class _Listener:
    """Hears the elements of a file and puts its buildings into the store."""

    features = frozenset({"BldA"})
    marks = frozenset({"BldA", "exterior", "interior", *_PIECES, *_CURVED})
    leaves = frozenset({"fid", "type", "posList", "pos"})

    def __init__(self, source: str, store: _Store) -> None:
        self._source, self._store = source, store
        self._texts: dict[str, str] = {}
        # Of each polygon its rings, of each ring its pieces, of each piece the texts of its corners.
        self._polygons: list[list[list[list[str]]]] = []
        self._broken = False
        self._length = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in self.features:
            self._texts = {"id": next((text for key, text in attributes.items() if key.rpartition(" ")[2] == "id"), "")}
            self._polygons, self._broken, self._length = [], False, 0
            return
        self._grow(100)
        if "srsName" in attributes:
            self._texts["srsName"] = attributes["srsName"]
        if name == "exterior":
            self._polygons.append([[]])
        elif name == "interior" and self._polygons:
            self._polygons[-1].append([])
        elif name in ("interior", *_CURVED):
            self._broken = True
        elif name in _PIECES and self._polygons:
            self._polygons[-1][-1].append([])
        if attributes.get("srsDimension", "2") != "2":
            self._broken = True

    def end(self, name: str, text: str) -> None:
        self._grow(len(text))
        if name in ("posList", "pos"):
            if self._polygons and self._polygons[-1][-1]:
                self._polygons[-1][-1][-1].append(text)
            else:
                self._broken = True
        elif name in self.leaves:
            self._texts[name] = text.strip()[:_LONGEST_NAME]
        elif name in self.features:
            self._take()

    def _grow(self, by: int) -> None:
        self._length += by
        if self._length > _LONGEST:
            raise UnreadableFile("fgd.too_large", file=self._source, found=">", expected=_LONGEST >> 20)

    def _take(self) -> None:
        store = self._store
        name = self._texts.get("fid") or self._texts["id"].strip()[:_LONGEST_NAME]
        try:
            polygons = [[_ring(pieces) for pieces in rings] for rings in self._polygons]
        except ValueError:
            polygons = []
        self._polygons = []
        if polygons and name and not self._broken:
            crs = crs_code(self._texts.get("srsName", ""), self._source)
            store.add(name, self._texts.get("type", ""), crs, polygons)
        else:
            # Names are kept for the message; of a file of nothing but broken ones not all.
            store.broken.append(name if len(store.broken) < _MOST_NAMES else "")
        most = len(store.ids) + len(store.broken), len(store.numbers) // 2
        if most[0] > MOST_BUILDINGS or most[1] > MOST_CORNERS:
            raise UnreadableFile("fgd.too_many", file=self._source, found=most[0], expected=MOST_BUILDINGS)


def _ring(pieces: list[list[str]]) -> array[float]:
    """Latitudes and longitudes of a closed ring, from its pieces one after the other.

    Raises
    ------
    ValueError
        Not pairs of numbers, pieces that do not meet, or fewer than three corners.
    """
    ring = array("d")
    for texts in pieces:
        numbers = array("d", map(float, " ".join(texts).split()))
        if not numbers or len(numbers) % 2:
            raise ValueError("not two numbers for a corner")
        if ring and not _meet(ring[-2:], numbers[:2]):
            numbers = _reversed(numbers)
            if not _meet(ring[-2:], numbers[:2]):
                raise ValueError("a gap between two pieces")
        # The corner where two pieces meet stands in both.
        ring.extend(numbers[2:] if ring else numbers)
    if len(ring) < 8 or not _meet(ring[:2], ring[-2:]):
        raise ValueError("no ring")
    ring[-2:] = ring[:2]
    return ring


def _meet(a: array[float], b: array[float]) -> bool:
    return abs(a[0] - b[0]) <= _MEET and abs(a[1] - b[1]) <= _MEET


def _reversed(numbers: array[float]) -> array[float]:
    return array("d", [number for k in range(len(numbers) - 2, -1, -2) for number in numbers[k : k + 2]])


# ---------------------------------------------------------------------------------------------- all of them


def _frame(store: _Store, target: CRS, source: str, progress: Progress) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    ids, kinds = np.array(store.ids, object), np.array(store.kinds, object)
    shapes, mended = _shapes(store, target, progress)
    kept = shapely.area(shapes) > 0.0
    names, twice, renamed = _unique(ids, shapes, kept)
    findings = [
        *listed("fgd.buildings_broken", "warning", [*store.broken, *ids[~kept]], source),
        *listed("fgd.buildings_mended", "warning", list(ids[kept & mended]), source),
        *listed("fgd.buildings_twice", "info", list(ids[twice]), source),
        *listed("fgd.buildings_renamed", "info", list(ids[renamed]), source),
        *listed("fgd.kinds_strange", "info", [kind or "–" for kind in store.strange], source),
    ]
    for code in sorted(set(store.crs)):
        findings += told_of(CRS.from_epsg(code), source)
    places = np.frombuffer(store.numbers, np.float64).reshape(-1, 2)
    if exchanged(places[:, 0], places[:, 1]).any():
        findings.append(Finding("fgd.swapped", "warning", source, found=source, details={"count": 1}))
    kept[twice] = False
    frame = gpd.GeoDataFrame({"building_id": names[kept], "kind": kinds[kept]}, geometry=shapes[kept], crs=target)
    progress(1.0, "read")
    return frame, findings


def _shapes(store: _Store, target: CRS, progress: Progress) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """The area of each building in the target's system, empty where it is none or nowhere in Japan; and which had to be mended."""
    places = np.frombuffer(store.numbers, np.float64).reshape(-1, 2)
    lengths, polygon, building = (np.frombuffer(each, np.int64) for each in (store.lengths, store.polygon, store.building))  # fmt: skip
    crs = np.frombuffer(store.crs, np.int64)
    begins = np.concatenate([[0], np.cumsum(lengths)])
    shapes, mended = np.empty(crs.size, object), np.zeros(crs.size, np.bool_)
    moves = {
        int(code): Transformer.from_crs(CRS.from_epsg(int(code)), horizontal(target), always_xy=True)
        for code in np.unique(crs)
    }
    for begin in range(0, crs.size, _BLOCK):
        progress(begin / crs.size, "read")
        end = min(begin + _BLOCK, crs.size)
        areas = slice(*np.searchsorted(building, [begin, end]))
        rings = slice(*np.searchsorted(polygon, [areas.start, areas.stop]))
        owner = building[areas] - begin
        lines, good = _lines(places[begins[rings.start] : begins[rings.stop]], lengths[rings], crs[building[polygon[rings]]], moves)  # fmt: skip
        some = _gathered(shapely.polygons(lines, indices=polygon[rings] - areas.start), owner, end - begin)
        some[np.unique(owner[(polygon[rings] - areas.start)[~good]])] = shapely.Polygon()
        wrong = np.flatnonzero(~shapely.is_valid(some))
        some[wrong] = only_polygons(shapely.make_valid(some[wrong], method="structure", keep_collapsed=False))
        shapes[begin:end] = some
        mended[begin + wrong] = True
    return shapes, mended


def _lines(
    places: NDArray[np.float64], lengths: NDArray[np.int64], crs: NDArray[np.int64], moves: Mapping[int, Transformer]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Rings in the target's system, and which of them lie in Japan."""
    ring = np.repeat(np.arange(lengths.size), lengths)
    lat, lon = places.T
    swapped = exchanged(lat, lon)
    lat, lon = np.where(swapped, lon, lat), np.where(swapped, lat, lon)
    xy = np.full((lat.size, 2), np.nan)
    for code, move in moves.items():
        here = crs[ring] == code
        xy[here] = np.column_stack(move.transform(lon[here], lat[here]))
    south, west, north, east = JAPAN
    bad = ~((lat > south) & (lat < north) & (lon > west) & (lon < east) & np.isfinite(xy).all(axis=1))
    xy[bad] = 0.0
    return shapely.linearrings(xy, indices=ring), np.bincount(ring[bad], minlength=lengths.size) == 0


def _gathered(areas: NDArray[np.object_], owner: NDArray[np.int64], count: int) -> NDArray[np.object_]:
    """One shape for each of ``count`` owners: its area, or all of its areas together."""
    several = np.bincount(owner, minlength=count) > 1
    out = np.empty(count, object)
    one = ~several[owner]
    out[owner[one]] = areas[one]
    if several.any():
        out[several] = shapely.multipolygons(areas[~one], indices=(np.cumsum(several) - 1)[owner[~one]])
    return out


def _unique(
    ids: NDArray[np.object_], shapes: NDArray[np.object_], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.object_], list[int], list[int]]:
    """Names that differ; which buildings came before, area and all; and which got another name.

    Downloads of neighbouring meshes overlap, and a building that a mesh cuts keeps its id on both sides.
    """
    names, twice, renamed = ids.copy(), [], []
    before: dict[str, set[bytes]] = {}
    taken = set(ids.tolist())
    for k in np.flatnonzero(kept & _repeated(ids)):
        same, shape = before.setdefault(ids[k], set()), shapely.to_wkb(shapes[k])
        if shape in same:
            twice.append(int(k))
            continue
        if same:
            number = len(same) + 1
            while f"{ids[k]}-{number}" in taken:
                number += 1
            names[k] = f"{ids[k]}-{number}"
            taken.add(names[k])
            renamed.append(int(k))
        same.add(shape)
    return names, twice, renamed


def _repeated(ids: NDArray[np.object_]) -> NDArray[np.bool_]:
    _, index, count = np.unique(ids.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(count[index] > 1)
