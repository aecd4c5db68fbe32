"""Eligibility laid open as a workbook and as CSV: criteria, outcomes with their data, remedies, what has to be found out."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from kawasolar import __version__
from kawasolar.export.csv import write_table
from kawasolar.export.fingerprint import PROPERTY, Origin
from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.reasons import criterion_name
from kawasolar.remedies.words import find_sentence, names, outcome_table, remedy_sentence
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
    origin, table = Origin.of(plan, today), remedies_in_words(laid, language)
    same = {
        say(language, "why.paper.name"): origin.marked(language), say(language, "why.paper.date"): origin.day.isoformat(),
        say(language, "why.paper.fingerprint"): origin.fingerprint,
    }  # fmt: skip
    heads = [*(say(language, f"eligibility.column.{key}") for key in _REMEDIES), *same]
    rows = [
        [*(None if pd.isna(cell) else cell for cell in row), *same.values()] for row in table.itertuples(index=False)
    ]
    write_table(path, heads, rows)


def write_eligibility_xlsx(
    laid: Laid, plan: Plan, rows: Sequence[int], path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: criteria, outcomes of some facilities with their data, remedies, what has to be found out.

    Parameters
    ----------
    rows : places in the ledger of the facilities whose outcomes are told

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
    counts = laid.counts.assign(criterion=[criterion_name(language, key) for key in laid.counts["criterion"]])
    _sheet(book, "eligibility_counts", [], counts, _COUNTS)
    _sheet(book, "eligibility_outcomes", [], outcome_table(language, plan, laid, rows), _OUTCOMES)
    note = [say(language, "eligibility.note.costs")]
    _sheet(book, "eligibility_remedies", note, remedies_in_words(laid, language), _REMEDIES)
    _sheet(book, "eligibility_unknowns", [], unknowns_in_words(laid, language), _UNKNOWNS)
    workbook.close()
    with atomic(path, ".xlsx") as work:
        work.write_bytes(made.getvalue())


def _sheet(book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: dict[str, tuple[str, int]]) -> None:
    fields = [
        Field(key, say(book.language, f"eligibility.column.{key}"), kind, width)
        for key, (kind, width) in columns.items()
    ]
    plain = frame.astype(object).where(frame.notna(), None)
    book.sheet(name, notes).table(fields, plain[list(columns)])
