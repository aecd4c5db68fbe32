"""Sizes and batteries of a thousand sites in 17,520 half hours.

    .venv/bin/python benchmarks/sizing.py

The bar: under 3 s for one battery at each site.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.half_hours import COUNT, fiscal_year
from kawasolar.self_use import balance
from kawasolar.sizing.battery import Battery, years_of_sizes

SITES = 1000
SIZES = 24


def main() -> None:
    """Print seconds, also as a multiple of the year's plain balance, of one size and of all sizes with and without a battery."""
    rng = np.random.default_rng(1)
    load = rng.gamma(2.0, 5.0, (SITES, COUNT)).astype(np.float32)
    hourly = np.tile(np.clip(np.sin((np.arange(24) - 6) / 12 * np.pi), 0, None), 365)
    hourly = (hourly * rng.uniform(0, 80, (SITES, 1))).astype(np.float32)
    year, battery = fiscal_year(2026), Battery(100.0, 50.0, 0.85, 0.9, 0.2)
    prices, which = np.full((1, COUNT), 25.0), np.zeros(SITES, np.int64)
    one, every = np.ones((SITES, 1)), np.tile(np.linspace(0.05, 1.0, SIZES), (SITES, 1))
    # Compiled, or read from the cache, first.
    years_of_sizes(load[:1], hourly[:1], one[:1], year, prices, which[:1], battery)
    begin = time.perf_counter()
    balance(load, hourly, year)
    plain = time.perf_counter() - begin
    print(f"{'balance':24} {SITES} sites: {plain:5.2f} s")
    for name, shares, beside in (
        ("one size", one, None),
        ("one size, battery", one, battery),
        (f"{SIZES} sizes", every, None),
        (f"{SIZES} sizes, battery", every, battery),
    ):
        begin, cpu = time.perf_counter(), time.process_time()
        years_of_sizes(load, hourly, shares, year, prices, which, beside)
        took = time.perf_counter() - begin
        print(
            f"{name:24} {SITES} sites: {took:5.2f} s, {time.process_time() - cpu:5.2f} CPU-s, {took / plain:4.1f} balances"
        )


if __name__ == "__main__":
    main()
