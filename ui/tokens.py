"""The colours of the window, light and dark; the same colour for the same thing everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from kawasolar.palette import IRRADIATION_RAMP

__all__ = ["DARK", "IRRADIATION_RAMP", "LIGHT", "Tokens"]


@dataclass(frozen=True)
class Tokens:
    """Hex colours by role; spacing in pixels comes in fours, corners are rounded by ``radius``."""

    name: str
    background: str
    panel: str
    line: str
    ink: str
    muted: str
    accent: str
    sun: str
    attention: str
    selection: str
    radius: int = 6


LIGHT = Tokens(
    "light", "#F5F6F3", "#FFFFFF", "#DDE1DC", "#1E2A2F", "#5E6A6F", "#0B7A6F", "#E8A317", "#C4571B", "#0B4F9E"
)
DARK = Tokens("dark", "#161B1D", "#1E2528", "#2F383B", "#E6ECEA", "#93A1A3", "#38B2A3", "#F0B63A", "#E98A4F", "#7DB4FF")
