"""Rules of a programme as the dialog has them: a rules file in memory, some of whose values are chosen there."""

from __future__ import annotations

import copy
import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kawasolar.plan import Plan


def even(plan: Plan) -> int:
    """So many sites a year that the half is spread over the years; 0 where nobody knows the years."""
    from gis.errors import CodedError
    from kawasolar.programme.of_plan import programme_of_plan

    try:
        years = len(programme_of_plan(plan).sites.years)
    except CodedError:
        return 0
    return math.ceil(int(plan.half.sites["chosen"].sum()) / years)


def entered_rules(plan: Plan) -> dict[str, Any]:
    """The rules of the plan's own programme, as a rules file has them."""
    entered = plan.entries.of_scenario("rules", plan.scenario)
    return {name: copy.deepcopy(entry["value"]) for name, entry in entered.items()}


def put(document: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set a value of a rules file, or take it away; tables that are empty then go, too."""
    table, *rest = path
    if not rest:
        if value is None:
            document.pop(table, None)
        else:
            document[table] = value
        return
    inner = document.get(table, {})
    put(inner, tuple(rest), value)
    if inner:
        document[table] = inner
    else:
        document.pop(table, None)


def same_rules(one: object, other: object) -> bool:
    """Whether two sets of rules say the same; days of TOML and of JSON are one."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)
