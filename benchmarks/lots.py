"""Tender lots: 1,000 sites grouped, and all lots priced with and without each of their sites.

    .venv/bin/python benchmarks/lots.py [SITES …]

Bar: 1,000 sites grouped within some seconds. Sites are drawn around twenty-odd middles of a city of 20 km.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from kawasolar.finance import Terms
from kawasolar.lots.assess import Lot, assess
from kawasolar.lots.proposal import propose
from kawasolar.lots.rules import default_costs, default_rules
from kawasolar.lots.sites import LotSites
from kawasolar.profile import load_profile


def drawn(count: int, seed: int = 1) -> LotSites:
    """Sites of a city."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform(0.0, 20_000.0, (25, 2))
    kw = rng.lognormal(4.0, 0.8, count)
    energy, share = kw * rng.uniform(900.0, 1200.0, count), rng.uniform(0.2, 1.0, count)
    texts = tuple(f"F{k:05d}" for k in range(count))
    none = ("",) * count
    places = middles[rng.integers(len(middles), size=count)] + rng.normal(0.0, 1500.0, (count, 2))
    return LotSites(
        texts,
        texts,
        none,
        none,
        ("any",) * count,
        (0,) * count,
        places,
        kw,
        energy * share,
        energy * (1 - share),
        kw * 6,
    )


def main() -> None:
    """Print a line a size."""
    terms = Terms.of(load_profile())
    print("sites  lots  outside  grouped s  priced s")
    for count in [int(word) for word in sys.argv[1:]] or [100, 300, 1000]:
        sites = drawn(count)
        begin = time.perf_counter()
        found = propose(sites, default_rules())
        middle = time.perf_counter()
        lots = [Lot(f"l{k}", str(k), ids) for k, ids in enumerate(found.lots, start=1)]
        assess(lots, sites, terms, default_rules(), default_costs())
        end = time.perf_counter()
        print(f"{count:5d}  {len(lots):4d}  {len(found.left):7d}  {middle - begin:9.2f}  {end - middle:8.2f}")


if __name__ == "__main__":
    main()
