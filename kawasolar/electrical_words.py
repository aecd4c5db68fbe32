"""Strings, inverters and loads in words, for window, sheets and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.electrical import RoofLoad, System
    from kawasolar.words import Language


def system_texts(language: Language, system: System) -> list[str]:
    """Strings and inverters, line by line; what to know of them last."""
    found = system.strings
    lines = []
    if found.strings:
        lines.append(say(language, "system.strings", strings=strings_text(language, system), left=found.unstrung))
        lines.append(
            say(
                language, "system.inverters", ac=f"{found.ac_kw:,.1f}", units=found.units, ratio=f"{found.ratio:.2f}",
                volts=f"{found.highest_voltage:,.0f}", kind=say(language, f"system.regulation.{system.regulation}"),
            )
        )  # fmt: skip
    # That some are left over stands in the first line already.
    return lines + [
        say(language, code, least=found.least, most=found.most) for code in found.reasons if code != "strings.left_over"
    ]


def strings_text(language: Language, system: System) -> str:
    """``15 × 14, 13 × 7``: modules in a string × strings."""
    parts = [f"{part.length} × {part.strings}" for part in system.strings.groups if part.strings]
    return say(language, "list.separator").join(parts)


def load_texts(language: Language, system: System) -> list[str]:
    """The load on the roof by mounting, and whether it bears it."""
    return [load_text(language, load) for load in system.loads]


def load_text(language: Language, load: RoofLoad) -> str:
    """One mounting."""
    judged = load.judgement
    return say(
        language, f"system.load.{judged.outcome}", mounting=say(language, f"system.mounting.{load.mounting}"),
        kg=f"{load.load.array_kg_m2:,.0f}", load=f"{judged.load_n_m2:,.0f}", limit=f"{judged.limit_n_m2:,.0f}",
        datum=say(language, f"system.datum.{judged.datum}"),
    )  # fmt: skip
