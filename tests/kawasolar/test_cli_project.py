"""The commands that work on a project: what they change, what they compute, what they refuse."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from kawasolar.__main__ import _COMMANDS, main
from kawasolar.document.lock import Lock, Owner, take
from kawasolar.pipeline import PlanInputs, make_and_save
from kawasolar.project import load_project
from tests.kawasolar.test_pipeline import town
from tests.support.tiles import plain, write_folder, write_mbtiles


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town's project with its files beside it."""
    folder = tmp_path_factory.mktemp("町")
    files = town(folder)
    out = folder / "計画.kawasolar"
    make_and_save(
        PlanInputs(files["dsm"], files["buildings"], files["facilities"], files["weather"], out, scenario="基本案")
    )
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that a test may change, files and all."""
    monkeypatch.setenv("KAWASOLAR_LANG", "en")
    monkeypatch.setenv("KAWASOLAR_PERSON", "川崎 花子")
    home = tmp_path / "計画 の 写し"
    shutil.copytree(made, home)
    return home / "計画.kawasolar"


def test_all_commands_are_known_at_the_door() -> None:
    from kawasolar import (  # noqa: F401
        cli_bill,
        cli_charging,
        cli_demand,
        cli_edit,
        cli_edit_programme,
        cli_eligibility,
        cli_finance,
        cli_fleet,
        cli_join,
        cli_layout,
        cli_ledger,
        cli_lighting,
        cli_lots,
        cli_measures,
        cli_meters,
        cli_profile,
        cli_programme,
        cli_register,
        cli_registers,
        cli_siting,
        cli_sizing,
        cli_surface,
        cli_survey,
        cli_yield,
    )
    from kawasolar.cli import app

    names = {found.name or found.callback.__name__ for found in app.registered_commands}  # type: ignore[union-attr]
    assert {*names, *(group.name for group in app.registered_groups)} == set(_COMMANDS)


def test_a_picture_with_a_background_map(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiles = write_folder(tmp_path / "tiles", {(3, 7, 3): plain((0, 0, 255))})
    words = ["-q", "export", str(project), "--png", str(tmp_path / "map.png"), "--basemap"]
    assert main([*words, str(tiles), "--credit", "出典：国土地理院"]) == 0
    assert (tmp_path / "map.png").exists()
    # A map that is none is told before anything is written, and none is written over.
    assert main([*words[:-2], str(tmp_path / "other.png"), "--basemap", str(project)]) == 3
    assert not (tmp_path / "other.png").exists()
    assert project.name in capsys.readouterr().err
    whole = write_mbtiles(tmp_path / "t.mbtiles", {(3, 7, 3): plain((0, 0, 255))})
    assert main([*words[:-2], str(whole), "--basemap", str(whole)]) != 0
    assert whole.read_bytes().startswith(b"SQLite")


def test_money_of_a_facility(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-q", "finance", str(project), "001", "--price", "25.2", "--json"]
    book = tmp_path / "収支.xlsx"
    plan = load_project(project).plan
    assert plan.use is not None
    row, used = (frame.set_index("facility_id").loc["001"] for frame in (plan.results.yields, plan.use.frame))
    assert main([*words, "--xlsx", str(book)]) == 0
    found = json.loads(capsys.readouterr().out)
    saved = found["ways"]["purchase"]["cash"]["city"]["avoided_energy"][1]
    assert saved == pytest.approx(used["self_use_kwh"] * 25.2, rel=1e-5)
    assert book.exists()
    assert main([*words, "--self-share", "0.6"]) == 0
    found = json.loads(capsys.readouterr().out)
    saved = found["ways"]["purchase"]["cash"]["city"]["avoided_energy"][1]
    assert saved == pytest.approx(0.6 * row["energy_kwh"] * 25.2, rel=1e-6)
    assert main([*words, "--profile", "kaga"]) == 2
    assert main(["-q", "finance", str(project), "999"]) == 3


def test_measures_of_a_facility(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, book = ["-q", "measures", str(project), "001"], tmp_path / "対策.xlsx"
    asked = ["--order", "pv,led", "--lighting-kwh", "5000", "--set", "led_saving=0.4"]
    assert main([*words, *asked, "--json", "--xlsx", str(book)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["order"] for one in found["orders"]] == [["pv", "led"], ["led", "pv"]]
    assert found["assumptions"] == {"lighting_kwh": 5000.0, "led_saving": 0.4}
    for one in found["orders"]:
        assert one["bills_yen"][0] - one["bills_yen"][-1] == pytest.approx(sum(one["saved_yen"].values()), abs=0.1)
    assert book.exists()
    assert main(words) == 0
    assert "Chargers" in capsys.readouterr().out
    assert main([*words, "--order", "pv,pv"]) == 2
    assert main([*words, "--set", "led_saving=2"]) == 3
    assert main([*words, "--set", "led_saving"]) == 3
    assert main(["-q", "measures", str(project), "999"]) == 3


def status(project: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["-q", "status", str(project), "--json", *more]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def stale(found: dict[str, object]) -> list[str]:
    return [stage["stage"] for stage in found["stages"] if stage["state"] != "fresh"]  # type: ignore[attr-defined]


def test_a_changed_value_is_stale_until_it_is_computed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = status(project, capsys)
    assert stale(before) == []
    assert main(["edit", "value", str(project), "co2.grid_factor", "0.2", "--why", "2030年度の見込み"]) == 0
    shown = capsys.readouterr().out
    assert "0.43 → 0.2" in shown
    assert stale(status(project, capsys)) == ["yield", "eligibility", "selection", "use"]
    assert main(["-q", "run", str(project), "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert after["computed"] == {"s1": ["yield", "eligibility", "selection", "use"]}
    assert after["co2_t"] == pytest.approx(before["co2_t"] * 0.2 / 0.43, rel=1e-4)  # type: ignore[operator]
    assert after["energy_kwh"] == before["energy_kwh"]
    entry = load_project(project).entries.get("values", "s1/co2.grid_factor")
    assert (entry["who"], entry["why"]) == ("川崎 花子", "2030年度の見込み")
    assert main(["-q", "edit", "value", str(project), "co2.grid_factor", "--run"]) == 0
    again = status(project, capsys)
    assert (again["co2_t"], stale(again)) == (before["co2_t"], [])


def test_a_changed_ledger_is_read_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = project.parent / Path(load_project(project).plan.inputs[2].path).name
    assert ledger.is_file()
    ledger.write_bytes(ledger.read_bytes() + b"\n")
    found = status(project, capsys)
    assert stale(found)[0] == "ledger"
    assert found["stages"][0]["reasons"][0]["name"] == "facilities"  # type: ignore[index]
    assert main(["-q", "run", str(project)]) == 0
    assert stale(status(project, capsys)) == []


def test_another_file_in_the_place_of_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = Path(load_project(project).plan.inputs[2].path)
    new = old.with_name("新しい 台帳.csv")
    new.write_bytes(old.read_bytes() + b"\n")
    assert main(["-q", "edit", "input", str(project), "facilities", str(new), "--why", "令和8年度版", "--run"]) == 0
    opened = load_project(project)
    assert [Path(entry.path).name for entry in opened.plan.inputs if entry.role == "facilities"] == [new.name]
    assert opened.entries.get("inputs", "facilities")["why"] == "令和8年度版"
    assert stale(status(project, capsys)) == []
    assert main(["-q", "edit", "input", str(project), "facilities", str(new.with_name("ない.csv"))]) == 3
    assert main(["-q", "edit", "input", str(project), "roof", str(new)]) == 2


def test_run_with_nothing_to_do_computes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "run", str(project), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["computed"] == {"s1": []}


def test_edits_of_facilities(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "edit", "veto", str(project), "009", "--why", "建替え予定"]) == 0
    assert main(["-q", "edit", "pin", str(project), "001", "002"]) == 0
    plan = load_project(project).plan
    chosen = set(plan.decision.sites.loc[plan.decision.sites["chosen"], "facility_id"])
    assert {"001", "002"} <= chosen
    assert "009" not in chosen
    assert main(["-q", "edit", "release", str(project), "009"]) == 0
    assert load_project(project).plan.settings.vetoes == frozenset()
    capsys.readouterr()
    assert main(["-q", "edit", "pin", str(project), "999"]) == 3
    assert "999" in capsys.readouterr().err


def test_a_corrected_ledger_value_decides_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = load_project(project).plan.facilities.set_index("facility_id")
    assert main(["-q", "edit", "ledger", str(project), "003", "structure", "木造", "--why", "現地確認"]) == 0
    plan = load_project(project).plan
    assert plan.facilities.set_index("facility_id").loc["003", "structure"] == "w"
    entry = plan.entries.get("ledger", "structure/003")
    before = read.loc["003", "structure"] if "structure" in read else None
    assert (entry["value"], entry["read"]) == ("w", before)
    assert main(["-q", "edit", "ledger", str(project), "003", "structure", "豆腐"]) == 3
    assert "豆腐" in capsys.readouterr().err
    assert main(["-q", "edit", "ledger", str(project), "003", "building_ids", "B1"]) == 3
    assert main(["-q", "edit", "ledger", str(project), "003", "built_year", "1990"]) == 3, "no reason given"


def test_a_keepout_computes_one_site(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = load_project(project).plan
    roof = plan.results.buildings.set_index("building_id").geometry["B8"].buffer(-3)
    assert main(["-q", "edit", "keepout", str(project), "B8", roof.wkt, "--why", "空調設備", "--run"]) == 0
    after = load_project(project).plan
    old, new = (p.results.yields.set_index("facility_id")["usable_m2"] for p in (plan, after))
    changed = old[old != new.reindex(old.index)].index.tolist()
    assert len(changed) == 1
    assert new[changed[0]] < 0.5 * old[changed[0]]
    assert main(["-q", "edit", "keepout", str(project), "B8", "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"]) == 3
    assert main(["-q", "edit", "keepout", str(project), "B8", "nonsense"]) == 3
    assert main(["-q", "edit", "keepout", str(project), "B8", "--run"]) == 0
    back = load_project(project).plan.results.yields.set_index("facility_id")["usable_m2"]
    assert back.equals(old)


def test_a_layout_of_one_facility(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = load_project(project).plan.results
    words = ["edit", "layout", str(project), "003", "--racks", "east_west", "--value", "module.power=500"]
    assert main(["-q", *words, "--why", "所管課の希望"]) == 0
    plan = load_project(project).plan
    assert stale(status(project, capsys)) == []
    entry = plan.entries.get("layouts", "s1/003")
    assert entry["values"] == {"layout.racks": 3.0, "module.power": 500.0}
    assert (entry["who"], entry["why"]) == ("川崎 花子", "所管課の希望")
    mine = set(plan.results.links.loc[plan.results.links["facility_id"] == "003", "building_id"])
    own = plan.results.subarrays["building_id"].isin(mine)
    assert set(plan.results.subarrays.loc[own, "mounting"]) == {"back_to_back"}
    assert "back_to_back" not in set(plan.results.subarrays.loc[~own, "mounting"])
    old, new = (results.yields.set_index("facility_id")["energy_kwh"] for results in (before, plan.results))
    assert old.index[old != new].tolist() == ["003"]
    # More of the same facility, and all of it given back.
    assert main(["-q", "edit", "layout", str(project), "003", "--tilt", "20"]) == 0
    assert load_project(project).plan.entries.get("layouts", "s1/003")["values"]["pv.rack_tilt"] == 20.0
    assert main(["-q", "edit", "layout", str(project), "003", "--reset"]) == 0
    back = load_project(project).plan
    assert not back.entries.table("layouts")
    assert back.results.yields["energy_kwh"].tolist() == before.yields["energy_kwh"].tolist()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["003"], 2),
        (["003", "--racks", "north"], 2),
        (["003", "--orientation", "upright"], 2),
        (["003", "--value", "module.power"], 2),
        (["003", "--value", "module.power=much"], 2),
        (["003", "--value", "module.power=nan"], 3),
        (["003", "--value", "module.power=1e9"], 3),
        (["003", "--value", "pv.albedo=0.3"], 3),
        (["003", "--module", "no such module"], 3),
        (["999", "--racks", "azimuth"], 3),
    ],
)
def test_a_layout_that_cannot_be_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    before = project.read_bytes()
    assert main(["-q", "edit", "layout", str(project), *words]) == code
    assert capsys.readouterr().err
    assert project.read_bytes() == before


def test_scenarios(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "scenario", "copy", str(project), "多め"]) == 0
    assert main(["-q", "edit", "share", str(project), "0.9", "--scenario", "多め"]) == 0
    assert main(["-q", "scenario", "copy", str(project), "多め"]) == 3, "the name is taken"
    capsys.readouterr()
    assert main(["scenario", "list", str(project)]) == 0
    assert capsys.readouterr().out.splitlines() == ["* 基本案", "  多め"]
    less, more = status(project, capsys), status(project, capsys, "--scenario", "多め")
    assert less["chosen"] < more["chosen"]  # type: ignore[operator]
    assert less["fingerprint"] != more["fingerprint"]
    assert main(["compare", str(project)]) == 0
    assert "多め" in capsys.readouterr().out
    book = project.parent / "比較.xlsx"
    assert main(["-q", "compare", str(project), "基本案", "多め", "--xlsx", str(book)]) == 0
    assert book.stat().st_size > 2000
    assert main(["-q", "scenario", "use", str(project), "多め"]) == 0
    assert load_project(project).plan.scenario_name == "多め"
    assert main(["-q", "scenario", "rename", str(project), "多め", "九割"]) == 0
    assert main(["-q", "scenario", "remove", str(project), "九割"]) == 0
    assert main(["-q", "scenario", "remove", str(project), "基本案"]) == 3, "the last one stays"
    assert main(["-q", "status", str(project), "--scenario", "九割"]) == 3


def test_papers_are_noted_and_go_out_of_date(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper = project.parent / "一覧.csv"
    assert main(["-q", "export", str(project), "--csv", str(paper)]) == 0
    assert [entry["state"] for entry in status(project, capsys)["exports"]] == ["current"]  # type: ignore[attr-defined]
    assert main(["-q", "edit", "share", str(project), "0.2"]) == 0
    assert [entry["state"] for entry in status(project, capsys)["exports"]] == ["out_of_date"]  # type: ignore[attr-defined]
    paper.unlink()
    assert [entry["state"] for entry in status(project, capsys)["exports"]] == ["missing"]  # type: ignore[attr-defined]


def test_why_goes_down_to_the_file_and_row(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "why", str(project), "--facility", "003"]) == 0
    figures = capsys.readouterr().out.split()
    assert {"capacity_kw", "energy_kwh", "usable_m2"} <= set(figures)
    for figure in figures:
        assert main(["-q", "why", str(project), figure, "--facility", "003"]) == 0, figure
    shown = capsys.readouterr().out
    assert Path(load_project(project).plan.inputs[2].path).name in shown
    assert main(["-q", "why", str(project), "nonsense"]) == 3


def test_a_held_project_is_not_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    before = project.read_bytes()
    # Somebody on another computer, just now.
    lock = take(project, replace(Owner.here("総務 太郎"), host="another-pc"))
    assert isinstance(lock, Lock)
    assert main(["-q", "edit", "share", str(project), "0.3"]) == 4
    assert "総務 太郎" in capsys.readouterr().err
    assert main(["-q", "run", str(project)]) == 4
    assert main(["-q", "status", str(project)]) == 0, "looking is free"
    assert project.read_bytes() == before
    lock.release()
    assert main(["-q", "edit", "share", str(project), "0.3"]) == 0


def test_an_old_file_is_kept_before_it_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAWASOLAR_LANG", "en")
    source = Path(__file__).parents[1] / "data" / "version1" / "turned.kawasolar"
    project = tmp_path / "old.kawasolar"
    shutil.copyfile(source, project)
    assert main(["edit", "share", str(project), "0.3"]) == 0
    assert "Backup" in capsys.readouterr().err
    kept = [path for path in tmp_path.glob("*.kawasolar") if path != project]
    assert [path.read_bytes() for path in kept] == [source.read_bytes()]
    assert load_project(project).plan.settings.share == 0.3


def test_recovery(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kawasolar.document import edits, journal

    folder = tmp_path / "recovery"
    monkeypatch.setattr(journal, "recovery_folder", lambda: folder)
    opened = load_project(project)
    kept = journal.Journal.begin(folder, project, base=opened.mark)
    kept.append(edits.set_share(opened.entries, "s1", 0.8), "s1")
    kept.abandon()
    assert main(["-q", "recover", str(project)]) == 0
    assert "1 of 1" in capsys.readouterr().out
    assert load_project(project).plan.settings.share == 0.8
    assert main(["-q", "recover", str(project)]) == 0
    assert "0 of 0" in capsys.readouterr().out


def refused(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and message of an edit that must not change the file."""
    before = project.read_bytes()
    capsys.readouterr()
    code = main(["-q", words[0], words[1], str(project), *words[2:]])
    assert project.read_bytes() == before
    return code, capsys.readouterr().err


