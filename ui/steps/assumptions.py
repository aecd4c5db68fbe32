"""The panel of the assumptions: every value that the plan is computed with, by whom it was changed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from ui.assumptions.fields import bring_into_view
from ui.assumptions.line import ValueLine
from ui.assumptions.values import ORDER, Assumption, assumptions, at_once_stages, group_of, searched
from ui.document import Document
from ui.format import folded
from ui.look import Look
from ui.parts import button, column, label, row, scrolled

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

FILTERS = ("changed", "assumed")


class AssumptionsPanel(QWidget):
    """前提.

    Signals
    -------
    run_asked : what is stale is to be computed
    person_asked : the person's name is to be changed
    """

    run_asked = Signal()
    person_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        self._shown: dict[str, Assumption] = {}
        self._words: dict[str, str] = {}
        self.lines: dict[str, ValueLine] = {}
        self._heads: dict[str, QLabel] = {}
        # The first look costs a few hundred small widgets: it is for who comes here.
        self._stale = True
        layout = column(self)
        self._intro = label("", "muted", wrap=True)
        layout.addWidget(self._intro)
        self._add_filters(layout)
        self._add_notice(layout)
        self._box = QWidget()
        self._rows = column(self._box, margin=0, spacing=2)
        self._none = label(look.say("ui.assumptions.none"), "muted", wrap=True)
        self._rows.addWidget(self._none)
        self._area = scrolled(self._box, look.say("ui.assumptions.list"))
        self._area.setMinimumHeight(160)
        layout.addWidget(self._area, 1)
        document.plan_changed.connect(self.refresh)
        document.entries_changed.connect(self._on_entries)
        document.states_changed.connect(self.refresh)
        self.refresh()

    def _add_filters(self, layout: QVBoxLayout) -> None:
        say = self._look.say
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.assumptions.search"))
        self.search.setAccessibleName(say("ui.assumptions.search"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(self._look.icon("magnify", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._arrange)
        self.search.returnPressed.connect(self._enter_first)
        layout.addWidget(self.search)
        line = row(4)
        self.chips: dict[str, QPushButton] = {}
        for code in FILTERS:
            chip = button("", "chip", tip=say(f"ui.assumptions.only.{code}.tip"))
            chip.setCheckable(True)
            chip.setAutoDefault(False)
            chip.toggled.connect(lambda on, code=code: self._on_chip(code, on=on))
            self.chips[code] = chip
            line.addWidget(chip)
        line.addStretch(1)
        self.reset_all = button(say("ui.assumptions.reset_all"), "link", tip=say("ui.assumptions.reset_all.tip"))
        self.reset_all.setAutoDefault(False)
        self.reset_all.clicked.connect(self._reset_all)
        line.addWidget(self.reset_all)
        layout.addLayout(line)

    def _add_notice(self, layout: QVBoxLayout) -> None:
        self._notice = QWidget()
        self._notice.setObjectName("notice")
        self._notice.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = row(8)
        line.setContentsMargins(8, 4, 8, 4)
        self._notice.setLayout(line)
        self.stale = label("", wrap=True)
        self.run = button(self._look.say("ui.menu.run"), "link")
        self.run.setAutoDefault(False)
        self.run.clicked.connect(self.run_asked)
        line.addWidget(self.stale, 1)
        line.addWidget(self.run)
        self._notice.hide()
        layout.addWidget(self._notice)

    # ---------------------------------------------------------------- state

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def _on_entries(self, tables: object) -> None:
        if isinstance(tables, frozenset) and tables & {"values", "share", "scenarios"}:
            self.refresh()

    def refresh(self) -> None:
        """Show the values as they stand."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        found = assumptions(self._document)
        project = self._document.project
        if project is None:
            return
        fresh = list(found) != list(self.lines)
        if fresh:
            # Out of sight: to each row that is shown by itself Qt lays all of them out again.
            self._box.hide()
            self._rebuild(found)
        look = self._look
        for key, one in found.items():
            if self._shown.get(key) != one:
                self.lines[key].show_value(one)
            self._words[key] = searched(look, one)
        self._shown = found
        self._intro.setText(
            look.say("ui.assumptions.intro", name=project.profile.name(look.language), number=len(found))
        )
        self._show_notice()
        self._arrange()
        if fresh:
            self._box.show()

    def _rebuild(self, found: dict[str, Assumption]) -> None:
        for old in (*self.lines.values(), *self._heads.values()):
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        while self._rows.count() > 1:
            self._rows.takeAt(1)
        self.lines, self._heads = {}, {}
        for name in ORDER:
            keys = [key for key in found if group_of(key) == name]
            if not keys:
                continue
            head = self._heads[name] = label(self._look.say(f"ui.assumptions.group.{name}"), "head")
            head.setContentsMargins(4, 8, 4, 0)
            self._rows.addWidget(head)
            for key in keys:
                self._rows.addWidget(self._line(found[key]))
        self._rows.addStretch(1)
        for first, second in zip(list(self.lines.values())[:-1], list(self.lines.values())[1:], strict=True):
            QWidget.setTabOrder(first.head, second.head)

    def _line(self, one: Assumption) -> ValueLine:
        made = self.lines[one.key] = ValueLine(self._look, self._document, one)
        made.submitted.connect(self._take)
        made.reset_asked.connect(lambda key: self._reset([key]))
        made.opened.connect(self._on_opened)
        made.moved.connect(self._move)
        made.person_asked.connect(self.person_asked)
        return made

    def _show_notice(self) -> None:
        """What waits to be computed because of a value."""
        from kawasolar.reasons import stage_name

        waiting = [
            state for state in self._document.stale
            if state.name not in at_once_stages() and any(reason.kind == "value" for reason in state.reasons)
        ]  # fmt: skip
        self._notice.setVisible(bool(waiting))
        if waiting:
            name = stage_name(self._look.language, waiting[0].name)
            self.stale.setText(self._look.say("ui.assumptions.waiting", stage=name))

    def show_person(self) -> None:
        """The person is called otherwise now."""
        for line in self.lines.values():
            if line.editor is not None:
                line.editor.show_person()

    # ---------------------------------------------------------------- which rows

    def _on_chip(self, code: str, *, on: bool) -> None:
        if on:
            # What somebody changed is no longer unverified: both at once would show nothing.
            for other, chip in self.chips.items():
                if other != code:
                    chip.setChecked(False)
        self._arrange()

    def _arrange(self) -> None:
        """Show the rows that hold the words and pass the filter, and the heads of their groups."""
        counts = {code: sum(bool(getattr(one, code)) for one in self._shown.values()) for code in FILTERS}
        for code, chip in self.chips.items():
            chip.setText(self._look.say(f"ui.assumptions.only.{code}", number=counts[code]))
        self.reset_all.setVisible(counts["changed"] > 0)
        wanted = [code for code, chip in self.chips.items() if chip.isChecked()]
        words = folded(self.search.text()).split()
        seen = set()
        for key, line in self.lines.items():
            one = self._shown.get(key)
            fits = one is not None and all(word in self._words[key] for word in words)
            # What is being edited does not vanish under the hands.
            on = line.editor is not None or (fits and all(bool(getattr(one, code)) for code in wanted))
            if line.isHidden() == on:
                line.setVisible(on)
            if on:
                seen.add(group_of(key))
        for name, head in self._heads.items():
            head.setVisible(name in seen)
        self._none.setVisible(bool(self.lines) and not seen)

    def visible_keys(self) -> list[str]:
        """Keys of the values that are shown, from above."""
        return [key for key, line in self.lines.items() if not line.isHidden()]

    def _enter_first(self) -> None:
        keys = self.visible_keys()
        if keys:
            self.lines[keys[0]].head.setFocus()
            bring_into_view(self.lines[keys[0]])

    def _move(self, key: str, step: int) -> None:
        keys = self.visible_keys()
        place = keys.index(key) + step
        if 0 <= place < len(keys):
            self.lines[keys[place]].head.setFocus()
            bring_into_view(self.lines[keys[place]])
        elif place < 0:
            self.search.setFocus()

    def show_key(self, key: str) -> None:
        """Bring a value into view, whatever is filtered, with the keyboard on it."""
        if self._stale:
            self.refresh()
        if key in self.lines:
            self.search.clear()
            for chip in self.chips.values():
                chip.setChecked(False)
            self.lines[key].head.setFocus()
            bring_into_view(self.lines[key])

    # ---------------------------------------------------------------- changes

    def _on_opened(self, key: str) -> None:
        """One editor at a time: what is open elsewhere is left."""
        for other, line in self.lines.items():
            if other != key:
                line.close_editor()

    def _take(self, key: str, number: float, why: str, source: str) -> None:
        from kawasolar.document.edits import BadEdit, set_value

        document = self._document
        if document.entries is None:
            return
        line, one = self.lines[key], self._shown[key]
        if one.mark is not None and (one.now, one.mark.why, one.source) == (number, why, source):
            line.close_editor()
            return
        try:
            edit = set_value(document.entries, document.scenario, key, number, document.author(why), source=source)
        except BadEdit as error:
            if line.editor is not None:
                line.editor.refuse(self._look.say_error(error))
            return
        line.close_editor()
        document.do(edit)
        line.head.setFocus()

    def _reset(self, keys: list[str]) -> None:
        from kawasolar.document.edits import reset_value

        document = self._document
        if document.entries is not None and keys:
            document.do(reset_value(document.entries, document.scenario, keys))
            if len(keys) == 1:
                self.lines[keys[0]].head.setFocus()

    def _reset_all(self) -> None:
        self._reset([key for key, one in self._shown.items() if one.changed])
        self.search.setFocus()
