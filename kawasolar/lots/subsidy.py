"""A subsidy over the lots of a programme: what each site asks for, and how the money of each fiscal year and of the whole is shared out.

The finance engine says what a subsidy pays and on which conditions (:mod:`kawasolar.finance.grants`); here it lasts as long as the money of the site's fiscal year and that of the
programme do. A year's lots are served in their order. A lot is one tender with one price: where the money ends within it, its sites of that year share what is left alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.finance.grants import Grant, asked_yen, checks
from kawasolar.half import programme_of
from kawasolar.programme.entered import told_of
from kawasolar.programme.rules_file import EACH, TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.finance.grants import Facts
    from kawasolar.plan import Plan
    from kawasolar.profiles.tables import Subsidy

_STANDING = ("done", "contracted")


@dataclass(frozen=True)
class Pot:
    """What there is to share out [yen]: in all, and in each fiscal year that is named or, of the others, ``each``; None and absent are without end. ``gone`` has been drawn by others."""

    total: float | None = None
    by_year: Mapping[int, float] = field(default_factory=dict)
    each: float | None = None
    gone: Mapping[int, float] = field(default_factory=dict)

    def free(self, year: int) -> float | None:
        """What is left of the money of a fiscal year."""
        cap = self.by_year.get(year, self.each)
        return None if cap is None else max(cap - self.gone.get(year, 0.0), 0.0)


@dataclass(frozen=True)
class Granted(Grant):
    """What a subsidy pays the sites of lots: ``asked`` and ``yen`` [n] without and with the ends of its money, which ``pot`` says; nothing where a condition fails."""

    pot: Pot

    @property
    def refused(self) -> bool:
        """Whether a condition fails."""
        return any(check.outcome == "fail" for check in self.checks)


def pot_of(plan: Plan, subsidy: Subsidy, inside: Iterable[str] = ()) -> Pot:
    """The money of a subsidy in a plan: the cap of its row, and what the rules of the scenario's programme say of each year and in all; less what stands already.

    Parameters
    ----------
    inside : facilities whose draw is told otherwise, because they are in a lot
    """
    told = told_of(plan.entries, plan.scenario)
    rules = {} if told is None else told.yearly.get("subsidy", {})
    caps = [cap for cap in (subsidy.cap_total_yen, rules.get(TOTAL)) if cap is not None]
    years = {int(year): yen for year, yen in rules.items() if year not in (EACH, TOTAL)}
    return Pot(min(caps) if caps else None, years, rules.get(EACH), _drawn(plan, frozenset(inside)))


def _drawn(plan: Plan, inside: frozenset[str]) -> dict[int, float]:
    """Fiscal year -> what the sites that stand already have had, as the programme reckons it [yen]."""
    kept = programme_of(plan)
    if kept is None:
        return {}
    frame = kept.frame
    mine = frame[frame["status"].isin(_STANDING) & ~frame["facility_id"].isin(list(inside))]
    drawn: dict[int, float] = {}
    for year, yen in zip(mine["fiscal_year"].tolist(), mine["subsidy_yen"].fillna(0.0).tolist(), strict=True):
        drawn[year] = drawn.get(year, 0.0) + yen
    return drawn


def first_of(subsidies: Sequence[Subsidy], facts: Facts) -> Subsidy | None:
    """The first of some subsidies of which no condition fails for a PPA; where all fail, the first."""
    for subsidy in subsidies:
        if all(check.outcome != "fail" for check in checks(subsidy, "ppa", facts)):
            return subsidy
    return subsidies[0] if subsidies else None


def granted(
    subsidy: Subsidy | None, facts: Facts, capex: NDArray[np.float64], capacity_kw: NDArray[np.float64], years: NDArray[np.int64],
    lots: Sequence[NDArray[np.intp]], pot: Pot,
) -> Granted:  # fmt: skip
    """A subsidy shared out.

    Parameters
    ----------
    facts : what its conditions are checked against
    capex, capacity_kw, years : [n] of the sites; a year of 0 draws on no year's money
    lots : rows of the sites of each lot, in the order in which they are served
    """
    none = np.zeros_like(capex)
    if subsidy is None:
        return Granted(None, (), none, none, pot)
    inside = np.zeros(len(capex), dtype=bool)
    for rows in lots:
        inside[rows] = True
    asked = np.where(inside, asked_yen(subsidy, capex, capacity_kw), 0.0)
    found = Granted(subsidy, checks(subsidy, "ppa", facts), none, asked, pot)
    return found if found.refused else replace(found, yen=share_out(asked, years, lots, pot))


def share_out(
    asked: NDArray[np.float64], years: NDArray[np.int64], lots: Sequence[NDArray[np.intp]], pot: Pot
) -> NDArray[np.float64]:
    """[n] what each site gets: year by year, in a year lot by lot, in a lot to each the same share of what it asks for."""
    given = np.zeros_like(asked)
    left = np.inf if pot.total is None else max(pot.total - sum(pot.gone.values()), 0.0)
    for year in sorted({int(years[k]) for rows in lots for k in rows}):
        cap = pot.free(year) if year else None
        of_year = np.inf if cap is None else cap
        for rows in lots:
            mine = rows[years[rows] == year]
            wanted = float(asked[mine].sum())
            if wanted <= 0.0:
                continue
            share = min(1.0, left / wanted, of_year / wanted)
            given[mine] = asked[mine] * share
            left, of_year = max(left - wanted * share, 0.0), max(of_year - wanted * share, 0.0)
    return given
