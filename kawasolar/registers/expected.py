"""What belongs into a column of a register, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from kawasolar.registers.schema import Field
    from kawasolar.words import Language


def expected_words(field: Field, language: Language) -> str:
    """By the kind of the column: its codes, or its range with the unit."""
    if field.codes is not None:
        names = [say(language, f"{field.said_as}.{code}") for code in field.code_names]
        return say(language, "register.expected.code", codes=say(language, "list.separator").join(names))
    if field.bounds is None:
        return say(language, f"register.kind.{field.kind}")
    low, high = (f"{bound:,.15g}" for bound in field.bounds)
    return say(language, f"register.expected.{field.kind}", low=low, high=high, unit=unit_words(field.unit, language))


def unit_words(unit: str, language: Language) -> str:
    """A unit behind a number as people write it, with the blank before it; empty for a bare number."""
    if unit in ("", "-"):
        return ""
    code = f"register.unit.{unit}"
    return f" {say(language, code) if code in catalogue() else unit}"
