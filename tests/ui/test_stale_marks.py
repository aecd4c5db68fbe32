"""Figures of an earlier calculation are marked where they stand, and the mark goes with the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kawasolar.document.edits import set_value
from kawasolar.document.lock import Owner
from ui.docks import LEAST

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from ui.parts import DockTitle
    from ui.window import MainWindow


def _marked(window: MainWindow) -> list[DockTitle]:
    return [title for title in (window.inspector_title, window.table.title) if not title.stale_icon.isHidden()]


def _turn_a_value(window: MainWindow) -> None:
    document = window.document
    assert document.entries is not None
    document.do(set_value(document.entries, "s1", "roof.setback", 1.3, document.author("試算")))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_inspector_and_table_say_that_their_figures_are_of_before(
    window: MainWindow, qtbot: QtBot, language: str
) -> None:
    window.set_language("en" if language == "ja" else "ja")
    before = len(_marked(window))
    window.set_language(language)  # type: ignore[arg-type]
    assert len(_marked(window)) == before
    qtbot.waitUntil(lambda: bool(window.document.stale) == bool(_marked(window)))
    _turn_a_value(window)
    qtbot.waitUntil(lambda: len(_marked(window)) == 2)
    word = window.look.say("ui.dock.stale")
    assert window.inspector_title.stale_words.text() == word
    assert window.table.title.stale_icon.accessibleName() == word
    assert window.look.say("ui.scenarios.stale_figures") in window.table.title.stale_icon.toolTip()
    # Colours change: the parts are made anew, the mark is there at once.
    window.set_theme("dark")
    assert len(_marked(window)) == 2
    window.document.undo()
    qtbot.waitUntil(lambda: len(_marked(window)) == before)


def test_a_copy_that_cannot_be_saved_in_its_place_says_what_is_unsaved(window: MainWindow) -> None:
    document, say = window.document, window.look.say
    document.held_by = Owner.here("小林")
    window.refresh_state()
    assert window.status.saved.text() == say("ui.open.read_only")
    document.set_share(0.4)
    assert say("ui.open.read_only") in window.status.saved.text()
    assert say("ui.status.dirty") in window.status.saved.text()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_rank_is_never_cut(window: MainWindow, qtbot: QtBot, language: str) -> None:
    """Half of "rank 12" would be another rank."""
    window.set_language("en" if language == "ja" else "ja")
    window.set_language(language)  # type: ignore[arg-type]
    document = window.document
    assert document.plan is not None
    assert document.plan.decision is not None
    ranked = document.plan.decision.sites.dropna(subset="rank")
    document.select(str(ranked["facility_id"].iloc[-1]))
    inspector = window.inspector
    inspector.setFixedWidth(LEAST["inspector"].width())
    qtbot.waitUntil(lambda: bool(inspector.state.text()))
    window.show()
    qtbot.wait(50)
    state = inspector.state
    assert str(int(ranked["rank"].iloc[-1])) in state.text()
    assert state.height() >= state.heightForWidth(state.width())
    words = state.fontMetrics().horizontalAdvance(max(state.text().split(), key=len))
    assert state.width() >= words
