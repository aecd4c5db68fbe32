"""One half: what stands counts in it, and where there is a programme it is the programme's."""

from __future__ import annotations

import itertools
import sqlite3
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.decide import decide, decision_findings
from kawasolar.document import edits, programme_edits
from kawasolar.document.edits import Author
from kawasolar.export.gpkg import write_gpkg
from kawasolar.export.table import site_frame
from kawasolar.export.xlsx import write_xlsx
from kawasolar.figures import figures
from kawasolar.half import programme_of, years_frame
from kawasolar.project import load_project, save_project
from kawasolar.provenance import explain, sentences
from kawasolar.remedies.of_plan import lay_open
from kawasolar.selection import choose, number_to_choose
from kawasolar.stages import bring_up_to_date, plan_fingerprint, states, with_edit
from kawasolar.words import LANGUAGES
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan, Project

BY = Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
NAMES = [f"F{k}" for k in range(7)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    return project_of(small_town(tmp_path_factory.mktemp("町")), tmp_path_factory.mktemp("計画"))


def ids(plan: Plan, status: str = "eligible") -> list[str]:
    sites = plan.decision.sites
    return sites.loc[sites["status"] == status, "facility_id"].astype(str).tolist()


def chosen(plan: Plan) -> set[str]:
    sites = plan.half.sites
    return set(sites.loc[sites["chosen"], "facility_id"].astype(str))


def site(plan: Plan, name: str) -> pd.Series[Any]:
    return plan.half.sites.set_index("facility_id").loc[name]


def told_of(plan: Plan, language: Any, figure: str, name: str | None = None) -> str:
    return "\n".join(text for _depth, text in sentences(explain(plan, figure, name), language))


def worst(plan: Plan) -> str:
    """The eligible facility that ranks last."""
    ranked = plan.decision.sites.dropna(subset=["rank"]).sort_values("rank")
    return str(ranked["facility_id"].iloc[-1])


# ---------------------------------------------------------------------------------------------- what stands


some = st.sets(st.sampled_from(NAMES), max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=7), st.integers(0, 10), some, some, some)
def test_what_stands_is_taken_first(
    worth: list[float], share: int, pins: set[str], vetoes: set[str], standing: set[str]
) -> None:
    values = pd.Series(worth, index=NAMES[: len(worth)])
    choice = choose(values, share / 10, pins, vetoes, standing)
    found, known = set(choice.chosen[choice.chosen].index), set(values.index)
    stands = standing & known
    pinned, free = (pins & known) - vetoes - stands, known - vetoes - pins - stands
    number = number_to_choose(share / 10, len(values))
    left = max(0, number - len(stands) - len(pinned))
    best = max(
        (sum(values[list(one)]) for one in itertools.combinations(sorted(free), min(left, len(free)))), default=0.0
    )
    assert stands | pinned <= found
    assert found <= stands | pinned | free
    assert len(found - stands - pinned) == min(left, len(free))
    assert values[sorted(found - stands - pinned)].sum() == best
    assert choice.excess == min(len(pinned), max(0, len(stands) + len(pinned) - number))


def test_it_counts_whatever_the_criteria_say(project: Project) -> None:
    plan = project.plan
    out = ids(plan, "ineligible")[0]
    stood = with_edit(project, programme_edits.stand(project.entries, [out], "contracted", 2028, BY)).plan
    assert out in chosen(stood)
    assert out not in chosen(plan)
    assert site(stood, out)["status"] == "eligible"
    assert site(stood, out)["reason"] == "stands_contracted"
    assert site(stood, out)["reason_values"]["year"] == 2028
    assert len(ids(stood)) == len(ids(plan)) + 1
    assert len(chosen(stood)) == number_to_choose(plan.settings.share, len(ids(stood)))
    # What the criteria say of it is told as before.
    mine = stood.decision.outcomes[stood.decision.outcomes["facility_id"] == out]
    assert "fail" in set(mine["outcome"])
    assert not {one.name for one in states(stood, project.profile) if not one.is_fresh}
    again = decide(stood.facilities, stood.results, stood.profile, stood.settings)
    pd.testing.assert_frame_equal(again.sites, stood.decision.sites)


def test_no_works_are_asked_for_where_it_stands(project: Project) -> None:
    out = ids(project.plan, "ineligible")[0]
    stood = with_edit(project, programme_edits.stand(project.entries, [out], "done", 2025, BY)).plan
    before, after = lay_open(project.plan), lay_open(stood)
    assert out in set(before.remedies["facility_id"])
    assert set(after.remedies["facility_id"]) == set(before.remedies["facility_id"]) - {out}
    assert out not in set(after.unknowns["facility_id"])
    assert after.counts["fails"].tolist() == before.counts["fails"].tolist()


