"""What a plan's answers say of each facility: in the list, on its papers, and why."""

from __future__ import annotations

import csv
import re
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from kawasolar.answers import answer_of
from kawasolar.answers.facilities import COLUMNS, answers_frame
from kawasolar.export.csv import write_csv
from kawasolar.export.gpkg import write_gpkg
from kawasolar.export.table import heading, site_columns, site_frame
from kawasolar.plan import ANSWERS, Answer
from kawasolar.provenance import explain, figures_of, sentences
from kawasolar.provenance.answers import FIGURES
from kawasolar.stages import bring_up_to_date
from kawasolar.words import LANGUAGES
from tests.kawasolar.test_answers import CARS, LAMPS, asked, town_with

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import AnswerKind, Plan, Project

CODE = re.compile(r"why\.|\{|\}")


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    project = town_with(tmp_path_factory.mktemp("町"), {"lamps": LAMPS, "vehicles": CARS})
    for kind in ANSWERS:
        project = asked(project, kind, {})
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
    wanted: dict[tuple[AnswerKind, ...], set[str]] = {
        (): set(), ("lighting",): light, ("fleet",): {"electric_cars"}, ("charging",): {"electric_cars", "chargers"},
    }  # fmt: skip
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
    assert [one.formula for one in told.values()] == ["lighting_in_no_year", "lighting_year"]


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
        for facility in plan.facilities["facility_id"]:
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
    assert yen.of("file:lamps")
