"""Self-use: energy is conserved in each half hour, against brute force and closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kawasolar.half_hours import COUNT, SLOTS, fiscal_year, of_hours
from kawasolar.self_use import balance, flows, self_use_by_size

YEAR = fiscal_year(2026)


def town(seed: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Loads, and roofs under a sun that rises at six."""
    rng = np.random.default_rng(seed)
    load = rng.gamma(2.0, 5.0, (count, COUNT)).astype(np.float32)
    day = np.clip(np.sin((np.arange(24) - 6) / 12 * np.pi), 0, None)
    hourly = np.tile(day, 365) * rng.random((count, 8760)) * rng.uniform(0, 80, (count, 1))
    return load, hourly.astype(np.float32)


@given(st.integers(0, 2**31))
def test_energy_is_conserved_in_each_half_hour(seed: int) -> None:
    load, hourly = town(seed, 2)
    found = flows(load, hourly)
    scale = np.maximum(found.load, found.produced) + 1.0
    assert (np.abs(found.load + found.surplus - found.produced - found.imported) <= 1e-6 * scale).all()
    for series in (found.self_use, found.surplus, found.imported):
        assert (series >= 0).all()
    # Never both at once.
    assert (np.minimum(found.surplus, found.imported) <= 1e-9 * scale).all()


def test_the_year_is_the_sum_of_its_half_hours() -> None:
    load, hourly = town(3, 40)
    found = balance(load, hourly, YEAR)
    for k in (0, 17, 39):
        produced = of_hours(hourly[k])
        used = bought = made = 0.0
        peaks, after = np.zeros(12), np.zeros(12)
        for t in range(COUNT):
            month = (int(YEAR.month[t // SLOTS]) - 4) % 12
            self_used = min(float(load[k, t]), float(produced[t]))
            used, made, bought = used + self_used, made + float(produced[t]), bought + float(load[k, t]) - self_used
            peaks[month] = max(peaks[month], 2 * float(load[k, t]))
            after[month] = max(after[month], 2 * (float(load[k, t]) - self_used))
        assert found.self_use_kwh[k] == pytest.approx(used, rel=1e-9)
        assert found.produced_kwh[k] == pytest.approx(made, rel=1e-9)
        assert found.import_kwh[k] == pytest.approx(bought, rel=1e-9)
        np.testing.assert_allclose(found.month_peaks[k], peaks)
        np.testing.assert_allclose(found.month_peaks_after[k], after)
    np.testing.assert_allclose(found.months[:, 1].sum(axis=1), hourly.sum(axis=1, dtype=np.float64), rtol=1e-9)
    assert (found.peak_after_kw <= found.peak_kw).all()
    np.testing.assert_allclose(found.self_use_ratio, found.self_use_kwh / found.produced_kwh)
    np.testing.assert_allclose(found.self_supply_ratio + found.import_kwh / found.load_kwh, 1.0)


def test_less_of_the_roof() -> None:
    load, hourly = town(5, 20)
    shares = np.linspace(0.0, 1.0, 11)
    found = self_use_by_size(load, hourly, shares.tolist())
    assert (found[:, 0] == 0).all()
    np.testing.assert_allclose(found[:, -1], balance(load, hourly, YEAR).self_use_kwh, rtol=1e-9)
    steps = np.diff(found, axis=1)
    assert (steps >= -1e-6).all(), "never falling"
    assert (np.diff(steps, axis=1) <= 1e-6).all(), "each further module is used less"
    np.testing.assert_allclose(found[:, 4], balance(load, 0.4 * hourly, YEAR).self_use_kwh, rtol=1e-6)


def test_a_steady_load_by_hand() -> None:
    """10 kW all the year, 30 kW of sun from nine to three in the hours: 10 kWh of each such hour are used."""
    load = np.full((1, COUNT), 5.0)
    hourly = np.zeros((1, 8760))
    hourly[0].reshape(365, 24)[:, 9:15] = 30.0
    found = balance(load, hourly, YEAR)
    assert found.load_kwh[0] == pytest.approx(87_600)
    assert found.produced_kwh[0] == pytest.approx(365 * 6 * 30)
    # At the edges the hour leans, and the half hours of the first and the last sun are used a little otherwise.
    assert found.self_use_kwh[0] == pytest.approx(365 * 60, rel=1e-9)
    assert found.peak_after_kw[0] == pytest.approx(10.0)


def test_nothing_there() -> None:
    found = balance(np.zeros((1, COUNT)), np.zeros((1, 8760)), YEAR)
    assert np.isnan(found.self_use_ratio).all()
    assert np.isnan(found.self_supply_ratio).all()
    assert balance(np.zeros((0, COUNT)), np.zeros((0, 8760)), YEAR).load_kwh.shape == (0,)
    with pytest.raises(ValueError, match="load"):
        balance(np.zeros((2, COUNT)), np.zeros((1, 8760)), YEAR)
