"""What the cars of one base draw with the chargers that a plan keeps for it: staggered, half hour by half hour."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kawasolar.charging.base import base_of
from kawasolar.charging.cars import cars_of_plan
from kawasolar.charging.kinds import Charger
from kawasolar.charging.of_fleet import cars_of_fleet
from kawasolar.charging.one import one_base
from kawasolar.charging.table import WHOLE, Assumptions, assumptions_with
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from kawasolar.charging.result import Charging
    from kawasolar.half_hours import FiscalYear
    from kawasolar.plan import Plan

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BaseCharge:
    """Chargers of one base and what its cars draw of them.

    Attributes
    ----------
    kwh : (17520,), from 1 April, staggered [kWh]
    chargers : each kind of which there is one, and how many
    cars : that are charged
    """

    kwh: Array
    chargers: tuple[tuple[Charger, int], ...]
    cars: int


def charge_of_base(plan: Plan, facility_id: str, year: FiscalYear, load_kwh: ArrayLike, produced_kwh: ArrayLike) -> BaseCharge | None:  # fmt: skip
    """Staggered charging at one base with the set and the numbers that the plan keeps; None where it keeps none of it, or its cars are not there any more.

    Parameters
    ----------
    load_kwh, produced_kwh : (17520,), of the building and its roof; the latter counts where the plan's charging is with roofs
    """
    from kawasolar.answers import answer_of

    found: Charging | None = answer_of(plan, "charging")
    if found is None or not bool((found.bases["facility_id"] == facility_id).any()):
        return None
    head: dict[str, Any] = dict(found.head)
    assumed = _assumed(head["assumptions"], head["asked"])
    try:
        cars = cars_of_fleet(plan)[0] if head["listed"] else cars_of_plan(plan, assumed)[0]
    except PlanError:
        # The ledger of cars went, or no fleet can be planned by it: the plan is stale, and says so.
        return None
    mine = cars[cars["facility_id"] == facility_id]
    names = {one.name for one in fields(Charger)}
    # Kept by another version, they may be others.
    if not len(mine) or any(not names <= set(kind) for kind in head["kinds"]):
        return None
    kinds = tuple(Charger(**{key: value for key, value in kind.items() if key in names}) for kind in head["kinds"])
    rows = found.chargers[found.chargers["facility_id"] == facility_id]
    numbers = dict(zip(rows["kind"].astype(str), rows["number"].astype(int), strict=True))
    counts = tuple(int(numbers.get(kind.key, 0)) for kind in kinds)
    base = base_of(facility_id, mine, year, kinds, assumed, load_kwh, produced_kwh if head["roof"] else None)
    one = one_base(base, counts, (), with_follow=False)
    told = tuple((kind, number) for kind, number in zip(kinds, counts, strict=True) if number)
    return BaseCharge(one.net_charge["staggered"], told, int(str(one.row["served"])))


def _assumed(kept: Mapping[str, float], asked: Sequence[str]) -> Assumptions:
    """The numbers as they were, those that the plan does not tell as they are now."""
    usual = assumptions_with({})
    told = {key: int(value) if key in WHOLE else float(value) for key, value in kept.items() if hasattr(usual, key)}
    return replace(usual, **told, asked=frozenset(asked))  # type: ignore[arg-type]
