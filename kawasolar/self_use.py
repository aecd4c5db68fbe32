"""What of a roof's energy its building uses at once, half hour by half hour: self-use, surplus, and what is still drawn from the grid.

In every half hour, load + surplus = yield + import: what is used at once is the smaller of load and yield. Nothing is averaged over more than the half hour, for that would
find more self-use than there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import Progress, silent
from gis.threads import run_blocks
from kawasolar.half_hours import COUNT, FiscalYear, month_starts, monthly, of_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Facilities whose half hours are in the making at once on each core: some 2 MB an array.
_BLOCK = 16


@dataclass(frozen=True)
class Flows:
    """Energy of each half hour [kWh], (…, 17520)."""

    load: NDArray[np.float64]
    produced: NDArray[np.float64]

    @property
    def self_use(self) -> NDArray[np.float64]:
        """Used as it is produced."""
        return np.minimum(self.load, self.produced)

    @property
    def surplus(self) -> NDArray[np.float64]:
        """Produced and not used."""
        return self.produced - self.self_use

    @property
    def imported(self) -> NDArray[np.float64]:
        """Drawn from the grid."""
        return self.load - self.self_use


@dataclass(frozen=True)
class Balance:
    """The year of facilities, row by row; months from April on.

    Attributes
    ----------
    load_kwh, produced_kwh, self_use_kwh : (n,), year [kWh]
    months : (n, 3, 12), load, produced and self-used of each month [kWh]
    peak_kw, peak_after_kw : (n,), highest half hour drawn from the grid without and with the roof [kW]
    month_peaks, month_peaks_after : (n, 12), the same of each month
    """

    load_kwh: NDArray[np.float64]
    produced_kwh: NDArray[np.float64]
    self_use_kwh: NDArray[np.float64]
    months: NDArray[np.float64]
    month_peaks: NDArray[np.float64]
    month_peaks_after: NDArray[np.float64]

    @property
    def surplus_kwh(self) -> NDArray[np.float64]:
        """Produced and not used, year [kWh]."""
        return self.produced_kwh - self.self_use_kwh

    @property
    def import_kwh(self) -> NDArray[np.float64]:
        """Drawn from the grid with the roof, year [kWh]."""
        return self.load_kwh - self.self_use_kwh

    @property
    def peak_kw(self) -> NDArray[np.float64]:
        """Highest half hour without the roof [kW]."""
        return np.asarray(self.month_peaks.max(axis=1))

    @property
    def peak_after_kw(self) -> NDArray[np.float64]:
        """Highest half hour with the roof [kW]."""
        return np.asarray(self.month_peaks_after.max(axis=1))

    @property
    def self_use_ratio(self) -> NDArray[np.float64]:
        """自家消費率: of what is produced the share that is used at once; NaN where nothing is produced."""
        return _share(self.self_use_kwh, self.produced_kwh)

    @property
    def self_supply_ratio(self) -> NDArray[np.float64]:
        """自給率: of what is used the share that comes from the roof; NaN where nothing is used."""
        return _share(self.self_use_kwh, self.load_kwh)


def flows(load: NDArray[np.floating], hourly: NDArray[np.floating]) -> Flows:
    """The half hours of one or some facilities.

    Parameters
    ----------
    load : (…, 17520), from 1 April [kWh]
    hourly : (…, 8760), energy of the roof, from 1 January [kWh]
    """
    return Flows(np.asarray(load, dtype=np.float64), of_hours(hourly))


def balance(
    load: NDArray[np.floating], hourly: NDArray[np.floating], year: FiscalYear, progress: Progress = silent
) -> Balance:
    """The year of every facility.

    Parameters
    ----------
    load : (n, 17520), from 1 April [kWh]
    hourly : (n, 8760), energy of the roof, from 1 January [kWh]
    """
    count = _checked(load, hourly)
    months = np.zeros((count, 3, 12))
    peaks, after = np.zeros((count, 12)), np.zeros((count, 12))
    starts = month_starts(year)

    def work(begin: int, end: int) -> None:
        some = flows(load[begin:end], hourly[begin:end])
        used = some.self_use
        for k, series in enumerate((some.load, some.produced, used)):
            months[begin:end, k] = monthly(series, year)
        # Energy of a half hour is mean power over two.
        peaks[begin:end] = 2.0 * np.maximum.reduceat(some.load, starts, axis=1)
        after[begin:end] = 2.0 * np.maximum.reduceat(some.load - used, starts, axis=1)

    run_blocks(work, count, _BLOCK, progress, "use")
    load_kwh, produced_kwh, self_use_kwh = (months[:, k].sum(axis=1) for k in range(3))
    return Balance(load_kwh, produced_kwh, self_use_kwh, months, peaks, after)


def self_use_by_size(
    load: NDArray[np.floating], hourly: NDArray[np.floating], shares: Sequence[float], progress: Progress = silent
) -> NDArray[np.float64]:
    """Self-used energy of the year where only a share of the roof's modules is laid, all alike [kWh].

    Parameters
    ----------
    load, hourly : as of :func:`balance`
    shares : 0 … 1 of the capacity

    Returns
    -------
    (n, len(shares)); never falling with the share, and concave in it
    """
    count = _checked(load, hourly)
    found = np.zeros((count, len(shares)))

    def work(begin: int, end: int) -> None:
        some = flows(load[begin:end], hourly[begin:end])
        part = np.empty_like(some.load)
        for k, share in enumerate(shares):
            np.multiply(some.produced, share, out=part)
            found[begin:end, k] = np.minimum(part, some.load, out=part).sum(axis=1)

    run_blocks(work, count, _BLOCK, progress, "use")
    return found


def _checked(load: NDArray[np.floating], hourly: NDArray[np.floating]) -> int:
    if load.ndim != 2 or load.shape[1] != COUNT or len(hourly) != len(load):
        raise ValueError(f"load {load.shape}, hourly {hourly.shape}")
    return len(load)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
