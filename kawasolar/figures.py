"""The plan in a few figures, the same for the window, ``--json`` and the exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kawasolar.ageing import energy_by_year

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.plan import Plan

_DIGITS = 3


def figures(plan: Plan) -> dict[str, object]:
    """Counts of all facilities, and totals of the chosen ones; plain JSON types, None where nothing is chosen.

    ``capacity_kw`` is DC, ``energy_kwh`` AC in the year, ``co2_t`` t-CO₂ a year, ``irradiation_kwh_m2`` the mean over
    the usable area, ``shading_loss`` and ``snow_loss`` the share of the energy that the skyline and snow take, ``lifetime_kwh`` the sum over the years of operation as modules age, ``seconds`` by stage.
    What is used (``load_kwh self_use_kwh surplus_kwh self_use_ratio self_supply_ratio``) is of those chosen whose load is known, ``use_known`` by number, ``use_estimated``
    of them not by meters; None where it was not reckoned.
    """
    sites = plan.half.sites
    status = sites["status"].value_counts()
    picked = sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"]
    mine = plan.results.yields[plan.results.yields["facility_id"].isin(picked)]
    sums = {name: float(mine[name].sum()) for name in ("usable_m2", "capacity_kw", "energy_kwh", "co2_t")}
    loss = mine["shading_loss"].to_numpy(dtype=np.float64)
    free = float(np.nansum(mine["energy_kwh"].to_numpy(dtype=np.float64) / (1.0 - np.where(loss < 1.0, loss, np.nan))))
    lit = float(
        np.nansum(mine["irradiation_kwh_m2"].to_numpy(dtype=np.float64) * mine["usable_m2"].to_numpy(dtype=np.float64))
    )
    return {
        "name": plan.name,
        "municipality": plan.profile.code,
        "synthetic": plan.synthetic,
        "facilities": len(sites),
        "eligible": int(status.get("eligible", 0)),
        "unknown": int(status.get("unknown", 0)),
        "ineligible": int(status.get("ineligible", 0)),
        "chosen": len(picked),
        "share": plan.settings.share,
        "objective": plan.settings.objective,
        **{name: round(total, _DIGITS) for name, total in sums.items()},
        "specific_yield_kwh_kw": _ratio(sums["energy_kwh"], sums["capacity_kw"]),
        "irradiation_kwh_m2": _ratio(lit, sums["usable_m2"]),
        "shading_loss": None if free <= 0 else round(1.0 - sums["energy_kwh"] / free, 5),
        "snow_loss": _snow(mine),
        "lifetime_kwh": round(float(energy_by_year(sums["energy_kwh"], plan.profile).sum()), _DIGITS),
        **_use(plan, picked),
        "open_sky_kwh_m2": round(float(plan.results.open_sky_kwh_m2), _DIGITS),
        "buildings": len(plan.results.buildings),
        "planes": len(plan.results.planes),
        "seconds": {stage: round(float(spent), _DIGITS) for stage, spent in plan.seconds.items()},
    }


def _snow(mine: pd.DataFrame) -> float | None:
    """Share that snow takes of the energy of some facilities; None where the yields are of before it was counted."""
    if "snow_loss" not in mine:
        return None
    energy, lost = (mine[name].to_numpy(dtype=np.float64) for name in ("energy_kwh", "snow_loss"))
    whole = float(np.nansum(energy / (1.0 - np.where(lost < 1.0, lost, np.nan))))
    return None if whole <= 0 else round(1.0 - float(np.nansum(energy)) / whole, 5)


def _use(plan: Plan, picked: pd.Series[Any]) -> dict[str, object]:
    """What some facilities use, and use of their roofs' energy at once."""
    totals = ("load_kwh", "self_use_kwh", "surplus_kwh")
    if plan.use is None:
        names = ("use_known", "use_estimated", *totals, "self_use_ratio", "self_supply_ratio")
        return dict.fromkeys(names)
    frame = plan.use.frame
    mine = frame[frame["facility_id"].isin(picked) & (frame["source"] != "none")]
    load, used, over = (float(mine[name].sum()) for name in totals)
    return {
        "use_known": len(mine), "use_estimated": int(mine["estimated"].sum()),
        **{name: round(total, _DIGITS) for name, total in zip(totals, (load, used, over), strict=True)},
        "self_use_ratio": _share(used, used + over), "self_supply_ratio": _share(used, load),
    }  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 5) if whole > 0 else None


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, _DIGITS) if whole > 0 else None
