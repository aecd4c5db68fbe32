"""The lamp ledger (照明台帳): what hangs where, how long it burns, and what stands in the way of replacing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sample_data.generator.facts import Fact
from sample_data.generator.place import random
from sample_data.generator.text import fiscal, write_csv

TITLE = "照明台帳 令和6年度調査（合成データ・実在しません）"
HEADINGS = (
    "施設番号", "施設名称", "棟", "階", "室", "器具型番", "ランプ種別", "灯数/台", "台数", "W/台", "点灯時間(h/日)",
    "点灯日数(日/年)", "調光", "安定器種別", "設置高さ(m)", "高所(足場)", "アスベスト", "PCB", "設置年度", "備考",
)  # fmt: skip


class Luminaire(NamedTuple):
    """A type of luminaire: model, lamp, lamps each, input W, ballast."""

    model: str
    lamp: str
    lamps: int
    watts: int
    ballast: str


FLR = Luminaire("FSS9-402", "FLR40W（直管・ラピッド）", 2, 85, "銅鉄型")
HF = Luminaire("FHF32-2M", "FHF32W（直管・Hf）", 2, 71, "電子（Hf）")
FL20 = Luminaire("FSS4-201", "FL20W（直管）", 1, 22, "銅鉄型（グロー）")
CFL = Luminaire("FDL-27D", "FDL27W（コンパクト形）", 1, 30, "銅鉄型")
RING = Luminaire("FCL-70", "FCL70W（環形）", 1, 72, "銅鉄型")
MERCURY = Luminaire("HRF-400", "HF400W（水銀灯）", 1, 415, "銅鉄型")
METAL = Luminaire("MHR-250", "MF250W（メタルハライド）", 1, 275, "銅鉄型")
LED_BASE = Luminaire("LED-B40-52", "LED一体型ベース", 1, 31, "LED電源")
LED_DOWN = Luminaire("LED-D150", "LEDダウンライト", 1, 9, "LED電源")
LED_HIGH = Luminaire("LED-H148", "LED高天井", 1, 148, "LED電源")


class Room(NamedTuple):
    """Share of a building's floor, m² a luminaire, type, relative hours, height."""

    name: str
    share: float
    spacing: float
    kind: str  # "base", "small", "down", "ring", "high"
    hours: float
    height: float


