"""Rules with what a relaxation gives way: the same rules file, and what people entered of single facilities, so that something fits."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.programme.easing import GivingWay, Relaxation
    from kawasolar.programme.of_plan import Asked

# Kinds of rule that stand in the rules themselves; pins, vetoes and years of single sites may be people's own entries too.
_YEARLY = {"budget": ("budget",), "subsidy": ("subsidy",), "sites": ("capacity", "sites"), "kw": ("capacity", "kw")}
_TOTAL = {"budget_total": "budget", "subsidy_total": "subsidy"}
TAKEN = (*_YEARLY, *_TOTAL, "share", "most", "ward", "shelters", "renewal")
# Of a rules file: where a site's own rule stands.
_OF_SITE = {"pin": ("pins",), "veto": ("vetoes",), "window": ("earliest", "latest")}


def can_take(relaxation: Relaxation) -> bool:
    """Whether all that gives way can be taken: in the rules, or as an edit (:func:`kawasolar.document.programme_edits.give_way`)."""
    return bool(relaxation.ways) and all(way.rule.kind in (*TAKEN, *_OF_SITE) for way in relaxation.ways)


def with_given_way(document: Mapping[str, Any], relaxation: Relaxation, asked: Asked) -> dict[str, Any]:
    """The rules (parsed TOML) with what gives way, rounded so that it is enough.

    Raises
    ------
    ValueError
        No such rule (:func:`can_take`).
    """
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for way in relaxation.ways:
        _give(changed, way, asked)
    return changed


def _give(document: dict[str, Any], way: GivingWay, asked: Asked) -> None:
    kind, year, item = way.rule
    if kind in _YEARLY:
        path = _YEARLY[kind]
        table = document.setdefault(path[0], {})
        table = table.setdefault(path[1], {}) if len(path) > 1 else table
        table[str(year)] = math.ceil(way.after)
    elif kind in _TOTAL:
        document.setdefault(_TOTAL[kind], {})["total"] = math.ceil(way.after)
    elif kind in ("share", "most"):
        table = document.setdefault("share", {})
        if kind == "most":
            table["exactly"] = False
        else:
            table["at_least"] = _share(way.after, asked.rules.denominator or int(asked.sites.listed.sum()))
    elif kind == "ward":
        wards = document.setdefault("wards", {})
        count = int((asked.sites.ward.astype(str) == item).sum())
        wards.get("sites", {}).pop(item, None)
        wards.setdefault("share", {})[item] = _share(way.after, count)
    elif kind == "shelters":
        document.setdefault("shelters", {})["share"] = _share(way.after, int(asked.sites.shelter.sum()))
    elif kind == "renewal":
        document.setdefault("roofs", {}).setdefault("years", {})[item] = asked.sites.years[0] - 1
    elif kind in _OF_SITE:
        _leave_out(document, kind, item)
    else:
        raise ValueError(kind)


def _leave_out(document: dict[str, Any], kind: str, item: str) -> None:
    """Without what the file itself says of a site."""
    for name in _OF_SITE[kind]:
        table = document.get(name)
        if isinstance(table, list):
            document[name] = [one for one in table if one != item]
        elif table is not None:
            document[name] = {one: year for one, year in table.items() if one != item}


def _share(number: float, whole: int) -> float:
    """A share that asks for so many of the whole, and no more."""
    return 0.0 if whole == 0 else math.floor(number) / whole
