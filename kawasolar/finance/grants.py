"""Subsidies by their rules: how much, on what conditions, and who gets it before the programme's cap is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from kawasolar.finance.ways import Way
    from kawasolar.profiles.tables import Subsidy

Outcome = Literal["pass", "fail", "unknown"]

# What the codes of the conditions say themselves (:data:`kawasolar.profiles.tables.CONDITIONS`).
_ONE_MW_KW = 1000.0
_LOW_INDEX = 0.51


@dataclass(frozen=True)
class Facts:
    """What conditions are checked against; None is not known.

    Attributes
    ----------
    programme_kw : of all sites of the programme
    feed_in : whether a roof's tenant sells by FIT or FIP
    contract, decision : days of the contract and of the grant decision (交付決定)
    fiscal_index : 財政力指数
    """

    programme_kw: float | None = None
    feed_in: bool = True
    contract: date | None = None
    decision: date | None = None
    fiscal_index: float | None = None


@dataclass(frozen=True)
class Check:
    """One condition and what came of it."""

    condition: str
    outcome: Outcome


@dataclass(frozen=True)
class Grant:
    """What a subsidy comes to for one way: yen ``[...]``, its conditions; nothing where one of them fails."""

    subsidy: Subsidy | None
    checks: tuple[Check, ...]
    yen: NDArray[np.float64]
    asked: NDArray[np.float64]


def checks(subsidy: Subsidy, way: Way, facts: Facts) -> tuple[Check, ...]:
    """Every condition with pass, fail or unknown."""
    return tuple(Check(code, _outcome(code, way, facts)) for code in subsidy.conditions)


def _outcome(code: str, way: Way, facts: Facts) -> Outcome:
    if code == "no_fit":
        return _known(not (way == "roof_rent" and facts.feed_in))
    if code == "contract_after_grant":
        if facts.contract is None or facts.decision is None:
            return "unknown"
        return _known(facts.contract >= facts.decision)
    if code == "at_least_1_mw":
        return "unknown" if facts.programme_kw is None else _known(facts.programme_kw >= _ONE_MW_KW)
    if code == "third_party":
        return _known(way in ("ppa", "lease"))
    if code == "purchase":
        return _known(way == "purchase")
    if code == "low_fiscal_index":
        return "unknown" if facts.fiscal_index is None else _known(facts.fiscal_index <= _LOW_INDEX)
    return "unknown"


def _known(good: bool) -> Outcome:
    return "pass" if good else "fail"


def asked_yen(subsidy: Subsidy, capex: ArrayLike, capacity_kw: ArrayLike) -> NDArray[np.float64]:
    """What it would pay for each site before the cap: a share of the cost, or so much a kW; never more than the cost."""
    cost, kw = np.asarray(capex, dtype=np.float64), np.asarray(capacity_kw, dtype=np.float64)
    whole = cost * subsidy.rate if subsidy.rate is not None else kw * (subsidy.yen_per_kw or 0.0)
    return np.minimum(whole, cost)


def allocate(asked: ArrayLike, cap: float | None, order: Sequence[int] | None = None) -> NDArray[np.float64]:
    """What each site gets while the programme's money lasts; the one at which it ends gets what is left.

    Parameters
    ----------
    asked : yen of each site, shape () or (sites,)
    cap : yen for all; None is without end
    order : places of the sites in the order of the programme; as they stand unless given
    """
    wanted = np.asarray(asked, dtype=np.float64)
    if cap is None:
        return wanted.copy()
    row = wanted.reshape(-1)
    places = np.arange(len(row)) if order is None else np.asarray(order, dtype=np.intp)
    before = np.cumsum(row[places]) - row[places]
    given = np.zeros_like(row)
    given[places] = np.clip(cap - before, 0.0, row[places])
    return given.reshape(wanted.shape)


def grant_of(
    subsidies: Sequence[Subsidy],
    way: Way,
    facts: Facts,
    capex: NDArray[np.float64],
    capacity_kw: NDArray[np.float64],
    order: Sequence[int] | None = None,
) -> Grant:
    """The first of some subsidies whose conditions do not fail for a way; where all fail, the first with what failed."""
    none = np.zeros_like(capex)
    refused: Grant | None = None
    for subsidy in subsidies:
        asked, found = asked_yen(subsidy, capex, capacity_kw), checks(subsidy, way, facts)
        if all(check.outcome != "fail" for check in found):
            return Grant(subsidy, found, allocate(asked, subsidy.cap_total_yen, order), asked)
        refused = refused or Grant(subsidy, found, none, asked)
    return refused or Grant(None, (), none, none)
