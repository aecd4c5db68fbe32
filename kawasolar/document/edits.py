"""The edits that people make, one function each: entries in, the edit out; see :mod:`kawasolar.document.entries`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kawasolar.document import entries as plain
from kawasolar.document.entries import OF_SCENARIO, OTHER, PURPOSES
from kawasolar.errors import PlanError
from kawasolar.layout_values import CHOICES
from kawasolar.plan import no_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from shapely import Polygon

    from kawasolar.document.entries import Edit, Entries, Entry
    from kawasolar.ledger.mapping import Mapping as ColumnMapping
    from kawasolar.plan import AnyLedger, InputFile, Objective


# Control, format and line signs.
_HIDDEN = ("Cc", "Cf", "Zl", "Zp")
# Of a scenario: it heads columns.
_LONGEST_NAME = 200


class BadEdit(PlanError):
    """Something that cannot be entered; the code says what to do."""


@dataclass(frozen=True)
class Author:
    """Who enters something, and why; ``when`` is now unless given."""

    who: str
    why: str = ""
    when: str = ""

    def mark(self) -> dict[str, str]:
        """As it is kept with the entry."""
        when = self.when or datetime.now(UTC).isoformat(timespec="seconds")
        return {"why": self.why.strip(), "who": self.who, "when": when}


def edit_of(
    entries: Entries, words: str, wanted: Mapping[tuple[str, str], Entry], merge: str = "", **details: str
) -> Edit:
    """As :func:`kawasolar.document.entries.edit_of`; what a project file would not be read with is refused at once.

    Half a character, as some input methods and consoles leave it, becomes the sign for an unknown one.

    Raises
    ------
    BadEdit
        ``edit.refused``: an overlong text, a number that is none
    """
    from kawasolar.document.check import check_entry

    whole = {place: _whole(entry) for place, entry in wanted.items()}
    edit = plain.edit_of(entries, words, whole, merge, **{name: _whole(text) for name, text in details.items()})
    for change in edit.changes:
        if change.after is not None:
            try:
                check_entry(change.table, change.key, change.after)
            except ValueError as error:
                raise BadEdit("edit.refused", table=change.table, key=change.key[:60], reason=str(error)) from error
    return edit


def _whole(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Texts without half characters."""
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in value)
    if isinstance(value, dict):
        return {key: _whole(entry) for key, entry in value.items()}
    return value


# ---------------------------------------------------------------------------------------------- the scenario's settings


def set_share(entries: Entries, scenario: str, share: float) -> Edit:
    """Share of the eligible facilities to choose, 0…1; a drag is one step.

    Raises
    ------
    BadEdit
        ``edit.out_of_range``
    """
    if not 0 <= share <= 1:
        raise BadEdit("edit.out_of_range", key="plan.share", found=share, low=0, high=1, unit="-")
    return edit_of(entries, "ui.undo.share", {("share", scenario): share}, merge=f"share/{scenario}")


def set_objective(entries: Entries, scenario: str, objective: Objective) -> Edit:
    """What the choice makes as large as it can."""
    return edit_of(entries, "ui.undo.objective", {("objective", scenario): objective})


def set_criterion(
    entries: Entries,
    scenario: str,
    key: str,
    applied: bool,
    threshold: float | None,
    by: Author,
    *,
    merge: bool = False,
) -> Edit:
    """Apply a criterion or not, with this threshold; ``merge`` for the turns of one spin box.

    Raises
    ------
    BadEdit
        ``edit.no_such_criterion`` or ``edit.out_of_range``
    """
    from kawasolar.value_rules import CRITERION_RULES

    if key not in CRITERION_RULES:
        raise BadEdit("edit.no_such_criterion", key=key)
    unit, bounds = CRITERION_RULES[key]
    if bounds is not None and threshold is not None and not bounds[0] <= threshold <= bounds[1]:
        raise BadEdit("edit.out_of_range", key=key, found=threshold, low=bounds[0], high=bounds[1], unit=unit)
    entry = {"applied": applied, "threshold": threshold, **by.mark()}
    known = entries.get("criteria", f"{scenario}/{key}")
    if known is not None and (known["applied"], known["threshold"]) == (applied, threshold):
        entry = known
    place = ("criteria", f"{scenario}/{key}")
    return edit_of(entries, "ui.undo.criterion", {place: entry}, merge=f"criteria/{scenario}/{key}" if merge else "")


