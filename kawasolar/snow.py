"""Snow on modules: how much of their slant lies under it in each hour, and what of the direct current that costs.

The model of Marion et al. 2013 (Solar Energy 97, 112–121) as SAM has it (Ryberg & Freeman 2017, NREL/TP-6A20-68705) and as
``pvlib.snow.coverage_nrel`` computes it for one array; here for many orientations in one pass, with the same results.
A fall of snow covers a row whole. It slides where it is warm or sunny enough, faster the steeper the row, and is gone with the snow on the ground.

What the model leaves out: drifts, snow that is shovelled or held by fences, and what lies before low racks and keeps the snow from sliding off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pvlib.snow import dc_loss_nrel

from kawasolar.weather.model import SNOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.profile import Profile
    from kawasolar.weather import Weather

# The value that says whether snow is counted: 1 from the depths in the weather, 2 not at all.
CHOICE = "pv.snow"
_COUNTED = 1


@dataclass(frozen=True)
class SnowModel:
    """The numbers of the model.

    Attributes
    ----------
    threshold : a fall of at least this in an hour covers the modules [cm]; so SAM, more than this in pvlib: depths are whole centimetres
    least_depth : with less on the ground there is none on the modules [cm]
    slide_when : snow can slide where the air is warmer than irradiance / this [W/(m² °C)]; negative
    slide : share of the slant that slides in an hour on an upright row [1/h]; times the sine of the tilt
    strings : strings in parallel along the slant; one of which any part is covered gives nothing
    """

    threshold: float
    least_depth: float
    slide_when: float
    slide: float
    strings: int

    @classmethod
    def of(cls, profile: Profile) -> SnowModel | None:
        """Of a profile; None where it counts no snow."""
        if round(profile.number(CHOICE)) != _COUNTED:
            return None
        threshold, least, when, slide, strings = (
            profile.number(f"snow.{name}") for name in ("threshold", "least_depth", "slide_when", "slide", "strings")
        )
        return cls(threshold, least, when, slide, round(strings))


@dataclass(frozen=True)
class SnowYear:
    """A year of snow on the ground, and the hours in which new snow covers what lies open; arrays of shape (8760,).

    ``last`` is the hour of the latest such fall, −1 before the first.
    """

    model: SnowModel
    depth: NDArray[np.float64]
    temp_air: NDArray[np.float64]
    falls: NDArray[np.bool_]
    last: NDArray[np.int64]

    @classmethod
    def of(cls, weather: Weather, profile: Profile) -> SnowYear | None:
        """Of a year of weather; None where the profile counts no snow, the weather tells no depths, or none falls."""
        model = SnowModel.of(profile)
        if model is None or SNOW not in weather.hours:
            return None
        depth = weather.hours[SNOW].to_numpy(dtype=np.float64)
        falls = new_snow(depth, pd.DatetimeIndex(weather.hours.index), model)
        if not falls.any():
            return None
        last = np.maximum.accumulate(np.where(falls, np.arange(len(depth)), -1))
        return cls(model, depth, weather.hours["temp_air"].to_numpy(dtype=np.float64), falls, last)

    def covered(self, poa_global: NDArray[np.float64], tilt: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the slant under snow by hour, shape (orientations, 8760).

        Parameters
        ----------
        poa_global : W/m², (orientations, 8760)
        tilt : degrees, (orientations, 1)
        """
        can = self.temp_air > poa_global / self.model.slide_when
        slides = np.where(can & ~self.falls, self.model.slide * np.sin(np.radians(tilt)), 0.0)
        slides[:, 0] = 0.0
        slides[:, self.depth < self.model.least_depth] = 1.0
        gone = np.cumsum(slides, axis=1)
        since = gone - gone[:, np.maximum(self.last, 0)]
        return np.where(self.last >= 0, np.clip(1.0 - since, 0.0, 1.0), 0.0)

    def works(
        self, poa_global: NDArray[np.float64], tilt: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Share of the direct current that snow leaves, for hours of the year that have light.

        Parameters
        ----------
        poa_global : W/m², (orientations, hours)
        tilt : degrees, (orientations, 1)
        rows : places of the hours in the year
        """
        year = np.zeros((len(poa_global), len(self.depth)))
        year[:, rows] = poa_global
        lost = dc_loss_nrel(self.covered(year, tilt)[:, rows], self.model.strings)
        return 1.0 - np.asarray(lost, dtype=np.float64)


def new_snow(depth: NDArray[np.float64], index: pd.DatetimeIndex, model: SnowModel) -> NDArray[np.bool_]:
    """Hours in which the snow on the ground [cm] grows by the threshold or more.

    A typical year is put together from months of several years: what differs between one month's end and the next
    one's beginning has not fallen.
    """
    growth = np.diff(depth, prepend=depth[:1])
    month = np.asarray((index - pd.Timedelta(hours=1)).month)
    growth[1:][np.diff(month) != 0] = 0.0
    return (growth >= model.threshold) & (depth >= model.least_depth)
