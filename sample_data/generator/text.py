"""How officials write: 和暦 in several forms, 全角 digits, thousands separators; CSV in cp932 with CRLF."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ERAS = ((2019, "R", "令和"), (1989, "H", "平成"), (1926, "S", "昭和"))


def wide(text: str) -> str:
    """Digits in 全角."""
    return text.translate(_WIDE)


def era(year: int) -> tuple[str, str, str]:
    """Letter, name and year of the era; 元 for the first year."""
    for begin, letter, name in _ERAS:
        if year >= begin:
            n = year - begin + 1
            return letter, name, "元" if n == 1 else str(n)
    raise ValueError(f"{year} lies before 昭和")


def fiscal(year: int, rng: np.random.Generator) -> str:
    """A fiscal year in one of the forms that ledgers mix."""
    letter, name, n = era(year)
    forms = (f"{letter}{n}", f"{name}{n}年度", str(year), f"{name}{n}年", wide(f"{letter}{n}"), f"{year}年度")
    return str(forms[int(rng.choice(len(forms), p=(0.46, 0.22, 0.16, 0.06, 0.06, 0.04)))])


def number(value: float, digits: int, rng: np.random.Generator) -> str:
    """A number with thousands separators, now and then in 全角 digits."""
    text = f"{value:,.{digits}f}"
    return wide(text) if rng.random() < 0.06 else text


def write_csv(path: Path, rows: Iterable[Sequence[object]], encoding: str = "cp932") -> None:
    """Rows as CSV with CRLF; quoted only where needed."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
