"""Lots as procurement staff want them: a workbook of lots, sites, the money over the fiscal years and all assumptions; the sites as CSV and as a layer, the money as CSV; each with the plan's fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.export.finance import write_terms
from kawasolar.export.gpkg import origin_table
from kawasolar.export.plan_book import plain, plan_book, write_plan_list
from kawasolar.export.writing import atomic_geopackage
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.finance.words import line_name
from kawasolar.lots.flows import flows_of
from kawasolar.lots.of_plan import entered_lots, lot_colour, not_chosen
from kawasolar.lots.rules import cost_rows, rule_rows
from kawasolar.lots.words import lots_in_words, note_lines, sites_in_words
from kawasolar.project.gpkg import prepare
from kawasolar.project.write import write_layer
from kawasolar.reasons import unit_text
from kawasolar.words import say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.lots.assess import Assessed, Basis, Lot
    from kawasolar.lots.flows import LotFlows, YearFlows
    from kawasolar.lots.sites import LotSites
    from kawasolar.plan import Plan
    from kawasolar.words import Language

_LOTS = {
    "lot": ("code", 8), "name": ("text", 22), "years": ("code", 16), "sites": ("whole", 8), "capacity_kw": ("one", 12), "energy_kwh": ("whole", 13), "self_use_ratio": ("one", 10),
    "price": ("two", 11), "price_ungranted": ("two", 13), "grant_yen": ("whole", 15), "saving_first_yen": ("whole", 15), "saving_total_yen": ("whole", 16), "co2_first_t": ("one", 10), "capex_yen": ("whole", 16),
    "spread_km": ("two", 11), "spoilers": ("text", 36), "price_cleaned": ("two", 13), "kw_cleaned": ("one", 13), "losers": ("text", 28),
    "broken": ("text", 20), "strays": ("text", 20), "gone": ("text", 20),
}  # fmt: skip
_SITES = {
    "lot": ("code", 8), "lot_name": ("text", 18), "facility_id": ("code", 12), "name": ("text", 26), "ward": ("text", 10), "roof_type": ("text", 10),
    "season": ("text", 12), "fiscal_year": ("year", 8), "capacity_kw": ("one", 11), "specific_yield": ("whole", 10), "self_use_ratio": ("one", 10),
    "tariff": ("text", 20), "avoided_yen": ("two", 12), "demand_yen": ("whole", 12), "yen_per_kw": ("whole", 11), "grant_yen": ("whole", 13), "km": ("two", 11), "price_alone": ("two", 11), "price_without": ("two", 13), "effect": ("two", 12), "spoils": ("code", 8),
    "saving_first_yen": ("whole", 14), "loses": ("code", 9), "reasons": ("text", 48),
}  # fmt: skip
_YEARS = {
    "fiscal_year": ("year", 8), "sites": ("whole", 9), "capacity_kw": ("one", 11), "sites_total": ("whole", 9), "capacity_total_kw": ("one", 11),
    "self_use_kwh": ("whole", 13), "saved_yen": ("whole", 15), "paid_yen": ("whole", 15), "city_yen": ("whole", 15), "city_total_yen": ("whole", 16),
    "capex_yen": ("whole", 15), "grant_yen": ("whole", 14), "grant_cap_yen": ("whole", 15), "operator_yen": ("whole", 15), "operator_total_yen": ("whole", 16),
}  # fmt: skip
_RULES = {"item": 38, "value": 14, "unit": 10, "low": 10, "high": 12, "source": 62, "how_sure": 12}
_SUMMED = (
    "sites", "capacity_kw", "energy_kwh", "self_use_kwh", "saving_first_yen", "saving_total_yen", "co2_first_t", "capex_yen", "grant_yen", "demand_yen", "saved_yen",
    "paid_yen", "city_yen", "operator_yen",
)  # fmt: skip


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
    table = sites_in_words(language, found)[list(_SITES)]
    heads = [heading(language, key, site=True) for key in _SITES]
    write_plan_list(plan, path, language, heads, table, today)


def write_lots_xlsx(
    found: Assessed, lots: Sequence[Lot], plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: lots, sites, the money of all lots by fiscal year, both sides' cash flows of each, the rules and every number with its source.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    with plan_book(plan, path, language, today) as book:
        names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
        notes = note_lines(language, found.basis)
        if tuple(lots) != entered_lots(plan.entries, plan.scenario):
            notes = [say(language, "lots.proposal_note"), *notes]
        flows = flows_of(found)
        _sheet(book, "lots", notes, lots_in_words(language, found, names, not_chosen(plan, lots)), _LOTS)
        _sheet(book, "lot_sites", notes, sites_in_words(language, found), _SITES, site=True)
        if flows.years:
            told = [*notes, say(language, "lots.flow.note")]
            _years(book, told, flows)
            _cash(book, told, flows)
        _rules(book, found.basis)
        write_terms(book, found.basis.terms)


def write_flows_csv(found: Assessed, plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write both sides' cash flows of all lots and of each, a line a row, fiscal years as columns; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    flows = flows_of(found)
    rows = [row for one in (flows.whole, *flows.lots) for row in flow_rows(one, language)] if flows.years else []
    keys = ["lot", "side", "item", *(f"y{year}" for year in flows.years), "total"]
    heads = [*_flow_heads(language), *(say(language, "lots.year", first=year) for year in flows.years)]
    heads.append(say(language, "finance.head.total"))
    write_plan_list(
        plan, path, language, heads, pd.DataFrame(flow_cells(rows, flows), columns=keys, dtype=object), today
    )


def flow_rows(one: LotFlows, language: Language) -> list[tuple[str, str, str, np.ndarray[Any, Any], bool]]:
    """Lines of both sides of a lot or of all: lot, side, item, yen of the years, and whether it adds up others."""
    name = one.name or say(language, "lots.flow.all")
    found = []
    for side in ("city", "operator"):
        who = say(language, f"finance.side.{side}")
        for flow in one.flows:
            values = getattr(flow, side)
            if values.any():
                found.append((name, who, line_name(language, flow.code), values, False))
        whole = getattr(one, side)
        found.append((name, who, say(language, "finance.sum"), whole, True))
        found.append((name, who, say(language, "finance.cumulated"), np.cumsum(whole), True))
    return found


def flow_cells(
    rows: Sequence[tuple[str, str, str, np.ndarray[Any, Any], bool]], flows: YearFlows
) -> list[dict[str, object]]:
    """The same as cells of a table, whole yen; the cumulated have no total."""
    return [
        {
            "lot": lot, "side": side, "item": item, **{f"y{year}": round(float(yen)) for year, yen in zip(flows.years, values, strict=True)},
            "total": None if k and rows[k - 1][4] and summed else round(float(values.sum())),
        }
        for k, (lot, side, item, values, summed) in enumerate(rows)
    ]  # fmt: skip


def _flow_heads(language: Language) -> list[str]:
    return [heading(language, "name"), *(say(language, f"finance.head.{key}") for key in ("side", "item"))]


def _years(book: Book, notes: list[str], flows: YearFlows) -> None:
    table = flows.by_year(flows.whole)
    fields = [
        Field(key, say(book.language, f"lots.flow.{key}"), kind, width, summed=key in _SUMMED)
        for key, (kind, width) in _YEARS.items()
    ]
    yen = [key for key in _YEARS if key.endswith(("_yen", "_kwh"))]
    table[yen] = table[yen].round()
    table["capacity_kw"], table["capacity_total_kw"] = (
        table["capacity_kw"].round(2),
        table["capacity_total_kw"].round(2),
    )
    book.sheet("lot_years", notes, paper="A3").table(fields, plain(table), total=True, frozen=1)


def _cash(book: Book, notes: list[str], flows: YearFlows) -> None:
    language = book.language
    rows = [row for one in (flows.whole, *flows.lots) for row in flow_rows(one, language)]
    kinds = zip(("lot", "side", "item"), _flow_heads(language), (22, 13, 28), strict=True)
    fields = [Field(key, head, "text", width) for key, head, width in kinds]
    fields += [Field(f"y{year}", say(language, "lots.year", first=year), "whole", 12) for year in flows.years]
    fields.append(Field("total", say(language, "finance.head.total"), "whole", 14))
    frame = pd.DataFrame(flow_cells(rows, flows), dtype=object)
    book.sheet("lot_cash", notes, paper="A3").table(
        fields, frame, classes=["chosen" if row[4] else "" for row in rows], frozen=3
    )


def _rules(book: Book, basis: Basis) -> None:
    """The rules and costs of lots with unit, range and source; what somebody set otherwise says so."""
    language = book.language
    fields = [
        Field(
            key,
            say(language, f"export.head.{key}"),
            "any" if key in ("value", "low", "high") else "code" if key in ("unit", "how_sure") else "text",
            width,
        )
        for key, width in _RULES.items()
    ]
    rows, classes = [], []
    for kind, table, values in (("rule", rule_rows(), basis.rules), ("cost", cost_rows(), basis.costs)):
        for key, row in table.items():
            value = float(getattr(values, key))
            own = value != float(row["value"])
            rows.append(
                {
                    "item": say(language, f"lots.{kind}.{key}"), "value": value, "unit": unit_text(language, str(row["unit"])), "low": row["low"], "high": row["high"],
                    "source": say(language, "finance.paper.changed") if own else row[f"source_{language}"],
                    "how_sure": None if own else say(language, f"how_sure.{row['how_sure']}"),
                }
            )  # fmt: skip
            classes.append("" if own else "verify" if row["how_sure"] == "verify" else "")
    frame = pd.DataFrame(rows, columns=list(_RULES), dtype=object)
    book.sheet("lot_rules", []).table(fields, frame, classes=classes, frozen=1)


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
    spoils = [("verify" if value else "") for value in frame["spoils"]] if site else None
    book.sheet(name, notes, paper="A3").table(fields, plain(frame)[list(columns)], total=True, classes=spoils, frozen=2)