def reset_settings(entries: Entries, scenario: str) -> Edit:
    """Share, objective and criteria as the profile has them; pins, vetoes and values stay."""
    wanted: dict[tuple[str, str], Entry] = {("share", scenario): None, ("objective", scenario): None}
    wanted |= {("criteria", f"{scenario}/{key}"): None for key in entries.of_scenario("criteria", scenario)}
    return edit_of(entries, "ui.undo.reset", wanted)


def pin(entries: Entries, scenario: str, facility_ids: Iterable[str], by: Author) -> Edit:
    """These must be in, whatever their rank."""
    return _place(entries, scenario, facility_ids, "pins", "vetoes", "ui.undo.pin", by)


def veto(entries: Entries, scenario: str, facility_ids: Iterable[str], by: Author) -> Edit:
    """These must be out; ``by.why`` is the reason that the list will give."""
    return _place(entries, scenario, facility_ids, "vetoes", "pins", "ui.undo.veto", by)


def _place(
    entries: Entries, scenario: str, facility_ids: Iterable[str], into: str, out_of: str, words: str, by: Author
) -> Edit:
    wanted: dict[tuple[str, str], Entry] = {}
    for name in facility_ids:
        key = f"{scenario}/{name}"
        known = entries.get(into, key)
        if known is None or (by.why.strip() and known["why"] != by.why.strip()):
            wanted[into, key] = by.mark()
        wanted[out_of, key] = None
    return edit_of(entries, words, wanted)


def release(entries: Entries, scenario: str, facility_ids: Iterable[str]) -> Edit:
    """Neither pinned nor vetoed."""
    keys = [f"{scenario}/{name}" for name in facility_ids]
    return edit_of(entries, "ui.undo.release", {(table, key): None for key in keys for table in ("pins", "vetoes")})


# ---------------------------------------------------------------------------------------------- layouts


def lay_out(
    entries: Entries, scenario: str, facility_ids: Iterable[str], values: Mapping[str, float | None], by: Author
) -> Edit:
    """Lay some facilities out by other values than the rest; None gives a value of the plan back, and no value at all the whole layout.

    Raises
    ------
    BadEdit
        ``edit.no_such_value``: none by which a single facility can be laid out; ``edit.out_of_range``
    """
    for key, value in values.items():
        if key not in CHOICES:
            raise BadEdit("edit.no_such_value", key=key)
        if value is not None:
            _check_value(key, value)
    wanted: dict[tuple[str, str], Entry] = {}
    for name in facility_ids:
        known = entries.get("layouts", f"{scenario}/{name}")
        merged = {**({} if known is None else known["values"]), **values} if values else {}
        kept = {key: float(value) for key, value in merged.items() if value is not None}
        same = known is not None and known["values"] == kept and not by.why.strip()
        wanted["layouts", f"{scenario}/{name}"] = known if same else {"values": kept, **by.mark()} if kept else None
    return edit_of(entries, "ui.undo.layout", wanted)


# ---------------------------------------------------------------------------------------------- values and the ledger


def set_value(entries: Entries, scenario: str, key: str, value: float, by: Author, *, source: str = "") -> Edit:
    """Override a number of the profile in one scenario.

    Raises
    ------
    BadEdit
        ``edit.no_such_value``, ``edit.out_of_range`` or ``edit.no_reason``
    """
    _check_value(key, value)
    if not by.why.strip():
        raise BadEdit("edit.no_reason", key=key)
    entry = {"value": float(value), "source": source.strip(), **by.mark()}
    return edit_of(entries, "ui.undo.value", {("values", f"{scenario}/{key}"): entry}, key=key)


