"""Cars that are charged: of a table, or of the plan's ledger of vehicles where it says that they are electric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.charging.kinds import read_rows
from kawasolar.errors import UnreadableLedger
from kawasolar.registers.of_plan import rows_of_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.charging.table import Assumptions
    from kawasolar.plan import Plan

# In this order; ``leaves`` and ``returns`` are hours of the day, one that comes back before it leaves does so on the next day.
COLUMNS = (
    "vehicle", "facility_id", "model", "battery_kwh", "usable_share", "kwh_per_km", "winter_kwh_per_km", "km_day", "km_longest", "leaves", "returns",
    "days_per_year", "charge_kw", "v2x",
)  # fmt: skip
TEXTS = ("vehicle", "facility_id", "model")
# Column -> least and most.
RANGES: dict[str, tuple[float, float]] = {
    "battery_kwh": (1.0, 1000.0), "usable_share": (0.3, 1.0), "kwh_per_km": (0.02, 5.0), "winter_kwh_per_km": (0.02, 8.0), "km_day": (0.0, 1000.0),
    "km_longest": (0.0, 1500.0), "leaves": (0.0, 23.5), "returns": (0.0, 24.0), "days_per_year": (0.0, 365.0), "charge_kw": (0.5, 400.0),
}  # fmt: skip
MAX_CARS = 20_000
_MAX_BYTES = 8 * 1024 * 1024
_FLAGS = {
    "1": True, "true": True, "yes": True, "可": True, "○": True, "0": False, "false": False, "no": False, "": False, "否": False, "×": False,
}  # fmt: skip
_KEI = ("kei_passenger", "kei_truck")


def read_cars(path: Path) -> pd.DataFrame:
    """Cars of a CSV with :data:`COLUMNS`.

    Raises
    ------
    UnreadableLedger
        ``charging.file_missing``, ``charging.file_large``, ``charging.columns``, and those of :func:`checked_cars`
    """
    rows = read_rows(path, _MAX_BYTES)
    lacking = [name for name in COLUMNS if not rows or name not in rows[0]]
    if lacking:
        raise UnreadableLedger("charging.columns", source=path.name, expected=", ".join(lacking))
    return checked_cars(pd.DataFrame(rows)[list(COLUMNS)], path.name)


def checked_cars(frame: pd.DataFrame, source: str = "") -> pd.DataFrame:
    """The same cars with the types that reckoning wants: texts, numbers within :data:`RANGES`, a flag.

    Raises
    ------
    UnreadableLedger
        ``charging.columns``; ``charging.bad_car`` with row, column and what is there; ``charging.same_vehicle``; ``charging.too_many``
    """
    lacking = [name for name in COLUMNS if name not in frame]
    if lacking:
        raise UnreadableLedger("charging.columns", source=source, expected=", ".join(lacking))
    if len(frame) > MAX_CARS:
        raise UnreadableLedger("charging.too_many", source=source, found=len(frame), expected=MAX_CARS)
    made = frame[list(COLUMNS)].reset_index(drop=True)
    for name in TEXTS:
        made[name] = made[name].fillna("").astype(str).str.strip()
    for name, (low, high) in RANGES.items():
        numbers = pd.to_numeric(made[name], errors="coerce").astype("float64")
        _refuse(made, name, ~numbers.between(low, high).to_numpy(dtype=bool), source)
        made[name] = numbers
    flags = made["v2x"].map(lambda cell: _FLAGS.get(str(cell).strip().lower()))
    _refuse(made, "v2x", flags.isna().to_numpy(), source)
    made["v2x"] = flags.astype(bool)
    for name in ("vehicle", "facility_id"):
        _refuse(made, name, (made[name] == "").to_numpy(), source)
    _refuse(made, "km_longest", (made["km_longest"] < made["km_day"]).to_numpy(), source)
    _refuse(made, "returns", (made["returns"] == made["leaves"]).to_numpy(), source)
    twice = made["vehicle"].duplicated()
    if twice.any():
        raise UnreadableLedger("charging.same_vehicle", source=source, found=str(made["vehicle"][twice].iloc[0])[:60])
    return made


def _refuse(frame: pd.DataFrame, column: str, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]], source: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        found = str(frame[column].iloc[row])[:60]
        raise UnreadableLedger("charging.bad_car", source=source, row=row + 2, column=column, found=found)


def cars_of_plan(plan: Plan, assumed: Assumptions) -> tuple[pd.DataFrame, list[Finding]]:
    """Cars of the plan's ledger of vehicles that are electric already, each at the facility that the ledger names.

    What the ledger does not tell is assumed. ``v2x`` is false: no ledger says it.

    Returns
    -------
    frame as of :func:`checked_cars`; findings: ``charging.no_base`` with how many cars stand nowhere that is known
    """
    rows, findings = rows_of_plan(plan, "vehicles")
    if "fuel" not in rows:
        return pd.DataFrame({name: pd.Series([], dtype=object) for name in COLUMNS}), findings
    electric = rows[rows["fuel"].astype(object) == "electric"]
    mine = electric[electric["facility_id"].notna()].reset_index(drop=True)
    nowhere = len(electric) - len(mine)
    told = [Finding("charging.no_base", "warning", found=str(nowhere))] if nowhere else []
    kei = np.isin(_texts(mine, "vehicle_class"), _KEI)
    days = _numbers(mine, "days_per_year").clip(1, 365).fillna(assumed.days_per_year)
    daily = (_numbers(mine, "annual_km") / days).fillna(assumed.km_day).clip(0.0, RANGES["km_day"][1])
    usual = np.where(kei, assumed.kwh_per_km_kei, assumed.kwh_per_km)
    frame = pd.DataFrame(
        {
            "vehicle": _texts(mine, "vehicle"), "facility_id": mine["facility_id"].astype(str), "model": _texts(mine, "model"),
            "battery_kwh": np.where(kei, assumed.battery_kei_kwh, assumed.battery_kwh), "usable_share": assumed.usable_share,
            "kwh_per_km": usual, "winter_kwh_per_km": usual * assumed.winter_factor, "km_day": daily,
            "km_longest": (daily * assumed.longest_factor).clip(upper=RANGES["km_longest"][1]), "leaves": assumed.leaves, "returns": assumed.returns,
            "days_per_year": days, "charge_kw": np.where(kei, assumed.charge_kw_kei, assumed.charge_kw), "v2x": False,
        }
    )  # fmt: skip
    return checked_cars(frame.drop_duplicates("vehicle")), [*findings, *told]


def _texts(frame: pd.DataFrame, column: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    if column not in frame:
        return np.full(len(frame), "", dtype=object)
    return frame[column].astype(object).fillna("").astype(str).to_numpy(dtype=object)


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    if column not in frame:
        return pd.Series(np.nan, index=frame.index, dtype="float64")
    return pd.to_numeric(frame[column], errors="coerce").astype("float64")
