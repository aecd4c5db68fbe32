"""A library's long call beside a wait that hears a cancel."""

from __future__ import annotations

import threading
import time

import pytest

from gis.aside import aside
from gis.progress import Cancelled, silent


def test_the_result_comes_back_and_progress_is_told() -> None:
    told: list[tuple[float, str]] = []
    assert (
        aside(lambda: time.sleep(0.2) or "done", lambda share, what: told.append((share, what)), 0.3, "read") == "done"
    )  # type: ignore[func-returns-value]
    assert set(told) == {(0.3, "read")}
    assert len(told) > 3


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        aside(fail, silent, 0.0, "read")


@pytest.mark.parametrize("cancel_at", [1, 2])
def test_a_cancel_does_not_wait(cancel_at: int) -> None:
    """Neither before the call nor while it runs; what it was given or leaves is taken away when it ends, or at once if it never began."""
    end, cleaned, began = threading.Event(), threading.Event(), threading.Event()
    calls = []

    def work() -> None:
        began.set()
        end.wait(10.0)

    def progress(_share: float, _what: str) -> None:
        calls.append(1)
        if len(calls) >= cancel_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        aside(work, progress, 0.0, "write", abandoned=cleaned.set)
    assert began.is_set() == (cancel_at > 1)
    assert cleaned.is_set() == (cancel_at == 1)
    end.set()
    assert cleaned.wait(5.0)


def test_a_call_that_ended_just_before_the_cancel_is_cleaned_up_too() -> None:
    cleaned, over = threading.Event(), threading.Event()

    def work() -> None:
        time.sleep(0.02)
        over.set()

    def progress(_share: float, _what: str) -> None:
        if over.is_set():
            time.sleep(0.05)
            raise Cancelled

    with pytest.raises(Cancelled):
        aside(work, progress, 0.0, "write", abandoned=cleaned.set)
    assert cleaned.wait(5.0)


def test_what_was_waited_for_is_not_cleaned_up() -> None:
    cleaned = threading.Event()
    aside(lambda: None, silent, 0.0, "write", abandoned=cleaned.set)
    assert not cleaned.wait(0.1)
