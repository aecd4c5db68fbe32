"""HiGHS within a time that is kept: its own limit is not looked at while a large problem is made smaller."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.programme.highs import Answer, search

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.programme.highs import Limits, Problem, Watch

# What HiGHS may take beyond its limit before nobody waits for it any more [s].
_GRACE = 2.0


class _Late(Exception):
    """The time is over, and HiGHS has not noticed."""


def searched(problem: Problem, limits: Limits, watch: Watch, start: NDArray[np.float64] | None = None) -> Answer:
    """As :func:`kawasolar.programme.highs.search`; without an answer once the time is over by some seconds. HiGHS then ends by itself, unheard."""
    until = time.monotonic() + limits.seconds + _GRACE

    def tell(share: float, what: str) -> None:
        watch.progress(share, what)
        if time.monotonic() > until:
            raise _Late

    try:
        return search(problem, limits, replace(watch, progress=tell), start=start)
    except _Late:
        return Answer("time", None, -np.inf, np.inf)
