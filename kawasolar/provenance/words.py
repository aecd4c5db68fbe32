"""An explanation in words, line by line, for the command line and the window."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from kawasolar.ledger.mapping_words import column_word
from kawasolar.profile import load_profile
from kawasolar.programme.kept import rule_of
from kawasolar.programme.words import reason_text, rule_text, year_text
from kawasolar.provenance.model import (
    CriterionSource,
    EnteredSource,
    Explanation,
    FileSource,
    LedgerSource,
    ProfileSource,
    TableSource,
)
from kawasolar.provenance.programme import ROOM
from kawasolar.reasons import CHOICE, choice_text, criterion_name, finding_sentence, unit_text, value_text
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gis.findings import Finding
    from kawasolar.document.views import Mark
    from kawasolar.profile import Profile
    from kawasolar.programme.sites import Worth
    from kawasolar.programme.year_why import YearWhy
    from kawasolar.provenance.model import Source, StageNote
    from kawasolar.words import Language

Line = tuple[int, str]

# Digits behind the point by unit; what is not named is shown with as many as it needs.
_DIGITS = {"m²": 1, "kW": 2, "yen": 0, "sites": 0, "kWh": 0, "kWh/m²": 0, "kWh/kW": 0, "t-CO₂": 2, "m": 2}
# Shares that people read as percentages.
_PERCENT = ("shading_loss", "snow_loss", "share", "sky_view", "self_use_ratio", "self_supply_ratio")
# Where the words of a ledger column's codes lie.
_CODES = {
    "kind": "kind",
    "structure": "structure",
    "seismic": "seismic",
    "roof_type": "roof",
    "roofing": "roofing",
    "heritage": "heritage",
    "landslide": "landslide",
}
_SHA_SHOWN = 16


def sentences(explanation: Explanation, language: Language, *, longest: int = 20) -> list[Line]:
    """The explanation as lines with their depth: 0 is the figure, 1 how it comes about and what it was made from, and so on.

    Parameters
    ----------
    longest : lines of a sum over facilities that are shown; the others are counted
    """
    return list(_Teller(language, longest).tell(explanation))


def figure_name(language: Language, explanation: Explanation) -> str:
    """What the figure is called."""
    figure = explanation.figure
    kind, _, rest = figure.partition(".")
    if kind == "criterion":
        return criterion_name(language, rest)
    if kind == "ledger":
        return column_title(language, rest)
    if kind == ROOM:
        return _rule(language, rest)
    if figure[0] == "m" and figure[1:].isdigit():
        return say(language, "why.figure.month", month=int(figure[1:]))
    name = "chosen_count" if figure == "chosen" and explanation.facility_id is None else figure
    return say(language, f"why.figure.{name}", part=explanation.part)


def column_title(language: Language, column: str) -> str:
    """A ledger column's heading without its unit; the column's own name where no word is known."""
    code = f"export.column.{column}"
    return say(language, code).partition(" (")[0] if code in catalogue() else column


def figure_value(language: Language, explanation: Explanation) -> str:
    """The figure's value with its unit, codes as words."""
    figure, value = explanation.figure, explanation.value
    kind, _, rest = figure.partition(".")
    if kind == "ledger":
        return ledger_value(language, rest, value, explanation.unit)
    if kind == "criterion" and isinstance(value, str):
        return say(language, f"outcome.{value}")
    if figure == "status":
        return say(language, f"status.{value}")
    if isinstance(value, bool):
        return say(language, f"choice.{'chosen' if value else 'not_chosen'}")
    if isinstance(value, tuple):
        return say(language, "list.separator").join(map(str, value)) or say(language, "why.line.none")
    if figure == "link_building":
        return str(value)
    return quantity(language, value, explanation.unit, percent=figure in _PERCENT)


