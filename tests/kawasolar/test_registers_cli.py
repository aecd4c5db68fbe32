"""Other ledgers of a plan from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from kawasolar.cli import EXIT_OK, EXIT_USAGE, run_command
from kawasolar.project import load_project, save_project
from tests.support.town import project_of, small_town

LAMPS = "施設名,棟,階,室,ランプ種別,台数,W/台\n{0},校舎,1,職員室,FLR40W×2,12,85\n川中島小,校舎,2,教室,Hf32,30,65\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("計画")
    project = project_of(small_town(folder / "町"), folder)
    save_project(project, folder / "計画.kawasolar")
    facilities = project.plan.facilities
    return folder / "計画.kawasolar", str(facilities["name"].iloc[0]), str(facilities["facility_id"].iloc[1])


def told(words: list[str], capsys: pytest.CaptureFixture[str], code: int = EXIT_OK) -> tuple[str, str]:
    capsys.readouterr()
    assert run_command(words) == code
    found = capsys.readouterr()
    return found.out, found.err


def test_taken_shown_renewed_named_and_left(
    made: tuple[Path, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAWASOLAR_LANG", "en")
    source, name, other = made
    plan = tmp_path / "p.kawasolar"
    plan.write_bytes(source.read_bytes())
    ledger = tmp_path / "照明.csv"
    ledger.write_text(LAMPS.format(name), encoding="utf-8")
    assert "no other ledger" in told(["registers", str(plan)], capsys)[0]
    assert "take" in told(["edit", "register", str(plan), str(ledger), "--show"], capsys)[0].lower()
    assert load_project(plan).plan.registers.by_kind == {}
    out, err = told(["edit", "register", str(plan), str(ledger), "--why", "令和8年度"], capsys)
    assert "2 rows" in out
    assert load_project(plan).plan.entries.get("inputs", "lamps")["why"] == "令和8年度"
    assert "1 of them of a known facility" in told(["registers", str(plan)], capsys)[0]
    out, err = told(["registers", str(plan), "lamps", "--csv", str(tmp_path / "rows.csv")], capsys)
    assert "川中島小" in err
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig") as file:
        assert [row["facility_id"] for row in csv.DictReader(file)][1] == ""
    told(["edit", "alias", str(plan), "川中島小", other], capsys)
    rows = json.loads(told(["registers", str(plan), "lamps", "--json"], capsys)[0])
    assert [row["how"] for row in rows] == ["name", "person"]
    assert rows[1]["facility_id"] == other
    ledger.write_text(LAMPS.format(name).replace(",30,65", ",28,65"), encoding="utf-8")
    out, _ = told(["edit", "register", str(plan), str(ledger)], capsys)
    assert "1 changed (1 cells), 1 the same" in out
    assert "30 → 28" in out
    assert "nothing" in told(["edit", "register", str(plan), str(ledger)], capsys)[0].lower()
    told(["edit", "input", str(plan), "lamps", "--none", "--run"], capsys)
    assert load_project(plan).plan.registers.by_kind == {}
    assert told(["registers", str(plan), "lamps"], capsys, 3)[1]


def test_what_cannot_be_meant(made: tuple[Path, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = str(made[0])
    assert told(["registers", plan, "ships"], capsys, EXIT_USAGE)[1]
    assert told(["edit", "alias", plan, "x"], capsys, EXIT_USAGE)[1]
    assert told(["edit", "alias", plan, "x", "nobody"], capsys, 3)[1]
    ledger = tmp_path / "a.csv"
    ledger.write_text(LAMPS, encoding="utf-8")
    words = [
        "plan",
        "--dsm",
        "x",
        "--buildings",
        "x",
        "--facilities",
        "x",
        "--weather",
        "x",
        "--out",
        str(tmp_path / "o"),
    ]
    assert told([*words, "--register", str(ledger), "--register", str(ledger)], capsys, EXIT_USAGE)[1]
