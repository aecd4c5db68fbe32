"""The sheets that defend the list: criteria, assumptions, findings, overview."""

from __future__ import annotations

from operator import itemgetter
from pathlib import PurePath
from typing import TYPE_CHECKING

import pandas as pd

from kawasolar import __version__
from kawasolar.decide import decision_findings
from kawasolar.document.views import mark_of
from kawasolar.export.table import crs_name, shown_date, site_frame
from kawasolar.export.xlsx_book import Field, present, text_width
from kawasolar.figures import figures
from kawasolar.provenance.words import mark_text, number
from kawasolar.reasons import (
    CHOICE,
    choice_text,
    column_name,
    criterion_name,
    finding_sentence,
    unit_text,
    value_text,
)
from kawasolar.words import say

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.export.fingerprint import Origin
    from kawasolar.export.xlsx_book import Book, Sheet
    from kawasolar.plan import Plan
    from kawasolar.profile import Criterion, Value
    from kawasolar.words import Language

# Widths of the overview's pairs.
_NAMES, _VALUES = 44, 58
_PAIR_NAMES = {"scenario": "why.paper.scenario", "fingerprint": "why.paper.fingerprint"}
_OUTCOME_FILLS = {"pass": "", "fail": "fail", "unknown": "unknown"}


# ---------------------------------------------------------------------------------------------- criteria


def write_outcomes(book: Book, plan: Plan) -> None:
    """Facilities down, criteria across: outcome and the value it rests on."""
    language = book.language
    notes = [say(language, "export.note.outcomes")]
    if plan.decision.not_applied:
        names = say(language, "list.separator").join(criterion_name(language, key) for key in plan.decision.not_applied)
        notes.append(say(language, "export.note.not_applied", names=names))
    sheet = book.sheet("outcomes", notes, paper="A3")
    outcomes = plan.decision.outcomes
    keys = list(dict.fromkeys(outcomes["criterion"].tolist()))
    base = site_frame(plan, language)[["number", "facility_id", "name", "status"]]
    fields = [
        Field("number", say(language, "export.column.number"), "whole", 6),
        Field("facility_id", say(language, "export.column.facility_id"), "text", 16),
        Field("name", say(language, "export.column.name"), "text", 30),
        Field("status", say(language, "export.column.status"), "code", 14),
    ]
    _criteria_heads(sheet, outcomes, keys, len(fields))
    frame, fills = _matrix(book, plan, base, keys)
    for key in keys:
        values = [value for value in frame[f"{key}.value"] if present(value)]
        kind = "one" if any(isinstance(value, float) and not value.is_integer() for value in values) else "whole"
        width = max([10, *(text_width(value) + 4 for value in values if isinstance(value, str))])
        fields.append(Field(f"{key}.outcome", say(language, "export.column.outcome"), "code", 14))
        fields.append(Field(f"{key}.value", say(language, "export.column.value"), kind, min(width, 26)))
    sheet.row += 1
    sheet.table(fields, frame, frozen=3)
    sheet.sheet.repeat_rows(sheet.row - len(frame) - 2, sheet.row - len(frame) - 1)
    _paint(sheet, fields, frame, fills)


def _criteria_heads(sheet: Sheet, outcomes: pd.DataFrame, keys: list[str], before: int) -> None:
    """What each criterion asks, over its two columns."""
    language = sheet.book.language
    style = sheet.book.heading()
    sheet.sheet.merge_range(sheet.row, 0, sheet.row, before - 1, "", style)
    first = outcomes.drop_duplicates("criterion").set_index("criterion")
    for place, key in enumerate(keys):
        threshold = first["threshold"][key]
        asked = value_text(language, "", threshold) if present(threshold) else ""
        text = f"{criterion_name(language, key)}\n{say(language, f'criterion_rule.{key}', threshold=asked)}"
        column = before + 2 * place
        sheet.sheet.merge_range(sheet.row, column, sheet.row, column + 1, "", style)
        sheet.text(sheet.row, column, text, style)
    sheet.sheet.set_row(sheet.row, 62)


def _matrix(book: Book, plan: Plan, base: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The sheet's frame, and the colour of each outcome."""
    ids = base["facility_id"].tolist()
    columns: dict[str, list[object]] = {str(name): base[name].tolist() for name in base.columns}
    fills: dict[str, list[str]] = {}
    outcomes = plan.decision.outcomes
    for key in keys:
        found = (
            outcomes[outcomes["criterion"] == key].drop_duplicates("facility_id").set_index("facility_id").reindex(ids)
        )
        codes = [value if isinstance(value, str) else "" for value in found["outcome"]]
        columns[f"{key}.outcome"] = [say(book.language, f"export.outcome.{code}") if code else None for code in codes]
        columns[f"{key}.value"] = [_found(book, key, value) for value in found["value"]]
        fills[f"{key}.outcome"] = [_OUTCOME_FILLS.get(code, "") for code in codes]
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()}), fills


