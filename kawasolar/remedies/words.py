"""Eligibility laid open, in words: the datum of each outcome, remedies, and what has to be found out."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.eligibility import OUTCOMES
from kawasolar.provenance.decisions import LEDGER_OF
from kawasolar.provenance.words import column_title, ledger_value
from kawasolar.reasons import criterion_name, value_text
from kawasolar.roof_load import GRAVITY
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kawasolar.plan import Plan
    from kawasolar.remedies.of_plan import Laid
    from kawasolar.words import Language

_REMAINING = (("remaining_years",), ("built_year", "structure"))


def datum_sentence(language: Language, plan: Plan, laid: Laid, criterion: int, row: int) -> str:
    """What was found for one criterion and facility, and where: columns, file and row of the ledger, or the survey."""
    assessment = laid.assessment
    key, value = assessment.keys[criterion], assessment.value[criterion, row]
    found = value_text(language, key, value)
    columns = _columns(key, assessment.case.ledger, row)
    if not columns:
        return say(language, "eligibility.datum.survey", value=found)
    ledger = assessment.case.ledger.iloc[row]
    told = [(_heading(language, plan, column), _cell(language, plan, ledger, column)) for column in columns]
    told += _reckoned(language, plan, key, columns, ledger, value)
    if key == "roof_load":
        found = found if value is None else f"{found} N/m²"
        carried = float(assessment.case.load_kg_m2[row] * GRAVITY)
        told += [] if np.isnan(carried) else [(say(language, "eligibility.datum.load"), f"{carried:,.0f} N/m²")]
    parts = say(language, "list.separator").join(
        say(language, "eligibility.datum.part", column=column, value=cell) for column, cell in told
    )
    file = next((PurePath(entry.path).name for entry in plan.inputs if entry.role == "facilities"), "")
    source = ledger.get("source_row")
    if source is None or pd.isna(source):
        return say(language, "eligibility.datum.file", value=found, parts=parts, file=file)
    return say(language, "eligibility.datum.row", value=found, parts=parts, file=file, row=int(source))


def outcome_table(language: Language, plan: Plan, laid: Laid, rows: Iterable[int]) -> pd.DataFrame:
    """Facility by facility and criterion by criterion: outcome, what is asked, and the datum, in words."""
    assessment = laid.assessment
    ledger = assessment.case.ledger
    found = [
        {
            "facility_id": ledger["facility_id"].iloc[row], "name": ledger["name"].iloc[row] if "name" in ledger else "",
            "criterion": criterion_name(language, key), "outcome": say(language, f"outcome.{OUTCOMES[assessment.outcome[k, row]]}"),
            "threshold": assessment.thresholds[k], "datum": datum_sentence(language, plan, laid, k, row),
        }
        for row in rows
        for k, key in enumerate(assessment.keys)
    ]  # fmt: skip
    return pd.DataFrame(found, columns=["facility_id", "name", "criterion", "outcome", "threshold", "datum"])


def remedy_sentence(language: Language, row: Mapping[Any, Any]) -> str:
    """What would make a facility eligible: works and yen, or that nothing would and why; what is still to be found out; the year by plan."""
    if row["why_not"]:
        text = say(
            language, f"eligibility.none.{row['why_not']}", criteria=names(language, row["hopeless"] or row["criteria"])
        )
    else:
        works = say(language, "eligibility.and").join(
            say(language, f"eligibility.remedy.{key}") for key in row["remedies"]
        )
        text = say(
            language,
            "eligibility.cheapest",
            works=works,
            million=f"{row['yen'] / 1e6:,.1f}",
            years=f"{row['lead_years']:g}",
        )
    if row["unknown"] and row["why_not"] in ("", "no_price"):
        text += say(language, "eligibility.and_find", criteria=names(language, row["unknown"]))
    if pd.notna(row["planned_year"]):
        code = "eligibility.by_plan_ledger" if row["planned_by"] == "ledger" else "eligibility.by_plan"
        text += say(language, code, year=int(row["planned_year"]), row=int(row["planned_row"]))
    return text  # fmt: skip


def costs_note(language: Language, laid: Laid) -> str:
    """Whose prices of remedies were counted with, and what they are for."""
    whose = say(
        language, "eligibility.note.own" if laid.costs_file else "eligibility.note.profile", file=laid.costs_file
    )
    return whose + say(language, "eligibility.note.costs")


def costs_table(language: Language, laid: Laid) -> pd.DataFrame:
    """Price, range, time and source of each remedy, in words."""
    rows = [
        {
            "remedy": say(language, f"eligibility.remedy.{one.key}"), "price": one.yen, "per": say(language, f"eligibility.per.{one.per}"),
            "price_low": one.low, "price_high": one.high, "lead_years": one.lead_years, "how_sure": say(language, f"how_sure.{one.how_sure}"),
            "source": one.source(language),
        }
        for one in laid.works
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["remedy", "price", "per", "price_low", "price_high", "lead_years", "how_sure", "source"]
    )


def find_sentence(language: Language, key: str) -> str:
    """What has to be found out for a criterion, and where."""
    return say(language, f"eligibility.find.{key}")


def names(language: Language, keys: Iterable[str]) -> str:
    """Names of criteria."""
    return say(language, "list.separator").join(criterion_name(language, key) for key in keys)


def count_lines(language: Language, laid: Laid) -> list[str]:
    """The counts, a line each."""
    return [
        say(
            language, "eligibility.line.count", criterion=criterion_name(language, str(row.criterion)), passes=row.passes, fails=row.fails,
            unknown=row.unknown, alone_fails=row.alone_fails, alone_unknown=row.alone_unknown, kw=f"{row.alone_kw:,.0f}",
        )
        for row in laid.counts.itertuples()
    ]  # fmt: skip


def _columns(key: str, ledger: pd.DataFrame, row: int) -> tuple[str, ...]:
    """The columns of the ledger that a criterion's value comes from."""
    wanted = LEDGER_OF.get(key, ())
    if key == "remaining_years":
        told = ledger["remaining_years"].iloc[row] if "remaining_years" in ledger else np.nan
        wanted = _REMAINING[0] if pd.notna(told) else _REMAINING[1]
    if key == "roof_load" and "roof_bears_n_m2" in ledger and pd.notna(ledger["roof_bears_n_m2"].iloc[row]):
        wanted = ("roof_bears_n_m2",)
    return tuple(column for column in wanted if column in ledger)


def _reckoned(
    language: Language, plan: Plan, key: str, columns: tuple[str, ...], ledger: pd.Series[Any], value: object
) -> list[tuple[str, str]]:
    """The numbers of the profile that a value was reckoned with: the plan's year, and the service life."""
    counted = key in ("closure", "waterproofing") or (key == "remaining_years" and "built_year" in columns)
    if not isinstance(value, int | float) or not counted:
        return []
    used = ["plan.year"]
    if key == "remaining_years":
        used += [f"life.{ledger['structure']}"] if "structure" in columns else []
    known = [plan.profile.value(name) for name in used if name in plan.profile.values]
    return [(entry.name(language), f"{entry.value:.0f}") for entry in known]


def _heading(language: Language, plan: Plan, column: str) -> str:
    told = "" if plan.read is None else plan.read.columns.get(column, "")
    return told or column_title(language, column)


def _cell(language: Language, plan: Plan, ledger: pd.Series[Any], column: str) -> str:
    value = ledger[column]
    text = ledger_value(language, column, None if pd.isna(value) else value)
    if plan.entries.get("ledger", f"{column}/{ledger['facility_id']}") is None:
        return text
    return say(language, "eligibility.datum.corrected", value=text)
