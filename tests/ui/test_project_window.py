"""A real small project in a real window: what is stale, a run, a crash, somebody else, an older file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kawasolar.document.lock import Lock, Owner, lock_path, take
from kawasolar.project import load_project, save_project
from ui import work

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000


def names(window: MainWindow) -> list[str]:
    return [state.name for state in window.document.stale]


def test_a_changed_ledger_is_seen_and_only_what_follows_is_computed(
    opened: MainWindow, qtbot: QtBot, place: Path, make_window: Callable[..., MainWindow]
) -> None:
    assert names(opened) == []
    assert "最新" in opened.top.run.toolTip()
    opened.controller.session.end()
    opened.document.set_project(None, None, saved=True)
    ledger = next(place.parent.glob("施設*.csv"))
    text = ledger.read_text(encoding="cp932")
    changed = text.replace("昭和60年度", "平成12年度")
    assert changed != text
    ledger.write_text(changed, encoding="cp932")
    opened.controller.open(place)
    qtbot.waitUntil(lambda: names(opened)[:1] == ["ledger"], timeout=WAIT)
    assert opened.rail.buttons["data"]._stale
    assert "台帳" in opened.rail.buttons["data"].toolTip()
    survey = opened.document.plan.stamps["survey"]  # type: ignore[union-attr]
    opened.top.run.click()
    qtbot.waitUntil(lambda: not opened.controller.is_running, timeout=WAIT)
    qtbot.waitUntil(lambda: names(opened) == [], timeout=WAIT)
    plan = opened.document.plan
    assert plan is not None
    assert plan.stamps["survey"] is survey, "no roof was surveyed again"
    assert 2000.0 in plan.facilities["built_year"].tolist()
    assert opened.document.dirty
    opened.top.run.click()
    qtbot.waitUntil(lambda: "計算するものはありません" in opened.banner.text, timeout=WAIT)


def test_an_overridden_value_is_stale_and_undo_takes_the_results_back(opened: MainWindow, qtbot: QtBot) -> None:
    from kawasolar.document import edits

    document = opened.document
    assert document.entries is not None
    assert document.plan is not None
    before = document.plan.results.yields["energy_kwh"].tolist()
    document.do(edits.set_value(document.entries, "s1", "pv.loss_array", 0.8, document.author("仕様書")))
    qtbot.waitUntil(lambda: names(opened) == ["yield", "eligibility", "selection", "use"], timeout=WAIT)
    assert opened.rail.buttons["half"]._stale
    assert not opened.rail.buttons["roofs"]._stale
    opened.controller.run()
    qtbot.waitUntil(lambda: not opened.controller.is_running and names(opened) == [], timeout=WAIT)
    assert document.plan.results.yields["energy_kwh"].tolist() != before
    opened.actions_named("undo").trigger()
    # Nothing to compute: the results of before are taken over.
    assert document.plan.results.yields["energy_kwh"].tolist() == before
    qtbot.waitUntil(lambda: names(opened) == [], timeout=WAIT)
    opened.actions_named("redo").trigger()
    assert document.plan.results.yields["energy_kwh"].tolist() != before


def test_what_a_crash_took_is_offered(
    make_window: Callable[..., MainWindow], qtbot: QtBot, place: Path, tmp_path: Path
) -> None:
    from kawasolar.document import edits
    from kawasolar.document.journal import Journal

    project = load_project(place)
    journal = Journal.begin(tmp_path / "recovery", place, base=project.mark)
    share = edits.set_share(project.entries, "s1", 0.9)
    journal.append(share, "s1")
    journal.abandon()
    window = make_window()
    window.controller.open(place)
    qtbot.waitUntil(window.banner.isVisible, timeout=WAIT)
    assert "1 件" in window.banner.text
    window.banner.action.click()
    assert window.document.settings is not None
    assert window.document.settings.share == 0.9
    assert window.document.dirty
    window.actions_named("undo").trigger()
    assert window.document.settings.share == 0.5
    assert not list((tmp_path / "recovery").glob(f"*{journal.id}*"))


def test_edits_lie_in_the_journal_until_they_are_saved(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    document = opened.document
    assert document.journal is not None
    empty = document.journal.path.stat().st_size
    document.set_share(0.8)
    assert document.journal.path.stat().st_size > empty
    opened.controller.save()
    qtbot.waitUntil(lambda: not document.dirty, timeout=WAIT)
    qtbot.waitUntil(lambda: document.journal.path.stat().st_size < empty + 100, timeout=WAIT)  # type: ignore[union-attr]
    mark = load_project(place).mark
    assert (mark.journal, mark.seq) == (document.journal.id, document.journal.seq)
    path = document.journal.path
    opened.close()
    assert not path.exists()
    assert not lock_path(place).exists()


def test_somebody_else_has_it_open(
    make_window: Callable[..., MainWindow], qtbot: QtBot, place: Path, tmp_path: Path
) -> None:
    other = take(place, replace(Owner.here("総務課 太郎"), host="another-pc"))
    assert isinstance(other, Lock)
    before = place.read_bytes()
    window = make_window()
    window.controller.open(place)
    qtbot.waitUntil(window.banner.isVisible, timeout=WAIT)
    assert "総務課 太郎" in window.banner.text
    assert window.status.saved.text() == "読み取り専用"
    window.document.set_share(0.9)
    # Over the file that is theirs: refused, whatever the dialog said.
    window.controller.save_to(place)
    qtbot.waitUntil(
        lambda: window.banner.property("kind") == "error" and "総務課 太郎" in window.banner.text, timeout=WAIT
    )
    assert place.read_bytes() == before
    copy = tmp_path / "写し.kawasolar"
    window.controller.save_to(copy)
    qtbot.waitUntil(lambda: not window.document.dirty, timeout=WAIT)
    assert load_project(copy).plan.settings.share == 0.9
    assert place.read_bytes() == before
    assert window.document.held_by is None, "the copy is ours"
    assert lock_path(copy).exists()
    other.release()


def test_a_save_over_somebody_elses_is_refused(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    from kawasolar.plan import SaveMark

    theirs = replace(load_project(place), mark=SaveMark("f" * 32, 7))
    save_project(theirs, place)
    opened.document.set_share(0.9)
    opened.controller.save()
    qtbot.waitUntil(opened.banner.isVisible, timeout=WAIT)
    assert opened.banner.property("kind") == "error"
    assert opened.document.dirty
    assert load_project(place).mark == theirs.mark


def test_an_older_file_is_told_and_kept(make_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "data" / "version1" / "turned.kawasolar"
    place = tmp_path / "旧計画.kawasolar"
    shutil.copyfile(source, place)
    window = make_window()
    window.controller.open(place)
    qtbot.waitUntil(window.banner.isVisible, timeout=WAIT)
    assert "第 1 版" in window.banner.text
    assert window.document.settings is not None
    assert window.document.settings.share == 0.4
    window.document.set_share(0.6)
    window.controller.save()
    qtbot.waitUntil(lambda: not window.document.dirty, timeout=WAIT)
    kept = [path for path in tmp_path.glob("*.kawasolar") if path != place]
    assert [path.read_bytes() for path in kept] == [source.read_bytes()]
    assert kept[0].name in window.banner.text


def test_another_file_in_the_place_of_one(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    from kawasolar.pipeline import inputs_of

    plan = opened.document.plan
    assert plan is not None
    old = next(place.parent.glob("施設*.csv"))
    new = old.with_name("新しい 台帳.csv")
    new.write_text(old.read_text(encoding="cp932").replace("東小学校", "改称小学校"), encoding="cp932")
    opened.controller.exchange(replace(inputs_of(plan, place), facilities=new))
    qtbot.waitUntil(lambda: "改称小学校" in opened.document.plan.facilities["name"].tolist(), timeout=WAIT)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not opened.controller.is_running and names(opened) == [], timeout=WAIT)
    assert opened.document.dirty
    entry = next(entry for entry in opened.document.plan.inputs if entry.role == "facilities")  # type: ignore[union-attr]
    assert Path(entry.path).name == new.name
    opened.actions_named("undo").trigger()
    # Its results are taken over: nothing need be computed.
    assert "東小学校" in opened.document.plan.facilities["name"].tolist()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: names(opened) == [], timeout=WAIT)


def test_a_newer_ledger_is_applied_and_taken_back(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    from kawasolar.document import edits

    document = opened.document
    plan, entries = document.plan, document.entries
    assert plan is not None
    assert entries is not None
    before = plan.facilities["name"].tolist()
    facility = plan.facilities["facility_id"].iloc[1]
    document.do(edits.correct_ledger(entries, facility, "built_year", 2001.0, 1985.0, document.author("登記")))
    old = next(place.parent.glob("施設*.csv"))
    new = old.with_name("新しい 台帳.csv")
    new.write_text(old.read_text(encoding="cp932").replace("東小学校", "改称小学校"), encoding="cp932")
    dialog = opened.controller.ledger.open(new)
    assert dialog is not None
    qtbot.waitUntil(dialog.next.isEnabled, timeout=WAIT)
    dialog.next.click()
    qtbot.waitUntil(lambda: dialog.newer is not None and dialog.apply.isEnabled(), timeout=WAIT)
    dialog.apply.click()
    qtbot.waitUntil(lambda: "改称小学校" in document.plan.facilities["name"].tolist(), timeout=WAIT)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not opened.controller.is_running and names(opened) == [], timeout=WAIT)
    table = document.plan.facilities.set_index("facility_id")  # type: ignore[union-attr]
    assert table.loc[facility, "built_year"] == 2001.0, "the correction stands"
    assert document.undo_words is not None
    assert document.undo_words[0] == "ui.undo.renewal"
    opened.actions_named("undo").trigger()
    assert document.plan.facilities["name"].tolist() == before  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: names(opened) == [], timeout=WAIT)
    opened.actions_named("redo").trigger()
    assert "改称小学校" in document.plan.facilities["name"].tolist()  # type: ignore[union-attr]


def test_trees_are_added_and_taken_away(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    import numpy as np
    import rasterio
    from PySide6.QtWidgets import QPushButton

    from kawasolar.pipeline import inputs_of

    def settled(count: int) -> bool:
        plan = opened.document.plan
        return (
            plan is not None and len(plan.inputs) == count and not opened.controller.is_running and names(opened) == []
        )

    plan = opened.document.plan
    assert plan is not None
    add = next(found for found in opened.data.findChildren(QPushButton) if "植生高ラスター" in found.accessibleName())
    asked: list[str] = []
    opened.data.replace_asked.disconnect()
    opened.data.replace_asked.connect(asked.append)
    add.click()
    assert (add.text(), asked) == ("追加…", ["canopy"])
    trees = place.parent / "樹木.tif"
    with rasterio.open(plan.dsm) as source, rasterio.open(trees, "w", **source.profile) as file:
        heights = np.zeros(source.shape, np.float32)
        heights[52:58, 75:115] = 12.0
        file.write(heights, 1)
    before = plan.results
    opened.controller.exchange(replace(inputs_of(plan, place), canopy=trees))
    qtbot.waitUntil(lambda: settled(5), timeout=WAIT)
    grown = opened.document.plan
    assert grown is not None
    assert grown.results.yields["energy_kwh"].sum() < before.yields["energy_kwh"].sum()
    assert any(
        "植生高ラスター" in found.accessibleName() and found.text() == "差し替え…"
        for found in opened.data.findChildren(QPushButton)
    )
    opened.controller.exchange(replace(inputs_of(grown, place), canopy=None))
    qtbot.waitUntil(lambda: settled(4), timeout=WAIT)
    assert opened.document.plan.results.planes is before.planes, "taken over, not computed"  # type: ignore[union-attr]
    opened.actions_named("undo").trigger()
    assert "canopy" in {entry.role for entry in opened.document.plan.inputs}  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: settled(5), timeout=WAIT)


def test_a_file_changed_while_the_window_is_open_is_seen(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    qtbot.waitUntil(lambda: opened.document.observed is not None, timeout=WAIT)
    ledger = next(place.parent.glob("施設*.csv"))
    ledger.write_bytes(ledger.read_bytes() + b"\n")
    opened.controller._looked = -100.0
    opened.show_step("data")
    qtbot.waitUntil(lambda: names(opened)[:1] == ["ledger"], timeout=WAIT)
    next(place.parent.glob("*.tif")).unlink()
    opened.controller._looked = -100.0
    opened.show_step("data")
    qtbot.waitUntil(lambda: opened.document.missing == ("dsm",), timeout=WAIT)


def test_no_journal_is_told_once_and_the_work_goes_on(
    make_window: Callable[..., MainWindow], qtbot: QtBot, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    window = make_window()
    monkeypatch.setattr(work, "recovery_folder", lambda: blocked / "recovery")
    window.controller.open(place)
    qtbot.waitUntil(window.banner.isVisible, timeout=WAIT)
    assert "自動保存" in window.banner.text
    window.banner.dismiss()
    window.document.set_share(0.9)
    assert not window.banner.isVisible()
    window.controller.save()
    qtbot.waitUntil(lambda: not window.document.dirty, timeout=WAIT)
    assert load_project(place).plan.settings.share == 0.9


def test_an_opening_that_is_stopped_leaves_no_lock(place: Path, tmp_path: Path) -> None:
    from gis.progress import Cancelled

    def stop(share: float, _what: str) -> None:
        if share >= 1.0:
            raise Cancelled

    with pytest.raises(Cancelled):
        work.open_project(place, "me", tmp_path / "recovery", stop)
    assert not lock_path(place).exists()
    assert not list((tmp_path / "recovery").glob("*.journal"))
