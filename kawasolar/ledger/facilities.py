"""A facility ledger of any usual form, read into the facilities frame of ``docs/nomenclature.md``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import parse_crs
from gis.findings import Finding
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger import layers, places, values
from kawasolar.ledger.notes import Notes
from kawasolar.ledger.rows import Body, body_of, header_of
from kawasolar.ledger.tables import Table, read_bytes, read_text
from kawasolar.ledger.vocabulary import folded, vocabulary
from kawasolar.ledger.workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Severity
    from kawasolar.ledger.headings import Column

_TEXTS = ("name", "kana", "ward", "department", "address")
_NUMBERS = ("floor_area_m2", "remaining_years", "annual_kwh", "contract_kw")
_YEARS = ("built_year", "waterproofed_year", "closure_year")
_CODES = ("structure", "seismic", "roof_type")
_PLACE_COLUMNS = ("latitude", "longitude", "axis_x", "axis_y", "easting", "northing")
# The columns of the result, in the order of the nomenclature.
_ORDER = (
    *("facility_id", "name", "kana", "kind", "ward", "department", "address", "latitude", "longitude"),
    *("building_ids", "floor_area_m2", "storeys", "built_year", "structure", "seismic", "roof_type"),
    *(
        "waterproofed_year",
        "closure_year",
        "closure_known",
        "remaining_years",
        "shelter",
        "flood_depth_m",
        "annual_kwh",
        "contract_kw",
    ),
    "source_row",
)
# What a column's cells should be, as the finding says it.
_MEANING = {
    **dict.fromkeys((*_NUMBERS, "storeys", "flood_depth_m"), "number"),
    **dict.fromkeys(_YEARS, "year"),
    **dict.fromkeys(_PLACE_COLUMNS, "coordinate"),
    **dict.fromkeys(_CODES, "code"),
    "shelter": "flag",
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Ledger:
    """What was read.

    Attributes
    ----------
    facilities : GeoDataFrame
        As in ``docs/nomenclature.md``; point geometry or None, project CRS.
    findings : tuple of Finding
        What was noticed, row by row.
    source : str
        The file.
    columns : dict
        Our column -> heading found in the file.
    outlines : GeoSeries or None
        Where the ledger is a layer of polygons: the outline of each facility, indexed by ``facility_id``.
    sheet : str
        Sheet or layer that was read; empty for text files.
    """

    facilities: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    source: str
    columns: dict[str, str]
    outlines: gpd.GeoSeries | None = None
    sheet: str = ""


def read_facilities(
    path: Path,
    crs: CRS,
    *,
    layer: str | None = None,
    area: tuple[float, float, float, float] | None = None,
    layer_crs: str | CRS | None = None,
) -> Ledger:
    """Read a ledger from CSV, XLSX, GeoJSON, GeoPackage or a shapefile.

    Parameters
    ----------
    path : Path
    crs : pyproj.CRS
        The project's plane-rectangular system; points are brought into it.
    layer : str, optional
        Sheet or layer; by default the first with a recognisable heading.
    area : (west, south, east, north), optional
        Where the project lies [m, ``crs``]. Points further than 50 km from it are reported, and X/Y columns that only
        fit the other way round are exchanged. By default the middle of the points stands for it.

    layer_crs : str or CRS, optional
        What the coordinates of a map layer are, where it does not say so itself.

    Raises
    ------
    kawasolar.errors.UnreadableLedger
        The file cannot be read at all, or is no list of facilities.
    gis.errors.CrsMissing
        A map layer that does not say its coordinate system.
    """
    path = Path(path)
    source = path.name
    table, geometry = _load(path, layer, None if layer_crs is None else parse_crs(layer_crs))
    notes = Notes(source)
    notes.extend(table.findings)
    header = header_of(table, source)
    if header.unused:
        notes.once("ledger.unused_columns", "info", found=", ".join(header.unused)[:400], count=len(header.unused))
    body = body_of(table, header, source, layer=geometry is not None)
    notes.extend(body.findings)
    _report_formulas(table, body, notes)
    frame = _frame(body, notes)
    shapes = None if geometry is None else geometry.iloc[body.places].reset_index(drop=True)
    x, y = _positions(frame, body, shapes, crs, area, notes)
    outlines = None if shapes is None else layers.polygons(shapes.to_crs(crs))
    keep = _identify(frame, body, notes)
    facilities = _assemble(frame, x, y, crs).loc[keep].reset_index(drop=True)
    outline_series = None
    if outlines is not None:
        outline_series = gpd.GeoSeries(outlines[keep], index=pd.Index(facilities["facility_id"]), crs=crs)
    columns = {name: column.heading for name, column in header.columns.items() if name in body.frame}
    return Ledger(facilities, notes.all(), str(path), columns, outline_series, table.name)


def _load(path: Path, layer: str | None, crs: CRS | None) -> tuple[Table, gpd.GeoSeries | None]:
    """The table in the file, and geometries where it is a map layer."""
    data = read_bytes(path)
    suffix = path.suffix.lower()
    if data.startswith(_OLD_OFFICE):
        raise UnreadableLedger("ledger.old_excel", file=path.name)
    if data.startswith(b"PK\x03\x04"):
        return read_workbook(data, path.name, layer), None
    if layers.is_layer(path, data[:512]):
        del data
        return layers.read_layer(path, layer, crs)
    if suffix in {*layers.SUFFIXES, ".xlsx", ".xlsm", ".xls", ".ods"}:
        raise UnreadableLedger("ledger.damaged", file=path.name, found=suffix)
    return read_text(data, path.name), None


def _report_formulas(table: Table, body: Body, notes: Notes) -> None:
    """Formulas that nobody has calculated look like blank cells."""
    rows = set(body.numbers.tolist())
    columns = {column.index: column.heading for column in body.columns.values()}
    for row, column in sorted(table.blank_formulas):
        if row + 1 in rows and column in columns:
            notes.cell("ledger.formula_blank", row + 1, columns[column], None)


def _frame(body: Body, notes: Notes) -> pd.DataFrame:
    """Values of all recognised columns but the places."""
    raw = body.frame
    frame = pd.DataFrame({"source_row": body.numbers})
    for name in _TEXTS:
        if name in raw:
            frame[name] = _objects([values.text(cell) for cell in raw[name]])
    if "building_ids" in raw:
        frame["building_ids"] = _objects([values.building_ids(cell) for cell in raw["building_ids"]])
    _measure_units(body, notes)
    parsers: dict[str, Callable[[object], Any]] = {
        **{name: _measure(body.columns[name], name) for name in (*_NUMBERS, "flood_depth_m") if name in raw},
        **dict.fromkeys(_YEARS, values.year),
        "storeys": values.storeys,
    }
    for name, parse in parsers.items():
        if name in raw:
            frame[name] = _limited(_converted(raw[name], parse, name, body, notes), name, body, notes)
    if "shelter" in raw:
        frame["shelter"] = _objects(_converted(raw["shelter"], values.shelter, "shelter", body, notes))
    for name in _CODES:
        if name in raw:
            frame[name] = _objects(_converted(raw[name], values.coded(name), name, body, notes))
    _kinds(frame, body, notes)
    _undecided(frame, body, notes)
    return frame


def _objects(cells: list[Any]) -> pd.Series[Any]:
    # object, not pandas' str: None stays None, which truth tests and JSON understand.
    return pd.Series(cells, dtype=object)


def _factor(column: Column, name: str) -> float:
    """What one of the heading's unit is in ours; 1 where it names none that we know."""
    return vocabulary().units[name].get(column.unit, 1.0) if column.unit else 1.0


