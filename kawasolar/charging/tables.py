"""Charging as tables for papers: columns by key, cells as a sheet takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.charging.result import BASES, CARS, CHARGERS, OUTAGE
from kawasolar.charging.table import assumption_rows
from kawasolar.charging.words import base_note, kind_names, sets, unit_name
from kawasolar.half_hours import SLOTS, fiscal_year
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.charging.result import Charging
    from kawasolar.words import Language

_FIRST = ("facility_id", "name", "cars", "served", "chargers")
_ELSEWHERE = (*_FIRST, "enough", "proven", "load_known", "estimated", "worst_day", "why_not", "tariff")
BASE_COLUMNS = (*_FIRST, "set", "enough", *(one for one in BASES if one not in _ELSEWHERE), "tariff", "note")
SET_COLUMNS = tuple(CHARGERS)
CAR_COLUMNS = tuple(CARS)
CURVE_COLUMNS = ("facility_id", "part", "time", "load_kw", "pv_kw", "unmanaged_kw", "staggered_kw", "follow_kw")
OUTAGE_COLUMNS = tuple(OUTAGE)
TERM_COLUMNS = ("item", "value", "unit", "low", "high", "source", "how_sure", "remark")


def base_table(language: Language, found: Charging) -> pd.DataFrame:
    """A row a base, columns :data:`BASE_COLUMNS`; what nobody knows is NaN."""
    frame = found.bases
    told = sets(language, found)
    rows = frame.to_dict("records")
    made = frame.assign(
        set=[told[str(one)] for one in frame["facility_id"]],
        enough=[say(language, "charging.yes" if one else "charging.no") for one in frame["enough"]],
        note=[base_note(language, {str(key): value for key, value in row.items()}) for row in rows],
    )
    return made[list(BASE_COLUMNS)]


def set_table(language: Language, found: Charging) -> pd.DataFrame:
    """A row a base and kind, columns :data:`SET_COLUMNS`."""
    return found.chargers.assign(kind=found.chargers["kind"].map(kind_names(language, found)))


def car_table(language: Language, found: Charging) -> pd.DataFrame:
    """A row a car, columns :data:`CAR_COLUMNS`."""
    cars = found.cars
    flags = [say(language, "charging.able") if one else "" for one in cars["v2x"]]
    return cars.assign(reason=[say(language, code) if code else "" for code in cars["reason"]], v2x=flags)


def curve_table(language: Language, found: Charging, facility_ids: Sequence[str] | None = None) -> pd.DataFrame:
    """A row a half hour, columns :data:`CURVE_COLUMNS`."""
    rows = found.curves
    if facility_ids is not None:
        rows = rows[rows["facility_id"].isin(list(facility_ids))].reset_index(drop=True)
    times = [at.strftime("%Y-%m-%d %H:%M") for at in times_of(int(found.head["year"]), rows["slot"].to_numpy())]
    made = rows.assign(part=[say(language, f"charging.part.{one}") for one in rows["part"]], time=times)
    return made[list(CURVE_COLUMNS)]


def times_of(year: int, slots: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DatetimeIndex:
    """When half hours of a fiscal year begin."""
    dates = fiscal_year(year).dates[slots // SLOTS]
    return pd.DatetimeIndex(dates.astype("datetime64[s]") + (slots % SLOTS * 1800).astype("timedelta64[s]"))


def term_table(language: Language, found: Charging) -> tuple[pd.DataFrame, list[str]]:
    """Every assumption and kind of charger with unit, range, source and how sure: columns :data:`TERM_COLUMNS`; and the class of each row."""
    rows: list[dict[str, object]] = []
    classes: list[str] = []
    for key, row in assumption_rows().items():
        by_hand = key in found.head["asked"]
        rows.append(
            {
                "item": say(language, f"charging.assumption.{key}"), "value": found.head["assumptions"][key], "unit": unit_name(language, row.unit), "low": row.low, "high": row.high,
                "source": say(language, "measures.paper.changed") if by_hand else row.source(language),
                "how_sure": "" if by_hand else say(language, f"how_sure.{row.how_sure}"), "remark": "" if by_hand else row.note(language),
            }
        )  # fmt: skip
        classes.append("corrected" if by_hand else "verify" if row.how_sure == "verify" else "")
    for kind in found.head["kinds"]:
        remark = say(language, "charging.kind", kw=kind["power_kw"], efficiency=100.0 * kind["efficiency"], life=kind["life_years"])  # fmt: skip
        rows.append(
            {
                "item": kind[f"name_{language}"], "value": kind["equipment_yen"] + kind["works_yen"], "unit": say(language, "charging.unit.yen"), "low": kind["low_yen"],
                "high": kind["high_yen"], "source": kind[f"source_{language}"], "how_sure": say(language, f"how_sure.{kind['how_sure']}"), "remark": remark,
            }
        )  # fmt: skip
        classes.append("verify" if kind["how_sure"] == "verify" else "")
    return pd.DataFrame(rows, columns=list(TERM_COLUMNS), dtype=object), classes
