"""Cells of other ledgers into values, by the kind of their column."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kawasolar.ledger import values
from kawasolar.ledger.vocabulary import folded, vocabulary
from kawasolar.registers.dates import day

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.registers.schema import Field, Schema

POINT_DIGITS = 22


def parser(schema: Schema, field: Field, unit: str) -> Callable[[object], Any]:
    """Parser of a column's cells; ``unit`` stands above it. A unit that is none of ours is part of the heading's name: W/台."""
    units = schema.words.units.get(field.name, {})
    parsers: dict[str, Callable[[object], Any]] = {
        "text": values.text,
        "number": partial(values.number, units=units, bare=units.get(unit, 1.0)),
        "storeys": values.storeys,
        "year": values.year,
        "date": day,
        "flag": values.flag,
        "digits": digits,
        "code": partial(coded, field),
    }
    return parsers[field.kind]


def coded(field: Field, cell: object) -> str | None:
    """The code of a word.

    Raises
    ------
    ValueError
        It stands for none.
    """
    key = folded(values.text_of(cell))
    if key in vocabulary().missing or field.codes is None:
        return None
    code = field.codes.find(key[:200])
    if code is None:
        raise ValueError(key)
    return None if code == "unknown" else code


def digits(cell: object) -> str | None:
    """A supply point: 22 digits, whatever stands between them; a spreadsheet that took it for a quantity has lost some.

    Raises
    ------
    ValueError
        It has not so many.
    """
    if isinstance(cell, float):
        raise ValueError(cell)  # noqa: TRY004 - as every parser of cells
    key = folded(values.text_of(cell)).replace("-", "")
    if key in vocabulary().missing:
        return None
    if not key.isascii() or not key.isdigit() or len(key) != POINT_DIGITS:
        raise ValueError(key)
    return key