def ledger_value(language: Language, column: str, value: object, unit: str = "") -> str:
    """A value of the ledger as it is read: the word of its code, a year without comma, yes or no."""
    if value is None:
        return say(language, "value.missing")
    if isinstance(value, bool):
        return say(language, f"why.line.{'yes' if value else 'no'}")
    if isinstance(value, str):
        code = f"{_CODES.get(column, column)}.{value}"
        return say(language, code) if column in _CODES and code in catalogue() else value
    if column.endswith("_year"):
        return f"{float(str(value)):.0f}"
    return quantity(language, value, unit) if unit else f"{float(str(value)):,.10g}"


def standing_text(language: Language, value: object) -> str:
    """What stands at a facility: its state, the fiscal year from which, and its capacity where that is known."""
    state, year, kw = cast("tuple[str, int, float | None]", value)
    code = "why.line.stands" if kw is None else "why.line.stands_kw"
    return say(language, code, status=say(language, f"programme.status.{state}"), year=year, kw=kw)


def given_text(language: Language, value: object) -> str:
    """A fiscal year that somebody gave, or none."""
    return say(language, "why.line.fiscal", year=value) if value else say(language, "why.line.never")


def quantity(language: Language, value: object, unit: str, *, percent: bool = False) -> str:
    """A number with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    if percent:
        return f"{value:.1%}"
    if unit == "calendar year":
        return f"{value:.0f}"
    number = f"{value:,.{_DIGITS[unit]}f}" if unit in _DIGITS else f"{value:,.6g}"
    return number if unit in ("", "-") else f"{number} {unit_text(language, unit)}"


def number(language: Language, value: object, unit: str) -> str:
    """A number of the profile as it was written, with its unit."""
    if unit.startswith(CHOICE) and isinstance(value, int | float):
        return choice_text(language, unit, value)
    if not isinstance(value, int | float) or unit == "calendar year":
        return quantity(language, value, unit)
    shown = f"{value:,.10g}"
    if unit in ("", "-"):
        return shown
    return f"{shown}{unit}" if unit == "°" else f"{shown} {unit_text(language, unit)}"


def moment(when: str) -> str:
    """A time of a stamp or a mark by the clock of this computer; as it stands where it is none."""
    try:
        return datetime.fromisoformat(when).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return when


def mark_text(language: Language, mark: Mark | None) -> str:
    """Who, when and why."""
    if mark is None:
        return say(language, "why.line.mark.nobody")
    who = mark.who or say(language, "why.line.nobody")
    code = "why.line.mark" if mark.why else "why.line.mark.no_why"
    return say(language, code, who=who, when=moment(mark.when), why=mark.why)


def formula_text(language: Language, explanation: Explanation) -> str:
    """How the figure comes about, as a sentence; empty where no sentence is known."""
    code = f"why.formula.{explanation.formula}"
    values = dict(explanation.values)
    if explanation.formula == "programme_year":
        return _year_text(language, explanation)
    if explanation.figure.startswith("lighting_"):
        return _lighting_text(language, explanation)
    if explanation.figure == "fleet_car":
        return _car_text(language, explanation)
    if isinstance(values.get("reason_code"), str):
        values["reason"] = say(language, str(values["reason_code"])) if values["reason_code"] else ""
    # What is missing has no digits behind its point.
    values = {
        name: float("nan") if name.endswith("_kwh") and value is None else value for name, value in values.items()
    }
    if explanation.figure.startswith(ROOM):
        amounts = {
            name: quantity(language, values[name], explanation.unit) for name in ("allowed", "used", "takes", "lacks")
        }
        return say(language, f"{code}{'_lacks' if float(str(values['lacks'])) > 0 else ''}", **amounts)
    if isinstance(values.get("objective"), str):
        values["objective"] = say(language, f"objective.{values['objective']}")
    losses = values.get("losses")
    if isinstance(losses, float):
        values["losses"] = choice_text(language, "choice.losses", losses)
    text = say(language, code, **values)
    missing = values.get("not_applied")
    if isinstance(missing, tuple) and missing:
        names = say(language, "list.separator").join(criterion_name(language, key) for key in missing)
        text = say(language, "why.line.with", one=text, other=say(language, "export.note.not_applied", names=names))
    found = _found_text(language, explanation)
    return say(language, "why.line.with", one=text, other=found) if found else text


def _rule(language: Language, text: str) -> str:
    """A rule of the programme by its name."""
    rule = rule_of(text)
    return "" if rule is None else rule_text(language, rule, {})


def _year_text(language: Language, explanation: Explanation) -> str:
    """Why in the programme or not, and why in its year."""
    values = dict(explanation.values)
    row, why, objective = cast("Mapping[str, object]", values["row"]), values["why"], cast("Worth", values["objective"])
    names = {str(explanation.facility_id): str(values["name"])}
    reason = reason_text(language, row, objective, names, when=why is None)
    more = "" if why is None else year_text(language, cast("YearWhy", why), objective, float(str(values["gap"])), names)
    return say(language, "why.formula.programme_year", reason=reason, more=more).strip()


def _lighting_text(language: Language, explanation: Explanation) -> str:
    """How a figure of LED lighting comes about."""
    from kawasolar.lighting.words import deadline_text, lamp_name, why_text
    from kawasolar.lighting.year import YearWhy

    values, code = dict(explanation.values), f"why.formula.{explanation.formula}"
    if isinstance(values.get("why"), YearWhy):
        goal = say(language, f"lighting.goal.{values['goal']}")
        told = say(language, code, why=why_text(language, cast("YearWhy", values["why"])), goal=goal)
        more = [deadline_text(language, values)]
        more.append("" if values["gap"] is None else say(language, "why.lighting.gap", gap=values["gap"]))
        return say(language, "programme.sentence_gap").join(one for one in (told, *more) if one)
    if "lamp" in values:
        values["item"] = " ".join(part for part in (str(values["where"]), str(values["fixture"]) or lamp_name(language, str(values["lamp"]))) if part)  # fmt: skip
        values["watts"] = say(language, f"why.lighting.w.{values['w_from']}")
        values["used"] = say(language, f"why.lighting.h.{values['hours_from']}")
    return say(language, code, **values)


def _car_text(language: Language, explanation: Explanation) -> str:
    """Which model comes for a car, and why in its year."""
    from kawasolar.fleet.words import filled_text
    from kawasolar.fleet.words import why_text as car_why

    values = dict(explanation.values)
    due, why = values["natural_year"], str(values["why"])
    values["why_text"] = car_why(language, why, float("nan") if due is None else float(str(due)))
    values["model"], values["reason"] = (str(values.get(f"{name}_{language}", "")) for name in ("name", "reason"))
    nan = float("nan")
    numbers = {name: nan if values.get(name) is None else values[name] for name in ("seats", "model_seats", "km_longest", "range_km", "old_tco_yen", "new_tco_yen")}  # fmt: skip
    told = [say(language, f"why.formula.{explanation.formula}", **(values | numbers))]
    if values["row"]:
        told.append(say(language, "why.fleet.row", row=values["row"]))
    if values["filled"] and why not in ("already", "outside"):
        told.append(say(language, "why.fleet.filled", names=filled_text(language, str(values["filled"]))))
    return say(language, "programme.sentence_gap").join(told)


def _found_text(language: Language, explanation: Explanation) -> str:
    """For a criterion: what was found."""
    values = explanation.values
    if "found" not in values or values["found"] is None:
        return ""
    key, found = str(values["criterion"]), values["found"]
    text = value_text(language, key, found)
    unit = str(values.get("unit") or "")
    if isinstance(found, int | float) and unit:
        text = f"{text} {unit_text(language, unit)}"
    return say(language, "why.line.criterion.found", found=text)


def entry_texts(language: Language, entry: Mapping[Any, Any]) -> dict[str, str]:
    """A row of the register's changes in words: ``facility_id kind item before now why who when source``; empty where there is nothing."""
    kind, given = str(entry["kind"]), entry[f"source_{language}"] if entry["kind"] == "value" else None
    # A criterion that was only switched: what it asks for is the same as before.
    now = entry["applied"] if isinstance(entry["base_value"], bool) and kind == "criterion" else entry["value"]
    texts = {name: "" if entry[name] is None else str(entry[name]) for name in ("facility_id", "why", "who")}
    return {
        **texts, "kind": say(language, f"why.register.kind.{kind}"), "item": str(entry[f"name_{language}"]),
        "before": _entry_value(language, entry, entry["base_value"]), "now": _entry_value(language, entry, now),
        "when": "" if entry["when"] is None else moment(str(entry["when"])), "source": given or "",
    }  # fmt: skip


