"""Which models fit which car: body, seats, load, and the longest winter day. Arrays are ``[cars, models]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.fleet.table import car_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.fleet.table import Assumptions

# Why a model does not fit, one bit each.
REASONS = ("body", "seats", "load", "range")
_BIT = {name: 1 << k for k, name in enumerate(REASONS)}


def winter_kwh_per_km(models: pd.DataFrame, assumed: Assumptions) -> NDArray[np.float64]:
    """[m] what a kilometre takes from the battery with heating on [kWh]: driving in the cold, and heating by the hour over the mean speed."""
    driving = models["kwh_per_km"].to_numpy(dtype=np.float64) * models["winter_factor"].to_numpy(dtype=np.float64)
    return np.asarray(driving + models["heating_kw"].to_numpy(dtype=np.float64) / assumed["winter_speed_km_h"])


def electric_range(models: pd.DataFrame, assumed: Assumptions) -> NDArray[np.float64]:
    """[m] km on the battery with heating, above the reserve, at the end of the battery's use; 0 without a battery that is charged."""
    charged = models["power"].isin(["ev", "phev"]).to_numpy()
    left = assumed["battery_end_share"] * (1.0 - assumed["reserve_share"])
    kwh = models["battery_kwh"].to_numpy(dtype=np.float64) * models["usable_share"].to_numpy(dtype=np.float64) * left
    per_km = winter_kwh_per_km(models, assumed)
    return np.divide(kwh, per_km, out=np.zeros(len(models)), where=charged & (per_km > 0))


def winter_range(models: pd.DataFrame, assumed: Assumptions) -> NDArray[np.float64]:
    """[m] km without charging on a winter's day, above the reserve: battery, and tank where there is one."""
    fuel = models["tank_range_km"].to_numpy(dtype=np.float64) * (1.0 - assumed["reserve_share"])
    return np.asarray(electric_range(models, assumed) + fuel)


@dataclass(frozen=True, eq=False)
class Fits:
    """What fits what.

    Attributes
    ----------
    failed : uint8 [n, m], bits of :data:`REASONS`; 0 fits
    range_km : [m] as :func:`winter_range`
    lacks : [n, m] shares of the seats, the load and the distance that are lacking, added up
    candidate : [m] whether the model counts as next-generation
    """

    failed: NDArray[np.uint8]
    range_km: NDArray[np.float64]
    lacks: NDArray[np.float64]
    candidate: NDArray[np.bool_]

    @property
    def fits(self) -> NDArray[np.bool_]:
        return np.asarray((self.failed == 0) & self.candidate[None, :])

    def reasons(self, car: int, model: int) -> tuple[str, ...]:
        return tuple(name for name, bit in _BIT.items() if self.failed[car, model] & bit)

    def nearest(self) -> NDArray[np.int64]:
        """[n] of the candidates with its body the one that lacks least, of equals the first; −1 where there is none."""
        body = (self.failed & _BIT["body"]) == 0
        possible = body & self.candidate[None, :]
        if not possible.shape[1]:
            return np.full(len(possible), -1, dtype=np.int64)
        rank = np.where(possible, self.lacks, np.inf)
        return np.where(possible.any(axis=1), rank.argmin(axis=1), -1).astype(np.int64)


def fit(cars: pd.DataFrame, models: pd.DataFrame, counts: Sequence[str], assumed: Assumptions) -> Fits:
    """Every car against every model of the catalogue.

    A model fits where its body may stand for the car's class, it has as many seats and carries as much, and its winter range with the reserve covers
    the longest day.
    """
    bodies = models["body"].to_numpy()
    allowed = {code: np.isin(bodies, one.bodies) for code, one in car_classes().items()}
    none = np.zeros((0, len(models)), dtype=bool)
    body = np.array([allowed[code] for code in cars["vehicle_class"]]) if len(cars) else none
    range_km = winter_range(models, assumed)
    failed = np.where(body, 0, _BIT["body"]).astype(np.uint8)
    lacks = np.zeros(failed.shape)
    pairs = {
        "seats": (_column(models, "seats"), _row(cars, "seats")), "load": (_column(models, "load_kg"), _row(cars, "load_kg")),
        "range": (range_km[None, :], _row(cars, "km_longest")),
    }  # fmt: skip
    for name, (has, needs) in pairs.items():
        failed |= np.where(has < needs, _BIT[name], 0).astype(np.uint8)
        lacks += np.maximum(needs - has, 0.0) / np.maximum(needs, 1.0)
    return Fits(failed, range_km, lacks, models["power"].isin(list(counts)).to_numpy())


def choose(
    fits: Fits, models: pd.DataFrame, yearly_yen: NDArray[np.float64], groups: Sequence[Sequence[str]]
) -> NDArray[np.int64]:
    """[n] the model of each car: of the first group of powers that has one which fits the cheapest a year, of equals the first in the catalogue; −1 for none."""
    chosen = np.full(len(fits.failed), -1, dtype=np.int64)
    for group in groups:
        mine = fits.fits & models["power"].isin(list(group)).to_numpy()[None, :]
        cost = np.where(mine, yearly_yen, np.inf)
        open_ = (chosen < 0) & mine.any(axis=1)
        if open_.any():
            chosen[open_] = cost[open_].argmin(axis=1)
    return chosen


def _column(models: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return models[name].to_numpy(dtype=np.float64)[None, :]


def _row(cars: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return cars[name].to_numpy(dtype=np.float64)[:, None]
