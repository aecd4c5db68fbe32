"""Half-hourly tables of the electricity business that are no meter, known by the words at their head."""

from __future__ import annotations

import re

from kawasolar.errors import UnreadableMeters

# In this order: a file of imbalances speaks of areas too, and one of the market of both.
_KINDS = (
    ("meters.is_imbalance", re.compile(r"インバランス|imbalance")),
    (
        "meters.is_market",
        re.compile(
            r"エリアプライス|システムプライス|約定総量|約定価格|入札量|スポット(?:価格|市場|取引)|jepx|areaprice|systemprice"
        ),
    ),
    (
        "meters.is_area_demand",
        re.compile(
            r"万kwh?|エリア需要|area_?demand|でんき予報|ピーク時(?:供給力|予想)|供給力|供給実績|予備率|mw平均|使用率\(%\)|原子力.*火力|火力.*水力"
        ),
    ),
)


def check_is_meter(head: str, file: str, row: int) -> None:
    """Refuse what is known not to be a meter.

    Parameters
    ----------
    head : titles and headings, made plain
    row : of the text, for the message

    Raises
    ------
    UnreadableMeters
        ``meters.is_area_demand``, ``meters.is_market`` or ``meters.is_imbalance``
    """
    for code, pattern in _KINDS:
        match = pattern.search(head)
        if match:
            raise UnreadableMeters(code, file=file, row=row, found=match.group()[:40])
