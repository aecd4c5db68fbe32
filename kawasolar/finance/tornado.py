"""What moves a figure most: each uncertain input at its low and at its high, the others as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.finance.compare import Options, compare
from kawasolar.finance.terms import CAPEX, GRID_FACTOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.finance.site import Site
    from kawasolar.finance.terms import Range, Terms
    from kawasolar.finance.ways import Way
    from kawasolar.profiles.tables import Subsidy

ENERGY, PURCHASE, SUBSIDY = "energy", "purchase_price", "subsidy"
# Codes of a law or a contract, not uncertain; the factor of CO2 moves no yen.
_NO_INPUTS = ("after_term", "depreciation", "price", "price_large", GRID_FACTOR)


@dataclass(frozen=True)
class Bar:
    """One input: its low, base and high, and the figure at low and at high.

    ``energy`` and ``capex`` and ``purchase_price`` are told as they are for the site: kWh, yen/kW, yen/kWh of the first year.
    """

    code: str
    low: float
    base: float
    high: float
    at_low: float
    at_high: float

    @property
    def span(self) -> float:
        """How far the figure moves; a figure that is lost at one end moves without end."""
        width = abs(self.at_high - self.at_low)
        return float("inf") if np.isnan(width) else width


def tornado(
    site: Site,
    terms: Terms,
    way: Way,
    figure: str,
    options: Options | None = None,
    energy: Range | None = None,
) -> tuple[Bar, ...]:
    """Bars of one site's figure, the longest first; inputs that do not move it are left out.

    Parameters
    ----------
    figure : of :data:`kawasolar.finance.compare.FIGURES`; ``unit`` is the price
    energy : low and high of the year's energy over its middle, as of a dull and a sunny year [-]

    Raises
    ------
    PlanError
        as :func:`compare`
    """
    chosen = options or Options()

    def value(where: Site, how: Terms, what: Options) -> float:
        return float(compare(where, how, what, (way,)).outcomes[way].figures[figure])

    base = value(site, terms, chosen)
    bars = []
    swings = [
        (code, numbers, [(*one, chosen) for one in changed]) for code, numbers, changed in _swings(site, terms, energy)
    ]
    for code, numbers, ends in [
        *swings,
        *((code, numbers, [(site, terms, one) for one in both]) for code, numbers, both in _grants(chosen)),
    ]:
        at = [value(*end) for end in ends]
        if not all(_same(one, base) for one in at):
            bars.append(Bar(code, *numbers, *at))
    return tuple(sorted(bars, key=lambda bar: (-bar.span, bar.code)))


def _grants(options: Options) -> Iterator[tuple[str, tuple[float, float, float], list[Options]]]:
    """The first subsidy's rate at its low and its high; all that are asked for go with it."""
    first = next(iter(options.subsidies), None)
    rate = None if first is None else first.yen_per_kw if first.rate is None else first.rate
    if first is None or not rate or first.low is None or first.high is None:
        return
    shares = (first.low / rate, first.high / rate)
    ends = [replace(options, subsidies=tuple(_scaled(one, share) for one in options.subsidies)) for share in shares]
    yield SUBSIDY, (shares[0], 1.0, shares[1]), ends


def _scaled(subsidy: Subsidy, share: float) -> Subsidy:
    return replace(
        subsidy,
        rate=None if subsidy.rate is None else min(subsidy.rate * share, 1.0),
        yen_per_kw=None if subsidy.yen_per_kw is None else subsidy.yen_per_kw * share,
    )


def _same(value: float, base: float) -> bool:
    return bool(np.isclose(value, base, rtol=1e-9, atol=1e-9, equal_nan=True))


_Changed = tuple[tuple["Site", "Terms"], tuple["Site", "Terms"]]


def _swings(
    site: Site, terms: Terms, energy: Range | None
) -> Iterator[tuple[str, tuple[float, float, float], _Changed]]:
    """Every uncertain input: what it is at its low, as it stands and at its high, and site and terms with it."""
    for key, (low, high) in terms.ranges.items():
        if key in _NO_INPUTS or key == PURCHASE:
            continue
        if key == "term" and site.by_year:
            continue
        yield key, (low, terms.number(key), high), ((site, terms.with_number(key, low)), (site, terms.with_number(key, high)))  # fmt: skip
    kw = float(np.asarray(site.capacity_kw))
    if (ends := terms.capex_range(kw)) is not None:
        cost = float(terms.capex_per_kw(kw))
        first, second = (replace(terms, capex_factor=terms.capex_factor * end) for end in ends)
        yield CAPEX, (cost * ends[0], cost, cost * ends[1]), ((site, first), (site, second))
    if PURCHASE in terms.ranges:
        middle = terms.number(PURCHASE)
        shares = tuple(end / middle for end in terms.ranges[PURCHASE]) if middle > 0.0 else (1.0, 1.0)
        price = np.asarray(site.avoided_yen_per_kwh, dtype=np.float64)
        dear = tuple((replace(site, avoided_yen_per_kwh=price * share), terms) for share in shares)
        start = float(price.reshape(-1)[0])
        yield PURCHASE, (start * shares[0], start, start * shares[1]), (dear[0], dear[1])
    if energy is not None:
        own, surplus = (np.asarray(value, dtype=np.float64) for value in (site.self_use_kwh, site.surplus_kwh))
        more = tuple((replace(site, self_use_kwh=own * share, surplus_kwh=surplus * share), terms) for share in energy)
        start = float((own + surplus).reshape(-1)[0])
        yield ENERGY, (start * energy[0], start, start * energy[1]), (more[0], more[1])
