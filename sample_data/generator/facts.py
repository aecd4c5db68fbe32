"""What is true of each facility: one record, from which every ledger and meter is written."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer

from sample_data.generator.build import Building
from sample_data.generator.place import CITY, EPSG, FISCAL_YEAR, SOUTH, WEST, random, ward_of
from sample_data.generator.roster import Entry, roster
from sample_data.generator.terrain import LEVEE_OFFSET, hill_foot, river_middle
from sample_data.generator.town import Made

# kind: number, 大分類, 小分類, 所管課, kWh per m2 and year, load factor
KINDS: dict[str, tuple[str, str, str, float, float]] = {
    "小学校": ("0101", "学校教育系施設", "教育委員会 教育環境整備課", 31.0, 0.17),
    "中学校": ("0102", "学校教育系施設", "教育委員会 教育環境整備課", 27.0, 0.16),
    "高等学校": ("0103", "学校教育系施設", "教育委員会 教育環境整備課", 33.0, 0.18),
    "特別支援学校": ("0104", "学校教育系施設", "教育委員会 教育環境整備課", 38.0, 0.19),
    "庁舎": ("0201", "行政系施設", "総務局 庁舎管理課", 88.0, 0.26),
    "図書館": ("0301", "社会教育系施設", "教育委員会 生涯学習課", 92.0, 0.28),
    "保育所": ("0401", "子育て支援施設", "こども局 保育整備課", 62.0, 0.21),
    "こども文化センター": ("0402", "子育て支援施設", "こども局 青少年課", 46.0, 0.19),
    "児童福祉施設": ("0403", "子育て支援施設", "こども局 児童家庭課", 72.0, 0.26),
    "消防署": ("0501", "消防施設", "消防局 施設装備課", 86.0, 0.37),
    "消防団器具置場": ("0502", "消防施設", "消防局 施設装備課", 11.0, 0.09),
    "市民館": ("0601", "市民文化系施設", "市民局 市民文化課", 74.0, 0.22),
    "コミュニティ施設": ("0602", "市民文化系施設", "市民局 地域振興課", 40.0, 0.17),
    "老人福祉施設": ("0701", "保健・福祉施設", "健康福祉局 高齢者施設課", 60.0, 0.22),
    "障害福祉施設": ("0702", "保健・福祉施設", "健康福祉局 障害福祉課", 58.0, 0.22),
    "スポーツ施設": ("0801", "スポーツ・レクリエーション系施設", "市民局 スポーツ推進課", 84.0, 0.27),
    "市営住宅": ("0901", "公営住宅", "まちづくり局 市営住宅管理課", 5.0, 0.42),
    "公園施設": ("1001", "公園", "建設緑政局 公園管理課", 38.0, 0.20),
    "車両基地": ("1101", "その他施設", "環境局 収集計画課", 36.0, 0.24),
    "清掃工場": ("1201", "供給処理施設", "環境局 施設部", 0.0, 0.68),
    "水道施設": ("1301", "上下水道施設", "上下水道局 施設課", 0.0, 0.66),
    "下水道施設": ("1302", "上下水道施設", "上下水道局 下水道施設課", 0.0, 0.46),
    "駐車場": ("1401", "その他施設", "建設緑政局 自転車対策課", 17.0, 0.40),
    "防災施設": ("1501", "その他施設", "総務局 危機管理課", 6.0, 0.15),
}
# Yearly kWh of plants, which do not follow the floor area.
PLANTS = {
    "見本清掃工場": 4_350_000.0, "見本浄水場": 3_480_000.0, "丘の上配水所": 612_000.0, "川辺ポンプ場": 391_000.0,
    "見本市民プール": 742_000.0,
}  # fmt: skip
_TOWNS = (
    ("久野", "沢辺", "西見本", "向ヶ台"), ("溝端", "本町", "駅前", "桜の森"), ("東見本", "明神", "川辺", "新作台"),
)  # fmt: skip


@dataclass
class Fact:
    """One facility. Years are fiscal; ``None`` is what the ledger does not know."""

    index: int
    entry: Entry
    number: str
    ward: str
    address: str
    x: float
    y: float
    latitude: float
    longitude: float
    building_ids: list[str]
    ids_in_ledger: bool
    floor_area: float
    storeys: int
    seismic: str
    roof: str
    waterproofed: int | None
    remaining: int | None
    closure: int | None
    closure_text: str
    shelter: bool | None
    flood: float
    kwh: int
    contract_kw: int
    remark: str = ""

    @property
    def kind(self) -> str:
        return self.entry.kind


def building_names(made: Made) -> dict[int, str]:
    """Names of the facilities' buildings, by index of the building."""
    entries = roster()
    return {i: f"{entries[b.owner].name} {b.role}".strip() for i, b in enumerate(made.buildings) if b.owner >= 0}


def facts(made: Made, layer: gpd.GeoDataFrame, seed: int) -> list[Fact]:
    """The truth about all public facilities, in the order of the roster."""
    rng = random(seed, "facts")
    ids = layer["building_id"].to_dict()
    serial: dict[str, int] = {}
    found = []
    for index, entry in enumerate(roster()):
        own = [(i, b) for i, b in enumerate(made.buildings) if b.owner == index]
        code = KINDS[entry.kind][0]
        serial[code] = serial.get(code, 0) + 1
        found.append(_fact(index, entry, f"{code}{serial[code]:03d}", own, made.sites[index], ids, rng))
    return found


