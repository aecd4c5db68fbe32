"""How exact the skylines are: yearly irradiation of roof cells in towns whose skylines are known exactly.

    .venv/bin/python benchmarks/accuracy.py [METHOD …]

Random towns (tests/support/analytic.py) are sampled at 1 m and 0.5 m; the truth has exact skylines at 720 azimuths. Roof cells at least 1 m
from an edge, errors in per cent of the truth. Another method: one more entry in ``METHODS``.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.horizon import sector_azimuths
from gis.threads import run_blocks
from kawasolar.weather import read_weather
from tests.support import analytic
from tests.support.analytic import AZIMUTHS, Case, Errors, FacetTown, Skies, judge, random_town

ROOT = Path(__file__).resolve().parents[1]
# Measured weather where it lies beside the project, else the synthetic year.
WEATHER = (ROOT.parent / "shared" / "data" / "epw" / "tokyo.epw", ROOT / "sample_data" / "weather.csv")
CELLS = (1.0, 0.5)
SEEDS = (1, 2, 3, 4)
# Cells per town: all at 1 m, and so many drawn from those at 0.5 m.
LIMIT = 10_000


@njit(nogil=True, cache=True)
def march(
    z: NDArray[np.float32],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    azimuths: NDArray[np.float64],
    cell: float,
    out: NDArray[np.float64],
) -> None:
    """Slopes (cells, azimuths) by what r.horizon does at heart: outwards in steps of one cell, to the raster's end.

    As ``march`` in benchmarks/engine.py, of some cells only.
    """
    n_rows, n_cols = z.shape
    for place in range(rows.size):
        i, j = rows[place], cols[place]
        for a in range(azimuths.size):
            d_col, d_row = math.sin(math.radians(azimuths[a])), -math.cos(math.radians(azimuths[a]))
            best, k = 0.0, 1
            while True:
                row, col = round(i + d_row * k), round(j + d_col * k)
                if row < 0 or col < 0 or row >= n_rows or col >= n_cols:
                    break
                best = max(best, (z[row, col] - z[i, j]) / (k * cell))
                k += 1
            out[place, a] = best


def plain_march(
    _town: FacetTown, cell: float, dsm: NDArray[np.float32], rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.float64]:
    """:func:`march` in degrees."""
    slopes = np.empty((len(rows), AZIMUTHS))

    def work(begin: int, end: int) -> None:
        now = slice(begin, end)
        march(dsm, rows[now], cols[now], sector_azimuths(AZIMUTHS), cell, slopes[now])

    run_blocks(work, len(rows), 200)
    return np.asarray(np.degrees(np.arctan(slopes)))


METHODS: dict[str, analytic.Method] = {"march": plain_march, **analytic.METHODS}


def percent(errors: list[Errors]) -> str:
    """Bias / rms of each town, the means over the towns, and the greatest error."""
    bias, rms = [100 * e.bias for e in errors], [100 * e.rms for e in errors]
    each = "".join(f"{b:7.2f} /{r:5.2f}" for b, r in zip(bias, rms, strict=True))
    return f"{each}  |{np.mean(bias):7.2f} /{np.mean(rms):5.2f}  |{100 * max(e.worst for e in errors):7.1f}"


def main() -> None:
    """Print the table."""
    wanted = sys.argv[1:] or list(METHODS)
    weather = next(path for path in WEATHER if path.exists())
    skies = Skies(read_weather(weather))
    towns = [random_town(seed) for seed in SEEDS]
    print(
        f"{weather.name}; "
        + ", ".join(
            f"town {s}: {len(t.shapes)} buildings, {len(t.facets)} facets" for s, t in zip(SEEDS, towns, strict=True)
        )
    )
    heads = "".join(f"{f'town {seed}':>14}" for seed in SEEDS)
    for cell in CELLS:
        begin = time.perf_counter()
        cases = [Case.of(town, cell, skies, LIMIT) for town in towns]
        print(f"\n{f'{cell} m: bias / rms, %':22}{heads}  |{'mean':>14}  |{'worst':>7}  seconds")
        passed = time.perf_counter() - begin
        for name in wanted:
            begin = time.perf_counter()
            found = [judge(METHODS[name], case, skies) for case in cases]
            print(f"{name:22}{percent(found)}{time.perf_counter() - begin:9.1f}")
        print(f"{'cells':22}" + "".join(f"{len(case.truth):14}" for case in cases) + f"   (truth {passed:.1f} s)")


if __name__ == "__main__":
    main()
