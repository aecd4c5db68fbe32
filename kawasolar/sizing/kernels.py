"""A roof, a load and a battery, half hour by half hour: what is over is stored, what is stored is used as soon as it is needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

# Columns of the sums.
DELIVERED, SURPLUS, CHARGED, SAVED, STORED = range(5)
SUMS = 5


@inner
def _charged(over: float, stored: float, full: float, most: float, way: float) -> float:  # pragma: no cover - compiled
    """What of a surplus goes into the battery."""
    return max(min(over, most, (full - stored) / way), 0.0)


@inner
def _discharged(
    short: float, spared: float, stored: float, least: float, most: float, way: float
) -> float:  # pragma: no cover - compiled
    """What of a need comes out of it; ``spared`` of the need is left to the grid."""
    return max(min(short - spared, most, (stored - least) * way), 0.0)


@kernel
def trace(
    load: NDArray[np.float64], produced: NDArray[np.float64], bounds: NDArray[np.float64], flows: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """One site. ``bounds``: least and most that is stored, most in a half hour, efficiency of one way, need that is left to the grid [kWh].

    ``flows`` (3, half hours): charged, discharged, stored at the end.
    """
    least, full, most, way, spared = bounds[0], bounds[1], bounds[2], bounds[3], bounds[4]
    stored = least
    for t in range(load.size):
        net = produced[t] - load[t]
        charged = 0.0
        given = 0.0
        if net > 0.0:
            charged = _charged(net, stored, full, most, way)
        else:
            given = _discharged(-net, spared, stored, least, most, way)
        stored = stored + charged * way - given / way
        flows[0, t] = charged
        flows[1, t] = given
        flows[2, t] = stored


@kernel
def years(
    load: NDArray[np.float64],
    produced: NDArray[np.float64],
    shares: NDArray[np.float64],
    bounds: NDArray[np.float64],
    prices: NDArray[np.float64],
    which: NDArray[np.int64],
    months: NDArray[np.int64],
    sums: NDArray[np.float64],
    peaks: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Sites × sizes. ``bounds`` as of :func:`trace`, a row a site; ``sums`` (sites, sizes, SUMS) and ``peaks`` (sites, sizes, 12) [kWh] are filled."""
    for i in range(load.shape[0]):
        least, full, most, way, spared = bounds[i, 0], bounds[i, 1], bounds[i, 2], bounds[i, 3], bounds[i, 4]
        row = which[i]
        for k in range(shares.shape[1]):
            share = shares[i, k]
            stored = least
            delivered, surplus, into, saved = 0.0, 0.0, 0.0, 0.0
            for t in range(load.shape[1]):
                used = load[i, t]
                net = share * produced[i, t] - used
                drawn = 0.0
                if net > 0.0:
                    charged = _charged(net, stored, full, most, way)
                    stored = stored + charged * way
                    into += charged
                    surplus += net - charged
                else:
                    given = _discharged(-net, spared, stored, least, most, way)
                    stored = stored - given / way
                    drawn = -net - given
                delivered += used - drawn
                saved += prices[row, t] * (used - drawn)
                month = months[t]
                peaks[i, k, month] = max(peaks[i, k, month], drawn)
            sums[i, k, 0] = delivered
            sums[i, k, 1] = surplus
            sums[i, k, 2] = into
            sums[i, k, 3] = saved
            sums[i, k, 4] = stored - least