def _entry_value(language: Language, entry: Mapping[Any, Any], value: object) -> str:
    kind = entry["kind"]
    if kind in ("pin", "veto") or (kind == "keepout" and value is None):
        return ""
    if kind == "ledger":
        return ledger_value(language, str(entry["key"]), value)
    if kind == "objective":
        return say(language, f"objective.{value}")
    if kind == "columns":
        told = cast("tuple[tuple[str, str], ...] | None", value) or ()
        return say(language, "list.separator").join(
            f"{letter} → {column_word(language, name)}" for letter, name in told
        )
    if kind == "layout":
        return layout_text(language, cast("tuple[tuple[str, float], ...] | None", value) or ())
    if isinstance(value, bool):
        return say(language, f"why.line.criterion.{'on' if value else 'off'}")
    if isinstance(value, tuple):
        return say(language, "list.separator").join(map(str, value)) or say(language, "why.line.none")
    if kind == "keepout":
        return quantity(language, value, "m²")
    return number(language, value, str(entry["unit"] or ""))


@cache
def _shipped_profile() -> Profile:
    """What the values are called."""
    return load_profile()


def layout_text(language: Language, values: Iterable[tuple[str, float]]) -> str:
    """Values by which a facility is laid out, with their names."""
    known = _shipped_profile().values
    told = [f"{known[key].name(language)} {number(language, value, known[key].unit)}" for key, value in values]
    return say(language, "list.separator").join(told)


