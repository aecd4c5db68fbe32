"""The sheet of what is built: modules, strings and inverters of each facility, and whether its roof bears them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.electrical import systems_of
from kawasolar.electrical_words import load_texts, strings_text
from kawasolar.export.table import site_frame
from kawasolar.export.xlsx_book import Field
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.electrical import System
    from kawasolar.export.table import Kind
    from kawasolar.export.xlsx_book import Book
    from kawasolar.plan import Plan
    from kawasolar.words import Language

# Key, kind, width, whether it is summed.
_COLUMNS: tuple[tuple[str, Kind, int, bool], ...] = (
    ("number", "whole", 6, False), ("facility_id", "text", 16, False), ("name", "text", 30, False), ("status", "code", 14, False),
    ("modules", "whole", 9, True), ("capacity_kw", "one", 10, True), ("strings", "text", 34, False), ("unstrung", "whole", 8, True),
    ("inverter_kw", "one", 11, True), ("inverters", "whole", 8, True), ("dc_ac", "two", 8, False), ("highest_voltage", "whole", 9, False),
    ("regulation", "text", 34, False), ("weight", "whole", 11, True), ("bears", "code", 10, False), ("load", "text", 60, False),
)  # fmt: skip


def write_layout(book: Book, plan: Plan) -> None:
    """One row a facility; those without modules stand empty."""
    language = book.language
    notes = [say(language, "export.note.layout"), say(language, "export.note.layout_limits")]
    sheet = book.sheet("layout", notes, paper="A3")
    base = site_frame(plan, language)
    named = base[[key for key in ("number", "facility_id", "name", "status", "modules", "capacity_kw") if key in base]]
    systems = dict(systems_of(plan))
    rows = [_row(language, systems.get(str(name))) for name in named["facility_id"]]
    frame = pd.concat([named, pd.DataFrame(rows, index=named.index)], axis=1)
    fields = [
        Field(key, say(language, f"export.column.{key}"), kind, width, summed)
        for key, kind, width, summed in _COLUMNS
        if key in frame
    ]
    sheet.table(fields, frame, total=True, frozen=3)


def _row(language: Language, system: System | None) -> dict[str, object]:
    if system is None:
        words = dict.fromkeys(("strings", "regulation", "bears", "load"), "")
        return {
            **words,
            **dict.fromkeys(("unstrung", "inverter_kw", "inverters", "dc_ac", "highest_voltage", "weight"), np.nan),
        }
    found = system.strings
    return {
        "strings": strings_text(language, system), "unstrung": float(found.unstrung), "inverter_kw": found.ac_kw,
        "inverters": float(found.units), "dc_ac": found.ratio if found.units else np.nan,
        "highest_voltage": found.highest_voltage if found.strings else np.nan,
        "regulation": say(language, f"system.regulation.{system.regulation}"), "weight": sum(load.load.total_kg for load in system.loads),
        "bears": say(language, f"system.bears.{system.outcome}"), "load": "\n".join(load_texts(language, system)),
    }  # fmt: skip
