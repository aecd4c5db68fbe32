"""Answers and ladders as tables, for papers, windows and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.sizing.sizes import FIGURES
from kawasolar.sizing.words import duty_text, figure_number, why_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kawasolar.plan import Plan
    from kawasolar.sizing.choose import Choice
    from kawasolar.sizing.sizes import Sizes
    from kawasolar.words import Language

ANSWER = ("facility_id", "name", "now_kw", "capacity_kw", "whole_kw", "modules", *FIGURES, "duty", "why")
LADDER = ("facility_id", "name", "capacity_kw", "modules", *FIGURES, "duty")


def answer_table(language: Language, sizes: Sizes, choices: Sequence[Choice]) -> pd.DataFrame:
    """A row a site, columns :data:`ANSWER`; empty cells where no size keeps the limits. Ratios in per cent."""
    rows = []
    for row, choice in enumerate(choices):
        ladder, size = sizes.ladder, choice.size
        told: dict[str, object] = {
            "facility_id": ladder.facility_ids[row], "name": sizes.names[row],
            "now_kw": figure_number("capacity_kw", float(ladder.capacity_kw[row, ladder.now[row]])),
            "whole_kw": figure_number("capacity_kw", float(ladder.capacity_kw[row, -1])), "why": why_text(language, sizes, row, choice),
        }  # fmt: skip
        rows.append(told if size is None else told | _size(language, sizes, row, size))
    return pd.DataFrame(rows, columns=list(ANSWER))


def ladder_table(language: Language, sizes: Sizes, rows: Sequence[int] | None = None) -> pd.DataFrame:
    """A row a size of each site, columns :data:`LADDER`."""
    found = [
        {
            "facility_id": sizes.ladder.facility_ids[row],
            "name": sizes.names[row],
            **_size(language, sizes, row, int(size)),
        }
        for row in (range(len(sizes.names)) if rows is None else rows)
        for size in np.flatnonzero(sizes.ladder.real[row])
    ]
    return pd.DataFrame(found, columns=list(LADDER))


def _size(language: Language, sizes: Sizes, row: int, size: int) -> dict[str, object]:
    ladder = sizes.ladder
    return {
        "capacity_kw": figure_number("capacity_kw", float(ladder.capacity_kw[row, size])), "modules": int(ladder.modules[row, size]),
        **{key: figure_number(key, float(sizes.figures[key][row, size])) for key in FIGURES}, "duty": duty_text(language, sizes, row, size),
    }  # fmt: skip


def most_kw(plan: Plan, sizes: Sizes, at: Mapping[int, int]) -> dict[str, float | None]:
    """What ``layout.most_kw`` of each facility becomes where a size is taken over; ``at``: site -> size.

    None where it is the whole roof, as the rest of the plan has it; 0 where the rest of the plan has a bound.
    """
    whole = 0.0 if plan.profile.number("layout.most_kw") > 0.0 else None
    found: dict[str, float | None] = {}
    for row, size in at.items():
        ladder = sizes.ladder
        is_whole = ladder.modules[row, size] == ladder.modules[row].max()
        found[ladder.facility_ids[row]] = whole if is_whole else round(float(ladder.capacity_kw[row, size]), 6)
    return found
