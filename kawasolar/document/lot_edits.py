"""The edits that people make of lots: what is tendered together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.document.edits import BadEdit, edit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries, Entry


def set_lots(entries: Entries, scenario: str, lots: Mapping[str, tuple[str, Sequence[str]]], by: Author) -> Edit:
    """The scenario has these lots, and no others.

    Parameters
    ----------
    lots : key of a lot -> its name and its facilities; one that stays as it was keeps its mark

    Raises
    ------
    BadEdit
        ``edit.lot_twice``: a facility in two lots; ``edit.refused``: a lot without a name
    """
    seen: dict[str, str] = {}
    for name, facilities in lots.values():
        for facility in facilities:
            if facility in seen:
                raise BadEdit("edit.lot_twice", facility=facility, lot=seen[facility], other=name)
            seen[facility] = name
    wanted: dict[tuple[str, str], Entry] = {
        ("lots", f"{scenario}/{key}"): None for key in entries.of_scenario("lots", scenario)
    }
    for key, (name, facilities) in lots.items():
        known = entries.get("lots", f"{scenario}/{key}")
        own = {"name": name.strip(), "facility_ids": list(facilities)}
        same = known is not None and all(known[part] == value for part, value in own.items())
        wanted["lots", f"{scenario}/{key}"] = known if same else {**own, **by.mark()}
    return edit_of(entries, "ui.undo.lots", wanted)
