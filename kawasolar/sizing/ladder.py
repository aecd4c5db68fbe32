"""Sizes of a roof's PV from its maximum downwards, in whole modules; the worst-lit planes are left empty first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.document.views import special_layouts
from kawasolar.keeping import kept, light_of
from kawasolar.owners import owners_of_buildings
from kawasolar.strings import CONSTRUCTION_PLAN_KW, PRIVATE_KW, SMALL_BUSINESS_KW

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan

# Sizes of a roof, evenly apart, beside those that end just below a threshold.
STEPS = 20
# Rated kW from which other duties begin (:func:`kawasolar.strings.regulation`).
THRESHOLDS = (SMALL_BUSINESS_KW, PRIVATE_KW, CONSTRUCTION_PLAN_KW)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Ladder:
    """Sizes of sites, ``[sites, sizes]``, ascending.

    Attributes
    ----------
    modules, capacity_kw : of each size
    share : energy of each size over that of the plan's layout [-]: that of the modules that stay, by the light on their planes
    real : whether it is a size of its own; where two would be the same, only the last is
    now : (sites,), which of them is laid out in the plan
    """

    facility_ids: tuple[str, ...]
    modules: NDArray[np.int64]
    capacity_kw: NDArray[np.float64]
    share: NDArray[np.float64]
    real: NDArray[np.bool_]
    now: NDArray[np.int64]


def ladder_of(plan: Plan, facility_ids: Sequence[str]) -> Ladder:
    """The ladder of each of some facilities; all must have modules."""
    special = special_layouts(plan.entries, plan.scenario, plan.profile)
    light = dict(zip(plan.results.planes["plane_id"].tolist(), light_of(plan.results.planes).tolist(), strict=True))
    laid, whole = _by_facility(plan, plan.results.subarrays), _by_facility(plan, _whole(plan, facility_ids))
    rows = []
    for name in facility_ids:
        least = round(special.get(name, plan.profile).number("layout.least_modules"))
        rows.append(_steps(laid[name], whole[name], light, max(least, 1)))
    modules, kw, share, now = (np.array(part) for part in zip(*rows, strict=True))
    real = (modules > 0) & np.concatenate([modules[:, 1:] != modules[:, :-1], np.ones((len(modules), 1), bool)], axis=1)
    return Ladder(tuple(facility_ids), modules, kw, share, real, now)


def _steps(
    laid: pd.DataFrame, whole: pd.DataFrame, light: dict[int, float], least: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], int]:
    """Modules, kW, share of energy of each size of one facility, and which is laid out."""
    counts, standing = (frame.groupby("plane_id", sort=True)["modules"].sum() for frame in (whole, laid))
    each = float(whole["capacity_kw"].sum()) / float(counts.sum())
    bright = np.array([light.get(int(plane), 0.0) for plane in counts.index])
    # Where nobody knows the light, all planes are alike.
    bright = bright if (bright > 0.0).all() else np.ones_like(bright)
    total, present = int(counts.sum()), int(standing.sum())
    below = [int(np.ceil(kw / each - _ROUNDING)) - 1 for kw in THRESHOLDS]
    wanted = [int(np.ceil(total * k / STEPS)) for k in range(1, STEPS + 1)]
    most = np.sort(np.minimum([*wanted, *(count for count in below), present], total))
    stay = kept(counts.to_numpy(), bright, most, least)
    modules = stay.sum(axis=1)
    now = standing.reindex(counts.index, fill_value=0).to_numpy() @ bright
    # The last of equals is the real one.
    place = int(np.searchsorted(modules, present, side="right")) - 1
    return modules, modules * each, stay @ bright / now, max(place, 0)


def _by_facility(plan: Plan, subarrays: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    owner = subarrays["building_id"].map(owners_of_buildings(plan.results.links))
    return {str(name): rows for name, rows in subarrays.groupby(owner)}


def _whole(plan: Plan, facility_ids: Sequence[str]) -> gpd.GeoDataFrame:
    """Subarrays of the plan; of facilities that were bounded all that their roofs hold."""
    import geopandas as gpd
    import pandas as pd

    from kawasolar.layouts import compute_layouts

    results = plan.results
    special = special_layouts(plan.entries, plan.scenario, plan.profile)
    bounded = {name for name in facility_ids if special.get(name, plan.profile).number("layout.most_kw") > 0.0}
    if not bounded:
        return results.subarrays
    unbound = {"layout.most_kw": 0.0}
    owners = {building: owner for building, owner in owners_of_buildings(results.links).items() if owner in bounded}
    free = {name: profile.with_numbers(unbound) for name, profile in special.items()}
    made = compute_layouts(results.planes, results.buildings, owners, plan.profile.with_numbers(unbound), free)
    rest = results.subarrays[~results.subarrays["building_id"].isin(set(owners))]
    return gpd.GeoDataFrame(pd.concat([rest, made], ignore_index=True), crs=results.subarrays.crs)
