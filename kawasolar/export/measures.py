"""Measures one after the other as a workbook: what each saves by the order, the bill after each step, what is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.export.plan_book import ASSUMED_COLUMNS, assumed_sheet, plan_book
from kawasolar.export.xlsx_book import Field
from kawasolar.measures.order import CODES
from kawasolar.measures.table import assumption_rows
from kawasolar.measures.words import (
    assumed_values,
    assumption_name,
    bill_rows,
    charged_text,
    code_name,
    notes,
    order_name,
    step_names,
    total_text,
    unit_name,
)
from kawasolar.tariff.words import contract_unit
from kawasolar.tariff.words import head as tariff_head
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.export.xlsx_book import Book
    from kawasolar.measures.order import Found, Ordered
    from kawasolar.plan import Plan
    from kawasolar.words import Language


def write_measures(
    plan: Plan, found: Found, path: Path, language: Language, name: str, *, other: Ordered | None = None, today: date | None = None
) -> None:  # fmt: skip
    """Write one facility's measures in every order.

    Parameters
    ----------
    plan : whose facility it is
    name : what the facility is called
    other : a second order whose bills are written beside those of the order asked for; its reverse unless given

    Raises
    ------
    NotWritable
        open in Excel, read-only, disk full
    """
    first = found.asked
    second = found.orders[min(1, len(found.orders) - 1)] if other is None else other
    with plan_book(plan, path, language, today, f"{name[:200]}  {tariff_head(language, first.bills[0])}") as book:
        _write_orders(book, found)
        _write_bills(book, found, [first] if second is first else [first, second])
        _write_assumed(book, found)


def _write_orders(book: Book, found: Found) -> None:
    """A row an order: what each measure saves in it, and by how much it changes the contract."""
    language = book.language
    sheet = book.sheet("measures_orders", [total_text(language, found), *notes(language, found)])
    codes = [code for code in CODES if code in found.asked.order]
    unit = contract_unit(found.asked.bills[0])
    names = {code: code_name(language, code) for code in codes}
    saved, changed = say(language, "measures.head.saved"), say(language, "measures.head.contract_change", unit=unit)
    fields = [Field("order", say(language, "measures.head.order"), "text", 44)]
    fields += [Field(f"saved.{code}", f"{names[code]} {saved}", "whole", 18) for code in codes]
    fields.append(Field("total", f"{say(language, 'measures.total')} {saved}", "whole", 18))
    fields += [Field(f"contract.{code}", f"{names[code]} {changed}", "one", 18) for code in codes]
    rows = [
        {
            "order": order_name(language, one.order), "total": round(one.total_yen, 2),
            **{f"saved.{code}": round(one.saved_yen(code), 2) for code in codes}, **{f"contract.{code}": one.contract_kw(code) for code in codes},
        }
        for one in found.orders
    ]  # fmt: skip
    sheet.table(fields, pd.DataFrame(rows), classes=["chosen", *[""] * (len(rows) - 1)], frozen=1)


def _write_bills(book: Book, found: Found, orders: Sequence[Ordered]) -> None:
    """Lines of the year's bill before and after each measure, a column a step, the orders one beside the other."""
    language = book.language
    sheet = book.sheet("measures_bill", notes(language, found), paper="A3")
    rows: dict[str, dict[str, object]] = {}
    fields = [Field("line", say(language, "measures.head.line"), "text", 46)]
    for k, one in enumerate(orders):
        heads = step_names(language, one)
        told = order_name(language, one.order)
        fields += [Field(f"{k}.{j}", f"{head} ({told})", "any", 16) for j, head in enumerate(heads)]
        for row in bill_rows(language, one):
            cells = rows.setdefault(row.name, {"line": row.name, "summed": row.summed})
            cells |= {f"{k}.{j}": round(value, 4) for j, value in enumerate(row.values)}
    frame = pd.DataFrame(list(rows.values()))
    sheet.table(fields, frame, classes=["chosen" if summed else "" for summed in frame["summed"]], frozen=1)


def _write_assumed(book: Book, found: Found) -> None:
    """Every assumption with unit, range and source."""
    language = book.language
    table, rows, classes = assumption_rows(), [], []
    for key, value, unit in assumed_values(found):
        row, by_hand = table.get(key), key in found.assumed.asked
        told: dict[str, object] = {
            "item": assumption_name(language, key), "value": value, "unit": unit_name(language, unit),
        }  # fmt: skip
        by_lamps = key == "led_saving" and found.site.led_saving(found.assumed)[1]
        by_cars = key in ("chargers", "charged_kwh") and found.site.charging(found.assumed)[1] == "cars"
        if by_cars:
            row = None
        if row is not None and not by_lamps:
            told |= {"low": row.low, "high": row.high}
        if by_lamps:
            told["source"] = say(language, "measures.led_by_lamps")
        elif by_cars:
            told["source"] = charged_text(language, found)
        elif by_hand:
            told["source"] = say(language, "measures.paper.changed")
        elif row is None:
            kwh, lit = found.site.lighting(found.assumed)
            told["source"] = say(language, f"measures.lit.{lit}", kwh=kwh)
        else:
            told |= {"source": row.source(language), "how_sure": say(language, f"how_sure.{row.how_sure}"), "remark": row.note(language)}  # fmt: skip
        rows.append(told)
        classes.append("corrected" if by_hand else "verify" if row is not None and row.how_sure == "verify" else "")
    frame = pd.DataFrame(rows, columns=list(ASSUMED_COLUMNS), dtype=object)
    assumed_sheet(book, "measures_terms", frame, classes, notes(language, found))
