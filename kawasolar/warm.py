"""Compiling the planning domain's kernels ahead of their first use, as :mod:`gis.warm` does the engine's: ``python -m kawasolar.warm``."""

from __future__ import annotations

import sys

import numpy as np


def warm() -> None:
    """Call every kernel as the program calls it, on next to nothing."""
    _warm_sizing()
    _warm_charging()
    _warm_siting()


def _warm_sizing() -> None:
    from kawasolar.half_hours import COUNT, HOURS, fiscal_year
    from kawasolar.sizing.battery import Battery, trace, years_of_sizes

    half_hours, one = np.ones((1, COUNT)), np.ones((1, 1))
    trace(half_hours[0], half_hours[0], Battery())
    # As it is reckoned, and as the project keeps it.
    for kind in (np.float32, np.float64):
        years_of_sizes(
            half_hours.astype(kind), np.ones((1, HOURS), kind), one, fiscal_year(2026), half_hours, np.zeros(1, np.int64)
        )  # fmt: skip


def _warm_charging() -> None:
    import pandas as pd

    from kawasolar.charging.base import base_of
    from kawasolar.charging.cars import COLUMNS, checked_cars
    from kawasolar.charging.kinds import bundled_kinds
    from kawasolar.charging.one import one_base
    from kawasolar.charging.table import assumptions_with
    from kawasolar.half_hours import COUNT, SLOTS, fiscal_year

    rows = [("a", "1", "", 20.0, 0.9, 0.15, 0.2, 20.0, 40.0, 9.0, 17.0, 200, 3.0, True)] * 2
    cars = pd.DataFrame(rows, columns=list(COLUMNS)).assign(vehicle=["a", "b"])
    # A roof that gives more than is used, so that what follows it is reckoned, too.
    load, roof = np.ones(COUNT), np.where(np.arange(COUNT) % SLOTS == SLOTS // 2, 3.0, 0.0)
    base = base_of("1", checked_cars(cars), fiscal_year(2026), bundled_kinds(), assumptions_with(), load, roof)
    # With a unit that gives back, so that an outage is reckoned, too.
    one_base(base, None, [int(kind.both_ways) for kind in bundled_kinds()])


def _warm_siting() -> None:
    from kawasolar.siting import capacitated_p_median, p_median

    cost = np.random.default_rng(0).integers(1, 50, (20, 12)).astype(np.float64)
    p_median(cost, 3)
    capacitated_p_median(cost, 4, np.ones(20), np.full(12, 7.0), seconds=5.0)


def main() -> int:
    """Compile; returns the exit code."""
    warm()
    return 0


if __name__ == "__main__":
    sys.exit(main())
