"""Findings as they come up, without drowning the reader: after many of one kind in one column, a count."""

from __future__ import annotations

from collections import Counter

from gis.findings import Finding, Severity

# Findings of one kind and column that are listed one by one.
LISTED = 50

_SEVERITIES: dict[str, Severity] = {
    "ledger.duplicate_id": "error",
    "ledger.nameless": "error",
}


class Notes:
    """Collects the findings of one file."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[Finding] = []
        self._counts: Counter[tuple[str, str | None]] = Counter()

    def once(
        self,
        code: str,
        severity: Severity,
        *,
        row: int | None = None,
        column: str | None = None,
        found: str | None = None,
        expected: str | None = None,
        **details: object,
    ) -> None:
        """One finding about the file as a whole."""
        self.found.append(Finding(code, severity, self.source, row, column, found, expected, details=details))

    def cell(
        self,
        code: str,
        row: int,
        column: str | None,
        found: object,
        *,
        expected: str | None = None,
        item: str | None = None,
        **details: object,
    ) -> None:
        """A finding about one row; counted, and from the 51st of its kind and column on only counted."""
        self._counts[code, column] += 1
        if self._counts[code, column] <= LISTED:
            severity = _SEVERITIES.get(code, "warning")
            text = None if found is None else str(found)[:200]
            self.found.append(Finding(code, severity, self.source, row, column, text, expected, item, details))

    def all(self) -> tuple[Finding, ...]:
        """All findings; where some were only counted, one more says how many."""
        more = [
            Finding("ledger.more", "warning", self.source, column=column, details={"count": count - LISTED, "of": code})
            for (code, column), count in self._counts.items()
            if count > LISTED
        ]
        return (*self.found, *more)
