"""The year of one array in the open: what anyone can put into another program to check the figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from kawasolar.losses import LossModel, Mounting
from kawasolar.plane_light import Mount, daylight_hours, irradiance_parts, through
from kawasolar.snow import SnowYear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.profile import Profile
    from kawasolar.weather import Weather

# kWh/m² h at standard test conditions: what the performance ratio is reckoned against.
_STC_KW_M2 = 1.0


@dataclass(frozen=True)
class Array:
    """One array of modules: azimuth clockwise from true north and tilt [deg], rated DC power [kW]."""

    tilt: float
    azimuth: float
    kw: float
    place: Literal["rack", "roof"] = "rack"


@dataclass(frozen=True)
class ArrayYear:
    """Its year.

    Attributes
    ----------
    snow_kwh : what snow takes of the year
    hours : as the weather's index; ``poa_global`` [W/m²], what of it reaches the cells ``effective_irradiance`` [W/m²], ``ac_kw``
    """

    array: Array
    losses: LossModel
    snow_kwh: float
    hours: pd.DataFrame

    @property
    def energy_kwh(self) -> float:
        """AC energy of the year [kWh]."""
        return float(self.hours["ac_kw"].sum())

    @property
    def months_kwh(self) -> tuple[float, ...]:
        """AC energy of the twelve months [kWh]."""
        return tuple(float(value) for value in _by_month(self.hours["ac_kw"]))

    @property
    def poa_kwh_m2(self) -> float:
        """Irradiation of the plane [kWh/m² a]."""
        return float(self.hours["poa_global"].sum()) / 1000.0

    @property
    def snow_loss(self) -> float:
        """Share of the year's energy that snow takes [-]."""
        whole = self.energy_kwh + self.snow_kwh
        return self.snow_kwh / whole if whole > 0 else float("nan")

    @property
    def performance_ratio(self) -> float:
        """Energy over what the rated power would give in the same light without any loss [-] (IEC 61724-1)."""
        whole = self.array.kw * self.poa_kwh_m2 / _STC_KW_M2
        return self.energy_kwh / whole if whole > 0 else float("nan")

    def figures(self) -> dict[str, object]:
        """The year in figures, for people and programs."""
        array, energy = self.array, self.energy_kwh
        factors: Mapping[str, float] = self.losses.factors
        return {
            "tilt": array.tilt, "azimuth": array.azimuth, "kw": array.kw, "mounting": array.place, "losses": self.losses.name,
            "factors": {key: round(value, 6) for key, value in factors.items()}, "factor": round(self.losses.factor, 6),
            "temp_coefficient": self.losses.temp_coefficient, "inverter_efficiency": self.losses.inverter_efficiency,
            "dc_ac_ratio": self.losses.dc_ac_ratio if self.losses.inverter_efficiency is not None else None, "poa_global_kwh_m2": round(self.poa_kwh_m2, 3), "energy_kwh": round(energy, 3),
            "specific_yield": round(energy / array.kw, 3), "performance_ratio": round(self.performance_ratio, 5), "snow_loss": round(self.snow_loss, 5),
            "capacity_factor": round(energy / array.kw / len(self.hours), 5), "months_kwh": [round(value, 3) for value in self.months_kwh],
        }  # fmt: skip


def array_year(array: Array, weather: Weather, profile: Profile, losses: LossModel | None = None) -> ArrayYear:
    """Every hour of the year of an array that nothing shades.

    The same functions as for the roofs: Perez's sky (pvlib), the sun at the middle of each hour, one of three models of the losses.

    Parameters
    ----------
    losses : the profile's own unless given
    """
    model = LossModel.of(profile) if losses is None else losses
    mount = Mount(np.array([[array.tilt]]), np.array([[array.azimuth]]), Mounting.of(profile, array.place, model.name))
    light = daylight_hours(weather)
    parts = irradiance_parts(mount, light, profile.number("pv.albedo"))
    effective = through(model, parts, mount)
    poa = parts.beam + parts.sky + parts.ground
    snow = SnowYear.of(weather, profile)
    left = None if snow is None else snow.works(poa, mount.tilt, light.rows)
    power, bare = (
        model.power(effective, light.temp_air, light.wind_speed, mount.mounting, some) * array.kw
        for some in (left, None)
    )
    columns = {"poa_global": poa, "effective_irradiance": effective, "ac_kw": power}
    whole = np.zeros((len(weather.hours), len(columns)))
    for k, values in enumerate(columns.values()):
        whole[light.rows, k] = np.asarray(values)[0]
    return ArrayYear(
        array, model, float((bare - power).sum()), pd.DataFrame(whole, index=weather.hours.index, columns=list(columns))
    )


def _by_month(values: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from kawasolar.weather import months_of

    return np.bincount(months_of(values.index), weights=values.to_numpy(), minlength=13)[1:].astype(np.float64)
