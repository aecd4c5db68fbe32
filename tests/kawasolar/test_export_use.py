"""Self-use on paper: read again by other programs, and the same as in the plan."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from kawasolar.export.csv import write_csv
from kawasolar.export.gpkg import write_gpkg
from kawasolar.export.png import write_png
from kawasolar.export.table import COLUMNS, site_columns, site_frame
from kawasolar.export.xlsx import write_xlsx
from kawasolar.figures import figures
from kawasolar.plan import USE_COLUMNS, Plan, Stamp, Use
from kawasolar.stages import plan_fingerprint
from kawasolar.words import LANGUAGES, Language, say
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [column.key for column in COLUMNS if column.source == "use"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), facilities=12)


@pytest.fixture(scope="module")
def plan(bare: Plan) -> Plan:
    """Loads by hand: of a meter, of a bill, of the floor area, and of nobody, in turns."""
    ids = bare.facilities["facility_id"].astype(str).tolist()
    count = len(ids)
    source = np.array([("meter", "bill", "area", "none")[k % 4] for k in range(count)], dtype=object)
    known = np.where(source == "none", np.nan, 1.0)
    months = np.stack([np.full((count, 12), kwh, np.float32) for kwh in (1_000.0, 400.0, 300.0)], axis=1)
    peaks = np.stack([np.tile(np.arange(12.0) + 20, (count, 1)), np.tile(np.arange(12.0) + 15, (count, 1))], axis=1)
    frame = pd.DataFrame(
        {
            "facility_id": ids, "source": source, "estimated": np.isin(source, ("bill", "area")), "filled": 0.0, "note": "", "load_kwh": 12_000 * known,
            "peak_kw": 31 * known, "load_factor": 0.3 * known, "self_use_kwh": 3_600 * known, "surplus_kwh": 1_200 * known, "self_use_ratio": 0.75 * known,
            "self_supply_ratio": 0.3 * known, "peak_after_kw": 26 * known,
        }
    )[list(USE_COLUMNS)].astype(USE_COLUMNS)  # fmt: skip
    return replace(bare, use=Use(frame, months, peaks.astype(np.float32)))


def test_list_has_one_block_of_columns_only_where_the_use_was_reckoned(bare: Plan, plan: Plan) -> None:
    assert not {column.key for column in site_columns(bare)} & set(KEYS)
    shown = [column.key for column in site_columns(plan)]
    first = shown.index(KEYS[0])
    assert shown[first : first + len(KEYS)] == KEYS
    frame = site_frame(plan, "ja")
    assert frame["self_use_ratio"].iloc[0] == pytest.approx(75.0)
    assert np.isnan(frame["self_use_kwh"].iloc[3])
    assert frame["load_source"].tolist()[:4] == [
        "30分値（実績）",
        "年間使用電力量から推定",
        "延床面積から推定（目安）",
        "不明",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook(plan: Plan, tmp_path: Path, language: Language) -> None:
    path = tmp_path / "list.xlsx"
    write_xlsx(plan, path, language)
    book = openpyxl.load_workbook(path)
    rows = list(book[say(language, "export.sheet.all")].iter_rows(values_only=True))
    head = next(k for k, row in enumerate(rows) if say(language, "export.column.facility_id") in row)
    names = [str(name).replace("\n", " ") for name in rows[head]]
    at = names.index(say(language, "export.column.surplus_kwh"))
    assert [row[at] for row in rows[head + 1 : head + 5]] == [1_200, 1_200, 1_200, None]
    sheet = list(book[say(language, "export.sheet.use")].iter_rows(values_only=True))
    begin = next(k for k, row in enumerate(sheet) if row[0] == say(language, "export.column.facility_id"))
    body = [row for row in sheet[begin + 1 :] if row[0]]
    # Six rows for each whose load is known.
    assert len(body) == 6 * 9
    assert [row[-1] for row in body[:6]] == [12_000, 4_800, 3_600, 1_200, 31, 26]
    assert [row[5] for row in body[:6]] == [1_000, 400, 300, 100, 20, 15]
    assert {row[3] for row in body} == {
        say(language, f"export.use.{item}")
        for item in ("load", "produced", "self_use", "surplus", "peak", "peak_after")
    }


def test_workbook_of_an_older_plan_has_no_such_sheet(bare: Plan, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_xlsx(bare, path, "ja")
    assert say("ja", "export.sheet.use") not in openpyxl.load_workbook(path).sheetnames


def test_csv(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_csv(plan, path, "ja")
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert [row[say("ja", "export.column.peak_after_kw")] for row in rows[:4]] == ["26.0", "26.0", "26.0", ""]
    assert rows[1][say("ja", "export.column.load_source")] == "年間使用電力量から推定"


def test_layer(bare: Plan, plan: Plan, tmp_path: Path) -> None:
    for made in (bare, plan):
        path = tmp_path / f"{made is plan}.gpkg"
        write_gpkg(made, path, "ja")
        layer = gpd.read_file(path, layer="facilities")
        assert set(KEYS) <= set(layer) if made is plan else not set(KEYS) & set(layer)
    assert layer["load_source"].tolist()[:4] == ["meter", "bill", "area", "none"]
    assert layer["self_use_ratio"].iloc[0] == pytest.approx(0.75)


def test_picture(plan: Plan, tmp_path: Path) -> None:
    write_png(plan, tmp_path / "map.png", "ja", dpi=60)
    assert (tmp_path / "map.png").stat().st_size


def test_totals_are_of_the_chosen_whose_load_is_known(bare: Plan, plan: Plan) -> None:
    found = figures(plan)
    assert plan.use is not None
    chosen = set(plan.decision.sites.loc[plan.decision.sites["chosen"].to_numpy(dtype=bool), "facility_id"])
    mine = [
        (source, by) for name, source, by in plan.use.frame[["facility_id", "source", "estimated"]].itertuples(index=False)
        if name in chosen and source != "none"
    ]  # fmt: skip
    assert found["use_known"] == len(mine) > 0
    assert found["use_estimated"] == sum(by for _, by in mine)
    assert (found["self_use_kwh"], found["surplus_kwh"]) == (3_600 * len(mine), 1_200 * len(mine))
    assert (found["self_use_ratio"], found["self_supply_ratio"]) == (0.75, 0.3)
    assert figures(bare)["self_use_ratio"] is None


def test_fingerprint_knows_the_use(plan: Plan) -> None:
    def stamped(year: str) -> str:
        stamp = Stamp("use", 1, {"value:demand.year": year}, {}, "", 0.0)
        return plan_fingerprint(replace(plan, stamps={**plan.stamps, "use": stamp}))

    assert stamped("a") != stamped("b")
