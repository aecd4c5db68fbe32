"""The year of a thousand sites: 8,760 hours each, shaded, by each model of the losses.

    .venv/bin/python benchmarks/yields.py

Two planes a site, a flat one with racks and a pitched one, each with a skyline of its own. The bar: under 5 s.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.loss_values import LOSSES
from kawasolar.profile import load_profile
from kawasolar.weather import read_weather
from kawasolar.yields import compute_yields

SITES, PLANES = 1000, 2
WEATHER = Path(__file__).resolve().parents[1] / "sample_data" / "weather.csv"


def main() -> None:
    """Print seconds and CPU-seconds by model."""
    rng = np.random.default_rng(1)
    count = SITES * PLANES
    azimuths = np.arange(64) * 360.0 / 64
    flat = np.arange(count) % 2 == 0
    planes = gpd.GeoDataFrame(
        {
            "building_id": np.repeat([f"B{k}" for k in range(SITES)], PLANES), "flat": flat, "tilt": np.where(flat, 0.5, rng.uniform(5, 35, count)),
            "azimuth": rng.uniform(0, 360, count), "usable_m2": rng.uniform(50, 1500, count), "area_m2": 2000.0,
            "usable_irradiation_kwh_m2": 1250.0,
        },
        geometry=[Point(0, 0)] * count, crs=6677,
    )  # fmt: skip
    skyline = rng.gamma(2.0, 5.0, (count, 64, 1))
    sunlit = np.clip((np.arange(91) - skyline) / 5.0, 0.0, 1.0).astype(np.float32)
    links = pd.DataFrame(
        {"facility_id": [f"F{k}" for k in range(SITES)], "building_id": [f"B{k}" for k in range(SITES)], "score": 1.0}
    )
    weather, profile = read_weather(WEATHER, latitude=35.6, longitude=139.5), load_profile()
    for number, name in enumerate(LOSSES, start=1):
        chosen = profile.with_numbers({"pv.losses": float(number)})
        begin, cpu = time.perf_counter(), time.process_time()
        found = compute_yields(planes, sunlit, azimuths, links, weather, chosen)
        spent, used = time.perf_counter() - begin, time.process_time() - cpu
        mean = float(found.yields["specific_yield"].mean())
        print(
            f"{name:8} {SITES} sites, {count} planes: {spent:5.1f} s, {used:5.1f} CPU-s (bar 5 s); {mean:,.0f} kWh/kW"
        )


if __name__ == "__main__":
    main()
