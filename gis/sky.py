"""A year of weather as a table of vectors over the sky.

Beam and circumsolar light are binned by the sun's position, isotropic light and the brightening of the horizon over the sky, into azimuth
sectors × one-degree bands; each bin is a vector (irradiance × direction, east-north-up). Summed from the zenith down, ``P[a, e]`` is all that
arrives from sector ``a`` above elevation ``e``, so that a cell with skyline ``h`` and unit normal ``n`` gets ``n · Σ_a P[a, h_a]`` in the
year, one look-up per sector whatever the number of hours.

Anisotropic diffuse light: Perez et al. (1990), doi:10.1016/0038-092X(90)90055-H, by pvlib.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.horizon import sector_azimuths
from gis.sun import SunPosition, sun_position

ELEVATIONS = 91  # edges of the one-degree bands: 0, 1 … 90
# Perez takes the circumsolar cosine as never below that of 85°.
_COS_85 = float(np.cos(np.radians(85.0)))
# Height of the horizon's bright band in Perez et al. (1987): 6.5°.
HORIZON_BAND_DEG = 6.5
_W_TO_KWH = 1e-3  # one hour of W/m² in kWh/m²


@dataclass(frozen=True)
class Diffuse:
    """Perez's parts of the diffuse light, each (n,) in W/m².

    ``isotropic`` on the horizontal of an open sky, ``circumsolar`` normal to the sun, ``horizon`` on a vertical wall (may be negative).
    """

    isotropic: NDArray[np.float64]
    circumsolar: NDArray[np.float64]
    horizon: NDArray[np.float64]


@dataclass(frozen=True)
class SkyTable:
    """The year, and each month, as vectors from the zenith down.

    Attributes
    ----------
    azimuths : (n,) sector centres, degrees clockwise from true north
    year : float64 (n, 91, 3), kWh/m² × direction (east, north, up), from above each elevation 0 … 90°
    months : float64 (12, n, 91, 3), the same by month
    sky : float64 (n, 91, 3), the same for a uniform sky that gives 1 on the open horizontal
    ghi : float64 (12,), kWh/m² on the open horizontal by month, as in the weather
    albedo : reflectance of the ground [0…1]
    """

    azimuths: NDArray[np.float64]
    year: NDArray[np.float64]
    months: NDArray[np.float64]
    sky: NDArray[np.float64]
    ghi: NDArray[np.float64]
    albedo: float

    @cached_property
    def by_month(self) -> NDArray[np.float64]:
        """``months`` as float64 (n, 91, 36): the twelve months' vectors of one bin beside one another."""
        return np.ascontiguousarray(self.months.transpose(1, 2, 0, 3)).reshape(*self.months.shape[1:3], 36)

    def through(self, share: NDArray[np.float64]) -> SkyTable:
        """The same sky seen through something that lets a share (12,) of each month's light pass; ``ghi`` stays the weather's."""
        months = self.months * np.asarray(share, dtype=np.float64)[:, None, None, None]
        return replace(self, year=months.sum(axis=0), months=months, sky=self.sky * float(np.mean(share)))

    @classmethod
    def from_weather(
        cls,
        hours: pd.DataFrame,
        latitude: float,
        longitude: float,
        altitude: float = 0.0,
        *,
        albedo: float,
        n_azimuths: int = 64,
    ) -> SkyTable:
        """Bin a year of weather.

        Parameters
        ----------
        hours : DataFrame
            Index: time-zone aware end of each hour; columns ``ghi``, ``dni``, ``dhi`` [W/m²].
        latitude, longitude : degrees
        altitude : metres
        albedo : 0…1
        n_azimuths : number of sectors
        """
        index = pd.DatetimeIndex(hours.index)
        sun = sun_position(index, latitude, longitude, altitude)
        ghi, dni, dhi = (hours[name].to_numpy(dtype=np.float64) for name in ("ghi", "dni", "dhi"))
        diffuse = perez_parts(index, sun, dni, dhi)
        # An hour belongs to the month in which it begins.
        month = (index - pd.Timedelta(hours=1)).month.to_numpy() - 1
        azimuths = sector_azimuths(n_azimuths)
        months = np.zeros((12, n_azimuths, ELEVATIONS, 3))
        _add_sun(months, month, sun, np.where(sun.elevation > 0.0, dni + diffuse.circumsolar, 0.0))
        sky, band = _open_sky(azimuths), _horizon_band(azimuths)
        by_month = np.stack(
            [np.bincount(month, weights=part, minlength=12) for part in (diffuse.isotropic, diffuse.horizon, ghi)]
        )
        months += by_month[0][:, None, None, None] * sky + by_month[1][:, None, None, None] * band
        months *= _W_TO_KWH
        return cls(azimuths, months.sum(axis=0), months, sky, by_month[2] * _W_TO_KWH, albedo)

    def on_open_plane(self, normal: NDArray[np.float64]) -> float:
        """Yearly irradiation [kWh/m²] of a plane (unit normal, east-north-up) under an open sky, ground reflection included."""
        from gis.irradiation import irradiation

        return float(
            irradiation(self, np.zeros((1, len(self.azimuths))), np.asarray(normal, dtype=np.float64)[None])[0]
        )


