"""The inputs of a figure as rows that open in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from kawasolar.provenance.model import Explanation
from ui import icons
from ui.assumptions.band import RangeBand
from ui.look import Look
from ui.parts import Elided, button, column, label, row, set_role
from ui.why.lines import LONGEST, Action, Line, Path, grouped, line_of

if TYPE_CHECKING:
    from kawasolar.errors import PlanError
    from kawasolar.provenance.model import Source

# Levels that open below one another; what lies deeper is looked at on its own.
DEEPEST = 3
_INDENT = 14
# Values of more letters are broken into lines.
_LONG = 16
# What an action looks like.
ACTION_ICONS = {
    "value": "pencil-outline", "criterion": "pencil-outline", "ledger": "pencil-outline", "setting": "pencil-outline",
    "keepout": "map-marker-outline", "building": "map-marker-outline", "facility": "map-marker-outline", "folder": "folder-open-outline",
}  # fmt: skip

Done = Callable[["Explanation | PlanError"], None]


@dataclass
class Shown:
    """What the rows of one page share.

    Attributes
    ----------
    ask : explain what was left out, now or a little later
    stale : stages whose results no longer hold
    entered : what people entered for values of the profile, by key
    opened, unfolded : rows and groups that the user opened; kept while the page is made anew
    step : go to the next row, or to the one before
    """

    look: Look
    ask: Callable[[str, str | None, Done], None]
    deeper: Callable[[Path], None]
    act: Callable[[Action], None]
    stale: frozenset[str] = frozenset()
    entered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    opened: set[Path] = field(default_factory=set)
    unfolded: set[tuple[Path, str]] = field(default_factory=set)
    step: Callable[[int], None] = lambda _step: None


class FoldRow(QPushButton):
    """A line that is a button; what it holds is laid out in it.

    Signals
    -------
    turned : open (True) or close
    moved : +1 or -1, the arrow keys
    """

    turned = Signal(bool)
    moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "line")
        self.setAutoDefault(False)
        # A button would be at least as wide as its words; these wrap.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        inside = self.layout()
        return super().sizeHint() if inside is None else inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        inside = self.layout()
        return super().minimumSizeHint() if inside is None else inside.minimumSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.turned.emit(key == Qt.Key.Key_Right)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class LineRow(QWidget):
    """One input, and below it what it was made from."""

    def __init__(self, shown: Shown, line: Line, path: Path) -> None:
        super().__init__()
        self._shown, self.line, self.path = shown, line, path
        self._look = shown.look
        self.body: QWidget | None = None
        self.box = column(self, margin=0, spacing=0)
        self.head = FoldRow()
        self._fill()
        self.head.clicked.connect(lambda: self.turn(self.body is None))
        self.head.turned.connect(self.turn)
        self.head.moved.connect(shown.step)
        self.box.addWidget(self.head)
        if path in shown.opened:
            self.turn(True)
        self._tell_state()

    def _fill(self) -> None:
        look, line = self._look, self.line
        outer = QHBoxLayout(self.head)
        outer.setContentsMargins(2, 4, 4, 4)
        outer.setSpacing(2)
        self._arrow = QLabel()
        self._arrow.setFixedSize(16, 18)
        outer.addWidget(self._arrow, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(label(line.name, wrap=True), 5)
        if line.stale:
            mark = QLabel()
            mark.setPixmap(icons.pixmap("clock-alert-outline", look.tokens.attention, 16, 2.0))
            mark.setToolTip(look.say("ui.why.stale_one"))
            top.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        if line.value:
            # A number is never broken; names of files and lists are.
            long = len(line.value) > _LONG
            value = label(line.value, "value", wrap=long)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            # On the line of the name, which stands lower for the room between its lines.
            value.setContentsMargins(0, 0 if long else 2, 0, 0)
            top.addWidget(value, 6 if long else 0, Qt.AlignmentFlag(0) if long else Qt.AlignmentFlag.AlignTop)
        words.addLayout(top)
        if line.badges or line.band is not None:
            words.addLayout(self._second())
        self._brief = Elided(line.brief, "muted", Qt.TextElideMode.ElideRight)
        words.addWidget(self._brief)
        for text in line.marks:
            words.addWidget(label(text, "attention", wrap=True))
        for text in line.told:
            words.addWidget(label(text, "muted", wrap=True))
        outer.addLayout(words, 1)
        parts = [line.name, line.value, *(text for text, _tone in line.badges), *line.marks, *line.told, line.brief]
        if line.stale:
            parts.insert(2, look.say("ui.why.stale_one"))
        self.head.setAccessibleName(look.say("ui.list.comma").join(part for part in parts if part))
        self.head.setToolTip(line.tip)

    def _second(self) -> QHBoxLayout:
        """Badges, and the value on its range."""
        made, band = row(6), self.line.band
        for text, tone in self.line.badges:
            badge = label(text, "badge")
            set_role(badge, tone, "tone")
            made.addWidget(badge)
        if band is not None:
            picture = RangeBand(self._look, small=True)
            picture.show_values(band.bounds, band.sensible, band.given, band.now)
            made.addWidget(picture)
            low, high = (f"{end:,g}" for end in band.sensible)
            made.addWidget(label(self._look.say("ui.why.range", low=low, high=high), "muted"))
        made.addStretch(1)
        return made

    def _tell_state(self) -> None:
        """The arrow, and in words for who does not see it."""
        opens, on = self.line.opens, self.body is not None
        self._arrow.clear()
        if opens:
            name = "chevron-down" if on else "chevron-right"
            self._arrow.setPixmap(icons.pixmap(name, self._look.tokens.muted, 16, 2.0))
        state = "" if not opens else self._look.say("ui.why.open" if on else "ui.why.closed")
        self.head.setAccessibleDescription(state)
        # Open, it is told whole below.
        self._brief.setVisible(bool(self.line.brief) and not on)

    def turn(self, on: bool) -> None:
        """Open or close it; what lies deep is looked at on its own."""
        if not self.line.opens or on == (self.body is not None):
            return
        if on and len(self.path) > DEEPEST and self.line.node is not None:
            self._shown.deeper(self.path)
            return
        if on:
            self._shown.opened.add(self.path)
            self._open()
        elif self.body is not None:
            self._shown.opened.discard(self.path)
            body, self.body = self.body, None
            self.box.removeWidget(body)
            drop(body)
        self._tell_state()

    def _open(self) -> None:
        self.body = QWidget()
        self._inside = column(self.body, margin=0, spacing=2)
        self._inside.setContentsMargins(_INDENT, 0, 0, 6)
        for text in self.line.more:
            self._inside.addLayout(_indented(label(text, "muted", wrap=True)))
        self._add_actions()
        self.box.addWidget(self.body)
        node = self.line.node
        if node is not None and node.more:
            self._wait = label(self._look.say("ui.why.working"), "muted")
            self._inside.addWidget(self._wait)
            self._shown.ask(node.figure, node.facility_id, self._on_explained)
        elif node is not None:
            self._add_inputs(node)

    def _add_actions(self) -> None:
        line, node = self.line, self.line.node
        made = row(4)
        made.setContentsMargins(16, 0, 0, 0)
        if node is not None and (node.inputs or node.more):
            deeper = button(self._look.say("ui.why.deeper"), "link")
            deeper.setIcon(self._look.icon("magnify", "accent"))
            deeper.setAccessibleName(self._look.say("ui.why.of", name=line.name, what=deeper.text()))
            deeper.clicked.connect(lambda: self._shown.deeper(self.path))
            made.addWidget(deeper)
        for action in line.actions:
            made.addWidget(self._action(action))
        made.addStretch(1)
        if made.count() > 1:
            self._inside.addLayout(made)

    def _action(self, action: Action) -> QPushButton:
        words = self._look.say(f"ui.why.do.{action.code}")
        made = button(words, "link")
        made.setIcon(self._look.icon(ACTION_ICONS[action.code], "accent"))
        made.setIconSize(QSize(14, 14))
        made.setAutoDefault(False)
        made.setAccessibleName(self._look.say("ui.why.of", name=self.line.name, what=words))
        made.clicked.connect(lambda: self._shown.act(action))
        return made

    def _on_explained(self, found: Explanation | PlanError) -> None:
        """What was left out has come; the row may be closed by now, or gone."""
        if not isValid(self) or self.body is None:
            return
        self._inside.removeWidget(self._wait)
        drop(self._wait)
        if not isinstance(found, Explanation):
            self._inside.addLayout(_indented(label(self._look.say_error(found), "attention", wrap=True)))
            return
        self._add_inputs(found)

    def _add_inputs(self, node: Explanation) -> None:
        add_inputs(self._inside, self._shown, node.inputs, self.path)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        made = self.menu()
        if not made.isEmpty():
            made.exec(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with it."""
        made, node = QMenu(self), self.line.node
        if node is not None and (node.inputs or node.more):
            made.addAction(
                self._look.icon("magnify"), self._look.say("ui.why.deeper"), lambda: self._shown.deeper(self.path)
            )
        for action in self.line.actions:
            item = QAction(self._look.icon(ACTION_ICONS[action.code]), self._look.say(f"ui.why.do.{action.code}"), made)
            item.triggered.connect(lambda _=False, action=action: self._shown.act(action))
            made.addAction(item)
        return made


