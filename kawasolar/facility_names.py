"""Which facility a text in another list means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kawasolar.ledger.vocabulary import heading_key, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


@dataclass(frozen=True)
class FacilityNames:
    """Facilities by number and by name; a name that two of them bear means neither. ``said``: what people say of a name goes before both."""

    ids: frozenset[str]
    names: dict[str, str]
    said: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, facilities: pd.DataFrame, said: Mapping[str, str] | None = None) -> FacilityNames:
        """From ``facility_id name``.

        Parameters
        ----------
        said : :func:`name_key` -> facility; empty for none of ours (:func:`kawasolar.document.views.aliases_of`)
        """
        ids = [str(found) for found in facilities["facility_id"]]
        seen: dict[str, str | None] = {}
        for facility, name in zip(ids, facilities["name"].tolist(), strict=True):
            key = name_key(name)
            if key:
                seen[key] = facility if key not in seen else None
        return cls(
            frozenset(ids), {key: facility for key, facility in seen.items() if facility is not None}, said or {}
        )

    def find(self, text: str) -> tuple[str, str]:
        """The facility, and how it was found: ``person id name``; both empty where none is meant, the first alone where a person says so, or names one that is gone."""
        key = name_key(text)
        if key in self.said:
            found = self.said[key]
            return found if found in self.ids else "", "person"
        if text in self.ids:
            return text, "id"
        found = self.names.get(key, "")
        return found, "name" if found else ""


def name_key(name: object) -> str:
    """Names compared without blanks, punctuation, case and what stands in brackets."""
    return heading_key(plain(name)) if isinstance(name, str) else ""
