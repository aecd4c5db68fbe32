"""Cars, years, bases and assumptions as tables in a language, for papers, windows and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.fleet.result import YEARS
from kawasolar.fleet.table import assumption_rows
from kawasolar.fleet.words import (
    assumption_name,
    class_name,
    filled_text,
    model_names,
    power_name,
    reasons_text,
    unit_name,
    why_text,
)
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.fleet.result import FleetResult
    from kawasolar.words import Language

CAR_TABLE = (
    "vehicle", "facility_id", "base_name", "department", "vehicle_class", "power", "seats", "load_kg", "held", "natural_year", "annual_km", "km_longest",
    "model", "model_power", "range_km", "fiscal_year", "why", "old_yearly_yen", "new_yearly_yen", "old_tco_yen", "new_tco_yen", "upfront_yen", "early_yen",
    "late_yen", "old_co2_t", "new_co2_t", "kwh", "filled",
)  # fmt: skip
WITHOUT_TABLE = (
    "vehicle", "facility_id", "base_name", "department", "vehicle_class", "power", "seats", "load_kg", "km_longest", "natural_year", "reasons",
)  # fmt: skip
# Those of the result, the year by a name of its own: it is not that in which a car is replaced.
YEAR_TABLE = ("year", *YEARS[1:])
ASSUMED_TABLE = ("item", "value", "unit", "low", "high", "source", "how_sure", "remark")
# Digits that are shown; money and distances none.
_DIGITS = {"share": 1, "target": 1, "old_co2_t": 3, "new_co2_t": 3, "co2_t": 1, "saved_t": 1, "charge_kw": 1}
_SHARES = ("share", "target")


def car_table(language: Language, result: FleetResult) -> pd.DataFrame:
    """A row a car, columns :data:`CAR_TABLE`; a car that is not replaced has the model that would fit it, and no year."""
    cars, names = result.cars, model_names(language, result.catalogue)
    told = _named(language, cars)
    told["model"] = [names.get(key, "") for key in cars["model"]]
    told["model_power"] = [power_name(language, one) for one in cars["model_power"]]
    told["range_km"] = told["range_km"].where(cars["model"] != "")
    told["why"] = [why_text(language, why, due) for why, due in zip(cars["why"], cars["natural_year"], strict=True)]
    told["filled"] = [filled_text(language, one) for one in cars["filled"]]
    return _rounded(told[list(CAR_TABLE)])


def without_table(language: Language, result: FleetResult) -> pd.DataFrame:
    """A row a car that nothing can replace, columns :data:`WITHOUT_TABLE`."""
    cars = result.without
    told = _named(language, cars)
    told["reasons"] = [reasons_text(language, car, result.catalogue) for car in cars.to_dict("records")]
    return _rounded(told[list(WITHOUT_TABLE)])


def year_table(result: FleetResult) -> pd.DataFrame:
    """A row a fiscal year, columns :data:`YEAR_TABLE`; shares in per cent."""
    years = result.years.rename(columns={"fiscal_year": "year"})
    for name in _SHARES:
        years[name] = 100.0 * years[name]
    return _rounded(years)


def base_table(result: FleetResult) -> pd.DataFrame:
    """A row a base."""
    return _rounded(result.bases.copy())


def assumed_table(language: Language, result: FleetResult) -> tuple[pd.DataFrame, list[str]]:
    """Every assumption, columns :data:`ASSUMED_TABLE`; and of each how its row is shaded."""
    rows, fills = [], []
    for one in result.assumptions.itertuples(index=False):
        row, own = assumption_rows()[str(one.key)], str(one.origin)
        told = {"item": assumption_name(language, row.key), "value": one.value, "unit": unit_name(language, row.unit), "low": row.low, "high": row.high}  # fmt: skip
        if own == "table":
            told |= {"source": row.source(language), "how_sure": say(language, f"how_sure.{row.how_sure}"), "remark": row.note(language)}  # fmt: skip
        else:
            told |= {"source": say(language, f"fleet.origin.{own}"), "remark": row.note(language)}
        rows.append(told)
        fills.append("corrected" if own == "asked" else "verify" if own == "table" and row.how_sure == "verify" else "")
    return pd.DataFrame(rows, columns=list(ASSUMED_TABLE)), fills


def _named(language: Language, cars: pd.DataFrame) -> pd.DataFrame:
    return cars.assign(
        vehicle_class=[class_name(language, one) for one in cars["vehicle_class"]], power=[power_name(language, one) for one in cars["power"]],
        held=[say(language, f"fleet.held.{one}") for one in cars["held"]],
    )  # fmt: skip


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    for name in frame.columns:
        if pd.api.types.is_float_dtype(frame[name]):
            frame[name] = frame[name].round(_DIGITS.get(str(name), 0)) + 0.0
    return frame
