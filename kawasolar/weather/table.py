"""Columns of text as numbers, and rows of any calendar year in the order of the dummy year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.year import HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# What stands for "nothing measured"; other letters are a broken file.
_BLANK = ("", "nan", "na", "null", "none")
LEAP_HOURS = HOURS + 24
# A year that has 29 February carries the days of a file that has it.
_LEAP_YEAR, _COMMON_YEAR = 2024, 2023
_LEAP_DAY_HOURS = (59 * 24, 60 * 24)


def numbers(texts: Sequence[str], column: str, file: str, lines: Sequence[int]) -> Array:
    """One column as numbers; NaN where nothing stands.

    Parameters
    ----------
    texts : fields as they stand in the file
    column : its name, for messages
    lines : number of the line of each

    Raises
    ------
    UnreadableWeather
        a field is neither a finite number nor empty
    """
    text = pd.Series(texts, dtype="str").str.strip()
    blank = text.str.lower().isin(_BLANK).to_numpy()
    values = pd.to_numeric(text.where(~blank, ""), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    bad = np.flatnonzero(~np.isfinite(values) & ~blank)
    if bad.size:
        at = int(bad[0])
        raise UnreadableWeather(
            "weather.not_a_number", file=file, line=int(lines[at]), column=column, found=str(text.iloc[at])[:40]
        )
    return values


def in_order(
    month: Array, day: Array, hour: Array, shift: int, file: str, lines: Sequence[int]
) -> tuple[NDArray[np.int64], list[Finding]]:
    """Rows of the file in the order of the 8,760 hours of the dummy year; each hour must be there once.

    The year is taken as a ring: what a shift pushes over its end comes in at its beginning. 29 February is left out.

    Parameters
    ----------
    month, day, hour : of each row; hour 0…24
    shift : hours from the row's stamp to the *beginning* of its hour in standard time: −1 for labels at the end,
        the zone's hours for stamps in UTC
    lines : number of the line of each row

    Returns
    -------
    rows : (8760,) position of the row in the file
    findings : whether a 29 February was left out

    Raises
    ------
    UnreadableWeather
        ``weather.no_such_hour`` or ``weather.hour_count``
    """
    leap = bool(((month == 2) & (day == 29)).any())
    carrier = pd.DataFrame({"year": _LEAP_YEAR if leap else _COMMON_YEAR, "month": month, "day": day})
    days = pd.to_datetime(carrier, errors="coerce").dt.day_of_year.to_numpy(dtype=np.float64)
    real = np.isfinite(days) & (hour >= 0.0) & (hour <= 24.0)
    _refuse(~real, month, day, hour, file, lines)
    at = (((days - 1.0) * 24.0 + hour).astype(np.int64) + shift) % (LEAP_HOURS if leap else HOURS)
    first, last = _LEAP_DAY_HOURS
    kept = np.flatnonzero(~((at >= first) & (at < last))) if leap else np.arange(at.size)
    at = np.where(at >= last, at - (last - first), at) if leap else at
    twice = np.zeros(at.size, dtype=np.bool_)
    twice[kept] = pd.Series(at[kept]).duplicated().to_numpy()
    _refuse(twice, month, day, hour, file, lines)
    if kept.size != HOURS:
        raise UnreadableWeather(
            "weather.hour_count", file=file, line=int(lines[-1]), found=int(kept.size), expected=HOURS
        )
    findings = [Finding("weather.leap_day_dropped", "info", source=file)] if leap else []
    return kept[np.argsort(at[kept])], findings


def _refuse(bad: NDArray[np.bool_], month: Array, day: Array, hour: Array, file: str, lines: Sequence[int]) -> None:
    """Refuse the first row that is marked."""
    if not bad.any():
        return
    row = int(np.flatnonzero(bad)[0])
    found = f"{month[row]:g}/{day[row]:g} {hour[row]:g}:00"
    raise UnreadableWeather("weather.no_such_hour", file=file, line=int(lines[row]), found=found)
