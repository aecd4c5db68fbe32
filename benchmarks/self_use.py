"""Self-use of a thousand sites in 17,520 half hours.

    .venv/bin/python benchmarks/self_use.py

The bar: under 3 s.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.half_hours import COUNT, fiscal_year
from kawasolar.self_use import balance, self_use_by_size

SITES = 1000
SIZES = 20


def main() -> None:
    """Print seconds and CPU-seconds of the year's balance, and of twenty sizes of each roof."""
    rng = np.random.default_rng(1)
    load = rng.gamma(2.0, 5.0, (SITES, COUNT)).astype(np.float32)
    hourly = np.tile(np.clip(np.sin((np.arange(24) - 6) / 12 * np.pi), 0, None), 365)
    hourly = (hourly * rng.uniform(0, 80, (SITES, 1))).astype(np.float32)
    year = fiscal_year(2026)
    for name, work in (
        ("balance", lambda: balance(load, hourly, year)),
        (f"{SIZES} sizes", lambda: self_use_by_size(load, hourly, np.linspace(0.05, 1.0, SIZES).tolist())),
    ):
        begin, cpu = time.perf_counter(), time.process_time()
        work()
        print(
            f"{name:9} {SITES} sites: {time.perf_counter() - begin:5.2f} s, {time.process_time() - cpu:5.2f} CPU-s (bar 3 s)"
        )


if __name__ == "__main__":
    main()
