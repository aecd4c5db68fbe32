"""Where scenarios differ, as the map draws it: classes of their own, told apart by colour, letter, shape and hatching.

Imports nothing of the map, so that its pens can ask here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPolygonF

from kawasolar.words import say
from ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kawasolar.words import Language
    from ui.map.scene import Scene
    from ui.tokens import Tokens

LETTERS = "ABCD"


class Difference(IntEnum):
    """In which of the compared scenarios a facility is chosen; numbered after the map's own classes, the most telling last."""

    NONE = 10
    ALL = 11
    SOME = 12
    ONLY_A = 13
    ONLY_B = 14
    ONLY_C = 15
    ONLY_D = 16

    @property
    def scenario(self) -> int | None:
        """Position of the one scenario that it is chosen in, if there is one."""
        return int(self) - int(Difference.ONLY_A) if self >= Difference.ONLY_A else None

    @property
    def letter(self) -> str:
        """The letter of that scenario; empty where there is none."""
        return "" if self.scenario is None else LETTERS[self.scenario]


def only(scenario: int) -> Difference:
    """The class of what is chosen in that scenario alone."""
    return Difference(int(Difference.ONLY_A) + scenario)


@dataclass(frozen=True)
class Differences:
    """The scenarios by name, and in which of them each facility is chosen.

    Attributes
    ----------
    chosen : facility id -> for each scenario whether it is chosen there
    """

    names: tuple[str, ...]
    chosen: Mapping[str, tuple[bool, ...]]
    title: str = "map.difference.title"

    def classes(self) -> tuple[Difference, ...]:
        """The classes that there can be, as a legend lists them."""
        single = tuple(only(k) for k in range(len(self.names)))
        some = (Difference.SOME,) if len(self.names) > 2 else ()
        return (Difference.ALL, *some, *single, Difference.NONE)

    def words(self, language: Language, kind: object) -> str:
        """What a class means."""
        return difference_words(language, kind, self.names) if isinstance(kind, Difference) else ""

    def class_of(self, facility_id: str) -> Difference:
        """The class of a facility; one that no scenario knows is chosen nowhere."""
        return _class(self.chosen.get(facility_id, ()))

    def counts(self) -> dict[Difference, int]:
        """How many facilities each class has."""
        found = dict.fromkeys(self.classes(), 0)
        for chosen in self.chosen.values():
            found[_class(chosen)] += 1
        return found

    def kinds(self, scene: Scene) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Class of each facility and of each public outline; where two facilities share one, the more telling counts."""
        names = [facility.facility_id for facility in scene.facilities]
        facility = np.array([int(self.class_of(name)) for name in names], dtype=np.int64)
        outline = np.full(scene.public.count, int(Difference.NONE), dtype=np.int64)
        np.maximum.at(outline, scene.link_building, facility[scene.link_facility])
        return facility, outline


def _class(chosen: tuple[bool, ...]) -> Difference:
    number = sum(chosen)
    if number == 0:
        return Difference.NONE
    if number == len(chosen):
        return Difference.ALL
    return only(chosen.index(True)) if number == 1 else Difference.SOME


def difference_words(language: Language, kind: Difference, names: tuple[str, ...]) -> str:
    """What a class means, with the names of the scenarios."""
    if kind.scenario is not None:
        name = names[kind.scenario] if kind.scenario < len(names) else kind.letter
        return say(language, "map.difference.only", letter=kind.letter, name=name)
    if kind is Difference.ALL and len(names) == 2:
        return say(language, "map.difference.both")
    return say(language, f"map.difference.{kind.name.lower()}")


# ---------------------------------------------------------------------------------------------- how they look

# One scenario's colour on light paper and on dark; no colour of the decision, which stands for something else.
_COLORS = {
    "light": ("#7A3E9D", "#B86E00", "#B0245A", "#5A6B17"),
    "dark": ("#C396E6", "#F0B054", "#F587A8", "#B9CC63"),
}
_HATCH = (
    Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.FDiagPattern, Qt.BrushStyle.CrossPattern, Qt.BrushStyle.HorPattern,
)  # fmt: skip


def color(kind: Difference, tokens: Tokens) -> QColor:
    """The colour that stands for a class."""
    if kind.scenario is not None:
        return QColor(_COLORS[tokens.name][kind.scenario])
    return QColor(tokens.muted if kind is Difference.NONE else tokens.accent)


def pens(kind: Difference, tokens: Tokens, ratio: float) -> tuple[QPen, ...]:
    """The strokes of an outline, the lowest first."""
    if kind is Difference.NONE:
        return (_pen(_veil(tokens.muted, 170), 1.0 * ratio),)
    casing = _pen(_veil(tokens.panel, 230), 5.2 * ratio)
    if kind is Difference.ALL:
        return _pen(_veil(tokens.panel, 200), 3.6 * ratio), _pen(color(kind, tokens), 1.6 * ratio)
    if kind is Difference.SOME:
        return casing, _pen(color(kind, tokens), 2.4 * ratio, dashed=True)
    return casing, _pen(color(kind, tokens), 2.8 * ratio)


def brush(kind: Difference, tokens: Tokens) -> QBrush:
    """What fills an outline: a wash where all agree, else the hatching of the one scenario."""
    if kind is Difference.NONE:
        return QBrush(Qt.BrushStyle.NoBrush)
    if kind is Difference.ALL:
        return QBrush(_veil(color(kind, tokens).name(), 70))
    if kind is Difference.SOME:
        return QBrush(color(kind, tokens), Qt.BrushStyle.Dense5Pattern)
    return QBrush(color(kind, tokens), _HATCH[kind.scenario or 0])


def draw_marker(painter: QPainter, at: QPointF, kind: Difference, tokens: Tokens) -> None:
    """Disc: in all; half a disc: in some; the scenario's letter on a shape of its own: only there; small dot: nowhere."""
    ink, paper = color(kind, tokens), QColor(tokens.panel)
    painter.setPen(QPen(paper, 1.5))
    if kind is Difference.NONE:
        painter.setBrush(QColor(theme.mix(tokens.muted, tokens.panel, 0.35)))
        painter.drawEllipse(at, 3.0, 3.0)
    elif kind is Difference.ALL:
        painter.setBrush(ink)
        painter.drawEllipse(at, 5.25, 5.25)
    elif kind is Difference.SOME:
        painter.setBrush(paper)
        painter.drawEllipse(at, 6.5, 6.5)
        painter.setPen(QPen(ink, 1.5))
        painter.drawEllipse(at, 5.0, 5.0)
        painter.setBrush(ink)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPie(QRectF(at.x() - 5.0, at.y() - 5.0, 10.0, 10.0), 90 * 16, 180 * 16)
    else:
        draw_badge(painter, at, kind, tokens, rim=1.2)