def test_a_number_below_zero_is_a_number(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "edit", "value", str(project), "pv.temp_coefficient", "-0.003", "--why", "data sheet"]) == 0
    entry = load_project(project).entries.get("values", "s1/pv.temp_coefficient")
    assert entry["value"] == -0.003
    assert refused(project, capsys, "edit", "value", "pv.temp_coefficient", "-0.002", "--wy", "data sheet")[0] == 2
    assert refused(project, capsys, "edit", "ledger", "001", "floor_area_m2", "-5", "--why", "x")[0] == 3


def test_words_that_name_nothing_change_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "scenario", "copy", str(project), "二"]) == 0
    # A script's variable that is not set.
    for words in (("remove", ""), ("use", ""), ("rename", "", "三")):
        assert refused(project, capsys, "scenario", *words)[0] == 3
    for words in (("value", "co2.grid"), ("criterion", "remaining"), ("criterion", "remaining", "--threshold", "3")):
        code, said = refused(project, capsys, "edit", *words)
        assert code == 3
        assert words[1] in said
        assert "bundled profile" not in said
    for words in (("join", "001"), ("join", "001", "B1", "--automatic"), ("join", "001", "--none", "--automatic")):
        assert refused(project, capsys, "edit", *words)[0] == 2
    assert main(["-q", "edit", "join", str(project), "001", "--none"]) == 0
    assert load_project(project).entries.get("joins", "001")["building_ids"] == []


