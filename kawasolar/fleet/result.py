"""A fleet's programme as tables: cars, fiscal years, bases, cars without a substitute, assumptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.fleet.fitting import winter_kwh_per_km
from kawasolar.fleet.ledger import COLUMNS as LEDGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.findings import Finding
    from kawasolar.fleet.rules import FleetRules
    from kawasolar.fleet.table import Assumptions

# Why a car is replaced in its year, or is not.
WHYS = (
    "already", "outside", "no_substitute", "natural", "overdue", "unknown_due", "early", "early_target", "late", "kept",
)  # fmt: skip
REPLACED = ("natural", "overdue", "unknown_due", "early", "early_target", "late")
CARS = (
    *LEDGER, "base_name", "model", "model_power", "fiscal_year", "why", "nearest", "reasons", "range_km", "old_yearly_yen", "new_yearly_yen", "old_tco_yen",
    "new_tco_yen", "upfront_yen", "early_yen", "late_yen", "old_co2_t", "new_co2_t", "kwh",
)  # fmt: skip
YEARS = (
    "fiscal_year", "replaced", "passenger", "next_generation", "share", "target", "spend_yen", "budget_yen", "co2_t", "saved_t", "kwh", "sharing_yen",
)  # fmt: skip
BASES = ("facility_id", "name", "cars", "next_generation", "ev", "phev", "kwh", "charge_kw")
ELECTRIC = (
    "vehicle", "facility_id", "model", "battery_kwh", "usable_share", "kwh_per_km", "winter_kwh_per_km", "km_day", "km_longest", "leaves", "returns",
    "days_per_year", "charge_kw", "v2x",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class FleetResult:
    """What was found; frames with stable columns, and all else in ``head``, which JSON can hold.

    Attributes
    ----------
    head : ``rules status gap need_cars reached_cars passenger already no_substitute target_cars short least_yen least_proven totals sharing verify``
    cars : a row a car of the ledger, columns :data:`CARS`; ``fiscal_year`` NaN where it is not replaced; money of a year or present value [yen], CO2 [t/a],
        ``range_km`` of the model, or of the nearest where none fits; ``kwh`` at the plug a year once it is replaced (or by now, where it is electric already)
    years : a row a fiscal year, the one before the programme first, columns :data:`YEARS`
    bases : a row a base at the end of the last year, columns :data:`BASES`; an empty id where no facility is known, with the name as the ledger writes it
    assumptions : ``key value unit low high origin how_sure``
    catalogue : as it was used
    """

    head: Mapping[str, Any]
    cars: pd.DataFrame
    years: pd.DataFrame
    bases: pd.DataFrame
    assumptions: pd.DataFrame
    catalogue: pd.DataFrame
    findings: tuple[Finding, ...] = field(default=())

    @property
    def without(self) -> pd.DataFrame:
        """Cars of the planned classes that no model can replace."""
        return self.cars[self.cars["why"] == "no_substitute"]


def electric_at(cars: pd.DataFrame, year: int) -> pd.Series:
    """Which cars are charged (EV, PHEV) at the end of a fiscal year: those that were, and those that have been replaced by then."""
    there = (cars["why"] == "already") | (cars["fiscal_year"] <= year)
    return there & cars["model_power"].isin(["ev", "phev"])


def electric_frame(result: FleetResult, assumed: Assumptions, year: int) -> pd.DataFrame:
    """The cars that are charged at the end of a fiscal year, columns :data:`ELECTRIC`.

    Energy is from the battery, not at the plug (``kwh_per_km`` without, ``winter_kwh_per_km`` with heating); ``leaves`` and ``returns`` are hours of the
    day, ``charge_kw`` what the car takes of a normal charger, ``facility_id`` empty where nobody knows the base.
    """
    catalogue = result.catalogue.assign(winter_kwh_per_km=winter_kwh_per_km(result.catalogue, assumed))
    models = catalogue.set_index("key").rename(columns={"charge_ac_kw": "charge_kw"})
    chosen = result.cars[electric_at(result.cars, year)]
    own = ["vehicle", "facility_id", "model", "km_day", "km_longest", "leaves", "returns", "days_per_year"]
    columns = ["battery_kwh", "usable_share", "kwh_per_km", "winter_kwh_per_km", "charge_kw", "v2x"]
    joined = chosen[own].join(models[columns], on="model")
    joined["v2x"] = joined["v2x"] > 0
    return joined[list(ELECTRIC)].reset_index(drop=True)


def years_frame(cars: pd.DataFrame, spend: Mapping[int, float], rules: FleetRules, sharing_yen: float) -> pd.DataFrame:
    """The fiscal years, from the one before the first.

    Parameters
    ----------
    spend : fiscal year -> what is spent [yen]
    sharing_yen : what residents' use of a car leaves a year; NaN without
    """
    rows = []
    passenger = cars["passenger"]
    next_now = cars["why"] == "already"
    new = np.nan_to_num(cars["new_co2_t"])
    # What an old car without a counterpart emits nobody knows: nothing is said to be saved.
    old = np.where(cars["old_co2_t"].isna(), new, cars["old_co2_t"])
    for year in (rules.first_year - 1, *rules.years):
        done = (cars["fiscal_year"] <= year).to_numpy()
        clean = passenger & (next_now | done)
        # Those already replaced before are no saving of this programme.
        emitted = np.where(done | next_now, new, old)
        rows.append({
            "fiscal_year": year, "replaced": int((cars["fiscal_year"] == year).sum()), "passenger": int(passenger.sum()),
            "next_generation": int(clean.sum()), "share": float(clean.sum() / max(passenger.sum(), 1)),
            "target": rules.target if year == rules.last_year else np.nan, "spend_yen": spend.get(year, 0.0),
            "budget_yen": np.nan if year < rules.first_year or (budget := rules.budget_of(year)) is None else budget,
            "co2_t": float(emitted.sum()), "saved_t": float((old - new)[done].sum()),
            "kwh": float(cars["kwh"][electric_at(cars, year)].sum()), "sharing_yen": sharing_yen * float(clean.sum()),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(YEARS))


def bases_frame(cars: pd.DataFrame, catalogue: pd.DataFrame, year: int) -> pd.DataFrame:
    """Cars, electricity and chargers' power of each base at the end of a fiscal year, the most electricity first."""
    charged = electric_at(cars, year)
    power = cars["model"].map(catalogue.set_index("key")["charge_ac_kw"]).fillna(0.0)
    told = pd.DataFrame({
        "facility_id": cars["facility_id"], "name": cars["base_name"], "cars": 1,
        "next_generation": ((cars["why"] == "already") | (cars["fiscal_year"] <= year)).astype(int),
        "ev": (charged & (cars["model_power"] == "ev")).astype(int), "phev": (charged & (cars["model_power"] == "phev")).astype(int),
        "kwh": cars["kwh"].where(charged, 0.0).fillna(0.0), "charge_kw": power.where(charged, 0.0),
    })  # fmt: skip
    sums = told.groupby(["facility_id", "name"], sort=True).sum()
    return (
        sums.reset_index()
        .sort_values(["kwh", "facility_id", "name"], ascending=[False, True, True])
        .reset_index(drop=True)[list(BASES)]
    )
