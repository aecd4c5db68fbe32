"""What a plan's answers say of each facility: in the list, on its papers, and why; their own papers."""

from __future__ import annotations

import csv
import re
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from kawasolar.__main__ import main
from kawasolar.answers import answer_of
from kawasolar.answers.facilities import COLUMNS, answers_frame
from kawasolar.charging import charging_of
from kawasolar.charging.of_fleet import cars_of_fleet
from kawasolar.compare import compare, lines
from kawasolar.compare_figures import ANSWER_FIGURES, answer_figures
from kawasolar.compare_figures import FIGURES as PLAN_FIGURES
from kawasolar.document import asked_edits, edits
from kawasolar.errors import PlanError
from kawasolar.export.charging import write_charging_xlsx
from kawasolar.export.comparison import write_comparison_xlsx
from kawasolar.export.csv import write_csv
from kawasolar.export.fingerprint import read_fingerprint
from kawasolar.export.fleet import write_fleet_xlsx
from kawasolar.export.gpkg import write_gpkg
from kawasolar.export.kinds import KINDS, kinds_of, suffix_of, write_answer
from kawasolar.export.lighting import write_lighting_xlsx
from kawasolar.export.siting import write_siting_xlsx
from kawasolar.export.table import heading, site_columns, site_frame
from kawasolar.fleet import plan_fleet
from kawasolar.lighting import bundled_table, lighting_of
from kawasolar.plan import ANSWERS, Answer
from kawasolar.project import load_project, save_project
from kawasolar.provenance import explain, export_states, figures_of, record, sentences
from kawasolar.provenance.answers import FIGURES
from kawasolar.provenance.exports import with_record
from kawasolar.siting.inputs import Sources, sites_for
from kawasolar.siting.of_plan import Asked as SitesAsked
from kawasolar.siting.table import assumptions_with
from kawasolar.stages import bring_up_to_date, with_edit
from kawasolar.stages.state import plan_fingerprint
from kawasolar.words import LANGUAGES, say
from tests.kawasolar.test_answers import BY, CARS, LAMPS, asked, town_with

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import AnswerKind, Plan, Project
    from kawasolar.words import Language

CODE = re.compile(r"why\.|\{|\}")


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    project = town_with(tmp_path_factory.mktemp("町"), {"lamps": LAMPS, "vehicles": CARS})
    for kind in ANSWERS:
        project = asked(project, kind, {"number": 2} if kind == "siting" else {})
    return bring_up_to_date(project)


@pytest.fixture(scope="module")
def plan(answered: Project) -> Plan:
    return answered.plan


def keeping(plan: Plan, *kinds: AnswerKind) -> Plan:
    return replace(plan, answers={kind: plan.answers[kind] for kind in kinds})


def with_table(plan: Plan, kind: AnswerKind, name: str, rows: list[dict[str, Any]], **head: Any) -> Plan:
    """The plan with an answer of which a table is this."""
    old = plan.answers[kind]
    made = Answer({**old.head, **head}, {**old.frames, name: pd.DataFrame(rows)})
    return replace(plan, answers={**plan.answers, kind: made})


def test_only_what_the_plan_keeps_has_a_column(plan: Plan) -> None:
    assert list(answers_frame(plan).columns) == list(COLUMNS)
    light = {"lighting_year", "lighting_saved_kwh", "lighting_saved_yen"}
    wanted: dict[tuple[AnswerKind, ...], set[str]] = {(): set(), ("lighting",): light, ("charging",): {"electric_cars", "chargers"}}  # fmt: skip
    for kinds, columns in wanted.items():
        some = keeping(plan, *kinds)
        assert set(answers_frame(some).columns) == columns
        assert {column.key for column in site_columns(some) if column.source == "answers"} == columns
        assert columns == set(COLUMNS) & set(site_frame(some, "ja").columns)


