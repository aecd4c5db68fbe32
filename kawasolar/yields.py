"""Energy of every subarray by hour, shaded by the skyline of its roof plane and by the rows before it, summed by facility.

The 8,760 hours of a subarray come from the weather, the orientation of its modules and one small table: the share
of its plane's usable cells that see the sky at each azimuth and elevation. The light on it is that of :mod:`kawasolar.plane_light`, what becomes of it one
of three models (:mod:`kawasolar.losses`), and what lies under snow gives nothing (:mod:`kawasolar.snow`).
Light and power are taken as proportional: that half a shaded cell may stop a string is among the factors of mismatch, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from gis.threads import run_blocks, threads
from kawasolar.losses import LossModel, Mounting
from kawasolar.owners import owners_of_planes
from kawasolar.plane_light import Mount, RowsBefore, daylight_hours, shaded_parts, through
from kawasolar.snow import SnowYear
from kawasolar.typical_days import DayHours
from kawasolar.units import units_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.plane_light import Hours, Parts
    from kawasolar.profile import Profile
    from kawasolar.stages.work import Yielded
    from kawasolar.units import Units
    from kawasolar.weather import Weather

MONTHS = tuple(f"m{month:02d}" for month in range(1, 13))

# Hours × planes arrays that live at once while a chunk is computed, and the memory they may take together on all cores.
_ARRAYS = 24
_CHUNK_BYTES = 40_000_000
# Of these, for each core, before their hours are added up.
_CHUNKS_AT_ONCE = 16


@dataclass(frozen=True)
class Yields:
    """What the facilities would produce; frames and arrays as in ``docs/nomenclature.md``, rows in the same order."""

    yields: pd.DataFrame
    month_hour: NDArray[np.float32]
    month_hour_lost: NDArray[np.float32]
    typical_days: NDArray[np.float32]
    hourly: NDArray[np.float32]


class PlaneYear(NamedTuple):
    """The year of some planes, AC energy per kW of modules [kWh/kW].

    Attributes
    ----------
    shaded, free : (planes, bins), in each (month, hour), under the skyline and under an open sky
    days : (planes, hours of the typical days), under the skyline
    snow : (planes,), what snow takes from the year under the skyline
    hours : (planes, hours with light), under the skyline, in the order of the hours
    """

    shaded: NDArray[np.float64]
    free: NDArray[np.float64]
    days: NDArray[np.float64]
    snow: NDArray[np.float64]
    hours: NDArray[np.float64]


class _Year(NamedTuple):
    """The year of the facilities [kWh]: ``produced`` and ``lost`` to shade (facilities, 12 × 24), ``days`` (facilities, 2 × 12 × 24), ``snow`` (facilities,),
    ``hourly`` (facilities, 8760), or without a row where nobody asks.
    """

    produced: NDArray[np.float64]
    lost: NDArray[np.float64]
    days: NDArray[np.float64]
    snow: NDArray[np.float64]
    hourly: NDArray[np.float64]


def compute_yields(
    planes: gpd.GeoDataFrame,
    sunlit: NDArray[np.float32],
    azimuths: NDArray[np.float64],
    subarrays: gpd.GeoDataFrame,
    links: pd.DataFrame,
    weather: Weather,
    profile: Profile,
    progress: Progress = silent,
    *,
    band: Mapping[str, Weather] = MappingProxyType({}),
) -> Yields:
    """Yearly, monthly and hourly yield of every facility that has a building.

    Parameters
    ----------
    planes : GeoDataFrame
        Roof planes; row ``i`` belongs to ``sunlit[i]``.
    sunlit : ndarray, float32 [plane, azimuth, 91]
        Share of the plane's usable cells that see elevation 0 … 90° in each sector.
    azimuths : ndarray
        Sector centres [deg].
    subarrays : GeoDataFrame
        Modules on the planes (:mod:`kawasolar.layouts`); not looked at where the profile tells capacity from the area.
    links : DataFrame
        ``facility_id``, ``building_id``; a building belongs to one facility, the best ``score`` if several claim it.
    weather : Weather
        Hours of a year and the place.
    profile : Profile
        Densities, mounting, loss factors, emission factor.
    progress : Progress
        Called once a chunk of planes; may raise ``Cancelled``.
    band : Mapping
        Further years of the place (``sunny``, ``dull``); the yields tell their energy, of the year and by month.
    """
    facility_ids, owner = owners_of_planes(planes, links)
    units = units_of(planes, subarrays, profile)
    units = units.where(owner[units.plane] >= 0)
    owner_of, count = owner[units.plane], len(facility_ids)
    simulation = _Simulation(units, owner_of, count, sunlit, azimuths, profile)
    found = simulation.year(weather, part(progress, 0.0, 1.0 / (1 + len(band))), hourly=True)
    mine = np.flatnonzero(owner >= 0)
    capacity, modules = (
        np.bincount(owner_of, weights=values, minlength=count).astype(np.float64)
        for values in (units.capacity, units.modules)
    )
    table = _table(facility_ids, owner[mine], planes.iloc[mine], capacity, found, profile)
    table.insert(3, "modules", modules.astype(np.int64))
    further = []
    for k, (name, year) in enumerate(band.items(), start=1):
        other = simulation.year(year, part(progress, k / (1 + len(band)), (k + 1) / (1 + len(band))))
        further.append(_of_band(name, other.produced))
    produced, lost, days = (
        values.reshape(count, *shape).astype(np.float32)
        for values, shape in ((found.produced, (12, 24)), (found.lost, (12, 24)), (found.days, (2, 12, 24)))
    )
    return Yields(pd.concat([table, *further], axis=1), produced, lost, days, found.hourly.astype(np.float32))


def _of_band(name: str, produced: NDArray[np.float64]) -> pd.DataFrame:
    """Energy of another year: ``energy_sunny_kwh``, ``sunny_m01`` …"""
    months = produced.reshape(-1, 12, 24).sum(axis=2)
    table = pd.DataFrame(months, columns=[f"{name}_{month}" for month in MONTHS])
    table.insert(0, f"energy_{name}_kwh", produced.sum(axis=1))
    return table


@dataclass(frozen=True)
class _Simulation:
    """Units under their skylines, for any year."""

    units: Units
    owner: NDArray[np.int64]
    facilities: int
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    profile: Profile

    def year(self, weather: Weather, progress: Progress, *, hourly: bool = False) -> _Year:
        """Energy of each facility in one year of weather.

        Parameters
        ----------
        hourly : tell every hour, too
        """
        units, hours = self.units, daylight_hours(weather)
        losses, albedo = LossModel.of(self.profile), self.profile.number("pv.albedo")
        snow, days = SnowYear.of(weather, self.profile), DayHours.of(weather, hours)
        chunks = list(_chunks(units, self.profile, len(hours.ghi)))
        energy: list[PlaneYear | None] = [None] * len(chunks)

        def simulate(begin: int, end: int, first: int) -> None:
            for k in range(first + begin, first + end):
                mount, some = chunks[k]
                energy[k] = plane_energy(
                    self.sunlit[units.plane[some]], self.azimuths, mount, hours, losses, albedo, snow, days
                )

        produced, lost = np.zeros((2, self.facilities, 12 * 24))
        year = _Year(
            produced, lost, days.table(self.facilities), np.zeros(self.facilities), np.zeros((self.facilities if hourly else 0, len(weather.hours))),
        )  # fmt: skip
        # Some chunks at a time: the hours of all planes would be more than the rest of a plan.
        size = _CHUNKS_AT_ONCE * threads()
        for begin in range(0, len(chunks), size):
            end = min(begin + size, len(chunks))
            within = part(progress, begin / len(chunks), end / len(chunks))
            run_blocks(partial(simulate, first=begin), end - begin, 1, within, "yield")
            # Unit after unit in their order, so that the sums are the same on any number of cores and among any others.
            for k in range(begin, end):
                self._add(year, chunks[k][1], cast("PlaneYear", energy[k]), hours, days)
                energy[k] = None
        progress(1.0, "yield")
        return year

    def _add(self, year: _Year, some: NDArray[np.int64], one: PlaneYear, hours: Hours, days: DayHours) -> None:
        """What some units give, to their facilities."""
        weight, owner = self.units.capacity[some, None], self.owner[some][:, None]
        np.add.at(year.produced, (owner, hours.bins[None, :]), one.shaded * weight)
        np.add.at(year.lost, (owner, hours.bins[None, :]), (one.free - one.shaded) * weight)
        np.add.at(year.days, (owner, days.bins[None, :]), one.days * weight)
        np.add.at(year.snow, owner[:, 0], one.snow * weight[:, 0])
        if len(year.hourly):
            for k, facility in enumerate(owner[:, 0].tolist()):
                year.hourly[facility, hours.rows] += one.hours[k] * weight[k, 0]


def merged(before: Yields | Yielded, fresh: Yields, links: pd.DataFrame) -> Yields:
    """Yields of which some facilities were computed anew, in the order that computing all of them would give.

    Facilities that own no building any more fall away.
    """
    order = links.dropna(subset=["building_id"])["facility_id"].drop_duplicates().to_numpy(dtype=object)
    ids = np.concatenate([fresh.yields["facility_id"].to_numpy(object), before.yields["facility_id"].to_numpy(object)])
    first = pd.Series(np.arange(len(ids)), index=ids)
    place = first[~first.index.duplicated()].reindex(order).to_numpy(dtype=np.int64)
    # A frame without rows would take the types of its columns from the other.
    frames = [frame for frame in (fresh.yields, before.yields) if len(frame)] or [before.yields]
    table = pd.concat(frames, ignore_index=True).iloc[place].reset_index(drop=True)
    produced, lost, days, hourly = (
        np.concatenate([getattr(fresh, name), getattr(before, name)])[place]
        for name in ("month_hour", "month_hour_lost", "typical_days", "hourly")
    )
    return Yields(table, produced, lost, days, hourly)


def plane_energy(
    sunlit: NDArray[np.float32],
    azimuths: NDArray[np.float64],
    mount: Mount,
    hours: Hours,
    losses: LossModel,
    albedo: float,
    snow: SnowYear | None = None,
    days: DayHours | None = None,
) -> PlaneYear:
    """AC energy per kW of each plane.

    Parameters
    ----------
    snow : the year's snow; none lies unless given
    days : hours of the typical days; none is told unless given
    """
    under, open_sky = shaded_parts(sunlit, azimuths, mount, hours, albedo)
    works = None if snow is None else snow.works(sum(open_sky[:3], np.zeros(1)), mount.tilt, hours.rows)

    def power(parts: Parts, left: NDArray[np.float64] | None) -> NDArray[np.float64]:
        light = through(losses, parts, mount)
        return losses.power(light, hours.temp_air, hours.wind_speed, mount.mounting, left)

    shaded, free = power(under, works), power(open_sky, works)
    covered = np.zeros(len(shaded)) if works is None else (power(under, None) - shaded).sum(axis=1)
    by_bin, free_by_bin = (np.add.reduceat(values, hours.starts, axis=1) for values in (shaded, free))
    columns = np.empty(0, np.int64) if days is None else days.columns
    return PlaneYear(by_bin, np.broadcast_to(free_by_bin, by_bin.shape), shaded[:, columns], covered, shaded)


def _chunks(units: Units, profile: Profile, hours: int) -> Iterator[tuple[Mount, NDArray[np.int64]]]:
    """Units mounted alike, as many at a time as the memory allows: first the racks, then those along the roof."""
    size = max(1, _CHUNK_BYTES // (max(hours, 1) * 8 * _ARRAYS * threads()))
    for place, wanted in (("rack", True), ("roof", False)):
        kind = np.flatnonzero(units.rack == wanted)
        mounting = Mounting.of(profile, cast("Literal['rack', 'roof']", place))
        for begin in range(0, len(kind), size):
            part = kind[begin : begin + size]
            tilt, azimuth, slant, pitch, behind = (
                values[part, None] for values in (units.tilt, units.azimuth, units.slant, units.pitch, units.behind)
            )
            rows = RowsBefore(slant, pitch, behind) if behind.any() else None
            if np.ptp(tilt) == 0 and np.ptp(azimuth) == 0:
                # One direction is transposed once.
                tilt, azimuth = tilt[:1], azimuth[:1]
            yield Mount(tilt, azimuth, mounting, rows), part


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _table(
    facility_ids: NDArray[np.object_],
    owner: NDArray[np.int64],
    planes: gpd.GeoDataFrame,
    capacity: NDArray[np.float64],
    year: _Year,
    profile: Profile,
) -> pd.DataFrame:
    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(owner, weights=np.nan_to_num(values), minlength=len(facility_ids)).astype(np.float64)

    usable = planes["usable_m2"].to_numpy(dtype=np.float64)
    irradiation = planes["usable_irradiation_kwh_m2"].to_numpy(dtype=np.float64)
    energy, gone, area = year.produced.sum(axis=1), year.lost.sum(axis=1), total(usable)
    months = year.produced.reshape(-1, 12, 24).sum(axis=2)
    table = pd.DataFrame(
        {
            "facility_id": facility_ids,
            "roof_m2": total(planes["area_m2"].to_numpy(dtype=np.float64)),
            "usable_m2": area,
            "capacity_kw": capacity,
            "energy_kwh": energy,
            "specific_yield": _ratio(energy, capacity),
            "irradiation_kwh_m2": _ratio(total(usable * irradiation), area),
            "shading_loss": _ratio(gone, energy + gone),
            "snow_loss": _ratio(year.snow, energy + year.snow),
            "co2_t": energy * profile.number("co2.grid_factor") / 1000.0,
        }
    )
    return pd.concat([table, pd.DataFrame(months, columns=list(MONTHS))], axis=1)
