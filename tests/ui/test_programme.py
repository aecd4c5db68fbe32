"""The programme by fiscal year in the window: searched, limited, told where nothing fits, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from kawasolar.errors import ProgrammeInvalid
from tests.ui.conftest import is_settled
from ui.programme.dialog import ProgrammeDialog
from ui.programme.tables import BAR

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> ProgrammeDialog:
    window.ensure_parts()
    window.menus.actions["programme"].trigger()
    found = window.findChild(ProgrammeDialog)
    assert found is not None
    settled(found, qtbot)
    return found


def settled(dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog._job is None and dialog.found is not None, timeout=WAIT)


def test_the_half_over_the_years(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    plan = window.document.plan
    assert plan is not None
    chosen = int(plan.decision.sites["chosen"].sum())
    assert dialog.found is not None
    programme = dialog.found.programme
    assert programme is not None
    years = len(programme.sites.years)
    most = dialog.sites_a_year.value()
    assert most * years >= chosen > (most - 1) * years
    built = [year for year in dialog.sites.built if year]
    assert len(built) == chosen
    assert max(built.count(year) for year in set(built)) <= most
    assert len(dialog.years.texts) == years
    assert dialog.years.texts[-1][-3] == str(chosen)
    # A bar in the column of its year, and in no other.
    for row in range(dialog.sites.rowCount()):
        bars = [k for k in range(3, 3 + years) if dialog.sites.index(row, k).data(BAR) is not None]
        year = dialog.sites.built[row]
        assert bars == ([3 + dialog.sites.years.index(year)] if year else [])
    # Without a limit what saves the longest is built at once.
    dialog.sites_a_year.setValue(0)
    dialog.make.click()
    settled(dialog, qtbot)
    assert {year for year in dialog.sites.built if year} == {programme.sites.years[0]}
    dialog.tabs.setCurrentIndex(1)
    dialog.search.setText("～そんな施設はない～")
    assert dialog.table.model().rowCount() == 0


def test_nothing_fits(dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    dialog.sites_a_year.setValue(1)
    dialog.budget.setValue(1)
    dialog.make.click()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.programme is None
    assert dialog._look.say("ui.programme.nothing") in dialog.head.text()
    # What conflicts, and what would do.
    assert len(dialog.head.text().splitlines()) >= 3
    assert not dialog.save.isEnabled()
    assert dialog.sites.rowCount() == 0


def test_a_rules_file_and_a_workbook(dialog: ProgrammeDialog, qtbot: QtBot, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[share]\nat_least = 'half'\n", encoding="utf-8")
    dialog.take_rules(bad)
    assert dialog.state.text()
    rules = tmp_path / "ルール.toml"
    rules.write_text("[share]\nat_least = 0.25\nexactly = true\n", encoding="utf-8")
    dialog.take_rules(rules)
    settled(dialog, qtbot)
    assert rules.name in dialog.rules.text()
    assert dialog.found is not None
    assert dialog.found.programme is not None
    assert dialog.found.programme.number == sum(year > 0 for year in dialog.sites.built)
    target = tmp_path / "計画.xlsx"
    dialog.write(target)
    qtbot.waitUntil(lambda: target.name in dialog.state.text(), timeout=WAIT)
    assert len(openpyxl.load_workbook(target).sheetnames) == 3


def show_basis(window: MainWindow) -> None:
    tabs = window.inspector.tabs
    place = next(k for k in range(tabs.count()) if tabs.widget(k).isAncestorOf(window.inspector.basis))
    tabs.setCurrentIndex(place)


def test_taken_over_and_shown(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    """The plan keeps it: on the map, in the table, at the site and in the panel; one step back and all is as before."""
    document, half = window.document, window.half
    before = document.entries
    assert half.programme.bar.isHidden()
    assert dialog.found is not None
    wanted = dialog.found.kept.frame
    dialog.take.click()
    qtbot.waitUntil(lambda: document.plan is not None and document.plan.programme is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=WAIT)
    plan = document.plan
    assert plan is not None
    assert plan.programme is not None
    assert plan.programme.frame["fiscal_year"].tolist() == wanted["fiscal_year"].tolist()
    assert not dialog.take.isEnabled()
    assert not half.programme.bar.isHidden()
    planned = wanted[wanted["status"] == "planned"]
    assert str(len(planned)) in half.programme.counts.text()
    # The map by years.
    window.groups.set_mode("years")
    assert window.map is not None
    groups = window.map.groups
    assert groups is not None
    for facility, year in zip(planned["facility_id"], planned["fiscal_year"], strict=True):
        assert groups.of[facility].label == f"{year % 100:02d}"
    assert sum(groups.counts().values()) == len(planned)
    window.map.groups_left.emit()
    assert window.map.groups is None
    # The table.
    model = window.table.model
    column = [one.key for one in model.columns].index("programme_year")
    row = model.ids.tolist().index(planned["facility_id"].iloc[0])
    assert model._texts[column][row] == str(planned["fiscal_year"].iloc[0])
    # The site, with why.
    document.select(str(planned["facility_id"].iloc[0]))
    part = window.inspector.basis.programme
    show_basis(window)
    assert str(planned["fiscal_year"].iloc[0]) in part.sentence.text()
    document.undo()
    assert document.entries == before
    assert document.plan is not None
    assert document.plan.programme is None
    assert half.programme.bar.isHidden()


def test_done_and_contracted_are_entered_at_the_site(window: MainWindow, qtbot: QtBot) -> None:
    window.ensure_parts()
    document, part = window.document, window.inspector.basis.programme
    plan = document.plan
    assert plan is not None
    facility = str(plan.facilities["facility_id"].iloc[0])
    document.select(facility)
    show_basis(window)

    def choose(state: str, year: int) -> None:
        part.state.setCurrentIndex(part.state.findData(state))
        part.state.activated.emit(part.state.currentIndex())
        part.year.setCurrentIndex(part.year.findData(year))
        part.year.activated.emit(part.year.currentIndex())

    choose("done", 2024)
    assert document.entries is not None
    entry = document.entries.get("standing", facility)
    assert (entry["state"], entry["year"]) == ("done", 2024)
    choose("open", 2028)
    assert document.entries.get("standing", facility) is None
    entry = document.entries.get("terms", f"s1/{facility}")
    assert (entry["earliest"], entry["latest"]) == (2028, 2028)
    assert document.entries.get("pins", f"s1/{facility}") is not None
    document.undo()
    assert document.entries.get("terms", f"s1/{facility}") is None


def test_what_stands_has_its_own_capacity(opened: MainWindow, qtbot: QtBot) -> None:
    """It counts at once, and its modules and energy follow by themselves."""
    opened.ensure_parts()
    document, part = opened.document, opened.inspector.basis.programme
    qtbot.waitUntil(lambda: is_settled(opened), timeout=WAIT)
    plan = document.plan
    assert plan is not None
    before = plan.results.yields.set_index("facility_id")
    facility = str(before["capacity_kw"].idxmax())
    document.select(facility)
    show_basis(opened)
    assert not part.capacity.isVisibleTo(part)

    def choose(state: str) -> None:
        part.state.setCurrentIndex(part.state.findData(state))
        part.state.activated.emit(part.state.currentIndex())
        qtbot.waitUntil(lambda: is_settled(opened), timeout=WAIT)

    choose("contracted")
    assert part.capacity.isVisibleTo(part)
    assert part.capacity.text() == opened.look.say("ui.site_programme.size_unknown")
    half = round(float(before["capacity_kw"][facility]) / 2.0, 1)
    part.capacity.setValue(half)
    qtbot.waitUntil(lambda: is_settled(opened), timeout=WAIT)
    plan = document.plan
    assert plan is not None
    assert plan.entries.table("standing")[facility]["capacity_kw"] == half
    after = plan.results.yields.set_index("facility_id")
    assert 0.0 < after["capacity_kw"][facility] <= half
    assert after["energy_kwh"][facility] < before["energy_kwh"][facility]
    site = plan.half.sites.set_index("facility_id").loc[facility]
    assert (site["chosen"], site["reason"]) == (True, "stands_contracted")
    choose("open")
    assert not part.capacity.isVisibleTo(part)
    assert document.plan is not None
    again = document.plan.results.yields.set_index("facility_id")
    assert again["capacity_kw"][facility] == before["capacity_kw"][facility]


def test_of_a_frozen_list_and_cost_and_effect(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    dialog.freeze_today()
    day = str(dialog.list.currentData())
    assert day
    dialog.make.click()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.kept.count == day
    dialog.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: dialog._job is None and bool(dialog.points), timeout=WAIT)
    spots = dialog.frontier.spots
    assert [one.worth for one in spots] == sorted(one.worth for one in spots)
    # A point that is picked becomes the sum of money.
    dialog.frontier.picked.emit(spots[0].allowed_yen)
    settled(dialog, qtbot)
    assert dialog.total.value() > 0
    assert dialog.told.yearly["budget"]["total"] == dialog.total.value() * 1e6


def test_what_gives_way_is_taken(dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    dialog.budget.setValue(1)
    dialog.make.click()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.programme is None
    assert not dialog.ease.isHidden()
    dialog.ease.click()
    settled(dialog, qtbot)
    assert dialog.found.programme is not None
    assert dialog.ease.isHidden()


def test_a_veto_that_gives_way_is_taken_back(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    """All have to be built, and one is vetoed: the button takes the veto back, which one step undoes."""
    document, plan = window.document, window.document.plan
    assert plan is not None
    eligible = plan.decision.sites.loc[plan.decision.sites["status"] == "eligible", "facility_id"]
    vetoed = str(eligible.iloc[0])
    document.veto([vetoed])
    dialog._rules = {"share": {"at_least": 1.0}, "give": dict.fromkeys(("share", "budget"), 1000.0)}
    dialog.sites_a_year.setValue(0)
    dialog.make.click()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.programme is None
    dialog.ease.click()
    settled(dialog, qtbot)
    assert dialog.found.programme is not None
    assert document.entries is not None
    assert document.entries.get("vetoes", f"s1/{vetoed}") is None
    assert dialog.state.text() == dialog._look.say("ui.programme.eased")
    document.undo()
    assert document.entries.get("vetoes", f"s1/{vetoed}") is not None


def test_it_follows_a_pin_by_itself(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    document = window.document
    dialog.take.click()
    qtbot.waitUntil(lambda: not window.controller.is_running and not document.stale, timeout=WAIT)
    plan = document.plan
    assert plan is not None
    assert plan.programme is not None
    frame = plan.programme.frame
    out = str(frame.loc[frame["status"] == "open", "facility_id"].iloc[0])
    dialog.close()
    document.pin([out])
    before = plan.programme
    qtbot.waitUntil(lambda: document.plan is not None and document.plan.programme is not before, timeout=WAIT)
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=WAIT)
    after = document.plan
    assert after is not None
    assert after.programme is not None
    assert after.programme.frame.set_index("facility_id").loc[out, "status"] == "planned"


def test_why_this_year_and_what_deciding_otherwise_would_cost(
    window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot
) -> None:
    document = window.document
    dialog.take.click()
    qtbot.waitUntil(lambda: not window.controller.is_running and not document.stale, timeout=WAIT)
    dialog.close()
    plan = document.plan
    assert plan is not None
    assert plan.programme is not None
    frame = plan.programme.frame
    late = frame[(frame["status"] == "planned") & (frame["fiscal_year"] > plan.programme.years[0])].iloc[0]
    facility, year = str(late["facility_id"]), int(late["fiscal_year"])
    document.select(facility)
    show_basis(window)
    part = window.inspector.basis.programme
    assert str(year - 1) in part.sentence.text()
    # Out, and every other year.
    asked = [part.otherwise.itemData(k) for k in range(part.otherwise.count())]
    assert asked == [-1, *(one for one in plan.programme.years if one != year)]
    part.ask_loss.click()
    qtbot.waitUntil(lambda: not part._asking, timeout=WAIT)
    answer = part.loss.text()
    assert answer.startswith(window.look.say("programme.if.out"))
    # The same programme: the answer stays; another facility: it goes, and so does a question that is still open.
    window.inspector.refresh()
    assert part.loss.text() == answer
    part.ask_loss.click()
    document.select(str(frame["facility_id"].iloc[-1]))
    show_basis(window)
    assert part.loss.text() == ""
    assert not part._asking
    qtbot.waitUntil(lambda: not window.jobs.running("loss"), timeout=WAIT)
    assert part.loss.text() == ""
    # Its own explanation, in the table too.
    document.select(facility)
    column = next(one for one in window.table.model.columns if one.key == "programme_year")
    assert column.figure == "programme_year"
    window.why.ask("programme_year", facility)
    qtbot.waitUntil(lambda: window.why.is_settled, timeout=WAIT)
    step = window.why._way[-1].found
    assert step is not None
    assert step.value == year
    assert any(one.code.startswith("programme_room.") for one in step.inputs)
    for other in frame["facility_id"]:
        # Of what is open, both ways are asked for; of the rest nothing.
        document.select(str(other))
        status = frame.set_index("facility_id").loc[other, "status"]
        assert part.ask_loss.isHidden() == (status not in ("planned", "open"))


def test_a_question_can_be_stopped(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    document = window.document
    dialog.take.click()
    qtbot.waitUntil(lambda: not window.controller.is_running and not document.stale, timeout=WAIT)
    dialog.close()
    plan = document.plan
    assert plan is not None
    assert plan.programme is not None
    document.select(str(plan.programme.frame["facility_id"].iloc[0]))
    show_basis(window)
    part = window.inspector.basis.programme
    part._show_asking(on=True)
    part.show_progress(0.25)
    assert "25" in part.loss.text()
    part.show_error("nobody", None)
    assert part._asking
    part.ask_loss.click()
    part.show_error(part._facility, None)
    assert part.loss.text() == window.look.say("ui.surface.stopped")
    part.show_error(part._facility, ProgrammeInvalid("programme.not_as_kept"))
    assert part.loss.text()
