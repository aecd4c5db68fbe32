"""Chargers at bases as a workbook and as CSV; every paper with the plan's fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.charging.tables import (
    BASE_COLUMNS,
    CAR_COLUMNS,
    CURVE_COLUMNS,
    OUTAGE_COLUMNS,
    SET_COLUMNS,
    base_table,
    car_table,
    curve_table,
    set_table,
    term_table,
)
from kawasolar.charging.words import column_name, note_texts
from kawasolar.export.plan_book import assumed_sheet, plain, plan_book, write_plan_list
from kawasolar.export.xlsx_book import Field
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from kawasolar.charging.result import Charging
    from kawasolar.export.xlsx_book import Book
    from kawasolar.plan import Plan
    from kawasolar.words import Language

_TEXTS = {
    "facility_id": 12, "name": 28, "set": 32, "enough": 12, "tariff": 24, "note": 40, "kind": 24, "vehicle": 18, "model": 18, "reason": 44, "v2x": 8, "part": 16, "time": 18,
}  # fmt: skip
_WHOLE = ("cars", "served", "v2x_cars", "chargers", "number", "month")
_SUMMED = ("cars", "served", "v2x_cars", "chargers", "cost_yen", "subsidy_yen", "driven_kwh", "charged_kwh", "given_kwh", "number")  # fmt: skip
# Bases whose half hours are written: beyond them a sheet is no reading any more.
_MOST_CURVES = 200


def write_charging_csv(found: Charging, plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:  # fmt: skip
    """Write a row a base.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    heads = [column_name(language, key) for key in BASE_COLUMNS]
    write_plan_list(plan, path, language, heads, _rounded(base_table(language, found)), today)


def write_charging_xlsx(found: Charging, plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:  # fmt: skip
    """Write the workbook: bases, chargers of each kind, cars, half hours of the worst day and a week, outages by month, assumptions.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    ids = found.bases["facility_id"].astype(str).tolist()
    some = ids[:_MOST_CURVES]
    cut = [say(language, "charging.note.curves", count=len(some), bases=len(ids))] if len(some) < len(ids) else []
    terms, classes = term_table(language, found)
    with plan_book(plan, path, language, today) as book:
        _sheet(book, "charging_bases", note_texts(language, found), base_table(language, found), BASE_COLUMNS, total=True)  # fmt: skip
        _sheet(book, "charging_sets", [], set_table(language, found), SET_COLUMNS, total=True)
        _sheet(book, "charging_cars", [], car_table(language, found), CAR_COLUMNS)
        _sheet(book, "charging_curves", cut, curve_table(language, found, some), CURVE_COLUMNS)
        if len(found.outage):
            _sheet(book, "charging_outage", [], found.outage, OUTAGE_COLUMNS)
        assumed_sheet(book, "charging_terms", terms, classes)


def _sheet(book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: Sequence[str], *, total: bool = False) -> None:  # fmt: skip
    fields = []
    for key in columns:
        kind = "text" if key in _TEXTS else "whole" if key in _WHOLE or key.endswith("_yen") else "one"
        kind = "code" if key == "facility_id" else "two" if key.endswith("_kw") and name == "charging_curves" else kind
        fields.append(Field(key, column_name(book.language, key), kind, _TEXTS.get(key, 14), summed=total and key in _SUMMED))  # fmt: skip
    book.sheet(name, notes).table(fields, plain(_rounded(frame)), total=total, frozen=min(2, len(columns)))


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are told: a thousandth; no nought with a sign."""
    made = frame.copy()
    for name in made.select_dtypes("float"):
        made[name] = made[name].round(3) + 0.0
    return made
