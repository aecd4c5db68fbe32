"""LED retrofits of a plan: asked for, not kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.errors import PlanError
from kawasolar.lighting import ways as money
from kawasolar.lighting.bills import saving_by_half_hour, savings
from kawasolar.lighting.deadlines import NEVER, deadline_years, last_days, stock
from kawasolar.lighting.ledger import luminaires_of_plan
from kawasolar.lighting.lots import lots_of
from kawasolar.lighting.programme import Found, Goal, Rules, Sites, check, plan_years, worth_of
from kawasolar.lighting.replacing import replaced
from kawasolar.lighting.result import FACILITIES, WAYS, YEARS, Head, Lighting
from kawasolar.lighting.rows import LED
from kawasolar.lighting.table import Table, table_known, table_of_plan
from kawasolar.registers.of_plan import rows_of_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from kawasolar.plan import Plan

    Floats = NDArray[np.float64]

_KG_PER_T = 1000.0
# As the plan's yields are turned into CO2.
_FACTOR = "co2.grid_factor"
_SPAN = 5
_SUMMED = (
    "old_kw", "new_kw", "old_kwh", "new_kwh", "saved_kwh", "cost_yen", "high_yen", "upkeep_yen", "lamp_count", "mercury_lamps", "waste_kg", "waste_yen",
)  # fmt: skip
# Works on a roof that are over, or will not be.
_OVER = ("done", "cancelled")


@dataclass(frozen=True)
class Asked:
    """What is asked.

    Attributes
    ----------
    first, last : fiscal years of the programme; from the plan's year, five of them, unless given
    budget_yen : of a year; None for none; ``budgets`` of single years in its place
    pins : facility -> fiscal year, 0 for none
    """

    first: int | None = None
    last: int | None = None
    budget_yen: float | None = None
    budgets: Mapping[int, float] = field(default_factory=dict)
    goal: Goal = "saving"
    deadlines: bool = True
    pins: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 10.0


def lighting_of(
    plan: Plan, asked: Asked | None = None, table: Table | None = None, facility_ids: Sequence[str] | None = None, progress: Progress = silent
) -> Lighting:  # fmt: skip
    """What LED would do at a plan's facilities, and a programme by fiscal year.

    Parameters
    ----------
    facility_ids : of which; of all unless given

    Raises
    ------
    PlanError
        ``edit.no_such_facility``; ``lighting.nobody``: no facility has lamps that are known; as :func:`kawasolar.lighting.programme.plan_years`
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    wants, using = asked or Asked(), table or table_of_plan(plan)
    rules = _rules(plan, wants)
    check(rules)
    known = set(plan.facilities["facility_id"].astype(str))
    for name in facility_ids or ():
        if name not in known:
            raise PlanError("edit.no_such_facility", facility=name[:60])
    every, left_out, findings = luminaires_of_plan(plan, using, facility_ids)
    rows = replaced(every, using)
    if not len(rows):
        raise PlanError("lighting.nobody")
    progress(0.05, "lighting")
    days = last_days(plan.profile, using)
    facilities = _facilities(plan, every, rows, days)
    saved = savings(plan, facilities["facility_id"].tolist(), facilities["saved_kwh"].to_numpy(), part(progress, 0.05, 0.6))  # fmt: skip
    for name in ("saved_yen", "contract_kw", "by"):
        facilities[name] = saved[name].to_numpy()
    facilities["co2_t"] = facilities["saved_kwh"] * plan.profile.number(_FACTOR) / _KG_PER_T
    place = _places(rows, facilities)
    ways = _ways(facilities, rows, place, using)
    found = _programme(plan, facilities, rows, place, days, rules, using, part(progress, 0.6, 1.0))
    facilities["late"] = _late(rows, place, found.year, days, len(facilities))
    facilities = facilities.assign(year=np.where(found.year == NEVER, 0, found.year))
    lots = lots_of(facilities, using)
    facilities["lot"] = _lot_of(lots, facilities["facility_id"].tolist())
    frames = {
        "rows": rows, "facilities": facilities[list(FACILITIES)], "ways": ways,
        "stock": stock(rows, found.year[place], range(rules.years[0], rules.years[-1] + 1), days, using), "years": _years(facilities, rules), "lots": lots,
    }  # fmt: skip
    done = sorted(set(every["facility_id"]) - set(rows["facility_id"]))
    head = _head(wants, rules, found, using, days, left_out, done)
    return Lighting(head, **frames, findings=tuple(findings))


