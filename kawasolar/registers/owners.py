"""Which facility a row of another ledger is of: by the facility's number, else by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.facility_names import FacilityNames
from kawasolar.ledger.notes import LISTED
from kawasolar.ledger.notes import folded as fold_findings
from kawasolar.ledger.remembered import recall
from kawasolar.registers.reading import read_register, tables_of

if TYPE_CHECKING:
    from collections.abc import Mapping as Said
    from pathlib import Path

    from kawasolar.ledger.mapping import Mapping
    from kawasolar.registers.reading import Register

# The column that says whose a row is.
OWNER = {
    "lamps": "facility",
    "vehicles": "base",
    "wings": "facility",
    "meter_points": "facility",
    "roof_works": "facility",
}


def supply_points_of(
    path: Path, facilities: pd.DataFrame, said: Said[str, str] | None = None, forms: Path | None = None
) -> tuple[dict[str, str], list[Finding]]:
    """Whose supply points are whose by a list of the contracts: supply point -> facility_id, of rows that name both.

    Parameters
    ----------
    said : as of :func:`with_facilities`
    forms : file of the mappings that are remembered: a list of such a form is read as it was named

    Raises
    ------
    UnreadableLedger
        it cannot be read, or is no list of supply points
    """
    register = read_register(path, "meter_points", mapping=None if forms is None else _remembered(path, forms))
    frame, findings = with_facilities(register, facilities, said)
    known = frame.dropna(subset=["supply_point", "facility_id"]).drop_duplicates("supply_point")
    points = dict(zip(known["supply_point"].tolist(), known["facility_id"].tolist(), strict=True))
    return points, [*register.findings, *findings]


def _remembered(path: Path, forms: Path) -> Mapping | None:
    found = (recall(forms, loaded.table.rows, kind="meter_points") for loaded in tables_of(path, None))
    return next((mapping for mapping in found if mapping is not None), None)


def with_facilities(
    register: Register, facilities: pd.DataFrame, said: Said[str, str] | None = None, listed: int = LISTED
) -> tuple[pd.DataFrame, list[Finding]]:
    """The rows with ``facility_id`` (None where nobody knows) and ``how`` (``person``, ``id``, ``name`` or empty).

    Parameters
    ----------
    facilities : ``facility_id name``
    said : which facility a name means, as a person says (:func:`kawasolar.document.views.aliases_of`)
    listed : findings that are told one by one

    Returns
    -------
    frame, and findings: the texts that no facility, or more than one, bears
    """
    names, column = FacilityNames.of(facilities, said), OWNER[register.kind]
    frame = register.frame
    if column not in frame:
        lacking = Finding(
            "register.no_owner", "warning", register.source, expected=register.schema.fields[column].headings[0]
        )
        return frame.assign(facility_id=None, how=""), [lacking]
    texts = frame[column]
    found = {text: names.find(text) for text in texts.dropna().unique()}
    pairs = [found.get(text, ("", "")) for text in texts]
    ids = pd.Series([facility or None for facility, _ in pairs], dtype=object)
    hows = pd.Series([how for _, how in pairs], dtype=object)
    # What a person says is none of ours is no gap.
    unknown = np.flatnonzero(ids.isna().to_numpy() & texts.notna().to_numpy() & (hows != "person").to_numpy())
    findings = [
        Finding(
            "register.no_facility", "warning", register.source, int(frame["source_row"].iloc[k]), register.columns.get(column), str(texts.iloc[k])[:200]
        )
        for k in unknown.tolist()
    ]  # fmt: skip
    return frame.assign(facility_id=ids, how=hows), fold_findings(findings, listed)
