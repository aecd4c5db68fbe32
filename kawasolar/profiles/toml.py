"""A profile as plain values, and those as TOML: what a form edits and what it saves."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from kawasolar.profile import FORMAT
from kawasolar.profiles.fields import fields_of
from kawasolar.profiles.reader import CITED_FIELDS, Cited
from kawasolar.profiles.tables import SECTIONS
from kawasolar.value_rules import INTEGERS
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from kawasolar.profile import Criterion, Profile, Value

# The fields of a value, a criterion and of what every row has, in the order in which they stand in a file.
CITED_ORDER = ("low", "high", "source_ja", "source_en", "coefficient", "how_sure", "note_ja", "note_en")
VALUE_ORDER = ("name_ja", "name_en", "value", "unit", "low", "high", "year", *CITED_ORDER[2:])
CRITERION_ORDER = ("key", "applied", "threshold", "unit", "unknown", *CITED_ORDER)
TOWN_ORDER = ("code", "name_ja", "name_en", "epsg")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def document_of(profile: Profile) -> dict[str, Any]:
    """A profile as the values of its TOML, with every value it was read with; a field without anything is left out."""
    return {
        "format": FORMAT,
        "municipality": {name: getattr(profile, name) for name in TOWN_ORDER},
        "plan": {"objective": profile.objective},
        "values": {key: _value(value) for key, value in profile.values.items()},
        "criteria": [_criterion(criterion) for criterion in profile.criteria],
        **{section: rows for section in SECTIONS if (rows := _rows(profile, section))},
    }


def _rows(profile: Profile, section: str) -> Any:  # noqa: ANN401 - a table, or several
    found = [_row(row) for row in profile.tables.rows(section)]
    return found[0] if found and SECTIONS[section].single else found


def _row(row: Cited) -> dict[str, Any]:
    own = {name: _plain(getattr(row, name)) for name in fields_of(type(row))}
    return {**{name: value for name, value in own.items() if value not in (None, "", [])}, **_cited(row)}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _cited(row: Cited) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in CITED_FIELDS}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _value(value: Value) -> dict[str, Any]:
    whole = value.key in INTEGERS and value.value.is_integer()
    own = {"name_ja": value.name_ja, "name_en": value.name_en, "unit": value.unit}
    year = {} if value.year is None else {"year": value.year}
    return {**own, "value": int(value.value) if whole else value.value, **year, **_cited(value)}


def _criterion(criterion: Criterion) -> dict[str, Any]:
    own = {"key": criterion.key, "applied": criterion.applied, "unit": criterion.unit, "unknown": criterion.unknown}
    return {**own, **({} if criterion.threshold is None else {"threshold": criterion.threshold}), **_cited(criterion)}


# ---------------------------------------------------------------------------------------------- TOML


def toml_text(document: Mapping[str, Any]) -> str:
    """A profile's values as TOML, with our comments; reading it gives the same values."""
    return "\n".join(_lines(document)).rstrip("\n") + "\n"


def write_profile(document: Mapping[str, Any], path: Path) -> str:
    """Write a profile whole, and return its text.

    Raises
    ------
    NotWritable
        the target is locked, read-only, a folder, or the disk is full
    """
    from kawasolar.export.writing import atomic

    text = toml_text(document)
    with atomic(path, ".toml") as work:
        work.write_bytes(text.encode("utf-8"))
    return text


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    town = document.get("municipality", {})
    yield f"# {_one_line(town.get('name_ja', ''))} / {_one_line(town.get('name_en', ''))}"
    yield "#"
    for language in ("ja", "en"):
        for line in say("ja" if language == "ja" else "en", "profile.file.head").splitlines():
            yield f"# {line}".rstrip()
        yield "#"
    yield ""
    yield f"format = {_text(document.get('format', FORMAT))}"
    yield ""
    yield from _table("[municipality]", town, TOWN_ORDER)
    yield from _table("[plan]", document.get("plan", {}), ("objective",))
    yield from _head("values")
    for key, entry in document.get("values", {}).items():
        yield from _table(f"[values.{_text(key)}]", entry, VALUE_ORDER)
    yield from _head("criteria")
    for entry in document.get("criteria", []):
        yield from _table("[[criteria]]", entry, CRITERION_ORDER)
    for section, known in SECTIONS.items():
        if section not in document:
            continue
        yield from _head(section)
        order = (*fields_of(known.row), *CITED_ORDER)
        entries = [document[section]] if known.single else document[section]
        for entry in entries:
            yield from _table(f"[{section}]" if known.single else f"[[{section}]]", entry, order)


def _head(section: str) -> Iterator[str]:
    words = f"{say('ja', f'profile.section.{section}')} / {say('en', f'profile.section.{section}')}"
    yield f"# {'-' * max(8, 100 - len(words))} {words}"
    yield ""


def _table(head: str, entry: Mapping[str, Any], order: Iterable[str]) -> Iterator[str]:
    yield head
    for name in order:
        if name in entry:
            yield f"{name} = {_text(entry[name])}"
    yield ""


def _one_line(text: object) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in _whole(str(text)))


def _whole(text: str) -> str:
    """Without half characters, as some input methods leave them: UTF-8 has none."""
    return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text)


def _text(value: object) -> str:
    """A value in TOML's words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_text(one) for one in value)}]"
    signs = (_ESCAPED.get(s, s if s >= " " and s != "\x7f" else f"\\u{ord(s):04x}") for s in _whole(str(value)))
    return f'"{"".join(signs)}"'
