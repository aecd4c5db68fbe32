"""A newer ledger for a plan: read, compared with the one before, and taken in its place by one edit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.document.edits import edit_of, exchange_files, map_columns
from kawasolar.document.views import mapping_of
from kawasolar.errors import PlanError
from kawasolar.ledger.facilities import Ledger, read_loaded
from kawasolar.ledger.loading import Loaded, load, sheets_of
from kawasolar.ledger.renewal import Renewal, compare_ledgers, renewed_tables
from kawasolar.plan import InputFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries, Entry
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.places import Box
    from kawasolar.plan import Plan


@dataclass(frozen=True)
class Newer:
    """A newer ledger beside that of a plan.

    Attributes
    ----------
    file : as the plan will know it
    mapping : by which it was read; None where its headings say it
    """

    file: InputFile
    ledger: Ledger
    mapping: Mapping | None
    renewal: Renewal


def area_of(plan: Plan) -> Box:
    """Where a plan's facilities are looked for [m]: the rectangle of its buildings."""
    west, south, east, north = (float(bound) for bound in plan.results.buildings.total_bounds)
    return west, south, east, north


def ledger_file(plan: Plan) -> InputFile:
    """The ledger of a plan.

    Raises
    ------
    PlanError
        ``plan.input_unknown``
    """
    found = next((entry for entry in plan.inputs if entry.role == "facilities"), None)
    if found is None:
        raise PlanError("plan.input_unknown", missing="facilities")
    return found


def load_newer(plan: Plan, path: Path, sheet: str = "", progress: Progress = silent) -> Loaded:
    """The cells of a newer ledger: of the sheet that is asked for, else of that of the plan's ledger where there is one of its name."""
    from gis.crs import parse_crs

    before, known = ledger_file(plan), mapping_of(plan.entries)
    wanted = sheet or before.layer or (known.sheet if known is not None else "")
    if not sheet and wanted and wanted not in sheets_of(path):
        wanted = ""
    return load(path, wanted or None, parse_crs(before.crs) if before.crs else None, progress)


def read_newer(
    plan: Plan,
    loaded: Loaded,
    mapping: Mapping | None = None,
    sheet: str = "",
    progress: Progress = silent,
    *,
    by_headings: bool = False,
) -> Newer:
    """Read a newer ledger and compare it with that of a plan.

    Parameters
    ----------
    mapping : how it is read; as that of the plan, where it is of the same form, unless given
    sheet : that was asked for by name
    by_headings : whether a mapping of the plan is left aside

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        The file cannot be used.
    """
    from kawasolar.stages.bench import observed

    before = ledger_file(plan)
    if mapping is None and not by_headings:
        known = mapping_of(plan.entries)
        mapping = known if known is not None and known.placed(loaded.table.rows) is not None else None
    if mapping is not None:
        mapping = mapping.placed(loaded.table.rows) or mapping
    ledger = read_loaded(loaded, plan.crs, area=area_of(plan), mapping=mapping, progress=part(progress, 0.0, 0.8))
    layer = sheet or (before.layer if before.layer == ledger.sheet else "")
    raw = InputFile("facilities", str(loaded.path.resolve()), 0, "", crs=before.crs, layer=layer)
    (file,) = observed([raw])
    read = plan.facilities if plan.read is None else plan.read.frame
    return Newer(file, ledger, mapping, compare_ledgers(read, _with_wards(plan, ledger, loaded.path), plan.entries))


def _with_wards(plan: Plan, ledger: Ledger, path: Path) -> gpd.GeoDataFrame:
    """The facilities as the plan will have them: with the wards in which they lie, where it has a file of wards."""
    from gis.wards import read_wards
    from kawasolar.ward_places import with_wards

    file = next((entry for entry in plan.inputs if entry.role == "wards"), None)
    if file is None:
        return ledger.facilities
    wards = read_wards(Path(file.path), plan.crs, crs=file.crs or None)
    return with_wards(ledger.facilities, wards, path, Path(file.path))[0]


def renew_ledger(
    entries: Entries, present: Iterable[InputFile], newer: Newer, by: Author, taken: Iterable[str] = ()
) -> Edit:
    """Take a newer ledger in the place of the plan's, in one step that can be undone.

    Parameters
    ----------
    present : the plan's files
    taken : cells (``column/number``) of which the ledger shall count, not what a person once put in its place
    """
    changes = [
        *exchange_files(entries, present, [replace(newer.file)], by).changes,
        *map_columns(entries, newer.mapping, by).changes,
    ]
    wanted: dict[tuple[str, str], Entry] = {(change.table, change.key): change.after for change in changes}
    for table, after in renewed_tables(entries, newer.renewal, frozenset(taken)).items():
        wanted |= {(table, key): None for key in entries.table(table) if key not in after}
        wanted |= {(table, key): entry for key, entry in after.items()}
    return edit_of(entries, "ui.undo.renewal", wanted, file=Path(newer.file.path).name)
