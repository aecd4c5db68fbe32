"""Small parts that the panels are put together from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QFontMetricsF,
    QIcon,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import icons
from ui.look import Look

Index = QModelIndex | QPersistentModelIndex


def line_step(font: QFont, leading: float) -> float:
    """From line to line [px]: by the size of the letters, not by what a family reserves above and below them."""
    return max(QFontMetricsF(font).height(), QFontInfo(font).pixelSize() * leading)


class Paragraph(QLabel):
    """Wrapped words with room between the lines, which Japanese needs and QLabel does not give."""

    LEADING = 1.45

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        # Height by width: a layout asks for it a dozen times before the window is seen.
        self._heights: dict[int, int] = {}

    def setText(self, text: str) -> None:
        self._heights.clear()
        super().setText(text)

    def changeEvent(self, event: QEvent) -> None:
        # Of its font, or of the style that gives it one.
        self._heights.clear()
        super().changeEvent(event)

    def _lines(self, width: float) -> tuple[QTextLayout, float]:
        layout = QTextLayout(self.text().replace("\n", "\u2028"), self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        step = line_step(self.font(), self.LEADING)
        top = (step - self.fontMetrics().height()) / 2
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 8.0))
            line.setPosition(QPointF(0.0, top))
            top += step
        layout.endLayout()
        return layout, step * layout.lineCount()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = math.ceil(self._lines(width)[1]) if self.text() else 0
        return self._heights[width]

    def sizeHint(self) -> QSize:
        wide = min(240, self.fontMetrics().horizontalAdvance(self.text()) + 4)
        return QSize(wide, self.heightForWidth(wide))

    def minimumSizeHint(self) -> QSize:
        return QSize(64, self.heightForWidth(max(64, self.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        layout, height = self._lines(self.width())
        wide = max((layout.lineAt(k).naturalTextWidth() for k in range(layout.lineCount())), default=0.0)
        space = self.width() - wide
        align = self.alignment()
        left = (
            space / 2
            if align & Qt.AlignmentFlag.AlignHCenter
            else space
            if align & Qt.AlignmentFlag.AlignRight
            else 0.0
        )
        layout.draw(painter, QPointF(left, max(0.0, (self.height() - height) / 2)))
        painter.end()


def label(text: str, role: str = "", *, wrap: bool = False) -> QLabel:
    """Words in one of the style sheet's roles."""
    made = Paragraph(text) if wrap else QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def set_role(widget: QWidget, role: str, name: str = "role") -> None:
    """Change the role and dress the widget anew."""
    if widget.property(name) != role:
        widget.setProperty(name, role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def button(text: str, role: str = "", *, tip: str = "") -> QPushButton:
    """A button with words."""
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    if tip:
        made.setToolTip(tip)
    return made


def tool(look: Look, icon: str, words: str, *, role: str = "ink", size: int = 18) -> QToolButton:
    """A button with an icon; its words are its tooltip and its accessible name."""
    made = QToolButton()
    made.setIcon(look.icon(icon, role))
    made.setIconSize(QSize(size, size))
    made.setToolTip(words)
    made.setAccessibleName(words)
    made.setAutoRaise(True)
    return made


def progress_bar(look: Look, width: int = 0) -> QProgressBar:
    """A bar of 1,000 parts without a number; as wide as there is room unless a width is given."""
    made = QProgressBar()
    made.setRange(0, 1000)
    made.setTextVisible(False)
    made.setAccessibleName(look.say("ui.top.progress"))
    if width:
        made.setFixedWidth(width)
    return made


def rule() -> QFrame:
    """A thin line between two things."""
    made = QFrame()
    made.setObjectName("rule")
    made.setFixedHeight(1)
    return made


def chips(owner: QWidget, line: QBoxLayout, words: Sequence[str]) -> QButtonGroup:
    """Chips of which one is on, the first at the beginning; numbered from 0."""
    group = QButtonGroup(owner)
    for k, text in enumerate(words):
        chip = button(text, "chip")
        chip.setCheckable(True)
        chip.setChecked(k == 0)
        group.addButton(chip, k)
        line.addWidget(chip)
    return group


def tick(group: QButtonGroup, chosen: int | None) -> None:
    """Check one chip of a group, or none."""
    group.setExclusive(False)
    for chip in group.buttons():
        chip.setChecked(group.id(chip) == chosen)
    group.setExclusive(True)


def column(parent: QWidget, *, margin: int = 12, spacing: int = 8) -> QVBoxLayout:
    """A column of things in ``parent``."""
    made = QVBoxLayout(parent)
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(spacing)
    return made


def row(spacing: int = 8) -> QHBoxLayout:
    """A row of things."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    return made


def scrolled(widget: QWidget, name: str) -> QScrollArea:
    """The widget in an area that scrolls down when there is no room."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    widget.setObjectName("plain")
    area.viewport().setObjectName("plain")
    area.setWidget(widget)
    area.setAccessibleName(name)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def clear(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            return
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


class Elided(QLabel):
    """Words that lose their middle rather than their end when there is no room; the tooltip has them whole."""

    def __init__(self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        full = self.fontMetrics().horizontalAdvance(self.text()) <= self.contentsRect().width()
        self.setToolTip("" if full else self.text())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        space = self.contentsRect()
        words = self.fontMetrics().elidedText(self.text(), self._mode, space.width())
        painter.drawText(space, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
        painter.end()


class RoomyDelegate(QStyledItemDelegate):
    """Wrapped items of a list with room between their lines; an icon at the left of the first."""

    LEADING = 1.35
    ICON = 24
    MARGIN = 5

    def _lines(self, text: str, font: QFont, width: float) -> tuple[QTextLayout, float]:
        layout = QTextLayout(text.replace("\n", "\u2028"), font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        step, top = line_step(font, self.LEADING), 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 24.0))
            line.setPosition(QPointF(0.0, top))
            top += step
        layout.endLayout()
        return layout, top

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QAbstractItemView) else 240
        text = str(index.data() or "")
        return QSize(width - 8, math.ceil(self._lines(text, option.font, width - self.ICON - 20)[1]) + 2 * self.MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.initStyleOption(option, index)
        text, picture = option.text, QIcon(option.icon)
        option.text, option.icon = "", QIcon()
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        box = option.rect
        picture.paint(painter, box.left() + 2, box.top() + self.MARGIN, 16, 16)
        painter.setPen(option.palette.text().color())
        layout, _ = self._lines(text, option.font, box.width() - self.ICON - 4)
        layout.draw(painter, QPointF(box.left() + self.ICON, box.top() + self.MARGIN))


class Figure(QWidget):
    """A number with its unit, and below it what it is; never a number alone."""

    def __init__(self, words: str, *, role: str = "figure") -> None:
        super().__init__()
        self._value = label("–", role)
        self._unit = label("", "unit")
        self._words = Elided(words, "muted", Qt.TextElideMode.ElideRight)
        layout = column(self, margin=0, spacing=2)
        top = row(4)
        top.addWidget(self._value, 0, Qt.AlignmentFlag.AlignBaseline)
        top.addWidget(self._unit, 0, Qt.AlignmentFlag.AlignBaseline)
        top.addStretch(1)
        layout.addLayout(top)
        layout.addWidget(self._words)

    def show_value(self, value: str, unit: str, words: str | None = None) -> None:
        """Show a value with its unit."""
        self._value.setText(value)
        self._unit.setText(unit)
        if words is not None:
            self._words.setText(words)
            self._words.updateGeometry()
        self.setAccessibleName(f"{self._words.text()}: {value} {unit}")

    @property
    def value(self) -> str:
        return self._value.text()


class DockTitle(QWidget):
    """The bar of a dock: its name, a few controls, and buttons to float and to hide it."""

    resized = Signal(int)

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self.setObjectName("dockTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 4, 4, 4)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._row.setSpacing(4)
        self.name = label(name)
        self.name.setObjectName("dockName")
        self._row.addWidget(self.name)
        self._look = look
        self.stale_icon, self.stale_words = QLabel(), label("", "attention")
        for part in (self.stale_icon, self.stale_words):
            self._row.addWidget(part)
            part.hide()
        self._place = self._row.count()
        self._row.addStretch(1)
        self.float_button = tool(look, "dock-window", look.say("ui.dock.float", name=name), role="muted", size=14)
        self.hide_button = tool(look, "close", look.say("ui.dock.hide", name=name), role="muted", size=14)
        self._row.addWidget(self.float_button)
        self._row.addWidget(self.hide_button)
        self.setMinimumHeight(36)

    def set_name(self, name: str) -> None:
        """Another name."""
        self.name.setText(name)

    def show_stale(self, words: str, tip: str, *, short: bool = False) -> None:
        """Mark what is shown below as of an earlier calculation; no ``words``, no mark; ``short`` is the icon alone."""
        self.stale_icon.setVisible(bool(words))
        self.stale_words.setVisible(bool(words) and not short)
        self.stale_words.setText(words)
        if words:
            colour = self._look.tokens.attention
            self.stale_icon.setPixmap(icons.pixmap("clock-alert-outline", colour, 16, self.devicePixelRatioF()))
            self.stale_icon.setAccessibleName(words)
        for part in (self.stale_icon, self.stale_words):
            part.setToolTip(tip)

    def minimumSizeHint(self) -> QSize:
        # What does not fit is shortened or left out by whoever put it here; the dock itself may be narrow.
        return QSize(160, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit(self.width())

    def put_first(self, widget: QWidget) -> None:
        """Put a control right after the name."""
        self._row.insertWidget(1, widget)
        self._place += 1

    def put(self, widget: QWidget, *, stretch: int = 0) -> None:
        """Put a control after the name."""
        self._row.insertWidget(self._place, widget, stretch)
        self._place += 1


class Banner(QFrame):
    """News that stays until it is read, and stops nobody: what happened, and what to do."""

    closed = Signal()
    # "action" or "also": which of the two things that can be done about it.
    asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._look = look
        self.kind = "error"
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(12)
        self._icon = QLabel()
        self._text = label("", wrap=True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.action, self.also = button("", "link"), button("", "link")
        self.action.clicked.connect(lambda: self.asked.emit("action"))
        self.also.clicked.connect(lambda: self.asked.emit("also"))
        self.close_button = tool(look, "close", look.say("ui.banner.close"), role="muted", size=16)
        self.close_button.clicked.connect(self.dismiss)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.action, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.also, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def tell(self, words: str, *, kind: str = "error", action: str = "", also: str = "") -> None:
        """Show the news; ``kind`` is ``error`` or ``done``."""
        tokens = self._look.tokens
        self.kind = kind
        name, colour = ("check-circle", tokens.accent) if kind == "done" else ("alert-circle-outline", tokens.attention)
        self._icon.setPixmap(icons.pixmap(name, colour, 20, self.devicePixelRatioF()))
        self._text.setText(words)
        self._text.setAccessibleName(words)
        for made, text in ((self.action, action), (self.also, also)):
            made.setText(text)
            made.setVisible(bool(text))
        set_role(self, kind, "kind")
        self.show()

    @property
    def news(self) -> dict[str, str] | None:
        """What is told now, as :meth:`tell` takes it; None where nothing is."""
        if self.isHidden():
            return None
        return {"words": self.text, "kind": self.kind, "action": self.action.text(), "also": self.also.text()}

    def pass_by(self) -> None:
        """Something else was done meanwhile: what was only told (nothing asked, nothing wrong) is of the past."""
        if self.kind == "done" and not self.action.text():
            self.hide()

    def dismiss(self) -> None:
        """Put it away."""
        self.hide()
        self.closed.emit()


def two_by_two(figures: Iterable[QWidget]) -> QGridLayout:
    """Figures in two equal columns."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(12)
    for k, figure in enumerate(figures):
        grid.addWidget(figure, k // 2, k % 2)
        grid.setColumnStretch(k % 2, 1)
    return grid
