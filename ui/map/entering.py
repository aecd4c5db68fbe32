"""What the map's tools enter into the document, and what things are called there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.document import edits
from kawasolar.document.entries import OTHER, Edit, edit_of
from kawasolar.join.review import give

if TYPE_CHECKING:
    from collections.abc import Collection

    import shapely

    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Entries
    from kawasolar.plan import Plan
    from ui.map.keepouts import Keepout


def join_edit(entries: Entries, facility_id: str, chosen: Collection[str], by: Author) -> Edit:
    """These are the buildings of a facility; what a person had given to another is taken from there in the same step."""
    return give(entries, facility_id, chosen, by)


def reshape_edit(entries: Entries, row: Keepout, shape: shapely.Polygon, by: Author) -> Edit:
    """Another shape of a keep-out, under the same key and for the same purpose."""
    purpose = entries.table("keepouts")[row.key].get("purpose", OTHER)
    entry = edits.add_keepout(entries, row.building_id, shape, by, purpose).changes[0].after
    return edit_of(entries, "ui.undo.move_keepout", {("keepouts", row.key): entry}, building=row.building_id)


def facility_name(plan: Plan | None, facility_id: str) -> str:
    """What a facility is called; its id where it has no name."""
    if plan is None:
        return facility_id
    names = plan.facilities.loc[plan.facilities["facility_id"] == facility_id, "name"]
    return str(names.iloc[0]) if len(names) and isinstance(names.iloc[0], str) else facility_id


def building_name(plan: Plan | None, building_id: str) -> str:
    """What the facility of a building is called; the building's id where it has none."""
    links = None if plan is None else plan.results.links
    mine = [] if links is None else links.loc[links["building_id"] == building_id, "facility_id"].tolist()
    return facility_name(plan, str(mine[0])) if mine else building_id
