"""Energy of every subarray by hour, shaded by the skyline of its roof plane and by the rows before it, summed by facility.

The 8,760 hours of a subarray come from the weather, the orientation of its modules and one small table: the share
of its plane's usable cells that see the sky at each azimuth and elevation. pvlib transposes (Perez et al. 1990,
doi:10.1016/0038-092X(90)90055-H) and converts (one of three models, :mod:`kawasolar.losses`); what the skyline takes is taken from each component where
it comes from: beam and circumsolar at the sun, the isotropic part over the plane's own sky, the horizon band over the
low sky.
Rows of racks on a flat roof shade one another: of the beam that part of a module's slant that lies in the shade of the row before it (Anderson & Jensen
2024, doi:10.1063/5.0202220, rows without end), of the sky what the row hides on the mean (Passias & Källbäck 1984, doi:10.1016/0379-6787(84)90017-6).
Light and power are taken as proportional: that half a shaded cell may stop a string is among the factors of mismatch, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import numpy as np
import pandas as pd
from pvlib import atmosphere, irradiance, shading

from gis.progress import Progress, part, silent
from gis.sun import SunPosition, sun_position
from gis.threads import run_blocks, threads
from kawasolar.layout_values import by_density
from kawasolar.losses import LossModel, Mounting
from kawasolar.owners import owners_of_planes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.profile import Profile
    from kawasolar.stages.work import Yielded
    from kawasolar.weather import Weather

MONTHS = tuple(f"m{month:02d}" for month in range(1, 13))

# Perez's horizon band is reckoned as the lowest 6.5° of the sky, as in the model's first form of 1987.
_LOW_SKY = 6.5
# Hours × planes arrays that live at once while a chunk is computed, and the memory they may take together on all cores.
_ARRAYS = 24
_CHUNK_BYTES = 40_000_000


@dataclass(frozen=True)
class Yields:
    """What the facilities would produce; frames and arrays as in ``docs/nomenclature.md``, rows in the same order."""

    yields: pd.DataFrame
    month_hour: NDArray[np.float32]
    month_hour_lost: NDArray[np.float32]


@dataclass(frozen=True)
class Hours:
    """The hours with light, sorted by (month, hour of the day); arrays of shape (hours,).

    ``rows`` are their places in the year.
    ``bins`` are the (month, hour) pairs that occur, as ``24 * month + hour`` from 0, and ``starts`` where each begins.
    """

    sun: SunPosition
    ghi: NDArray[np.float64]
    dni: NDArray[np.float64]
    dhi: NDArray[np.float64]
    dni_extra: NDArray[np.float64]
    airmass: NDArray[np.float64]
    temp_air: NDArray[np.float64]
    wind_speed: NDArray[np.float64]
    bins: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]


class Parts(NamedTuple):
    """Light on a plane by where it comes from [W/m²], and the cosine of the beam's incidence; shape (orientations, hours)."""

    beam: NDArray[np.float64]
    sky: NDArray[np.float64]
    ground: NDArray[np.float64]
    cos_incidence: NDArray[np.float64]


@dataclass(frozen=True)
class RowsBefore:
    """Rows that shade one another: slant of a row and distance to the next [m], and the share of modules that has a row before it; shape (planes, 1)."""

    slant: NDArray[np.float64]
    pitch: NDArray[np.float64]
    behind: NDArray[np.float64]


@dataclass(frozen=True)
class Mount:
    """How modules stand: orientation [deg], shape (planes, 1) or (1, 1), what their temperature depends on, and the rows before them if any."""

    tilt: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    mounting: Mounting
    rows: RowsBefore | None = None


