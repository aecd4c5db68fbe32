"""The project file: one GeoPackage ``NAME.kawasolar`` that holds the plan, and that QGIS opens as it is.

Layers ``facilities``, ``buildings`` and ``roof_planes``; everything else in attribute tables. The arrays lie in
``kawasolar_arrays`` (:mod:`kawasolar.project_arrays`). Rasters stay outside, in the cache folder beside the file;
they may be missing. Nothing in the file is ever executed or unpickled, and no path in it is touched on loading.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

import shapely

from kawasolar import __version__
from kawasolar.errors import NotWritable, UnreadableProfile, UnreadableProject
from kawasolar.export.writing import atomic
from kawasolar.plan import Decision, InputFile, Plan, Results, Settings, WeatherSummary
from kawasolar.project_arrays import pack_array, unpack_array
from kawasolar.project_frames import encode_frame, to_json
from kawasolar.project_gpkg import (
    create_table,
    describe_columns,
    geometries,
    opened,
    prepare,
    read_columns,
    read_frame_columns,
    tables,
    write_table,
)
from kawasolar.project_layers import building_layer, facility_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.project_frames import ColumnSchema

FORMAT_VERSION = 1
SUFFIX = ".kawasolar"
CACHE_SUFFIX = ".kawasolar-cache"
CACHE_RASTERS = ("surface.tif", "hillshade.tif", "irradiation.tif", "planes.tif")

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
_LAYERS = ("facilities", "buildings", "roof_planes")
_ELEVATIONS = 91
_MOST_AZIMUTHS = 3600
# A path is kept relative where it leaves the project's folder by no more than this many steps up.
_STEPS_UP = 3
# What reading damaged bytes can raise below us; anything else is a mistake of ours and is shown as such.
_DAMAGE = (
    sqlite3.Error, zlib.error, struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    RecursionError, MemoryError, RuntimeError, shapely.errors.ShapelyError, UnreadableProfile,
)  # fmt: skip

Schemas = dict[str, dict[str, Any]]


def cache_folder(project: Path) -> Path:
    """Where the derived rasters of a project lie: beside it; may be missing."""
    return project.with_name(project.stem + CACHE_SUFFIX)


def carry_cache(plan: Plan, path: Path) -> Plan:
    """For "save as": copy the derived rasters beside the project that now lies at ``path``.

    Returns the plan with its new cache folder. What cannot be copied stays away: it can be computed again.
    """
    target = cache_folder(_absolute(path))
    if target == _absolute(plan.cache):
        return plan
    with suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        for name in CACHE_RASTERS:
            with suppress(OSError, NotWritable):
                if (plan.cache / name).is_file():
                    with atomic(target / name, ".tif") as work:
                        shutil.copyfile(plan.cache / name, work)
    return replace(plan, cache=target)


# ---------------------------------------------------------------------------------------------- saving


def save_project(plan: Plan, path: Path) -> None:
    """Write the plan as one file; what stood there stands until the new file is whole.

    Raises
    ------
    NotWritable
        Locked, read-only, no such folder, disk full.
    """
    import pyogrio.errors

    with atomic(path, ".gpkg") as work:
        try:
            schemas = _write_layers(plan, work)
            connection = sqlite3.connect(work)
            try:
                with connection:
                    _write_tables(plan, connection, schemas, _absolute(path))
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            code = "export.disk_full" if "full" in str(error) else "export.cannot_write"
            raise NotWritable(code, file=str(path), reason=str(error)) from error
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
            raise NotWritable("export.cannot_write", file=str(path), reason=str(error)) from error


def _write_layers(plan: Plan, work: Path) -> Schemas:
    """The three layers, by GDAL, with their spatial indexes; says how to read them back."""
    results = plan.results
    schemas: Schemas = {}
    for table, shown, kept, shape in (
        ("facilities", facility_layer(plan), plan.facilities, "Point"),
        ("buildings", building_layer(plan), results.buildings, "MultiPolygon"),
        ("roof_planes", results.planes, results.planes, "MultiPolygon"),
    ):
        schemas[table] = write_layer(work, table, shown, shape, plan.crs)
        order = [str(column) for column in kept.columns]
        schemas[table]["columns"] = [entry for entry in schemas[table]["columns"] if entry[0] in order]
        schemas[table]["order"] = order
    return schemas


def write_layer(work: Path, table: str, frame: gpd.GeoDataFrame, shape: str, crs: CRS) -> dict[str, Any]:
    """One layer of a GeoPackage; returns its columns' schema and the name of the geometry column."""
    import geopandas as gpd
    import pyogrio

    encoded, schema = encode_frame(frame.drop(columns=frame.geometry.name), ("fid", "geom"))
    shapes = frame.geometry.to_numpy()
    layer = gpd.GeoDataFrame(encoded, geometry=shapes, crs=frame.crs if frame.crs is not None else crs)
    pyogrio.write_dataframe(
        layer,
        work,
        layer=table,
        driver="GPKG",
        geometry_type=shape,
        promote_to_multi=shape.startswith("Multi"),
        # GDAL before 3.7 opens a newer GeoPackage only where it is called .gpkg.
        dataset_options={"VERSION": "1.2"} if not work.exists() else None,
        layer_options={"FID": "fid", "GEOMETRY_NAME": "geom"},
    )
    simple = bool((shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON).any())
    return {"columns": schema, "geometry": str(frame.geometry.name), "simple": simple}


