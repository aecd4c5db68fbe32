"""The programme of a plan: rules from people's files, a plan's own sites, and the command line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from kawasolar.__main__ import main
from kawasolar.errors import ProgrammeInvalid
from kawasolar.export.fingerprint import read_fingerprint
from kawasolar.export.programme import sites_in_words, write_programme_csv, write_programme_xlsx
from kawasolar.plan import Plan
from kawasolar.programme.defaults import giving, limits, points
from kawasolar.programme.highs import Limits
from kawasolar.programme.kept import keep
from kawasolar.programme.of_plan import programme_of_plan
from kawasolar.programme.result import make_programme, why_nothing
from kawasolar.programme.rules import KINDS, NUMBERED, Rule
from kawasolar.programme.rules_file import RulesFile, read_rules
from kawasolar.programme.words import nothing_lines, programme_lines, rule_text
from kawasolar.project import save_project
from kawasolar.project.single import project_of
from kawasolar.stages import plan_fingerprint
from kawasolar.words import LANGUAGES, Language, catalogue
from tests.support.plans import example_plan

EXACT = Limits(0.0, 20.0)
DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "programme.md"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("programme"))


def rules_of(tmp_path: Path, text: str) -> RulesFile:
    path = tmp_path / "条件.toml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path)


# ---------------------------------------------------------------------------------------------- the file


def test_documented_file_is_read_whole(tmp_path: Path) -> None:
    text = re.search(r"```toml\n(.*?)```", DOCUMENTED.read_text("utf-8"), re.DOTALL)
    assert text is not None
    told = rules_of(tmp_path, 'vetoes = ["0201006"]\n' + text.group(1))
    rules = told.rules((2027, 2028), 0.4, "kwh")
    assert (rules.objective, rules.share, rules.denominator, rules.exactly) == ("co2", 0.5, 812, False)
    assert rules.budget_yen == {2027: 3e7, 2028: 6e7}
    assert rules.budget_total_yen == 2e8
    assert rules.subsidy_yen == {}
    assert rules.sites_per_year == {2027: 30, 2028: 30}
    assert rules.ward_share == {"*": 0.3}
    assert told.vetoes == {"0201006"}
    assert told.pins == {"0201002": 2028}
    assert told.standing[0].state == "done"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[programm]\nfirst_year = 2027", "programm"), ("[share]\nleast = 0.5", "share.least"), ("[share]\nat_least = 1.5", "share.at_least"),
        ("[share]\nat_least = true", "share.at_least"), ("[share]\nexactly = 1", "share.exactly"), ("[share]\ndenominator = 2.5", "share.denominator"),
        ("[budget]\n2027 = -1", "budget.2027"), ("[budget]\n27 = 5", "budget.27"), ("[budget]\neach = nan", "budget.each"),
        ("[capacity.sites]\ntotal = 5", "capacity.sites.total"), ("share = 0.5", "share"), ("[pins]\nA = 'ja'", "pins.A"),
        ("[programme]\nobjective = 'money'", "programme.objective"), ("[programme]\nfirst_year = 2030\nlast_year = 2027", "programme.last_year"),
        ("vetoes = [1]", "vetoes"), ("[[standing]]\nfacility = 'a'\nstate = 'done'", "standing"), ("[give]\nmoney = 1", "give.money"),
        ("[give]\nbudget = 0", "give.budget"),
    ],
)  # fmt: skip
def test_wrong_values_are_told_with_their_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ProgrammeInvalid) as error:
        rules_of(tmp_path, text)
    assert error.value.details["key"] == key
    assert error.value.details["expected"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"[share", "[share]\nat_least = 0.5 # 割合".encode("cp932"), b"a" * 2_000_000, b"a=" + b"[" * 50_000]
)  # fmt: skip
def test_files_that_are_none_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(content)
    with pytest.raises(ProgrammeInvalid) as error:
        read_rules(path)
    assert error.value.code == "programme.file_unreadable"


def test_empty_file_is_no_rule_and_a_missing_one_is_told(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "") == RulesFile(given=True, yearly={"budget": {}, "subsidy": {}, "sites": {}, "kw": {}})
    with pytest.raises(ProgrammeInvalid):
        read_rules(tmp_path / "none.toml")


def test_every_rule_has_words_and_a_cost_of_giving_way() -> None:
    assert set(giving()) == set(KINDS)
    assert 0 < limits().gap < 1
    assert points() >= 2
    for kind in KINDS:
        for language in LANGUAGES:
            assert rule_text(language, Rule(kind, 2027, "あ"), {}) != f"programme.rule.{kind}"
    ways = {"money", "site", *NUMBERED} - {"budget", "budget_total", "subsidy", "subsidy_total"}
    reasons = ("done", "contracted", "pinned", "worth", "needed", "vetoed", "no_year", "no_room", "less_worth")
    whens = ("first", "pinned", "renewal", "window", "rule", "worth")
    codes = [f"programme.way.{one}" for one in ways] + [f"programme.why.{one}" for one in reasons]
    assert set(codes + [f"programme.when.{one}" for one in whens]) <= set(catalogue())


# ---------------------------------------------------------------------------------------------- a plan


def test_without_rules_it_is_the_plans_half(plan: Plan) -> None:
    asked = programme_of_plan(plan)
    made = make_programme(asked.sites, asked.rules, EXACT)
    assert made is not None
    chosen = plan.decision.sites.loc[plan.decision.sites["chosen"].to_numpy(dtype=bool), "facility_id"]
    assert set(asked.sites.facility_id[made.planned]) == set(chosen)
    assert set(made.year[made.planned]) == {asked.sites.years[0]}
    assert asked.sites.years[-1] == 2030


def test_plan_gives_costs_years_wards_shelters_and_what_stands(plan: Plan, tmp_path: Path) -> None:
    sites = plan.decision.sites
    eligible = sites.loc[sites["status"] == "eligible", "facility_id"].tolist()
    other = sites.loc[sites["status"] == "ineligible", "facility_id"].tolist()[0]
    told = rules_of(
        tmp_path,
        f"""
        [programme]
        first_year = 2027
        last_year = 2029
        discount_rate = 0.0
        worth_until = 2030
        [costs]
        yen_per_kw = 100000
        yearly_change = -0.5
        subsidy_rate = 0.25
        [roofs.years]
        "{eligible[0]}" = 2028
        [pins]
        "{eligible[1]}" = 2029
        "{other}" = 0
        "nobody" = 0
        [[standing]]
        facility = "{other}"
        state = "done"
        year = 2025
        """,
    )
    asked = programme_of_plan(plan, told)
    mine = asked.sites
    assert len(mine) == len(eligible) + 1
    row = mine.row(eligible[0])
    assert mine.renewal_year[row] == 2028
    kw = float(plan.results.yields.set_index("facility_id").loc[eligible[0], "capacity_kw"])
    co2 = float(plan.results.yields.set_index("facility_id").loc[eligible[0], "co2_t"])
    assert mine.cost_yen[row].tolist() == pytest.approx([kw * 75000, kw * 37500, kw * 18750], abs=1)
    assert mine.subsidy_yen[row, 0] == pytest.approx(kw * 25000, abs=1)
    assert mine.worth["co2"][row].tolist() == pytest.approx([3 * co2, 2 * co2, co2])
    ledger = plan.facilities.set_index("facility_id")
    assert mine.ward[row] == ledger.loc[eligible[0], "ward"]
    assert mine.shelter[row] == ledger.loc[eligible[0], "shelter"]
    assert mine.pinned_year[mine.row(eligible[1])] == 2029
    assert mine.state[mine.row(other)] == "done"
    assert {finding.code for finding in asked.findings} == {"programme.no_such_facility"}


def test_what_a_plan_does_not_know_is_asked_for(plan: Plan, tmp_path: Path) -> None:
    tables = replace(plan.profile.tables, capex=(), targets=(), ppa=())
    poor = replace(plan, profile=replace(plan.profile, tables=tables))
    with pytest.raises(ProgrammeInvalid, match=r"programme\.no_target"):
        programme_of_plan(poor)
    with pytest.raises(ProgrammeInvalid, match=r"programme\.no_capex"):
        programme_of_plan(poor, rules_of(tmp_path, "[programme]\nlast_year = 2030"))
    saving = rules_of(tmp_path, "[programme]\nlast_year = 2030\nobjective = 'saving'\n[costs]\nyen_per_kw = 1")
    with pytest.raises(ProgrammeInvalid, match=r"programme\.no_saving"):
        programme_of_plan(poor, saving)


@pytest.mark.parametrize("language", LANGUAGES)
def test_papers_bear_the_plan_and_every_site(plan: Plan, tmp_path: Path, language: Language) -> None:
    told = rules_of(tmp_path, "[capacity.sites]\neach = 2\n[share]\nat_least = 0.2\n[wards.sites]\n'みほん区' = 1")
    asked = programme_of_plan(plan, told)
    made = make_programme(asked.sites, asked.rules, EXACT)
    assert made is not None
    book, text = tmp_path / "p.xlsx", tmp_path / "p.csv"
    kept = keep(made, asked)
    write_programme_xlsx(kept, plan, book, language)
    write_programme_csv(kept, plan, text, language)
    assert read_fingerprint(book) == plan_fingerprint(plan)
    assert read_fingerprint(text) == plan_fingerprint(plan)
    names = openpyxl.load_workbook(book, read_only=True).sheetnames
    assert len(names) == 3
    assert len(text.read_text("utf-8-sig").splitlines()) == len(asked.sites) + 1
    table = sites_in_words(kept, plan, language)
    assert not table["why"].str.contains("programme.", regex=False).any()
    japanese = re.compile("[\u3041-\u30ff]")
    own = [name for name in (*asked.names.values(), *asked.sites.ward) if name]
    for line in programme_lines(language, kept):
        assert bool(japanese.search(line)) <= (language == "ja"), line
    for why in table["why"]:
        bare = why
        for name in own:
            bare = bare.replace(name, "")
        assert bool(japanese.search(bare)) == (language == "ja"), why


# ---------------------------------------------------------------------------------------------- command line


@pytest.fixture(scope="module")
def saved(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("計画") / "plan.kawasolar"
    save_project(project_of(plan), path)
    return path


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main(["-q", "--lang", "en", *words]) == code
    return json.loads(capsys.readouterr().out)


def test_command_tells_years_reasons_and_frontier(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[capacity.sites]\neach = 2\n[share]\nat_least = 0.2\n", encoding="utf-8")
    found = told(capsys, "programme", str(saved), "--rules", str(rules), "--gap", "0", "--frontier", "3", "--json")
    assert found["fits"]
    assert found["proof"]["gap"] < 1e-4
    assert all(year["sites"] <= 2 for year in found["years"])
    assert sum(row["sites"] for row in found["tracker"]) == len(found["sites"])
    worths = [point["worth"] for point in found["frontier"]]
    assert worths == sorted(worths)
    first = next(site["facility_id"] for site in found["sites"] if site["status"] == "planned")
    asked = told(capsys, "programme", str(saved), "--rules", str(rules), "--gap", "0", "--why", first, "--json")
    assert asked["why"]["loss"] >= 0
    assert main(["-q", "programme", str(saved), "--rules", str(rules), "--why", "nobody"]) == 3


def test_command_tells_what_conflicts(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[capacity.sites]\neach = 1\n[share]\nat_least = 1.0\n", encoding="utf-8")
    found = told(capsys, "programme", str(saved), "--rules", str(rules), "--json", code=3)
    assert not found["fits"]
    assert {row["kind"] for row in found["conflict"]} == {"share", "sites"}
    assert found["relaxation"]["fits"]
    assert found["alone"]
    assert main(["-q", "--lang", "ja", "programme", str(saved), "--rules", str(rules)]) == 3
    assert "同時には満たせない条件" in capsys.readouterr().out


def test_conflict_names_sites_by_their_names(plan: Plan, tmp_path: Path) -> None:
    sites = plan.decision.sites
    one = sites.loc[sites["status"] == "eligible", "facility_id"].tolist()[0]
    asked = programme_of_plan(plan, rules_of(tmp_path, f'[pins]\n"{one}" = 0\n[roofs.years]\n"{one}" = 2035'))
    nothing = why_nothing(asked.sites, asked.rules, giving(), EXACT)
    for language in LANGUAGES:
        assert asked.names[one] in "\n".join(nothing_lines(language, nothing, asked.names))
    assert nothing.relaxation is not None
    assert np.isclose(nothing.relaxation.weighted, 2.0)
