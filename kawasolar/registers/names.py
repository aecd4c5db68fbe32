"""What other ledgers call the facilities: the names that nobody has understood yet, and those that people have given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gis.progress import Progress, silent
from kawasolar.document.views import aliases_of
from kawasolar.facility_names import name_key
from kawasolar.registers.of_plan import rows_of_plan
from kawasolar.registers.owners import OWNER

if TYPE_CHECKING:
    from kawasolar.plan import OtherLedger, Plan

NAME_COLUMNS = ("key", "name", "kinds", "rows", "facility_id", "how", "candidate")


def names_of_plan(plan: Plan, progress: Progress = silent) -> pd.DataFrame:
    """Names that no facility bears, and those of which a person has said whose they are.

    Returns
    -------
    DataFrame ``key name kinds rows facility_id how candidate``: ``kinds`` tuple of the ledgers in which it stands, ``rows`` how many rows, ``facility_id`` and
    ``how`` as of :func:`kawasolar.registers.owners.with_facilities` (``""``: nobody knows), ``candidate`` the one facility whose name is this one written in
    full, or ``""``. The most rows first.
    """
    seen: dict[str, tuple[str, set[OtherLedger], int]] = {}
    for kind in plan.registers.by_kind:
        rows, _ = rows_of_plan(plan, kind)
        if OWNER[kind] not in rows:
            continue
        open_rows = rows.loc[rows["how"].isin(("", "person")), OWNER[kind]].dropna()
        for text, count in open_rows.value_counts(sort=False).items():
            key = name_key(text)
            name, kinds, before = seen.get(key, (str(text), set(), 0))
            seen[key] = name, kinds | {kind}, before + int(count)
    said = aliases_of(plan.entries)
    for key in said:
        # Of a ledger that is gone, or a meter's.
        seen.setdefault(key, (key, set(), 0))
    known = set(plan.facilities["facility_id"])
    keys = {
        str(number): name_key(name)
        for number, name in zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True)
    }
    found = []
    for k, (key, (name, kinds, count)) in enumerate(sorted(seen.items(), key=lambda one: (-one[1][2], one[0]))):
        progress(k / len(seen), "registers")
        owner = said.get(key)
        how = "" if owner is None else "person"
        candidate = _candidate(key, keys) if owner is None else ""
        found.append((key, name, tuple(sorted(kinds)), count, owner if owner in known else "", how, candidate))
    return pd.DataFrame(found, columns=list(NAME_COLUMNS), dtype=object)


def _candidate(key: str, names: dict[str, str]) -> str:
    """The one facility whose name has all letters of this one in their order (川中島小 for 川中島小学校), or is had by it; none where two have."""
    found = [number for number, name in names.items() if name and (_within(key, name) or _within(name, key))]
    return found[0] if len(found) == 1 else ""


def _within(short: str, long: str) -> bool:
    """Whether the letters of one stand in the other in their order, the first at its beginning."""
    if len(short) < 2 or short[:1] != long[:1]:
        return False
    rest = iter(long)
    return all(letter in rest for letter in short)
