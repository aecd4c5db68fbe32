"""A programme as a workbook and as CSV: years, sites with year and reason, progress; every paper with the plan's fingerprint."""

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
from kawasolar.programme.words import programme_lines, reasons_column, unit_text
from kawasolar.words import say

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from kawasolar.plan import Plan
    from kawasolar.programme.kept import Kept
    from kawasolar.words import Language

_SITES = {
    "facility_id": ("code", 12), "name": ("text", 28), "ward": ("text", 12), "shelter": ("code", 9), "fiscal_year": ("year", 9),
    "status": ("code", 10), "capacity_kw": ("one", 11), "cost_yen": ("whole", 15), "subsidy_yen": ("whole", 15), "worth": ("one", 14),
    "why": ("text", 60),
}  # fmt: skip
_YEARS = {
    "fiscal_year": ("year", 10), "sites": ("whole", 9), "capacity_kw": ("one", 12), "cost_yen": ("whole", 17), "subsidy_yen": ("whole", 17),
    "worth": ("one", 16), "sites_total": ("whole", 11), "capacity_total_kw": ("one", 13), "share": ("one", 11),
}  # fmt: skip
_TRACKER = {"status": ("text", 16), "sites": ("whole", 10), "capacity_kw": ("one", 14)}
_SUMMED = ("sites", "capacity_kw", "cost_yen", "subsidy_yen", "worth")


def names_of(plan: Plan) -> dict[str, str]:
    """Names of the facilities; the id where there is none."""
    ids = plan.facilities["facility_id"].astype(str)
    return dict(zip(ids, plan.facilities["name"].where(plan.facilities["name"].notna(), ids).astype(str), strict=True))


def sites_in_words(programme: Kept, plan: Plan, language: Language) -> pd.DataFrame:
    """The sites with their names and reasons, in the order of years, then ids."""
    table, names = programme.frame.copy(), names_of(plan)
    table["name"] = table["facility_id"].map(lambda one: names.get(one, one))
    table["why"] = reasons_column(language, programme, names)
    table["fiscal_year"] = table["fiscal_year"].astype("Int64").mask(table["fiscal_year"] == 0)
    table["status"] = [say(language, f"programme.status.{status}") for status in table["status"]]
    table["shelter"] = ["○" if shelter else "" for shelter in table["shelter"]]
    # As many digits as mean something; yen are whole.
    table["capacity_kw"], table["worth"] = table["capacity_kw"].round(2), table["worth"].round(1)
    for name in ("cost_yen", "subsidy_yen"):
        table[name] = table[name].round().astype("Int64")
    return table[list(_SITES)].sort_values(["fiscal_year", "facility_id"], na_position="last", kind="stable")


def write_programme_csv(
    programme: Kept, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the sites: UTF-8 that Excel knows; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    origin, table = Origin.of(plan, today), sites_in_words(programme, plan, language)
    same = {
        say(language, "why.paper.name"): origin.marked(language), say(language, "why.paper.date"): origin.day.isoformat(),
        say(language, "why.paper.fingerprint"): origin.fingerprint,
    }  # fmt: skip
    heads = [*(_heading(key, programme, language) for key in _SITES), *same]
    rows = [
        [*(None if pd.isna(cell) else cell for cell in row), *same.values()] for row in table.itertuples(index=False)
    ]
    write_table(path, heads, rows)


def write_programme_xlsx(
    programme: Kept, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: by year, by site, progress.

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
    lines = programme_lines(language, programme)
    years = programme.by_year()
    years["share"] *= 100
    # The head, what was assumed, and the proof; the years are the table itself.
    notes = [*lines[:2], *lines[2 + len(years) + len(programme.tracker()) :]]
    _sheet(book, "programme_years", notes, years, _YEARS, programme, total=True)
    _sheet(book, "programme_sites", [], sites_in_words(programme, plan, language), _SITES, programme, total=True)
    progress = programme.tracker()
    progress["status"] = [say(language, f"programme.status.{status}") for status in progress["status"]]
    _sheet(book, "programme_tracker", [], progress, _TRACKER, programme, total=True)
    workbook.close()
    with atomic(path, ".xlsx") as work:
        work.write_bytes(made.getvalue())


def _heading(key: str, programme: Kept, language: Language) -> str:
    return say(language, f"programme.column.{key}", unit=unit_text(language, programme.objective))


def _sheet(
    book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: dict[str, tuple[str, int]], programme: Kept, *, total: bool
) -> None:  # fmt: skip
    fields = [
        Field(key, _heading(key, programme, book.language), kind, width, summed=key in _SUMMED)
        for key, (kind, width) in columns.items()
    ]
    plain = frame.astype(object).where(frame.notna(), None)
    book.sheet(name, notes).table(fields, plain[list(columns)], total=total)
