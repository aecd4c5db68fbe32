"""Sessions: how long each car stands at a charger, and what it draws there; and the same energy drawn where the building's load is low (staggered).

A session's window, its car and its energy are those of charging at once, so that every car leaves each session as full as there, and none comes below its reserve that did not there.

What all sessions draw together is a point of the base of a polymatroid (a sum of boxes cut by ``sum = energy``); on such a set the flattest load, for which the sum of squares is
least, has also the lowest highest half hour (Fujishige 1980, Mathematics of Operations Research 5; Groenevelt 1991, European Journal of Operational Research 54). Levelling one session after the other
comes to it, for the sum of squares falls with each and has one minimum over a product of such sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.charging import kernels
from kawasolar.half_hours import COUNT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.charging.base import Base, Stay

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Sessions:
    """Sessions of one base, car by car, each car's in the order of the year.

    Attributes
    ----------
    car, charger, kind : (s,), whose, at which charger, of which kind
    begin, end : (s,), half hours, from ``begin`` to before ``end``
    most : (s,), drawn in a half hour at most [kWh]
    energy : (s,), drawn in it by charging at once [kWh]
    """

    car: Ints
    charger: Ints
    kind: Ints
    begin: Ints
    end: Ints
    most: Array
    energy: Array

    def __len__(self) -> int:
        return len(self.car)

    @property
    def first(self) -> Ints:
        """(s,), where each begins in an array of all their half hours one after the other."""
        lengths = self.end - self.begin
        return np.asarray(np.cumsum(lengths) - lengths)

    def part(self, rows: Ints) -> Sessions:
        """Some of them."""
        car, charger, kind, begin, end = (
            one[rows] for one in (self.car, self.charger, self.kind, self.begin, self.end)
        )
        return Sessions(car, charger, kind, begin, end, self.most[rows], self.energy[rows])

    def slots(self) -> tuple[Ints, Ints]:
        """Of all half hours of all sessions one after the other: the session, and the half hour of the year."""
        lengths = self.end - self.begin
        of = np.repeat(np.arange(len(self)), lengths)
        return of, np.arange(int(lengths.sum())) - np.repeat(self.first - self.begin, lengths)


def sessions_of(found: Stay) -> Sessions:
    """The sessions of a year: runs of half hours of a car at one charger."""
    plug = found.plug
    edge = np.ones((len(plug), 1), dtype=bool)
    changes = np.concatenate([edge, plug[:, 1:] != plug[:, :-1]], axis=1)
    car, begin = np.nonzero(changes & (plug >= 0))
    # The next change of the same car, or the year's end.
    rows, places = np.nonzero(np.concatenate([changes, edge], axis=1))
    keys = rows * (COUNT + 1) + places
    end = keys[np.searchsorted(keys, car * (COUNT + 1) + begin, side="right")] - car * (COUNT + 1)
    charger = plug[car, begin]
    kind = found.of_charger[charger]
    sums = np.concatenate([np.zeros((len(plug), 1)), np.cumsum(found.charge_kwh, axis=1)], axis=1)
    energy = sums[car, end] - sums[car, begin]
    return Sessions(car, charger, kind, begin, end, found.base.most[car, kind], energy)


def staggered(found: Stay, sessions: Sessions | None = None) -> Array:
    """(n, 17520), what each car draws where the highest half hour of building and cars is as low as it can be with these sessions [kWh].

    What the building draws is its load less its roof. Never a higher peak than at once: it begins there and each step levels.
    """
    base, some = found.base, sessions_of(found) if sessions is None else sessions
    made = levelled(base, some, found.charge_kwh)
    return found.charge_kwh.copy() if peak_kw(base, made) > peak_kw(base, found.charge_kwh) else made


def levelled(base: Base, sessions: Sessions, charge_kwh: Array, given_kwh: Array | None = None, move: NDArray[np.bool_] | None = None) -> Array:  # fmt: skip
    """The same energy in each session, moved within it to where the load of building and cars is lowest.

    Neither the highest half hour nor what is bought rises, for each step makes the load that is left the least majorised one.

    Parameters
    ----------
    move : (s,), which sessions may be moved; all unless given
    """
    some = sessions if move is None else sessions.part(np.flatnonzero(move))
    of, slots = some.slots()
    drawn = charge_kwh[some.car[of], slots]
    whole = base.net_kwh + charge_kwh.sum(axis=0)
    if given_kwh is not None:
        whole -= given_kwh.sum(axis=0)
    kernels.fill_valleys(some.begin, some.end, some.most, some.first, whole, drawn, _ROUNDS)
    made = charge_kwh.copy()
    made[some.car[of], slots] = drawn
    return made


def peak_kw(base: Base, charge_kwh: Array, given_kwh: Array | None = None) -> float:
    """The highest half hour drawn from the grid by building and cars [kW]."""
    return 2.0 * float(bought_kwh(base, charge_kwh, given_kwh).max(initial=0.0))


def bought_kwh(base: Base, charge_kwh: Array, given_kwh: Array | None = None) -> Array:
    """(17520,), drawn from the grid by building and cars, less what the roof (and cars) give [kWh]."""
    given = 0.0 if given_kwh is None else given_kwh.sum(axis=0)
    return np.asarray(np.maximum(base.net_kwh + charge_kwh.sum(axis=0) - given, 0.0))
