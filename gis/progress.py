"""The one thing that long work knows of the world: a callback that may say stop."""

from __future__ import annotations

from collections.abc import Callable

# (share done 0..1, code of what is being done) -> None; raises Cancelled to stop the work.
Progress = Callable[[float, str], None]


class Cancelled(Exception):
    """The user asked to stop. Not an error; nothing that stood is lost."""


def silent(share: float, what: str) -> None:
    """A progress that tells nobody and never stops."""


def part(progress: Progress, begin: float, end: float) -> Progress:
    """Map a sub-task's 0..1 onto ``begin``..``end`` of the whole."""

    def inner(share: float, what: str) -> None:
        progress(begin + (end - begin) * share, what)

    return inner
