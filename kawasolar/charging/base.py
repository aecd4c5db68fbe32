"""One base: its cars, their trips, what its building draws; and a year at a set of chargers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.charging import kernels
from kawasolar.charging.trips import trips_of, working_days
from kawasolar.half_hours import COUNT, DAYS, SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.charging.kinds import Charger
    from kawasolar.charging.table import Assumptions
    from kawasolar.charging.trips import Trips
    from kawasolar.half_hours import FiscalYear

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

# A car that can give back stands rather at a charger that can take [kWh of a half hour, as the rule of the kernel counts].
_RATHER = -1e3


@dataclass(frozen=True, eq=False)
class Base:
    """A place where cars stand.

    Attributes
    ----------
    cars : rows of :func:`kawasolar.charging.cars.checked_cars`
    least, full : (n,), reserve and usable battery [kWh]
    most : (n, kinds), what a car draws in a half hour at each kind [kWh]; nought where it cannot stand
    staff : (17520,), when cars can be put elsewhere
    load_kwh, produced_kwh : (17520,), of the building and its roof [kWh]
    """

    facility_id: str
    year: FiscalYear
    cars: pd.DataFrame
    kinds: tuple[Charger, ...]
    assumed: Assumptions
    trips: Trips
    least: Array
    full: Array
    most: Array
    staff: NDArray[np.bool_]
    load_kwh: Array
    produced_kwh: Array

    def __len__(self) -> int:
        return len(self.cars)

    @cached_property
    def net_kwh(self) -> Array:
        """Load less what the roof gives: below nought where there is a surplus."""
        return self.load_kwh - self.produced_kwh

    @cached_property
    def ways(self) -> Array:
        """(kinds,), efficiencies."""
        return np.array([kind.efficiency for kind in self.kinds])

    @cached_property
    def driven_kwh(self) -> Array:
        """(n, 17520), taken from each battery in each half hour, evenly while the car is away [kWh]."""
        return spread(self.trips, len(self))[0]

    @cached_property
    def away(self) -> NDArray[np.bool_]:
        """(n, 17520), whether each car is away."""
        return spread(self.trips, len(self))[1]

    def part(self, rows: Ints) -> Base:
        """The same place with some of its cars."""
        from dataclasses import replace

        trips = self.trips
        lengths = np.diff(trips.first)[rows]
        places = np.concatenate([np.arange(trips.first[row], trips.first[row + 1]) for row in rows] or [np.zeros(0, np.int64)]).astype(np.int64)  # fmt: skip
        some = replace(
            trips, first=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), begin=trips.begin[places], end=trips.end[places], kwh=trips.kwh[places],
            longest_kwh=trips.longest_kwh[rows],
        )  # fmt: skip
        cars = self.cars.iloc[rows].reset_index(drop=True)
        return replace(self, cars=cars, trips=some, least=self.least[rows], full=self.full[rows], most=self.most[rows])


def base_of(
    facility_id: str, cars: pd.DataFrame, year: FiscalYear, kinds: Sequence[Charger], assumed: Assumptions, load_kwh: ArrayLike | None = None,
    produced_kwh: ArrayLike | None = None,
) -> Base:  # fmt: skip
    """A base from its cars and its building.

    Parameters
    ----------
    cars : as of :func:`kawasolar.charging.cars.checked_cars`, all of this base
    load_kwh, produced_kwh : (17520,), from 1 April; nought unless given
    """
    battery = cars["battery_kwh"].to_numpy(dtype=np.float64)
    full = battery * cars["usable_share"].to_numpy(dtype=np.float64)
    own = cars["charge_kw"].to_numpy(dtype=np.float64)
    most = np.zeros((len(cars), len(kinds)))
    for j, kind in enumerate(kinds):
        most[:, j] = np.minimum(kind.power_kw, own if kind.current == "ac" else assumed.dc_rate * battery) / 2.0
        # Units that take back are made for few models: no car stands there that is not said to be one.
        most[:, j] *= 1.0 if not kind.both_ways else cars["v2x"].to_numpy(dtype=np.float64)
    hours = np.arange(SLOTS) / 2.0
    there = (hours >= assumed.staff_from) & (hours < assumed.staff_to)
    staff = (working_days(year)[:, None] & there[None, :]).ravel()
    flat = [np.zeros(COUNT) if one is None else np.asarray(one, dtype=np.float64) for one in (load_kwh, produced_kwh)]
    rows = cars.reset_index(drop=True)
    return Base(facility_id, year, rows, tuple(kinds), assumed, trips_of(rows, year, assumed), assumed.reserve_share * full, full, most, staff, *flat)  # fmt: skip


def spread(trips: Trips, cars: int) -> tuple[Array, NDArray[np.bool_]]:
    """What each car drives up in each half hour [kWh], and whether it is away: (n, 17520) both."""
    lengths = trips.end - trips.begin
    owner = np.repeat(np.repeat(np.arange(cars), np.diff(trips.first)), lengths)
    starts = np.cumsum(lengths) - lengths
    slots = np.arange(int(lengths.sum())) - np.repeat(starts - trips.begin, lengths)
    within = slots < COUNT
    driven, away = np.zeros((cars, COUNT)), np.zeros((cars, COUNT), dtype=bool)
    driven[owner[within], slots[within]] = np.repeat(trips.kwh / lengths, lengths)[within]
    away[owner[within], slots[within]] = True
    return driven, away


@dataclass(frozen=True, eq=False)
class Stay:
    """A year at a set of chargers, every car charged at once with full power.

    Attributes
    ----------
    enough : whether no car ever came below its reserve
    low_kwh : (n,), the least that each had above its reserve; below nought where it was short [kWh]
    charge_kwh : (n, 17520), drawn for each car [kWh]
    plug : (n, 17520), at which charger it stands, -1 at none
    of_charger : (chargers,), the kind of each by its place
    """

    base: Base
    counts: tuple[int, ...]
    enough: bool
    low_kwh: Array
    charge_kwh: Array
    plug: Ints
    of_charger: Ints

    @property
    def drawn_kwh(self) -> Array:
        """(17520,), all cars together."""
        return np.asarray(self.charge_kwh.sum(axis=0))

    @cached_property
    def stored_kwh(self) -> Array:
        """(n, 17520), in each battery at the end of each half hour [kWh]."""
        return stored_after(self.base, self.charge_kwh, self.plug, self.of_charger)


def stored_after(base: Base, charge_kwh: Array, plug: Ints, of_charger: Ints, given_kwh: Array | None = None) -> Array:
    """State of charge at the end of each half hour: at first full, then with what is charged times the efficiency, less what is driven (and given back)."""
    ways = np.append(base.ways[of_charger], 0.0)[plug]
    change = charge_kwh * ways - base.driven_kwh
    if given_kwh is not None:
        change -= given_kwh / base.assumed.discharge_efficiency
    return np.asarray(base.full[:, None] + np.cumsum(change, axis=1))


def enough(base: Base, counts: Sequence[int], ends: int = DAYS) -> bool:
    """Whether a set of chargers leaves no car short; ends at the first that is.

    Parameters
    ----------
    counts : chargers of each kind of the base
    ends : only the first days of the year
    """
    nothing, none = np.zeros((0, 0)), np.zeros((0, 0), np.int64)
    return _run(
        base, _chargers(base, counts), nothing, none, np.empty(len(base)), base.staff[: ends * SLOTS], stop=True
    )


def stay(base: Base, counts: Sequence[int]) -> Stay:
    """The year at a set of chargers.

    Parameters
    ----------
    counts : chargers of each kind of the base
    """
    chargers = _chargers(base, counts)
    charge, plug = np.zeros((len(base), COUNT)), np.full((len(base), COUNT), -1, np.int64)
    low = np.empty(len(base))
    fine = _run(base, chargers, charge, plug, low, base.staff, stop=False)
    return Stay(base, tuple(int(one) for one in counts), fine, low, charge, plug, chargers)


def _chargers(base: Base, counts: Sequence[int]) -> Ints:
    if len(counts) != len(base.kinds) or min(counts, default=0) < 0:
        raise ValueError(counts)
    return np.repeat(np.arange(len(base.kinds)), np.asarray(counts, dtype=np.int64))


def _run(base: Base, chargers: Ints, charge: Array, plug: Ints, low: Array, staff: NDArray[np.bool_], *, stop: bool) -> bool:  # fmt: skip
    trips, count = base.trips, len(base)
    v2x = base.cars["v2x"].to_numpy(dtype=bool)
    both = np.array([kind.both_ways for kind in base.kinds], dtype=bool)
    back = np.where(both[None, :] & v2x[:, None], _RATHER, 0.0)
    return bool(
        kernels.simulate(
            trips.first, trips.begin, trips.end, trips.kwh, np.stack([base.least, base.full]), base.most, base.ways, chargers, back, staff,
            base.full.copy(), trips.first[:-1].copy(), np.full(count, -1), np.full(len(chargers), -1), charge, plug, low,
            charge.size > 0, stop,
        )
    )  # fmt: skip


def bottom(base: Base) -> Array:
    """(n,), what is left above the reserve if each car came full to its longest day; below nought: too far for its battery [kWh]."""
    trips = base.trips
    largest = np.array([trips.kwh[trips.of(car)].max(initial=0.0) for car in range(len(base))])
    return np.asarray(base.full - base.least - largest)