def test_the_list_says_what_the_rooms_say(plan: Plan) -> None:
    frame = site_frame(plan, "ja").set_index("facility_id")
    light = answer_of(plan, "lighting").facilities.set_index("facility_id")
    for column, source in (("lighting_saved_kwh", "saved_kwh"), ("lighting_saved_yen", "saved_yen")):
        assert frame.loc[light.index, column].tolist() == light[source].tolist()
        assert frame[column].drop(light.index).isna().all()
    bases = answer_of(plan, "charging").bases.set_index("facility_id")
    assert frame.loc[bases.index, "chargers"].tolist() == bases["chargers"].tolist()
    fleet = answer_of(plan, "fleet").bases.set_index("facility_id")
    # With all there, chargers are for the cars that the fleet's programme brings.
    assert frame.loc[bases.index, "electric_cars"].tolist() == (fleet["ev"] + fleet["phev"])[bases.index].tolist()


def test_a_facility_in_no_year_has_none(plan: Plan) -> None:
    rows = plan.answers["lighting"].frames["facilities"].to_dict("records")
    rows[0]["year"], rows[1]["year"] = 0, 2029
    here = with_table(plan, "lighting", "facilities", rows)
    years = answers_frame(here)["lighting_year"]
    assert np.isnan(years[rows[0]["facility_id"]])
    assert years[rows[1]["facility_id"]] == 2029.0
    told = {name: explain(here, "lighting_year", name) for name in (rows[0]["facility_id"], rows[1]["facility_id"])}
    assert [one.value for one in told.values()] == [None, 2029.0]
    assert [one.formula for one in told.values()] == ["lighting_year", "lighting_year"]


def test_cars_are_those_of_charging_unless_these_are_the_present_ones(plan: Plan) -> None:
    fleet = [
        {"facility_id": "001", "ev": 2, "phev": 1}, {"facility_id": "001", "ev": 1, "phev": 0}, {"facility_id": "", "ev": 9, "phev": 9},
    ]  # fmt: skip
    bases = [{"facility_id": "001", "cars": 7, "chargers": 3}, {"facility_id": "001", "cars": 5, "chargers": 5}]
    both = with_table(with_table(plan, "fleet", "bases", fleet), "charging", "bases", bases, listed=True)
    frame = answers_frame(both)
    # A row a facility, whatever a file says.
    assert frame.loc["001", ["electric_cars", "chargers"]].tolist() == [7.0, 3.0]
    present = with_table(both, "charging", "bases", bases, listed=False)
    assert answers_frame(present).loc["001", "electric_cars"] == 4.0
    assert "" not in answers_frame(present).index
    assert answers_frame(keeping(both, "fleet")).loc["001", "electric_cars"] == 4.0
    assert answers_frame(keeping(present, "charging")).loc["001", "electric_cars"] == 7.0


