"""Which facility a row is: its number and name, or why it is left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.errors import UnreadableLedger
from kawasolar.ledger import values
from kawasolar.ledger.cells import name_of, objects

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.ledger.notes import Notes
    from kawasolar.ledger.rows import Body


def identify(frame: pd.DataFrame, body: Body, notes: Notes) -> NDArray[np.bool_]:
    """Ids and names of all rows; rows that have neither, and second rows of one id, are left out."""
    raw, numbers = body.frame, body.numbers
    ids: list[str | None] = [None] * len(raw)
    if "facility_id" in raw:
        ids = [values.text(cell) for cell in raw["facility_id"]]
    names: list[str | None] = list(frame["name"]) if "name" in frame else [None] * len(raw)
    _report_short_ids(ids, body, notes)
    if "facility_id" not in raw:
        notes.once("ledger.no_id_column", "warning", count=len(raw))
    keep = np.ones(len(raw), dtype=bool)
    taken = {found for found in ids if found}
    first: dict[str, int] = {}
    for index, row in enumerate(numbers.tolist()):
        if ids[index] is None and names[index] is None:
            keep[index] = False
            notes.cell("ledger.nameless", row, None, None)
            continue
        if ids[index] is None:
            ids[index] = _fresh(row, taken)
            if "facility_id" in raw:
                notes.cell("ledger.no_id", row, body.columns["facility_id"].heading, None, item=ids[index])
        elif ids[index] in first:
            keep[index] = False
            other = first[str(ids[index])]
            heading = body.columns["facility_id"].heading
            notes.cell("ledger.duplicate_id", row, heading, ids[index], item=name_of(body, index), other=other)
            continue
        first[str(ids[index])] = row
        if names[index] is None:
            names[index] = ids[index]
            if "name" in raw:
                notes.cell("ledger.no_name", row, body.columns["name"].heading, None, item=ids[index])
    frame["facility_id"], frame["name"] = objects(ids), objects(names)
    if not keep.any():
        raise UnreadableLedger("ledger.no_rows", file=notes.source)
    return keep


def _report_short_ids(ids: list[str | None], body: Body, notes: Notes) -> None:
    """Shorter numbers among numbers of one width that begin with zeros: a spreadsheet took them for quantities."""
    digits = [found for found in ids if found is not None and found.isascii() and found.isdigit()]
    if not digits:
        return
    width, count = Counter(len(found) for found in digits).most_common(1)[0]
    if 2 * count <= len(digits) or not any(len(found) == width and found.startswith("0") for found in digits):
        return
    heading = body.columns["facility_id"].heading
    for row, found in zip(body.numbers.tolist(), ids, strict=True):
        if found is not None and found.isascii() and found.isdigit() and len(found) < width:
            notes.cell("ledger.short_id", row, heading, found, expected=str(width))


def _fresh(row: int, taken: set[str]) -> str:
    """``row-12``, or a longer one where the ledger itself has such an id."""
    name = f"row-{row}"
    while name in taken:
        name += "-a"
    taken.add(name)
    return name
