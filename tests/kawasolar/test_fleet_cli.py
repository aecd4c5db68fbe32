"""The fleet on the command line and on paper."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest

from kawasolar.__main__ import main
from kawasolar.export.fleet import write_fleet_xlsx
from kawasolar.fleet import default_rules, plan_fleet
from kawasolar.fleet.rules import OBJECTIVES, WAYS
from kawasolar.fleet.table import assumption_rows, car_classes
from kawasolar.fleet.tables import CAR_TABLE, assumed_table, car_table, without_table, year_table
from kawasolar.fleet.words import note_texts, short_texts, summary_texts
from kawasolar.project import load_project, save_project
from kawasolar.words import LANGUAGES, catalogue
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

HEADS = [
    "登録番号",
    "配置施設",
    "車種",
    "燃料",
    "乗車定員",
    "リース満了日",
    "年間走行距離",
    "稼働日数",
    "最長日走行距離",
    "出庫時刻",
]
CARS = [
    ["川崎 300 あ 1", "東小学校", "小型乗用", "ガソリン", "5", "R10.3.31", "6000", "200", "60", "8:30"],
    ["川崎 580 あ 2", "001", "軽乗用", "ガソリン", "4", "R9.4.1", "4000", "200", "50", ""],
    ["川崎 300 あ 3", "西区役所", "小型乗用", "EV", "5", "R12.3.31", "6000", "200", "60", ""],
    ["川崎 300 あ 4", "西区役所", "乗用", "ガソリン", "9", "R9.3.31", "6000", "200", "60", "朝"],
    ["川崎 800 あ 5", "どこか", "消防ポンプ車", "軽油", "5", "", "2000", "100", "40", ""],
    ["川崎 480 あ 6", "東図書館", "軽貨物", "ガソリン", "2", "", "", "", "", ""],
]  # fmt: skip
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of five facilities with a ledger of six vehicles; never changed."""
    folder = tmp_path_factory.mktemp("公用車")
    path, ledger = folder / "a.kawasolar", folder / "車両.csv"
    save_project(project_of(small_town(folder / "町"), folder / "計画"), path)
    ledger.write_text("\n".join(",".join(row) for row in [HEADS, *CARS]), encoding="cp932")
    assert main(["-q", "edit", "register", str(path), str(ledger)]) == 0
    return path


@pytest.fixture(scope="module")
def plan(project: Path) -> Plan:
    return load_project(project).plan


