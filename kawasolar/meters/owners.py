"""Whose supply point is which: as a person says, else by the ledger's id, else by the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.document.views import aliases_of
from kawasolar.facility_names import FacilityNames

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    names = FacilityNames.of(facilities, aliases_of(entries))
    rows = [
        (key, *_owner(key, name, said, names))
        for key, name in zip(points["key"].tolist(), points["name"].tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(OWNER_COLUMNS), dtype=object)


def _owner(key: str, name: str, said: Mapping[str, Mapping[str, str]], names: FacilityNames) -> tuple[str, str]:
    entry = said.get(key)
    if entry is not None:
        return (entry["facility_id"] if entry["facility_id"] in names.ids else ""), "person"
    return names.find(name)
