"""A fleet's programme as a workbook and as CSV; every paper with the plan's fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.export.csv import write_table
from kawasolar.export.plan_book import assumed_sheet, plain, plan_book, write_plan_list
from kawasolar.export.xlsx_book import Field
from kawasolar.fleet.catalogue import COLUMNS as CATALOGUE
from kawasolar.fleet.tables import (
    CAR_TABLE,
    WITHOUT_TABLE,
    YEAR_TABLE,
    assumed_table,
    base_table,
    car_table,
    without_table,
    year_table,
)
from kawasolar.fleet.words import class_name, head_name, note_texts, power_name, short_texts, summary_texts
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.export.xlsx_book import Book
    from kawasolar.fleet.result import FleetResult
    from kawasolar.plan import Plan
    from kawasolar.words import Language

_KINDS = {
    "vehicle": ("code", 20), "facility_id": ("code", 12), "base_name": ("text", 24), "name": ("text", 30), "department": ("text", 18),
    "vehicle_class": ("text", 12), "power": ("text", 10), "model": ("text", 22), "model_power": ("code", 8), "held": ("code", 8), "why": ("text", 34),
    "filled": ("text", 30), "reasons": ("text", 56), "natural_year": ("year", 9), "fiscal_year": ("year", 9), "year": ("year", 9), "share": ("one", 10), "target": ("one", 8),
    "old_co2_t": ("two", 10), "new_co2_t": ("two", 10), "co2_t": ("one", 11), "saved_t": ("one", 11), "charge_kw": ("one", 11),
}  # fmt: skip
_SUMMED = (
    "old_yearly_yen", "new_yearly_yen", "upfront_yen", "early_yen", "late_yen", "old_co2_t", "new_co2_t", "kwh", "cars", "next_generation", "ev", "phev", "charge_kw",
)  # fmt: skip
_TEXTS = {
    "key": 18,
    "name_ja": 24,
    "name_en": 24,
    "power": 9,
    "body": 12,
    "source_ja": 44,
    "source_en": 44,
    "how_sure": 12,
}


def write_fleet_csv(result: FleetResult, plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:  # fmt: skip
    """Write the cars.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    heads = [head_name(language, key) for key in CAR_TABLE]
    write_plan_list(plan, path, language, heads, car_table(language, result), today)


def write_fleet_catalogue(result: FleetResult, path: Path) -> None:
    """Write the catalogue that was used, as :func:`kawasolar.fleet.catalogue.read_catalogue` reads it again.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    rows = [
        [int(cell) if isinstance(cell, float) and cell == int(cell) else cell for cell in row]
        for row in result.catalogue.itertuples(index=False)
    ]
    write_table(path, list(CATALOGUE), rows)


def write_fleet_xlsx(result: FleetResult, plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:  # fmt: skip
    """Write the workbook: fiscal years, cars, bases, cars without a substitute, assumptions, catalogue.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    told = [*short_texts(language, result), *summary_texts(language, result)]
    notes = note_texts(language, result)
    with plan_book(plan, path, language, today) as book:
        _sheet(book, "fleet_years", [*told, *notes], year_table(result), YEAR_TABLE)
        _sheet(book, "fleet_cars", notes, car_table(language, result), CAR_TABLE, total=True, frozen=1)
        _sheet(book, "fleet_bases", [], base_table(result), list(result.bases.columns), total=True)
        _sheet(book, "fleet_without", [], without_table(language, result), WITHOUT_TABLE)
        assumed_sheet(book, "fleet_terms", *assumed_table(language, result), notes[:1])
        _catalogue(book, result)


def _sheet(
    book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: Sequence[str], *, total: bool = False, frozen: int = 0
) -> None:  # fmt: skip
    fields = []
    for key in columns:
        kind, width = _KINDS.get(key, ("whole", 13))
        fields.append(Field(key, head_name(book.language, key), kind, width, summed=key in _SUMMED))
    book.sheet(name, notes, paper="A3" if len(fields) > 14 else "A4").table(fields, plain(frame), total=total, frozen=frozen)  # fmt: skip


def _catalogue(book: Book, result: FleetResult) -> None:
    """The vehicles with all their numbers, the name in the paper's language."""
    language = book.language
    other = "en" if language == "ja" else "ja"
    frame = result.catalogue.assign(
        power=[power_name(language, one) for one in result.catalogue["power"]], body=[class_name(language, one) for one in result.catalogue["body"]],
        how_sure=[say(language, f"how_sure.{one}") for one in result.catalogue["how_sure"]],
    ).drop(columns=[f"name_{other}", f"source_{other}"])  # fmt: skip
    fields = [
        Field(name, say(language, f"fleet.model.{name.removesuffix(f'_{language}')}"), "text" if name in _TEXTS else "any", _TEXTS.get(name, 11))
        for name in frame.columns
    ]  # fmt: skip
    fills = ["verify" if one == "verify" else "" for one in result.catalogue["how_sure"]]
    book.sheet("fleet_catalogue", [], paper="A3").table(fields, plain(frame), classes=fills, frozen=1)
