"""The language and the colours that every part of the window is drawn in."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon

from gis.errors import CodedError
from kawasolar.reasons import named_values
from kawasolar.words import Language, catalogue, say
from ui import icons, theme
from ui.tokens import Tokens


class Look(QObject):
    """Language and tokens; the window builds its parts anew when one of them changes."""

    def __init__(self, language: Language, tokens: Tokens, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.language: Language = language
        self.tokens = tokens

    def say(self, code: str, **values: object) -> str:
        """The words for a code."""
        return say(self.language, code, **values)

    def say_error(self, error: CodedError) -> str:
        """What went wrong and what to do."""
        return say(self.language, error.code, **named_values(self.language, error.code, error.details))

    def knows(self, code: str) -> bool:
        """Whether the catalogue has words for the code."""
        return code in catalogue()

    def say_or(self, code: str, otherwise: str, **values: object) -> str:
        """The words for a code, or ``otherwise`` where there are none."""
        return self.say(code, **values) if self.knows(code) else otherwise

    def icon(self, name: str, role: str = "ink") -> QIcon:
        """An icon in the colour of a token."""
        tokens = self.tokens
        faint = theme.mix(tokens.muted, tokens.panel, 0.45)
        colour = theme.on_accent(tokens) if role == "on_accent" else str(getattr(tokens, role))
        on = theme.on_accent(tokens) if role == "muted" else None
        return icons.icon(name, colour, faint, on)
