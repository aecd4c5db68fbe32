"""The half hours of a fiscal year."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kawasolar.half_hours import COUNT, DAYS, SLOTS, fiscal_year, monthly, of_hours


@given(st.integers(1990, 2080))
def test_a_fiscal_year_is_that_of_the_calendar(year: int) -> None:
    found = fiscal_year(year)
    days = [dt.date(year, 4, 1) + dt.timedelta(days=k) for k in range(366)]
    days = [day for day in days if day < dt.date(year + 1, 4, 1) and (day.month, day.day) != (2, 29)]
    assert found.dates.tolist() == days
    assert found.month.tolist() == [day.month for day in days]
    assert found.weekday.tolist() == [day.weekday() for day in days]
    assert len(days) == DAYS
    assert found.month_of_half_hour.shape == (COUNT,)


@given(arrays(np.float64, 8760, elements=st.floats(0, 1e6), fill=st.just(0.0)))
def test_every_hour_keeps_its_energy(hours: np.ndarray) -> None:
    halves = of_hours(hours)
    assert halves.shape == (COUNT,)
    assert (halves >= 0).all()
    together = halves.reshape(-1, 2).sum(axis=1)
    np.testing.assert_allclose(np.roll(together, 90 * 24), hours, rtol=1e-12, atol=1e-9)


def test_the_first_half_hour_is_of_the_first_of_april() -> None:
    hours = np.arange(8760.0)
    halves = of_hours(np.stack([hours, 2 * hours]))
    april = 24 * (31 + 28 + 31)
    assert halves[0, :2].sum() == april
    assert halves[1, :2].sum() == 2 * april
    # Power that rises evenly is told exactly.
    assert halves[0, 3] - halves[0, 2] == pytest.approx(0.25)


def test_months_add_up() -> None:
    year = fiscal_year(2026)
    values = np.random.default_rng(1).random((3, COUNT))
    found = monthly(values, year)
    assert found.shape == (3, 12)
    np.testing.assert_allclose(found.sum(axis=1), values.sum(axis=1))
    np.testing.assert_allclose(found[:, 0], values[:, : 30 * SLOTS].sum(axis=1))
    with pytest.raises(ValueError, match="8784"):
        of_hours(np.zeros(8784))
