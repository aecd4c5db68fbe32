"""What modules still give as they age, year of operation by year of operation.

``E_n = E_1 (1 − d)^(n − 1)``: the compound decline of Google's Solar API (``efficiencyDepreciationFactor`` 0.995). The first year is the one that the
weather of a typical year gives; factors of the loss models for ageing (K_PD, PVWatts' age) stand for the state in which it is met and stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.profile import Profile

RATE, YEARS = "ageing.rate", "ageing.years"


def share_by_year(profile: Profile, years: int | None = None) -> NDArray[np.float64]:
    """Share of the first year's energy in each year of operation, shape (years,); as many as the profile says unless given."""
    count = round(profile.number(YEARS)) if years is None else years
    return np.asarray((1.0 - profile.number(RATE)) ** np.arange(count), dtype=np.float64)


def energy_by_year(energy_kwh: ArrayLike, profile: Profile, years: int | None = None) -> NDArray[np.float64]:
    """Energy of each year of operation [kWh], shape (…, years)."""
    return np.asarray(energy_kwh, dtype=np.float64)[..., None] * share_by_year(profile, years)
