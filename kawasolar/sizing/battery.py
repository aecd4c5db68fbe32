"""A battery beside a roof, dispatched greedily: charged from surplus only, discharged to the load only, nothing into the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import Progress, silent
from gis.threads import run_blocks
from kawasolar.half_hours import COUNT, month_starts, of_hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.profile import Profile

# Sites whose half hours are worked through at once on each core: with twenty sizes some 50 ms.
_BLOCK = 8


@dataclass(frozen=True)
class Battery:
    """What stands beside a roof.

    Attributes
    ----------
    capacity_kwh : nominal; 0 is none
    power_kw : of charging and of discharging
    efficiency : there and back [-]; half of the loss on each way
    usable : of the capacity [-]
    reserve : of what is usable the share that is never drawn on ordinary days [-]; the year begins with it, and no more
    limit_kw : it is discharged only against what is drawn above this; 0 against every need
    """

    capacity_kwh: float = 0.0
    power_kw: float = 0.0
    efficiency: float = 1.0
    usable: float = 1.0
    reserve: float = 0.0
    limit_kw: float = 0.0

    @classmethod
    def of(cls, profile: Profile, capacity_kwh: float, *, power_kw: float | None = None, limit_kw: float = 0.0) -> Battery:  # fmt: skip
        """As a profile has it; its power by the profile's hours unless given."""
        number = profile.number
        power = capacity_kwh / number("sizing.battery_hours") if power_kw is None else power_kw
        return cls(
            capacity_kwh, power, number("sizing.battery_efficiency"), number("sizing.battery_usable"), number("sizing.battery_reserve"), limit_kw
        )  # fmt: skip

    @property
    def bounds(self) -> NDArray[np.float64]:
        """As the kernels want them: least and most stored, most in a half hour, efficiency of one way, need left to the grid [kWh]."""
        full = self.capacity_kwh * self.usable
        return np.array([
            full * self.reserve, full, self.power_kw / 2.0, float(np.sqrt(self.efficiency)), self.limit_kw / 2.0,
        ])  # fmt: skip


@dataclass(frozen=True)
class Trace:
    """Half hours of one site [kWh], each (17520,) or as long as was given: load + charged + surplus = produced + discharged + imported."""

    charged: NDArray[np.float64]
    discharged: NDArray[np.float64]
    stored: NDArray[np.float64]
    surplus: NDArray[np.float64]
    imported: NDArray[np.float64]


@dataclass(frozen=True)
class Years:
    """The year of sites × sizes.

    Attributes
    ----------
    produced_kwh, delivered_kwh, surplus_kwh, charged_kwh, stored_kwh : (n, k) [kWh]: of the roof; of it what reaches the load, at once or by the battery; what is
        left over; what goes into the battery; what is in it at the end above what it began with
    saved_yen : (n, k), what the delivered energy need not be bought for
    month_peaks : (n, k, 12), highest half hour drawn from the grid, April first [kW]
    """

    produced_kwh: NDArray[np.float64]
    delivered_kwh: NDArray[np.float64]
    surplus_kwh: NDArray[np.float64]
    charged_kwh: NDArray[np.float64]
    stored_kwh: NDArray[np.float64]
    saved_yen: NDArray[np.float64]
    month_peaks: NDArray[np.float64]


def trace(load: NDArray[np.floating], produced: NDArray[np.floating], battery: Battery) -> Trace:
    """One site, half hour by half hour; both (t,) [kWh]."""
    from kawasolar.sizing import kernels

    used, made = (np.ascontiguousarray(series, dtype=np.float64) for series in (load, produced))
    flows = np.zeros((3, len(used)))
    kernels.trace(used, made, battery.bounds, flows)
    net = made - used
    return Trace(
        flows[0], flows[1], flows[2], np.maximum(net, 0.0) - flows[0], np.maximum(-net, 0.0) - flows[1]
    )  # fmt: skip


def years_of_sizes(
    load: NDArray[np.floating],
    hourly: NDArray[np.floating],
    shares: NDArray[np.float64],
    year: FiscalYear,
    prices: NDArray[np.float64],
    which: NDArray[np.int64],
    battery: Battery | None = None,
    progress: Progress = silent,
) -> Years:
    """Every site with every size of its roof.

    Parameters
    ----------
    load : (n, 17520), from 1 April [kWh]
    hourly : (n, 8760), energy of the roof as it is laid out, from 1 January [kWh]
    shares : (n, k), energy of each size over that of the layout [-]
    prices, which : (p, 17520) what a kWh need not be bought for [yen/kWh], and which of them each site has

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    from kawasolar.sizing import kernels

    count, sizes = shares.shape
    if load.shape != (count, COUNT) or len(hourly) != count:
        raise ValueError(f"load {load.shape}, hourly {hourly.shape}, shares {shares.shape}")
    bounds = np.tile((battery or Battery()).bounds, (count, 1))
    months = np.repeat(np.arange(12), np.diff([*month_starts(year), COUNT]))
    sums, peaks = np.zeros((count, sizes, kernels.SUMS)), np.zeros((count, sizes, 12))
    produced = np.zeros((count, sizes))

    def work(begin: int, end: int) -> None:
        some = slice(begin, end)
        made = of_hours(hourly[some])
        produced[some] = made.sum(axis=1)[:, None] * shares[some]
        kernels.years(
            np.asarray(load[some], dtype=np.float64), made, shares[some], bounds[some], prices, which[some], months, sums[some], peaks[some]
        )  # fmt: skip

    run_blocks(work, count, _BLOCK, progress, "use")
    return Years(
        produced, sums[..., kernels.DELIVERED], sums[..., kernels.SURPLUS], sums[..., kernels.CHARGED], sums[..., kernels.STORED],
        sums[..., kernels.SAVED], 2.0 * peaks,
    )  # fmt: skip
