"""Everything that is wrong with a profile, not only the first; and in what two profiles differ."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from kawasolar.errors import UnreadableProfile
from kawasolar.profile import (
    PROFILE_SECTIONS,
    check_format,
    criterion_entries,
    lacking_values,
    read_criterion,
    read_objective,
    read_town,
    read_value,
    value_table,
)
from kawasolar.profiles.fields import fields_of
from kawasolar.profiles.reader import HOW_SURE, Reader
from kawasolar.profiles.tables import (
    OF_TARIFFS,
    PPA_RULES,
    SECTIONS,
    Tables,
    check_new,
    check_tariff,
    entries_of,
    identity_of,
    read_row,
)
from kawasolar.profiles.toml import document_of
from kawasolar.value_rules import CRITERION_RULES, LATER_CRITERIA, VALUE_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kawasolar.profile import Profile
    from kawasolar.profiles.reader import Cited

# More than these are not told: a file that is no profile would have thousands.
MOST_PROBLEMS = 500


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: ``at`` is the key of a value or criterion or the number of a row from 1, both may be empty."""

    section: str
    at: str
    field: str
    error: UnreadableProfile


@dataclass(frozen=True)
class Difference:
    """Where two profiles differ; ``before`` or ``after`` is None where the one or the other has nothing there.

    ``key`` is that of a value or criterion, or what tells a row from the others; ``field`` is empty for a whole row, and
    ``order`` where the same rows stand in another order; ``entry`` is the whole value, criterion or row, as it is after.
    """

    section: str
    key: str
    field: str
    before: object
    after: object
    entry: Mapping[str, Any]


_Read = TypeVar("_Read")


class _Found:
    """Collects what is wrong, part by part."""

    def __init__(self, source: str) -> None:
        self.reader = Reader(source)
        self.problems: list[Problem] = []

    @contextmanager
    def within(self, section: str, at: str = "") -> Iterator[None]:
        """What is refused inside is noted, and the next part is looked at."""
        try:
            yield
        except UnreadableProfile as error:
            self.add(section, at, error)

    def add(self, section: str, at: str, error: UnreadableProfile) -> None:
        key = str(error.details.get("key", ""))
        whole = key in (section, at, f"{section}.{at}")
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(section, at, "" if whole else key.rpartition(".")[2], error))


def problems(document: Mapping[str, Any], source: str) -> list[Problem]:
    """Everything that is wrong with the plain values of a profile; none where it can be used."""
    found, plain = _Found(source), dict(document)
    with found.within(""):
        check_format(found.reader, plain)
    with found.within(""):
        found.reader.only(plain, PROFILE_SECTIONS, "")
    with found.within("municipality"):
        read_town(found.reader, plain)
    with found.within("plan"):
        read_objective(found.reader, plain)
    _values(found, plain)
    _criteria(found, plain)
    rows = {section: _rows(found, plain, section) for section in SECTIONS}
    tables = Tables(**rows)
    for section in OF_TARIFFS:
        for k, row in enumerate(tables.rows(section)):
            with found.within(section, str(k + 1)):
                check_tariff(found.reader, tables.tariffs, row, f"{section}.{k + 1}")
    return found.problems


def _values(found: _Found, document: dict[str, Any]) -> None:
    with found.within("values"):
        values = value_table(found.reader, document)
        with found.within("values"):
            found.reader.only(values, tuple(VALUE_RULES), "values")
        for key in VALUE_RULES:
            if key in values:
                _whole(found, "values", key, partial(read_value, found.reader, key, values[key]), values[key], key)
        lacking_values(found.reader, values)


def _criteria(found: _Found, document: dict[str, Any]) -> None:
    reader, seen = found.reader, set()
    with found.within("criteria"):
        for k, entry in enumerate(criterion_entries(reader, document)):
            at = str(k + 1)
            with found.within("criteria", at):
                at = reader.choice(entry, "key", "criteria", tuple(CRITERION_RULES))
                if at in seen:
                    raise reader.error("profile.duplicate", f"criteria.{at}", at, "once")
                seen.add(at)
                _whole(found, "criteria", at, partial(read_criterion, reader, at, entry), entry, f"criteria.{at}")
    for key in CRITERION_RULES:
        if key not in seen and key not in LATER_CRITERIA:
            found.add("criteria", key, reader.error("profile.missing_criterion", key, None, key))


