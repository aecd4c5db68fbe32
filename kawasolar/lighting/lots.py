"""Tender lots of a year's facilities: by ward, then of a size that bidders can do; every facility in just one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from kawasolar.lighting.table import Table

LOTS = ("lot", "fiscal_year", "ward", "facilities", "luminaires", "cost_yen", "facility_ids")


def lots_of(facilities: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The lots of a programme.

    Within a year and a ward, in the order of the list: a lot is closed when one more facility would make it more than ``lot_sites`` or dearer than ``lot_yen``. A facility that is dearer by itself is a lot alone.

    Parameters
    ----------
    facilities : ``facility_id ward year luminaires year_cost_yen``; those in no year (0) are in no lot

    Returns
    -------
    frame :data:`LOTS`, by year and ward; ``lot`` is ``YEAR-NUMBER``; sums over the lots are those over the facilities
    """
    most, yen = table.whole("lot_sites"), table.number("lot_yen")
    found: list[tuple[object, ...]] = []
    chosen = facilities[facilities["year"] > 0].sort_values(["year", "ward"], kind="stable")
    for year, of_year in chosen.groupby("year", sort=True):
        number = 0
        for ward, of_ward in of_year.groupby("ward", sort=True):
            for rows in _filled(of_ward["year_cost_yen"].tolist(), most, yen):
                number += 1
                some = of_ward.iloc[rows]
                ids = ";".join(some["facility_id"].astype(str))
                found.append(
                    (f"{year}-{number}", year, ward, len(some), float(some["luminaires"].sum()), float(some["year_cost_yen"].sum()), ids)
                )  # fmt: skip
    return pd.DataFrame(found, columns=list(LOTS))


def _filled(costs: list[float], most: int, yen: float) -> list[list[int]]:
    lots: list[list[int]] = []
    whole = 0.0
    for k, cost in enumerate(costs):
        if not lots or len(lots[-1]) >= most or whole + cost > yen:
            lots.append([])
            whole = 0.0
        lots[-1].append(k)
        whole += cost
    return lots
