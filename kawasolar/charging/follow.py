r"""PV-following charging: a linear programme a week on HiGHS.

For the sessions s of a base (which car stands at which charger, as of charging at once) and the half hours t of a week, with ``x`` drawn by a car, ``z`` given back by one
at a V2X charger, ``b`` bought and ``r`` left over::

    min  Σ b_t
    load_t + Σ_s x_st + r_t = pv_t + b_t + Σ_s z_st          balance of every half hour
    0 ≤ x_st ≤ most_s,   0 ≤ Σ_s z_st ≤ max(load_t − pv_t, 0),   0 ≤ b_t ≤ peak of staggered charging
    floor ≤ state of charge ≤ full                           at the end of each session; in each of its half hours at V2X

``floor`` is what the longest day wants above the reserve, or what the car drives up until it is next at a charger where that is more; or as much as charging at once has where that is less. At the
begin and end of the week each car is as full as by staggered charging, so that weeks stand by themselves and each has an answer: that of staggered charging. A week in which that leaves no
surplus cannot buy less (what it buys is what it uses) and is taken as it is. At last what each car draws in a session is levelled as
in :mod:`kawasolar.charging.sessions`, which buys no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from gis.progress import silent
from kawasolar.charging.base import stored_after
from kawasolar.charging.sessions import levelled, peak_kw
from kawasolar.half_hours import COUNT, SLOTS
from kawasolar.programme.highs import Problem, Watch, relax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.charging.base import Base, Stay
    from kawasolar.charging.sessions import Sessions

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

_WEEK = 7 * SLOTS
_WEEKS = COUNT // _WEEK
# Room that the cap of the peak and the bounds of a battery leave for rounding [kWh].
_ROOM = 1e-9
_SURPLUS = 1e-6


@dataclass(frozen=True, eq=False)
class Followed:
    """A year of PV-following charging.

    Attributes
    ----------
    charge_kwh, given_kwh : (n, 17520), drawn for and given back by each car [kWh]
    solved : weeks that were put to HiGHS
    """

    charge_kwh: Array
    given_kwh: Array
    solved: int


@dataclass(frozen=True, eq=False)
class _Week:
    """What the programme of a week is made of: sessions cut to it, and states of charge."""

    begin: int
    end: int
    rows: Ints
    first: Ints
    last: Ints
    floor: Array
    both: NDArray[np.bool_]


def follow(found: Stay, sessions: Sessions, level: Array, progress: Progress = silent) -> Followed:
    """The year, week by week; the last week has the year's last day too.

    Parameters
    ----------
    level : (n, 17520), of staggered charging: the answer where nothing better is

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    base = found.base
    stored = stored_after(base, level, found.plug, found.of_charger)
    floors = _floors(found, sessions)
    v2x = base.cars["v2x"].to_numpy(dtype=bool)
    ways = np.array([kind.both_ways for kind in base.kinds], dtype=bool)
    both = ways[sessions.kind] & v2x[sessions.car]
    charge, given, solved = level.copy(), np.zeros_like(level), 0
    cap = peak_kw(base, level) / 2.0
    surplus = base.net_kwh + level.sum(axis=0) < -_SURPLUS
    for week in range(_WEEKS):
        progress(week / _WEEKS, "charging")
        begin, end = week * _WEEK, COUNT if week == _WEEKS - 1 else (week + 1) * _WEEK
        if not surplus[begin:end].any():
            continue
        rows = np.flatnonzero((sessions.begin < end) & (sessions.end > begin))
        first, last = np.maximum(sessions.begin[rows], begin), np.minimum(sessions.end[rows], end)
        cut = _Week(begin, end, rows, first, last, floors[rows], both[rows])
        solved += _solve(base, sessions, cut, stored, cap, charge, given)
    # Of all answers that buy as little one that is level; what V2X does has bounds of its own in each half hour.
    return Followed(levelled(base, sessions, charge, given, ~both) if solved else charge, given, solved)


def _floors(found: Stay, sessions: Sessions) -> Array:
    """(s,), what a car must have at the end of each session [kWh]."""
    base = found.base
    there = found.stored_kwh[sessions.car, sessions.end - 1]
    driven = np.concatenate([np.zeros((len(base), 1)), np.cumsum(base.driven_kwh, axis=1)], axis=1)
    same = np.append(sessions.car[1:] == sessions.car[:-1], False) if len(sessions) else np.zeros(0, bool)
    until = np.where(same, np.append(sessions.begin[1:], COUNT), COUNT) if len(sessions) else np.zeros(0, np.int64)
    need = driven[sessions.car, until] - driven[sessions.car, sessions.end]
    wanted = base.least[sessions.car] + np.maximum(need, base.trips.longest_kwh[sessions.car])
    return np.asarray(np.minimum(there, wanted))


