"""The cars of a ledger, ready to be reckoned with: what is missing is filled, and which cells these are is said."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.fleet.table import car_classes

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from kawasolar.fleet.table import Assumptions

# Fuel of the ledger -> power.
_POWER = {
    "electric": "ev", "phev": "phev", "fuel_cell": "fcv", "hybrid": "hev", "diesel": "diesel", "petrol": "petrol", "gas": "petrol", "other": "petrol",
}  # fmt: skip
# km/L that an engine can do; what lies outside is a mistake in distance or fuel.
_KM_PER_L = (2.0, 60.0)
_MAX_DAYS = 366.0
# What is reckoned of a car; the columns of :func:`cars_of`.
COLUMNS = (
    "vehicle", "facility_id", "base", "department", "vehicle_class", "use", "power", "seats", "load_kg", "held", "lease_end", "first_year", "natural_year",
    "annual_km", "days_per_year", "km_day", "km_longest", "leaves", "returns", "km_per_l", "passenger", "next_generation", "filled",
)  # fmt: skip
_TEXTS = ("vehicle", "facility_id", "base", "department", "use")
_NUMBERS = (
    "seats", "load_kg", "first_year", "annual_km", "odometer_km", "days_per_year", "fuel_l", "km_day", "km_longest",
)  # fmt: skip
_CLOCK = re.compile(r"(\d{1,2})(?::|時)(\d{1,2})?(?:分|:\d{1,2})?\Z|(\d{1,2})(\d{2})\Z|(\d{1,2}(?:\.\d{1,4})?)\Z")


def cars_of(
    rows: pd.DataFrame, assumed: Assumptions, counts: Collection[str], now: int, source: str = ""
) -> tuple[pd.DataFrame, list[Finding]]:
    """A row a car, in the ledger's order.

    Parameters
    ----------
    rows : as :func:`kawasolar.registers.of_plan.rows_of_plan` gives vehicles; columns may be missing
    counts : powers that count as next-generation
    now : fiscal year in which the ledger is read, for the age of cars

    Returns
    -------
    frame with :data:`COLUMNS`; distances [km], hours of the day, ``natural_year`` the fiscal year in which the car is due (NaN where nobody knows),
    ``held`` ``lease own``, ``filled`` the columns that the ledger does not tell, comma-separated. Findings: cars told twice, hours that are none
    """
    rows = rows.reset_index(drop=True)
    texts = {name: _text(rows, name) for name in _TEXTS}
    twice = texts["vehicle"].duplicated() & (texts["vehicle"] != "")
    findings = [
        Finding("fleet.twice", "warning", source, _row(rows, k), found=texts["vehicle"].iloc[k][:60])
        for k in np.flatnonzero(twice).tolist()
    ]
    rows = rows[~twice].reset_index(drop=True)
    cars = pd.DataFrame({name: _text(rows, name) for name in _TEXTS})
    unnamed = cars["vehicle"] == ""
    cars.loc[unnamed, "vehicle"] = [f"#{_row(rows, k) or k + 1}" for k in np.flatnonzero(unnamed).tolist()]
    filled: list[tuple[str, NDArray[np.bool_]]] = []
    _fill_kind(cars, rows, filled)
    numbers = {name: _number(rows, name) for name in _NUMBERS}
    _fill_size(cars, numbers, filled)
    _fill_distance(cars, numbers, assumed, now, filled)
    for name in ("leaves", "returns"):
        cars[name] = _hours(rows, name, source, findings)
        _put(cars, name, np.full(len(cars), assumed[name]), filled)
    _due(cars, rows, numbers, assumed, filled)
    with np.errstate(divide="ignore", invalid="ignore"):
        done = cars["annual_km"].to_numpy() / numbers["fuel_l"]
    told = np.isfinite(numbers["annual_km"]) & (done >= _KM_PER_L[0]) & (done <= _KM_PER_L[1])
    cars["km_per_l"] = np.where(told, done, np.nan)
    cars["passenger"] = cars["vehicle_class"].map(lambda code: car_classes()[code].passenger).astype(bool)
    cars["next_generation"] = cars["power"].isin(list(counts))
    cars["filled"] = [",".join(name for name, mask in filled if mask[k]) for k in range(len(cars))]
    return cars[list(COLUMNS)], findings


def due_year(lease_end: pd.Series) -> NDArray[np.float64]:
    """Fiscal year of the day after a lease's end: a lease to 31 March is followed by a car of the next fiscal year. NaN where there is no day."""
    after = pd.to_datetime(lease_end, errors="coerce") + pd.Timedelta(days=1)
    year = (after.dt.year - (after.dt.month < 4)).astype("float64")
    return np.asarray(year, dtype=np.float64)


