"""Half-hourly meter files: a known year written in every layout and read back equal."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kawasolar.meters import join_meters, read_meters
from tests.kawasolar.meter_files import (
    BEGINS,
    DATES,
    HYPHENS,
    NUMBERS,
    OTHER_POINT,
    POINT,
    RANGES,
    WIDE_HEADS,
    assert_same,
    clock,
    codes,
    end_24,
    end_next,
    end_same,
    known,
    minute,
    slash,
    whole_years,
    wide,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Two weeks show all that a layout is; whole years are for the property below.
SHORT = 14


# ------------------------------------------------------------------------------------------------ wide


@pytest.mark.parametrize("heads", WIDE_HEADS)
@pytest.mark.parametrize("before", ["", POINT, HYPHENS])
def test_wide_headings(tmp_path: Path, heads: str, before: str) -> None:
    year = known(days=SHORT)
    titled = ["30分使用電力量(kWh)", *wide(year, WIDE_HEADS[heads], before=before)]
    readings = read_meters(write(tmp_path / "a.csv", titled))
    assert_same(readings.series[0], year)
    assert readings.series[0].supply_point == (POINT if before else "")
    assert not codes(readings) - {"meters.no_point"}


@pytest.mark.parametrize("date", DATES)
def test_dates(tmp_path: Path, date: str) -> None:
    year = known("2025-12-20", SHORT)
    rows = ["使用量[kWh]", *wide(year, RANGES, DATES[date])]
    assert_same(read_meters(write(tmp_path / "a.csv", rows, "cp932")).series[0], year)


@pytest.mark.parametrize(
    ("title", "begin"),
    [
        ("2025年度", "2025-12-20"),
        ("令和7年度 使用電力量", "2025-12-20"),
        ("2025年12月~2026年1月", "2025-12-20"),
        ("2026年", "2026-01-05"),
    ],
)
def test_dates_without_a_year_take_the_title_s(tmp_path: Path, title: str, begin: str) -> None:
    year = known(begin, SHORT)
    rows = [title, "作成日 2027年3月1日", *wide(year, RANGES, lambda day: f"{day.month}月{day.day}日")]
    assert_same(read_meters(write(tmp_path / "a.csv", rows)).series[0], year)


def test_begins_above_ends(tmp_path: Path) -> None:
    year = known(days=SHORT)
    rows = wide(year, BEGINS)
    ends = ["終了", *WIDE_HEADS["ends"]]
    assert_same(read_meters(write(tmp_path / "a.csv", [rows[0], ",".join(ends), *rows[1:]])).series[0], year)


def test_totals_and_notes_are_no_half_hours(tmp_path: Path) -> None:
    year = known(days=SHORT)
    rows = wide(year, RANGES)
    body = [f"{row},{total:.1f},note" for row, total in zip(rows[1:], year.groupby(year.index.date).sum(), strict=True)]
    sums = year.to_numpy().reshape(-1, 48).sum(axis=0)
    tail = ["合計," + ",".join(f"{v:.1f}" for v in sums), "", "※ 速報値を含みます。"]
    readings = read_meters(write(tmp_path / "a.csv", [rows[0] + ",合計,備考", *body, *tail]))
    assert_same(readings.series[0], year)
    assert codes(readings) == {"meters.no_point", "meters.unit_assumed_kwh"}


def test_reverse_flow_in_a_second_row_of_the_day_is_left_out(tmp_path: Path) -> None:
    year = known(days=3)
    rows = wide(year, RANGES)
    made = ["種別," + rows[0]]
    for row in rows[1:]:
        made += ["順潮流(kWh)," + row, "逆潮流(kWh)," + ",".join([row.split(",")[0], *["7.7"] * 48])]
    readings = read_meters(write(tmp_path / "a.csv", made))
    assert_same(readings.series[0], year)
    assert "meters.other_quantity" in codes(readings)


# ------------------------------------------------------------------------------------------------ long


def _number(stamp: dt.datetime) -> int:
    return minute(stamp) // 30 + 1


HALF = dt.timedelta(minutes=30)
TIMES: dict[str, Callable[[dt.datetime], str]] = {
    "number": lambda stamp: f"{slash(stamp)},{_number(stamp)}",
    "koma": lambda stamp: f"{slash(stamp)},コマ{_number(stamp):02d}",
    "begin": lambda stamp: f"{slash(stamp)},{clock(minute(stamp))}",
    "end_24": lambda stamp: ",".join(end_24(stamp)),
    "end_next": lambda stamp: ",".join(end_next(stamp)),
    "end_same": lambda stamp: ",".join(end_same(stamp)),
    "range": lambda stamp: f"{slash(stamp)},{clock(minute(stamp))}〜{clock(minute(stamp + HALF))}",
    "both": lambda stamp: f"{slash(stamp)},{clock(minute(stamp))},{clock(minute(stamp + HALF))}",
    "stamp": lambda stamp: f"{slash(stamp)} {clock(minute(stamp))}",
    "stamp_24": lambda stamp: " ".join(end_24(stamp)),
    "stamp_end": lambda stamp: " ".join(end_next(stamp)),
    "iso": lambda stamp: f"{stamp.isoformat()}+09:00",
    "digits": lambda stamp: f"{stamp:%Y%m%d%H%M}",
    "seconds": lambda stamp: f"{slash(stamp)} {stamp + HALF - dt.timedelta(seconds=1):%H:%M:%S}",
    "hhmm": lambda stamp: f"{slash(stamp)},{stamp.hour * 100 + stamp.minute}",
}
LONG = tuple(TIMES)


def long(year: pd.Series, kind: str, factor: float = 1.0) -> list[str]:
    """A row a half hour, in one of these ways."""
    time = TIMES[kind]
    stamps = pd.DatetimeIndex(year.index).to_pydatetime()
    made = [f"{time(stamp)},{value * factor:.10g}" for stamp, value in zip(stamps, year.to_numpy(), strict=True)]
    heads = {
        "number": "日付,時刻コード", "koma": "年月日,コマ", "begin": "日付,開始時刻", "end_24": "日付,時刻", "end_next": "日付,時刻",
        "end_same": "日付,時刻", "range": "対象日,時間帯", "both": "年月日,開始時刻,終了時刻", "hhmm": "日付,時刻",
    }  # fmt: skip
    return [heads.get(kind, "日時"), *made]


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("unit", ["kWh", "kW"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_long_layouts(tmp_path: Path, kind: str, unit: str, separator: str) -> None:
    year = known(days=SHORT)
    rows = long(year, kind, 2.0 if unit == "kW" else 1.0)
    rows[0] += f",電力({unit})"
    readings = read_meters(write(tmp_path / "a.csv", [row.replace(",", separator) for row in rows], "utf-8-sig", "\n"))
    assert_same(readings.series[0], year, exact=unit == "kWh")
    assert codes(readings) == {"meters.no_point"}


@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(LONG),
    month=st.integers(1, 12), leap=st.booleans(), encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp932", "utf-16"]),
    factor=st.sampled_from([("使用電力量(kWh)", 1.0), ("使用量[Wh]", 1000.0), ("需要電力(kW)", 2.0), ("電力量 MWh", 0.001), ("使用電力量", 1.0)]),
)  # fmt: skip
def test_any_year_in_any_long_layout(
    tmp_path: Path, kind: str, month: int, leap: bool, encoding: str, factor: tuple[str, float]
) -> None:
    begin = f"{(2023 if month > 2 else 2024) if leap else 2025}-{month:02d}-01"
    year = known(begin, whole_years(begin), seed=month)
    assert len(year) == (17568 if leap else 17520)
    rows = long(year, kind, factor[1])
    rows[0] += f",{factor[0]}"
    readings = read_meters(write(tmp_path / "a.csv", rows, encoding))
    assert_same(readings.series[0], year, exact=factor[1] == 1.0)
    assert codes(readings) == {"meters.no_point"}


@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    heads=st.sampled_from(sorted(WIDE_HEADS)),
    month=st.integers(1, 12), leap=st.booleans(), encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp932", "utf-16"]),
    date=st.sampled_from(sorted(DATES)), unit=st.sampled_from([("使用量(kWh)", 1.0), ("30分需要電力[kW]", 2.0)]),
    separator=st.sampled_from([",", "\t", ";"]),
)  # fmt: skip
def test_any_year_in_any_wide_layout(
    tmp_path: Path,
    heads: str,
    month: int,
    leap: bool,
    encoding: str,
    date: str,
    unit: tuple[str, float],
    separator: str,
) -> None:
    begin = f"{(2023 if month > 2 else 2024) if leap else 2025}-{month:02d}-01"
    year = known(begin, whole_years(begin), seed=month)
    rows = [unit[0], *wide(year, WIDE_HEADS[heads], DATES[date], POINT, unit[1], separator)]
    readings = read_meters(write(tmp_path / "a.csv", rows, encoding))
    assert readings.series[0].supply_point == POINT
    assert_same(readings.series[0], year, exact=unit[1] == 1.0)
    assert not codes(readings)


@pytest.mark.parametrize("kind", ["begin", "stamp", "wide", "wide24"])
def test_without_a_heading_the_rows_tell(tmp_path: Path, kind: str) -> None:
    year = known(days=SHORT)
    rows = (wide(year, NUMBERS) if kind.startswith("wide") else long(year, kind))[1:]
    if kind == "wide24":
        rows = wide(year.resample("1h").sum(), NUMBERS[:24])[1:]
        year = year.resample("1h").transform("mean")
    readings = read_meters(write(tmp_path / "a.csv", rows))
    assert_same(readings.series[0], year, exact=kind != "wide24")
    assert {"meters.no_heading", "meters.unit_assumed_kwh"} <= codes(readings)


def test_a_part_of_a_day_does_not_tell_begin_from_end(tmp_path: Path) -> None:
    year = known(days=2).iloc[20:70]
    rows = long(year, "stamp")
    rows[0] += ",kWh"
    readings = read_meters(write(tmp_path / "a.csv", rows))
    assert_same(readings.series[0], year)
    assert "meters.label_assumed" in codes(readings)
    rows[0] = "終了日時,kWh"
    readings = read_meters(write(tmp_path / "a.csv", rows))
    assert readings.series[0].start.tz_localize(None) == year.index[0] - pd.Timedelta(minutes=30)
    assert "meters.label_assumed" not in codes(readings)


def test_energy_is_taken_before_power_and_other_columns_are_left(tmp_path: Path) -> None:
    year = known(days=3)
    rows = ["年月日,時刻,契約電力(kW),最大需要電力(kW),発電電力量(kWh),平均電力(kW),使用電力量(kWh),料金(円),力率"]
    for stamp, value in year.items():
        rows.append(f"{slash(stamp)},{clock(minute(stamp))},500,400,3.3,{2 * value:.1f},{value},99,100")
    assert_same(read_meters(write(tmp_path / "a.csv", rows)).series[0], year)


# ------------------------------------------------------------------------------------------------ hours


@pytest.mark.parametrize("kind", ["wide", "number", "begin", "end", "hours"])
@pytest.mark.parametrize("unit", ["kWh", "kW"])
def test_hours_are_split_evenly_and_said(tmp_path: Path, kind: str, unit: str) -> None:
    year = known(days=SHORT)
    hours = year.resample("1h").sum()
    if kind == "wide":
        rows = [f"単位:{unit}", *wide(hours, [f"{h}:00-{h + 1}:00" for h in range(24)])]
    else:
        label = {
            "number": lambda stamp: stamp.hour + 1,
            "hours": lambda stamp: f"{stamp.hour}時",
            "begin": lambda stamp: f"{stamp.hour}:00",
            "end": lambda stamp: f"{stamp.hour + 1}:00",
        }[kind]
        rows = [f"日付,時刻,{unit}", *(f"{slash(stamp)},{label(stamp)},{value:.10g}" for stamp, value in hours.items())]
    readings = read_meters(write(tmp_path / "a.csv", rows))
    # The mean power of an hour is its energy.
    expected = year.groupby(year.index.floor("1h")).transform("mean")
    assert_same(readings.series[0], expected, exact=False)
    assert "meters.hourly" in codes(readings)


# ------------------------------------------------------------------------------------------------ meters, blocks


def test_several_supply_points_among_one_another(tmp_path: Path) -> None:
    years = {POINT: known(days=5), OTHER_POINT: known(days=5, seed=8)}
    rows = ["供給地点特定番号,施設名,日付,コマ,使用量(kWh)"]
    for stamp in years[POINT].index:
        number = minute(stamp) // 30 + 1
        rows.append(f"{HYPHENS},川崎小学校,{slash(stamp)},{number},{years[POINT][stamp]}")
        rows.append(f"{OTHER_POINT},多摩中学校,{slash(stamp)},{number},{years[OTHER_POINT][stamp]}")
    readings = read_meters(write(tmp_path / "a.csv", rows, "cp932"))
    assert [(one.supply_point, one.name) for one in readings.series] == [
        (POINT, "川崎小学校"),
        (OTHER_POINT, "多摩中学校"),
    ]
    for one in readings.series:
        assert_same(one, years[one.supply_point])


@pytest.mark.parametrize("repeat_heading", [True, False])
def test_blocks_of_months_with_titles(tmp_path: Path, repeat_heading: bool) -> None:
    year = known()
    rows = ["供給地点特定番号,03-0011-1234-5678-9012-3456,,契約電力,500kW", "施設名:川崎小学校"]
    for k, (month, part) in enumerate(year.groupby(year.index.to_period("M"))):
        block = wide(part, RANGES, lambda day: f"{day.day}日")
        rows += [
            f"{month.year}年{month.month}月分 使用電力量(kWh)",
            *(block if repeat_heading or k == 0 else block[1:]),
            "",
        ]
    readings = read_meters(write(tmp_path / "a.csv", rows, "cp932"))
    (series,) = readings.series
    assert (series.supply_point, series.name) == (POINT, "川崎小学校")
    assert_same(series, year)
    assert not codes(readings)


def test_blocks_of_meters_with_titles(tmp_path: Path) -> None:
    years = {POINT: known(days=5), OTHER_POINT: known(days=5, seed=8)}
    rows = []
    for point, year in years.items():
        rows += [f"供給地点特定番号：{point}", "", *wide(year, RANGES, corner="日付(kWh)"), ""]
    readings = read_meters(write(tmp_path / "a.csv", rows))
    assert {one.supply_point for one in readings.series} == set(years)
    for one in readings.series:
        assert_same(one, years[one.supply_point])


# ------------------------------------------------------------------------------------------------ workbooks


def test_a_workbook_with_real_dates_and_times(tmp_path: Path) -> None:
    year = known(days=SHORT)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["供給地点特定番号", POINT])
    sheet.append(["日付", "時刻", "使用量(kWh)"])
    for stamp, value in year.items():
        sheet.append([stamp.to_pydatetime(), dt.time(stamp.hour, stamp.minute), value])
    book.save(tmp_path / "a.xlsx")
    readings = read_meters(tmp_path / "a.xlsx")
    assert readings.series[0].supply_point == POINT
    assert_same(readings.series[0], year)


@pytest.mark.parametrize("end", [False, True])
def test_a_workbook_with_time_stamps(tmp_path: Path, end: bool) -> None:
    year = known(days=SHORT)
    book = openpyxl.Workbook()
    book.active.append(["日時", "電力量(kWh)"])
    for stamp, value in year.items():
        book.active.append([(stamp + pd.Timedelta(minutes=30 * end)).to_pydatetime(), value])
    book.save(tmp_path / "a.xlsx")
    assert_same(read_meters(tmp_path / "a.xlsx").series[0], year)


def test_a_workbook_with_a_sheet_a_month_and_times_as_heads(tmp_path: Path) -> None:
    year = known("2025-04-01", 61)
    book = openpyxl.Workbook()
    book.remove(book.active)
    heads = [*(dt.time(m // 60, m % 60) for m in range(30, 1440, 30)), dt.timedelta(days=1)]
    for month, part in year.groupby(year.index.month):
        sheet = book.create_sheet(f"{month}月")
        sheet.append(["2025年度", "kWh"])
        sheet.append(["年月日", *heads])
        for day, row in zip(part.index[::48], part.to_numpy().reshape(-1, 48), strict=True):
            sheet.append([day.to_pydatetime(), *(float(value) for value in row)])
    book.save(tmp_path / "a.xlsx")
    readings = read_meters(tmp_path / "a.xlsx")
    assert len(readings.series) == 1
    assert_same(readings.series[0], year)


def test_sheets_named_after_facilities_are_meters(tmp_path: Path) -> None:
    years = {"川崎小学校": known(days=3), "多摩中学校": known(days=3, seed=8)}
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, year in years.items():
        sheet = book.create_sheet(name)
        for row in ["日付,コマ,kWh", *(f"{slash(s)},{minute(s) // 30 + 1},{v}" for s, v in year.items())]:
            sheet.append(row.split(","))
    book.save(tmp_path / "a.xlsx")
    readings = read_meters(tmp_path / "a.xlsx")
    for one in readings.series:
        assert_same(one, years[one.name])
    assert len(readings.series) == 2


# ------------------------------------------------------------------------------------------------ joining


def test_files_of_one_supply_point_are_joined(tmp_path: Path) -> None:
    year = known(days=40)
    parts = [year.iloc[: 20 * 48], year.iloc[15 * 48 : 30 * 48], year.iloc[32 * 48 :]]
    readings = []
    for k, part in enumerate(parts):
        rows = ["kWh", *wide(part, RANGES, before=POINT)]
        readings.append(read_meters(write(tmp_path / f"{k}.csv", rows)))
    (series,) = join_meters(list(reversed(readings)))
    expected = year.copy()
    expected.iloc[30 * 48 : 32 * 48] = np.nan
    assert_same(series, expected)
    (gap,) = series.findings
    assert (gap.code, gap.details["begin"], gap.details["count"]) == ("meters.gap", "2025-05-01 00:00", 96)


def test_files_that_contradict_one_another_are_told(tmp_path: Path) -> None:
    year = known(days=10)
    other = year.copy()
    other.iloc[100:104] += 1.0
    readings = [
        read_meters(write(tmp_path / f"{k}.csv", ["kWh", *wide(part, RANGES, before=POINT)]))
        for k, part in enumerate((year, other, year))
    ]
    (series,) = join_meters(readings)
    expected = year.copy()
    expected.iloc[100:104] = np.nan
    assert_same(series, expected)
    found = [finding for finding in series.findings if finding.code == "meters.files_differ"]
    assert found[0].source == "1.csv"
    assert found[0].details == {"begin": "2025-04-03 02:00", "end": "2025-04-03 04:00", "count": 4}


def test_units_of_two_files_are_no_contradiction(tmp_path: Path) -> None:
    year = known(days=10)
    readings = [
        read_meters(write(tmp_path / f"{unit}.csv", [unit, *wide(year, RANGES, before=POINT, factor=factor)]))
        for unit, factor in (("kWh", 1.0), ("Wh", 1000.0), ("kW", 2.0))
    ]
    (series,) = join_meters(readings)
    assert_same(series, year, exact=False)
    assert not series.findings


def test_meters_without_a_name_are_joined_with_nothing(tmp_path: Path) -> None:
    readings = [read_meters(write(tmp_path / f"{k}.csv", ["kWh", *wide(known(days=2), RANGES)])) for k in range(2)]
    assert len(join_meters(readings)) == 2


# ------------------------------------------------------------------------------------------------ real shapes


@pytest.mark.realdata
def test_real_shapes_come_back_and_nothing_is_found_in_them(realdata: Path, tmp_path: Path) -> None:
    """Seventeen kinds of buildings of another country: their seasons and holidays are no jumps and no outages."""
    files = sorted((realdata / "load_doe").glob("*.dat"))
    assert len(files) == 17
    index = pd.date_range("2025-01-01", periods=17520, freq="30min")
    for file in files:
        hours = np.loadtxt(file)
        year = pd.Series(np.round(np.repeat(hours, 2) * 5e5, 3), index)
        readings = read_meters(write(tmp_path / "a.csv", ["使用量(kWh)", *wide(year, RANGES, before=POINT)]))
        assert_same(readings.series[0], year)
        assert not codes(readings) - {"meters.spike"}, file.name
