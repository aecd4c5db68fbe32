"""Eligibility laid open as a workbook and as CSV: criteria, outcomes with their data, remedies, what has to be found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.export.plan_book import plain, plan_book, write_plan_list
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.reasons import criterion_name
from kawasolar.remedies.words import costs_note, costs_table, find_sentence, names, outcome_table, remedy_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.plan import Plan
    from kawasolar.remedies.of_plan import Laid
    from kawasolar.words import Language

_COUNTS = {
    "criterion": ("text", 24), "passes": ("whole", 9), "fails": ("whole", 9), "unknown": ("whole", 9), "alone_fails": ("whole", 12),
    "alone_unknown": ("whole", 12), "alone_kw": ("one", 14),
}  # fmt: skip
_OUTCOMES = {
    "facility_id": ("code", 12), "name": ("text", 28), "criterion": ("text", 20), "outcome": ("text", 10), "threshold": ("one", 10), "datum": ("text", 60),
}  # fmt: skip
_REMEDIES = {
    "facility_id": ("code", 12), "name": ("text", 28), "ward": ("text", 10), "criteria": ("text", 24), "remedy": ("text", 50), "yen": ("whole", 15),
    "yen_low": ("whole", 15), "yen_high": ("whole", 15), "lead_years": ("one", 8), "capacity_kw": ("one", 10), "yen_per_kw": ("whole", 13),
    "yen_per_t": ("whole", 15), "planned_year": ("year", 10),
}  # fmt: skip
_UNKNOWNS = {
    "facility_id": ("code", 12), "name": ("text", 28), "ward": ("text", 10), "criterion": ("text", 20), "find": ("text", 50), "capacity_kw": ("one", 10),
    "alone": ("code", 10),
}  # fmt: skip
_COSTS = {
    "remedy": ("text", 32), "price": ("whole", 12), "per": ("text", 18), "price_low": ("whole", 12), "price_high": ("whole", 12), "lead_years": ("one", 10),
    "how_sure": ("text", 12), "source": ("text", 60),
}  # fmt: skip


def remedies_in_words(laid: Laid, language: Language) -> pd.DataFrame:
    """The facilities that are not eligible, and what would change it."""
    table = laid.remedies.copy()
    table["remedy"] = [remedy_sentence(language, row) for row in table.to_dict("records")]
    table["criteria"] = [names(language, keys) for keys in table["criteria"]]
    for name in ("yen", "yen_low", "yen_high", "yen_per_kw", "yen_per_t"):
        table[name] = table[name].astype("Float64").round().astype("Int64")
    table["capacity_kw"] = table["capacity_kw"].astype(float).round(2)
    return table[list(_REMEDIES)]


def unknowns_in_words(laid: Laid, language: Language) -> pd.DataFrame:
    """What has to be found out."""
    table = laid.unknowns.copy()
    table["find"] = [find_sentence(language, key) for key in table["criterion"]]
    table["criterion"] = [criterion_name(language, key) for key in table["criterion"]]
    table["alone"] = ["○" if alone else "" for alone in table["alone"]]
    table["capacity_kw"] = table["capacity_kw"].round(2)
    return table[list(_UNKNOWNS)]


def write_eligibility_csv(
    laid: Laid, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the facilities that are not eligible with what would change it; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    table = remedies_in_words(laid, language)
    heads = [say(language, f"eligibility.column.{key}") for key in _REMEDIES]
    write_plan_list(plan, path, language, heads, table, today)


def write_eligibility_xlsx(
    laid: Laid, plan: Plan, rows: Sequence[int], path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: criteria, outcomes of some facilities with their data, remedies, what has to be found out, what remedies cost.

    Parameters
    ----------
    rows : places in the ledger of the facilities whose outcomes are told

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    with plan_book(plan, path, language, today) as book:
        counts = laid.counts.assign(criterion=[criterion_name(language, key) for key in laid.counts["criterion"]])
        _sheet(book, "eligibility_counts", [], counts, _COUNTS)
        _sheet(book, "eligibility_outcomes", [], outcome_table(language, plan, laid, rows), _OUTCOMES)
        note = [costs_note(language, laid)]
        _sheet(book, "eligibility_remedies", note, remedies_in_words(laid, language), _REMEDIES)
        _sheet(book, "eligibility_unknowns", [], unknowns_in_words(laid, language), _UNKNOWNS)
        _sheet(book, "eligibility_costs", note, costs_table(language, laid), _COSTS)


def _sheet(book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: dict[str, tuple[str, int]]) -> None:
    fields = [
        Field(key, say(book.language, f"eligibility.column.{key}"), kind, width)
        for key, (kind, width) in columns.items()
    ]
    book.sheet(name, notes).table(fields, plain(frame)[list(columns)])
