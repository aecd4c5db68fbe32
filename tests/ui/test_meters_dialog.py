"""Meters in the window: read, given to facilities, taken into the plan, seen in the inspector, undone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from kawasolar.meters import open_store
from kawasolar.words import LANGUAGES, Language
from tests.kawasolar.meter_files import OTHER_POINT, POINT, RANGES, known, wide, write
from ui.meter_table import COLUMNS, FACILITY
from ui.meters_dialog import MetersDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from kawasolar.project import Project
    from ui.window import MainWindow

POWER = 2


def meters(folder: Path, name: str) -> Path:
    """Sixty days of two supply points; the second bears the facility's name."""
    rows = wide(known(days=60), RANGES, before=POINT)
    named = [f"{POINT},名なし", *rows]
    del named[0]
    return write(folder / name, ["使用量(kWh)", *named], "cp932")


def opened(window: MainWindow, qtbot: QtBot, folder: Path) -> MetersDialog:
    window.ensure_parts()
    window.controller.meters.open()
    dialog = window.findChild(MetersDialog)
    assert dialog is not None
    dialog.target.setText(str(folder / "計画 の" / "30分値.parquet"))
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    return dialog


def read(dialog: MetersDialog, qtbot: QtBot, *paths: Path) -> None:
    dialog.files.take(list(paths))
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)


def facilities(window: MainWindow) -> list[str]:
    assert window.document.plan is not None
    return [str(name) for name in window.document.plan.results.yields["facility_id"]]


def test_read_chosen_by_keyboard_taken_seen_and_undone(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    facility = facilities(window)[0]
    dialog = opened(window, qtbot, tmp_path)
    assert not dialog.take.isEnabled()
    read(dialog, qtbot, meters(tmp_path, "a.csv"))
    assert [point.supply_point for point in dialog.model.points] == [POINT]
    assert dialog.model.lacking == 1
    assert "1" in dialog.note.text()
    # A part of the number, typed, finds the facility.
    place = dialog.model.index(0, FACILITY)
    dialog.table.setCurrentIndex(place)
    dialog.table.edit(place)
    (editor,) = dialog.table.viewport().findChildren(QComboBox)
    assert editor.currentIndex() == -1
    line = editor.lineEdit()
    assert line is not None
    QTest.keyClicks(line, facility)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.model.lacking == 0, timeout=5_000)
    assert dialog.model.index(0, COLUMNS.index("how")).data() == dialog._look.say("ui.meters.how.person")
    dialog.take.click()
    qtbot.waitUntil(lambda: any(file.role == "meters" for file in window.document.plan.inputs), timeout=20_000)  # type: ignore[union-attr]
    store = open_store(tmp_path / "計画 の" / "30分値.parquet")
    assert store.points["supply_point"].tolist() == [POINT]
    assert store.sources == ("a.csv",)

    window.document.select(facility)
    window.inspector.tabs.setCurrentIndex(POWER)
    part = window.inspector.power.metered
    qtbot.waitUntil(lambda: part.load is not None, timeout=20_000)
    assert part.load is not None
    year = known(days=60)
    assert part.load.peak_kw == pytest.approx(2 * year.max(), rel=1e-5)
    assert part.chart.isVisibleTo(window.inspector.power)
    window.document.select(facilities(window)[1])
    qtbot.waitUntil(lambda: part.text.text() == window.look.say("ui.metered.none"), timeout=20_000)
    assert part.load is None

    # One step back, and neither the file nor whose it is are the plan's.
    window.document.undo()
    assert window.document.plan is not None
    assert all(file.role != "meters" for file in window.document.plan.inputs)
    assert not window.document.plan.entries.table("meters")
    window.document.redo()
    assert window.document.plan.entries.get("meters", POINT)["facility_id"] == facility


def test_a_list_of_contracts_gives_all_at_once(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    facility = facilities(window)[2]
    dialog = opened(window, qtbot, tmp_path)
    assert not dialog.from_list.isEnabled()
    read(dialog, qtbot, meters(tmp_path, "a.csv"))
    listed = tmp_path / "契約一覧.csv"
    listed.write_text(
        f"供給地点特定番号,施設番号\n{POINT},{facility}\n{OTHER_POINT},{facility}\n123,{facility}\n", encoding="utf-8"
    )
    dialog.take_list(listed)
    qtbot.waitUntil(lambda: dialog.model.lacking == 0 and dialog._job is None, timeout=20_000)
    assert dialog.model.index(0, FACILITY).data(Qt.ItemDataRole.EditRole) == facility
    # What is wrong in the list is told; a point that is not here is none of the plan's.
    assert dialog.findings.count() == 1
    dialog.take.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=20_000)
    assert window.document.entries is not None
    assert set(window.document.entries.table("meters")) == {POINT}


