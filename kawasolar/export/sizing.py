"""Sizes of sites as a workbook and as CSV; every paper with the plan's fingerprint."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import xlsxwriter

from kawasolar import __version__
from kawasolar.export.csv import write_table
from kawasolar.export.fingerprint import PROPERTY, Origin
from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.sizing.tables import ANSWER, LADDER, answer_table, ladder_table
from kawasolar.sizing.words import asked_text, figure_name, note_texts
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from kawasolar.plan import Plan
    from kawasolar.sizing.choose import Choice, Wants
    from kawasolar.sizing.sizes import Sizes
    from kawasolar.words import Language

_KINDS = {
    "facility_id": ("code", 12), "name": ("text", 28), "now_kw": ("two", 11), "capacity_kw": ("two", 11), "whole_kw": ("two", 11), "modules": ("whole", 9),
    "price": ("two", 12), "payback": ("one", 12), "co2_t": ("one", 11), "self_use_ratio": ("one", 11), "self_supply_ratio": ("one", 11),
    "peak_kw": ("one", 11), "duty": ("text", 26), "why": ("text", 60),
}  # fmt: skip
_SUMMED = (
    "now_kw",
    "capacity_kw",
    "whole_kw",
    "modules",
    "energy_kwh",
    "self_use_kwh",
    "surplus_kwh",
    "saving",
    "capex",
    "co2_t",
)


def write_sizing_csv(
    sizes: Sizes, choices: Sequence[Choice], plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:
    """Write the answer for each site: UTF-8 that Excel knows; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    origin, table = Origin.of(plan, today), answer_table(language, sizes, choices)
    same = {
        say(language, "why.paper.name"): origin.marked(language), say(language, "why.paper.date"): origin.day.isoformat(),
        say(language, "why.paper.fingerprint"): origin.fingerprint,
    }  # fmt: skip
    heads = [*(figure_name(language, key) for key in ANSWER), *same]
    write_table(path, heads, [[*row, *same.values()] for row in _plain(table).itertuples(index=False)])


def write_sizing_xlsx(
    sizes: Sizes, choices: Sequence[Choice], wants: Wants, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: the answer for each site, then every size of every site.

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
        {"title": plan.name, "comments": f"KawaSolar {__version__}\n{origin.line(language)}", "keywords": origin.fingerprint}
    )  # fmt: skip
    workbook.set_custom_property(PROPERTY, origin.fingerprint, "text")
    notes = [asked_text(language, sizes, wants), *note_texts(language, plan, sizes)]
    _sheet(book, "sizing_sites", notes, answer_table(language, sizes, choices), ANSWER, total=True)
    _sheet(book, "sizing_ladder", [], ladder_table(language, sizes), LADDER, total=False)
    workbook.close()
    with atomic(path, ".xlsx") as work:
        work.write_bytes(made.getvalue())


def _sheet(book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: Sequence[str], *, total: bool) -> None:  # fmt: skip
    fields = []
    for key in columns:
        kind, width = _KINDS.get(key, ("whole", 14))
        fields.append(Field(key, figure_name(book.language, key), kind, width, summed=key in _SUMMED))
    book.sheet(name, notes).table(fields, _plain(frame), total=total)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """None where there is nothing."""
    return frame.astype(object).where(frame.notna(), None)
