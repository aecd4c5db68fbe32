"""A profile while somebody edits it: plain values, every step with a way back; see :mod:`kawasolar.profiles.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kawasolar.profiles.check import problems
from kawasolar.profiles.fields import fields_of
from kawasolar.profiles.tables import PPA_RULES, SECTIONS
from kawasolar.profiles.toml import document_of, toml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.profile import Profile
    from kawasolar.profiles.check import Problem

# The value by which the plan is computed, and which a row of the emission factors may fill.
GRID_FACTOR = "co2.grid_factor"
_MOST_STEPS = 500

Document = dict[str, Any]


def entry_of(document: Mapping[str, Any], section: str, at: str) -> dict[str, Any] | None:
    """A value by its key, a criterion by its key, a row by its number from 1; of a PPA by its key; None where there is none."""
    part = document.get(section)
    if part is None:
        return None
    if section == "values":
        found = part.get(at)
    elif isinstance(part, dict):
        found = part
    else:
        place = _place(section, part, at)
        found = part[place] if place is not None else None
    return found if isinstance(found, dict) else None


def _place(section: str, rows: list[Any], at: str) -> int | None:
    if section in ("criteria", "ppa"):
        return next((k for k, entry in enumerate(rows) if entry.get("key") == at), None)
    place = int(at) - 1
    return place if 0 <= place < len(rows) else None


def with_entry(document: Document, section: str, at: str, entry: dict[str, Any] | None) -> Document:
    """Another entry in a place; None takes it away."""
    part = document.get(section)
    if section == "values":
        return {**document, section: {**(part or {}), at: entry}}
    if section not in SECTIONS or SECTIONS[section].single:
        if section == "criteria" and part is not None:
            place = _place(section, part, at)
            return {**document, section: [entry if k == place else one for k, one in enumerate(part)]}
        return _without_empty({**document, section: entry})
    rows = list(part or [])
    place = _place(section, rows, at)
    if place is None:
        rows += [entry] if entry is not None else []
    elif entry is None:
        del rows[place]
    else:
        rows[place] = entry
    return _without_empty({**document, section: rows})


def _without_empty(document: Document) -> Document:
    return {section: part for section, part in document.items() if part not in (None, [])}


def with_field(document: Document, section: str, at: str, name: str, value: object) -> Document:
    """Another value of a field; None, an empty text and an empty list take the field away."""
    before = entry_of(document, section, at)
    entry = dict(before if before is not None else new_entry(section, at))
    entry.pop(name, None)
    if value is not None and value not in ("", []):
        entry[name] = value
    return with_entry(document, section, at, entry)


def new_entry(section: str, key: str = "") -> dict[str, Any]:
    """What a row begins with: only taken for now, the first of each choice, and no source yet."""
    entry: dict[str, Any] = {"how_sure": "verify"}
    if section == "ppa":
        return {"key": key, "unit": PPA_RULES[key][0], **entry}
    if section not in SECTIONS:
        return entry
    for name, one in fields_of(SECTIONS[section].row).items():
        if one.kind == "choice" and one.needed:
            entry[name] = one.choices[0]
        elif one.kind == "flag":
            entry[name] = False
    return entry


def with_row(document: Document, section: str, place: int, entry: dict[str, Any]) -> Document:
    """A row more, in a place counted from 0."""
    rows = list(document.get(section, []))
    rows.insert(place, entry)
    return {**document, section: rows}


def moved(document: Document, section: str, place: int, step: int) -> Document:
    """A row one place up or down; the same document where it is at the end."""
    rows = list(document.get(section, []))
    if not (0 <= place < len(rows) and 0 <= place + step < len(rows)):
        return document
    rows[place], rows[place + step] = rows[place + step], rows[place]
    return {**document, section: rows}


def with_factor(document: Document, factor: Mapping[str, Any]) -> Document:
    """The plan's emission factor from a row of the table, with its source."""
    own = {name: document["values"][GRID_FACTOR][name] for name in ("name_ja", "name_en", "unit")}
    told = {name: value for name, value in factor.items() if name not in _OF_FACTORS}
    entry = {**own, "value": factor.get("kg_co2_per_kwh"), "year": factor.get("fiscal_year"), **told}
    return with_entry(
        document, "values", GRID_FACTOR, {name: value for name, value in entry.items() if value is not None}
    )


_OF_FACTORS = tuple(fields_of(SECTIONS["emission_factors"].row))


class Draft:
    """The document of a form, its steps, and what is wrong with it."""

    def __init__(self, profile: Profile) -> None:
        self.source = profile.source
        self._document = self._saved = document_of(profile)
        self._past: list[Document] = []
        self._future: list[Document] = []
        self._merge = ""
        self._found: list[Problem] | None = None

    @property
    def document(self) -> Document:
        """The profile's values as they stand; never changed in place."""
        return self._document

    @property
    def dirty(self) -> bool:
        """Whether something differs from what was read or saved last."""
        return self._document != self._saved

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong with it now."""
        if self._found is None:
            self._found = problems(self._document, self.source)
        return self._found

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    @property
    def text(self) -> str:
        """The profile as TOML."""
        return toml_text(self._document)

    def become(self, document: Document, merge: str = "") -> None:
        """A step; steps of the same ``merge`` in a row are one, as while somebody types."""
        if document == self._document:
            return
        if not (merge and merge == self._merge and self._past):
            self._past = [*self._past[-_MOST_STEPS:], self._document]
        self._future, self._merge = [], merge
        self._document, self._found = document, None

    def end_merge(self) -> None:
        """What is typed next is a step of its own."""
        self._merge = ""

    def undo(self) -> None:
        """The step before."""
        if self._past:
            self._future.append(self._document)
            self._document, self._found, self._merge = self._past.pop(), None, ""

    def redo(self) -> None:
        """The step that was taken back."""
        if self._future:
            self._past.append(self._document)
            self._document, self._found, self._merge = self._future.pop(), None, ""

    def mark_saved(self) -> None:
        """As it stands it lies in a file, or in the plan."""
        self._saved, self._merge = self._document, ""
