"""What is noticed in meter files that are read: gaps, contradictions, outages, jumps; and that the order of rows is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.progress import Cancelled
from kawasolar.meters import checks, join_meters, read_meters
from tests.kawasolar.meter_files import (
    HEAD,
    POINT,
    assert_same,
    clock,
    known,
    minute,
    rows_of,
    series_of,
    slash,
    told,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

# ------------------------------------------------------------------------------------------------ told


@pytest.mark.parametrize("word", ["", "-", "－", "欠測", "***", "NaN", "×", "gone"])
def test_gaps_are_told_from_to_and_stay_gaps(tmp_path: Path, word: str) -> None:
    year = known(days=5)
    rows = rows_of(year)
    for k in range(10, 15):
        rows[k] = ",".join([*rows[k].split(",")[:2], word])
    if word == "gone":
        del rows[10:15]
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows]))
    expected = year.copy()
    expected.iloc[10:15] = np.nan
    assert_same(readings.series[0], expected)
    (gap,) = told(readings, "meters.gap")
    assert gap.details == {"begin": "2025-04-01 05:00", "end": "2025-04-01 07:30", "count": 5}
    assert not told(readings, "meters.not_a_figure")


def test_figures_that_are_none_are_told_with_row_and_column(tmp_path: Path) -> None:
    rows = rows_of(known(days=2))
    for k, word in enumerate(("abc", "1_000", "inf", "12kg")):
        rows[10 + k] = ",".join([*rows[10 + k].split(",")[:2], word])
    rows[20] = '2025/4/1,10:00,"0,512"'
    rows[21] = '2025/4/1,10:30,"1,512.5"'
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows]))
    found = told(readings, "meters.not_a_figure")
    assert [(finding.row, finding.column) for finding in found] == [
        (row, "使用量(kwh)") for row in (12, 13, 14, 15, 22)
    ]
    assert np.isnan(readings.series[0].kwh[10:14]).all()
    assert np.isnan(readings.series[0].kwh[20])
    assert readings.series[0].kwh[21] == 1512.5


def test_dates_that_are_none_are_told(tmp_path: Path) -> None:
    rows = rows_of(known(days=40))
    for k in range(100, 130):
        rows[k] = "2025/2/30,0:00,5.5"
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows]))
    found = told(readings, "meters.row_unreadable")
    assert [finding.row for finding in found] == list(range(102, 112))
    assert told(readings, "meters.more_rows")[0].found == "20"
    assert told(readings, "meters.gap")[0].details["count"] == 30


def test_twice_the_same_counts_once_and_contradictions_are_left_out(tmp_path: Path) -> None:
    year = known(days=3)
    rows = rows_of(year)
    extra = [*rows[5:9], "2025/4/2,1:00,999.5", "2025/4/2,2:00,"]
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows, *extra]))
    expected = year.copy()
    expected.iloc[50] = np.nan
    assert_same(readings.series[0], expected)
    assert told(readings, "meters.same_twice")[0].details["count"] == 4
    (differ,) = told(readings, "meters.differ")
    assert differ.details == {"begin": "2025-04-02 01:00", "rows": f"52, {len(rows) + 6}"}
    assert "999.5" in str(differ.found)


def test_reverse_flow_is_told_and_kept_out(tmp_path: Path) -> None:
    year = known(days=3)
    expected = year.copy()
    year.iloc[20:24] = [-1.5, -9.5, -2.0, -1.0]
    expected.iloc[20:24] = np.nan
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows_of(year)]))
    assert_same(readings.series[0], expected)
    (negative,) = told(readings, "meters.negative")
    assert (negative.row, negative.found, negative.details["count"]) == (23, "-9.5", 4)


@pytest.mark.parametrize(("hours", "is_told"), [(5.5, False), (6.0, True), (50.0, True)])
def test_an_outage_is_told_and_kept(tmp_path: Path, hours: float, is_told: bool) -> None:
    year = known(days=60)
    year.iloc[500 : 500 + int(2 * hours)] = 0.0
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows_of(year)]))
    assert_same(readings.series[0], year)
    found = told(readings, "meters.outage")
    assert bool(found) is is_told
    if is_told:
        assert found[0].details == {
            "begin": "2025-04-11 10:00",
            "end": f"{pd.Timestamp('2025-04-11 10:00') + pd.Timedelta(hours=hours):%Y-%m-%d %H:%M}",
            "count": int(2 * hours),
        }


def test_lamps_that_are_off_by_day_have_no_outage(tmp_path: Path) -> None:
    year = known(days=60)
    year[(year.index.hour >= 6) & (year.index.hour < 18)] = 0.0
    assert not told(read_meters(write(tmp_path / "a.csv", [HEAD, *rows_of(year)])), "meters.outage")


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_jump_is_told_with_its_day(tmp_path: Path, factor: float) -> None:
    year = known(days=60)
    year.iloc[30 * 48 :] *= factor
    readings = read_meters(
        write(tmp_path / "a.csv", [HEAD, *(f"{slash(s)},{clock(minute(s))},{v:.3f}" for s, v in year.items())])
    )
    (jump,) = told(readings, "meters.jump")
    assert jump.details["begin"] == "2025-05-01"
    # The oracle: the median of the seven days before and after.
    daily = year.resample("1D").sum()
    assert jump.details["before"] == f"{daily.iloc[23:30].median():,.1f}"
    assert jump.details["after"] == f"{daily.iloc[30:37].median():,.1f}"


def test_a_spike_is_told_and_stays(tmp_path: Path) -> None:
    year = known(days=60)
    year.iloc[777] = 400.0
    readings = read_meters(write(tmp_path / "a.csv", [HEAD, *rows_of(year)]))
    (spike,) = told(readings, "meters.spike")
    assert (spike.found, spike.details["begin"]) == ("800.0", "2025-04-17 04:30")
    assert readings.series[0].kwh.max() == 400.0


def test_the_contract_tells_power_from_energy(tmp_path: Path) -> None:
    year = known(days=5)
    for contract, code in ((40, "meters.unit_assumed_kw"), (200, "meters.unit_assumed_kwh")):
        rows = [f"契約電力,{contract}kW", "日付,時刻,値", *rows_of(year)]
        readings = read_meters(write(tmp_path / "a.csv", rows))
        assert told(readings, code)
        np.testing.assert_allclose(readings.series[0].kwh, series_of(year) * (0.5 if contract == 40 else 1.0))


def test_runs_as_counted_by_hand() -> None:
    begins, lengths = checks.runs(np.array([True, True, False, True, False, False, True]))
    assert begins.tolist() == [0, 3, 6]
    assert lengths.tolist() == [2, 1, 1]
    assert not len(checks.runs(np.zeros(5, dtype=bool))[0])


# ------------------------------------------------------------------------------------------------ order and stopping


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(tmp_path: Path, random: object) -> None:
    year = known(days=4)
    rows = rows_of(year)
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert_same(read_meters(write(tmp_path / "a.csv", [HEAD, *rows])).series[0], year)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 190), st.integers(1, 100)), min_size=2, max_size=4))
def test_joining_is_what_a_union_of_rows_is(tmp_path: Path, parts: list[tuple[int, int]]) -> None:
    """The oracle: pandas, combining the parts one after the other."""
    year = known(days=5)
    readings, expected = [], pd.Series(dtype=float)
    for k, (begin, length) in enumerate(parts):
        part = year.iloc[begin : begin + length]
        head = f"供給地点特定番号,{HEAD.replace('時刻', '開始時刻')}"
        readings.append(read_meters(write(tmp_path / f"{k}.csv", [head, *(f"{POINT},{row}" for row in rows_of(part))])))
        expected = part if expected.empty else expected.combine_first(part)
    (series,) = join_meters(readings)
    full = pd.date_range(expected.index.min(), expected.index.max(), freq="30min")
    assert_same(series, expected.reindex(full))


def test_the_user_may_stop(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [HEAD, *rows_of(known())])
    shares: list[float] = []

    def stop(share: float, what: str) -> None:
        shares.append(share)
        if len(shares) > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_meters(path, stop)
    shares.clear()
    read_meters(path, lambda share, _what: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 8
