"""Cars that residents may rent while offices are closed: what a car brings a year. An option, on a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kawasolar.fleet.table import Assumptions


def sharing_of_car(assumed: Assumptions) -> dict[str, float]:
    """Of one car and year: ``hours`` rented, ``revenue_yen`` = hours that are open × share rented × price, ``cost_yen``, ``net_yen``.

    Energy and wear of the residents' kilometres are not in it.
    """
    hours = assumed["share_hours"] * assumed["share_use"]
    revenue, cost = hours * assumed["share_price_yen_h"], assumed["share_cost_yen"]
    return {"hours": hours, "revenue_yen": revenue, "cost_yen": cost, "net_yen": revenue - cost}
