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


def lots_now(entries: Entries, scenario: str) -> dict[str, tuple[str, list[str]]]:
    """Key of a lot -> its name and its facilities, as they are entered."""
    return {
        key: (str(entry["name"]), list(entry["facility_ids"]))
        for key, entry in entries.of_scenario("lots", scenario).items()
    }


def _next_key(lots: Mapping[str, object]) -> str:
    """A key that no lot has."""
    numbers = [int(key[1:]) for key in lots if key[1:].isascii() and key[1:].isdigit() and len(key) < 10]
    return f"l{max(numbers, default=0) + 1}"


def move_to_lot(entries: Entries, scenario: str, facilities: Sequence[str], lot: str | None, by: Author) -> Edit:
    """Facilities into a lot, out of any other; into none with None. A lot that loses its last goes.

    Raises
    ------
    BadEdit
        ``edit.no_such_lot``
    """
    lots = _taken(entries, scenario, facilities)
    if lot is not None:
        name, inside = _known(entries, scenario, lot)
        kept = [facility for facility in inside if facility not in set(facilities)]
        lots[lot] = (name, [*kept, *dict.fromkeys(facilities)])
    return set_lots(entries, scenario, lots, by)


def new_lot(entries: Entries, scenario: str, name: str, facilities: Sequence[str], by: Author) -> Edit:
    """A lot of these facilities, out of any other: a split where all come from one.

    Raises
    ------
    BadEdit
        ``edit.lot_empty``, ``edit.refused``: no name
    """
    if not facilities:
        raise BadEdit("edit.lot_empty", lot=name)
    lots = _taken(entries, scenario, facilities)
    lots[_next_key(lots_now(entries, scenario))] = (name, list(dict.fromkeys(facilities)))
    return set_lots(entries, scenario, lots, by)


def rename_lot(entries: Entries, scenario: str, lot: str, name: str, by: Author) -> Edit:
    """Call a lot otherwise.

    Raises
    ------
    BadEdit
        ``edit.no_such_lot``, ``edit.refused``: no name
    """
    _, inside = _known(entries, scenario, lot)
    return set_lots(entries, scenario, {**lots_now(entries, scenario), lot: (name, inside)}, by)


def merge_lots(entries: Entries, scenario: str, into: str, others: Sequence[str], by: Author) -> Edit:
    """Other lots into one, which keeps its name.

    Raises
    ------
    BadEdit
        ``edit.no_such_lot``
    """
    name, inside = _known(entries, scenario, into)
    lots = lots_now(entries, scenario)
    for other in dict.fromkeys(others):
        if other != into:
            inside = [*inside, *_known(entries, scenario, other)[1]]
            del lots[other]
    return set_lots(entries, scenario, {**lots, into: (name, inside)}, by)


def dissolve_lots(entries: Entries, scenario: str, gone: Sequence[str], by: Author) -> Edit:
    """Lots that are no more; their facilities are in none.

    Raises
    ------
    BadEdit
        ``edit.no_such_lot``
    """
    for lot in gone:
        _known(entries, scenario, lot)
    lots = lots_now(entries, scenario)
    return set_lots(entries, scenario, {key: value for key, value in lots.items() if key not in set(gone)}, by)


def _known(entries: Entries, scenario: str, lot: str) -> tuple[str, list[str]]:
    lots = lots_now(entries, scenario)
    if lot not in lots:
        raise BadEdit("edit.no_such_lot", lot=lot)
    return lots[lot]


def _taken(entries: Entries, scenario: str, facilities: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
    """The lots without these facilities; a lot that has none left is none."""
    gone, lots = set(facilities), {}
    for key, (name, inside) in lots_now(entries, scenario).items():
        kept = [facility for facility in inside if facility not in gone]
        if kept or not inside:
            lots[key] = (name, kept)
    return lots