def _check_value(key: str, value: float) -> None:
    from kawasolar.value_rules import INTEGERS, VALUE_RULES

    if key not in VALUE_RULES:
        raise BadEdit("edit.no_such_value", key=key)
    unit, low, high = VALUE_RULES[key]
    if not low <= value <= high or (key in INTEGERS and value != int(value)):
        raise BadEdit("edit.out_of_range", key=key, found=value, low=low, high=high, unit=unit)


def choose_module(
    entries: Entries, scenario: str, values: Mapping[str, float], by: Author, *, source: str = "", name: str = ""
) -> Edit:
    """Lay the whole scenario out of another module: its values (:func:`kawasolar.modules.values_of`) in one step.

    Raises
    ------
    BadEdit
        as :func:`set_value`
    """
    wanted: dict[tuple[str, str], Entry] = {}
    for key, value in values.items():
        change = set_value(entries, scenario, key, value, by, source=source)
        wanted |= {(c.table, c.key): c.after for c in change.changes}
    return edit_of(entries, "ui.undo.module", wanted, name=name)


def reset_value(entries: Entries, scenario: str, keys: Collection[str]) -> Edit:
    """The profile's numbers again."""
    wanted = {("values", f"{scenario}/{key}"): None for key in keys}
    return edit_of(entries, "ui.undo.reset_value", wanted, key=next(iter(keys), ""))


def correct_ledger(entries: Entries, facility_id: str, column: str, value: Entry, read: Entry, by: Author) -> Edit:
    """Correct a value of the ledger; ``read`` is what the file says. A value equal to it takes the correction away.

    Raises
    ------
    BadEdit
        ``edit.no_such_column`` or ``edit.no_reason``
    """
    from kawasolar.document.views import LEDGER_COLUMNS

    if column not in LEDGER_COLUMNS:
        raise BadEdit("edit.no_such_column", column=column)
    place = ("ledger", f"{column}/{facility_id}")
    if value == read:
        return edit_of(entries, "ui.undo.ledger", {place: None}, facility=facility_id, column=column)
    if not by.why.strip():
        raise BadEdit("edit.no_reason", key=column)
    entry = {"value": value, "read": read, **by.mark()}
    return edit_of(entries, "ui.undo.ledger", {place: entry}, facility=facility_id, column=column)


def map_columns(entries: Entries, mapping: ColumnMapping | None, by: Author, kind: AnyLedger = "facilities") -> Edit:
    """Say which column of a ledger's file is which; None leaves it to the headings."""
    from kawasolar.ledger.mapping import as_json

    place, known = ("columns", kind), entries.get("columns", kind)
    told = None if mapping is None else as_json(mapping)
    same = known is not None and known["mapping"] == told
    entry = None if told is None else known if same else {"mapping": told, **by.mark()}
    return edit_of(entries, "ui.undo.columns", {place: entry})


# ---------------------------------------------------------------------------------------------- joins and roofs


def correct_join(
    entries: Entries, facility_id: str, building_ids: Iterable[str] | None, by: Author, shared: Iterable[str] = ()
) -> Edit:
    """Name the buildings of a facility by hand; None leaves it to the program again.

    Parameters
    ----------
    shared : further buildings in which it is, whose roof counts for another facility
    """
    place = ("joins", facility_id)
    if building_ids is None:
        return edit_of(entries, "ui.undo.join", {place: None}, facility=facility_id)
    own = set(building_ids)
    others = sorted(set(shared) - own)
    entry = {"building_ids": sorted(own), **({"shared": others} if others else {}), **by.mark()}
    return edit_of(entries, "ui.undo.join", {place: entry}, facility=facility_id)


def review_join(
    entries: Entries, facility_id: str, verdict: str | None, building_ids: Iterable[str], by: Author
) -> Edit:
    """Say that somebody has looked at the links of a facility as they are; None takes it back.

    Parameters
    ----------
    verdict : one of :data:`kawasolar.document.entries.VERDICTS`
    building_ids : the buildings that were seen: where others are linked later, nobody has looked at them
    """
    entry = None if verdict is None else {"verdict": verdict, "building_ids": sorted(set(building_ids)), **by.mark()}
    words = f"ui.undo.review_{verdict or 'none'}"
    return edit_of(entries, words, {("reviews", facility_id): entry}, facility=facility_id)


