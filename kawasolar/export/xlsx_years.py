"""The sheet of the years: what each chosen facility gives in each year of operation, as its modules age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.ageing import RATE, energy_by_year
from kawasolar.export.table import site_frame
from kawasolar.export.xlsx_book import Field
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.export.xlsx_book import Book
    from kawasolar.plan import Plan


def write_years(book: Book, plan: Plan) -> None:
    """One row a chosen facility, one column a year, and their sum."""
    language = book.language
    frame = site_frame(plan, language, chosen_only=True)
    named = frame[[key for key in ("number", "facility_id", "name", "capacity_kw") if key in frame]]
    energy = energy_by_year(frame["energy_kwh"].to_numpy(dtype=float), plan.profile)
    years = pd.DataFrame(energy, index=named.index, columns=[f"year_{k}" for k in range(1, energy.shape[1] + 1)])
    rate = f"{100.0 * plan.profile.number(RATE):.2f}".rstrip("0").rstrip(".")
    sheet = book.sheet("years", [say(language, "export.note.years", rate=rate)], paper="A3")
    fields = [
        Field("number", say(language, "export.column.number"), "whole", 6, False),
        Field("facility_id", say(language, "export.column.facility_id"), "text", 16, False),
        Field("name", say(language, "export.column.name"), "text", 30, False),
        Field("capacity_kw", say(language, "export.column.capacity_kw"), "one", 10, True),
        *(Field(key, say(language, "export.column.year_n", year=k), "whole", 10, True) for k, key in enumerate(list(years.columns.astype(str)), start=1)),
        Field("lifetime", say(language, "export.column.lifetime_kwh"), "whole", 13, True),
    ]  # fmt: skip
    whole = pd.concat([named, years, years.sum(axis=1).rename("lifetime")], axis=1)
    sheet.table([field for field in fields if field.key in whole], whole, total=True, frozen=3)