def draw_badge(painter: QPainter, at: QPointF, kind: Difference, tokens: Tokens, *, rim: float = 0.0) -> None:
    """The letter of a scenario on its colour, 16 pixels high."""
    painter.setPen(QPen(QColor(tokens.panel), rim) if rim else QPen(Qt.PenStyle.NoPen))
    painter.setBrush(color(kind, tokens))
    if kind is Difference.ONLY_A:
        painter.drawRoundedRect(QRectF(at.x() - 7.0, at.y() - 7.0, 14.0, 14.0), 1.5, 1.5)
    elif kind is Difference.ONLY_B:
        painter.drawEllipse(at, 7.6, 7.6)
    else:
        painter.drawPolygon(_polygon(at, 6, 0.0) if kind is Difference.ONLY_C else _polygon(at, 4, 0.0))
    font = QFont(theme.font(bold=True))
    font.setPixelSize(9 if kind is Difference.ONLY_D else 10)
    painter.setFont(font)
    painter.setPen(QColor(theme.on_accent(tokens)))
    painter.drawText(QRectF(at.x() - 8.0, at.y() - 8.0, 16.0, 16.0), Qt.AlignmentFlag.AlignCenter, kind.letter)


def _polygon(at: QPointF, corners: int, turned: float) -> QPolygonF:
    angles = np.arange(corners) * 2.0 * np.pi / corners + turned
    return QPolygonF([at + QPointF(7.9 * float(np.sin(a)), -7.9 * float(np.cos(a))) for a in angles])


def _veil(name: str, alpha: int) -> QColor:
    made = QColor(name)
    made.setAlpha(alpha)
    return made


def _pen(ink: QColor, width: float, *, dashed: bool = False) -> QPen:
    made = QPen(ink, width)
    made.setCosmetic(True)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
        made.setDashPattern([3.0, 2.0])
    return made