def own_meters(entries: Entries, owners: Mapping[str, str | None], by: Author) -> Edit:
    """Say whose supply points are whose; empty for nobody's, None leaves one to the program again. What was said already keeps its mark."""
    wanted: dict[tuple[str, str], Entry] = {}
    for key, facility_id in owners.items():
        known = entries.get("meters", key)
        if facility_id is None:
            wanted["meters", key] = None
        elif known is None or known["facility_id"] != facility_id or by.why.strip():
            wanted["meters", key] = {"facility_id": facility_id, **by.mark()}
    return edit_of(entries, "ui.undo.meter", wanted, point=next(iter(owners), ""))


def name_facilities(entries: Entries, names: Mapping[str, str | None], by: Author) -> Edit:
    """Say which facility other lists mean by a name; empty for none of ours, None leaves it to the program again."""
    from kawasolar.facility_names import name_key

    wanted: dict[tuple[str, str], Entry] = {}
    for name, facility_id in names.items():
        key = name_key(name)
        if not key:
            continue
        known = entries.get("aliases", key)
        if facility_id is None:
            wanted["aliases", key] = None
        elif known is None or known["facility_id"] != facility_id or by.why.strip():
            wanted["aliases", key] = {"facility_id": facility_id, **by.mark()}
    return edit_of(entries, "ui.undo.alias", wanted, name=next(iter(names), ""))


def add_keepout(entries: Entries, building_id: str, shape: Polygon, by: Author, purpose: str = OTHER) -> Edit:
    """No modules inside this polygon (project CRS) on the roofs of the building.

    Parameters
    ----------
    purpose : one of :data:`kawasolar.document.entries.PURPOSES`

    Raises
    ------
    BadEdit
        ``edit.bad_keepout``: empty, it crosses itself, or nobody knows such a purpose
    """
    import shapely

    if purpose not in PURPOSES or shape.is_empty or not shape.is_valid or not shape.area > 0:
        raise BadEdit("edit.bad_keepout", building=building_id)
    rings = [shape.exterior, *shape.interiors]
    # Millimetres: what a person draws is no finer, and the file stays small.
    points = [[[float(round(x, 3)), float(round(y, 3))] for x, y in shapely.get_coordinates(ring)] for ring in rings]
    drawn = shapely.Polygon(points[0], points[1:])
    if not drawn.is_valid or not drawn.area > 0:
        raise BadEdit("edit.bad_keepout", building=building_id)
    entry = {
        "building_id": building_id,
        "rings": points,
        **({} if purpose == OTHER else {"purpose": purpose}),
        **by.mark(),
    }
    key = f"k{_last_number(entries, 'keepouts') + 1}"
    return edit_of(entries, "ui.undo.keepout", {("keepouts", key): entry}, building=building_id)


def remove_keepouts(entries: Entries, keys: Iterable[str]) -> Edit:
    """Take drawn keep-outs away."""
    return edit_of(entries, "ui.undo.remove_keepout", {("keepouts", key): None for key in keys})


def exchange_files(
    entries: Entries,
    present: Iterable[InputFile],
    files: Iterable[InputFile],
    by: Author,
    *,
    profile: str = "",
    before: str = "",
) -> Edit:
    """Take other input files in the place of those of the same role; a file that is the same stays.

    Parameters
    ----------
    present, files : the plan's files, and those to take; one without a path takes the present one away
    profile, before : TOML of the profile to take and of the present one, where a profile is exchanged; without a file of it
        among ``files`` the plan keeps the text alone
    """
    files = tuple(files)
    if profile and not any(file.role == "profile" for file in files):
        files = (*files, no_file("profile"))
    now = {entry.role: entry for entry in present}
    wanted: dict[tuple[str, str], Entry] = {}
    for file in files:
        old = now.get(file.role)
        is_profile = file.role == "profile"
        same = _file_fields(old) == _file_fields(file) if old is not None else not file.path
        if same and not (is_profile and not file.path and profile not in ("", before)):
            continue
        was = _file_fields(old) if old is not None else {"path": "", "size": 0, "sha256": "", "crs": "", "layer": ""}
        wanted["inputs", file.role] = {
            **_file_fields(file), "text": profile if is_profile else "",
            "was": {**was, "text": before if is_profile else ""}, **by.mark(),
        }  # fmt: skip
    return edit_of(entries, "ui.undo.inputs", wanted)


