"""Sites of chargers for a plan: demand and candidates put together, sites chosen, what each is good for, and what more of them would bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from gis.progress import part, silent
from kawasolar.errors import PlanError
from kawasolar.siting.capacitated import capacitated_p_median
from kawasolar.siting.covering import cover, cover_by_years
from kawasolar.siting.curve import curve_of
from kawasolar.siting.locate import locate
from kawasolar.siting.population import gathered
from kawasolar.siting.ways import along, straight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.siting.result import Located
    from kawasolar.siting.table import Assumptions

Method = Literal["distance", "room", "cover"]
METHODS: tuple[Method, ...] = ("distance", "room", "cover")
SITES = (
    "site_id", "name", "how", "fiscal_year", "chargers", "kwh_day", "price_yen", "points", "weight", "load_kwh_day", "mean_m", "farthest_m", "lost", "x", "y",
)  # fmt: skip
POINTS = ("point_id", "name", "weight", "kwh_day", "x", "y", "site_id", "distance_m", "served", "covered")
# Share of the time that the curve may take.
_CURVE_PART = 0.5
_GAP, _GAP_ROOM = 0.001, 0.01


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes
    ----------
    method : ``distance`` (p-median), ``room`` (p-median with the sites' capacity), ``cover`` (most weight within the radius)
    number : of sites, those that stand among them; with budgets the most that are new, None: as many as they pay
    budgets : of each fiscal year from ``first_year`` [yen] (``cover`` only); empty: without
    carried : what a year does not spend is there in the next
    pinned : ids of candidates that are sites in any case
    split : with ``room``: a point may be served from several sites
    gap, seconds : the search ends at this proven gap, or then; None: 0.1 %, with ``room`` 1 %
    curve : whether the curve of more and fewer sites is reckoned too
    """

    method: Method = "cover"
    number: int | None = None
    budgets: tuple[float, ...] = ()
    first_year: int = 0
    carried: bool = False
    pinned: tuple[str, ...] = ()
    split: bool = False
    gap: float | None = None
    seconds: float = 60.0
    curve: bool = True

    @property
    def ends_at(self) -> float:
        """The gap at which the search ends."""
        return (_GAP_ROOM if self.method == "room" else _GAP) if self.gap is None else self.gap


@dataclass(frozen=True, eq=False)
class Siting:
    """Chosen sites and what they do.

    Attributes
    ----------
    head : JSON-able: ``method source way number points weight candidates total bound gap covered_share served_share mean_m unreached gathered_m radius_m price_yen
        kwh_day`` and what was asked and assumed (``assumed by_hand verify``); ``bound`` and ``mean_m`` None where there is none
    sites : :data:`SITES`; ``how`` is ``standing pinned chosen``; ``lost`` what would be lost without it: weight covered (cover), else weight × metres to the next
        nearest of the others, in the unit of ``total``
    points : :data:`POINTS`; ``site_id`` None where not served; ``served`` 0…1; ``covered`` within the radius of a site
    candidates : as :func:`kawasolar.siting.candidates.candidates_of`
    curve : ``number total bound gap covered_share mean_m``
    """

    head: dict[str, Any]
    sites: pd.DataFrame
    points: pd.DataFrame
    candidates: pd.DataFrame
    curve: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["number"]))


