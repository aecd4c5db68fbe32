"""The tables of loads, read and checked; one kind of facility with all that concerns it; another's tables laid over them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from kawasolar.demand.rows import (
    CLOSED,
    DAYS,
    KINDS,
    SECTIONS,
    UNKNOWN_KIND,
    Course,
    Intensity,
    LoadTemplate,
    Month,
    Period,
    Span,
)
from kawasolar.plan import fingerprint
from kawasolar.profile import load_text, parsed
from kawasolar.profiles.fields import fields_of, known_fields
from kawasolar.profiles.reader import Reader
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kawasolar.profiles.reader import Cited

FILE = "load_templates.toml"
# Tables of municipalities, by their code.
OWN_FOLDER = ("profiles", "loads")
_CODE = re.compile(r"\d{5}", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """A kind of facility with all that concerns it.

    Attributes
    ----------
    template : what it uses; its weekly closing days
    periods : its hours of use
    spans : its vacations and yearly closing days
    months, course : of heating and cooling, the same for all kinds
    """

    template: LoadTemplate
    periods: tuple[Period, ...]
    spans: tuple[Span, ...]
    months: tuple[Month, ...]
    course: Course


@dataclass(frozen=True)
class Templates:
    """All tables of loads; :meth:`kind` puts one kind's together."""

    course: Course
    months: tuple[Month, ...]
    templates: Mapping[str, LoadTemplate]
    periods: tuple[Period, ...]
    spans: tuple[Span, ...]
    intensities: Mapping[str, Intensity]

    def kind(self, kind: str | None) -> Kind:
        """What concerns facilities of a kind; those of ``other`` where nobody knows it."""
        key = kind if kind in self.templates else UNKNOWN_KIND
        assert key is not None  # noqa: S101 - for the type checker
        return Kind(
            self.templates[key],
            tuple(row for row in self.periods if row.kind == key),
            tuple(row for row in self.spans if key in row.kinds),
            self.months,
            self.course,
        )


@lru_cache(maxsize=1)
def bundled_templates() -> Templates:
    """The tables that come with the program."""
    return read_templates(resource_path(FILE))


@lru_cache(maxsize=8)
def templates_of(code: str) -> Templates:
    """The program's tables with those of a municipality over them, where some come with the program.

    Parameters
    ----------
    code : of the municipality, five digits (:attr:`kawasolar.profile.Profile.code`)
    """
    path = resource_path(*OWN_FOLDER, f"{code}.toml")
    known = _CODE.fullmatch(code) is not None and path.is_file()
    return laid_over(bundled_templates(), path) if known else bundled_templates()


@lru_cache(maxsize=8)
def tables_fingerprint(code: str) -> str:
    """Fingerprint of what :func:`templates_of` gives, so that a result can know which tables it was estimated with."""
    return fingerprint(asdict(templates_of(code)))


def laid_over(base: Templates, path: Path) -> Templates:
    """Tables with those of a file over them, as :func:`overridden`.

    Raises
    ------
    UnreadableProfile
        the file cannot be read, or has an entry that is wrong or none of ours
    """
    document = parsed(load_text(path), path.name)
    Reader(path.name).only(document, tuple(SECTIONS), "")
    return overridden(base, document, path.name)


def read_templates(path: Path) -> Templates:
    """Tables of loads from a file of their own, which must have all of them.

    Raises
    ------
    UnreadableProfile
        missing, too large, no TOML, or an entry missing, unknown or impossible: names the first
    """
    document = parsed(load_text(path), path.name)
    reader = Reader(path.name)
    reader.only(document, tuple(SECTIONS), "")
    for section, known in SECTIONS.items():
        if section not in document:
            raise reader.error(
                "profile.missing_section", section, None, f"[{section}]" if known.single else f"[[{section}]]"
            )
    return _checked(reader, _rows(reader, document))


def overridden(base: Templates, document: Mapping[str, Any], source: str) -> Templates:
    """Tables with others laid over them, such as a municipality's.

    A row takes the place of that of the same kind or month. Who gives a kind's template gives all its hours and spans; who gives only hours of some types of day, or only
    vacations or closing days, replaces those of the kind.

    Parameters
    ----------
    document : parsed TOML; sections that are none of ours are not looked at
    source : name of the file it comes from, for messages

    Raises
    ------
    UnreadableProfile
        names the first entry that is wrong
    """
    reader = Reader(source)
    rows = _rows(reader, document)
    templates = cast("list[LoadTemplate]", rows["load_templates"])
    periods, spans = cast("list[Period]", rows["load_periods"]), cast("list[Span]", rows["load_spans"])
    told = {(row.kind, day) for row in templates for day in DAYS}
    hours = told | {(row.kind, day) for row in periods for day in row.days}
    dates = told | {(kind, row.day) for row in spans for kind in row.kinds}
    months = {row.month: row for row in (*base.months, *cast("list[Month]", rows["load_months"]))}
    merged: dict[str, list[Cited]] = {
        "load_course": rows["load_course"] or [base.course],
        "load_months": [*months.values()],
        "load_templates": _by_kind(base.templates, templates),
        "load_periods": [*_left_periods(base.periods, hours), *periods],
        "load_spans": [*_left_spans(base.spans, dates), *spans],
        "load_intensities": _by_kind(base.intensities, cast("list[Intensity]", rows["load_intensities"])),
    }
    return _checked(reader, merged)


