"""Which row heads a table of half hours, and what its columns are: by their words, never by the file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from kawasolar.meters.cells import Clock, clock_of, figure_of, spoken, stamp_of_cell
from kawasolar.meters.model import DAY, SLOTS
from kawasolar.weather.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.ledger.headings import Row
    from kawasolar.meters.cells import TitleYear

Label = Literal["begin", "end", ""]
Unit = Literal["kwh", "kw", ""]

_POINT = re.compile(
    r"供給地点|地点番号|特定番号|supply_?point|計器番号|計量器番号|メーター番号|契約番号|お客[様さ]ま?番号"
)
_NAME = re.compile(r"施設名|^施設$|需要場所|需要家名|使用場所|件名|名称|名義|^name$|^facility$|^site$")
_SLOT = re.compile(r"コマ|時限|時刻コード|時間帯コード|^slot$|^period$")
_STAMP = re.compile(r"日時|年月日時|time_?stamp|date_?time|date/time")
_DATE = re.compile(r"年月日|日付|対象日|使用日|計量日|測定日|計測日|検針日|^date|^日$|^月日|^day$|開始日$|終了日$")
_CLOCK = re.compile(r"時刻|時間|時分|^time|^start|^end|^from|^to$|begin")
_BEGIN = re.compile(r"開始|始|start|begin|from|自$")
_END = re.compile(r"終了|終|end|until|まで|^to$|至$")
_ENERGY = re.compile(r"使用量|使用電力|電力量|消費電力|消費量|需要量|計量値|consumption|usage|energy")
_POWER = re.compile(r"需要電力|デマンド|平均電力|^電力$|demand|power|load|負荷")
_VALUE = re.compile(r"^値|^数値|value|指示値|30分値|実績")
_UNIT = re.compile(r"(?<![\d.])(?:(?P<scale>千|百万|k|m)|(?<![a-z千万]))(?P<unit>wh|w(?![a-z]))")
_SCALE = {"": 0.001, "k": 1.0, "m": 1000.0, "千": 1.0, "百万": 1000.0}
# Other quantities that stand beside the half hours.
OTHERS = re.compile(
    r"逆潮|発電|売電|余剰|料金|単価|金額|円|力率|無効|var|累積|累計|積算|指針|指数|契約|予測|計画|予想|最大|最小|合計|気温|目標|co2|前年|前日"
)
_SEARCHED = 20


@dataclass(frozen=True)
class Heading:
    """What the columns of a block of rows are.

    Attributes
    ----------
    minutes : of a wide table, minute of the day of each column of figures as it is labelled; empty for a long one
    first : column of the first figure
    date, clock : columns of the day or time stamp, and of the time or number where it stands by itself
    point, name : columns of the supply point and the name
    label : begin or end, where the heading says so
    step : minutes of one figure, 0 where the rows must tell
    unit, factor : what the heading says of the figures, and how many of our units one of them is
    rivals : headings of columns that may as well be the figures
    texts : the headings
    assumed : no heading was there; the columns were told from the rows
    """

    minutes: tuple[int, ...]
    first: int
    date: int
    clock: int | None = None
    point: int | None = None
    name: int | None = None
    label: Label = ""
    step: int = 0
    unit: Unit = ""
    factor: float = 1.0
    texts: tuple[str, ...] = ()
    assumed: bool = False
    rivals: tuple[str, ...] = ()


def label_of(text: str) -> Label:
    """Begin or end, as far as a text says it."""
    return "begin" if _BEGIN.search(text) else "end" if _END.search(text) else ""


def unit_of(text: str, *, words: bool = True) -> tuple[Unit, float]:
    """Unit of a heading or title made plain, and how many kWh or kW one is; of its words where it names none."""
    found = {match["unit"]: _scaled(match["scale"]) for match in _UNIT.finditer(text.replace("万", "?"))}
    if "wh" in found:
        return "kwh", found["wh"]
    if "w" in found:
        return "kw", found["w"]
    if not words:
        return "", 1.0
    if re.search(r"使用量|使用電力量|電力量|消費量", text):
        return "kwh", 1.0
    return ("kw", 1.0) if re.search(r"需要電力|デマンド|平均電力", text) else ("", 1.0)


def _scaled(prefix: str | None) -> float:
    return 1000.0 if prefix == "百万" else _SCALE[prefix or ""]


def find_heading(row: Row) -> Heading | None:
    """What the columns are, where the row is a heading."""
    if len(row) < 2:
        return None
    return _wide(row) or _long(row)


def _columns(texts: Sequence[str], pattern: re.Pattern[str]) -> list[int]:
    return [at for at, text in enumerate(texts) if text and len(text) <= 60 and pattern.search(text)]


def _first(found: list[int]) -> int | None:
    return found[0] if found else None


# ------------------------------------------------------------------------------------------------ wide


def _wide(row: Row) -> Heading | None:
    """A heading with a day's times side by side."""
    if len(row) < 24:
        return None
    for at in range(min(_SEARCHED, len(row) - 23)):
        if clock_of(row[at]) is None:
            continue
        for count, step in ((SLOTS, 30), (24, 60)):
            run = _run([clock_of(cell) for cell in row[at : at + count]], count, step)
            if run is not None:
                return _wide_heading(row, at, *run, step)
    return None


