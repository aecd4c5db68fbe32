"""The scenario that is worked on, in the top bar: its name, whether it is up to date, and a menu of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton

from ui import icons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.document import Document
    from ui.look import Look
    from ui.scenarios.standing import Standing

_ICON, _GAP, _MARGIN = 16, 6, 8
_MOST_WIDTH, _LEAST_WIDTH = 220, 92
_MENU_WIDTH = 340


class ScenarioChooser(QToolButton):
    """A button with the scenario's name; its menu has all scenarios, then what can be done with them."""

    chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._stale = False
        self._standing: Standing | None = None
        self._document: Document | None = None
        self._commands: Sequence[QAction] = ()
        self.setProperty("role", "chooser")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(_MOST_WIDTH)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)
        self.hide()

    def bind(self, document: Document, standing: Standing, commands: Sequence[QAction]) -> None:
        """Whose scenarios these are, and what the menu offers below them."""
        self._document, self._standing, self._commands = document, standing, commands
        standing.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the scenario that is worked on."""
        document, standing = self._document, self._standing
        if document is None or standing is None:
            return
        name = standing.name_of(document.scenario)
        self.setVisible(bool(name))
        if not name:
            return
        from ui.scenarios.standing import stale_words

        say = self._look.say
        why = stale_words(self._look, standing, document.scenario)
        self._stale = bool(why)
        self.setText(name)
        tip = say("ui.scenarios.chooser_tip", name=name)
        self.setToolTip(f"{tip}\n\n{say('ui.scenarios.stale_tip', name=name, why=why)}" if why else tip)
        self.setAccessibleName(say("ui.scenarios.chooser", name=name))
        self.setAccessibleDescription(why)
        self.updateGeometry()
        self.update()

    def fill(self) -> None:
        """All scenarios, the one that is worked on ticked, those with stale stages marked."""
        from ui.scenarios.standing import stale_words

        document, standing, menu = self._document, self._standing, self._menu
        if document is None or standing is None:
            return
        menu.clear()
        group = QActionGroup(menu)
        for one in standing.names():
            why = stale_words(self._look, standing, one.key)
            words = self._look.say("ui.scenarios.stale_item", name=one.name) if why else one.name
            shown = menu.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _MENU_WIDTH)
            action = menu.addAction(shown.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(one.key == document.scenario)
            action.setToolTip("\n".join(filter(None, (one.name, one.note, why))))
            action.setData(one.key)
            action.triggered.connect(lambda _=False, key=one.key: self.chosen.emit(key))
            group.addAction(action)
        menu.addSeparator()
        menu.addActions(list(self._commands))

    # ---------------------------------------------------------------- drawing

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        words = self.fontMetrics().horizontalAdvance(self.text())
        wide = words + 4 + 2 * _MARGIN + _ICON + _GAP + (_ICON + _GAP if self._stale else 0)
        return QSize(min(max(wide, _LEAST_WIDTH), _MOST_WIDTH), self.fontMetrics().height() + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST_WIDTH, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text, option.features = "", QStyleOptionToolButton.ToolButtonFeature.None_
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        self._paint_words(painter, self.rect().adjusted(_MARGIN, 0, -_MARGIN, 0))
        painter.end()

    def _paint_words(self, painter: QPainter, space: QRect) -> None:
        tokens, ratio = self._look.tokens, self.devicePixelRatioF()
        top = (self.height() - _ICON) // 2
        if self._stale:
            mark = icons.pixmap("clock-alert-outline", tokens.attention, _ICON, ratio)
            painter.drawPixmap(space.left(), top, mark)
            space.setLeft(space.left() + _ICON + _GAP)
        painter.drawPixmap(space.right() - _ICON + 1, top, icons.pixmap("chevron-down", tokens.muted, _ICON, ratio))
        space.setRight(space.right() - _ICON - _GAP)
        painter.setPen(self.palette().color(self.foregroundRole()))
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, space.width())
        painter.drawText(space, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
