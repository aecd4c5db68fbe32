"""From a file to numbered lines of text, whatever wrote it; nothing but text gets through."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kawasolar.errors import UnreadableWeather

if TYPE_CHECKING:
    from pathlib import Path

# A year of hours takes 0.3 to 2.5 MB in all the formats; what is far larger is something else.
MAX_BYTES = 50_000_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Control characters that no text file has; tab, line feed, carriage return and Ctrl-Z (DOS end of file) may stand.
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 26})


@dataclass(frozen=True)
class Lines:
    """Lines of a file without comments and blank lines, each with its number as the user counts.

    Attributes
    ----------
    file : name shown to the user
    rows : text of each line
    numbers : its number in the file, from 1
    comments : ``key -> value`` of the leading ``# key=value`` lines
    """

    file: str
    rows: tuple[str, ...]
    numbers: tuple[int, ...]
    comments: dict[str, str]


def read_lines(path: Path) -> Lines:
    """Read a text file in UTF-8, cp932, UTF-16 or Latin-1.

    Raises
    ------
    UnreadableWeather
        missing, locked, a folder, over 50 MB (refused before it is read), empty, or no text
    """
    text = _decode(path.name, _read(path))
    rows: list[str] = []
    numbers: list[int] = []
    comments: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip("\x1a\ufeff \t")
        # A spreadsheet puts a comment with a comma in quotes, and commas behind one without.
        comment = stripped.strip('",; ')
        if comment.startswith("#"):
            key, separator, value = comment.lstrip("# ").partition("=")
            if separator:
                comments[key.strip().lower()] = value.strip(' "')
        elif stripped.strip(","):
            rows.append(line)
            numbers.append(number)
    if not rows:
        raise UnreadableWeather("weather.empty", file=path.name)
    return Lines(path.name, tuple(rows), tuple(numbers), comments)


def plain(heading: str) -> str:
    """Full-width forms and ㎡ made plain, lower case, without spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", heading).lower())


def split_row(row: str) -> list[str]:
    """Fields of one line, separated by commas, or by tabs where it has no comma; none where they are no table's."""
    separator = "\t" if "\t" in row and "," not in row else ","
    try:
        return [field.strip() for field in next(csv.reader([row], delimiter=separator), [])]
    except csv.Error:
        # A field of more than 131,072 characters.
        return []


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UnreadableWeather("weather.is_folder", file=path.name)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableWeather(
                "weather.too_large", file=path.name, found=round(size / 1e6), expected=MAX_BYTES // 1_000_000
            )
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except FileNotFoundError as error:
        raise UnreadableWeather("weather.missing", file=str(path)) from error
    except PermissionError as error:
        raise UnreadableWeather("weather.locked", file=path.name) from error
    except OSError as error:
        raise UnreadableWeather("weather.unreadable", file=path.name, found=error.strerror or str(error)) from error


def _decode(file: str, raw: bytes) -> str:
    if not raw.strip():
        raise UnreadableWeather("weather.empty", file=file)
    if raw.startswith(_UTF16):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise UnreadableWeather("weather.not_text", file=file) from error
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        raise UnreadableWeather("weather.not_text", file=file)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    # EPW headers of European stations; every byte has a meaning, so this comes last.
    return raw.decode("latin-1")
