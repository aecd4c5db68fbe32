"""A programme as a plan keeps it: every site with its year and reason, the proof, and what conflicts where nothing fits; plain data, without the model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from kawasolar.programme.rules import KINDS, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.programme.easing import Relaxation
    from kawasolar.programme.of_plan import Asked
    from kawasolar.programme.result import Nothing, Programme, Proof
    from kawasolar.programme.sites import Worth

Outcome = Literal["programme", "nothing", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("programme", "nothing", "unknown")
# Columns of :attr:`Kept.frame`, with their types.
COLUMNS = {
    "facility_id": "object", "fiscal_year": "int64", "status": "object", "listed": "bool", "ward": "object", "shelter": "bool",
    "capacity_kw": "float64", "cost_yen": "float64", "subsidy_yen": "float64", "worth": "float64",
    "reason": "object", "rule": "object", "when": "object", "when_rule": "object", "margin": "float64",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Kept:
    """A programme, or why there is none.

    Attributes
    ----------
    outcome : ``programme``; ``nothing`` fits, which is proven; ``unknown``: the time was too short
    frame : one row per site, in the order of the ids; as :func:`kawasolar.programme.result.site_table` and :func:`~kawasolar.programme.reasons.reason_table`
        have them, with ``fiscal_year`` 0 where it is in no year and rules by :func:`rule_text`, empty where there is none; without rows where there is no programme
    number, denominator : how many sites the share asks for, and of how many
    count : day of the frozen list that these are, empty where there is none
    assumed : as :attr:`kawasolar.programme.of_plan.Asked.assumed`
    nothing : what conflicts, and what would do
    basis : fingerprint of the decision that it was made of (:func:`kawasolar.half.basis_of`)
    share : of the denominator that is asked for
    """

    outcome: Outcome
    years: tuple[int, ...]
    objective: Worth
    frame: pd.DataFrame
    number: int = 0
    denominator: int = 0
    count: str = ""
    assumed: Mapping[str, float | None] = field(default_factory=dict)
    proof: Proof | None = None
    nothing: Nothing | None = None
    basis: str = ""
    share: float = 0.0

    @property
    def counted(self) -> pd.DataFrame:
        """The rows that stand at the end of the last year."""
        frame = self.frame
        stands = frame["status"].isin(("done", "contracted")) & (frame["fiscal_year"] <= self.years[-1])
        return frame[(frame["status"] == "planned") | stands]

    def by_year(self) -> pd.DataFrame:
        """As :func:`kawasolar.programme.result.year_table`."""
        from kawasolar.programme.result import years_of

        return years_of(self.counted, self.years, self.denominator)

    def tracker(self) -> pd.DataFrame:
        """As :func:`kawasolar.programme.result.tracker`."""
        from kawasolar.programme.result import tracker_of

        return tracker_of(self.frame)


def keep(programme: Programme, asked: Asked) -> Kept:
    """A programme as a plan keeps it."""
    from kawasolar.programme.reasons import reason_table
    from kawasolar.programme.result import site_table

    table, why = site_table(programme), reason_table(programme)
    frame = table.assign(
        fiscal_year=table["fiscal_year"].fillna(0), reason=why["reason"], when=[one if isinstance(one, str) else "" for one in why["when"]], margin=why["margin"],
        **{name: [_text(rule) for rule in why[name]] for name in ("rule", "when_rule")},
    )  # fmt: skip
    return Kept(
        "programme", programme.sites.years, programme.rules.objective, frame[list(COLUMNS)].astype(COLUMNS),
        programme.number, programme.denominator, asked.count, dict(asked.assumed), programme.proof,
        share=programme.rules.share or 0.0,
    )  # fmt: skip


def keep_nothing(asked: Asked, nothing: Nothing | None) -> Kept:
    """That there is none; ``nothing`` says why, where that is known."""
    outcome: Outcome = "unknown" if nothing is None or nothing.conflict is None else "nothing"
    return Kept(
        outcome, asked.sites.years, asked.rules.objective, no_rows(), count=asked.count, assumed=dict(asked.assumed), nothing=nothing
    )  # fmt: skip


def no_rows() -> pd.DataFrame:
    """A frame of no site."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


def rule_text(rule: Rule) -> str:
    """A rule as one text; :func:`rule_of` reads it."""
    return f"{rule.kind}/{rule.year}/{rule.item}"


