"""What the ledger's dialog asks for off the window's thread: plain functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress, part

if TYPE_CHECKING:
    from pyproj import CRS

    from kawasolar.ledger.checking import Checked, CheckedLedger
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.opening import Opened
    from kawasolar.ledger.places import Box
    from kawasolar.plan import Plan
    from kawasolar.renewing import Newer
    from kawasolar.words import Language


@dataclass(frozen=True)
class Asked:
    """The file and what the dialog was opened with.

    Attributes
    ----------
    sheet : that is asked for; empty for the first that fits
    crs, area : where the project lies
    layer_crs : of a map layer that does not say it
    mapping : that of the plan, tried first
    forms : file of the mappings that are remembered
    """

    path: Path
    crs: CRS
    area: Box | None = None
    sheet: str = ""
    layer_crs: str | None = None
    mapping: Mapping | None = None
    forms: Path | None = None


def open_ledger(asked: Asked, progress: Progress) -> Opened:
    """Read a file's cells, and propose what its columns are: as the plan says, as they were named the last time, else by heading and content."""
    from gis.crs import parse_crs
    from kawasolar.ledger.loading import load, sheets_of
    from kawasolar.ledger.opening import Opened, as_mapped
    from kawasolar.ledger.proposals import propose
    from kawasolar.ledger.remembered import recall

    progress(0.0, "ledger")
    sheets = sheets_of(asked.path)
    wanted = asked.sheet if asked.sheet in sheets else ""
    crs = parse_crs(asked.layer_crs) if asked.layer_crs else None
    loaded = load(asked.path, wanted or None, crs, part(progress, 0.1, 0.8))
    rows = loaded.table.rows
    mapping, known = None if asked.mapping is None else asked.mapping.placed(rows), "plan"
    if mapping is None and asked.forms is not None:
        mapping, known = recall(asked.forms, rows, loaded.table.name), "remembered"
    progress(0.8, "ledger")
    if mapping is None:
        return Opened(loaded, sheets, propose(loaded.table))
    return as_mapped(loaded, sheets, mapping, known)


def propose_again(
    opened: Opened, heading: tuple[int, int], begin: int | None, progress: Progress, kept: Mapping | None = None
) -> Opened:
    """The same cells with another heading, or another first row; ``kept`` are columns that stay as they were chosen."""
    from kawasolar.ledger.opening import opened_again

    progress(0.0, "ledger")
    return opened_again(opened, heading, begin, kept)


def check(asked: Asked, opened: Opened, mapping: Mapping, progress: Progress) -> CheckedLedger:
    """What is read by a mapping, and what is wrong."""
    from kawasolar.ledger.checking import check_ledger

    return check_ledger(opened.loaded, asked.crs, area=asked.area, mapping=mapping, progress=progress)


def compare(plan: Plan, opened: Opened, mapping: Mapping | None, sheet: str, progress: Progress) -> Newer:
    """What a newer ledger changes in a plan."""
    from kawasolar.renewing import read_newer

    return read_newer(plan, opened.loaded, mapping, sheet, progress, by_headings=mapping is None)


def write_sheet(checked: Checked, path: Path, language: Language, progress: Progress) -> Path:
    """Write the sheet to send back."""
    from kawasolar.export.ledger_check import write_ledger_check

    progress(0.1, "export")
    write_ledger_check(checked, path, language)
    return path


def keep_form(forms: Path, mapping: Mapping, *, plain: bool) -> None:
    """Remember a mapping for its form; one that the headings say anyway is none to be remembered."""
    from kawasolar.ledger.remembered import forget, remember

    if plain:
        forget(forms, mapping.form, mapping.kind)
    else:
        remember(forms, mapping)
