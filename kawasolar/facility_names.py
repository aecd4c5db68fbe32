"""Which facility a text in another list means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kawasolar.ledger.vocabulary import heading_key, plain

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FacilityNames:
    """Facilities by number and by name; a name that two of them bear means neither."""

    ids: frozenset[str]
    names: dict[str, str]

    @classmethod
    def of(cls, facilities: pd.DataFrame) -> FacilityNames:
        """From ``facility_id name``."""
        ids = [str(found) for found in facilities["facility_id"]]
        seen: dict[str, str | None] = {}
        for facility, name in zip(ids, facilities["name"].tolist(), strict=True):
            key = name_key(name)
            if key:
                seen[key] = facility if key not in seen else None
        return cls(frozenset(ids), {key: facility for key, facility in seen.items() if facility is not None})

    def find(self, text: str) -> tuple[str, str]:
        """The facility, and how it was found: ``id`` or ``name``; both empty where none is meant."""
        if text in self.ids:
            return text, "id"
        found = self.names.get(name_key(text), "")
        return found, "name" if found else ""


def name_key(name: object) -> str:
    """Names compared without blanks, punctuation, case and what stands in brackets."""
    return heading_key(plain(name)) if isinstance(name, str) else ""
