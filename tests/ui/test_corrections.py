"""Ledger values corrected where they stand, vetoes and pins with their reasons, and figures that can be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QToolButton

from kawasolar.document.edits import correct_ledger
from kawasolar.document.views import LEDGER_COLUMNS, read_value
from kawasolar.ledger.vocabulary import codes_of
from kawasolar.provenance import explain, figures_of
from tests.support.town import project_of, small_town
from ui.inspector.ledger import FIXED, LedgerSection, read_row
from ui.inspector.ledger_editor import ledger_text
from ui.inspector.reasons import COMMON, ReasonCard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Project
    from ui.inspector.ledger_editor import LedgerEditor
    from ui.window import MainWindow


def status_of(window: MainWindow, facility: str) -> str:
    sites = window.document.decision.sites  # type: ignore[union-attr]
    return str(sites.loc[sites["facility_id"] == facility, "status"].iloc[0])


def of_status(window: MainWindow, status: str, missing: str = "") -> str:
    """The first facility of a status, waiting for one criterion only."""
    decision = window.document.decision
    assert decision is not None
    sites, outcomes = decision.sites, decision.outcomes
    ids = sites.loc[sites["status"] == status, "facility_id"]
    if missing:
        unclear = outcomes[outcomes["outcome"] == "unknown"].groupby("facility_id")["criterion"].agg(list)
        ids = [name for name in ids if unclear.get(name) == [missing]]
    return str(next(iter(ids)))


def ledger_of(window: MainWindow, facility: str) -> LedgerSection:
    """The ledger's section of a facility, shown, of somebody whose name is known."""
    window.remembered.person = "山田 花子"
    window.document.select(facility)
    window.inspector.tabs.setCurrentIndex(3)
    return window.inspector.basis.ledger


def editor_of(ledger: LedgerSection, column: str) -> LedgerEditor:
    ledger.lines[column].open_editor()
    editor = ledger.lines[column].editor
    assert editor is not None
    return editor


def choose(editor: LedgerEditor, code: object) -> None:
    assert isinstance(editor.field, QComboBox)
    place = [editor.field.itemData(k) for k in range(editor.field.count())].index(code)
    editor.field.setCurrentIndex(place)


def card_of(window: MainWindow) -> ReasonCard:
    cards = [card for card in window.findChildren(ReasonCard) if card.isVisible()]
    assert len(cards) == 1
    return cards[0]


def no_card(window: MainWindow) -> bool:
    return not [card for card in window.findChildren(ReasonCard) if card.isVisible()]


# ---------------------------------------------------------------------------------------------- the ledger


