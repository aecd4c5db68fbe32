"""The 38 private facilities of the leading area: shops, offices, banks, works, stores, schools, the station."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
from pyproj import Transformer

from sample_data.generator.build import Building
from sample_data.generator.lines import STATION
from sample_data.generator.place import CITY, EPSG, FISCAL_YEAR, SOUTH, WEST, random, ward_of
from sample_data.generator.text import fiscal, number, write_csv
from sample_data.generator.town import Made

TITLE = "脱炭素先行地域 民間施設一覧（合成データ・実在しません）"
HEADINGS = (
    "施設番号", "施設名称", "業種", "区", "住居表示", "緯度", "経度", "建物ID", "延面積(㎡)", "構造", "階数", "建築年度", "屋根形状",
    "年間電力使用量(kWh)", "契約電力(kW)", "参加年度", "備考",
)  # fmt: skip
# name, trade, role of the building, kWh/m2, load factor
_MEMBERS: tuple[tuple[str, str, str, float, float], ...] = (
    ("見本電鉄 見本駅", "鉄道駅", "station", 160, 0.50), ("見本タワーレジデンス管理組合", "集合住宅（共用部）", "tower", 14, 0.45),
    ("見本センタータワー", "事務所", "tower", 22, 0.34), ("ミホンスーパー駅前店", "小売", "shop", 420, 0.52),
    ("ミホンスーパー本町店", "小売", "shop", 400, 0.52), ("みほん信用金庫本店", "銀行", "shop", 125, 0.27),
    ("みほん信用金庫駅前支店", "銀行", "shop", 120, 0.26), ("かりの銀行見本支店", "銀行", "shop", 122, 0.26),
    ("ためし生命ビル", "事務所", "shop", 130, 0.28), ("本町ビジネスビル", "事務所", "shop", 128, 0.28),
    ("駅前第一ビル", "事務所", "shop", 132, 0.28), ("駅前第二ビル", "事務所", "shop", 129, 0.28),
    ("ホテルみほん", "宿泊", "shop", 185, 0.44), ("みほんクリニックモール", "医療", "shop", 165, 0.36),
    ("ドラッグためし駅前店", "小売", "shop", 260, 0.50), ("書店みほん堂", "小売", "shop", 140, 0.36),
    ("カフェ溝端", "飲食", "shop", 310, 0.42), ("レストランさわべ", "飲食", "shop", 330, 0.42),
    ("フィットネスみほん", "サービス", "shop", 190, 0.40), ("みほん進学塾", "教育", "shop", 85, 0.22),
    ("ためし専門学校", "教育", "shop", 90, 0.22), ("シネマみほん", "娯楽", "shop", 210, 0.40),
    ("コワーキング溝端", "事務所", "shop", 118, 0.30), ("みほん新聞社", "事務所", "shop", 135, 0.34),
    ("ためし通信ビル", "通信", "shop", 480, 0.72), ("家電のかりの", "小売", "shop", 175, 0.38),
    ("みほん精機 本社工場", "製造", "factory", 145, 0.36), ("みほん精機 第二工場", "製造", "factory", 140, 0.36),
    ("ためし食品 見本工場", "製造", "factory", 320, 0.55), ("かりの電子 川辺工場", "製造", "factory", 380, 0.62),
    ("さわべ染織", "製造", "factory", 95, 0.30), ("みほん印刷", "製造", "factory", 150, 0.33),
    ("見本物流センター", "物流", "factory", 55, 0.38), ("かりの冷蔵 見本倉庫", "物流", "factory", 240, 0.62),
    ("みほん樹脂工業", "製造", "factory", 260, 0.48), ("ためし塗装", "製造", "factory", 120, 0.28),
    ("みほん硝子", "製造", "factory", 300, 0.58), ("見本自動車整備", "サービス", "factory", 60, 0.24),
)  # fmt: skip
_ROOFS = {"flat": "陸屋根", "gable": "切妻", "hip": "寄棟", "metal": "折板", "sawtooth": "のこぎり"}


def _pick(buildings: list[Building]) -> list[int]:
    """Building of each member, each used once: the larger of its kind, shops those nearest to the station."""
    used: set[int] = set()
    found = []
    pools: dict[str, list[int]] = {}
    for role in ("station", "tower", "shop", "factory"):
        pool = [i for i, b in enumerate(buildings) if b.role == role]
        if role == "shop":
            pool.sort(key=lambda i: np.hypot(buildings[i].outline.centroid.x - STATION[0],
                                             buildings[i].outline.centroid.y - STATION[1])
                      - buildings[i].outline.area / 8.0)  # fmt: skip
        elif role == "factory":
            # The weaving sheds first in turn with the rest, so that every kind of roof joins.
            pool.sort(key=lambda i: -buildings[i].outline.area)
            sheds = [i for i in pool if buildings[i].roof == "sawtooth"][:5]
            pool = sheds + [i for i in pool if i not in sheds]
        elif role == "tower":
            pool.sort(key=lambda i: -buildings[i].height)
        pools[role] = pool
    for _, _, role, _, _ in _MEMBERS:
        choice = next(i for i in pools[role] if i not in used)
        used.add(choice)
        found.append(choice)
    return found


def write_private(path: Path, made: Made, layer: gpd.GeoDataFrame, seed: int) -> None:
    """The list of the members of the leading area."""
    rng = random(seed, "private")
    ids = layer["building_id"].to_dict()
    to_degrees = Transformer.from_crs(EPSG, 6668, always_xy=True)
    rows: list[list[object]] = [[TITLE], [], list(HEADINGS)]
    for n, (member, i) in enumerate(zip(_MEMBERS, _pick(made.buildings), strict=True), start=1):
        name, trade, role, intensity, load_factor = member
        body = made.buildings[i]
        spot = body.outline.representative_point()
        longitude, latitude = to_degrees.transform(WEST + spot.x, SOUTH + spot.y)
        # Small trades have the lowest floors of their building.
        tenant = trade in ("飲食", "教育", "サービス") or "ドラッグ" in name or "書店" in name
        storeys = min(body.storeys, 2) if tenant and role == "shop" else body.storeys
        floor = body.outline.area * storeys * (0.55 if role == "tower" else 0.95)
        kwh = round(floor * intensity * float(np.exp(rng.normal(0.0, 0.08))))
        built = int(rng.integers(1972, 2021))
        town = "駅前" if role in ("shop", "station", "tower") else "新作台"
        address = (
            f"{CITY}{ward_of(spot.x)}{town}{1 + n % 4}丁目{int(rng.integers(1, 30))}番{int(rng.integers(1, 20))}号"
        )
        structure = "SRC" if role == "tower" else "S" if role in ("factory", "station") else "RC"
        rows.append([
            f"P{n:03d}", name, trade, ward_of(spot.x), address, f"{latitude:.6f}", f"{longitude:.6f}",
            ids[i] if n % 7 else "", number(floor, 1, rng), structure, body.storeys, fiscal(built, rng), _ROOFS[body.roof],
            f"{kwh:,d}", f"{int(np.ceil(kwh / 8760.0 / load_factor)):,d}",
            fiscal(int(rng.integers(2022, FISCAL_YEAR + 1)), rng), "1・2階部分" if storeys < body.storeys else "",
        ])  # fmt: skip
    write_csv(path, rows)
