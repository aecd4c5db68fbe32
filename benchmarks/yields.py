"""The year of a thousand sites: 8,760 hours each, shaded, by each model of the losses.

    .venv/bin/python benchmarks/yields.py

Two planes a site, a flat one with rows of racks before one another and a pitched one with modules along the roof, each with a skyline of its own; and
for comparison capacity by density, where racks have no rows. The bar: under 5 s.
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
            "plane_id": np.arange(1, count + 1), "building_id": np.repeat([f"B{k}" for k in range(SITES)], PLANES), "flat": flat, "tilt": np.where(flat, 0.5, rng.uniform(5, 35, count)),
            "azimuth": rng.uniform(0, 360, count), "usable_m2": rng.uniform(50, 1500, count), "area_m2": 2000.0,
            "usable_irradiation_kwh_m2": 1250.0,
        },
        geometry=[Point(0, 0)] * count, crs=6677,
    )  # fmt: skip
    modules = np.round(planes["usable_m2"].to_numpy() / 4).astype(np.int64)
    subarrays = gpd.GeoDataFrame(
        {
            "plane_id": planes["plane_id"], "building_id": planes["building_id"], "mounting": np.where(flat, "rack", "roof"), "portrait": False,
            "modules": modules, "capacity_kw": modules * 0.44, "tilt": np.where(flat, 15.0, planes["tilt"]),
            "azimuth": np.where(flat, 180.0 + rng.uniform(-45, 45, count), planes["azimuth"]), "pitch_m": np.where(flat, 1.75, 1.15),
            "slant_m": 1.134, "behind": np.where(flat, 0.9, 0.0), "area_m2": modules * 2.0, "weight_kg": modules * 22.0,
        },
        geometry=[Point(0, 0)] * count, crs=6677,
    )  # fmt: skip
    skyline = rng.gamma(2.0, 5.0, (count, 64, 1))
    sunlit = np.clip((np.arange(91) - skyline) / 5.0, 0.0, 1.0).astype(np.float32)
    links = pd.DataFrame(
        {"facility_id": [f"F{k}" for k in range(SITES)], "building_id": [f"B{k}" for k in range(SITES)], "score": 1.0}
    )
    weather, profile = read_weather(WEATHER, latitude=35.6, longitude=139.5), load_profile()
    ways = {name: {"pv.losses": float(number)} for number, name in enumerate(LOSSES, start=1)}
    for name, values in {**ways, "density": {"pv.capacity": 2.0}}.items():
        chosen = profile.with_numbers(values)
        begin, cpu = time.perf_counter(), time.process_time()
        found = compute_yields(planes, sunlit, azimuths, subarrays, links, weather, chosen)
        spent, used = time.perf_counter() - begin, time.process_time() - cpu
        mean = float(found.yields["specific_yield"].mean())
        print(
            f"{name:8} {SITES} sites, {count} planes: {spent:5.1f} s, {used:5.1f} CPU-s (bar 5 s); {mean:,.0f} kWh/kW"
        )


if __name__ == "__main__":
    main()
