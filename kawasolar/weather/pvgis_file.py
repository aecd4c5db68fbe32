"""What PVGIS writes, CSV or JSON, typical year or hourly series, as one table of text and numbers.

CSV: ``Latitude (decimal degrees): 35.600`` and more such lines, a line of columns that begins with ``time``, rows that
begin with a stamp ``20050101:0010`` in UTC, then a legend. JSON: ``inputs``, ``outputs`` (``tmy_hourly`` or ``hourly``:
one record an hour), ``meta``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kawasolar.errors import UnreadableWeather
from kawasolar.weather.table import LEAP_HOURS, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.weather.text import Lines

    Array = NDArray[np.float64]

CSV_HEADER = re.compile(r"^\s*Latitude \(decimal degrees\)\s*:", re.IGNORECASE)
STAMP = re.compile(r"(\d{4})(\d{2})(\d{2}):(\d{2})(\d{2})")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_HEAD_LINES = 60
# Twenty years of hourly records hold 0.2 million objects and 1.8 million values; what holds many more is something else
# and is refused before it takes memory.
_MAX_OBJECTS, _MAX_VALUES = 600_000, 5_000_000
_MAX_ROWS = 50 * LEAP_HOURS
_KEYS = {
    "latitude": "latitude (decimal degrees)",
    "longitude": "longitude (decimal degrees)",
    "altitude": "elevation (m)",
    "database": "radiation database",
    "offset": "irradiance time offset (h)",
    "slope": "slope",
}


@dataclass(frozen=True)
class PvgisTable:
    """One file of PVGIS.

    Attributes
    ----------
    file : name shown to the user
    typical : a typical year, else an hourly series of one or more years
    head : latitude, longitude, altitude, database, offset, slope as text, where the file says them
    stamps : ``20050101:0010`` of each row, UTC
    columns : PVGIS's names, without those of the time
    numbers : line, or record of a JSON, of each row
    """

    file: str
    typical: bool
    head: Mapping[str, str]
    stamps: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: Sequence[int]
    _rows: Sequence[list[str]] | Sequence[dict[str, Any]]

    def column(self, name: str, code: str, rows: Sequence[int]) -> Array:
        """Numbers of one column of some rows; NaN where nothing stands.

        Parameters
        ----------
        name : PVGIS's name
        code : ours, for messages

        Raises
        ------
        UnreadableWeather
            the column is missing or a value is no number
        """
        if name not in self.columns:
            raise UnreadableWeather("weather.pvgis_column", file=self.file, column=code, found=name)
        texts = [self._text(at, name) for at in rows]
        return numbers(texts, code, self.file, [self.numbers[at] for at in rows])

    def _text(self, at: int, name: str) -> str:
        row = self._rows[at]
        if isinstance(row, dict):
            return str(row.get(name))
        position = self.columns.index(name) + 1
        return str(row[position]) if position < len(row) else ""


def read_csv(lines: Lines) -> PvgisTable:
    """Read a CSV of PVGIS.

    Raises
    ------
    UnreadableWeather
        no line of columns, no rows, or a row in their midst that is none
    """
    at = next((k for k, row in enumerate(lines.rows[:_HEAD_LINES]) if row.lstrip().lower().startswith("time")), None)
    if at is None:
        raise UnreadableWeather("weather.pvgis_no_table", file=lines.file, line=lines.numbers[-1])
    if len(lines.rows) > _MAX_ROWS:
        raise UnreadableWeather("weather.pvgis_too_large", file=lines.file, found=f"{len(lines.rows):,}")
    said: dict[str, str] = {}
    for row in lines.rows[:at]:
        key, _, value = row.partition(":")
        said[key.strip().lower()] = value.strip()
    names = tuple(name.strip() for name in lines.rows[at].split(","))
    rows = [row.split(",") for row in lines.rows[at + 1 :]]
    stamped = np.array([STAMP.fullmatch(row[0].strip()) is not None for row in rows], dtype=np.bool_)
    if not stamped.any():
        raise UnreadableWeather("weather.pvgis_no_table", file=lines.file, line=lines.numbers[-1])
    # Below the rows stands the legend; between them nothing else may stand.
    last = int(np.flatnonzero(stamped)[-1]) + 1
    wrong = np.flatnonzero(~stamped[:last] | np.array([len(row) < len(names) for row in rows[:last]], dtype=np.bool_))
    if wrong.size:
        raise UnreadableWeather(
            "weather.short_row",
            file=lines.file,
            line=lines.numbers[at + 1 + int(wrong[0])],
            found=len(rows[int(wrong[0])]),
            expected=len(names),
        )
    return PvgisTable(
        file=lines.file,
        typical="(utc)" in names[0].lower(),
        head={name: said[key] for name, key in _KEYS.items() if key in said},
        stamps=tuple(row[0].strip() for row in rows[:last]),
        columns=names[1:],
        numbers=lines.numbers[at + 1 : at + 1 + last],
        _rows=rows[:last],
    )


def read_json(lines: Lines) -> PvgisTable:
    """Read a JSON of PVGIS.

    Raises
    ------
    UnreadableWeather
        no JSON, far too many values in it, nested too deep, or not what PVGIS writes
    """
    content = _load(lines)
    outputs, inputs = _mapping(content, "outputs"), _mapping(content, "inputs")
    typical = "tmy_hourly" in outputs
    key, stamp = ("tmy_hourly", "time(UTC)") if typical else ("hourly", "time")
    rows = outputs.get(key)
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise UnreadableWeather("weather.pvgis_no_table", file=lines.file, line=lines.numbers[-1])
    stamps = tuple(str(row.get(stamp)) for row in rows)
    wrong = next((at for at, text in enumerate(stamps) if STAMP.fullmatch(text) is None), None)
    if wrong is not None:
        raise UnreadableWeather("weather.no_stamp", file=lines.file, line=wrong + 1, found=stamps[wrong][:40])
    return PvgisTable(
        file=lines.file,
        typical=typical,
        head=_json_head(inputs),
        stamps=stamps,
        columns=tuple(name for name in rows[0] if name != stamp),
        numbers=range(1, len(rows) + 1),
        _rows=rows,
    )


def _load(lines: Lines) -> dict[str, Any]:
    # Half a surrogate pair can be written in JSON, and nowhere be shown or saved.
    text = _SURROGATE.sub("?", "\n".join(lines.rows).lstrip("\ufeff"))
    objects, values = text.count("{") + text.count("["), text.count(",")
    if objects > _MAX_OBJECTS or values > _MAX_VALUES:
        raise UnreadableWeather("weather.pvgis_too_large", file=lines.file, found=f"{max(objects, values):,}")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = lines.numbers[min(getattr(error, "lineno", 1), len(lines.numbers)) - 1]
        raise UnreadableWeather("weather.json_broken", file=lines.file, line=line) from error
    if not isinstance(content, dict) or "outputs" not in content:
        raise UnreadableWeather("weather.unknown_format", file=lines.file, found=text[:60])
    return content


def _mapping(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _json_head(inputs: dict[str, Any]) -> dict[str, str]:
    location, meteo = _mapping(inputs, "location"), _mapping(inputs, "meteo_data")
    slope = _mapping(_mapping(_mapping(inputs, "mounting_system"), "fixed"), "slope")
    said = {
        "latitude": location.get("latitude"),
        "longitude": location.get("longitude"),
        "altitude": location.get("elevation"),
        "offset": location.get("irradiance_time_offset"),
        "database": meteo.get("radiation_db"),
        "slope": slope.get("value"),
    }
    return {name: str(value) for name, value in said.items() if value is not None}
