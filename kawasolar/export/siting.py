"""Sites of chargers on paper: a workbook of sites, points, candidates, the curve and all assumptions; the sites as CSV; sites, points and catchments as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from gis.crs import label
from kawasolar.export.gpkg import origin_table
from kawasolar.export.plan_book import ASSUMED_COLUMNS, assumed_sheet, plain, plan_book, write_plan_list
from kawasolar.export.writing import atomic_geopackage
from kawasolar.export.xlsx_book import Field
from kawasolar.project.gpkg import prepare
from kawasolar.project.write import write_layer
from kawasolar.siting.catchments import catchments
from kawasolar.siting.table import assumption_rows
from kawasolar.siting.words import (
    assumed_values,
    assumption_name,
    candidates_in_words,
    head_text,
    notes,
    sites_in_words,
    unit_name,
)
from kawasolar.words import say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from kawasolar.export.xlsx_book import Book
    from kawasolar.plan import Plan
    from kawasolar.siting.of_plan import Siting
    from kawasolar.words import Language

_SITES = {
    "site_id": ("code", 12), "name": ("text", 26), "how": ("code", 11), "fiscal_year": ("year", 9), "chargers": ("whole", 9), "price_yen": ("whole", 14),
    "kwh_day": ("one", 12), "load_kwh_day": ("one", 12), "points": ("whole", 9), "weight": ("one", 12), "share": ("percent", 10), "mean_m": ("whole", 11),
    "farthest_m": ("whole", 11), "why": ("text", 60),
}  # fmt: skip
_POINTS = {
    "point_id": ("code", 12), "name": ("text", 22), "weight": ("one", 12), "kwh_day": ("two", 12), "site_id": ("code", 12), "distance_m": ("whole", 10),
    "served": ("percent", 10), "covered": ("code", 9), "x": ("one", 12), "y": ("one", 12),
}  # fmt: skip
_CANDIDATES = {
    "site_id": ("code", 12), "name": ("text", 26), "kind": ("text", 12), "ward": ("text", 10), "standing": ("code", 9), "stalls": ("whole", 9), "spare_kw": ("one", 10),
    "open_hours": ("one", 10), "visible": ("code", 9), "flood_m": ("two", 10), "landslide": ("text", 12), "years_left": ("whole", 10), "chargers": ("whole", 9),
    "kwh_day": ("one", 12), "price_yen": ("whole", 14), "chosen": ("code", 8), "why_not": ("text", 44),
}  # fmt: skip
_CURVE = {
    "number": ("whole", 10), "covered_share": ("percent", 12), "mean_m": ("whole", 12), "total": ("one", 18), "bound": ("one", 18), "gap": ("percent", 10),
}  # fmt: skip
_SUMMED = ("chargers", "price_yen", "kwh_day", "load_kwh_day", "points", "weight", "share")


def heading(language: Language, key: str, source: str) -> str:
    """What a column is called; the weight by what it counts."""
    return say(language, f"siting.column.weight.{source}" if key == "weight" else f"siting.column.{key}")


def write_siting_xlsx(
    plan: Plan, found: Siting, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook.

    Raises
    ------
    NotWritable
        open in Excel, read-only, disk full
    """
    with plan_book(plan, path, language, today) as book:
        told = [head_text(language, found), *notes(language, found)]
        _sheet(book, "siting_sites", told, sites_in_words(language, found), _SITES, found, total=True)
        _sheet(book, "siting_candidates", told[-1:], candidates_in_words(language, found), _CANDIDATES, found)
        if len(found.curve):
            _sheet(book, "siting_curve", [say(language, "siting.note.curve")], found.curve, _CURVE, found)
        points = found.points.assign(covered=["○" if one else "" for one in found.points["covered"]])
        _sheet(
            book, "siting_points", [say(language, "siting.note.points", crs=label(plan.crs))], points, _POINTS, found
        )
        _terms(book, found)


def _sheet(
    book: Book, name: str, told: list[str], frame: pd.DataFrame, columns: Mapping[str, tuple[str, int]], found: Siting, *, total: bool = False
) -> None:  # fmt: skip
    source = found.head["source"]
    fields = [
        Field(
            key,
            heading(book.language, key, source),
            "one" if kind == "percent" else kind,
            width,
            summed=total and key in _SUMMED,
        )
        for key, (kind, width) in columns.items()
    ]
    book.sheet(name, told, paper="A3").table(fields, _shown(frame, columns), total=total, frozen=2)


def _shown(frame: pd.DataFrame, columns: Mapping[str, tuple[str, int]]) -> pd.DataFrame:
    """The columns as a person reads them: shares in percent, None where there is nothing."""
    made = frame[list(columns)].copy()
    for key, (kind, _) in columns.items():
        if kind == "percent":
            made[key] = made[key].astype(float) * 100.0
    return plain(made)


def _terms(book: Book, found: Siting) -> None:
    """Every assumption with unit, range and source."""
    language, table, by_hand = book.language, assumption_rows(), set(found.head["by_hand"])
    rows, classes = [], []
    for key, value, unit in assumed_values(found):
        row, own = table[key], key in by_hand
        rows.append(
            {
                "item": assumption_name(language, key), "value": value, "unit": unit_name(language, unit), "low": row.low, "high": row.high,
                "source": say(language, "measures.paper.changed") if own else row.source(language),
                "how_sure": None if own else say(language, f"how_sure.{row.how_sure}"), "remark": None if own else row.note(language),
            }
        )  # fmt: skip
        classes.append("corrected" if own else "verify" if row.how_sure == "verify" else "")
    assumed_sheet(book, "siting_terms", pd.DataFrame(rows, columns=list(ASSUMED_COLUMNS), dtype=object), classes)


def write_siting_csv(plan: Plan, found: Siting, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the sites: UTF-8 that Excel knows; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        open in Excel, read-only, disk full
    """
    table = _shown(sites_in_words(language, found), _SITES)
    write_plan_list(plan, path, language, [heading(language, key, found.head["source"]) for key in _SITES], table, today)  # fmt: skip


def write_siting_gpkg(plan: Plan, found: Siting, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the layers ``sites``, ``points``, ``catchments`` and ``candidates`` in the project's CRS; the table ``plan`` says which plan it is.

    Raises
    ------
    NotWritable
        locked by QGIS, read-only, disk full
    """
    sites = sites_in_words(language, found)
    sites["fiscal_year"] = sites["fiscal_year"].astype(float)
    candidates = candidates_in_words(language, found)
    placed = candidates[candidates["x"].notna() & candidates["y"].notna()]
    layers: dict[str, tuple[gpd.GeoDataFrame, str]] = {
        "catchments": (catchments(found.points, plan.crs), "MultiPolygon"),
        "points": (_placed(found.points, plan), "Point"), "candidates": (_placed(placed, plan), "Point"), "sites": (_placed(sites, plan), "Point"),
    }  # fmt: skip

    def finish(connection: sqlite3.Connection) -> None:
        prepare(connection)
        origin_table(connection, plan, language, today)

    with atomic_geopackage(path, finish) as work:
        for name, (layer, shape) in layers.items():
            write_layer(work, name, layer, shape, plan.crs)


def _placed(frame: pd.DataFrame, plan: Plan) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        frame.drop(columns=["x", "y"]).reset_index(drop=True),
        geometry=gpd.points_from_xy(frame["x"].to_numpy(float), frame["y"].to_numpy(float)),
        crs=plan.crs,
    )
