"""Calls into libraries that hear no cancel, made beside a wait that hears it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

from gis.progress import Progress

_Result = TypeVar("_Result")

# How often progress is told, and so a cancel is heard [s].
_TELL_S = 0.04
# One is taken again and again, since each thread keeps memory of its own; the others are for while a call that nobody waits for runs on.
_THREADS = 4


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="aside")


def aside(
    work: Callable[[], _Result],
    progress: Progress,
    share: float,
    what: str,
    *,
    abandoned: Callable[[], None] | None = None,
) -> _Result:
    """The result of ``work``, which runs in another thread; a cancel is heard meanwhile. Never from within ``work`` itself.

    Parameters
    ----------
    work : changes nothing that others see; after a cancel it runs to its end, and what it gives is dropped
    share, what : told to ``progress`` again and again
    abandoned : if nobody waits any more, takes away what ``work`` was given or leaves behind: once it has ended, at once where it never began

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``; besides whatever ``work`` raises
    """
    call = None
    try:
        progress(share, what)
        call = _pool().submit(work)
        while not call.done():
            wait([call], _TELL_S)
            progress(share, what)
    except BaseException:
        if abandoned is not None:
            if call is None or call.cancel():
                abandoned()
            else:
                # At once, if it has ended meanwhile.
                call.add_done_callback(lambda _: abandoned())
        raise
    return call.result()
