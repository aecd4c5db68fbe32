"""The site list as a table: the same columns, order and words for Excel, CSV and screen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kawasolar.answers.facilities import answers_frame
from kawasolar.half import years_frame
from kawasolar.reasons import reason_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    from datetime import date

    from pyproj import CRS

    from kawasolar.plan import Plan
    from kawasolar.words import Language

Kind = Literal["text", "code", "whole", "one", "two", "year", "degrees"]

# First year of each era, as fiscal and calendar years are named by the era that they end in.
_ERAS = ((2019, "令和", "R"), (1989, "平成", "H"), (1926, "昭和", "S"), (1912, "大正", "T"), (1868, "明治", "M"))
_ROMAN = (
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX",
)  # fmt: skip
_FIRST_ZONE = 6669
DECIMALS: dict[Kind, int] = {"whole": 0, "one": 1, "two": 2, "year": 0, "degrees": 6}


# Where the words of a column's codes lie.
_AREAS = {
    "kind": "kind",
    "structure": "export.structure",
    "seismic": "seismic",
    "roof_type": "roof",
    "shelter": "export.shelter",
}


@dataclass(frozen=True)
class Column:
    """One column: ``key`` names its heading (``export.column.KEY``), ``width`` is in half-width characters.

    ``source`` says in which frame it lies: the ledger's columns are left out where the ledger has none, those of the use where it was not reckoned,
    those of the programme where the half is not of one, those of answers where the plan keeps none.
    """

    key: str
    kind: Kind
    width: int
    source: Literal["ledger", "result", "use", "programme", "answers"] = "ledger"
    summed: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("number", "whole", 6, "result"),
    Column("facility_id", "text", 16),
    Column("name", "text", 27),
    Column("chosen", "code", 9, "result"),
    Column("status", "code", 14, "result"),
    Column("programme_year", "year", 9, "programme"),
    Column("programme_status", "code", 10, "programme"),
    Column("rank", "whole", 6, "result"),
    Column("reason", "text", 34, "result"),
    Column("ward", "text", 10),
    Column("address", "text", 26),
    Column("department", "text", 18),
    Column("kind", "code", 15),
    Column("floor_area_m2", "whole", 11, summed=True),
    Column("structure", "code", 10),
    Column("built_era", "text", 11),
    Column("built_year", "year", 8),
    Column("seismic", "code", 14),
    Column("roof_type", "code", 12),
    Column("waterproofed_year", "year", 9),
    Column("shelter", "code", 10),
    Column("usable_m2", "whole", 11, "result", summed=True),
    Column("modules", "whole", 9, "result", summed=True),
    Column("capacity_kw", "one", 11, "result", summed=True),
    Column("irradiation_kwh_m2", "whole", 11, "result"),
    Column("energy_kwh", "whole", 13, "result", summed=True),
    Column("energy_dull_kwh", "whole", 13, "result", summed=True),
    Column("energy_sunny_kwh", "whole", 13, "result", summed=True),
    Column("specific_yield", "whole", 12, "result"),
    Column("shading_loss", "one", 9, "result"),
    Column("snow_loss", "one", 9, "result"),
    Column("co2_t", "one", 12, "result", summed=True),
    Column("annual_kwh", "whole", 13, summed=True),
    Column("contract_kw", "whole", 10),
    Column("load_kwh", "whole", 13, "use", summed=True),
    Column("load_source", "code", 22, "use"),
    Column("self_use_kwh", "whole", 13, "use", summed=True),
    Column("surplus_kwh", "whole", 13, "use", summed=True),
    Column("self_use_ratio", "one", 9, "use"),
    Column("self_supply_ratio", "one", 9, "use"),
    Column("peak_kw", "one", 11, "use"),
    Column("peak_after_kw", "one", 11, "use"),
    Column("lighting_year", "year", 9, "answers"),
    Column("lighting_saved_kwh", "whole", 12, "answers", summed=True),
    Column("lighting_saved_yen", "whole", 13, "answers", summed=True),
    Column("electric_cars", "whole", 9, "answers", summed=True),
    Column("chargers", "whole", 9, "answers", summed=True),
    Column("longitude", "degrees", 11),
    Column("latitude", "degrees", 11),
)

# Where a column of the use lies in its frame, if elsewhere.
_OF_USE = {"load_source": "source"}
_SHARES = ("self_use_ratio", "self_supply_ratio")

# What fits legibly on one A4 page across; the rest stands in the list of all facilities.
BRIEF = (
    "number", "facility_id", "name", "programme_year", "ward", "address", "kind", "floor_area_m2", "structure", "built_era", "seismic", "roof_type",
    "shelter", "usable_m2", "capacity_kw", "energy_kwh", "specific_yield", "shading_loss", "co2_t", "reason",
)  # fmt: skip


def chosen_ids(plan: Plan) -> list[str]:
    """Ids of the chosen in the order of the list and of the numbers on the map: by rank, pinned ones without a rank last."""
    sites = plan.half.sites
    chosen = sites[sites["chosen"].to_numpy(dtype=bool)]
    order = pd.DataFrame({"id": chosen["facility_id"], "rank": pd.to_numeric(chosen["rank"], errors="coerce")})
    return [str(value) for value in order.sort_values(["rank", "id"], na_position="last")["id"]]


def site_columns(plan: Plan) -> list[Column]:
    """The columns that this plan can fill."""
    known = set(plan.facilities.columns) | ({"built_era"} if "built_year" in plan.facilities.columns else set())
    # The yields of an older project tell no number of modules.
    told = {"number", *plan.half.sites.columns, *plan.results.yields.columns}
    used: set[str] = set() if plan.use is None else {column.key for column in COLUMNS if column.source == "use"}
    years, answers = set(years_frame(plan).columns), set(answers_frame(plan).columns)
    where = {"ledger": known, "result": told, "use": used, "programme": years, "answers": answers}
    return [column for column in COLUMNS if column.key in where[column.source]]


def use_frame(plan: Plan, language: Language | None = None) -> pd.DataFrame:
    """What facilities use, by ``facility_id``, with the keys of :data:`COLUMNS`; no columns where it was not reckoned.

    Ratios are 0…1. The source is a code, or words where a language is given: papers say what is estimated.
    """
    keys = [column.key for column in site_columns(plan) if column.source == "use"]
    if plan.use is None:
        return pd.DataFrame(index=pd.Index([], dtype=object, name="facility_id"))
    frame = plan.use.frame.drop_duplicates("facility_id").set_index("facility_id")
    out = pd.DataFrame({key: frame[_OF_USE.get(key, key)] for key in keys}, index=frame.index)
    if language is not None:
        out["load_source"] = [say(language, f"export.load_source.{code}") for code in out["load_source"]]
    return out


def site_frame(plan: Plan, language: Language, *, chosen_only: bool = False) -> pd.DataFrame:
    """The list with the keys of :data:`COLUMNS` as columns; codes are words, percentages 0…100, missing numbers NaN.

    All facilities stand in the order of the ledger; the chosen alone in the order of :func:`chosen_ids`.
    """
    ledger = pd.DataFrame(plan.facilities.drop(columns=plan.facilities.geometry.name)).set_index(
        "facility_id", drop=False
    )
    if chosen_only:
        ledger = ledger.loc[[key for key in chosen_ids(plan) if key in ledger.index]]
    sites = plan.half.sites.drop_duplicates("facility_id").set_index("facility_id").reindex(ledger.index)
    yields = plan.results.yields.drop_duplicates("facility_id").set_index("facility_id").reindex(ledger.index)
    use, years, answers = (
        frame.reindex(ledger.index) for frame in (use_frame(plan, language), years_frame(plan), answers_frame(plan))
    )
    out: dict[str, Any] = {}
    for column in site_columns(plan):
        key = column.key
        if column.source == "use":
            out[key] = _use_column(use[key], column, language)
        elif column.source == "answers":
            out[key] = answers[key]
        elif column.source == "programme":
            out[key] = _programme_column(years[key], column, language)
        elif key == "number":
            out[key] = np.arange(1, len(ledger) + 1)
        elif key == "chosen":
            out[key] = [
                say(language, f"export.chosen.{'yes' if value is True or value == 1 else 'no'}") for value in sites[key]
            ]
        elif key == "status":
            out[key] = [_word(language, "status", value) for value in sites[key]]
        elif key == "rank":
            out[key] = pd.to_numeric(sites[key], errors="coerce").astype("float64")
        elif key == "reason":
            out[key] = [
                reason_sentence(language, code, values)
                for code, values in zip(sites[key], sites["reason_values"], strict=True)
            ]
        elif key == "built_era":
            out[key] = [era_year(language, value) for value in ledger["built_year"]]
        elif key in ("shading_loss", "snow_loss"):
            out[key] = yields[key].astype("float64") * 100.0
        elif column.source == "result":
            out[key] = yields[key].astype("float64")
        else:
            out[key] = _ledger_column(ledger[key], column, language)
    return pd.DataFrame({key: np.asarray(value) for key, value in out.items()})


def site_table(plan: Plan, language: Language, *, chosen_only: bool = False) -> pd.DataFrame:
    """:func:`site_frame` with the headings of the language, units in them."""
    frame = site_frame(plan, language, chosen_only=chosen_only)
    return frame.rename(columns={key: heading(language, key) for key in frame.columns})


def heading(language: Language, key: str) -> str:
    """Heading of a column with its unit."""
    return say(language, f"export.column.{key}")


def era_year(language: Language, year: object) -> str:
    """``昭和53年``, in English ``S53``; empty where the year is missing."""
    number = _number(year)
    if number is None:
        return ""
    for first, name, letter in _ERAS:
        if number >= first:
            count = number - first + 1
            if language == "en":
                return f"{letter}{count}"
            return f"{name}{'元' if count == 1 else count}年"
    return str(number)


def shown_date(language: Language, day: date) -> str:
    """``令和8年11月23日`` or ``23 November 2026``."""
    if language == "ja":
        return f"{era_year('ja', day.year)}{day.month}月{day.day}日"
    return f"{day.day} {say('en', f'export.month.{day.month}')} {day.year}"


def crs_name(crs: CRS, language: Language) -> str:
    """``JGD2011 平面直角座標系 第I系 (EPSG:6669)``, or the name that the system has."""
    epsg = crs.to_epsg()
    if epsg is not None and 0 <= epsg - _FIRST_ZONE < len(_ROMAN):
        return say(language, "export.map.crs.zone", zone=_ROMAN[epsg - _FIRST_ZONE], epsg=epsg)
    return f"{crs.name} (EPSG:{epsg})" if epsg else str(crs.name)


def this_day() -> date:
    """Today by the clock of this computer."""
    return datetime.now().astimezone().date()


def _use_column(series: pd.Series[Any], column: Column, language: Language) -> object:
    if column.kind == "code":
        return [say(language, "export.load_source.none") if _blank(value) else str(value) for value in series]
    return series.astype("float64") * (100.0 if column.key in _SHARES else 1.0)


def _programme_column(series: pd.Series[Any], column: Column, language: Language) -> object:
    if column.kind == "code":
        return ["" if _blank(value) else say(language, f"programme.status.{value}") for value in series]
    return series.astype("float64").replace(0.0, np.nan)


def _ledger_column(series: pd.Series[Any], column: Column, language: Language) -> object:
    if column.kind == "code":
        return [_word(language, _AREAS[column.key], value) for value in series]
    if column.kind == "text":
        return ["" if _blank(value) else str(value) for value in series]
    return pd.to_numeric(series, errors="coerce").astype("float64")


def _word(language: Language, area: str, value: object) -> str:
    """The word of a code; unknown where the ledger has no value, the code itself where no word is known."""
    if _blank(value):
        return say(language, "export.unknown_value")
    name = {True: "yes", False: "no"}.get(bool(value), "") if isinstance(value, (bool, np.bool_)) else str(value)
    code = f"{area}.{name}"
    text = say(language, code)
    return name if text == code else text


def _blank(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _number(value: object) -> int | None:
    if _blank(value):
        return None
    try:
        return int(float(str(value)))
    except ValueError:
        return None
