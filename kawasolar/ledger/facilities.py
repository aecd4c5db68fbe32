"""A facility ledger of any usual form, read into the facilities frame of ``docs/nomenclature.md``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import parse_crs
from gis.progress import Progress, part, silent
from kawasolar.ledger import layers, values
from kawasolar.ledger.cells import CODES, DEPTHS, MARKS, NUMBERS, YEARS, converted, limited, objects, report_formulas
from kawasolar.ledger.identity import identify
from kawasolar.ledger.loading import Loaded, load
from kawasolar.ledger.mapping import header_by
from kawasolar.ledger.notes import LISTED, Notes
from kawasolar.ledger.positions import positions
from kawasolar.ledger.rows import Body, body_of, header_of
from kawasolar.ledger.vocabulary import folded, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.ledger.headings import Column, Header
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.places import Box
    from kawasolar.ledger.tables import Table

_TEXTS = ("name", "kana", "ward", "department", "address")
# The columns of the result, in the order of the nomenclature.
_ORDER = (
    *("facility_id", "name", "kana", "kind", "ward", "department", "address", "latitude", "longitude"),
    *("building_ids", "floor_area_m2", "storeys", "built_year", "structure", "seismic", "roof_type", "roofing"),
    *(
        "waterproofed_year",
        "closure_year",
        "closure_known",
        "remaining_years",
        "shelter",
        "flood_depth_m",
        "storm_surge_depth_m",
        "tsunami_depth_m",
        "landslide",
        "heritage",
        "roof_bears_n_m2",
        "seismic_work_year",
        "annual_kwh",
        "contract_kw",
    ),
    "source_row",
)


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
    area: Box | None = None,
    layer_crs: str | CRS | None = None,
    mapping: Mapping | None = None,
) -> Ledger:
    """Read a ledger from CSV, XLSX, GeoJSON, GeoPackage or a shapefile.

    Parameters
    ----------
    path : Path
    crs : pyproj.CRS
        The project's plane-rectangular system; points are brought into it.
    layer : str, optional
        Sheet or layer; by default that of the mapping, or the first with a recognisable heading.
    area : (west, south, east, north), optional
        Where the project lies [m, ``crs``]. Points further than 50 km from it are reported, and X/Y columns that only
        fit the other way round are exchanged. By default the middle of the points stands for it.
    layer_crs : str or CRS, optional
        What the coordinates of a map layer are, where it does not say so itself.
    mapping : Mapping, optional
        Which column is which, as a person says; by the headings unless given. One that is made for other headings is not
        used, and that is said.

    Raises
    ------
    kawasolar.errors.UnreadableLedger
        The file cannot be read at all, or is no list of facilities.
    gis.errors.CrsMissing
        A map layer that does not say its coordinate system.
    """
    sheet = layer or (mapping.sheet if mapping is not None else "") or None
    loaded = load(path, sheet, None if layer_crs is None else parse_crs(layer_crs))
    return read_loaded(loaded, crs, area=area, mapping=mapping)


def read_loaded(
    loaded: Loaded,
    crs: CRS,
    *,
    area: Box | None = None,
    mapping: Mapping | None = None,
    listed: int = LISTED,
    progress: Progress = silent,
) -> Ledger:
    """As :func:`read_facilities`, of a file whose cells are there already.

    Parameters
    ----------
    listed : findings of one kind and column that are told one by one; with more than usual, what else is summed up is too
    """
    progress(0.0, "ledger")
    table, geometry, source = loaded.table, loaded.geometry, loaded.path.name
    notes = Notes(source, listed)
    notes.extend(table.findings)
    header = header_for(table, source, mapping, notes)
    if header.unused:
        notes.once("ledger.unused_columns", "info", found=", ".join(header.unused)[:400], count=len(header.unused))
    body = body_of(table, header, source, layer=geometry is not None)
    notes.extend(body.findings)
    report_formulas(table, body, notes)
    frame = _frame(body, notes, part(progress, 0.1, 0.7))
    shapes = None if geometry is None else geometry.iloc[body.places].reset_index(drop=True)
    x, y = positions(frame, body, shapes, crs, area, notes)
    progress(0.9, "ledger")
    outlines = None if shapes is None else layers.polygons(shapes.to_crs(crs))
    keep = identify(frame, body, notes)
    facilities = _assemble(frame, x, y, crs).loc[keep].reset_index(drop=True)
    outline_series = None
    if outlines is not None:
        outline_series = gpd.GeoSeries(outlines[keep], index=pd.Index(facilities["facility_id"]), crs=crs)
    columns = {name: column.heading for name, column in header.columns.items() if name in body.frame}
    return Ledger(facilities, notes.all(), str(loaded.path), columns, outline_series, table.name)


def header_for(table: Table, source: str, mapping: Mapping | None, notes: Notes | None = None) -> Header:
    """The heading as a person says it, else as it is recognised; that a mapping was not used is noted."""
    if mapping is not None:
        header = header_by(mapping, table, source)
        if header is not None:
            return header
        if notes is not None:
            notes.once("ledger.other_form", "warning", found=mapping.sheet or None)
    return header_of(table, source)


def _frame(body: Body, notes: Notes, progress: Progress) -> pd.DataFrame:
    """Values of all recognised columns but the places."""
    raw = body.frame
    frame = pd.DataFrame({"source_row": body.numbers})
    for name in _TEXTS:
        if name in raw:
            frame[name] = objects([values.text(cell) for cell in raw[name]])
    if "building_ids" in raw:
        frame["building_ids"] = objects([values.building_ids(cell) for cell in raw["building_ids"]])
    _measure_units(body, notes)
    parsers: dict[str, Callable[[object], Any]] = {
        **{name: _measure(body.columns[name], name) for name in (*NUMBERS, *DEPTHS) if name in raw},
        **dict.fromkeys(YEARS, values.year),
        "storeys": values.storeys,
    }
    for k, (name, parse) in enumerate(parsers.items()):
        progress((k + 1) / (len(parsers) + 4), "ledger")
        if name in raw:
            frame[name] = limited(converted(raw[name], parse, name, body, notes), name, body, notes)
    if "shelter" in raw:
        frame["shelter"] = objects(converted(raw["shelter"], values.shelter, "shelter", body, notes))
    for name in CODES:
        if name in raw:
            frame[name] = objects(converted(raw[name], values.coded(name), name, body, notes))
    for name in MARKS:
        if name in raw:
            frame[name] = _marks(name, body, notes)
    _roofing(frame, body)
    _kinds(frame, body, notes)
    _undecided(frame, body, notes)
    return frame


def _factor(column: Column, name: str) -> float:
    """What one of the heading's unit is in ours; 1 where it names none that we know."""
    return vocabulary().units[name].get(column.unit, 1.0) if column.unit else 1.0


