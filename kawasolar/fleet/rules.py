"""What is asked of a fleet's programme."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kawasolar.errors import PlanError
from kawasolar.fleet.table import NEXT_POWERS, car_classes, search_ends, target

if TYPE_CHECKING:
    from collections.abc import Mapping

Way = Literal["as_held", "lease", "purchase"]
WAYS: tuple[Way, ...] = ("as_held", "lease", "purchase")
Objective = Literal["due", "cost", "co2"]
OBJECTIVES: tuple[Objective, ...] = ("due", "cost", "co2")
# Fiscal years that a programme may lie in, and how many at most.
_YEARS = (2000, 2100)
_MOST_YEARS = 25


@dataclass(frozen=True)
class FleetRules:
    """What a programme keeps to.

    Attributes
    ----------
    first_year, last_year : fiscal years in which cars are replaced
    target : share of the passenger cars that is next-generation at the end of the last year, 0 … 1
    counts : powers that count as next-generation
    prefer : powers, the first that fits is taken; a slash between those among which cost decides: ``ev,phev/hev``
    way : how new cars are had: as the old one is (lease or own), all by lease, all bought
    objective : ``due`` the least cost of ending contracts early and extending them, ``cost`` the least cost of all, ``co2`` the most CO2 saved
    classes : classes of the ledger whose cars are replaced; empty: the passenger cars
    budget_yen : at most so much in each year [yen]; ``budgets`` for single years; None and unnamed: free
    cars_per_year : at most so many cars in each year
    sharing : cars are rented to residents while offices are closed
    values : assumptions that somebody gives
    """

    first_year: int
    last_year: int
    target: float
    counts: tuple[str, ...]
    prefer: str
    way: Way = "as_held"
    objective: Objective = "due"
    classes: tuple[str, ...] = ()
    budget_yen: float | None = None
    budgets: Mapping[int, float] = field(default_factory=dict)
    cars_per_year: int | None = None
    sharing: bool = False
    values: Mapping[str, float] = field(default_factory=dict)
    gap: float = field(default_factory=lambda: search_ends()[0])
    seconds: float = field(default_factory=lambda: search_ends()[1])

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.first_year, self.last_year + 1))

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Powers by preference; those of one group are told apart by cost."""
        return tuple(tuple(one.strip() for one in group.split("/")) for group in self.prefer.split(","))

    @property
    def planned(self) -> tuple[str, ...]:
        """Classes whose cars are replaced."""
        return self.classes or tuple(code for code, one in car_classes().items() if one.passenger)

    def budget_of(self, year: int) -> float | None:
        return self.budgets.get(year, self.budget_yen)


def default_rules() -> FleetRules:
    """As ``resources/fleet.toml`` says."""
    told = target()
    return FleetRules(
        int(told["first_year"]), int(told["last_year"]), float(told["share"]), tuple(told["counts"]), str(told["prefer"]),
        objective=told["objective"],
    )  # fmt: skip


def check_rules(rules: FleetRules) -> FleetRules:
    """The same rules.

    Raises
    ------
    PlanError
        ``fleet.bad_years``, ``fleet.bad_target``, ``fleet.bad_powers``, ``fleet.bad_classes``, ``fleet.bad_budget``, ``fleet.bad_choice``
    """
    first, last = rules.first_year, rules.last_year
    if not (_YEARS[0] <= first <= last <= _YEARS[1]) or last - first >= _MOST_YEARS:
        raise PlanError("fleet.bad_years", found=f"{first}-{last}", expected=_MOST_YEARS)
    if not 0.0 <= rules.target <= 1.0:
        raise PlanError("fleet.bad_target", found=rules.target)
    named = [power for group in rules.groups for power in group]
    for text, powers in ((",".join(rules.counts), rules.counts), (rules.prefer, named)):
        if not powers or len(set(powers)) < len(powers) or not set(powers) <= set(NEXT_POWERS):
            raise PlanError("fleet.bad_powers", found=text[:60], expected=", ".join(NEXT_POWERS))
    unknown = [code for code in rules.classes if code not in car_classes()]
    if unknown:
        raise PlanError("fleet.bad_classes", found=unknown[0][:60], expected=", ".join(car_classes()))
    budgets = [value for value in (rules.budget_yen, *rules.budgets.values()) if value is not None]
    if any(not 0.0 <= value < 1e15 for value in budgets) or any(year not in rules.years for year in rules.budgets):
        raise PlanError("fleet.bad_budget", expected=f"{first}-{last}")
    if rules.objective not in OBJECTIVES or rules.way not in WAYS:
        raise PlanError(
            "fleet.bad_choice", found=f"{rules.objective} / {rules.way}", expected=", ".join((*OBJECTIVES, *WAYS))
        )
    if rules.cars_per_year is not None and rules.cars_per_year < 0:
        raise PlanError("fleet.bad_budget", expected=f"{first}-{last}")
    return rules
