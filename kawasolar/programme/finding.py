"""From a plan to its programme: what is asked, the search, and where nothing fits, why; for window, command line and the plan's own stage alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.half import basis_of
from kawasolar.programme.defaults import giving, limits
from kawasolar.programme.kept import Kept, keep, keep_nothing
from kawasolar.programme.of_plan import programme_of_plan
from kawasolar.programme.result import make_programme, why_nothing
from kawasolar.programme.rules_file import RulesFile

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from kawasolar.programme.highs import Limits
    from kawasolar.programme.of_plan import Asked
    from kawasolar.programme.result import Programme

_SEARCH = 0.5


@dataclass(frozen=True, eq=False)
class Found:
    """What a search gave.

    Attributes
    ----------
    programme : with its model, for questions about it; None where there is none
    kept : as a plan keeps it
    ends : when the search had to end
    """

    asked: Asked
    programme: Programme | None
    kept: Kept
    ends: Limits


def find_programme(
    plan: Plan, told: RulesFile | None, progress: Progress = silent, *, gap: float | None = None, seconds: float | None = None
) -> Found:  # fmt: skip
    """The programme of a plan under some rules; where nothing fits, what conflicts and what would do.

    Parameters
    ----------
    told : exactly the plan's share, all in the first year, where None
    gap, seconds : when the search ends; the rules' own or the program's unless given

    Raises
    ------
    kawasolar.errors.ProgrammeInvalid
        The rules do not fit the plan.
    gis.progress.Cancelled
        from ``progress``
    """
    told = told or RulesFile()
    asked, ends = programme_of_plan(plan, told), ends_of(told, gap=gap, seconds=seconds)
    made = make_programme(asked.sites, asked.rules, ends, part(progress, 0.0, _SEARCH))
    if made is not None:
        progress(1.0, "programme")
        kept = replace(keep(made, asked), basis=basis_of(plan.decision, plan.settings))
        return Found(asked, made, kept, ends)
    give = {**giving(), **told.give}
    nothing = why_nothing(asked.sites, asked.rules, give, ends, part(progress, _SEARCH, 1.0))
    return Found(asked, None, keep_nothing(asked, nothing), ends)


def ends_of(told: RulesFile, *, gap: float | None = None, seconds: float | None = None) -> Limits:
    """When a search ends: as it is asked for, else as the rules say, else the program's own."""
    shipped = limits()
    return replace(
        shipped,
        gap=next(value for value in (gap, told.gap, shipped.gap) if value is not None),
        seconds=next(value for value in (seconds, told.seconds, shipped.seconds) if value is not None),
    )