def _measure(column: Column, name: str) -> Callable[[object], float | None]:
    """Parser of numbers in the heading's unit; a unit in the cell itself says more."""
    read = values.depth if name == "flood_depth_m" else values.number
    return partial(read, units=vocabulary().units[name], bare=_factor(column, name))


def _measure_units(body: Body, notes: Notes) -> None:
    """Columns in a unit of another quantity (円) are left out and said."""
    units = vocabulary().units
    for name in [n for n in units if n in body.frame]:
        column = body.columns[name]
        if column.unit and units[name].get(column.unit) == 0.0:
            expected = ", ".join(unit for unit, factor in units[name].items() if factor)
            notes.once("ledger.wrong_unit", "error", column=column.heading, found=column.unit, expected=expected)
            del body.frame[name]


def _converted(cells: pd.Series[Any], parse: Callable[[object], Any], name: str, body: Body, notes: Notes) -> list[Any]:
    """Each distinct cell parsed once; what is not understood becomes missing, with a finding."""
    known: dict[tuple[type, object], tuple[Any, bool]] = {}
    out = []
    for row, cell in zip(body.numbers, cells, strict=True):
        key = (type(cell), cell if cell.__hash__ is not None else repr(cell))
        if key not in known:
            try:
                known[key] = parse(cell), True
            except (ValueError, OverflowError):
                known[key] = None, False
        value, good = known[key]
        if not good:
            notes.cell(f"ledger.not_{_MEANING[name]}", int(row), body.columns[name].heading, cell)
        out.append(value)
    return out


