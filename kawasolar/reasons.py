"""Why a facility is in or out, as a sentence, with its criteria, values and thresholds in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kawasolar.words import catalogue, say, say_without_place

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.profile import Profile
    from kawasolar.stages import Reason, StageState
    from kawasolar.words import Language

# How a criterion's own value is worded when it is a code.
_CODED = {"seismic": "seismic", "waterproofing": "roof"}
# Reasons of a stage that are told by name; of more, how many.
_MOST_REASONS = 3
# Units of the profile that are words.
_UNITS = {
    "a": "unit.a", "calendar year": "unit.calendar_year", "month": "unit.month", "-": "unit.none", "fiscal year": "unit.fiscal_year",
    "yen": "unit.yen", "yen/kWh": "unit.yen_kwh", "yen/kW": "unit.yen_kw", "yen/(kW a)": "unit.yen_kw_a",
    "yen/(kW month)": "unit.yen_kw_month", "yen/(m² a)": "unit.yen_m2_a", "kWh/month": "unit.kwh_month",
    "sites": "unit.sites", "yen/a": "unit.yen_a", "yen/km": "unit.yen_km", "times/a": "unit.per_a", "yen/kg": "unit.yen_kg", "h/a": "unit.h_a",
    "day/y": "unit.day_a",
}  # fmt: skip


def reason_sentence(language: Language, code: object, values: object) -> str:
    """The sentence for ``reason`` and ``reason_values`` of a decision; empty where there is no reason.

    Criteria are named; the first of them with what was found and what is asked.
    """
    if not isinstance(code, str):
        return ""
    given = dict(values) if isinstance(values, Mapping) else {}
    keys = given.get("criteria")
    listed = [str(key) for key in keys] if isinstance(keys, list | tuple) else []
    words = {**given, "criteria": say(language, "list.separator").join(criterion_name(language, key) for key in listed)}
    sentence = say(language, f"reason.{code}", **words)
    if code == "failed" and listed:
        detail = fail_sentence(language, str(given.get("criterion")), given.get("value"), given.get("threshold"))
        return sentence + say(language, "reason.detail", detail=detail) if detail else sentence
    return sentence


def finding_sentence(language: Language, finding: Finding) -> str:
    """A finding in words; a criterion or column in it by its name."""
    return say(language, finding.code, **named_values(language, finding.code, finding.values()))


def finding_brief(language: Language, finding: Finding) -> str:
    """A finding in words, without its file, row and column."""
    return say_without_place(language, finding.code, **named_values(language, finding.code, finding.values()))


def named_values(language: Language, code: str, values: Mapping[str, object]) -> dict[str, object]:
    """The values of a finding or an error as its sentence shows them: criterion, column, way and codes by their names."""
    named = dict(values)
    if isinstance(named.get("criterion"), str):
        named["criterion"] = criterion_name(language, str(named["criterion"]))
    if isinstance(named.get("column"), str):
        named["column"] = column_name(language, code, str(named["column"]))
    if isinstance(named.get("way"), str):
        named["way"] = say(language, f"finance.way.{named['way']}")
    if code == "answers.not_kept":
        named["name"] = say(language, f"stages.{named.get('kind')}")
    if code.startswith("tariff."):
        # Codes of a profile's table by their words.
        choices = {name: f"profile.choice.{name}.{named.get(name)}" for name in ("voltage", "season", "time")}
        named |= {name: say(language, choice) for name, choice in choices.items() if choice in catalogue()}
    return named


def column_name(language: Language, code: str, column: str) -> str:
    """The column that a finding or an error of ``code`` is about.

    A reader that knows its columns by codes has words for them (``weather.column.ghi``); where there are none,
    the column is a heading of the user's own file and stays as it is.
    """
    key = f"{code.partition('.')[0]}.column.{column}"
    return say(language, key) if key in catalogue() else column


CHOICE = "choice."


def choice_text(language: Language, unit: str, value: float) -> str:
    """Which of several a value of the profile says, whose unit is their kind (``choice.losses``)."""
    return say(language, f"{unit}.{round(value)}")


def unit_text(language: Language, unit: str) -> str:
    """A unit of the profile; units of time are words, the others are the same everywhere; a choice has none."""
    if unit.startswith(CHOICE):
        return ""
    return say(language, _UNITS[unit]) if unit in _UNITS else unit


def criterion_name(language: Language, key: str) -> str:
    """Short name of a criterion."""
    return say(language, f"criterion.{key}")


def value_text(language: Language, key: str, value: object) -> str:
    """What was found for a criterion: a number without unit, or the word of its code."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return say(language, "value.missing")
    if isinstance(value, str):
        return say(language, f"{_CODED.get(key, key)}.{value}")
    if isinstance(value, int | float):
        return f"{value:,.1f}".removesuffix(".0")
    return str(value)


def fail_sentence(language: Language, key: str, value: object, threshold: object) -> str:
    """What was found and what is asked, for a criterion that failed; empty where no sentence is known."""
    code = f"fail.{key}"
    if threshold is None and f"{code}.none" in catalogue():
        code = f"{code}.none"
    if code not in catalogue():
        return ""
    asked = "" if threshold is None else value_text(language, "", threshold)
    return say(language, code, value=value_text(language, key, value), threshold=asked)


def stage_name(language: Language, name: str) -> str:
    """What a stage of the chain is called."""
    return say(language, f"stages.{name}")


def stage_sentence(language: Language, state: StageState, profile: Profile) -> str:
    """How a stage stands, and why."""
    told = [reason for reason in state.reasons if reason.kind != "stage"]
    why = [stage_reason(language, reason, profile) for reason in told[:_MOST_REASONS]]
    if len(told) > _MOST_REASONS:
        why.append(say(language, "stages.why.more", count=len(told) - _MOST_REASONS))
    words = say(language, f"stages.is.{state.freshness}")
    if not why:
        return say(language, "stages.line", stage=stage_name(language, state.name), state=words)
    separator = say(language, "list.separator")
    return say(
        language, "stages.line_why", stage=stage_name(language, state.name), state=words, why=separator.join(why)
    )


# Kept as fingerprints, which tell a person nothing.
_WHOLE_TABLES = ("load_tables", "capex", "ppa", "targets", "bills", "lamp_tables", "car_tables", "charger_tables")


def stage_reason(language: Language, reason: Reason, profile: Profile) -> str:
    """One input that is no longer what a result was computed from."""
    names = {
        "file": lambda: say(language, f"ui.role.{reason.name}"),
        "value": lambda: profile.values[reason.name].name(language) if reason.name in profile.values else reason.name,
        "criterion": lambda: criterion_name(language, reason.name),
        "entered": lambda: say(language, f"stages.entered.{reason.name}"),
        "ledger": lambda: reason.name.split("/", 1)[-1],
        "asked": lambda: stage_name(language, reason.name),
    }
    name = names[reason.kind]() if reason.kind in names else reason.name
    if reason.kind == "entered" and reason.name in _WHOLE_TABLES:
        return say(language, "stages.why.table", name=name)
    # The number of a coordinate system is a name.
    ends = reason.before, reason.after
    before, after = ends if (reason.kind, reason.name) == ("entered", "epsg") else map(_plain, ends)
    return say(language, f"stages.why.{reason.kind}", name=name, before=before, after=after)


def _plain(value: str | None) -> str | None:
    """A number as people write it."""
    try:
        return value if value is None else f"{float(value):,.6g}"
    except ValueError:
        return value