class Units(NamedTuple):
    """What is simulated: subarrays, or whole planes where capacity is told from their area; arrays of shape (units,).

    ``plane`` is the place of its plane in the frame, ``capacity`` in kW, ``rack`` whether it stands free of the roof, ``modules`` 0 where none are laid out.
    """

    plane: NDArray[np.int64]
    capacity: NDArray[np.float64]
    tilt: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    rack: NDArray[np.bool_]
    slant: NDArray[np.float64]
    pitch: NDArray[np.float64]
    behind: NDArray[np.float64]
    modules: NDArray[np.int64]

    def where(self, wanted: NDArray[np.bool_]) -> Units:
        """Some of them."""
        return Units(**{name: values[wanted] for name, values in self._asdict().items()})


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
    produced, lost = simulation.year(weather, part(progress, 0.0, 1.0 / (1 + len(band))))
    mine = np.flatnonzero(owner >= 0)
    capacity, modules = (
        np.bincount(owner_of, weights=values, minlength=count).astype(np.float64)
        for values in (units.capacity, units.modules)
    )
    table = _table(facility_ids, owner[mine], planes.iloc[mine], capacity, produced, lost, profile)
    table.insert(3, "modules", modules.astype(np.int64))
    further = []
    for k, (name, year) in enumerate(band.items(), start=1):
        made, _ = simulation.year(year, part(progress, k / (1 + len(band)), (k + 1) / (1 + len(band))))
        further.append(_of_band(name, made))
    shape = (count, 12, 24)
    return Yields(
        pd.concat([table, *further], axis=1),
        produced.reshape(shape).astype(np.float32),
        lost.reshape(shape).astype(np.float32),
    )


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

    def year(self, weather: Weather, progress: Progress) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Energy of each facility in each (month, hour), produced and lost [kWh]; both (facilities, 12 × 24)."""
        units, hours = self.units, daylight_hours(weather)
        losses, albedo = LossModel.of(self.profile), self.profile.number("pv.albedo")
        chunks = list(_chunks(units, self.profile, len(hours.ghi)))
        energy: list[tuple[NDArray[np.float64], NDArray[np.float64]] | None] = [None] * len(chunks)

        def simulate(begin: int, end: int) -> None:
            for k in range(begin, end):
                mount, some = chunks[k]
                energy[k] = plane_energy(self.sunlit[units.plane[some]], self.azimuths, mount, hours, losses, albedo)

        run_blocks(simulate, len(chunks), 1, progress, "yield")
        produced, lost = np.zeros((2, self.facilities, 12 * 24))
        # Unit after unit in their order, so that the sums are the same on any number of cores and among any others.
        for (_, some), found in zip(chunks, energy, strict=True):
            shaded, free = cast("tuple[NDArray[np.float64], NDArray[np.float64]]", found)
            weight = units.capacity[some, None]
            place = self.owner[some][:, None], hours.bins[None, :]
            np.add.at(produced, place, shaded * weight)
            np.add.at(lost, place, (free - shaded) * weight)
        progress(1.0, "yield")
        return produced, lost


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
    produced, lost = (
        np.concatenate([getattr(fresh, name), getattr(before, name)])[place]
        for name in ("month_hour", "month_hour_lost")
    )
    return Yields(table, produced, lost)


def plane_capacity(planes: gpd.GeoDataFrame, profile: Profile) -> NDArray[np.float64]:
    """Capacity [kW DC] of each plane: usable area × the density for flat or pitched roofs."""
    pitched = profile.number("pv.density_panel") * profile.number("pv.panel_ratio")
    density = np.where(planes["flat"].to_numpy(dtype=bool), profile.number("pv.density_flat"), pitched)
    return density * np.nan_to_num(planes["usable_m2"].to_numpy(dtype=np.float64))


def units_of(planes: gpd.GeoDataFrame, subarrays: gpd.GeoDataFrame, profile: Profile) -> Units:
    """What is simulated, in the order of the planes."""
    if by_density(profile):
        return _by_density(planes, profile)
    place = pd.Series(np.arange(len(planes)), index=planes["plane_id"]).reindex(subarrays["plane_id"])
    known = place.notna().to_numpy()
    rows = subarrays[known]
    capacity, tilt, azimuth, slant, pitch, behind = (
        rows[name].to_numpy(dtype=np.float64)
        for name in ("capacity_kw", "tilt", "azimuth", "slant_m", "pitch_m", "behind")
    )
    rack = rows["mounting"].to_numpy() != "roof"
    modules = rows["modules"].to_numpy(dtype=np.int64)
    return Units(place[known].to_numpy(dtype=np.int64), capacity, tilt, azimuth, rack, slant, pitch, behind, modules)


def _by_density(planes: gpd.GeoDataFrame, profile: Profile) -> Units:
    """Whole planes: on flat ones racks of one direction, whose distance from one another is in the density."""
    capacity = plane_capacity(planes, profile)
    some = np.flatnonzero(capacity > 0)
    flat = planes["flat"].to_numpy(dtype=bool)[some]
    tilt, azimuth = (np.nan_to_num(planes[name].to_numpy(dtype=np.float64)[some]) for name in ("tilt", "azimuth"))
    tilt = np.where(flat, profile.number("pv.rack_tilt"), tilt)
    azimuth = np.where(flat, profile.number("pv.rack_azimuth"), azimuth)
    ones, none = np.ones(len(some)), np.zeros(len(some), np.int64)
    return Units(some, capacity[some], tilt, azimuth, flat, ones, ones, none.astype(np.float64), none)


def daylight_hours(weather: Weather) -> Hours:
    """The weather's hours with any light, with the sun at their middle, sorted by month and hour of the day.

    Where the sun's centre is below the horizon at the middle of an hour that still had light (sunrise and sunset), all
    of it is reckoned as diffuse: there is no direction to give to a beam.
    """
    table = weather.hours
    ghi, dni, dhi = (table[name].to_numpy(dtype=np.float64) for name in ("ghi", "dni", "dhi"))
    index = pd.DatetimeIndex(table.index)
    middle = index - pd.Timedelta(minutes=30)
    bins = (np.asarray(middle.month) - 1) * 24 + np.asarray(middle.hour)
    light = np.flatnonzero((ghi > 0) | (dni > 0) | (dhi > 0))
    order = light[np.argsort(bins[light], kind="stable")]
    sun = sun_position(index[order], weather.latitude, weather.longitude, weather.altitude)
    up = sun.cos_zenith > 0
    found, starts = np.unique(bins[order], return_index=True)
    return Hours(
        sun=sun,
        ghi=ghi[order],
        dni=np.where(up, dni[order], 0.0),
        dhi=np.where(up, dhi[order], ghi[order]),
        dni_extra=np.asarray(irradiance.get_extra_radiation(np.asarray(middle[order].day_of_year)), dtype=np.float64),
        airmass=np.asarray(atmosphere.get_relative_airmass(np.where(up, 90.0 - sun.elevation, np.nan))),
        temp_air=table["temp_air"].to_numpy(dtype=np.float64)[order],
        wind_speed=table["wind_speed"].to_numpy(dtype=np.float64)[order],
        bins=found.astype(np.int64),
        starts=starts.astype(np.int64),
        rows=order.astype(np.int64),
    )


def plane_energy(
    sunlit: NDArray[np.float32],
    azimuths: NDArray[np.float64],
    mount: Mount,
    hours: Hours,
    losses: LossModel,
    albedo: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AC energy per kW [kWh/kW] of each plane in each (month, hour) bin, under its skyline and under an open sky.

    Both of shape (planes, bins).
    """
    shaded, free = (
        np.add.reduceat(
            losses.power(through(losses, parts, mount), hours.temp_air, hours.wind_speed, mount.mounting), hours.starts, axis=1
        )
        for parts in shaded_parts(sunlit, azimuths, mount, hours, albedo)
    )  # fmt: skip
    return shaded, np.broadcast_to(free, shaded.shape)


