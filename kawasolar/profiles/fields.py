"""What a field of a profile's table may hold: its kind, unit and bounds, told once for the reader, the form and the writer."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kawasolar.profiles.reader import CITED_FIELDS, Cited

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.profiles.reader import Reader

Kind = Literal["text", "number", "whole", "day", "choice", "codes", "flag"]
_META = "profile"


@dataclass(frozen=True)
class Field:
    """One field: ``needed`` where a row without it means nothing; ``choices`` are codes with words (``profile.choice.…``)."""

    name: str
    kind: Kind
    needed: bool = True
    unit: str = ""
    least: float = 0.0
    most: float = 0.0
    choices: tuple[str, ...] = ()
    pattern: str = ""
    example: str = ""

    def take(self, reader: Reader, entry: dict[str, Any], where: str) -> Any:  # noqa: ANN401 - as the field is
        """The field of a row; what an absent one stands for where it is not needed.

        Raises
        ------
        UnreadableProfile
            names the field
        """
        name = self.name
        if not self.needed and name not in entry:
            return {"text": "", "codes": ()}.get(self.kind)
        if self.kind == "text":
            if self.pattern:
                return reader.pattern(entry, name, where, self.pattern, self.example)
            return reader.text(entry, name, where)
        if self.kind == "number":
            return reader.number(entry, name, where, self.least, self.most)
        if self.kind == "whole":
            return reader.whole(entry, name, where, self.least, self.most)
        if self.kind == "choice":
            return reader.choice(entry, name, where, self.choices)
        if self.kind == "codes":
            return reader.codes(entry, name, where, self.choices)
        return reader.day(entry, name, where) if self.kind == "day" else reader.flag(entry, name, where)


def _declared(kind: Kind, **more: Any) -> Any:  # noqa: ANN401 - stands where a dataclass field is declared
    return field(metadata={_META: {"kind": kind, **more}})


def text(*, needed: bool = True, pattern: str = "", example: str = "") -> Any:  # noqa: ANN401
    """Words; or a code of a form, with an example of it."""
    return _declared("text", needed=needed, pattern=pattern, example=example)


def number(unit: str, least: float, most: float, *, needed: bool = True) -> Any:  # noqa: ANN401
    """A quantity; beyond its bounds it can only be a mistake."""
    return _declared("number", unit=unit, least=least, most=most, needed=needed)


def whole(unit: str, least: float, most: float, *, needed: bool = True) -> Any:  # noqa: ANN401
    """A whole number."""
    return _declared("whole", unit=unit, least=least, most=most, needed=needed)


def choice(*codes: str, needed: bool = True) -> Any:  # noqa: ANN401
    """One of some codes; None where it is not needed and not there."""
    return _declared("choice", choices=codes, needed=needed)


def codes(*known: str) -> Any:  # noqa: ANN401
    """Any of some codes."""
    return _declared("codes", choices=known, needed=False)


def day() -> Any:  # noqa: ANN401
    """A date."""
    return _declared("day")


def flag() -> Any:  # noqa: ANN401
    """Yes or no."""
    return _declared("flag")


_KNOWN: dict[type[Cited], Mapping[str, Field]] = {}


def fields_of(row: type[Cited]) -> Mapping[str, Field]:
    """The fields of a kind of row, in the order in which they stand; not those of its source."""
    if row not in _KNOWN:
        own = [one for one in dataclasses.fields(row) if _META in one.metadata]
        _KNOWN[row] = {one.name: Field(one.name, **one.metadata[_META]) for one in own}
    return _KNOWN[row]


def known_fields(row: type[Cited]) -> tuple[str, ...]:
    """All names that a row may have."""
    return (*fields_of(row), *CITED_FIELDS)
