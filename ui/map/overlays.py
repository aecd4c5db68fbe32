"""What lies on the map: legend, scale bar, buttons, notice, the chip of a synthetic plan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from kawasolar.words import Language, say
from ui import theme
from ui.icons import icon
from ui.map.labels import draw_marker
from ui.map.style import PUBLIC, WORDS, Kind, keepout_brush, keepout_pens, outline_brush, outline_pens
from ui.tokens import IRRADIATION_RAMP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ui.tokens import Tokens

MARGIN = 12


class Card(QFrame):
    """A panel on the map."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("mapCard")
        self._dressed: Tokens | None = None
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def dress(self, tokens: Tokens) -> None:
        """Paper, hairline, round corners."""
        if self._dressed == tokens:
            return
        self._dressed = tokens
        self.setStyleSheet(
            f"#mapCard {{ background: {tokens.panel}; border: 1px solid {tokens.line}; border-radius: {tokens.radius}px; }}"
            f"#mapCard QLabel {{ background: transparent; color: {tokens.ink}; border: none; }}"
            f"#mapCard QLabel[muted='true'] {{ color: {tokens.muted}; }}"
            "#mapCard QToolButton { background: transparent; border: none; padding: 0px; border-radius: 4px; }"
            f"#mapCard QToolButton:hover {{ background: {tokens.background}; }}"
            f"#mapCard QToolButton:pressed {{ background: {tokens.line}; }}"
            f"#mapCard QToolButton:focus {{ border: 1px solid {tokens.accent}; }}"
            f"#mapCard QToolButton:checked {{ background: {tokens.accent}; }}"
            "#mapCard QToolButton::menu-indicator { image: none; }"
        )


def text_label(parent: QWidget, *, bold: bool = False, muted: bool = False) -> QLabel:
    """Words on a card."""
    made = QLabel(parent)
    made.setFont(theme.font(bold=bold))
    made.setProperty("muted", muted)
    return made


class Ramp(QWidget):
    """The colours of irradiation and what they stand for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._span: tuple[float, float] | None = None
        self._ink = QColor()
        self.setFixedHeight(12 + 4 + self.fontMetrics().height())
        self.setMinimumWidth(150)

    def show_range(self, span: tuple[float, float] | None, tokens: Tokens) -> None:
        """Set the ends of the ramp [kWh/m² a]."""
        self._span, self._ink = span, QColor(tokens.muted)
        self.setFont(theme.font(8.5))
        self.setFixedHeight(12 + 4 + self.fontMetrics().height())
        self.update()

    def figures(self) -> list[str]:
        """The three numbers below the ramp."""
        if self._span is None:
            return []
        low, high = self._span
        return [f"{low:,.0f}", f"{(low + high) / 2:,.0f}", f"{high:,.0f}"]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        fade = QLinearGradient(0.0, 0.0, float(self.width()), 0.0)
        for k, name in enumerate(IRRADIATION_RAMP):
            fade.setColorAt(k / (len(IRRADIATION_RAMP) - 1), QColor(name))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fade)
        painter.drawRoundedRect(QRectF(0, 0, self.width(), 12), 2, 2)
        painter.setPen(self._ink)
        flags = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for text, flag in zip(self.figures(), flags, strict=False):
            painter.drawText(QRectF(0, 15, self.width(), self.height() - 15), flag | Qt.AlignmentFlag.AlignTop, text)


class Sample(QWidget):
    """A piece of outline and the marker of a class, drawn with the map's own pens."""

    def __init__(self, parent: QWidget, kind: Kind) -> None:
        super().__init__(parent)
        self._kind = kind
        self._tokens: Tokens | None = None
        self.setFixedSize(40, 17)

    def dress(self, tokens: Tokens) -> None:
        """Redraw in other colours."""
        self._tokens = tokens
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._tokens is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        box = QRectF(2.5, 3.5, 19.0, 10.0)
        painter.fillRect(box, outline_brush(self._kind, self._tokens))
        for pen in outline_pens(self._kind, self._tokens):
            painter.setPen(pen)
            painter.drawRect(box)
        if self._kind is not Kind.OTHER:
            draw_marker(painter, QPointF(32.0, 8.5), self._kind, self._tokens)


