"""Which tariff a facility has: by its contract, else by its highest half hour."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.errors import TariffError
from kawasolar.profiles.tables import VOLTAGES
from kawasolar.registers import rows_of_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from kawasolar.plan import Plan
    from kawasolar.profiles.tables import Tables, Tariff
    from kawasolar.tariff.rules import Rules

_APRIL = 4


@dataclass(frozen=True)
class Supply:
    """What is known of a facility's contract.

    Attributes
    ----------
    voltage : one of :data:`kawasolar.profiles.tables.VOLTAGES`, or empty
    contract_kw : None where nobody knows
    contract : as the list of supply points calls it, or empty
    points : supply points of the facility in that list
    source : ``meter_points``, ``ledger`` or ``none``
    """

    voltage: str = ""
    contract_kw: float | None = None
    contract: str = ""
    points: int = 0
    source: str = "none"


def voltage_of(supply: Supply, peak_kw: float, rules: Rules) -> str:
    """The voltage of a supply: as its contract says, else by its contract kW, else by the highest half hour [kW]."""
    if supply.voltage in VOLTAGES:
        return supply.voltage
    kw = peak_kw if supply.contract_kw is None else supply.contract_kw
    if kw >= rules.kw("extra_high"):
        return "extra_high"
    return "high" if kw >= rules.kw("low_voltage") else "low"


def tariff_of(
    tables: Tables, supply: Supply, peak_kw: float, year: int, rules: Rules
) -> tuple[Tariff, tuple[Finding, ...]]:
    """The tariff of a supply in a fiscal year.

    That which the list of supply points names, else among those of its voltage and size, light before power, the latest that holds on 1 April, the first of the profile
    where there are several; where all of them begin later, the earliest of these, which is told.

    Raises
    ------
    TariffError
        the profile has no tariff for such a supply
    """
    voltage = voltage_of(supply, peak_kw, rules)
    kw = peak_kw if supply.contract_kw is None else supply.contract_kw
    fitting = [one for one in tables.tariffs if one.voltage == voltage and _holds(one, kw)]
    named = [one for one in fitting if _names(supply.contract, one)]
    # Most facilities at low voltage have light; who has power besides has a contract for it, which says so.
    candidates = named or [one for one in fitting if one.supply != "power"] or fitting
    if not candidates:
        code = "tariff.none_extra_high" if voltage == "extra_high" else "tariff.none_fits"
        raise TariffError(code, voltage=voltage, kw=round(kw, 1))
    day = date(year, _APRIL, 1)
    holding = [one for one in candidates if one.valid_from <= day]
    chosen = (
        max(holding, key=lambda one: one.valid_from) if holding else min(candidates, key=lambda one: one.valid_from)
    )
    said = {"voltage": voltage, "kw": round(kw, 1), "year": year}
    found = [] if named else [Finding("tariff.chosen_by_rule", "info", item=chosen.key, details=dict(said))]
    if not holding:
        found.append(Finding("tariff.begins_later", "warning", item=chosen.key, details=dict(said)))
    return chosen, tuple(found)


def _holds(tariff: Tariff, kw: float) -> bool:
    return (tariff.from_kw or 0.0) <= kw < (math.inf if tariff.to_kw is None else tariff.to_kw)


def _names(contract: str, tariff: Tariff) -> bool:
    """Whether a contract's words are those of a tariff."""
    said, name = _plain(contract), _plain(tariff.name_ja)
    return bool(said) and (said in name or name in said or said == _plain(tariff.key))


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def supply_of(plan: Plan, facility_id: str) -> Supply:
    """What a plan knows of a facility's contract: from the list of supply points, else from the ledger.

    Of several supply points the one with the highest contract is told, and how many there are.
    """
    return supply_of_rows(plan)(facility_id)


def supply_of_rows(plan: Plan) -> Callable[[str], Supply]:
    """As :func:`supply_of`, for many facilities: the lists are looked through once."""
    rows, _ = rows_of_plan(plan, "meter_points")
    points: dict[str, list[Mapping[Hashable, object]]] = {}
    for row in rows.to_dict("records"):
        points.setdefault(str(row["facility_id"]), []).append(row)
    has_kw = "contract_kw" in plan.facilities
    ledger = dict(zip(plan.facilities["facility_id"], plan.facilities["contract_kw"], strict=True)) if has_kw else {}

    def supply(facility_id: str) -> Supply:
        own = points.get(facility_id, [])
        if own:
            best = max(own, key=lambda row: _number(row.get("contract_kw")) or 0.0)
            kw = _number(best.get("contract_kw"))
            return Supply(_text(best.get("voltage")), kw, _text(best.get("contract")), len(own), "meter_points")
        kw = _number(ledger.get(facility_id))
        return Supply(contract_kw=kw, source="none" if kw is None else "ledger")

    return supply


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0.0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
