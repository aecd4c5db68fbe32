"""What a plan is asked for beside the half: entries ask, what the answer rests on makes it stale, the file gives it back, and nothing in a file is trusted."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from kawasolar.__main__ import main
from kawasolar.answers import answer_of, check_options, options_asked
from kawasolar.answers.shapes import ANY, check_shape
from kawasolar.document import asked_edits, edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import apply, inverse
from kawasolar.errors import PlanError, UnreadableProject
from kawasolar.pipeline import PlanInputs, make_project
from kawasolar.plan import ANSWERS, OWN_TABLES
from kawasolar.project import load_project, save_project
from kawasolar.provenance import (
    Desk,
    EnteredSource,
    Explanation,
    FileSource,
    LedgerSource,
    NothingToExplain,
    TableSource,
    as_json,
    explain,
    figures_of,
    sentences,
)
from kawasolar.reasons import stage_sentence
from kawasolar.resources import resource_path
from kawasolar.stages import bring_up_to_date, states, with_edit
from kawasolar.words import LANGUAGES, say
from tests.support.town import small_town

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from kawasolar.document.entries import Edit
    from kawasolar.plan import AnswerKind, Plan, Project, Role

BY = Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
LAMPS = """施設番号,室名,ランプ種別,器具型番,灯数/台,台数,W/台,点灯h/日,日/年,設置高さ
001,体育館,水銀灯,HF250X,1,16,306,5,200,9
001,教室,直管,FLR40,2,120,85,8,200,2.7
002,事務室,直管,FHF32,2,60,71,10,245,2.7
003,ホール,LED,,1,20,40,8,300,4
"""
CARS = """登録番号,駐車場所,車種,定員,燃料,リース満了日,年間走行距離,稼働日数
川崎500あ1001,001,軽乗用,4,ガソリン,2027-03-31,6000,245
川崎500あ1002,001,普通乗用,5,ガソリン,2028-03-31,9000,245
川崎500あ1003,002,普通乗用,5,ハイブリッド,2029-03-31,8000,245
川崎500あ1004,002,軽乗用,4,ガソリン,2029-04-01,4000,200
"""


def town_with(folder: Path, ledgers: Mapping[Any, str]) -> Project:
    files = small_town(folder)
    paths = []
    for kind, text in ledgers.items():
        path = folder / f"{kind} 台帳.csv"
        path.write_text(text, encoding="cp932")
        paths.append((kind, path))
    inputs = PlanInputs(
        files["dsm"], files["buildings"], files["facilities"], files["weather"], folder / "plan.kawasolar", scenario="案1",
        registers=tuple(paths),
    )  # fmt: skip
    return make_project(inputs)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    return town_with(tmp_path_factory.mktemp("町"), {"lamps": LAMPS, "vehicles": CARS})


@pytest.fixture(scope="module")
def answered(project: Project) -> Project:
    for kind in ANSWERS:
        # The town has fewer places than there are sites usually.
        project = asked(project, kind, {"number": 2} if kind == "siting" else {})
    return bring_up_to_date(project)


def asked(project: Project, kind: AnswerKind, options: dict[str, Any] | None) -> Project:
    return with_edit(project, asked_edits.ask(project.entries, "s1", kind, options, BY))


def used(plan: Plan) -> pd.Series:
    assert plan.use is not None
    return plan.use.frame.set_index("facility_id")["load_kwh"]


def waiting(project: Project) -> set[str]:
    return {state.name for state in states(project.plan, project.profile) if not state.is_fresh}


def test_nothing_waits_until_somebody_asks(project: Project) -> None:
    assert dict(project.plan.answers) == {}
    assert waiting(project) == set()
    assert waiting(asked(project, "lighting", {})) == {"lighting"}
    # Chargers are for the cars that the fleet's programme brings.
    assert waiting(asked(project, "charging", {})) == {"charging"}


def test_each_answer_is_what_its_room_finds(answered: Project) -> None:
    from kawasolar.charging import charging_of
    from kawasolar.charging.of_fleet import cars_of_fleet
    from kawasolar.fleet import plan_fleet
    from kawasolar.lighting import lighting_of

    plan = answered.plan
    assert waiting(answered) == set()
    light, fleet = answer_of(plan, "lighting"), answer_of(plan, "fleet")
    assert light.facilities["saved_kwh"].sum() == pytest.approx(lighting_of(plan).facilities["saved_kwh"].sum())
    assert_frame_equal(fleet.years, plan_fleet(plan).years, check_dtype=False)
    here = charging_of(plan, cars_of_fleet(plan, fleet)[0])
    assert answer_of(plan, "charging").bases["peak_staggered_kw"].tolist() == pytest.approx(
        here.bases["peak_staggered_kw"].tolist()
    )
    # The gymnasium's 16 lamps of 306 W become 56 W each.
    gym = light.rows[light.rows["room"] == "体育館"].iloc[0]
    assert gym["old_kw"] == pytest.approx(4.896)
    assert gym["new_kw"] == pytest.approx(0.896)


def test_the_fleet_can_take_the_chargers_that_its_bases_need(answered: Project) -> None:
    from kawasolar.charging.of_fleet import chargers_per_car

    found = chargers_per_car(answered.plan)
    assert found is not None
    bases = answer_of(answered.plan, "charging").bases
    assert found.ratio == pytest.approx(bases["chargers"].sum() / bases["served"].sum())
    assert found.is_apart
    again = bring_up_to_date(asked(answered, "fleet", {"values": found.values}))
    after = chargers_per_car(again.plan)
    assert after is not None
    assert not after.is_apart
    assert (
        answer_of(again.plan, "fleet").head["totals"]["spend_yen"]
        < answer_of(answered.plan, "fleet").head["totals"]["spend_yen"]
    )


def test_demand_is_that_after_the_leds_where_the_plan_asks(project: Project, answered: Project) -> None:
    from kawasolar.demand import demand_of
    from kawasolar.demand.lit import lit_of
    from kawasolar.measures.site import site_of
    from kawasolar.use import flows_of

    light = answer_of(answered.plan, "lighting").facilities.set_index("facility_id")
    after = bring_up_to_date(asked(answered, "lighting", {"in_demand": True}))
    assert waiting(after) == set()
    now, then = demand_of(answered.plan), demand_of(after.plan)
    assert then.after_led == set(light.index) & set(
        now.facilities.loc[now.facilities["source"] != "none", "facility_id"]
    )
    for name in then.after_led:
        # By hand: what burns by the hours of its kind, and no more than is used.
        less = np.minimum(light["saved_kwh"][name] * lit_of(after.plan, name, then.year), now.of(name))
        assert then.of(name) == pytest.approx(now.of(name) - less, abs=1e-3)
        assert (then.of(name) >= 0).all()
    before, left = (used(plan) for plan in (answered.plan, after.plan))
    assert (left <= before).all()
    assert left.sum() == pytest.approx(then.facilities["annual_kwh"].sum(), rel=1e-5)
    # LED's own savings, and LED among the measures, are of the load as it is.
    assert answer_of(after.plan, "lighting").facilities["saved_yen"].tolist() == light["saved_yen"].tolist()
    assert_array_equal(demand_of(after.plan, as_it_is=True).kwh, now.kwh)
    name = min(then.after_led)
    assert site_of(after.plan, name).load_kwh.sum() == pytest.approx(now.of(name).sum(), rel=1e-5)
    assert flows_of(after.plan, name)[1].load.sum() == pytest.approx(then.of(name).sum(), rel=1e-5)


def test_why_a_load_is_less_after_the_leds(answered: Project) -> None:
    from kawasolar.provenance import explain, sentences

    after = bring_up_to_date(asked(answered, "lighting", {"in_demand": True}))
    before, left = (explain(project.plan, "load_kwh", "001") for project in (answered, after))
    assert (before.formula, left.formula) == (
        "load_bill" if before.of("ledger.annual_kwh") else "load_area",
        "load_after_led",
    )
    (saved,) = left.of("lighting_saved_kwh")
    assert saved.value == answer_of(after.plan, "lighting").facilities.set_index("facility_id")["saved_kwh"]["001"]  # type: ignore[union-attr]
    for language in LANGUAGES:
        assert all("{" not in line for _, line in sentences(left, language))


def test_what_follows_the_leds_is_stale_with_them_only_where_the_plan_asks(answered: Project) -> None:
    after = bring_up_to_date(asked(answered, "lighting", {"in_demand": True}))
    assert waiting(asked(after, "lighting", {"in_demand": True, "goal": "co2"})) == {"lighting", "use", "charging"}
    assert waiting(asked(answered, "lighting", {"goal": "co2"})) == {"lighting"}
    assert waiting(asked(answered, "lighting", {"in_demand": True})) == {"use", "charging"}
    back = with_edit(after, asked_edits.ask(after.entries, "s1", "lighting", {}, BY), attic=[answered.plan])
    assert waiting(back) == set()
    assert back.plan.use is answered.plan.use


def test_answers_come_back_from_the_file(answered: Project, tmp_path: Path) -> None:
    save_project(answered, tmp_path / "計画 1.kawasolar")
    back = load_project(tmp_path / "計画 1.kawasolar")
    assert waiting(back) == set()
    for kind in ANSWERS:
        before, after = answered.plan.answers[kind], back.plan.answers[kind]
        assert json.loads(json.dumps(dict(before.head))) == dict(after.head)
        for name, frame in before.frames.items():
            assert_frame_equal(frame, after.frames[name])
        assert type(answer_of(back.plan, kind)) is type(answer_of(answered.plan, kind))


def test_taken_back_it_goes_at_once_and_comes_back_uncomputed(answered: Project) -> None:
    edit = asked_edits.ask(answered.entries, "s1", "fleet", None, BY)
    gone = with_edit(answered, edit)
    assert "fleet" not in gone.plan.answers
    assert waiting(gone) == {"charging"}
    again = with_edit(gone, inverse(edit), attic=[answered.plan])
    assert waiting(again) == set()
    assert again.plan.answers["fleet"] is answered.plan.answers["fleet"]
    assert apply(gone.entries, inverse(edit)).canonical() == answered.entries.canonical()


EDITS: dict[str, tuple[Callable[[Project], Edit], set[str]]] = {
    "year": (lambda p: edits.set_value(p.entries, "s1", "plan.year", 2027.0, BY), {"lighting", "fleet", "charging", "siting"}),
    "factor": (lambda p: edits.set_value(p.entries, "s1", "co2.grid_factor", 0.3, BY), {"lighting", "fleet", "charging"}),
    "options": (lambda p: asked_edits.ask(p.entries, "s1", "lighting", {"goal": "co2"}, BY), {"lighting"}),
    "cars": (lambda p: asked_edits.ask(p.entries, "s1", "fleet", {"prefer": "hev"}, BY), {"fleet", "charging"}),
    "floor": (lambda p: edits.correct_ledger(p.entries, "001", "floor_area_m2", 9000.0, None, BY), {"lighting", "charging", "siting"}),
    "share": (lambda p: edits.set_share(p.entries, "s1", 0.9), set()),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_what_it_rests_on_makes_it_stale_and_is_told(answered: Project, what: str) -> None:
    make, expected = EDITS[what]
    after = with_edit(answered, make(answered))
    assert waiting(after) & set(ANSWERS) == expected
    # What stood is still shown.
    assert after.plan.answers == answered.plan.answers
    for state in states(after.plan, after.profile):
        for language in LANGUAGES:
            assert "{" not in stage_sentence(language, state, after.plan.profile)
    if expected:
        assert waiting(bring_up_to_date(after)) == set()


def test_a_plan_without_cars_says_so_and_goes_on(tmp_path: Path) -> None:
    bare = asked(asked(town_with(tmp_path, {"lamps": LAMPS}), "fleet", {}), "charging", {})
    done = bring_up_to_date(bare)
    assert waiting(done) == set()
    assert dict(done.plan.answers) == {}
    told = {finding.code for finding in done.plan.findings if finding.code.split(".")[0] in ANSWERS}
    assert "fleet.no_ledger" in told
    for finding in done.plan.findings:
        for language in LANGUAGES:
            assert "{" not in say(language, finding.code, **finding.values())
    # Findings are those of their stage after the file, too, and go with what they are of.
    save_project(done, tmp_path / "ohne.kawasolar")
    back = load_project(tmp_path / "ohne.kawasolar")
    gone = with_edit(back, asked_edits.ask(back.entries, "s1", "fleet", None, BY))
    assert "fleet.no_ledger" not in {finding.code for finding in gone.plan.findings}


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("lighting", {"steam": 1}, "answers.no_such_option"),
        ("lighting", {"budget_yen": -1.0}, "answers.bad_option"),
        ("lighting", {"first": True}, "answers.bad_option"),
        ("lighting", {"first": 2026, "last": 2090}, "lighting.years"),
        ("fleet", {"target": "all"}, "answers.bad_option"),
        ("fleet", {"budgets": {"1999": 1.0}}, "fleet.bad_budget"),
        ("charging", {"least": {"v2x": -1}}, "answers.bad_option"),
        ("charging", {"values": {"reserve_share": float("nan")}}, "answers.bad_option"),
        ("siting", {"number": 2.5}, "answers.bad_option"),
        ("siting", {"values": {"radius_m": 1.0}}, "siting.range"),
    ],
)
def test_options_that_mean_nothing_are_refused(kind: AnswerKind, options: dict[str, Any], code: str) -> None:
    with pytest.raises(PlanError) as caught:
        check_options(kind, options)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("value", "shape", "fits"),
    [
        (1, float, True), (True, float, False), (float("nan"), float, False), ("a", str, True), (None, (None, int), True), ([1, 2], [int], True),
        ([1, "a"], [int], False), ({"a": 1}, {ANY: int}, True), ({"a": 1}, {"a": int, "b": int}, False), ({"a": {"b": 1.0}}, {"a": {"b": int}}, False),
    ],
)  # fmt: skip
def test_shapes(value: object, shape: Any, fits: bool) -> None:
    try:
        check_shape(value, shape, "here")
    except ValueError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lighting_facilities SET year = 'spät'",
        "DROP TABLE fleet_cars",
        "UPDATE siting_catchments SET shape = '00'",
        "UPDATE siting_catchments SET shape = '0101000000000000000000F03F000000000000F03F'",
        "UPDATE siting_catchments SET site_id = 'nowhere'",
        "UPDATE siting_sites SET how = 'stolen'",
        "UPDATE siting_sites SET site_id = 'one'",
        "UPDATE siting_candidates SET why_not = 'because'",
        "UPDATE siting_candidates SET visible = 7.0",
        "UPDATE siting_points SET weight = 'viel'",
        'UPDATE kawasolar_meta SET value = replace(value, \'"source": "fleet"\', \'"source": "cats"\') WHERE key = \'slots\'',
        "UPDATE kawasolar_meta SET value = replace(value, '\"detour\"', '\"retour\"') WHERE key = 'slots'",
        "UPDATE kawasolar_meta SET value = replace(value, '\"goal\": \"saving\"', '\"goal\": 7') WHERE key = 'slots'",
        "UPDATE kawasolar_meta SET value = replace(value, '\"need_cars\"', '\"other\"') WHERE key = 'slots'",
        "UPDATE entries SET value = replace(value, '\"value\": {}', '\"value\": {\"steam\": 1}') WHERE kind = 'asked'",
    ],
)
def test_a_file_that_was_tampered_with_is_refused(answered: Project, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "x.kawasolar"
    save_project(answered, path)
    with sqlite3.connect(path) as connection:
        before = connection.total_changes
        connection.execute(statement)
        assert connection.total_changes > before or statement.startswith("DROP")
    connection.close()
    with pytest.raises(UnreadableProject):
        load_project(path)


def test_the_command_line_asks_and_computes(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.kawasolar"
    save_project(project, path)
    assert (
        main(["edit", "ask", str(path), "lighting", "goal=co2", 'budgets={"2027": 50000000}', "--why", "市長の指示"])
        == 0
    )
    assert options_asked(load_project(path).entries, "s1", "lighting") == {"goal": "co2", "budgets": {"2027": 50000000}}
    assert main(["run", str(path)]) == 0
    assert load_project(path).plan.answers["lighting"].head["goal"] == "co2"
    assert main(["edit", "ask", str(path), "lighting", "--off"]) == 0
    assert dict(load_project(path).plan.answers) == {}
    capsys.readouterr()
    assert main(["edit", "ask", str(path), "rockets"]) != 0
    assert main(["edit", "ask", str(path), "lighting", "goal"]) != 0
    assert main(["edit", "ask", str(path), "lighting", "goal=money"]) != 0


# ---------------------------------------------------------------------------------------------- why


def test_lighting_is_explained_down_to_the_rows_of_the_ledger(answered: Project) -> None:
    desk = Desk(answered.plan)
    light = answer_of(answered.plan, "lighting")
    found = explain(desk, "lighting_saved_kwh", "001")
    rows = [one for one in found.inputs if isinstance(one, Explanation)]
    # (306 − 56) W of 16 lamps for 1,000 hours; the file's second row, below its heading.
    gym = next(one for one in rows if one.part == "2")
    assert gym.value == pytest.approx(4_000.0)
    assert (gym.values["count"], gym.values["old"], gym.values["led"], gym.values["hours"]) == (16, 306, 56, 1_000)
    assert (gym.values["w_from"], gym.values["hours_from"]) == ("ledger", "ledger")
    (led,) = gym.inputs
    assert isinstance(led, TableSource)
    assert (led.value, led.unit, led.table) == (56.0, "W", "lighting.toml")
    assert sum(float(str(one.value)) for one in rows) == pytest.approx(float(str(found.value)))
    assert [one.role for one in found.inputs if isinstance(one, FileSource)] == ["lamps"]
    # Floor and kind where no ledger tells it.
    guessed = light.facilities.loc[light.facilities["estimated"], "facility_id"].iloc[0]
    (one,) = (each for each in explain(desk, "lighting_saved_kwh", guessed).inputs if isinstance(each, Explanation))
    assert one.figure == "lighting_estimate"
    assert {each.column for each in one.inputs if isinstance(each, LedgerSource)} == {"floor_area_m2", "kind"}
    for figure in ("lighting_saved_kwh", "lighting_saved_yen", "lighting_cost_yen", "lighting_year", "chargers"):
        assert figure in figures_of(answered.plan, "001")
        made = explain(desk, figure, "001")
        json.dumps(as_json(made), allow_nan=False)
        for language in LANGUAGES:
            told = "\n".join(text for _, text in sentences(made, language))
            assert "why." not in told
            assert "{" not in told
    # All of its lamps are LED; no car stands there.
    assert [explain(answered.plan, name, "003").formula for name in ("lighting_year", "chargers")] == [
        "not_in_lighting",
        "not_in_charging",
    ]
    with pytest.raises(NothingToExplain):
        explain(desk, "lighting_cost_yen", "003")


def test_cost_of_led_adds_up(answered: Project) -> None:
    found = explain(answered.plan, "lighting_cost_yen", "001")
    rows = answer_of(answered.plan, "lighting").rows
    mine = rows[rows["facility_id"] == "001"]
    prices = {
        one.key.split("/")[1]: float(one.value)
        for one in found.inputs
        if isinstance(one, TableSource) and one.key.endswith("/yen")
    }
    assert set(prices) == set(mine["replacement"])
    luminaires = sum(prices[key] * count for key, count in zip(mine["replacement"], mine["fixtures"], strict=True))
    assert float(str(found.value)) == pytest.approx(
        luminaires + float(str(found.values["high"])) + float(str(found.values["waste"])), abs=2.0
    )


def test_the_year_of_led_says_why(answered: Project) -> None:
    from kawasolar.lighting.year import year_why

    def why(options: dict[str, Any], facility: str) -> Any:
        project = bring_up_to_date(asked(answered, "lighting", options))
        return project, year_why(answer_of(project.plan, "lighting"), facility)

    assert why({}, "001")[1].reason == "first"
    cost = answer_of(answered.plan, "lighting").facilities.set_index("facility_id")["cost_yen"]
    first = answer_of(answered.plan, "lighting").head.first
    # Nothing is left for it before.
    budgets = {str(first): 0.0}
    project, found = why({"budgets": budgets}, "001")
    assert (found.year, found.reason, found.left_yen) == (first + 1, "no_room", 0.0)
    project, found = why({"budget_yen": float(cost["001"]) / 4}, "001")
    assert (found.year, found.reason) == (0, "no_year")
    assert found.least_yen <= cost["001"]
    project, found = why({"pins": {"001": first + 2, "002": 0}}, "001")
    assert (found.year, found.reason) == (first + 2, "pinned")
    given = [one for one in explain(project.plan, "lighting_year", "001").inputs if isinstance(one, EnteredSource)]
    assert [(one.kind, one.value, one.mark.who if one.mark else "") for one in given] == [
        ("lighting", first + 2, BY.who)
    ]
    assert year_why(answer_of(project.plan, "lighting"), "002").reason == "left_out"
    assert year_why(answer_of(project.plan, "lighting"), "003") is None


def test_a_year_that_cannot_bear_what_it_is_given(answered: Project) -> None:
    from kawasolar.lighting.year import over_budget

    light = answer_of(answered.plan, "lighting")
    cost = light.facilities.set_index("facility_id")["cost_yen"]
    tight = replace(light, head=replace(light.head, budget_yen=float(cost["001"]) + 1.0))
    year = light.head.first
    assert over_budget(light, {"001": year}, year) is None
    assert over_budget(tight, {"001": year}, year) is None
    found = over_budget(tight, {"001": year, "002": year}, year)
    assert found is not None
    assert found[0] > found[1]
    # The search refuses the same.
    options = {"budget_yen": tight.head.budget_yen, "pins": {"001": year, "002": year}}
    project = bring_up_to_date(asked(answered, "lighting", options))
    assert "lighting" not in project.plan.answers
    assert any(one.code == "lighting.pins" for one in project.plan.findings)
    assert over_budget(tight, {"001": year, "002": 0}, year) is None


def test_chargers_are_explained_by_their_cars(answered: Project) -> None:
    charging = answer_of(answered.plan, "charging")
    for row in charging.bases.to_dict("records"):
        found = explain(answered.plan, "chargers", str(row["facility_id"]))
        assert found.value == row["chargers"]
        cars = [one for one in found.inputs if isinstance(one, Explanation)]
        assert len(cars) == row["cars"]
        kinds = [one for one in found.inputs if isinstance(one, TableSource) and one.table == "chargers.csv"]
        assert len(kinds) == len(charging.chargers[charging.chargers["facility_id"] == row["facility_id"]])


def test_cars_are_explained_by_model_and_year(answered: Project) -> None:
    fleet = answer_of(answered.plan, "fleet")
    cars = fleet.cars.set_index("vehicle")
    found = explain(answered.plan, "fleet_cars", "001")
    each = {one.part: one for one in found.inputs if isinstance(one, Explanation)}
    assert set(each) == {"川崎500あ1001", "川崎500あ1002"}
    assert found.value == cars.loc[list(each), "fiscal_year"].notna().sum() == 2
    for name, row in (("川崎500あ1001", 2), ("川崎500あ1002", 3)):
        one = each[name]
        assert one.value == cars.loc[name, "fiscal_year"]
        assert one.values["row"] == row
        (model,) = one.inputs
        assert isinstance(model, TableSource)
        assert (model.table, model.key) == ("vehicles_catalogue.csv", cars.loc[name, "model"])
        assert model.value == fleet.catalogue.set_index("key").loc[model.key, "price_yen"]
    assert "fleet_cars" not in figures_of(answered.plan, "003")
    for language in LANGUAGES:
        told = "\n".join(text for _, text in sentences(found, language))
        assert "why." not in told
        assert model.text("name", language) in told
    json.dumps(as_json(found), allow_nan=False)


# ---------------------------------------------------------------------------------------------- measures


def test_chargers_of_measures_are_those_of_the_plan(answered: Project, tmp_path: Path) -> None:
    import openpyxl

    from kawasolar.export.measures import write_measures
    from kawasolar.measures import assumptions_with, compare_orders, measures_of, site_of
    from kawasolar.measures.words import notes

    base = answer_of(answered.plan, "charging").bases.set_index("facility_id").loc["001"]
    site, usual = site_of(answered.plan, "001"), assumptions_with({})
    drawn, by = site.charging(usual)
    assert by == "cars"
    # The very half hours that the plan's chargers were found with.
    assert drawn.sum() == pytest.approx(base["charged_kwh"])
    net = site.load_kwh - site.produced_kwh + drawn
    assert 2.0 * net.max() == pytest.approx(base["peak_staggered_kw"])
    assert measures_of(site, usual)["chargers"].delta_kwh is drawn
    # On its roof alone, it costs what the plan says that cars add to the bill.
    found = compare_orders(site, usual, ("pv", "chargers"))
    assert -found.asked.saved_yen("chargers") == pytest.approx(base["bill_staggered_yen"], abs=1.0)
    assert any(f"{base['charged_kwh']:,.0f}" in text for text in notes("ja", found))
    write_measures(answered.plan, found, tmp_path / "対策.xlsx", "ja", "001")
    sheet = openpyxl.load_workbook(tmp_path / "対策.xlsx")["仮定"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    number = next(row for row in cells if row[0] == "充電器の台数")
    assert number[1] == base["chargers"]
    assert "計画の充電設備" in str(number)
    # Who says a number of chargers has them, and it is told.
    own = assumptions_with({"chargers": 3})
    assert site.charging(own)[1] == "given"
    assert site.charging(own)[0].sum() != pytest.approx(drawn.sum())
    assert any("入力値" in text for text in notes("ja", compare_orders(site, own, ("chargers",))))


def test_chargers_of_measures_without_cars_are_assumed(answered: Project) -> None:
    from kawasolar.measures import assumptions_with, site_of
    from kawasolar.measures.site import charging

    usual = assumptions_with({})
    # No car stands there; and a plan that keeps no chargers.
    for plan, facility in ((answered.plan, "003"), (replace(answered.plan, answers={}), "001")):
        site = site_of(plan, facility)
        assert site.cars is None
        assert site.charging(usual)[1] == "assumed"
        assert (site.charging(usual)[0] == charging(usual, site.year)).all()


def test_bases_without_a_tariff_add_no_noughts_to_the_bills(answered: Project) -> None:
    from dataclasses import replace

    from kawasolar.charging.ways import WAYS
    from kawasolar.charging.words import total_texts

    found = answer_of(answered.plan, "charging")
    unknown = replace(found, bases=found.bases.assign(**{f"bill_{way}_yen": np.nan for way in WAYS}))
    for language in LANGUAGES:
        assert total_texts(language, unknown)[1:] == [
            say(language, "charging.cli.without_bill", bases=len(found.bases))
        ]
        assert not any("nan" in line for line in total_texts(language, found))


# ---------------------------------------------------------------------------------------------- tables of a city's own


def with_table(project: Project, role: Role, path: Path | None) -> Project:
    from kawasolar.document.edits import exchange_files
    from kawasolar.plan import InputFile, no_file
    from kawasolar.stages import observed

    chosen = [no_file(role)] if path is None else observed([InputFile(role, str(path), 0, "")])
    return with_edit(project, exchange_files(project.entries, project.plan.inputs, chosen, BY))


def own_tables(folder: Path) -> dict[AnswerKind, Path]:
    """The program's own, with something else in each."""
    made: dict[AnswerKind, Path] = {}
    for kind, name, before, after in (
        ("lighting", "lighting.toml", 'key = "discount_rate"\nvalue = 0.02', 'key = "discount_rate"\nvalue = 0.05'),
        ("fleet", "vehicles_catalogue.csv", "軽EV 20 kWh", "本市の軽EV"),
        ("charging", "chargers.csv", "普通充電 3 kW", "本市の普通充電"),
    ):
        text = resource_path(name).read_text("utf-8-sig")
        assert before in text, name
        path = folder / f"自前 {name}"
        path.write_text(text.replace(before, after), encoding="utf-8")
        made[cast("AnswerKind", kind)] = path
    return made


