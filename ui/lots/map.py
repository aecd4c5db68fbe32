"""A small map of lots: a dot a site in its lot's colour, the hull of each lot with its name; sites are chosen by a click or a lasso."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from kawasolar.lots.of_plan import lot_colour
from ui import theme
from ui.charts.base import Chart

if TYPE_CHECKING:
    from ui.look import Look

_MARGIN = 16.0
_DOT = 5.0
_NEAR = 9.0
# A press that moves less is a click [px].
_CLICK = 4.0


@dataclass(frozen=True)
class Dot:
    """A site: place in metres, key of its lot, empty where it is in none, and its fiscal year, 0 where it has none."""

    facility_id: str
    name: str
    x: float
    y: float
    lot: str
    year: int = 0


class LotMap(Chart):
    """Sites and their lots.

    Signals
    -------
    picked : the sites that are chosen now (list of ids)
    """

    picked = Signal(object)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 360, title, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, 200)
        self.setToolTip(title)
        self._dots: tuple[Dot, ...] = ()
        self._names: dict[str, str] = {}
        self.chosen: set[str] = set()
        self._lot = ""
        self._path: list[QPointF] = []

    def show_lots(self, dots: tuple[Dot, ...], names: dict[str, str]) -> None:
        """Other sites, or other lots; ``names`` of lots by key."""
        self._dots, self._names = dots, names
        self.chosen &= {dot.facility_id for dot in dots}
        self.update()

    def choose(self, ids: set[str]) -> None:
        """Show these sites as chosen."""
        self.chosen = set(ids)
        self.update()

    def look_at(self, lot: str) -> None:
        """The lot whose hull stands out."""
        self._lot = lot
        self.update()

    def places(self) -> list[QPointF]:
        """Where each dot stands [px]; north is up."""
        if not self._dots:
            return []
        x, y = [dot.x for dot in self._dots], [dot.y for dot in self._dots]
        wide, high = max(max(x) - min(x), 1.0), max(max(y) - min(y), 1.0)
        scale = min((self.width() - 2 * _MARGIN) / wide, (self.height() - 2 * _MARGIN) / high)
        left = (self.width() - scale * wide) / 2 - scale * min(x)
        top = (self.height() - scale * high) / 2 + scale * max(y)
        return [QPointF(left + scale * dot.x, top - scale * dot.y) for dot in self._dots]

    def draw(self, painter: QPainter) -> None:
        places = self.places()
        by_lot: dict[str, list[QPointF]] = {}
        for dot, place in zip(self._dots, places, strict=True):
            by_lot.setdefault(dot.lot, []).append(place)
        for lot, members in by_lot.items():
            if lot:
                self._hull(painter, lot, members)
        for dot, place in zip(self._dots, places, strict=True):
            colour = QColor(lot_colour(dot.lot)) if dot.lot else self.ink("muted")
            chosen = dot.facility_id in self.chosen
            painter.setPen(QPen(self.ink("selection" if chosen else "panel"), 2.5 if chosen else 1.0))
            painter.setBrush(colour if dot.lot else Qt.BrushStyle.NoBrush)
            if not dot.lot and not chosen:
                painter.setPen(QPen(colour, 1.5))
            size = _DOT + 1.5 if chosen else _DOT
            painter.drawEllipse(place, size, size)
        painter.setFont(theme.font(8.5, bold=True))
        painter.setPen(self.ink())
        for lot, members in by_lot.items():
            if lot:
                self._name(painter, lot, members)
        if len(self._path) > 1:
            painter.setPen(QPen(self.ink("selection"), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(self.ink("selection", 0.12))
            painter.drawPolygon(QPolygonF(self._path))

    def _hull(self, painter: QPainter, lot: str, members: list[QPointF]) -> None:
        import shapely

        hull = shapely.MultiPoint([(p.x(), p.y()) for p in members]).convex_hull.buffer(_DOT + 4.0)
        colour = QColor(lot_colour(lot))
        painter.setPen(QPen(colour, 2.0 if lot == self._lot else 1.0))
        colour.setAlphaF(0.25 if lot == self._lot else 0.10)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in hull.exterior.coords]))

    def _name(self, painter: QPainter, lot: str, members: list[QPointF]) -> None:
        words, metrics = self._names.get(lot, lot), painter.fontMetrics()
        wide = min(metrics.horizontalAdvance(words), 140) + 8
        x = min(max(sum(p.x() for p in members) / len(members) - wide / 2, 2.0), self.width() - wide - 2.0)
        y = sum(p.y() for p in members) / len(members) - metrics.height() / 2
        box = QRectF(x, y, wide, metrics.height() + 2)
        painter.fillRect(box, self.ink("panel", 0.8))
        painter.drawText(
            box, Qt.AlignmentFlag.AlignCenter, metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, int(wide) - 4)
        )

    # ---------------------------------------------------------------- the pointer

    def read(self, position: QPointF) -> str | None:
        near = self._near(position)
        if near is None:
            return None
        dot = self._dots[near]
        year = self.look.say("lots.year", first=dot.year) if dot.year else ""
        return "\n".join(line for line in (dot.name, self._names.get(dot.lot, ""), year) if line)

    def _near(self, position: QPointF) -> int | None:
        apart = [(place - position).manhattanLength() for place in self.places()]
        best = min(range(len(apart)), key=apart.__getitem__, default=None)
        return best if best is not None and apart[best] <= _NEAR else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._path = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._path and event.buttons() & Qt.MouseButton.LeftButton:
            self._path.append(event.position())
            self.update()
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._path:
            return
        path, self._path = self._path, []
        more = bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
        moved = max((point - path[0]).manhattanLength() for point in path)
        if moved <= _CLICK:
            near = self._near(path[0])
            found = set() if near is None else {self._dots[near].facility_id}
        else:
            shape = QPolygonF(path)
            found = {
                dot.facility_id
                for dot, place in zip(self._dots, self.places(), strict=True)
                if shape.containsPoint(place, Qt.FillRule.OddEvenFill)
            }
        self.chosen = self.chosen ^ found if more else found
        self.update()
        self.picked.emit(sorted(self.chosen))
