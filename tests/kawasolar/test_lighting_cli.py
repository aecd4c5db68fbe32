"""LED retrofits on the command line and on paper, in both languages."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import geopandas
import openpyxl
import pytest

from kawasolar.__main__ import main
from kawasolar.export.lighting import SHEETS, write_lighting_xlsx
from kawasolar.lighting import Asked, bundled_table, lighting_of, table_with
from kawasolar.lighting.rows import BANS, LAMPS, LED, NUMBERS, PCB, SECTIONS
from kawasolar.lighting.tables import COLUMNS, headings, shown, table_rows
from kawasolar.lighting.words import ban_name, lamp_name, note_texts
from kawasolar.project import save_plan
from kawasolar.resources import resource_path
from kawasolar.stages.state import plan_fingerprint
from kawasolar.words import LANGUAGES, Language, catalogue, say
from tests.kawasolar.test_languages import JAPANESE
from tests.kawasolar.test_lighting import with_lamps
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    made = example_plan(tmp_path_factory.mktemp("plan"), 6)
    names = made.facilities["facility_id"].astype(str).tolist()
    return with_lamps(
        made,
        {"facility": names[0], "lamp_type": "mercury", "fixtures": 16.0, "power_w": 306.0, "height_m": 8.0},
        {"facility": names[0], "lamp_type": "led", "fixtures": 5.0, "power_w": 30.0},
        {"facility": names[1], "lamp_type": "straight_fluorescent", "fixtures": 80.0, "lamps_per_fixture": 2.0, "power_w": 40.0},
        {"facility": names[2], "lamp_type": "sodium", "fixtures": 4.0, "power_w": None},
    )  # fmt: skip


def test_every_code_has_its_words() -> None:
    words = catalogue()
    keys = {f"lighting.figure.{key}" for columns in COLUMNS.values() for key in columns}
    keys |= {f"lighting.number.{key}" for key in NUMBERS} | {f"lighting.section.{key}" for key in SECTIONS}
    keys |= {f"export.{part}.lighting_{name}" for name in (*SHEETS, "table") for part in ("sheet", "title")}
    code = re.compile(r'"(lighting\.(?:[a-z_]+\.)*[a-z_]+)"')
    root = resource_path().parent / "kawasolar"
    paths = [*root.glob("lighting/*.py"), root / "cli_lighting.py", root / "export" / "lighting.py"]
    assert len(paths) > 10
    for path in paths:
        keys |= {one for one in code.findall(path.read_text("utf-8")) if not one.endswith((".toml", ".figure"))}
    assert not [key for key in sorted(keys) if key not in words]
    for language in LANGUAGES:
        for lamp in (*LAMPS, LED):
            assert "register" not in lamp_name(language, lamp)
        for ban in (*BANS, PCB, ""):
            assert "." not in ban_name(language, ban)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_have_words_for_codes(plan: Plan, language: Language) -> None:
    found = lighting_of(plan, Asked(budget_yen=2e7))
    names = {str(text) for column in ("name", "ward") for text in plan.facilities[column]}
    for name in COLUMNS:
        frame = shown(language, found, name)
        assert len(headings(language, name)) == len(frame.columns)
        texts = {str(cell) for column in frame for cell in frame[column] if isinstance(cell, str)} - names
        assert not [text for text in texts if text.startswith(("lighting.", "kind.", "register."))]
        if language == "en":
            assert not [text for text in texts if JAPANESE.search(text)]
    ways = shown(language, found, "ways")
    assert ways["provider_irr"].dropna().iloc[0] == 3.0
    assert len(note_texts(language, found)) >= 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook(tmp_path: Path, plan: Plan, language: Language) -> None:
    table = table_with(bundled_table(), {"term": 20.0})
    found = lighting_of(plan, Asked(budget_yen=2e7), table)
    path = tmp_path / "LED化.xlsx"
    write_lighting_xlsx(found, table, plan, path, language)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [say(language, f"export.sheet.lighting_{name}") for name in (*SHEETS, "table")]
    for sheet in book.worksheets:
        told = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
        assert any(plan_fingerprint(plan) in text for text in told)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    rows = [tuple(cell.replace("\n", " ") if isinstance(cell, str) else cell for cell in row) for row in rows]
    head = next(k for k, row in enumerate(rows) if row[0] == say(language, "lighting.figure.facility_id"))
    column = rows[head].index(say(language, "lighting.figure.cost_yen"))
    body = rows[head + 1 : head + 1 + len(found.facilities)]
    assert [row[column] for row in body] == found.facilities["cost_yen"].tolist()
    terms = list(book.worksheets[-1].iter_rows(values_only=True))
    term = next(row for row in terms if row[1] == say(language, "lighting.number.term"))
    assert term[2] == "value 20 a"
    assert term[5] == say(language, "lighting.changed")
    assert len(table_rows(language, table)) == len(table.rows())


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = example_plan(tmp_path / "plan", 5)
    path = tmp_path / "町.kawasolar"
    save_plan(made, path)
    ids = made.facilities["facility_id"].astype(str).tolist()

    def told(*words: str) -> Any:
        assert main(["lighting", str(path), *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    every = told("--first", "2026", "--last", "2028")
    assert [row["facility_id"] for row in every["facilities"]] == [
        name for name in ids if name not in every["left_out"]
    ]
    assert all(row["estimated"] for row in every["facilities"])
    assert [row["fiscal_year"] for row in every["years"]] == [2026, 2027, 2028]
    one = every["facilities"][0]["facility_id"]
    some = told(one, "--budget", "1", "--budget", "2027=999,000,000", "--first", "2026", "--set", "term=20")
    assert [row["year"] for row in some["facilities"]] == [2027]
    assert (some["numbers"]["term"], some["asked"]) == (20.0, ["term"])
    assert told(one, "--pin", f"{one}=0")["facilities"][0]["year"] == 0
    for wrong in (
        ("--budget", "x"), ("--budget", "-5"), ("--goal", "sun"), ("--pin", "5"), ("--pin", f"{one}=1.5"), ("--set", "term"), ("--set", "term=1000"), ("--set", "sun=1"),
        ("--first", "2030", "--last", "2020"), ("--table", str(path)), ("nobody",),
    ):  # fmt: skip
        assert main(["lighting", str(path), *wrong]) != 0, wrong
    capsys.readouterr()
    xlsx, table, layer = tmp_path / "LED.xlsx", tmp_path / "LED.csv", tmp_path / "LED.gpkg"
    assert main(["lighting", str(path), "--xlsx", str(xlsx), "--csv", str(table), "--gpkg", str(layer)]) == 0
    told_layer = geopandas.read_file(layer, layer="lighting")
    assert told_layer["facility_id"].tolist() == [row["facility_id"] for row in every["facilities"]]
    assert told_layer["cost_yen"].tolist() == [row["cost_yen"] for row in every["facilities"]]
    assert told_layer.crs == made.crs
    xlsx.unlink()
    table.unlink()
    assert main(["lighting", str(path), one, "--xlsx", str(xlsx), "--csv", str(table)]) == 0
    out = capsys.readouterr().out
    assert one in out
    assert say("ja", "lighting.way.esco") in out or say("en", "lighting.way.esco") in out
    assert len(openpyxl.load_workbook(xlsx).sheetnames) == 7
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
