"""The form of one entry: its figure, the range, where it comes from and how sure it is, each with what is wrong beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from kawasolar.profiles.draft import GRID_FACTOR, entry_of
from kawasolar.profiles.form import bounds_of, form_fields
from kawasolar.profiles.words import entry_title, entry_value, section_name
from ui.assumptions.band import RangeBand
from ui.parts import button, column, label, row, set_role
from ui.profiles.boxes import Box, box_of
from ui.profiles.entries import UNUSED

if TYPE_CHECKING:
    from kawasolar.profiles.check import Problem
    from kawasolar.profiles.draft import Draft
    from ui.look import Look

# Side by side, so that the form stays short.
_PAIRS = {"low": "high", "latitude": "longitude", "from_kw": "to_kw", "season": "time", "voltage": "valid_from"}


class EntryForm(QWidget):
    """What the table's line says, to be edited.

    Signals
    -------
    edited : section, at, field, value
    factor_asked : the plan is to be computed with this row of the emission factors
    """

    edited = Signal(str, str, str, object)
    factor_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._place = ("", "")
        self.boxes: dict[str, Box] = {}
        self._layout = column(self, margin=12, spacing=8)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.kind = label("", "muted")
        self.title = label("", "head", wrap=True)
        self.key = label("", "muted")
        self.key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.unused = label(look.say("ui.profile.unused"), "muted", wrap=True)
        self.band = RangeBand(look)
        self.use = button(look.say("ui.profile.use_factor"), tip=look.say("ui.profile.use_factor.tip"))
        self.use.setAutoDefault(False)
        self.use.clicked.connect(self.factor_asked)
        self.used = label("", "muted", wrap=True)
        self.wrong = label("", "attention", wrap=True)
        for part in (self.kind, self.title, self.key, self.unused, self.wrong, self.band, self.use, self.used):
            self._layout.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft if part is self.use else Qt.AlignmentFlag(0))
        self._fields = QWidget()
        self._layout.addWidget(self._fields)

    def show_entry(self, draft: Draft, section: str, at: str) -> None:
        """Show an entry as it stands in the draft."""
        look, entry = self._look, entry_of(draft.document, section, at)
        if (section, at) != self._place:
            self._build(section, at)
        language = look.language
        title = entry_title(language, section, entry or {"key": at})
        self.kind.setText(section_name(language, section))
        self.title.setText(title or look.say("ui.profile.untitled"))
        self.key.setText(at if section in ("values", "criteria", "ppa") else "")
        self.key.setVisible(bool(self.key.text()))
        self.kind.setVisible(section_name(language, section) != title)
        self.unused.setVisible(section in UNUSED)
        for name, box in self.boxes.items():
            box.show_value((entry or {}).get(name))
        self._show_band(section, at, entry or {})
        self._show_factor(draft, section)
        self.show_problems([one for one in draft.problems if (one.section, one.at) == (section, at)])

    def _build(self, section: str, at: str) -> None:
        self._place = section, at
        old = self._fields
        self._fields = QWidget()
        inside = column(self._fields, margin=0, spacing=8)
        self.boxes = {field.name: box_of(self._look, field) for field in form_fields(section, at)}
        second = {_PAIRS[name] for name in _PAIRS if name in self.boxes}
        for name, box in self.boxes.items():
            box.edited.connect(lambda name, value: self.edited.emit(*self._place, name, value))
            if name in second:
                continue
            if name in _PAIRS and _PAIRS[name] in self.boxes:
                line = row(8)
                line.addWidget(box, 1, Qt.AlignmentFlag.AlignTop)
                line.addWidget(self.boxes[_PAIRS[name]], 1, Qt.AlignmentFlag.AlignTop)
                inside.addLayout(line)
            else:
                inside.addWidget(box)
        self._layout.replaceWidget(old, self._fields)
        old.hide()
        old.deleteLater()

    def _show_band(self, section: str, at: str, entry: dict[str, object]) -> None:
        bounds = bounds_of(section, at) if section in ("values", "criteria", "ppa") else None
        ends = entry.get("low"), entry.get("high")
        value = entry.get("value", entry.get("threshold"))
        whole = bounds is not None and all(_is_number(one) for one in (*ends, value))
        self.band.setVisible(whole)
        if whole and bounds is not None:
            low, high, now = (float(str(one)) for one in (*ends, value))
            if low <= high:
                self.band.show_values(bounds, (low, high), now, now)
            else:
                self.band.hide()

    def _show_factor(self, draft: Draft, section: str) -> None:
        mine = section == "emission_factors"
        self.use.setVisible(mine)
        self.used.setVisible(mine)
        if mine:
            now = entry_of(draft.document, "values", GRID_FACTOR) or {}
            language = self._look.language
            words = entry_value(language, "values", now)
            self.used.setText(
                self._look.say("ui.profile.factor_now", value=words, source=str(now.get(f"source_{language}", "")))
            )

    def show_problems(self, problems: list[Problem]) -> None:
        """Say what is wrong: beside the field, or above all where it is of none."""
        by_field = {problem.field: problem for problem in reversed(problems)}
        for name, box in self.boxes.items():
            problem = by_field.pop(name, None)
            box.show_wrong("" if problem is None else wrong_text(self._look, problem))
        rest = self._look.say("ui.list.dot").join(wrong_text(self._look, problem) for problem in by_field.values())
        self.wrong.setText(rest)
        self.wrong.setVisible(bool(rest))
        set_role(self.use, "")
        self.use.setEnabled(not problems)

    def focus_first(self) -> None:
        """The keyboard goes to the first field."""
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            first.editor.setFocus()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def wrong_text(look: Look, problem: Problem) -> str:
    """What is wrong, short enough to stand beside the field."""
    code = problem.error.code.rpartition(".")[2]
    details = problem.error.details
    return look.say_or(f"ui.profile.wrong.{code}", look.say_error(problem.error), **details)