@pytest.mark.parametrize("name", ["a\nb", "\u202eb", "\x07", "長" * 201])
def test_a_scenario_is_named_on_one_line(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert refused(project, capsys, "scenario", "copy", name)[0] == 3


def test_half_a_character_reaches_no_paper(project: Path, tmp_path: Path) -> None:
    """As a console that is not UTF-8 hands it on; neither a layer nor a workbook can hold it."""
    half = "\udcff壊\ud83d"
    file = str(project)
    assert main(["-q", "scenario", "copy", file, half, "--note", half]) == 0
    assert main(["-q", "edit", "ledger", file, "001", "name", half, "--why", half]) == 0
    assert main(["-q", "edit", "pin", file, "001", "--why", half]) == 0
    papers = [f"--{kind}={tmp_path / 'list'}.{kind}" for kind in ("xlsx", "csv", "gpkg", "png")]
    assert main(["-q", "export", file, *papers]) == 0
    assert main(["-q", "compare", file, f"--xlsx={tmp_path / 'c.xlsx'}", f"--csv={tmp_path / 'c.csv'}"]) == 0
    assert load_project(project).entries.get("ledger", "name/001")["value"] == "\ufffd壊\ufffd"


@pytest.mark.parametrize(
    ("column", "written", "value"),
    [("built_year", "昭和５５年", 1980), ("closure_year", "R12", 2030), ("floor_area_m2", "１，２３４㎡", 1234), ("storeys", "3階建", 3)],
)  # fmt: skip
def test_corrections_are_read_as_the_ledger_is(project: Path, column: str, written: str, value: float) -> None:
    assert main(["-q", "edit", "ledger", str(project), "001", column, written, "--why", "登記"]) == 0
    assert load_project(project).entries.get("ledger", f"{column}/001")["value"] == value


@pytest.mark.parametrize(
    ("column", "written"),
    [("built_year", "S99"), ("floor_area_m2", "1,5"), ("floor_area_m2", "nan"), ("remaining_years", "500"), ("closure_year", "未定")],
)  # fmt: skip
def test_corrections_that_a_ledger_could_not_hold(
    project: Path, capsys: pytest.CaptureFixture[str], column: str, written: str
) -> None:
    assert refused(project, capsys, "edit", "ledger", "001", column, written, "--why", "x")[0] == 3


def test_what_waits_for_a_facility_that_is_gone_can_be_taken_away(project: Path) -> None:
    file = str(project)
    assert main(["-q", "edit", "join", file, "001", "--none"]) == 0
    assert main(["-q", "edit", "ledger", file, "001", "floor_area_m2", "55", "--why", "x"]) == 0
    ledger = project.with_name("施設 一覧.csv")
    ledger.write_bytes(b"".join(line for line in ledger.read_bytes().splitlines(keepends=True) if b"001" not in line))
    assert main(["-q", "run", file]) == 0
    assert "001" not in set(load_project(project).plan.facilities["facility_id"])
    assert main(["-q", "edit", "join", file, "001", "--automatic"]) == 0
    assert main(["-q", "edit", "ledger", file, "001", "floor_area_m2", ""]) == 0
    entries = load_project(project).entries
    assert not entries.table("joins")
    assert not entries.table("ledger")


def test_a_paper_of_results_that_wait_for_a_run_says_so(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = ["export", str(project), f"--csv={tmp_path / 'list.csv'}"]
    assert main(export) == 0
    assert "kawasolar run" not in capsys.readouterr().err
    assert main(["-q", "edit", "value", str(project), "co2.grid_factor", "0.3", "--why", "x"]) == 0
    capsys.readouterr()
    assert main(export) == 0
    assert "kawasolar run" in capsys.readouterr().err


def test_targets_that_are_no_files(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = tmp_path / ("長" * 200 + ".csv")
    assert main(["export", str(project), f"--csv={long}"]) == 4
    assert "long" in capsys.readouterr().err.lower()
    if hasattr(os, "mkfifo"):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        assert main(["export", str(project), f"--csv={pipe}"]) == 4
        assert pipe.is_fifo()


def test_what_looks_like_a_picture_stays_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(tmp_path / "a:x:b.kawasolar")]) == 3
    assert "a:x:b" in capsys.readouterr().err


def test_papers_of_older_results_say_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "edit", "value", str(project), "pv.loss_array", "0.8", "--why", "仕様書"]) == 0
    for kind in ("csv", "xlsx", "png", "gpkg"):
        assert main(["-q", "export", str(project), f"--{kind}", str(project.parent / f"古い.{kind}")]) == 0
    assert "results from before changes" in (project.parent / "古い.csv").read_text(encoding="utf-8-sig")
    assert main(["-q", "run", str(project)]) == 0
    assert main(["-q", "export", str(project), "--csv", str(project.parent / "新しい.csv")]) == 0
    assert "results from before changes" not in (project.parent / "新しい.csv").read_text(encoding="utf-8-sig")


