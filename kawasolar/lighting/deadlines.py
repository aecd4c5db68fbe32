"""Until when lamps are made, and how many luminaires still need them: by fiscal year, which ends on 31 March."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.lighting.table import Table
    from kawasolar.profile import Profile

# No date: nobody forbids these lamps.
NEVER = 9999
STOCK = (
    "fiscal_year", "ban", "last_day", "deadline_year", "luminaires", "left", "past", "past_without", "lamps_needed", "lamps_needed_without",
)  # fmt: skip


def fiscal_year_of(day: date) -> int:
    """The fiscal year of a day: 31 March belongs to the year before, 1 April begins a new one."""
    return day.year if day.month >= 4 else day.year - 1


def last_days(profile: Profile, table: Table) -> dict[str, date]:
    """The last day on which lamps are made and imported, by kind of rule: the profile's, then the table's."""
    found = {row.ban: row.last_day for row in table.bans}
    return found | {row.lamp: row.last_day for row in profile.tables.lamp_bans}


def deadline_years(bans: Sequence[str], days: Mapping[str, date]) -> NDArray[np.int64]:
    """[n] the last fiscal year in which each lamp can be had new: that of its last day; :data:`NEVER` where there is none."""
    return np.array([fiscal_year_of(days[ban]) if ban in days else NEVER for ban in bans], dtype=np.int64)


def past_years(bans: Sequence[str], days: Mapping[str, date]) -> NDArray[np.int64]:
    """[n] the first fiscal year at whose end no new lamp is made any more: that of the day after the last one."""
    after = {ban: fiscal_year_of(day + timedelta(days=1)) for ban, day in days.items()}
    return np.array([after.get(ban, NEVER) for ban in bans], dtype=np.int64)


def stock(
    rows: pd.DataFrame, done_year: NDArray[np.int64], years: Sequence[int], days: Mapping[str, date], table: Table
) -> pd.DataFrame:
    """Luminaires at the end of every fiscal year, by the date that their lamps fall under.

    Parameters
    ----------
    rows : of :func:`kawasolar.lighting.ledger.luminaires_of_plan`, without LED
    done_year : [n] fiscal year in which each row is replaced; :data:`NEVER` where it is not
    years : the fiscal years to tell

    Returns
    -------
    frame :data:`STOCK`: ``luminaires`` of all, ``left`` not replaced by the year's end, ``past`` of these those whose lamps are not made any more (``past_without``: were nothing replaced),
    ``lamps_needed`` spare lamps that those want within the year: lamps · hours / life (``…_without`` likewise); ``last_day`` and ``deadline_year`` empty and 0 for lamps that nobody forbids
    """
    bans, count = rows["ban"].to_numpy(dtype=object), rows["fixtures"].to_numpy(dtype=np.float64)
    life = rows["lamp_type"].map({lamp: row.life_h for lamp, row in table.lamps.items()}).to_numpy(dtype=np.float64)
    wants = np.nan_to_num(count * rows["lamps"].to_numpy() * rows["hours"].to_numpy() / life)
    since = past_years(bans.tolist(), days)
    found = []
    for year in years:
        left, past = done_year > year, since <= year
        for ban in sorted(set(bans)):
            mine = bans == ban
            day = days.get(ban)
            found.append(
                (
                    year, ban, "" if day is None else day.isoformat(), 0 if day is None else fiscal_year_of(day), count[mine].sum(), count[mine & left].sum(),
                    count[mine & left & past].sum(), count[mine & past].sum(), wants[mine & left & past].sum(), wants[mine & past].sum(),
                )
            )  # fmt: skip
    return pd.DataFrame(found, columns=list(STOCK))
