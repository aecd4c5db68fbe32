"""What a cell of a meter file says: a day, a time, a half hour's number, a figure, a supply point."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kawasolar.ledger import values
from kawasolar.ledger.values import is_missing, text_of
from kawasolar.meters.model import DAY

Kind = Literal["bare", "begin", "end", "number"]

# Longer cells are prose.
_LONGEST = 80
_EPOCH = dt.date(1970, 1, 1).toordinal()
# Years in which a half hour was metered.
YEARS = (1990, 2100)
_WEEKDAY = re.compile(
    r"\((?:[日月火水木金土祝休]|sun|mon|tue|wed|thu|fri|sat)[曜日]*\)|[日月火水木金土]曜日?", re.IGNORECASE
)
_WESTERN = re.compile(r"(\d{4})[-/.年]\s*(\d{1,2})[-/.月]\s*(\d{1,2})日?(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?=\Z|[T\s_]|\d{4}\Z)")
_ERA = re.compile(
    r"((?:昭和|平成|令和|[SHR])\.?\s*(?:元|\d{1,2}))[-/.年]\s*(\d{1,2})[-/.月]\s*(\d{1,2})日?(?!\d)", re.IGNORECASE
)
_MONTH_DAY = re.compile(r"(\d{1,2})[/月]\s*(\d{1,2})日?(?![\d/])")
_DAY_ONLY = re.compile(r"(\d{1,2})日?\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?|(\d{1,2})時(?:(\d{1,2})分|(半))?")
_HHMM = re.compile(r"([01]\d|2[0-4])([03]0)\Z")
_DASH = r"(?:[~〜\-‐–—―−ー]|から|to)"
_NUMBERED = re.compile(r"第?(\d{1,4})(?:\.0)?(?:コマ目?|時限)?|コマ(\d{1,2})")
_HERE = re.compile(r"(?:\+09:?00|\s*jst)\Z", re.IGNORECASE)
_TITLE_YEAR = re.compile(
    r"(?:(\d{4})|((?:昭和|平成|令和)(?:元|\d{1,2})|(?<![a-z])[shr](?:元|\d{1,2})(?=[年.])))[年/.\-](度|\d{1,2})?"
)
_NOTHING = {
    "欠測",
    "欠損",
    "欠",
    "*",
    "**",
    "***",
    "×",
    "x",
    "/",
    "nan",
    "null",
    "none",
    "n/a",
    "#n/a",
    "停電",
    "停止",
    "…",
}
_THOUSANDS = re.compile(r"[-+△▲]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?\Z")
_PLAIN_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\Z")
_POINT_SKIPPED = re.compile(r"[\s\-‐–—―−ー'\"]+")
_DAMAGED = re.compile(r"\d(?:\.\d+)?e\+?\d{2}\Z", re.IGNORECASE)


class Clock(NamedTuple):
    """Minutes of the day and what they are: a begin, an end, a bare time, or the number of a half hour; and the step, 0 if not said."""

    minute: int
    kind: Kind
    step: int = 0


@dataclass(frozen=True)
class TitleYear:
    """Which year rows without one belong to: of a title such as 2025年度, 令和7年4月分."""

    year: int
    month: int = 0
    fiscal: bool = False

    def of(self, month: int) -> int:
        """The calendar year of a month: the one that begins with the title's month."""
        return self.year + int(month < (4 if self.fiscal else self.month))


def spoken(cell: object) -> str:
    """The cell as plain text, in normal width."""
    if isinstance(cell, str):
        return cell.strip() if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()
    return text_of(cell)


def title_year(text: str) -> TitleYear | None:
    """The first year that a title names."""
    match = _TITLE_YEAR.search(text)
    if match is None:
        return None
    western, era, rest = match.groups()
    try:
        year = int(western) if western else int(values.year(era) or 0)
    except ValueError:
        return None
    if not YEARS[0] <= year <= YEARS[1]:
        return None
    month = int(rest) if rest and rest != "度" else 0
    return TitleYear(year, month if month <= 12 else 0, rest == "度")


def _ordinal(year: int, month: int, day: int) -> int | None:
    """Days from 1970-01-01."""
    if not YEARS[0] <= year <= YEARS[1]:
        return None
    try:
        return dt.date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def _begin_of_text(text: str, title: TitleYear | None) -> tuple[int | None, str]:
    """The day that a text begins with, and what follows it."""
    for pattern in (_WESTERN, _COMPACT):
        match = pattern.match(text)
        if match:
            return _ordinal(*(int(part) for part in match.groups())), text[match.end() :]
    match = _ERA.match(text)
    if match:
        try:
            year = int(values.year(match[1]) or 0)
        except ValueError:
            return None, ""
        return _ordinal(year, int(match[2]), int(match[3])), text[match.end() :]
    match = _MONTH_DAY.match(text)
    if match and title is not None:
        return _ordinal(title.of(int(match[1])), int(match[1]), int(match[2])), text[match.end() :]
    match = _DAY_ONLY.match(text)
    if match and title is not None and title.month:
        return _ordinal(title.year, title.month, int(match[1])), ""
    return None, ""


def day_of(cell: object, title: TitleYear | None = None) -> int | None:
    """Days from 1970-01-01 that a cell names, None where it names no day and nothing but one."""
    found = stamp_of_cell(cell, title)
    return found[0] if found is not None and found[1] is None else None


def needs_year(cell: object) -> bool:
    """Whether the cell names month and day alone."""
    text = _WEEKDAY.sub("", spoken(cell)).strip()
    return len(text) <= _LONGEST and _MONTH_DAY.fullmatch(text) is not None