def test_every_column_is_shown_as_the_ledger_has_it(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    ledger = ledger_of(window, "0000005")
    row = plan.facilities.set_index("facility_id").loc["0000005"]
    assert set(ledger.lines) == set(LEDGER_COLUMNS)
    assert "facilities.csv" in ledger.head.text()
    assert "8" in ledger.head.text()
    for column, line in ledger.lines.items():
        expected = ledger_text(window.look, column, row[column]) if column in row else "台帳に列なし"
        assert line.value.text() == expected
        assert not line.badge.isVisible()
    assert ledger.lines["built_year"].value.text() == str(int(row["built_year"]))
    assert ledger.lines["kind"].value.text() == "消防署"
    assert ledger.lines["annual_kwh"].value.text() == f"{row['annual_kwh']:,.0f} kWh"
    assert ledger.lines["kana"].value.text() == "記載なし"


def test_number_and_place_cannot_be_corrected(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    assert not set(FIXED) & set(ledger.lines)
    shown = [label.text() for label in ledger.findChildren(QLabel)]
    assert "0000005" in shown
    assert any(text.startswith("35.") and text.endswith("°") for text in shown)


def test_a_correction_decides_and_can_be_taken_back(window: MainWindow) -> None:
    facility = of_status(window, "unknown", "seismic")
    ledger = ledger_of(window, facility)
    line = ledger.lines["seismic"]
    assert line.value.text() == "記載なし"
    editor = editor_of(ledger, "seismic")
    choose(editor, "retrofitted")
    editor.reason.setEditText("所管課に確認した")
    editor.apply.click()
    assert status_of(window, facility) == "eligible"
    assert line.value.text() == "耐震改修済"
    assert line.badge.isVisible()
    for told in ("記載なし", "所管課に確認した", "山田 花子"):
        assert told in line.told.text()
    line.reset.click()
    assert status_of(window, facility) == "unknown"
    assert line.value.text() == "記載なし"
    assert not line.badge.isVisible()
    window.document.undo()
    assert status_of(window, facility) == "eligible"
    window.document.undo()
    assert status_of(window, facility) == "unknown"


def test_a_correction_needs_a_reason(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    editor = editor_of(ledger, "built_year")
    editor.field.setText("1978")  # type: ignore[union-attr]
    editor.apply.click()
    assert editor.missing.isVisible()
    assert not window.document.entries.table("ledger")  # type: ignore[union-attr]
    editor.reason.setEditText("登記")
    editor.apply.click()
    entry = window.document.entries.get("ledger", "built_year/0000005")  # type: ignore[union-attr]
    assert (entry["value"], entry["why"], entry["who"]) == (1978.0, "登記", "山田 花子")
    assert str(int(entry["read"])) in ledger.lines["built_year"].told.text()
    assert "1978" in window.inspector._about.text()


def test_what_the_file_says_takes_the_correction_away(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    read = window.document.plan.facilities.set_index("facility_id").loc["0000005", "storeys"]  # type: ignore[union-attr]
    editor = editor_of(ledger, "storeys")
    editor.field.setText(str(int(read) + 1))  # type: ignore[union-attr]
    editor.reason.setEditText("図面")
    editor.apply.click()
    assert ledger.lines["storeys"].badge.isVisible()
    editor = editor_of(ledger, "storeys")
    assert editor.reason.text == "図面"
    editor.field.setText(str(int(read)))  # type: ignore[union-attr]
    editor.reason.setEditText("")
    editor.apply.click()
    assert not window.document.entries.table("ledger")  # type: ignore[union-attr]
    assert not ledger.lines["storeys"].badge.isVisible()


def test_what_the_ledger_cannot_hold_is_refused(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    for column, text, told in (
        ("built_year", "1700", "1868"),
        ("built_year", "1999.5", "整数"),
        ("built_year", "昭和", "数値"),
        ("annual_kwh", "-5", "0"),
        ("annual_kwh", "9e20", "1,000,000,000"),
        ("flood_depth_m", "60", "50"),
        ("name", "", "名称"),
    ):
        editor = editor_of(ledger, column)
        editor.reason.setEditText("理由")
        editor.field.setText(text)  # type: ignore[union-attr]
        editor.field.textEdited.emit(text)  # type: ignore[union-attr]
        editor.apply.click()
        assert ledger.lines[column].editor is editor
        assert told in editor.note.text()
        assert editor.note.isVisible()
        assert not window.document.entries.table("ledger")  # type: ignore[union-attr]


def test_codes_are_chosen_by_their_words(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    for column in [name for name, kind in LEDGER_COLUMNS.items() if kind in ("code", "flag")]:
        field = editor_of(ledger, column).field
        assert isinstance(field, QComboBox)
        words = [field.itemText(k) for k in range(field.count())]
        codes = [field.itemData(k) for k in range(field.count())]
        expected = {True, False} if LEDGER_COLUMNS[column] == "flag" else set(codes_of(column)) - {"unknown"}
        assert set(codes) == {*expected, None}
        assert len(set(words)) == len(words)
        assert not any(word.isascii() for word in words)
        if column in window.document.plan.facilities:  # type: ignore[union-attr]
            assert field.currentText() == ledger.lines[column].value.text()


def test_the_file_s_row_is_read_as_the_document_reads_it(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    for facility in plan.facilities["facility_id"].iloc[:10]:
        row = read_row(plan, facility)
        assert row == {name: read_value(plan, facility, name) for name in LEDGER_COLUMNS if name in plan.facilities}


def test_empty_means_not_stated(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    editor = editor_of(ledger, "annual_kwh")
    editor.field.setText("")  # type: ignore[union-attr]
    editor.reason.setEditText("別棟と合算のため")
    editor.apply.click()
    assert ledger.lines["annual_kwh"].value.text() == "記載なし"
    assert window.document.entries.get("ledger", "annual_kwh/0000005")["value"] is None  # type: ignore[union-attr]
    assert "記載なし" not in ledger.lines["annual_kwh"].told.text()


def test_corrections_by_keyboard_alone(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    head = ledger.lines["waterproofed_year"].head
    head.setFocus()
    QTest.keyClick(head, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is ledger.lines["remaining_years"].head
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Up)
    assert QApplication.focusWidget() is head
    QTest.keyClick(head, Qt.Key.Key_F2)
    editor = ledger.lines["waterproofed_year"].editor
    assert editor is not None
    assert QApplication.focusWidget() is editor.field
    QTest.keyClicks(editor.field, "2020")
    QTest.keyClick(editor.field, Qt.Key.Key_Return)
    QTest.keyClicks(editor.reason.lineEdit(), "inspection")
    QTest.keyClick(editor.reason.lineEdit(), Qt.Key.Key_Return)
    assert ledger.lines["waterproofed_year"].value.text() == "2020"
    assert QApplication.focusWidget() is head
    QTest.keyClick(head, Qt.Key.Key_Return)
    QTest.keyClick(ledger.lines["waterproofed_year"].editor.field, Qt.Key.Key_Escape)  # type: ignore[union-attr]
    assert ledger.lines["waterproofed_year"].editor is None
    assert QApplication.focusWidget() is head


def test_another_facility_closes_the_editor_and_has_its_own_values(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    editor = editor_of(ledger, "built_year")
    editor.field.setText("1978")  # type: ignore[union-attr]
    editor.reason.setEditText("登記")
    editor.submit()
    editor_of(ledger, "storeys")
    window.document.select("0000006")
    assert all(line.editor is None for line in ledger.lines.values())
    assert not ledger.lines["built_year"].badge.isVisible()
    window.document.select("0000005")
    assert ledger.lines["built_year"].value.text() == "1978"


def test_a_change_elsewhere_leaves_an_open_editor_alone(window: MainWindow) -> None:
    ledger = ledger_of(window, "0000005")
    editor = editor_of(ledger, "built_year")
    editor.field.setText("1978")  # type: ignore[union-attr]
    window.half.slider.setValue(70)
    assert ledger.lines["built_year"].editor is editor
    assert editor.field.text() == "1978"  # type: ignore[union-attr]


def test_columns_that_the_ledger_lacks_are_entered_on_demand(
    make_window: Callable[..., MainWindow], example_project: Project
) -> None:
    from dataclasses import replace

    plan = example_project.plan
    bare = replace(plan, facilities=plan.facilities.drop(columns=["contract_kw"]))
    window = make_window()
    window.document.set_project(replace(example_project, plans={"s1": bare}), None, saved=True)
    ledger = ledger_of(window, "0000005")
    line = ledger.lines["contract_kw"]
    assert not line.isVisible()
    ledger.more.click()
    assert line.isVisible()
    assert line.value.text() == "台帳に列なし"
    editor = editor_of(ledger, "contract_kw")
    editor.field.setText("50")  # type: ignore[union-attr]
    editor.field.textEdited.emit("50")  # type: ignore[union-attr]
    assert "列がありません" in editor.effect.text()


def test_a_ledger_that_was_read_is_told_with_its_headings(
    make_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    project = project_of(small_town(tmp_path / "town"), tmp_path)
    window = make_window()
    document = window.document
    document.set_project(project, tmp_path / "plan.kawasolar", saved=False)
    ledger = ledger_of(window, "003")
    line = ledger.lines["built_year"]
    assert "建築年度" in line.head.toolTip()
    assert "施設 一覧.csv" in ledger.head.text()
    assert status_of(window, "003") == "unknown"
    editor = editor_of(ledger, "seismic")
    choose(editor, "retrofitted")
    editor.reason.setEditText("所管課に確認した")
    editor.submit()
    assert status_of(window, "003") == "eligible"
    assert "記載なし" in ledger.lines["seismic"].told.text()
    assert not document.stale, "nothing has to be computed for it"
    # The file says something else now than when it was corrected.
    assert document.entries is not None
    document.do(correct_ledger(document.entries, "003", "built_year", 1978.0, 1950.0, document.author("登記")))
    for told in ("1950", "1987", "登記"):
        assert told in line.told.text()
    line.reset.click()
    assert line.value.text() == "1987"
    assert document.entries.get("ledger", "built_year/003") is None


# ---------------------------------------------------------------------------------------------- vetoes and pins


def test_a_veto_asks_for_its_reason(window: MainWindow) -> None:
    window.remembered.person = "山田 花子"
    facility = of_status(window, "eligible")
    window.document.select(facility)
    window.inspector.veto.click()
    card = card_of(window)
    assert not window.document.settings.vetoes  # type: ignore[union-attr]
    assert not window.inspector.veto.isChecked()
    assert QApplication.focusWidget() is card.text
    QTest.keyClick(card.text, Qt.Key.Key_Return)
    assert card.missing.isVisible()
    assert not window.document.settings.vetoes  # type: ignore[union-attr]
    QTest.keyClick(card.text, Qt.Key.Key_Down)
    QTest.keyClick(card.list, Qt.Key.Key_Down)
    QTest.keyClick(card.list, Qt.Key.Key_Return)
    assert no_card(window)
    assert window.document.settings.vetoes == {facility}  # type: ignore[union-attr]
    why = window.look.say(f"ui.why_veto.{COMMON['veto'][1]}")
    assert window.document.entries.get("vetoes", f"s1/{facility}")["why"] == why  # type: ignore[union-attr]
    assert window.inspector.veto.isChecked()
    assert why in window.inspector.kept.text()
    assert "山田 花子" in window.inspector.kept.text()
    model = window.table.model
    at = [column.key for column in model.columns].index("status")
    tip = model.data(model.index(model.row_of(facility) or 0, at), Qt.ItemDataRole.ToolTipRole)
    assert why in str(tip)
    window.inspector.veto.click()
    assert no_card(window)
    assert not window.document.settings.vetoes  # type: ignore[union-attr]
    assert not window.inspector.kept.isVisible()
    window.document.undo()
    assert window.document.settings.vetoes == {facility}  # type: ignore[union-attr]


def test_a_veto_without_a_reason_must_be_said_to_be_one(window: MainWindow) -> None:
    window.document.select("0000005")
    window.inspector.veto.click()
    card_of(window).without.click()
    assert window.document.settings.vetoes == {"0000005"}  # type: ignore[union-attr]
    assert "理由なし" in window.inspector.kept.text()
    assert window.inspector.kept_change.text() == "理由を追加"
    window.inspector.kept_change.click()
    card = card_of(window)
    QTest.keyClicks(card.text, "leased")
    QTest.keyClick(card.text, Qt.Key.Key_Return)
    assert window.document.entries.get("vetoes", "s1/0000005")["why"] == "leased"  # type: ignore[union-attr]


@pytest.mark.parametrize("how", ["escape", "button", "elsewhere"])
def test_a_card_that_is_left_changes_nothing(window: MainWindow, how: str) -> None:
    window.document.select("0000005")
    window.inspector.veto.setFocus()
    window.inspector.veto.click()
    card = card_of(window)
    card.list.setCurrentRow(0)
    if how == "escape":
        QTest.keyClick(card.text, Qt.Key.Key_Escape)
    elif how == "button":
        card.cancel.click()
    else:
        QTest.mouseClick(window.status, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert no_card(window)
    assert not window.document.dirty
    assert not window.inspector.veto.isChecked()


def test_many_are_vetoed_from_the_table_in_one_step(window: MainWindow) -> None:
    table = window.table
    ids = [table.model.id_at(row) for row in range(3)]
    table.view.selectRow(0)
    table.view.selectionModel().select(
        table.model.index(2, 0),
        table.view.selectionModel().SelectionFlag.Select | table.view.selectionModel().SelectionFlag.Rows,
    )
    ids = table.selected_ids()
    assert len(ids) == 2
    action = next(action for action in table.menu().actions() if action.text() == "選ばない…")
    action.trigger()
    card = card_of(window)
    assert "ほか 1 施設" in card.accessibleName()
    assert window.rect().contains(card.geometry())
    card.text.setText("建替え")
    card.apply.click()
    assert window.document.settings.vetoes == set(ids)  # type: ignore[union-attr]
    window.document.undo()
    assert not window.document.settings.vetoes  # type: ignore[union-attr]


def test_the_menu_asks_too(window: MainWindow) -> None:
    window.document.select("0000005")
    window.actions_named("veto").trigger()
    card = card_of(window)
    card.text.setText("屋上を利用している")
    card.submit()
    assert window.document.settings.vetoes == {"0000005"}  # type: ignore[union-attr]


def test_a_pin_holds_at_once_and_takes_a_reason_later(window: MainWindow) -> None:
    window.document.select("0000005")
    window.inspector.pin.click()
    assert no_card(window)
    assert window.document.settings.pins == {"0000005"}  # type: ignore[union-attr]
    window.inspector.kept_change.click()
    card = card_of(window)
    assert not card.without.isVisible()
    card.text.setText("避難所")
    card.apply.click()
    assert "避難所" in window.inspector.kept.text()
    assert window.document.settings.pins == {"0000005"}  # type: ignore[union-attr]


def test_the_card_is_whole_in_a_small_window(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(960, 600)
    qtbot.wait(50)
    window.document.select("0000005")
    for anchor in (window.inspector.veto, window.table.view):
        from ui.inspector.reasons import ask_reason

        card = ask_reason(window.look, window.document, "veto", ["0000005"], anchor)
        assert card is not None
        assert window.rect().contains(card.geometry())
        for child in (card.list, card.text, card.without, card.cancel, card.apply):
            assert card.rect().contains(child.geometry())
        card.close()


# ---------------------------------------------------------------------------------------------- why


def test_every_question_is_one_that_can_be_answered(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    asked: list[str] = []
    # The answers are not wanted here: they would lie over the next question.
    window.inspector.why_asked.disconnect()
    window.inspector.why_asked.connect(asked.append)

    def ask_all() -> list[str]:
        # What a tab makes anew is shown with the next turn of the loop.
        QApplication.processEvents()
        asked.clear()
        marks = [m for m in window.inspector.findChildren(QToolButton) if m.property("role") == "why" and m.isVisible()]
        for mark in marks:
            assert mark.accessibleName()
            mark.click()
        assert len(asked) == len(marks)
        return list(asked)

    assert {"energy_kwh", "chosen"} <= set(ask_all()) <= set(figures_of(plan))
    facility = of_status(window, "eligible")
    window.document.select(facility)
    found: set[str] = set()
    for k in range(window.inspector.tabs.count()):
        window.inspector.tabs.setCurrentIndex(k)
        found |= set(ask_all())
    assert {"capacity_kw", "energy_kwh", "shading_loss", "usable_m2", "specific_yield", "criterion.seismic"} <= found
    known = set(figures_of(plan, facility))
    assert found <= known
    for code in found:
        explain(plan, code, facility)


def test_the_context_menu_of_a_figure_asks_as_well(window: MainWindow) -> None:
    window.document.select("0000005")
    asked: list[str] = []
    window.inspector.why_asked.connect(asked.append)
    window.inspector.figures["kwh"].menu().actions()[0].trigger()  # type: ignore[attr-defined]
    ledger = ledger_of(window, "0000005")
    next(a for a in ledger.lines["built_year"].menu().actions() if a.text() == "なぜこの数値？").trigger()
    assert asked == ["energy_kwh", "ledger.built_year"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_is_cut_or_unnamed(
    make_window: Callable[..., MainWindow], example_project: Project, qtbot: QtBot, language: str
) -> None:
    window = make_window(language=language)
    window.resize(1366, 768)
    window.document.set_project(example_project, None, saved=True)
    ledger = ledger_of(window, "0000005")
    for column in ("seismic", "annual_kwh", "address", "shelter"):
        editor = editor_of(ledger, column)
        if isinstance(editor.field, QComboBox):
            choose(editor, editor.field.itemData(2))
        else:
            editor.field.setText("1" * (60 if column == "address" else 8))  # type: ignore[union-attr]
        editor.reason.setEditText("a long reason that has to be told below the value " * 2)
        editor.submit()
        editor_of(ledger, column)
        qtbot.wait(20)
        area = window.inspector.basis.parentWidget()
        assert window.inspector.basis.width() <= area.width()
    for made in window.inspector.findChildren(QAbstractButton):
        if made.isVisible():
            assert made.accessibleName() or made.text(), made
    texts = [label.text() for label in window.inspector.findChildren(QLabel)]
    assert not [text for text in texts if text.startswith(("ui.", "edit."))]