def _file_fields(file: InputFile) -> dict[str, Any]:
    return {"path": file.path, "size": file.size, "sha256": file.sha256, "crs": file.crs, "layer": file.layer}


# ---------------------------------------------------------------------------------------------- scenarios


def first_scenario(entries: Entries, name: str) -> Edit:
    """The one that every project begins with."""
    return edit_of(entries, "ui.undo.scenario_add", {("scenarios", "s1"): _scenario(name, "", 1)}, name=name)


def duplicate_scenario(entries: Entries, scenario: str, name: str, note: str = "") -> tuple[Edit, str]:
    """A copy of a scenario under another name, with all that was turned in it; also the new one's key.

    Raises
    ------
    BadEdit
        ``edit.scenario_name``: empty or taken
    """
    _check_name(entries, name, "")
    table = entries.table("scenarios")
    key, order = (
        f"s{_last_number(entries, 'scenarios') + 1}",
        max((entry["order"] for entry in table.values()), default=0) + 1,
    )
    wanted: dict[tuple[str, str], Any] = {("scenarios", key): _scenario(name.strip(), note, order)}
    for part in OF_SCENARIO:
        if (single := entries.get(part, scenario)) is not None:
            wanted[part, key] = single
        for rest, entry in entries.of_scenario(part, scenario).items():
            wanted[part, f"{key}/{rest}"] = entry
    return edit_of(entries, "ui.undo.scenario_add", wanted, name=name), key


def rename_scenario(entries: Entries, scenario: str, name: str, note: str | None = None) -> Edit:
    """Another name, or another note."""
    _check_name(entries, name, scenario)
    entry = {**entries.get("scenarios", scenario), "name": name.strip()}
    if note is not None:
        entry["note"] = note
    return edit_of(entries, "ui.undo.scenario_rename", {("scenarios", scenario): entry}, name=name)


def remove_scenario(entries: Entries, scenario: str) -> Edit:
    """Take a scenario away with all that was turned in it.

    Raises
    ------
    BadEdit
        ``edit.last_scenario``
    """
    if len(entries.table("scenarios")) <= 1:
        raise BadEdit("edit.last_scenario")
    wanted: dict[tuple[str, str], Entry] = {("scenarios", scenario): None}
    for part in OF_SCENARIO:
        if entries.get(part, scenario) is not None:
            wanted[part, scenario] = None
        wanted |= {(part, f"{scenario}/{rest}"): None for rest in entries.of_scenario(part, scenario)}
    return edit_of(entries, "ui.undo.scenario_remove", wanted, name=entries.get("scenarios", scenario)["name"])


def _last_number(entries: Entries, table: str) -> int:
    """The highest of ``s1``, ``s2`` …; a file may hold other keys."""
    found = [key[1:] for key in entries.table(table) if key[1:].isascii() and key[1:].isdecimal() and len(key) < 12]
    return max((int(number) for number in found), default=0)


def _scenario(name: str, note: str, order: int) -> dict[str, Any]:
    return {"name": name, "note": note, "order": order}


def _check_name(entries: Entries, name: str, own: str) -> None:
    taken = {entry["name"] for key, entry in entries.table("scenarios").items() if key != own}
    # Line breaks, and signs that turn the direction of writing, would break or fake lines of lists and papers.
    hidden = any(unicodedata.category(sign) in _HIDDEN for sign in name.strip())
    if not name.strip() or hidden or len(name.strip()) > _LONGEST_NAME or _whole(name.strip()) in taken:
        raise BadEdit("edit.scenario_name", name=name.strip())
