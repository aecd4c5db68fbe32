"""One known year of half hours, and how retailers and meters write it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.errors import UnreadableMeters
from kawasolar.meters import MeterReadings, MeterSeries, read_meters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.findings import Finding

POINT = "0300111234567890123456"
OTHER_POINT = "0300119999999999999999"
HYPHENS = "03-0011-1234-5678-9012-3456"
DAYS_OF_YEAR = 365
HEAD = "日付,時刻,使用量(kWh)"


def known(begin: str = "2025-04-01", days: int = DAYS_OF_YEAR, seed: int = 5) -> pd.Series:
    """Half hours of a building with days, nights and weekends, in tenths of a kWh, by their begin."""
    index = pd.date_range(begin, periods=48 * days, freq="30min")
    random = np.random.default_rng(seed)
    work = (index.hour >= 8) & (index.hour < 18) & (index.day_of_week < 5)
    return pd.Series(np.round(np.where(work, 30.0, 6.0) * random.uniform(0.7, 1.3, len(index)), 1), index)


def whole_years(begin: str) -> int:
    """Days of the year that begins there: 365 or 366."""
    start = pd.Timestamp(begin)
    return (start + pd.DateOffset(years=1) - start).days


def write(path: Path, rows: Sequence[str], encoding: str = "utf-8", end: str = "\r\n") -> Path:
    path.write_bytes((end.join(rows) + end).encode(encoding))
    return path


def clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


def minute(stamp: dt.datetime) -> int:
    return stamp.hour * 60 + stamp.minute


def wide(
    year: pd.Series, heads: Sequence[str], date: Callable[[pd.Timestamp], str] = lambda day: f"{day:%Y/%m/%d}",
    before: str = "", factor: float = 1.0, separator: str = ",", corner: str = "年月日",
) -> list[str]:  # fmt: skip
    """A row a day."""
    values = year.to_numpy().reshape(-1, len(heads))
    rows = [separator.join([*(["供給地点特定番号"] if before else []), corner, *heads])]
    for day, row in zip(year.index[:: len(heads)], values, strict=True):
        figures = [f"{value * factor:.10g}" for value in row]
        rows.append(separator.join([*([before] if before else []), date(day), *figures]))
    return rows


RANGES = [f"{clock(m)}-{clock(m + 30)}" for m in range(0, 1440, 30)]
WAVES = [f"{clock(m)}～{clock(m + 30)}" for m in range(0, 1440, 30)]
BEGINS = [clock(m) for m in range(0, 1440, 30)]
ENDS = [clock(m + 30) for m in range(0, 1440, 30)]
ENDS_0 = [*ENDS[:-1], "0:00"]
NUMBERS = [str(k) for k in range(1, 49)]
KOMA = [f"{k}コマ" for k in range(1, 49)]
HHMM = [f"{m // 60}{m % 60:02d}".lstrip("0") or "0" for m in range(0, 1440, 30)]
WIDE_HEADS = {
    "ranges": RANGES, "waves": WAVES, "begins": BEGINS, "ends": ENDS, "ends_0": ENDS_0, "numbers": NUMBERS,
    "koma": KOMA, "hhmm": HHMM, "padded": [f"{t:0>5}" for t in BEGINS],
    "minutes_ja": [f"{m // 60}時{m % 60:02d}分" for m in range(0, 1440, 30)],
}  # fmt: skip


def slash(stamp: dt.datetime) -> str:
    return f"{stamp.year}/{stamp.month}/{stamp.day}"


def era_short(stamp: pd.Timestamp) -> str:
    return f"R{stamp.year - 2018}.{stamp.month}.{stamp.day}"


def era_long(stamp: pd.Timestamp) -> str:
    return f"令和{stamp.year - 2018}年{stamp.month}月{stamp.day}日"


DATES: dict[str, Callable[[pd.Timestamp], str]] = {
    "slash": slash,
    "padded": lambda day: f"{day:%Y/%m/%d}",
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "era": era_short,
    "era_ja": era_long,
    "ja": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "weekday": lambda day: f"{slash(day)}({'月火水木金土日'[day.day_of_week]})",
}


def end_24(stamp: dt.datetime) -> tuple[str, str]:
    """Day and end of a half hour, 24:00 for midnight."""
    return slash(stamp), clock(minute(stamp) + 30)


def end_next(stamp: dt.datetime) -> tuple[str, str]:
    """Day and end of a half hour, 0:00 of the next day for midnight."""
    end = stamp + dt.timedelta(minutes=30)
    return slash(end), clock(minute(end))


def end_same(stamp: dt.datetime) -> tuple[str, str]:
    """Day and end of a half hour, 0:00 of the same day for midnight."""
    return slash(stamp), clock((minute(stamp) + 30) % 1440)


def series_of(year: pd.Series) -> NDArray[np.float64]:
    values: NDArray[np.float64] = year.to_numpy(dtype=np.float64)
    return values


def assert_same(series: MeterSeries, year: pd.Series, *, exact: bool = True) -> None:
    """The half hours come back as they went out, each at its begin."""
    assert str(series.start.tz) == "Asia/Tokyo"
    assert series.start.tz_localize(None) == year.index[0]
    if exact:
        np.testing.assert_array_equal(series.kwh, series_of(year))
    else:
        np.testing.assert_allclose(series.kwh, series_of(year), rtol=1e-9)


def codes(readings: MeterReadings) -> set[str]:
    found = {finding.code for finding in readings.findings}
    return found | {finding.code for series in readings.series for finding in series.findings}


def refused(path: Path) -> UnreadableMeters:
    """The error that the file meets."""
    try:
        read_meters(path)
    except UnreadableMeters as error:
        return error
    raise AssertionError(f"{path.name} was read")


def rows_of(year: pd.Series) -> list[str]:
    return [f"{slash(stamp)},{clock(minute(stamp))},{value}" for stamp, value in year.items()]


def told(readings: MeterReadings, code: str) -> list[Finding]:
    found = (*readings.findings, *(finding for series in readings.series for finding in series.findings))
    return [finding for finding in found if finding.code == code]
