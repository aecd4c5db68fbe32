"""Whether an entry is one of its table: what comes from a file or a journal is not trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from kawasolar.document.entries import OF_SCENARIO, OTHER, PURPOSES, STANDING, TABLES, VERDICTS, Entries
from kawasolar.document.views import LEDGER_COLUMNS
from kawasolar.layout_values import CHOICES
from kawasolar.plan import ANSWERS, OTHER_LEDGERS, ROLES
from kawasolar.profile import MAX_BYTES
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, VALUE_RULES

if TYPE_CHECKING:
    from kawasolar.plan import AnyLedger

# Longer than any name, reason or id that a person writes.
_LONGEST = 10_000
_MOST_POINTS = 100_000
# Beyond any quantity and any coordinate that a person enters.
_LARGEST = 1e15
_MOST_KW = 1e7
FIRST_YEAR, LAST_YEAR = 1990, 2100


def check_entries(tables: Mapping[str, Mapping[str, Any]]) -> Entries:
    """Entries of a file.

    Raises
    ------
    ValueError
        names the table and the key
    """
    for table, entries in tables.items():
        if not isinstance(entries, Mapping):
            raise ValueError(f"table {str(table)[:60]}")  # noqa: TRY004 - damage is one kind of error here
        for key, entry in entries.items():
            check_entry(table, key, entry)
    known = set(tables.get("scenarios", {}))
    for table in OF_SCENARIO:
        for key in tables.get(table, {}):
            if key.split("/", 1)[0] not in known:
                raise ValueError(f"{table} {key[:60]}: no such scenario")
    return Entries({name: dict(entries) for name, entries in tables.items() if entries})


def check_entry(table: object, key: object, entry: object) -> None:
    """Refuse an entry that is none of its table.

    Raises
    ------
    ValueError
        names the table and the key
    """
    if not isinstance(table, str) or table not in TABLES or not isinstance(key, str) or not key or not _text(key):
        raise ValueError(f"entry {str(table)[:60]} {str(key)[:60]}")
    if table in OF_SCENARIO and ("/" in key) == (table in ("share", "objective")):
        raise ValueError(f"{table} {key[:60]}: no scenario")
    if not _CHECKS[table](key, entry):
        raise ValueError(f"{table} {key[:60]}: {str(entry)[:60]}")


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and is_whole(value)


def is_whole(text: str) -> bool:
    """Whether it has no half characters: no layer, workbook or list can be written with them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _marked(entry: object, *fields: str) -> bool:
    """A mapping of exactly these fields and those of a mark."""
    if not isinstance(entry, dict) or set(entry) != {*fields, "why", "who", "when"}:
        return False
    return all(_text(entry[name]) for name in ("why", "who", "when"))


def _scenario(key: str, entry: Any) -> bool:  # noqa: ANN401 - JSON
    if "/" in key or not isinstance(entry, dict) or set(entry) != {"name", "note", "order"}:
        return False
    return _text(entry["name"]) and _text(entry["note"]) and type(entry["order"]) is int


def _criterion(key: str, entry: Any) -> bool:  # noqa: ANN401
    if key.split("/", 1)[1] not in CRITERION_RULES or not _marked(entry, "applied", "threshold"):
        return False
    return isinstance(entry["applied"], bool) and (entry["threshold"] is None or _number(entry["threshold"]))


def _value(key: str, entry: Any) -> bool:  # noqa: ANN401
    if not _marked(entry, "value", "source") or not _text(entry["source"]):
        return False
    return is_value(key.split("/", 1)[1], entry["value"])


def is_value(key: str, value: object) -> TypeGuard[float]:
    """Whether a value of the profile may be this number."""
    rule = VALUE_RULES.get(key)
    if rule is None or not _number(value) or not rule[1] <= value <= rule[2]:
        return False
    return key not in INTEGERS or value == int(value)


def _layout(_key: str, entry: Any) -> bool:  # noqa: ANN401
    if not _marked(entry, "values") or not isinstance(entry["values"], dict) or not entry["values"]:
        return False
    return all(key in CHOICES and is_value(key, value) for key, value in entry["values"].items())


def _ledger(key: str, entry: Any) -> bool:  # noqa: ANN401
    def plain(value: object) -> bool:
        return value is None or isinstance(value, bool) or _text(value) or _number(value)

    if "/" not in key or not _marked(entry, "value", "read") or not plain(entry["read"]):
        return False
    value, kind = entry["value"], LEDGER_COLUMNS.get(key.split("/", 1)[0])
    if value is None or kind is None:
        return plain(value)
    return {"number": _number, "year": _number, "flag": _flag}.get(kind, _text)(value)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _join(_key: str, entry: Any) -> bool:  # noqa: ANN401
    own = ("shared",) if isinstance(entry, dict) and "shared" in entry else ()
    if not _marked(entry, "building_ids", *own):
        return False
    return _texts(entry["building_ids"]) and _texts(entry.get("shared", []))


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(_text(name) for name in value)


def _review(_key: str, entry: Any) -> bool:  # noqa: ANN401
    if not _marked(entry, "verdict", "building_ids") or entry["verdict"] not in VERDICTS:
        return False
    return _texts(entry["building_ids"])


def _meter(_key: str, entry: Any) -> bool:  # noqa: ANN401
    return _marked(entry, "facility_id") and _text(entry["facility_id"])