def _fact(
    index: int, entry: Entry, number: str, own: list[tuple[int, Building]], site: shapely.Polygon,
    ids: dict[int, str], rng: np.random.Generator,
) -> Fact:  # fmt: skip
    main = max(own, key=lambda item: item[1].outline.area * item[1].storeys)[1]
    in_ledger = index % 16 not in (3, 8, 13)
    spot = site.centroid if in_ledger else main.outline.representative_point()
    if not in_ledger and index % 32 == 8:
        spot = shapely.Point(main.outline.bounds[0] - 3.0, main.outline.centroid.y)
    x, y = WEST + spot.x, SOUTH + spot.y
    longitude, latitude = Transformer.from_crs(EPSG, 6668, always_xy=True).transform(x, y)
    floor = sum(b.outline.area * (1 if b.role in ("体育館", "アリーナ棟") else b.storeys) for _, b in own) * 0.97
    remaining = _remaining(entry, rng)
    closure = int(rng.integers(2027, 2031)) if entry.state == "closure" else None
    return Fact(
        index=index, entry=entry, number=number, ward=ward_of(spot.x), address=_address(spot.x, spot.y, rng),
        x=x, y=y, latitude=round(latitude, 6), longitude=round(longitude, 6),
        building_ids=[ids[i] for i, _ in own], ids_in_ledger=in_ledger, floor_area=round(floor, 2),
        storeys=entry.storeys, seismic=_seismic(entry, rng), roof=_roof(entry),
        waterproofed=_waterproofed(entry, rng), remaining=remaining, closure=closure,
        closure_text="未定" if entry.state == "unknown_closure" else "なし",
        shelter=_shelter(entry, rng), flood=_flood(spot.x, spot.y, rng),
        kwh=_kwh(entry, floor, rng), contract_kw=0, remark=_remark(entry),
    )  # fmt: skip


def _seismic(entry: Entry, rng: np.random.Generator) -> str:
    if entry.state == "unknown_seismic":
        return "不明"
    if entry.state == "seismic":
        return "未改修"
    if entry.built >= 1982:
        return "新耐震"
    return "耐震改修済" if rng.random() < 0.75 else "耐震性あり(診断済)"


def _roof(entry: Entry) -> str:
    if entry.state == "unknown_roof":
        return "不明"
    return {
        "gable": "切妻",
        "hip": "寄棟",
        "metal": "折板",
        "vault": "折板",
        "depot": "折板",
        "depot_saw": "のこぎり",
    }.get(entry.shape, "陸屋根")


def _waterproofed(entry: Entry, rng: np.random.Generator) -> int | None:
    if entry.state in ("unknown_waterproof", "unknown_roof") or entry.shape in (
        "gable",
        "hip",
        "metal",
        "vault",
        "depot",
        "depot_saw",
    ):
        return None
    if entry.state == "waterproof_old":
        return int(rng.integers(max(entry.built, 1997), 2008)) if entry.built < 2006 else entry.built
    return entry.built if entry.built >= 2016 else int(rng.integers(2016, 2025))


def _remaining(entry: Entry, rng: np.random.Generator) -> int | None:
    if entry.state == "unknown_life":
        return None
    if entry.state == "short_life":
        return int(rng.integers(4, 15))
    if entry.state == "closure":
        return int(rng.integers(3, 9))
    life = {"RC": 80, "SRC": 80, "S": 70, "W": 60, "CB": 50}[entry.structure]
    left = life - (FISCAL_YEAR - entry.built)
    if entry.state == "seismic":
        return max(left, 6)
    # Sound buildings have been, or are being, given a longer life.
    return left if left >= 24 else int(rng.integers(24, 30))


def _shelter(entry: Entry, rng: np.random.Generator) -> bool | None:
    if entry.kind in ("小学校", "中学校", "高等学校", "特別支援学校") or entry.shape == "sports":
        return True
    if entry.kind in ("市民館", "コミュニティ施設"):
        return bool(rng.random() < 0.4)
    return None if rng.random() < 0.06 else False


def _flood(x: float, y: float, rng: np.random.Generator) -> float:
    u = np.array([x], dtype=np.float32)
    if y < hill_foot(u)[0] + 30.0:
        return 0.0
    far = float(river_middle(u)[0]) - LEVEE_OFFSET - y
    return float(max(0.0, round((3.4 - far / 190.0 + rng.normal(0, 0.2)) * 2) / 2))


def _kwh(entry: Entry, floor: float, rng: np.random.Generator) -> int:
    base = PLANTS.get(entry.name, KINDS[entry.kind][3] * floor)
    return round(base * float(np.exp(rng.normal(0.0, 0.1))))


def _remark(entry: Entry) -> str:
    return {
        "closure": "再編整備計画により統廃合予定", "shaded": "敷地内に高木あり", "unknown_seismic": "耐震診断結果を照会中",
        "unknown_roof": "屋根改修履歴 書類なし", "seismic": "耐震改修 実施時期未定", "short_life": "建替え検討中",
    }.get(entry.state, "")  # fmt: skip


def _address(x: float, y: float, rng: np.random.Generator) -> str:
    ward = ward_of(x)
    row = 0 if y < 430 else 1 if y < 760 else 2 if y < 1040 else 3
    column = 0 if x < 690 else 1 if x < 1370 else 2
    town = _TOWNS[column][row]
    chome = 1 + int(x / 230.0) % 4
    return f"{CITY}{ward}{town}{chome}丁目{int(rng.integers(1, 32))}番{int(rng.integers(1, 24))}号"