def drop(widget: QWidget) -> None:
    """Take a widget out at once: what is found in the page is what is seen."""
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


def empty(layout: QVBoxLayout) -> None:
    """Take everything out of a column."""
    while layout.count():
        item = layout.takeAt(0)
        widget = None if item is None else item.widget()
        if widget is not None:
            drop(widget)


def _indented(widget: QWidget) -> QHBoxLayout:
    """In line with the words above, right of the arrow."""
    made = row(0)
    made.setContentsMargins(18, 0, 4, 2)
    made.addWidget(widget, 1)
    return made


def add_inputs(
    layout: QVBoxLayout, shown: Shown, entries: tuple[Explanation | Source, ...], path: Path, *, heads: bool = False
) -> None:
    """Rows of inputs, group by group; long groups are folded."""
    for name, rows in grouped(entries):
        if heads:
            head = label(shown.look.say(f"ui.why.group.{name}"), "head")
            head.setContentsMargins(2, 8, 0, 0)
            layout.addWidget(head)
        box = QWidget()
        inside = column(box, margin=0, spacing=0)
        layout.addWidget(box)
        _fill_group(inside, shown, rows, path, name)


def _fill_group(inside: QVBoxLayout, shown: Shown, rows: list[Explanation | Source], path: Path, name: str) -> None:
    empty(inside)
    most, place = LONGEST.get(name, len(rows)), (path, name)
    # Two lines more take no more room than the button that would hide them.
    folded = len(rows) > most + 2 and place not in shown.unfolded
    for entry in rows[:most] if folded else rows:
        line = line_of(shown.look, entry, shown.stale, shown.entered)
        inside.addWidget(LineRow(shown, line, (*path, line.key)))
    if folded:
        more = button(shown.look.say("ui.why.more", number=f"{len(rows) - most:,}"), "link")
        more.setAutoDefault(False)

        def unfold() -> None:
            shown.unfolded.add(place)
            _fill_group(inside, shown, rows, path, name)
            # The keyboard was on the button that is gone: it goes on with what has come in its place.
            item = inside.itemAt(most)
            made = None if item is None else item.widget()
            if isinstance(made, LineRow):
                QTimer.singleShot(0, made.head, made.head.setFocus)

        more.clicked.connect(unfold)
        inside.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
