"""What is entered of the programme on the command line, and what gives way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kawasolar.__main__ import main
from kawasolar.document.edits import Author, pin, veto
from kawasolar.document.entries import apply, inverse
from kawasolar.document.programme_edits import give_way, give_years
from kawasolar.programme.easing import GivingWay, Relaxation
from kawasolar.programme.finding import find_programme
from kawasolar.programme.given_way import can_take, with_given_way
from kawasolar.programme.rules import KINDS, Rule
from kawasolar.programme.rules_file import rules_of
from kawasolar.project import load_project, save_project
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

RULES = """
vetoes = ["005"]
[share]
at_least = 0.4
[capacity.sites]
each = 1
[programme]
first_year = 2027
last_year = 2030
[pins]
"001" = 2029
[[standing]]
facility = "004"
state = "contracted"
year = 2026
capacity_kw = 12.5
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("計画") / "計画.kawasolar"
    save_project(project_of(small_town(tmp_path_factory.mktemp("町")), path.parent), path)
    return path


def entry(path: Path, table: str, key: str) -> object:
    return load_project(path).entries.get(table, key)


def test_rules_are_kept_and_the_programme_follows(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "条件.toml"
    rules.write_text(RULES, encoding="utf-8")
    assert main(["-q", "edit", "rules", str(file), str(rules), "--why", "庁議"]) == 0
    project = load_project(file)
    assert set(project.entries.of_scenario("rules", "s1")) == {"share", "capacity", "programme"}
    assert project.entries.get("terms", "s1/001")["earliest"] == 2029
    assert project.entries.get("pins", "s1/001")["why"] == "庁議"
    assert project.entries.get("vetoes", "s1/005") is not None
    assert project.entries.get("standing", "004")["capacity_kw"] == 12.5
    assert main(["-q", "run", str(file)]) == 0
    kept = load_project(file).plan.programme
    assert kept is not None
    row = kept.frame.set_index("facility_id").loc["004"]
    assert (row["status"], row["fiscal_year"], row["capacity_kw"]) == ("contracted", 2026, 12.5)
    capsys.readouterr()
    assert main(["-q", "programme", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {site["facility_id"]: site["fiscal_year"] for site in told["sites"] if site["status"] != "open"} == {
        str(name): int(year) for name, year, status in zip(kept.frame["facility_id"], kept.frame["fiscal_year"], kept.frame["status"], strict=True) if status != "open"
    }  # fmt: skip
    assert main(["-q", "edit", "rules", str(file)]) == 0
    assert load_project(file).plan.programme is None


def test_years_standing_and_lists(file: Path) -> None:
    assert main(["-q", "edit", "years", str(file), "002", "--earliest", "2028"]) == 0
    assert entry(file, "terms", "s1/002")["latest"] is None  # type: ignore[index]
    assert main(["-q", "edit", "years", str(file), "002", "--earliest", "2029", "--latest", "2028"]) == 3
    assert main(["-q", "edit", "standing", str(file), "002", "--state", "done", "--year", "2025", "--kw", "20"]) == 0
    assert main(["-q", "edit", "standing", str(file), "002", "--state", "built", "--year", "2025"]) == 3
    assert main(["-q", "edit", "standing", str(file), "002", "--state", "done"]) == 3
    assert entry(file, "standing", "002")["capacity_kw"] == 20.0  # type: ignore[index]
    assert main(["-q", "edit", "count", str(file), "2026-04-01"]) == 0
    listed = entry(file, "counts", "2026-04-01")["facility_ids"]  # type: ignore[index]
    assert "002" in listed
    assert main(["-q", "edit", "count", str(file), "2026-04-01", "001"]) == 3
    assert main(["-q", "edit", "count", str(file), "4月1日", "001"]) == 3
    assert main(["-q", "edit", "count", str(file), "2026-04-01", "--forget"]) == 0
    assert main(["-q", "edit", "standing", str(file), "002"]) == 0
    assert entry(file, "standing", "002") is None
    assert main(["-q", "edit", "standing", str(file), "nobody", "--state", "done", "--year", "2025"]) == 3


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return project_of(small_town(tmp_path_factory.mktemp("町")), tmp_path_factory.mktemp("計画")).plan


@pytest.mark.parametrize(
    "extra",
    [
        {"budget": {"total": 0.0}}, {"budget": {"each": 1.0}}, {"capacity": {"sites": {"each": 0}}}, {"capacity": {"kw": {"each": 0.1}}},
        {"subsidy": {"total": 0.0}, "costs": {"subsidy_rate": 0.5}}, {"capacity": {"sites": {"each": 0}}, "shelters": {"share": 1.0}},
    ],
)  # fmt: skip
def test_with_what_gives_way_something_fits(plan: Plan, extra: dict[str, object]) -> None:
    document = {"programme": {"first_year": 2027, "last_year": 2028}, "share": {"at_least": 1.0}, **extra}
    found = find_programme(plan, rules_of(document))
    nothing = found.kept.nothing
    assert nothing is not None
    assert nothing.relaxation is not None
    assert can_take(nothing.relaxation)
    given = with_given_way(document, nothing.relaxation, found.asked)
    assert document == {"programme": {"first_year": 2027, "last_year": 2028}, "share": {"at_least": 1.0}, **extra}
    assert find_programme(plan, rules_of(given)).programme is not None


def test_every_rule_that_gives_way_can_be_taken() -> None:
    for kind in KINDS:
        way = GivingWay(Rule(kind, 0, "001"), 1.0, 1.0, 0.0)
        assert can_take(Relaxation((way,), 1.0, 1.0, True))
    assert not can_take(Relaxation((), 0.0, 0.0, True))


def test_what_people_entered_of_a_site_gives_way_in_one_step(plan: Plan) -> None:
    """A pin beyond the money, a veto and a year that leave too few: taken back as an edit, and what the file says of them with it."""
    by = Author("誰")
    ids = [str(one) for one in plan.decision.sites.loc[plan.decision.sites["status"] == "eligible", "facility_id"]]
    one, two = ids[:2]
    entries = plan.entries
    for edit in (
        pin(entries, plan.scenario, [one], by),
        veto(entries, plan.scenario, [two], by),
        give_years(entries, plan.scenario, [one], 2027, 2027, by),
    ):
        entries = apply(entries, edit)
    rules = [Rule("pin", 0, one), Rule("veto", 0, two), Rule("window", 0, one), Rule("budget", 2027)]
    edit = give_way(entries, plan.scenario, rules)
    assert apply(entries, edit) == plan.entries
    assert apply(apply(entries, edit), inverse(edit)) == entries
    assert not give_way(plan.entries, plan.scenario, rules).changes
    document = {"pins": {one: 2028, two: 0}, "vetoes": [two], "earliest": {one: 2028}, "latest": {two: 2028}}
    ways = tuple(GivingWay(rule, 1.0, 1.0, 0.0) for rule in (*rules[:3], Rule("renewal", 0, two)))
    asked = find_programme(plan, rules_of({"programme": {"last_year": 2030}})).asked
    given = with_given_way(document, Relaxation(ways, 1.0, 1.0, True), asked)
    assert (given["pins"], given["vetoes"], given["earliest"], given["latest"]) == ({two: 0}, [], {}, {two: 2028})
    assert given["roofs"]["years"][two] < asked.sites.years[0]
