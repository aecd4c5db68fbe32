"""LED lighting of a facility: what it saves, luminaire by luminaire, what it costs, and why in its fiscal year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kawasolar.demand.after_led import is_asked
from kawasolar.document.views import mark_of
from kawasolar.provenance.model import EnteredSource, Explanation, NothingToExplain, TableSource
from kawasolar.provenance.sources import flat, plain
from kawasolar.provenance.use import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kawasolar.lighting import Lighting
    from kawasolar.lighting.table import Table
    from kawasolar.profiles.reader import Cited
    from kawasolar.provenance.model import Source
    from kawasolar.provenance.sources import Desk

# Rows of the ledger that are told one by one, those that save most.
_MOST = 12
# What a row may add to its luminaires' price, and the number by which.
_EXTRA = {"high": "high_place_yen", "emergency": "emergency_yen", "dimming": "dimming_yen", "asbestos": "asbestos_yen", "pcb": "pcb_yen", "survey": "pcb_survey_yen"}  # fmt: skip


def has(desk: Desk, facility_id: str) -> bool:
    """Whether the plan keeps LED of a facility."""
    found = desk.lighting
    return found is not None and bool((found.facilities["facility_id"] == facility_id).any())


def _mine(desk: Desk, facility_id: str) -> tuple[Lighting, dict[str, Any]]:
    found = desk.lighting
    if found is None or not has(desk, facility_id):
        raise NothingToExplain("why.no_figure", figure="lighting_saved_kwh")
    row = found.facilities[found.facilities["facility_id"] == facility_id].iloc[0]
    return found, {str(key): plain(value) for key, value in row.items()}


def saved_kwh(desk: Desk, facility_id: str) -> Explanation:
    """Number · (W − W of LED) · hours of every luminaire."""
    from kawasolar.lighting.table import table_known

    found, mine = _mine(desk, facility_id)
    rows = found.rows[found.rows["facility_id"] == facility_id].sort_values("saved_kwh", ascending=False, kind="stable")
    table = table_known(desk.plan)
    told = [_row(row, facility_id, table, desk) for row in rows.head(_MOST).to_dict("records")]
    rest = rows.iloc[_MOST:]
    if len(rest):
        told.append(Explanation("lighting_rest", float(rest["saved_kwh"].sum()), "kWh", "lighting_rest", values={"count": len(rest)}, facility_id=facility_id))  # fmt: skip
    files = [] if rows["estimated"].all() else desk.files("lamps")
    values = {"luminaires": mine["luminaires"], "old": mine["old_kwh"], "new": mine["new_kwh"]}
    return Explanation("lighting_saved_kwh", mine["saved_kwh"], "kWh", "lighting_saved", flat(told, files), desk.stage("lighting"), values, facility_id)  # fmt: skip


def _row(row: Mapping[Any, Any], facility_id: str, table: Table, desk: Desk) -> Explanation:
    """A row of the ledger, or what floor and kind tell."""
    from kawasolar.lighting.ledger import standard_of

    # A table of another version may not have it any more.
    led = next((one for one in table.replacements if one.key == row["replacement"]), None)
    inputs: list[Source] = []
    if led is not None:
        field, unit = ("ratio", "-") if led.led_w is None else ("led_w", "W")
        inputs.append(_table(table, "replacements", led, field, unit))
    estimated = bool(row["estimated"])
    if estimated or row["hours_from"] == "kind":
        kind = plain(desk.facility(facility_id).get("kind"))
        dense = table.density(str(kind) if kind is not None else None)
        inputs.append(_table(table, "densities", dense, "hours", "h/a"))
        if estimated:
            inputs += [
                _table(table, "densities", dense, "w_m2", "W/m²"),
                *desk.ledgers(facility_id, "floor_area_m2", "kind"),
            ]
    if row["w_from"] == "standard":
        known = standard_of(str(row["lamp_type"]), str(row["fixture"]), table)
        inputs += [] if known is None else [_table(table, "standards", known, "watts", "W")]
    where = " ".join(str(row[name]) for name in ("building", "floor", "room") if row[name])
    values = {
        "row": int(row["source_row"]), "where": where, "fixture": str(row["fixture"]), "lamp": str(row["lamp_type"]), "count": float(row["fixtures"]),
        "old": float(row["old_w"]), "led": float(row["led_w"]), "hours": float(row["hours"]), "w_from": str(row["w_from"]), "hours_from": str(row["hours_from"]),
    }  # fmt: skip
    figure, part = ("lighting_estimate", "") if estimated else ("lighting_row", str(values["row"]))
    return Explanation(figure, float(row["saved_kwh"]), "kWh", figure, tuple(inputs), None, values, facility_id, part)


def saved_yen(desk: Desk, facility_id: str) -> Explanation:
    """By the tariff, half hour by half hour, or by a plain price."""
    _, mine = _mine(desk, facility_id)
    price = str(mine["by"]) == "price"
    known = desk.plan.use is not None and bool((desk.plan.use.frame["facility_id"] == facility_id).any())
    # Of the load as it is: not where the plan's load is already what is left.
    loads = (
        [load(desk, facility_id)] if known and not price and not is_asked(desk.plan.entries, desk.plan.scenario) else []
    )
    prices = [_price(desk)] if price else []
    values = {"contract": mine["contract_kw"], "upkeep": mine["upkeep_yen"]}
    return Explanation(
        "lighting_saved_yen", mine["saved_yen"], "yen", f"lighting_yen_{mine['by']}", (saved_kwh(desk, facility_id), *loads, *prices), desk.stage("lighting"), values, facility_id
    )  # fmt: skip


def _price(desk: Desk) -> TableSource:
    """The profile's one price of electricity, where no tariff is known."""
    from kawasolar.finance.terms import Terms
    from kawasolar.words import say

    terms, code = Terms.of(desk.plan.profile), "profile.ppa.purchase_price"
    row = terms.rows["purchase_price"]
    return _cited("ppa_values", "purchase_price", terms.number("purchase_price"), "yen/kWh", (say("ja", code), say("en", code)), row, bounds=(row.low, row.high))  # fmt: skip


