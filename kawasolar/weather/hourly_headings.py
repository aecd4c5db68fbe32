"""Headings of a user's own hourly CSV: which column holds what, in which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kawasolar.errors import UnreadableWeather
from kawasolar.weather.text import plain, split_row

if TYPE_CHECKING:
    from kawasolar.weather.text import Lines

# Words of each column, in Japanese and English; a heading counts by the first column whose words it has.
_WORDS: dict[str, tuple[str, ...]] = {
    "ghi": ("全天日射", "水平面日射", "globalhorizontal", "globalirradia", "ghi"),
    "beam_horizontal": ("水平面直達", "directhorizontal", "beamhorizontal", "beam_horizontal"),
    "dni": ("直達日射", "directnormal", "dni"),
    "dhi": ("散乱日射", "diffuse", "dhi"),
    "temp_air": ("気温", "temp_air", "airtemp", "temperature", "drybulb", "t2m"),
    "wind_speed": ("風速", "windspeed", "wind_speed", "ws10m"),
    "snow_depth": ("積雪", "snowdepth", "snow_depth"),
}
_EXACT: dict[str, str] = {"日射量": "ghi", "temp": "temp_air", "wind": "wind_speed"}
# Dew point, module temperature, gusts: other quantities with the same words.
_OTHERS = ("露点", "湿球", "最大", "瞬間", "地中", "dew", "wet", "cell", "module", "gust", "max")
RADIATION = ("ghi", "dni", "dhi", "beam_horizontal")
_STAMPS = ("time", "datetime", "date_time", "date/time", "timestamp", "日時", "年月日時", "年月日時刻", "観測日時")
_DATES = ("date", "日付", "年月日")
_CLOCKS = ("time", "時刻", "時間")
_PARTS: dict[str, tuple[str, ...]] = {
    "month": ("month", "月"),
    "day": ("day", "日"),
    "hour": ("hour", "時", "時刻", "時間"),
}
# W/m² in the hour for one unit; a number before it, as in 0.01 MJ/m², multiplies.
_UNIT = re.compile(
    r"(?<![a-z])(?P<number>\d+(?:\.\d+)?)?(?P<unit>mj|kj|j|kwh|wh|kw|w)[/·・⋅.]?m(?:\^?2|\^?-2)"
    r"(?:[/·・⋅.]?(?:h|hr|hour|時|時間))?(?![/·・⋅.]?(?:d|日|month|月|year|年|min|分|s))"
)
_WATTS = {
    "mj": 1e6 / 3600.0,
    "kj": 1e3 / 3600.0,
    "j": 1.0 / 3600.0,
    "kwh": 1e3,
    "wh": 1.0,
    "kw": 1e3,
    "w": 1.0,
}
# Where the heading gives a unit in brackets it must be this; without one it is this.
_ONLY_UNIT: dict[str, tuple[str, ...]] = {
    "temp_air": ("°c", "c", "degc", "度", "celsius", "摂氏"),
    "wind_speed": ("m/s", "ms-1", "m·s-1", "m・s-1", "m/sec", "メートル毎秒"),
    "snow_depth": ("cm", "センチ"),
}
_SHOULD_BE = {"temp_air": "°C", "wind_speed": "m/s", "snow_depth": "cm"}


@dataclass(frozen=True)
class Headings:
    """Where what stands.

    Attributes
    ----------
    row : position of the heading among the lines
    texts : headings, made plain
    columns : weather column -> position of the field
    factors : radiation column -> W/m² for one unit of the file
    times : ``stamp``, or ``date`` and ``clock``, or ``month``, ``day``, ``hour`` -> position of the field
    utc : whether the heading says that the time is UTC
    normal_assumed : whether the direct irradiance is only taken to be normal to the beam
    """

    row: int
    texts: tuple[str, ...]
    columns: dict[str, int]
    factors: dict[str, float]
    times: dict[str, int]
    utc: bool
    normal_assumed: bool


def find_headings(lines: Lines) -> int | None:
    """Position of a line among the first that heads an hourly table with radiation, if there is one."""
    for at, row in enumerate(lines.rows[:10]):
        texts = [plain(field) for field in split_row(row)]
        if _times(texts) and any(_column(text) in RADIATION for text in texts):
            return at
    return None


def read_headings(lines: Lines, at: int) -> Headings:
    """What the line of headings says.

    Raises
    ------
    UnreadableWeather
        a column is missing or there twice, or a unit is missing or unknown
    """
    texts = tuple(plain(field) for field in split_row(lines.rows[at]))
    number = lines.numbers[at]
    columns: dict[str, int] = {}
    for position, text in enumerate(texts):
        name = _column(text)
        if name is None:
            continue
        if name in columns:
            raise UnreadableWeather("weather.column_twice", file=lines.file, line=number, column=name)
        columns[name] = position
    _all_there(columns, lines.file, number)
    factors = {name: _factor(texts[columns[name]], lines.file, number) for name in RADIATION if name in columns}
    for name in _ONLY_UNIT.keys() & columns.keys():
        _unit_is_known(texts[columns[name]], name, lines.file, number)
    times = _times(list(texts))
    heading = texts[columns["dni"]] if "dni" in columns else "法線"
    return Headings(
        row=at,
        texts=texts,
        columns=columns,
        factors=factors,
        times=times,
        utc=any(re.search(r"utc|gmt|協定世界時", texts[position]) for position in times.values()),
        normal_assumed=not re.search("法線|normal|dni", heading),
    )


def _all_there(columns: dict[str, int], file: str, number: int) -> None:
    """Global, or both of its parts; temperature and wind."""
    missing = [name for name in ("temp_air", "wind_speed") if name not in columns]
    if "ghi" not in columns and not ("dhi" in columns and ("dni" in columns or "beam_horizontal" in columns)):
        missing.insert(0, "ghi")
    if missing:
        raise UnreadableWeather("weather.no_hourly_column", file=file, line=number, column=missing[0])


def _column(text: str) -> str | None:
    """Which column a heading is of."""
    if any(word in text for word in _OTHERS):
        return None
    if "直達" in text and "水平" in text:
        return "beam_horizontal"
    word = re.split(r"[(\[]", text)[0]
    return _EXACT.get(word) or next((name for name, words in _WORDS.items() if any(w in text for w in words)), None)


def _times(texts: list[str]) -> dict[str, int]:
    """Fields that tell the time; empty where they do not tell the hour."""
    words = [re.split(r"[(\[]", text)[0] for text in texts]

    def find(names: tuple[str, ...]) -> int | None:
        return next((at for at, word in enumerate(words) if word in names), None)

    parts = {name: find(names) for name, names in _PARTS.items()}
    if all(at is not None for at in parts.values()):
        return {name: at for name, at in parts.items() if at is not None}
    date, clock, stamp = find(_DATES), find(_CLOCKS), find(_STAMPS)
    if date is not None and clock is not None:
        return {"date": date, "clock": clock}
    alone = stamp if stamp is not None else date
    return {} if alone is None else {"stamp": alone}


def _factor(text: str, file: str, number: int) -> float:
    """W/m² for one unit that the heading names; a unit is never guessed."""
    match = _UNIT.search(text.replace("_", "/"))
    if match is None:
        raise UnreadableWeather("weather.no_hourly_unit", file=file, line=number, found=text[:40])
    return float(match["number"] or 1.0) * _WATTS[match["unit"]]


def _unit_is_known(text: str, name: str, file: str, number: int) -> None:
    units = re.findall(r"[(\[]([^)\]]*)[)\]]", text)
    if units and not any(unit in _ONLY_UNIT[name] for unit in units):
        raise UnreadableWeather(
            "weather.unit_unknown", file=file, line=number, column=name, found=text[:40], expected=_SHOULD_BE[name]
        )
