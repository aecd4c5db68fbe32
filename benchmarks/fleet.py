"""The next-generation programme of 600 cars at a hundred bases.

    .venv/bin/python benchmarks/fleet.py

The bar: seconds; of a city's whole planning (1,000 facilities, 600 cars) under 30 s.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.fleet import assumptions_of, default_rules, fleet_of
from kawasolar.fleet.catalogue import shipped_catalogue

CARS, BASES = 600, 100


def ledger() -> pd.DataFrame:
    """Cars that differ in everything: two thirds leased, the rest bought in the last fifteen years."""
    rng = np.random.default_rng(8)
    classes = rng.choice(["kei_passenger", "passenger", "kei_truck", "truck"], CARS, p=[0.45, 0.35, 0.12, 0.08])
    seats = np.select(
        [classes == "kei_passenger", classes == "passenger"], [4, rng.choice([5, 7, 8], CARS, p=[0.8, 0.1, 0.1])], 2
    )
    ends = pd.Timestamp("2025-04-01") + pd.to_timedelta(rng.integers(0, 2900, CARS), unit="D")
    leased = rng.random(CARS) < 0.66
    return pd.DataFrame({
        "vehicle": [f"V{k:04d}" for k in range(CARS)], "facility_id": [f"{k:03d}" for k in rng.integers(0, BASES, CARS)], "vehicle_class": classes,
        "fuel": rng.choice(["petrol", "hybrid", "electric"], CARS, p=[0.9, 0.06, 0.04]), "seats": seats.astype(float),
        "lease_end": pd.Series(ends).where(leased, pd.NaT), "first_year": rng.integers(2012, 2026, CARS).astype(float),
        "annual_km": rng.gamma(4.0, 1500.0, CARS), "days_per_year": rng.integers(120, 300, CARS).astype(float), "km_longest": rng.gamma(4.0, 22.0, CARS),
        "source_row": np.arange(CARS) + 2,
    })  # fmt: skip


def main() -> None:
    """Print seconds, cars replaced and the proven gap, without a budget and with budgets that suffice and that do not."""
    rows, models, rules = ledger(), shipped_catalogue(), default_rules()
    cases = {
        "no budget": rules,
        "no budget, least cost": replace(rules, objective="cost"),
        "enough, follow leases": replace(rules, budget_yen=350e6),
        "enough, least cost": replace(rules, objective="cost", budget_yen=350e6),
        "enough, most CO2": replace(rules, objective="co2", budget_yen=350e6),
        "too little": replace(rules, budget_yen=120e6),
        "too little, least cost": replace(rules, objective="cost", budget_yen=120e6),
        "too little, all leased": replace(rules, way="lease", budget_yen=120e6),
        "40 cars a year": replace(rules, cars_per_year=40),
    }
    for name, one in cases.items():
        begin = time.perf_counter()
        found = fleet_of(rows, one, assumptions_of(), models, {})
        head = found.head
        print(
            f"{name:24} {time.perf_counter() - begin:6.2f} s  {head['reached_cars']}/{head['need_cars']} cars, {head['status']}, gap {head['gap'] or 0:.2%},"
            f" largest year {found.years['spend_yen'].max() / 1e6:.0f} M, least {(head['least_yen'] or 0) / 1e6:.1f} M {head['least_proven']}"
        )


if __name__ == "__main__":
    main()
