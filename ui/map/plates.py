"""What speaks on the map: the card at the cursor, the banner of a tool, and the card that asks for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui import icons, theme
from ui.map.overlays import Card, text_label
from ui.map.style import kind_color
from ui.parts import Elided, Paragraph, button, set_role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.map.style import Class
    from ui.tokens import Tokens

_BANNER = 660


@dataclass(frozen=True)
class Offer:
    """A button of the banner: what it is called inside, what it says, and whether it is the main thing to do."""

    name: str
    words: str
    primary: bool = False
    enabled: bool = True


class ToolBanner(Card):
    """What the tool does and what to do next, with its buttons. It says so to screen readers too."""

    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = QLabel(self)
        self._icon.setFixedSize(22, 22)
        self.title = Elided()
        self.title.setFont(theme.font(bold=True))
        self.text = Paragraph("")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.buttons: dict[str, QPushButton] = {}
        self._offers: list[Offer] = []
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 8, 8, 8)
        self._row.setSpacing(8)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(words, 1)
        self.hide()

    def write(
        self, tokens: Tokens, icon: str, title: str, text: str, offers: Sequence[Offer] = (), *, attention: bool = False
    ) -> None:
        """Say something; what stands there already is left alone."""
        self.dress(tokens)
        color = tokens.attention if attention else tokens.accent
        self._icon.setPixmap(icons.pixmap(icon, color, 20, max(self.devicePixelRatioF(), 2.0)))
        self.title.setText(title)
        self.text.setStyleSheet(f"color: {tokens.attention if attention else tokens.muted};")
        self.text.setText(text)
        self.text.updateGeometry()
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        if [each.name for each in offers] != [each.name for each in self._offers]:
            self._make_buttons(offers)
        for offer in offers:
            made = self.buttons[offer.name]
            made.setText(offer.words)
            made.setEnabled(offer.enabled)
        self._offers = list(offers)

    def _make_buttons(self, offers: Sequence[Offer]) -> None:
        for old in self.buttons.values():
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = {}
        for offer in offers:
            made = button(offer.words, "primary" if offer.primary else "")
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(lambda _on=False, name=offer.name: self.asked.emit(name))
            self._row.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
            self.buttons[offer.name] = made

    def fit_into(self, room: int) -> None:
        """Take as much of the room as the words need."""
        metrics = self.text.fontMetrics()
        words = max(metrics.horizontalAdvance(self.text.text()) + 24, self.title.sizeHint().width() + 12)
        beside = sum(made.sizeHint().width() + 8 for made in self.buttons.values()) + 22 + 8 + 20
        width = min(room, max(beside + words, 320), _BANNER)
        self.setFixedWidth(width)
        self._row.invalidate()
        self._row.activate()
        height = self._row.heightForWidth(width) if self._row.hasHeightForWidth() else self.sizeHint().height()
        self.setFixedHeight(max(height, 44))


class ReasonCard(Card):
    """Asks why, beside what is meant; nobody need answer.

    Signals
    -------
    given : the reason, empty where there is none
    dropped : what is meant is not wanted
    """

    given = Signal(str)
    dropped = Signal()
    # Room for the chips of a row [px].
    _ACROSS = 330

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = Elided()
        self._title.setFont(theme.font(bold=True))
        self._about = QLabel(self)
        self._about.setProperty("muted", True)
        self._chips: list[QPushButton] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self.line = QLineEdit(self)
        self.line.setMaxLength(300)
        self.line.textChanged.connect(self._mark_chip)
        self.line.installEventFilter(self)
        self.accept = button("", "primary")
        self.accept.clicked.connect(lambda: self.given.emit(self.line.text().strip()))
        self.drop = button("")
        self.drop.clicked.connect(self.dropped)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.drop)
        below.addWidget(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        for part in (self._title, self._about):
            column.addWidget(part)
        column.addLayout(self._rows)
        column.addWidget(self.line)
        column.addLayout(below)
        self.hide()

    def write(
        self, tokens: Tokens, title: str, about: str, reasons: Sequence[str], words: tuple[str, str, str]
    ) -> None:
        """All words; ``words``: what the line is for, and the two buttons."""
        self.dress(tokens)
        self._title.setText(title)
        self._about.setText(about)
        self._about.setVisible(bool(about))
        self.line.setPlaceholderText(words[0])
        self.line.setAccessibleName(words[0])
        self.accept.setText(words[1])
        self.drop.setText(words[2])
        if [chip.text() for chip in self._chips] != list(reasons):
            self._make_chips(reasons)
        self.setFixedWidth(max(self.layout().minimumSize().width(), 320))  # type: ignore[union-attr]
        self.adjustSize()

    def _make_chips(self, reasons: Sequence[str]) -> None:
        from ui.parts import clear

        clear(self._rows)
        self._chips = []
        line, room = QHBoxLayout(), 0
        for words in reasons:
            chip = button(words, "chip")
            chip.setCheckable(True)
            chip.clicked.connect(lambda _on=False, text=words: self._choose(text))
            self._chips.append(chip)
            needed = chip.sizeHint().width() + 4
            if needed > room:
                line, room = QHBoxLayout(), self._ACROSS
                line.setSpacing(4)
                line.addStretch(1)
                self._rows.addLayout(line)
            line.insertWidget(line.count() - 1, chip)
            room -= needed
        self._mark_chip(self.line.text())

    @property
    def chips(self) -> list[QPushButton]:
        """The common reasons."""
        return self._chips

    def _choose(self, words: str) -> None:
        self.line.setText("" if self.line.text() == words else words)
        self.line.setFocus()

    def _mark_chip(self, text: str) -> None:
        for chip in self._chips:
            chip.setChecked(chip.text() == text)
            set_role(chip, "chip")

    def ask(self, beside: QRect, inside: QSize) -> None:
        """Show it empty beside something on the map, and take the keys."""
        self.line.clear()
        self.show()
        self.raise_()
        self.put(beside, inside)
        self.line.setFocus()

    def put(self, beside: QRect, inside: QSize) -> None:
        """Right of, left of, below or above what is meant; within the map in any case."""
        self.adjustSize()
        w, h, gap = self.width(), self.height(), 14
        y = beside.center().y() - h // 2
        x = beside.center().x() - w // 2
        places = (
            QPoint(beside.right() + gap, y), QPoint(beside.left() - gap - w, y),
            QPoint(x, beside.bottom() + gap), QPoint(x, beside.top() - gap - h),
        )  # fmt: skip
        # The map's buttons stand at the right.
        room = QRect(QPoint(0, 0), inside).adjusted(4, 4, -56, -4)
        best = next((at for at in places if room.contains(self._clamped(at, room, beside))), places[0])
        self.move(self._clamped(best, room, None).topLeft())

    def _clamped(self, at: QPoint, room: QRect, beside: QRect | None) -> QRect:
        """The card at a place, pushed into the room; where it would then lie on what is meant, as it was."""
        box = QRect(at, self.size())
        box.moveLeft(max(room.left(), min(box.left(), room.right() - box.width())))
        box.moveTop(max(room.top(), min(box.top(), room.bottom() - box.height())))
        return QRect(at, self.size()) if beside is not None and box.intersects(beside) else box

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Enter gives the reason, Esc drops what is meant."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._on_key(event):
            return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._on_key(event):
            # The map behind has keys of its own.
            event.accept()

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.given.emit(self.line.text().strip())
        elif event.key() == Qt.Key.Key_Escape:
            self.dropped.emit()
        else:
            return False
        return True


class HoverCard(Card):
    """What lies at the cursor: name, class, figures."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._name = text_label(self, bold=True)
        self._kind = text_label(self)
        self._figures = text_label(self, muted=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(2)
        for part in (self._name, self._kind, self._figures):
            column.addWidget(part)
        self.hide()

    @property
    def lines(self) -> list[str]:
        """What it says."""
        return [part.text() for part in (self._name, self._kind, self._figures)]

    def write(self, tokens: Tokens, name: str, kind: Class, kind_name: str, figures: str) -> None:
        """Set all lines."""
        self.say(tokens, name, kind_name, kind_color(kind, tokens).name(), figures)

    def say(self, tokens: Tokens, title: str, second: str, color: str, rest: str) -> None:
        """Set all lines; the second in a colour of its own."""
        self.dress(tokens)
        width = self._name.fontMetrics()
        self._name.setText(width.elidedText(title, Qt.TextElideMode.ElideMiddle, 280))
        self._kind.setText(second)
        self._kind.setStyleSheet(f"color: {color};")
        self._figures.setText(
            "\n".join(width.elidedText(line, Qt.TextElideMode.ElideRight, 320) for line in rest.split("\n"))
        )
        self._figures.setVisible(bool(rest))
        self.adjustSize()

    def put(self, at: QPointF, inside: QSize) -> None:
        """Beside the cursor, never beyond the map's rim."""
        x, y = at.x() + 16, at.y() + 16
        if x + self.width() > inside.width() - 4:
            x = at.x() - 12 - self.width()
        if y + self.height() > inside.height() - 4:
            y = at.y() - 12 - self.height()
        self.move(max(4, round(x)), max(4, round(y)))
        self.show()
        self.raise_()
