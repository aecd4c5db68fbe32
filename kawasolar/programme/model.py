"""A programme as whole-number rows: one column for each open site and year, one row for each rule.

Money in whole yen and capacity in whole watts, so that every row can be checked exactly. What forbids a column (veto, roof renewal, window) is kept
beside the rows as a bound that can be lifted, so that the same model serves the search, the conflict and the least relaxation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp

from kawasolar.programme.rules import EVERY_WARD, Rule
from kawasolar.programme.sites import W_PER_KW
from kawasolar.selection import number_to_choose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from kawasolar.programme.rules import Rules
    from kawasolar.programme.sites import Sites

# Among programmes of the same worth the one that builds earlier, then the lower ids: so much of the largest worth, at most, for a site.
# Two programmes that differ by less are the same to the search; reported figures are without it.
TIE = 1e-6
_TIE_BY_CHANCE = 1e-2
_GOLDEN = 0.6180339887498949


class Row(NamedTuple):
    """One rule over the columns: ``low ≤ Σ factor · x ≤ high``, what stands already taken off; ``base`` is what stands takes."""

    rule: Rule
    columns: NDArray[np.int64]
    factor: NDArray[np.float64]
    low: float
    high: float
    base: float


@dataclass(frozen=True, eq=False)
class Model:
    """Columns (m), rows (r) and what forbids columns.

    Attributes
    ----------
    site, year : [m] row of the site in :class:`Sites`, index of the year; by site, then year
    worth : [m] of the objective; ``tie`` [m] what breaks ties, in the same unit
    once : csr [open sites, m], each at most once
    rows : csr [r, m]; ``low``, ``high``, ``base`` [r]; ``rules`` their names
    blocked : kind -> [m], columns that ``veto renewal window`` forbid
    """

    site: NDArray[np.int64]
    year: NDArray[np.int64]
    worth: NDArray[np.float64]
    tie: NDArray[np.float64]
    once: sp.csr_matrix
    rows: sp.csr_matrix
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    base: NDArray[np.float64]
    rules: tuple[Rule, ...]
    blocked: dict[str, NDArray[np.bool_]]
    sites: Sites

    @property
    def columns(self) -> int:
        return len(self.site)

    def free(self, lifted: Collection[Rule] = ()) -> NDArray[np.bool_]:
        """[m] columns that nothing forbids, but for what is lifted."""
        open_ = np.ones(self.columns, dtype=bool)
        for kind, mask in self.blocked.items():
            names = {rule.item for rule in lifted if rule.kind == kind}
            ids = self.sites.facility_id[self.site]
            open_ &= ~mask | (np.isin(ids.astype(str), sorted(names)) if names else False)
        return open_

    def of_sites(self) -> tuple[Rule, ...]:
        """The rules that forbid something, one for each kind and site."""
        found = []
        for kind, mask in self.blocked.items():
            rows = np.unique(self.site[mask])
            found += [Rule(kind, 0, str(self.sites.facility_id[row])) for row in rows]
        return tuple(found)

    def broken(self, x: NDArray[np.bool_]) -> NDArray[np.float64]:
        """[r] by how much each row is broken, exactly; 0 where it is kept."""
        sums = self.rows @ x.astype(np.float64)
        return np.maximum(np.maximum(self.low - sums, sums - self.high), 0.0)


def build(sites: Sites, rules: Rules) -> Model:
    """The model of sites and rules; the order of the columns and rows depends on nothing but their names."""
    rows_open = np.flatnonzero(sites.open)
    t = len(sites.years)
    site, year = np.repeat(rows_open, t), np.tile(np.arange(t), len(rows_open))
    found = list(_rows(sites, rules, site, year))
    m = len(site)
    lengths = [len(row.columns) for row in found]
    matrix = sp.csr_matrix(
        (
            np.concatenate([row.factor for row in found]) if found else np.zeros(0),
            np.concatenate([row.columns for row in found]) if found else np.zeros(0, np.int64),
            np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        ),
        shape=(len(found), m),
    )
    worth = sites.worth[rules.objective][site, year] if m else np.zeros(0)
    return Model(
        site=site, year=year, worth=worth, tie=_tie(sites, site, year, worth),
        once=sp.csr_matrix((np.ones(m), np.arange(m), np.arange(0, m + 1, t)), shape=(len(rows_open), m)),
        rows=matrix, low=np.array([row.low for row in found], dtype=np.float64), high=np.array([row.high for row in found], dtype=np.float64),
        base=np.array([row.base for row in found], dtype=np.float64), rules=tuple(row.rule for row in found),
        blocked=_blocked(sites, rules, site, year), sites=sites,
    )  # fmt: skip


def numbers(sites: Sites, rules: Rules) -> dict[str, int]:
    """The denominator of the share, and how many sites it asks for (``denominator number``)."""
    whole = int(sites.listed.sum()) if rules.denominator is None else rules.denominator
    return {"denominator": whole, "number": 0 if rules.share is None else number_to_choose(rules.share, whole)}


def _rows(sites: Sites, rules: Rules, site: NDArray[np.int64], year: NDArray[np.int64]) -> Iterator[Row]:
    yield from _share_rows(sites, rules, site)
    yield from _yearly_rows(sites, rules, site, year)
    yield from _ward_rows(sites, rules, site)
    yield from _shelter_rows(sites, rules, site, year)
    yield from _pin_rows(sites, site, year)


def _at_least(rule: Rule, mask: NDArray[np.bool_], number: int, base: int) -> Row:
    columns = np.flatnonzero(mask)
    return Row(rule, columns, np.ones(len(columns)), max(number - base, 0), np.inf, base)


def _share_rows(sites: Sites, rules: Rules, site: NDArray[np.int64]) -> Iterator[Row]:
    if rules.share is None:
        return
    number, base = numbers(sites, rules)["number"], int((sites.standing & sites.listed).sum())
    listed = sites.listed[site]
    yield _at_least(Rule("share"), listed, number, base)
    if rules.exactly:
        columns = np.flatnonzero(listed)
        yield Row(Rule("most"), columns, np.ones(len(columns)), -np.inf, max(number - base, 0), base)


def _yearly_rows(sites: Sites, rules: Rules, site: NDArray[np.int64], year: NDArray[np.int64]) -> Iterator[Row]:
    """Money and capacity, by year and over all; what is contracted or done in a year of the programme has taken its part."""
    n, t = len(sites), len(sites.years)
    ones, watts = np.ones((n, t)), np.repeat(np.rint(sites.capacity_kw * W_PER_KW)[:, None], t, axis=1)
    index = sites.state_year - sites.years[0]
    taken = np.flatnonzero(~sites.open & (index >= 0) & (index < t))
    kinds = (
        ("budget", sites.cost_yen, rules.budget_yen, rules.budget_total_yen, 1.0),
        ("subsidy", sites.subsidy_yen, rules.subsidy_yen, rules.subsidy_total_yen, 1.0),
        ("sites", ones, rules.sites_per_year, None, 1.0),
        ("kw", watts, rules.kw_per_year, None, W_PER_KW),
    )
    for kind, factor, by_year, total, unit in kinds:
        for k, fiscal in enumerate(sites.years):
            if fiscal in by_year:
                columns = np.flatnonzero(year == k)
                mine = taken[index[taken] == k]
                base = float(factor[mine, k].sum())
                high = np.floor(by_year[fiscal] * unit) - base
                yield Row(Rule(kind, fiscal), columns, factor[site[columns], k], -np.inf, high, base)
        if total is not None:
            columns = np.arange(len(site))
            base = float(factor[taken, index[taken]].sum())
            high = np.floor(total * unit) - base
            yield Row(Rule(f"{kind}_total"), columns, factor[site, year], -np.inf, high, base)


def _ward_rows(sites: Sites, rules: Rules, site: NDArray[np.int64]) -> Iterator[Row]:
    wards = sites.ward.astype(str)
    known = set(wards) - {""}
    named = set(rules.ward_sites) | (set(rules.ward_share) - {EVERY_WARD})
    for ward in sorted(known | named):
        mine = wards == ward
        share = rules.ward_share.get(ward, rules.ward_share.get(EVERY_WARD))
        asked = 0 if share is None else number_to_choose(share, int(mine.sum()))
        number = max(asked, rules.ward_sites.get(ward, 0))
        if number:
            yield _at_least(Rule("ward", 0, ward), mine[site], number, int((mine & sites.standing).sum()))


def _shelter_rows(sites: Sites, rules: Rules, site: NDArray[np.int64], year: NDArray[np.int64]) -> Iterator[Row]:
    if rules.shelter_share is None:
        return
    by = sites.years[-1] if rules.shelter_by is None else rules.shelter_by
    number = number_to_choose(rules.shelter_share, int(sites.shelter.sum()))
    mask = sites.shelter[site] & (np.asarray(sites.years)[year] <= by)
    base = int((sites.shelter & ~sites.open & (sites.state_year <= by)).sum())
    yield _at_least(Rule("shelters", by), mask, number, base)


def _pin_rows(sites: Sites, site: NDArray[np.int64], year: NDArray[np.int64]) -> Iterator[Row]:
    t = len(sites.years)
    first = {int(row): k * t for k, row in enumerate(site[::t])}
    for row in np.flatnonzero(sites.pinned & ~sites.vetoed & sites.open).tolist():
        columns = np.arange(first[row], first[row] + t)
        asked = sites.pinned_year[row]
        if asked:
            columns = columns[year[columns] == asked - sites.years[0]]
        yield Row(Rule("pin", int(asked), str(sites.facility_id[row])), columns, np.ones(len(columns)), 1.0, np.inf, 0)


def _blocked(
    sites: Sites, rules: Rules, site: NDArray[np.int64], year: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    fiscal = np.asarray(sites.years)[year]
    renewal = sites.renewal_year[site]
    late = fiscal < np.where(np.isnan(renewal), -np.inf, renewal)
    if rules.renewal == "in":
        late |= (renewal >= sites.years[0]) & (fiscal != renewal)
    return {
        "veto": sites.vetoed[site],
        "renewal": late & (rules.renewal != "free"),
        "window": (fiscal < sites.earliest[site]) | (fiscal > sites.latest[site]),
    }


def _tie(
    sites: Sites, site: NDArray[np.int64], year: NDArray[np.int64], worth: NDArray[np.float64]
) -> NDArray[np.float64]:
    if not len(site):
        return np.zeros(0)
    scale = float(np.abs(worth).max()) or 1.0
    orderly = 0.5 * (1 - site / len(sites)) + 0.5 * (1 - year / len(sites.years))
    digests = [hashlib.sha256(str(one).encode("utf-8", "surrogatepass")).digest()[:6] for one in sites.facility_id]
    seeds = np.array([int.from_bytes(digest, "big") for digest in digests], dtype=np.float64) / 2.0**48
    chance = (seeds[site] + year * _GOLDEN) % 1.0
    return np.asarray(TIE * scale * ((1 - _TIE_BY_CHANCE) * orderly + _TIE_BY_CHANCE * chance))
