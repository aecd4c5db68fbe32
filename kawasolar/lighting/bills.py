"""What LED saves on the bills: half hours off the demand, energy and contract by the tariff; a plain price where no tariff is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.demand import demand_of
from kawasolar.demand.lit import kind_of, lit_of_kind
from kawasolar.errors import TariffError
from kawasolar.finance.terms import Terms
from kawasolar.half_hours import COUNT, fiscal_year
from kawasolar.tariff.compare import Measure, in_order
from kawasolar.tariff.of_plan import tariffs_of
from kawasolar.tariff.rates import rates_of
from kawasolar.tariff.rules import bundled_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.plan import Plan

    Floats = NDArray[np.float64]

# Facilities whose half hours are held at once: some 100 MB.
_AT_ONCE = 200
SAVINGS = ("facility_id", "billed_kwh", "saved_yen", "contract_kw", "by")


def lit_rows(plan: Plan, facility_ids: Sequence[str], year: FiscalYear) -> Floats:
    """[n, 17520] the share of the year's lighting in every half hour; a kind's shape is made once."""
    kinds = [kind_of(plan.facilities, name) for name in facility_ids]
    shapes = {kind: lit_of_kind(plan.profile.code, kind, year) for kind in set(kinds)}
    return np.stack([shapes[kind] for kind in kinds]) if kinds else np.zeros((0, COUNT))


def savings(
    plan: Plan, facility_ids: Sequence[str], saved_kwh: NDArray[np.floating], progress: Progress = silent
) -> pd.DataFrame:
    """What each facility's bill of the year falls by.

    Parameters
    ----------
    saved_kwh : [n] of the year, by the lamps

    Returns
    -------
    frame :data:`SAVINGS`, a row each, in the order given: ``billed_kwh`` of it what the half hours can bear, for nothing is saved beyond what is used; ``saved_yen`` of the year, consumption tax
    included; ``contract_kw`` less at the highest of the year; ``by``: ``tariff``, ``price`` (no tariff or no demand is known: all kWh at the profile's one price)

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    saved = np.asarray(saved_kwh, dtype=np.float64)
    price = Terms.of(plan.profile).number("purchase_price")
    found = pd.DataFrame(
        {"facility_id": list(facility_ids), "billed_kwh": saved, "saved_yen": saved * price, "contract_kw": 0.0, "by": "price"}
    )  # fmt: skip
    for begin in range(0, len(saved), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        told = part(progress, begin / len(saved), min(begin + _AT_ONCE, len(saved)) / len(saved))
        _some(plan, list(facility_ids[some]), saved[some], found, begin, told)
    return found


def _some(plan: Plan, ids: list[str], saved: Floats, found: pd.DataFrame, begin: int, progress: Progress) -> None:
    demand = demand_of(plan, ids, as_it_is=True, progress=part(progress, 0.0, 0.4))
    place = {name: k for k, name in enumerate(ids)}
    order = np.array([place[str(name)] for name in demand.facilities["facility_id"]], dtype=np.int64)
    rules = bundled_rules()
    tariffs = tariffs_of(plan, demand, rules)
    known = tariffs["tariff"].to_numpy(dtype=object)
    keys = [str(key) for key in dict.fromkeys(known) if key]
    for k, key in enumerate(keys):
        part(progress, 0.4, 1.0)(k / len(keys), "bill")
        at = np.flatnonzero(known == key)
        rows = order[at]
        lit = lit_rows(plan, [ids[row] for row in rows], demand.year)
        load = demand.kwh[at].astype(np.float64)
        less = np.minimum(saved[rows, None] * lit, load)
        try:
            rates = rates_of(plan.profile.tables, key, rules)
            given = tariffs["contract_kw"].to_numpy(dtype=np.float64)[at]
            (step,) = in_order(load, [Measure("led", -less)], rates, demand.year, given_kw=given)
        except TariffError:
            continue
        places = begin + rows
        contract = step.before.contract_kw.max(axis=-1) - step.after.contract_kw.max(axis=-1)
        names = ["billed_kwh", "saved_yen", "contract_kw"]
        found.loc[places, names] = np.stack([less.sum(axis=-1), step.saving.year_yen, contract], axis=1)
        found.loc[places, "by"] = "tariff"
    progress(1.0, "bill")


def saving_by_half_hour(plan: Plan, facility_id: str, saved_kwh: float) -> Floats:
    """A year's saving as it falls in every half hour from 1 April [kWh]: (17520,); its sum is the saving, whether or not the facility uses so much."""
    year = fiscal_year(plan.profile.plan_year)
    return saved_kwh * lit_of_kind(plan.profile.code, kind_of(plan.facilities, facility_id), year)
