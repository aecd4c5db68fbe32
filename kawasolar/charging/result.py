"""What charging comes to at every base, as plain tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from kawasolar.charging.bill import COLUMNS as BILL
from kawasolar.charging.ways import WAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.findings import Finding

# Columns of the tables, with their types.
BASES = {
    "facility_id": "object", "name": "object", "cars": "int64", "served": "int64", "v2x_cars": "int64", "chargers": "int64", "enough": "bool", "proven": "bool",
    "cost_yen": "float64", "subsidy_yen": "float64", "driven_kwh": "float64", "charged_kwh": "float64", "given_kwh": "float64", "load_known": "bool",
    "estimated": "bool", "worst_day": "int64", "peak_none_kw": "float64", **{f"peak_{way}_kw": "float64" for way in WAYS},
    **{f"pv_{way}_kwh": "float64" for way in WAYS}, **{name: "object" if name in ("tariff", "why_not") else "float64" for name in BILL},
    "outage_worst_h": "float64", "outage_median_h": "float64", "outage_worst_kwh": "float64", "outage_median_kwh": "float64", "outage_pv_worst_h": "float64",
    "outage_pv_median_h": "float64",
}  # fmt: skip
CHARGERS = {
    "facility_id": "object", "kind": "object", "number": "int64", "cost_yen": "float64", "subsidy_yen": "float64",
}  # fmt: skip
CARS = {
    "vehicle": "object", "facility_id": "object", "model": "object", "reason": "object", "full_kwh": "float64", "reserve_kwh": "float64", "low_kwh": "float64",
    "longest_kwh": "float64", "driven_kwh": "float64", "v2x": "bool",
}  # fmt: skip
CURVES = {
    "facility_id": "object", "part": "object", "slot": "int64", "load_kw": "float64", "pv_kw": "float64", **{f"{way}_kw": "float64" for way in WAYS},
}  # fmt: skip
OUTAGE = {
    "facility_id": "object", "month": "int64", "worst_h": "float64", "median_h": "float64", "pv_worst_h": "float64", "pv_median_h": "float64",
    "worst_kwh": "float64", "median_kwh": "float64",
}  # fmt: skip
TABLES: dict[str, dict[str, str]] = {"bases": BASES, "chargers": CHARGERS, "cars": CARS, "curves": CURVES, "outage": OUTAGE}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Charging:
    """Chargers at the bases of a plan.

    Attributes
    ----------
    head : plain values: ``year``, ``roof`` (whether roofs are there), ``set`` (chargers of each kind that were asked for, None: the smallest set), ``least``, ``assumptions``, ``asked`` (keys of those that somebody gave),
        ``listed`` (whether cars came as a list), ``kinds``
    bases : a row a base (:data:`BASES`): cars, those that some set can serve; the set, its cost after subsidies [yen]; energy driven (of the batteries), charged and given back to the building
        (by PV-following) a year [kWh]; highest half hour drawn [kW] without cars and by each way; of what is charged the part from surplus [kWh]; columns of
        :data:`kawasolar.charging.bill.COLUMNS`; outages over all half hours at which one may begin (NaN where no car can give back)
    chargers : a row a base and kind of which there is one
    cars : a row a car: ``reason`` why no set can serve it, ``low_kwh`` least above the reserve (NaN where it is not served)
    curves : mean power of half hours [kW] of each base's worst day (``part`` ``worst``) and of a week (``week``), ``slot`` from 1 April; below nought where cars give back
    outage : by month in which the outage begins
    """

    head: Mapping[str, Any]
    bases: pd.DataFrame
    chargers: pd.DataFrame
    cars: pd.DataFrame
    curves: pd.DataFrame
    outage: pd.DataFrame
    findings: tuple[Finding, ...] = field(default=())


def typed(rows: list[dict[str, object]] | pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a table with its columns and types."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=list(kinds))
    return frame[list(kinds)].astype(dict(kinds)).reset_index(drop=True)
