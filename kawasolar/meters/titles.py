"""What the lines above a table say: whose meter it is, which year and month, in which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kawasolar.errors import UnreadableMeters
from kawasolar.meters.cells import is_damaged_point, point_of, spoken, title_year
from kawasolar.meters.headings import OTHERS, unit_of
from kawasolar.weather.text import plain

if TYPE_CHECKING:
    from kawasolar.ledger.headings import Row
    from kawasolar.meters.cells import TitleYear
    from kawasolar.meters.headings import Label, Unit

_POINT = re.compile(r"供給地点特定番号|供給地点番号|地点特定番号|供給地点|supply_?point")
_NAME = re.compile(r"(?:施設名称?|需要場所名?|使用場所|ご?契約名義|件名|需要家名|お客様名|facility)(?:[:=]|$)")
_CONTRACT = re.compile(r"契約(?:電力|容量|最大電力)(?:\(kw\))?[:=]?([\d,.]*)")
# When the file was made says nothing of when the meter ran.
_MADE = re.compile(r"作成|出力|発行|更新|印刷|取得|ダウンロード")
_OTHER = re.compile(r"(?:逆潮流?|発電|売電|余剰|無効)(?:電力)?(?:量|値|\(|$)")
_OURS = re.compile(r"使用|需要|買電|順潮")
_SEPARATED = re.compile(r"[::=]")
_DIGITS_22 = re.compile(r"(?<!\d)(?:\d[-‐–ー ]?){21}\d(?!\d)")


@dataclass(frozen=True)
class Titles:
    """What stands until another line says otherwise.

    Attributes
    ----------
    point, name : of the meter
    year : which year rows without one belong to
    unit, factor : of the figures below
    contract_kw : contracted power, 0 where it is not given
    label : whether times begin or end the half hour, where a note says so
    other : the tables below are of what is fed in or generated
    """

    point: str = ""
    name: str = ""
    year: TitleYear | None = None
    unit: Unit = ""
    factor: float = 1.0
    contract_kw: float = 0.0
    label: Label = ""
    other: bool = False

    def after(self, row: Row, file: str, number: int) -> Titles:
        """With what one more line says.

        Raises
        ------
        UnreadableMeters
            ``meters.point_damaged``
        """
        cells = [spoken(cell) if not isinstance(cell, float) else cell for cell in row[:60]]
        found = self
        for at, cell in enumerate(cells):
            if isinstance(cell, str) and cell:
                following = next((other for other in cells[at + 1 : at + 4] if other not in ("", None)), "")
                found = found._with(cell, following, file, number)
        return found

    def _with(self, text: str, following: object, file: str, number: int) -> Titles:
        key = plain(text)
        if _POINT.search(key):
            return replace(self, point=_point(text, following, file, number))
        if _NAME.search(key):
            own = _SEPARATED.split(text, maxsplit=1)[1:]
            return replace(self, name=(own[0] if own and own[0].strip() else spoken(following)).strip()[:80])
        contract = _CONTRACT.search(key)
        if contract:
            return replace(self, contract_kw=_power(contract[1] or plain(spoken(following))))
        year = None if _MADE.search(key) else title_year(key)
        unit, factor = ("", 1.0) if OTHERS.search(key) else unit_of(key)
        label: Label = "end" if "終了時" in key else "begin" if "開始時" in key else ""
        return replace(
            self,
            year=year or self.year,
            unit=unit or self.unit,  # type: ignore[arg-type]
            factor=factor if unit else self.factor,
            label=label or self.label,
            other=(self.other or _OTHER.search(key) is not None) and _OURS.search(key) is None,
        )


def _point(text: str, following: object, file: str, number: int) -> str:
    whole = _DIGITS_22.search(text)
    if whole:
        return point_of(whole.group())
    own = _SEPARATED.split(text, maxsplit=1)[1:]
    cell = own[0] if own and own[0].strip() else following
    if is_damaged_point(cell):
        raise UnreadableMeters("meters.point_damaged", file=file, row=number, found=str(cell)[:40])
    return point_of(cell)


def _power(text: str) -> float:
    match = re.match(r"[\d,]+(?:\.\d+)?", text)
    try:
        return float(match.group().replace(",", "")) if match else 0.0
    except ValueError:
        return 0.0
