"""LED retrofits as a workbook, as CSV and as a layer; every paper with the plan's fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.export.gpkg import origin_table
from kawasolar.export.plan_book import plain, plan_book, write_plan_list
from kawasolar.export.writing import atomic_geopackage
from kawasolar.export.xlsx_book import Field
from kawasolar.lighting.tables import COLUMNS, TABLE, headings, shown, table_rows
from kawasolar.lighting.words import asked_text, figure_name, note_texts, proof_text, total_text
from kawasolar.project.gpkg import prepare
from kawasolar.project.write import write_layer
from kawasolar.words import say

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.export.xlsx_book import Book
    from kawasolar.lighting.result import Lighting
    from kawasolar.lighting.table import Table
    from kawasolar.plan import Plan
    from kawasolar.words import Language

_TEXT = {"name": 28, "ward": 10, "kind": 12, "ban": 26, "way": 12, "by": 12, "lot": 9, "facility_ids": 50, "building": 12, "floor": 8, "room": 16, "fixture": 18, "lamp_type": 18, "w_from": 18, "hours_from": 14, "replacement": 18}  # fmt: skip
_CODE = {"facility_id": 12, "last_day": 12, "estimated": 8, "joint": 8, "high": 7, "dimming": 7, "emergency": 8, "asbestos": 7, "pcb": 7, "survey": 8}  # fmt: skip
_YEAR = ("year", "deadline_year", "fiscal_year", "installed_year", "source_row")
_ONE = (
    "payback", "co2_t", "provider_irr", "old_w", "led_w", "height_m", "life_years", "lamps_needed", "lamps_needed_without", "waste_kg",
)  # fmt: skip
_ANY = ("old_kw", "new_kw")
_SUMMED = {
    "facilities": (
        "luminaires", "led_luminaires", "old_kw", "new_kw", "old_kwh", "new_kwh", "saved_kwh", "saved_yen", "upkeep_yen", "cost_yen", "high_yen", "co2_t", "year_cost_yen", "late", "lamp_count",
        "mercury_lamps", "pcb", "survey", "asbestos", "waste_kg", "waste_yen",
    ),
    "years": ("facilities", "luminaires", "cost_yen", "joint", "saved_kwh", "saving_yen", "co2_t", "late"), "lots": ("facilities", "luminaires", "cost_yen"),
    "rows": ("fixtures", "old_kw", "new_kw", "saved_kwh", "cost_yen", "upkeep_yen"),
}  # fmt: skip
# Counted in these tables, and yes or no in that of the luminaires.
_COUNTED = ("pcb", "survey", "asbestos", "joint")
SHEETS = ("facilities", "years", "ways", "stock", "lots", "rows")


def write_lighting_csv(
    found: Lighting, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:
    """Write the facilities with their years.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    write_plan_list(
        plan, path, language, headings(language, "facilities"), shown(language, found, "facilities"), today
    )  # fmt: skip


def write_lighting_xlsx(
    found: Lighting, table: Table, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:
    """Write the workbook: facilities, years, ways, deadlines, lots, luminaires, and what was reckoned with.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    notes = [asked_text(language, found.head), total_text(language, found), proof_text(language, found.head), *note_texts(language, found)]  # fmt: skip
    with plan_book(plan, path, language, today) as book:
        for name in SHEETS:
            _sheet(book, found, name, notes if name == "facilities" else notes[:1])
        _terms(book, table)


def write_lighting_gpkg(
    found: Lighting, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:
    """Write the layer ``lighting``, a point a facility with its columns as :data:`kawasolar.lighting.tables.COLUMNS` names them, in the project's CRS; the table ``plan`` says which plan it is.

    Raises
    ------
    NotWritable
        Locked by QGIS, read-only, disk full.
    """
    import geopandas as gpd

    table = shown(language, found, "facilities")
    points = plan.facilities.drop_duplicates("facility_id").set_index("facility_id").geometry
    layer = gpd.GeoDataFrame(table, geometry=points.reindex(table["facility_id"]).to_numpy(), crs=plan.facilities.crs)
    # Who has no place is in the other papers.
    layer = layer[~(layer.geometry.isna() | layer.geometry.is_empty)]
    # A layer knows no column that is now a number and now nothing.
    numeric = [key for key in table if table[key].map(lambda cell: isinstance(cell, int | float)).any()]
    layer = layer.astype(dict.fromkeys(numeric, "float64"))

    def finish(connection: sqlite3.Connection) -> None:
        prepare(connection)
        origin_table(connection, plan, language, today)

    with atomic_geopackage(path, finish) as work:
        write_layer(work, "lighting", layer.to_crs(plan.crs), "Point", plan.crs)


def _sheet(book: Book, found: Lighting, name: str, notes: Sequence[str]) -> None:
    fields = [_field(book.language, name, key) for key in COLUMNS[name]]
    frame = plain(shown(book.language, found, name))
    classes = None
    if "estimated" in frame:
        classes = ["verify" if one is not None else "" for one in frame["estimated"]]
    sheet = book.sheet(f"lighting_{name}", notes, paper="A3" if len(fields) > 14 else "A4")
    sheet.table(fields, frame, total=name in _SUMMED, classes=classes, frozen=2 if name == "facilities" else 1)


def _field(language: Language, name: str, key: str) -> Field:
    heading, summed = figure_name(language, key), key in _SUMMED.get(name, ())
    if name != "rows" and key in _COUNTED and not (name == "facilities" and key == "joint"):
        return Field(key, heading, "whole", 11, summed=summed)
    if key in _TEXT:
        return Field(key, heading, "text", _TEXT[key])
    if key in _CODE:
        return Field(key, heading, "code", _CODE[key])
    kind = "year" if key in _YEAR else "one" if key in _ONE else "any" if key in _ANY else "whole"
    return Field(key, heading, kind, 10 if kind == "year" else 13, summed=summed)


def _terms(book: Book, table: Table) -> None:
    """Every row that was reckoned with."""
    language = book.language
    widths = {"section": 16, "item": 34, "values": 46, "low": 9, "high": 9, "source": 50, "how_sure": 12, "remark": 46}
    kinds = {"low": "any", "high": "any", "how_sure": "code"}
    own = ("section", "values")
    fields = [
        Field(key, say(language, f"lighting.head.{key}" if key in own else f"export.head.{key}"), kinds.get(key, "text"), widths[key])
        for key in TABLE
    ]  # fmt: skip
    frame = plain(table_rows(language, table))
    verify = say(language, "how_sure.verify")
    classes = ["corrected" if sure == "" else "verify" if sure == verify else "" for sure in frame["how_sure"]]
    book.sheet("lighting_table", [], paper="A3").table(fields, frame, classes=classes, frozen=2)
