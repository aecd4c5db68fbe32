"""The vehicle ledger (公用車台帳・車歴表): class, base, lease, kilometres and fuel of three years."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sample_data.generator.facts import KINDS, Fact
from sample_data.generator.place import random
from sample_data.generator.text import era, write_csv

TITLE = "公用車台帳（車歴表） 令和7年3月31日現在（合成データ・実在しません）"
HEADINGS = (
    "車両番号", "登録番号", "所属", "配置施設番号", "配置施設名称", "車種区分", "用途", "燃料", "車両形式", "乗車定員", "初度登録年月",
    "購入年月日", "取得区分", "リース満了", "購入金額(円)", "走行距離R4(km)", "走行距離R5(km)", "走行距離R6(km)", "累計走行距離(km)",
    "燃料消費量R6(L)", "稼働日数R6(日)", "最長日走行距離(km)", "修理費R6(円)", "夜間駐車場所", "備考",
)  # fmt: skip


class Model(NamedTuple):
    """A class of vehicle: name, fuel, form, seats, km/L, price, plate class and kana, km on a working day."""

    name: str
    fuel: str
    form: str
    seats: int
    km_per_litre: float
    price: int
    plate: str
    km_day: float


KEI = Model("軽乗用", "ガソリン", "5BA-SY35", 4, 17.5, 1_380_000, "580 あ", 21.0)
KEI_VAN = Model("軽貨物", "ガソリン", "3BD-SY17", 4, 14.0, 1_210_000, "480 う", 26.0)
SMALL = Model("小型乗用", "ガソリン", "5BA-SY12", 5, 15.5, 1_890_000, "500 さ", 23.0)
HYBRID = Model("普通乗用", "ハイブリッド", "6AA-SY50", 5, 22.0, 2_950_000, "300 ね", 27.0)
MINIVAN = Model("普通乗用", "ガソリン", "5BA-SY80", 8, 10.5, 2_880_000, "300 に", 24.0)
EV = Model("軽乗用", "電気", "ZAA-SYE1", 4, 0.0, 2_540_000, "580 け", 22.0)
VAN = Model("小型貨物", "ガソリン", "5BF-SY20", 5, 10.0, 2_050_000, "400 さ", 30.0)
BUS = Model("マイクロバス", "軽油", "2KG-SYB7", 26, 6.5, 7_900_000, "200 は", 38.0)
REFUSE = Model("塵芥車", "軽油", "2RG-SYP2", 3, 3.4, 11_800_000, "800 さ", 52.0)
DUMP = Model("ダンプ", "軽油", "2KG-SYD4", 3, 5.8, 6_300_000, "100 ひ", 34.0)
FIRE = Model("消防ポンプ車", "軽油", "2KG-SYF6", 5, 3.2, 24_500_000, "800 は", 9.0)
AMBULANCE = Model("救急車", "ガソリン", "CBF-SYA3", 7, 5.6, 16_200_000, "800 き", 48.0)

_FLEETS: dict[str, tuple[tuple[Model, int], ...]] = {
    "ためし区役所": ((KEI, 9), (KEI_VAN, 5), (SMALL, 5), (HYBRID, 3), (MINIVAN, 2), (EV, 2), (BUS, 1)),
    "みほん区役所出張所": ((KEI, 3), (KEI_VAN, 1), (SMALL, 1)), "かりの区役所出張所": ((KEI, 3), (KEI_VAN, 1), (SMALL, 1)),
    "ためし保健福祉センター": ((KEI, 9), (EV, 1), (SMALL, 2), (MINIVAN, 1)),
    "道路公園センター": ((KEI, 2), (KEI_VAN, 4), (VAN, 5), (DUMP, 4), (SMALL, 1)),
    "見本生活環境事業所": ((REFUSE, 22), (KEI_VAN, 4), (KEI, 3), (SMALL, 1), (VAN, 2)),
    "見本消防署": ((FIRE, 3), (AMBULANCE, 2), (SMALL, 2), (VAN, 1)), "見本消防署丘の上出張所": ((FIRE, 1), (AMBULANCE, 1)),
    "見本消防署川辺出張所": ((FIRE, 1), (AMBULANCE, 1)), "見本消防署東出張所": ((FIRE, 1),),
    "見本清掃工場": ((KEI, 2), (VAN, 1), (DUMP, 2)), "見本浄水場": ((KEI_VAN, 4), (KEI, 2), (VAN, 2), (SMALL, 1)),
    "川辺ポンプ場": ((KEI_VAN, 2),), "中央公園管理事務所": ((KEI_VAN, 2), (DUMP, 1)), "児童相談所": ((KEI, 4), (MINIVAN, 1)),
    "みほん市民館": ((KEI, 1), (SMALL, 1)), "みどり橋図書館": ((KEI_VAN, 1),), "障害者通所支援施設あゆみ": ((MINIVAN, 2), (BUS, 1)),
    "川辺老人福祉センター": ((MINIVAN, 1), (KEI, 1)), "見本スポーツセンター": ((SMALL, 1),), "つくし特別支援学校": ((BUS, 2),),
    "地域包括支援センターつどい": ((KEI, 3),),
}  # fmt: skip


@dataclass
class Vehicle:
    """One vehicle."""

    number: str
    plate: str
    fact: Fact
    model: Model
    bought: dt.date
    lease_end: dt.date | None
    km: tuple[int, int, int]
    total_km: int
    litres: float
    days: int
    longest: int
    repair: int
    outside: bool


def _japanese(day: dt.date, rng: np.random.Generator) -> str:
    # A year that turned era in May (2019) keeps 令和: the ledger was typed later.
    letter, name, n = era(day.year)
    return f"{letter}{n}.{day.month}.{day.day}" if rng.random() < 0.7 else f"{name}{n}年{day.month}月{day.day}日"


def vehicles(facts: list[Fact], seed: int) -> list[Vehicle]:
    """The fleet, base by base."""
    found: list[Vehicle] = []
    by_name = {fact.entry.name: fact for fact in facts}
    for name, fleet in _FLEETS.items():
        rng = random(seed, f"fleet {by_name[name].number}")
        for model, count in fleet:
            for _ in range(count):
                found.append(_vehicle(f"C{len(found) + 1:04d}", by_name[name], model, rng))
    return found


def _vehicle(number: str, fact: Fact, model: Model, rng: np.random.Generator) -> Vehicle:
    newest = model in (EV, HYBRID)
    bought = dt.date(
        int(rng.integers(2018 if newest else 2008, 2023)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    )
    if bought.year <= 2022 and bought > dt.date(2022, 3, 31):
        bought = bought.replace(month=2)
    lease_end = None
    passenger = model.name.endswith("乗用")
    if passenger and rng.random() < 0.45:
        bought = dt.date(int(rng.integers(2018, 2022)), int(rng.integers(1, 13)), 1)
        years = 5 if bought.year >= 2020 else 7
        end = dt.date(bought.year + years, bought.month, 1) - dt.timedelta(days=1)
        lease_end = max(end, dt.date(2025, 8, 31))
    days = int(np.clip(rng.normal(305 if model in (REFUSE, FIRE, AMBULANCE) else 186, 24), 90, 355))
    per_day = model.km_day * float(np.exp(rng.normal(0.0, 0.28)))
    km = tuple(round(per_day * days * float(rng.uniform(0.9, 1.1))) for _ in range(3))
    per_day = km[2] / days
    earlier = max(0.0, (dt.date(2022, 4, 1) - bought).days / 365.25)
    total = sum(km) + round(earlier * float(np.mean(km)) * float(rng.uniform(0.85, 1.15)))
    litres = km[2] / (model.km_per_litre * float(rng.uniform(0.88, 1.08))) if model.km_per_litre else 0.0
    longest = round(max(per_day * float(rng.uniform(1.8, 4.2)), per_day + 6))
    repair = int(rng.gamma(2.0, 24_000) * (model.price / 2e6) ** 0.6 / 100) * 100
    plate = f"見本 {model.plate} {int(rng.integers(10, 100))}-{int(rng.integers(10, 100))}"
    return Vehicle(
        number, plate, fact, model, bought, lease_end, (km[0], km[1], km[2]), total, round(litres, 1), days, longest, repair,
        bool(model not in (REFUSE, FIRE) and rng.random() < 0.15),
    )  # fmt: skip


def write_vehicles(path: Path, fleet: list[Vehicle], seed: int) -> None:
    """Title, headings, one row a vehicle."""
    rng = random(seed, "vehicle ledger")
    use = {
        "塵芥車": "ごみ収集",
        "ダンプ": "維持補修",
        "消防ポンプ車": "消防",
        "救急車": "救急",
        "マイクロバス": "送迎",
        "小型貨物": "作業・運搬",
    }
    rows: list[list[object]] = [[TITLE], [], list(HEADINGS)]
    for car in fleet:
        letter, _, n = era(car.bought.year)
        rows.append([
            car.number, car.plate, KINDS[car.fact.kind][2], car.fact.number, car.fact.entry.name, car.model.name,
            use.get(car.model.name, "訪問・連絡"), car.model.fuel, car.model.form, car.model.seats,
            f"{letter}{n}.{car.bought.month}", _japanese(car.bought, rng), "リース" if car.lease_end else "購入",
            _japanese(car.lease_end, rng) if car.lease_end else "", "" if car.lease_end else f"{car.model.price:,d}",
            *(f"{km:,d}" for km in car.km), f"{car.total_km:,d}", f"{car.litres:,.1f}" if car.litres else "",
            car.days, car.longest, f"{car.repair:,d}", "屋外" if car.outside else "敷地内車庫", "",
        ])  # fmt: skip
    write_csv(path, rows)
