"""What a newer ledger changes: facilities that come, go or change, and what becomes of the cells that people corrected."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kawasolar.document.entries import OF_SCENARIO
from kawasolar.ledger.vocabulary import folded

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from kawasolar.document.entries import Entries

State = Literal["kept", "equal", "changed", "gone"]
# Columns that say where in the file a facility stands, or that follow from others.
_LEFT_ASIDE = ("facility_id", "source_row", "geometry", "closure_known")
# Numbers that the reader gave a facility by its row.
_ROW_ID = re.compile(r"row-\d+(-a)*")
# Facilities of one name are the same within this [m].
_SAME_PLACE_M = 50.0
# Where fewer of the numbers are found again than this, and more by name, the numbers were changed wholesale.
_WHOLESALE = 0.5
# Degrees: a centimetre; coordinates from a plane system come back with the last digits otherwise.
_DEGREES = 1e-7
# Tables of entries whose keys end in a facility; those of a scenario begin with it.
_OF_FACILITY = ("ledger", "joins", "reviews", "standing", "pins", "vetoes", "layouts", "terms")
# Tables of lists of facilities.
_LISTS = ("counts", "lots")


@dataclass(frozen=True)
class CellChange:
    """One cell that the newer ledger has otherwise; ``facility_id`` is the newer ledger's."""

    facility_id: str
    name: str
    column: str
    before: object
    after: object


@dataclass(frozen=True)
class Corrected:
    """A cell that a person corrected, beside what the newer ledger says.

    ``state``: ``kept`` (the ledger says what it said), ``equal`` (it now says what the person says: the correction can go), ``changed`` (it
    says something else again: to be decided), ``gone`` (it has no such facility any more: the correction waits).
    """

    facility_id: str
    name: str
    column: str
    value: object
    read: object
    now: object
    state: State

    @property
    def key(self) -> str:
        """As the entries and the command line name the cell, by the newer ledger's number of the facility."""
        return f"{self.column}/{self.facility_id}"


@dataclass(frozen=True)
class Lost:
    """What was entered for a facility that the newer ledger does not have: it waits, without effect. ``table`` is that of the entries."""

    facility_id: str
    name: str
    table: str
    scenario: str


@dataclass(frozen=True)
class Renewal:
    """What a newer ledger changes.

    Attributes
    ----------
    added, removed : (number, name); those that go by the number that they have now
    changed : cell by cell, of the columns that both ledgers have
    same : facilities of which no cell changes
    columns_gone, columns_new : columns of which only one ledger knows
    corrections : every corrected cell
    lost : pins, vetoes, layouts, joins, meters and names of facilities that go
    renumbered : number of before -> new number, where they differ
    by_name : the numbers were changed wholesale, or there are none: facilities were found again by name and place
    """

    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    changed: tuple[CellChange, ...]
    same: int
    columns_gone: tuple[str, ...]
    columns_new: tuple[str, ...]
    corrections: tuple[Corrected, ...]
    lost: tuple[Lost, ...]
    renumbered: dict[str, str]
    by_name: bool

    @property
    def is_nothing(self) -> bool:
        """Whether the newer ledger says the same of the same facilities."""
        return not (
            self.added or self.removed or self.changed or self.columns_gone or self.columns_new or self.renumbered
        )

    @property
    def changed_facilities(self) -> int:
        """Facilities of which a cell changes."""
        return len({change.facility_id for change in self.changed})


