"""Bills of high and low voltage against bills that were reckoned by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.errors import TariffError
from kawasolar.half_hours import COUNT, SLOTS
from kawasolar.profile import load_profile
from kawasolar.tariff import bill, contract_kw, power_factor_after, power_factor_ratio, rates_of, zones_of
from kawasolar.tariff.contract import rounded
from tests.kawasolar.tariffs import NO_HOLIDAYS, YEAR, charge, hours, peaks_to_series, rates, tariff

MONTHS = ("apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "jan", "feb", "mar")
#         apr  may  jun  jul  aug  sep  oct  nov  dec  jan  feb  mar
PEAKS = [100, 110, 120, 180, 200, 170, 120, 110, 130, 150, 140, 115]


# ---------------------------------------------------------------------------------------------- 実量制


def test_a_year_that_repeats_itself_pays_its_highest_peak_in_every_month() -> None:
    assert contract_kw(PEAKS).tolist() == [200.0] * 12


def test_a_peak_of_august_is_paid_until_the_next_july() -> None:
    # The year before: quiet, but for 300 kW in August.
    before = [100, 100, 100, 100, 300, 100, 100, 100, 100, 100, 100, 100]
    assert contract_kw(PEAKS, before).tolist() == [300, 300, 300, 300, 200, 200, 200, 200, 200, 200, 200, 200]


def test_a_new_peak_counts_from_its_own_month() -> None:
    before = [90] * 12
    found = contract_kw(PEAKS, before).tolist()
    assert found == [100, 110, 120, 180, 200, 200, 200, 200, 200, 200, 200, 200]


def test_the_first_year_of_a_change_still_pays_the_peaks_of_before() -> None:
    # From April on everything is 50 kW lower.
    after = [peak - 50 for peak in PEAKS]
    found = contract_kw(after, PEAKS).tolist()
    # Until July the August of the year before; August itself has 150; then September of before is gone too, and so on: the winter peak of January, 150, stays.
    assert found == [200, 200, 200, 200, 170, 150, 150, 150, 150, 150, 150, 150]
    assert contract_kw(after).tolist() == [150.0] * 12


def test_more_months_before_than_eleven_change_nothing_and_fewer_are_taken_as_they_are() -> None:
    before = [*[999.0], *[100.0] * 11]
    assert contract_kw(PEAKS, before).tolist() == contract_kw(PEAKS, before[1:]).tolist()
    assert contract_kw(PEAKS, [250.0]).tolist() == [250.0] * 11 + [200.0]
    with pytest.raises(ValueError, match="11 months"):
        contract_kw(PEAKS[1:])


def test_kw_are_rounded_as_the_rule_says() -> None:
    assert rounded([99.49, 99.5, 100.4999], 1.0).tolist() == [99.0, 100.0, 100.0]
    assert rounded([99.1, 99.0], 1.0, "up").tolist() == [100.0, 99.0]
    assert rounded([99.9, 99.0], 1.0, "down").tolist() == [99.0, 99.0]


@given(st.integers(-(10**9), 10**11))
def test_whole_sen_stay_what_they_are(sen: int) -> None:
    for rule in ("down", "up", "half_up"):
        assert round(float(rounded(sen * 0.01, 0.01, rule)) * 100.0) == sen
        assert float(rounded(sen / 100.0, 0.01, rule)) == pytest.approx(sen / 100.0, rel=1e-14)
    # A hundredth of a sen less is one less.
    assert round(float(rounded((sen - 0.01) / 100.0, 0.01, "down")) * 100.0) == sen - 1


# ---------------------------------------------------------------------------------------------- power factor


@pytest.mark.parametrize(
    ("factor", "rule", "ratio"),
    [
        (1.0, "per_percent", 0.85), (0.95, "per_percent", 0.90), (0.85, "per_percent", 1.0), (0.80, "per_percent", 1.05), (0.946, "per_percent", 0.90),
        (0.90, "five_percent", 0.95), (0.85, "five_percent", 1.0), (0.80, "five_percent", 1.05), (0.70, "none", 1.0),
    ],
)  # fmt: skip
def test_the_power_factor_above_and_below_85_percent(factor: float, rule: str, ratio: float) -> None:
    assert float(power_factor_ratio(factor, 0.85, rule)) == pytest.approx(ratio)


def test_pv_lowers_the_power_factor() -> None:
    # 100 kWh at 0.8 have 75 kvarh; with 40 kWh less 60 kWh stay beside them.
    assert float(power_factor_after(0.8, 100.0, 60.0)) == pytest.approx(60.0 / np.hypot(60.0, 75.0))
    assert float(power_factor_after(1.0, 100.0, 10.0)) == 1.0
    assert float(power_factor_after(0.9, 0.0, 0.0)) == 0.9


# ---------------------------------------------------------------------------------------------- lines by hand


def test_a_bill_by_hand() -> None:
    # 200 kW in one half hour of August, 100 kW in one of every other month: 100 kWh and 50 kWh.
    peaks = [100.0] * 12
    peaks[4] = 200.0
    found = bill(peaks_to_series(peaks), rates(), YEAR, power_factor=0.95, holidays=NO_HOLIDAYS)
    assert [line.code for line in found.lines] == ["demand", "energy", "levy", "tax", "rounding"]
    assert found.contract_kw.tolist() == [200.0] * 12
    # 1,000 yen × 200 kW × (1.85 − 0.95)
    assert found.yen("demand").tolist() == [180_000.0] * 12
    assert found.yen("energy").tolist() == [1000.0] * 4 + [2000.0] + [1000.0] * 7
    # April is of the levy's year before: 50 × 3.49 = 174.5, then 50 × 3.98 = 199 and 100 × 3.98 = 398.
    assert found.yen("levy").tolist() == [174.0, *[199.0] * 3, 398.0, *[199.0] * 7]
    # 10 % of 181,000, not of the levy, which has it.
    assert found.yen("tax").tolist() == [18_100.0] * 4 + [18_200.0] + [18_100.0] * 7
    assert found.total_yen[0] == 180_000 + 1000 + 174 + 18_100
    assert found.year_yen == found.total_yen.sum()
    assert not found.yen("rounding").any()


def test_the_months_before_make_savings_come_late() -> None:
    before = bill(peaks_to_series([float(peak) for peak in PEAKS]), rates(), YEAR)
    series = peaks_to_series([peak - 50.0 for peak in PEAKS])
    first = bill(series, rates(), YEAR, before_kw=before.peak_kw)
    later = bill(series, rates(), YEAR)
    assert first.contract_kw.tolist() == [200, 200, 200, 200, 170, 150, 150, 150, 150, 150, 150, 150]
    assert later.contract_kw.tolist() == [150.0] * 12
    assert later.year_yen < first.year_yen < before.year_yen


def test_agreed_contracts_pay_for_what_lies_above() -> None:
    peaks = [500.0] * 12
    peaks[4] = 640.0
    found = bill(peaks_to_series(peaks), rates(), YEAR, given_kw=600.0)
    assert found.contract_kw.tolist() == [600.0] * 12
    excess = found.yen("excess")
    # 40 kW × 1,000 yen × 0.85 × 1.5, in August only.
    assert excess[4] == 51_000.0
    assert excess.sum() == 51_000.0
    assert [finding.code for finding in found.findings] == ["tariff.no_fuel", "tariff.excess"]
    # Below 500 kW what is measured counts, whatever somebody gives.
    small = bill(peaks_to_series([100.0] * 12), rates(), YEAR, given_kw=300.0)
    assert small.contract_kw.tolist() == [100.0] * 12
    # Nobody has said what was agreed.
    guessed = bill(peaks_to_series(peaks), rates(), YEAR)
    assert guessed.contract_kw.tolist() == [640.0] * 12
    assert "tariff.contract_guessed" in [finding.code for finding in guessed.findings]


STEPS = (charge(30.0), charge(36.0, from_kwh=120.0), charge(40.0, from_kwh=300.0))


def test_three_steps_of_low_voltage_by_hand() -> None:
    light = tariff(
        voltage="low",
        supply="light",
        contract="capacity",
        tax_included=True,
        demand_yen_per_kw_month=300.0,
        unused_share=0.5,
    )
    kwh = np.zeros(COUNT)
    # April 100 kWh, May 120, June 200, July 350.4 (told as 350), nothing after.
    starts = np.flatnonzero(np.diff(YEAR.month, prepend=-1)) * SLOTS
    kwh[starts[:4]] = [100.0, 120.0, 200.0, 350.4]
    found = bill(kwh, rates(light, STEPS), YEAR, given_kw=10.0)
    steps = [line.yen[:5].tolist() for line in found.lines if line.code == "energy"]
    assert steps[0] == [3000.0, 3600.0, 3600.0, 3600.0, 0.0]
    assert steps[1] == [0.0, 0.0, 80 * 36.0, 180 * 36.0, 0.0]
    assert steps[2] == [0.0, 0.0, 0.0, 50 * 40.0, 0.0]
    # Half of it in a month without any use; the power factor counts nothing.
    assert found.yen("demand").tolist() == [3000.0] * 4 + [1500.0] * 8
    # July: 350 × 3.98 = 1,393 (down); total 3,000 + 3,600 + 6,480 + 2,000 + 1,393, of which the tax is 10/110.
    assert found.total_yen[3] == 16_473.0
    assert found.tax_yen[3] == 1497.0
    assert not found.yen("tax").any()
    assert next(line for line in found.lines if line.code == "demand").unit == "kVA"


def test_load_contracts_stay_and_five_percent_counts() -> None:
    power = tariff(
        voltage="low", contract="load", tax_included=True, demand_yen_per_kw_month=1155.84, power_factor_rule="five_percent",
    )  # fmt: skip
    found = bill(
        peaks_to_series([8.0] * 12),
        rates(power, (charge(27.14, "summer"), charge(25.57, "other"))),
        YEAR,
        given_kw=10.0,
        power_factor=0.9,
    )
    assert found.yen("demand")[0] == round(1155.84 * 10 * 0.95, 2)
    energy = {line.season: line.yen for line in found.lines if line.code == "energy"}
    assert energy["other"][:4].tolist() == [102.28, 102.28, 102.28, 0.0]
    assert energy["summer"][3:7].tolist() == [108.56, 108.56, 108.56, 0.0]
    # Down to whole yen, and the lines still are the total.
    lost = found.yen("rounding")
    assert ((lost <= 0.0) & (lost > -1.0)).all()
    assert lost[0] != 0.0
    assert np.array_equal(found.total_yen, np.floor(found.total_yen))


def test_adjustments_and_capacity_are_lines_where_they_are_known() -> None:
    one = tariff(fuel_adjustment_yen_per_kwh=-2.0, capacity_yen_per_kw_month=300.0)
    found = bill(peaks_to_series([100.0] * 12), rates(one, market=[1.0] * 6 + [2.0] * 6), YEAR)
    assert found.yen("fuel").tolist() == [-100.0] * 12
    assert found.yen("market").tolist() == [50.0] * 6 + [100.0] * 6
    assert found.yen("capacity").tolist() == [30_000.0] * 12
    assert "tariff.no_fuel" not in [finding.code for finding in found.findings]
    with pytest.raises(TariffError, match="bad_adjustment"):
        rates(market=[1.0, 2.0])


def test_a_levy_that_nobody_knows_yet_is_the_last_that_is_known_and_told() -> None:
    from kawasolar.half_hours import fiscal_year

    levy, findings = rates().levy(fiscal_year(2027))
    assert levy.tolist() == [4.18] * 12
    assert [finding.values()["year"] for finding in findings] == [2027]


# ---------------------------------------------------------------------------------------------- times of day

TIMES = (hours("summer", "peak", "workday", 13.0, 16.0), hours("all", "day", "workday", 8.0, 22.0))
PRICES = (
    charge(30.0, time="peak"),
    charge(24.0, "summer", "day"),
    charge(22.0, "other", "day"),
    charge(14.0, time="night"),
)


def _code(zones: Any, month: int, day: int, hour: float) -> str:
    at = next(k for k, one in enumerate(YEAR.dates.tolist()) if (one.month, one.day) == (month, day))
    return str(zones.codes[zones.of_half_hour[at * SLOTS + round(hour * 2)]][1])


def test_sundays_and_holidays_are_night_where_the_tariff_says_so() -> None:
    zones = zones_of(rates(tariff(sunday_dates="05-01 12-31"), PRICES, TIMES), YEAR)
    # 2025: Tuesday 1 July, Saturday 5 July, Sunday 6 July, Monday 21 July (海の日).
    assert [_code(zones, 7, 1, hour) for hour in (7.5, 8.0, 12.5, 13.0, 15.5, 16.0, 21.5, 22.0)] == [
        "night", "day", "day", "peak", "peak", "day", "day", "night",
    ]  # fmt: skip
    assert _code(zones, 7, 5, 14.0) == "peak"
    assert _code(zones, 7, 6, 14.0) == "night"
    assert _code(zones, 7, 21, 14.0) == "night"
    # No peak outside the summer; Tuesday 6 May is a substitute holiday (振替休日), 1 May and 31 December the tariff's own.
    assert _code(zones, 6, 30, 14.0) == "day"
    assert _code(zones, 10, 1, 14.0) == "day"
    assert [_code(zones, 5, day, 14.0) for day in (1, 2, 6, 7)] == ["night", "day", "night", "day"]
    assert _code(zones, 12, 31, 14.0) == "night"
    assert set(zones.codes) == {
        ("summer", "peak"),
        ("summer", "day"),
        ("other", "day"),
        ("summer", "night"),
        ("other", "night"),
    }


def test_hours_over_midnight() -> None:
    zones = zones_of(
        rates(times=(hours("all", "night", "all", 23.0, 7.0), hours("all", "day", "all", 0.0, 24.0))), YEAR, NO_HOLIDAYS
    )
    assert [_code(zones, 4, 2, hour) for hour in (0.0, 6.5, 7.0, 22.5, 23.0)] == [
        "night",
        "night",
        "day",
        "day",
        "night",
    ]


def test_energy_is_priced_by_season_and_time() -> None:
    kwh = np.ones(COUNT)
    found = bill(kwh, rates(tariff(), PRICES, TIMES), YEAR)
    lines = {(line.season, line.time): line for line in found.lines if line.code == "energy"}
    # July 2025 has 4 Sundays and one holiday: 26 days of 6 half hours of peak at 30 yen, 22 of day at 24.
    assert lines["summer", "peak"].yen[3] == 26 * 6 * 30.0
    assert lines["summer", "day"].yen[3] == 26 * 22 * 24.0
    assert lines["summer", "night"].yen[3] == (26 * 20 + 5 * 48) * 14.0
    assert sum(line.quantity.sum() for line in lines.values()) == COUNT


def test_a_time_without_a_price_is_refused() -> None:
    with pytest.raises(TariffError, match="no_price"):
        bill(np.ones(COUNT), rates(tariff(), PRICES[:3], TIMES), YEAR)


# ---------------------------------------------------------------------------------------------- many at once; what always holds


def test_many_at_once_are_as_one_by_one() -> None:
    made = np.random.default_rng(7)
    series = made.gamma(2.0, 20.0, size=(2, 3, COUNT))
    given = np.array([[700.0, np.nan, 900.0], [np.nan, 550.0, 100.0]])
    factors = np.array([[1.0, 0.9, 0.84], [0.8, 0.95, 1.0]])
    one = rates(tariff(fuel_adjustment_yen_per_kwh=-1.23), PRICES, TIMES)
    whole = bill(series, one, YEAR, given_kw=given, power_factor=factors, before_kw=np.full(11, 120.0))
    for place in np.ndindex(2, 3):
        single = bill(
            series[place], one, YEAR, given_kw=given[place], power_factor=factors[place], before_kw=np.full(11, 120.0)
        )
        assert np.array_equal(whole.total_yen[place], single.total_yen)
        assert np.array_equal(whole.contract_kw[place], single.contract_kw)
        assert np.array_equal(whole.tax_yen[place], single.tax_yen)
        for code in ("demand", "excess", "energy", "levy", "tax", "fuel", "rounding"):
            assert np.array_equal(whole.yen(code)[place], single.yen(code))


@pytest.mark.parametrize("bad", [np.nan, -0.5, np.inf])
def test_a_series_that_is_none_is_refused(bad: float) -> None:
    kwh = np.ones(COUNT)
    kwh[777] = bad
    with pytest.raises(TariffError, match="bad_half_hour") as caught:
        bill(kwh, rates(), YEAR)
    assert caught.value.details["row"] == 778
    with pytest.raises(TariffError, match="no_year"):
        bill(np.ones(17_568), rates(), YEAR)
    with pytest.raises(TariffError, match="no_year"):
        bill(1.0, rates(), YEAR)


TARIFFS = (
    rates(tariff(), PRICES, TIMES), rates(tariff(tax_included=True, fuel_adjustment_yen_per_kwh=-3.3, kw_rounding="up")),
    rates(tariff(voltage="low", contract="measured", tax_included=True, unused_share=0.5), STEPS),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    which=st.sampled_from(TARIFFS), seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.5, 20.0, 130.0, 400.0]), share=st.floats(0.0, 1.0),
    late=st.booleans(),
)  # fmt: skip
def test_less_from_the_grid_never_costs_more_and_lines_are_the_total(
    which: Any, seed: int, scale: float, share: float, late: bool
) -> None:
    made = np.random.default_rng(seed)
    kwh = made.gamma(0.5, scale, size=COUNT)
    less = kwh * np.where(made.random(COUNT) < share, made.random(COUNT), 1.0)
    before = bill(kwh, which, YEAR, holidays=NO_HOLIDAYS)
    after = bill(less, which, YEAR, holidays=NO_HOLIDAYS, before_kw=before.peak_kw if late else None)
    assert (after.total_yen <= before.total_yen).all()
    assert (after.contract_kw <= before.contract_kw).all()
    for one in (before, after):
        assert np.allclose(sum(line.yen for line in one.lines), one.total_yen, atol=1e-5)
        assert np.array_equal(one.total_yen, np.round(one.total_yen))


@pytest.mark.parametrize("key", [one.key for one in load_profile().tables.tariffs])
def test_every_bundled_tariff_makes_a_bill(key: str) -> None:
    found = bill(peaks_to_series([40.0] * 12, base_kw=5.0), rates_of(load_profile().tables, key), YEAR)
    assert (found.total_yen > 0.0).all()
    # FY2025 has its levy, and that of April too.
    assert not [finding for finding in found.findings if "levy" in finding.code]
