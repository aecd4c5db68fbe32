"""The project into the layers and tables of its file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import shapely

from kawasolar import __version__
from kawasolar.plan import ANSWERS
from kawasolar.programme.kept import head_to_json
from kawasolar.project.arrays import pack_array
from kawasolar.project.format import (
    EXPORT_FIELDS,
    FINDING_FIELDS,
    FORMAT_VERSION,
    INPUT_FIELDS,
    REGISTER_TABLE,
    STAMP_FIELDS,
    kept_path,
)
from kawasolar.project.frames import encode_frame, to_json
from kawasolar.project.gpkg import create_table, describe_columns, describe_tables, insert, prepare, write_table
from kawasolar.project.layers import building_layer, facility_layer
from kawasolar.project.slots import SLOTS, owners

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd
    from pyproj import CRS

    from gis.findings import Finding
    from kawasolar.plan import InputFile, LedgerRead, Plan, Project, RegisterRead
    from kawasolar.project.arrays import Encoding
    from kawasolar.project.format import Schemas
    from kawasolar.project.slots import Layout

# Name of an array -> how it is kept.
ENCODINGS: dict[str, Encoding] = {
    "sunlit": "share", "azimuths": "float64", "month_hour": "float32", "month_hour_lost": "float32", "typical_days": "float32", "hourly": "float32",
}  # fmt: skip


@dataclass
class Written:
    """What is known of the layers once they are written, and the arrays, packed."""

    schemas: Schemas = field(default_factory=dict)
    blobs: list[tuple[str, bytes]] = field(default_factory=list)


def write_layers(project: Project, layout: Layout, work: Path) -> Schemas:
    """All layers, by GDAL, with their spatial indexes; says how to read them back."""
    schemas: Schemas = {}
    for table, shown, kept, shape, crs in _layers(project, layout):
        schema = write_layer(work, table, shown, shape, crs)
        order = [str(column) for column in kept.columns]
        schema["columns"] = [entry for entry in schema["columns"] if entry[0] in order]
        schemas[table] = {**schema, "order": order, "crs": crs_text(crs)}
    return schemas


def _layers(project: Project, layout: Layout) -> Iterator[tuple[str, gpd.GeoDataFrame, gpd.GeoDataFrame, str, CRS]]:
    """Name, what is shown, what of it is read back, kind of shape and CRS of each layer."""
    for suffix, key in owners(layout, "read").items():
        plan = project.plans[key]
        read = read_of(plan)
        yield f"facilities{suffix}", facility_layer(plan), plan.facilities, "Point", plan.crs
        if is_corrected(plan):
            yield f"facilities_read{suffix}", read.frame, read.frame, "Point", plan.crs
    for suffix, key in owners(layout, "survey").items():
        plan = project.plans[key]
        yield f"buildings{suffix}", building_layer(plan), plan.results.buildings, "MultiPolygon", plan.crs
        yield f"roof_planes{suffix}", plan.results.planes, plan.results.planes, "MultiPolygon", plan.crs
    for suffix, key in owners(layout, "layout").items():
        plan = project.plans[key]
        yield f"subarrays{suffix}", plan.results.subarrays, plan.results.subarrays, "MultiPolygon", plan.crs


def read_of(plan: Plan) -> LedgerRead:
    """The ledger as it was read."""
    if plan.read is None:
        raise AssertionError("a plan without its ledger; see with_read")
    return plan.read


def is_corrected(plan: Plan) -> bool:
    """Whether corrections make the ledger another than the one that was read."""
    raw = read_of(plan).frame
    return plan.facilities is not raw and not plan.facilities.equals(raw)


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


def write_tables(
    project: Project, layout: Layout, connection: sqlite3.Connection, written: Written, path: Path, who: str
) -> None:
    """Everything that is no layer; ``path`` is where the project will lie."""
    schemas = written.schemas
    prepare(connection)
    for table in list(schemas):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        describe_columns(connection, table, columns)
    _write_frames(project, layout, connection, schemas)
    _write_arrays(written.blobs, connection)
    for suffix, key in owners(layout, "findings").items():
        _write_findings(project.plans[key].findings, connection, f"findings{suffix}")
    for suffix, key in owners(layout, "inputs").items():
        _write_inputs(project.plans[key].inputs, connection, f"inputs{suffix}", path)
    _write_entered(project, connection, path)
    meta = _meta_values(project, layout, schemas, path, who)
    _write(connection, "kawasolar_meta", ("key", "value"), ((key, to_json(value)) for key, value in meta.items()))
    own = {
        suffix: project.plans[key].scenario_name for slot in SLOTS for suffix, key in owners(layout, slot.name).items()
    }
    describe_tables(connection, own)


def _write_frames(project: Project, layout: Layout, connection: sqlite3.Connection, schemas: Schemas) -> None:
    for table, frame in _frames(project, layout):
        encoded, schema = encode_frame(frame, ("fid",))
        write_table(connection, table, encoded, schema)
        describe_columns(connection, table, [name for _, name, _, _ in schema])
        schemas[table] = {"columns": schema}


def _frames(project: Project, layout: Layout) -> Iterator[tuple[str, Any]]:
    plans = project.plans
    for suffix, key in owners(layout, "links").items():
        yield f"links{suffix}", plans[key].results.links
    for suffix, key in owners(layout, "read").items():
        if read_of(plans[key]).links is not plans[key].results.links:
            yield f"links_read{suffix}", read_of(plans[key]).links
    for suffix, key in owners(layout, "registers").items():
        for kind, register in plans[key].registers.by_kind.items():
            yield f"{REGISTER_TABLE}{kind}{suffix}", register.frame
    for suffix, key in owners(layout, "yield").items():
        yield f"yields{suffix}", plans[key].results.yields
    for suffix, key in owners(layout, "use").items():
        use = plans[key].use
        if use is not None:
            yield f"use{suffix}", use.frame
    for suffix, key in owners(layout, "programme").items():
        programme = plans[key].programme
        if programme is not None:
            yield f"programme{suffix}", programme.frame
    yield from _asked_frames(project, layout)
    for suffix, key in owners(layout, "decision").items():
        yield f"outcomes{suffix}", plans[key].decision.outcomes
        yield f"sites{suffix}", plans[key].decision.sites


def _asked_frames(project: Project, layout: Layout) -> Iterator[tuple[str, Any]]:
    """Tables of what scenarios ask for besides."""
    for kind in ANSWERS:
        for suffix, key in owners(layout, kind).items():
            answer = project.plans[key].answers.get(kind)
            for name, frame in () if answer is None else answer.frames.items():
                yield f"{kind}_{name}{suffix}", frame


def packed_arrays(project: Project, layout: Layout) -> list[tuple[str, bytes]]:
    """All arrays by name; takes no part of the file, so that it can be done while the layers are written."""
    blobs = []
    for slot in SLOTS:
        if not slot.arrays:
            continue
        for suffix, key in owners(layout, slot.name).items():
            results = project.plans[key].results
            blobs += [(name + suffix, pack_array(getattr(results, name), ENCODINGS[name])) for name in slot.arrays]
    for suffix, key in owners(layout, "use").items():
        use = project.plans[key].use
        if use is not None:
            blobs += [
                (f"use_{name}{suffix}", pack_array(getattr(use, name), "float32")) for name in ("months", "month_peaks")
            ]
    return blobs


def _write_arrays(blobs: list[tuple[str, bytes]], connection: sqlite3.Connection) -> None:
    create_table(connection, "kawasolar_arrays", [("name", "TEXT"), ("data", "BLOB")])
    insert(connection, "kawasolar_arrays", ("name", "data"), blobs)


def _write_findings(findings: tuple[Finding, ...], connection: sqlite3.Connection, table: str) -> None:
    _write(connection, table, FINDING_FIELDS, (_finding_row(finding) for finding in findings))


def _finding_row(f: Finding) -> tuple[object, ...]:
    return f.code, f.severity, f.source, f.row, f.column, f.found, f.expected, f.item, to_json(f.details)


def _write_inputs(inputs: tuple[InputFile, ...], connection: sqlite3.Connection, table: str, path: Path) -> None:
    rows = ((f.role, kept_path(f.path, path.parent), f.size, f.sha256, f.note, f.crs, f.layer) for f in inputs)
    _write(connection, table, INPUT_FIELDS, rows)


def _write_entered(project: Project, connection: sqlite3.Connection, path: Path) -> None:
    """What people entered, the profile, the stamps and the papers."""
    entries = (
        (kind, key, _exact_json(entry))
        for kind, table in sorted(project.entries.tables.items())
        for key, entry in sorted(table.items())
    )
    _write(connection, "entries", ("kind", "key", "value"), entries)
    _write(connection, "profile", ("source", "text"), [(project.profile.source, project.profile.text)])
    stamps = (
        (key, name, stamp.version, to_json(dict(stamp.inputs)), to_json(dict(stamp.parts)), stamp.made, stamp.seconds)
        for key, plan in project.plans.items()
        for name, stamp in plan.stamps.items()
    )
    _write(connection, "stamps", STAMP_FIELDS, stamps)
    papers = (
        (e.kind, kept_path(e.path, path.parent), e.language, e.scenario, e.fingerprint, e.when, e.who)
        for e in project.exports
    )
    _write(connection, "exports", EXPORT_FIELDS, papers)


def _exact_json(entry: object) -> str:
    """As it is: an entry that JSON does not know is a mistake of ours, not to be written as something else."""
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, allow_nan=False)
    # Half a character, as some input methods leave it, is no UTF-8: such an entry is written in escapes.
    return text if _is_utf8(text) else json.dumps(entry, sort_keys=True, allow_nan=False)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_KINDS = {"size": "INTEGER", "row": "INTEGER", "version": "INTEGER", "seconds": "REAL"}


def _write(
    connection: sqlite3.Connection, table: str, fields: tuple[str, ...], rows: Iterable[tuple[object, ...]]
) -> None:
    create_table(connection, table, [(name, _KINDS.get(name, "TEXT")) for name in fields])
    insert(connection, table, fields, rows)


def _meta_values(project: Project, layout: Layout, schemas: Schemas, path: Path, who: str) -> dict[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "program": f"KawaSolar {__version__}",
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "saved_by": who,
        "name": project.name,
        "crs": crs_text(project.plan.crs),
        "active": project.active,
        "mark": {"journal": project.mark.journal, "seq": project.mark.seq},
        "scenarios": {
            key: {
                "name": plan.name, "synthetic": plan.synthetic, "crs": crs_text(plan.crs),
                "dsm": kept_path(str(plan.dsm), path.parent), "seconds": plan.seconds, "slots": layout[key],
            }
            for key, plan in project.plans.items()
        },
        "slots": _slot_values(project, layout),
        "frames": schemas,
    }  # fmt: skip


def _slot_values(project: Project, layout: Layout) -> dict[str, Mapping[str, object]]:
    """What a part has besides tables and arrays, by slot and suffix."""
    plans = project.plans
    return {
        "read": {
            suffix: _read_values(plans[key], suffix, layout[key]) for suffix, key in owners(layout, "read").items()
        },
        "registers": {
            suffix: {kind: _register_values(register) for kind, register in plans[key].registers.by_kind.items()}
            for suffix, key in owners(layout, "registers").items()
        },
        "survey": {
            suffix: {"open_sky_kwh_m2": plans[key].results.open_sky_kwh_m2}
            for suffix, key in owners(layout, "survey").items()
        },
        "yield": {suffix: {"weather": _weather(plans[key])} for suffix, key in owners(layout, "yield").items()},
        "programme": {
            suffix: None if (programme := plans[key].programme) is None else head_to_json(programme)
            for suffix, key in owners(layout, "programme").items()
        },
        **{
            kind: {
                suffix: None if (answer := plans[key].answers.get(kind)) is None else dict(answer.head)
                for suffix, key in owners(layout, kind).items()
            }
            for kind in ANSWERS
        },
        "decision": {
            suffix: {"not_applied": list(plans[key].decision.not_applied)}
            for suffix, key in owners(layout, "decision").items()
        },
    }


def _read_values(plan: Plan, suffix: str, slots: Mapping[str, str]) -> dict[str, object]:
    read = read_of(plan)
    own = read.links is not plan.results.links
    return {
        "facilities": f"facilities_read{suffix}" if is_corrected(plan) else f"facilities{suffix}",
        "links": f"links_read{suffix}" if own else f"links{slots['links']}",
        "columns": dict(read.columns),
        "sheet": read.sheet,
    }


def _register_values(register: RegisterRead) -> dict[str, object]:
    return {
        "columns": dict(register.columns), "sheet": register.sheet, "findings": [list(_finding_row(one)) for one in register.findings],
    }  # fmt: skip


def _weather(plan: Plan) -> dict[str, object]:
    weather = plan.results.weather
    return {
        "station": weather.station,
        "source": weather.source,
        "kind": weather.kind,
        "latitude": weather.latitude,
        "longitude": weather.longitude,
        "ghi_kwh_m2": weather.ghi_kwh_m2,
        "months_ghi_kwh_m2": list(weather.months_ghi_kwh_m2),
        "sunniest_days": list(weather.sunniest_days),
        "dullest_days": list(weather.dullest_days),
    }


def crs_text(crs: CRS) -> str:
    """A code where there is one, else the whole definition."""
    epsg = crs.to_epsg()
    return f"EPSG:{epsg}" if epsg else crs.to_wkt()
