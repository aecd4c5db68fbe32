"""Cycles are collected in the window's thread, whoever made them, and what stays is not looked at again and again."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from ui import collector
from ui.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def made() -> Iterator[Collector]:
    owner = QObject()
    found = Collector(owner)
    yield found
    found.stop()
    assert gc.isenabled()


# More than one turn of the collector waits for.
MADE = 1000


class Knot(QObject):
    """An object of Qt that holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self


def test_what_a_worker_leaves_is_let_go_by_the_window(made: Collector, qtbot: QtBot) -> None:
    assert not gc.isenabled()
    gone: list[int] = []

    def work() -> None:
        knots = [Knot() for _ in range(MADE)]
        for knot in knots:
            weakref.finalize(knot, lambda: gone.append(threading.get_ident()))
        del knots, knot
        # More than enough to set the collector off in this thread, if it might.
        kept = [[k] for k in range(5000)]
        assert len(kept) == 5000

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert gone == []
    qtbot.waitUntil(lambda: len(gone) == MADE, timeout=10_000)
    assert set(gone) == {threading.get_ident()}


def test_what_stays_is_looked_at_once(made: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "_MANY", 1000)
    kept = [[k] for k in range(20_000)]
    ran: list[int] = []
    collect = gc.collect
    monkeypatch.setattr(gc, "get_count", lambda: (701, 11, 11))
    monkeypatch.setattr(gc, "collect", lambda oldest: ran.append(oldest) or collect(oldest))
    made.look()
    assert ran == [2]
    assert gc.get_freeze_count() > len(kept)
    assert len(gc.get_objects()) < 20_000


@pytest.mark.parametrize(
    ("counts", "oldest"), [((10, 50, 50), None), ((701, 3, 50), 0), ((701, 11, 3), 1), ((701, 11, 11), 2)]
)
def test_generations_in_their_turn(
    made: Collector, monkeypatch: pytest.MonkeyPatch, counts: tuple[int, int, int], oldest: int | None
) -> None:
    ran: list[int] = []
    monkeypatch.setattr(gc, "get_count", lambda: counts)
    monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
    monkeypatch.setattr(gc, "collect", lambda found: ran.append(found) or 0)
    made.look()
    assert ran == ([] if oldest is None else [oldest])
