"""What is known of a site, or of many at once: size, energy, and what the electricity would cost without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.ageing import RATE
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.finance.terms import Terms


@dataclass(frozen=True)
class Site:
    """Inputs of one site, or arrays over sites ``[...]``.

    Attributes
    ----------
    capacity_kw : DC
    self_use_kwh, surplus_kwh : of the first year; ``[..., years]`` with ``by_year``
    avoided_yen_per_kwh : what a self-used kWh need not be bought for: energy charge, fuel adjustment, levy
    demand_saving_yen : what the demand charge is less, a year
    roof_m2 : that a roof rent is paid for
    battery_kwh : as cost only; its effect is in the energy
    by_year : energy, price and saving have the years as their last axis, in the yen of each year; nothing is aged or escalated then
    """

    capacity_kw: ArrayLike
    self_use_kwh: ArrayLike
    surplus_kwh: ArrayLike
    avoided_yen_per_kwh: ArrayLike
    demand_saving_yen: ArrayLike = 0.0
    roof_m2: ArrayLike = 0.0
    battery_kwh: ArrayLike = 0.0
    by_year: bool = False


@dataclass(frozen=True)
class Years:
    """The years of operation, each ``[..., years]``: energy [kWh], what it saves the city [yen] as energy and as demand charge."""

    self_use_kwh: NDArray[np.float64]
    surplus_kwh: NDArray[np.float64]
    avoided_yen: NDArray[np.float64]
    demand_yen: NDArray[np.float64]

    @property
    def energy_kwh(self) -> NDArray[np.float64]:
        """All that is produced."""
        return self.self_use_kwh + self.surplus_kwh


def years_of(site: Site, terms: Terms) -> Years:
    """The site's years: energy declines as modules age (both shares alike), prices of bought power escalate.

    Raises
    ------
    PlanError
        years given one by one are fewer than the term
    """
    count = terms.years
    aged = (1.0 - terms.number(RATE)) ** np.arange(count)
    dearer = growth(terms.number("price_escalation"), count)
    plain = tuple(
        np.asarray(value, dtype=np.float64)
        for value in (site.self_use_kwh, site.surplus_kwh, site.avoided_yen_per_kwh, site.demand_saving_yen)
    )
    if site.by_year:
        given = np.broadcast_arrays(*plain)
        if given[0].ndim == 0 or given[0].shape[-1] < count:
            raise PlanError("finance.years_short", found=given[0].shape[-1] if given[0].ndim else 1, expected=count)
        own, surplus, price, demand = (value[..., :count] for value in given)
    else:
        own, surplus = (value[..., None] * aged for value in plain[:2])
        price, demand = (value[..., None] * dearer for value in plain[2:])
    shape = np.broadcast_shapes(own.shape, surplus.shape, price.shape, demand.shape)
    own, surplus, price, demand = (np.broadcast_to(value, shape) for value in (own, surplus, price, demand))
    return Years(own, surplus, own * price, demand)


def growth(rate: float, count: int) -> NDArray[np.float64]:
    """Factors of the years 1 … ``count``, the first 1."""
    return np.asarray((1.0 + rate) ** np.arange(count), dtype=np.float64)