def test_it_takes_the_place_of_another(project: Project) -> None:
    plan, last = project.plan, worst(project.plan)
    assert last not in chosen(plan)
    stood = with_edit(project, programme_edits.stand(project.entries, [last], "done", 2025, BY)).plan
    assert len(chosen(stood)) == len(chosen(plan))
    assert last in chosen(stood)


def test_a_veto_of_what_stands_is_told(project: Project) -> None:
    last = worst(project.plan)
    stood = with_edit(project, programme_edits.stand(project.entries, [last], "done", 2025, BY))
    both = with_edit(stood, edits.veto(stood.entries, "s1", [last], BY)).plan
    assert last in chosen(both)
    assert {one.code for one in decision_findings(both.decision, both.settings)} >= {"decision.veto_stands"}


def test_no_more_is_laid_out_than_stands(project: Project) -> None:
    """Its energy is that of what stands, too, and nobody else's changes."""
    yields = project.plan.results.yields.set_index("facility_id")
    name = str(yields["capacity_kw"].idxmax())
    half = float(yields["capacity_kw"][name]) / 2.0
    edit = programme_edits.stand(project.entries, [name], "done", 2025, BY, capacity_kw=half)
    stood = bring_up_to_date(with_edit(project, edit))
    now = stood.plan.results.yields.set_index("facility_id")
    module = project.plan.profile.number("module.power") / 1000.0
    assert half - module < now["capacity_kw"][name] <= half + 1e-9
    assert now["energy_kwh"][name] < 0.6 * yields["energy_kwh"][name]
    others = yields.index != name
    assert (now["energy_kwh"][others] == yields["energy_kwh"][others]).all()
    mine = figures(stood.plan)["capacity_kw"]
    assert mine == pytest.approx(now["capacity_kw"][sorted(chosen(stood.plan))].sum(), abs=1e-3)
    gone = bring_up_to_date(with_edit(stood, programme_edits.stand(stood.entries, [name], None, None, BY)))
    assert gone.plan.results.yields.set_index("facility_id")["capacity_kw"][name] == yields["capacity_kw"][name]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_explained(project: Project, language: Any) -> None:
    out = ids(project.plan, "ineligible")[0]
    stood = with_edit(project, programme_edits.stand(project.entries, [out], "done", 2025, BY)).plan
    for figure in ("status", "chosen"):
        text = told_of(stood, language, figure, out)
        assert "2025" in text
        assert BY.who in text


# ---------------------------------------------------------------------------------------------- the programme's


@pytest.fixture(scope="module")
def planned(project: Project) -> Project:
    """A programme in whose years the best site cannot be built: another set than the selection's."""
    rules = {
        "programme": {"first_year": 2027, "last_year": 2030}, "share": {"at_least": 0.5, "exactly": True},
        "capacity": {"sites": {"each": 1}},
    }  # fmt: skip
    made = with_edit(project, programme_edits.set_rules(project.entries, "s1", rules, BY))
    # The best of all may be built only after the last year.
    best = str(made.plan.decision.sites.sort_values("rank")["facility_id"].iloc[0])
    made = with_edit(made, programme_edits.give_years(made.entries, "s1", [best], 2031, None, BY))
    return bring_up_to_date(made)


def test_the_half_is_the_programmes(project: Project, planned: Project) -> None:
    plan, kept = planned.plan, planned.plan.programme
    assert kept is not None
    assert kept.outcome == "programme"
    assert programme_of(plan) is kept
    assert chosen(plan) == set(kept.counted["facility_id"])
    assert chosen(plan) != chosen(project.plan)
    assert len(chosen(plan)) == kept.number
    years = kept.frame.set_index("facility_id")["fiscal_year"]
    for name in ids(plan):
        told = site(plan, name)
        assert told["reason"] == ("in_year" if name in chosen(plan) else "in_no_year")
        assert told["reason_values"]["year"] == years[name]
    for name in ids(plan, "ineligible"):
        assert site(plan, name)["reason"] == "failed"
    assert figures(plan)["chosen"] == kept.number


@pytest.mark.parametrize(("year", "counts"), [(2030, True), (2031, False)])
def test_what_stands_after_the_last_year_does_not_count_and_is_not_said_to(
    planned: Project, year: int, *, counts: bool
) -> None:
    # The one that may be built only after the last year: so the others still are as many as the share asks for.
    last = next(name for name in ids(planned.plan) if name not in chosen(planned.plan))
    made = bring_up_to_date(with_edit(planned, programme_edits.stand(planned.entries, [last], "contracted", year, BY)))
    assert programme_of(made.plan) is not None
    told = site(made.plan, last)
    assert (told["chosen"], told["reason"]) == (counts, "stands_contracted" if counts else "stands_later")
    assert explain(made.plan, "chosen", last).formula == f"choice_{told['reason']}"
    for language in LANGUAGES:
        assert str(year) in told_of(made.plan, language, "chosen", last)


