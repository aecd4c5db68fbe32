"""How long a city's LED retrofits take: 1,000 facilities with 50 rows of lamps each, under a budget a year.

    python benchmarks/lighting.py [facilities [rows [years]]]

The bar: under 30 s. Facilities are those of the tests' example, their bills and ledger drawn; times are of this machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.lighting import Asked, lighting_of
from kawasolar.plan import RegisterRead, Registers
from tests.support.plans import example_plan

LAMPS = ("straight_fluorescent", "compact_fluorescent", "ring_fluorescent", "mercury", "metal_halide", "halogen", "led")
SHARES = (0.6, 0.12, 0.05, 0.06, 0.03, 0.04, 0.1)
BUDGET = 1.2e9


def main() -> None:
    """Make the plan, reckon it, and say how long each took."""
    facilities, rows, years = [*(int(one) for one in sys.argv[1:4]), *(1000, 50, 8)[len(sys.argv) - 1 :]]
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        small = example_plan(Path(folder), 40)
        base = small.facilities
        many = base.iloc[np.arange(facilities) % len(base)].reset_index(drop=True)
        many["facility_id"] = [f"{k:07d}" for k in range(facilities)]
        many["annual_kwh"] = rng.lognormal(11.5, 0.8, facilities)
        count = facilities * rows
        lamp = rng.choice(LAMPS, count, p=SHARES)
        frame = pd.DataFrame(
            {
                "source_row": np.arange(count) + 2, "facility": np.repeat(many["facility_id"].to_numpy(), rows), "lamp_type": lamp,
                "fixture": rng.choice(["FLR40×2", "FHF32", "FL20", "", "HF400X"], count), "fixtures": rng.integers(1, 40, count).astype(float),
                "lamps_per_fixture": rng.choice([1.0, 2.0, np.nan], count), "power_w": np.where(rng.random(count) < 0.3, np.nan, rng.uniform(20, 400, count)),
                "hours_per_day": rng.uniform(3, 12, count), "days_per_year": rng.integers(190, 360, count).astype(float), "height_m": rng.uniform(2.4, 10, count),
            }
        )  # fmt: skip
        plan = replace(small, facilities=many, registers=Registers({"lamps": RegisterRead(frame, {})}))
        marks: list[tuple[str, float]] = []
        begin = time.perf_counter()

        def heard(_share: float, what: str) -> None:
            if not marks or marks[-1][0] != what:
                marks.append((what, time.perf_counter() - begin))

        found = lighting_of(
            plan, Asked(first=2026, last=2025 + years, budget_yen=BUDGET * facilities / 1000), progress=heard
        )
        spent = time.perf_counter() - begin
    print(f"{facilities} facilities, {count} rows, {years} years: {spent:.1f} s")
    for what, at in marks:
        print(f"  {what} from {at:.1f} s")
    head = found.head
    print(f"search {head.status}, gap {head.gap:.2%}; in time {head.in_time:,.0f} of at most {head.most_in_time:,.0f}; cost {found.years['cost_yen'].sum():,.0f} yen")  # fmt: skip
    assert (found.years["cost_yen"] <= found.years["budget_yen"]).all()


if __name__ == "__main__":
    main()
