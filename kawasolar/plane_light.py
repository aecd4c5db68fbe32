"""Light on the modules of a roof plane by hour: transposed by pvlib, shaded by the plane's skyline and by the rows before it.

pvlib transposes (Perez et al. 1990, doi:10.1016/0038-092X(90)90055-H); what the skyline takes is taken from each component where
it comes from: beam and circumsolar at the sun, the isotropic part over the plane's own sky, the horizon band over the
low sky.
Rows of racks on a flat roof shade one another: of the beam that part of a module's slant that lies in the shade of the row before it (Anderson & Jensen
2024, doi:10.1063/5.0202220, rows without end), of the sky what the row hides on the mean (Passias & Källbäck 1984, doi:10.1016/0379-6787(84)90017-6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pvlib import atmosphere, irradiance, shading

from gis.sun import SunPosition, sun_position

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.losses import LossModel, Mounting
    from kawasolar.weather import Weather

# Perez's horizon band is reckoned as the lowest 6.5° of the sky, as in the model's first form of 1987.
_LOW_SKY = 6.5


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