class KeepoutSample(Sample):
    """A piece of a keep-out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Kind.OTHER)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._tokens is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        box = QRectF(2.5, 3.5, 19.0, 10.0)
        painter.fillRect(box, keepout_brush(self._tokens, computed=True))
        for pen in keepout_pens(self._tokens, computed=True):
            painter.setPen(pen)
            painter.drawRect(box)


class Legend(Card):
    """Title with unit, ramp with three numbers, classes with samples and how many; folds to its title."""

    folded = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = text_label(self, bold=True)
        self._unit = text_label(self, muted=True)
        self._fold = QToolButton(self)
        self._fold.setFixedSize(22, 22)
        self._fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._fold.clicked.connect(self.toggle)
        self._body = QWidget(self)
        self.ramp = Ramp(self._body)
        self._samples = {kind: Sample(self._body, kind) for kind in (*reversed(PUBLIC), Kind.OTHER)}
        self._names = {kind: text_label(self._body) for kind in self._samples}
        self._counts = {kind: text_label(self._body, muted=True) for kind in self._samples}
        self._drawn = (KeepoutSample(self._body), text_label(self._body), text_label(self._body, muted=True))
        self._wished = self._open = True
        self._look: tuple[Language, Tokens] | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._title)
        head.addWidget(self._unit)
        head.addStretch(1)
        head.addWidget(self._fold)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        for row, kind in enumerate(self._samples):
            grid.addWidget(self._samples[kind], row, 0)
            grid.addWidget(self._names[kind], row, 1)
            grid.addWidget(self._counts[kind], row, 2, Qt.AlignmentFlag.AlignRight)
        for place, part in enumerate(self._drawn):
            align = Qt.AlignmentFlag.AlignRight if place == 2 else Qt.AlignmentFlag(0)
            grid.addWidget(part, len(self._samples), place, align)
            part.hide()
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, 4, 2)
        inner.setSpacing(4)
        inner.addWidget(self.ramp)
        inner.addLayout(grid)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._body)

    @property
    def is_open(self) -> bool:
        """Whether more than the title is shown."""
        return self._open

    def toggle(self) -> None:
        """Fold or unfold."""
        self._wished = not self._open
        self._set_open(self._wished)
        self._write_fold()
        self.folded.emit()

    def set_room(self, width: int, height: int) -> None:
        """Fold where there is no room for all; unfold again when there is and nobody folded it."""
        whole = self._whole()
        fits = whole.width() <= width and whole.height() <= height
        if (self._wished and fits) != self._open:
            self._set_open(self._wished and fits)
            self._write_fold()

    def _whole(self) -> QSize:
        """Size with everything shown."""
        if self._open:
            return self.sizeHint()
        head = self.sizeHint()
        body = self._body.sizeHint()
        return QSize(max(head.width(), body.width() + 20), head.height() + body.height() + 4)

    def _set_open(self, opened: bool) -> None:
        self._open = opened
        self._body.setVisible(opened)
        self._take_size()

    def write(
        self,
        language: Language,
        tokens: Tokens,
        span: tuple[float, float] | None,
        *,
        shown: bool,
    ) -> None:
        """All words, numbers and colours. ``shown``: irradiation is on the map."""
        self.dress(tokens)
        self._title.setText(say(language, "map.legend.irradiation" if shown else "map.legend.facilities"))
        self._unit.setText(say(language, "map.legend.unit") if shown else "")
        self._unit.setVisible(shown)
        self.ramp.setVisible(shown and span is not None)
        self.ramp.show_range(span, tokens)
        for kind, sample in self._samples.items():
            sample.dress(tokens)
            self._names[kind].setText(say(language, WORDS[kind]))
        self._drawn[0].dress(tokens)
        self._drawn[1].setText(say(language, "map.legend.keepouts"))
        self.setAccessibleName(say(language, "map.legend.name"))
        self._look = (language, tokens)
        self._write_fold()
        self._take_size()

    def _take_size(self) -> None:
        """As large as the words need; hidden parts do not tell the layout of their new words."""
        for part in (self._body, self):
            layout = part.layout()
            if layout is not None:
                layout.invalidate()
                layout.activate()
        self.adjustSize()

    def count(self, counts: Mapping[Kind, int]) -> None:
        """How many facilities each class has; nothing where it is not known."""
        for kind, label in self._counts.items():
            label.setText(f"{counts[kind]:,}" if kind in counts else "")
        self._take_size()

    def count_keepouts(self, number: int) -> None:
        """Name the keep-outs with their number; not where there are none."""
        self._drawn[2].setText(f"{number:,}")
        for part in self._drawn:
            part.setVisible(number > 0)
        self._take_size()

    def _write_fold(self) -> None:
        """The button says what it will do."""
        if self._look is None:
            return
        language, tokens = self._look
        self._fold.setIcon(icon("chevron-up" if self._open else "chevron-down", tokens.muted))
        self._fold.setIconSize(QSize(18, 18))
        words = say(language, "map.legend.fold" if self._open else "map.legend.unfold")
        self._fold.setAccessibleName(words)
        self._fold.setToolTip(words)


class ScaleBar(Card):
    """A round length on the ground, and where north is."""

    WISHED = 120.0

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._length = 0.0
        self._metres = 0.0
        self.ink = "#000000"
        self.setFont(theme.font(8.5))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def text(self) -> str:
        """The length in words."""
        if self._metres >= 1000.0:
            return f"{self._metres / 1000.0:,.0f} km"
        return f"{self._metres:,.0f} m" if self._metres >= 1.0 else f"{self._metres * 100.0:.0f} cm"

    def show_scale(self, scale: float) -> None:
        """Set metres per pixel."""
        self._metres = round_length(scale * self.WISHED)
        self._length = self._metres / scale
        self.setAccessibleName(self.text)
        self.setFixedSize(round(self._length) + 46, self.fontMetrics().height() + 16)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(self.ink), 1.5))
        base, left = self.height() - 7.5, 10.0
        painter.drawPolyline(
            [
                QPointF(left, base - 5),
                QPointF(left, base),
                QPointF(left + self._length, base),
                QPointF(left + self._length, base - 5),
            ]
        )
        area = QRectF(left, 2.0, self._length, base - 4.0)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text)
        x = self.width() - 17.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.ink))
        painter.drawPolygon([QPointF(x, 5.0), QPointF(x + 4.0, 13.0), QPointF(x, 11.0), QPointF(x - 4.0, 13.0)])
        painter.setPen(QColor(self.ink))
        painter.drawText(QRectF(x - 8.0, 11.0, 16.0, self.height() - 13.0), Qt.AlignmentFlag.AlignCenter, "N")


def round_length(metres: float) -> float:
    """The largest 1, 2 or 5 × 10ⁿ that is not longer."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= metres * (1 + 1e-9))


