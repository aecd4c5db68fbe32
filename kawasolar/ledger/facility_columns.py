"""The columns of a ledger of facilities: by what they are told, and what only shows when several stand side by side."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kawasolar.ledger.content import beside_kana, detectors, foreign, readers, years_of
from kawasolar.ledger.kinds import FACILITIES, LedgerKind
from kawasolar.ledger.proposals import NAMED, TAKEN
from kawasolar.ledger.vocabulary import vocabulary

if TYPE_CHECKING:
    from kawasolar.ledger.kinds import Reader
    from kawasolar.ledger.proposals import Guess, Proposal

# Detectors that can tell a single cell.
_TYPED = (
    "latitude",
    "longitude",
    "address",
    "building_ids",
    "structure",
    "built_year",
    "flood_depth_m",
    "facility_id",
    "kana",
)
# How sure one is of columns that are told by their neighbours.
_BESIDE_KANA, _TWO_KINDS, _LATER_YEARS = 0.6, 0.65, 0.45


@cache
def facility_columns() -> LedgerKind:
    """A ledger of facilities."""
    return LedgerKind(
        FACILITIES, vocabulary(), (("facility_id", "name"),), 2, lambda _facilities: detectors(), frozenset(_TYPED), _reader, _settled, foreign,
    )  # fmt: skip


def _reader(name: str, unit: str) -> Reader | None:
    factor = vocabulary().units.get(name, {}).get(unit, 1.0) or 1.0
    return readers(factor).get(name)


def _settled(guess: Guess) -> dict[int, Proposal]:
    _pair(guess)
    _coarse_kind(guess)
    _name_beside(guess)
    _other_years(guess)
    return guess.found


def _pair(guess: Guess) -> None:
    """A latitude without a longitude is some other number."""
    lone = [k for k, one in guess.found.items() if one.column in ("latitude", "longitude")]
    if len(lone) == 1:
        del guess.found[lone[0]]


def _coarse_kind(guess: Guess) -> None:
    """Of two columns of kinds the one with fewer words is the coarse one."""
    found, looked = guess.found, guess.looked
    fine = next((k for k, one in found.items() if one.column == "kind"), None)
    if fine is None or "kind_group" in guess.taken:
        return
    detect = detectors()["kind"]
    other = next((k for k in guess.asked if k not in found and detect(looked[k]) >= TAKEN), None)
    if other is None:
        return
    if looked[other].distinct > looked[fine].distinct:
        fine, other = other, fine
    for k, name in ((fine, "kind"), (other, "kind_group")):
        found[k] = guess.propose(k, name, _TWO_KINDS)


def _name_beside(guess: Guess) -> None:
    """Where no column reads like names of facilities, the one before their readings."""
    found = guess.found
    if "name" in guess.taken or any(one.column == "name" for one in found.values()):
        return
    kana = next((k for k, one in found.items() if one.column == "kana"), None)
    if kana is not None and kana - 1 in guess.asked and kana - 1 not in found and beside_kana(guess.looked[kana - 1]):
        found[kana - 1] = guess.propose(kana - 1, "name", _BESIDE_KANA)


def _other_years(guess: Guess) -> None:
    """Of several columns of years the earliest are of the building; later ones are named, not taken."""
    found, looked, detect = guess.found, guess.looked, detectors()["built_year"]
    years = {
        k: sure
        for k in guess.asked
        if (sure := detect(looked[k])) >= NAMED and (k not in found or found[k].named == "built_year")
    }
    if len(years) < 2 and "built_year" not in guess.taken:
        return
    middle = {k: sorted(years_of(looked[k]))[len(years_of(looked[k])) // 2] for k in years}
    order = sorted(years, key=lambda k: (middle[k], k))
    free = [name for name in ("built_year", "waterproofed_year", "closure_year") if name not in guess.taken]
    for place, k in enumerate(order):
        planned = middle[k] >= vocabulary().content["planned_from"]
        name = "built_year" if place == 0 and not planned else "closure_year" if planned else "waterproofed_year"
        if name not in free:
            found.pop(k, None)
            continue
        free.remove(name)
        found[k] = guess.propose(k, name, years[k] if name == "built_year" else min(years[k], _LATER_YEARS), 1.0)