def test_until_the_programme_follows_the_selection_is_shown(planned: Project) -> None:
    last = worst(planned.plan)
    turned = with_edit(planned, edits.pin(planned.entries, "s1", [last], BY))
    assert programme_of(turned.plan) is None
    assert site(turned.plan, last)["reason"] == "chosen_pin"
    assert not len(years_frame(turned.plan))
    after = bring_up_to_date(turned)
    assert programme_of(after.plan) is not None
    assert site(after.plan, last)["reason"] == "in_year"
    back = with_edit(after, edits.release(after.entries, "s1", [last]))
    assert programme_of(bring_up_to_date(back).plan) is not None


def test_a_price_that_changed_does_not_change_the_half_at_once(planned: Project) -> None:
    rules = {"programme": {"first_year": 2027, "last_year": 2030}, "share": {"at_least": 0.5, "exactly": True}, "costs": {"yen_per_kw": 1e5}}  # fmt: skip
    turned = with_edit(planned, programme_edits.set_rules(planned.entries, "s1", rules, BY))
    assert chosen(turned.plan) == chosen(planned.plan)
    assert "programme" in {one.name for one in states(turned.plan, planned.profile) if not one.is_fresh}


def test_years_stand_on_papers(planned: Project, tmp_path: Path) -> None:
    plan, today = planned.plan, date(2026, 4, 1)
    kept = plan.programme
    assert kept is not None
    years = kept.frame.set_index("facility_id")["fiscal_year"]
    frame = site_frame(plan, "ja").set_index("facility_id")
    for name in ids(plan):
        told = frame.loc[name, "programme_year"]
        assert told == years[name] if years[name] else pd.isna(told)
    write_xlsx(plan, tmp_path / "一覧.xlsx", "ja", today=today)
    rows = list(openpyxl.load_workbook(tmp_path / "一覧.xlsx").worksheets[0].iter_rows(values_only=True))
    head = next(k for k, row in enumerate(rows) if "施設番号" in row)
    column, number = rows[head].index("整備年度"), rows[head].index("施設番号")
    told_years = {str(row[number]): row[column] for row in rows[head + 1 :] if row[number] in years.index}
    assert told_years == {name: years[name] for name in chosen(plan)}
    write_gpkg(plan, tmp_path / "一覧.gpkg", "ja", today=today)
    with sqlite3.connect(tmp_path / "一覧.gpkg") as opened:
        told_rows = opened.execute("SELECT facility_id, programme_year, chosen FROM facilities").fetchall()
    assert {name for name, _year, inside in told_rows if inside} == chosen(plan)
    assert {name: year for name, year, inside in told_rows if inside} == told_years


def test_without_a_programme_papers_have_no_years(project: Project) -> None:
    assert "programme_year" not in site_frame(project.plan, "ja")


def test_another_programme_is_another_paper(project: Project, planned: Project) -> None:
    freed = with_edit(planned, programme_edits.give_years(planned.entries, "s1", list(planned.entries.of_scenario("terms", "s1")), None, None, BY))  # fmt: skip
    other = bring_up_to_date(freed)
    assert chosen(other.plan) != chosen(planned.plan)
    assert len({plan_fingerprint(one.plan) for one in (project, planned, other)}) == 3


def test_the_file_gives_it_back(planned: Project, tmp_path: Path) -> None:
    path = tmp_path / "計画.kawasolar"
    save_project(planned, path)
    back = load_project(path).plan
    pd.testing.assert_frame_equal(back.half.sites, planned.plan.half.sites)
    # As QGIS sees it.
    with sqlite3.connect(path) as opened:
        told = opened.execute("SELECT facility_id FROM facilities WHERE chosen").fetchall()
    assert {name for (name,) in told} == chosen(planned.plan)


def test_a_programme_of_before_is_not_taken_for_the_half(planned: Project) -> None:
    kept = planned.plan.programme
    assert kept is not None
    older = replace(planned.plan, programme=replace(kept, basis=""))
    assert older.half is older.decision


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_explained_by_the_programme(planned: Project, language: Any) -> None:
    plan = planned.plan
    for name in ids(plan):
        found = explain(plan, "chosen", name)
        assert found.value == (name in chosen(plan))
        assert found.formula == f"choice_{site(plan, name)['reason']}"
        assert told_of(plan, language, "chosen", name)
    whole = explain(plan, "chosen")
    assert whole.formula == "chosen_programme"
    assert "2027" in told_of(plan, language, "chosen")