def _text(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        return pd.Series([""] * len(rows), dtype=object)
    return rows[name].astype(object).where(rows[name].notna(), "").astype(str).str.strip().astype(object)


def _number(rows: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _row(rows: pd.DataFrame, k: int) -> int | None:
    return int(rows["source_row"].iloc[k]) if "source_row" in rows else None


def _put(
    cars: pd.DataFrame, name: str, values: NDArray[np.float64], filled: list[tuple[str, NDArray[np.bool_]]]
) -> None:
    """Fill a column where it has nothing, and note where that was."""
    lacking = cars[name].isna().to_numpy()
    cars[name] = np.where(lacking, values, cars[name].to_numpy(dtype=np.float64))
    filled.append((name, lacking))


def _fill_kind(cars: pd.DataFrame, rows: pd.DataFrame, filled: list[tuple[str, NDArray[np.bool_]]]) -> None:
    """Class and power; a car of unknown class is of none that is replaced, one of unknown fuel burns petrol."""
    classes, fuels = _text(rows, "vehicle_class"), _text(rows, "fuel")
    known = classes.isin(list(car_classes()))
    cars["vehicle_class"] = classes.where(known, "other")
    burnt = fuels.isin([name for name in _POWER if name != "other"])
    cars["power"] = fuels.map(lambda fuel: _POWER.get(fuel, "petrol"))
    filled += [("vehicle_class", ~known.to_numpy()), ("power", ~burnt.to_numpy())]


def _fill_size(
    cars: pd.DataFrame, numbers: dict[str, NDArray[np.float64]], filled: list[tuple[str, NDArray[np.bool_]]]
) -> None:
    classes = [car_classes()[code] for code in cars["vehicle_class"]]
    for name in ("seats", "load_kg"):
        cars[name] = numbers[name]
        _put(cars, name, np.array([getattr(one, name) for one in classes], dtype=np.float64), filled)


def _fill_distance(
    cars: pd.DataFrame, numbers: dict[str, NDArray[np.float64]], assumed: Assumptions, now: int,
    filled: list[tuple[str, NDArray[np.bool_]]],
) -> None:  # fmt: skip
    """Distances of a year, a day and the longest day, each by what the ledger tells of the others.

    year = its own, else day × days, else odometer / age, else the assumed; day = its own, else year / days.
    """
    day, days, year = numbers["km_day"], numbers["days_per_year"], numbers["annual_km"]
    days = np.where(days > 0, days, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_parts = np.clip(np.round(year / day), 1.0, _MAX_DAYS)
        cars["days_per_year"] = np.where(np.isnan(days) & (day > 0) & (year > 0), by_parts, days)
    _put(cars, "days_per_year", np.full(len(cars), assumed["days"]), filled)
    worked = cars["days_per_year"].to_numpy(dtype=np.float64)
    age = np.where(np.isfinite(numbers["first_year"]), np.maximum(now - numbers["first_year"], 1.0), assumed["old_age"])
    others = (day * worked, numbers["odometer_km"] / age, np.full(len(cars), assumed["km_day"]) * worked)
    cars["annual_km"] = year
    _put(cars, "annual_km", _first(others), filled)
    cars["km_day"] = day
    _put(cars, "km_day", cars["annual_km"].to_numpy(dtype=np.float64) / worked, filled)
    cars["km_longest"] = numbers["km_longest"]
    _put(cars, "km_longest", cars["km_day"].to_numpy(dtype=np.float64) * assumed["longest_factor"], filled)
    # No day is longer than the longest.
    cars["km_longest"] = np.maximum(cars["km_longest"], cars["km_day"])


def _first(choices: tuple[NDArray[np.float64], ...]) -> NDArray[np.float64]:
    """Of several arrays the first that has a number, element by element."""
    found = choices[-1]
    for values in reversed(choices[:-1]):
        found = np.where(np.isfinite(values), values, found)
    return found


def _due(
    cars: pd.DataFrame, rows: pd.DataFrame, numbers: dict[str, NDArray[np.float64]], assumed: Assumptions,
    filled: list[tuple[str, NDArray[np.bool_]]],
) -> None:  # fmt: skip
    """How a car is held, and when it is due: after its lease, or at the end of a bought car's life."""
    ends = pd.to_datetime(
        rows["lease_end"] if "lease_end" in rows else pd.Series(pd.NaT, index=rows.index), errors="coerce"
    )
    leased = ends.notna().to_numpy()
    cars["lease_end"] = ends
    cars["first_year"] = numbers["first_year"]
    cars["held"] = np.where(leased, "lease", "own")
    cars["natural_year"] = np.where(leased, due_year(ends), np.round(numbers["first_year"] + assumed["own_life"]))
    filled.append(("natural_year", ~leased & np.isnan(numbers["first_year"])))


def _hours(rows: pd.DataFrame, name: str, source: str, findings: list[Finding]) -> NDArray[np.float64]:
    """Hours of the day of texts such as 8:30, 8時30分, 0830, 8.5; NaN where there is none."""
    texts = _text(rows, name)
    read = {text: clock(text) for text in texts.unique()}
    bad = [k for k, text in enumerate(texts) if text and np.isnan(read[text])]
    findings += [Finding("fleet.bad_hour", "warning", source, _row(rows, k), found=texts.iloc[k][:60]) for k in bad]
    return texts.map(read).to_numpy(dtype=np.float64)


def clock(text: str) -> float:
    """Hour of the day; NaN for what is none."""
    found = _CLOCK.match(unicodedata.normalize("NFKC", text).strip()[:20])
    if found is None:
        return float("nan")
    hour, minute, joined_hour, joined_minute, plain = (float(part or 0) for part in found.groups())
    value = hour + joined_hour + plain + (minute + joined_minute) / 60.0
    return float("nan") if minute + joined_minute >= 60.0 or value > 24.0 else value
