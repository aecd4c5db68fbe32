"""What the inspector shows of one facility, taken out of the plan's frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ui.charts.skyline import Skyline, SunPath

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan

# Share of a roof's cells that see the sun: the middle of the skyline, and its band.
MIDDLE, LOW, HIGH = 0.5, 0.1, 0.9
DAYS = (("summer", 6, 21), ("equinox", 3, 20), ("winter", 12, 21))


@dataclass(frozen=True)
class Site:
    """One facility: its rows of the frames and its arrays; None where the plan has nothing of it."""

    facility_id: str
    ledger: pd.Series
    yields: pd.Series | None
    decision: pd.Series | None
    outcomes: pd.DataFrame
    links: pd.DataFrame
    planes: gpd.GeoDataFrame
    subarrays: gpd.GeoDataFrame
    month_hour: NDArray[np.float32] | None
    month_hour_lost: NDArray[np.float32] | None
    typical_days: NDArray[np.float32] | None
    skyline: Skyline | None


def site_of(plan: Plan, facility_id: str) -> Site:
    """Everything about one facility of the plan."""
    results, decision = plan.results, plan.half
    ledger = plan.facilities.loc[plan.facilities["facility_id"] == facility_id].iloc[0]
    links = results.links[results.links["facility_id"] == facility_id]
    mine = results.planes["building_id"].isin(links["building_id"]).to_numpy()
    yields_at = np.flatnonzero((results.yields["facility_id"] == facility_id).to_numpy())
    place = int(yields_at[0]) if len(yields_at) else None
    sites = decision.sites[decision.sites["facility_id"] == facility_id]
    planes = results.planes[mine].sort_values("usable_m2", ascending=False)
    return Site(
        facility_id=facility_id,
        ledger=ledger,
        yields=results.yields.iloc[place] if place is not None else None,
        decision=sites.iloc[0] if len(sites) else None,
        outcomes=decision.outcomes[decision.outcomes["facility_id"] == facility_id],
        links=links,
        planes=planes,
        subarrays=results.subarrays[results.subarrays["plane_id"].isin(planes["plane_id"])],
        month_hour=results.month_hour[place] if place is not None else None,
        month_hour_lost=results.month_hour_lost[place] if place is not None else None,
        typical_days=results.typical_days[place] if place is not None else None,
        skyline=skyline_of(results.sunlit[mine], results.planes[mine], results.azimuths),
    )


def skyline_of(sunlit: NDArray[np.float32], planes: pd.DataFrame, azimuths: NDArray[np.float64]) -> Skyline | None:
    """Skyline of some planes together, weighted by usable area (by area where none is usable)."""
    if not len(planes):
        return None
    weight = planes["usable_m2"].to_numpy(dtype=float)
    if weight.sum() <= 0:
        weight = planes["area_m2"].to_numpy(dtype=float)
    share = np.tensordot(weight / weight.sum(), sunlit.astype(float), axes=1)
    return Skyline(
        azimuths=np.asarray(azimuths, dtype=float),
        middle=elevation_where(share, MIDDLE),
        low=elevation_where(share, LOW),
        high=elevation_where(share, HIGH),
    )


def elevation_where(share: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Elevation [deg] at which ``share[azimuth, elevation]`` first reaches the level, between whole degrees linearly."""
    reached = share >= level
    first = np.where(reached.any(axis=1), reached.argmax(axis=1), share.shape[1] - 1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(share))
    below, above = share[rows, before], share[rows, first]
    step = np.where(above > below, (level - below) / np.where(above > below, above - below, 1.0), 1.0)
    return np.where(first == 0, 0.0, before + np.clip(step, 0.0, 1.0))


@lru_cache(maxsize=8)
def sun_paths(latitude: float, longitude: float, names: tuple[str, ...], year: int, zone: str) -> tuple[SunPath, ...]:
    """The sun on the longest day, at the equinox and on the shortest, every 10 minutes of civil time."""
    import pandas as pd

    from gis.sun import sun_position

    paths = []
    for name, (_, month, day) in zip(names, DAYS, strict=True):
        times = pd.date_range(f"{year}-{month:02d}-{day:02d}", periods=144, freq="10min", tz=zone)
        # The position at the instants themselves: intervals of no length.
        sun = sun_position(pd.DatetimeIndex(times), latitude, longitude, interval=pd.Timedelta(0))
        paths.append(SunPath(name, sun.azimuth, sun.elevation, np.arange(0.0, 1440.0, 10.0)))
    return tuple(paths)