def _by_kind(base: Mapping[str, Any], rows: Iterable[Any]) -> list[Cited]:
    return [*{**base, **{row.kind: row for row in rows}}.values()]


def _left_periods(rows: Iterable[Period], told: set[tuple[str, str]]) -> list[Period]:
    """Hours of use without the types of day, by kind, that are told anew."""
    left = (replace(row, days=tuple(day for day in row.days if (row.kind, day) not in told)) for row in rows)
    return [row for row in left if row.days]


def _left_spans(rows: Iterable[Span], told: set[tuple[str, str]]) -> list[Span]:
    """Spans without the kinds, by type of day, that are told anew."""
    left = (replace(row, kinds=tuple(kind for kind in row.kinds if (kind, row.day) not in told)) for row in rows)
    return [row for row in left if row.kinds]


def _rows(reader: Reader, document: Mapping[str, Any]) -> dict[str, list[Cited]]:
    """The rows of every section, each checked by itself; none where a section is absent."""
    found: dict[str, list[Cited]] = {}
    for section, known in SECTIONS.items():
        seen: set[tuple[object, ...]] = set()
        found[section] = []
        for where, entry in _entries(reader, section, document):
            row = _row(reader, section, entry, where)
            mine = tuple(getattr(row, name) for name in known.identity)
            if mine in seen:
                raise reader.error("profile.duplicate", where, " ".join(map(str, mine)), "once")
            seen.add(mine)
            found[section].append(row)
    return found


def _entries(reader: Reader, section: str, document: Mapping[str, Any]) -> list[tuple[str, object]]:
    """The rows of a section as they were parsed, each with its place."""
    entries = document.get(section)
    if entries is None:
        return []
    if SECTIONS[section].single:
        return [(section, entries)]
    if not isinstance(entries, list):
        raise reader.error("profile.bad_value", section, entries, f"[[{section}]]")
    return [(f"{section}.{k + 1}", entry) for k, entry in enumerate(entries)]


def _row(reader: Reader, section: str, entry: object, where: str) -> Cited:
    row = SECTIONS[section].row
    if not isinstance(entry, dict):
        raise reader.error("profile.bad_value", where, entry, f"[[{section}]]")
    reader.only(entry, known_fields(row), where)
    taken = {name: one.take(reader, entry, where) for name, one in fields_of(row).items()}
    made = row(**taken, **reader.cited(entry, where))
    if isinstance(made, Period):
        if not made.days:
            raise reader.error("profile.bad_value", f"{where}.days", None, " | ".join(DAYS[:CLOSED]))
        if made.end_h <= made.begin_h:
            raise reader.error("profile.bad_value", f"{where}.end_h", made.end_h, f"> {made.begin_h:g}")
    elif isinstance(made, Span) and not made.kinds:
        raise reader.error("profile.bad_value", f"{where}.kinds", None, " | ".join(KINDS))
    return made


def _checked(reader: Reader, rows: Mapping[str, list[Cited]]) -> Templates:
    """The tables together: every kind, every month, hours that do not overlap."""
    templates = {row.kind: row for row in cast("list[LoadTemplate]", rows["load_templates"])}
    lacking = [kind for kind in KINDS if kind not in templates]
    if lacking:
        raise reader.error("profile.bad_value", "load_templates", None, ", ".join(lacking))
    months = tuple(sorted(cast("list[Month]", rows["load_months"]), key=lambda row: row.month))
    if len(months) != 12:
        raise reader.error("profile.bad_value", "load_months", len(months), "1 … 12")
    periods = tuple(cast("list[Period]", rows["load_periods"]))
    for kind in KINDS:
        for day in DAYS[:CLOSED]:
            _check_hours(reader, [row for row in periods if row.kind == kind and day in row.days], f"{kind}.{day}")
    return Templates(
        course=cast("Course", rows["load_course"][0]),
        months=months,
        templates=templates,
        periods=periods,
        spans=tuple(cast("list[Span]", rows["load_spans"])),
        intensities={row.kind: row for row in cast("list[Intensity]", rows["load_intensities"])},
    )


def _check_hours(reader: Reader, rows: list[Period], where: str) -> None:
    """Refuse hours of use that overlap: their levels would add up."""
    rows.sort(key=lambda row: row.begin_h)
    for before, after in pairwise(rows):
        if after.begin_h < before.end_h:
            raise reader.error(
                "profile.bad_value", f"load_periods.{where}.begin_h", after.begin_h, f"≥ {before.end_h:g}"
            )