def _run(clocks: list[Clock | None], count: int, step: int) -> tuple[tuple[int, ...], Label] | None:
    """Minutes and label of so many times in a row, where they are that."""
    found = [clock for clock in clocks if clock is not None]
    if len(found) != count or len({clock.kind for clock in found}) != 1:
        return None
    values = [clock.minute for clock in found]
    if found[0].kind == "number":
        return _numbered(values, count, step)
    steps = {(b - a) % DAY for a, b in pairwise(values)}
    if steps != {step}:
        return None
    begins = tuple(range(0, DAY, step))
    kind = found[0].kind
    if kind == "bare":
        # A whole day tells by its first label; it may also be cut elsewhere (from 6:00 to 6:00), which no meter file is.
        kind = {0: "begin", step: "end"}.get(values[0], "bare")  # type: ignore[assignment]
    if kind == "begin" and values[0] == 0 and {clock.step for clock in found} <= {0, step}:
        return begins, "begin"
    if kind == "end" and values[0] == step:
        return begins, "begin"
    return None


def _numbered(values: list[int], count: int, step: int) -> tuple[tuple[int, ...], Label] | None:
    """1 to 48, 1 to 24, or hours 0 to 23; also 0, 30, 100, 130 …"""
    begins = tuple(range(0, DAY, step))
    if values == list(range(1, count + 1)) or (step == 60 and values == list(range(24))):
        return begins, "begin"
    written = [minute // 60 * 100 + minute % 60 for minute in begins]
    ends = [minute // 60 * 100 + minute % 60 for minute in (*begins[1:], DAY)]
    return (begins, "begin") if values in (written, ends, [*ends[:-1], 0]) else None


def _wide_heading(row: Row, at: int, minutes: tuple[int, ...], label: Label, step: int) -> Heading:
    # What stands behind the figures is totals; only what stands before them says whose and which day.
    texts = [plain(spoken(cell)) for cell in row[:at]]
    dates = _columns(texts, _DATE) or _columns(texts, re.compile("日|date|day"))
    point = _first(_columns(texts, _POINT))
    used = {point, dates[0] if dates else None}
    name = next((k for k in _columns(texts, _NAME) if k not in used), None)
    unit, factor = unit_of(" ".join(texts))
    shown = tuple(spoken(cell)[:40] for cell in row)
    return Heading(minutes, at, dates[0] if dates else -1, None, point, name, label, step, unit, factor, shown)


# ------------------------------------------------------------------------------------------------ long


def _long(row: Row) -> Heading | None:
    """A heading with a time or number of the half hour, and a figure."""
    texts = [plain(cell) if isinstance(cell, str) else "" for cell in row]
    if sum(bool(text) for text in texts) < 2:
        return None
    values = _value_columns(texts)
    value = _first(values)
    point = _first(_columns(texts, _POINT))
    taken = {value, point}
    slots = [k for k in _columns(texts, _SLOT) if k not in taken]
    stamps = [k for k in _columns(texts, _STAMP) if k not in {*taken, *slots}]
    dates = [k for k in _columns(texts, _DATE) if k not in {*taken, *slots, *stamps}]
    clocks = [k for k in _columns(texts, _CLOCK) if k not in {*taken, *slots, *stamps, *dates}]
    if value is None or not (slots or stamps or dates or clocks):
        return None
    times = [*stamps, *dates, *clocks, *slots]
    name = next((k for k in _columns(texts, _NAME) if k not in {*taken, *times}), None)
    unit, factor = unit_of(texts[value])
    date, clock, label = _times(texts, stamps, dates, clocks, slots)
    rivals = tuple(texts[k][:40] for k in values) if len(values) > 1 else ()
    shown = tuple(text[:40] for text in texts)
    return Heading((), value, date, clock, point, name, label, 0, unit, factor, shown, rivals=rivals)


def _times(
    texts: list[str], stamps: list[int], dates: list[int], clocks: list[int], slots: list[int]
) -> tuple[int, int | None, Label]:
    """Columns of the day and of the time, and whether the time begins or ends the half hour: begins are preferred."""

    def preferred(columns: list[int]) -> int:
        return min(columns, key=lambda k: {"begin": 0, "": 1, "end": 2}[label_of(texts[k])])

    if stamps:
        at = preferred(stamps)
        return at, None, label_of(texts[at])
    if dates and slots:
        return preferred(dates), slots[0], "begin"
    if dates and clocks:
        at = preferred(clocks)
        # The day goes with the time: an end of the day before midnight with the begin's date would be a day off.
        same = [k for k in dates if label_of(texts[k]) == label_of(texts[at])]
        return preferred(same or dates), at, label_of(texts[at])
    at = preferred(dates or clocks or slots)
    return at, None, label_of(texts[at])


def _value_columns(texts: list[str]) -> list[int]:
    """The figures: energy before power, power before a mere 'value'; several where they are named alike."""
    ranked: dict[int, list[int]] = {}
    for at, text in enumerate(texts):
        if not text or len(text) > 60 or OTHERS.search(text) or _POINT.search(text):
            continue
        unit, _ = unit_of(text, words=False)
        ranks = (unit == "kwh", unit == "kw", _ENERGY.search(text), _POWER.search(text), _VALUE.search(text))
        rank = next((k for k, found in enumerate(ranks) if found), None)
        if rank is not None:
            ranked.setdefault(rank, []).append(at)
    return ranked[min(ranked)] if ranked else []


def heads_something_else(row: Row) -> bool:
    """Whether the row heads a table in time of other quantities only: what is fed in, a counter's readings, a price."""
    texts = [plain(cell) if isinstance(cell, str) and len(cell) <= 60 else "" for cell in row]
    timed = any(pattern.search(text) for text in texts for pattern in (_SLOT, _STAMP, _DATE, _CLOCK))
    return timed and not _value_columns(texts) and any(OTHERS.search(text) for text in texts)


# ------------------------------------------------------------------------------------------------ none


def headless(row: Row, title: TitleYear | None) -> Heading | None:
    """What the columns are, told from a row of data itself: a day and 48 or 24 figures, or a day, a time and a figure."""
    cells = list(row)
    while cells and cells[-1] in (None, ""):
        cells.pop()
    for at in range(min(3, len(cells))):
        found = stamp_of_cell(cells[at], title)
        if found is None:
            continue
        day_alone = found[1] is None
        rest = len(cells) - at - 1
        if day_alone and rest in (SLOTS, 24) and all(map(_is_figure, cells[at + 1 :])):
            step = DAY // rest
            minutes = tuple(range(0, DAY, step))
            return Heading(minutes, at + 1, at, None, _before(at), None, "", step, assumed=True)
        if day_alone and rest == 2 and clock_of(cells[at + 1]) is not None and _is_figure(cells[at + 2]):
            return Heading((), at + 2, at, at + 1, _before(at), None, assumed=True)
        if not day_alone and rest == 1 and _is_figure(cells[at + 1]):
            return Heading((), at + 1, at, None, _before(at), None, assumed=True)
        return None
    return None


def _before(date: int) -> int | None:
    """A column before the day is whose day it is."""
    return date - 1 if date else None


def _is_figure(cell: object) -> bool:
    try:
        figure_of(cell)
    except ValueError:
        return False
    return True
