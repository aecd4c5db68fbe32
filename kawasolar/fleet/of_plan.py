"""From a plan's ledger of vehicles to the programme of its fleet."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.errors import PlanError
from kawasolar.fleet.catalogue import read_catalogue, shipped_catalogue
from kawasolar.fleet.cost import costs_of, references
from kawasolar.fleet.fitting import choose, fit
from kawasolar.fleet.ledger import cars_of
from kawasolar.fleet.programme import Asked, Found, plan_years
from kawasolar.fleet.result import CARS, FleetResult, bases_frame, electric_frame, years_frame
from kawasolar.fleet.rules import FleetRules, check_rules, default_rules
from kawasolar.fleet.schedule import schedule_of
from kawasolar.fleet.sharing import sharing_of_car
from kawasolar.fleet.table import assumption_rows, assumptions_of
from kawasolar.programme.highs import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.findings import Finding
    from kawasolar.fleet.cost import Costs
    from kawasolar.fleet.fitting import Fits
    from kawasolar.fleet.schedule import Schedule
    from kawasolar.fleet.table import Assumptions
    from kawasolar.plan import Plan

_PHASES = (0.1, 0.95)


def plan_fleet(
    plan: Plan, rules: FleetRules | None = None, progress: Progress = silent, *, catalogue: Path | None = None
) -> FleetResult:  # fmt: skip
    """The next-generation car of every car of a plan, and the fiscal year in which it comes.

    Parameters
    ----------
    rules : as :func:`kawasolar.fleet.default_rules` unless given
    catalogue : CSV in the place of the shipped one

    Raises
    ------
    PlanError
        ``fleet.no_ledger``; what the rules or the catalogue are refused for
    gis.progress.Cancelled
        from ``progress``
    """
    from kawasolar.registers.of_plan import rows_of_plan

    rows, findings = rows_of_plan(plan, "vehicles")
    if not len(rows):
        raise PlanError("fleet.no_ledger")
    models, faults = (shipped_catalogue(), ()) if catalogue is None else read_catalogue(catalogue)
    names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
    assumed = assumptions_of(plan.profile, (rules or default_rules()).values)
    found = fleet_of(rows, rules or default_rules(), assumed, models, names, progress, (*findings, *faults))
    return replace(found, head={**found.head, "catalogue": "" if catalogue is None else catalogue.name})


def fleet_of(
    rows: pd.DataFrame, rules: FleetRules, assumed: Assumptions, models: pd.DataFrame, names: dict[str, str],
    progress: Progress = silent, findings: tuple[Finding, ...] = (),
) -> FleetResult:  # fmt: skip
    """As :func:`plan_fleet`, of rows of a ledger with ``facility_id``; ``names``: facility -> name."""
    check_rules(rules)
    cars, noticed = cars_of(rows, assumed, rules.counts, rules.first_year)
    progress(0.0, "fleet")
    fits = fit(cars, models, rules.counts, assumed)
    leased_now = (cars["held"] == "lease").to_numpy()
    leased = {"lease": np.ones_like(leased_now), "purchase": np.zeros_like(leased_now)}.get(rules.way, leased_now)
    every = costs_of(cars, models, leased, assumed)
    as_it_is = costs_of(cars, models, leased_now, assumed, cars["km_per_l"].to_numpy(dtype=np.float64))
    old = as_it_is.pick(references(cars, models))
    already = cars["next_generation"].to_numpy()
    model = np.where(already, _standing(cars, models, every), choose(fits, models, every.yearly_yen, rules.groups))
    new = every.pick(model)
    planned = cars["vehicle_class"].isin(rules.planned).to_numpy()
    open_ = np.flatnonzero(planned & ~already & (model >= 0))
    sub = [_rows(costs, open_) for costs in (old, new)]
    natural = cars["natural_year"].to_numpy(dtype=np.float64)
    schedule = schedule_of(natural[open_], leased_now[open_], sub[0], sub[1], rules.years, assumed)
    need, head = _target(cars, rules, open_)
    asked = Asked(
        schedule,
        need,
        cars["passenger"].to_numpy()[open_],
        _budgets(rules),
        rules.cars_per_year,
        rules.objective,
        natural[open_],
    )
    found = plan_years(asked, Limits(rules.gap, rules.seconds), part(progress, *_PHASES))
    index = np.full(len(cars), -1, dtype=np.int64)
    index[open_] = found.year
    told = _cars(cars, models, fits, model, old, new, names)
    told["why"], told["fiscal_year"] = _whys(told, planned, index, rules)
    told["model"] = told["model"].where(told["why"] != "no_substitute", "")
    for name, values in (("early_yen", schedule.early_yen), ("late_yen", schedule.late_yen)):
        told[name] = 0.0
        replaced = found.year < len(rules.years)
        told.loc[open_[replaced], name] = values[replaced, found.year[replaced]]
    progress(1.0, "fleet")
    return _result(told, schedule, found, rules, assumed, models, head, (*findings, *noticed))


def electric_cars(plan: Plan, asked: FleetResult | FleetRules | None, year: int) -> pd.DataFrame:
    """The cars of a plan that are charged at the end of a fiscal year.

    Parameters
    ----------
    asked : a result, or the rules by which one is reckoned

    Returns
    -------
    ``vehicle facility_id model battery_kwh usable_share kwh_per_km winter_kwh_per_km km_day km_longest leaves returns days_per_year charge_kw v2x``;
    see :func:`kawasolar.fleet.result.electric_frame`

    Raises
    ------
    PlanError
        as :func:`plan_fleet`
    """
    result = asked if isinstance(asked, FleetResult) else plan_fleet(plan, asked)
    return electric_frame(result, assumptions_of(plan.profile, result.head["rules"]["values"]), year)


def _rows(costs: Costs, rows: NDArray[np.int64]) -> Costs:
    return type(costs)(**{name: values[rows] for name, values in vars(costs).items()})


def _budgets(rules: FleetRules) -> dict[int, float]:
    found = {year: rules.budget_of(year) for year in rules.years}
    return {year: float(value) for year, value in found.items() if value is not None}


def _standing(cars: pd.DataFrame, models: pd.DataFrame, costs: Costs) -> NDArray[np.int64]:
    """[n] what stands for a car that is next-generation already: the cheapest of its power and body; −1 for none."""
    same = cars["power"].to_numpy()[:, None] == models["power"].to_numpy()[None, :]
    same &= cars["vehicle_class"].to_numpy()[:, None] == models["body"].to_numpy()[None, :]
    cost = np.where(same, costs.yearly_yen, np.inf)
    return np.where(same.any(axis=1), cost.argmin(axis=1), -1).astype(np.int64)


def _target(cars: pd.DataFrame, rules: FleetRules, open_: NDArray[np.int64]) -> tuple[int, dict[str, Any]]:
    """How many passenger cars have to be replaced and can be; the numbers for the head."""
    passenger = cars["passenger"].to_numpy()
    already = int((passenger & cars["next_generation"].to_numpy()).sum())
    wanted = math.ceil(rules.target * int(passenger.sum()) - 1e-9)
    possible = int(passenger[open_].sum())
    need = max(min(wanted - already, possible), 0)
    return need, {
        "vehicles": len(cars), "passenger": int(passenger.sum()), "already": already, "target_cars": wanted, "possible": possible,
        "lacking_models": max(wanted - already - possible, 0),
    }  # fmt: skip


def _cars(
    cars: pd.DataFrame, models: pd.DataFrame, fits: Fits, model: NDArray[np.int64], old: Costs, new: Costs, names: dict[str, str]
) -> pd.DataFrame:  # fmt: skip
    """The cars with their models, what these cost, and why none fits."""
    keys, powers = (np.append(models[name].to_numpy(dtype=object), "") for name in ("key", "power"))
    nearest = np.where(model < 0, fits.nearest(), -1)
    reasons = [
        ",".join(fits.reasons(k, near)) if near >= 0 else "body" if model[k] < 0 else ""
        for k, near in enumerate(nearest.tolist())
    ]
    made = cars.assign(
        base_name=[names.get(one, "") or base for one, base in zip(cars["facility_id"], cars["base"], strict=True)],
        model=keys[model], model_power=powers[model], nearest=keys[nearest], reasons=reasons, range_km=np.append(fits.range_km, np.nan)[np.where(model < 0, nearest, model)],
        old_yearly_yen=old.yearly_yen, new_yearly_yen=new.yearly_yen, new_tco_yen=new.tco_yen, upfront_yen=new.upfront_yen,
        # As long as the new car's life, so that the two compare.
        old_tco_yen=old.yearly_yen * new.tco_yen / new.yearly_yen, old_co2_t=old.co2_t, new_co2_t=new.co2_t, kwh=new.kwh,
        fiscal_year=np.nan, why="", early_yen=0.0, late_yen=0.0,
    )  # fmt: skip
    return made[list(CARS)]


def _whys(
    cars: pd.DataFrame, planned: NDArray[np.bool_], index: NDArray[np.int64], rules: FleetRules
) -> tuple[list[str], NDArray[np.float64]]:
    """Why each car is replaced when it is, and the year."""
    years = np.array([*rules.years, np.nan])
    replaced = (index >= 0) & (index < len(rules.years))
    year = np.where(replaced, years[np.maximum(index, 0)], np.nan)
    due = cars["natural_year"].to_numpy(dtype=np.float64)
    conditions = [
        cars["next_generation"].to_numpy(), ~planned, (cars["model"] == "").to_numpy(), ~replaced, np.isnan(due), due == year,
        (due < rules.first_year) & (year == rules.first_year), due < year, due > rules.last_year,
    ]  # fmt: skip
    codes = [
        "already", "outside", "no_substitute", "kept", "unknown_due", "natural", "overdue", "late", "early_target",
    ]  # fmt: skip
    return np.select(conditions, codes, "early").tolist(), year


def _result(
    cars: pd.DataFrame, schedule: Schedule, found: Found, rules: FleetRules, assumed: Assumptions, models: pd.DataFrame, head: dict[str, Any],
    findings: tuple[Finding, ...],
) -> FleetResult:  # fmt: skip
    chosen = np.flatnonzero(found.year < len(rules.years))
    spending = schedule.spend_yen[chosen, found.year[chosen]].sum(axis=0)
    share = sharing_of_car(assumed) if rules.sharing else {}
    years = years_frame(
        cars, dict(zip(rules.years, spending.tolist(), strict=True)), rules, share.get("net_yen", np.nan)
    )
    assumptions = pd.DataFrame([
        {
            "key": key, "value": assumed[key], "unit": row.unit, "low": row.low, "high": row.high, "origin": assumed.origin[key],
            "how_sure": row.how_sure,
        }
        for key, row in assumption_rows().items()
    ])  # fmt: skip
    replaced = cars[cars["fiscal_year"].notna()]
    totals = {
        "replaced": len(replaced), "old_yearly_yen": float(replaced["old_yearly_yen"].sum()), "new_yearly_yen": float(replaced["new_yearly_yen"].sum()),
        "old_tco_yen": float(replaced["old_tco_yen"].sum()), "new_tco_yen": float(replaced["new_tco_yen"].sum()),
        "spend_yen": float(spending.sum()), "early_yen": float(replaced["early_yen"].sum()), "late_yen": float(replaced["late_yen"].sum()),
        "saved_t": float(years["saved_t"].iloc[-1]), "kwh": float(years["kwh"].iloc[-1]),
        "no_substitute": int((cars["why"] == "no_substitute").sum()),
        # Their old cars have no counterpart in the catalogue, and so no cost to compare.
        "without_reference": int(replaced["old_yearly_yen"].isna().sum()),
    }  # fmt: skip
    whole = {
        **head, "catalogue": "", "rules": _plain(rules), "status": found.status, "gap": _finite(found.gap), "need_cars": found.need, "reached_cars": found.reached,
        "share": float(years["share"].iloc[-1]), "short": list(found.short), "least_yen": _finite(found.least_yen), "least_proven": found.least_proven,
        "totals": totals, "sharing": share,
        "verify": list(assumptions["key"][(assumptions["how_sure"] == "verify") & (assumptions["origin"] == "table")]),
    }  # fmt: skip
    return FleetResult(whole, cars, years, bases_frame(cars, models, rules.last_year), assumptions, models, findings)


def _plain(rules: FleetRules) -> dict[str, Any]:
    """As JSON can hold it."""
    told = asdict(rules)
    told |= {"counts": list(rules.counts), "classes": list(rules.planned), "values": dict(rules.values)}
    return {**told, "budgets": {str(year): value for year, value in rules.budgets.items()}}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