def rule_of(text: object) -> Rule | None:
    """The rule of a text, None where it is empty.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(text, str) or not text:
        return None
    kind, year, item = text.split("/", 2)
    return Rule(kind, int(year), item)


def _text(rule: object) -> str:
    return rule_text(rule) if isinstance(rule, Rule) else ""


# ---------------------------------------------------------------------------------------------- as plain values


def head_to_json(kept: Kept) -> dict[str, object]:
    """All but the frame, as JSON values."""
    proof, nothing = kept.proof, kept.nothing
    return {
        "outcome": kept.outcome, "years": list(kept.years), "objective": kept.objective, "number": kept.number, "denominator": kept.denominator,
        "count": kept.count, "assumed": dict(kept.assumed), "basis": kept.basis, "share": kept.share,
        "proof": None if proof is None else {**vars(proof), "worth": float(proof.worth), "bound": _finite(proof.bound), "gap": _finite(proof.gap)},
        "nothing": None if nothing is None else {
            "status": nothing.status,
            "conflict": None if nothing.conflict is None else {
                "rules": [rule_text(rule) for rule in nothing.conflict.rules], "smallest": nothing.conflict.smallest,
            },
            "relaxation": None if nothing.relaxation is None else _relaxed(nothing.relaxation),
            "alone": [_relaxed(one) for one in nothing.alone],
        },
    }  # fmt: skip


def _relaxed(one: Relaxation) -> dict[str, object]:
    ways = [[rule_text(way.rule), float(way.by), float(way.before), float(way.after)] for way in one.ways]
    return {"ways": ways, "weighted": float(one.weighted), "bound": _finite(one.bound), "fits": one.fits}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def from_json(head: dict[str, Any], frame: pd.DataFrame) -> Kept:
    """A programme read back; anything may be wrong with it.

    Raises
    ------
    ValueError, KeyError, TypeError
        It is none.
    """
    from kawasolar.programme.result import Proof
    from kawasolar.programme.sites import MOST_YEARS, STATES, WORTHS

    years = tuple(_whole(year) for year in head["years"])
    outcome, objective, proof = head["outcome"], head["objective"], head["proof"]
    if outcome not in OUTCOMES or objective not in WORTHS or not 0 < len(years) <= MOST_YEARS:
        raise ValueError("programme: head")
    if years != tuple(range(years[0], years[0] + len(years))):
        raise ValueError("programme: years")
    if {str(name): str(kind) for name, kind in frame.dtypes.items()} != COLUMNS:
        raise ValueError("programme: columns")
    if not frame["status"].isin((*STATES, "planned")).all() or (outcome == "programme") != (proof is not None):
        raise ValueError("programme: status")
    for name in ("rule", "when_rule"):
        frame[name].map(rule_of)
    assumed = {str(key): None if value is None else float(value) for key, value in head["assumed"].items()}
    return Kept(
        outcome, years, objective, frame[list(COLUMNS)], _whole(head["number"]), _whole(head["denominator"]), str(head["count"]), assumed,
        None if proof is None else Proof(
            str(proof["status"]), float(proof["worth"]), _infinite(proof["bound"]), _infinite(proof["gap"]), _whole(proof["nodes"]),
            float(proof["seconds"]), *(None if proof[name] is None else _whole(proof[name]) for name in ("shelter_years", "shelter_bound")),
        ),
        None if head["nothing"] is None else _nothing(head["nothing"]), str(head.get("basis", "")), float(head.get("share", 0.0)),
    )  # fmt: skip


def _nothing(value: dict[str, Any]) -> Nothing:
    from kawasolar.programme.conflicts import Conflict
    from kawasolar.programme.result import Nothing

    conflict, relaxation = value["conflict"], value["relaxation"]
    return Nothing(
        str(value["status"]),
        None if conflict is None else Conflict(tuple(_rule(one) for one in conflict["rules"]), bool(conflict["smallest"])),
        None if relaxation is None else _relaxation(relaxation),
        tuple(_relaxation(one) for one in value["alone"]),
    )  # fmt: skip


def _relaxation(value: dict[str, Any]) -> Relaxation:
    from kawasolar.programme.easing import GivingWay, Relaxation

    ways = tuple(GivingWay(_rule(rule), float(by), float(low), float(high)) for rule, by, low, high in value["ways"])
    return Relaxation(ways, float(value["weighted"]), _infinite(value["bound"]), bool(value["fits"]))


def _rule(text: object) -> Rule:
    found = rule_of(text)
    if found is None or found.kind not in KINDS:
        raise ValueError("programme: rule")
    return found


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError("programme: number")
    return value


def _infinite(value: float | None) -> float:
    return math.inf if value is None else float(value)
