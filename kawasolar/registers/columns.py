"""The columns of other ledgers, for the machinery that names columns: by what they are told, needed and read with."""

from __future__ import annotations

from functools import cache
from statistics import median
from typing import TYPE_CHECKING

from kawasolar.ledger.content import foreign, years_of
from kawasolar.ledger.kinds import LedgerKind
from kawasolar.registers.cells import parser
from kawasolar.registers.detecting import detectors
from kawasolar.registers.schema import KINDS, schema_of

if TYPE_CHECKING:
    from kawasolar.ledger.content import Sample
    from kawasolar.ledger.kinds import Reader
    from kawasolar.ledger.proposals import Guess, Proposal
    from kawasolar.registers.schema import Kind, Schema

# Kinds of columns of which a single cell can be told.
_TYPED = ("code", "digits", "date", "year", "number")


def register_columns(kind: str) -> LedgerKind:
    """A register's columns.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    return _columns_of(kind_of(kind))


def kind_of(key: str) -> Kind:
    """The kind of register that a key is.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    for kind in KINDS:
        if kind == key:
            return kind
    raise ValueError("kind")


@cache
def _columns_of(kind: Kind) -> LedgerKind:
    schema = schema_of(kind)
    typed = frozenset(name for name, field in schema.fields.items() if field.kind in _TYPED or field.shape == "plate")
    has_points = any(field.kind == "digits" for field in schema.fields.values())

    def strange(sample: Sample) -> str:
        found = foreign(sample)
        return "" if has_points and found == "supply_point" else found

    def reader(name: str, unit: str) -> Reader | None:
        field = schema.fields[name]
        return None if field.kind == "text" else parser(schema, field, unit)

    return LedgerKind(
        schema.kind, schema.words, tuple((name,) for name in schema.needed), 1, lambda facilities: detectors(schema, facilities), typed, reader,
        lambda guess: _settled(schema, guess), strange, hinted=True,
    )  # fmt: skip


def _settled(schema: Schema, guess: Guess) -> dict[int, Proposal]:
    """Of two columns of years the earlier is of the making, the later of what was done since."""
    years = [name for name, field in schema.fields.items() if field.kind == "year"]
    at = {one.named: k for k, one in guess.found.items() if one.named in years and one.reason != "alike"}
    if len(years) < 2 or not set(years[:2]) <= at.keys():
        return guess.found
    first, second = (at[name] for name in years[:2])
    if median(years_of(guess.looked[first])) > median(years_of(guess.looked[second])):
        sure = [guess.found[k].sure for k in (first, second)]
        for k, name, how in zip((second, first), years[:2], sure, strict=True):
            guess.found[k] = guess.propose(k, name, how, 1.0)
    return guess.found