def test_later_files_are_added_to_those_of_the_plan(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = opened(window, qtbot, tmp_path)
    read(dialog, qtbot, meters(tmp_path, "a.csv"))
    dialog.model.setData(dialog.model.index(0, FACILITY), "")
    dialog.take.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=20_000)
    window.controller.meters.open()
    again = next(found for found in window.findChildren(MetersDialog) if found.isVisible())
    qtbot.waitUntil(lambda: len(again.model.points) == 1, timeout=20_000)
    assert again.model.index(0, FACILITY).data() == again._look.say("ui.meters.nobody")
    assert not again.take.isEnabled()
    other = write(
        tmp_path / "b.csv", ["使用量(kWh)", *wide(known(days=30, seed=9), RANGES, before=OTHER_POINT)], "cp932"
    )
    read(again, qtbot, other)
    assert {point.supply_point for point in again.model.points} == {POINT, OTHER_POINT}
    # Less than a year is an estimate, and it is said.
    assert again.model.index(0, COLUMNS.index("annual")).data().endswith("*")
    assert again._look.say("ui.meters.not_a_year") in again.note.text()
    place = Path(again.target.text())
    again.take.click()
    qtbot.waitUntil(lambda: not again.isVisible(), timeout=20_000)
    assert len(open_store(place).points) == 2
    # What the plan had is as it was, and undone the plan has it again.
    before = tmp_path / "計画 の" / "30分値.parquet"
    assert len(open_store(before).points) == 1
    window.document.undo()
    assert window.document.plan is not None
    assert [Path(file.path) for file in window.document.plan.inputs if file.role == "meters"] == [before.resolve()]


def test_what_the_plan_had_stays_for_who_undoes_and_where_it_is_gone_others_take_its_place(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = opened(window, qtbot, tmp_path)
    read(dialog, qtbot, meters(tmp_path, "a.csv"))
    dialog.take.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=20_000)
    kept = tmp_path / "計画 の" / "30分値.parquet"
    assert kept.is_file()

    def again() -> MetersDialog:
        window.controller.meters.open()
        found = next(one for one in window.findChildren(MetersDialog) if one.isVisible())
        qtbot.waitUntil(lambda: found._job is None, timeout=20_000)
        return found

    second = again()
    assert Path(second.target.text()).parent == kept.parent
    assert not Path(second.target.text()).exists()
    second.reject()
    kept.unlink()
    third = again()
    assert kept.name in third.state.text()
    read(third, qtbot, meters(tmp_path, "b.csv"))
    assert [point.supply_point for point in third.model.points] == [POINT]
    assert third.take.isEnabled()


def test_former_files_are_taken_away_by_whom_a_person_tells_to(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, places = tmp_path / "計画 の", []
    folder.mkdir()
    for name, days in (("a.csv", 20), ("b.csv", 40), ("c.csv", 60)):
        window.ensure_parts()
        window.controller.meters.open()
        dialog = next(one for one in window.findChildren(MetersDialog) if one.isVisible())
        if name == "a.csv":
            dialog.target.setText(str(folder / "30分値.parquet"))
        qtbot.waitUntil(lambda dialog=dialog: dialog._job is None, timeout=20_000)
        rows = wide(known(days=days), RANGES, before=POINT)
        read(dialog, qtbot, write(tmp_path / name, ["使用量(kWh)", *rows], "cp932"))
        places.append(Path(dialog.target.text()))
        dialog.take.click()
        qtbot.waitUntil(lambda dialog=dialog: not dialog.isVisible(), timeout=20_000)
    first, second, third = places
    assert {place.parent for place in places} == {folder}
    assert open_store(third).before == (second.name, first.name)
    path = folder / "計画.kawasolar"
    job = window.controller.save_to(path)
    assert job is not None
    qtbot.waitUntil(lambda: not job.running, timeout=20_000)

    def again() -> MetersDialog:
        window.controller.meters.open()
        found = next(one for one in window.findChildren(MetersDialog) if one.isVisible())
        qtbot.waitUntil(lambda: found._job is None and not window.jobs.running(), timeout=20_000)
        return found

    # Undo would need them.
    dialog = again()
    assert dialog.older.isHidden()
    dialog.reject()
    window.controller.open(path, ask=False)
    qtbot.waitUntil(lambda: not window.jobs.running() and window.document.undo_words is None, timeout=20_000)
    dialog = again()
    assert [one.path for one in dialog.older.found] == [first.resolve()]
    assert not dialog.older.isHidden()
    assert "1 件" in dialog.older.words.text()
    # Somebody has it open: it stays, and that is told.
    monkeypatch.setattr("ui.older_meters.discard", lambda _path: False)
    dialog.older.take_away()
    qtbot.waitUntil(lambda: not window.jobs.running(), timeout=20_000)
    assert "ほかのプログラム" in dialog.state.text()
    assert not dialog.older.isHidden()
    monkeypatch.setattr("ui.older_meters.discard", lambda path: path.unlink() is None)
    dialog.older.take_away()
    qtbot.waitUntil(lambda: not window.jobs.running(), timeout=20_000)
    assert dialog.older.isHidden()
    assert set(folder.glob("*.parquet")) == {second, third}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_is_none_is_told_and_another_can_be_chosen(
    make_window: Callable[..., MainWindow],
    example_project: Project,
    example_path: Path,
    qtbot: QtBot,
    tmp_path: Path,
    language: Language,
) -> None:
    window = make_window(language=language)
    window.ensure_parts()
    window.document.set_project(example_project, example_path, saved=True)
    dialog = opened(window, qtbot, tmp_path)
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    read(dialog, qtbot, bad)
    assert "bad.csv" in dialog.state.text()
    assert not dialog.take.isEnabled()
    dialog.files._remove(bad)
    read(dialog, qtbot, meters(tmp_path, "a.csv"))
    assert dialog.take.isEnabled()