def _rule(key: str, entry: Any) -> bool:  # noqa: ANN401
    from kawasolar.errors import ProgrammeInvalid
    from kawasolar.programme.rules_file import RULE_TABLES, rules_of

    table = key.split("/", 1)[1]
    if table not in RULE_TABLES or not _marked(entry, "value") or not isinstance(entry["value"], dict):
        return False
    try:
        rules_of({table: entry["value"]})
    except ProgrammeInvalid:
        return False
    return True


def _term(_key: str, entry: Any) -> bool:  # noqa: ANN401
    if not _marked(entry, "earliest", "latest"):
        return False
    first, last = entry["earliest"], entry["latest"]
    years = [year for year in (first, last) if year is not None]
    return bool(years) and all(map(_fiscal_year, years)) and years == sorted(years)


def _standing(_key: str, entry: Any) -> bool:  # noqa: ANN401
    if not _marked(entry, "state", "year", "capacity_kw") or entry["state"] not in STANDING:
        return False
    size = entry["capacity_kw"]
    return _fiscal_year(entry["year"]) and (size is None or (_number(size) and 0 <= size <= _MOST_KW))


def _fiscal_year(value: object) -> bool:
    return type(value) is int and FIRST_YEAR <= value <= LAST_YEAR


def _count(key: str, entry: Any) -> bool:  # noqa: ANN401
    from kawasolar.programme.rules_file import is_day

    return is_day(key) and _marked(entry, "facility_ids") and _each_once(entry["facility_ids"])


def _asked(key: str, entry: Any) -> bool:  # noqa: ANN401
    from kawasolar.answers import check_options
    from kawasolar.errors import PlanError

    kind = key.split("/", 1)[1]
    if kind not in ANSWERS or not _marked(entry, "value") or not isinstance(entry["value"], dict):
        return False
    try:
        check_options(kind, entry["value"])
    except PlanError:
        return False
    return True


def _lot(key: str, entry: Any) -> bool:  # noqa: ANN401
    if "/" in key.split("/", 1)[1] or not _marked(entry, "name", "facility_ids") or not _text(entry["name"]):
        return False
    return bool(entry["name"].strip()) and _each_once(entry["facility_ids"])


def _each_once(names: object) -> bool:
    return _texts(names) and len(set(names)) == len(names)  # type: ignore[arg-type, call-overload] # texts, as just seen


def _keepout(_key: str, entry: Any) -> bool:  # noqa: ANN401
    own = ("purpose",) if isinstance(entry, dict) and "purpose" in entry else ()
    if not _marked(entry, "building_id", "rings", *own) or not _text(entry["building_id"]):
        return False
    if entry.get("purpose", OTHER) not in PURPOSES:
        return False
    rings = entry["rings"]
    if not isinstance(rings, list) or not rings or not all(isinstance(ring, list) for ring in rings):
        return False
    if sum(len(ring) for ring in rings) > _MOST_POINTS:
        return False
    shaped = all(
        len(ring) >= 4 and all(isinstance(p, list) and len(p) == 2 and _number(p[0]) and _number(p[1]) for p in ring)
        for ring in rings
    )
    return shaped and _is_area(rings)


def _is_area(rings: list[list[list[float]]]) -> bool:
    """A polygon that does not cross itself: GEOS cuts roofs by no other."""
    import shapely

    shape = shapely.Polygon(rings[0], rings[1:])
    return bool(shape.is_valid and shape.area > 0)


def _columns(key: str, entry: Any) -> bool:  # noqa: ANN401
    from kawasolar.ledger.mapping import from_json

    if key not in ("facilities", *OTHER_LEDGERS) or not _marked(entry, "mapping"):
        return False
    try:
        from_json(entry["mapping"], cast("AnyLedger", key))
    except ValueError:
        return False
    return True


def _input(key: str, entry: Any) -> bool:  # noqa: ANN401
    if key not in ROLES:
        return False
    return (
        _marked(entry, *_FILE_FIELDS, "was") and _file(entry) and isinstance(entry["was"], dict) and _file(entry["was"])
    )


_FILE_FIELDS = ("path", "size", "sha256", "crs", "layer", "text")


def _file(value: dict[str, Any]) -> bool:
    if not set(_FILE_FIELDS) <= set(value) or type(value["size"]) is not int or value["size"] < 0:
        return False
    text = value["text"]
    return all(_text(value[name]) for name in ("path", "sha256", "crs", "layer")) and (
        isinstance(text, str) and len(text) <= MAX_BYTES
    )


_CHECKS: dict[str, Callable[[str, Any], bool]] = {
    "scenarios": _scenario,
    "share": lambda _key, entry: _number(entry) and 0 <= entry <= 1,
    "objective": lambda _key, entry: entry in ("co2", "energy"),
    "criteria": _criterion,
    "pins": lambda _key, entry: _marked(entry),
    "vetoes": lambda _key, entry: _marked(entry),
    "values": _value,
    "layouts": _layout,
    "ledger": _ledger,
    "joins": _join,
    "reviews": _review,
    "meters": _meter,
    "aliases": _meter,
    "rules": _rule,
    "terms": _term,
    "asked": _asked,
    "lots": _lot,
    "standing": _standing,
    "counts": _count,
    "keepouts": _keepout,
    "columns": _columns,
    "inputs": _input,
}