def cost(desk: Desk, facility_id: str) -> Explanation:
    """Price of each luminaire, what high places and its kind add, disposal; less what joint works spare, where they do."""
    from kawasolar.lighting.table import table_known

    found, mine = _mine(desk, facility_id)
    rows, table = found.rows[found.rows["facility_id"] == facility_id], table_known(desk.plan)
    used = set(rows["replacement"])
    inputs: list[Source] = [_table(table, "replacements", one, "yen", "yen") for one in table.replacements if one.key in used]  # fmt: skip
    keys = [key for name, key in _EXTRA.items() if bool(rows[name].any())]
    keys += ["luminaire_kg", "luminaire_waste_yen_kg", *(["joint_share"] if mine["joint"] else [])]
    inputs += [_number(table, found, key) for key in keys]
    whole = float(mine["cost_yen"])
    value = float(mine["year_cost_yen"]) if mine["year"] else whole
    values = {"luminaires": mine["luminaires"], "high": mine["high_yen"], "waste": mine["waste_yen"], "spared": whole - value}  # fmt: skip
    formula = "lighting_cost_joint" if mine["joint"] else "lighting_cost"
    return Explanation("lighting_cost_yen", value, "yen", formula, tuple(inputs), desk.stage("lighting"), values, facility_id)  # fmt: skip


def year(desk: Desk, facility_id: str) -> Explanation:
    """The fiscal year of LED, None for none."""
    from kawasolar.lighting.year import year_why

    found, mine = _mine(desk, facility_id)
    values = {
        "why": year_why(found, facility_id), "goal": found.head.goal, "gap": found.head.gap if found.head.status == "done" else None,
        "last_day": mine["last_day"], "ban": mine["ban"], "late": mine["late"],
    }  # fmt: skip
    inputs = flat((cost(desk, facility_id), saved_yen(desk, facility_id)), _deadline(desk, found, str(mine["ban"] or "")), _pinned(desk, facility_id))  # fmt: skip
    return Explanation("lighting_year", int(mine["year"]) or None, "calendar year", "lighting_year", inputs, desk.stage("lighting"), values, facility_id)  # fmt: skip


def _deadline(desk: Desk, found: Lighting, ban: str) -> list[TableSource]:
    """The last day on which its lamps are made: of the profile, else of the table."""
    from kawasolar.lighting.table import table_known
    from kawasolar.lighting.words import ban_name

    profile, table = {row.lamp: row for row in desk.plan.profile.tables.lamp_bans}, table_known(desk.plan)
    row: Any = profile.get(ban) or next((one for one in table.bans if one.ban == ban), None)
    if row is None:
        return []
    of, day = "lamp_bans" if ban in profile else table.source, found.head.last_days.get(ban, row.last_day.isoformat())
    return [_cited(of, ban, day, "", (ban_name("ja", ban), ban_name("en", ban)), row)]


def _pinned(desk: Desk, facility_id: str) -> list[EnteredSource]:
    """The year that somebody gave it."""
    plan = desk.plan
    entry = plan.entries.get("asked", f"{plan.scenario}/lighting")
    given = None if entry is None else entry["value"].get("pins", {}).get(facility_id)
    if entry is None or given is None:
        return []
    return [EnteredSource("lighting", facility_id, int(given), mark_of(entry))]


# ---------------------------------------------------------------------------------------------- rows of the table


def _number(table: Table, found: Lighting, key: str) -> TableSource:
    """A number as it was reckoned with."""
    from kawasolar.words import say

    row, code = table.numbers[key], f"lighting.number.{key}"
    used, given = found.head.numbers.get(key, row.value), key in found.head.asked
    return _cited(table.source, f"numbers/{key}", used, row.unit, (say("ja", code), say("en", code)), row, bounds=(row.low, row.high), given=given)  # fmt: skip


def _table(table: Table, section: str, row: Cited, field: str, unit: str) -> TableSource:
    """A number of a row, under the row's name."""
    from kawasolar.lighting.tables import item_name
    from kawasolar.words import say

    key = next(name for sect, name, one in table.rows() if sect == section and one is row)
    ja, en = (say(lang, f"why.table.{field}", item=item_name(lang, section, row, key)) for lang in ("ja", "en"))
    return _cited(table.source, f"{section}/{key}/{field}", float(getattr(row, field)), unit, (ja, en), row)


def _cited(
    table: str, key: str, value: float | str, unit: str, names: tuple[str, str], row: Cited, *, bounds: tuple[float | None, float | None] = (None, None),
    given: bool = False,
) -> TableSource:  # fmt: skip
    return TableSource(table, key, value, unit, *names, *bounds, row.source_ja, row.source_en, row.note_ja, row.note_en, row.how_sure, given)  # fmt: skip


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {
    "lighting_saved_kwh": saved_kwh,
    "lighting_saved_yen": saved_yen,
    "lighting_cost_yen": cost,
    "lighting_year": year,
}
