"""A thousand facilities decided while a slider moves: milliseconds, beside a hundred.

.venv/bin/python benchmarks/decide.py
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.decide import decide, default_settings
from tests.support.plans import example_plan

TARGET_MS = 50.0
SHARES = (0.3, 0.5, 0.7, 0.9, 1.0)


def fastest_ms(facilities: int, folder: Path) -> float:
    """CPU-milliseconds of the fastest of some decisions."""
    plan = example_plan(folder, facilities)
    settings = default_settings(plan.profile)
    decide(plan.facilities, plan.results, plan.profile, settings)
    spent = []
    for share in SHARES:
        begin = time.process_time()
        decide(plan.facilities, plan.results, plan.profile, dataclasses.replace(settings, share=share))
        spent.append(time.process_time() - begin)
    return 1000.0 * min(spent)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (fastest_ms(count, Path(folder, str(count))) for count in (100, 1000))
    print(f"100 facilities     {few:6.1f} ms")
    print(f"1,000 facilities   {many:6.1f} ms{'' if many < TARGET_MS else f'  MISSED: {TARGET_MS:.0f} ms'}")
    print(f"ratio              {many / few:6.1f}")


if __name__ == "__main__":
    main()