def _found(book: Book, key: str, value: object) -> object:
    if not present(value):
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return value_text(book.language, key, value)


def _paint(sheet: Sheet, fields: list[Field], frame: pd.DataFrame, fills: dict[str, list[str]]) -> None:
    """Fails and unknowns stand out."""
    first = sheet.row - len(frame)
    for column, entry in enumerate(fields):
        for index, fill in enumerate(fills.get(entry.key, ())):
            if fill:
                sheet.value(first + index, column, frame[entry.key].iloc[index], "code", fill)


# ---------------------------------------------------------------------------------------------- assumptions


def write_assumptions(book: Book, plan: Plan) -> None:
    """Every number of the profile with unit, range and source, then the criteria as they were applied."""
    language = book.language
    mark = say(language, "export.mark.verify")
    sheet = book.sheet("assumptions", [say(language, "export.note.assumptions", mark=mark)])
    widths = {
        "item": 38,
        "value": 12,
        "unit": 12,
        "low": 9,
        "high": 9,
        "year": 7,
        "source": 52,
        "how_sure": 12,
        "mark": 9,
        "remark": 38,
    }
    kinds = {
        "value": "any",
        "low": "any",
        "high": "any",
        "year": "year",
        "how_sure": "code",
        "mark": "code",
        "unit": "code",
    }
    fields = [
        Field(key, say(language, f"export.head.{key}"), kinds.get(key, "text"), width) for key, width in widths.items()
    ]
    rows = [_value_row(book, plan, value) for value in plan.profile.values.values()]
    rows += [_criterion_row(book, plan, criterion) for criterion in plan.profile.criteria]
    frame = pd.DataFrame(rows, columns=list(widths), dtype=object)
    keys = [*plan.profile.values, *(criterion.key for criterion in plan.profile.criteria)]
    entered = {table: plan.entries.of_scenario(table, plan.scenario) for table in ("values", "criteria")}
    by_hand = {*entered["values"], *entered["criteria"]}
    classes = [
        "corrected" if key in by_hand else "verify" if present(value) and value else ""
        for key, value in zip(keys, frame["mark"], strict=True)
    ]
    sheet.table(fields, frame, classes=classes, frozen=1)
    first = sheet.row - len(frame)
    for index, value in enumerate(plan.profile.values.values()):
        # A year is no quantity: no thousands' comma.
        if value.unit == "calendar year":
            for column in (1, 3, 4):
                sheet.value(first + index, column, frame[fields[column].key][index], "year", classes[index])


def _value_row(book: Book, plan: Plan, value: Value) -> dict[str, object]:
    """A number of the profile; where the scenario has its own, with the profile's, the source given, and who and why."""
    language, entry = book.language, plan.entries.of_scenario("values", plan.scenario).get(value.key)
    mark, remark = _mark(book, value.how_sure, value.value, value.low, value.high), value.note(language)
    choice = value.unit.startswith(CHOICE)
    how_sure: str | None = say(language, f"how_sure.{value.how_sure}")
    given: str | None = value.source(language)
    if entry is not None:
        before = number(language, plan.base_profile.number(value.key), value.unit)
        changed = say(language, "why.paper.overridden", before=before, mark=mark_text(language, mark_of(entry)))
        remark = " / ".join(part for part in (changed, remark) if part)
        given, how_sure = entry["source"] or None, None
        mark = mark if mark == say(language, "export.mark.range") else None
    return {
        "item": value.name(book.language),
        "value": choice_text(language, value.unit, value.value) if choice else value.value,
        "unit": unit_text(book.language, value.unit) or None,
        "low": None if choice else value.low,
        "high": None if choice else value.high,
        "year": value.year if entry is None else None,
        "source": given,
        "how_sure": how_sure,
        "mark": mark,
        "remark": remark,
    }


