"""Sizes of sites as a workbook and as CSV; every paper with the plan's fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.export.plan_book import plain, plan_book, write_plan_list
from kawasolar.export.xlsx_book import Field
from kawasolar.sizing.tables import ANSWER, LADDER, answer_table, ladder_table
from kawasolar.sizing.words import asked_text, figure_name, note_texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from kawasolar.export.xlsx_book import Book
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
    "now_kw", "capacity_kw", "whole_kw", "modules", "energy_kwh", "self_use_kwh", "surplus_kwh", "saving", "capex", "co2_t",
)  # fmt: skip


def write_sizing_csv(
    sizes: Sizes, choices: Sequence[Choice], plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:
    """Write the answer for each site.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    heads = [figure_name(language, key) for key in ANSWER]
    write_plan_list(plan, path, language, heads, answer_table(language, sizes, choices), today)


def write_sizing_xlsx(
    sizes: Sizes, choices: Sequence[Choice], wants: Wants, plan: Plan, path: Path, language: Language, *, today: date | None = None
) -> None:  # fmt: skip
    """Write the workbook: the answer for each site, then every size of every site.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    notes = [asked_text(language, sizes, wants), *note_texts(language, plan, sizes)]
    with plan_book(plan, path, language, today) as book:
        _sheet(book, "sizing_sites", notes, answer_table(language, sizes, choices), ANSWER, total=True)
        _sheet(book, "sizing_ladder", [], ladder_table(language, sizes), LADDER, total=False)


def _sheet(book: Book, name: str, notes: list[str], frame: pd.DataFrame, columns: Sequence[str], *, total: bool) -> None:  # fmt: skip
    fields = []
    for key in columns:
        kind, width = _KINDS.get(key, ("whole", 14))
        fields.append(Field(key, figure_name(book.language, key), kind, width, summed=key in _SUMMED))
    book.sheet(name, notes).table(fields, plain(frame), total=total)