def saving_kwh(plan: Plan, facility_id: str, table: Table | None = None) -> Floats:
    """What LED saves at one facility in every half hour of the plan's year from 1 April [kWh]: (17520,); nought everywhere where nothing is to be replaced.

    Raises
    ------
    PlanError
        ``edit.no_such_facility``
    """
    if facility_id not in set(plan.facilities["facility_id"].astype(str)):
        raise PlanError("edit.no_such_facility", facility=facility_id[:60])
    using = table or table_known(plan)
    rows = replaced(luminaires_of_plan(plan, using, [facility_id])[0], using)
    return saving_by_half_hour(plan, facility_id, float(rows["saved_kwh"].sum()))


def saved_share(plan: Plan, facility_id: str, table: Table | None = None) -> float | None:
    """What LED saves of the electricity of one facility's lamps that are none yet [-]; None where they use none that is known."""
    using = table or table_known(plan)
    rows = replaced(luminaires_of_plan(plan, using, [facility_id])[0], using)
    old = float(rows["old_kwh"].sum())
    return float(rows["saved_kwh"].sum()) / old if old > 0.0 else None


def _rules(plan: Plan, wants: Asked) -> Rules:
    first = plan.profile.plan_year if wants.first is None else wants.first
    last = first + _SPAN - 1 if wants.last is None else wants.last
    years = tuple(range(first, last + 1))
    if not years:
        raise PlanError("lighting.years", found=f"{first}–{last}", expected=30)
    return Rules(
        years, wants.budget_yen, wants.budgets, wants.goal, wants.deadlines, wants.pins, seconds=wants.seconds
    )  # fmt: skip


def _facilities(plan: Plan, every: pd.DataFrame, rows: pd.DataFrame, days: Mapping[str, date]) -> pd.DataFrame:
    """A row for each facility that has something to be replaced, in the ledger's order."""
    listed = plan.facilities.drop_duplicates("facility_id").set_index("facility_id")
    sums = rows.groupby("facility_id", sort=False)[list(_SUMMED)].sum()
    names = [name for name in listed.index.astype(str) if name in sums.index]
    found = sums.reindex(names)
    by = rows["facility_id"]
    count = rows["fixtures"]
    found["luminaires"] = count.groupby(by).sum()
    led = every[every["lamp_type"] == LED]
    found["led_luminaires"] = led["fixtures"].groupby(led["facility_id"]).sum().reindex(names).fillna(0.0)
    found["estimated"] = rows["estimated"].groupby(by).any()
    for name in ("pcb", "survey", "asbestos"):
        found[name] = (count * rows[name]).groupby(by).sum()
    years = deadline_years(rows["ban"].tolist(), days)
    first = pd.Series(years).groupby(by.to_numpy()).idxmin()
    found["ban"] = rows["ban"].iloc[first.reindex(names).to_numpy()].to_numpy()
    found["deadline_year"] = years[first.reindex(names).to_numpy()]
    found.loc[found["deadline_year"] == NEVER, "ban"] = ""
    found["deadline_year"] = found["deadline_year"].replace(NEVER, 0)
    found["last_day"] = [days[ban].isoformat() if ban else "" for ban in found["ban"]]
    for name in ("name", "ward", "kind"):
        texts = listed[name].reindex(names) if name in listed else pd.Series("", index=names)
        found[name] = texts.where(texts.notna(), "").astype(str)
    return found.rename_axis("facility_id").reset_index()


def _places(rows: pd.DataFrame, facilities: pd.DataFrame) -> NDArray[np.int64]:
    """[n] the place of each row's facility."""
    place = {name: k for k, name in enumerate(facilities["facility_id"])}
    return rows["facility_id"].map(place).to_numpy(dtype=np.int64)


def _ways(facilities: pd.DataFrame, rows: pd.DataFrame, place: NDArray[np.int64], table: Table) -> pd.DataFrame:
    """The three ways of every facility; the best of them, and the payback of own purchase, go into the facilities' frame."""
    saving = (facilities["saved_yen"] + facilities["upkeep_yen"]).to_numpy(dtype=np.float64)
    cost = facilities["cost_yen"].to_numpy(dtype=np.float64)
    again = money.renewals(rows, place, len(facilities), table.whole("term"))
    told = money.figures(saving, cost, again, table)
    facilities["way"] = money.best(told, table)
    facilities["payback"] = told["purchase"]["payback"]
    parts = [pd.DataFrame({"facility_id": facilities["facility_id"], "way": way, **told[way]}) for way in money.WAYS]
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)[list(WAYS)]