def _rows(found: _Found, document: dict[str, Any], section: str) -> tuple[Any, ...]:
    """The rows of a table that can be used."""
    rows: list[Cited] = []
    seen: set[tuple[object, ...]] = set()
    with found.within(section):
        for where, entry in entries_of(found.reader, section, document):
            if len(found.problems) >= MOST_PROBLEMS:
                break
            at = _at(section, where, entry)
            own = fields_of(SECTIONS[section].row).values()
            row = _whole(
                found, section, at, partial(read_row, found.reader, section, entry, where), entry, where,
                [partial(one.take, found.reader, cast("dict[str, Any]", entry), where) for one in own],
            )  # fmt: skip
            if row is not None:
                with found.within(section, at):
                    check_new(found.reader, section, row, where, seen)
                    rows.append(row)
    return tuple(rows)


def _at(section: str, where: str, entry: object) -> str:
    """The number of a row; of a PPA its key."""
    key = entry.get("key") if section == "ppa" and isinstance(entry, dict) else None
    return key if isinstance(key, str) and key in PPA_RULES else where.partition(".")[2]


def _whole(
    found: _Found,
    section: str,
    at: str,
    read: Callable[[], _Read],
    entry: object,
    where: str,
    own: Sequence[Callable[[], object]] = (),
) -> _Read | None:
    """A part of a profile read whole; where that fails, what is wrong with each of its fields, not only with the first."""
    try:
        return read()
    except UnreadableProfile as error:
        before, reader = len(found.problems), found.reader
        if isinstance(entry, dict):
            texts = [partial(reader.text, entry, name, where) for name in ("source_ja", "source_en")]
            sure = partial(reader.choice, entry, "how_sure", where, HOW_SURE)
            parts: list[Callable[[], object]] = [*own, *texts, sure, partial(reader.interval, entry, where)]
            for part in parts:
                with found.within(section, at):
                    part()
        told = {problem.field for problem in found.problems[before:]}
        if str(error.details.get("key", "")).rpartition(".")[2] not in told:
            found.add(section, at, error)
        return None


# ---------------------------------------------------------------------------------------------- two profiles


def differences(before: Profile, after: Profile) -> list[Difference]:
    """In what two profiles differ, in the order of a file."""
    old, new = document_of(before), document_of(after)
    found: list[Difference] = []
    for section in ("municipality", "plan"):
        found += _of_entry(section, "", old[section], new[section])
    found += _of_keyed("values", old["values"], new["values"])
    found += _of_keyed("criteria", *({entry["key"]: entry for entry in one["criteria"]} for one in (old, new)))
    for section in SECTIONS:
        mine, theirs = (_by_identity(profile, section, one) for profile, one in ((before, old), (after, new)))
        found += _of_keyed(section, mine, theirs)
        common = [key for key in mine if key in theirs]
        if common != [key for key in theirs if key in mine]:
            found.append(Difference(section, "", "order", ", ".join(mine), ", ".join(theirs), {}))
    return found


def _by_identity(profile: Profile, section: str, document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    entries = document.get(section, [])
    plain = [entries] if isinstance(entries, dict) else entries
    rows = profile.tables.rows(section)
    return {
        " ".join(_shown(part) for part in identity_of(section, row)): entry
        for row, entry in zip(rows, plain, strict=True)
    }


def _shown(part: object) -> str:
    return "+".join(map(str, part)) if isinstance(part, tuple) else str(part)


def _of_keyed(
    section: str, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> list[Difference]:
    found: list[Difference] = []
    for key in {**before, **after}:
        if key in before and key in after:
            found += _of_entry(section, key, before[key], after[key])
        else:
            found.append(Difference(section, key, "", before.get(key), after.get(key), after.get(key) or before[key]))
    return found


def _of_entry(section: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [Difference(section, key, name, before.get(name), after.get(name), after) for name in names]