def compare_ledgers(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, entries: Entries) -> Renewal:
    """Compare the facilities that a plan read with those of a newer ledger.

    Parameters
    ----------
    before, after : facilities as in ``docs/nomenclature.md``, as read: without corrections
    entries : of the plan
    """
    pairs, by_name = _pairs(before, after)
    columns = [name for name in before.columns if name in after.columns and name not in _LEFT_ASIDE]
    old_row = {name: row for row, name in enumerate(before["facility_id"])}
    new_row = {name: row for row, name in enumerate(after["facility_id"])}
    names = dict(zip(after["facility_id"], after["name"], strict=True))
    ordered = sorted(pairs.items(), key=lambda pair: new_row[pair[1]])
    old_rows, new_rows = [old_row[old] for old, _ in ordered], [new_row[new] for _, new in ordered]
    changed: list[CellChange] = []
    new_ids = [new for _, new in ordered]
    for column in columns:
        olds, news = before[column].tolist(), after[column].tolist()
        for new, i, j in zip(new_ids, old_rows, new_rows, strict=True):
            a, b = plain(olds[i]), plain(news[j])
            if not same_cell(column, a, b):
                changed.append(CellChange(new, str(names[new]), column, a, b))
    changed.sort(key=lambda change: new_row[change.facility_id])
    removed = tuple((str(i), str(n)) for i, n in _named(before) if i not in pairs)
    taken = set(pairs.values())
    differing = {change.facility_id for change in changed}
    return Renewal(
        added=tuple((str(i), str(n)) for i, n in _named(after) if i not in taken), removed=removed, changed=tuple(changed),
        same=len(pairs) - len(differing), columns_gone=_only(before, after), columns_new=_only(after, before),
        corrections=_corrections(before, after, entries, pairs), lost=_lost(dict(removed), entries),
        renumbered={old: new for old, new in pairs.items() if old != new}, by_name=by_name,
    )  # fmt: skip


def _named(frame: pd.DataFrame) -> list[tuple[Any, Any]]:
    return list(zip(frame["facility_id"], frame["name"], strict=True))


def _only(here: pd.DataFrame, there: pd.DataFrame) -> tuple[str, ...]:
    return tuple(str(name) for name in here.columns if name not in there.columns and name not in _LEFT_ASIDE)


def plain(value: object) -> object:
    """A cell as plain Python; None where it is missing."""
    if (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    ):
        return None
    return value.item() if isinstance(value, np.generic) else value


def same_cell(column: str, before: object, after: object) -> bool:
    """Whether two cells say the same."""
    if column in ("latitude", "longitude") and isinstance(before, float) and isinstance(after, float):
        return abs(before - after) <= _DEGREES
    if isinstance(before, bool) != isinstance(after, bool):
        return False
    return before == after


# ---------------------------------------------------------------------------------------------- who is who


