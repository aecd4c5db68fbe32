"""The sunniest and the dullest day of each month, and what modules give on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kawasolar.ageing import energy_by_year, share_by_year
from kawasolar.array_yield import Array, array_year
from kawasolar.profile import load_profile
from kawasolar.typical_days import typical_days
from kawasolar.yields import compute_yields
from tests.kawasolar.test_yields import AZIMUTHS, NOTHING, links, roofs, seen
from tests.kawasolar.weather_years import sample


def by_day() -> pd.Series:
    """Global irradiation by day, from the labels one by one."""
    sums: dict[tuple[int, int], float] = {}
    for end, ghi in sample().hours["ghi"].items():
        begin = end - pd.Timedelta(hours=1)
        sums[begin.month, begin.day] = sums.get((begin.month, begin.day), 0.0) + ghi
    return pd.Series(sums)


def test_days_with_the_most_and_the_least_sun() -> None:
    days, sums = typical_days(sample()), by_day()
    assert days.shape == (2, 12)
    for month in range(1, 13):
        assert sums[month, days[0, month - 1]] == sums[month].max()
        assert sums[month, days[1, month - 1]] == sums[month].min()
    summary = sample().summary()
    assert (summary.sunniest_days, summary.dullest_days) == (tuple(days[0]), tuple(days[1]))


def test_energy_on_those_days_is_that_of_the_hours() -> None:
    """An open roof, against the array in the open that anyone can compute; two facilities, one of them of two roofs."""
    profile = load_profile().with_numbers({"pv.capacity": 2.0})
    planes = roofs([20.0, 35.0, 20.0], [180.0, 95.0, 250.0])
    owners = links(planes).assign(facility_id=["F1", "F2", "F2"])
    found = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, owners, sample(), profile)
    assert found.typical_days.shape == (2, 2, 12, 24)
    capacity = 100 * profile.number("pv.density_panel") * profile.number("pv.panel_ratio")
    hours = [
        array_year(Array(tilt, azimuth, capacity, "roof"), sample(), profile).hours["ac_kw"]
        for tilt, azimuth in zip(planes["tilt"], planes["azimuth"], strict=True)
    ]
    index = hours[0].index - pd.Timedelta(hours=1)
    for facility, series in ((0, hours[0]), (1, hours[1] + hours[2])):
        for kind, days in enumerate(typical_days(sample())):
            for month, day in enumerate(days, start=1):
                mine = series[(index.month == month) & (index.day == day)].to_numpy()
                np.testing.assert_allclose(found.typical_days[facility, kind, month - 1], mine, rtol=1e-5, atol=1e-6)
        # And so is every hour.
        np.testing.assert_allclose(found.hourly[facility], series.to_numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.hourly.sum(axis=1, dtype=np.float64), found.yields["energy_kwh"], rtol=1e-6)


def test_years_of_operation() -> None:
    """0.5 % of the year before, none in the first: what Google's factor gives in closed form."""
    profile = load_profile()
    assert (profile.number("ageing.rate"), profile.number("ageing.years")) == (0.005, 20.0)
    shares = share_by_year(profile)
    assert len(shares) == 20
    assert shares[0] == 1.0
    assert shares[19] == pytest.approx(0.995**19)
    assert energy_by_year([1000.0, 0.0], profile, 25).sum(axis=1) == pytest.approx(
        [1000 * (1 - 0.995**25) / 0.005, 0.0]
    )
    assert (energy_by_year(5.0, profile.with_numbers({"ageing.rate": 0.0}), 3) == 5.0).all()
