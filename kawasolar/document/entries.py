"""Everything that a person has entered into a project, as plain tables; every change of it is an edit with an inverse.

An entry is a JSON value under a table and a key. An edit says for each entry what it was and what it becomes, so that
its inverse is the same edit read backwards. Tables of a scenario have keys that begin with it::

    scenarios   "s1"                   {"name", "note", "order"}
    share       "s1"                   0.5                                   objective   "s1"   "co2"
    criteria    "s1/remaining_years"   {"applied", "threshold"} + mark
    pins        "s1/0000012"           mark                                  vetoes      "s1/0000012"   mark
    values      "s1/pv.albedo"         {"value", "source"} + mark            a number of the profile overridden
    layouts     "s1/0000012"           {"values": {"layout.racks": 3, ...}} + mark    modules on its roofs laid out by other values than the rest
    rules       "s1/budget"            {"value": {"each": 60000000}} + mark  a table of the programme's rules, as ``docs/programme.md`` has it
    terms       "s1/0000012"           {"earliest", "latest"} + mark         fiscal years between which it may be built; None where open
    asked       "s1/lighting"          {"value": {"budget_yen": 5e7, ...}} + mark    what is to be computed besides ("lighting" "fleet" "charging" "siting"), and how
    lots        "s1/l1"                {"name", "facility_ids": [...]} + mark    facilities that are tendered together
    ledger      "built_year/0000012"   {"value", "read"} + mark              a value of the ledger corrected; ``read`` is the file's
    joins       "0000012"              {"building_ids": [...]} + mark        the buildings of a facility, as a person says; "shared": [...] where it is
                                       in buildings whose roof counts for another
    reviews     "0000012"              {"verdict", "building_ids"} + mark    somebody has looked at these links of a facility: "confirmed" or "later"
    meters      "0300111…"             {"facility_id"} + mark                whose supply point it is, as a person says; "" = nobody's
    aliases     "川中島小"             {"facility_id"} + mark                which facility other lists mean by this name; "" = none of ours
    standing    "0000012"              {"state", "year", "capacity_kw"} + mark    photovoltaics that are done or contracted, in which fiscal year; size None
                                       where nobody says it
    counts      "2026-04-01"           {"facility_ids": [...]} + mark        the facilities of which the half is the half, as they were on a day
    keepouts    "k1"                   {"building_id", "rings": [[[x, y], ...], ...]} + mark   no modules here; project CRS; "purpose" where it is not "other"
    columns     "facilities"           {"mapping": {...}} + mark             which column of a ledger's file is which (:mod:`kawasolar.ledger.mapping`); "lamps" …
    inputs      "dsm"                  {"path", "size", "sha256", "crs", "layer", "text", "was": {...}} + mark   another file in its place; ``was``
                                       is the one before, ``text`` the TOML of a profile; a path of "" is no file

A *mark* is ``{"why", "who", "when"}``: texts, ``when`` in ISO 8601.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeGuard

from kawasolar.errors import PlanError

# Tables whose entries belong to one scenario: their key is the scenario's, or begins with it and a stroke.
OF_SCENARIO = (
    "share",
    "objective",
    "criteria",
    "pins",
    "vetoes",
    "values",
    "layouts",
    "rules",
    "terms",
    "asked",
    "lots",
)
# Tables of which neither a result nor a value of the profile is made.
NO_RESULTS = ("scenarios", "reviews", "lots")
# What a keep-out is for; the first where nothing is said.
PURPOSES = ("other", "refuge", "access")
OTHER = PURPOSES[0]
# What somebody says of the links of a facility.
VERDICTS = ("confirmed", "later")
# How far photovoltaics are that somebody has decided already.
STANDING = ("done", "contracted")
TABLES = (
    "scenarios", *OF_SCENARIO, "ledger", "joins", "reviews", "meters", "aliases", "standing", "counts", "keepouts", "columns", "inputs",
)  # fmt: skip
# Of a text of an edit: it may name a reason or a name in full.
_LONGEST = 10_000

# A JSON value; None stands for "no entry".
Entry = Any
Table = Mapping[str, Entry]


class EditConflict(PlanError):
    """An edit that does not fit: what it would change is not what it says it was."""


@dataclass(frozen=True)
class Entries:
    """All tables; never changed in place."""

    tables: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))

    def table(self, name: str) -> Table:
        """The entries of one table by key; empty where there are none."""
        return self.tables.get(name, MappingProxyType({}))

    def get(self, table: str, key: str) -> Entry:
        """One entry, None where there is none."""
        return self.table(table).get(key)

    def of_scenario(self, table: str, scenario: str) -> dict[str, Entry]:
        """Entries of a scenario's table by the rest of their key."""
        begin = f"{scenario}/"
        return {key[len(begin) :]: entry for key, entry in self.table(table).items() if key.startswith(begin)}

    def canonical(self) -> bytes:
        """The one form in which equal entries are equal bytes."""
        filled = {name: dict(table) for name, table in self.tables.items() if table}
        text = json.dumps(filled, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Change:
    """One entry: what it was and what it becomes; None where there is none."""

    table: str
    key: str
    before: Entry
    after: Entry


@dataclass(frozen=True)
class Edit:
    """What a person did, in one step.

    Attributes
    ----------
    words : code of the sentence that names it ("undo …"), with ``details``
    changes : each entry once
    merge : edits of the same non-empty ``merge`` in a row become one (the drag of a slider)
    """

    words: str
    changes: tuple[Change, ...]
    merge: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> frozenset[str]:
        """Tables that it touches."""
        return frozenset(change.table for change in self.changes)


def apply(entries: Entries, edit: Edit) -> Entries:
    """The entries after an edit.

    Raises
    ------
    EditConflict
        ``edit.conflict``: an entry is not what the edit says it was; nothing is changed then.
    """
    touched = {name: dict(entries.table(name)) for name in edit.tables}
    for change in edit.changes:
        table = touched[change.table]
        if table.get(change.key) != change.before:
            raise EditConflict("edit.conflict", table=change.table, key=change.key)
        if change.after is None:
            table.pop(change.key, None)
        else:
            table[change.key] = change.after
    # Tables that it does not touch stay the same objects.
    tables = {**entries.tables, **{name: MappingProxyType(table) for name, table in touched.items()}}
    return Entries(MappingProxyType({name: table for name, table in tables.items() if table}))


def inverse(edit: Edit) -> Edit:
    """The edit that takes it back."""
    changes = tuple(Change(c.table, c.key, c.after, c.before) for c in reversed(edit.changes))
    return Edit(edit.words, changes, edit.merge, edit.details)


def followed_by(first: Edit, second: Edit) -> Edit:
    """Both as one edit, with the words of the first; entries that end as they began are left out."""
    changes: dict[tuple[str, str], Change] = {(c.table, c.key): c for c in first.changes}
    for change in second.changes:
        place = (change.table, change.key)
        before = changes[place].before if place in changes else change.before
        changes[place] = Change(change.table, change.key, before, change.after)
    kept = tuple(change for change in changes.values() if change.before != change.after)
    return Edit(first.words, kept, second.merge, second.details)


def edit_of(
    entries: Entries, words: str, wanted: Mapping[tuple[str, str], Entry], merge: str = "", **details: str
) -> Edit:
    """The edit that brings entries, by table and key, to what is wanted; what is so already is left out."""
    changes = tuple(
        Change(table, key, entries.get(table, key), after)
        for (table, key), after in wanted.items()
        if entries.get(table, key) != after
    )
    return Edit(words, changes, merge, details)


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Plain JSON; see :func:`edit_from_json`."""
    return {
        "words": edit.words, "merge": edit.merge, "details": dict(edit.details),
        "changes": [[c.table, c.key, c.before, c.after] for c in edit.changes],
    }  # fmt: skip


def edit_from_json(value: object) -> Edit:
    """An edit read back; anything may be wrong with it.

    Raises
    ------
    ValueError
        It is no edit, or an entry is none of its table (:func:`kawasolar.document.check.check_entry`).
    """
    from kawasolar.document.check import check_entry

    if not isinstance(value, dict) or not isinstance(value.get("changes"), list):
        raise ValueError("no edit")  # noqa: TRY004 - damage is one kind of error here
    changes: dict[tuple[str, str], Change] = {}
    for entry in value["changes"]:
        if not isinstance(entry, list) or len(entry) != 4 or entry[2] == entry[3]:
            raise ValueError("no change")
        table, key, before, after = entry
        for side in (before, after):
            if side is not None:
                check_entry(table, key, side)
        if (table, key) in changes:
            raise ValueError(f"{table} {key[:60]}: twice")
        changes[table, key] = Change(table, key, before, after)
    words, merge, details = value.get("words"), value.get("merge", ""), value.get("details", {})
    if not _short(words) or not _short(merge) or not isinstance(details, dict):
        raise ValueError("no edit")
    # They become the named values of a sentence, beside its language and its code.
    if not all(name.isidentifier() and name not in ("language", "code") and _short(details[name]) for name in details):
        raise ValueError("no edit")
    return Edit(words, tuple(changes.values()), merge, details)


def _short(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _LONGEST
