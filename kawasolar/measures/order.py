"""Bills with measures one after the other, in every order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Literal

import numpy as np

from gis.progress import part, silent
from kawasolar.measures.site import measures_of
from kawasolar.tariff.compare import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.progress import Progress
    from kawasolar.measures.site import Site
    from kawasolar.measures.table import Assumptions
    from kawasolar.tariff.billing import Bill, Line
    from kawasolar.tariff.compare import Step

Code = Literal["led", "pv", "chargers"]
CODES: tuple[Code, ...] = ("led", "pv", "chargers")


@dataclass(frozen=True)
class Ordered:
    """Measures in one order.

    Attributes
    ----------
    steps : the bill before and after each
    self_use_kwh : of the year after each step what of the roof's energy is used at once; NaN before PV is there
    surplus_kwh : and what is left over
    """

    order: tuple[Code, ...]
    steps: tuple[Step, ...]
    self_use_kwh: tuple[float, ...]
    surplus_kwh: tuple[float, ...]

    @property
    def bills(self) -> tuple[Bill, ...]:
        """Before all measures, then after each."""
        return self.steps[0].before, *(step.after for step in self.steps)

    def saved_yen(self, code: Code) -> float:
        """What a measure saves a year at its place in the order, as it is paid; below nought where it costs."""
        return float(self.steps[self.order.index(code)].saving.year_yen)

    def contract_kw(self, code: Code) -> float:
        """By how much a measure changes the year's highest contract at its place [kW or kVA]; above nought where it rises."""
        step = self.steps[self.order.index(code)]
        return float(step.after.contract_kw.max() - step.before.contract_kw.max())

    @property
    def total_yen(self) -> float:
        """What all save together."""
        first, last = self.bills[0], self.bills[-1]
        return float(first.year_yen - last.year_yen)


@dataclass(frozen=True)
class Found:
    """All orders of some measures, the one asked for first."""

    site: Site
    assumed: Assumptions
    orders: tuple[Ordered, ...]

    @property
    def asked(self) -> Ordered:
        """In the order asked for."""
        return self.orders[0]

    def of(self, order: Sequence[Code]) -> Ordered:
        """In another order."""
        return next(one for one in self.orders if one.order == tuple(order))

    def span_yen(self, code: Code) -> tuple[float, float]:
        """The least and the most that a measure saves a year over all orders."""
        saved = [one.saved_yen(code) for one in self.orders]
        return min(saved), max(saved)


def orders_of(codes: Sequence[Code]) -> list[tuple[Code, ...]]:
    """All orders, the given one first and its reverse second."""
    given = tuple(codes)
    others = [one for one in permutations(given) if one not in (given, given[::-1])]
    return list(dict.fromkeys([given, given[::-1], *others]))


def compare_orders(site: Site, assumed: Assumptions, codes: Sequence[Code], progress: Progress = silent) -> Found:
    """The bills of a facility with measures in the order given, and in every other.

    The contract remembers twelve months; bills are those once it has.

    Parameters
    ----------
    codes : one or more of :data:`CODES`, each once

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    if not codes or len(set(codes)) != len(codes):
        raise ValueError(codes)
    measures, orders = measures_of(site, assumed), orders_of(codes)
    found: list[Ordered] = []
    for k, order in enumerate(orders):
        part(progress, k / len(orders), (k + 1) / len(orders))(0.0, "bill")
        steps = in_order(
            site.load_kwh, [measures[code] for code in order], site.rates, site.year, given_kw=site.given_kw
        )
        found.append(_ordered(site, order, tuple(steps)))
    return Found(site, assumed, tuple(found))


def _ordered(site: Site, order: tuple[Code, ...], steps: tuple[Step, ...]) -> Ordered:
    produced = float(site.produced_kwh.sum())
    with_roof = [("pv" in order[: k + 1]) for k in range(len(order))]
    surplus = tuple(float(step.surplus_kwh) if roof else np.nan for step, roof in zip(steps, with_roof, strict=True))
    return Ordered(order, steps, tuple(produced - one for one in surplus), surplus)


def lines_of(ordered: Ordered) -> list[tuple[Line, Bill, tuple[float, ...]]]:
    """Every line that stands on one of the bills, with the bill that names it, and its yen of the year before all measures and after each."""
    bills = ordered.bills
    seen: dict[tuple[str, str, str, float], tuple[Line, Bill]] = {}
    for made in bills:
        for line in made.lines:
            seen.setdefault(line.key, (line, made))
    found = []
    for key, (line, made) in seen.items():
        yen = tuple(sum(float(one.yen.sum()) for one in each.lines if one.key == key) for each in bills)
        if any(yen):
            found.append((line, made, yen))
    return found
