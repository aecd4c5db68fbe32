"""The entries as the rest of the program wants them: settings, overridden values, corrected rows, keep-outs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from kawasolar.document.entries import OTHER
from kawasolar.plan import Settings

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from pyproj import CRS

    from kawasolar.document.entries import Entries
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.plan import AnyLedger, Objective, Plan
    from kawasolar.profile import Profile


@dataclass(frozen=True)
class Mark:
    """Why something was entered, by whom and when (ISO 8601)."""

    why: str
    who: str
    when: str


@dataclass(frozen=True)
class ScenarioName:
    """A scenario by its key, as it is called."""

    key: str
    name: str
    note: str


def mark_of(entry: dict[str, Any]) -> Mark:
    """The mark of an entry that has one."""
    return Mark(entry["why"], entry["who"], entry["when"])


def scenarios_of(entries: Entries) -> tuple[ScenarioName, ...]:
    """All scenarios in the order in which people see them."""
    found = entries.table("scenarios")
    keys = sorted(found, key=lambda key: (found[key]["order"], key))
    return tuple(ScenarioName(key, found[key]["name"], found[key]["note"]) for key in keys)


def settings_of(entries: Entries, scenario: str, profile: Profile) -> Settings:
    """What the planner turned in a scenario; the profile's where nothing was."""
    criteria = entries.of_scenario("criteria", scenario)
    share = entries.get("share", scenario)
    if share is None:
        # The scenario may have overridden what it falls back on, whether or not the profile given has that already.
        overridden = entries.get("values", f"{scenario}/plan.share")
        share = profile.number("plan.share") if overridden is None else overridden["value"]
    return Settings(
        share=float(share),
        objective=cast("Objective", entries.get("objective", scenario) or profile.objective),
        criteria={key: (entry["applied"], entry["threshold"]) for key, entry in sorted(criteria.items())},
        pins=frozenset(entries.of_scenario("pins", scenario)),
        vetoes=frozenset(entries.of_scenario("vetoes", scenario)),
        standing={name: (entry["state"], entry["year"]) for name, entry in entries.table("standing").items()},
    )


def profile_of(entries: Entries, scenario: str, base: Profile) -> Profile:
    """The profile with the values that a scenario overrides."""
    entered = entries.of_scenario("values", scenario)
    return base.with_numbers({key: float(entry["value"]) for key, entry in entered.items()})


def layouts_entered(entries: Entries, scenario: str) -> dict[str, dict[str, float]]:
    """Facilities that are laid out otherwise than the rest, with the values by which they are: as a scenario says, and no more than stands already."""
    found = {name: dict(entry["values"]) for name, entry in entries.of_scenario("layouts", scenario).items()}
    for name, entry in entries.table("standing").items():
        if entry["capacity_kw"]:
            found[name] = {**found.get(name, {}), "layout.most_kw": float(entry["capacity_kw"])}
    return dict(sorted(found.items()))


def special_layouts(entries: Entries, scenario: str, profile: Profile) -> dict[str, Profile]:
    """As :func:`layouts_entered`, each with the profile by which it is laid out."""
    return {name: profile.with_numbers(values) for name, values in layouts_entered(entries, scenario).items()}


