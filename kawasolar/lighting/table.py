"""The table of lamps and their replacements, read and checked: ``resources/lighting.toml``, another file of its form, or some numbers of somebody's own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from kawasolar.demand.rows import KINDS
from kawasolar.errors import PlanError, UnreadableProfile
from kawasolar.lighting.rows import LAMPS, NUMBERS, SECTIONS, Number
from kawasolar.profile import load_text, parsed
from kawasolar.profiles.fields import fields_of, known_fields
from kawasolar.profiles.reader import Reader
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kawasolar.lighting.rows import Ban, Density, KindRule, Lamp, Replacement, Standard
    from kawasolar.plan import Plan
    from kawasolar.profiles.reader import Cited

FILE = "lighting.toml"


@dataclass(frozen=True)
class Table:
    """Everything that LED retrofits are reckoned with.

    Attributes
    ----------
    numbers : by key, each with unit, range and source
    lamps : by kind of lamp; ``densities`` by kind of facility
    asked : keys of numbers that somebody has given
    source : name of the file
    """

    numbers: Mapping[str, Number]
    lamps: Mapping[str, Lamp]
    kinds: tuple[KindRule, ...]
    bans: tuple[Ban, ...]
    standards: tuple[Standard, ...]
    replacements: tuple[Replacement, ...]
    densities: Mapping[str, Density]
    asked: frozenset[str] = frozenset()
    source: str = FILE

    def number(self, key: str) -> float:
        """A number in its unit (:data:`kawasolar.lighting.rows.NUMBERS`)."""
        return self.numbers[key].value

    def whole(self, key: str) -> int:
        """A whole number."""
        return round(self.numbers[key].value)

    def density(self, kind: str | None) -> Density:
        """What is assumed of a kind of facility; that of ``other`` where nobody knows it."""
        return self.densities.get(kind or "", self.densities["other"])

    def rows(self) -> list[tuple[str, str, Cited]]:
        """All rows with their section and what they are called in it."""
        found: list[tuple[str, str, Cited]] = []
        for section, known in SECTIONS.items():
            held: Any = getattr(self, section)
            rows = held.values() if isinstance(held, MappingProxyType) else held
            found += [(section, " ".join(str(getattr(row, name)) for name in known.identity), row) for row in rows]
        return found


@lru_cache(maxsize=1)
def bundled_table() -> Table:
    """The table that comes with the program."""
    return read_table(resource_path(FILE))


def table_of_plan(plan: Plan) -> Table:
    """The plan's own table, else that of the program.

    Raises
    ------
    UnreadableProfile
        its own cannot be read
    """
    from kawasolar.answers.own import own_table

    path = own_table(plan, "lighting")
    return bundled_table() if path is None else read_table(path)


def table_known(plan: Plan) -> Table:
    """As :func:`table_of_plan`; that of the program where the plan's own cannot be read any more: for papers and explanations of what is kept."""
    try:
        return table_of_plan(plan)
    except UnreadableProfile:
        return bundled_table()


def read_table(path: Path) -> Table:
    """A table from a file, which must have all sections, kinds of lamps, kinds of facilities and numbers.

    Raises
    ------
    UnreadableProfile
        missing, too large, no TOML, or an entry missing, unknown or impossible: names the first
    """
    document, reader = parsed(load_text(path), path.name), Reader(path.name)
    reader.only(document, tuple(SECTIONS), "")
    found = {section: _section(reader, section, document) for section in SECTIONS}
    made = Table(
        numbers=_by(found["numbers"], "key"), lamps=_by(found["lamps"], "lamp"), kinds=tuple(found["kinds"]), bans=tuple(found["bans"]),
        standards=tuple(found["standards"]), replacements=tuple(found["replacements"]), densities=_by(found["densities"], "kind"), source=path.name,
    )  # fmt: skip
    _check(reader, made)
    return made


def table_with(base: Table, asked: Mapping[str, float]) -> Table:
    """A table with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``lighting.no_such_number``, ``lighting.range``
    """
    numbers = dict(base.numbers)
    for key, value in asked.items():
        if key not in numbers:
            raise PlanError("lighting.no_such_number", found=key[:60], expected=", ".join(numbers))
        row = numbers[key]
        low, high = cast("float", row.low), cast("float", row.high)
        broken = not math.isfinite(value) or not low <= value <= high
        if broken or (NUMBERS[key][1] and value != int(value)):
            raise PlanError("lighting.range", key=key, found=value, low=low, high=high)
        numbers[key] = replace(row, value=value)
    return replace(base, numbers=MappingProxyType(numbers), asked=base.asked | frozenset(asked))


def _by(rows: list[Any], name: str) -> Mapping[str, Any]:
    return MappingProxyType({getattr(row, name): row for row in rows})


def _section(reader: Reader, section: str, document: Mapping[str, Any]) -> list[Any]:
    entries, known = document.get(section), SECTIONS[section]
    if not isinstance(entries, list):
        raise reader.error("profile.missing_section", section, entries, f"[[{section}]]")
    found, seen = [], set[tuple[object, ...]]()
    for k, entry in enumerate(entries):
        where = f"{section}.{k + 1}"
        if not isinstance(entry, dict):
            raise reader.error("profile.bad_value", where, entry, f"[[{section}]]")
        reader.only(entry, known_fields(known.row), where)
        taken = {name: one.take(reader, entry, where) for name, one in fields_of(known.row).items()}
        row = known.row(**taken, **reader.cited(entry, where))
        mine = tuple(getattr(row, name) for name in known.identity)
        if mine in seen:
            raise reader.error("profile.duplicate", where, " ".join(map(str, mine)), "once")
        seen.add(mine)
        found.append(row)
    return found


def _check(reader: Reader, table: Table) -> None:
    """What one row says of another."""
    for name, has, wanted in (
        ("numbers", table.numbers, NUMBERS), ("lamps", table.lamps, LAMPS), ("densities", table.densities, KINDS), ("standards", {row.lamp for row in table.standards if not row.code}, LAMPS),
        ("replacements", {row.lamp for row in table.replacements}, LAMPS),
    ):  # fmt: skip
        lacking = [key for key in wanted if key not in has]
        if lacking:
            raise reader.error("profile.bad_value", name, None, ", ".join(lacking))
    for key, row in table.numbers.items():
        unit, whole = NUMBERS[key]
        if row.unit != unit:
            raise reader.error("profile.bad_unit", f"numbers.{key}.unit", row.unit, unit)
        if row.low is None or row.high is None or not row.low <= row.value <= row.high:
            raise reader.error("profile.out_of_range", f"numbers.{key}.value", row.value, f"{row.low} … {row.high}")
        if whole and row.value != int(row.value):
            raise reader.error("profile.not_whole", f"numbers.{key}.value", row.value, round(row.value))
    for one in table.replacements:
        if one.to_w <= one.from_w:
            raise reader.error("profile.bad_value", f"replacements.{one.key}.to_w", one.to_w, f"> {one.from_w:g}")
        if (one.led_w is None) == (one.ratio is None):
            raise reader.error("profile.bad_value", f"replacements.{one.key}.led_w", one.led_w, "led_w | ratio")
