"""Why a site is built in its year and in no earlier one, or in none: exactly, by moving it there with all others where they are.

A site's move to another year takes of the rules what it takes there, and gives back what it took. Where that is more than they have left, the year has no
room for it, and what is lacking says what would have to change. Where there is room and the move would gain something, the programme is as good as that only to its proven gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kawasolar.programme.sites import W_PER_KW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.programme.result import Programme
    from kawasolar.programme.rules import Rule

Hindrance = Literal[
    "standing", "first", "pinned", "renewal", "window", "lacks", "worth", "gap", "vetoed", "no_year"
]  # fmt: skip
_DUST = 1e-6


@dataclass(frozen=True)
class Room:
    """What a rule leaves to a move, in the rule's own unit (yen, kW, sites).

    Attributes
    ----------
    allowed : the rule's number; ``least`` it is a minimum, and the move takes away from what is there
    used : what is there without the move
    takes : what the move takes
    """

    rule: Rule
    allowed: float
    used: float
    takes: float
    least: bool = False

    @property
    def left(self) -> float:
        """What may still be taken."""
        return max(self.used - self.allowed if self.least else self.allowed - self.used, 0.0)

    @property
    def lacks(self) -> float:
        """By how much the rule would have to give way."""
        return max(self.takes - self.left, 0.0)


@dataclass(frozen=True)
class YearWhy:
    """Why a site is in its year.

    Attributes
    ----------
    year : fiscal year of the programme, 0 = in none
    hindrance : why not in ``other``; of one that is done or contracted ``standing``
    other : the year before; of a site that is in none, the one in which the least is lacking; 0 where there is none
    gain : what the objective would gain by the move
    rooms : what the rules leave to it, those that lack first
    earliest : the first fiscal year in which it may be built: the roof's renewal or its window; 0 where there is none
    """

    facility_id: str
    year: int
    hindrance: Hindrance
    other: int = 0
    gain: float = 0.0
    rooms: tuple[Room, ...] = ()
    earliest: int = 0

    @property
    def lacking(self) -> tuple[Room, ...]:
        """What stands in the way of the move."""
        return tuple(room for room in self.rooms if room.lacks > _DUST)


def year_why(programme: Programme, facility_id: str) -> YearWhy:
    """Why a site is built in its year.

    Raises
    ------
    kawasolar.errors.ProgrammeInvalid
        ``programme.no_such_site``
    """
    sites, model = programme.sites, programme.model
    row = sites.row(facility_id)
    year = int(programme.year[row])
    if not sites.open[row]:
        return YearWhy(facility_id, year, "standing")
    own = np.flatnonzero(model.site == row)
    free = model.free()[own]
    first = int(sites.years[int(np.argmax(free))]) if free.any() else 0
    if year:
        return _earlier(programme, facility_id, own, year, first)
    if sites.vetoed[row]:
        return YearWhy(facility_id, 0, "vetoed")
    if not free.any():
        renewal = sites.renewal_year[row]
        beyond = bool(model.blocked["renewal"][own].all())
        return YearWhy(facility_id, 0, "no_year", earliest=int(renewal) if beyond and renewal == renewal else 0)  # noqa: PLR0124 - not NaN
    moves = [_moved(programme, facility_id, None, int(column)) for column in own[free]]
    return min(moves, key=_lack)


def _earlier(programme: Programme, facility_id: str, own: NDArray[np.int64], year: int, first: int) -> YearWhy:
    """Why not a year earlier."""
    sites, model = programme.sites, programme.model
    row, k = sites.row(facility_id), year - sites.years[0]
    if k == 0:
        return YearWhy(facility_id, year, "first")
    if sites.pinned[row] and sites.pinned_year[row]:
        return YearWhy(facility_id, year, "pinned")
    for kind in ("renewal", "window"):
        if model.blocked[kind][own[k - 1]]:
            return YearWhy(facility_id, year, "renewal" if kind == "renewal" else "window", year - 1, earliest=first)
    return _moved(programme, facility_id, int(own[k]), int(own[k - 1]))


def _moved(programme: Programme, facility_id: str, column: int | None, to: int) -> YearWhy:
    """A site moved to another column, from one or from none."""
    model, x = programme.model, programme.solved.x
    assert x is not None  # noqa: S101 - a programme has one
    by_column, sums = model.rows.tocsc(), model.rows @ x.astype(np.float64)
    takes = by_column[:, [to]].toarray()[:, 0]
    gain = float(model.worth[to])
    if column is not None:
        takes = takes - by_column[:, [column]].toarray()[:, 0]
        gain -= float(model.worth[column])
    rooms = [room for k in np.flatnonzero(takes) if (room := _room(programme, int(k), takes[k], sums[k])) is not None]
    rooms.sort(key=lambda room: room.lacks <= _DUST)
    year = 0 if column is None else int(programme.sites.years[model.year[column]])
    lacks = any(room.lacks > _DUST for room in rooms)
    hindrance: Hindrance = "lacks" if lacks else "gap" if gain > 0 else "worth"
    return YearWhy(facility_id, year, hindrance, int(programme.sites.years[model.year[to]]), gain, tuple(rooms))


def _room(programme: Programme, k: int, takes: float, total: float) -> Room | None:
    """What row k leaves; None where the move asks nothing of it."""
    model = programme.model
    rule, base = model.rules[k], float(model.base[k])
    unit = W_PER_KW if rule.kind == "kw" else 1.0
    high, low = float(model.high[k]), float(model.low[k])
    if takes > 0 and np.isfinite(high):
        return Room(rule, (high + base) / unit, (total + base) / unit, takes / unit)
    if takes < 0 and np.isfinite(low):
        return Room(rule, (low + base) / unit, (total + base) / unit, -takes / unit, least=True)
    return None


def _lack(why: YearWhy) -> tuple[int, float, int]:
    """How far a move is from being possible: what is lacking against what is allowed, and the earlier year."""
    share = sum(room.lacks / max(room.allowed, 1.0) for room in why.lacking)
    return len(why.lacking), share, why.other
