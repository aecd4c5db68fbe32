"""A bill in words: its lines as bills call them, as a table and as plain figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.profiles.words import choice_name
from kawasolar.reasons import finding_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.tariff.billing import Bill, Line
    from kawasolar.words import Language

_MONTHS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)


def line_name(language: Language, line: Line, made: Bill) -> str:
    """What a line is called: with season, time of day and step where the price is of one."""
    name = say(language, f"bill.line.{line.code}")
    which = [
        choice_name(language, field, code)
        for field, code in (("season", line.season), ("time", line.time))
        if code not in ("", "all")
    ]
    if line.from_kwh is not None:
        which.append(_step(language, line, made))
    if not which:
        return name
    return say(language, "bill.qualified", name=name, which=say(language, "bill.separator").join(which))


def _step(language: Language, line: Line, made: Bill) -> str:
    if line.from_kwh:
        return say(language, "bill.step", begin=line.from_kwh)
    ends = [
        one.from_kwh for one in made.lines if (one.season, one.time) == (line.season, line.time) and one.from_kwh
    ]  # fmt: skip
    return say(language, "bill.step_first", end=min(ends))


def month_names(language: Language, year: int) -> list[str]:
    """The months of a fiscal year, April first."""
    return [say(language, "bill.month_and_year", year=year + (month < 4), month=month) for month in _MONTHS]


def head(language: Language, made: Bill) -> str:
    """Tariff, supplier and year of a bill."""
    tariff = made.tariff
    operator = tariff.operator_ja if language == "ja" else tariff.operator_en
    return say(language, "bill.head", tariff=tariff.name(language), operator=operator, year=made.year.year)


def price_of(line: Line) -> float | None:
    """The price of a unit; None where it differs by month or there is none."""
    prices = np.unique(line.price)
    return float(prices[0]) if len(prices) == 1 and line.unit else None


def table(language: Language, made: Bill) -> pd.DataFrame:
    """The bill of one facility: a row a line, columns ``line unit price quantity m01 … m12 year``, April is ``m01``; money in yen.

    The quantity is that of the year; of demand the highest of its months. The last rows are the total, the tax in it, the contract and the highest demand.
    """
    rows: list[dict[str, object]] = []
    for line in made.lines:
        if line.code == "rounding" and not line.yen.any():
            continue
        by_kw = line.unit in ("kW", "kVA")
        quantity = None if not line.unit else float(line.quantity.max() if by_kw else line.quantity.sum())
        rows.append(_row(line_name(language, line, made), line.unit, price_of(line), quantity, line.yen))
    total, unit = say(language, "bill.line.total"), contract_unit(made)
    rows.append(_row(total, "", None, None, made.total_yen))
    rows.append(_row(say(language, "bill.line.tax_within"), "", None, None, made.tax_yen))
    for name, values, own in (("contract", made.contract_kw, unit), ("peak", made.peak_kw, "kW")):
        row = _row(say(language, f"bill.line.{name}"), own, None, float(values.max()), values)
        rows.append({**row, "year": None})
    return pd.DataFrame(rows)


def _row(
    name: str, unit: str, price: float | None, quantity: float | None, months: np.ndarray[Any, Any]
) -> dict[str, object]:
    by_month = {f"m{k + 1:02d}": float(value) for k, value in enumerate(months)}
    year = float(np.round(months.sum(), 6))
    return {"line": name, "unit": unit, "price": price, "quantity": quantity, **by_month, "year": year}


def contract_unit(made: Bill) -> str:
    """Of the contract: kVA where the tariff is by capacity, else kW."""
    return next((line.unit for line in made.lines if line.code == "demand"), "kW")


def figures(language: Language, made: Bill) -> dict[str, Any]:
    """The bill of one facility for programs; months from April."""
    return {
        "tariff": made.tariff.key,
        "year": made.year.year,
        "contract_unit": contract_unit(made),
        "contract": made.contract_kw.tolist(),
        "peak_kw": np.round(made.peak_kw, 3).tolist(),
        "lines": [
            {
                "code": line.code, "season": line.season or None, "time": line.time or None, "from_kwh": line.from_kwh, "name": line_name(language, line, made),
                "unit": line.unit or None, "quantity": np.round(line.quantity, 3).tolist(), "price": np.round(line.price, 4).tolist(),
                "factor": np.round(line.factor, 6).tolist(), "yen": np.round(line.yen, 2).tolist(), "year_yen": round(float(line.yen.sum()), 2),
            }
            for line in made.lines
        ],
        "total_yen": made.total_yen.tolist(),
        "tax_yen": made.tax_yen.tolist(),
        "year_yen": float(made.year_yen),
        "findings": [
            {"code": finding.code, "severity": finding.severity, "text": finding_sentence(language, finding)}
            for finding in made.findings
        ],
    }  # fmt: skip
