"""The banner: news goes by when something else is done, what is asked stays, in any language and theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ui.window import MainWindow


def _turn(window: MainWindow) -> None:
    settings = window.document.settings
    assert settings is not None
    window.document.set_share(0.4 if settings.share != 0.4 else 0.6)


def test_what_was_only_told_goes_by_with_the_next_edit(window: MainWindow) -> None:
    window.banner.tell("計算が終わりました", kind="done")
    _turn(window)
    assert window.banner.isHidden()
    window.banner.tell("計算が終わりました", kind="done")
    window.document.undo()
    assert window.banner.isHidden()


@pytest.mark.parametrize(("kind", "action"), [("error", ""), ("error", "復元する"), ("done", "元に戻す")])
def test_what_is_wrong_or_asked_stays(window: MainWindow, kind: str, action: str) -> None:
    window.banner.tell("前回保存されなかった変更があります", kind=kind, action=action)
    _turn(window)
    assert not window.banner.isHidden()


@pytest.mark.parametrize(
    "change",
    [lambda window: window.set_language("en"), lambda window: window.set_theme("dark")],
    ids=["language", "theme"],
)
def test_what_can_be_done_about_it_outlives_language_and_theme(
    window: MainWindow, change: Callable[[MainWindow], None]
) -> None:
    done: list[str] = []
    window.controller.tell(
        "前回の変更が残っています",
        "復元する",
        lambda: done.append("restored"),
        also=("破棄する", lambda: done.append("discarded")),
        kind="error",
    )
    change(window)
    assert window.banner.news == {
        "words": "前回の変更が残っています", "kind": "error", "action": "復元する", "also": "破棄する",
    }  # fmt: skip
    window.banner.also.click()
    assert done == ["discarded"]
    assert window.banner.isHidden()


def test_good_news_stays_good(window: MainWindow) -> None:
    window.banner.tell("保存しました", kind="done")
    window.set_theme("dark")
    assert window.banner.property("kind") == "done"
    window.banner.dismiss()
    window.set_theme("light")
    assert window.banner.isHidden()