def _write_tables(plan: Plan, connection: sqlite3.Connection, schemas: Schemas, path: Path) -> None:
    prepare(connection)
    for table in _LAYERS:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        describe_columns(connection, table, columns)
    frames = {
        "links": plan.results.links,
        "yields": plan.results.yields,
        "outcomes": plan.decision.outcomes,
        "sites": plan.decision.sites,
    }
    for table, frame in frames.items():
        encoded, schema = encode_frame(frame, ("fid",))
        write_table(connection, table, encoded, schema)
        describe_columns(connection, table, [name for _, name, _, _ in schema])
        schemas[table] = {"columns": schema}
    _write_arrays(plan.results, connection)
    _write_findings(plan.findings, connection)
    create_table(connection, "inputs", [(name, "INTEGER" if name == "size" else "TEXT") for name in _INPUT_FIELDS])
    marks = ", ".join("?" * len(_INPUT_FIELDS))
    connection.executemany(
        f"INSERT INTO inputs ({', '.join(_INPUT_FIELDS)}) VALUES ({marks})",  # noqa: S608
        [(f.role, _kept_path(f.path, path.parent), f.size, f.sha256, f.note, f.crs, f.layer) for f in plan.inputs],
    )
    create_table(connection, "profile", [("source", "TEXT"), ("text", "TEXT")])
    connection.execute("INSERT INTO profile (source, text) VALUES (?, ?)", (plan.profile.source, plan.profile.text))
    _write_values(connection, "settings", _settings_values(plan.settings))
    _write_values(connection, "kawasolar_meta", _meta_values(plan, schemas, path))


def _write_arrays(results: Results, connection: sqlite3.Connection) -> None:
    create_table(connection, "kawasolar_arrays", [("name", "TEXT"), ("data", "BLOB")])
    blobs = {
        "sunlit": pack_array(results.sunlit, "share"),
        "azimuths": pack_array(results.azimuths, "float64"),
        "month_hour": pack_array(results.month_hour, "float32"),
        "month_hour_lost": pack_array(results.month_hour_lost, "float32"),
    }
    connection.executemany("INSERT INTO kawasolar_arrays (name, data) VALUES (?, ?)", list(blobs.items()))


_INPUT_FIELDS = ("role", "path", "size", "sha256", "note", "crs", "layer")
_FINDING_FIELDS = ("code", "severity", "source", "row", "column", "found", "expected", "item", "details")


