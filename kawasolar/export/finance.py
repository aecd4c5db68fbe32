"""The four ways as a workbook: figures side by side, both sides' cash flows year by year, sensitivities, assumptions; the cash flows as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xlsxwriter

from kawasolar import __version__
from kawasolar.export.csv import write_table
from kawasolar.export.fingerprint import PROPERTY
from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.table import shown_date, this_day
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.finance.compare import FIGURES
from kawasolar.finance.terms import CAPEX
from kawasolar.finance.ways import WAYS
from kawasolar.finance.words import (
    figure_name,
    figure_number,
    figure_text,
    figure_unit,
    grant_texts,
    input_name,
    input_unit,
    line_name,
    term_text,
    way_name,
)
from kawasolar.profiles.tables import PPA_RULES
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from kawasolar.export.fingerprint import Origin
    from kawasolar.finance.compare import Comparison, Outcome
    from kawasolar.finance.terms import Terms
    from kawasolar.finance.tornado import Bar
    from kawasolar.finance.ways import Way
    from kawasolar.profiles.reader import Cited
    from kawasolar.words import Language

_YEAR_WIDTH, _ITEM_WIDTH = 11, 30
# Prices of other contracts, to compare with: nothing is computed from them.
_NOT_USED = ("price", "price_large")


def write_finance_xlsx(
    comparison: Comparison,
    path: Path,
    language: Language,
    *,
    name: str = "",
    tornados: Mapping[tuple[Way, str], Sequence[Bar]] | None = None,
    origin: Origin | None = None,
    today: date | None = None,
) -> None:
    """Write one site's four ways.

    Parameters
    ----------
    name : what the site is called
    tornados : by way and figure
    origin : of the plan that the site is of

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    title = name or say(language, "finance.paper.name", kw=_one(comparison.site.capacity_kw))
    day = shown_date(language, today or this_day())
    line = f"{title}  {origin.line(language)}" if origin else say(language, "finance.paper.line", name=title, day=day)
    with atomic(path, ".xlsx") as work:
        made = BytesIO()
        workbook = xlsxwriter.Workbook(made, OPTIONS)
        workbook.set_properties({"title": title, "comments": f"KawaSolar {__version__}\n{line}"})
        if origin:
            workbook.set_custom_property(PROPERTY, origin.fingerprint, "text")
        book = Book(workbook, language, line, "", f"{title[:40]}  {origin.fingerprint if origin else ''}".rstrip())
        _write_ways(book, comparison)
        for way in WAYS:
            _write_cash(book, comparison, way)
        if tornados:
            _write_tornados(book, comparison, tornados)
        write_terms(book, comparison.terms)
        workbook.close()
        work.write_bytes(made.getvalue())


def write_finance_csv(
    comparison: Comparison, path: Path, language: Language, *, name: str = "", origin: Origin | None = None
) -> None:
    """Write both sides' cash flows of all ways, one line a row, years as columns; the last columns say of which site and plan.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    heads = [say(language, f"finance.head.{key}") for key in ("way", "side", "item")]
    heads += [say(language, "finance.head.year", year=year) for year in range(comparison.terms.years + 1)]
    heads.append(say(language, "finance.head.total"))
    same = {say(language, "export.column.name"): name} if name else {}
    if origin:
        same[say(language, "why.paper.name")] = origin.marked(language)
        same[say(language, "why.paper.fingerprint")] = origin.fingerprint
    rows: list[list[object]] = [
        [
            way_name(language, way),
            row.side,
            row.item,
            *(round(float(value)) for value in row.years),
            row.total,
            *same.values(),
        ]
        for way in WAYS
        for row in cash_rows(comparison.outcomes[way], language)
    ]
    write_table(path, [*heads, *same], rows)


@dataclass(frozen=True)
class CashRow:
    """One row of a table of cash flows: whose, what, yen of the years, their sum in whole yen; ``summed`` where it adds up others."""

    side: str
    item: str
    years: NDArray[np.float64]
    total: int | None
    summed: bool


def cash_rows(outcome: Outcome, language: Language) -> list[CashRow]:
    """Each side's lines, their sum and what has come together; lines on which nothing stands are left out, as is who has none."""
    case, found = outcome.case, []
    for side in ("city", "operator"):
        lines = [(flow.code, getattr(flow, side)) for flow in case.flows]
        lines = [(code, values) for code, values in lines if np.any(values)]
        if not lines:
            continue
        who = say(language, f"finance.side.{'lessor' if side == 'operator' and case.way == 'lease' else side}")
        whole = getattr(case, side)
        found += [CashRow(who, line_name(language, code), one, round(float(one.sum())), False) for code, one in lines]
        found.append(CashRow(who, say(language, "finance.sum"), whole, round(float(whole.sum())), True))
        found.append(CashRow(who, say(language, "finance.cumulated"), np.cumsum(whole), None, True))
    return found


