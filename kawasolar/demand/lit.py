"""When lamps burn: while the facility is used, by its kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.demand.shape import shape_of
from kawasolar.demand.templates import templates_of
from kawasolar.half_hours import COUNT

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.plan import Plan


def kind_of(facilities: pd.DataFrame, facility_id: str) -> str | None:
    """The kind of a facility; None where the ledger does not tell it."""
    if "kind" not in facilities:
        return None
    kinds = facilities.loc[facilities["facility_id"] == facility_id, "kind"]
    return None if not len(kinds) or not isinstance(kinds.iloc[0], str) else str(kinds.iloc[0])


def lit_of_kind(code: str, kind: str | None, year: FiscalYear) -> NDArray[np.float64]:
    """Share of the year's lighting in every half hour: (17520,), sum 1.

    The hours of use of the kind, without what always runs, heating and cooling; even where the kind has no hours.

    Parameters
    ----------
    code : of the municipality, whose own hours come first
    kind : of the facility; None where nobody knows it
    """
    found = templates_of(code).kind(kind)
    bare = replace(found.template, base_share=0.0, cooling=0.0, heating=0.0)
    shape = shape_of(replace(found, template=bare), year) if found.periods else np.full(COUNT, 1.0)
    whole = float(shape.sum())
    return shape / whole if np.isfinite(whole) and whole > 0 else np.full(COUNT, 1.0 / COUNT)


def lit_of(plan: Plan, facility_id: str, year: FiscalYear) -> NDArray[np.float64]:
    """As :func:`lit_of_kind`, of one facility of a plan."""
    return lit_of_kind(plan.profile.code, kind_of(plan.facilities, facility_id), year)
