"""Chargers of a facility: which set, for which cars, by which numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from kawasolar.answers.own import own_table
from kawasolar.provenance.model import Explanation, NothingToExplain, TableSource
from kawasolar.provenance.sources import flat, plain
from kawasolar.words import LANGUAGES, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kawasolar.charging import Charging
    from kawasolar.provenance.sources import Desk

# Cars that are told one by one.
_MOST = 12
_KINDS, _NUMBERS = "chargers.csv", "charging.toml"


def has(desk: Desk, facility_id: str) -> bool:
    """Whether the plan keeps chargers of a facility."""
    found = desk.charging
    return found is not None and bool((found.bases["facility_id"] == facility_id).any())


def chargers(desk: Desk, facility_id: str) -> Explanation:
    """How many, and why these."""
    found = desk.charging
    if found is None or not has(desk, facility_id):
        raise NothingToExplain("why.no_figure", figure="chargers")
    row = found.bases[found.bases["facility_id"] == facility_id].iloc[0]
    formula = "chargers_given" if found.head["set"] is not None else "chargers_least" if row["proven"] else "chargers_unproven"  # fmt: skip
    values = {"cars": int(row["cars"]), "served": int(row["served"]), "cost": float(row["cost_yen"])}
    inputs = flat(_cars(found, facility_id), _kinds(found, facility_id, desk), _numbers(found), desk.files("vehicles"))
    return Explanation("chargers", int(row["chargers"]), "", formula, inputs, desk.stage("charging"), values, facility_id)  # fmt: skip


def _cars(found: Charging, facility_id: str) -> list[Explanation]:
    """Each car: what it drives, and the least that is left in it."""
    cars = found.cars[found.cars["facility_id"] == facility_id]
    told = []
    for car in cars.head(_MOST).to_dict("records"):
        values = {str(key): plain(car[key]) for key in ("full_kwh", "reserve_kwh", "low_kwh", "longest_kwh")}
        reason = str(car["reason"])
        formula = "charging_car_left_out" if reason else "charging_car"
        told.append(Explanation("charging_car", float(car["driven_kwh"]), "kWh", formula, values=values | {"reason_code": reason}, facility_id=facility_id, part=str(car["vehicle"])))  # fmt: skip
    rest = cars.iloc[_MOST:]
    if len(rest):
        told.append(Explanation("charging_rest", float(rest["driven_kwh"].sum()), "kWh", "charging_rest", values={"count": len(rest)}, facility_id=facility_id))  # fmt: skip
    return told


def _kinds(found: Charging, facility_id: str, desk: Desk) -> list[TableSource]:
    """The kinds of the set, with how many, and what one costs."""
    own = own_table(desk.plan, "charging")
    table = _KINDS if own is None else own.name
    kinds = {str(kind["key"]): kind for kind in found.head["kinds"]}
    mine = found.chargers[found.chargers["facility_id"] == facility_id]
    told = []
    for key, number in zip(mine["kind"].astype(str), mine["number"], strict=True):
        kind = kinds[key]
        ja, en = (say(one, "charging.counted", name=kind[f"name_{one}"], number=int(number)) for one in LANGUAGES)
        each = float(kind["equipment_yen"]) + float(kind["works_yen"])
        told.append(TableSource(
            table, key, each, "yen", ja, en, float(kind["low_yen"]), float(kind["high_yen"]), kind["source_ja"], kind["source_en"], "", "", kind["how_sure"]
        ))  # fmt: skip
    return told


def _numbers(found: Charging) -> list[TableSource]:
    """What is assumed of every base."""
    from kawasolar.charging.table import OF_LEDGER, OF_OUTAGE, assumption_rows

    used, given = cast("Mapping[str, float]", found.head["assumptions"]), set(found.head["asked"])
    told = []
    for key, row in assumption_rows().items():
        if key in OF_LEDGER or key in OF_OUTAGE:
            continue
        ja, en = (say(one, f"charging.assumption.{key}") for one in LANGUAGES)
        told.append(TableSource(
            _NUMBERS, key, float(used.get(key, row.value)), row.unit, ja, en, row.low, row.high, row.source_ja, row.source_en, row.note_ja, row.note_en,
            cast("Any", row.how_sure), key in given,
        ))  # fmt: skip
    return told


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {"chargers": chargers}