def _criterion_row(book: Book, plan: Plan, criterion: Criterion) -> dict[str, object]:
    language = book.language
    applied, threshold = plan.settings.criteria.get(criterion.key, (criterion.applied, criterion.threshold))
    state = say(language, f"export.criterion.{'on' if applied else 'off'}")
    remarks = [state] if threshold is not None else []
    if applied != criterion.applied:
        remarks.append(say(language, "export.criterion.on_off_changed"))
    if threshold != criterion.threshold:
        remarks.append(say(language, "export.criterion.changed", value=value_text(language, "", criterion.threshold)))
    entry = plan.entries.of_scenario("criteria", plan.scenario).get(criterion.key)
    if entry is not None:
        remarks.append(mark_text(language, mark_of(entry)))
    if criterion.note(language):
        remarks.append(criterion.note(language))
    return {
        "item": say(language, "export.criterion.item", name=criterion_name(language, criterion.key)),
        "value": state if threshold is None else threshold,
        "unit": unit_text(language, criterion.unit),
        "low": criterion.low,
        "high": criterion.high,
        "year": None,
        "source": criterion.source(language),
        "how_sure": say(language, f"how_sure.{criterion.how_sure}"),
        "mark": _mark(book, criterion.how_sure, threshold, criterion.low, criterion.high),
        "remark": " / ".join(remarks),
    }


def _mark(book: Book, how_sure: str, value: float | None, low: float | None, high: float | None) -> str | None:
    if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        return say(book.language, "export.mark.range")
    return say(book.language, "export.mark.verify") if how_sure == "verify" else None


# ---------------------------------------------------------------------------------------------- findings


def all_findings(plan: Plan) -> list[Finding]:
    """What reading and computing noticed, and what the decision says of pins, vetoes and criteria."""
    return [*plan.findings, *decision_findings(plan.decision, plan.settings)]


def _in_order(findings: list[Finding]) -> list[Finding]:
    """By file and row, what concerns the file as a whole first; a count of further ones stays behind the last listed."""
    keys: list[tuple[bool, str, int]] = []
    for finding in findings:
        if finding.code.startswith("ledger.more") and keys:
            keys.append(keys[-1])
        else:
            # What concerns no file comes last.
            keys.append((not finding.source, PurePath(finding.source).name, -1 if finding.row is None else finding.row))
    return [finding for _, finding in sorted(zip(keys, findings, strict=True), key=itemgetter(0))]


def write_findings(book: Book, plan: Plan) -> None:
    """One row for each thing to look at."""
    language = book.language
    found = _in_order(all_findings(plan))
    note = "export.note.findings" if found else "export.note.no_findings"
    sheet = book.sheet("findings", [say(language, note)])
    widths = {
        "severity": 8,
        "file": 24,
        "row": 7,
        "column": 16,
        "facility": 16,
        "found": 20,
        "expected": 20,
        "message": 60,
    }
    kinds = {"severity": "code", "row": "year"}
    fields = [
        Field(key, say(language, f"export.head.{key}"), kinds.get(key, "text"), width) for key, width in widths.items()
    ]
    rows = [
        {
            "severity": say(language, f"severity.{finding.severity}"),
            "file": PurePath(finding.source).name,
            "row": finding.row,
            "column": finding.column and column_name(language, finding.code, finding.column),
            "facility": finding.item,
            "found": finding.found,
            "expected": finding.expected,
            "message": finding_sentence(book.language, finding),
        }
        for finding in found
    ]
    frame = pd.DataFrame(rows, columns=list(widths), dtype=object)
    sheet.table(fields, frame, classes=["unknown" if finding.severity != "info" else "" for finding in found])


# ---------------------------------------------------------------------------------------------- overview


def write_overview(book: Book, plan: Plan, origin: Origin) -> None:
    """What was planned with what, the totals, and the fingerprints of the plan and of the input files."""
    sheet = book.sheet("overview", [say(book.language, "why.paper.fingerprint.note")])
    sheet.sheet.set_column(0, 0, _NAMES)
    sheet.sheet.set_column(1, 1, _VALUES)
    sheet.sheet.set_column(2, 2, 16)
    sheet.sheet.set_column(3, 3, 74)
    sheet.sheet.set_column(4, 4, 24)
    _pairs(sheet, "plan", _plan_pairs(book, plan, origin))
    _pairs(sheet, "result", _result_pairs(book, plan))
    _inputs(sheet, plan)
    sheet.sheet.print_area(0, 0, sheet.row, 4)


