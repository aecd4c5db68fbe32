"""Painting of the map into images; runs off the window's thread and hears when it is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from ui.map import style
from ui.map.scene import PER_TILE
from ui.map.style import Class, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainterPath

    from ui.map.rasters import Rasters
    from ui.map.scene import Scene
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# A building smaller than this on the screen [px] is a share of a pixel, not an outline.
OUTLINE_FROM = 3.0
# How strongly built ground is tinted from afar.
SHARE_ALONE, SHARE_OVER_SUN = 0.55, 0.12
# Public buildings get strokes of full width from this size on the screen [px].
FULL_STROKE_FROM = 14.0
# Roof planes are drawn once a metre takes up this many pixels.
PLANES_FROM = 3.0
# Modules are drawn once a metre takes up this many pixels.
MODULES_FROM = 1.0

Check = Callable[[], None]


class Superseded(Exception):
    """The picture is no longer wanted."""


@dataclass
class Picture:
    """An image and the pixels below it, which must live as long."""

    pixels: NDArray[np.uint32]
    image: QImage

    @staticmethod
    def of(pixels: NDArray[np.uint32]) -> Picture:
        height, width = pixels.shape
        return Picture(pixels, QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32))

    def copy(self) -> Picture:
        """The same picture, to be painted on."""
        return Picture.of(self.pixels.copy())


def ground(
    view: Viewport,
    rasters: Rasters | None,
    tokens: Tokens,
    span: tuple[float, float] | None,
    layers: frozenset[str],
    check: Check,
    backdrop: Callable[[NDArray[np.uint32]], None] | None = None,
) -> Picture:
    """Hillshade, what ``backdrop`` lays on it, and above it irradiation on the roofs."""
    width, height = view.device_size
    table = style.relief_table(tokens)
    pixels = np.full((height, width), table[0], dtype=np.uint32)
    relief = rasters.relief(view) if rasters is not None and "hillshade" in layers else None
    check()
    if relief is not None:
        rows, cols = relief.values.shape
        pixels[relief.top : relief.top + rows, relief.left : relief.left + cols] = table[relief.values]
    if backdrop is not None:
        backdrop(pixels)
        check()
    sun = rasters.irradiation(view) if rasters is not None and span is not None and "irradiation" in layers else None
    check()
    if sun is not None and span is not None:
        _colour(pixels, sun.values.astype(np.float32, copy=False), sun.top, sun.left, span)
    check()
    return Picture.of(pixels)


def _colour(
    pixels: NDArray[np.uint32], values: NDArray[np.float32], top: int, left: int, span: tuple[float, float]
) -> None:
    """Write the ramp's colours where there is a value."""
    rows, cols = values.shape
    roof = np.isfinite(values)
    low, high = span
    step = np.clip((values[roof] - low) * np.float32(255.0 / (high - low)), 0.0, 255.0).astype(np.uint8)
    pixels[top : top + rows, left : left + cols][roof] = style.ramp_table()[step]


def others(picture: Picture, view: Viewport, scene: Scene, tokens: Tokens, check: Check, *, lit: bool) -> None:
    """Buildings that belong to no facility: outlines, or from afar how much of a pixel is built on.

    ``lit``: their roofs show irradiation, which must be seen through.
    """
    shapes = scene.others.shapes
    if shapes.count == 0:
        return
    if shapes.typical / view.scale < OUTLINE_FROM:
        _built_share(picture, view, scene, tokens, SHARE_OVER_SUN if lit else SHARE_ALONE)
        return
    painter = QPainter(picture.image)
    painter.setTransform(_to_pixels(view, scene.origin))
    # Antialiasing of small paths is cheap; thousands of them in one view are not.
    tiles = scene.others.within(view.bounds)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(tiles) * PER_TILE < 20_000)
    painter.setPen(style.outline_pens(Kind.OTHER, tokens, view.ratio)[0])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    try:
        for tile in tiles:
            for path in scene.others.paths(int(tile)):
                painter.drawPath(path)
            check()
    finally:
        painter.end()


def _built_share(picture: Picture, view: Viewport, scene: Scene, tokens: Tokens, opacity: float) -> None:
    """Mix the colour of buildings into each pixel by how much of it is built on."""
    width, height = view.device_size
    pixel = view.scale / view.ratio
    west, _, _, north = view.bounds
    x, y, area = scene.others.shapes.samples
    col = np.floor((x - west) / pixel).astype(np.int64)
    row = np.floor((north - y) / pixel).astype(np.int64)
    seen = (col >= 0) & (col < width) & (row >= 0) & (row < height)
    share = np.bincount(row[seen] * width + col[seen], weights=area[seen], minlength=width * height) / pixel**2
    built = np.flatnonzero(share > 0.02)
    alpha = np.clip(share[built], 0.0, 1.0) * opacity
    color = QColor(tokens.muted)
    flat = picture.pixels.reshape(-1)
    mixed = np.full(len(built), 0xFF000000, dtype=np.uint32)
    for shift, part in ((16, color.red()), (8, color.green()), (0, color.blue())):
        old = (flat[built] >> np.uint32(shift)) & np.uint32(255)
        mixed |= np.rint(old + (part - old.astype(float)) * alpha).astype(np.uint32) << np.uint32(shift)
    flat[built] = mixed