def corrected(entries: Entries, read: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The ledger with the values that people corrected; ``read`` itself where there are none.

    A correction of a facility or a column that the ledger does not have waits, without effect.
    """
    table = entries.table("ledger")
    if not table:
        return read
    frame = read.copy()
    row_of = {name: row for row, name in enumerate(frame["facility_id"])}
    by_column: dict[str, list[tuple[int, Any]]] = {}
    for key, entry in sorted(table.items()):
        column, facility = key.split("/", 1)
        if facility in row_of:
            by_column.setdefault(column, []).append((row_of[facility], entry["value"]))
    for column, cells in by_column.items():
        if column in LEDGER_COLUMNS:
            frame[column] = _with_cells(frame, column, cells)
    return frame


# What can be corrected by hand, and as what; places and joins have their own ways.
LEDGER_COLUMNS: dict[str, str] = {
    "name": "text", "kana": "text", "kind": "code", "ward": "text", "department": "text", "address": "text",
    "floor_area_m2": "number", "storeys": "number", "built_year": "year", "structure": "code", "seismic": "code",
    "roof_type": "code", "waterproofed_year": "year", "closure_year": "year", "remaining_years": "number",
    "shelter": "flag", "flood_depth_m": "number", "annual_kwh": "number", "contract_kw": "number",
    "roofing": "code", "roof_bears_n_m2": "number", "seismic_work_year": "year", "heritage": "code", "landslide": "code",
    "storm_surge_depth_m": "number", "tsunami_depth_m": "number",
}  # fmt: skip


def _with_cells(frame: pd.DataFrame, column: str, cells: list[tuple[int, Any]]) -> pd.Series[Any]:
    """A column with some cells replaced; one that the ledger lacks begins empty."""
    import numpy as np
    import pandas as pd

    empty = np.nan if LEDGER_COLUMNS[column] in ("number", "year") else None
    blank = np.full(len(frame), empty, dtype=object)
    values = frame[column].astype(object) if column in frame.columns else pd.Series(blank, frame.index, dtype=object)
    values = values.copy()
    for row, value in cells:
        values.iloc[row] = empty if value is None else value
    return values if empty is None else values.astype(np.float64)


_EXAMPLES = {"number": "1,234.5", "year": "1990"}


def ledger_value(column: str, text: str) -> object:
    """What a person wrote for a column, as the ledger holds it; None where it is empty.

    Raises
    ------
    BadEdit
        ``edit.no_such_column`` or ``edit.bad_ledger_value``
    """
    from kawasolar.document.edits import BadEdit
    from kawasolar.ledger.vocabulary import code_of, codes_of, flag_of

    kind = LEDGER_COLUMNS.get(column)
    plain = text.strip()
    if kind is None:
        raise BadEdit("edit.no_such_column", column=column)
    if not plain:
        return None
    if kind in ("number", "year"):
        value = _read_number(column, kind, plain)
        if value is None:
            raise BadEdit("edit.bad_ledger_value", column=column, found=plain, expected=_EXAMPLES[kind])
        return value
    if kind in ("flag", "code"):
        found = flag_of(plain) if kind == "flag" else code_of(column, plain)
        if found is None or found == "unknown":
            expected = ", ".join(codes_of(column)) or "true, false"
            raise BadEdit("edit.bad_ledger_value", column=column, found=plain, expected=expected)
        return found
    return plain


def _read_number(column: str, kind: str, text: str) -> float | None:
    """A number or a year as the reader of ledgers takes it (和暦, full-width, with its unit); None where it is none."""
    from kawasolar.ledger import values
    from kawasolar.ledger.cells import DEPTHS
    from kawasolar.ledger.vocabulary import vocabulary

    words = vocabulary()
    try:
        if kind == "year":
            value = values.year(text)
        elif column == "storeys":
            value = values.storeys(text)
        else:
            read = values.depth if column in DEPTHS else values.number
            value = read(text, units=words.units.get(column))
    except ValueError:
        return None
    low, high = words.ranges.get(column, (-math.inf, math.inf))
    return value if value is not None and low <= value <= high else None


def read_value(plan: Plan, facility_id: str, column: str) -> object:
    """What the file says, as an entry keeps it: a plain JSON value, None where it says nothing."""
    import pandas as pd

    frame = plan.facilities if plan.read is None else plan.read.frame
    if column not in frame.columns:
        return None
    value = frame.loc[frame["facility_id"] == facility_id, column].iloc[0]
    if value is None or pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def mapping_of(entries: Entries, kind: AnyLedger = "facilities") -> Mapping | None:
    """Which column of a ledger's file is which, as a person says; None where its headings say it."""
    entry = entries.get("columns", kind)
    if entry is None:
        return None
    from kawasolar.ledger.mapping import from_json

    return from_json(entry["mapping"], kind)


def aliases_of(entries: Entries) -> dict[str, str]:
    """What other lists call a facility, as a person says, by :func:`kawasolar.facility_names.name_key` -> facility; empty for none of ours."""
    return {key: str(entry["facility_id"]) for key, entry in entries.table("aliases").items()}


def joins_of(entries: Entries) -> dict[str, tuple[str, ...]]:
    """Facilities whose buildings a person has named, with these buildings."""
    return {facility: tuple(entry["building_ids"]) for facility, entry in sorted(entries.table("joins").items())}


def shares_of(entries: Entries) -> dict[str, tuple[str, ...]]:
    """Facilities that a person put into buildings whose roof counts for another, with these buildings."""
    found = entries.table("joins").items()
    return {facility: tuple(entry["shared"]) for facility, entry in sorted(found) if entry.get("shared")}


def keepouts_of(entries: Entries, crs: CRS) -> gpd.GeoDataFrame:
    """Drawn keep-outs: ``key``, ``building_id``, ``purpose``, ``geometry`` (Polygon)."""
    import geopandas as gpd
    import shapely

    table = sorted(entries.table("keepouts").items())
    shapes = [shapely.Polygon(entry["rings"][0], entry["rings"][1:]) for _, entry in table]
    return gpd.GeoDataFrame(
        {
            "key": [key for key, _ in table],
            "building_id": [entry["building_id"] for _, entry in table],
            "purpose": [entry.get("purpose", OTHER) for _, entry in table],
        },
        geometry=gpd.GeoSeries(shapes, crs=crs),
        crs=crs,
    )