def _write_findings(findings: tuple[Finding, ...], connection: sqlite3.Connection) -> None:
    kinds = [(name, "INTEGER" if name == "row" else "TEXT") for name in _FINDING_FIELDS]
    create_table(connection, "findings", kinds)
    rows = [
        (f.code, f.severity, f.source, f.row, f.column, f.found, f.expected, f.item, to_json(f.details))
        for f in findings
    ]
    names = ", ".join(f'"{name}"' for name in _FINDING_FIELDS)
    connection.executemany(f"INSERT INTO findings ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def _write_values(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    create_table(connection, table, [("key", "TEXT"), ("value", "TEXT")])
    rows = [(key, to_json(value)) for key, value in values.items()]
    connection.executemany(f"INSERT INTO {table} (key, value) VALUES (?, ?)", rows)  # noqa: S608


def _settings_values(settings: Settings) -> dict[str, object]:
    return {
        "share": settings.share,
        "objective": settings.objective,
        "criteria": {key: list(value) for key, value in settings.criteria.items()},
        "pins": sorted(settings.pins),
        "vetoes": sorted(settings.vetoes),
    }


def _meta_values(plan: Plan, schemas: Schemas, path: Path) -> dict[str, object]:
    weather = plan.results.weather
    epsg = plan.crs.to_epsg()
    return {
        "format_version": FORMAT_VERSION,
        "program": f"KawaSolar {__version__}",
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": plan.name,
        "synthetic": plan.synthetic,
        "crs": f"EPSG:{epsg}" if epsg else plan.crs.to_wkt(),
        "dsm": _kept_path(str(plan.dsm), path.parent),
        "seconds": plan.seconds,
        "not_applied": list(plan.decision.not_applied),
        "open_sky_kwh_m2": plan.results.open_sky_kwh_m2,
        "weather": {
            "station": weather.station,
            "source": weather.source,
            "kind": weather.kind,
            "latitude": weather.latitude,
            "longitude": weather.longitude,
            "ghi_kwh_m2": weather.ghi_kwh_m2,
            "months_ghi_kwh_m2": list(weather.months_ghi_kwh_m2),
        },
        "frames": schemas,
    }


def _absolute(path: Path) -> Path:
    """Without a look at the file system, so links stay as they are."""
    return Path(os.path.normpath(path.absolute()))


def _kept_path(path: str, folder: Path) -> str:
    """Relative to the project, with ``/``, where the file lies near it; else as it was."""
    if not path:
        return ""
    full = str(_absolute(Path(path)))
    try:
        relative = os.path.relpath(full, folder)
    except ValueError:
        # Another drive of Windows.
        return full
    parts = PurePath(relative).parts
    return full if parts.count(os.pardir) > _STEPS_UP else PurePath(relative).as_posix()


# ---------------------------------------------------------------------------------------------- loading


def load_project(path: Path) -> Plan:
    """Read a project file.

    Raises
    ------
    UnreadableProject
        Missing, no project, made by a newer version, or damaged; the details name the file and the reason.
    """
    path = Path(path)
    try:
        with opened(path) as connection:
            return _read(connection, path)
    except _DAMAGE as error:
        if isinstance(error, UnreadableProfile):
            raise UnreadableProject("project.bad_profile", file=str(path), reason=str(error)) from error
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise UnreadableProject("project.locked", file=str(path)) from error
        reason = f"{type(error).__name__}: {error}"[:300]
        raise UnreadableProject("project.damaged", file=str(path), reason=reason) from error


def _read(connection: sqlite3.Connection, path: Path) -> Plan:
    from pyproj import CRS

    from kawasolar.profile import profile_from_text

    present = tables(connection)
    if "kawasolar_meta" not in present:
        raise UnreadableProject("project.not_a_project", file=str(path))
    meta = _values(connection, "kawasolar_meta")
    version = meta["format_version"]
    if not isinstance(version, int):
        raise TypeError("format_version")
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
    folder = _absolute(path).parent
    return Plan(
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
        dsm=Path(_full_path(_typed(meta["dsm"], str), folder)),
        cache=cache_folder(_absolute(path)),
    )


def _typed(value: Any, kind: type) -> Any:  # noqa: ANN401
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected")
    return value


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
        if table not in _LAYERS:
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
        criteria[key] = (_typed(applied, bool), None if threshold is None else float(threshold))
    if values["objective"] not in ("co2", "energy"):
        raise ValueError("objective")
    return Settings(
        share=float(values["share"]),
        objective=values["objective"],
        criteria=criteria,
        pins=frozenset(_typed(key, str) for key in values["pins"]),
        vetoes=frozenset(_typed(key, str) for key in values["vetoes"]),
    )


def _inputs(connection: sqlite3.Connection, folder: Path) -> tuple[InputFile, ...]:
    files = []
    for row in zip(*read_columns(connection, "inputs", _INPUT_FIELDS), strict=True):
        values = dict(zip(_INPUT_FIELDS, row, strict=True))
        for name, value in values.items():
            _typed(value, int if name == "size" else str)
        values["path"] = _full_path(cast("str", values["path"]), folder)
        files.append(InputFile(**cast("Any", values)))
    return tuple(files)


def _findings(connection: sqlite3.Connection) -> tuple[Finding, ...]:
    from gis.findings import Finding

    found = []
    for row in zip(*read_columns(connection, "findings", _FINDING_FIELDS), strict=True):
        values = dict(zip(_FINDING_FIELDS, row, strict=True))
        values["details"] = _typed(json.loads(_typed(values["details"], str)), dict)
        if values["severity"] not in ("info", "warning", "error"):
            raise ValueError("severity")
        found.append(Finding(**values))
    return tuple(found)


def _full_path(kept: str, folder: Path) -> str:
    """Undo :func:`_kept_path` without touching the file system: a path may point to another's server."""
    if not kept or PurePath(kept).is_absolute() or PurePosixPath(kept).is_absolute():
        return kept
    return os.path.normpath(folder / kept)
