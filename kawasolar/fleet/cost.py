"""What a car costs and emits: capital or lease, energy, maintenance, taxes, its part of a charger. Arrays are ``[cars, models]``, yen without consumption tax.

Equivalent annual cost (EAC): the present value of all that is paid over the life n, times r / (1 − (1 + r)^−n), so that lives of different length compare.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.fleet.fitting import electric_range, winter_kwh_per_km

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.fleet.table import Assumptions

_MONTHS = 12.0
_KG_PER_T = 1000.0


@dataclass(frozen=True, eq=False)
class Costs:
    """Of each car with each model, ``[n, m]``, or ``[n]`` once picked.

    Attributes
    ----------
    kwh, fuel_l, h2_kg : what a year takes: electricity at the plug, litres, hydrogen
    energy_yen, running_yen : of a year; running is energy, maintenance and taxes
    capital_yen : paid at the beginning: price less subsidy where it is bought, and the part of a charger that its life uses up
    lease_yen : of a year, less the subsidy that the lessor passes on
    holding_yen : price or lease as equal yearly parts over the life, without charger and running, not discounted: what a contract or book has left
    yearly_yen : equivalent annual cost
    tco_yen : present value over the model's life
    upfront_yen : to be budgeted at the beginning: the car where it is bought, and the whole charger
    co2_t : of a year
    life : years [n, m]
    """

    kwh: NDArray[np.float64]
    fuel_l: NDArray[np.float64]
    h2_kg: NDArray[np.float64]
    energy_yen: NDArray[np.float64]
    running_yen: NDArray[np.float64]
    capital_yen: NDArray[np.float64]
    lease_yen: NDArray[np.float64]
    holding_yen: NDArray[np.float64]
    yearly_yen: NDArray[np.float64]
    tco_yen: NDArray[np.float64]
    upfront_yen: NDArray[np.float64]
    co2_t: NDArray[np.float64]
    life: NDArray[np.float64]

    def pick(self, model: NDArray[np.int64]) -> Costs:
        """Of each car those of one model; NaN where the model is −1."""
        rows = np.arange(len(model))

        def one(values: NDArray[np.float64]) -> NDArray[np.float64]:
            if not values.shape[1]:
                return np.full(len(model), np.nan)
            return np.where(model >= 0, values[rows, np.maximum(model, 0)], np.nan)

        return Costs(**{entry.name: one(getattr(self, entry.name)) for entry in fields(self)})


def present_value(rate: float, years: NDArray[np.float64]) -> NDArray[np.float64]:
    """What one yen a year over so many years, paid at each year's end, is worth at the beginning."""
    return np.asarray(years if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / rate, dtype=np.float64)


def electric_share(cars: pd.DataFrame, models: pd.DataFrame, assumed: Assumptions) -> NDArray[np.float64]:
    """[n, m] share of the distance on charged electricity: all of an EV's, of a PHEV's what its battery covers of a mean day, on days on which it was charged."""
    power = models["power"].to_numpy()
    day = cars["km_day"].to_numpy(dtype=np.float64)[:, None]
    covered = np.minimum(electric_range(models, assumed)[None, :] / np.maximum(day, 1e-9), 1.0)
    plugged = assumed["phev_charged_share"] * covered
    return np.where(power == "ev", 1.0, np.where(power == "phev", plugged, 0.0))


