"""A proposal of lots: which sites are tendered together, and why each that is left over is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gis.progress import silent
from kawasolar.errors import PlanError
from kawasolar.lots.grouping import Grouping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.lots.rules import LotRules
    from kawasolar.lots.sites import LotSites

_M_PER_KM = 1000.0
# Distances between all of a group are held at once: 200 MB.
MOST_SITES = 5000

Left = Literal["too_large", "too_few_near", "no_room"]


@dataclass(frozen=True)
class Proposal:
    """Lots as ids of their sites, and who is in none.

    Attributes
    ----------
    lots : the largest group first; sites in the order of the ledger
    left : facility -> ``too_large`` (alone beyond the greatest size), ``too_few_near`` (all that may be with it come to less than a lot: proven), ``no_room`` (the
        grouping that was found has no place for it)
    """

    sites: LotSites
    rules: LotRules
    lots: tuple[tuple[str, ...], ...]
    left: dict[str, Left]


def propose(sites: LotSites, rules: LotRules, progress: Progress = silent) -> Proposal:
    """Group sites into lots.

    Raises
    ------
    PlanError
        ``lots.too_many_sites``
    Cancelled
        the progress said stop
    """
    if len(sites) > MOST_SITES:
        raise PlanError("lots.too_many_sites", found=len(sites), most=MOST_SITES)
    left: dict[str, Left] = {}
    lots: list[tuple[str, ...]] = []
    done = 0
    for members in _together(sites, rules):
        begin, share = done / max(len(sites), 1), len(members) / max(len(sites), 1)

        def tell(part: float, begin: float = begin, share: float = share) -> None:
            progress(begin + share * part, "stage.lots")

        tell(0.0)
        fits = np.array([k for k in members if sites.capacity_kw[k] <= rules.max_kw], dtype=np.intp)
        left |= {sites.ids[k]: "too_large" for k in set(members) - set(fits.tolist())}
        if len(fits):
            years = np.array([sites.years[k] for k in fits], dtype=np.int64)
            found = Grouping(sites.places[fits] / _M_PER_KM, sites.capacity_kw[fits], rules, years)
            label = found.best(tell)
            lots += [tuple(sites.ids[k] for k in fits[label == one]) for one in range(int(label.max(initial=-1)) + 1)]
            left |= {
                sites.ids[fits[k]]: why
                for k, why in zip(np.flatnonzero(label < 0), _why(found, label, rules), strict=True)
            }
        done += len(members)
    progress(1.0, "stage.lots")
    order = {name: k for k, name in enumerate(sites.ids)}
    size = dict(zip(sites.ids, sites.capacity_kw, strict=True))
    lots.sort(key=lambda ids: (-sum(float(size[name]) for name in ids), order[ids[0]]))
    return Proposal(sites, rules, tuple(lots), dict(sorted(left.items(), key=lambda one: order[one[0]])))


def _together(sites: LotSites, rules: LotRules) -> list[list[int]]:
    """Rows of sites that may be in one lot as far as season, ward and roof go, and whether they are of a year; in the order of their first."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for k in range(len(sites)):
        key = (
            # One year is a group of its own; of several in a row the grouping takes care.
            sites.years[k] if rules.year_span == 1 else rules.year_span > 0 and sites.years[k] > 0,
            sites.seasons[k] if rules.same_season else "",
            sites.wards[k] if rules.same_ward else "",
            sites.roofs[k] if rules.same_roof else "",
        )
        groups.setdefault(key, []).append(k)
    return list(groups.values())


def lot_years(years: Sequence[int], span: int) -> tuple[int, int] | None:
    """First and last fiscal year of a lot: of the years in a row that a lot may have those with the most of its sites, the earliest of such.

    Parameters
    ----------
    years : of its sites; 0 is none
    span : as :attr:`kawasolar.lots.rules.LotRules.year_span`

    Returns
    -------
    None where no site has a year
    """
    known = sorted(year for year in years if year)
    if not known:
        return None
    if not span:
        return known[0], known[-1]
    begin = max(known, key=lambda first: (sum(first <= year < first + span for year in known), -first))
    return begin, max(year for year in known if year < begin + span)


def strays(sites: LotSites, rules: LotRules, ids: Sequence[str]) -> list[tuple[str, int]]:
    """The sites of a lot that are of another fiscal year than it, each with its own."""
    year = dict(zip(sites.ids, sites.years, strict=True))
    mine = lot_years([year.get(name, 0) for name in ids], rules.year_span)
    return [
        (name, year[name])
        for name in ids
        if mine is not None and year.get(name, 0) and not mine[0] <= year[name] <= mine[1]
    ]


def _why(group: Grouping, label: NDArray[np.intp], rules: LotRules) -> list[Left]:
    found: list[Left] = []
    for k in np.flatnonzero(label < 0):
        near = group.apart[k] <= rules.max_distance_km
        enough = group.kw[near].sum() >= rules.min_kw * (1 - 1e-12) and int(near.sum()) >= rules.min_sites
        found.append("no_room" if enough else "too_few_near")
    return found


def broken_rules(sites: LotSites, rules: LotRules, ids: Sequence[str]) -> list[str]:
    """Keys of the rules that a lot does not keep to, as somebody has made it: ``min_kw max_kw … year_span``."""
    row = {name: k for k, name in enumerate(sites.ids)}
    at = [row[name] for name in ids if name in row]
    if not at:
        return []
    some = sites.taken(at)
    power, count = float(some.capacity_kw.sum()), len(at)
    places = some.places / _M_PER_KM
    apart = float(np.sqrt(((places[:, None] - places[None, :]) ** 2).sum(axis=-1)).max())
    checks = {
        "min_kw": power < rules.min_kw * (1 - 1e-12),
        "max_kw": power > rules.max_kw * (1 + 1e-12),
        "min_sites": count < rules.min_sites,
        "max_sites": count > rules.max_sites,
        "max_distance_km": apart > rules.max_distance_km * (1 + 1e-12),
        "same_ward": rules.same_ward and len(set(some.wards)) > 1,
        "same_roof": rules.same_roof and len(set(some.roofs)) > 1,
        "same_season": rules.same_season and len(set(some.seasons)) > 1,
        "year_span": bool(strays(sites, rules, ids)),
    }
    return [key for key, broken in checks.items() if broken]