def _measure(column: Column, name: str) -> Callable[[object], float | None]:
    """Parser of numbers in the heading's unit; a unit in the cell itself says more."""
    read = values.depth if name in DEPTHS else values.number
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
        for index in unknown if notes.whole else ():
            name = values.text_of(names.iloc[index])
            notes.cell("ledger.kind_unknown_row", int(body.numbers[index]), None, name, severity="info")
    frame["kind"] = objects([kind or "other" for kind in kinds])


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


def _marks(name: str, body: Body, notes: Notes) -> pd.Series[Any]:
    """A column that marks the few: where it says of nobody that he is in nothing, its blanks say so, and that is told."""
    column = body.columns[name]
    cells = body.frame[name]
    found = converted(cells, values.marked(name, special="特別" in column.heading), name, body, notes)
    blank = [k for k, cell in enumerate(cells) if not values.text_of(cell)]
    if blank and "none" not in found and any(found):
        notes.once("ledger.blank_is_none", "info", column=column.heading, count=len(blank))
        for k in blank:
            found[k] = "none"
    return objects(found)


# Coverings that ledgers name where they tell the shape of a roof.
_TOLD_AS_SHAPE = ("asbestos_slate", "slate", "tile", "membrane", "glass")


def _roofing(frame: pd.DataFrame, body: Body) -> None:
    """Where no column tells what lies on the roofs, the one of their shape may: 瓦, スレート, 膜."""
    if "roofing" in frame or "roof_type" not in body.frame:
        return
    find = vocabulary().codes["roofing"].find
    told = [find(folded(values.text_of(cell))[:200]) for cell in body.frame["roof_type"]]
    found = [code if code in _TOLD_AS_SHAPE else None for code in told]
    if any(found):
        frame["roofing"] = objects(found)


def _assemble(frame: pd.DataFrame, x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS) -> gpd.GeoDataFrame:
    points = np.full(len(frame), None, dtype=object)
    known = np.isfinite(x) & np.isfinite(y)
    points[known] = shapely.points(x[known], y[known])
    ordered = frame[[name for name in _ORDER if name in frame]]
    return gpd.GeoDataFrame(ordered, geometry=gpd.GeoSeries(points, crs=crs), crs=crs)
