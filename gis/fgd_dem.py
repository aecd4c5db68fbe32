"""Terrain of the GSI's 基盤地図情報(数値標高モデル): tiles in latitude and longitude, and their heights on a metric grid.

Format: 基盤地図情報ダウンロードデータファイル仕様書 and FGD_GMLSchema (GSI). Corners are written latitude first; cells run from the north-west corner eastwards, then
southwards; the list of cells may begin late (``gml:startPoint``) and end early.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS

from gis.datums import exchanged, told_of
from gis.errors import UnreadableFile
from gis.fgd_common import JAPAN, MOST_SAID, crs_code, listed, passed_over
from gis.fgd_files import XmlFile, each_file
from gis.fgd_heights import dem_on
from gis.fgd_tuples import read_tuples
from gis.fgd_xml import OtherFile, read_features
from gis.findings import Finding
from gis.left_out import mesh_in
from gis.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["KINDS", "DemTile", "dem_on", "read_dem_tiles"]

# Cells of each kind [seconds of arc], best first.
KINDS = {"1A": 0.04, "5A": 0.2, "5B": 0.2, "5C": 0.2, "10A": 0.4, "10B": 0.4}
# Five sheets of 1:25,000 in cells of 1 m: 2 GB.
MOST_CELLS = 500_000_000
# The largest tile has 843,750.
_MOST_OF_TILE = 8_000_000
# Corners have nine digits after the point; so much of a cell they may lie beside the lattice.
_OFF = 0.02
_KIND = re.compile(r"DEM(10A|10B|1A|5A|5B|5C)(?![0-9A-Za-z])", re.IGNORECASE)
_DATE = re.compile(r"(\d{8})(?:\D*)\.xml$", re.IGNORECASE)


@dataclass(frozen=True)
class DemTile:
    """Heights of one tile.

    Attributes
    ----------
    z : (rows, cols) float32, heights [m], row 0 in the north, NaN where unknown
    west, north : outer corner of cell (0, 0) [deg]
    step_lon, step_lat : sides of a cell [deg]
    crs : EPSG code of the geographic system
    kind : ``1A 5A 5B 5C 10A 10B``
    source : name of the file, with the archives that it lies in
    """

    z: NDArray[np.float32]
    west: float
    north: float
    step_lon: float
    step_lat: float
    crs: int
    kind: str
    source: str


@dataclass
class _Told:
    """What the findings say of all tiles."""

    classes: Counter[str] = field(default_factory=Counter)
    datums: set[str] = field(default_factory=set)
    strange: dict[str, None] = field(default_factory=dict)
    codes: set[int] = field(default_factory=set)
    other: list[str] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    impossible: int = 0
    missing: int = 0

    def add(self, one: _Told) -> None:
        """What is to be said of one file more."""
        self.classes += one.classes
        self.datums |= one.datums
        self.codes |= one.codes
        self.strange |= one.strange
        self.swapped += one.swapped
        self.short += one.short
        self.impossible += one.impossible
        self.missing += one.missing


def read_dem_tiles(paths: Sequence[Path], progress: Progress = silent) -> tuple[list[DemTile], tuple[Finding, ...]]:
    """All terrain tiles of XML files, archives and folders; of a tile that comes twice the later one.

    Returns
    -------
    tiles in the order of the files, and what was noticed: cells by class (``fgd.dem_classes``), cells that the files leave out (``fgd.dem_missing``), impossible
    heights, classes nobody knows, tiles that came twice, heights of different years together, files of other kinds, damaged files (:mod:`gis.left_out`)

    Raises
    ------
    UnreadableFile
        ``fgd.missing``, ``fgd.archive``, ``fgd.nested``, ``fgd.too_large``, ``fgd.entities``, ``fgd.not_dem``, ``fgd.no_dem``, ``fgd.too_many_cells``; where no tile
        is left, the first damage: ``fgd.unreadable``, ``fgd.encoding``, ``fgd.crs``, ``fgd.grid``, ``fgd.order``, ``fgd.tuple``, ``fgd.tuples``
    gis.progress.Cancelled
        from ``progress``
    """
    told = _Told()
    kept: dict[tuple[str, int, int, int], DemTile] = {}
    cells = 0

    def read(file: XmlFile) -> None:
        nonlocal cells
        said = _Told()
        listener = _Listener(file, said)
        try:
            read_features(file, listener)
        except OtherFile as other:
            if file.alone:
                raise UnreadableFile("fgd.not_dem", file=file.name, found=other.feature or "XML") from other
            told.other.append(file.name)
        told.add(said)
        for tile in listener.tiles:
            cells += tile.z.size
            if cells > MOST_CELLS:
                raise UnreadableFile("fgd.too_many_cells", file=file.name, found=cells, expected=MOST_CELLS)
            _keep(kept, tile, told)

    left, files = each_file(paths, read, progress)
    if not kept:
        left.raise_first()
        raise UnreadableFile("fgd.no_dem", file=", ".join(path.name for path in paths[:MOST_SAID]))
    # What another file has of the same mesh is not lacking.
    for tile in kept.values():
        left.areas.pop(mesh_in(tile.source) or "", None)
    return list(kept.values()), (*_findings(told, list(kept.values())), *left.findings(files))


def _keep(kept: dict[tuple[str, int, int, int], DemTile], tile: DemTile, told: _Told) -> None:
    key = (tile.kind, tile.crs, round(tile.north / tile.step_lat), round(tile.west / tile.step_lon))
    before = kept.get(key)
    if before is not None:
        told.twice.append(tile.source)
        if _date(tile.source) <= _date(before.source):
            return
    kept[key] = tile


def _date(source: str) -> str:
    found = _DATE.search(source)
    return found[1] if found else ""


def _findings(told: _Told, tiles: list[DemTile]) -> tuple[Finding, ...]:
    where = tiles[0].source if len(tiles) == 1 else tiles[0].source.partition("/")[0]
    unknown = sum(int(np.count_nonzero(np.isnan(tile.z))) for tile in tiles)
    size = sum(tile.z.size for tile in tiles)
    counts = ", ".join(f"{name} {count:,}" for name, count in told.classes.most_common(12))
    details: dict[str, object] = {"tiles": len(tiles), "cells": size, "unknown": unknown, "counts": dict(told.classes)}
    found = [Finding("fgd.dem_classes", "info", where, found=counts, details=details)]
    if told.missing:
        some: dict[str, object] = {"count": len(told.short), "cells": told.missing}
        found.append(Finding("fgd.dem_missing", "info", told.short[0], details=some))
    if told.impossible:
        found.append(Finding("fgd.dem_impossible", "warning", where, details={"count": told.impossible}))
    if told.strange:
        names = ", ".join(name[:40] for name in list(told.strange)[:MOST_SAID])
        found.append(Finding("fgd.dem_strange", "warning", where, found=names))
    if len(told.datums) > 1:
        found.append(Finding("fgd.dem_mixed", "warning", where, found=", ".join(sorted(told.datums))))
    found += listed("fgd.swapped", "warning", told.swapped)
    for code in sorted(told.codes):
        found += told_of(CRS.from_epsg(code), where)
    return (*found, *listed("fgd.dem_twice", "warning", told.twice), *passed_over(told.other))


class _Listener:
    """Hears the elements of a file and makes tiles of them."""

    features = frozenset({"DEM"})
    marks = frozenset({"DEM"})
    leaves = frozenset({"type", "lowerCorner", "upperCorner", "low", "high", "tupleList", "startPoint"})

    def __init__(self, file: XmlFile, told: _Told) -> None:
        self.tiles: list[DemTile] = []
        self._file, self._told = file, told
        self._texts: dict[str, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in self.features:
            self._texts = {}
        elif name == "Envelope":
            self._texts["srsName"] = attributes.get("srsName", "")
        elif name == "sequenceRule":
            self._texts["order"] = attributes.get("order", "+x-y")

    def end(self, name: str, text: str) -> None:
        if name in self.leaves:
            self._texts[name] = text
        elif name in self.features:
            self.tiles.append(_tile(self._texts, self._file, self._told))
            self._texts = {}


def _tile(texts: dict[str, str], file: XmlFile, told: _Told) -> DemTile:
    source = file.name

    def numbers(name: str) -> tuple[float, float]:
        try:
            first, second = map(float, texts.get(name, "").split())
        except ValueError as error:
            raise UnreadableFile("fgd.grid", file=source, found=f"{name}: {texts.get(name, '')[:60]}") from error
        if not abs(first) + abs(second) < 1e7:
            raise UnreadableFile("fgd.grid", file=source, found=f"{name}: {texts[name][:60]}")
        return first, second

    crs = crs_code(texts.get("srsName", ""), source)
    told.codes.add(crs)
    told.datums.add(
        texts["srsName"].strip().upper().removeprefix("FGUUID:").removesuffix(".BL").partition("/")[0].strip()
    )
    if texts.get("order", "+x-y") != "+x-y":
        raise UnreadableFile("fgd.order", file=source, found=texts["order"][:20], expected="+x-y")
    (south, west), (north, east) = numbers("lowerCorner"), numbers("upperCorner")
    if exchanged(np.array([south, north]), np.array([west, east])).all():
        south, west, north, east = west, south, east, north
        told.swapped.append(source)
    low, high = numbers("low"), numbers("high")
    cols, rows = round(high[0] - low[0]) + 1, round(high[1] - low[1]) + 1
    in_japan = JAPAN[0] < south < north < JAPAN[2] and JAPAN[1] < west < east < JAPAN[3]
    if not in_japan or rows < 1 or cols < 1 or rows * cols > _MOST_OF_TILE:
        raise UnreadableFile("fgd.grid", file=source, found=f"{south} {west} – {north} {east}, {cols} × {rows}")
    kind = _kind(source, texts.get("type", ""), 3600.0 * (north - south) / rows, 3600.0 * (east - west) / cols)
    step = KINDS[kind] / 3600.0
    top, left = round(north / step), round(west / step)
    if abs(north / step - top) > _OFF or abs(west / step - left) > _OFF:
        raise UnreadableFile("fgd.grid", file=source, found=f"{north} {west}")
    begin = numbers("startPoint") if texts.get("startPoint", "").strip() else low
    z = _heights(texts, file, told, (rows, cols), (round(begin[1] - low[1]), round(begin[0] - low[0])))
    return DemTile(z, left * step, top * step, step, step, crs, kind, source)


def _kind(source: str, said: str, *steps: float) -> str:
    """Kind of a tile by the name of its file, else by its ``type``; its cells [seconds] must be of that size."""
    named = _KIND.search(source.rpartition("/")[2])
    text = unicodedata.normalize("NFKC", said)
    if named:
        kind = named[1].upper()
    elif text.startswith("10m"):
        kind = "10A" if "火山" in text else "10B"
    elif text.startswith("5m"):
        kind = "5B" if "数値地形" in text else "5A"
    else:
        kind = "1A"
    if any(abs(step / KINDS[kind] - 1.0) > 0.01 for step in steps):
        found = " × ".join(f"{step:.4g}″" for step in steps)
        raise UnreadableFile("fgd.grid", file=source, found=f"{found}, DEM{kind}")
    return kind


def _heights(
    texts: dict[str, str], file: XmlFile, told: _Told, shape: tuple[int, int], begin: tuple[int, int]
) -> NDArray[np.float32]:
    source = file.name
    if "tupleList" not in texts:
        raise UnreadableFile("fgd.tuples", file=source, found="–", expected=shape[0] * shape[1])
    try:
        tuples = read_tuples(texts["tupleList"], file.progress.again)
    except ValueError as error:
        raise UnreadableFile("fgd.tuple", file=source, found=str(error)) from error
    z = np.full(shape[0] * shape[1], np.nan, np.float32)
    first = begin[0] * shape[1] + begin[1]
    if not (0 <= begin[0] < shape[0] and 0 <= begin[1] < shape[1]) or first + len(tuples.z) > z.size:
        raise UnreadableFile("fgd.tuples", file=source, found=f"{first:,} + {len(tuples.z):,}", expected=z.size)
    z[first : first + len(tuples.z)] = tuples.z
    told.classes += tuples.classes
    told.impossible += tuples.impossible
    told.strange |= dict.fromkeys(tuples.strange)
    if len(tuples.z) < z.size:
        told.missing += z.size - len(tuples.z)
        told.short.append(source)
    return z.reshape(shape)
