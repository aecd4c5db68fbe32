"""Everything that is wrong in a ledger, row by row, for a sheet that goes back to who keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.progress import Progress, silent
from kawasolar.ledger.facilities import Ledger, header_for, read_loaded
from kawasolar.ledger.headings import joined_headings
from kawasolar.ledger.kinds import FACILITIES, ledger_kind
from kawasolar.ledger.mapping import letter_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.ledger.headings import Header, Row
    from kawasolar.ledger.loading import Loaded
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.places import Box
    from kawasolar.ledger.tables import Table

# Findings of one kind and column that are told one by one; and of all, of which a workbook has a row each.
LISTED_HERE = 20_000
MOST_FINDINGS = 50_000
# Columns of the file that the sheet of the rows shows.
MOST_COLUMNS = 250
# Of rows that are left out as they should be, nothing is to be mended; what is summed up is told row by row here.
_NOT_TOLD = (
    "ledger.no_place", "ledger.kind_unknown", "ledger.left_out_total", "ledger.left_out_heading", "ledger.left_out_note", "ledger.unused_columns",
    "register.memo",
)  # fmt: skip


@dataclass(frozen=True)
class OriginalRow:
    """A row of the file as it stands: its number as the user counts, its place from 0, its cells, and its findings by column (-1: the row as a whole)."""

    number: int
    place: int
    cells: Row
    findings: dict[int, tuple[Finding, ...]]


@dataclass(frozen=True)
class Checked:
    """A ledger of any kind with all that was found in it.

    Attributes
    ----------
    kind : of which it is
    source, sheet : the file, and its sheet or layer
    columns : our column -> heading
    good : rows that can be read
    findings : one by one, by row; those of the file as a whole first
    headings : the file's, of each column; its letter where it has none
    rows : those with findings, as they stand
    """

    kind: str
    source: str
    sheet: str
    columns: dict[str, str]
    good: int
    findings: tuple[Finding, ...]
    headings: tuple[str, ...]
    rows: tuple[OriginalRow, ...]

    @property
    def our_columns(self) -> dict[str, str]:
        """Heading -> our column."""
        return {heading: name for name, heading in self.columns.items()}


@dataclass(frozen=True)
class CheckedLedger(Checked):
    """A ledger of facilities; ``ledger`` is what was read."""

    ledger: Ledger


def check_ledger(
    loaded: Loaded, crs: CRS, *, area: Box | None = None, mapping: Mapping | None = None, progress: Progress = silent
) -> CheckedLedger:
    """Read a ledger and list all that is wrong in it; arguments as of :func:`kawasolar.ledger.facilities.read_facilities`.

    Raises
    ------
    UnreadableLedger
        It is no list of facilities.
    """
    ledger = read_loaded(loaded, crs, area=area, mapping=mapping, listed=LISTED_HERE, progress=progress)
    findings = to_mend(ledger.findings)
    headings = headings_of(loaded.table, header_for(loaded.table, loaded.path.name, mapping), FACILITIES)
    # Features of a layer are counted from 1, below the names of its fields.
    rows = original_rows(loaded.table, findings, headings, 0 if loaded.geometry is not None else -1)
    return CheckedLedger(
        FACILITIES, ledger.source, ledger.sheet, ledger.columns, len(ledger.facilities), findings, headings, rows, ledger,
    )  # fmt: skip


def to_mend(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What somebody can mend in the file, by row."""
    found = [finding for finding in findings if finding.code not in _NOT_TOLD]
    return tuple(sorted(found, key=lambda finding: finding.row or 0)[:MOST_FINDINGS])


def headings_of(table: Table, used: Header, kind: str) -> tuple[str, ...]:
    """What the columns of a table are called."""
    rows = table.rows
    texts = joined_headings(rows, used.first, used.last, ledger_kind(kind).words) if used.first >= 0 else []
    width = min(max((len(row) for row in rows), default=0), MOST_COLUMNS)
    texts += [""] * (width - len(texts))
    by_index = {column.index: column.heading for column in used.columns.values()}
    return tuple(by_index.get(k) or text or letter_of(k) for k, text in enumerate(texts[:width]))


def original_rows(
    table: Table, findings: Iterable[Finding], headings: tuple[str, ...], shift: int
) -> tuple[OriginalRow, ...]:
    """The rows with findings; ``shift`` is the place of a row less its number."""
    column_of = {heading: k for k, heading in reversed(list(enumerate(headings)))}
    by_row: dict[int, dict[int, list[Finding]]] = {}
    for finding in findings:
        if finding.row is not None:
            column = column_of.get(finding.column or "", -1)
            by_row.setdefault(finding.row, {}).setdefault(column, []).append(finding)
    rows = table.rows
    return tuple(
        OriginalRow(number, number + shift, rows[number + shift], {column: tuple(of) for column, of in found.items()})
        for number, found in sorted(by_row.items())
        if 0 <= number + shift < len(rows)
    )
