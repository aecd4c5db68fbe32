"""The programme: which site in which fiscal year, what each year costs and brings, how far it is, and the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.programme.conflicts import Conflict, conflict_of
from kawasolar.programme.easing import Relaxation, each_alone, least_relaxation
from kawasolar.programme.highs import Limits, Watch
from kawasolar.programme.model import build, numbers
from kawasolar.programme.solving import Solved, best, best_with_shelters_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.programme.model import Model
    from kawasolar.programme.rules import Rules
    from kawasolar.programme.sites import Sites

TRACKED = ("done", "contracted", "planned", "open")


@dataclass(frozen=True, eq=False)
class Proof:
    """What is proven: no programme is worth more than ``bound``; ``gap`` = (bound − worth) / worth; how the search ended (``done time nodes``)."""

    status: str
    worth: float
    bound: float
    gap: float
    nodes: int
    seconds: float
    shelter_years: int | None = None
    shelter_bound: int | None = None


@dataclass(frozen=True, eq=False)
class Programme:
    """A programme that keeps all rules.

    Attributes
    ----------
    year : [n] fiscal year in which the site is built, or was; 0 = not in the programme
    number, denominator : how many sites the share asks for, and of how many
    """

    sites: Sites
    rules: Rules
    model: Model
    solved: Solved
    proof: Proof
    year: NDArray[np.int64]
    number: int
    denominator: int

    @property
    def planned(self) -> NDArray[np.bool_]:
        """[n] open sites that the programme builds."""
        return self.sites.open & (self.year > 0)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """[n] sites that stand at the end of the last year."""
        return self.planned | self.sites.standing


@dataclass(frozen=True)
class Nothing:
    """Nothing fits, which is proven unless ``status`` is ``unknown``: what conflicts, and what would do.

    Attributes
    ----------
    relaxation : of least cost, all rules together; None where none was found
    alone : for each rule of the conflict that alone would be enough, by how much it gives way
    """

    status: str
    conflict: Conflict | None
    relaxation: Relaxation | None
    alone: tuple[Relaxation, ...]


def make_programme(
    sites: Sites, rules: Rules, limits: Limits, progress: Progress = silent, *, start: Programme | None = None
) -> Programme | None:  # fmt: skip
    """The programme that is worth most; None where nothing fits or, in the time, nothing was found (:func:`why_nothing` tells).

    Runs in any thread; a cancel from ``progress`` is heard within a moment.

    Parameters
    ----------
    start : a programme of the same sites to begin with

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    model = build(sites, rules)
    watch = Watch(progress, seconds=limits.seconds)
    solved = _solved(model, rules, limits, watch, start)
    progress(1.0, watch.what)
    return None if solved.x is None else programme_of(sites, rules, model, solved, watch.spent)


def why_nothing(
    sites: Sites, rules: Rules, give: Mapping[str, float], limits: Limits, progress: Progress = silent
) -> Nothing:
    """What conflicts where nothing fits, and the least relaxations that would do, each tried again.

    Parameters
    ----------
    give : kind of rule -> what it costs that it gives way (:func:`kawasolar.programme.defaults.giving`)
    """
    model = build(sites, rules)
    conflict = conflict_of(model, limits.seconds, Watch(part(progress, 0.0, 0.4), what="programme_conflict"))
    relaxing = Watch(part(progress, 0.4, 0.7), what="programme_relaxation", seconds=limits.seconds)
    relaxation = least_relaxation(model, give, Limits(0.0, limits.seconds), relaxing)
    alone_watch = Watch(part(progress, 0.7, 1.0), what="programme_relaxation")
    alone = each_alone(model, conflict.rules, give, Limits(0.0, limits.seconds), alone_watch)
    progress(1.0, "programme_relaxation")
    return Nothing("none", conflict, relaxation, alone)


def programme_of(sites: Sites, rules: Rules, model: Model, solved: Solved, seconds: float) -> Programme:
    """A programme out of what the search found."""
    assert solved.x is not None  # noqa: S101 - the caller has looked
    year = np.where(sites.open, 0, sites.state_year)
    year[model.site[solved.x]] = np.asarray(sites.years)[model.year[solved.x]]
    proof = Proof(
        solved.status, solved.worth, solved.bound, solved.gap, solved.nodes, seconds, solved.shelter_years, solved.shelter_bound
    )  # fmt: skip
    count = numbers(sites, rules)
    return Programme(sites, rules, model, solved, proof, year, count["number"], count["denominator"])


