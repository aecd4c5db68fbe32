"""Lots as procurement staff want them: a workbook with a sheet of lots and one of sites, the sites as CSV and as a layer; each with the plan's fingerprint."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from kawasolar import __version__
from kawasolar.export.csv import write_table
from kawasolar.export.fingerprint import PROPERTY, Origin
from kawasolar.export.gpkg import origin_table
from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.writing import atomic, atomic_geopackage
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.finance import Terms
from kawasolar.lots.of_plan import lot_colour, not_chosen
from kawasolar.lots.words import lots_in_words, note_lines, sites_in_words
from kawasolar.project.gpkg import prepare
from kawasolar.project.write import write_layer
from kawasolar.words import say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.lots.assess import Assessed, Lot
    from kawasolar.lots.rules import LotCosts
    from kawasolar.lots.sites import LotSites
    from kawasolar.plan import Plan
    from kawasolar.words import Language

_LOTS = {
    "lot": ("code", 8), "name": ("text", 22), "sites": ("whole", 8), "capacity_kw": ("one", 12), "energy_kwh": ("whole", 13), "self_use_ratio": ("one", 10),
    "price": ("two", 11), "saving_first_yen": ("whole", 15), "saving_total_yen": ("whole", 16), "co2_first_t": ("one", 10), "capex_yen": ("whole", 16),
    "spread_km": ("two", 11), "spoilers": ("text", 36), "price_cleaned": ("two", 13), "kw_cleaned": ("one", 13), "broken": ("text", 20), "gone": ("text", 20),
}  # fmt: skip
_SITES = {
    "lot": ("code", 8), "lot_name": ("text", 18), "facility_id": ("code", 12), "name": ("text", 26), "ward": ("text", 10), "roof_type": ("text", 10),
    "season": ("text", 12), "fiscal_year": ("year", 8), "capacity_kw": ("one", 11), "specific_yield": ("whole", 10), "self_use_ratio": ("one", 10),
    "yen_per_kw": ("whole", 10), "km": ("two", 11), "price_alone": ("two", 11), "price_without": ("two", 13), "effect": ("two", 12), "spoils": ("code", 8),
    "saving_first_yen": ("whole", 14), "reasons": ("text", 48),
}  # fmt: skip
_SUMMED = ("sites", "capacity_kw", "energy_kwh", "saving_first_yen", "saving_total_yen", "co2_first_t", "capex_yen")


def heading(language: Language, key: str, *, site: bool = False) -> str:
    """What a column is called; ``name`` is a lot's, or a site's."""
    return say(language, f"lots.column.{'site_name' if site and key == 'name' else key}")


def write_lots_csv(found: Assessed, plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the sites with their lots: UTF-8 that Excel knows; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    origin, table = Origin.of(plan, today), sites_in_words(language, found)[list(_SITES)]
    same = {
        say(language, "why.paper.name"): origin.marked(language), say(language, "why.paper.date"): origin.day.isoformat(),
        say(language, "why.paper.fingerprint"): origin.fingerprint,
    }  # fmt: skip
    heads = [*(heading(language, key, site=True) for key in _SITES), *same]
    rows = [
        [*(None if pd.isna(cell) else cell for cell in row), *same.values()] for row in table.itertuples(index=False)
    ]
    write_table(path, heads, rows)


def write_lots_xlsx(
    found: Assessed, lots: Sequence[Lot], plan: Plan, costs: LotCosts, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: a sheet of lots, a sheet of sites.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    origin, made = Origin.of(plan, today), BytesIO()
    workbook = xlsxwriter.Workbook(made, OPTIONS)
    badge = say(language, "export.synthetic.long") if plan.synthetic else ""
    book = Book(workbook, language, origin.line(language), badge, f"{plan.name[:40]}  {origin.fingerprint}")
    workbook.set_properties(
        {
            "title": plan.name,
            "comments": f"KawaSolar {__version__}\n{origin.line(language)}",
            "keywords": origin.fingerprint,
        }
    )
    workbook.set_custom_property(PROPERTY, origin.fingerprint, "text")
    names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
    notes = note_lines(language, Terms.of(plan.profile), costs)
    _sheet(book, "lots", notes, lots_in_words(language, found, names, not_chosen(plan, lots)), _LOTS)
    _sheet(book, "lot_sites", notes, sites_in_words(language, found), _SITES, site=True)
    workbook.close()
    with atomic(path, ".xlsx") as work:
        work.write_bytes(made.getvalue())


def write_lots_gpkg(
    found: Assessed, sites: LotSites, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the layer ``lot_sites``, a point a site with its lot and prices, in the project's CRS; the table ``plan`` says which plan it is.

    Raises
    ------
    NotWritable
        Locked by QGIS, read-only, disk full.
    """
    import geopandas as gpd

    table = sites_in_words(language, found)[list(_SITES)]
    places = dict(zip(sites.ids, sites.places, strict=True))
    points = (
        gpd.points_from_xy(*zip(*(places[name] for name in table["facility_id"]), strict=True)) if len(table) else []
    )
    layer = gpd.GeoDataFrame(
        table.assign(colour=[lot_colour(key) for key in table["lot"]]), geometry=points, crs=plan.crs
    )
    layer["fiscal_year"] = layer["fiscal_year"].astype(float)

    def finish(connection: sqlite3.Connection) -> None:
        prepare(connection)
        origin_table(connection, plan, language, today)

    with atomic_geopackage(path, finish) as work:
        write_layer(work, "lot_sites", layer, "Point", plan.crs)


def _sheet(
    book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: dict[str, tuple[str, int]], *, site: bool = False
) -> None:  # fmt: skip
    fields = [
        Field(key, heading(book.language, key, site=site), kind, width, summed=key in _SUMMED)
        for key, (kind, width) in columns.items()
    ]
    plain = frame.astype(object).where(frame.notna(), None)
    spoils = [("verify" if value else "") for value in frame["spoils"]] if site else None
    book.sheet(name, notes, paper="A3").table(fields, plain[list(columns)], total=True, classes=spoils, frozen=2)
