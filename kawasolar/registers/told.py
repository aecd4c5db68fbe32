"""Cells of other ledgers, and what a newer one changes, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kawasolar.registers.renewal import Label, RegisterRenewal
    from kawasolar.registers.schema import Field, Schema
    from kawasolar.words import Language

# Of one kind of change.
_MOST_LINES = 200


def cell_words(language: Language, field: Field, value: object) -> str:
    """A cell as people read it: codes in words, whole numbers without a point; a dash where nothing is known."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "–"
    if field.kind == "code":
        return say(language, f"{field.said_as}.{value}")
    if field.kind == "flag":
        return "○" if value else "×"
    return f"{value:,.15g}" if isinstance(value, float) and field.kind != "year" else f"{value:g}" if isinstance(value, float) else str(value)  # fmt: skip


def label_words(language: Language, schema: Schema, label: Label) -> str:
    """What a row is known by."""
    return " ".join(cell_words(language, schema.fields[name], value) for name, value in label)


def renewal_summary(language: Language, renewal: RegisterRenewal) -> str:
    """The figures of a comparison, as one line."""
    return say(
        language, "register.renewal.summary", added=f"{len(renewal.added):,}", removed=f"{len(renewal.removed):,}",
        changed=f"{renewal.changed_rows:,}", cells=f"{len(renewal.changed):,}", same=f"{renewal.same:,}",
    )  # fmt: skip


def renewal_lines(
    language: Language, renewal: RegisterRenewal, schema: Schema, headings: Mapping[str, str]
) -> Iterator[str]:
    """What a newer ledger changes, first in figures.

    Parameters
    ----------
    headings : our column -> heading in the newer file
    """
    yield renewal_summary(language, renewal)
    for code, columns in (("gone", renewal.columns_gone), ("new", renewal.columns_new)):
        if columns:
            names = [headings.get(name, schema.fields[name].headings[0]) for name in columns]
            yield say(language, f"renewal.columns_{code}", columns=say(language, "list.separator").join(names))
    for code, rows in (("added", renewal.added), ("removed", renewal.removed)):
        yield from _cut(
            language,
            [
                say(language, f"register.renewal.{code}", row=row, label=label_words(language, schema, label))
                for row, label in rows
            ],
        )
    changed = []
    for one in renewal.changed:
        field = schema.fields[one.column]
        column = headings.get(one.column, field.headings[0])
        before, after = cell_words(language, field, one.before), cell_words(language, field, one.after)
        changed.append(
            say(language, "register.renewal.changed", row=one.row_after, label=label_words(language, schema, one.label), column=column, before=before, after=after)
        )  # fmt: skip
    yield from _cut(language, changed)


def _cut(language: Language, lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield say(language, "renewal.line.more", count=f"{len(lines) - _MOST_LINES:,}")
