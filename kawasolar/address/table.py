"""Addresses with coordinates: the state's tables (位置参照情報), any CSV or layer with a column of addresses."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS

from gis.errors import CrsMissing
from gis.findings import Finding
from gis.outlines import column_of
from kawasolar.address.book import Entry, Exact, Namer
from kawasolar.address.normal import parse_address
from kawasolar.errors import UnreadableAddresses, UnreadableLedger
from kawasolar.ledger import layers
from kawasolar.ledger.places import FAR_M, WGS84, distance_to_box, transform, unswapped
from kawasolar.ledger.tables import decode, read_bytes
from kawasolar.ledger.vocabulary import heading_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.crs import Bounds

_MOST_ROWS = 1_000_000
_SEARCHED = 30
# Zone n of the plane-rectangular system, JGD2011.
_ZONE_0 = 6668
_CODES = ("missing", "empty", "locked", "too_large", "not_text", "no_layer", "damaged", "not_layer", "too_many_rows")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "pref": ("都道府県名",),
    "city": ("市区町村名", "市町村名"),
    "town": ("大字・丁目名", "大字町丁目名", "大字・町丁目名", "町名"),
    "small": ("小字・通称名", "小字名"),
    "block": ("街区符号・地番", "街区符号", "地番"),
    "zone": ("座標系番号",),
    "plane_x": ("X座標", "X"),
    "plane_y": ("Y座標", "Y"),
    "latitude": ("緯度", "latitude", "lat"),
    "longitude": ("経度", "longitude", "lon", "lng"),
    "address": ("住所", "所在地", "所在地_連結表記", "住居表示", "address", "addr", "所在"),
}


@dataclass(frozen=True)
class Addresses:
    """What a file of addresses holds."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]


def read_addresses(
    path: Path, target: CRS, *, layer: str | None = None, crs: str | None = None, bounds: Bounds | None = None
) -> Addresses:
    """Read addresses with their places in ``target``; those more than 50 km from ``bounds`` are left out.

    Raises
    ------
    UnreadableAddresses
        ``addresses.missing``, ``addresses.empty``, ``addresses.locked``, ``addresses.too_large``, ``addresses.not_text``, ``addresses.no_layer``,
        ``addresses.damaged``, ``addresses.not_layer``, ``addresses.too_many_rows``, ``addresses.no_columns``, ``addresses.no_places``
    gis.errors.CrsMissing
        ``addresses.no_crs``
    """
    try:
        head = b""
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(64)
        if path.suffix.lower() in layers.SUFFIXES and layers.is_layer(path, head):
            found = _of_layer(path, target, layer, crs)
        else:
            found = _of_text(read_bytes(path), path.name, target)
    except PermissionError as error:
        raise UnreadableAddresses("addresses.locked", file=path.name) from error
    except CrsMissing as error:
        raise CrsMissing("addresses.no_crs", file=path.name) from error
    except UnreadableLedger as error:
        code = error.code.partition(".")[2]
        raise UnreadableAddresses(
            f"addresses.{code if code in _CODES else 'damaged'}", **{"file": path.name, **error.details}
        ) from error
    return _near(found, bounds, path.name)


def _near(found: Addresses, bounds: Bounds | None, source: str) -> Addresses:
    entries = found.entries
    if bounds is not None and entries:
        x, y = np.array([each.x for each in entries]), np.array([each.y for each in entries])
        near = distance_to_box(x, y, bounds) <= FAR_M
        entries = tuple(each for each, here in zip(entries, near, strict=True) if here)
    if not entries:
        raise UnreadableAddresses("addresses.no_places", file=source)
    return Addresses(entries, found.findings)


# ---------------------------------------------------------------------------------------------- text


def _of_text(data: bytes, source: str, target: CRS) -> Addresses:
    text, said = decode(data, source)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        head = list(islice(reader, _SEARCHED))
        at, columns = _heading(head)
        if columns is None:
            raise UnreadableAddresses("addresses.no_columns", file=source)
        rows = head[at + 1 :]
        rows += islice(reader, _MOST_ROWS + 1 - len(rows))
    except csv.Error as error:
        raise UnreadableAddresses("addresses.damaged", file=source) from error
    if len(rows) > _MOST_ROWS:
        raise UnreadableAddresses("addresses.too_many_rows", file=source, found=len(rows), expected=_MOST_ROWS)

    def of(name: str) -> list[str]:
        k = columns.get(name, -1)
        return [row[k].strip() if 0 <= k < len(row) else "" for row in rows]

    x, y = _places({name: of(name) for name in ("latitude", "longitude", "plane_x", "plane_y", "zone")}, target)
    if "town" in columns:
        made = _official(of("city"), of("town"), of("small"), of("block"), x, y, blocks="block" in columns)
    else:
        made = _plain(of("address"), x, y)
    return _told(made, len(rows), source, tuple(said))