def siting_of(
    points: pd.DataFrame, candidates: pd.DataFrame, assumed: Assumptions, asked: Asked, *, source: str = "points",
    roads: NDArray[np.object_] | None = None, progress: Progress = silent,
) -> Siting:  # fmt: skip
    """Choose sites.

    Parameters
    ----------
    points : ``point_id name weight x y``; more than some thousand are gathered by blocks (:func:`kawasolar.siting.population.gathered`)
    candidates : as :func:`kawasolar.siting.candidates.candidates_of`
    source : ``points population fleet``: what the weights are; of ``fleet`` they are kWh a day already
    roads : lines in metres; None: the straight line × detour

    Raises
    ------
    PlanError
        ``siting.none_left`` (no candidate may be a site), ``siting.bad_number``, ``siting.too_many_pins``, ``siting.no_such_site``, ``siting.pinned_left_out``,
        ``siting.budget_needs_cover``, ``siting.no_number``, ``siting.pins_too_dear``, ``siting.no_roads``
    gis.progress.Cancelled
        from ``progress``
    """
    _check(asked)
    demand, side = gathered(points)
    may = (candidates["why_not"] == "").to_numpy()
    usable = candidates[may].reset_index(drop=True)
    if not len(usable):
        raise PlanError("siting.none_left", candidates=len(candidates))
    pins = _places(usable, candidates, asked.pinned)
    stands = np.flatnonzero(usable["standing"].to_numpy(bool))
    here, there = demand[["x", "y"]].to_numpy(float), usable[["x", "y"]].to_numpy(float)
    way = straight(here, there, assumed.detour) if roads is None else along(roads, here, there, assumed.detour, part(progress, 0.0, 0.2))  # fmt: skip
    each = demand["weight"].to_numpy(float) * (1.0 if source == "fleet" else assumed.ev_share * assumed.ev_kwh_day)
    case = Case(demand, usable, way, each, assumed, asked, stands, pins)
    found, years = _chosen(case, part(progress, 0.2, 0.6))
    made = _frames(case, found, years)
    curve = curve_of(case, asked.seconds * _CURVE_PART, part(progress, 0.6, 1.0)) if asked.curve else pd.DataFrame({"number": []})  # fmt: skip
    head = _head(case, found, made, source, "straight" if roads is None else "roads", side)
    return Siting(head, made[0], made[1], candidates, curve)


@dataclass(frozen=True, eq=False)
class Case:
    """Demand, usable candidates, what lies between (``way`` [n, m] metres, inf where none leads), ``each`` [n] kWh a day; places of what stands and is pinned."""

    demand: pd.DataFrame
    usable: pd.DataFrame
    way: NDArray[np.float64]
    each: NDArray[np.float64]
    assumed: Assumptions
    asked: Asked
    stands: NDArray[np.int64]
    pins: NDArray[np.int64]

    @property
    def weight(self) -> NDArray[np.float64]:
        return self.demand["weight"].to_numpy(float)

    @property
    def fixed(self) -> list[int]:
        """What is a site in any case."""
        return sorted({*self.stands.tolist(), *self.pins.tolist()})

    @property
    def far(self) -> float:
        """What stands for a way that there is not: twice the longest [m]."""
        reached = self.way[np.isfinite(self.way)]
        return 2.0 * float(reached.max(initial=1.0))

    def solve(self, number: int, gap: float, seconds: float, progress: Progress) -> Located:
        """Sites by the method that is asked for."""
        asked = self.asked
        if asked.method == "cover":
            return cover(self.way, number, weights=self.weight, radius=self.assumed.radius_m, pinned=self.fixed, gap=gap, seconds=seconds, progress=progress)  # fmt: skip
        if asked.method == "room":
            return capacitated_p_median(
                self.way, number, self.each, self.usable["kwh_day"].to_numpy(float), weights=self.weight, pinned=self.fixed, penalty=self.far,
                split=asked.split, gap=gap, seconds=seconds, progress=progress,
            )  # fmt: skip
        reached = np.where(np.isfinite(self.way), self.way, self.far)
        return locate(
            reached, number, weights=self.weight, pinned=self.fixed, gap=gap, seconds=seconds, progress=progress
        )


def _check(asked: Asked) -> None:
    if asked.method not in METHODS:
        raise PlanError("siting.no_such_method", found=str(asked.method)[:40], expected=", ".join(METHODS))
    if asked.budgets and asked.method != "cover":
        raise PlanError("siting.budget_needs_cover")
    if not asked.budgets and asked.number is None:
        raise PlanError("siting.no_number")


