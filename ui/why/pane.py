"""The pane over the inspector: one figure, how it comes about, and what it was made from."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from kawasolar.provenance.words import figure_name, formula_text, moment
from ui import icons
from ui.assumptions.fields import bring_into_view
from ui.format import folded
from ui.look import Look
from ui.parts import Elided, button, clear, column, label, row, scrolled, set_role, tool
from ui.why.lines import value_parts
from ui.why.rows import FoldRow, LineRow, Shown, add_inputs, empty

if TYPE_CHECKING:
    from kawasolar.provenance.model import Explanation

# Values of more letters are no figures to be read from afar.
_SHORT = 14


@dataclass(frozen=True)
class Page:
    """What is shown: the figure, whose it is, the figures on the way to it, and why it no longer holds."""

    explanation: Explanation
    whose: str
    way: tuple[str, ...] = ()
    stale: str = ""


class WhyPane(QWidget):
    """なぜこの数値か.

    Signals
    -------
    back_asked, closed_asked, copy_asked, run_asked
    crumb_asked : place on the way to go back to
    figure_asked : code and facility (None for the plan), from the list of all figures
    """

    back_asked = Signal()
    closed_asked = Signal()
    copy_asked = Signal()
    run_asked = Signal()
    list_asked = Signal()
    crumb_asked = Signal(int)
    figure_asked = Signal(str, object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setObjectName("dockBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(look.say("ui.why.title"))
        layout = column(self, margin=0, spacing=0)
        layout.setContentsMargins(1, 0, 1, 1)
        layout.addLayout(self._bar())
        self.pages = QStackedWidget()
        layout.addWidget(self.pages, 1)
        self._body = QWidget()
        self._column = column(self._body, margin=12, spacing=4)
        self._column.setContentsMargins(12, 4, 12, 12)
        self._add_head()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._column.addLayout(self._rows)
        self._column.addStretch(1)
        self.area: QScrollArea = scrolled(self._body, look.say("ui.why.title"))
        self.pages.addWidget(self.area)
        self.index = FigureList(look)
        self.index.figure_asked.connect(self.figure_asked)
        self.pages.addWidget(self.index)
        self.show_message("", "")

    # ---------------------------------------------------------------- parts

    def _bar(self) -> QVBoxLayout:
        say = self._look.say
        line = row(2)
        self.back = tool(self._look, "chevron-left", say("ui.why.back"), role="muted", size=16)
        self.back.setToolTip(say("ui.why.back_tip"))
        self.back.clicked.connect(self.back_asked)
        # A shortcut: what scrolls would take the arrow for itself.
        back = QShortcut(QKeySequence("Alt+Left"), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self.back.click)
        self.copy = tool(self._look, "content-copy", say("ui.why.copy"), role="muted", size=16)
        self.copy.clicked.connect(self.copy_asked)
        self.all = tool(self._look, "format-list-bulleted", say("ui.why.list"), role="muted", size=16)
        self.all.clicked.connect(self.list_asked)
        self.close_button = tool(self._look, "close", say("ui.why.close"), role="muted", size=16)
        self.close_button.clicked.connect(self.closed_asked)
        self.whose = Elided("", "muted")
        line.addWidget(self.back)
        line.addWidget(self.whose, 1)
        for made in (self.all, self.copy, self.close_button):
            line.addWidget(made)
        outer = QVBoxLayout()
        outer.setContentsMargins(8, 4, 4, 0)
        outer.addLayout(line)
        return outer

    def _add_head(self) -> None:
        look, layout = self._look, self._column
        self.way = QLabel()
        self.way.setTextFormat(Qt.TextFormat.RichText)
        self.way.setWordWrap(True)
        self.way.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.way.setAccessibleName(look.say("ui.why.way"))
        self.way.linkActivated.connect(lambda place: self.crumb_asked.emit(int(place)))
        layout.addWidget(self.way)
        self.name = label("", "head", wrap=True)
        layout.addWidget(self.name)
        line = row(4)
        self.value = label("", "figure", wrap=True)
        self.unit = label("", "unit")
        line.addWidget(self.value, 0, Qt.AlignmentFlag.AlignBaseline)
        line.addWidget(self.unit, 0, Qt.AlignmentFlag.AlignBaseline)
        line.addStretch(1)
        layout.addLayout(line)
        self.made = label("", "muted", wrap=True)
        layout.addWidget(self.made)
        layout.addWidget(self._notice())
        self.formula = label("", wrap=True)
        self.formula.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.formula)
        self.message = label("", "muted", wrap=True)
        layout.addWidget(self.message)

    def _notice(self) -> QFrame:
        self.stale = QFrame()
        self.stale.setObjectName("banner")
        line = row(8)
        line.setContentsMargins(8, 6, 8, 6)
        self.stale.setLayout(line)
        picture = QLabel()
        picture.setPixmap(icons.pixmap("clock-alert-outline", self._look.tokens.attention, 18, 2.0))
        self.stale_words = label("", wrap=True)
        self.run = button(self._look.say("ui.menu.run"), "link")
        self.run.setIcon(self._look.icon("play", "accent"))
        self.run.setIconSize(QSize(14, 14))
        self.run.setAutoDefault(False)
        self.run.clicked.connect(self.run_asked)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.stale_words)
        words.addWidget(self.run, 0, Qt.AlignmentFlag.AlignLeft)
        line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        return self.stale

    # ---------------------------------------------------------------- what is shown

    def show_page(self, page: Page, shown: Shown, *, scroll: int = 0) -> None:
        """Show a figure; rows that were open are open again, the keyboard stays on the row where it was."""
        held = self._held_path()
        look, found = self._look, page.explanation
        self._show_whose(page.whose, page.way)
        name = figure_name(look.language, found)
        value, unit = value_parts(look, found)
        self.name.setText(name)
        self.value.setText(value)
        # Numbers are large; lists of names need not be.
        set_role(self.value, "figure" if len(value) <= _SHORT else "head")
        self.unit.setText(unit)
        self.name.setAccessibleName(f"{name}: {value} {unit}".strip())
        self._show_stage(found)
        self.stale.setVisible(bool(page.stale))
        self.stale_words.setText(page.stale)
        how = formula_text(look.language, found)
        self.formula.setText(how)
        self.formula.setVisible(bool(how))
        self.message.hide()
        for part in (self.name, self.value, self.unit):
            part.show()
        empty(self._rows)
        shown.step = self._step
        add_inputs(self._rows, shown, found.inputs, (), heads=True)
        self.pages.setCurrentWidget(self.area)
        self.copy.setEnabled(True)
        QTimer.singleShot(0, self, lambda: self._settle(scroll, held))

    def show_message(self, whose: str, words: str, way: tuple[str, ...] = ()) -> None:
        """Nothing to explain, or not yet."""
        self._show_whose(whose, way)
        for part in (self.name, self.value, self.unit, self.made, self.stale, self.formula):
            part.hide()
        empty(self._rows)
        self.message.setText(words)
        self.message.show()
        self.copy.setEnabled(False)
        self.pages.setCurrentWidget(self.area)

    def show_list(
        self, whose: str, groups: list[tuple[str, list[tuple[str, str, str | None]]]], *, back: bool, anew: bool
    ) -> None:
        """All figures that can be asked about: heading, and of each its name, code and facility."""
        self._show_whose(whose, ())
        self.back.setEnabled(back)
        self.copy.setEnabled(False)
        self.index.show_groups(groups, anew=anew)
        self.pages.setCurrentWidget(self.index)

    def _show_whose(self, whose: str, way: tuple[str, ...]) -> None:
        self.whose.setText(whose)
        self.whose.setAccessibleName(whose)
        self.back.setEnabled(bool(way))
        self.way.setVisible(bool(way))
        accent = self._look.tokens.accent
        links = [
            f'<a href="{place}" style="color:{accent};text-decoration:none">{html.escape(name)}</a>'
            for place, name in enumerate(way)
        ]
        self.way.setText(" › ".join(links) + (" ›" if links else ""))

    def _show_stage(self, found: Explanation) -> None:
        stage, say = found.stage, self._look.say
        self.made.setVisible(stage is not None)
        if stage is not None:
            made = moment(stage.made) if stage.made else say("why.line.stage.unknown")
            self.made.setText(say("ui.why.stage", stage=say(f"why.stage.{stage.name}"), made=made))

    # ---------------------------------------------------------------- keyboard

    def rows(self) -> list[LineRow]:
        """Rows that are seen, from above."""
        # In the order in which they were made, which is that of the page.
        return self._body.findChildren(LineRow)

    def row_at(self, *codes: str) -> LineRow:
        """The row that the codes of its inputs lead to."""
        return next(made for made in self.rows() if tuple(key[0] for key in made.path) == codes)

    def take_focus(self) -> None:
        """The keyboard goes to the first row; to the bar where there is none."""
        if self.pages.currentWidget() is self.index:
            self.index.search.setFocus()
            return
        rows = self.rows()
        (rows[0].head if rows else self.close_button).setFocus()

    def _held_path(self) -> object:
        focused = QApplication.focusWidget()
        if isinstance(focused, FoldRow) and self._body.isAncestorOf(focused):
            parent = focused.parentWidget()
            return parent.path if isinstance(parent, LineRow) else None
        return None

    def _settle(self, scroll: int, held: object) -> None:
        self.area.verticalScrollBar().setValue(scroll)
        if held is not None:
            for made in self.rows():
                if made.path == held:
                    made.head.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.closed_asked.emit()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Back) and self.back.isEnabled():
            self.back_asked.emit()
        else:
            super().keyPressEvent(event)

    def _step(self, step: int) -> None:
        heads = [made.head for made in self.rows()]
        focused = QApplication.focusWidget()
        place = heads.index(focused) + step if isinstance(focused, FoldRow) and focused in heads else 0
        if 0 <= place < len(heads):
            heads[place].setFocus()
            bring_into_view(heads[place])


class FigureList(QWidget):
    """All figures that can be asked about, with a field to find one.

    Signals
    -------
    figure_asked : code and facility
    """

    figure_asked = Signal(str, object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = column(self, margin=12, spacing=8)
        layout.setContentsMargins(12, 4, 0, 0)
        layout.addWidget(label(look.say("ui.why.which"), "head"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(look.say("ui.why.find"))
        self.search.setAccessibleName(look.say("ui.why.find"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._first)
        top = row(0)
        top.setContentsMargins(0, 0, 12, 0)
        top.addWidget(self.search)
        layout.addLayout(top)
        self._box = QWidget()
        self._rows = column(self._box, margin=0, spacing=0)
        self._rows.setContentsMargins(0, 0, 12, 12)
        layout.addWidget(scrolled(self._box, look.say("ui.why.which")), 1)
        self._none = label(look.say("ui.why.none_found"), "muted", wrap=True)
        self._known: list[tuple[str, list[tuple[str, str, str | None]]]] = []
        self._groups: list[tuple[QLabel, list[tuple[str, QWidget]]]] = []

    def show_groups(self, groups: list[tuple[str, list[tuple[str, str, str | None]]]], *, anew: bool) -> None:
        """Show the figures under their headings; what is searched for stays unless it is asked anew."""
        if groups == self._known and not anew:
            return
        self._known = groups
        self._rows.removeWidget(self._none)
        self._none.setParent(None)
        clear(self._rows)
        self._groups = []
        for heading, figures in groups:
            head = label(heading, "head", wrap=True)
            head.setContentsMargins(2, 8, 0, 2)
            self._rows.addWidget(head)
            made: list[tuple[str, QWidget]] = []
            for name, code, facility in figures:
                one = button(name, "row")
                one.setAutoDefault(False)
                one.clicked.connect(
                    lambda _=False, code=code, facility=facility: self.figure_asked.emit(code, facility)
                )
                self._rows.addWidget(one)
                made.append((folded(name), one))
            self._groups.append((head, made))
        self._rows.addWidget(self._none)
        self._rows.addStretch(1)
        if anew:
            self.search.clear()
        self._filter()

    def visible_rows(self) -> list[QWidget]:
        """Figures that pass the filter."""
        return [one for _head, made in self._groups for _name, one in made if not one.isHidden()]

    def _filter(self) -> None:
        words = folded(self.search.text()).split()
        for head, made in self._groups:
            for name, one in made:
                one.setVisible(all(word in name for word in words))
            head.setVisible(any(not one.isHidden() for _name, one in made))
        self._none.setVisible(not self.visible_rows())

    def _first(self) -> None:
        rows = self.visible_rows()
        if rows:
            rows[0].click()  # type: ignore[attr-defined]