def _programme(
    plan: Plan, facilities: pd.DataFrame, rows: pd.DataFrame, place: NDArray[np.int64], days: Mapping[str, date], rules: Rules, table: Table,
    progress: Progress,
) -> Found:  # fmt: skip
    """The programme; each facility's cost in its year goes into the facilities' frame."""
    n, years = len(facilities), np.asarray(rules.years)
    cost = np.repeat(facilities["cost_yen"].to_numpy(dtype=np.float64)[:, None], len(years), axis=1)
    joint = _joint(plan, facilities["facility_id"].tolist(), rules)
    spared = table.number("joint_share") * facilities["high_yen"].to_numpy(dtype=np.float64)
    cost = np.rint(cost - joint * spared[:, None])
    saved = (facilities["saved_yen"] + facilities["upkeep_yen"] if rules.goal == "saving" else facilities["co2_t"]).to_numpy(dtype=np.float64)  # fmt: skip
    rate = table.number("discount_rate") if rules.goal == "saving" else 0.0
    deadline = deadline_years(rows["ban"].tolist(), days)
    count = rows["fixtures"].to_numpy(dtype=np.float64)
    in_time = np.zeros((n, len(years)))
    for k, year in enumerate(rules.years):
        within = (deadline >= year) & (deadline != NEVER)
        in_time[:, k] = np.bincount(place, weights=count * within, minlength=n)
    sites = Sites(facilities["facility_id"].to_numpy(dtype=object), cost, worth_of(saved, rules.years, table.whole("term"), rate), in_time)  # fmt: skip
    found = plan_years(sites, rules, progress)
    chosen = found.year != NEVER
    column = np.where(chosen, found.year - years[0], 0)
    facilities["year_cost_yen"] = np.where(chosen, cost[np.arange(n), column], 0.0)
    facilities["joint"] = chosen & joint[np.arange(n), column] & (spared > 0)
    return found


def _joint(plan: Plan, ids: list[str], rules: Rules) -> NDArray[np.bool_]:
    """[n, years] whether works on the facility's roof or ceiling are planned for a year."""
    found = np.zeros((len(ids), len(rules.years)), dtype=bool)
    works, _ = rows_of_plan(plan, "roof_works")
    if "year" not in works:
        return found
    place = {name: k for k, name in enumerate(ids)}
    states: Any = works["state"] if "state" in works else [None] * len(works)
    for name, year, state in zip(works["facility_id"], works["year"], states, strict=True):
        if name in place and year in rules.years and state not in _OVER:
            found[place[name], rules.years.index(int(year))] = True
    return found


def _late(
    rows: pd.DataFrame, place: NDArray[np.int64], year: NDArray[np.int64], days: Mapping[str, date], n: int
) -> Floats:  # fmt: skip
    """[n] luminaires that are replaced after the last fiscal year in which their lamps can be had, or never."""
    deadline = deadline_years(rows["ban"].tolist(), days)
    late = (deadline != NEVER) & (year[place] > deadline)
    weights = rows["fixtures"].to_numpy(dtype=np.float64) * late
    return np.bincount(place, weights=weights, minlength=n).astype(np.float64)


def _lot_of(lots: pd.DataFrame, ids: list[str]) -> list[str]:
    found = {name: str(lot) for lot, some in zip(lots["lot"], lots["facility_ids"], strict=True) for name in some.split(";")}  # fmt: skip
    return [found.get(name, "") for name in ids]


def _years(facilities: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The programme year by year; ``saved_total_yen`` is what all that are done by then save a year."""
    found, total = [], 0.0
    left = float(facilities["luminaires"].sum())
    saving = facilities["saved_yen"] + facilities["upkeep_yen"]
    for year in rules.years:
        mine = facilities["year"] == year
        some, budget = facilities[mine], rules.budget(year)
        total += float(saving[mine].sum())
        left -= float(some["luminaires"].sum())
        found.append(
            (
                year, budget if np.isfinite(budget) else np.nan, len(some), float(some["luminaires"].sum()), float(some["year_cost_yen"].sum()), int(some["joint"].sum()),
                float(some["saved_kwh"].sum()), float(saving[mine].sum()), total, float(some["co2_t"].sum()), float(some["late"].sum()), left,
            )
        )  # fmt: skip
    return pd.DataFrame(found, columns=list(YEARS))


def _head(
    wants: Asked, rules: Rules, found: Found, table: Table, days: Mapping[str, date], left_out: Mapping[str, str], done: list[str]
) -> Head:  # fmt: skip
    return Head(
        first=rules.years[0], last=rules.years[-1], budget_yen=wants.budget_yen, budgets=dict(wants.budgets), goal=rules.goal, deadlines=rules.deadlines,
        pins=dict(wants.pins), status=found.status, gap=found.gap, in_time=found.in_time, most_in_time=found.most_in_time,
        numbers={key: row.value for key, row in table.numbers.items()}, asked=tuple(sorted(table.asked)), table=table.source,
        verify=sum(row.how_sure == "verify" for _, _, row in table.rows()), last_days={ban: day.isoformat() for ban, day in days.items()},
        left_out=dict(left_out), done=tuple(done),
    )  # fmt: skip