def _pairs(sheet: Sheet, title: str, pairs: list[tuple[str, object, str]]) -> None:
    language = sheet.book.language
    sheet.row += 1
    sheet.text(sheet.row, 0, say(language, f"export.overview.{title}"), sheet.book.style(bold=True, font_size=11))
    sheet.row += 1
    for name, value, kind in pairs:
        sheet.text(sheet.row, 0, name, sheet.book.heading(left=True))
        sheet.value(sheet.row, 1, value, kind)
        lines = -(-text_width(str(value)) // (_VALUES - 4)) if isinstance(value, str) else 1
        sheet.height(sheet.row, max(lines, -(-text_width(name) // (_NAMES - 4))))
        sheet.row += 1


def _plan_pairs(book: Book, plan: Plan, origin: Origin) -> list[tuple[str, object, str]]:
    language = book.language
    weather = plan.results.weather
    none = say(language, "export.overview.none")
    objective = say(language, f"objective.{plan.settings.objective}")
    kind = say(language, f"weather.kind.{weather.kind}")
    pairs = {
        "name": plan.name,
        **({"scenario": origin.scenario} if origin.scenario else {}),
        "fingerprint": origin.fingerprint,
        "municipality": f"{plan.profile.name(language)} ({plan.profile.code})",
        "date": shown_date(language, origin.day),
        "program": f"KawaSolar {__version__}",
        "data": say(language, "export.synthetic.long" if plan.synthetic else "export.overview.real"),
        "crs": crs_name(plan.crs, language),
        "weather": say(
            language, "export.overview.weather_text", station=weather.station, kind=kind, ghi=weather.ghi_kwh_m2
        ),
        "objective": say(language, "export.overview.objective_text", name=objective),
        "share": say(language, "export.overview.share_text", share=plan.settings.share),
        "pins": _places(plan, language, "pins", plan.settings.pins) or none,
        "vetoes": _places(plan, language, "vetoes", plan.settings.vetoes) or none,
    }
    return [
        (say(language, _PAIR_NAMES.get(key, f"export.overview.{key}")), value, "text") for key, value in pairs.items()
    ]


def _places(plan: Plan, language: Language, table: str, ids: frozenset[str]) -> str:
    """Pinned or vetoed facilities, with the reasons that were given."""
    marks = plan.entries.of_scenario(table, plan.scenario)
    shown = []
    for name in sorted(ids):
        mark = mark_of(marks[name]) if name in marks else None
        shown.append(
            name if mark is None else f"{name} {say(language, 'why.paper.place', mark=mark_text(language, mark))}"
        )
    return say(language, "list.separator").join(shown)


def _result_pairs(book: Book, plan: Plan) -> list[tuple[str, object, str]]:
    found = figures(plan)
    loss = found["shading_loss"]
    rows: list[tuple[str, object, str]] = [
        ("facilities", found["facilities"], "whole"),
        ("eligible", found["eligible"], "whole"),
        ("unknown", found["unknown"], "whole"),
        ("ineligible", found["ineligible"], "whole"),
        ("chosen", found["chosen"], "whole"),
        ("usable", found["usable_m2"], "whole"),
        ("capacity", found["capacity_kw"], "one"),
        ("energy", found["energy_kwh"], "whole"),
        ("specific", found["specific_yield_kwh_kw"], "whole"),
        ("shading", loss * 100 if isinstance(loss, float) else None, "one"),
        ("co2", found["co2_t"], "one"),
        *_use_rows(found),
        ("open_sky", found["open_sky_kwh_m2"], "whole"),
        ("buildings", found["buildings"], "whole"),
        ("planes", found["planes"], "whole"),
    ]
    return [(say(book.language, f"export.overview.{key}"), value, kind) for key, value, kind in rows]


def _use_rows(found: dict[str, object]) -> list[tuple[str, object, str]]:
    """What the chosen use; nothing where it was not reckoned."""
    if found["use_known"] is None:
        return []
    ratios = {name: found[name] for name in ("self_use_ratio", "self_supply_ratio")}
    return [
        ("use_known", found["use_known"], "whole"), ("use_estimated", found["use_estimated"], "whole"), ("load", found["load_kwh"], "whole"),
        ("self_use", found["self_use_kwh"], "whole"), ("surplus", found["surplus_kwh"], "whole"),
        *((name, value * 100 if isinstance(value, float) else None, "one") for name, value in ratios.items()),
    ]  # fmt: skip


def _inputs(sheet: Sheet, plan: Plan) -> None:
    language = sheet.book.language
    sheet.row += 1
    sheet.text(sheet.row, 0, say(language, "export.overview.inputs"), sheet.book.style(bold=True, font_size=11))
    sheet.row += 1
    heads = ("role", "file", "size", "sha256", "crs")
    for column, key in enumerate(heads):
        sheet.text(sheet.row, column, say(language, f"export.head.{key}"), sheet.book.heading())
    for file in plan.inputs:
        sheet.row += 1
        sheet.value(sheet.row, 0, say(language, f"export.role.{file.role}"), "text")
        sheet.value(sheet.row, 1, PurePath(file.path).name, "text")
        sheet.value(sheet.row, 2, file.size, "whole")
        sheet.value(sheet.row, 3, file.sha256, "text")
        sheet.value(sheet.row, 4, file.crs or None, "text")
