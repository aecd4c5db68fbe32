"""What a link rests on: how much each kind of evidence is worth, and the reasons of a link as one text."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeGuard

from kawasolar.ledger.vocabulary import folded
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Characters of the reasons of one link; a text from a file may be of any length.
_LONGEST = 20_000
_MOST = 200
# Column of the links that holds them.
COLUMN = "evidence"


@dataclass(frozen=True)
class Reason:
    """One reason: a code (words in ``join.why.CODE``) and the values that its sentence names."""

    code: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Claimant:
    """Another facility that is in the same building, which does not count the roof as its own."""

    facility_id: str
    how: str
    distance_m: float | None
    score: float


@dataclass(frozen=True)
class Evidence:
    """What speaks for a link, and who else is in the building."""

    why: tuple[Reason, ...] = ()
    others: tuple[Claimant, ...] = ()

    def to_text(self) -> str:
        """As the column ``evidence`` of the links holds it; equal evidence is equal text."""
        whole: dict[str, Any] = {}
        if self.why:
            whole["why"] = [{"code": reason.code, **reason.values} for reason in self.why]
        if self.others:
            whole["others"] = [
                {"facility": each.facility_id, "how": each.how, "distance_m": each.distance_m, "score": each.score}
                for each in self.others
            ]
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_evidence(text: object) -> Evidence:
    """The evidence in a text; none where it is no such text: a file of before has none, and any program can write one."""
    return _read(text) if isinstance(text, str) and len(text) <= _LONGEST else Evidence()


# A review reads the same thousand texts at every key.
@lru_cache(maxsize=1 << 13)
def _read(text: str) -> Evidence:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return Evidence()
    if not isinstance(whole, dict):
        return Evidence()
    why = tuple(found for entry in _items(whole.get("why")) if (found := _reason(entry)) is not None)
    others = tuple(each for entry in _items(whole.get("others")) if (each := _claimant(entry)) is not None)
    return Evidence(why, others)


def _items(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value[:_MOST] if isinstance(entry, dict)] if isinstance(value, list) else []


def _reason(entry: dict[str, Any]) -> Reason | None:
    code = entry.get("code")
    if not isinstance(code, str) or code not in REASONS:
        return None
    values = {name: value for name, value in entry.items() if name != "code" and isinstance(value, str | int | float)}
    return Reason(code, values)


def _claimant(entry: dict[str, Any]) -> Claimant | None:
    facility, how = entry.get("facility"), entry.get("how")
    if not isinstance(facility, str) or how not in HOW:
        return None
    distance, score = entry.get("distance_m"), entry.get("score")
    return Claimant(
        facility, str(how), float(distance) if _number(distance) else None, float(score) if _number(score) else 0.0
    )


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


# How a link came about, the best evidence first; "person" where somebody named the building.
HOW = ("person", "id", "point", "parcel", "name", "address", "nearest")
RANK = {how: place for place, how in enumerate(HOW)}
# Reasons: what led to the building, then what agrees with it and what does not.
REASONS = (
    "person", "id", "inside", "overlap", "parcel", "name", "address", "nearest", "far", "passed_over", "size", "too_small", "too_large",
    "use", "use_other", "storeys", "storeys_other", "contested",
)  # fmt: skip
# Of these each speaks against the link.
AGAINST = ("far", "too_small", "too_large", "use_other", "storeys_other", "contested")


@dataclass(frozen=True)
class Table:
    """``resources/join_evidence.toml``."""

    score: Mapping[str, float]
    exact: Mapping[str, float]
    at_edge: float
    far_share: float
    far_m: float
    contested: float
    block_reach_m: float
    most_in_parcel: int
    most_storeys: float
    ordinary_storeys: float
    uses: Mapping[str, tuple[frozenset[str], frozenset[str]]]
    words: Mapping[str, str]
    ordinary: frozenset[str]
    open: frozenset[str]


@cache
def table() -> Table:
    """The bundled table of what evidence is worth."""
    with resource_path("join_evidence.toml").open("rb") as file:
        raw = tomllib.load(file)
    limits, base = raw["limits"], raw["base_map"]
    return Table(
        score={how: float(value) for how, value in raw["score"].items()},
        exact={how: float(value) for how, value in raw["exact"].items()},
        at_edge=float(limits["at_edge"]),
        far_share=float(limits["far_share"]),
        far_m=float(limits["far_m"]),
        contested=float(limits["contested"]),
        block_reach_m=float(limits["block_reach_m"]),
        most_in_parcel=int(limits["most_in_parcel"]),
        most_storeys=float(limits["most_storeys"]),
        ordinary_storeys=float(limits["ordinary_storeys"]),
        uses={kind: (frozenset(each["with"]), frozenset(each["against"])) for kind, each in raw["uses"].items()},
        words=_by_word(raw["words"]),
        ordinary=frozenset(folded(word) for word in base["ordinary"]),
        open=frozenset(folded(word) for word in base["open"]),
    )


def _by_word(raw: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {folded(word): code for code, words in raw.items() for word in words}