def _one(value: object) -> float:
    return float(np.asarray(value, dtype=np.float64).reshape(-1)[0])


def _notes(book: Book, comparison: Comparison) -> list[str]:
    site, years = comparison.site, comparison.years
    told = say(
        book.language, "finance.paper.site", kw=_one(site.capacity_kw), own=_one(years.self_use_kwh), surplus=_one(years.surplus_kwh),
        price=_one(site.avoided_yen_per_kwh), demand=_one(years.demand_yen), years=comparison.terms.years,
    )  # fmt: skip
    return [told, say(book.language, "finance.paper.note")]


def _write_ways(book: Book, comparison: Comparison) -> None:
    language = book.language
    sheet = book.sheet("finance_ways", _notes(book, comparison))
    fields = [Field("item", say(language, "finance.head.item"), "text", 44)]
    fields += [Field(way, way_name(language, way), "text", 24) for way in WAYS]
    rows: list[dict[str, Any]] = []
    for key in FIGURES:
        row: dict[str, Any] = {"item": figure_name(language, key)}
        for way in WAYS:
            value = float(comparison.outcomes[way].figures[key])
            row[way] = figure_text(language, way, key, value)
        rows.append(row)
    grants: dict[str, str] = {way: "\n".join(grant_texts(language, comparison.outcomes[way].grant)) for way in WAYS}
    if any(grants.values()):
        rows.append({"item": say(language, "finance.head.subsidy"), **grants})
    head = sheet.row + 1
    sheet.table(fields, pd.DataFrame(rows, dtype=object), frozen=1)
    _numbers(book, sheet, comparison, head)
    if any(grants.values()):
        sheet.height(head + len(FIGURES), max(text.count("\n") for text in grants.values()) * 2 + 2)


def _numbers(book: Book, sheet: Any, comparison: Comparison, head: int) -> None:  # noqa: ANN401 - a Sheet
    """The figures again as numbers in their cells, each with its own unit in its format."""
    for k, key in enumerate(FIGURES):
        for column, way in enumerate(WAYS, start=1):
            number = figure_number(way, key, float(comparison.outcomes[way].figures[key]))
            if number is None:
                continue
            digits = len(figure_text("en", way, key, 0.0).split(" ")[0].partition(".")[2])
            form = "#,##0" + ("." + "0" * digits if digits else "") + f'" {figure_unit(book.language, way, key)} "'
            style = book.style(border=1, border_color="#9AA5A1", align="right", num_format=form)
            sheet.sheet.write_number(head + k, column, number, style)


def _write_cash(book: Book, comparison: Comparison, way: Way) -> None:
    language, years = book.language, comparison.terms.years
    notes = [*_notes(book, comparison), say(language, "finance.paper.note_tax")]
    sheet = book.sheet(f"finance_{way}", notes, paper="A3")
    fields = [
        Field("side", say(language, "finance.head.side"), "text", 13),
        Field("item", say(language, "finance.head.item"), "text", _ITEM_WIDTH),
        *(Field(f"y{k}", say(language, "finance.head.year", year=k), "whole", _YEAR_WIDTH) for k in range(years + 1)),
        Field("total", say(language, "finance.head.total"), "whole", 13),
    ]
    found = cash_rows(comparison.outcomes[way], language)
    rows = [
        {
            "side": row.side,
            "item": row.item,
            **{f"y{k}": float(value) for k, value in enumerate(row.years)},
            "total": row.total,
        }
        for row in found
    ]
    sheet.table(
        fields, pd.DataFrame(rows, dtype=object), classes=["chosen" if row.summed else "" for row in found], frozen=2
    )