def test_the_years_and_why_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["-q", "fleet", str(project), "--json", "--set", "petrol_yen_l=180", "--way", "lease"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(car["why"], car["fiscal_year"]) for car in found["cars"]] == [
        ("natural", 2028), ("natural", 2027), ("already", None), ("no_substitute", None), ("outside", None), ("outside", None),
    ]  # fmt: skip
    assert [car["facility_id"] for car in found["cars"]] == ["001", "001", "004", "004", "", "003"]
    assert found["cars"][0]["leaves"] == 8.5
    assert (found["passenger"], found["lacking_models"], found["rules"]["way"]) == (4, 1, "lease")
    assert {row["key"]: row["origin"] for row in found["assumptions"]}["petrol_yen_l"] == "asked"
    # The profile's factor is the plan's own.
    assert {row["key"]: row["value"] for row in found["assumptions"]}["electricity_kg_kwh"] == 0.43


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_years_on_the_screen(project: Path, language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("KAWASOLAR_LANG", language)
    capsys.readouterr()
    assert (
        main(
            [
                "-q",
                "fleet",
                str(project),
                "--budget",
                "1",
                "--cars-per-year",
                "0",
                "--year-budget",
                "2028=5e6",
                "--sharing",
            ]
        )
        == 0
    )
    told = capsys.readouterr().out
    assert "川崎 300 あ 4" in told
    assert "fleet." not in told
    assert "5,000,000" in told
    names = ("川崎 300 あ 4", "東小学校", "西区役所", "西小学校", "東図書館", "、")
    if language == "en":
        for name in names:
            told = told.replace(name, "")
        assert not JAPANESE.search(told)


def test_papers_and_a_catalogue_that_is_read_again(project: Path, plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    book, table, own = tmp_path / "公用車.xlsx", tmp_path / "車.csv", tmp_path / "catalogue.csv"
    words = ["-q", "fleet", str(project), "--xlsx", str(book), "--csv", str(table), "--write-catalogue", str(own)]
    assert main(words) == 0
    sheets = openpyxl.load_workbook(book)
    assert len(sheets.sheetnames) == 6
    cells = {str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row}
    assert {car[0] for car in CARS} <= cells
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(CARS)
    assert len(rows[0]) == len(CAR_TABLE) + 3
    capsys.readouterr()
    assert main(["-q", "fleet", str(project), "--json", "--catalogue", str(own)]) == 0
    again = json.loads(capsys.readouterr().out)
    first = plan_fleet(plan)
    assert again["totals"] == pytest.approx(first.head["totals"], rel=1e-9)
    # The catalogue that is read is not written over.
    assert main(["-q", "fleet", str(project), "--catalogue", str(own), "--write-catalogue", str(own)]) != 0


@pytest.mark.parametrize(
    "words",
    [
        ["--set", "nope=1"], ["--set", "days"], ["--set", "days=1e9"], ["--prefer", "steam"], ["--counts", ""], ["--way", "gift"], ["--objective", "fun"],
        ["--class", "tank"], ["--target", "2"], ["--first-year", "2040"], ["--year-budget", "x=1"], ["--year-budget", "2050=1"], ["--budget", "nan"],
        ["--cars-per-year", "-1"], ["--catalogue", "/nowhere.csv"],
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_in_words(project: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    capsys.readouterr()
    assert main(["-q", "fleet", str(project), *words]) != 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "fleet." not in told.err
    assert "Traceback" not in told.err


def test_a_project_without_cars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "b.kawasolar"
    save_project(project_of(small_town(tmp_path / "町"), tmp_path), path)
    assert main(["-q", "fleet", str(path)]) != 0
    assert capsys.readouterr().err.strip()


def test_nothing_on_paper_is_in_the_other_language(plan: Plan, tmp_path: Path) -> None:
    result = plan_fleet(plan, replace(default_rules(), budget_yen=1.0, sharing=True, values={"days": 200.0}))
    path = tmp_path / "fleet.xlsx"
    write_fleet_xlsx(result, plan, path, "en")
    # Names of the ledger's own.
    own = {str(cell) for frame in (result.cars, result.bases) for name in frame for cell in frame[name]} | {plan.name}
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                text = "" if cell.value is None or cell.row == 2 else str(cell.value)
                assert text in own or not JAPANESE.search(text), text


def test_there_are_words_for_everything(plan: Plan) -> None:
    known = catalogue()
    result = plan_fleet(plan, replace(default_rules(), budget_yen=1.0, cars_per_year=1, sharing=True))
    codes = [f"fleet.assumption.{key}" for key in assumption_rows()]
    codes += [f"fleet.head.{name}" for frame in (year_table(result), result.bases) for name in frame]
    codes += [f"fleet.head.{name}" for name in CAR_TABLE] + [f"register.code.{code}" for code in car_classes()]
    codes += [f"fleet.way.{code}" for code in WAYS] + [f"fleet.objective.{code}" for code in OBJECTIVES]
    assert [code for code in codes if code not in known] == []
    for language in LANGUAGES:
        texts: list[Any] = [
            *short_texts(language, result),
            *summary_texts(language, result),
            *note_texts(language, result),
        ]
        for frame in (car_table(language, result), without_table(language, result), assumed_table(language, result)[0]):
            texts += [cell for name in frame for cell in frame[name] if isinstance(cell, str)]
        assert not [text for text in texts if re.search(r"\b(fleet|register|mapping|how_sure)\.", text)]
    assert without_table("ja", result)["reasons"].str.contains("定員").all()
    assert pd.isna(car_table("ja", result)["fiscal_year"].iloc[2])
