"""Proposals for columns, and what a newer ledger changes, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kawasolar.ledger.kinds import FACILITIES
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.ledger.proposals import Proposal
    from kawasolar.ledger.renewal import CellChange, Renewal
    from kawasolar.words import Language

# Lines of one kind that a terminal gets; all of them are in the workbook.
_MOST_LINES = 50


def column_word(language: Language, column: str, kind: str = FACILITIES) -> str:
    """What one of our columns of a ledger is called; empty: left out."""
    if kind != FACILITIES and column:
        return say(language, f"mapping.register.{column}")
    return say(language, f"mapping.column.{column or 'none'}")


def reason_words(language: Language, one: Proposal, kind: str = FACILITIES) -> str:
    """Why a column of a ledger is proposed to be what it is."""
    named = one.named
    if one.reason == "foreign":
        named = say(language, f"mapping.foreign.{named}")
    elif named:
        named = column_word(language, named, kind)
    share = "" if one.share is None else f"{100 * one.share:.0f}"
    code = f"mapping.reason.{one.reason}"
    counted = f"{code}.counted"
    return say(language, counted if share and counted in catalogue() else code, named=named, share=share)


def value_words(language: Language, column: str, value: object) -> str:
    """A cell of the facilities as people read it."""
    from kawasolar.provenance.words import ledger_value

    if column in ("latitude", "longitude") and isinstance(value, float):
        return f"{value:.6f}"
    return ledger_value(language, column, value)


def change_words(language: Language, change: CellChange) -> str:
    """One cell that changes, as a line."""
    before, after = (value_words(language, change.column, value) for value in (change.before, change.after))
    return say(
        language, "renewal.line.changed", id=change.facility_id, name=change.name, column=column_word(language, change.column), before=before,
        after=after,
    )  # fmt: skip


def renewal_lines(language: Language, renewal: Renewal) -> Iterator[str]:
    """What a newer ledger changes, first in figures."""
    yield summary(language, renewal)
    if renewal.by_name:
        yield say(language, "renewal.by_name", count=f"{len(renewal.renumbered):,}")
    for code, columns in (("gone", renewal.columns_gone), ("new", renewal.columns_new)):
        if columns:
            names = say(language, "list.separator").join(column_word(language, name) for name in columns)
            yield say(language, f"renewal.columns_{code}", columns=names)
    for code, found in (("added", renewal.added), ("removed", renewal.removed)):
        yield from _cut(
            language, [say(language, f"renewal.line.{code}", id=number, name=name) for number, name in found]
        )
    for lost in renewal.lost:
        yield say(
            language, "renewal.line.lost", id=lost.facility_id, name=lost.name, what=say(language, f"renewal.lost.{lost.table}")
        )  # fmt: skip
    yield from _cut(language, [change_words(language, change) for change in renewal.changed])
    for one in renewal.corrections:
        values = {name: value_words(language, one.column, getattr(one, name)) for name in ("value", "read", "now")}
        yield say(
            language, f"renewal.line.{'decide' if one.state == 'changed' else one.state}", id=one.facility_id, name=one.name, column=column_word(language, one.column), key=one.key,
            **values,
        )  # fmt: skip


def summary(language: Language, renewal: Renewal) -> str:
    """The figures of a comparison, as one line."""
    states = Counter(one.state for one in renewal.corrections)
    told = say(
        language, "renewal.summary", added=f"{len(renewal.added):,}", removed=f"{len(renewal.removed):,}",
        changed=f"{renewal.changed_facilities:,}", cells=f"{len(renewal.changed):,}", same=f"{renewal.same:,}",
    )  # fmt: skip
    if not renewal.corrections:
        return told
    number, decide = f"{len(renewal.corrections):,}", f"{states['changed']:,}"
    return told + say(language, "renewal.summary_corrections", corrections=number, decide=decide)


def _cut(language: Language, lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield say(language, "renewal.line.more", count=f"{len(lines) - _MOST_LINES:,}")