def test_a_file_that_is_gone_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path(load_project(project).plan.inputs[0].path).unlink()
    assert status(project, capsys)["missing"] == ["dsm"]
    assert main(["-q", "status", str(project)]) == 0
    assert "gone" in capsys.readouterr().out


# ---------------------------------------------------------------------------------------------- a newer ledger


@pytest.fixture
def newer(project: Path) -> Path:
    """The project's ledger a year later: a facility less, one more, two cells changed."""
    text = project.with_name("施設 一覧.csv").read_text(encoding="cp932")
    head, first, second, *rest = text.splitlines()
    cells = first.split(",")
    cells[5] = "1999"
    other = second.split(",")
    other[1], other[4] = "改称 小学校", "777"
    path = project.with_name("施設 一覧 令和9.csv")
    path.write_text(
        "\n".join([head, ",".join(cells), ",".join(other), *rest[1:], "900,新しい図書館,,,,,,,"]), encoding="utf-8"
    )
    return path


def test_a_newer_ledger_compared_and_taken(project: Path, newer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, opened = str(project), load_project(project)
    ids, read = opened.plan.facilities["facility_id"].tolist(), opened.plan.facilities
    gone, first = ids[2], ids[0]
    assert main(["-q", "edit", "ledger", file, first, "built_year", "1980", "--why", "登記"]) == 0
    assert main(["-q", "edit", "ledger", file, ids[1], "storeys", "2", "--why", "現地"]) == 0
    assert main(["-q", "edit", "pin", file, gone, "--why", "x"]) == 0
    capsys.readouterr()
    papers = [f"--{kind}={project.parent / 'diff'}.{kind}" for kind in ("xlsx", "csv")]
    assert main(["-q", "ledger", "diff", file, str(newer), "--json", *papers]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one[0] for one in found["added"]] == ["900"]
    assert [one[0] for one in found["removed"]] == [gone]
    assert {(c["facility_id"], c["column"]) for c in found["changed"]} == {
        (first, "built_year"), (ids[1], "name"), (ids[1], "floor_area_m2"),
    }  # fmt: skip
    assert {c["key"]: c["state"] for c in found["corrections"]} == {
        f"built_year/{first}": "changed", f"storeys/{ids[1]}": "kept",
    }  # fmt: skip
    assert [(lost["facility_id"], lost["table"]) for lost in found["lost"]] == [(gone, "pins")]
    assert load_project(project).plan.read.frame.equals(read), "nothing is taken yet"  # type: ignore[union-attr]
    assert main(["-q", "ledger", "update", file, str(newer), "--take", "built_year/999"]) == 3
    assert main(["-q", "ledger", "update", file, str(newer)]) == 0
    assert "900" in capsys.readouterr().out
    plan = load_project(project).plan
    assert stale(status(project, capsys)) == []
    table = plan.facilities.set_index("facility_id")
    assert gone not in table.index
    assert table.loc["900", "name"] == "新しい図書館"
    assert table.loc[ids[1], "name"] == "改称 小学校"
    assert (table.loc[first, "built_year"], table.loc[ids[1], "storeys"]) == (1980, 2), "corrections stand"
    assert plan.entries.get("ledger", f"built_year/{first}")["read"] == 1999
    assert plan.entries.get("pins", f"s1/{gone}") is not None
    assert next(entry for entry in plan.inputs if entry.role == "facilities").path == str(newer)
    assert main(["-q", "ledger", "update", file, str(newer)]) == 0
    assert "Nothing" in capsys.readouterr().out


def test_a_ledger_is_read_as_a_person_says_and_so_it_stays(
    project: Path, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mapping lies in the plan: whoever computes it reads the ledger the same way."""
    file, mapping = str(project), project.with_name("列.toml")
    assert main(["-q", "ledger", "columns", str(newer), "--out", str(mapping)]) == 0
    text = mapping.read_text(encoding="utf-8").replace("built_year", "closure_year")
    mapping.write_text(text, encoding="utf-8")
    assert main(["-q", "ledger", "update", file, str(newer), "--mapping", str(mapping), "--later"]) == 0
    capsys.readouterr()
    found = status(project, capsys)
    kinds = {why["kind"] for stage in found["stages"] if stage["stage"] == "ledger" for why in stage["reasons"]}  # type: ignore[attr-defined]
    assert kinds == {"file", "columns"}
    assert main(["-q", "run", file]) == 0
    plan = load_project(project).plan
    assert "built_year" not in plan.facilities.columns
    assert plan.facilities["closure_year"].iloc[0] == 1999
    assert "columns:facilities" in plan.stamps["ledger"].inputs
    capsys.readouterr()
    assert stale(status(project, capsys)) == []
    # A later run reads the file so, too; and one of other headings by what they say.
    newer.write_text(newer.read_text(encoding="utf-8").replace("建築年度", "竣工年"), encoding="utf-8")
    assert main(["-q", "run", file]) == 0
    plan = load_project(project).plan
    assert "built_year" in plan.facilities.columns
    assert any(finding.code == "ledger.other_form" for finding in plan.findings)
