"""Writes the half-hours of twenty facilities in the layouts that retailers send."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sample_data.generator.facts import Fact
from sample_data.generator.loads import Series, days
from sample_data.generator.place import FISCAL_YEAR
from sample_data.generator.text import write_csv

Rows = list[list[object]]
_TITLE = "30分電力量 令和6年度（合成データ・実在しません）"
# Facility -> layout; the order is that of the list of supply points.
LAYOUTS: dict[str, str] = {
    "若葉台小学校": "wide", "みどり橋小学校": "wide", "桜の森小学校": "wide_gaps", "みほん第一中学校": "monthly",
    "けやき坂中学校": "wide", "見本市立総合高等学校": "wide", "ためし区役所": "stamp_start_kw", "ためし保健福祉センター": "wide",
    "みどり橋図書館": "koma", "かりの図書館": "wide", "ひなた保育園": "several", "ほしぞら保育園": "several",
    "見本消防署": "wide", "みほん市民館": "stamp_end_24", "男女共同参画センター": "wide", "見本スポーツセンター": "stamp_end",
    "見本市民プール": "wide", "見本生活環境事業所": "monthly", "見本清掃工場": "wide_kw", "見本浄水場": "wide",
}  # fmt: skip
_SEVERAL = "several_points.csv"


def supply_point(fact: Fact) -> str:
    """A supply point number of 22 digits that no utility gives."""
    return f"0399990000{fact.number}00000"


def file_name(fact: Fact) -> str:
    """Name of the file that holds the facility's half-hours."""
    layout = LAYOUTS[fact.entry.name]
    return _SEVERAL if layout == "several" else f"{fact.number}_{layout}.csv"


def metered(facts: list[Fact]) -> list[Fact]:
    """The twenty facilities with a meter file."""
    return [fact for fact in facts if fact.entry.name in LAYOUTS]


def _value(kwh: float, step: float) -> str:
    return f"{kwh:.0f}" if step >= 1.0 else f"{kwh:.1f}".removesuffix(".0")


def _clock(half_hour: int) -> str:
    return f"{half_hour // 2}:{half_hour % 2 * 30:02d}"


def _head(series: Series, unit: str) -> Rows:
    fact = series.fact
    return [
        [_TITLE], ["需要家名", fact.entry.name], ["供給地点特定番号", supply_point(fact)],
        ["契約電力", f"{fact.contract_kw}kW"], ["単位", unit], [],
    ]  # fmt: skip


def _gaps(series: Series) -> np.ndarray:
    """True where the file lacks the value: two days not transmitted, four hours of a works outage."""
    missing = np.zeros((365, 48), dtype=bool)
    if LAYOUTS[series.fact.entry.name] == "wide_gaps":
        missing[73:75] = True
        missing[152, 18:26] = True
        missing[301, 33] = True
    return missing


def _wide(series: Series) -> Rows:
    """One row a day, 48 columns."""
    as_power = LAYOUTS[series.fact.entry.name] == "wide_kw"
    values, missing = series.kwh.reshape(365, 48) * (2.0 if as_power else 1.0), _gaps(series)
    rows = _head(series, "kW（30分平均）" if as_power else "kWh")
    rows.append(["年月日", *(f"{_clock(k)}-{_clock(k + 1)}" for k in range(48))])
    for number, day in enumerate(days()):
        if missing[number].all():
            continue
        cells = [
            "" if gone else _value(v, series.step) for v, gone in zip(values[number], missing[number], strict=True)
        ]
        rows.append([f"{day.year}/{day.month}/{day.day}", *cells])
    return rows


def _monthly(series: Series) -> Rows:
    """A block with its own title for each month; columns are labelled with the end of the half-hour."""
    values, rows = series.kwh.reshape(365, 48), _head(series, "kWh")
    month = 0
    for number, day in enumerate(days()):
        if day.month != month:
            month = day.month
            rows += [[], [f"{day.year}年{day.month}月分"], ["日", *(_clock(k + 1) for k in range(48))]]
        rows.append([day.day, *(_value(v, series.step) for v in values[number])])
    return rows


def _koma(series: Series) -> Rows:
    """Long: date, number of the half-hour 1…48, kWh."""
    rows: Rows = [*_head(series, "kWh"), ["日付", "コマ", "電力量"]]
    for number, day in enumerate(days()):
        date = f"{day.year}/{day.month}/{day.day}"
        rows += [[date, k + 1, _value(series.kwh[number * 48 + k], series.step)] for k in range(48)]
    return rows


def _stamps(series: Series) -> Rows:
    """Long: one time stamp a row; of the beginning (kW), of the end, or of the end with 24:00 for midnight."""
    layout = LAYOUTS[series.fact.entry.name]
    as_power = layout == "stamp_start_kw"
    heading = {"stamp_start_kw": "開始日時", "stamp_end": "終了日時", "stamp_end_24": "日時（終了）"}[layout]
    rows: Rows = [*_head(series, "kW" if as_power else "kWh"), [heading, "需要電力" if as_power else "使用電力量"]]
    for number, day in enumerate(days()):
        for k in range(48):
            label, date = k if as_power else k + 1, day
            if label == 48 and layout == "stamp_end":
                label, date = 0, day + pd.Timedelta(days=1)
            stamp = f"{date.year}/{date.month}/{date.day} {_clock(label)}"
            rows.append([stamp, _value(series.kwh[number * 48 + k] * (2.0 if as_power else 1.0), series.step)])
    return rows


def _several(group: list[Series]) -> Rows:
    """Long, several supply points in one file, no title lines."""
    rows: Rows = [["供給地点特定番号", "年月日", "開始時刻", "使用電力量(kWh)"]]
    for series in group:
        point = supply_point(series.fact)
        for number, day in enumerate(days()):
            date = day.strftime("%Y%m%d")
            rows += [
                [point, date, f"{k // 2:02d}{k % 2 * 30:02d}", _value(series.kwh[number * 48 + k], series.step)]
                for k in range(48)
            ]
    return rows


def write_meters(folder: Path, series: list[Series]) -> None:
    """All meter files, and beside the folder the list of supply points."""
    folder.mkdir(parents=True, exist_ok=True)
    writers = {"koma": _koma, "monthly": _monthly}
    for one in series:
        layout = LAYOUTS[one.fact.entry.name]
        if layout == "several":
            continue
        writer = _stamps if layout.startswith("stamp") else writers.get(layout, _wide)
        write_csv(folder / file_name(one.fact), writer(one))
    write_csv(folder / _SEVERAL, _several([s for s in series if LAYOUTS[s.fact.entry.name] == "several"]))


def write_supply_points(path: Path, series: list[Series]) -> None:
    """Which supply point belongs to which facility, and how its file is laid out."""
    rows: Rows = [
        [f"供給地点一覧 令和{FISCAL_YEAR - 2018}年度（合成データ・実在しません）"], [],
        ["施設番号", "施設名称", "供給地点特定番号", "契約電力(kW)", "契約種別", "年間電力使用量(kWh)", "ファイル"],
    ]  # fmt: skip
    for one in series:
        fact = one.fact
        kind = (
            "低圧電力"
            if fact.contract_kw < 50
            else "高圧電力（実量制）"
            if fact.contract_kw < 500
            else "高圧電力（協議制）"
        )
        rows.append([
            fact.number, fact.entry.name, supply_point(fact), fact.contract_kw, kind, f"{fact.kwh:,d}",
            f"meters/{file_name(fact)}",
        ])  # fmt: skip
    write_csv(path, rows)