def public(
    picture: Picture, view: Viewport, scene: Scene, kinds: NDArray[np.int64], tokens: Tokens, check: Check
) -> None:
    """Outlines of the facilities' buildings by class, the chosen on top."""
    seen = scene.public.within(view.bounds)
    # From afar a full stroke would be broader than the building.
    thin = min(max(scene.public.typical / view.scale / FULL_STROKE_FROM, 0.35), 1.0)
    painter = QPainter(picture.image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setTransform(_to_pixels(view, scene.origin))
    try:
        for kind in style.classes_in(kinds[seen]):
            which = seen[kinds[seen] == int(kind)]
            paths = []
            for begin in range(0, len(which), PER_TILE):
                paths.append(scene.public.path(which[begin : begin + PER_TILE]))
                check()
            _draw(painter, paths, kind, tokens, view, thin, check)
    finally:
        painter.end()


def _draw(
    painter: QPainter, paths: list[QPainterPath], kind: Class, tokens: Tokens, view: Viewport, thin: float, check: Check
) -> None:
    brush = style.outline_brush(kind, tokens)
    if brush.style() != Qt.BrushStyle.NoBrush:
        # The pattern keeps its size on the screen, whatever the scale of the ground.
        brush.setTransform(QTransform.fromScale(view.scale / view.ratio, view.scale / view.ratio))
        for path in paths:
            painter.fillPath(path, brush)
            check()
    for pen in style.outline_pens(kind, tokens, view.ratio * thin):
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for path in paths:
            painter.drawPath(path)
            check()


def planes(picture: Picture, view: Viewport, scene: Scene, check: Check) -> None:
    """Roof planes with an arrow down the slope, once they are large enough to be read."""
    if 1.0 / view.scale < PLANES_FROM:
        return
    arrows = scene.arrows
    seen = arrows.shapes.within(view.bounds)
    painter = QPainter(picture.image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setTransform(_to_pixels(view, scene.origin))
    pen = QPen(style.veil("#10181B", 190), 1.0 * view.ratio)
    pen.setCosmetic(True)
    painter.setPen(pen)
    try:
        for begin in range(0, len(seen), PER_TILE):
            painter.drawPath(arrows.shapes.path(seen[begin : begin + PER_TILE]))
            check()
        painter.resetTransform()
        size = np.sqrt(arrows.shapes.area[seen]) / view.scale
        for k in seen[size > 14.0]:
            _arrow(painter, view, arrows.x[k], arrows.y[k], arrows.east[k], arrows.north[k], bool(arrows.flat[k]))
            check()
    finally:
        painter.end()


def modules(picture: Picture, view: Viewport, scene: Scene, check: Check) -> None:
    """Modules as they are laid out; from afar without the lines between them."""
    if 1.0 / view.scale < MODULES_FROM or scene.modules.count == 0:
        return
    seen = scene.modules.within(view.bounds)
    painter = QPainter(picture.image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setTransform(_to_pixels(view, scene.origin))
    pen = QPen(style.veil(style.MODULE_LINE, 220), 1.0 * view.ratio)
    pen.setCosmetic(True)
    painter.setPen(pen if 1.0 / view.scale >= PLANES_FROM else Qt.PenStyle.NoPen)
    painter.setBrush(style.veil(style.MODULE, 225))
    try:
        for k in seen:
            painter.drawPath(scene.modules.path(np.array([k])))
            check()
    finally:
        painter.end()


def _arrow(painter: QPainter, view: Viewport, x: float, y: float, east: float, north: float, flat: bool) -> None:
    """An arrow down the slope; a ring where there is none. Dark with a light casing, for any colour below."""
    west, _, _, top = view.bounds
    pixel = view.scale / view.ratio
    at = QPointF((x - west) / pixel, (top - y) / pixel)
    r = view.ratio
    shapes: list[QPolygonF] = []
    if not flat:
        way, side = QPointF(east, -north), QPointF(north, east)
        tip = at + way * 8.0 * r
        shapes = [
            QPolygonF([at - way * 8.0 * r, tip]),
            QPolygonF([tip - way * 4.5 * r + side * 3.0 * r, tip, tip - way * 4.5 * r - side * 3.0 * r]),
        ]
    for color, width in ((style.veil("#FFFFFF", 210), 3.6), (QColor("#10181B"), 1.5)):
        painter.setPen(
            QPen(color, width * r, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
        if flat:
            painter.drawEllipse(at, 2.5 * r, 2.5 * r)
        for shape in shapes:
            painter.drawPolyline(shape)


def _to_pixels(view: Viewport, origin: tuple[float, float]) -> QTransform:
    """From metres east and north of the origin to device pixels."""
    west, _, _, north = view.bounds
    k = view.ratio / view.scale
    return QTransform(k, 0.0, 0.0, -k, (origin[0] - west) * k, (north - origin[1]) * k)