def test_papers_have_the_columns(plan: Plan, tmp_path: Path) -> None:
    write_csv(plan, tmp_path / "一覧.csv", "ja")
    with (tmp_path / "一覧.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    frame = answers_frame(plan)
    for row in rows:
        saved = frame["lighting_saved_kwh"].get(row["施設番号"], float("nan"))
        assert row[heading("ja", "lighting_saved_kwh")] == ("" if np.isnan(saved) else f"{saved:.0f}")
    write_gpkg(plan, tmp_path / "層.gpkg", "ja")
    write_gpkg(keeping(plan), tmp_path / "なし.gpkg", "ja")
    with sqlite3.connect(tmp_path / "層.gpkg") as opened:
        found = dict(opened.execute("SELECT facility_id, lighting_saved_kwh FROM facilities").fetchall())
        titles = dict(opened.execute("SELECT column_name, title FROM gpkg_data_columns").fetchall())
    assert {name: value for name, value in found.items() if value is not None} == frame["lighting_saved_kwh"].dropna().to_dict()  # fmt: skip
    assert titles["chargers"] == heading("ja", "chargers")
    with sqlite3.connect(tmp_path / "なし.gpkg") as opened:
        names = {row[1] for row in opened.execute("PRAGMA table_info(facilities)")}
    assert not names & set(COLUMNS)


def test_every_figure_is_explained(plan: Plan) -> None:
    frame = answers_frame(plan)
    for some in (plan, keeping(plan), keeping(plan, "fleet"), keeping(plan, "charging")):
        for facility in ("001", "003"):
            assert set(FIGURES) <= set(figures_of(some, facility))
            for figure in FIGURES:
                found = explain(some, figure, facility)
                kept = figure in answers_frame(some)
                assert kept or found.value is None
                for language in LANGUAGES:
                    for _, line in sentences(found, language):
                        assert line.strip()
                        assert not CODE.search(line), line
    yen = explain(plan, "lighting_saved_yen", "001")
    assert yen.value == frame.loc["001", "lighting_saved_yen"]
    assert [one.value for one in yen.of("lighting_saved_kwh")] == [frame.loc["001", "lighting_saved_kwh"]]  # type: ignore[union-attr]
    (kwh,) = yen.of("lighting_saved_kwh")
    assert kwh.of("file:lamps")  # type: ignore[union-attr]


def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(path, read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def computed(plan: Plan, kind: AnswerKind) -> Any:
    """What the room finds, computed anew."""
    if kind == "lighting":
        return lighting_of(plan)
    if kind == "siting":
        sources = Sources("fleet")
        return sites_for(plan, sources, assumptions_with({}), SitesAsked(number=2))[0]
    fleet = plan_fleet(plan)
    return fleet if kind == "fleet" else charging_of(plan, cars_of_fleet(plan, fleet)[0])


def write(plan: Plan, kind: AnswerKind, path: Path, found: Any) -> None:
    if kind == "lighting":
        write_lighting_xlsx(found, bundled_table(), plan, path, "ja")
    elif kind == "siting":
        write_siting_xlsx(plan, found, path, "ja")
    else:
        (write_fleet_xlsx if kind == "fleet" else write_charging_xlsx)(found, plan, path, "ja")


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_kept_answer_gives_the_same_workbook_as_a_new_one(
    plan: Plan, kind: AnswerKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(plan, kind, tmp_path / "新.xlsx", computed(plan, kind))

    def fail(*_args: object, **_more: object) -> None:
        raise AssertionError(kind)

    monkeypatch.setattr(f"kawasolar.answers.{kind}.compute", fail)
    write_answer(plan, kind, tmp_path / "保存.xlsx", "ja")
    old, new = cells(tmp_path / "保存.xlsx"), cells(tmp_path / "新.xlsx")
    assert old.keys() == new.keys()
    for name, rows in old.items():
        assert rows == new[name], name
    assert read_fingerprint(tmp_path / "保存.xlsx") == plan_fingerprint(plan)


def test_half_hours_that_are_left_out_of_the_workbook_are_said(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, sheet = computed(plan, "charging"), say("ja", "export.sheet.charging_curves")
    bases = len(found.bases)
    assert bases > 1
    told = say("ja", "charging.note.curves", count=1, bases=bases)
    write_charging_xlsx(found, plan, tmp_path / "全部.xlsx", "ja")
    monkeypatch.setattr("kawasolar.export.charging._MOST_CURVES", 1)
    write_charging_xlsx(found, plan, tmp_path / "一部.xlsx", "ja")
    whole, some = (cells(tmp_path / f"{name}.xlsx")[sheet] for name in ("全部", "一部"))
    assert [any(told in row for row in rows) for rows in (whole, some)] == [False, True]
    assert len(some) < len(whole)


def test_only_kept_answers_are_offered_and_written(plan: Plan, tmp_path: Path) -> None:
    assert kinds_of(plan) == KINDS
    some = keeping(plan, "fleet")
    assert kinds_of(some) == ("xlsx", "csv", "gpkg", "png", "fleet")
    with pytest.raises(PlanError) as caught:
        write_answer(some, "charging", tmp_path / "無.xlsx", "ja")
    assert caught.value.code == "answers.not_kept"
    assert not (tmp_path / "無.xlsx").exists()
    assert {suffix_of(kind) for kind in ANSWERS} == {".xlsx"}


def test_what_a_plan_does_not_keep_has_no_part_in_its_fingerprint(plan: Plan) -> None:
    bare = keeping(plan)
    never = replace(bare, stamps={name: stamp for name, stamp in plan.stamps.items() if name not in ANSWERS})
    assert plan_fingerprint(bare) == plan_fingerprint(never)
    every = [plan_fingerprint(one) for one in (bare, keeping(plan, "fleet"), keeping(plan, "lighting"), plan)]
    assert len(set(every)) == 4
    stamp = plan.stamps["lighting"]
    other = {**plan.stamps, "lighting": replace(stamp, inputs={**stamp.inputs, "value:plan.year": "2031"})}
    assert plan_fingerprint(replace(plan, stamps=other)) != plan_fingerprint(plan)
    assert plan_fingerprint(replace(keeping(plan, "fleet"), stamps=other)) == plan_fingerprint(keeping(plan, "fleet"))


def test_a_paper_is_found_out_of_date_when_its_answer_changes(answered: Project, tmp_path: Path) -> None:
    def standing(project: Project) -> list[str]:
        return [one.state for one in export_states(project)]

    path = tmp_path / "LED化.xlsx"
    write_answer(answered.plan, "lighting", path, "ja")
    noted = with_record(answered, record(answered.plan, "lighting", path, "ja", "試験 花子"))
    assert standing(noted) == ["current"]
    other = asked(noted, "lighting", {"goal": "co2", "budget_yen": 1_000_000})
    assert standing(other) == ["out_of_date"]
    later = bring_up_to_date(other)
    assert standing(later) == ["out_of_date"]
    # Asked as before it is the plan of before.
    assert standing(bring_up_to_date(asked(later, "lighting", {}))) == ["current"]
    assert standing(asked(noted, "lighting", None)) == ["out_of_date"]


def test_papers_of_a_plan_stay_while_an_answer_came_and_went(answered: Project, tmp_path: Path) -> None:
    before = answered
    for kind in ANSWERS:
        before = asked(before, kind, None)
    path = tmp_path / "一覧.csv"
    write_csv(before.plan, path, "ja")
    noted = with_record(before, record(before.plan, "csv", path, "ja", ""))
    again = bring_up_to_date(asked(noted, "fleet", {}))
    states = [export_states(project)[0].state for project in (noted, again, asked(again, "fleet", None))]
    assert states == ["current", "out_of_date", "current"]


def test_the_command_writes_notes_and_refuses(
    answered: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "計画.kawasolar", tmp_path / "紙"
    out.mkdir()
    save_project(asked(answered, "charging", None), file)
    assert main(["export", str(file), "--fleet", str(out / "車.xlsx"), "--lighting", str(out / "灯.xlsx")]) == 0
    noted = load_project(file)
    assert [(one.record.kind, one.state) for one in export_states(noted)] == [
        ("lighting", "current"), ("fleet", "current"),
    ]  # fmt: skip
    assert {read_fingerprint(path) for path in out.iterdir()} == {plan_fingerprint(noted.plan)}
    capsys.readouterr()
    assert (
        main(["--lang", "en", "export", str(file), "--csv", str(out / "一覧.csv"), "--charging", str(out / "電.xlsx")])
        == 3
    )
    said = " ".join(capsys.readouterr().err.split())
    assert "Charging: the plan keeps no result" in said
    assert "edit ask PLAN charging" in said
    # Nothing is written where something cannot be.
    assert len(list(out.iterdir())) == 2


@pytest.fixture(scope="module")
def two(answered: Project) -> Project:
    """The second scenario has a budget for the LEDs that does for little, and no chargers."""
    edit, key = edits.duplicate_scenario(answered.entries, "s1", "抑制案")
    made = with_edit(answered, edit)
    for kind, options in (("lighting", {"budget_yen": 1_000_000}), ("charging", None)):
        made = with_edit(made, asked_edits.ask(made.entries, key, kind, options, BY))  # type: ignore[arg-type]
    return bring_up_to_date(made, [key])


def test_figures_of_answers_are_those_of_the_rooms(two: Project) -> None:
    found = compare(two, ["s1", "s2"])
    assert found.figures.index.tolist() == [
        figure.code for group in (PLAN_FIGURES, *ANSWER_FIGURES.values()) for figure in group
    ]
    for key in ("s1", "s2"):
        light, fleet = (answer_of(two.plans[key], kind) for kind in ("lighting", "fleet"))
        done = light.facilities[light.facilities["year"] > 0]
        wanted = {
            "lighting_saved_kwh": done["saved_kwh"].sum(), "lighting_saving_yen": (done["saved_yen"] + done["upkeep_yen"]).sum(),
            "lighting_cost_yen": done["year_cost_yen"].sum(), "lighting_co2_t": done["co2_t"].sum(), "lighting_late": light.facilities["late"].sum(),
            "fleet_share": fleet.years["share"].iloc[-1], "fleet_spend_yen": fleet.years["spend_yen"].sum(), "fleet_saved_t": fleet.years["saved_t"].iloc[-1],
            "fleet_kwh": fleet.years["kwh"].iloc[-1],
        }  # fmt: skip
        assert found.figures[key][list(wanted)].to_dict() == pytest.approx(wanted)
    bases = answer_of(two.plans["s1"], "charging").bases
    mine = found.figures.loc[["charging_chargers", "charging_cost_yen", "charging_bill_yen"]]
    assert mine["s1"].tolist() == [bases["chargers"].sum(), bases["cost_yen"].sum(), bases["bill_staggered_yen"].sum()]
    assert mine["s2"].isna().all()
    assert mine["difference.s2"].isna().all()
    # The gymnasium costs more than the budget.
    assert found.figures.loc["lighting_saved_kwh", "difference.s2"] < 0.0


def test_no_tariff_is_no_bill_of_nought(plan: Plan) -> None:
    bases = plan.answers["charging"].frames["bases"].assign(bill_staggered_yen=np.nan)
    other = Answer(plan.answers["charging"].head, {**plan.answers["charging"].frames, "bases": bases})
    assert np.isnan(answer_figures(replace(plan, answers={"charging": other}))["charging_bill_yen"])
    assert answer_figures(keeping(plan)) == {}


def test_without_answers_nothing_is_said_of_them(two: Project) -> None:
    bare = replace(two, plans={key: keeping(plan) for key, plan in two.plans.items()})
    assert compare(bare, ["s1", "s2"]).figures.index.tolist() == [figure.code for figure in PLAN_FIGURES]
    one = replace(two, plans={**two.plans, "s1": keeping(two.plans["s1"])})
    assert {"lighting_late", "fleet_kwh"} <= set(compare(one, ["s1", "s2"]).figures.index)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_comparison_tells_them_in_words(two: Project, language: Language, tmp_path: Path) -> None:
    found = compare(two, ["s1", "s2"])
    assert found.settings[["kind", "name"]].values.tolist() == [["asked", "lighting"], ["asked", "charging"]]
    text = "\n".join(lines(found, language))
    assert not re.search(r"compare\.|stages\.|\{|\}", text)
    assert "budget_yen=1000000" in text
    assert say(language, "compare.note.answers") in text
    write_comparison_xlsx(found, tmp_path / "比較.xlsx", language)
    rows = {row[0]: row[1:] for row in cells(tmp_path / "比較.xlsx")[say(language, "export.sheet.compare_figures")]}
    share = rows[say(language, "compare.figure.fleet_share")]
    assert share[:2] == ("%", round(100.0 * found.figures.loc["fleet_share", "s1"], 1))
    late = rows[say(language, "compare.figure.lighting_late")]
    assert late[0] == say(language, "compare.unit.luminaires")
    assert late[1:4] == tuple(found.figures.loc["lighting_late", ["s1", "s2", "difference.s2"]])
    assert rows[say(language, "compare.figure.charging_chargers")][2] is None
