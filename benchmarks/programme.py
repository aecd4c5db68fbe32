"""The half over the years: 1,000 sites × 8 years with all kinds of rules, proven to 1 % and to 0.5 %; and a change of the half without years.

    .venv/bin/python benchmarks/programme.py [SEED …]

Bars: ≤ 1 % within 5 s, ≤ 0.5 % within 20 s, on every instance; without years under 1 s. Generated cities (tests/support/programmes.py) with much, little
and hardly enough of everything.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from kawasolar.programme.highs import Limits
from kawasolar.programme.result import Programme, make_programme
from kawasolar.programme.rules import Rules
from kawasolar.programme.sites import Sites, make_sites
from tests.support.programmes import city

SEEDS = (1, 2, 3)
MONEY = (1.0, 0.7, 0.4)
BARS = ((0.01, 5.0), (0.005, 20.0))


def measure(sites: Sites, rules: Rules, gap: float, seconds: float) -> tuple[Programme | None, float, float]:
    """The programme, the seconds that it took, and those of the processor: more than these is what others took of the machine."""
    begin, busy = time.perf_counter(), time.process_time()
    made = make_programme(sites, rules, Limits(gap, seconds))
    return made, time.perf_counter() - begin, time.process_time() - busy


def with_years(seeds: tuple[int, ...]) -> None:
    """All instances against the bars."""
    print("seed  money  rules            bar        s    cpu s    gap %  status")
    for seed in seeds:
        for money in MONEY:
            sites, rules = city(seed, money=money)
            for name, mine in (("all", rules), ("shelters first", replace(rules, shelters_first=True))):
                for gap, seconds in BARS:
                    made, spent, busy = measure(sites, mine, gap, seconds)
                    reached = np.nan if made is None else made.proof.gap * 100
                    held = made is not None and made.proof.gap <= gap and spent <= seconds
                    status = "nothing found" if made is None else made.proof.status
                    print(
                        f"{seed:4}  {money:5}  {name:15}  {gap:5.1%}  {spent:7.2f}  {busy:7.2f}  {reached:7.3f}  {status}{'' if held else '   BAR MISSED'}"
                    )


def without_years() -> None:
    """What a slider of the share and a pin cost."""
    sites, _ = city(1, years=1)
    flat = make_sites(sites.facility_id.tolist(), (2030,), worth=dict(sites.worth), capacity_kw=sites.capacity_kw)
    pinned = replace(flat, pinned=np.arange(len(flat)) % 97 == 5)
    cases = (("share 0.5", flat, 0.5), ("share 0.51", flat, 0.51), ("pins", pinned, 0.51))
    for name, mine, share in cases:
        made, spent, _ = measure(mine, Rules(share=share, exactly=True), 0.0, 10.0)
        assert made is not None
        print(f"without years, {name}: {spent:.3f} s, gap {made.proof.gap:.2e}")


if __name__ == "__main__":
    with_years(tuple(int(word) for word in sys.argv[1:]) or SEEDS)
    without_years()
