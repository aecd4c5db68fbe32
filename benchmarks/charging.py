"""A hundred bases with six cars each: the smallest sets, three ways of charging, outages.

    .venv/bin/python benchmarks/charging.py

The bar: seconds for all of it, on two cores; PV-following is told apart, for it solves a linear programme for each base and week.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gis.threads import run_blocks, threads
from kawasolar.charging import assumptions_with, bundled_kinds, checked_cars
from kawasolar.charging.base import Base, base_of
from kawasolar.charging.one import one_base
from kawasolar.charging.smallest import smallest
from kawasolar.half_hours import COUNT, SLOTS, fiscal_year

BASES, CARS = 100, 6


def cars_of(rng: np.random.Generator, base: int, v2x: float) -> pd.DataFrame:
    """Cars of one base, drawn."""
    far = rng.uniform(45, 80, CARS).round()
    return checked_cars(
        pd.DataFrame(
            {
                "vehicle": [f"{base}-{k}" for k in range(CARS)], "facility_id": str(base), "model": "", "battery_kwh": rng.choice([20.0, 40.0], CARS), "usable_share": 0.95,
                "kwh_per_km": 0.13, "winter_kwh_per_km": 0.17, "km_day": (far * rng.uniform(0.2, 0.6, CARS)).round(), "km_longest": far,
                "leaves": rng.uniform(7.5, 10, CARS).round(1), "returns": rng.uniform(15, 18, CARS).round(1), "days_per_year": rng.integers(120, 260, CARS),
                "charge_kw": rng.choice([3.0, 6.0], CARS), "v2x": rng.uniform(size=CARS) < v2x,
            }
        )
    )  # fmt: skip


def town(v2x: float) -> list[Base]:
    """Bases with an office's load and a roof on two of three."""
    rng = np.random.default_rng(1)
    hour = np.arange(COUNT) % SLOTS / 2.0
    load = np.where((hour >= 8) & (hour < 18), 10.0, 2.0)
    sun = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None) * np.where((hour > 6) & (hour < 18), 1, 0)
    found = []
    for base in range(BASES):
        roof = sun * np.repeat(rng.uniform(0.1, 1.0, COUNT // SLOTS), SLOTS) * rng.uniform(5, 25) * (base % 3 > 0)
        own = load * rng.uniform(0.3, 3.0)
        found.append(base_of(str(base), cars_of(rng, base, v2x), fiscal_year(2026), bundled_kinds(), assumptions_with(), own, roof))  # fmt: skip
    return found


def timed(name: str, bases: list[Base], *, follow: bool, least: tuple[int, ...] = (0, 0, 0, 0)) -> None:
    """All that is told of every base."""
    begin, cpu = time.perf_counter(), time.process_time()

    def work(first: int, last: int) -> None:
        for one in bases[first:last]:
            one_base(one, None, least, with_follow=follow)

    run_blocks(work, len(bases), 1)
    print(f"{name:34} {time.perf_counter() - begin:6.2f} s, {time.process_time() - cpu:6.2f} CPU-s")


def main() -> None:
    """Print seconds."""
    begin = time.perf_counter()
    bases = town(0.0)
    print(
        f"{BASES} bases, {BASES * CARS} cars, {threads()} threads; trips of the year {time.perf_counter() - begin:.2f} s"
    )
    # Compiled, or read from the cache, first.
    one_base(bases[0], None, (0, 0, 0, 1), with_follow=True)
    begin = time.perf_counter()
    found = [smallest(one) for one in bases]
    tried = sum(one.tried for one in found)
    print(f"{'smallest sets, one thread':34} {time.perf_counter() - begin:6.2f} s; {tried} sets, {sum(one.proven for one in found)} proven")  # fmt: skip
    timed("all without PV-following", bases, follow=False)
    timed("all", bases, follow=True)
    timed("all, a V2X unit and half the cars", town(0.5), follow=True, least=(0, 0, 0, 1))


if __name__ == "__main__":
    main()