def _solved(model: Model, rules: Rules, limits: Limits, watch: Watch, start: Programme | None) -> Solved:
    if rules.shelters_first:
        return best_with_shelters_first(model, limits, watch)
    begun = None if start is None or len(start.model.site) != model.columns else start.solved.x
    return best(model, limits, watch, begun)


# ---------------------------------------------------------------------------------------------- frames


def site_table(programme: Programme) -> pd.DataFrame:
    """One row per site: ``facility_id, fiscal_year`` (NA = not in the programme), ``status`` (``done contracted planned open``), ``listed``, ``ward, shelter,
    capacity_kw, cost_yen, subsidy_yen`` (of its year), ``worth`` (of its year, of the objective).
    """
    sites = programme.sites
    k = np.clip(programme.year - sites.years[0], 0, len(sites.years) - 1)
    rows = np.arange(len(sites))
    inside = programme.counted & (programme.year >= sites.years[0])
    worth = sites.worth[programme.rules.objective][rows, k] if len(sites) else np.zeros(0)
    return pd.DataFrame(
        {
            "facility_id": sites.facility_id,
            "fiscal_year": pd.Series(programme.year, dtype="Int64").mask(programme.year == 0),
            "status": np.where(programme.planned, "planned", sites.state.astype(str)), "listed": sites.listed,
            "ward": sites.ward, "shelter": sites.shelter, "capacity_kw": sites.capacity_kw,
            "cost_yen": np.where(inside, sites.cost_yen[rows, k], np.nan), "subsidy_yen": np.where(inside, sites.subsidy_yen[rows, k], np.nan),
            "worth": np.where(programme.planned, worth, np.nan),
        }
    )  # fmt: skip


def year_table(programme: Programme) -> pd.DataFrame:
    """As :func:`years_of`, of a programme."""
    return years_of(site_table(programme)[programme.counted], programme.sites.years, programme.denominator)


def years_of(counted: pd.DataFrame, years: Sequence[int], denominator: int) -> pd.DataFrame:
    """One row per fiscal year: ``fiscal_year, sites, capacity_kw, cost_yen, subsidy_yen, worth``, and what stands by its end: ``sites_total,
    capacity_total_kw, share`` (of the denominator: the sites of its list). What was done before the first year is in the totals.

    Parameters
    ----------
    counted : rows of :func:`site_table` that stand at the end of the last year
    """
    table = counted.assign(sites=1, listed=counted["listed"].astype(np.int64))
    sums = table.groupby("fiscal_year")[["sites", "capacity_kw", "cost_yen", "subsidy_yen", "worth", "listed"]].sum()
    by_year = sums.reindex(pd.Index(years, name="fiscal_year"), fill_value=0.0)
    before = table[(table["fiscal_year"] < years[0]).to_numpy(dtype=bool)]
    by_year["sites"] = by_year["sites"].astype(np.int64)
    by_year["sites_total"] = by_year["sites"].cumsum() + len(before)
    by_year["capacity_total_kw"] = by_year["capacity_kw"].cumsum() + float(before["capacity_kw"].sum())
    by_year["share"] = (by_year.pop("listed").cumsum() + int(before["listed"].sum())) / max(denominator, 1)
    return by_year.reset_index()


def tracker(programme: Programme) -> pd.DataFrame:
    """Sites and kW that are ``done contracted planned open``, in that order: ``status, sites, capacity_kw``."""
    return tracker_of(site_table(programme))


def tracker_of(table: pd.DataFrame) -> pd.DataFrame:
    """As :func:`tracker`, of rows with ``status`` and ``capacity_kw``."""
    sums = table.groupby("status")["capacity_kw"].agg(["size", "sum"]).reindex(list(TRACKED), fill_value=0)
    return pd.DataFrame(
        {"status": list(TRACKED), "sites": sums["size"].to_numpy(np.int64), "capacity_kw": sums["sum"].to_numpy(float)}
    )
