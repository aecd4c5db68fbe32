"""The sites of a plan: its eligible facilities and what stands already, with what the plan has today: energy, CO2, capacity, and costs by the profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.errors import ProgrammeInvalid
from kawasolar.programme.entered import list_of, standing_of, years_of_sites
from kawasolar.programme.rules_file import RulesFile
from kawasolar.programme.sites import make_sites, worth_of_annual
from kawasolar.registers.of_plan import rows_of_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kawasolar.plan import Plan
    from kawasolar.programme.rules import Rules
    from kawasolar.programme.sites import Sites, Worth

_TARGET = "pv_share"
_WORTH: dict[str, Worth] = {"co2": "co2", "energy": "kwh"}
# Works that renew a roof, and the states in which they are still to come.
_ROOF_WORKS, _COMING = ("waterproofing", "roofing"), ("planned", "contracted")


@dataclass(frozen=True)
class Asked:
    """Sites and rules of a plan, what was assumed, and what was noticed; ``count`` is the day of the list that the share is of, empty where it is today's.

    Attributes
    ----------
    assumed : ``first_year last_year worth_until discount_rate``, ``yen_per_kw`` by the size of the smallest site, ``subsidy_rate saving_yen_per_kwh`` (None = not known)
    names : facility id -> name
    """

    sites: Sites
    rules: Rules
    assumed: Mapping[str, float | None]
    names: Mapping[str, str]
    findings: tuple[Finding, ...]
    count: str = ""


def programme_of_plan(plan: Plan, told: RulesFile | None = None) -> Asked:
    """What is asked for a plan: its eligible facilities, its share, objective, pins and vetoes, what stands and which years single facilities have, and what
    rules say besides or instead (the scenario's own, :func:`kawasolar.programme.entered.told_of`, or a file's).

    Years: from the plan's year to the year of the first coming target of PV in the profile. Worth: a plant gives its yearly CO2 and energy from the year
    after it is built to ``worth_until`` (as many years as the profile's ``ageing.years`` after the first), discounted by the profile's rate for PPA,
    where it has one. Cost: the profile's cost of a roof plant of that size × kW, less the subsidy. Renewal of roofs: the rules file's years, and
    the works on roofs that are still to come in the plan's own ledger of these.

    Raises
    ------
    ProgrammeInvalid
        ``programme.no_capex``, ``programme.no_target``, ``programme.no_saving``: neither profile nor rules file says it.
    """
    told = _with_entered(plan, told or RulesFile())
    first, last = _years(plan, told)
    years = tuple(range(first, last + 1))
    rules = told.rules(years, plan.settings.share, _WORTH[plan.settings.objective])
    listed = None if told.count is None else list_of(plan.entries, told.count)
    if listed is not None:
        rules = replace(rules, denominator=len(listed))
    rate = told.discount_rate if told.discount_rate is not None else (_ppa(plan, "discount_rate") or 0.0)
    until = told.worth_until or first + int(plan.profile.number("ageing.years"))
    table, findings = _table(plan, told, last)
    kw, kwh = table["capacity_kw"].to_numpy(dtype=float), table["energy_kwh"].to_numpy(dtype=float)
    cost = _capex(plan, told, kw, first)[:, None] * _change(told, years)
    subsidy = cost * told.costs.get("subsidy_rate", 0.0)
    worth: dict[Worth, NDArray[np.float64]] = {
        "co2": worth_of_annual(table["co2_t"].to_numpy(dtype=float), years, until, rate),
        "kwh": worth_of_annual(kwh, years, until, rate),
    }
    saving = _saving(plan, told, needed=rules.objective == "saving")
    if saving is not None:
        worth["saving"] = worth_of_annual(kwh * saving, years, until, rate) - _discounted(cost - subsidy, rate)
    sites = make_sites(
        table["facility_id"].tolist(), years, worth=worth, capacity_kw=kw, cost_yen=cost - subsidy, subsidy_yen=subsidy,
        ward=table["ward"].to_numpy(), shelter=table["shelter"].to_numpy(), earliest=table["earliest"].to_numpy(), latest=table["latest"].to_numpy(), renewal_year=table["renewal_year"].to_numpy(),
        state=table["state"].to_numpy(), state_year=table["state_year"].to_numpy(), pinned=table["pinned"].to_numpy(), vetoed=table["vetoed"].to_numpy(), pinned_year=table["pinned_year"].to_numpy(),
        listed=True if listed is None else table["facility_id"].astype(str).isin(sorted(listed)).to_numpy(),
    )  # fmt: skip
    assumed = {
        "first_year": first, "last_year": last, "worth_until": until, "discount_rate": rate,
        "yen_per_kw": float(cost[0, 0] / kw[0]) if len(kw) and kw[0] else None,
        "subsidy_rate": told.costs.get("subsidy_rate"), "saving_yen_per_kwh": saving,
    }  # fmt: skip
    return Asked(
        sites,
        rules,
        assumed,
        dict(zip(table["facility_id"], table["name"], strict=True)),
        tuple(findings),
        told.count or "",
    )


def _with_entered(plan: Plan, told: RulesFile) -> RulesFile:
    """The rules with what people entered in the plan of single facilities; what the rules say of one themselves goes first."""
    earliest, latest = years_of_sites(plan.entries, plan.scenario)
    standing = {**standing_of(plan.entries), **{one.facility_id: one for one in told.standing}}
    known = set(plan.decision.sites["facility_id"].astype(str))
    return replace(
        told, earliest={**earliest, **told.earliest}, latest={**latest, **told.latest},
        # Whoever has gone from the ledger stands no longer in its programme.
        standing=tuple(one for one in standing.values() if one in told.standing or one.facility_id in known),
    )  # fmt: skip


def _years(plan: Plan, told: RulesFile) -> tuple[int, int]:
    first = told.first_year or int(plan.profile.number("plan.year"))
    coming = [
        row.fiscal_year for row in plan.profile.tables.targets if row.what == _TARGET and row.fiscal_year >= first
    ]
    if told.last_year is None and not coming:
        raise ProgrammeInvalid("programme.no_target", year=first)
    last = told.last_year or min(coming)
    if last < first:
        raise ProgrammeInvalid("programme.bad_sites", what="years", found=f"{first} … {last}")
    return first, last


def _table(plan: Plan, told: RulesFile, last: int) -> tuple[pd.DataFrame, list[Finding]]:
    """One row per site, in the ledger's order."""
    standing = {one.facility_id: one for one in told.standing}
    decided = plan.decision.sites.set_index("facility_id")
    ids = decided.index.astype(str)
    kept = decided.index[(decided["status"] == "eligible").to_numpy() | ids.isin(list(standing))]
    ledger = plan.facilities.set_index("facility_id").reindex(kept)
    yields = plan.results.yields.set_index("facility_id")[["capacity_kw", "energy_kwh", "co2_t"]].reindex(kept)
    table = yields.fillna(0.0).reset_index(names="facility_id")
    names = table["facility_id"].astype(str)
    table["name"] = _texts(ledger, "name", fallback=names)
    table["ward"] = _texts(ledger, "ward", fallback=pd.Series("", index=table.index))
    shelter = ledger["shelter"] if "shelter" in ledger else pd.Series(False, index=ledger.index)
    table["shelter"] = shelter.eq(True).fillna(False).to_numpy(dtype=bool)
    first = min(_years(plan, told))
    renewals, findings = _renewals(plan, told)
    table["renewal_year"] = names.map(renewals).astype(float)
    table["earliest"] = names.map(told.earliest).fillna(first).astype(int)
    table["latest"] = names.map(told.latest).fillna(last).astype(int)
    sizes = {one: known.capacity_kw for one, known in standing.items() if known.capacity_kw is not None}
    table["capacity_kw"] = names.map(sizes).astype(float).fillna(table["capacity_kw"])
    table["state"] = [standing[one].state if one in standing else "open" for one in names]
    table["state_year"] = [standing[one].year if one in standing else 0 for one in names]
    pins = {**dict.fromkeys(plan.settings.pins, 0), **told.pins}
    vetoes = plan.settings.vetoes | told.vetoes
    table["pinned"] = names.isin(list(pins))
    table["vetoed"] = names.isin(list(vetoes))
    table["pinned_year"] = names.map(pins).fillna(0).astype(int)
    findings += _misfits(told, set(names), set(ids))
    return table, findings


def _texts(frame: pd.DataFrame, column: str, fallback: pd.Series) -> list[str]:
    values = frame[column].tolist() if column in frame else [None] * len(frame)
    return [value if isinstance(value, str) else str(other) for value, other in zip(values, fallback, strict=True)]


def _misfits(told: RulesFile, sites: set[str], everybody: set[str]) -> list[Finding]:
    """What the rules file says of facilities that are not there, or not eligible."""
    named = {
        *told.pins,
        *told.vetoes,
        *told.earliest,
        *told.latest,
        *told.roof_years,
        *(s.facility_id for s in told.standing),
    }
    found = [Finding("programme.no_such_facility", "warning", item=one) for one in sorted(named - everybody)]
    late = sorted((set(told.pins) & everybody) - sites)
    return found + [Finding("programme.pin_not_eligible", "warning", item=one) for one in late]


def _renewals(plan: Plan, told: RulesFile) -> tuple[dict[str, int], list[Finding]]:
    """The fiscal year until which each roof waits: the last of the works that are still to come."""
    rows, findings = rows_of_plan(plan, "roof_works")
    years: dict[str, int] = {}
    if len(rows) and {"year", "facility_id"} <= set(rows):
        work = (
            rows["work"].isin(_ROOF_WORKS) | rows["work"].isna()
            if "work" in rows
            else pd.Series(True, index=rows.index)
        )
        if "state" in rows:
            coming = rows["state"].isin(_COMING)
        else:
            coming = rows["year"] >= int(plan.profile.number("plan.year"))
        mine = rows[work & coming & rows["facility_id"].notna() & rows["year"].notna()]
        years = {str(one): int(year) for one, year in mine.groupby("facility_id")["year"].max().items()}
    return {**years, **told.roof_years}, list(findings)


def _capex(plan: Plan, told: RulesFile, kw: NDArray[np.float64], year: int) -> NDArray[np.float64]:
    """[n] what each plant costs [yen]: by the rules file, else by the profile's newest row for its size up to the first year."""
    if "yen_per_kw" in told.costs:
        return kw * told.costs["yen_per_kw"]
    rows = [row for row in plan.profile.tables.capex if row.plant == "roof"]
    known = [row for row in rows if row.fiscal_year <= year] or rows
    cost = np.full(len(kw), np.nan)
    for row in sorted(known, key=lambda one: one.fiscal_year):
        mine = (kw >= row.from_kw) & (kw < (np.inf if row.to_kw is None else row.to_kw))
        cost[mine] = kw[mine] * row.yen_per_kw
    if np.isnan(cost).any():
        raise ProgrammeInvalid("programme.no_capex", kw=round(float(kw[np.isnan(cost)][0]), 1))
    return cost


def _change(told: RulesFile, years: tuple[int, ...]) -> NDArray[np.float64]:
    """[1, T] what a cost becomes year by year."""
    return np.asarray((1.0 + told.costs.get("yearly_change", 0.0)) ** np.arange(len(years)))[None, :]


def _discounted(values: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    return np.asarray(values * (1.0 + rate) ** -np.arange(values.shape[1], dtype=float))


def _saving(plan: Plan, told: RulesFile, *, needed: bool) -> float | None:
    """What a kilowatt-hour of the roof saves [yen]: by the rules file, else the profile's price of bought power."""
    found = told.costs.get("saving_yen_per_kwh", _ppa(plan, "purchase_price"))
    if found is None and needed:
        raise ProgrammeInvalid("programme.no_saving")
    return found


def _ppa(plan: Plan, key: str) -> float | None:
    return next((row.value for row in plan.profile.tables.ppa if row.key == key), None)
