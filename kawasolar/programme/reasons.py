"""Why a site is in, out, or in its year: cheaply for all by the prices of the rules, exactly for one by planning again without it.

A price is what one more unit of a rule (a yen of a year's budget, a place among its sites) would be worth. A site's margin is its worth less what it takes
of the rules at their prices: by so much its worth could fall (in), or must rise (out), before it would change, as long as the prices hold. Where a
programme is not the very best, or sites are large, prices are a good guess and no proof; :func:`loss_if` is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import Progress, silent
from kawasolar.programme.result import make_programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kawasolar.programme.highs import Limits
    from kawasolar.programme.result import Programme
    from kawasolar.programme.rules import Rule

_NOTHING = 1e-9


def reason_table(programme: Programme) -> pd.DataFrame:
    """One row per site, in the order of the ids.

    Returns
    -------
    DataFrame
        ``facility_id``;
        ``reason``: ``done contracted pinned`` · in: ``worth`` (worth more than what it takes) ``needed`` (only a minimum, ``rule``, brings it in) ·
        out: ``vetoed``, ``no_year`` (roof renewal or window leave none), ``no_room`` (``rule`` takes most of its worth), ``less_worth``;
        ``rule``: the rule that decides, or None;
        ``when``: of those in why not earlier: ``first`` (the first year is its year), ``pinned``, ``renewal``, ``window``, ``rule`` (``when_rule``),
        ``worth`` (more is gained later);
        ``margin``: by so much its worth in every year would have to fall (in) or rise (out) before it changes sides, in the unit of the objective;
        NaN where no worth would change it; ``when_margin``: by so much another year is worth less (in);
        ``better_by``: by what the programme's least chosen site of its own choice is worth more (out only, at these prices).
    """
    price = _Prices(programme)
    rows = [price.row(k) for k in range(len(programme.sites))]
    table = pd.DataFrame(rows, columns=["facility_id", "reason", "rule", "when", "when_rule", "margin", "when_margin"])
    chosen = table["margin"].where(programme.planned & (table["reason"] == "worth").to_numpy())
    least = float(chosen.min()) if chosen.notna().any() else math.nan
    out = (~programme.counted) & table["margin"].notna().to_numpy()
    table["better_by"] = np.where(out, table["margin"].to_numpy(dtype=float) + least, np.nan)
    return table


@dataclass(frozen=True)
class Loss:
    """What it costs the objective that a site is forced in, out, or into a year: planned again.

    Attributes
    ----------
    fits : whether anything fits then
    loss : worth of the programme less that of the new one
    at_least, at_most : what is proven of it, both programmes being known to a gap
    changed : ids of the other sites that come, go or move
    shelter_years : by how many sites × years shelters stand shorter; None unless they come first
    """

    fits: bool
    loss: float
    at_least: float
    at_most: float
    changed: tuple[str, ...] = ()
    shelter_years: int | None = None


def loss_if(
    programme: Programme, facility_id: str, into: int | None, limits: Limits, progress: Progress = silent
) -> Loss:
    """Plan again with one open site forced.

    Parameters
    ----------
    into : fiscal year; 0 = in, whichever year; None = out

    Raises
    ------
    kawasolar.errors.ProgrammeInvalid
        ``programme.no_such_site``
    """
    sites = programme.sites
    row = sites.row(facility_id)

    def with_(values: NDArray[np.bool_], value: bool) -> NDArray[np.bool_]:
        changed = values.copy()
        changed[row] = value
        return changed

    year = sites.pinned_year.copy()
    year[row] = into or 0
    forced = replace(
        sites, pinned=with_(sites.pinned, into is not None), vetoed=with_(sites.vetoed, into is None), pinned_year=year
    )
    other = make_programme(forced, programme.rules, limits, progress, start=programme)
    if other is None:
        return Loss(False, math.inf, math.inf, math.inf)
    moved = np.flatnonzero(other.year != programme.year)
    return Loss(
        True, programme.proof.worth - other.proof.worth,
        max(programme.proof.worth - other.proof.bound, 0.0), programme.proof.bound - other.proof.worth,
        tuple(str(sites.facility_id[k]) for k in moved if k != row), _shorter(programme, other),
    )  # fmt: skip


def _shorter(programme: Programme, other: Programme) -> int | None:
    before, after = programme.proof.shelter_years, other.proof.shelter_years
    return None if before is None or after is None else before - after


class _Prices:
    """What each site and year is worth less what it takes, at the prices of the rules."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        model, sites = programme.model, programme.sites
        self.years = len(sites.years)
        self.prices = programme.solved.prices
        self.rows = model.rows.tocsc()
        net = model.worth - model.rows.T @ self.prices
        self.net = np.where(model.free(), net, -np.inf).reshape(-1, self.years)
        self.free = {kind: ~mask.reshape(-1, self.years) for kind, mask in model.blocked.items()}
        self.open_row = {int(site): k for k, site in enumerate(model.site[:: self.years])}

    def row(self, k: int) -> tuple[object, ...]:
        sites = self.programme.sites
        name = str(sites.facility_id[k])
        if k not in self.open_row:
            return (name, str(sites.state[k]), None, None, None, math.nan, math.nan)
        if self.programme.year[k] == 0:
            return (name, *self._out(k))
        return (name, *self._in(k))

    def _in(self, k: int) -> tuple[object, ...]:
        sites, mine = self.programme.sites, self.net[self.open_row[k]]
        t = int(self.programme.year[k]) - sites.years[0]
        others = np.delete(mine, t)
        margin = max(float(mine.max()), 0.0)
        moves = float(mine[t] - others.max()) if np.isfinite(others).any() else math.nan
        moves = max(moves, 0.0) if moves == moves else moves  # noqa: PLR0124 - not NaN
        when, rule = self._when(k, t)
        if sites.pinned[k]:
            return ("pinned", None, when, rule, math.nan, moves)
        takes = self._takes(k, t)
        lifted = mine[t] + sum(min(part, 0.0) for _, part in takes)
        brings = [one for one in takes if one[1] < -_NOTHING]
        if brings and lifted <= _NOTHING:
            return ("needed", min(brings, key=lambda one: one[1])[0], when, rule, margin, moves)
        return ("worth", None, when, rule, margin, moves)

    def _out(self, k: int) -> tuple[object, ...]:
        sites, mine = self.programme.sites, self.net[self.open_row[k]]
        if sites.vetoed[k]:
            return ("vetoed", None, None, None, math.nan, math.nan)
        if not np.isfinite(mine).any():
            return ("no_year", None, None, None, math.nan, math.nan)
        t = int(np.argmax(mine))
        margin = max(-float(mine[t]), 0.0)
        dear = [one for one in self._takes(k, t) if one[1] > _NOTHING]
        if not dear:
            return ("less_worth", None, None, None, margin, math.nan)
        return ("no_room", max(dear, key=lambda one: one[1])[0], None, None, margin, math.nan)

    def _when(self, k: int, t: int) -> tuple[str, Rule | None]:
        """Why not a year earlier."""
        own, sites = self.open_row[k], self.programme.sites
        if t == 0:
            return "first", None
        if sites.pinned[k] and sites.pinned_year[k]:
            return "pinned", None
        for kind in ("renewal", "window"):
            if not self.free[kind][own, t - 1]:
                return kind, None
        dear = [one for one in self._takes(k, t - 1) if one[1] > _NOTHING]
        return ("rule", max(dear, key=lambda one: one[1])[0]) if dear else ("worth", None)

    def _takes(self, k: int, t: int) -> Iterable[tuple[Rule, float]]:
        """What a site takes of each rule in a year, at its price; negative where a minimum wants it."""
        column = self.open_row[k] * self.years + t
        begin, end = self.rows.indptr[column], self.rows.indptr[column + 1]
        rules = self.programme.model.rules
        return [
            (rules[row], float(self.prices[row] * factor))
            for row, factor in zip(self.rows.indices[begin:end], self.rows.data[begin:end], strict=True)
        ]
