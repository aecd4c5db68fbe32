"""Purchase, lease and ESCO side by side: the city's yearly flows against lamps left as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kawasolar.finance.measures import irr, npv, payback

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.lighting.table import Table

    Floats = NDArray[np.float64]

WAYS: Final = ("purchase", "lease", "esco")
FIGURES = (
    "first_yen", "yearly_yen", "years", "total_yen", "npv_yen", "payback", "provider_irr",
)  # fmt: skip


def annuity(rate: float, years: int) -> float:
    """What a yen is paid back by a year, at the year's end: ``r / (1 − (1 + r)^−n)``; ``1 / n`` at a rate of nought."""
    return 1.0 / years if rate == 0.0 else rate / (1.0 - (1.0 + rate) ** -years)


def renewals(rows: pd.DataFrame, place: NDArray[np.int64], facilities: int, term: int) -> Floats:
    """[facilities, term + 1] yen of luminaires that wear out within the term and are bought again, disposal left out.

    Of what lasts beyond the term only the share that falls within it counts: ``yen · min(1, (term − year) / life)``.

    Parameters
    ----------
    rows : of :func:`kawasolar.lighting.replacing.replaced`; ``place`` [n] whose they are
    """
    found = np.zeros((facilities, term + 1))
    life = rows["life_years"].to_numpy(dtype=np.float64)
    yen = (rows["cost_yen"] - rows["waste_yen"]).to_numpy(dtype=np.float64)
    for k in range(1, term + 1):
        year = np.ceil(k * life - 1e-9)
        # In the last year nobody buys for what comes after.
        again = year < term
        if not again.any():
            break
        share = np.minimum((term - year[again]) / life[again], 1.0)
        np.add.at(found, (place[again], np.maximum(year[again], 1).astype(np.int64)), yen[again] * share)
    return found


def flows(saving: Floats, cost: Floats, again: Floats, table: Table) -> dict[str, tuple[Floats, Floats]]:
    """The city's and the provider's flows by way, [n, term + 1]; what comes in is above nought.

    - purchase: the cost at once, then all of the saving;
    - lease: ``cost · (1 + fee) · annuity`` a year over the lease, then the luminaires are the city's;
    - ESCO: the contract's share of the saving goes to the company, which pays ``cost · (1 + fee)`` and what wears out; then all of it is the city's.

    Parameters
    ----------
    saving : [n] yen a year, bill and upkeep; cost : [n]; again : [n, term + 1] of :func:`renewals`
    """
    term = table.whole("term")
    year = np.arange(term + 1)
    kept = saving[:, None] * (year >= 1)
    mine = kept - again
    bought = mine.copy()
    bought[:, 0] -= cost
    found = {"purchase": (bought, np.zeros_like(bought))}
    for way, length in (("lease", table.whole("lease_years")), ("esco", table.whole("esco_years"))):
        within = (year >= 1) & (year <= length)
        out = cost * (1.0 + table.number(f"{way}_fee"))
        if way == "lease":
            paid = (out * annuity(table.number("lease_rate"), length))[:, None] * within
        else:
            # Who gains nothing by it pays nothing.
            paid = np.maximum(saving, 0.0)[:, None] * table.number("esco_share") * within
        theirs = paid - np.where(within, again, 0.0)
        theirs[:, 0] -= out
        found[way] = (kept - np.where(within, 0.0, again) - paid, theirs)
    return found


def figures(saving: Floats, cost: Floats, again: Floats, table: Table) -> dict[str, dict[str, Floats]]:
    """:data:`FIGURES` by way, [n] each: what is paid at once and in each of the first ``years``, sum and present value of the term, years until it has come back, the provider's return (NaN where there is none)."""
    rate, found = table.number("discount_rate"), {}
    lengths = {"purchase": 0, "lease": table.whole("lease_years"), "esco": table.whole("esco_years")}
    for way, (city, provider) in flows(saving, cost, again, table).items():
        length = lengths[way]
        paid = {
            "purchase": np.zeros_like(cost), "lease": cost * (1.0 + table.number("lease_fee")) * annuity(table.number("lease_rate"), max(length, 1)),
            "esco": np.maximum(saving, 0.0) * table.number("esco_share"),
        }[way]  # fmt: skip
        found[way] = {
            "first_yen": np.maximum(-city[:, 0], 0.0), "yearly_yen": paid, "years": np.full(len(cost), float(length)), "total_yen": city.sum(axis=-1),
            "npv_yen": npv(city, rate), "payback": payback(city), "provider_irr": np.full(len(cost), np.nan) if way == "purchase" else irr(provider),
        }  # fmt: skip
    return found


def best(by_way: dict[str, dict[str, Floats]], table: Table) -> list[str]:
    """The way with the highest present value for each facility; an ESCO only where its return is enough to find one."""
    worth = np.stack([by_way[way]["npv_yen"] for way in WAYS])
    esco = WAYS.index("esco")
    likely = np.nan_to_num(by_way["esco"]["provider_irr"], nan=-1.0) >= table.number("esco_rate")
    worth[esco] = np.where(likely, worth[esco], -np.inf)
    return [WAYS[k] for k in worth.argmax(axis=0)] if worth.shape[1] else []
