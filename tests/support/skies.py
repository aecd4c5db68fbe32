"""A year of light that needs no file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gis.sky import SkyTable
from gis.sun import sun_position


def tokyo_sky(n_azimuths: int = 64) -> SkyTable:
    """Every hour the same beam and the same diffuse light while the sun is up, near Tokyo."""
    index = pd.date_range("2023-01-01 01:00", periods=8760, freq="h", tz="Asia/Tokyo")
    up = np.maximum(sun_position(index, 35.6, 139.6).cos_zenith, 0)
    hours = pd.DataFrame({"dni": np.where(up > 0, 450.0, 0), "dhi": 130.0 * (up > 0)}, index=index)
    hours["ghi"] = hours.dni * up + hours.dhi
    return SkyTable.from_weather(hours, 35.6, 139.6, albedo=0.2, n_azimuths=n_azimuths)
