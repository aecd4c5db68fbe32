"""The edits that people make of the programme: its rules, what stands already, the frozen list, and years of single facilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kawasolar.document.edits import BadEdit, edit_of
from kawasolar.document.entries import STANDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries, Entry

    Wanted = dict[tuple[str, str], Entry]


def set_rules(entries: Entries, scenario: str, tables: Mapping[str, Mapping[str, Any]], by: Author) -> Edit:
    """The scenario's programme keeps to these rules, and no others (``docs/programme.md``); without any it has no programme.

    Parameters
    ----------
    tables : of the rules file, but for those of single facilities (:data:`kawasolar.programme.rules_file.RULE_TABLES`)

    Raises
    ------
    BadEdit
        ``edit.refused``: no such table, or a value that is out of range
    """
    return edit_of(entries, "ui.undo.rules", rules_wanted(entries, scenario, tables, by))


def rules_wanted(entries: Entries, scenario: str, tables: Mapping[str, Mapping[str, Any]], by: Author) -> Wanted:
    """The entries of :func:`set_rules`."""
    wanted: Wanted = {("rules", f"{scenario}/{name}"): None for name in entries.of_scenario("rules", scenario)}
    for name, value in tables.items():
        known = entries.get("rules", f"{scenario}/{name}")
        same = known is not None and known["value"] == value and not by.why.strip()
        wanted["rules", f"{scenario}/{name}"] = known if same else {"value": dict(value), **by.mark()}
    return wanted


def give_years(
    entries: Entries, scenario: str, facility_ids: Iterable[str], earliest: int | None, latest: int | None, by: Author
) -> Edit:
    """These may be built from one fiscal year to another only; None where it is open, and for both: whenever.

    Raises
    ------
    BadEdit
        ``edit.years``: the first after the last, or beyond all calendars
    """
    if earliest is not None and latest is not None and earliest > latest:
        raise BadEdit("edit.years", first=earliest, last=latest)
    none = earliest is None and latest is None
    entry = None if none else {"earliest": earliest, "latest": latest, **by.mark()}
    return edit_of(entries, "ui.undo.years", {("terms", f"{scenario}/{name}"): entry for name in facility_ids})


def stand(
    entries: Entries, facility_ids: Iterable[str], state: str | None, year: int | None, by: Author, *, capacity_kw: float | None = None
) -> Edit:  # fmt: skip
    """Photovoltaics that are done or contracted in a fiscal year; None: they are neither. True of all scenarios.

    Raises
    ------
    BadEdit
        ``edit.standing``: no such state, or no year
    """
    if state is not None and (state not in STANDING or year is None):
        raise BadEdit("edit.standing", found=str(state), expected=", ".join(STANDING))
    entry = None if state is None else {"state": state, "year": year, "capacity_kw": capacity_kw, **by.mark()}
    return edit_of(entries, "ui.undo.standing", {("standing", name): entry for name in facility_ids})


def freeze_count(entries: Entries, day: str, facility_ids: Iterable[str], by: Author) -> Edit:
    """Keep the list of facilities of which the half is the half, by its day (ISO 8601).

    Raises
    ------
    BadEdit
        ``edit.refused``: no day; ``edit.counted``: there is another list of that day
    """
    names = sorted(set(facility_ids))
    known = entries.get("counts", day)
    if known is not None and known["facility_ids"] != names:
        raise BadEdit("edit.counted", day=day, count=len(known["facility_ids"]))
    entry = known if known is not None else {"facility_ids": names, **by.mark()}
    return edit_of(entries, "ui.undo.count", {("counts", day): entry}, day=day)


def forget_count(entries: Entries, day: str) -> Edit:
    """Away with a list."""
    return edit_of(entries, "ui.undo.count_remove", {("counts", day): None}, day=day)
