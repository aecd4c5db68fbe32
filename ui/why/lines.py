"""What an explanation is made from, as lines to be shown: words, badges, a band, and what can be done about it. No widgets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kawasolar.document.views import LEDGER_COLUMNS, mark_of
from kawasolar.provenance.model import (
    CriterionSource,
    EnteredSource,
    Explanation,
    FileSource,
    LedgerSource,
    ProfileSource,
    TableSource,
)
from kawasolar.provenance.words import (
    column_title,
    figure_name,
    figure_value,
    formula_text,
    given_text,
    ledger_value,
    mark_text,
    number,
    quantity,
    standing_text,
)
from kawasolar.reasons import finding_sentence, unit_text

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.provenance.model import Source
    from ui.look import Look

Key = tuple[str, str, str]
Path = tuple[Key, ...]

# In the order in which they are shown.
GROUPS = ("figures", "facilities", "entered", "ledger", "values", "files")
# From so many lines of a group on, the rest is folded.
LONGEST = {"facilities": 8, "values": 6}
_SHA_SHOWN = 12
# Rows of other ledgers: they have a part, which is no building.
_ROWS = ("lighting_row", "lighting_estimate", "charging_car", "fleet_car")


@dataclass(frozen=True)
class Action:
    """Something that can be done where a value comes from; ``code`` of the words, and what it is about."""

    code: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """A value on its range; ends of what is possible, of what is sensible, the value of before, the one of now."""

    bounds: tuple[float, float]
    sensible: tuple[float, float]
    given: float
    now: float


@dataclass(frozen=True)
class Line:
    """One input.

    Attributes
    ----------
    key : tells it from its siblings
    badges : words and tone
    stale : the stage that made it must run again
    brief : a line that is seen while it is closed, shortened where there is no room
    told, more : lines below it, always and when it is opened; ``marks`` are such that need attention
    node : the explanation that opens below it
    """

    key: Key
    name: str
    value: str = ""
    badges: tuple[tuple[str, str], ...] = ()
    stale: bool = False
    brief: str = ""
    told: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    tip: str = ""
    band: Band | None = None
    actions: tuple[Action, ...] = ()
    node: Explanation | None = None

    @property
    def opens(self) -> bool:
        """Whether there is more to see."""
        node = self.node
        return bool(self.more or self.actions) or (node is not None and bool(node.inputs or node.more))


def key_of(entry: Explanation | Source) -> Key:
    """What tells an input from its siblings, also after the plan changed."""
    if isinstance(entry, Explanation):
        return entry.figure, entry.facility_id or "", entry.part
    if isinstance(entry, LedgerSource):
        return entry.code, entry.facility_id, ""
    return entry.code, entry.key if isinstance(entry, EnteredSource) else "", ""


def group_of(entry: Explanation | Source) -> str:
    """Which of the groups an input belongs to."""
    if isinstance(entry, Explanation):
        return "facilities" if entry.formula == "of_facility" else "figures"
    if isinstance(entry, EnteredSource):
        return "entered"
    if isinstance(entry, LedgerSource):
        return "ledger"
    return "files" if isinstance(entry, FileSource) else "values"


def grouped(entries: Iterable[Explanation | Source]) -> list[tuple[str, list[Explanation | Source]]]:
    """Inputs by group; of the values, what a person changed comes first, so that no fold hides it."""
    found: dict[str, list[Explanation | Source]] = {name: [] for name in GROUPS}
    for entry in entries:
        found[group_of(entry)].append(entry)
    found["values"].sort(key=lambda entry: not _touched(entry))
    return [(name, rows) for name, rows in found.items() if rows]


def _touched(entry: Explanation | Source) -> bool:
    if isinstance(entry, ProfileSource):
        return entry.override is not None or entry.now is not None
    return isinstance(entry, CriterionSource)


def value_parts(look: Look, explanation: Explanation) -> tuple[str, str]:
    """A figure's value and its unit apart."""
    shown, unit = figure_value(look.language, explanation), explanation.unit
    words = unit_text(look.language, unit) if unit not in ("", "-", "calendar year") else ""
    if words and shown.endswith(words) and shown != words:
        return shown.removesuffix(words).rstrip(), words
    return shown, ""


def line_of(
    look: Look,
    entry: Explanation | Source,
    stale: Collection[str] = (),
    entered: Mapping[str, Mapping[str, Any]] | None = None,
) -> Line:
    """An input as a line.

    Parameters
    ----------
    stale : stages whose results no longer hold
    entered : what people entered for values of the profile, by key: a result may not follow it yet
    """
    if isinstance(entry, Explanation):
        return _figure(look, entry, stale)
    if isinstance(entry, TableSource):
        return _table(look, entry)
    if isinstance(entry, ProfileSource):
        return _profile(look, entry, (entered or {}).get(entry.key))
    if isinstance(entry, CriterionSource):
        return _criterion(look, entry)
    if isinstance(entry, LedgerSource):
        return _ledger(look, entry)
    return _file(look, entry) if isinstance(entry, FileSource) else _entered(look, entry)


