"""Calls into libraries that hear no cancel, made beside a wait that hears it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from gis.progress import Progress

_Result = TypeVar("_Result")

# How often progress is told, and so a cancel is heard [s].
_TELL_S = 0.04


class _Aside(threading.Thread, Generic[_Result]):
    """A call whose end can be waited for; what it raises is kept for whoever waits."""

    def __init__(self, work: Callable[[], _Result], abandoned: Callable[[], None] | None) -> None:
        super().__init__(name="aside")
        self._work, self._clean = work, abandoned
        self._lock = threading.Lock()
        self._over = self._left = False
        self.result: _Result
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001 -- raised again where it is waited for
            self.error = error
        with self._lock:
            self._over = True
            left = self._left
        if left and self._clean is not None:
            self._clean()

    def leave(self) -> None:
        """Nobody waits any more: what the call leaves behind is taken away, by it or, if it is over, now."""
        with self._lock:
            self._left = True
            over = self._over
        if over and self._clean is not None:
            self._clean()


def aside(
    work: Callable[[], _Result],
    progress: Progress,
    share: float,
    what: str,
    *,
    abandoned: Callable[[], None] | None = None,
) -> _Result:
    """The result of ``work``, which runs in a thread of its own; a cancel is heard meanwhile.

    Parameters
    ----------
    work : changes nothing that others see; after a cancel it runs to its end, and what it gives is dropped
    share, what : told to ``progress`` again and again
    abandoned : takes away what ``work`` leaves behind, once it has ended, if nobody waits for it any more

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``; besides whatever ``work`` raises
    """
    progress(share, what)
    call = _Aside(work, abandoned)
    call.start()
    try:
        while call.is_alive():
            call.join(_TELL_S)
            progress(share, what)
    except BaseException:
        call.leave()
        raise
    if call.error is not None:
        raise call.error
    return call.result