def through(losses: LossModel, parts: Parts, mount: Mount) -> NDArray[np.float64]:
    """What of the light reaches the cells [W/m²]."""
    return losses.through_glass(*parts, tilt=mount.tilt)


def plane_irradiance(
    sunlit: NDArray[np.float32], azimuths: NDArray[np.float64], mount: Mount, hours: Hours, albedo: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Irradiance on the modules [W/m²] by hour, (planes, hours), and under an open sky, (orientations, hours)."""
    shaded, free = (parts[0] + parts[1] + parts[2] for parts in shaded_parts(sunlit, azimuths, mount, hours, albedo))
    return shaded, free


def shaded_parts(
    sunlit: NDArray[np.float32], azimuths: NDArray[np.float64], mount: Mount, hours: Hours, albedo: float
) -> tuple[Parts, Parts]:
    """The light on the modules, (planes, hours), and under an open sky, (orientations, hours)."""
    beam, sky, towards = transpose(mount, hours)
    ground = hours.ghi * albedo * (1.0 - np.cos(np.radians(mount.tilt))) / 2.0
    view, low = sky_shares(sunlit, azimuths, mount)
    seen = sunlit_at(sunlit, azimuths, hours.sun)
    isotropic, horizon = view[:, None], low[:, None]
    if mount.rows is not None:
        isotropic, horizon, seen = _behind_rows(mount, mount.rows, hours, isotropic, horizon, seen)
    diffuse = sky["poa_isotropic"] * isotropic + sky["poa_horizon"] * horizon + sky["poa_circumsolar"] * seen
    shaded = Parts(beam * seen, np.maximum(diffuse, 0.0), ground, towards)
    return shaded, Parts(beam, sky["poa_sky_diffuse"], ground, towards)


def _behind_rows(
    mount: Mount,
    rows: RowsBefore,
    hours: Hours,
    isotropic: NDArray[np.float64],
    horizon: NDArray[np.float64],
    seen: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What is left of the sky, of its horizon band and of the sun where rows stand before some of the modules."""
    in_shade = row_shade(mount, rows, hours)
    masked = shading.masking_angle_passias(mount.tilt, rows.slant / rows.pitch)
    of_sky = rows.behind * shading.sky_diffuse_passias(masked)
    of_band = rows.behind * np.clip(masked / _LOW_SKY, 0.0, 1.0)
    return isotropic * (1.0 - of_sky), horizon * (1.0 - of_band), seen * (1.0 - rows.behind * in_shade)


def row_shade(mount: Mount, rows: RowsBefore, hours: Hours) -> NDArray[np.float64]:
    """Share of the slant of a row that lies in the shade of the row before it, shape (planes, hours); nothing where the sun stands behind the modules."""
    zenith = 90.0 - hours.sun.elevation
    found = shading.shaded_fraction1d(
        zenith, hours.sun.azimuth, mount.azimuth - 90.0, mount.tilt, collector_width=rows.slant, pitch=rows.pitch
    )
    return np.where(irradiance.aoi_projection(mount.tilt, mount.azimuth, zenith, hours.sun.azimuth) > 0, found, 0.0)


def irradiance_parts(mount: Mount, hours: Hours, albedo: float) -> Parts:
    """The light on planes that nothing shades, (orientations, hours)."""
    beam, sky, towards = transpose(mount, hours)
    ground = hours.ghi * albedo * (1.0 - np.cos(np.radians(mount.tilt))) / 2.0
    return Parts(beam, sky["poa_sky_diffuse"], ground, towards)


def transpose(
    mount: Mount, hours: Hours
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Beam and Perez's diffuse components on the plane [W/m²], with nothing in the way, and the cosine of the beam's incidence.

    All of shape (orientations, hours).
    """
    zenith = 90.0 - hours.sun.elevation
    towards = irradiance.aoi_projection(mount.tilt, mount.azimuth, zenith, hours.sun.azimuth)
    beam = hours.dni * np.maximum(towards, 0.0)
    up = np.isfinite(hours.airmass)
    sky = irradiance.perez(
        mount.tilt, mount.azimuth, hours.dhi, hours.dni, hours.dni_extra, zenith, hours.sun.azimuth,
        hours.airmass, return_components=True,
    )  # fmt: skip
    dusk = hours.dhi * (1.0 + np.cos(np.radians(mount.tilt))) / 2.0
    for name, instead in (
        ("poa_isotropic", dusk),
        ("poa_sky_diffuse", dusk),
        ("poa_circumsolar", 0.0),
        ("poa_horizon", 0.0),
    ):
        sky[name] = np.where(up, sky[name], instead)
    return beam, sky, np.asarray(towards)


def sunlit_at(sunlit: NDArray[np.float32], azimuths: NDArray[np.float64], sun: SunPosition) -> NDArray[np.float64]:
    """Share of each plane's cells that see the sun, shape (planes, hours); linear in elevation and between sectors."""
    left, right, share = _sector_weights(azimuths, sun.azimuth)
    elevation = np.clip(sun.elevation, 0.0, 90.0)
    below = np.minimum(elevation.astype(np.int64), 89)
    rise = elevation - below
    seen = np.zeros((len(sunlit), len(elevation)))
    for sector, weight in ((left, 1.0 - share), (right, share)):
        seen += sunlit[:, sector, below] * (weight * (1.0 - rise))
        seen += sunlit[:, sector, below + 1] * (weight * rise)
    return seen


def sky_shares(
    sunlit: NDArray[np.float32], azimuths: NDArray[np.float64], mount: Mount
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of the mounting's own sky that is seen, of all of it and of its lowest 6.5°; shape (planes,).

    Both are integrals over the upper hemisphere weighted by the cosine of incidence, relative to an open sky.
    """
    middle = np.arange(90) + 0.5
    elevation = np.radians(middle)
    tilt, azimuth = np.radians(mount.tilt)[:, :, None], np.radians(mount.azimuth)[:, :, None]
    across = np.cos(np.radians(azimuths)[None, :, None] - azimuth)
    cosine = np.cos(tilt) * np.sin(elevation) + np.sin(tilt) * np.cos(elevation) * across
    width = np.asarray(_sector_widths(azimuths))[None, :, None]
    weight = np.maximum(cosine, 0.0) * np.cos(elevation) * width
    band = np.clip(_LOW_SKY - np.arange(90), 0.0, 1.0)
    seen = (sunlit[:, :, :-1] + sunlit[:, :, 1:]) / 2.0
    view, low = (
        np.einsum("pae,pae->p", seen, np.broadcast_to(part, seen.shape)) / part.sum(axis=(1, 2))
        for part in (weight, weight * band)
    )
    return view, low


def _sector_weights(
    azimuths: NDArray[np.float64], azimuth: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Neighbouring sectors of each azimuth, round the circle, and the share of the second."""
    right = np.searchsorted(azimuths, azimuth % 360.0, side="right") % len(azimuths)
    left = (right - 1) % len(azimuths)
    gap = (azimuths[right] - azimuths[left]) % 360.0
    gap = np.where(gap == 0, 360.0, gap)
    return left, right, ((azimuth - azimuths[left]) % 360.0) / gap


def _sector_widths(azimuths: NDArray[np.float64]) -> NDArray[np.float64]:
    gap = np.diff(azimuths, append=azimuths[:1] + 360.0)
    return (gap + np.roll(gap, 1)) / 2.0


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
    produced: NDArray[np.float64],
    lost: NDArray[np.float64],
    profile: Profile,
) -> pd.DataFrame:
    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(owner, weights=np.nan_to_num(values), minlength=len(facility_ids)).astype(np.float64)

    usable = planes["usable_m2"].to_numpy(dtype=np.float64)
    irradiation = planes["usable_irradiation_kwh_m2"].to_numpy(dtype=np.float64)
    energy, gone, power, area = produced.sum(axis=1), lost.sum(axis=1), capacity, total(usable)
    months = produced.reshape(-1, 12, 24).sum(axis=2)
    table = pd.DataFrame(
        {
            "facility_id": facility_ids,
            "roof_m2": total(planes["area_m2"].to_numpy(dtype=np.float64)),
            "usable_m2": area,
            "capacity_kw": power,
            "energy_kwh": energy,
            "specific_yield": _ratio(energy, power),
            "irradiation_kwh_m2": _ratio(total(usable * irradiation), area),
            "shading_loss": _ratio(gone, energy + gone),
            "co2_t": energy * profile.number("co2.grid_factor") / 1000.0,
        }
    )
    return pd.concat([table, pd.DataFrame(months, columns=list(MONTHS))], axis=1)