_SCHOOL = (
    Room("普通教室", 0.42, 8.0, "base", 1.0, 2.8), Room("特別教室", 0.20, 8.5, "base", 0.6, 2.9),
    Room("職員室", 0.05, 7.0, "base", 1.6, 2.8), Room("廊下", 0.18, 16.0, "base", 1.1, 2.7),
    Room("便所", 0.04, 7.0, "small", 0.8, 2.5), Room("階段", 0.05, 18.0, "small", 1.0, 3.4),
)  # fmt: skip
_OFFICE = (
    Room("事務室", 0.48, 7.5, "base", 1.0, 2.7), Room("会議室", 0.12, 7.5, "base", 0.5, 2.7),
    Room("廊下", 0.14, 14.0, "down", 1.0, 2.5), Room("便所", 0.05, 6.0, "down", 0.8, 2.4),
    Room("ロビー", 0.08, 9.0, "down", 1.0, 3.4), Room("書庫・倉庫", 0.08, 12.0, "small", 0.2, 2.6),
)  # fmt: skip
_HALL = (
    Room("集会室", 0.34, 8.0, "base", 0.8, 2.8), Room("ホール", 0.16, 18.0, "high", 0.6, 5.5),
    Room("事務室", 0.12, 7.0, "base", 1.2, 2.7), Room("廊下", 0.16, 12.0, "down", 1.0, 2.5),
    Room("和室", 0.08, 9.0, "ring", 0.6, 2.5), Room("便所", 0.05, 6.0, "down", 0.8, 2.4),
)  # fmt: skip
_NURSERY = (
    Room("保育室", 0.52, 8.0, "base", 1.0, 2.6), Room("遊戯室", 0.16, 9.0, "base", 0.9, 3.2),
    Room("調理室", 0.07, 6.0, "base", 0.8, 2.5), Room("便所", 0.06, 6.0, "down", 0.8, 2.4),
    Room("職員室", 0.07, 7.0, "base", 1.2, 2.6),
)  # fmt: skip
_GYM = (Room("アリーナ", 0.86, 38.0, "high", 1.0, 9.0), Room("器具庫", 0.08, 20.0, "small", 0.3, 3.0))
_WORKS = (
    Room("機械室", 0.45, 24.0, "base", 1.0, 4.5), Room("車庫", 0.25, 40.0, "high", 0.7, 6.5),
    Room("事務室", 0.14, 7.5, "base", 1.2, 2.7), Room("廊下", 0.10, 16.0, "small", 1.0, 2.6),
)  # fmt: skip
_ROOMS: dict[str, tuple[Room, ...]] = {
    "小学校": _SCHOOL, "中学校": _SCHOOL, "高等学校": _SCHOOL, "特別支援学校": _SCHOOL, "庁舎": _OFFICE, "図書館": _OFFICE,
    "保育所": _NURSERY, "市民館": _HALL, "コミュニティ施設": _HALL, "こども文化センター": _HALL, "老人福祉施設": _HALL,
    "障害福祉施設": _HALL, "児童福祉施設": _OFFICE, "消防署": _OFFICE, "スポーツ施設": _OFFICE, "車両基地": _WORKS,
    "清掃工場": _WORKS, "水道施設": _WORKS, "下水道施設": _WORKS, "公園施設": _OFFICE, "駐車場": _WORKS,
}  # fmt: skip
_OLD = {"base": FLR, "small": FL20, "down": CFL, "ring": RING, "high": MERCURY}
_LATER = {"base": HF, "small": FL20, "down": CFL, "ring": RING, "high": METAL}
_LED = {"base": LED_BASE, "small": LED_BASE, "down": LED_DOWN, "ring": LED_BASE, "high": LED_HIGH}
# Days of use a year, and lighting's share of the yearly kWh that the hours are made to meet.
_DAYS = {"小学校": 203, "中学校": 208, "高等学校": 215, "特別支援学校": 203, "保育所": 293, "庁舎": 244, "老人福祉施設": 243,
         "児童福祉施設": 244, "公園施設": 300, "障害福祉施設": 243}  # fmt: skip
_SHARE = {"小学校": 0.32, "中学校": 0.32, "高等学校": 0.30, "特別支援学校": 0.28, "庁舎": 0.23, "図書館": 0.30, "保育所": 0.22,
          "清掃工場": 0.03, "水道施設": 0.008, "下水道施設": 0.02, "スポーツ施設": 0.26, "駐車場": 0.8}  # fmt: skip


@dataclass
class Lamp:
    """One line of the ledger."""

    fact: Fact
    building: str
    floor: int
    room: Room
    luminaire: Luminaire
    count: int
    hours: float
    days: int
    installed: int

    @property
    def kwh(self) -> float:
        """Electricity of a year."""
        return self.luminaire.watts * self.count * self.hours * self.days / 1000.0


def has_ledger(fact: Fact) -> bool:
    """Housing, stores and every ninth facility have no lamp ledger: they are to be estimated."""
    return fact.kind in _ROOMS and fact.index % 9 != 4


def lamps(facts: list[Fact], seed: int) -> list[Lamp]:
    """All lines; lighting's kWh keep a plausible share of the facility's yearly kWh."""
    found: list[Lamp] = []
    for fact in facts:
        if has_ledger(fact):
            found += _facility(fact, random(seed, f"lamps {fact.number}"))
    return found