def _told(made: list[Entry], rows: int, source: str, said: tuple[Finding, ...]) -> Addresses:
    if len(made) < rows:
        said = (*said, Finding("addresses.left_out", "info", source, details={"count": rows - len(made), "of": rows}))
    return Addresses(tuple(made), said)


def _heading(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int] | None]:
    """The first row that names addresses and places, and where each column stands."""
    keys = {heading_key(word): name for name, words in _COLUMNS.items() for word in words}
    for at, row in enumerate(rows):
        found: dict[str, int] = {}
        for k, cell in enumerate(row):
            name = keys.get(heading_key(cell))
            if name is not None:
                found.setdefault(name, k)
        placed = {"latitude", "longitude"} <= set(found) or {"zone", "plane_x", "plane_y"} <= set(found)
        if placed and ("town" in found or "address" in found):
            return at, found
    return 0, None


def _places(columns: dict[str, list[str]], target: CRS) -> tuple[np.ndarray, np.ndarray]:
    """Easting and northing [m] in ``target``; by latitude and longitude, where there are none by the zone, whose X is north."""
    lat, lon = _numbers(columns["latitude"]), _numbers(columns["longitude"])
    lon, lat, _ = unswapped(lon, lat, target)
    x, y = transform(WGS84, target, lon, lat)
    zones = _numbers(columns["zone"])
    north, east = _numbers(columns["plane_x"]), _numbers(columns["plane_y"])
    for zone in np.unique(zones[np.isnan(x) & (zones >= 1) & (zones <= 19)]).astype(int).tolist():
        here = np.isnan(x) & (zones == zone)
        x[here], y[here] = transform(CRS.from_epsg(_ZONE_0 + zone), target, east[here], north[here])
    return x, y


def _numbers(texts: list[str]) -> np.ndarray:
    def number(text: str) -> float:
        try:
            return float(text) if text and len(text) <= 40 else np.nan
        except ValueError:
            return np.nan

    return np.array([number(text) for text in texts], dtype=np.float64)


def _official(
    cities: list[str],
    towns: list[str],
    small: list[str],
    blocks_of: list[str],
    x: np.ndarray,
    y: np.ndarray,
    *,
    blocks: bool,
) -> list[Entry]:
    """Rows of the state's tables; those of towns have no block."""
    namer = Namer()
    return [
        namer.entry(cities[k], towns[k], small[k], blocks_of[k] if blocks else "", float(x[k]), float(y[k]), "block")
        for k in np.flatnonzero(np.isfinite(x) & np.isfinite(y)).tolist()
        if towns[k]
    ]


def _plain(addresses: list[str], x: np.ndarray, y: np.ndarray) -> list[Entry]:
    """Rows of any table or layer; how exact a place is follows from how many numbers the address has."""
    found = []
    for k in np.flatnonzero(np.isfinite(x) & np.isfinite(y)).tolist():
        address = parse_address(addresses[k])
        if address.words:
            exact: Exact = "building" if address.numbers else "town"
            # 中央1-2-3 is 中央一丁目.
            own = 1 if "丁目" in addresses[k] or len(address.numbers) > 2 else 0
            found.append(Entry(_tails(address.words), "", address.numbers, float(x[k]), float(y[k]), exact, own))
    return found


def _tails(words: str) -> tuple[str, ...]:
    """Names under which a town is looked up where nobody says which part of the words is the city: with it, without it, without the ward."""
    starts = [0, *(k + 1 for k, sign in enumerate(words[:-1]) if sign in "市区町村郡")]
    return tuple(dict.fromkeys(words[begin:] for begin in starts if len(words) - begin >= 2))


# ---------------------------------------------------------------------------------------------- layers


def _of_layer(path: Path, target: CRS, layer: str | None, crs: str | None) -> Addresses:
    from gis.crs import parse_crs

    table, geometry = layers.read_layer(path, layer, None if crs is None else parse_crs(crs))
    heading, rows = [str(cell) for cell in table.rows[0]], table.rows[1:]
    import pandas as pd

    named = pd.DataFrame(columns=heading)
    column = column_of(named, _COLUMNS["address"])
    if column is None or geometry is None:
        raise UnreadableAddresses("addresses.no_columns", file=path.name)
    k = heading.index(column)
    texts = [_text(row[k]) for row in rows]
    points = np.asarray(layers.points(geometry.to_crs(target)).array, dtype=object)
    x, y = shapely.get_x(points), shapely.get_y(points)
    return _told(_plain(texts, x, y), len(rows), path.name, tuple(table.findings))


def _text(value: Any) -> str:  # noqa: ANN401 - a cell
    return value if isinstance(value, str) else ""


def building_entries(addresses: Sequence[object], shapes: np.ndarray) -> list[Entry]:
    """Buildings with an address of their own as entries."""
    points = shapely.point_on_surface(shapes)
    texts = [value if isinstance(value, str) else "" for value in addresses]
    return _plain(texts, shapely.get_x(points), shapely.get_y(points))
