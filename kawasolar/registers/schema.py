"""What a ledger of each kind has: ``resources/registers/*.toml``, compiled once.

A column has a ``kind`` (``text number year date flag code storeys digits``), the headings by which it is called, a unit with those that are turned into it, and the
range outside which a number is a mistake; codes have the words that stand for them. ``memo``: the value that books write where nobody knows (備忘価額, one yen).

Where no heading names a column, it is told by its cells: ``usual`` are the numbers that such a ledger mostly has (``whole``: whole ones alone), ``words`` and ``endings`` what
its texts contain or end in, ``shape`` what they look like (``owner plate floor wing model address department``, see :mod:`kawasolar.registers.detecting`). A person confirms it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from kawasolar.ledger.vocabulary import Codes, Vocabulary, codes_by, folded, heading_key, vocabulary
from kawasolar.plan import OTHER_LEDGERS, OtherLedger
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.words import Language

Kind = OtherLedger
KINDS: tuple[Kind, ...] = OTHER_LEDGERS
FieldKind = Literal["text", "number", "year", "date", "flag", "code", "storeys", "digits"]


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes
    ----------
    unit : of a number
    bounds : least and greatest number that can be meant
    codes : words that stand for the codes of a ``code``
    headings : by which it is called, the usual one first
    memo : a number that stands for nothing known, None where there is none
    said_as : what the codes' words begin with in the catalogue
    usual, whole, words, endings, shape : what its cells are told by; words and endings folded
    """

    name: str
    kind: FieldKind
    unit: str
    bounds: tuple[float, float] | None
    codes: Codes | None
    headings: tuple[str, ...]
    memo: float | None
    said_as: str = "register.code"
    usual: tuple[float, float] | None = None
    whole: bool = False
    words: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    shape: str = ""

    @property
    def code_names(self) -> tuple[str, ...]:
        """The codes that a cell can mean."""
        found = () if self.codes is None else (code for _, code, _, _ in self.codes.patterns)
        return tuple(dict.fromkeys(code for code in found if code != "unknown"))


@dataclass(frozen=True)
class Schema:
    """One kind of ledger.

    Attributes
    ----------
    needed : columns without which it is none
    identity : columns that together tell its rows apart, by which those of a newer one are known again
    loose : columns by which they are where those find none; empty: by no others
    fields : by name, in the order of the file
    words : headings and units as :func:`kawasolar.ledger.headings.find_header` takes them
    """

    kind: Kind
    name_ja: str
    name_en: str
    needed: tuple[str, ...]
    identity: tuple[str, ...]
    loose: tuple[str, ...]
    fields: dict[str, Field]
    words: Vocabulary

    def name(self, language: Language) -> str:
        """What people call it."""
        return self.name_ja if language == "ja" else self.name_en


@cache
def schema_of(kind: Kind) -> Schema:
    """The bundled form of one kind of ledger."""
    with resource_path("registers", f"{kind}.toml").open("rb") as file:
        raw = tomllib.load(file)
    fields = {name: _field(name, table) for name, table in raw["columns"].items()}
    headings: dict[str, tuple[str, int]] = {}
    for name, field in fields.items():
        for preference, heading in enumerate(field.headings):
            headings.setdefault(heading_key(heading), (name, preference))
    units = {
        name: {folded(unit): float(factor) for unit, factor in table.get("units", {}).items()}
        for name, table in raw["columns"].items()
        if table["kind"] == "number"
    }
    words = replace(vocabulary(), headings=headings, units=units, other_ledgers={}, columns=tuple(fields))
    return Schema(
        kind,
        raw["name_ja"],
        raw["name_en"],
        tuple(raw["needed"]),
        tuple(raw["identity"]),
        tuple(raw["loose"]),
        fields,
        words,
    )


def _field(name: str, table: dict[str, Any]) -> Field:
    codes = None
    if table["kind"] == "code":
        codes = vocabulary().codes[table["vocabulary"]] if "vocabulary" in table else codes_by(table["codes"])
    words, endings = (tuple(folded(word) for word in table.get(name, ())) for name in ("words", "endings"))
    return Field(
        name, table["kind"], table.get("unit", ""), _pair(table.get("range")), codes, tuple(table["headings"]), table.get("memo"),
        table.get("vocabulary", "register.code"), _pair(table.get("usual")), table.get("whole", False), words, endings, table.get("shape", ""),
    )  # fmt: skip


def _pair(found: Sequence[float] | None) -> tuple[float, float] | None:
    return None if found is None else (float(found[0]), float(found[1]))
