"""The review of links from the pipeline on: queue, candidates, edits, files with parcels and addresses, the command line."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Transformer
from shapely.geometry import box

from kawasolar.__main__ import main
from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import Entries, apply, inverse
from kawasolar.join import read_evidence, shared_of
from kawasolar.join.review import (
    AROUND_M,
    STATES,
    Candidates,
    Item,
    confirm,
    in_order,
    items_of,
    put_off,
    settle_as,
    tally,
)
from kawasolar.owners import owners_of_buildings
from kawasolar.pipeline import PlanInputs, inputs_of, make_project
from kawasolar.plan import Plan, Project
from kawasolar.project import load_project, save_project
from kawasolar.stages import bring_up_to_date, states, with_edit
from kawasolar.words import LANGUAGES, catalogue
from tests.support.town import middles, small_town

BY = Author("設計 花子")
HEAD = "施設番号,施設名称,区,住所,緯度,経度,延面積(㎡),階数,大分類,建築年度,耐震基準,防水改修年度,残存使用年数\n"
REST = "昭和60年度,新耐震,R2,40"


def ledger(path: Path, addresses: bool = True) -> Path:
    """001 in B0; 002 named by parcel alone; 003 beside B2; 004 by its block; 005 only its town; 006 in B0 too; 007 nowhere."""
    to_degrees = Transformer.from_crs(6677, 6668, always_xy=True)
    spots = middles()

    def at(k: int, dx: float = 0.0, dy: float = 0.0) -> str:
        lon, lat = to_degrees.transform(spots[k][0] + dx, spots[k][1] + dy)
        return f"{lat:.8f},{lon:.8f}"

    rows = [
        f"001,東小学校,東区,,{at(0)},960,2,小学校,{REST}",
        f"002,西小学校,東区,見本市大字田中12番地3,,,400,1,小学校,{REST}",
        f"003,図書館,東区,,{at(2, 14.0)},900,1,図書館,{REST}",
        f"004,区役所,東区,見本市東区中央一丁目2番9号,,,500,1,庁舎,{REST}",
        f"005,保育園,東区,見本市東区中央三丁目77,,,500,1,保育園,{REST}",
        f"006,学童保育,東区,,{at(0, 3.0)},600,1,福祉施設,{REST}",
        f"007,倉庫,東区,どこか,,,600,1,倉庫,{REST}",
    ]
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="cp932")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("結合 data")
    paths = {**small_town(folder), "facilities": ledger(folder / "台帳.csv")}
    spots = middles()
    shapes = [box(x - 15, y - 15, x + 15, y + 15) for x, y in spots[:2]]
    lots = gpd.GeoDataFrame({"大字名": ["田中"] * 2, "地番": ["12-2", "12-3"]}, geometry=shapes, crs=6677)
    paths["parcels"] = folder / "筆.gpkg"
    lots.to_file(paths["parcels"])
    to_degrees = Transformer.from_crs(6677, 6668, always_xy=True)
    rows = ["都道府県名,市区町村名,大字・丁目名,小字・通称名,街区符号・地番,緯度,経度"]
    for town, block, (x, y) in (
        ("中央一丁目", "2", (spots[3][0], spots[3][1] - 18.0)),
        ("中央三丁目", "1", (spots[4][0], spots[4][1])),
    ):
        lon, lat = to_degrees.transform(x, y)
        rows.append(f"神奈川県,見本市東区,{town},,{block},{lat:.8f},{lon:.8f}")
    paths["addresses"] = folder / "14_2023.csv"
    paths["addresses"].write_text("\n".join(rows), encoding="cp932")
    return paths


@pytest.fixture(scope="module")
def project(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(PlanInputs(**files, out=tmp_path_factory.mktemp("計画") / "plan.kawasolar", scenario="案1"))


def items(project: Project) -> dict[str, Item]:
    return {item.facility_id: item for item in items_of(project.plan)}


def owners(plan: Plan) -> dict[str, str]:
    return owners_of_buildings(plan.results.links)


def by_candidate(project: Project, facility: str) -> list[str]:
    return [each.building_id for each in Candidates(project.plan).of(items(project)[facility], owners(project.plan))]


def test_the_whole_way_from_files(project: Project) -> None:
    found = items(project)
    links = {name: [(link.building_id, link.how) for link in item.links] for name, item in found.items()}
    assert links == {
        "001": [("B0", "point")], "002": [("B1", "parcel")], "003": [("B2", "nearest")], "004": [("B3", "address")], "005": [], "006": [], "007": [],
    }  # fmt: skip
    assert [item.exact for item in found.values()] == ["", "parcel", "", "block", "town", "", ""]
    why = {name: [reason.code for link in item.links for reason in link.why] for name, item in found.items()}
    assert why["001"] == ["inside", "size", "contested"]
    assert why["002"] == ["parcel", "address", "size"]
    assert why["004"][:2] == ["nearest", "address"]
    assert found["006"].shared == ("B0", "001")
    codes = {finding.code for finding in project.plan.findings}
    assert {
        "addresses.placed",
        "addresses.town_only",
        "addresses.not_found",
        "join.shared_building",
        "join.no_place",
    } <= codes
    sites = project.plan.decision.sites.set_index("facility_id")
    assert sites.loc["006", ["status", "reason"]].tolist() == ["unknown", "shared"]
    assert sites.loc["006", "reason_values"]["owner_name"] == "東小学校"
    assert sites.loc["007", "reason"] == "no_building"


def test_the_file_keeps_it(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "plan.kawasolar"
    save_project(project, path)
    again = load_project(path)
    assert items_of(again.plan) == items_of(project.plan)
    assert shared_of(again.plan.results.links) == {"006": ("B0", "001")}
    assert inputs_of(again.plan, path).parcels == inputs_of(project.plan, path).parcels


def test_parcels_and_addresses_are_inputs_of_the_ledger(project: Project, files: dict[str, Path]) -> None:
    stamp = project.plan.stamps["ledger"].inputs
    assert {"file:parcels", "file:addresses"} <= set(stamp)
    bare = replace(inputs_of(project.plan, Path("x.kawasolar")), parcels=None, addresses=None)
    assert set(make_project(bare).plan.results.links["building_id"]) == {"B0", "B2"}


def test_the_least_sure_first_and_what_is_settled_last(project: Project) -> None:
    order = [item.facility_id for item in in_order(items_of(project.plan))]
    assert set(order[:3]) == {"005", "006", "007"}
    assert order[:3] == ["005", "006", "007"]
    scores = [items(project)[name].score for name in order]
    assert scores == sorted(scores)
    found = items(project)
    done = with_edit(project, confirm(project.entries, found["006"], BY))
    done = with_edit(done, put_off(done.entries, found["005"], BY))
    order = [item.facility_id for item in in_order(items_of(done.plan))]
    assert (order[0], order[-2], order[-1]) == ("007", "005", "006")
    told = tally(items_of(done.plan), 0.7)
    assert (told.total, told.done, told.later) == (7, 1, 1)
    assert told.doubtful == sum(item.score < 0.7 and not item.done for item in items_of(done.plan))


def test_a_confirmation_makes_nothing_stale_and_can_be_taken_back(project: Project) -> None:
    item = items(project)["003"]
    edit = confirm(project.entries, item, BY)
    done = with_edit(project, edit)
    assert done.plan.results is project.plan.results
    assert done.plan.decision is project.plan.decision
    assert all(state.is_fresh for state in states(done.plan, done.profile))
    assert items(done)["003"].state == "confirmed"
    entry = done.entries.get("reviews", "003")
    assert (entry["who"], entry["building_ids"]) == ("設計 花子", ["B2"])
    assert apply(done.entries, inverse(edit)).table("reviews") == Entries().table("reviews")
    # Other buildings: nobody has looked at them.
    other = with_edit(done, edits.correct_join(done.entries, "003", ["B5"], BY))
    assert items(other)["003"].state == "person"


def test_candidates_are_what_lies_near_its_own_first(project: Project) -> None:
    found = Candidates(project.plan).of(items(project)["003"], owners(project.plan))
    assert found[0].building_id == "B2"
    assert [each.linked for each in found] == [True, *[False] * (len(found) - 1)]
    assert all(each.distance_m <= AROUND_M for each in found[1:])
    assert {each.building_id: each.owner for each in found}["B0"] == "001"
    worth = [each.worth for each in found[1:]]
    assert worth == sorted(worth, reverse=True)
    # Without a place there is nothing to be near to; within a town it is where the town is.
    assert by_candidate(project, "007") == []
    assert by_candidate(project, "005")[0] == "B4"
    # Who shares a building sees it first.
    assert by_candidate(project, "006")[0] == "B0"


def test_another_building_in_one_step(project: Project) -> None:
    item = items(project)["005"]
    done = with_edit(project, settle_as(project.entries, item, ["B4"], BY))
    assert owners(done.plan)["B4"] == "005"
    assert items(done)["005"].state == "confirmed"
    assert items(done)["005"].links[0].why[0].code == "person"
    run = bring_up_to_date(done)
    assert run.plan.results.yields["facility_id"].tolist().count("005") == 1
    # None at all, and that was looked at.
    none = with_edit(project, settle_as(project.entries, items(project)["003"], [], BY))
    assert (items(none)["003"].links, items(none)["003"].state) == ((), "confirmed")


def test_a_person_chooses_whose_the_roof_is(project: Project) -> None:
    found = items(project)
    taken = with_edit(project, settle_as(project.entries, found["006"], ["B0"], BY))
    assert owners(taken.plan)["B0"] == "006"
    assert shared_of(taken.plan.results.links) == {"001": ("B0", "006")}
    assert taken.plan.decision.sites.set_index("facility_id").loc["001", "reason"] == "shared"
    back = with_edit(taken, settle_as(taken.entries, items(taken)["001"], ["B0"], BY))
    assert owners(back.plan)["B0"] == "001"
    assert shared_of(back.plan.results.links) == {"006": ("B0", "001")}
    assert back.entries.get("joins", "006")["shared"] == ["B0"]
    # In it by somebody's word, without taking it.
    beside = with_edit(project, settle_as(project.entries, found["007"], [], BY, ["B2"]))
    assert items(beside)["007"].shared == ("B2", "003")
    assert items(beside)["007"].state == "confirmed"
    (link,) = items(beside)["003"].links
    assert [each.facility_id for each in link.others] == ["007"]


def test_energy_is_counted_once_whoever_is_in_the_building(project: Project) -> None:
    beside = with_edit(project, settle_as(project.entries, items(project)["007"], [], BY, ["B2"]))
    assert bring_up_to_date(beside).plan.results.yields["energy_kwh"].sum() == pytest.approx(
        project.plan.results.yields["energy_kwh"].sum()
    )


def test_words() -> None:
    for code in (
        *(f"join.state.{state}" for state in STATES),
        *(f"join.exact.{name}" for name in ("building", "parcel", "block", "town")),
    ):
        assert set(catalogue()[code]) == set(LANGUAGES)


# ---------------------------------------------------------------------------------------------- command line


@pytest.fixture
def path(project: Project, tmp_path: Path) -> Path:
    save_project(project, tmp_path / "plan.kawasolar")
    return tmp_path / "plan.kawasolar"


def listed(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["-q", "join", str(path), "--json", *more]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_the_list(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(path, capsys)
    assert [each["facility_id"] for each in found][:3] == ["005", "006", "007"]
    assert next(each for each in found if each["facility_id"] == "006")["shared"] == {
        "building_id": "B0",
        "owner": "001",
    }
    doubtful = listed(path, capsys, "--doubtful", "0.7")
    assert 3 < len(doubtful) < len(found)
    assert all(each["score"] < 0.7 for each in doubtful)
    for language, words in (("ja", "施設の位置から"), ("en", "from the facility")):
        assert main(["-q", "--lang", language, "join", str(path)]) == 0
        assert words in capsys.readouterr().out


def test_the_list_as_csv(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "結合.csv"
    assert main(["-q", "join", str(path), "--csv", str(out), "--doubtful", "1"]) == 0
    rows = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == [
        "施設番号",
        "施設名",
        "建物ID",
        "結合の方法",
        "距離 (m)",
        "一致度",
        "根拠",
        "確認",
        "同じ建物の施設",
    ]
    row = next(row for row in rows if row[0] == "001")
    assert row[2:4] == ["B0", "位置で結合"]
    assert row[-1] == "006"
    assert "施設の位置が建物の中" in row[6]
    assert main(["-q", "join", str(path), "--csv", str(path)]) == 4


def test_links_are_set_and_confirmed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["-q", "join", str(path), "--set", "005=B4;B5", "--set", "003=", "--confirm", "001", "--why", "現地確認"])
        == 0
    )
    found = {each["facility_id"]: each for each in listed(path, capsys)}
    assert [link["building_id"] for link in found["005"]["links"]] == ["B4", "B5"]
    assert (found["003"]["links"], found["003"]["state"], found["001"]["state"]) == ([], "confirmed", "confirmed")
    assert load_project(path).entries.get("joins", "005")["why"] == "現地確認"
    before = path.read_bytes()
    for words, code in (
        (["--set", "005"], 2), (["--set", "999=B1"], 3), (["--set", "005=B99"], 3), (["--confirm", "999"], 3), (["--set", "005=B1", "--json"], 2),
    ):  # fmt: skip
        assert main(["-q", "join", str(path), *words]) == code
    assert path.read_bytes() == before
    assert main(["-q", "edit", "join", str(path), "007", "--shared", "B0"]) == 0
    assert {each["facility_id"]: each["shared"] for each in listed(path, capsys)}["007"]["building_id"] == "B0"
    assert main(["-q", "edit", "join", str(path), "007", "--automatic", "--shared", "B2"]) == 2


def test_a_plan_with_parcels_and_addresses_by_the_command_line(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.kawasolar"
    words = [word for role, file in files.items() for word in (f"--{role}", str(file))]
    assert main(["-q", "plan", *words, "--out", str(out)]) == 0
    assert {each["facility_id"] for each in listed(out, capsys) if each["links"]} == {"001", "002", "003", "004"}
    assert main(["-q", "edit", "input", str(out), "parcels", "--none", "--run"]) == 0
    assert {each["facility_id"] for each in listed(out, capsys) if each["links"]} == {"001", "003", "004"}
    broken = tmp_path / "筆.gpkg"
    broken.write_bytes(files["parcels"].read_bytes()[:600])
    assert main(["-q", "plan", *words, "--parcels", str(broken), "--out", str(tmp_path / "p.kawasolar")]) == 3
    shutil.rmtree(tmp_path / "plan.kawasolar-cache", ignore_errors=True)
    assert np.isfinite(listed(out, capsys)[0]["score"])


def test_evidence_of_any_program_opens(project: Project, tmp_path: Path) -> None:
    """Whatever stands in the column: the plan opens, and what is no evidence is none."""
    import sqlite3

    path = tmp_path / "plan.kawasolar"
    save_project(project, path)
    with sqlite3.connect(path) as connection:
        connection.execute('UPDATE links SET evidence = \'{"others": [{"facility": "x", "how": "point"}, 3]}\'')
    again = load_project(path)
    assert shared_of(again.plan.results.links)["x"][1] == "001"
    assert all(not read_evidence(text).why for text in again.plan.results.links["evidence"])