def _write_tornados(book: Book, comparison: Comparison, tornados: Mapping[tuple[Way, str], Sequence[Bar]]) -> None:
    language = book.language
    notes = [
        say(
            language, "finance.paper.note_tornado", figure=figure_name(language, key), way=way_name(language, way),
            value=figure_text(language, way, key, float(comparison.outcomes[way].figures[key])),
        )
        for way, key in tornados
    ]  # fmt: skip
    sheet = book.sheet("finance_tornado", notes)
    names = {
        "figure": (say(language, "finance.head.figure"), "text", 36),
        "input": (say(language, "export.head.item"), "text", 40),
        "unit": (say(language, "finance.head.unit"), "code", 12),
    }
    fields = [Field(key, *told) for key, told in names.items()]
    fields += [
        Field(key, say(language, f"finance.head.{key}"), "any", 14)
        for key in ("low", "base", "high", "at_low", "at_high", "span")
    ]
    rows = []
    for (way, key), bars in tornados.items():
        for bar in bars:
            ends = [figure_number(way, key, value) for value in (bar.at_low, bar.at_high)]
            span = abs(ends[1] - ends[0]) if ends[0] is not None and ends[1] is not None else None
            rows.append({
                "figure": f"{figure_name(language, key)} ({figure_unit(language, way, key)})", "input": input_name(language, bar.code), "unit": input_unit(language, bar.code),
                "low": bar.low, "base": bar.base, "high": bar.high, "at_low": ends[0], "at_high": ends[1], "span": span,
            })  # fmt: skip
    sheet.table(fields, pd.DataFrame(rows, columns=[field.key for field in fields], dtype=object), frozen=2)


def write_terms(book: Book, terms: Terms) -> None:
    """Every number with unit, range and source on a sheet; what is borrowed is shaded."""
    language = book.language
    notes = [say(language, "finance.paper.note_borrowed")] if terms.borrowed else []
    sheet = book.sheet("finance_terms", notes)
    widths = {"item": 38, "value": 16, "unit": 12, "low": 10, "high": 10, "source": 52, "how_sure": 12, "remark": 38}
    kinds = {"value": "any", "low": "any", "high": "any", "unit": "code", "how_sure": "code"}
    fields = [
        Field(key, say(language, f"export.head.{key}"), kinds.get(key, "text"), width) for key, width in widths.items()
    ]
    rows, classes = [], []
    for key, row in terms.rows.items():
        if key in _NOT_USED:
            continue
        choice = PPA_RULES.get(key, ("",))[0].startswith("choice.")
        value: object = term_text(language, terms, key) if choice else terms.number(key)
        told = _term(language, input_name(language, key), value, input_unit(language, key), row)
        if key in terms.changed:
            told |= {"source": say(language, "finance.paper.changed"), "how_sure": None, "remark": None}
        rows.append(told)
        shaded = key in terms.borrowed and key not in terms.changed
        classes.append("corrected" if shaded else "verify" if row.how_sure == "verify" else "")
    for size in terms.capex:
        name = f"{input_name(language, CAPEX)} {size.from_kw:,.0f}{'–' if size.to_kw is None else f'–{size.to_kw:,.0f}'} kW"
        rows.append(_term(language, name, size.yen_per_kw * terms.capex_factor, input_unit(language, CAPEX), size))
        classes.append("corrected" if CAPEX in terms.borrowed else "verify" if size.how_sure == "verify" else "")
    sheet.table(fields, pd.DataFrame(rows, columns=list(widths), dtype=object), classes=classes, frozen=1)


def _term(language: Language, name: str, value: object, unit: str, row: Cited) -> dict[str, object]:
    return {
        "item": name, "value": value, "unit": unit, "low": row.low, "high": row.high, "source": row.source(language),
        "how_sure": say(language, f"how_sure.{row.how_sure}"), "remark": row.note(language),
    }  # fmt: skip
