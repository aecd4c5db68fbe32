"""A comparison as rows of cells: the sites that differ, the figures, and what was turned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kawasolar.compare import (
    answer_note,
    class_text,
    figure_text,
    figure_title,
    figure_unit,
    options_text,
    setting_text,
    setting_title,
)
from kawasolar.compare_figures import OF_ANSWERS
from kawasolar.document.views import mark_of
from ui import format as fmt
from ui.map.differences import Difference, Differences, difference_words
from ui.reasons import limit_text, reason_text
from ui.scenarios.badge import class_icon
from ui.scenarios.comparing import LETTERS
from ui.scenarios.grid import Cell, Head
from ui.status import STATUS_ICONS, STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.compare import Comparison
    from kawasolar.document.entries import Entries
    from kawasolar.profile import Profile
    from ui.look import Look

Rows = tuple[list[Head], list[tuple[str, list[Cell]]]]
# Figures that are asked for first.
_FIRST = ("chosen", "capacity_kw", "energy_kwh", "co2_t", "eligible")
_ALONE_WIDTH, _PAIR_WIDTH = 92, 140
# Figures of answers have longer names, and how they are asked for needs more room than a switch.
_NAME_WIDTH, _LONG_NAME_WIDTH = 136, 208
_SETTING_WIDTH, _ASKED_WIDTH = 120, 172
_INKS = {"unknown": "attention", "ineligible": "muted"}
# Tables of the entries that say who turned a setting, and why.
_TABLES = {"criterion": "criteria", "value": "values", "pin": "pins", "veto": "vetoes", "asked": "asked"}


def differences_of(found: Comparison) -> Differences:
    """In which of the scenarios each facility is chosen, as the map draws it."""
    chosen = (found.classes[list(found.keys)] == "chosen").to_numpy(dtype=bool)
    ids = found.classes.index.astype(str)
    names = tuple(side.name for side in found.sides)
    return Differences(names, {name: tuple(row) for name, row in zip(ids, chosen.tolist(), strict=True)})


def _heads(look: Look, found: Comparison, width: int) -> list[Head]:
    """A column for each scenario, with its letter and a mark where it is stale."""
    return [
        Head(side.name, width, letter, look.say("ui.scenarios.stale_figures") if side.stale else "")
        for side, letter in zip(found.sides, LETTERS, strict=False)
    ]


def site_rows(look: Look, found: Comparison) -> Rows:
    """Facilities whose class is not the same everywhere; those that are chosen here and not there come first."""
    say = look.say
    differences = differences_of(found)
    heads = [Head(say("ui.compare.site"), 164), *_heads(look, found, 100)]
    heads += [Head(say("ui.compare.capacity"), 68, right=True), Head(say("ui.compare.reason"), 320, sentence=True)]
    rows = []
    for row in found.sites.to_dict("records"):
        name, kind = str(row["facility_id"]), differences.class_of(str(row["facility_id"]))
        told = difference_words(look.language, kind, differences.names)
        first = Cell(
            str(row["name"]) or name, f"{row['name']}\n{told}", class_icon(kind, look.tokens), order=str(row["name"])
        )
        rows.append(
            (_rank(kind), name, [first, *_classes(look, found, row), _capacity(found, row), _why(look, found, row)])
        )
    rows.sort(key=lambda entry: entry[0])
    return heads, [(name, cells) for _, name, cells in rows]


def _rank(kind: Difference) -> int:
    """Chosen in one alone, then in some; last those that are chosen everywhere or nowhere and differ otherwise."""
    return int(kind) if kind.scenario is not None else {Difference.SOME: 90, Difference.ALL: 91}.get(kind, 92)


def _classes(look: Look, found: Comparison, row: Mapping[Any, Any]) -> list[Cell]:
    cells = []
    for key in found.keys:
        value = row[key]
        known = isinstance(value, str) and value in STATUS_ICONS
        name, colour = STATUS_ICONS[value] if known else ("", "")
        words = look.say(f"ui.status.{value}") if known else class_text(look.language, value)
        why = reason_text(look, row[f"reason.{key}"], row[f"reason_values.{key}"]) if known else ""
        icon = look.icon(name, colour) if known else None
        ink = _INKS.get(value, "") if known else "muted"
        order = float(STATUSES.index(value)) if known else float(len(STATUSES))
        cells.append(Cell(words, why, icon, ink, value == "chosen", order=order))
    return cells


def _capacity(found: Comparison, row: Mapping[Any, Any]) -> Cell:
    known = [float(row[f"capacity_kw.{key}"]) for key in found.keys if not fmt.is_missing(row[f"capacity_kw.{key}"])]
    if not known:
        return Cell(fmt.MISSING, order=-1.0)
    low, high = fmt.number(min(known), 1), fmt.number(max(known), 1)
    return Cell(low if low == high else f"{low}–{high}", order=max(known))


def _why(look: Look, found: Comparison, row: Mapping[Any, Any]) -> Cell:
    """The reason in each scenario; one that holds for several stands there once, under their letters."""
    told: dict[str, str] = {}
    for key, letter in zip(found.keys, LETTERS, strict=False):
        words = reason_text(look, row[f"reason.{key}"], row[f"reason_values.{key}"])
        told[words] = told.get(words, "") + letter
    parts = [look.say("ui.compare.reason_of", letters="・".join(letters), why=words) for words, letters in told.items()]
    return Cell(look.say("ui.compare.reason_join").join(parts), "\n".join(parts))


def figure_rows(look: Look, found: Comparison) -> Rows:
    """Each figure in each scenario, and by how much it differs from that of the first."""
    language, first = look.language, found.keys[0]
    note = look.say("ui.compare.difference", to=LETTERS[0])
    about = answer_note(language, found)
    heads = [Head(look.say("ui.compare.figure"), _LONG_NAME_WIDTH if about else _NAME_WIDTH)]
    for head in _heads(look, found, _PAIR_WIDTH):
        alone = head.letter == LETTERS[0]
        heads.append(
            replace(head, right=True, width=_ALONE_WIDTH if alone else _PAIR_WIDTH, note="" if alone else note)
        )
    rows = []
    for code in sorted(found.figures.index, key=lambda code: _FIRST.index(code) if code in _FIRST else len(_FIRST)):
        line, unit = found.figures.loc[code], figure_unit(language, str(found.figures.loc[code, "unit"]))
        # The unit stands once, with the name: a figure is never cut for the sake of it.
        name = " ".join(filter(None, (figure_title(language, code), unit)))
        cells = [Cell(name, f"{name}\n{about}" if code in OF_ANSWERS else "")]
        for side in found.sides:
            ink = "attention" if side.stale else ""
            tip = look.say("ui.scenarios.stale_figures") if side.stale else ""
            more = None
            if side.key != first:
                change = figure_text(language, code, float(line[f"difference.{side.key}"]), difference=True)
                more = change.removesuffix(f" {unit}")
            text = figure_text(language, code, float(line[side.key])).removesuffix(f" {unit}")
            cells.append(Cell(text, tip, ink=ink, more=more))
        rows.append((str(code), cells))
    return heads, rows


def setting_rows(look: Look, found: Comparison, entries: Entries, profile: Profile) -> Rows:
    """What was turned, what it is in each scenario, and who turned it why."""
    language, say = look.language, look.say
    width = _ASKED_WIDTH if (found.settings["kind"] == "asked").any() else _SETTING_WIDTH
    heads = [Head(say("ui.compare.setting"), 168), *_heads(look, found, width)]
    heads.append(Head(say("ui.compare.who"), 300, sentence=True))
    rows = []
    for line in found.settings.to_dict("records"):
        kind, name = str(line["kind"]), str(line["name"])
        cells = [Cell(setting_title(language, kind, name, found))]
        whole = [setting_text(language, kind, name, line[key], found) for key in found.keys]
        short = [_short(look, profile, kind, name, line[key]) for key in found.keys]
        for text, brief in zip(whole, short, strict=True):
            cells.append(Cell(brief or text, text, bold=text != whole[0]))
        marks = [
            _mark(look, entries, key, kind, name, letter) for key, letter in zip(found.keys, LETTERS, strict=False)
        ]
        told = [mark for mark in marks if mark]
        cells.append(Cell(say("ui.compare.reason_join").join(told), "\n".join(told)))
        rows.append((f"{kind}/{name}", cells))
    return heads, rows


def _short(look: Look, profile: Profile, kind: str, name: str, value: Any) -> str:  # noqa: ANN401 - by kind
    """A criterion's threshold alone, where its whole rule would not fit a column, and the options of an answer; empty for all else."""
    if kind == "asked":
        return options_text(look.language, value) if value else ""
    if kind != "criterion" or not value[0]:
        return ""
    return limit_text(look, profile.criterion(name), value[1])


def _mark(look: Look, entries: Entries, key: str, kind: str, name: str, letter: str) -> str:
    entry = entries.get(_TABLES[kind], f"{key}/{name}") if kind in _TABLES else None
    if not isinstance(entry, dict):
        return ""
    mark = mark_of(entry)
    who = look.say("ui.compare.by", who=mark.who, date=mark.when[:10]) if mark.who else mark.when[:10]
    words = " ".join(filter(None, (mark.why or look.say("ui.compare.no_reason"), who)))
    return look.say("ui.compare.reason_of", letters=letter, why=words)
