"""The result's tables as papers, windows and the command line show them: words for codes, rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.lighting.deadlines import STOCK
from kawasolar.lighting.lots import LOTS
from kawasolar.lighting.result import FACILITIES, WAYS, YEARS
from kawasolar.lighting.words import ban_name, figure_name, lamp_name, way_name
from kawasolar.profiles.fields import fields_of
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.lighting.result import Lighting
    from kawasolar.lighting.table import Table
    from kawasolar.profiles.reader import Cited
    from kawasolar.words import Language

ROWS = (
    "facility_id", "source_row", "building", "floor", "room", "fixture", "lamp_type", "fixtures", "lamps", "old_w", "w_from", "hours", "hours_from", "height_m", "high", "dimming",
    "emergency", "asbestos", "pcb", "survey", "installed_year", "estimated", "ban", "replacement", "led_w", "old_kw", "new_kw", "saved_kwh", "cost_yen", "upkeep_yen", "life_years",
)  # fmt: skip
COLUMNS = {"facilities": FACILITIES, "years": YEARS, "ways": WAYS, "stock": STOCK, "lots": LOTS, "rows": ROWS}
TABLE = ("section", "item", "values", "low", "high", "source", "how_sure", "remark")
# How many decimals; none where a column is not named.
_DIGITS = {
    "old_kw": 3, "new_kw": 3, "payback": 1, "co2_t": 2, "provider_irr": 1, "old_w": 1, "led_w": 1, "height_m": 1, "life_years": 1, "waste_kg": 1, "lamps_needed": 1, "lamps_needed_without": 1,
}  # fmt: skip
_TEXTS = ("lot", "facility_ids", "facility_id", "name", "ward", "building", "floor", "room", "fixture", "last_day", "replacement")  # fmt: skip
# Nought is no year.
_YEARS = ("year", "deadline_year", "source_row")


def shown(language: Language, found: Lighting, name: str) -> pd.DataFrame:
    """One of the tables by :data:`COLUMNS`, codes in words, None where there is nothing."""
    frame = getattr(found, name)[list(COLUMNS[name])]
    return pd.DataFrame({key: _shown(language, key, frame[key]) for key in frame}, columns=list(COLUMNS[name]))


def headings(language: Language, name: str) -> list[str]:
    """What the columns of a table are called."""
    return [figure_name(language, key) for key in COLUMNS[name]]


def _shown(language: Language, key: str, cells: pd.Series[Any]) -> list[object]:
    values = cells.tolist()
    if cells.dtype == bool:
        return [say(language, "lighting.yes") if value else None for value in values]
    words = {
        "kind": lambda code: say(language, f"kind.{code}"), "ban": lambda code: ban_name(language, code), "way": lambda code: way_name(language, code),
        "by": lambda code: say(language, f"lighting.by.{code}"), "lamp_type": lambda code: lamp_name(language, code),
        "w_from": lambda code: say(language, f"lighting.from.{code}"), "hours_from": lambda code: say(language, f"lighting.from.{code}"),
    }.get(key)  # fmt: skip
    if words is not None:
        return [words(value) if value else None for value in values]
    if key in _TEXTS:
        return [value or None for value in values]
    if key in _YEARS:
        return [int(value) or None for value in values]
    numbers = cells.to_numpy(dtype=np.float64) * (100.0 if key == "provider_irr" else 1.0)
    return [round(float(one), _DIGITS.get(key, 0)) + 0.0 if np.isfinite(one) else None for one in numbers]


def table_rows(language: Language, table: Table) -> pd.DataFrame:
    """Every row that was reckoned with, :data:`TABLE`: what it says, its range, source, and how sure it is."""
    found = []
    for section, name, row in table.rows():
        item = (
            say(language, f"lighting.number.{name}")
            if section == "numbers"
            else item_name(language, section, row, name)
        )
        asked = section == "numbers" and name in table.asked
        source = say(language, "lighting.changed") if asked else row.source(language)
        sure = "" if asked else say(language, f"how_sure.{row.how_sure}")
        found.append(
            (say(language, f"lighting.section.{section}"), item, _values(row), row.low, row.high, source, sure, row.note(language) or None)
        )  # fmt: skip
    return pd.DataFrame(found, columns=list(TABLE)).astype(object)


def item_name(language: Language, section: str, row: Cited, name: str) -> str:
    """What a row of the table is called; not of the single numbers, which have words of their own."""
    lamp, kind, ban = (getattr(row, one, None) for one in ("lamp", "kind", "ban"))
    if section == "densities":
        return say(language, f"kind.{kind}")
    if section == "bans":
        return ban_name(language, str(ban))
    told = lamp_name(language, str(lamp))
    if section == "standards":
        return f"{told} {getattr(row, 'code', '')}".strip()
    return f"{told} {name}" if section == "replacements" else told


def _values(row: Cited) -> str:
    """The row's own fields in a line, with their units."""
    told = []
    for name, one in fields_of(type(row)).items():
        value = getattr(row, name)
        # What the line begins with says these already.
        if value is None or name in ("key", "lamp", "kind", "code", "unit"):
            continue
        unit = getattr(row, "unit", "") if name == "value" else one.unit
        told.append(
            f"{name} {value:,g} {unit}".rstrip(" -") if isinstance(value, int | float) and not isinstance(value, bool) else f"{name} {value}"
        )  # fmt: skip
    return ", ".join(told)
