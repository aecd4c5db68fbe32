"""Time stamps of a user's own hourly CSV: which hour of the year each row is, and whether stamps begin or end it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kawasolar.errors import UnreadableWeather
from kawasolar.weather.place import comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.weather.hourly_headings import Headings
    from kawasolar.weather.text import Lines

    Array = NDArray[np.float64]

Label = Literal["begin", "middle", "end"]

_STAMP = re.compile(
    r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?[T\s]*"
    r"(\d{1,2})(?:(?::(\d{2})(?::(\d{2})(?:\.0+)?)?)|時(?:(\d{1,2})分)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_LABELS: dict[str, Label] = {
    "begin": "begin",
    "start": "begin",
    "始": "begin",
    "middle": "middle",
    "中": "middle",
    "end": "end",
    "終": "end",
}


@dataclass(frozen=True)
class Stamps:
    """Time of each row as the file has it.

    Attributes
    ----------
    month, day, hour : hour 0…24
    label : whether a stamp begins, halves or ends its hour
    told : whether the file says so itself
    utc_offset : minutes ahead of UTC that the stamps name themselves; None where they do not
    """

    month: Array
    day: Array
    hour: Array
    label: Label
    told: bool
    utc_offset: int | None


def read_stamps(rows: Sequence[Sequence[str]], headings: Headings, lines: Lines, numbers: Sequence[int]) -> Stamps:
    """Months, days and hours of all rows.

    Parameters
    ----------
    rows : fields of each row
    numbers : number of the line of each row

    Raises
    ------
    UnreadableWeather
        a stamp is no time, minutes or zones change from row to row, or nothing tells whether hours begin or end there
    """
    parts = [_parse(_text(row, headings.times), lines.file, number) for row, number in zip(rows, numbers, strict=True)]
    minutes = {part[3] for part in parts}
    zones = {part[4] for part in parts}
    if len(minutes) > 1 or not minutes <= {0, 30} or len(zones) > 1:
        mixed = next(at for at, part in enumerate(parts) if part[3:] != parts[0][3:] or part[3] not in (0, 30))
        text = _text(rows[mixed], headings.times)
        raise UnreadableWeather("weather.stamps_mixed", file=lines.file, line=int(numbers[mixed]), found=text[:40])
    month, day, hour = (np.array([part[at] for part in parts], dtype=np.float64) for at in range(3))
    zone = 0 if headings.utc and zones == {None} else next(iter(zones))
    label, told = _label(lines, hour, halves=minutes == {30})
    return Stamps(month, day, hour, label, told, zone)


def _text(row: Sequence[str], times: dict[str, int]) -> str:
    """The stamp of a row as one text."""
    if "month" in times:
        return f"{row[times['month']]}/{row[times['day']]} {row[times['hour']]}"
    if "date" in times:
        return f"{row[times['date']]} {row[times['clock']]}"
    return row[times["stamp"]]


def _parse(text: str, file: str, number: int) -> tuple[int, int, int, int, int | None]:
    """Month, day, hour, minute, and minutes ahead of UTC."""
    match = _STAMP.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise UnreadableWeather("weather.no_stamp", file=file, line=int(number), found=text[:40])
    _, month, day, hour, minute, second, minute_ja, zone = match.groups()
    if int(second or 0):
        raise UnreadableWeather("weather.no_stamp", file=file, line=int(number), found=text[:40])
    return int(month), int(day), int(hour), int(minute or minute_ja or 0), _offset(zone)


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "Z":
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 60 + int(zone[-2:]))


def _label(lines: Lines, hour: Array, *, halves: bool) -> tuple[Label, bool]:
    """Begin or end of the hour: by what the file says, by half hours, by an hour 24, else by the first row of the year.

    A year of labels from 0:00 to 23:00 begins its hours there, one from 1:00 to 0:00 ends them there.
    """
    said = comment(lines, "label")
    if said is not None:
        label = next((label for word, label in _LABELS.items() if word in said.lower()), None)
        if label is None:
            raise UnreadableWeather("weather.label_unknown", file=lines.file, found=said[:40])
        return label, True
    if halves:
        return "middle", True
    if (hour == 24.0).any():
        return "end", True
    if hour[0] not in (0.0, 1.0):
        raise UnreadableWeather("weather.label_unknown", file=lines.file, found=f"{hour[0]:g}:00")
    return ("begin" if hour[0] == 0.0 else "end"), False
