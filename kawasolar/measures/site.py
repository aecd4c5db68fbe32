"""What measures at one facility change in its half hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import silent
from kawasolar.demand.lit import lit_of
from kawasolar.errors import TariffError
from kawasolar.half_hours import COUNT, SLOTS
from kawasolar.lighting import saved_share
from kawasolar.measures.table import CHARGERS
from kawasolar.registers.of_plan import rows_of_plan
from kawasolar.tariff.compare import Measure
from kawasolar.tariff.of_plan import bills_of
from kawasolar.use import flows_of

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.charging.of_base import BaseCharge
    from kawasolar.half_hours import FiscalYear
    from kawasolar.measures.table import Assumptions
    from kawasolar.plan import Plan
    from kawasolar.tariff.rates import Rates

    Array = NDArray[np.float64]
    Lit = Literal["given", "lamps", "share"]
    Charged = Literal["given", "cars", "assumed"]

_FRIDAY = 4
_LAMPS = ("fixtures", "power_w", "hours_per_day", "days_per_year")


@dataclass(frozen=True)
class Site:
    """One facility before all measures.

    Attributes
    ----------
    load_kwh, produced_kwh : (17520,), from 1 April [kWh]
    lit : (17520,), share of the year's lighting in every half hour, sum 1: as its kind is used
    lamps_kwh : what lamps that are no LED use a year, by the plan's ledger of lamps [kWh]; None where it tells none of this facility
    given_kw : contract as somebody has told it, else NaN
    estimated : the load is not from meters
    led_share : of the lamps' electricity, what LED in their place saves by the table of replacements (:mod:`kawasolar.lighting`); None where no ledger tells the lamps
    cars : what the cars of this base draw with the chargers that the plan keeps for it, staggered; None where it keeps none
    """

    facility_id: str
    year: FiscalYear
    load_kwh: Array
    produced_kwh: Array
    lit: Array
    lamps_kwh: float | None
    rates: Rates
    given_kw: float
    estimated: bool
    led_share: float | None = None
    cars: BaseCharge | None = None

    def lighting(self, assumed: Assumptions) -> tuple[float, Lit]:
        """What lamps use a year [kWh], and who says so: somebody, the ledger of lamps, or a share of the load."""
        if assumed.lighting_kwh is not None:
            return assumed.lighting_kwh, "given"
        if self.lamps_kwh is not None and "lighting_share" not in assumed.asked:
            return self.lamps_kwh, "lamps"
        return assumed.lighting_share * float(self.load_kwh.sum()), "share"

    def led_saving(self, assumed: Assumptions) -> tuple[float, bool]:
        """What LED saves of the lamps' electricity [-], and whether the lamps of the ledger say so, one by one."""
        by_lamps = self.lighting(assumed)[1] == "lamps" and "led_saving" not in assumed.asked
        if by_lamps and self.led_share is not None:
            return self.led_share, True
        return assumed.led_saving, False

    def charging(self, assumed: Assumptions) -> tuple[Array, Charged]:
        """(17520,), what chargers draw [kWh], and who says so: somebody, the plan's chargers with the cars of this base, or the table's assumptions."""
        if assumed.asked.intersection(CHARGERS):
            return charging(assumed, self.year), "given"
        if self.cars is not None:
            return self.cars.kwh, "cars"
        return charging(assumed, self.year), "assumed"


def site_of(plan: Plan, facility_id: str, progress: Progress = silent) -> Site:
    """A facility with its load, its roof's yield, its lamps and its tariff.

    Raises
    ------
    TariffError
        it has no bill: nobody knows what it uses, or no tariff fits; or a tariff has no price for some half hour
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    """
    # Charging's table of assumptions is of this package's kind.
    from kawasolar.charging.of_base import charge_of_base

    # LED is one of the measures itself.
    demand, found = flows_of(plan, facility_id, progress, as_it_is=True)
    bills = bills_of(plan, demand)
    row = bills.facilities.iloc[0]
    given = float(row["contract_kw"])
    if not str(row["tariff"]):
        told = float(row["peak_kw"]) if np.isnan(given) else given
        raise TariffError(str(row["why_not"]), facility=facility_id, voltage=str(row["voltage"]), kw=told)
    lamps = lamps_of(plan, facility_id)
    cars = charge_of_base(plan, facility_id, demand.year, found.load, found.produced)
    return Site(
        facility_id, demand.year, found.load, found.produced, lit_of(plan, facility_id, demand.year), lamps,
        bills.rates[str(row["tariff"])], given, bool(demand.facilities["estimated"].iloc[0]), None if lamps is None else saved_share(plan, facility_id),
        cars,
    )  # fmt: skip


def lamps_of(plan: Plan, facility_id: str) -> float | None:
    """What lamps that are no LED use a year by the plan's ledger of lamps [kWh]; None where no row of the facility tells number, power and hours."""
    rows, _ = rows_of_plan(plan, "lamps")
    if not set(_LAMPS) <= set(rows.columns):
        return None
    mine = rows[rows["facility_id"] == facility_id]
    if "lamp_type" in mine:
        mine = mine[mine["lamp_type"].astype(object) != "led"]
    numbers = mine[list(_LAMPS)].apply(pd.to_numeric, errors="coerce").dropna().astype("float64")
    if not len(numbers):
        return None
    return float(numbers.prod(axis=1).sum() / 1000.0)


def measures_of(site: Site, assumed: Assumptions) -> dict[str, Measure]:
    """The three measures by code; one that changes nothing is there, too."""
    lighting, _ = site.lighting(assumed)
    # No more than is used: a share of an estimated load, or lamps that burn while nothing is drawn, would else make a surplus.
    saved = np.minimum(site.led_saving(assumed)[0] * lighting * site.lit, site.load_kwh)
    return {
        "led": Measure("led", -saved),
        "pv": Measure("pv", -site.produced_kwh, active_only=True),
        "chargers": Measure("chargers", site.charging(assumed)[0]),
    }


def charging(assumed: Assumptions, year: FiscalYear) -> Array:
    """What chargers draw in every half hour, all of them at once [kWh]: (17520,). Over midnight it goes on on the next day."""
    begin = round(2.0 * assumed.charger_from)
    # Half hours that are only partly of the time draw that part.
    window = np.clip(2.0 * assumed.charger_hours - np.arange(SLOTS), 0.0, 1.0)
    days = np.ones(len(year.weekday), dtype=bool) if assumed.charger_days == 7 else np.asarray(year.weekday <= _FRIDAY)
    flat = np.zeros(COUNT)
    first = np.flatnonzero(days) * SLOTS + begin
    for slot in np.flatnonzero(window).tolist():
        # The year's last night goes on in its first.
        flat[(first + slot) % COUNT] += window[slot]
    return flat * assumed.chargers * assumed.charger_kw / 2.0