def _limited(cells: list[Any], name: str, body: Body, notes: Notes) -> NDArray[np.float64]:
    """Numbers outside the column's range become missing, with a finding."""
    found = np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    low, high = vocabulary().ranges[name]
    with np.errstate(invalid="ignore"):
        outside = (found < low) | (found > high)
    for index in np.flatnonzero(outside):
        notes.cell(
            "ledger.out_of_range",
            int(body.numbers[index]),
            body.columns[name].heading,
            body.frame[name].iloc[index],
            expected=f"{low:g}…{high:g}",
        )
    return np.where(outside, np.nan, found)


def _kinds(frame: pd.DataFrame, body: Body, notes: Notes) -> None:
    """The kind by the fine class, else by the name, else by the coarse class, else ``other``."""
    raw = body.frame
    codes = vocabulary().codes["kind"]
    kinds: list[str | None] = [None] * len(raw)

    def fill(cells: pd.Series[Any], find: Callable[[object], str | None]) -> None:
        found = {cell: find(cell) for cell in {values.text_of(cell) for cell in cells}}
        for index, cell in enumerate(cells):
            if kinds[index] in {None, "other"}:
                kinds[index] = found[values.text_of(cell)] or kinds[index]

    def by_class(cell: object) -> str | None:
        return codes.find(folded(values.text_of(cell))[:200])

    if "kind" in raw:
        fill(raw["kind"], by_class)
    if "name" in raw:
        fill(raw["name"], values.kind_of_name)
    if "kind_group" in raw:
        fill(raw["kind_group"], by_class)
    unknown = [index for index, kind in enumerate(kinds) if kind is None]
    if unknown:
        names = raw["name"] if "name" in raw else raw["facility_id"]
        examples = ", ".join(values.text_of(names.iloc[i])[:40] for i in unknown[:5])
        notes.once("ledger.kind_unknown", "info", row=int(body.numbers[unknown[0]]), found=examples, count=len(unknown))
    frame["kind"] = _objects([kind or "other" for kind in kinds])


def _undecided(frame: pd.DataFrame, body: Body, notes: Notes) -> None:
    """未定 in the column of the planned closure is not the same as no plan: ``closure_known`` tells them apart."""
    if "closure_year" not in body.frame:
        return
    words = vocabulary().undecided
    known = np.array([folded(values.text_of(cell)) not in words for cell in body.frame["closure_year"]], dtype=bool)
    for index in np.flatnonzero(~known):
        cell = body.frame["closure_year"].iloc[index]
        notes.cell("ledger.closure_undecided", int(body.numbers[index]), body.columns["closure_year"].heading, cell)
    frame["closure_known"] = known


def _angles(name: str, body: Body, notes: Notes) -> NDArray[np.float64]:
    found = _converted(body.frame[name], values.angle, name, body, notes)
    return np.array([np.nan if cell is None else cell for cell in found], dtype=np.float64)


