"""One scenario in the panel: its name, four figures with the difference to the one that is worked on, and its note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from ui import format as fmt
from ui import icons
from ui.parts import Elided, column, label, row, set_role, tool
from ui.scenarios.badge import Badge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QResizeEvent

    from kawasolar.document.views import ScenarioName
    from ui.look import Look

# How the room of a card is shared among its figures: "123 施設", "12.3 MW", "12.3 GWh", "12,345 t-CO₂".
_WIDTHS = (58, 58, 65, 95)


@dataclass(frozen=True)
class Shown:
    """A figure as it is written: the key of :func:`kawasolar.figures.figures`, and value and unit in words."""

    key: str
    name: str
    write: Callable[[object], tuple[str, str]]


def figures_shown(look: Look) -> tuple[Shown, ...]:
    """The four figures that tell scenarios apart at a glance."""
    sites = look.say("ui.scenarios.figure.unit_sites")
    return (
        Shown("chosen", look.say("ui.scenarios.figure.chosen"), lambda value: (fmt.number(value), sites)),
        Shown("capacity_kw", look.say("ui.scenarios.figure.capacity"), fmt.power),
        Shown("energy_kwh", look.say("ui.scenarios.figure.energy"), fmt.energy),
        Shown("co2_t", look.say("ui.scenarios.figure.co2"), lambda value: (fmt.mass(value), "t-CO₂")),
    )


def difference_text(shown: Shown, own: object, other: object, same: str) -> str:
    """``+12 kW``; ``same`` where there is none, empty where one of the two is not known."""
    if fmt.is_missing(own) or fmt.is_missing(other):
        return ""
    change = float(str(own)) - float(str(other))
    value, unit = shown.write(abs(change))
    if not value.strip("0.,"):
        return same
    # The unit stands above; only another one (kW below MW) is said again.
    again = unit if unit != shown.write(own)[1] else ""
    return f"{'+' if change > 0 else '−'}{value} {again}".strip()


class Cell(QWidget):
    """One figure of a card: value and unit, what it is, and the difference."""

    def __init__(self, look: Look, shown: Shown) -> None:
        super().__init__()
        self._shown, self._look = shown, look
        # As wide as in all other cards, so that figures stand one below the other.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = column(self, margin=0, spacing=0)
        line = row(2)
        self.value = label("–", "head")
        self.unit = label("", "unit")
        line.addWidget(self.value, 0, Qt.AlignmentFlag.AlignBaseline)
        line.addWidget(self.unit, 0, Qt.AlignmentFlag.AlignBaseline)
        line.addStretch(1)
        self.change = label("", "effect")
        layout.addLayout(line)
        layout.addWidget(Elided(shown.name, "muted", Qt.TextElideMode.ElideRight))
        layout.addWidget(self.change)

    def show_value(self, own: object, other: object, *, active: bool, than: str) -> None:
        """Show a value, and by how much it differs from that of the scenario that is worked on."""
        value, unit = self._shown.write(own)
        self.value.setText(value)
        self.unit.setText(unit)
        say = self._look.say
        words = "" if active else difference_text(self._shown, own, other, say("ui.scenarios.same"))
        self.change.setText(words)
        set_role(self.change, "effect" if words in ("", say("ui.scenarios.same")) else "changed")
        self.change.setVisible(not active)
        tip = say("ui.scenarios.diff_tip", name=than) if words else ""
        self.setToolTip("\n".join(filter(None, (f"{self._shown.name} {value} {unit}", f"{tip} {words}".strip()))))
        self.setAccessibleName(" ".join(filter(None, (self._shown.name, value, unit, words))))


class NameButton(QPushButton):
    """A name that loses its middle where there is no room for it, and never asks for more room than there is."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "name")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(48)
        self._whole = ""

    def show_name(self, name: str) -> None:
        """Show this name."""
        self._whole = name
        self._fit()

    def _fit(self) -> None:
        space = max(self.width() - 12, 24)
        words = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, space)
        self.setText(words.replace("&", "&&"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class ScenarioCard(QFrame):
    """A scenario in the list.

    Signals
    -------
    used : work on it
    ticked : compare it, or not
    noted : another note
    asked : ``duplicate`` or ``rename`` or ``remove``, and the widget below which a name is asked for
    """

    used = Signal(str)
    ticked = Signal(str, bool)
    noted = Signal(str, str)
    asked = Signal(str, str, object)

    def __init__(self, look: Look, key: str) -> None:
        super().__init__()
        self._look, self.key = look, key
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = column(self, margin=8, spacing=6)
        self.tick = QCheckBox()
        self.tick.setFixedWidth(20)
        self.badge = Badge(look.tokens)
        self.name = NameButton()
        self.mark = QLabel()
        self.state = label("", "accent")
        self.more = self._make_more()
        self._head(layout)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        self.cells = {shown.key: Cell(look, shown) for shown in figures_shown(look)}
        for k, cell in enumerate(self.cells.values()):
            grid.addWidget(cell, 0, k)
            grid.setColumnStretch(k, _WIDTHS[k])
        layout.addLayout(grid)
        self.stale = label("", "attention", wrap=True)
        layout.addWidget(self.stale)
        self.note = QLineEdit()
        self.note.setProperty("role", "note")
        self.note.setMaxLength(300)
        self.note.setPlaceholderText(look.say("ui.scenarios.note_empty"))
        self.note.editingFinished.connect(self._tell_note)
        layout.addWidget(self.note)
        self._noted = ""
        self.tick.toggled.connect(lambda on: self.ticked.emit(self.key, on))
        self.name.clicked.connect(lambda: self.used.emit(self.key))

    def _head(self, layout: object) -> None:
        line = row(6)
        line.addWidget(self.tick)
        line.addWidget(self.badge)
        line.addWidget(self.name, 1)
        line.addWidget(self.mark)
        line.addWidget(self.state)
        line.addWidget(self.more)
        layout.addLayout(line)  # type: ignore[attr-defined]

    def _make_more(self) -> QToolButton:
        made = tool(self._look, "dots-horizontal", "", role="muted", size=16)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(made)
        for what, icon in (
            ("duplicate", "content-copy"),
            ("rename", "pencil-outline"),
            ("remove", "trash-can-outline"),
        ):
            action = menu.addAction(self._look.icon(icon), self._look.say(f"ui.scenarios.{what}"))
            action.triggered.connect(lambda _=False, what=what: self.asked.emit(what, self.key, made))
        made.setMenu(menu)
        return made

    # ---------------------------------------------------------------- state

    def show_scenario(
        self,
        one: ScenarioName,
        own: Mapping[str, object],
        other: Mapping[str, object],
        *,
        active: bool,
        than: str,
        stale: str,
    ) -> None:
        """Show a scenario: its figures, and ``other`` those of the one that is worked on, called ``than``."""
        say = self._look.say
        self.name.show_name(one.name)
        use = say("ui.scenarios.use_of", name=one.name)
        self.name.setToolTip(one.name if active else use)
        self.name.setAccessibleName(one.name if active else use)
        self.setAccessibleName(one.name)
        self.tick.setAccessibleName(say("ui.scenarios.tick", name=one.name))
        for tell in (self.more.setToolTip, self.more.setAccessibleName):
            tell(say("ui.scenarios.more", name=one.name))
        self.note.setAccessibleName(say("ui.scenarios.note", name=one.name))
        self._noted = one.note
        if not self.note.hasFocus():
            self.note.setText(one.note)
            self.note.setCursorPosition(0)
        self.note.setToolTip(one.note)
        self.state.setText(say("ui.scenarios.active") if active else "")
        self.state.setVisible(active)
        self.setProperty("active", active)
        for part in (self, self.name):
            part.style().unpolish(part)
            part.style().polish(part)
        for key, cell in self.cells.items():
            cell.show_value(own.get(key), other.get(key), active=active, than=than)
        self._show_stale(stale)

    def _show_stale(self, why: str) -> None:
        say, tokens = self._look.say, self._look.tokens
        self.mark.setVisible(bool(why))
        self.stale.setVisible(bool(why))
        if why:
            self.mark.setPixmap(icons.pixmap("clock-alert-outline", tokens.attention, 16, self.devicePixelRatioF()))
            self.mark.setAccessibleName(say("ui.scenarios.stale"))
            self.mark.setToolTip(why)
            self.stale.setText(say("ui.scenarios.stale_figures"))
            self.stale.setToolTip(why)

    def show_ticked(self, *, ticked: bool, letter: str, free: bool, most: int) -> None:
        """Show whether it is compared, under which letter, and whether it can be."""
        with QSignalBlocker(self.tick):
            self.tick.setChecked(ticked)
        self.tick.setEnabled(ticked or free)
        self.tick.setToolTip(
            self.tick.accessibleName() if ticked or free else self._look.say("ui.scenarios.tick_most", most=most)
        )
        self.badge.show_letter(letter)

    def _tell_note(self) -> None:
        if self.note.text().strip() != self._noted:
            self._noted = self.note.text().strip()
            self.noted.emit(self.key, self._noted)
