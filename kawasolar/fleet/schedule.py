"""What it costs, takes from each year's budget and saves to replace a car in one fiscal year or another, or never."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.fleet.cost import Costs
    from kawasolar.fleet.table import Assumptions


@dataclass(frozen=True, eq=False)
class Schedule:
    """Cars × the fiscal years in which they may be replaced; the last column is never.

    Attributes
    ----------
    years : fiscal years, T
    cost_yen : [n, T + 1] discounted to the first year: old car until then, new one from then on, ending a lease early or extending it
    spend_yen : [n, T, T] what replacing in the second axis' year takes from the third's budget, not discounted
    off_yen : [n, T + 1] of it what ending early and extending take, discounted
    saved_t : [n, T + 1] CO2 saved until the end of the last year
    early_yen, late_yen : [n, T] of these costs what ending early takes, and what all years of extension before it take; not discounted
    """

    years: tuple[int, ...]
    cost_yen: NDArray[np.float64]
    off_yen: NDArray[np.float64]
    spend_yen: NDArray[np.float64]
    saved_t: NDArray[np.float64]
    early_yen: NDArray[np.float64]
    late_yen: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cost_yen)


def schedule_of(
    natural: NDArray[np.float64], leased_now: NDArray[np.bool_], old: Costs, new: Costs, years: tuple[int, ...], assumed: Assumptions
) -> Schedule:  # fmt: skip
    """Every car in every year.

    A car is replaced on the day of the year on which it is due, so that whole years count: due in ``natural``, replaced in t < natural, its contract or
    book has ``natural − t`` years left, of which ``early_share`` is lost; kept beyond ``natural``, each further year costs the extension of its lease
    (``extension_share``) or more repairs (``late_maintenance_yen``). NaN: nobody knows when it is due; it is renewed like for like meanwhile.

    Parameters
    ----------
    natural, leased_now : [n]
    old, new : picked, [n]; where the old one's costs are NaN (no reference in the catalogue) they count as 0, and nothing is known to be saved
    """
    t = np.array(years)
    known = np.isfinite(natural)[:, None]
    due = np.where(known, natural[:, None], np.inf)
    holding, running = np.nan_to_num(old.holding_yen)[:, None], np.nan_to_num(old.running_yen)[:, None]
    left = np.where(known, np.maximum(due - t, 0.0), 0.0)
    # A lease has an end; a book is written off over the life, whatever the ledger says.
    early = assumed["early_share"] * holding * np.where(np.isfinite(left), left, 0.0)
    extension = np.where(leased_now[:, None], assumed["extension_share"] * holding, assumed["late_maintenance_yen"])
    over = t[None, :] >= due
    kept = running + np.where(over, extension, holding)
    factor = (1.0 + assumed["discount_rate"]) ** -(t - t[0])
    before = _before(kept * factor)
    yearly = np.repeat(new.yearly_yen[:, None], len(t), axis=1) * factor
    after = np.flip(np.cumsum(np.flip(yearly, axis=1), axis=1), axis=1)
    cost = before[:, :-1] + after + early * factor
    saved = np.nan_to_num(old.co2_t - new.co2_t)[:, None] * (len(t) - np.arange(len(t) + 1))
    spend = _spend(new, np.where(leased_now[:, None], early, 0.0))
    further = np.where(over, np.broadcast_to(extension, kept.shape), 0.0)
    off = _before(further * factor)
    off[:, :-1] += early * factor
    return Schedule(years, np.hstack([cost, before[:, -1:]]), off, spend, saved, early, _before(further)[:, :-1])


def _before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, T + 1] sum of the years before each."""
    return np.hstack([np.zeros((len(values), 1)), np.cumsum(values, axis=1)])


def _spend(new: Costs, early_yen: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, T, T]: at the beginning the car that is bought, its charger and the end of an old lease; a new lease in every year from then on."""
    years = early_yen.shape[1]
    first = new.upfront_yen[:, None] + early_yen
    spend = np.triu(np.ones((years, years)))[None] * np.nan_to_num(new.lease_yen)[:, None, None]
    spend[:, np.arange(years), np.arange(years)] += first
    return np.asarray(spend)