# ---------------------------------------------------------------------------------------------- figures


def _figure(look: Look, entry: Explanation, stale: Collection[str]) -> Line:
    language = look.language
    name, value = figure_name(language, entry), figure_value(language, entry)
    how = formula_text(language, entry)
    told: tuple[str, ...] = ()
    more: tuple[str, ...] = (how,) if how else ()
    actions: tuple[Action, ...] = ()
    if entry.formula == "of_facility":
        name = str(entry.values.get("name") or entry.facility_id)
        told, more = _weights(look, entry), ()
        actions = (Action("facility", (str(entry.facility_id),)),)
    elif entry.figure in _ROWS:
        told, more = more, ()
    elif entry.part:
        if entry.figure == "link_building":
            value = ""
        told, more = more, ()
        actions = (Action("building", (str(entry.facility_id), entry.part)),)
    elif entry.figure.startswith(("criterion.", "programme_room.")):
        told, more = more, ()
    old = entry.stage is not None and entry.stage.name in stale
    return Line(key_of(entry), name, value, stale=old, told=told, more=more, actions=actions, node=entry)


def _weights(look: Look, entry: Explanation) -> tuple[str, ...]:
    """By what a facility's share in a mean is weighted."""
    units = {"usable_m2": "m²", "energy_kwh": "kWh"}
    return tuple(
        look.say("ui.why.weight", name=look.say(f"why.figure.{key}"), value=quantity(look.language, entry.values[key], unit))
        for key, unit in units.items()
        if key in entry.values
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- values of the profile


def _profile(look: Look, entry: ProfileSource, waiting: Mapping[str, Any] | None) -> Line:
    from kawasolar.value_rules import VALUE_RULES

    language, say = look.language, look.say
    value = number(language, entry.value, entry.unit)
    badges, told, marks = [], [], []
    given = entry.value if entry.override is None else float(str(entry.override.before))
    if entry.override is not None:
        badges.append((say("ui.why.badge.changed"), "accent"))
        told.append(say("ui.why.override", before=number(language, given, entry.unit), value=value))
        told.append(mark_text(language, entry.override.mark))
        if entry.override.source:
            told.append(say("why.line.override.source", source=entry.override.source))
    if entry.assumed:
        badges.append((say("ui.why.badge.assumed"), "attention"))
    if entry.outside:
        marks.append(say("why.line.outside"))
    if entry.now is not None:
        marks.append(say("why.line.now", now=number(language, entry.now, entry.unit), value=value))
        if waiting is not None:
            badges.insert(0, (say("ui.why.badge.changed"), "accent"))
            # Who changed it since: the result does not follow them yet.
            told.append(mark_text(language, mark_of(dict(waiting))))
            if waiting["source"]:
                told.append(say("why.line.override.source", source=waiting["source"]))
    band = None
    if entry.low is not None and entry.high is not None:
        _unit, least, most = VALUE_RULES[entry.key]
        band = Band((least, most), (entry.low, entry.high), given, entry.value if entry.now is None else entry.now)
    sure = say(f"how_sure.{entry.how_sure}")
    code = "why.line.source" if entry.year is None else "why.line.source.year"
    source = say(code, source=entry.text("source", language), year=entry.year, sure=sure)
    note = entry.text("note", language)
    more = [source, *([say("why.line.note", note=note)] if note else [])]
    if entry.assumed:
        more.append(say("why.line.assumed"))
    return Line(
        key_of(entry), entry.text("name", language), value, tuple(badges), brief=_source_words(look, entry), told=tuple(told),
        marks=tuple(marks), more=tuple(more), band=band, actions=(Action("value", (entry.key,)),),
    )  # fmt: skip


def _table(look: Look, entry: TableSource) -> Line:
    """A number of a table that comes with the program."""
    language, say = look.language, look.say
    badges = [(say("ui.why.badge.changed"), "accent")] if entry.given else []
    if entry.assumed:
        badges.append((say("ui.why.badge.assumed"), "attention"))
    sure = say(f"how_sure.{entry.how_sure}")
    more = [say("why.line.source", source=entry.text("source", language), sure=sure)]
    if entry.text("note", language):
        more.append(say("why.line.note", note=entry.text("note", language)))
    more.append(say("why.line.table", table=entry.table, key=entry.key))
    value = number(language, entry.value, entry.unit)
    return Line(
        key_of(entry), entry.text("name", language), value, tuple(badges), brief=_source_words(look, entry), more=tuple(more)
    )  # fmt: skip


def _source_words(look: Look, entry: ProfileSource | CriterionSource | TableSource) -> str:
    """Where a value comes from and how sure that is, the latter first: it is short, and must not be cut off."""
    sure = look.say(f"how_sure.{entry.how_sure}")
    return look.say("ui.why.source", source=entry.text("source", look.language), sure=sure)


def _criterion(look: Look, entry: CriterionSource) -> Line:
    language, say = look.language, look.say

    def asked(applied: bool, threshold: float | None) -> str:
        rule = say(f"criterion_rule.{entry.key}", threshold="" if threshold is None else f"{threshold:,.6g}")
        return say("ui.why.asked", rule=rule, applied=say(f"why.line.criterion.{'on' if applied else 'off'}"))

    badges, told = [], []
    if entry.override is not None and isinstance(entry.override.before, tuple):
        badges.append((say("ui.why.badge.changed"), "accent"))
        told.append(say("ui.why.criterion_before", before=asked(*entry.override.before)))
        told.append(mark_text(language, entry.override.mark))
    if entry.assumed:
        badges.append((say("ui.why.badge.assumed"), "attention"))
    source = say("why.line.source", source=entry.text("source", language), sure=say(f"how_sure.{entry.how_sure}"))
    note = entry.text("note", language)
    more = [source, *([say("why.line.note", note=note)] if note else [])]
    if entry.assumed:
        more.append(say("why.line.assumed"))
    name = asked(entry.applied, entry.threshold)
    return Line(
        key_of(entry), say("ui.why.criterion", asked=name), "", tuple(badges), brief=_source_words(look, entry), told=tuple(told),
        more=tuple(more), actions=(Action("criterion", (entry.key,)),),
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- ledger, files, people


def _ledger(look: Look, entry: LedgerSource) -> Line:
    language, say = look.language, look.say
    value = ledger_value(language, entry.column, entry.value)
    place = [entry.file]
    if entry.sheet:
        place.append(say("ui.why.sheet", sheet=entry.sheet))
    if entry.row is not None:
        place.append(say("ui.why.row", row=entry.row))
    place.append(say("ui.why.heading", heading=entry.heading) if entry.heading else say("ui.why.no_heading"))
    told, badges = [say("ui.list.dot").join(part for part in place if part)], []
    if entry.override is not None:
        badges.append((say("ui.why.badge.corrected"), "accent"))
        before = ledger_value(language, entry.column, entry.override.before)
        told.append(say("ui.why.corrected", before=before, value=value))
        told.append(mark_text(language, entry.override.mark))
    actions = (Action("ledger", (entry.facility_id, entry.column)),) if entry.column in LEDGER_COLUMNS else ()
    return Line(
        key_of(entry), column_title(language, entry.column), value, tuple(badges), told=tuple(told), more=_findings(look, entry.findings),
        tip=entry.path, actions=actions,
    )  # fmt: skip


def _file(look: Look, entry: FileSource) -> Line:
    say = look.say
    told = [say("ui.why.file", size=size_words(look, entry.size), sha=entry.sha256[:_SHA_SHOWN])]
    if entry.crs:
        told.append(say("why.line.file.crs", crs=entry.crs))
    if entry.layer:
        told.append(say("why.line.file.layer", layer=entry.layer))
    # A path has no blanks to be broken at, and is told whole by the tooltip.
    folder = str(PurePath(entry.path).parent)
    return Line(
        key_of(entry), say(f"export.role.{entry.role}"), PurePath(entry.path).name, told=tuple(told), more=_findings(look, entry.findings),
        tip=entry.path, actions=(Action("folder", (folder,)),),
    )  # fmt: skip


def size_words(look: Look, size: int) -> str:
    """The size of a file as people read it."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return look.say("ui.why.bytes", size=f"{size:,}")


def _findings(look: Look, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(look.say("why.line.finding", text=finding_sentence(look.language, finding)) for finding in findings)


def _entered(look: Look, entry: EnteredSource) -> Line:
    language, say, value = look.language, look.say, entry.value
    shown = ""
    if entry.kind == "keepout":
        shown = quantity(language, value, "m²")
    elif entry.kind == "share":
        shown = quantity(language, value, "-", percent=True)
    elif entry.kind == "objective":
        shown = say(f"objective.{value}")
    elif entry.kind == "standing":
        shown = standing_text(language, value)
    elif entry.kind == "lighting":
        shown = given_text(language, value)
    elif isinstance(value, tuple):
        shown = say("list.separator").join(map(str, value)) or say("why.line.none")
    setting = entry.kind in ("share", "objective")
    action = Action("setting", (entry.kind,)) if setting else Action(_ON_MAP[entry.kind], (entry.key,))
    told = () if setting else (mark_text(language, entry.mark),)
    return Line(key_of(entry), say(f"ui.why.entered.{entry.kind}"), shown, told=told, actions=(action,))


_ON_MAP = {
    "keepout": "keepout",
    "pin": "facility",
    "veto": "facility",
    "standing": "facility",
    "terms": "facility",
    "lighting": "facility",
    "join": "facility",
}