def _positions(
    frame: pd.DataFrame,
    body: Body,
    shapes: gpd.GeoSeries | None,
    crs: CRS,
    area: places.Box | None,
    notes: Notes,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Easting and northing of every row, from the geometry, else from degrees, else from plane coordinates."""
    raw = body.frame
    x = np.full(len(raw), np.nan)
    y = x.copy()
    if shapes is not None:
        x, y = _from_geometry(shapes, body, crs, notes)
    has_degrees = {"latitude", "longitude"} <= set(raw)
    if has_degrees:
        lon, lat = _degrees(body, crs, notes)
        frame["latitude"], frame["longitude"] = lat, lon
        source = _datum(body, notes)
        gx, gy = places.transform(source, crs, lon, lat)
        empty = np.isnan(x)
        x, y = np.where(empty, gx, x), np.where(empty, gy, y)
    if np.isnan(x).any():
        for first, second, official in (("axis_x", "axis_y", True), ("easting", "northing", False)):
            if {first, second} <= set(raw):
                px, py = _from_plane(first, second, body, crs, area, notes, official=official)
                empty = np.isnan(x)
                x, y = np.where(empty, px, x), np.where(empty, py, y)
    if not has_degrees and np.isfinite(x).any():
        frame["longitude"], frame["latitude"] = places.transform(crs, places.WGS84, x, y)
    _report_places(x, y, body, crs, area, notes)
    return x, y


def _report_places(
    x: NDArray[np.float64], y: NDArray[np.float64], body: Body, crs: CRS, area: places.Box | None, notes: Notes
) -> None:
    _report_area(x, y, area, notes)
    for index in np.flatnonzero(places.far(x, y, crs, area)).tolist():
        notes.cell("ledger.far", int(body.numbers[index]), None, _name(body, index), item=_name(body, index))
    nowhere = np.flatnonzero(np.isnan(x)).tolist()
    if nowhere:
        examples = ", ".join(_name(body, index)[:40] for index in nowhere[:5])
        row = int(body.numbers[nowhere[0]])
        notes.once("ledger.no_place", "info", row=row, found=examples, count=len(nowhere))


def _report_area(x: NDArray[np.float64], y: NDArray[np.float64], area: places.Box | None, notes: Notes) -> None:
    """Before all that follows from it: that most of the ledger lies beside the surface."""
    known = int(np.isfinite(x).sum())
    if area is None or not known:
        return
    near = int((places.distance_to_box(x, y, area) <= places.NEAR_M).sum())
    if 2 * near >= known:
        return
    code, severity = ("ledger.few_near", "warning") if near else ("ledger.none_near", "error")
    details: dict[str, object] = {"count": known, "near": near}
    notes.first(Finding(code, cast("Severity", severity), notes.source, found=f"{near:,}", details=details))


def _name(body: Body, index: int) -> str:
    for column in ("name", "facility_id"):
        if column in body.frame and (found := values.text_of(body.frame[column].iloc[index])):
            return found
    return f"row-{body.numbers[index]}"


def _from_geometry(
    shapes: gpd.GeoSeries, body: Body, crs: CRS, notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inside = layers.points(shapes)
    x, y = shapely.get_x(inside.array), shapely.get_y(inside.array)
    source = shapes.crs or crs
    if source.is_geographic:
        x, y, swapped = places.unswapped(x, y, crs)
        _report_swapped(swapped, None, body, notes)
    return places.transform(source, crs, x, y)


def _report_swapped(swapped: NDArray[np.bool_], column: str | None, body: Body, notes: Notes) -> None:
    for index in np.flatnonzero(swapped).tolist():
        notes.cell("ledger.swapped", int(body.numbers[index]), column, _name(body, index), item=_name(body, index))


def _degrees(body: Body, crs: CRS, notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude, exchanged ones mended; a pair with a value that cannot be is missing as a whole."""
    lat, lon = _angles("latitude", body, notes), _angles("longitude", body, notes)
    lon, lat, swapped = places.unswapped(lon, lat, crs)
    _report_swapped(swapped, body.columns["latitude"].heading, body, notes)
    ranges = vocabulary().ranges
    bad = np.zeros(lat.shape, dtype=bool)
    for name, found in (("latitude", lat), ("longitude", lon)):
        low, high = ranges[name]
        outside = (found < low) | (found > high)
        for index in np.flatnonzero(outside):
            cell, row = body.frame[name].iloc[index], int(body.numbers[index])
            notes.cell("ledger.out_of_range", row, body.columns[name].heading, cell, expected=f"{low:g}…{high:g}")
        bad |= outside
    bad |= (lat == 0.0) & (lon == 0.0)
    lat[bad], lon[bad] = np.nan, np.nan
    return lon, lat


def _datum(body: Body, notes: Notes) -> CRS:
    """WGS84 (with which JGD2011 agrees) unless the heading says the old Japanese datum, 400 m beside it."""
    heading = body.columns["latitude"].heading
    if "日本測地系" in heading or "tokyo" in heading.casefold():
        notes.once("ledger.tokyo_datum", "warning", column=heading)
        return places.TOKYO
    return places.WGS84


def _from_plane(
    first: str, second: str, body: Body, crs: CRS, area: places.Box | None, notes: Notes, *, official: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = _angles(first, body, notes), _angles(second, body, notes)
    known = np.isfinite(a) & np.isfinite(b)
    if known.any() and np.median(np.abs(a[known])) <= 180 and np.median(np.abs(b[known])) <= 180:
        # Columns called X and Y with degrees in them: x is the longitude, as every GIS writes it.
        lon, lat, swapped = places.unswapped(a, b, crs)
        heading = f"{body.columns[first].heading}, {body.columns[second].heading}"
        notes.once("ledger.degrees_in_xy", "info", column=heading)
        _report_swapped(swapped, body.columns[first].heading, body, notes)
        return places.transform(places.WGS84, crs, lon, lat)
    found = places.from_plane(a, b, crs, area, official=official)
    _report_swapped(found.swapped, body.columns[first].heading, body, notes)
    return found.x, found.y


def _identify(frame: pd.DataFrame, body: Body, notes: Notes) -> NDArray[np.bool_]:
    """Ids and names of all rows; rows that have neither, and second rows of one id, are left out."""
    raw, numbers = body.frame, body.numbers
    ids: list[str | None] = [None] * len(raw)
    if "facility_id" in raw:
        ids = [values.text(cell) for cell in raw["facility_id"]]
    names: list[str | None] = list(frame["name"]) if "name" in frame else [None] * len(raw)
    _report_short_ids(ids, body, notes)
    if "facility_id" not in raw:
        notes.once("ledger.no_id_column", "warning", count=len(raw))
    keep = np.ones(len(raw), dtype=bool)
    taken = {found for found in ids if found}
    first: dict[str, int] = {}
    for index, row in enumerate(numbers.tolist()):
        if ids[index] is None and names[index] is None:
            keep[index] = False
            notes.cell("ledger.nameless", row, None, None)
            continue
        if ids[index] is None:
            ids[index] = _fresh(row, taken)
            if "facility_id" in raw:
                notes.cell("ledger.no_id", row, body.columns["facility_id"].heading, None, item=ids[index])
        elif ids[index] in first:
            keep[index] = False
            other = first[str(ids[index])]
            heading = body.columns["facility_id"].heading
            notes.cell("ledger.duplicate_id", row, heading, ids[index], item=_name(body, index), other=other)
            continue
        first[str(ids[index])] = row
        if names[index] is None:
            names[index] = ids[index]
            if "name" in raw:
                notes.cell("ledger.no_name", row, body.columns["name"].heading, None, item=ids[index])
    frame["facility_id"], frame["name"] = _objects(ids), _objects(names)
    if not keep.any():
        raise UnreadableLedger("ledger.no_rows", file=notes.source)
    return keep


def _report_short_ids(ids: list[str | None], body: Body, notes: Notes) -> None:
    """Shorter numbers among numbers of one width that begin with zeros: a spreadsheet took them for quantities."""
    digits = [found for found in ids if found is not None and found.isascii() and found.isdigit()]
    if not digits:
        return
    width, count = Counter(len(found) for found in digits).most_common(1)[0]
    if 2 * count <= len(digits) or not any(len(found) == width and found.startswith("0") for found in digits):
        return
    heading = body.columns["facility_id"].heading
    for row, found in zip(body.numbers.tolist(), ids, strict=True):
        if found is not None and found.isascii() and found.isdigit() and len(found) < width:
            notes.cell("ledger.short_id", row, heading, found, expected=str(width))


def _fresh(row: int, taken: set[str]) -> str:
    """``row-12``, or a longer one where the ledger itself has such an id."""
    name = f"row-{row}"
    while name in taken:
        name += "-a"
    taken.add(name)
    return name


def _assemble(frame: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> gpd.GeoDataFrame:
    points = np.full(len(frame), None, dtype=object)
    known = np.isfinite(x) & np.isfinite(y)
    points[known] = shapely.points(x[known], y[known])
    ordered = frame[[name for name in _ORDER if name in frame]]
    return gpd.GeoDataFrame(ordered, geometry=gpd.GeoSeries(points, crs=crs), crs=crs)