def _places(usable: pd.DataFrame, candidates: pd.DataFrame, ids: Sequence[str]) -> NDArray[np.int64]:
    place = {str(one): k for k, one in enumerate(usable["site_id"])}
    for one in ids:
        if one not in place:
            known = candidates[candidates["site_id"] == one]
            if not len(known):
                raise PlanError("siting.no_such_site", found=str(one)[:60])
            raise PlanError("siting.pinned_left_out", site=str(one)[:60], reasons=str(known["why_not"].iloc[0]))
    return np.array([place[one] for one in ids], dtype=np.int64)


def _chosen(case: Case, progress: Progress) -> tuple[Located, dict[int, int]]:
    """The sites, and of each the fiscal year in which it is built (of what stands, and without budgets: none)."""
    asked = case.asked
    if not asked.budgets:
        if asked.number is None:
            raise PlanError("siting.no_number")
        return case.solve(asked.number, asked.ends_at, asked.seconds, progress), {}
    yearly = cover_by_years(
        case.way, case.usable["price_yen"].to_numpy(float), asked.budgets, weights=case.weight, radius=case.assumed.radius_m, standing=case.stands.tolist(),
        pinned=case.pins.tolist(), most=asked.number, carried=asked.carried, gap=asked.ends_at, seconds=asked.seconds, progress=progress,
    )  # fmt: skip
    from kawasolar.siting.covering import first_cover
    from kawasolar.siting.result import Located

    last = yearly.stands[-1]
    years: dict[int, int] = {}
    before = set(case.stands.tolist())
    for k, one in enumerate(yearly.stands):
        years |= dict.fromkeys(set(one.tolist()) - before, asked.first_year + k)
        before = set(one.tolist())
    point, site = first_cover(case.way <= case.assumed.radius_m, last)
    return Located(last, yearly.total, yearly.bound, point, site, np.ones(len(point))), years


