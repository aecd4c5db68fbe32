"""Three models of what a system loses between the light on its modules and its AC power; the profile says which, and every factor of it.

``webpro``
    Factors of WEBPRO (Building Research Institute, builelib): ``P = G · K_HS K_PD K_PM K_PA K_IN K_PT``, K_IN the rated efficiency × 0.97.
``jis``
    JIS C 8907:2005, Estimation method of generating electric energy by PV power system: ``P = G · K_HD K_PD K_PA K_PM η_INO K_PT``.
``pvwatts``
    NREL PVWatts (Dobos 2014, PVWatts Version 5 Manual, NREL/TP-6A20-62641): reflection of the glass, cell temperature by NOCT, a
    part-load curve of the inverter, and its limit.

In the first two K_PT = 1 + α (T − 25 °C), with the weighted mean module temperature ``T = Ta + (fA / (fB V^0.8 + 1) + 2) G − 2`` (G in kW/m²).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from pvlib import iam, inverter, pvsystem, temperature

from kawasolar.loss_values import LossName, factor_keys, name_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.profile import Profile

# Refractive indices of a module's glass and of its anti-reflective coating (pvlib.iam.physical, after De Soto et al. 2006).
_GLASS, _COATING = 1.526, 1.3
# Of the PVWatts model: wind is taken at the height of the modules, close to the roof as of a ground rack (SAM, noct_sam).
_ARRAY_STOREYS, _STANDOFF_INCHES = 1, 4.0
_TILTS = np.arange(0.0, 91.0, 2.0)


@dataclass(frozen=True)
class Mounting:
    """What the temperature of modules depends on beside the weather: f_A and f_B of JIS C 8907, or the NOCT [°C] of PVWatts; NaN what a model has not."""

    fa: float = math.nan
    fb: float = math.nan
    noct: float = math.nan

    @classmethod
    def of(cls, profile: Profile, place: Literal["rack", "roof"], name: LossName | None = None) -> Mounting:
        """On a rack, or flush with the roof; for the profile's model, or another."""
        if (name_of(profile) if name is None else name) == "pvwatts":
            return cls(noct=profile.number(f"pvwatts.noct_{place}"))
        return cls(profile.number(f"temp.{place}_fa"), profile.number(f"temp.{place}_fb"))


@dataclass(frozen=True)
class LossModel:
    """One model with its numbers.

    Attributes
    ----------
    factors : key -> the share that is left [-], in the order in which they are multiplied
    temp_coefficient : of the power [1/°C]
    wind_speed : m/s; None takes that of the weather
    inverter_efficiency : of the part-load curve; None where a constant one is among the factors
    dc_ac_ratio : rated power of the modules / of the inverter
    """

    name: LossName
    factors: dict[str, float]
    temp_coefficient: float
    wind_speed: float | None
    inverter_efficiency: float | None = None
    dc_ac_ratio: float = 1.0
    module_efficiency: float = 1.0

    @classmethod
    def of(cls, profile: Profile, name: LossName | None = None) -> LossModel:
        """The model of a profile, or another with the profile's numbers."""
        chosen = name_of(profile) if name is None else name
        numbers = {key: profile.number(key) for key in factor_keys(chosen)}
        if chosen != "pvwatts":
            return cls(chosen, numbers, profile.number("pv.temp_coefficient"), profile.number("temp.wind_speed"))
        return cls(
            chosen, {key: 1.0 - lost for key, lost in numbers.items()}, profile.number("pvwatts.temp_coefficient"), None,
            profile.number("pvwatts.inverter"), profile.number("pvwatts.dc_ac_ratio"), profile.number("pvwatts.module_efficiency"),
        )  # fmt: skip

    @property
    def factor(self) -> float:
        """All factors together [-]."""
        return float(np.prod(list(self.factors.values())))

    def through_glass(
        self,
        beam: NDArray[np.float64],
        sky: NDArray[np.float64],
        ground: NDArray[np.float64],
        cos_incidence: NDArray[np.float64],
        tilt: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """What of the light on the modules reaches the cells [W/m²]; all of it where the model has its reflection among the factors.

        Parameters
        ----------
        beam, sky, ground : W/m² on the plane
        cos_incidence : of the beam, as ``beam`` in shape
        tilt : degrees, shape (orientations, 1)
        """
        if self.name != "pvwatts":
            return beam + sky + ground
        incidence = np.degrees(np.arccos(np.clip(cos_incidence, 0.0, 1.0)))
        from_sky, from_ground = (np.interp(tilt, _TILTS, passed) for passed in _diffuse_through_glass())
        return beam * _glass(incidence) + sky * from_sky + ground * from_ground

    def power(
        self,
        light: NDArray[np.float64],
        temp_air: NDArray[np.float64],
        wind_speed: NDArray[np.float64],
        mounting: Mounting,
        left: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """AC power [kW per kW of modules] for the light on the cells [W/m²], the air's temperature [°C] and the wind [m/s].

        Parameters
        ----------
        left : share of the direct current that snow leaves; all of it unless given
        """
        if self.wind_speed is None:
            return self._pvwatts(light, temp_air, wind_speed, mounting, left)
        heating = mounting.fa / (mounting.fb * self.wind_speed**0.8 + 1.0) + 2.0
        temp = temp_air + heating / 1000.0 * light - 2.0
        dc = pvsystem.pvwatts_dc(light, temp, 1.0, self.temp_coefficient)
        return np.maximum(dc, 0.0) * (self.factor if left is None else self.factor * left)

    def _pvwatts(
        self,
        light: NDArray[np.float64],
        temp_air: NDArray[np.float64],
        wind_speed: NDArray[np.float64],
        mounting: Mounting,
        left: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        # A calm hour would divide by nothing.
        wind = np.maximum(wind_speed, 0.1)
        temp = temperature.noct_sam(
            light, temp_air, wind, mounting.noct, self.module_efficiency, array_height=_ARRAY_STOREYS, mount_standoff=_STANDOFF_INCHES
        )  # fmt: skip
        dc = np.maximum(pvsystem.pvwatts_dc(light, temp, 1.0, self.temp_coefficient), 0.0) * self.factor
        if left is not None:
            dc *= left
        efficiency = cast("float", self.inverter_efficiency)
        limit = 1.0 / self.dc_ac_ratio / efficiency
        return np.asarray(np.maximum(inverter.pvwatts(dc, limit, efficiency), 0.0))


_glass = partial(iam.physical, n=_GLASS, n_ar=_COATING)


@cache
def _diffuse_through_glass() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What passes of the sky's and of the ground's diffuse light, by tilt (Marion 2017, doi:10.1016/j.solener.2017.02.055)."""
    sky = iam.marion_integrate(_glass, _TILTS, "sky")
    ground = np.nan_to_num(iam.marion_integrate(_glass, _TILTS, "ground"))
    return np.asarray(sky), np.asarray(ground)
