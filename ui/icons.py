"""Icons from the bundled Material Design Icons, in any colour and sharp on any screen."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from kawasolar.resources import resource_path

# 16 px at 100 % up to 24 px at 300 %.
_SIZES = (16, 20, 24, 32, 48, 72)
_PATH = re.compile(r"<path ")


@lru_cache(maxsize=64)
def svg(name: str, color: str) -> bytes:
    """The drawing, filled with a colour."""
    text = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    return _PATH.sub(f'<path fill="{color}" ', text).encode("utf-8")


@lru_cache(maxsize=256)
def pixmap(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """The drawing at ``size`` logical pixels; to be painted, not to be painted on: all who ask get the same."""
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg(name, color))).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


@lru_cache(maxsize=256)
def icon(name: str, color: str, disabled: str | None = None, on: str | None = None) -> QIcon:
    """An icon in ``color``; in ``disabled`` while it can't be used, in ``on`` while it is checked."""
    made = QIcon()
    for size in _SIZES:
        made.addPixmap(pixmap(name, color, size))
        if disabled:
            made.addPixmap(pixmap(name, disabled, size), QIcon.Mode.Disabled)
        if on:
            made.addPixmap(pixmap(name, on, size), QIcon.Mode.Normal, QIcon.State.On)
            made.addPixmap(pixmap(name, on, size), QIcon.Mode.Active, QIcon.State.On)
    return made


def write_svg(name: str, color: str, folder: Path) -> str:
    """Write the recoloured drawing where a style sheet can name it; returns the path with slashes."""
    path = folder / f"{name}-{color.lstrip('#')}.svg"
    if not path.exists():
        path.write_bytes(svg(name, color))
    return path.as_posix()
