"""What a newer ledger of another kind changes: rows that come, go or have other cells."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kawasolar.ledger.vocabulary import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.registers.schema import Schema


# What a row is known by: our columns with their cells, as far as they are filled.
Label = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class RowChange:
    """One cell that the newer ledger has otherwise; rows as the user counts in each file."""

    row_before: int
    row_after: int
    label: Label
    column: str
    before: object
    after: object


@dataclass(frozen=True)
class RegisterRenewal:
    """What a newer ledger changes.

    Attributes
    ----------
    added, removed : (row in the newer file, or in the one before; what it is)
    changed : cell by cell, of the columns that both ledgers have
    same : rows of which nothing changes
    columns_gone, columns_new : columns of which only one ledger knows
    """

    added: tuple[tuple[int, Label], ...]
    removed: tuple[tuple[int, Label], ...]
    changed: tuple[RowChange, ...]
    same: int
    columns_gone: tuple[str, ...]
    columns_new: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether the newer ledger says the same."""
        return not (self.added or self.removed or self.changed or self.columns_gone or self.columns_new)

    @property
    def changed_rows(self) -> int:
        """Rows of which a cell changes."""
        return len({change.row_after for change in self.changed})


def compare_registers(before: pd.DataFrame, after: pd.DataFrame, schema: Schema) -> RegisterRenewal:
    """Compare the rows of two ledgers of one kind.

    A row is known again by the columns of :attr:`Schema.identity` that both have, written in any usual form; where that finds none, by :attr:`Schema.loose`, where
    just one row of each ledger is left with them: a lamp of another type in the same room. Of rows that are alike in these, equal ones are paired first, then the
    others in their order: two kinds of lamp of one room are told apart by what else they say.

    Parameters
    ----------
    before, after : as :attr:`kawasolar.registers.Register.frame`
    """
    columns = [name for name in schema.fields if name in before and name in after]
    identity, loose = ([name for name in names if name in columns] for names in (schema.identity, schema.loose))
    old, new = _Rows.of(before, columns, identity, loose), _Rows.of(after, columns, identity, loose)
    pairs = _pairs(old, new)
    changed = [
        RowChange(old.numbers[i], new.numbers[j], new.labels[j], name, a, b)
        for i, j in pairs
        for name, a, b in zip(columns, old.cells[i], new.cells[j], strict=True)
        if not _same(a, b)
    ]
    olds, news = {i for i, _ in pairs}, {j for _, j in pairs}
    return RegisterRenewal(
        added=tuple((new.numbers[j], new.labels[j]) for j in range(len(new.cells)) if j not in news),
        removed=tuple((old.numbers[i], old.labels[i]) for i in range(len(old.cells)) if i not in olds),
        changed=tuple(changed),
        same=len(pairs) - len({change.row_after for change in changed}),
        columns_gone=tuple(name for name in schema.fields if name in before and name not in after),
        columns_new=tuple(name for name in schema.fields if name in after and name not in before),
    )


@dataclass(frozen=True)
class _Rows:
    """Cells as plain Python, what each row is known by, and what it is called."""

    numbers: list[int]
    cells: list[tuple[object, ...]]
    keys: list[tuple[str, ...]]
    looser: list[tuple[str, ...]]
    labels: list[Label]

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Sequence[str], identity: Sequence[str], loose: Sequence[str]) -> _Rows:
        plain = {name: _plain(frame[name]) for name in columns}
        rows = range(len(frame))
        cells = [tuple(plain[name][k] for name in columns) for k in rows]
        texts = {name: [folded(_text(value)) for value in plain[name]] for name in {*identity, *loose}}
        keys, looser = ([tuple(texts[name][k] for name in names) for k in rows] for names in (identity, loose))
        labels = [tuple((name, plain[name][k]) for name in identity if plain[name][k] is not None) for k in rows]
        return cls(frame["source_row"].tolist(), cells, keys, looser, labels)


def _plain(series: pd.Series[Any]) -> list[object]:
    if series.dtype.kind == "M":
        return [None if pd.isna(day) else day.date().isoformat() for day in series]
    return [None if value is None or value != value else value for value in series.tolist()]  # noqa: PLR0124 - NaN


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _same(a: object, b: object) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def _pairs(old: _Rows, new: _Rows) -> list[tuple[int, int]]:
    """Row of before -> the same in the newer ledger, in the order of the newer."""
    whole: dict[object, deque[int]] = defaultdict(deque)
    for i, cells in enumerate(old.cells):
        whole[old.keys[i], cells].append(i)
    found: dict[int, int] = {}
    for j, cells in enumerate(new.cells):
        if same := whole.get((new.keys[j], cells)):
            found[j] = same.popleft()
    taken = set(found.values())
    rest: dict[tuple[str, ...], deque[int]] = defaultdict(deque)
    for i, key in enumerate(old.keys):
        # Rows that say nothing of what they are are no others'.
        if i not in taken and any(key):
            rest[key].append(i)
    for j, key in enumerate(new.keys):
        if j not in found and (alike := rest.get(key)):
            found[j] = alike.popleft()
    left, right = _lone(old.looser, set(found.values())), _lone(new.looser, set(found))
    found.update({j: left[key] for key, j in right.items() if key in left})
    return [(found[j], j) for j in sorted(found)]


def _lone(keys: list[tuple[str, ...]], taken: set[int]) -> dict[tuple[str, ...], int]:
    """Rows that are not taken, of those keys that only one of them has."""
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if row not in taken and all(key[:1]) and key:
            rows[key].append(row)
    return {key: found[0] for key, found in rows.items() if len(found) == 1}