def costs_of(
    cars: pd.DataFrame, models: pd.DataFrame, leased: NDArray[np.bool_], assumed: Assumptions, km_per_l: NDArray[np.float64] | None = None
) -> Costs:  # fmt: skip
    """Every car with every model.

    Parameters
    ----------
    leased : [n] whether the car is leased, else bought
    km_per_l : [n] what a car really does, before the catalogue's where it is finite
    """

    def of(name: str) -> NDArray[np.float64]:
        return models[name].to_numpy(dtype=np.float64)[None, :]

    shape = (len(cars), len(models))
    km = cars["annual_km"].to_numpy(dtype=np.float64)[:, None]
    kwh, fuel_l, h2_kg = _energy(cars, models, assumed, km, km_per_l)
    diesel = (models["power"] == "diesel").to_numpy()[None, :]
    price_l = np.where(diesel, assumed["diesel_yen_l"], assumed["petrol_yen_l"])
    kg_l = np.where(diesel, assumed["diesel_kg_l"], assumed["petrol_kg_l"])
    energy = kwh * assumed["electricity_yen_kwh"] + fuel_l * price_l + h2_kg * assumed["hydrogen_yen_kg"]
    co2 = kwh * assumed["electricity_kg_kwh"] + fuel_l * kg_l + h2_kg * assumed["hydrogen_kg_kg"]
    running = energy + of("maintenance_yen") + of("tax_yen")
    life = np.broadcast_to(of("life_years"), shape)
    net = of("price_yen") - of("subsidy_yen")
    charger = np.where(
        models["power"].isin(["ev", "phev"]).to_numpy()[None, :], assumed["charger_yen"] * assumed["charger_ratio"], 0.0
    )
    rented = leased[:, None]
    lease = np.where(rented, np.maximum(_MONTHS * of("lease_yen_month") - of("subsidy_yen") / life, 0.0), 0.0)
    bought = np.where(rented, 0.0, net)
    capital = bought + charger * life / assumed["charger_life"]
    factor = present_value(assumed["discount_rate"], life)
    tco = capital + (running + lease) * factor
    return Costs(
        kwh, fuel_l, h2_kg, energy, running, capital, lease, np.where(rented, lease, net / life), tco / factor, tco, bought + charger, co2 / _KG_PER_T, life
    )  # fmt: skip


def _energy(
    cars: pd.DataFrame, models: pd.DataFrame, assumed: Assumptions, km: NDArray[np.float64], km_per_l: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """KWh at the plug, litres and kg of hydrogen of a year, each [n, m]."""
    share = electric_share(cars, models, assumed)
    winter = assumed["winter_share"]
    dry = models["kwh_per_km"].to_numpy(dtype=np.float64)
    per_km = (1.0 - winter) * dry + winter * winter_kwh_per_km(models, assumed)
    kwh = km * share * per_km[None, :] / assumed["charge_efficiency"]
    own = np.full(len(cars), np.nan) if km_per_l is None else km_per_l
    catalogue = models["km_per_l"].to_numpy(dtype=np.float64)[None, :]
    burns = models["power"].isin(["phev", "hev", "petrol", "diesel"]).to_numpy()[None, :]
    per_l = np.where(np.isfinite(own)[:, None], own[:, None], catalogue)
    fuel = np.divide(km * (1.0 - share), per_l, out=np.zeros(share.shape), where=burns & (per_l > 0))
    cells = (models["power"] == "fcv").to_numpy()[None, :]
    hydrogen = np.where(cells, km * models["h2_kg_per_km"].to_numpy(dtype=np.float64)[None, :], 0.0)
    return kwh, fuel, hydrogen


def references(cars: pd.DataFrame, models: pd.DataFrame) -> NDArray[np.int64]:
    """[n] row of the catalogue by which a car would be renewed as it is: petrol or diesel of its own body.

    The cheapest that seats and carries as much; where none does, the largest; −1 where the catalogue has none of its body. Diesel cars by diesel where there is one.
    """
    burns = models["power"].isin(["petrol", "diesel"]).to_numpy()[None, :]
    same = cars["vehicle_class"].to_numpy()[:, None] == models["body"].to_numpy()[None, :]
    possible = burns & same
    seats, load = (models[name].to_numpy(dtype=np.float64)[None, :] for name in ("seats", "load_kg"))
    short = np.maximum(cars["seats"].to_numpy(dtype=np.float64)[:, None] - seats, 0.0) / 10.0
    short = short + np.maximum(cars["load_kg"].to_numpy(dtype=np.float64)[:, None] - load, 0.0) / 1000.0
    other = (
        (cars["power"] == "diesel").to_numpy()[:, None] != (models["power"] == "diesel").to_numpy()[None, :]
    ) * 1e-3
    price = models["price_yen"].to_numpy(dtype=np.float64)[None, :] / 1e12
    rank = np.where(possible, short + other + price, np.inf)
    if not rank.shape[1]:
        return np.full(len(cars), -1, dtype=np.int64)
    return np.where(possible.any(axis=1), rank.argmin(axis=1), -1).astype(np.int64)