def tables_told(project: Project) -> set[str]:
    """Tables that explanations of all facilities name: of what is written in the plan's own files where it has some."""
    found: set[str] = set()

    def walk(one: object) -> None:
        if isinstance(one, TableSource):
            found.add(one.table)
        for more in getattr(one, "inputs", ()):
            walk(more)

    for facility in project.plan.facilities["facility_id"].astype(str):
        for figure in figures_of(project.plan, facility):
            if figure.startswith(("lighting_", "fleet_", "chargers")):
                walk(explain(project.plan, figure, facility))
    # What a profile says, and numbers of which no table is the city's own.
    return found - {"ppa_values", "lamp_bans", "charging.toml"}


def test_a_plan_reckons_with_tables_of_its_own(answered: Project, tmp_path: Path) -> None:
    project = answered
    for kind, path in own_tables(tmp_path).items():
        project = with_table(project, OWN_TABLES[kind], path)
        assert kind in waiting(project)
    own = bring_up_to_date(project)
    assert waiting(own) == set()
    assert answer_of(own.plan, "lighting").head.numbers["discount_rate"] == 0.05
    assert "本市の軽EV" in answer_of(own.plan, "fleet").catalogue["name_ja"].tolist()
    assert "本市の普通充電" in {kind["name_ja"] for kind in answer_of(own.plan, "charging").head["kinds"]}
    assert tables_told(answered) == {"lighting.toml", "vehicles_catalogue.csv", "chargers.csv"}
    assert tables_told(own) == {"自前 lighting.toml", "自前 vehicles_catalogue.csv", "自前 chargers.csv"}
    # The file names them, and a plan that leaves them has the program's again.
    save_project(own, tmp_path / "計画.kawasolar")
    back = load_project(tmp_path / "計画.kawasolar")
    assert waiting(back) == set()
    for role in OWN_TABLES.values():
        back = with_table(back, role, None)
    again = bring_up_to_date(back)
    assert answer_of(again.plan, "lighting").head.numbers == answer_of(answered.plan, "lighting").head.numbers