def _frames(case: Case, found: Located, years: dict[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    points = _point_frame(case, found)
    return _site_frame(case, found, points, years), points


def _point_frame(case: Case, found: Located) -> pd.DataFrame:
    """Points by the site that serves most of them; without room each by its nearest."""
    n, ids = len(case.demand), case.usable["site_id"].to_numpy(object)
    own = case.way[:, found.sites]
    at = found.sites[own.argmin(axis=1)]
    near = own.min(axis=1)
    served = np.isfinite(near).astype(float)
    if case.asked.method == "cover":
        served = (near <= case.assumed.radius_m).astype(float)
    elif case.asked.method == "room":
        order = np.lexsort((-found.share, found.point))
        first = order[np.r_[True, np.diff(found.point[order]) != 0]] if len(order) else order
        at = np.full(n, -1, np.int64)
        at[found.point[first]] = found.site[first]
        served = np.minimum(found.served(n), 1.0)
    used = served > 1e-9
    made = case.demand[["point_id", "name", "weight"]].copy()
    made["kwh_day"], made["x"], made["y"] = case.each, case.demand["x"], case.demand["y"]
    made["site_id"] = [ids[k] if use else None for k, use in zip(at, used, strict=True)]
    made["distance_m"] = np.where(used, case.way[np.arange(n), np.maximum(at, 0)], np.nan)
    made["served"], made["covered"] = served, near <= case.assumed.radius_m
    return made[list(POINTS)]


def _site_frame(case: Case, found: Located, points: pd.DataFrame, years: dict[int, int]) -> pd.DataFrame:
    rows = case.usable.iloc[found.sites]
    stands, pins = set(case.stands.tolist()), set(case.pins.tolist())
    made = pd.DataFrame({"site_id": rows["site_id"].to_numpy(object), "name": rows["name"].to_numpy(object)})
    made["how"] = ["standing" if k in stands else "pinned" if k in pins else "chosen" for k in found.sites.tolist()]
    made["fiscal_year"] = [years.get(k, 0) for k in found.sites.tolist()]
    for column in ("chargers", "kwh_day", "price_yen", "x", "y"):
        made[column] = rows[column].to_numpy(float)
    own = points.dropna(subset=["site_id"]).assign(moved=lambda f: f["weight"] * f["distance_m"])
    grouped = own.groupby("site_id").agg(points=("weight", "size"), weight=("weight", "sum"), moved=("moved", "sum"), farthest_m=("distance_m", "max"))  # fmt: skip
    grouped = grouped.reindex(made["site_id"])
    made["points"], made["weight"] = (
        grouped["points"].fillna(0).to_numpy(int),
        grouped["weight"].fillna(0.0).to_numpy(float),
    )
    made["mean_m"] = grouped["moved"].to_numpy(float) / grouped["weight"].to_numpy(float)
    made["farthest_m"] = grouped["farthest_m"].to_numpy(float)
    share = np.bincount(found.site, weights=found.share * case.each[found.point], minlength=len(case.usable))
    by_points = points.groupby("site_id")["kwh_day"].sum().reindex(made["site_id"]).fillna(0.0).to_numpy(float)
    made["load_kwh_day"] = share[found.sites] if case.asked.method == "room" else by_points
    made["lost"] = _lost(case, found)
    return made[list(SITES)]


def _lost(case: Case, found: Located) -> NDArray[np.float64]:
    """What each site is good for while the others stay: the weight that only it covers, or the weight × metres that its points would go farther.

    With room the others' room is not looked at: at least so much.
    """
    own = case.way[:, found.sites]
    if case.asked.method == "cover":
        near = own <= case.assumed.radius_m
        alone = near & (near.sum(axis=1) == 1)[:, None]
        return np.asarray(case.weight @ alone)
    reached = np.where(np.isfinite(own), own, case.far)
    if case.asked.method == "room":
        place = {int(k): s for s, k in enumerate(found.sites)}
        at = np.array([place[int(k)] for k in found.site], dtype=np.int64)
        rest = reached[found.point].copy()
        now = rest[np.arange(len(at)), at].copy()
        rest[np.arange(len(at)), at] = np.inf
        farther = np.maximum(np.minimum(rest.min(axis=1), case.far) - now, 0.0)
        return np.bincount(at, weights=case.weight[found.point] * found.share * farther, minlength=len(found.sites)).astype(float)  # fmt: skip
    if own.shape[1] == 1:
        return np.array([float((case.weight * (case.far - reached[:, 0])).sum())])
    two = np.partition(reached, 1, axis=1)[:, :2]
    return np.bincount(reached.argmin(axis=1), weights=case.weight * (two[:, 1] - two[:, 0]), minlength=len(found.sites)).astype(float)  # fmt: skip


def _head(
    case: Case, found: Located, made: tuple[pd.DataFrame, pd.DataFrame], source: str, way: str, side: float
) -> dict[str, Any]:
    from kawasolar.siting.table import assumption_rows

    sites, points = made
    weight, total = points["weight"].to_numpy(float), float(points["weight"].sum())
    asked = case.asked
    moved = (points["weight"] * points["distance_m"]).sum() / max(float(weight[points["site_id"].notna()].sum()), 1e-12)
    return {
        "method": asked.method, "source": source, "way": way, "number": len(sites), "points": len(points), "weight": total,
        "candidates": len(case.usable), "total": found.total, "bound": found.bound if np.isfinite(found.bound) else None, "gap": float(min(found.gap, 1e9)),
        "covered_share": float(weight[points["covered"].to_numpy(bool)].sum() / total),
        "served_share": float((weight * points["served"].to_numpy(float)).sum() / total),
        "mean_m": float(moved) if points["site_id"].notna().any() else None,
        "unreached": int((~np.isfinite(case.way)).all(axis=1).sum()), "gathered_m": side, "radius_m": case.assumed.radius_m,
        "price_yen": float(sites["price_yen"].sum()), "kwh_day": float(points["kwh_day"].sum()),
        "budgets": list(asked.budgets), "first_year": asked.first_year, "carried": asked.carried, "split": asked.split,
        "assumed": {key: float(getattr(case.assumed, key)) for key in assumption_rows()}, "by_hand": sorted(case.assumed.asked),
        "verify": [key for key, row in assumption_rows().items() if row.how_sure == "verify" and key not in case.assumed.asked],
    }  # fmt: skip
