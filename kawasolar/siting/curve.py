"""What more and fewer sites would do: cover and distance by the number of sites, each number solved on its own with its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import part

if TYPE_CHECKING:
    from gis.progress import Progress
    from kawasolar.siting.of_plan import Case

COLUMNS = ("number", "total", "bound", "gap", "covered_share", "mean_m")
# So many numbers of sites are asked for; more would be the same curve.
_MOST = 16
# Beyond the number that is asked for, as far again, and at least so far.
_AS_FAR, _AT_LEAST = 2, 8


def numbers_of(fixed: int, asked: int, candidates: int) -> list[int]:
    """Which numbers: from what is fixed (at least 1) to twice the number that is asked for, evenly, that one among them."""
    low, high = max(fixed, 1), min(max(_AS_FAR * asked, _AT_LEAST), candidates)
    evenly = np.unique(np.rint(np.linspace(low, high, min(high - low + 1, _MOST))).astype(int))
    return sorted({*evenly.tolist(), *({asked} if low <= asked <= high else set())})


def curve_of(case: Case, seconds: float, progress: Progress) -> pd.DataFrame:
    """:data:`COLUMNS`, a row a number; each within the gap that is asked for or its part of ``seconds``, so that the bound may lie apart."""
    fixed = len(case.fixed)
    asked = case.asked.number if case.asked.number is not None and not case.asked.budgets else max(fixed, 1) * 2
    wanted = numbers_of(fixed, asked, len(case.usable))
    rows = []
    for k, number in enumerate(wanted):
        told = part(progress, k / len(wanted), (k + 1) / len(wanted))
        found = case.solve(number, case.asked.ends_at, max(seconds / len(wanted), 0.5), told)
        own = case.way[:, found.sites].min(axis=1)
        weight, reached = case.weight, np.isfinite(own)
        rows.append(
            {
                "number": number, "total": found.total, "bound": found.bound, "gap": float(min(found.gap, 1e9)),
                "covered_share": float(weight[own <= case.assumed.radius_m].sum() / weight.sum()),
                "mean_m": float((weight[reached] * own[reached]).sum() / weight[reached].sum()) if reached.any() else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