def _facility(fact: Fact, rng: np.random.Generator) -> list[Lamp]:
    built = fact.entry.built
    state = rng.choice(("old", "led", "mixed"), p=(0.52, 0.24, 0.24))
    installed = built if built >= 1990 or rng.random() < 0.5 else int(rng.integers(1990, 2009))
    types = _LED if state == "led" else _LATER if installed >= 1998 else _OLD
    if state == "led":
        installed = int(rng.integers(max(2013, built), 2024)) if built < 2023 else built
    days = _DAYS.get(fact.kind, 340 if fact.kind in ("消防署", "清掃工場", "水道施設", "下水道施設") else 305)
    school = _ROOMS[fact.kind] is _SCHOOL
    gym = 720.0 if school else 1500.0 if fact.entry.shape == "sports" else 0.0
    area = max(fact.floor_area - gym, 60.0)
    if fact.kind in ("清掃工場", "水道施設"):
        area *= 0.5
    lines: list[Lamp] = []
    for floor in range(1, fact.storeys + 1):
        for room in _ROOMS[fact.kind]:
            lit = types
            if state == "mixed" and room.kind == "base" and floor <= max(1, fact.storeys // 2):
                lit = _LED
            count = round(area / fact.storeys * room.share / room.spacing * rng.uniform(0.92, 1.08))
            if room.kind == "high" and (floor > 1 or count == 0):
                continue
            when = installed if lit is types else int(rng.integers(2016, 2024))
            if count > 0:
                lines.append(
                    Lamp(fact, "校舎" if school else "本館", floor, room, lit[room.kind], count, room.hours, days, when)
                )
    if gym:
        for room in _GYM:
            count = 16 if room.kind == "high" and school else round(gym * room.share / room.spacing)
            lines.append(
                Lamp(
                    fact,
                    "体育館" if school else "アリーナ棟",
                    1,
                    room,
                    types[room.kind],
                    count,
                    room.hours,
                    days,
                    installed,
                )
            )
    _set_hours(lines, fact)
    return lines


def _set_hours(lines: list[Lamp], fact: Fact) -> None:
    """Hours in steps of a half, so that lighting takes its share of the facility's kWh."""
    wanted = _SHARE.get(fact.kind, 0.24) * fact.kwh
    # The hours are those of the rooms, whatever hangs in them: as if the old lamps were there.
    before = sum(_OLD[line.room.kind].watts * line.count * line.hours * line.days / 1000.0 for line in lines)
    longest = 24.0 if _ROOMS[fact.kind] is _WORKS or fact.kind == "消防署" else 13.0
    for line in lines:
        line.hours = float(np.clip(np.round(2.0 * line.hours * wanted / before) / 2.0, 0.5, longest))


def write_lamps(path: Path, lines: list[Lamp], seed: int) -> None:
    """Title, headings, one line for each kind of lamp in a room."""
    rng = random(seed, "lamp ledger")
    rows: list[list[object]] = [[TITLE], list(HEADINGS)]
    for line in lines:
        lamp, old = line.luminaire, line.luminaire.ballast.startswith("銅鉄型")
        pcb = "要調査" if old and line.installed <= 1977 else "無"
        asbestos = "要調査" if line.fact.entry.built <= 1988 and rng.random() < 0.25 else "無"
        dimming = (
            "有（昼光連動）" if lamp.ballast == "LED電源" and line.room.kind == "base" and rng.random() < 0.4 else "無"
        )
        note = "点検口より搬入不可" if line.room.kind == "high" and rng.random() < 0.2 else ""
        high = line.room.height >= 4.0
        rows.append([
            line.fact.number, line.fact.entry.name, line.building, f"{line.floor}F", line.room.name, lamp.model, lamp.lamp,
            lamp.lamps, line.count, lamp.watts, f"{line.hours:g}", line.days, dimming, lamp.ballast, f"{line.room.height:g}",
            "要" if high else "不要", asbestos, pcb, fiscal(line.installed, rng), note,
        ])  # fmt: skip
    write_csv(path, rows)
