"""The edits that people make of the programme: its rules, what stands already, the frozen list, and years of single facilities."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from kawasolar.document.edits import BadEdit, edit_of
from kawasolar.document.entries import STANDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries, Entry
    from kawasolar.programme.rules import Rule

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


def take_rules(entries: Entries, scenario: str, document: Mapping[str, Any], by: Author) -> Edit:
    """A whole rules file as the programme of a scenario: its tables as rules, and what it says of single facilities as pins, vetoes, years and what stands.

    Parameters
    ----------
    document : parsed TOML that :func:`kawasolar.programme.rules_file.rules_of` takes; empty takes the programme away
    """
    from kawasolar.programme.rules_file import RULE_TABLES, rules_of

    told = rules_of(dict(document))
    wanted = rules_wanted(
        entries, scenario, {name: _as_json(document[name]) for name in RULE_TABLES if name in document}, by
    )
    if document and not any(document.get(name) for name in RULE_TABLES):
        # Rules of single facilities ask for a programme, too.
        wanted["rules", f"{scenario}/programme"] = {"value": {}, **by.mark()}
    years = {name: (told.earliest.get(name), told.latest.get(name)) for name in {*told.earliest, *told.latest}}
    years |= {name: (year, year) for name, year in told.pins.items() if year}
    for name, (first, last) in years.items():
        wanted["terms", f"{scenario}/{name}"] = {"earliest": first, "latest": last, **by.mark()}
    for table, other, names in (("pins", "vetoes", set(told.pins) - told.vetoes), ("vetoes", "pins", told.vetoes)):
        for name in names:
            wanted[table, f"{scenario}/{name}"] = entries.get(table, f"{scenario}/{name}") or by.mark()
            wanted[other, f"{scenario}/{name}"] = None
    for one in told.standing:
        wanted["standing", one.facility_id] = {
            "state": one.state, "year": one.year, "capacity_kw": one.capacity_kw, **by.mark(),
        }  # fmt: skip
    return edit_of(entries, "ui.undo.programme", wanted)


# Where people's own entries of a site stand, by the kind of rule that they make.
_OF_SITE = {"pin": "pins", "veto": "vetoes", "window": "terms"}


def give_way(entries: Entries, scenario: str, rules: Iterable[Rule]) -> Edit:
    """Pins, vetoes and years of single facilities that give way are taken back, all in one step; what is no entry is left out.

    Parameters
    ----------
    rules : of a relaxation; of other kinds nothing is entered here
    """
    wanted: Wanted = {
        (_OF_SITE[rule.kind], f"{scenario}/{rule.item}"): None for rule in rules if rule.kind in _OF_SITE
    }  # fmt: skip
    return edit_of(entries, "ui.undo.give_way", wanted)


def _as_json(value: Any) -> Any:  # noqa: ANN401 - TOML
    """TOML's days as texts."""
    if isinstance(value, dict):
        return {key: _as_json(entry) for key, entry in value.items()}
    return value.isoformat() if isinstance(value, date) else value


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
