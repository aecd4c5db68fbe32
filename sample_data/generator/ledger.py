"""The ledger of public facilities (公共施設台帳), as a finance department would hand it over."""

from __future__ import annotations

from pathlib import Path

from sample_data.generator.facts import KINDS, Fact
from sample_data.generator.place import random
from sample_data.generator.text import fiscal, number, wide, write_csv

TITLE = "令和6年度 公共施設台帳（合成データ・実在しません）"
HEADINGS = (
    "施設番号", "施設名称", "施設名称カナ", "大分類", "小分類", "所管課", "区", "住居表示", "緯度", "経度", "建物ID",
    "延面積(㎡)", "構造", "階数", "建築年度", "耐震基準", "屋根形状", "防水改修年度", "残存使用年数", "廃止予定年度",
    "避難所指定", "浸水想定(m)", "年間電力使用量(kWh)", "契約電力(kW)", "備考",
)  # fmt: skip


def write_facilities(path: Path, facts: list[Fact], seed: int) -> None:
    """Title, blank line, headings, one row a facility, totals."""
    rng = random(seed, "ledger")
    rows: list[list[object]] = [[TITLE], [], list(HEADINGS)]
    for fact in facts:
        entry = fact.entry
        storeys = str(fact.storeys) if rng.random() < 0.85 else f"地上{fact.storeys}階"
        water = fiscal(fact.waterproofed, rng) if fact.waterproofed else ""
        if entry.state == "unknown_waterproof" and fact.index % 2:
            water = "不明"
        # Where the remaining life is unknown, so is the year that it could be reckoned from.
        built = "不明" if entry.state == "unknown_life" else fiscal(entry.built, rng)
        rows.append([
            fact.number, entry.name, entry.kana, KINDS[entry.kind][1], entry.kind, KINDS[entry.kind][2], fact.ward,
            wide(fact.address) if rng.random() < 0.15 else fact.address,
            f"{fact.latitude:.6f}", f"{fact.longitude:.6f}",
            ";".join(fact.building_ids) if fact.ids_in_ledger else "",
            number(fact.floor_area, 2, rng), entry.structure, storeys, built, fact.seismic,
            fact.roof, water, "" if fact.remaining is None else str(fact.remaining),
            fiscal(fact.closure, rng) if fact.closure else fact.closure_text,
            "" if fact.shelter is None else "○" if fact.shelter else "×", f"{fact.flood:.1f}",
            number(fact.kwh, 0, rng), number(fact.contract_kw, 0, rng), fact.remark,
        ])  # fmt: skip
    total: list[object] = [""] * len(HEADINGS)
    total[0] = "合計"
    total[HEADINGS.index("延面積(㎡)")] = f"{sum(f.floor_area for f in facts):,.2f}"
    total[HEADINGS.index("年間電力使用量(kWh)")] = f"{sum(f.kwh for f in facts):,d}"
    rows.append(total)
    write_csv(path, rows)