class _Teller:
    """Walks an explanation; what was told once is not told again."""

    def __init__(self, language: Language, longest: int) -> None:
        self.language = language
        self.longest = longest
        self._told: set[tuple[str, str | None, str]] = set()
        self._told_sources: set[tuple[str, object]] = set()
        self._told_stages: set[str] = set()

    def say(self, code: str, **values: object) -> str:
        return say(self.language, f"why.line.{code}", **values)

    def tell(self, explanation: Explanation) -> Iterator[Line]:
        name, value = figure_name(self.language, explanation), figure_value(self.language, explanation)
        yield 0, self.say("head", name=name, value=value)
        yield 1, formula_text(self.language, explanation)
        yield from self._stage(explanation.stage, 1)
        yield from self._inputs(explanation, 1)

    def _stage(self, stage: StageNote | None, depth: int) -> Iterator[Line]:
        if stage is None or stage.name in self._told_stages:
            return
        self._told_stages.add(stage.name)
        made = moment(stage.made) if stage.made else self.say("stage.unknown")
        state = "" if stage.freshness == "fresh" or not stage.made else self.say("stage.stale")
        yield depth, self.say("stage", stage=say(self.language, f"why.stage.{stage.name}"), made=made, state=state)

    def _inputs(self, parent: Explanation, depth: int) -> Iterator[Line]:
        shown = 0
        sites = [entry for entry in parent.inputs if isinstance(entry, Explanation) and entry.formula == "of_facility"]
        for entry in parent.inputs:
            if not isinstance(entry, Explanation):
                yield from self._source(entry, depth)
            elif entry.formula == "of_facility":
                shown += 1
                if shown <= self.longest:
                    yield depth, self._site(entry)
            else:
                yield from self._child(entry, depth)
        if len(sites) > self.longest:
            yield depth, self.say("more", count=len(sites) - self.longest)

    def _site(self, entry: Explanation) -> str:
        name, value = entry.values.get("name") or entry.facility_id, figure_value(self.language, entry)
        for weight, unit in (("usable_m2", "m²"), ("energy_kwh", "kWh")):
            if weight in entry.values:
                shown = f"{say(self.language, f'why.figure.{weight}')} {quantity(self.language, entry.values[weight], unit)}"
                return self.say("weight", name=name, facility=entry.facility_id, value=value, weight=shown)
        return self.say("of_facility", name=name, facility=entry.facility_id, value=value)

    def _child(self, entry: Explanation, depth: int) -> Iterator[Line]:
        name, value = figure_name(self.language, entry), figure_value(self.language, entry)
        place = (entry.figure, entry.facility_id, entry.part)
        if place in self._told and entry.inputs:
            yield depth, self.say("again", name=name, value=value)
            return
        if entry.more:
            # What it was made from is asked for separately.
            yield depth, self.say("head", name=name, value=value)
            return
        self._told.add(place)
        how = formula_text(self.language, entry)
        code = "named" if entry.figure == "link_building" else "child"
        yield depth, self.say(code, name=name, value=value, how=how.rstrip("。."))
        yield from self._stage(entry.stage, depth + 1)
        yield from self._inputs(entry, depth + 1)

    # ------------------------------------------------------------------------------------------ sources

    def _source(self, source: Source, depth: int) -> Iterator[Line]:
        key = source.key if isinstance(source, ProfileSource | EnteredSource) else None
        place = (source.code, getattr(source, "facility_id", key))
        again = place in self._told_sources
        self._told_sources.add(place)
        if isinstance(source, ProfileSource):
            yield from self._profile(source, depth, again=again)
        elif isinstance(source, TableSource):
            yield from self._table(source, depth, again=again)
        elif isinstance(source, CriterionSource):
            yield from self._criterion(source, depth)
        elif isinstance(source, LedgerSource):
            yield from self._ledger(source, depth, again=again)
        elif isinstance(source, FileSource):
            # Said once: what is a file's does not change from line to line.
            yield from () if again else self._file(source, depth)
        else:
            yield from self._entered(source, depth)

    def _profile(self, source: ProfileSource, depth: int, *, again: bool) -> Iterator[Line]:
        language = self.language
        value = number(language, source.value, source.unit)
        reach = self._range(source.low, source.high)
        yield (
            depth,
            self.say(
                "profile.assumed" if source.assumed else "profile",
                name=source.text("name", language),
                value=value,
                range=reach,
            ),
        )
        if again:
            return
        sure = say(language, f"how_sure.{source.how_sure}")
        code = "source" if source.year is None else "source.year"
        yield depth + 1, self.say(code, source=source.text("source", language), year=source.year, sure=sure)
        if source.text("note", language):
            yield depth + 1, self.say("note", note=source.text("note", language))
        if source.override is not None:
            before = number(language, source.override.before, source.unit)
            yield depth + 1, self.say("override", before=before, value=value)
            yield depth + 2, mark_text(language, source.override.mark)
            if source.override.source:
                yield depth + 2, self.say("override.source", source=source.override.source)
        elif source.assumed:
            yield depth + 1, self.say("assumed")
        if source.outside:
            yield depth + 1, self.say("outside")
        if source.now is not None:
            yield depth + 1, self.say("now", now=number(language, source.now, source.unit), value=value)

    def _table(self, source: TableSource, depth: int, *, again: bool) -> Iterator[Line]:
        language = self.language
        name, value = source.text("name", language), number(language, source.value, source.unit)
        code = "profile.assumed" if source.assumed else "profile"
        ends = ["" if end is None else f"{end:,.10g}" for end in (source.low, source.high)]
        reach = self.say("range", low=ends[0], high=ends[1]) if any(ends) else ""
        yield depth, self.say(code, name=name, value=value, range=reach)
        if again:
            return
        cited = say(language, "lighting.changed") if source.given else source.text("source", language)
        sure = say(language, f"how_sure.{source.how_sure}")
        yield depth + 1, self.say("source", source=cited, sure=sure)
        if source.text("note", language):
            yield depth + 1, self.say("note", note=source.text("note", language))
        yield depth + 1, self.say("table", table=source.table, key=source.key)

    def _range(self, low: float | None, high: float | None) -> str:
        if low is None and high is None:
            return ""
        ends = ["" if end is None else f"{end:g}" for end in (low, high)]
        return self.say("range", low=ends[0], high=ends[1])

    def _criterion(self, source: CriterionSource, depth: int) -> Iterator[Line]:
        language = self.language
        yield depth, self._asked(source, source.applied, source.threshold)
        sure = say(language, f"how_sure.{source.how_sure}")
        yield depth + 1, self.say("source", source=source.text("source", language), sure=sure)
        if source.text("note", language):
            yield depth + 1, self.say("note", note=source.text("note", language))
        if source.override is not None and isinstance(source.override.before, tuple):
            before = self._asked(source, *source.override.before)
            yield depth + 1, self.say("criterion.override", before=before)
            yield depth + 2, mark_text(language, source.override.mark)
        elif source.assumed:
            yield depth + 1, self.say("assumed")

    def _asked(self, source: CriterionSource, applied: bool, threshold: float | None) -> str:
        asked = "" if threshold is None else f"{threshold:,.6g}"
        rule = say(self.language, f"criterion_rule.{source.key}", threshold=asked)
        return self.say("criterion", rule=rule, applied=self.say(f"criterion.{'on' if applied else 'off'}"))

    def _ledger(self, source: LedgerSource, depth: int, *, again: bool) -> Iterator[Line]:
        language = self.language
        value = ledger_value(language, source.column, source.value)
        code = "ledger.place.file" if source.row is None else "ledger.place.sheet" if source.sheet else "ledger.place"
        place = self.say(code, file=source.file, sheet=source.sheet, row=source.row)
        name = column_title(language, source.column)
        heading = "ledger" if source.heading else "ledger.no_heading"
        yield depth, self.say(heading, heading=source.heading, name=name, value=value, place=place)
        if source.override is not None:
            before = ledger_value(language, source.column, source.override.before)
            yield depth + 1, self.say("corrected", before=before, value=value)
            yield depth + 2, mark_text(language, source.override.mark)
        if not again:
            yield from self._findings(source.findings, depth + 1)

    def _file(self, source: FileSource, depth: int) -> Iterator[Line]:
        role = say(self.language, f"export.role.{source.role}")
        sha = source.sha256[:_SHA_SHOWN]
        yield depth, self.say("file", role=role, file=PurePath(source.path).name, size=source.size, sha=sha)
        yield depth + 1, self.say("file.path", path=source.path)
        if source.crs:
            yield depth + 1, self.say("file.crs", crs=source.crs)
        if source.layer:
            yield depth + 1, self.say("file.layer", layer=source.layer)
        yield from self._findings(source.findings, depth + 1)

    def _findings(self, findings: tuple[Finding, ...], depth: int) -> Iterator[Line]:
        for finding in findings:
            yield depth, self.say("finding", text=finding_sentence(self.language, finding))

    def _entered(self, source: EnteredSource, depth: int) -> Iterator[Line]:
        value = source.value
        if source.kind == "keepout":
            shown = quantity(self.language, value, "m²")
        elif source.kind == "share":
            shown = quantity(self.language, value, "-", percent=True)
        elif source.kind == "objective":
            shown = say(self.language, f"objective.{value}")
        elif source.kind == "standing":
            shown = standing_text(self.language, value)
        elif source.kind == "layout":
            shown = layout_text(self.language, cast("tuple[tuple[str, float], ...]", value))
        elif source.kind == "lighting":
            shown = given_text(self.language, value)
        elif isinstance(value, tuple):
            shown = say(self.language, "list.separator").join(map(str, value)) or self.say("none")
        else:
            shown = ""
        yield depth, self.say(f"entered.{source.kind}", key=source.key, value=shown)
        if source.kind not in ("share", "objective"):
            yield depth + 1, mark_text(self.language, source.mark)
