"""Days as ledgers write them."""

from __future__ import annotations

import datetime as dt
import re

from kawasolar.ledger.values import text_of, year
from kawasolar.ledger.vocabulary import folded, vocabulary

_DAY = re.compile(
    r"(?P<year>[^\d]{0,2}(?:元|\d{1,4}))(?:年|[./\-])(?P<month>\d{1,2})(?:(?:月|[./\-])(?:(?P<day>\d{1,2})日?)?)?\Z"
)
_COMPACT = re.compile(r"(?P<year>(?:19|20|21)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])\Z")
_FISCAL = re.compile(r"(?P<year>.*)年度末?\Z")
_LONGEST = 40
# A fiscal year of Japan ends with March of the next.
_MARCH = (3, 31)


def day(cell: object) -> dt.date | None:
    """A day: ``2027/3/31``, ``R9.3.31``, ``令和9年3月31日``, ``20270331``, a spreadsheet's date; of a month its last day, of a fiscal year its 31 March.

    Raises
    ------
    ValueError
        it is no day
    """
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    key = folded(text_of(cell))[:_LONGEST]
    if key in vocabulary().missing:
        return None
    found = _COMPACT.match(key) or _DAY.match(key.removesuffix("まで").removesuffix("末"))
    if found is not None:
        number = _year(found["year"])
        month = int(found["month"])
        return dt.date(number, month, int(found["day"])) if found["day"] else _last_of(number, month)
    fiscal = _FISCAL.match(key)
    if fiscal is None:
        raise ValueError(key)
    return dt.date(_year(fiscal["year"]) + 1, *_MARCH)


def _year(text: str) -> int:
    found = year(text if text.isdigit() else f"{text}年")
    if found is None:
        raise ValueError(text)
    return int(found)


def _last_of(number: int, month: int) -> dt.date:
    following = dt.date(number + month // 12, month % 12 + 1, 1)
    return following - dt.timedelta(days=1)
