"""The layers and tables of a project file into the project; nothing in them is trusted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import shapely

from kawasolar.document.views import corrected, profile_of, settings_of
from kawasolar.errors import UnreadableProject
from kawasolar.half_hours import HOURS
from kawasolar.layout_values import COLUMNS
from kawasolar.ledger.notes import folded
from kawasolar.plan import (
    ANSWERS,
    NO_REGISTERS,
    OTHER_LEDGERS,
    USE_COLUMNS,
    Answer,
    Decision,
    ExportRecord,
    InputFile,
    LedgerRead,
    Plan,
    Project,
    RegisterRead,
    Registers,
    Results,
    Use,
    WeatherSummary,
)
from kawasolar.programme.kept import COLUMNS as PROGRAMME_COLUMNS
from kawasolar.programme.kept import from_json
from kawasolar.project.arrays import unpack_array
from kawasolar.project.check import check_plan
from kawasolar.project.entered import check_amount, mark_of, read_entries, read_stamps
from kawasolar.project.format import (
    EXPORT_FIELDS,
    FINDING_FIELDS,
    FORMAT_VERSION,
    INPUT_FIELDS,
    LAYERS,
    REGISTER_TABLE,
    absolute,
    cache_of,
    full_path,
)
from kawasolar.project.gpkg import count_rows, geometries, read_columns, read_frame_columns, tables
from kawasolar.project.slots import SLOTS, SUFFIX_RULE
from kawasolar.project.trust import crs_of, read_values, rows, typed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from gis.findings import Finding
    from kawasolar.document.entries import Entries
    from kawasolar.plan import AnswerKind, OtherLedger, Stamp
    from kawasolar.profile import Profile
    from kawasolar.programme.kept import Kept
    from kawasolar.project.frames import ColumnSchema

_T = TypeVar("_T")
# Columns without which the rest of the program cannot work.
_REQUIRED = {
    "facilities": {"facility_id", "name"},
    "facilities_read": {"facility_id", "name"},
    "buildings": {"building_id"},
    "roof_planes": {"plane_id", "building_id"},
    "subarrays": {*COLUMNS},
    "links": {"facility_id", "building_id"},
    "links_read": {"facility_id", "building_id"},
    **{f"{REGISTER_TABLE}{kind}": {"source_row"} for kind in OTHER_LEDGERS},
    "yields": {"facility_id", "capacity_kw", "energy_kwh", "co2_t"},
    "use": {*USE_COLUMNS},
    "programme": {*PROGRAMME_COLUMNS},
    "outcomes": {"facility_id", "criterion", "outcome"},
    "sites": {"facility_id", "status", "chosen", "rank", "reason", "reason_values"},
}
_WITH_SHAPES = (*LAYERS, "facilities_read")
_ONE_EACH = ("profile", "entries", "stamps", "exports", "kawasolar_arrays")
_ELEVATIONS = 91
_MOST_AZIMUTHS = 3600
_MOST_FINDINGS = 2_000


@dataclass
class _File:
    """An open project file, and what was read of it so far: what scenarios share is read once."""

    connection: sqlite3.Connection
    path: Path
    meta: dict[str, Any]
    present: set[str]
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    arrays: dict[str, bytes] = field(default_factory=dict)
    parts: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return absolute(self.path).parent


def read_meta(connection: sqlite3.Connection, path: Path) -> dict[str, Any]:
    """What the file says of itself; its version is one that is known, or an older one.

    Raises
    ------
    UnreadableProject
        No project, or made by a newer version.
    """
    if "kawasolar_meta" not in tables(connection):
        raise UnreadableProject("project.not_a_project", file=str(path))
    meta = read_values(connection, "kawasolar_meta")
    version = meta["format_version"]
    # True is an int to Python.
    if type(version) is not int or version < 1:
        raise UnreadableProject(
            "project.inconsistent", file=str(path), table="kawasolar_meta", column="format_version", found=str(version)[:60]
        )  # fmt: skip
    if version > FORMAT_VERSION:
        raise UnreadableProject(
            "project.newer", file=str(path), found=version, expected=FORMAT_VERSION, program=str(meta.get("program"))
        )
    return meta


def read_project(connection: sqlite3.Connection, path: Path) -> Project:
    """The project of an open file of this version; anything may be wrong with it."""
    from kawasolar.profile import profile_from_text

    file = _File(connection, path, read_meta(connection, path), tables(connection))
    _need(file, *_ONE_EACH)
    sources = read_columns(connection, "profile", ("source", "text"))
    profile = profile_from_text(typed(sources[1][0], str), typed(sources[0][0], str))
    entries = read_entries(connection, path)
    scenarios, active = typed(file.meta["scenarios"], dict), typed(file.meta["active"], str)
    known = set(entries.table("scenarios"))
    check_amount(entries)
    if not scenarios or set(scenarios) != known or active not in known:
        raise UnreadableProject(
            "project.inconsistent", file=str(path), table="entries", column="scenarios", found=", ".join([active, *scenarios])[:60]
        )  # fmt: skip
    file.arrays.update(_arrays(connection))
    stamps = read_stamps(connection, set(scenarios))
    plans = {key: _plan(file, key, profile, entries, stamps.get(key, {})) for key in scenarios}
    project = Project(
        entries,
        active,
        profile,
        {key: plans[key] for key in _in_order(plans, entries)},
        _exports(file),
        mark_of(file.meta),
    )
    checked: set[tuple[int, ...]] = set()
    for plan in (project.plan, *project.plans.values()):
        # What scenarios share need not be checked for each.
        parts = tuple(
            id(part) for part in (plan.facilities, plan.results, plan.decision, plan.findings, plan.registers)
        )
        if parts not in checked:
            check_plan(plan, path)
            checked.add(parts)
    return project


def _in_order(plans: dict[str, Plan], entries: Entries) -> list[str]:
    """Scenarios as people see them, not as the file happens to have them."""
    table = entries.table("scenarios")
    return sorted(plans, key=lambda key: (table[key]["order"], key))


def _plan(file: _File, key: str, profile: Profile, entries: Entries, stamps: dict[str, Stamp]) -> Plan:
    own = typed(file.meta["scenarios"][key], dict)
    slots = {slot.name: _suffix(own, slot.name) for slot in SLOTS}
    read = _read(file, slots["read"])
    plan = Plan(
        name=typed(own["name"], str),
        synthetic=typed(own["synthetic"], bool),
        crs=crs_of(own["crs"]),
        profile=_once(file, ("profile", _canonical(entries, key)), lambda: profile_of(entries, key, profile)),
        settings=settings_of(entries, key, profile),
        inputs=_once(file, ("inputs", slots["inputs"]), lambda: _inputs(file, slots["inputs"])),
        facilities=_once(file, ("facilities", slots["read"]), lambda: corrected(entries, read.frame)),
        results=_results(file, slots),
        decision=_decision(file, slots["decision"]),
        findings=_once(file, ("findings", slots["findings"]), lambda: _findings(file, slots["findings"])),
        seconds={typed(name, str): float(value) for name, value in typed(own["seconds"], dict).items()},
        dsm=Path(full_path(typed(own["dsm"], str), file.folder)),
        cache=Path(),
        read=read,
        registers=_registers(file, slots["registers"]),
        use=_use(file, slots["use"]),
        programme=_programme(file, slots["programme"]),
        answers=_answers(file, slots),
        stamps=stamps,
        entries=entries,
        scenario=key,
    )
    object.__setattr__(plan, "cache", cache_of(plan, absolute(file.path)))
    return plan


def _canonical(entries: Entries, key: str) -> str:
    return json.dumps(entries.of_scenario("values", key), sort_keys=True)


def _once(file: _File, name: tuple[str, ...], make: Callable[[], _T]) -> _T:
    """What scenarios have in common is made once, so that they share the object."""
    if name not in file.parts:
        file.parts[name] = make()
    return cast("_T", file.parts[name])


def _suffix(own: dict[str, Any], slot: str) -> str:
    suffix = typed(typed(own["slots"], dict)[slot], str)
    if not SUFFIX_RULE.fullmatch(suffix):
        raise ValueError(f"suffix {suffix[:60]}")
    return cast("str", suffix)


def _need(file: _File, *names: str) -> None:
    missing = set(names) - file.present
    if missing:
        raise KeyError(", ".join(sorted(missing)))


# ---------------------------------------------------------------------------------------------- tables


def _frame(file: _File, table: str) -> pd.DataFrame:
    """The frame of a table, the same object for each who asks."""
    if table not in file.frames:
        _need(file, table)
        file.frames[table] = _read_frame(file, table)
    return file.frames[table]


def _read_frame(file: _File, table: str) -> pd.DataFrame:
    import geopandas as gpd
    import pandas as pd

    base = table.partition("__")[0]
    own = typed(typed(file.meta["frames"], dict)[table], dict)
    schema: list[ColumnSchema] = own["columns"]
    lacking = _REQUIRED.get(base, set()) - {entry[0] for entry in schema}
    if lacking:
        raise KeyError(f"{table}: {', '.join(sorted(lacking))}")
    columns = read_frame_columns(file.connection, table, [entry for entry in schema if entry[1] != "geom"])
    if base not in _WITH_SHAPES:
        frame = pd.DataFrame(columns)
        _check_codes(base, frame)
        return frame
    shapes = geometries(read_columns(file.connection, table, ("geom",))[0])
    if own["simple"]:
        shapes = _simple(shapes)
    layer = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs_of(own["crs"]))
    name = typed(own["geometry"], str)
    layer = layer if name == "geometry" else layer.rename_geometry(name)
    if sorted(own["order"]) != sorted(layer.columns):
        raise ValueError(f"{table}: order of the columns")
    return layer[own["order"]]


# Codes that decide what is shown must be ours.
_CODES = {
    "sites": ("status", {"eligible", "unknown", "ineligible"}),
    "outcomes": ("outcome", {"pass", "fail", "unknown"}),
}


def _check_codes(base: str, frame: pd.DataFrame) -> None:
    if base in _CODES:
        column, known = _CODES[base]
        strange = set(frame[column]) - known
        if strange:
            raise ValueError(f"{base}.{column}: {strange}")
    if base == "sites":
        for value in frame["reason_values"]:
            if value is not None and not isinstance(value, dict):
                raise TypeError("reason_values")


def _simple(shapes: NDArray[Any]) -> NDArray[Any]:
    """Polygons again where the layer made them multi-polygons of one part."""
    single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return shapes


def _arrays(connection: sqlite3.Connection) -> dict[str, bytes]:
    names, blobs = read_columns(connection, "kawasolar_arrays", ("name", "data"))
    return {typed(name, str): typed(blob, bytes) for name, blob in zip(names, blobs, strict=True)}


# ---------------------------------------------------------------------------------------------- parts of a plan


def _slot_values(file: _File, slot: str, suffix: str) -> dict[str, Any]:
    return cast("dict[str, Any]", typed(typed(file.meta["slots"], dict)[slot][suffix], dict))


def _read(file: _File, suffix: str) -> LedgerRead:
    def make() -> LedgerRead:
        own = _slot_values(file, "read", suffix)
        places = {name: typed(own[name], str) for name in ("facilities", "links")}
        for name, table in places.items():
            if table.partition("__")[0] not in (name, f"{name}_read"):
                raise ValueError(f"{name}: {table[:60]}")
        columns = {typed(name, str): typed(head, str) for name, head in typed(own["columns"], dict).items()}
        frame = cast("gpd.GeoDataFrame", _frame(file, places["facilities"]))
        return LedgerRead(frame, _frame(file, places["links"]), columns, typed(own["sheet"], str))

    return _once(file, ("read", suffix), make)


def _registers(file: _File, suffix: str) -> Registers:
    def make() -> Registers:
        own = _slot_values(file, "registers", suffix)
        if strange := set(own) - set(OTHER_LEDGERS):
            raise ValueError(f"ledger {min(strange)[:60]}")
        found = {kind: _register(file, kind, suffix, own[kind]) for kind in OTHER_LEDGERS if kind in own}
        return Registers(found) if found else NO_REGISTERS

    return _once(file, ("registers", suffix), make)


def _register(file: _File, kind: OtherLedger, suffix: str, own: object) -> RegisterRead:
    """One of the other ledgers: its columns are those of its form, of their kinds."""
    from kawasolar.registers.reading import check_frame
    from kawasolar.registers.schema import schema_of

    values = cast("dict[str, Any]", typed(own, dict))
    frame = _frame(file, f"{REGISTER_TABLE}{kind}{suffix}")
    check_frame(frame, schema_of(kind))
    columns = {typed(name, str): typed(head, str) for name, head in typed(values["columns"], dict).items()}
    rows = typed(values["findings"], list)
    if len(rows) > _MOST_FINDINGS:
        raise ValueError(f"{len(rows)} findings")
    findings = tuple(_finding(dict(zip(FINDING_FIELDS, typed(row, list), strict=True))) for row in rows)
    return RegisterRead(frame, columns, typed(values["sheet"], str), findings)


def _survey(file: _File, suffix: str) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        _need(file, f"roof_planes{suffix}")
        azimuths = unpack_array(file.arrays[f"azimuths{suffix}"], (None,))
        if len(azimuths) > _MOST_AZIMUTHS:
            raise ValueError(f"{len(azimuths)} azimuths")
        shape = (count_rows(file.connection, f"roof_planes{suffix}"), len(azimuths), _ELEVATIONS)
        # By far the largest part: unpacked while the frames are read.
        with ThreadPoolExecutor(1) as pool:
            unpacked = pool.submit(unpack_array, file.arrays[f"sunlit{suffix}"], shape)
            buildings, planes = _frame(file, f"buildings{suffix}"), _frame(file, f"roof_planes{suffix}")
            sunlit = unpacked.result()
        open_sky = float(_slot_values(file, "survey", suffix)["open_sky_kwh_m2"])
        return {
            "buildings": buildings, "planes": planes, "azimuths": azimuths, "sunlit": sunlit, "open_sky_kwh_m2": open_sky,
        }  # fmt: skip

    return _once(file, ("survey", suffix), make)


def _yield(file: _File, suffix: str) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        yields = _frame(file, f"yields{suffix}")
        month_hour = unpack_array(file.arrays[f"month_hour{suffix}"], (len(yields), 12, 24))
        lost = unpack_array(file.arrays[f"month_hour_lost{suffix}"], month_hour.shape)
        days = np.full((len(yields), 2, 12, 24), np.nan, np.float32)
        # Files of before have none, and their yield is stale.
        if f"typical_days{suffix}" in file.arrays:
            days = unpack_array(file.arrays[f"typical_days{suffix}"], days.shape)
        hourly: NDArray[np.floating] = np.broadcast_to(np.float32(np.nan), (len(yields), HOURS))
        if f"hourly{suffix}" in file.arrays:
            hourly = unpack_array(file.arrays[f"hourly{suffix}"], hourly.shape)
        weather = _weather(_slot_values(file, "yield", suffix)["weather"])
        return {
            "yields": yields,
            "month_hour": month_hour,
            "month_hour_lost": lost,
            "typical_days": days,
            "hourly": hourly,
            "weather": weather,
        }

    return _once(file, ("yield", suffix), make)


def _results(file: _File, slots: dict[str, str]) -> Results:
    survey, laid_out, found, links = slots["survey"], slots["layout"], slots["yield"], slots["links"]

    def make() -> Results:
        subarrays = cast("gpd.GeoDataFrame", _frame(file, f"subarrays{laid_out}"))
        return Results(
            links=_frame(file, f"links{links}"), subarrays=subarrays, **_survey(file, survey), **_yield(file, found)
        )

    return _once(file, ("results", survey, laid_out, found, links), make)


def _weather(weather: dict[str, Any]) -> WeatherSummary:
    return WeatherSummary(
        station=typed(weather["station"], str),
        source=typed(weather["source"], str),
        kind=typed(weather["kind"], str),
        latitude=float(weather["latitude"]),
        longitude=float(weather["longitude"]),
        ghi_kwh_m2=float(weather["ghi_kwh_m2"]),
        months_ghi_kwh_m2=tuple(float(value) for value in weather["months_ghi_kwh_m2"]),
        **{name: _days(weather.get(name, [])) for name in ("sunniest_days", "dullest_days")},
    )


def _days(found: object) -> tuple[int, ...]:
    """Days of the twelve months, or nothing, as in files of before."""
    days = tuple(typed(day, int) for day in typed(found, list))
    if days and (len(days) != 12 or not all(1 <= day <= 31 for day in days)):
        raise ValueError(f"days of the months {days}")
    return days


def _use(file: _File, suffix: str) -> Use | None:
    def make() -> Use | None:
        if f"use{suffix}" not in file.present:
            return None
        frame = _frame(file, f"use{suffix}")
        if {str(name): str(kind) for name, kind in frame.dtypes.items()} != USE_COLUMNS:
            raise ValueError("use: columns")
        months, peaks = (
            unpack_array(file.arrays[f"use_{name}{suffix}"], (len(frame), count, 12)).astype(np.float32)
            for name, count in (("months", 3), ("month_peaks", 2))
        )
        return Use(frame[list(USE_COLUMNS)], months, peaks)

    return _once(file, ("use", suffix), make)


def _programme(file: _File, suffix: str) -> Kept | None:
    def make() -> Kept | None:
        head = typed(file.meta["slots"], dict)["programme"][suffix]
        return None if head is None else from_json(typed(head, dict), _frame(file, f"programme{suffix}"))

    return _once(file, ("programme", suffix), make)


def _answers(file: _File, slots: dict[str, str]) -> dict[AnswerKind, Answer]:
    """What was asked for besides: of each kind the tables that its kind has, in its columns."""
    return {kind: made for kind in ANSWERS if (made := _answer(file, kind, slots[kind])) is not None}


def _answer(file: _File, kind: AnswerKind, suffix: str) -> Answer | None:
    def make() -> Answer | None:
        head = typed(file.meta["slots"], dict)[kind][suffix]
        if head is None:
            return None
        from kawasolar.answers import check_answer, columns_of

        frames = {}
        for name, columns in columns_of(kind).items():
            frame = _frame(file, f"{kind}_{name}{suffix}")
            if {str(column): str(dtype) for column, dtype in frame.dtypes.items()} != columns:
                raise ValueError(f"{kind} {name}: columns")
            frames[name] = frame[list(columns)]
        answer = Answer(typed(head, dict), frames)
        check_answer(kind, answer)
        return answer

    return _once(file, ("answer", kind, suffix), make)


def _decision(file: _File, suffix: str) -> Decision:
    def make() -> Decision:
        codes = typed(_slot_values(file, "decision", suffix)["not_applied"], list)
        not_applied = tuple(typed(code, str) for code in codes)
        return Decision(_frame(file, f"outcomes{suffix}"), _frame(file, f"sites{suffix}"), not_applied)

    return _once(file, ("decision", suffix), make)


def _inputs(file: _File, suffix: str) -> tuple[InputFile, ...]:
    _need(file, f"inputs{suffix}")
    files = []
    for values in rows(file.connection, f"inputs{suffix}", INPUT_FIELDS):
        for name, value in values.items():
            typed(value, int if name == "size" else str)
        values["path"] = full_path(values["path"], file.folder)
        files.append(InputFile(**values))
    return tuple(files)


def _findings(file: _File, suffix: str) -> tuple[Finding, ...]:
    _need(file, f"findings{suffix}")
    found = [_finding(values) for values in rows(file.connection, f"findings{suffix}", FINDING_FIELDS)]
    # Our own readers fold what they find; a file with far more was filled by something else.
    return tuple(found if len(found) <= _MOST_FINDINGS else folded(found))


def _finding(values: dict[str, Any]) -> Finding:
    from gis.findings import Finding

    values["details"] = typed(json.loads(typed(values["details"], str)), dict)
    if values["severity"] not in ("info", "warning", "error"):
        raise ValueError("severity")
    return Finding(**values)


# ---------------------------------------------------------------------------------------------- parts of the project


def _exports(file: _File) -> tuple[ExportRecord, ...]:
    found = []
    for values in rows(file.connection, "exports", EXPORT_FIELDS):
        for value in values.values():
            typed(value, str)
        values["path"] = full_path(values["path"], file.folder)
        found.append(ExportRecord(**values))
    return tuple(found)
