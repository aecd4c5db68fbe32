"""The plan into the layers and tables of a project file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import shapely

from kawasolar import __version__
from kawasolar.project.arrays import pack_array
from kawasolar.project.format import FINDING_FIELDS, FORMAT_VERSION, INPUT_FIELDS, LAYERS, kept_path
from kawasolar.project.frames import encode_frame, to_json
from kawasolar.project.gpkg import create_table, describe_columns, prepare, write_table
from kawasolar.project.layers import building_layer, facility_layer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.plan import Plan, Results, Settings
    from kawasolar.project.format import Schemas


def write_layers(plan: Plan, work: Path) -> Schemas:
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


def write_tables(plan: Plan, connection: sqlite3.Connection, schemas: Schemas, path: Path) -> None:
    """Everything that is no layer; ``path`` is where the project will lie."""
    prepare(connection)
    for table in LAYERS:
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
    create_table(connection, "inputs", [(name, "INTEGER" if name == "size" else "TEXT") for name in INPUT_FIELDS])
    marks = ", ".join("?" * len(INPUT_FIELDS))
    connection.executemany(
        f"INSERT INTO inputs ({', '.join(INPUT_FIELDS)}) VALUES ({marks})",  # noqa: S608
        [(f.role, kept_path(f.path, path.parent), f.size, f.sha256, f.note, f.crs, f.layer) for f in plan.inputs],
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


def _write_findings(findings: tuple[Finding, ...], connection: sqlite3.Connection) -> None:
    kinds = [(name, "INTEGER" if name == "row" else "TEXT") for name in FINDING_FIELDS]
    create_table(connection, "findings", kinds)
    rows = [
        (f.code, f.severity, f.source, f.row, f.column, f.found, f.expected, f.item, to_json(f.details))
        for f in findings
    ]
    names = ", ".join(f'"{name}"' for name in FINDING_FIELDS)
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
        "dsm": kept_path(str(plan.dsm), path.parent),
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