def _pairs(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> tuple[dict[str, str], bool]:
    """Facility of before -> the same in the newer ledger, and whether by name and place instead of by number."""
    old, new = list(before["facility_id"]), set(after["facility_id"])
    by_id = {name: name for name in old if name in new}
    invented = any(_mostly_invented(frame) for frame in (before, after))
    least = min(len(before), len(after))
    if not invented and len(by_id) >= _WHOLESALE * least:
        return by_id, False
    by_name = _pairs_by_name(before, after)
    if not invented and len(by_name) < max(len(by_id) + 1, _WHOLESALE * least):
        return by_id, False
    return by_name, True


def _mostly_invented(frame: pd.DataFrame) -> bool:
    """Whether most numbers are those of rows, which move with every row that comes or goes."""
    found = sum(bool(_ROW_ID.fullmatch(str(name))) for name in frame["facility_id"])
    return 2 * found > len(frame)


def _pairs_by_name(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> dict[str, str]:
    """Of one name and one place; where a place is not known, of a name that each ledger has once."""
    olds, news = _by_name(before), _by_name(after)
    pairs: dict[str, str] = {}
    for name, ours in olds.items():
        theirs = news.get(name, [])
        if len(ours) == len(theirs) == 1 and _distance(ours[0], theirs[0]) is None:
            pairs[ours[0][0]] = theirs[0][0]
            continue
        near = sorted(
            (far, i, j) for i, a in enumerate(ours) for j, b in enumerate(theirs) if (far := _distance(a, b)) is not None and far <= _SAME_PLACE_M
        )  # fmt: skip
        used: tuple[set[int], set[int]] = (set(), set())
        for _, i, j in near:
            if i not in used[0] and j not in used[1]:
                used[0].add(i)
                used[1].add(j)
                pairs[ours[i][0]] = theirs[j][0]
    return pairs


_Known = tuple[str, float, float]


def _by_name(frame: gpd.GeoDataFrame) -> dict[str, list[_Known]]:
    found: dict[str, list[_Known]] = {}
    for facility, name, point in zip(frame["facility_id"], frame["name"], frame.geometry, strict=True):
        known = point is not None and not point.is_empty
        place = (float(point.x), float(point.y)) if known else (math.nan, math.nan)
        found.setdefault(folded(str(name)), []).append((str(facility), *place))
    return found


def _distance(a: _Known, b: _Known) -> float | None:
    far = math.hypot(a[1] - b[1], a[2] - b[2])
    return None if math.isnan(far) else far


# ---------------------------------------------------------------------------------------------- what people entered


def _corrections(
    before: pd.DataFrame, after: pd.DataFrame, entries: Entries, pairs: dict[str, str]
) -> tuple[Corrected, ...]:
    rows = {name: row for row, name in enumerate(after["facility_id"])}
    names = dict(zip(before["facility_id"], before["name"], strict=True))
    found = []
    for key, entry in sorted(entries.table("ledger").items()):
        column, facility = key.split("/", 1)
        new = pairs.get(facility, facility if facility not in names else None)
        now = None
        if new is None or new not in rows:
            state: State = "gone"
        else:
            now = plain(after[column].iloc[rows[new]]) if column in after.columns else None
            state = (
                "equal" if same_cell(column, now, entry["value"])
                else "kept" if same_cell(column, now, entry["read"]) else "changed"
            )  # fmt: skip
        found.append(
            Corrected(new or facility, str(names.get(facility, "")), column, entry["value"], entry["read"], now, state)
        )
    return tuple(found)


def _lost(removed: dict[str, str], entries: Entries) -> tuple[Lost, ...]:
    found = []
    for table in ("pins", "vetoes", "layouts", "terms", "joins", "standing"):
        for key in sorted(entries.table(table)):
            scenario, facility = key.split("/", 1) if table in OF_SCENARIO else ("", key)
            if facility in removed:
                found.append(Lost(facility, removed[facility], table, scenario))
    for table in ("meters", "aliases"):
        given = sorted({entry["facility_id"] for entry in entries.table(table).values()})
        found += [Lost(facility, removed[facility], table, "") for facility in given if facility in removed]
    return tuple(found)


def renewed_tables(entries: Entries, renewal: Renewal, taken: frozenset[str]) -> dict[str, dict[str, Any]]:
    """The tables of what people entered of single facilities as they are under the newer ledger.

    A correction that has become equal to the ledger goes, as does one of ``taken``; of the others ``read`` is what the newer ledger says.
    Where facilities bear other numbers, what was entered goes with them.

    Parameters
    ----------
    taken : keys (``column/number``, the newer number) of corrections that the ledger shall overrule
    """
    by_key = {one.key: one for one in renewal.corrections}
    tables: dict[str, dict[str, Any]] = {}
    for table in _OF_FACILITY:
        moved: dict[str, Any] = {}
        for key, entry in entries.table(table).items():
            # A number may have a stroke in it itself.
            begin, stroke, facility = ("", "", key) if table in ("joins", "reviews", "standing") else key.partition("/")
            new = f"{begin}{stroke}{renewal.renumbered.get(facility, facility)}"
            kept = entry
            if table == "ledger" and (found := by_key.get(new)) is not None and found.state != "gone":
                if found.state == "equal" or new in taken:
                    continue
                kept = entry if found.state == "kept" else {**entry, "read": found.now}
            # A facility's own entry goes before one that waited under its new number.
            if new not in moved or facility in renewal.renumbered:
                moved[new] = kept
        tables[table] = moved
    # A supply point is known by its own number, a name by itself; whose it is may be called otherwise.
    for table in ("meters", "aliases"):
        tables[table] = {
            key: {**entry, "facility_id": renewal.renumbered.get(entry["facility_id"], entry["facility_id"])}
            for key, entry in entries.table(table).items()
        }
    # A frozen list stays as long as it was, whoever has gone since.
    for table in _LISTS:
        tables[table] = {
            key: {**entry, "facility_ids": [renewal.renumbered.get(name, name) for name in entry["facility_ids"]]}
            for key, entry in entries.table(table).items()
        }
    return tables
