"""Sites with proof: the p-medians of the OR-Library, a thousand points with capacity, and covering.

    .venv/bin/python benchmarks/siting.py [folder with pmed1.txt …]

The bars: the ten p-medians to the proven optimum in 5 min together; 1,000 points × 300 candidates with capacity to a proven gap of 1 % in 60 s. The folder is
``pmed`` of the real data (``KAWASOLAR_REALDATA``) unless given; without it the first is left out, and that is said.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kawasolar.siting import capacitated_p_median, cover, p_median

OPTIMA = (5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255)
POINTS, CANDIDATES = 1000, 300
# Number of sites, share of the chosen sites' usual room that is needed, seed.
CASES = ((15, 0.8, 3), (30, 0.85, 0), (30, 0.95, 1), (60, 0.9, 2))


def pmed(folder: Path) -> None:
    """The ten p-medians of the OR-Library."""
    from scipy.sparse.csgraph import floyd_warshall

    whole = 0.0
    for number, optimum in enumerate(OPTIMA, 1):
        told = np.array((folder / f"pmed{number}.txt").read_text("ascii").split(), dtype=int)
        n, _, p = told[:3]
        length = np.full((n, n), np.inf)
        for a, b, value in told[3:].reshape(-1, 3):
            length[a - 1, b - 1] = length[b - 1, a - 1] = value
        np.fill_diagonal(length, 0.0)
        cost = floyd_warshall(length)
        begin = time.perf_counter()
        total = p_median(cost, int(p))[1]
        took = time.perf_counter() - begin
        whole += took
        print(f"pmed{number:<3} n {n}, p {p:3}: {total:6.0f} (published {optimum}), {took:6.2f} s")
    print(f"all ten: {whole:.1f} s")


def capacitated() -> None:
    """A thousand points, three hundred candidates of different room, whole points and split ones."""
    for p, tight, seed in CASES:
        rng = np.random.default_rng(seed)
        points, candidates = rng.uniform(0, 10, (POINTS, 2)), rng.uniform(0, 10, (CANDIDATES, 2))
        need = rng.integers(1, 20, POINTS).astype(float)
        cost = np.hypot(*(points[:, None] - candidates[None]).transpose(2, 0, 1))
        room = rng.uniform(0.5, 1.5, CANDIDATES)
        room *= need.sum() / tight / p / room.mean()
        for split in (False, True):
            begin = time.perf_counter()
            found = capacitated_p_median(cost, p, need, room, split=split)
            took = time.perf_counter() - begin
            print(f"room, p {p}, {tight:.0%} needed, {'split' if split else 'whole'}: gap {found.gap:.2%}, served {found.served(POINTS).sum():.1f}, {took:5.1f} s")  # fmt: skip


def covering() -> None:
    """The same without room, most within a radius."""
    for p in (10, 30):
        rng = np.random.default_rng(p)
        points, candidates = rng.uniform(0, 10, (POINTS, 2)), rng.uniform(0, 10, (CANDIDATES, 2))
        apart = np.hypot(*(points[:, None] - candidates[None]).transpose(2, 0, 1))
        begin = time.perf_counter()
        found = cover(apart, p, weights=rng.integers(1, 20, POINTS), radius=1.0, seconds=60.0)
        print(f"cover, p {p}: gap {found.gap:.2%}, {time.perf_counter() - begin:5.1f} s")


def main() -> None:
    """Print what each takes."""
    given = sys.argv[1] if len(sys.argv) > 1 else ""
    folder = Path(given) if given else Path(os.environ.get("KAWASOLAR_REALDATA", "../shared/data")) / "pmed"
    # Compiled, or read from the cache, first.
    p_median(np.random.default_rng(0).uniform(0, 1, (30, 20)), 3)
    if (folder / "pmed1.txt").is_file():
        pmed(folder)
    else:
        print("the OR-Library's p-medians are not there: left out")
    covering()
    capacitated()


if __name__ == "__main__":
    main()
