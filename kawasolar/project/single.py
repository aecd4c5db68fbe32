"""A project around one plan."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from kawasolar.document.entries import OF_SCENARIO, Entries
from kawasolar.document.views import settings_of
from kawasolar.plan import Plan, Project
from kawasolar.project.slots import with_read
from kawasolar.words import default_language, say


def project_of(plan: Plan) -> Project:
    """A project of one scenario; what the plan's settings turn becomes entries where they do not say it already."""
    plan = with_read(plan)
    base = plan.base_profile
    entries = _own_entries(plan)
    if settings_of(entries, plan.scenario, base) != plan.settings:
        entries = _turned(entries, plan)
    plan = replace(plan, entries=entries)
    return Project(entries, plan.scenario, base, {plan.scenario: plan})


def _own_entries(plan: Plan) -> Entries:
    """Of all entries those that concern this plan; its scenario has a name."""
    key = plan.scenario
    tables: dict[str, dict[str, Any]] = {}
    for name, table in plan.entries.tables.items():
        of_one = name in OF_SCENARIO or name == "scenarios"
        tables[name] = {k: entry for k, entry in table.items() if not of_one or k.split("/", 1)[0] == key}
    if key not in tables.get("scenarios", {}):
        named = {"name": say(default_language(), "plan.first_scenario"), "note": "", "order": 1}
        tables["scenarios"] = {key: named}
    return _frozen(tables)


def _turned(entries: Entries, plan: Plan) -> Entries:
    """The settings of a plan in the place of what the entries say."""
    key, settings = plan.scenario, plan.settings
    mark = {"why": "", "who": "", "when": ""}
    tables: dict[str, dict[str, Any]] = {name: dict(table) for name, table in entries.tables.items()}
    tables["share"], tables["objective"] = {key: settings.share}, {key: settings.objective}
    tables["criteria"] = {
        f"{key}/{name}": {"applied": applied, "threshold": threshold, **mark}
        for name, (applied, threshold) in settings.criteria.items()
    }
    for table, wanted in (("pins", settings.pins), ("vetoes", settings.vetoes)):
        known = entries.of_scenario(table, key)
        tables[table] = {f"{key}/{facility}": known.get(facility, mark) for facility in sorted(wanted)}
    return _frozen(tables)


def _frozen(tables: dict[str, dict[str, Any]]) -> Entries:
    return Entries(MappingProxyType({name: MappingProxyType(table) for name, table in tables.items() if table}))
