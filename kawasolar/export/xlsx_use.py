"""The sheet of the use: what each facility uses, gets from its roof and uses of that, month by month of the fiscal year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.export.table import site_frame, use_frame
from kawasolar.export.xlsx_book import Field
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.export.xlsx_book import Book
    from kawasolar.plan import Plan, Use
    from kawasolar.words import Language

# Rows of each facility, and whether the year is the sum of its months, or the highest of them.
_ROWS = (
    ("load", True),
    ("produced", True),
    ("self_use", True),
    ("surplus", True),
    ("peak", False),
    ("peak_after", False),
)
_FIRST = 4


def write_use(book: Book, plan: Plan) -> None:
    """Six rows a facility whose load is known: kWh used, produced, self-used and left over, highest half hour without and with the roof [kW]; nothing where the use was not reckoned."""
    if plan.use is None:
        return
    language = book.language
    sheet = book.sheet(
        "use", [say(language, "export.note.use"), say(language, "export.note.use_estimated")], paper="A3"
    )
    months = [
        Field(f"m{k + 1:02d}", say(language, f"export.month.short.{(k + _FIRST - 1) % 12 + 1}"), "whole", 10)
        for k in range(12)
    ]
    fields = [
        *(Field(key, say(language, f"export.column.{key}"), "text", width) for key, width in (("facility_id", 16), ("name", 27))),
        Field("load_source", say(language, "export.column.load_source"), "code", 22),
        Field("item", say(language, "export.head.item"), "text", 30), Field("unit", say(language, "export.head.unit"), "code", 7),
        *months, Field("year", say(language, "export.column.use_year"), "whole", 12),
    ]  # fmt: skip
    frame = use_rows(plan, plan.use, language)
    estimated = dict(zip(plan.use.frame["facility_id"], plan.use.frame["estimated"], strict=True))
    classes = ["unknown" if estimated[key] else "" for key in frame["facility_id"]]
    sheet.table(fields, frame, classes=classes, frozen=4)


def use_rows(plan: Plan, use: Use, language: Language) -> pd.DataFrame:
    """Columns ``facility_id name load_source item unit m01 … m12 year``; ``m01`` is April."""
    listed = site_frame(plan, language)
    names = dict(zip(listed["facility_id"], listed["name"], strict=True))
    sources = use_frame(plan, language)["load_source"]
    rows: list[dict[str, object]] = []
    for k, (facility, source) in enumerate(zip(use.frame["facility_id"], use.frame["source"], strict=True)):
        if source == "none":
            continue
        load, produced, used = use.months[k].astype(np.float64)
        values = (load, produced, used, produced - used, *use.month_peaks[k].astype(np.float64))
        for (item, summed), found in zip(_ROWS, values, strict=True):
            rows.append(
                {
                    "facility_id": facility, "name": names.get(facility, ""), "load_source": sources[facility], "item": say(language, f"export.use.{item}"),
                    "unit": "kWh" if summed else "kW", **{f"m{j + 1:02d}": float(value) for j, value in enumerate(found)},
                    "year": float(found.sum() if summed else found.max()),
                }
            )  # fmt: skip
    columns = ["facility_id", "name", "load_source", "item", "unit", *(f"m{j + 1:02d}" for j in range(12)), "year"]
    return pd.DataFrame(rows, columns=columns)
