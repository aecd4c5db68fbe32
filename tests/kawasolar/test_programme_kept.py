"""The programme that a plan keeps: entries make it, what it rests on makes it stale, and the file gives it back."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pandas.testing import assert_frame_equal

from kawasolar.document import edits, programme_edits
from kawasolar.document.edits import Author
from kawasolar.errors import ProgrammeInvalid
from kawasolar.programme.as_kept import loss_in_plan, programme_as_kept
from kawasolar.programme.kept import COLUMNS, Kept, from_json, head_to_json, no_rows, rule_of, rule_text
from kawasolar.programme.rules import Rule
from kawasolar.programme.words import loss_if_line
from kawasolar.project import load_project, save_project
from kawasolar.provenance import Explanation, explain, figures_of, sentences
from kawasolar.reasons import stage_sentence
from kawasolar.stages import bring_up_to_date, states, with_edit
from kawasolar.words import LANGUAGES, say
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kawasolar.document.entries import Edit
    from kawasolar.plan import Project

BY = Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
RULES: dict[str, Any] = {
    "programme": {"first_year": 2027, "last_year": 2030},
    "share": {"at_least": 0.5},
    "capacity": {"sites": {"each": 1}},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    return project_of(small_town(tmp_path_factory.mktemp("町")), tmp_path_factory.mktemp("計画"))


@pytest.fixture(scope="module")
def planned(project: Project) -> Project:
    return computed(with_rules(project))


def with_rules(project: Project, tables: Mapping[str, Any] = RULES) -> Project:
    return with_edit(project, programme_edits.set_rules(project.entries, "s1", tables, BY))


def computed(project: Project) -> Project:
    return bring_up_to_date(project)


def kept(project: Project) -> Kept:
    found = project.plan.programme
    assert found is not None
    return found


def waiting(project: Project) -> set[str]:
    return {state.name for state in states(project.plan, project.profile) if not state.is_fresh}


def eligible(project: Project) -> list[str]:
    sites = project.plan.decision.sites
    return sites.loc[sites["status"] == "eligible", "facility_id"].astype(str).tolist()


def test_without_rules_there_is_none_and_nothing_waits(project: Project) -> None:
    assert project.plan.programme is None
    assert waiting(project) == set()
    turned = with_edit(project, edits.set_share(project.entries, "s1", 0.9))
    assert waiting(turned) == set()


def test_rules_ask_for_one(project: Project, planned: Project) -> None:
    assert waiting(with_rules(project)) == {"programme"}
    assert waiting(planned) == set()
    found = kept(planned)
    number = -(-len(eligible(planned)) // 2)
    assert (found.outcome, found.number, found.denominator) == ("programme", number, len(eligible(planned)))
    years = found.by_year()
    assert years["sites"].max() == 1
    assert years["sites_total"].iloc[-1] >= number
    assert found.proof is not None
    assert found.proof.gap <= 0.005


def test_without_rules_again_it_goes_at_once(planned: Project) -> None:
    gone = with_edit(planned, programme_edits.set_rules(planned.entries, "s1", {}, BY))
    assert gone.plan.programme is None
    assert waiting(gone) == set()


def edits_that_matter(project: Project) -> dict[str, Edit]:
    entries, one = project.entries, eligible(project)[0]
    return {
        "share": edits.set_share(entries, "s1", 0.9),
        "objective": edits.set_objective(entries, "s1", "energy"),
        "pin": edits.pin(entries, "s1", [one], BY),
        "veto": edits.veto(entries, "s1", [one], BY),
        "terms": programme_edits.give_years(entries, "s1", [one], 2029, None, BY),
        "standing": programme_edits.stand(entries, [one], "done", 2026, BY),
        "rules": programme_edits.set_rules(entries, "s1", {**RULES, "shelters": {"first": True}}, BY),
        "ledger": edits.correct_ledger(entries, one, "shelter", True, None, BY),
        "year": edits.set_value(entries, "s1", "plan.year", 2027.0, BY),
    }


@pytest.mark.parametrize("what", ["share", "objective", "pin", "veto", "terms", "standing", "rules", "ledger", "year"])
def test_what_it_rests_on_makes_it_stale(planned: Project, what: str) -> None:
    after = with_edit(planned, edits_that_matter(planned)[what])
    assert "programme" in waiting(after)
    # What stood is still shown.
    assert kept(after) is kept(planned)
    assert waiting(computed(after)) == set()


def test_what_has_nothing_to_do_with_it_does_not(planned: Project) -> None:
    for edit in (
        edits.set_value(planned.entries, "s1", "load.flat_rc_new", 30.0, BY)
        if "load.flat_rc_new" in planned.profile.values
        else None,
        programme_edits.freeze_count(planned.entries, "2026-04-01", eligible(planned), BY),
        edits.review_join(planned.entries, eligible(planned)[0], "confirmed", [], BY),
    ):
        if edit is not None:
            assert waiting(with_edit(planned, edit)) == set()


def test_years_of_a_site_are_kept_to(planned: Project) -> None:
    one = eligible(planned)[0]
    pinned = with_edit(planned, edits.pin(planned.entries, "s1", [one], BY))
    found = computed(with_edit(pinned, programme_edits.give_years(pinned.entries, "s1", [one], 2030, 2030, BY)))
    row = kept(found).frame.set_index("facility_id").loc[one]
    assert (row["status"], row["fiscal_year"]) == ("planned", 2030)


def test_what_stands_counts_with_its_size(planned: Project) -> None:
    ineligible = min(set(planned.plan.facilities["facility_id"].astype(str)) - set(eligible(planned)))
    found = computed(
        with_edit(planned, programme_edits.stand(planned.entries, [ineligible], "done", 2024, BY, capacity_kw=33.0))
    )
    row = kept(found).frame.set_index("facility_id").loc[ineligible]
    assert (row["status"], row["fiscal_year"], row["capacity_kw"]) == ("done", 2024, 33.0)
    assert kept(found).denominator == kept(planned).denominator + 1
    told = kept(found).tracker().set_index("status")
    assert (told.loc["done", "sites"], told.loc["done", "capacity_kw"]) == (1, 33.0)


def test_the_half_of_a_frozen_list_is_of_that_list(planned: Project) -> None:
    """Sites that are not on it may be built, and do not count; those that are no longer eligible stay in the number."""
    names = eligible(planned)
    gone = sorted(set(planned.plan.facilities["facility_id"].astype(str)) - set(names))[:1]
    listed = [*names[:1], *gone]
    frozen = with_edit(planned, programme_edits.freeze_count(planned.entries, "2026-04-01", listed, BY))
    rules = {**RULES, "share": {"at_least": 0.5, "list": "2026-04-01"}}
    found = kept(computed(with_rules(frozen, rules)))
    assert (found.count, found.denominator, found.number) == ("2026-04-01", len(listed), -(-len(listed) // 2))
    assert found.frame.set_index("facility_id")["listed"].to_dict() == {name: name in listed for name in names}
    counted = found.counted
    assert counted["listed"].sum() >= found.number
    assert found.by_year()["share"].iloc[-1] == pytest.approx(counted["listed"].sum() / len(listed))


def test_a_list_that_is_not_there_is_said(planned: Project) -> None:
    with pytest.raises(ProgrammeInvalid, match=r"programme\.no_such_list"):
        computed(with_rules(planned, {**RULES, "share": {"list": "2026-04-01"}}))


def test_what_conflicts_is_kept_too(planned: Project, tmp_path: Path) -> None:
    broke = computed(with_rules(planned, {**RULES, "budget": {"total": 0.0}}))
    found = kept(broke)
    assert found.outcome == "nothing"
    assert found.nothing is not None
    assert found.nothing.conflict is not None
    assert {rule.kind for rule in found.nothing.conflict.rules} == {"share", "budget_total"}
    assert found.nothing.relaxation is not None
    path = tmp_path / "計画.kawasolar"
    save_project(broke, path)
    again = kept(load_project(path))
    assert head_to_json(again) == head_to_json(found)
    assert again.nothing == found.nothing


def test_the_file_gives_it_back(planned: Project, tmp_path: Path) -> None:
    path = tmp_path / "計画.kawasolar"
    save_project(planned, path)
    back = load_project(path)
    assert_frame_equal(kept(back).frame, kept(planned).frame)
    assert head_to_json(kept(back)) == head_to_json(kept(planned))
    assert waiting(back) == set()
    assert_frame_equal(kept(back).by_year(), kept(planned).by_year())


def test_scenarios_have_programmes_of_their_own(planned: Project, tmp_path: Path) -> None:
    edit, key = edits.duplicate_scenario(planned.entries, "s1", "もっと")
    two = with_edit(planned, edit)
    assert two.plans[key].programme is kept(planned)
    other = with_edit(two, programme_edits.set_rules(two.entries, key, {**RULES, "share": {"at_least": 1.0}}, BY))
    other = bring_up_to_date(other, [key])
    assert other.plans["s1"].programme is kept(planned)
    path = tmp_path / "二案.kawasolar"
    save_project(other, path)
    back = load_project(path)
    for name in ("s1", key):
        one, same = back.plans[name].programme, other.plans[name].programme
        assert one is not None
        assert same is not None
        assert_frame_equal(one.frame, same.frame)


def test_a_rule_as_a_text() -> None:
    for rule in (Rule("budget", 2027), Rule("ward", 0, "川崎区/幸区"), Rule("pin", 2028, "01/02")):
        assert rule_of(rule_text(rule)) == rule
    assert rule_of("") is None


WRONG = [
    ("outcome", "perhaps"), ("years", []), ("years", [2027, 2029]), ("years", ["2027"]), ("objective", "money"), ("number", 1.5), ("denominator", None), ("proof", None), ("proof", {}),
    ("assumed", {"first_year": "x"}), ("nothing", {"status": "none"}),
    ("nothing", {"status": "none", "conflict": {"rules": ["none/0/"], "smallest": True}, "relaxation": None, "alone": []}),
    ("nothing", {"status": "none", "conflict": None, "relaxation": {"ways": [["budget/2027/", 1]], "weighted": 1, "bound": 1, "fits": True}, "alone": []}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_head_that_is_none_is_refused(planned: Project, name: str, value: object) -> None:
    head = json.loads(json.dumps(head_to_json(kept(planned))))
    from_json(copy.deepcopy(head), kept(planned).frame)
    head[name] = value
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_json(head, kept(planned).frame)


def test_a_table_that_is_none_is_refused(planned: Project) -> None:
    head, frame = head_to_json(kept(planned)), kept(planned).frame
    for wrong in (
        frame.assign(status="perhaps"),
        frame.assign(rule="x"),
        frame.drop(columns="worth"),
        frame.assign(fiscal_year=1.5),
    ):
        with pytest.raises((ValueError, KeyError)):
            from_json(dict(head), wrong)
    empty = replace(kept(planned), frame=no_rows())
    assert {str(name): str(kind) for name, kind in empty.frame.dtypes.items()} == COLUMNS


def test_why_it_is_stale_is_told_without_fingerprints(project: Project, planned: Project) -> None:
    asked = with_rules(project)
    (state,) = [state for state in states(asked.plan, asked.profile) if state.name == "programme"]
    assert [(reason.kind, reason.name) for reason in state.reasons] == [("asked", "programme")]
    tables = replace(planned.profile.tables, capex=planned.profile.tables.capex[:1])
    poor = replace(planned.profile, tables=tables)
    (other,) = [state for state in states(planned.plan, poor) if state.name == "programme"]
    assert ("entered", "capex") in [(reason.kind, reason.name) for reason in other.reasons]
    for one in (state, other):
        for language in LANGUAGES:
            assert not re.search(r"[0-9a-f]{16}", stage_sentence(language, one, planned.profile))


# ---------------------------------------------------------------------------------------------- why this year


def test_as_kept_it_is_the_programme_that_the_search_found(planned: Project) -> None:
    found, mine = programme_as_kept(planned.plan), kept(planned)
    assert found is not None
    assert mine.proof is not None
    assert found.year.tolist() == mine.frame["fiscal_year"].tolist()
    assert (found.proof.worth, found.proof.bound) == (mine.proof.worth, mine.proof.bound)


def test_of_other_rules_it_is_none(project: Project, planned: Project) -> None:
    """What was entered since is no longer what it was made from: no figure of now stands beside a year of then."""
    assert programme_as_kept(project.plan) is None
    tables = {**RULES, "capacity": {"sites": {"each": 0}}}
    changed = with_edit(planned, programme_edits.set_rules(planned.entries, "s1", tables, BY))
    assert programme_as_kept(changed.plan) is None
    with pytest.raises(ProgrammeInvalid, match="not_as_kept"):
        loss_in_plan(changed.plan, eligible(planned)[0], None)
    told = explain(changed.plan, "programme_year", eligible(planned)[0])
    assert told.values["why"] is None
    assert sentences(told, "ja")


def test_the_year_is_explained_with_what_is_left(planned: Project) -> None:
    frame = kept(planned).frame.set_index("facility_id")
    late = str(frame.index[(frame["fiscal_year"] > 2027) & (frame["status"] == "planned")][0])
    year = int(frame.loc[late, "fiscal_year"])
    found = explain(planned.plan, "programme_year", late)
    assert found.value == year
    rooms = [
        one
        for one in found.inputs
        if isinstance(one, Explanation) and one.figure == f"programme_room.sites/{year - 1}/"
    ]
    assert [(room.value, room.values["allowed"], room.values["lacks"]) for room in rooms] == [(0.0, 1.0, 1.0)]
    for language in LANGUAGES:
        lines = [text for _, text in sentences(found, language)]
        assert any(str(year - 1) in line for line in lines)
        assert any(say(language, "programme.rule.sites", year=year - 1, item="") in line for line in lines)


@pytest.mark.parametrize("which", ["planned", "project"])
def test_every_site_is_explained_in_words(request: pytest.FixtureRequest, which: str) -> None:
    """Also one that is not eligible, and where the plan has no programme."""
    plan = request.getfixturevalue(which).plan
    for facility in plan.facilities["facility_id"].astype(str):
        assert "programme_year" in figures_of(plan, facility)
        for language in LANGUAGES:
            lines = [text for _, text in sentences(explain(plan, "programme_year", facility), language)]
            assert len(lines) >= 2
            assert not any("programme." in line or "why." in line for line in lines)


def test_a_year_that_a_person_set_is_named(planned: Project) -> None:
    out = eligible(planned)[-1]
    edit = programme_edits.give_years(planned.entries, "s1", [out], 2029, 2030, BY)
    later = computed(with_edit(planned, edit))
    found = explain(later.plan, "programme_year", out)
    assert [one.value for one in found.of("entered:terms")] == [("2029–2030",)]  # type: ignore[union-attr]
    stands = computed(with_edit(planned, programme_edits.stand(planned.entries, [out], "done", 2025, BY)))
    found = explain(stands.plan, "programme_year", out)
    assert len(found.of("entered:standing")) == 1
    for language in LANGUAGES:
        assert any("2025" in text for _, text in sentences(found, language))


def test_what_would_be_lost(planned: Project) -> None:
    chosen = str(kept(planned).frame.loc[kept(planned).frame["status"] == "planned", "facility_id"].iloc[0])
    loss = loss_in_plan(planned.plan, chosen, None)
    assert loss.fits
    assert loss.at_least <= loss.loss <= loss.at_most + 1e-9
    assert loss.shelter_years is None
    for language in LANGUAGES:
        for into in (None, 0, 2030):
            line = loss_if_line(language, loss, "co2", into, {})
            assert line
            assert "programme." not in line
        better = replace(loss, loss=-3.0, at_least=0.0, at_most=5.0, shelter_years=-2, changed=tuple("ABCDEFG"))
        line = loss_if_line(language, better, "co2", None, {"A": "第1小学校"})
        assert "-3" not in line
        assert all(word in line for word in ("3.0", "5.0", "第1小学校", "2"))
        none = replace(loss, fits=False)
        assert "5.0" not in loss_if_line(language, none, "co2", 2030, {})
