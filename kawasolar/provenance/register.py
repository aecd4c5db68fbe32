"""The register of assumptions: every default of the profile, and everything that a person put in the place of one or of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kawasolar.document.views import mapping_of, mark_of
from kawasolar.ledger.mapping import letter_of
from kawasolar.provenance.model import Override
from kawasolar.provenance.sources import Desk, same
from kawasolar.provenance.words import column_title
from kawasolar.reasons import criterion_name
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.document.views import Mark
    from kawasolar.plan import Plan
    from kawasolar.provenance.model import CriterionSource, ProfileSource

Row = dict[str, Any]

COLUMNS = (
    "kind", "key", "facility_id", "name_ja", "name_en", "value", "unit", "low", "high", "source_ja", "source_en", "year", "how_sure",
    "applied", "changed", "base_value", "who", "when", "why",
)  # fmt: skip


def register(plan: Plan) -> pd.DataFrame:
    """Everything that the plan assumes, and everything that was entered by hand.

    Returns
    -------
    DataFrame
        ``kind`` (``value criterion share objective columns ledger join layout keepout pin veto``), ``key``, ``facility_id``, ``name_ja``,
        ``name_en``, ``value`` (as it stands now; a criterion's is its threshold), ``unit``, ``low``, ``high``, ``source_ja``,
        ``source_en``, ``year``, ``how_sure`` (of the default; None where a person gave the value), ``applied`` (of a criterion),
        ``changed`` (a person entered it), ``base_value`` (what the profile or the file says), ``who``, ``when`` (ISO 8601), ``why``. Missing values are None.
    """
    desk = Desk(plan)
    rows = [
        *_values(desk),
        *_criteria(desk),
        *_turned(desk),
        *_mapped(desk),
        *_ledger(desk),
        *_drawn(desk),
        *_places(desk),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def changes(plan: Plan) -> pd.DataFrame:
    """Of the register only what a person entered."""
    found = register(plan)
    return found[found["changed"].astype(bool)].reset_index(drop=True)


def _row(kind: str, key: str, name: tuple[str, str], value: object, unit: str = "", **more: object) -> Row:
    empty = dict.fromkeys(COLUMNS)
    return {
        **empty, "kind": kind, "key": key, "name_ja": name[0], "name_en": name[1], "value": value, "unit": unit, "changed": False, **more,
    }  # fmt: skip


def _marked(mark: Mark | None) -> Row:
    return {"who": None, "when": None, "why": None} if mark is None else vars(mark)


def _overridden(override: Override | None) -> Row:
    if override is None:
        return {}
    source = {
        "source_ja": override.source or None,
        "source_en": override.source or None,
        "how_sure": None,
        "year": None,
    }
    return {**source, "changed": True, "base_value": override.before, **_marked(override.mark)}


def _cited(source: ProfileSource | CriterionSource) -> Row:
    return {
        "low": source.low, "high": source.high, "source_ja": source.source_ja, "source_en": source.source_en, "how_sure": source.how_sure,
    }  # fmt: skip


def _values(desk: Desk) -> Iterator[Row]:
    """Every number of the profile as it stands now."""
    plan = desk.plan
    entered = plan.entries.of_scenario("values", plan.scenario)
    for key, value in desk.base.values.items():
        now = plan.profile.number(key)
        entry = entered.get(key)
        override = None
        if entry is not None or now != value.value:
            mark = None if entry is None else mark_of(entry)
            override = Override(value.value, mark, "" if entry is None else entry["source"])
        cited = {
            "low": value.low, "high": value.high, "source_ja": value.source_ja, "source_en": value.source_en, "year": value.year,
            "how_sure": value.how_sure,
        }  # fmt: skip
        yield _row("value", key, (value.name_ja, value.name_en), now, value.unit, **{**cited, **_overridden(override)})


def _criteria(desk: Desk) -> Iterator[Row]:
    """Every criterion: its threshold, or whether it is applied where it has none."""
    for known in desk.plan.profile.criteria:
        source = desk.criterion(known.key)
        value = source.threshold if known.threshold is not None else source.applied
        override: Row = {}
        if source.override is not None:
            before = known.threshold if source.threshold != known.threshold else known.applied
            override = {"changed": True, "base_value": before, **_marked(source.override.mark)}
        name = (criterion_name("ja", known.key), criterion_name("en", known.key))
        yield _row(
            "criterion", known.key, name, value, known.unit, **{**_cited(source), "applied": source.applied, **override}
        )


def _turned(desk: Desk) -> Iterator[Row]:
    """Share and objective, where the scenario has its own."""
    plan = desk.plan
    for kind, now, base in (
        ("share", plan.settings.share, desk.base.number("plan.share")),
        ("objective", plan.settings.objective, desk.base.objective),
    ):
        if now != base:
            yield _row(
                kind,
                kind,
                _named(f"why.register.{kind}"),
                now,
                "-" if kind == "share" else "",
                changed=True,
                base_value=base,
            )


def _named(code: str, **values: object) -> tuple[str, str]:
    return say("ja", code, **values), say("en", code, **values)


def _mapped(desk: Desk) -> Iterator[Row]:
    """Which columns of the ledger are read, where a person says it."""
    entry = desk.plan.entries.get("columns", "facilities")
    mapping = mapping_of(desk.plan.entries)
    if entry is not None and mapping is not None:
        found = sorted(mapping.columns.items(), key=lambda pair: pair[1].index)
        value = tuple((letter_of(column.index), name) for name, column in found)
        named = _named("why.register.columns")
        yield _row("columns", "facilities", named, value, changed=True, **_marked(mark_of(entry)))


def _ledger(desk: Desk) -> Iterator[Row]:
    """Corrections of the ledger; one of a facility that the ledger does not have any more waits, and is not told."""
    known = set(desk.plan.facilities["facility_id"])
    for key, entry in sorted(desk.plan.entries.table("ledger").items()):
        column, facility = key.split("/", 1)
        if facility not in known:
            continue
        source = desk.ledger(facility, column)
        if source.override is None or not same(entry["value"], source.value):
            continue
        yield _row(
            "ledger", column, (column_title("ja", column), column_title("en", column)), source.value, facility_id=facility, changed=True,
            base_value=source.override.before, **_marked(source.override.mark),
        )  # fmt: skip


def _drawn(desk: Desk) -> Iterator[Row]:
    """Joins and keep-outs."""
    plan = desk.plan
    read = plan.results.links if plan.read is None else plan.read.links
    for facility, entry in sorted(plan.entries.table("joins").items()):
        before = tuple(str(name) for name in read.loc[read["facility_id"] == facility, "building_id"].dropna())
        yield _row(
            "join", facility, _named("why.register.join"), tuple(entry["building_ids"]), facility_id=facility, changed=True,
            base_value=before, **_marked(mark_of(entry)),
        )  # fmt: skip
    for facility in sorted(plan.entries.of_scenario("layouts", plan.scenario)):
        (source,) = desk.layout_of(facility)
        yield _row(
            "layout", facility, _named("why.register.layout"), source.value, facility_id=facility, changed=True, **_marked(source.mark)
        )  # fmt: skip
    owner = dict(zip(plan.results.links["building_id"], plan.results.links["facility_id"], strict=True))
    for key, entry in sorted(plan.entries.table("keepouts").items()):
        (drawn,) = (source for source in desk.keepouts_on([entry["building_id"]]) if source.key == key)
        name = _named("why.register.keepout", building=entry["building_id"])
        yield _row(
            "keepout", key, name, drawn.value, "m²", facility_id=owner.get(entry["building_id"]), changed=True, **_marked(drawn.mark)
        )  # fmt: skip


def _places(desk: Desk) -> Iterator[Row]:
    """Pins and vetoes."""
    settings = desk.plan.settings
    for facility in sorted(settings.pins | settings.vetoes):
        for source in desk.entered_of(facility):
            yield _row(
                source.kind, facility, _named(f"why.register.{source.kind}"), True, facility_id=facility, changed=True, **_marked(source.mark)
            )  # fmt: skip
