"""A register's file as the assistant for its columns opens it: which sheet, of what kind it is, and what its columns seem to be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.ledger.headings import find_header
from kawasolar.ledger.kinds import FACILITIES, ledger_kind
from kawasolar.ledger.loading import sheets_of
from kawasolar.ledger.opening import Opened, as_mapped
from kawasolar.ledger.proposals import propose
from kawasolar.ledger.remembered import recall
from kawasolar.registers.reading import best_by_headings, tables_of
from kawasolar.registers.schema import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.loading import Loaded
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.proposals import Proposed
    from kawasolar.registers.schema import Kind

# Sheets whose content is looked at, where no heading says what they are.
_MOST_SHEETS = 12
# Rows and columns by which they are compared.
_MOST_ROWS, _MOST_COLUMNS = 150, 60


def open_register(
    path: Path, kind: Kind | None = None, sheet: str = "", *, mapping: Mapping | None = None, forms: Path | None = None,
    facilities: FacilityNames | None = None, progress: Progress = silent,
) -> Opened:  # fmt: skip
    """Read a file's cells, and propose what its columns are: as a plan says, as they were named the last time, else by heading and content.

    Parameters
    ----------
    kind : of which it is; as it was named before, else that of whose columns the most are there unless given
    sheet : the first that fits unless given
    mapping : that of the plan, tried first
    forms : file of the mappings that are remembered
    facilities : of the plan that is open

    Raises
    ------
    UnreadableLedger
        The file cannot be read.
    """
    progress(0.0, "ledger")
    sheets = sheets_of(path)
    tables = list(tables_of(path, sheet if sheet in sheets else None))
    progress(0.5, "ledger")
    if mapping is not None and mapping.kind in (KINDS if kind is None else (kind,)):
        for loaded in tables:
            if (placed := mapping.placed(loaded.table.rows)) is not None:
                return as_mapped(loaded, sheets, placed, "plan", facilities)
    if forms is not None and (found := _remembered(tables, kind, forms)) is not None:
        return as_mapped(found[0], sheets, found[1], "remembered", facilities)
    loaded, proposed = _proposed(tables, kind, facilities, part(progress, 0.5, 1.0))
    return Opened(loaded, sheets, replace(proposed, other=_other(loaded, proposed.kind)))


def _other(loaded: Loaded, kind: str) -> str | None:
    """The ledger whose headings these are, where they are another's: one that says where its things are is of facilities."""
    facilities = find_header(loaded.table.rows)
    if facilities is not None and {"name", "latitude", "longitude"} <= facilities.columns.keys():
        return FACILITIES
    better = best_by_headings([loaded], None)
    return better[0] if better is not None and better[0] != kind else None


def _remembered(tables: Sequence[Loaded], kind: Kind | None, forms: Path) -> tuple[Loaded, Mapping] | None:
    for loaded in tables:
        for of in KINDS if kind is None else (kind,):
            if (found := recall(forms, loaded.table.rows, loaded.table.name, of)) is not None:
                return loaded, found
    return None


def _proposed(
    tables: Sequence[Loaded], kind: Kind | None, facilities: FacilityNames | None, progress: Progress
) -> tuple[Loaded, Proposed]:
    """By headings; where none has all that its kind needs, the table and kind of which the most is there."""
    known = best_by_headings(tables, kind)
    if known is not None:
        return known[1], propose(known[1].table, kind=known[0], facilities=facilities)
    found: list[tuple[tuple[int, float], Loaded, Kind]] = []
    looked, kinds = tables[:_MOST_SHEETS], KINDS if kind is None else (kind,)
    for k, loaded in enumerate(looked if len(looked) * len(kinds) > 1 else ()):
        corner = replace(loaded.table, rows=[row[:_MOST_COLUMNS] for row in loaded.table.rows[:_MOST_ROWS]])
        for j, of in enumerate(kinds):
            progress(0.8 * (k + j / len(kinds)) / len(looked), "ledger")
            found.append((_rank(propose(corner, kind=of, facilities=facilities)), loaded, of))
    _, loaded, of = max(found, key=lambda one: one[0], default=((0, 0.0), looked[0], kinds[0]))
    return loaded, propose(loaded.table, kind=of, facilities=facilities)


def _rank(proposed: Proposed) -> tuple[int, float]:
    """What is needed and not there counts most, then how much is told, and how surely."""
    lacking = len(ledger_kind(proposed.kind).lacking([one.column for one in proposed.columns]))
    return -lacking, sum(one.sure for one in proposed.columns if one.column)
