"""Whose supply point is which: as a person says, else by the ledger's id, else by the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.ledger.vocabulary import heading_key, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kawasolar.document.entries import Entries

OWNER_COLUMNS = ("key", "facility_id", "how")


def owners_of(points: pd.DataFrame, facilities: pd.DataFrame, entries: Entries) -> pd.DataFrame:
    """The facility of each supply point.

    Parameters
    ----------
    points : ``key supply_point name`` as :attr:`kawasolar.meters.store.MeterStore.points`
    facilities : ``facility_id name``
    entries : what people entered: table ``meters``

    Returns
    -------
    DataFrame ``key facility_id how``, a row for each supply point in the same order; ``facility_id`` is empty where nobody knows, or where a person says that it is
    nobody's; ``how`` is ``person``, ``id`` (the meter's name is the facility's id), ``name``, or empty. A name that two facilities bear tells nothing.
    """
    said = entries.table("meters")
    ids = set(facilities["facility_id"])
    names = _unique(facilities)
    rows = [
        (key, *_owner(key, name, said, ids, names))
        for key, name in zip(points["key"].tolist(), points["name"].tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(OWNER_COLUMNS), dtype=object)


def rows_of(owners: pd.DataFrame, facility_id: str) -> list[int]:
    """Rows of the supply points of one facility."""
    return [k for k, owner in enumerate(owners["facility_id"].tolist()) if owner == facility_id]


def _owner(
    key: str, name: str, said: Mapping[str, Mapping[str, str]], ids: set[str], names: Mapping[str, str]
) -> tuple[str, str]:
    entry = said.get(key)
    if entry is not None:
        return (entry["facility_id"] if entry["facility_id"] in ids else ""), "person"
    if name in ids:
        return name, "id"
    found = names.get(_key(name), "")
    return found, "name" if found else ""


def _unique(facilities: pd.DataFrame) -> dict[str, str]:
    """Name -> id, of names that only one facility bears."""
    table = pd.DataFrame(_named(facilities), columns=["key", "facility_id"])
    table = table[~table["key"].duplicated(keep=False)]
    return dict(zip(table["key"], table["facility_id"], strict=True))


def _named(facilities: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for facility, name in zip(facilities["facility_id"].tolist(), facilities["name"].tolist(), strict=True):
        key = _key(name)
        if key:
            yield key, facility


def _key(name: object) -> str:
    """Names compared without blanks, punctuation, case and what stands in brackets."""
    return heading_key(plain(name)) if isinstance(name, str) else ""
