"""What every facility of a plan uses, and what of its roof's energy it would use at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.demand import demand_of
from kawasolar.half_hours import HOURS
from kawasolar.plan import USE_COLUMNS, Use
from kawasolar.self_use import balance, flows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.findings import Finding
    from kawasolar.demand import Demand
    from kawasolar.demand.of_plan import Asked
    from kawasolar.plan import Plan
    from kawasolar.self_use import Balance, Flows

# Facilities whose half hours are held at once: 70 MB a thousand.
_AT_ONCE = 1_000


def compute_use(
    asked: Plan | Asked, yields: pd.DataFrame, hourly: NDArray[np.float32], progress: Progress = silent
) -> tuple[Use, list[Finding]]:
    """Load, self-use and surplus of every facility in the half hours of the plan's fiscal year.

    Parameters
    ----------
    asked : facilities, entries, files and profile of a plan
    yields : ``facility_id``, a row for each of ``hourly``
    hourly : (m, 8760), energy of each roof, January first [kWh]

    Returns
    -------
    use : ``frame`` has :data:`kawasolar.plan.USE_COLUMNS`; what hangs on a load that nobody knows is NaN. ``peak_after_kw`` is of the load as it is, with the roof of the plan's layout
    findings : loads that contradict the contract

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    ids = asked.facilities["facility_id"].astype(str).tolist()
    place = dict(zip(yields["facility_id"].astype(str).tolist(), range(len(yields)), strict=True))
    frames: list[pd.DataFrame] = []
    months, peaks = np.zeros((len(ids), 3, 12), np.float32), np.zeros((len(ids), 2, 12), np.float32)
    findings: list[Finding] = []
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        end = begin + len(some)
        told = part(progress, begin / len(ids), end / len(ids))
        demand = demand_of(asked, some, progress=part(told, 0.0, 0.7))
        roofs = np.zeros((len(some), HOURS), np.float32)
        have = [k for k, name in enumerate(some) if name in place]
        roofs[have] = hourly[[place[some[k]] for k in have]]
        found = balance(demand.kwh, roofs, demand.year, part(told, 0.7, 1.0))
        frames.append(_frame(demand.facilities, found))
        months[begin:end] = found.months
        peaks[begin:end] = np.stack([found.month_peaks, found.month_peaks_after], axis=1)
        findings += demand.findings
    empty = pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in USE_COLUMNS.items()})
    return Use(pd.concat(frames, ignore_index=True) if frames else empty, months, peaks), findings


def flows_of(
    plan: Plan, facility_id: str, progress: Progress = silent, *, as_it_is: bool = False
) -> tuple[Demand, Flows]:
    """The demand of one facility, and its half hours beside what its roof gives; ``as_it_is`` as for :func:`kawasolar.demand.demand_of`.

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    """
    demand = demand_of(plan, [facility_id], as_it_is=as_it_is, progress=progress)
    rows = np.flatnonzero((plan.results.yields["facility_id"] == facility_id).to_numpy())
    hourly = plan.results.hourly[rows[:1]] if len(rows) else np.zeros((1, HOURS), np.float32)
    return demand, flows(demand.kwh[0], hourly[0])


def _frame(facilities: pd.DataFrame, found: Balance) -> pd.DataFrame:
    known = (facilities["source"] != "none").to_numpy()

    def where_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(known, values, np.nan)

    made = facilities.rename(columns={"annual_kwh": "load_kwh"}).assign(
        self_use_kwh=where_known(found.self_use_kwh), surplus_kwh=where_known(found.surplus_kwh),
        self_use_ratio=where_known(found.self_use_ratio), self_supply_ratio=where_known(found.self_supply_ratio),
        peak_after_kw=where_known(found.peak_after_kw),
    )  # fmt: skip
    return made[list(USE_COLUMNS)].astype(USE_COLUMNS).reset_index(drop=True)
