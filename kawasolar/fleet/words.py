"""A fleet's programme in words, the same for window, paper and command line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from kawasolar.fleet.result import FleetResult
    from kawasolar.words import Language

_DASH = "–"
_MAN = 10_000.0
_PERCENT = 100.0
# What changes fit, year or cost where the ledger does not tell it.
_MATTERS = {"vehicle_class", "power", "seats", "annual_km", "days_per_year", "km_longest", "natural_year"}


def head_name(language: Language, key: str) -> str:
    """Heading of a column, with its unit."""
    return say(language, f"fleet.head.{key}")


def class_name(language: Language, code: str) -> str:
    """A class of the ledger."""
    return say(language, f"register.code.{code}")


def power_name(language: Language, code: str) -> str:
    """EV, petrol …; empty for none."""
    return say(language, f"fleet.power.{code}") if code else ""


def assumption_name(language: Language, key: str) -> str:
    """What an assumption is called."""
    return say(language, f"fleet.assumption.{key}")


def unit_name(language: Language, unit: str) -> str:
    """A unit of the assumptions."""
    code = f"fleet.unit.{unit}"
    return say(language, code) if code in catalogue() else unit


def model_names(language: Language, models: pd.DataFrame) -> dict[str, str]:
    """Key -> name of every row of a catalogue."""
    return dict(zip(models["key"], models[f"name_{language}"], strict=True))


def filled_text(language: Language, filled: str) -> str:
    """The columns that the ledger does not tell."""
    names = {"power": "mapping.register.fuel", "natural_year": "fleet.head.natural_year"}
    told = [say(language, names.get(one, f"mapping.register.{one}")) for one in filled.split(",") if one]
    return say(language, "list.separator").join(told)


def why_text(language: Language, why: str, natural_year: float) -> str:
    """Why a car is replaced when it is, or is not."""
    return say(language, f"fleet.why.{why}", due=_DASH if math.isnan(natural_year) else f"{natural_year:.0f}")


def reasons_text(language: Language, car: Mapping[Any, Any], models: pd.DataFrame) -> str:
    """Why no model fits: what the one that comes nearest lacks."""
    near = models[models["key"] == car["nearest"]]
    if not len(near):
        return say(language, "fleet.reason.body", kind=class_name(language, str(car["vehicle_class"])))
    row = near.iloc[0]
    values = {
        "seats": car["seats"], "has_seats": row["seats"], "load": car["load_kg"], "has_load": row["load_kg"], "km": car["km_longest"], "has_km": car["range_km"],
    }  # fmt: skip
    told = [say(language, f"fleet.reason.{one}", **values) for one in str(car["reasons"]).split(",")]
    return say(language, "fleet.reason.nearest", model=row[f"name_{language}"], reasons=say(language, "list.separator").join(told))  # fmt: skip


def man_text(yen: float) -> str:
    """Yen in ten thousands."""
    return _DASH if not math.isfinite(yen) else f"{yen / _MAN:,.0f}".replace("-", "−")


def yen_text(language: Language, yen: float) -> str:
    """An amount as people read it: 万円, or millions of yen."""
    if not math.isfinite(yen):
        return _DASH
    value = f"{yen / _MAN:,.0f}" if language == "ja" else f"{yen / 1e6:,.2f}"
    return say(language, "fleet.money", value=value.replace("-", "−"))


def summary_texts(language: Language, result: FleetResult) -> list[str]:
    """The programme in a few sentences: the share that is reached, what it costs, saves and needs."""
    head, totals = result.head, result.head["totals"]
    rules = head["rules"]
    told = [
        say(
            language, "fleet.summary.share", first=rules["first_year"], last=rules["last_year"], passenger=head["passenger"], already=head["already"],
            then=int(result.years["next_generation"].iloc[-1]), share=_PERCENT * head["share"], target=_PERCENT * rules["target"],
        ),
        say(
            language, "fleet.summary.cost", cars=totals["replaced"], spend=yen_text(language, totals["spend_yen"]),
            old=yen_text(language, totals["old_yearly_yen"]), new=yen_text(language, totals["new_yearly_yen"]),
        ),
        say(language, "fleet.summary.co2", saved=totals["saved_t"], kwh=totals["kwh"]),
    ]  # fmt: skip
    if totals["early_yen"] or totals["late_yen"]:
        off = {key: yen_text(language, totals[f"{key}_yen"]) for key in ("early", "late")}
        told.append(say(language, "fleet.summary.off", **off))
    if head["sharing"]:
        net = float(np.nan_to_num(result.years["sharing_yen"].iloc[-1]))
        told.append(say(language, "fleet.summary.sharing", net=yen_text(language, net), hours=head["sharing"]["hours"]))
    return told


def short_texts(language: Language, result: FleetResult) -> list[str]:
    """What keeps the target from being reached, and what would do; empty where it is reached."""
    head, told = result.head, []
    if head["lacking_models"]:
        told.append(say(language, "fleet.short.models", cars=head["lacking_models"]))
    lacking = head["need_cars"] - head["reached_cars"]
    told += [say(language, f"fleet.short.{code}", cars=lacking) for code in head["short"]]
    if head["least_yen"] is not None:
        code = "fleet.short.least" if head["least_proven"] else "fleet.short.would_do"
        free = say(language, "fleet.short.free") if "cars_per_year" in head["short"] else ""
        told.append(say(language, code, yen=yen_text(language, head["least_yen"]), free=free))
    if head["status"] == "time":
        gap = _DASH if head["gap"] is None else f"{_PERCENT * head['gap']:.1f}"
        told.append(say(language, "fleet.short.time", gap=gap))
    return told


def note_texts(language: Language, result: FleetResult) -> list[str]:
    """What is to be known of the figures."""
    head, cars = result.head, result.cars
    told = [say(language, "fleet.note.verify", count=len(head["verify"]))]
    if head["catalogue"]:
        told.append(say(language, "fleet.note.catalogue", name=head["catalogue"]))
    filled = sum(bool(_MATTERS & set(one.split(","))) for one in cars["filled"])
    if filled:
        told.append(say(language, "fleet.note.filled", count=filled, cars=len(cars)))
    outside = cars[cars["why"] == "outside"]
    if len(outside):
        fitting = int((outside["model"] != "").sum())
        told.append(say(language, "fleet.note.outside", count=len(outside), fitting=fitting))
    if head["totals"]["without_reference"]:
        told.append(say(language, "fleet.note.reference", count=head["totals"]["without_reference"]))
    told.append(say(language, "fleet.note.way", way=say(language, f"fleet.way.{head['rules']['way']}"), prefer=prefer_text(language, head["rules"]["prefer"])))  # fmt: skip
    return told


def prefer_text(language: Language, prefer: str) -> str:
    """The order of powers: ``EV → PHEV・HEV``."""
    groups: Iterable[list[str]] = (group.split("/") for group in prefer.split(","))
    return " → ".join(say(language, "list.separator").join(power_name(language, one.strip()) for one in group) for group in groups)  # fmt: skip
