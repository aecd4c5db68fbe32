"""How each class of building looks; the map and its legend draw with the same pens."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from kawasolar import palette
from ui.map import differences, groups
from ui.map.differences import Difference
from ui.map.groups import Group
from ui.tokens import IRRADIATION_RAMP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ui.tokens import Tokens


class Kind(IntEnum):
    """Class of a building; where two facilities share one, the higher counts."""

    OTHER = 0
    INELIGIBLE = 1
    UNKNOWN = 2
    ELIGIBLE = 3
    CHOSEN = 4


PUBLIC = (Kind.INELIGIBLE, Kind.UNKNOWN, Kind.ELIGIBLE, Kind.CHOSEN)
WORDS = {kind: f"map.kind.{kind.name.lower()}" for kind in Kind}
# What a building or a marker can be: a class of the decision, of the differences between scenarios, or a group.
Class = Kind | Difference | Group


def class_of(number: int) -> Class:
    """The class that a number stands for."""
    if number >= Group.BASE:
        return Group(number)
    return Difference(number) if number >= Difference.NONE else Kind(number)


def classes_in(numbers: NDArray[np.int64]) -> list[Class]:
    """Classes of public buildings in the order in which they are drawn, the most telling last."""
    return [class_of(int(number)) for number in np.unique(numbers) if number != Kind.OTHER]


def mix(first: str, second: str, share: float) -> QColor:
    """``share`` of the second colour in the first."""
    a, b = QColor(first), QColor(second)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )


# Modules on a roof and the lines between them.
MODULE, MODULE_LINE = palette.MODULE_COLOUR, palette.MODULE_LINE


# Buildings that are dazzled: no colour of the roofs' ramp nor of a class.
GLARE = "#C2188F"


def veil(color: str, alpha: int) -> QColor:
    """A colour that lets through what lies below it."""
    veiled = QColor(color)
    veiled.setAlpha(alpha)
    return veiled


def _pen(color: QColor, width: float, dashed: bool = False) -> QPen:
    pen = QPen(color, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    if dashed:
        pen.setDashPattern([3.0, 2.0])
    return pen


def kind_color(kind: Class, tokens: Tokens) -> QColor:
    """The colour that stands for a class everywhere."""
    if isinstance(kind, Difference):
        return differences.color(kind, tokens)
    if isinstance(kind, Group):
        return groups.color(kind, tokens)
    if kind in (Kind.CHOSEN, Kind.ELIGIBLE):
        return QColor(tokens.accent)
    if kind is Kind.UNKNOWN:
        return QColor(tokens.attention)
    if kind is Kind.INELIGIBLE:
        return QColor(tokens.muted)
    return mix(tokens.muted, tokens.background, 0.25)


def outline_pens(kind: Class, tokens: Tokens, ratio: float = 1.0) -> tuple[QPen, ...]:
    """The strokes of an outline, the lowest first: a casing that lifts it off the roof, then the line."""
    if isinstance(kind, Difference):
        return differences.pens(kind, tokens, ratio)
    if isinstance(kind, Group):
        return groups.pens(kind, tokens, ratio)
    color = kind_color(kind, tokens)
    if kind is Kind.CHOSEN:
        return _pen(veil(tokens.panel, 210), 5.0 * ratio), _pen(color, 2.5 * ratio)
    if kind is Kind.ELIGIBLE:
        return _pen(veil(tokens.panel, 200), 3.2 * ratio), _pen(color, 1.2 * ratio)
    if kind is Kind.UNKNOWN:
        return _pen(veil(tokens.panel, 230), 4.6 * ratio), _pen(color, 2.0 * ratio, dashed=True)
    if kind is Kind.INELIGIBLE:
        return (_pen(color, 1.0 * ratio),)
    return (_pen(veil(color.name(), 190), 0.9 * ratio),)


def outline_brush(kind: Class, tokens: Tokens) -> QBrush:
    """The hatching of what is out; nothing elsewhere, so that the roof is seen."""
    if isinstance(kind, Difference):
        return differences.brush(kind, tokens)
    if isinstance(kind, Group):
        return groups.brush(kind, tokens)
    if kind is Kind.INELIGIBLE:
        return QBrush(veil(tokens.muted, 150), Qt.BrushStyle.BDiagPattern)
    return QBrush(Qt.BrushStyle.NoBrush)


def keepout_brush(tokens: Tokens, *, computed: bool) -> QBrush:
    """The hatching of what is kept free; fainter where it is not yet in the results."""
    return QBrush(veil(tokens.ink, 190 if computed else 90), Qt.BrushStyle.FDiagPattern)


def keepout_pens(tokens: Tokens, *, computed: bool) -> tuple[QPen, ...]:
    """Casing and line of a keep-out; dashed where it is not yet in the results."""
    pens = QPen(veil(tokens.panel, 210), 3.6), QPen(QColor(tokens.ink), 1.6)
    for pen in pens:
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if not computed:
        pens[1].setCapStyle(Qt.PenCapStyle.FlatCap)
        pens[1].setDashPattern([4.0, 2.5])
    return pens


def _packed(rgb: NDArray[np.float64]) -> NDArray[np.uint32]:
    parts = np.rint(rgb).astype(np.uint32)
    return np.uint32(0xFF000000) | parts[:, 0] << np.uint32(16) | parts[:, 1] << np.uint32(8) | parts[:, 2]


def _rgb(color: QColor) -> list[float]:
    return [float(color.red()), float(color.green()), float(color.blue())]


def relief_table(tokens: Tokens) -> NDArray[np.uint32]:
    """Colours of the hillshade by grey value; 0, where there is no surface, is the background."""
    if tokens.name == "light":
        ends = [_rgb(mix(tokens.background, tokens.ink, 0.46)), _rgb(mix(tokens.background, tokens.panel, 0.6))]
    else:
        ends = [_rgb(mix(tokens.background, "#000000", 0.55)), _rgb(mix(tokens.panel, tokens.ink, 0.24))]
    # Flat ground (grey 181) lies near the paper; only walls and shadows go down to the dark end.
    at = np.linspace(0.0, 1.0, 256) ** (0.75 if tokens.name == "light" else 1.5)
    table = np.stack([np.interp(at, [0.0, 1.0], [ends[0][i], ends[1][i]]) for i in range(3)], axis=1)
    table[0] = _rgb(QColor(tokens.background))
    return _packed(table)


def ramp_table(size: int = 256) -> NDArray[np.uint32]:
    """The irradiation ramp, low to high."""
    colors = np.array([_rgb(QColor(name)) for name in IRRADIATION_RAMP])
    at = np.linspace(0.0, 1.0, size)
    stops = np.linspace(0.0, 1.0, len(colors))
    return _packed(np.stack([np.interp(at, stops, colors[:, i]) for i in range(3)], axis=1))
