"""What a reader noticed and could live with: the bad row is left out or mended, and said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing to tell the user: the file, the row, the column, what was found and what was expected.

    ``code`` is the key of the sentence in ``resources/words``; ``details`` are the values that
    it names besides. ``row`` counts as the user counts: the first line of the file is 1.
    """

    code: str
    severity: Severity
    source: str = ""
    row: int | None = None
    column: str | None = None
    found: str | None = None
    expected: str | None = None
    item: str | None = None
    details: dict[str, object] = field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """All that the sentence may name, in one mapping."""
        return {
            "source": self.source,
            "row": self.row,
            "column": self.column,
            "found": self.found,
            "expected": self.expected,
            "item": self.item,
            **self.details,
        }