class LayerMenu(QMenu):
    """Check marks that can be set one after the other without the menu closing."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action and action.isCheckable() and action.isEnabled():
            action.trigger()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() == Qt.Key.Key_Space and action and action.isCheckable():
            action.trigger()
            return
        super().keyPressEvent(event)


class Buttons(Card):
    """Closer, farther, all, layers."""

    NAMES = (("plus", "zoom_in"), ("minus", "zoom_out"), ("fit-to-screen-outline", "fit"), ("layers-outline", "layers"),
             ("vector-polygon", "draw"))  # fmt: skip
    toggled = Signal(str, bool)
    basemap_asked = Signal()

    def __init__(self, parent: QWidget, layers: tuple[str, ...]) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 3, 3, 3)
        column.setSpacing(1)
        self.button: dict[str, QToolButton] = {}
        for _, name in self.NAMES:
            made = QToolButton(self)
            made.setFixedSize(30, 30)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.setIconSize(QSize(20, 20))
            column.addWidget(made)
            self.button[name] = made
        self.button["draw"].setCheckable(True)
        self._menu = LayerMenu(self)
        self.action = {}
        for layer in layers:
            action = self._menu.addAction("")
            action.setCheckable(True)
            action.toggled.connect(lambda on, name=layer: self.toggled.emit(name, on))
            self.action[layer] = action
        self._menu.addSeparator()
        self.basemap = self._menu.addAction("")
        self.basemap.triggered.connect(self.basemap_asked)
        self.button["layers"].setMenu(self._menu)
        self.button["layers"].setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def write(self, language: Language, tokens: Tokens, layers: Mapping[str, bool]) -> None:
        """All words, icons and check marks."""
        self.dress(tokens)
        for drawing, name in self.NAMES:
            words = say(language, f"map.button.{name}")
            self.button[name].setIcon(icon(drawing, tokens.ink, None, theme.on_accent(tokens)))
            self.button[name].setAccessibleName(words)
            self.button[name].setToolTip(words)
        for name, action in self.action.items():
            action.setText(say(language, f"map.layer.{name}"))
            action.blockSignals(True)
            action.setChecked(layers[name])
            action.blockSignals(False)
        self.basemap.setText(say(language, "map.layer.basemap"))
        self.adjustSize()


class Plate(Card):
    """One line of text: a notice, or the chip of a synthetic plan."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = QLabel(self)
        self._text.setFont(theme.font())
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.addWidget(self._text)
        self._full = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def text(self) -> str:
        """The whole line."""
        return self._full

    def write(self, text: str, tokens: Tokens, ink: str) -> None:
        """Set the line and its colour."""
        self.dress(tokens)
        self._full = text
        self._text.setStyleSheet(f"color: {ink};")
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.fit_into(10_000)

    def fit_into(self, width: int) -> None:
        """Take as much room as the line needs, at most ``width``; the rest is elided."""
        shown = self._text.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, max(width - 24, 20))
        self._text.setText(shown)
        self.adjustSize()
