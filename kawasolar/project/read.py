"""The layers and tables of a project file into the plan; nothing in them is trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import shapely

from kawasolar.errors import UnreadableProject
from kawasolar.ledger.notes import folded
from kawasolar.plan import Decision, InputFile, Plan, Results, Settings, WeatherSummary
from kawasolar.project.arrays import unpack_array
from kawasolar.project.check import check_plan
from kawasolar.project.format import (
    FINDING_FIELDS,
    FORMAT_VERSION,
    INPUT_FIELDS,
    LAYERS,
    absolute,
    cache_folder,
    full_path,
)
from kawasolar.project.gpkg import geometries, read_columns, read_frame_columns, tables

if TYPE_CHECKING:
    import sqlite3

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.project.format import Schemas
    from kawasolar.project.frames import ColumnSchema

# Columns without which the rest of the program cannot work.
_REQUIRED = {
    "facilities": {"facility_id", "name"},
    "buildings": {"building_id"},
    "roof_planes": {"plane_id", "building_id"},
    "links": {"facility_id", "building_id"},
    "yields": {"facility_id", "capacity_kw", "energy_kwh", "co2_t"},
    "outcomes": {"facility_id", "criterion", "outcome"},
    "sites": {"facility_id", "status", "chosen", "rank", "reason", "reason_values"},
}
_ELEVATIONS = 91
_MOST_AZIMUTHS = 3600
_MOST_FINDINGS = 2_000


def read_plan(connection: sqlite3.Connection, path: Path) -> Plan:
    """The plan of an open project file; anything may be wrong with it."""
    from pyproj import CRS

    from kawasolar.profile import profile_from_text

    present = tables(connection)
    if "kawasolar_meta" not in present:
        raise UnreadableProject("project.not_a_project", file=str(path))
    meta = _values(connection, "kawasolar_meta")
    version = meta["format_version"]
    # True is an int to Python.
    if type(version) is not int or version < 1:
        raise UnreadableProject(
            "project.inconsistent",
            file=str(path),
            table="kawasolar_meta",
            column="format_version",
            found=str(version)[:60],
        )
    if version > FORMAT_VERSION:
        raise UnreadableProject(
            "project.newer", file=str(path), found=version, expected=FORMAT_VERSION, program=str(meta.get("program"))
        )
    missing = {*_REQUIRED, "settings", "profile", "inputs", "findings", "kawasolar_arrays"} - present
    if missing:
        raise KeyError(", ".join(sorted(missing)))
    crs = CRS.from_user_input(_typed(meta["crs"], str))
    frames = _read_frames(connection, meta["frames"], crs)
    sources = read_columns(connection, "profile", ("source", "text"))
    folder = absolute(path).parent
    plan = Plan(
        name=_typed(meta["name"], str),
        synthetic=_typed(meta["synthetic"], bool),
        crs=crs,
        profile=profile_from_text(_typed(sources[1][0], str), _typed(sources[0][0], str)),
        settings=_settings(_values(connection, "settings")),
        inputs=_inputs(connection, folder),
        facilities=cast("gpd.GeoDataFrame", frames["facilities"]),
        results=_results(connection, frames, meta),
        decision=Decision(
            frames["outcomes"], frames["sites"], tuple(_typed(code, str) for code in meta["not_applied"])
        ),
        findings=_findings(connection),
        seconds={_typed(key, str): float(value) for key, value in meta["seconds"].items()},
        dsm=Path(full_path(_typed(meta["dsm"], str), folder)),
        cache=cache_folder(absolute(path)),
    )
    check_plan(plan, path)
    return plan


def _typed(value: Any, kind: type) -> Any:  # noqa: ANN401
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected")
    return value


def _number(value: object) -> float:
    """A number of the JSON, which has no true, text or list for one."""
    if type(value) not in (int, float):
        raise TypeError("number expected")
    return float(cast("float", value))


def _values(connection: sqlite3.Connection, table: str) -> dict[str, Any]:
    keys, values = read_columns(connection, table, ("key", "value"))
    return {_typed(key, str): json.loads(_typed(value, str)) for key, value in zip(keys, values, strict=True)}


def _read_frames(connection: sqlite3.Connection, schemas: Schemas, crs: CRS) -> dict[str, pd.DataFrame]:
    import geopandas as gpd
    import pandas as pd

    frames: dict[str, pd.DataFrame] = {}
    for table, required in _REQUIRED.items():
        schema: list[ColumnSchema] = schemas[table]["columns"]
        lacking = required - {entry[0] for entry in schema}
        if lacking:
            raise KeyError(f"{table}: {', '.join(sorted(lacking))}")
        columns = read_frame_columns(connection, table, [entry for entry in schema if entry[1] != "geom"])
        if table not in LAYERS:
            frames[table] = pd.DataFrame(columns)
            continue
        shapes = geometries(read_columns(connection, table, ("geom",))[0])
        if schemas[table]["simple"]:
            shapes = _simple(shapes)
        frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
        name = _typed(schemas[table]["geometry"], str)
        frames[table] = (frame if name == "geometry" else frame.rename_geometry(name))[schemas[table]["order"]]
    _check_codes(frames)
    return frames


def _check_codes(frames: dict[str, pd.DataFrame]) -> None:
    """Codes that decide what is shown must be ours."""
    for table, column, known in (
        ("sites", "status", {"eligible", "unknown", "ineligible"}),
        ("outcomes", "outcome", {"pass", "fail", "unknown"}),
    ):
        strange = set(frames[table][column]) - known
        if strange:
            raise ValueError(f"{table}.{column}: {strange}")
    for value in frames["sites"]["reason_values"]:
        if value is not None and not isinstance(value, dict):
            raise TypeError("reason_values")


def _simple(shapes: NDArray[Any]) -> NDArray[Any]:
    """Polygons again where the layer made them multi-polygons of one part."""
    single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return shapes


def _results(connection: sqlite3.Connection, frames: dict[str, pd.DataFrame], meta: dict[str, Any]) -> Results:
    names, blobs = read_columns(connection, "kawasolar_arrays", ("name", "data"))
    data = {_typed(name, str): _typed(blob, bytes) for name, blob in zip(names, blobs, strict=True)}
    azimuths = unpack_array(data["azimuths"], (None,))
    if len(azimuths) > _MOST_AZIMUTHS:
        raise ValueError(f"{len(azimuths)} azimuths")
    sunlit = unpack_array(data["sunlit"], (len(frames["roof_planes"]), len(azimuths), _ELEVATIONS))
    month_hour = unpack_array(data["month_hour"], (len(frames["yields"]), 12, 24))
    lost = unpack_array(data["month_hour_lost"], month_hour.shape)
    weather = meta["weather"]
    return Results(
        buildings=cast("gpd.GeoDataFrame", frames["buildings"]),
        planes=cast("gpd.GeoDataFrame", frames["roof_planes"]),
        sunlit=cast("Any", sunlit),
        azimuths=cast("Any", azimuths),
        links=frames["links"],
        yields=frames["yields"],
        month_hour=cast("Any", month_hour),
        month_hour_lost=cast("Any", lost),
        weather=WeatherSummary(
            station=_typed(weather["station"], str),
            source=_typed(weather["source"], str),
            kind=_typed(weather["kind"], str),
            latitude=float(weather["latitude"]),
            longitude=float(weather["longitude"]),
            ghi_kwh_m2=float(weather["ghi_kwh_m2"]),
            months_ghi_kwh_m2=tuple(float(value) for value in weather["months_ghi_kwh_m2"]),
        ),
        open_sky_kwh_m2=float(meta["open_sky_kwh_m2"]),
    )


def _settings(values: dict[str, Any]) -> Settings:
    criteria: dict[str, tuple[bool, float | None]] = {}
    for key, (applied, threshold) in values["criteria"].items():
        criteria[key] = (_typed(applied, bool), None if threshold is None else _number(threshold))
    if values["objective"] not in ("co2", "energy"):
        raise ValueError("objective")
    return Settings(
        share=_number(values["share"]),
        objective=values["objective"],
        criteria=criteria,
        pins=frozenset(_typed(key, str) for key in values["pins"]),
        vetoes=frozenset(_typed(key, str) for key in values["vetoes"]),
    )


def _inputs(connection: sqlite3.Connection, folder: Path) -> tuple[InputFile, ...]:
    files = []
    for row in zip(*read_columns(connection, "inputs", INPUT_FIELDS), strict=True):
        values = dict(zip(INPUT_FIELDS, row, strict=True))
        for name, value in values.items():
            _typed(value, int if name == "size" else str)
        values["path"] = full_path(cast("str", values["path"]), folder)
        files.append(InputFile(**cast("Any", values)))
    return tuple(files)


def _findings(connection: sqlite3.Connection) -> tuple[Finding, ...]:
    from gis.findings import Finding

    found = []
    for row in zip(*read_columns(connection, "findings", FINDING_FIELDS), strict=True):
        values = dict(zip(FINDING_FIELDS, row, strict=True))
        values["details"] = _typed(json.loads(_typed(values["details"], str)), dict)
        if values["severity"] not in ("info", "warning", "error"):
            raise ValueError("severity")
        found.append(Finding(**values))
    # Our own readers fold what they find; a file with far more was filled by something else.
    return tuple(found if len(found) <= _MOST_FINDINGS else folded(found))