def perez_parts(
    index: pd.DatetimeIndex, sun: SunPosition, dni: NDArray[np.float64], dhi: NDArray[np.float64]
) -> Diffuse:
    """Split the diffuse light as Perez et al. (1990) do.

    pvlib gives the parts on a surface; on a vertical wall they are ``isotropic = DHI (1−F1)/2`` and ``horizon = DHI F2``, whence F1 and F2.
    With the sun below the horizon all is isotropic.
    """
    from pvlib import atmosphere, irradiance

    zenith = 90.0 - sun.elevation
    up = (sun.elevation > 0.0) & (dhi > 0.0)
    extra = np.asarray(irradiance.get_extra_radiation(index.day_of_year.to_numpy()), dtype=np.float64)
    airmass = np.asarray(atmosphere.get_relative_airmass(np.minimum(zenith, 90.0)), dtype=np.float64)
    wall = irradiance.perez(
        90.0, 180.0, np.where(up, dhi, 1.0), dni, extra, zenith, sun.azimuth, airmass, return_components=True
    )
    iso_wall = np.asarray(wall["poa_isotropic"], dtype=np.float64)
    bright = np.asarray(wall["poa_horizon"], dtype=np.float64)
    share = np.where(up & np.isfinite(iso_wall), 1.0 - 2.0 * iso_wall / np.where(up, dhi, 1.0), 0.0)
    circumsolar = dhi * share / np.maximum(sun.cos_zenith, _COS_85)
    return Diffuse(
        # Below 5° Perez's circumsolar part is not all of F1 on the horizontal; the rest stays in the sky, so that no light is lost.
        isotropic=dhi - circumsolar * np.maximum(sun.cos_zenith, 0.0),
        circumsolar=circumsolar,
        horizon=np.where(up & np.isfinite(bright), bright, 0.0),
    )


def _add_sun(
    table: NDArray[np.float64], month: NDArray[np.intp], sun: SunPosition, normal: NDArray[np.float64]
) -> None:
    """Add light from the sun's positions (W/m² normal to it) to the cumulative table."""
    lit = normal > 0.0
    n = table.shape[1]
    sector = np.round(sun.azimuth[lit] / (360.0 / n)).astype(np.intp) % n
    elevation = sun.elevation[lit]
    azimuth = np.radians(sun.azimuth[lit])
    flat = np.cos(np.radians(elevation))
    vector = np.stack([flat * np.sin(azimuth), flat * np.cos(azimuth), np.sin(np.radians(elevation))], axis=1)
    binned = np.zeros(table.shape)
    # Light at 12.3° is above the edges 0 … 12.
    np.add.at(binned, (month[lit], sector, np.floor(elevation).astype(np.intp)), vector * normal[lit, None])
    table += binned[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]


def _sector_direction(azimuths: NDArray[np.float64]) -> NDArray[np.float64]:
    """∫ (sin a, cos a) da over each sector, (n, 2)."""
    half = np.pi / len(azimuths)
    a = np.radians(azimuths)
    return 2.0 * np.sin(half) * np.stack([np.sin(a), np.cos(a)], axis=1)


def _open_sky(azimuths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Uniform radiance 1/π from above each elevation: ∫∫ d cos e de da / π, in closed form."""
    e = np.radians(np.arange(ELEVATIONS, dtype=np.float64))
    level = 0.5 * (np.pi / 2 - e - np.sin(e) * np.cos(e))  # ∫ cos² from e to the zenith
    up = 0.5 * np.cos(e) ** 2  # ∫ sin cos from e to the zenith
    out = np.empty((len(azimuths), ELEVATIONS, 3))
    out[:, :, :2] = _sector_direction(azimuths)[:, None, :] * level[None, :, None]
    out[:, :, 2] = up * (2.0 * np.pi / len(azimuths))
    return out / np.pi


def _horizon_band(azimuths: NDArray[np.float64]) -> NDArray[np.float64]:
    """The horizon's band that gives 1 on a vertical wall.

    Its light comes level (Perez: F2 sin β), half a unit per radian, and goes evenly as a skyline rises through the lowest 6.5°.
    """
    seen = np.clip(1.0 - np.arange(ELEVATIONS) / HORIZON_BAND_DEG, 0.0, 1.0)
    out = np.zeros((len(azimuths), ELEVATIONS, 3))
    out[:, :, :2] = 0.5 * _sector_direction(azimuths)[:, None, :] * seen[None, :, None]
    return out