def stamp_of_cell(cell: object, title: TitleYear | None = None) -> tuple[int, Clock | None] | None:
    """The day of a cell, and the time where it has one.

    Returns
    -------
    (days from 1970-01-01, time) or None
        The time is None where the cell is a day alone. A spreadsheet's midnight is a day alone too.
    """
    if isinstance(cell, dt.datetime):
        day = _ordinal(cell.year, cell.month, cell.day)
        minute = _rounded(cell.hour, cell.minute, cell.second + cell.microsecond / 1e6)
        if day is None or minute is None:
            return None
        if minute.kind == "bare" and minute.minute in (0, DAY):
            return day + minute.minute // DAY, None
        return day, minute
    if isinstance(cell, dt.date):
        day = _ordinal(cell.year, cell.month, cell.day)
        return None if day is None else (day, None)
    text = spoken(cell)
    if not text or len(text) > _LONGEST or not any(sign.isdigit() for sign in text[:6]):
        return None
    day, rest = _begin_of_text(text, title)
    if day is None:
        return None
    rest = _WEEKDAY.sub("", rest).strip().removeprefix("T").strip(" _")
    if not rest:
        return day, None
    if _HHMM.match(rest):
        return day, Clock(int(rest[:2]) * 60 + int(rest[2:]), "bare")
    clock = clock_of(_HERE.sub("", rest))
    return None if clock is None or clock.kind == "number" else (day, clock)


def _rounded(hour: int, minute: int, second: float) -> Clock | None:
    """A time to the minute; 0:29:59 is the end of the half hour."""
    if second > 58.5:
        # Excel's fractions of a day may fall a microsecond short of the full minute.
        return Clock(hour * 60 + minute + 1, "bare" if second > 59.5 else "end")
    total = hour * 60 + minute
    return Clock(total, "bare") if second < 0.5 and minute < 60 and total <= DAY else None


def clock_of(cell: object) -> Clock | None:
    """The time or the half hour's number that a cell names: ``0:30``, ``0:00~0:30``, ``24:00``, ``0時30分``, ``1``, ``コマ1``."""
    if isinstance(cell, dt.datetime):
        # 24:00 in a cell of times, counted from Excel's day nought.
        return Clock(DAY, "bare") if cell.year <= 1900 and (cell.hour, cell.minute) == (0, 0) else None
    if isinstance(cell, dt.time):
        return _rounded(cell.hour, cell.minute, cell.second + cell.microsecond / 1e6)
    if isinstance(cell, dt.timedelta):
        minutes = cell.total_seconds() / 60.0
        return Clock(round(minutes), "bare") if 0.0 <= minutes <= DAY else None
    if isinstance(cell, float) and 0.0 < cell < 1.0:
        return Clock(round(cell * DAY), "bare")
    text = spoken(cell).lower()
    if not text or len(text) > _LONGEST:
        return None
    match = _NUMBERED.fullmatch(text)
    if match:
        return Clock(int(match[1] or match[2]), "number")
    return _range_of(text)


def _range_of(text: str) -> Clock | None:
    """A time as text, or two of them."""
    if not text[0].isdigit():
        after = re.match(_DASH, text)
        end = _one_clock(text[after.end() :].strip()) if after else None
        return None if end is None else Clock(end.minute, "end")
    match = _CLOCK.match(text)
    begin = _one_clock(match.group()) if match else None
    if match is None or begin is None:
        return None
    rest = text[match.end() :].strip()
    if not rest:
        return begin
    if rest in ("まで", "迄"):
        return Clock(begin.minute, "end")
    dash = re.match(_DASH, rest)
    if dash is None:
        return None
    rest = rest[dash.end() :].strip()
    if not rest:
        return Clock(begin.minute, "begin")
    end = _one_clock(rest)
    # 23:30-0:00 ends at midnight, and 0:00-0:29 with its last minute.
    if end is None:
        return None
    step = (end.minute - begin.minute) % DAY
    return Clock(begin.minute, "begin", step + step % 2)


def _one_clock(text: str) -> Clock | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second, hour_ja, minute_ja, half = match.groups()
    total_minutes = int(minute or minute_ja or (30 if half else 0))
    return _rounded(int(hour or hour_ja), total_minutes, float(second or 0)) if total_minutes < 60 else None


def figure_of(cell: object) -> float:
    """A figure; NaN where the cell says that there is none.

    Raises
    ------
    ValueError
        It says something else.
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if isinstance(cell, float) and math.isinf(cell):
            raise ValueError(str(cell))
        return float(cell)
    if cell is None:
        return math.nan
    if isinstance(cell, str) and _PLAIN_NUMBER.match(cell):
        return _finite(float(cell))
    text = spoken(cell).lower()
    if not text or text in _NOTHING or is_missing(text):
        return math.nan
    # 0,512 is no thousand, and a reader that took it for one would be wrong by a thousand.
    if "," in text and not _THOUSANDS.match(text):
        raise ValueError(text)
    return _finite(float("nan" if (found := values.number(text)) is None else found))


def _finite(value: float) -> float:
    if math.isinf(value):
        raise ValueError(str(value))
    return value


def is_damaged_point(cell: object) -> bool:
    """Whether a spreadsheet has made a rounded number of the digits (2.2E+21)."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return abs(cell) >= 1e15
    return _DAMAGED.search(spoken(cell)) is not None


def point_of(cell: object) -> str:
    """The supply point's 22 digits without hyphens; other identifiers as they are."""
    text = spoken(cell)
    digits = _POINT_SKIPPED.sub("", text)
    if digits.isdigit() and len(digits) == 22:
        return digits
    return "" if is_missing(text) else text.strip("'\"")[:_LONGEST]
