"""From the tokens to the palette, the style sheet and the fonts of the whole program."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from kawasolar.resources import resource_path
from ui import icons
from ui.tokens import DARK, LIGHT, Tokens

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")
FONT_FAMILY = "BIZ UDPGothic"
# For Latin letters, digits and signs, the first that the system has: the Latin of BIZ UDPGothic has stunted descenders,
# and its Regular has ≥ and ≤ exchanged. None of these has kana or kanji, so that Japanese comes from the bundled font.
LATIN_FAMILIES = (
    "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "Cantarell", "Liberation Sans", "DejaVu Sans",
)  # fmt: skip
BODY_POINTS = 9.0


def tokens_for(theme: Theme) -> Tokens:
    """The colours for a choice; ``system`` follows the desktop."""
    if theme == "system":
        dark = QApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT
    return DARK if theme == "dark" else LIGHT


def mix(first: str, second: str, share: float) -> str:
    """The colour that lies ``share`` of the way from the first to the second."""
    a, b = QColor(first), QColor(second)
    parts = (round(x + (y - x) * share) for x, y in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue())))
    return "#{:02X}{:02X}{:02X}".format(*parts)


def on_accent(tokens: Tokens) -> str:
    """Ink that can be read on the accent colour."""
    return "#FFFFFF" if tokens.name == "light" else "#0D1A19"


@cache
def load_fonts() -> bool:
    """Make the bundled Japanese font known; False where its files are missing and the system's font must do."""
    found = [QFontDatabase.addApplicationFont(str(path)) for path in sorted(resource_path("fonts").glob("*.ttf"))]
    return any(number >= 0 for number in found)


def font_families() -> list[str]:
    """The families in the order in which a glyph is looked for: Latin, Japanese, the system's own."""
    japanese = [FONT_FAMILY] if load_fonts() else []
    known = set(QFontDatabase.families())
    latin = next((name for name in LATIN_FAMILIES if name in known), None)
    # Without a bundled font the system's own choice knows best which of its fonts is the Japanese one.
    return [*([latin] if latin is not None and japanese else []), *japanese, *QFont().families()]


@cache
def _drawings() -> Path:
    """Folder of the recoloured drawings that the style sheet names; gone with the process."""
    keep = tempfile.TemporaryDirectory(prefix="kawasolar-", ignore_cleanup_errors=True)
    _KEPT.append(keep)
    return Path(keep.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def font(points: float = BODY_POINTS, *, bold: bool = False) -> QFont:
    """The program's font; tabular digits come with it."""
    made = QFont(QApplication.font())
    made.setPointSizeF(points)
    made.setBold(bold)
    return made


def apply(app: QApplication, tokens: Tokens) -> None:
    """Dress the whole program."""
    if app.style().name().lower() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    base = QFont()
    base.setFamilies(font_families())
    base.setPointSizeF(BODY_POINTS)
    if hasattr(base, "setFeature"):
        base.setFeature(QFont.Tag.fromString("tnum"), 1)
    base.setStyleHint(QFont.StyleHint.SansSerif)
    sheet = style_sheet(tokens)
    if app.styleSheet() == sheet:
        return
    app.setFont(base)
    app.setPalette(_palette(tokens))
    app.setStyleSheet(sheet)


def _palette(tokens: Tokens) -> QPalette:
    role = QPalette.ColorRole
    made = QPalette()
    colours = {
        role.Window: tokens.background,
        role.WindowText: tokens.ink,
        role.Base: tokens.panel,
        role.AlternateBase: tokens.background,
        role.Text: tokens.ink,
        role.Button: tokens.panel,
        role.ButtonText: tokens.ink,
        role.BrightText: tokens.attention,
        role.Highlight: tokens.accent,
        role.HighlightedText: on_accent(tokens),
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.ToolTipBase: tokens.ink,
        role.ToolTipText: tokens.background,
        role.PlaceholderText: tokens.muted,
        role.Light: tokens.panel,
        role.Midlight: tokens.line,
        role.Mid: tokens.line,
        role.Dark: tokens.muted,
        role.Shadow: tokens.line,
    }
    for name, colour in colours.items():
        made.setColor(name, QColor(colour))
    faint = QColor(mix(tokens.muted, tokens.panel, 0.45))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, faint)
    return made


def style_sheet(tokens: Tokens) -> str:
    """The style sheet; every colour comes from the tokens."""
    folder = _drawings()
    values = {
        "background": tokens.background,
        "panel": tokens.panel,
        "line": tokens.line,
        "ink": tokens.ink,
        "muted": tokens.muted,
        "accent": tokens.accent,
        "attention": tokens.attention,
        "selection": tokens.selection,
        "on_accent": on_accent(tokens),
        "hover": mix(tokens.panel, tokens.ink, 0.06),
        "press": mix(tokens.panel, tokens.ink, 0.12),
        "accent_hover": mix(tokens.accent, tokens.ink, 0.15),
        "chosen": mix(tokens.panel, tokens.accent, 0.16 if tokens.name == "light" else 0.26),
        "warned": mix(tokens.panel, tokens.attention, 0.12),
        "faint": mix(tokens.muted, tokens.panel, 0.45),
        "radius": str(tokens.radius),
        "down": icons.write_svg("chevron-down", tokens.muted, folder),
        "up": icons.write_svg("chevron-up", tokens.muted, folder),
        "check": icons.write_svg("check", on_accent(tokens), folder),
        "dash": icons.write_svg("minus", on_accent(tokens), folder),
    }
    text = resource_path("ui.qss").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
