"""What a plant costs its owner year by year, and what the tax office lets him write off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.finance.site import growth
from kawasolar.finance.terms import DECLINING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.finance.site import Site
    from kawasolar.finance.terms import Terms

# 固定資産評価基準: what is left at the end, and the guaranteed share of 200 % declining depreciation switches by itself.
_LEAST_VALUE = 0.05
_LEFT_AFTER_LIFE = 0.1
_DECLINING = 2.0


@dataclass(frozen=True)
class Plant:
    """Costs as positive yen, ``[..., years + 1]``; ``capex`` is ``[...]``, battery included.

    ``property_tax`` falls on who owns it unless that is a city; ``removal`` in the last year.
    """

    capex: NDArray[np.float64]
    opex: NDArray[np.float64]
    inverter: NDArray[np.float64]
    battery: NDArray[np.float64]
    insurance: NDArray[np.float64]
    property_tax: NDArray[np.float64]
    removal: NDArray[np.float64]


def plant_of(site: Site, terms: Terms, shape: tuple[int, ...]) -> Plant:
    """Costs of the plant over the term; ``shape`` is that of the sites."""
    years, number = terms.years, terms.number
    kw, kwh = (
        np.broadcast_to(np.asarray(value, dtype=np.float64), shape) for value in (site.capacity_kw, site.battery_kwh)
    )
    panels, cells = kw * terms.capex_per_kw(kw), kwh * number("battery")
    capex = panels + cells
    dearer = np.concatenate([[0.0], growth(number("inflation"), years)])
    once = np.eye(years + 1)
    last = dearer * once[years]

    def renewed(key: str) -> NDArray[np.float64]:
        """The years in which a part is replaced: every so many, not in the last."""
        step = max(terms.whole(key), 1)
        return np.asarray(dearer * once[step:years:step].sum(axis=0), dtype=np.float64)

    return Plant(
        capex,
        opex=(kw * number("opex"))[..., None] * dearer,
        inverter=(panels * number("inverter_share"))[..., None] * renewed("inverter_year"),
        battery=(cells * number("battery_share"))[..., None] * renewed("battery_year"),
        insurance=(capex * number("insurance"))[..., None] * dearer,
        property_tax=capex[..., None] * property_tax_shares(terms),
        removal=(kw * number("removal"))[..., None] * last,
    )


def property_tax_shares(terms: Terms) -> NDArray[np.float64]:
    """Tax on depreciable assets (償却資産税) of each year over the price that was paid, shape (years + 1,).

    The value falls by the rate that leaves a tenth after the legal life (17 a: 0.127), half of it in the first year, never below a
    twentieth; a relief taxes a share of it in the first years. The price is that before any grant, which this tax does not deduct.
    """
    years = terms.years
    falls = round(1.0 - _LEFT_AFTER_LIFE ** (1.0 / terms.number("tax_life")), 3)
    value = np.maximum((1.0 - falls / 2.0) * (1.0 - falls) ** np.arange(years), _LEAST_VALUE)
    taxed = np.where(
        np.arange(years) < terms.whole("property_tax_relief_years"), terms.number("property_tax_relief"), 1.0
    )
    return np.concatenate([[0.0], terms.number("property_tax") * value * taxed])


def depreciation_shares(terms: Terms, years: int) -> NDArray[np.float64]:
    """What may be written off in each year over the price paid, shape (years + 1,); what is left goes in the last, when it is given away.

    Straight line (定額法), or 200 % declining with the rest spread evenly once that is more (定率法; the guarantee rate is that moment).
    """
    life = max(terms.whole("tax_life"), 1)
    if terms.whole("depreciation") == DECLINING:
        left, shares = 1.0, []
        for year in range(life):
            part = max(left * min(_DECLINING / life, 1.0), left / (life - year))
            shares.append(part)
            left -= part
    else:
        shares = [1.0 / life] * life
    written = np.zeros(years + 1)
    count = min(life, years)
    written[1 : count + 1] = shares[:count]
    written[years] += 1.0 - written.sum()
    return written


def years_until(flows: ArrayLike, last: int) -> NDArray[np.float64]:
    """The same cash flows with nothing after a year."""
    cash = np.array(flows, dtype=np.float64)
    cash[..., last + 1 :] = 0.0
    return cash
