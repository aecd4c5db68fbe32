"""Cars as a store in an outage: how long those at a base keep up what must not go out, from every half hour of the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.charging import kernels
from kawasolar.half_hours import COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.charging.base import Base

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outage:
    """An outage that begins at each half hour.

    Attributes
    ----------
    hours, hours_pv : (17520,), how long the need is served whole by cars alone, and by cars and roof [h]; no longer than ``outage_hours``
    kwh : (17520,), what the cars that are there can give in all [kWh]
    """

    hours: Array
    hours_pv: Array
    kwh: Array


def outage_of(base: Base, stored_kwh: Array, counts: Sequence[int]) -> Outage:
    """How long cars hold out.

    Cars that can give back and are at the base when the outage begins stay there; they are never emptied below ``outage_floor``. All V2X chargers work, as many as there are cars. The
    need is ``critical_share`` of the load. With the roof, what it gives beyond the need is stored.

    Parameters
    ----------
    stored_kwh : (n, 17520), in each battery at the end of each half hour
    counts : chargers of each kind
    """
    assumed = base.assumed
    v2x = base.cars["v2x"].to_numpy(dtype=bool)
    there = ~base.away & v2x[:, None]
    floor = assumed.outage_floor * base.full
    # At the begin of each half hour is what was there at the end of the one before.
    before = np.concatenate([base.full[:, None], stored_kwh[:, :-1]], axis=1)
    stored = np.where(there, np.maximum(before - floor[:, None], 0.0), 0.0).sum(axis=0)
    room = np.where(there, (base.full - floor)[:, None], 0.0).sum(axis=0)
    units = [(kind.power_kw, int(count), kind.efficiency) for kind, count in zip(base.kinds, counts, strict=True) if kind.both_ways]  # fmt: skip
    power = np.concatenate([np.full(count, kw / 2.0) for kw, count, _ in units] or [np.zeros(0)])
    ladder = np.concatenate([[0.0], np.cumsum(np.sort(power)[::-1])])
    limit = ladder[np.minimum(there.sum(axis=0), len(power))]
    way = min((one[2] for one in units if one[1]), default=1.0)
    need, steps = assumed.critical_share * base.load_kwh, round(2.0 * assumed.outage_hours)
    found = []
    for sun in (np.zeros(COUNT), base.produced_kwh):
        one = np.zeros(COUNT)
        kernels.outages(need, sun, stored, room, limit, way, assumed.discharge_efficiency, steps, one)
        found.append(one)
    can = np.where(limit > 0.0, stored * assumed.discharge_efficiency, 0.0)
    return Outage(found[0] / 2.0, found[1] / 2.0, can)