def _solve(base: Base, sessions: Sessions, week: _Week, stored: Array, cap: float, charge: Array, given: Array) -> int:
    """Fill the week's part of ``charge`` and ``given``; nought where there is nothing to decide."""
    lengths = week.last - week.first
    if not lengths.sum():
        return 0
    of = np.repeat(np.arange(len(week.rows)), lengths)
    slot = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths - week.first, lengths)
    back = np.flatnonzero(week.both[of])
    problem = _problem(base, sessions, week, of, slot, back, stored, cap)
    answer = relax(problem, Watch(what="charging"))
    if answer.status != "done" or answer.x is None:
        return 0
    car = sessions.car[week.rows][of]
    x = np.clip(answer.x[: len(of)], 0.0, problem.upper[: len(of)])
    charge[car, slot] = x
    if len(back):
        z = np.maximum(answer.x[len(of) : len(of) + len(back)], 0.0)
        given[car[back], slot[back]] = z
    return 1


def _problem(
    base: Base, sessions: Sessions, week: _Week, of: Ints, slot: Ints, back: Ints, stored: Array, cap: float
) -> Problem:  # fmt: skip
    """Columns: x of all half hours of all sessions, z of those that can give, b of the half hours, states of charge."""
    span, count, gives = week.end - week.begin, len(of), len(back)
    state = _states(base, sessions, week, of, slot, stored)
    columns = count + gives + span + len(state.place)
    net, at = base.net_kwh[week.begin : week.end], slot - week.begin
    b = count + gives + np.arange(span)
    # Σ x − Σ z − b ≤ −net, and what is given back stays in the building.
    balance = _matrix(
        [(at, np.arange(count), 1.0), (at[back], count + np.arange(gives), -1.0), (np.arange(span), b, -1.0)], span, columns
    )  # fmt: skip
    used = np.unique(at[back])
    stays = _matrix([(np.searchsorted(used, at[back]), count + np.arange(gives), 1.0)], len(used), columns)
    # A state is the one before it of the same car, with what was charged and given since.
    row = np.searchsorted(state.place, np.arange(count))
    s, way = count + gives + span + np.arange(len(state.place)), base.ways[sessions.kind[week.rows]][of]
    again = np.flatnonzero(~state.first)
    lost = 1.0 / base.assumed.discharge_efficiency
    carried = _matrix(
        [(np.arange(len(s)), s, 1.0), (again, s[again] - 1, -1.0), (row, np.arange(count), -way), (row[back], count + np.arange(gives), lost)],
        len(s), columns,
    )  # fmt: skip
    most = sessions.most[week.rows][of]
    none, free = np.full(span, -np.inf), np.full(len(used), -np.inf)
    return Problem(
        np.concatenate([np.zeros(count + gives), -np.ones(span), np.zeros(len(s))]), sp.vstack([balance, stays, carried], format="csr"),
        np.concatenate([none, free, state.told]), np.concatenate([-net, np.maximum(net[used], 0.0), state.told]),
        np.concatenate([np.zeros(count + gives + span), state.least]),
        np.concatenate([most, most[back], np.full(span, cap + _ROOM), state.most]), np.zeros(columns, dtype=bool),
    )  # fmt: skip


def _matrix(parts: list[tuple[Ints, Ints, Array | float]], rows: int, columns: int) -> sp.csr_matrix:
    """A matrix of rows, columns and what stands there."""
    at, column = (np.concatenate([part[k] for part in parts]) for k in range(2))
    data = np.concatenate([np.broadcast_to(np.asarray(part[2], dtype=np.float64), len(part[0])) for part in parts])
    return sp.csr_matrix((data, (at, column)), (rows, columns))


@dataclass(frozen=True, eq=False)
class _States:
    """States of charge that are bound: each by its ``place`` among all half hours of all sessions, in order.

    ``told``: what stands on the right of its balance (the state at the week's begin for the ``first`` of a car, less what is driven before it) [kWh].
    """

    place: Ints
    first: NDArray[np.bool_]
    told: Array
    least: Array
    most: Array


def _states(base: Base, sessions: Sessions, week: _Week, of: Ints, slot: Ints, stored: Array) -> _States:
    """At the end of each session, and in each half hour of one that gives back. The last of a car is fixed by its end of the week."""
    car = sessions.car[week.rows]
    ends = np.cumsum(week.last - week.first) - 1
    place = np.union1d(np.flatnonzero(week.both[of]), ends)
    owner, driven = car[of[place]], np.cumsum(base.driven_kwh[:, week.begin : week.end], axis=1)
    first = np.append(True, owner[1:] != owner[:-1])
    gone = driven[owner, slot[place] - week.begin]
    before = np.where(first, 0.0, np.append(0.0, gone[:-1]))
    begin = (stored[:, week.begin - 1] if week.begin else base.full)[owner]
    told = np.where(first, begin, 0.0) - (gone - before)
    # A session that goes on after the week has no end in it.
    ended = np.isin(place, ends) & (week.last[of[place]] == sessions.end[week.rows][of[place]])
    full = base.full[owner]
    floor = np.minimum(np.where(ended, week.floor[of[place]], base.least[owner]), full)
    after = stored[owner, week.end - 1] + driven[owner, -1] - gone
    last = np.append(first[1:], True)
    least, most = np.where(last, after, floor), np.where(last, after, full)
    return _States(place, first, told, least - _ROOM, most + _ROOM)