@pytest.mark.parametrize(
    ("kind", "code"),
    [("lighting", "lighting.bad_table"), ("fleet", "fleet.bad_catalogue"), ("charging", "charging.bad_table")],
)
def test_a_table_that_cannot_be_read_is_said_and_the_rest_goes_on(
    answered: Project, tmp_path: Path, kind: AnswerKind, code: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("key\nnichts = [", encoding="utf-8")
    broken = bring_up_to_date(with_table(answered, OWN_TABLES[kind], path))
    assert waiting(broken) == set()
    assert kind not in broken.plan.answers
    (said,) = (one for one in broken.plan.findings if one.code == code)
    assert said.values()["file"] == "x.csv"
    for language in LANGUAGES:
        assert "{" not in say(language, code, **said.values())


def test_chargers_that_the_table_does_not_have_are_said(answered: Project) -> None:
    done = bring_up_to_date(asked(answered, "charging", {"least": {"v9": 1}}))
    assert "charging.no_such_kind" in {one.code for one in done.plan.findings}
    assert "charging" not in done.plan.answers


def test_the_command_line_takes_a_table_and_tells_by_it(
    answered: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.kawasolar"
    save_project(answered, path)
    table = own_tables(tmp_path)["charging"]
    assert main(["edit", "input", str(path), "charger_table", str(table)]) == 0
    capsys.readouterr()
    assert main(["charging", str(path), "--json", "--no-follow"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "本市の普通充電" in json.dumps(told, ensure_ascii=False)
    assert main(["edit", "input", str(path), "charger_table", "--none"]) == 0
