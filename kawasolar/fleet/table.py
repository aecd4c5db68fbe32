"""What is assumed of a fleet: ``resources/fleet.toml``, the profile's numbers, and what somebody asks for instead."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from kawasolar.assumed import check_given, rows_by_key
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.assumed import Assumption
    from kawasolar.profile import Profile

POWERS = ("ev", "phev", "fcv", "hev", "petrol", "diesel")
# What may count as a next-generation car.
NEXT_POWERS = POWERS[:4]


@dataclass(frozen=True)
class CarClass:
    """A class of the ledger: what its cars have where nobody says, and by which bodies they may be replaced."""

    code: str
    seats: int
    load_kg: float
    passenger: bool
    bodies: tuple[str, ...]


@dataclass(frozen=True)
class Assumptions:
    """Numbers by key, units as in ``resources/fleet.toml``.

    Attributes
    ----------
    values : key -> number
    origin : key -> ``table``, ``profile`` or ``asked``
    """

    values: Mapping[str, float]
    origin: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> float:
        return self.values[key]


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(resource_path("fleet.toml").read_text("utf-8"))


@cache
def assumption_rows() -> Mapping[str, Assumption]:
    """Key -> its row."""
    return rows_by_key(_table()["assumptions"])


@cache
def car_classes() -> Mapping[str, CarClass]:
    """Code of the ledger -> its class."""
    rows = cast("list[dict[str, Any]]", _table()["classes"])
    made = [
        CarClass(row["code"], int(row["seats"]), float(row["load_kg"]), bool(row["passenger"]), tuple(row["bodies"]))
        for row in rows
    ]
    return MappingProxyType({one.code: one for one in made})


def target() -> Mapping[str, Any]:
    """``first_year last_year share counts prefer objective`` where nobody says otherwise."""
    return cast("Mapping[str, Any]", _table()["target"])


def search_ends(kind: str = "") -> tuple[float, float]:
    """Gap and seconds of a search; ``kind`` ``least_`` for that of the least budget."""
    return float(_table()["search"][f"{kind}gap"]), float(_table()["search"][f"{kind}seconds"])


def assumptions_of(profile: Profile | None = None, asked: Mapping[str, float] | None = None) -> Assumptions:
    """The shipped assumptions, the profile's numbers before them, and somebody's own before both.

    Raises
    ------
    PlanError
        ``fleet.no_such_assumption``, ``fleet.range``
    """
    rows, asked = assumption_rows(), asked or {}
    values = {key: row.value for key, row in rows.items()}
    origin = dict.fromkeys(rows, "table")
    for key, value in _of_profile(profile).items():
        values[key], origin[key] = value, "profile"
    check_given(rows, asked, unknown="fleet.no_such_assumption", beyond="fleet.range")
    for key, value in asked.items():
        values[key], origin[key] = float(value), "asked"
    return Assumptions(MappingProxyType(values), MappingProxyType(origin))


def _of_profile(profile: Profile | None) -> dict[str, float]:
    """Numbers that the profile itself has; what it lacks stays the table's."""
    if profile is None:
        return {}
    from kawasolar.finance import Terms

    terms = Terms.of(profile)
    keys = {key: row.profile for key, row in assumption_rows().items() if row.profile}
    return {
        key: terms.number(name) for key, name in keys.items() if name in terms.numbers and name not in terms.borrowed
    }
