"""Markers of facilities and the names beside them: no two names overlap, and the more important one stays."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from ui import theme
from ui.map import differences, groups
from ui.map.differences import Difference
from ui.map.groups import Group
from ui.map.style import Class, Kind, kind_color, mix, veil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ui.tokens import Tokens

MARKER = 16.0
LABEL_POINTS = 8.5
LABEL_WIDTH = 150.0
# Names appear from this scale on [m per pixel]; before, a dot says enough.
NAMES_FROM = 1.0
# From this scale on [m per pixel] a city's markers would cover one another: they are drawn smaller.
SMALL_FROM, SMALL = 4.0, 0.7
_BIN = 128.0


@dataclass(frozen=True)
class Wanted:
    """A name that would like to be shown: where its marker is [px at the present scale], and its size."""

    key: int
    x: float
    y: float
    width: float
    height: float
    must: bool = False


def place(wanted: Sequence[Wanted], markers: Mapping[int, tuple[float, float]]) -> dict[int, QPointF]:
    """Offset of each name that finds room from its marker [px]; the earlier in the list goes first.

    A name may lie right of, left of, above or below its marker; it covers neither a name nor another's marker.
    """
    bins: dict[tuple[int, int], list[tuple[QRectF, int]]] = defaultdict(list)
    half = MARKER / 2 - 2.0
    for number, (x, y) in markers.items():
        _enter(bins, QRectF(x - half, y - half, 2 * half, 2 * half), number)
    found: dict[int, QPointF] = {}
    for one in wanted:
        gap = MARKER / 2 + 1.0
        offsets = (
            QPointF(gap, -one.height / 2),
            QPointF(-gap - one.width, -one.height / 2),
            QPointF(-one.width / 2, -gap - one.height),
            QPointF(-one.width / 2, gap),
        )
        for offset in offsets:
            rect = QRectF(QPointF(one.x, one.y) + offset, QSizeF(one.width, one.height)).adjusted(-2, -1, 2, 1)
            if _free(bins, rect, one.key):
                _enter(bins, rect, -1)
                found[one.key] = offset
                break
        else:
            if one.must:
                found[one.key] = offsets[0]
    return found


def within(plate: QRectF, marker: QPointF, width: float, height: float) -> QRectF:
    """The plate moved so that a view of this size does not cut it: to the marker's other side, or up and down beside it."""
    gap = MARKER / 2 + 1.0
    moved = QRectF(plate)
    if moved.left() < 0:
        moved.moveLeft(marker.x() + gap)
    elif moved.right() > width:
        moved.moveRight(marker.x() - gap)
    if moved.top() < 0 or moved.bottom() > height:
        moved.moveTop(min(max(marker.y() - moved.height() / 2, 0.0), height - moved.height()))
    return moved


def _cells(rect: QRectF) -> list[tuple[int, int]]:
    left, right = int(rect.left() // _BIN), int(rect.right() // _BIN)
    top, bottom = int(rect.top() // _BIN), int(rect.bottom() // _BIN)
    return [(i, j) for i in range(left, right + 1) for j in range(top, bottom + 1)]


def _enter(bins: dict[tuple[int, int], list[tuple[QRectF, int]]], rect: QRectF, owner: int) -> None:
    for cell in _cells(rect):
        bins[cell].append((rect, owner))


def _free(bins: dict[tuple[int, int], list[tuple[QRectF, int]]], rect: QRectF, key: int) -> bool:
    return not any(owner != key and rect.intersects(other) for cell in _cells(rect) for other, owner in bins[cell])


def label_size(text: str) -> tuple[str, float, float]:
    """The name elided in the middle, and the size of its plate."""
    metrics = QFontMetricsF(theme.font(LABEL_POINTS))
    short = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, LABEL_WIDTH)
    return short, metrics.horizontalAdvance(short) + 10.0, metrics.height() + 3.0


def label_pixmap(text: str, tokens: Tokens, ratio: float, *, selected: bool) -> QPixmap:
    """A name on its plate."""
    short, width, height = label_size(text)
    picture = _empty(width, height, ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    plate = QColor(tokens.selection) if selected else veil(tokens.panel, 226)
    painter.setBrush(plate)
    painter.setPen(QPen(plate if selected else veil(tokens.line, 200), 1.0))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1.0, height - 1.0), 4.0, 4.0)
    painter.setFont(theme.font(LABEL_POINTS))
    on_selection = "#FFFFFF" if tokens.name == "light" else tokens.background
    painter.setPen(QColor(on_selection if selected else tokens.ink))
    painter.drawText(QRectF(0.0, 0.0, width, height), Qt.AlignmentFlag.AlignCenter, short)
    painter.end()
    return picture


def marker_pixmap(kind: Class, tokens: Tokens, ratio: float, size: float = 1.0) -> QPixmap:
    """The mark of a facility; classes differ by shape as well as by colour."""
    picture = _empty(MARKER, MARKER, ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.translate(MARKER / 2 * (1.0 - size), MARKER / 2 * (1.0 - size))
    painter.scale(size, size)
    draw_marker(painter, QPointF(MARKER / 2, MARKER / 2), kind, tokens)
    painter.end()
    return picture


def draw_marker(painter: QPainter, at: QPointF, kind: Class, tokens: Tokens) -> None:
    """Full disc: chosen; ring: eligible; diamond: to be checked; small grey dot: out."""
    if isinstance(kind, Difference):
        differences.draw_marker(painter, at, kind, tokens)
        return
    if isinstance(kind, Group):
        groups.draw_marker(painter, at, kind, tokens)
        return
    color, paper = kind_color(kind, tokens), QColor(tokens.panel)
    painter.setPen(QPen(paper, 1.5))
    if kind is Kind.CHOSEN:
        painter.setBrush(color)
        painter.drawEllipse(at, 5.75, 5.75)
    elif kind is Kind.ELIGIBLE:
        painter.setBrush(paper)
        painter.drawEllipse(at, 5.75, 5.75)
        painter.setPen(QPen(color, 2.0))
        painter.drawEllipse(at, 3.9, 3.9)
    elif kind is Kind.UNKNOWN:
        painter.setBrush(color)
        r = 6.0
        painter.drawPolygon(
            QPolygonF([at + QPointF(0, -r), at + QPointF(r, 0), at + QPointF(0, r), at + QPointF(-r, 0)])
        )
    else:
        painter.setBrush(mix(tokens.muted, tokens.panel, 0.25))
        painter.drawEllipse(at, 3.75, 3.75)


def _empty(width: float, height: float, ratio: float) -> QPixmap:
    picture = QPixmap(max(1, round(width * ratio)), max(1, round(height * ratio)))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture
