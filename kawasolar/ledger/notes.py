"""Findings as they come up, without drowning the reader: after many of one kind in one column, a count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

# Findings of one kind and column that are listed one by one.
LISTED = 20
# Length of the list of the rows that were only counted.
_LONGEST_ROWS = 300

_SEVERITIES: dict[str, Severity] = {
    "ledger.duplicate_id": "error",
    "ledger.nameless": "error",
}


@dataclass
class _Group:
    """Findings of one kind and column: the last one listed, and the rows or items of those that were only counted."""

    count: int = 0
    last: int = 0
    rows: list[int] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


class Folded:
    """Findings of which the first of each kind and column are listed, and the rest counted with their rows."""

    def __init__(self, listed: int = LISTED) -> None:
        self._most = listed
        self._listed: list[Finding] = []
        self._groups: dict[tuple[str, str, str | None], _Group] = {}

    def add(self, finding: Finding) -> None:
        """List the finding, or count it where enough of its kind and column are listed."""
        group = self._groups.setdefault((finding.code, finding.source, finding.column), _Group())
        group.count += 1
        if group.count <= self._most:
            group.last = len(self._listed)
            self._listed.append(finding)
        elif finding.row is not None:
            group.rows.append(finding.row)
        elif finding.item:
            group.items.append(finding.item)

    def all(self) -> list[Finding]:
        """The listed findings, each kind's count behind its last one."""
        counts = {group.last: (key, group) for key, group in self._groups.items() if group.count > self._most}
        found: list[Finding] = []
        for place, finding in enumerate(self._listed):
            found.append(finding)
            if place in counts:
                (code, _, column), group = counts[place]
                found.append(_count(finding, code, column, group, self._most))
        return found


def _count(last: Finding, code: str, column: str | None, group: _Group, listed: int) -> Finding:
    said = "ledger.more" if last.source and column else "ledger.more_rows" if group.rows else "ledger.more_items"
    where = _ranges(group.rows) if group.rows else ", ".join(group.items[:10]) or "–"
    details: dict[str, object] = {"count": group.count - listed, "of": code}
    return Finding(said, last.severity, last.source, column=column, found=where, details=details)


def _ranges(rows: list[int]) -> str:
    """Rows as ``21–23, 40``; cut where there are very many."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    text = ", ".join(f"{low}–{high}" if high > low else f"{low}" for low, high in parts[:100])
    return text if len(text) <= _LONGEST_ROWS and len(parts) <= 100 else text[:_LONGEST_ROWS].rpartition(",")[0] + " …"


def folded(findings: Iterable[Finding], listed: int = LISTED) -> list[Finding]:
    """The findings with the first ``listed`` of each kind and column listed, and a count for the rest."""
    fold = Folded(listed)
    for finding in findings:
        fold.add(finding)
    return fold.all()


class Notes:
    """Collects the findings of one file."""

    def __init__(self, source: str, listed: int = LISTED) -> None:
        self.source = source
        # Whether what is otherwise summed up is told row by row.
        self.whole = listed > LISTED
        self._first: list[Finding] = []
        self._folded = Folded(listed)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Findings that were made elsewhere."""
        for finding in findings:
            self._folded.add(finding)

    def first(self, finding: Finding) -> None:
        """A finding that explains others, and so stands before them."""
        self._first.append(finding)

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
        self._folded.add(Finding(code, severity, self.source, row, column, found, expected, details=details))

    def cell(
        self,
        code: str,
        row: int,
        column: str | None,
        found: object,
        *,
        expected: str | None = None,
        item: str | None = None,
        severity: Severity | None = None,
        **details: object,
    ) -> None:
        """A finding about one row; after enough of its kind and column only counted."""
        text = None if found is None else str(found)[:200]
        weight = severity or _SEVERITIES.get(code, "warning")
        self._folded.add(Finding(code, weight, self.source, row, column, text, expected, item, details))

    def all(self) -> tuple[Finding, ...]:
        """All findings; where some were only counted, one more says how many and in which rows."""
        return (*self._first, *self._folded.all())
