"""Facilities, buildings and roof planes as a GeoPackage that QGIS shows in our colours."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from kawasolar import __version__
from kawasolar.answers.facilities import answers_frame
from kawasolar.export.fingerprint import Origin
from kawasolar.export.png_map import irradiation_range
from kawasolar.export.table import use_frame
from kawasolar.export.writing import atomic_geopackage
from kawasolar.half import years_frame
from kawasolar.palette import CLASS_COLOURS, IRRADIATION_RAMP, MODULE_COLOUR, MODULE_LINE, rgb
from kawasolar.project.gpkg import create_table, describe_columns, prepare
from kawasolar.project.layers import building_layer, facility_layer, site_class
from kawasolar.project.write import write_layer
from kawasolar.provenance.register import changes
from kawasolar.provenance.words import entry_texts
from kawasolar.reasons import reason_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import geopandas as gpd

    from kawasolar.plan import Plan
    from kawasolar.words import Language

_CLASSES = ("chosen", "eligible", "unknown", "ineligible", "other")
_STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT, ui TEXT,
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""


def write_gpkg(plan: Plan, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the layers ``facilities``, ``buildings``, ``roof_planes`` and ``subarrays`` (modules, a multi-polygon each) in the project's CRS, styled.

    ``facilities`` carries the ledger, the yield, the decision, the reason as a sentence in ``language``, what it uses, and what the plan's answers say of it. The table ``plan`` says which
    plan this is, with its fingerprint; ``corrections`` lists what people corrected or entered, with who and why.

    Raises
    ------
    NotWritable
        Locked by QGIS, read-only, disk full.
    """
    layers = {
        "facilities": (_facilities(plan, language), "Point"),
        "buildings": (building_layer(plan), "MultiPolygon"),
        "roof_planes": (plan.results.planes.drop(columns="cell_rules", errors="ignore"), "MultiPolygon"),
        "subarrays": (plan.results.subarrays, "MultiPolygon"),
    }
    with atomic_geopackage(path, lambda connection: _finish(connection, plan, language, list(layers), today)) as work:
        for name, (frame, shape) in layers.items():
            write_layer(work, name, frame, shape, plan.crs)


def _facilities(plan: Plan, language: Language) -> gpd.GeoDataFrame:
    layer = facility_layer(plan)
    sites = plan.half.sites.drop_duplicates("facility_id").set_index("facility_id").reindex(layer["facility_id"])
    layer["reason_text"] = [
        reason_sentence(language, code, values)
        for code, values in zip(sites["reason"], sites["reason_values"], strict=True)
    ]
    for frame in (years_frame(plan), use_frame(plan), answers_frame(plan)):
        for column, values in frame.reindex(layer["facility_id"]).items():
            layer[str(column)] = values.array
    layer["class"] = site_class(plan).reindex(layer["facility_id"]).to_numpy()
    return layer


def origin_table(connection: sqlite3.Connection, plan: Plan, language: Language, today: date | None) -> None:
    """Which plan this is: one row."""
    origin = Origin.of(plan, today)
    row = {
        "name": origin.marked(language), "scenario": origin.scenario, "date": origin.day.isoformat(), "fingerprint": origin.fingerprint,
        "municipality": plan.profile.name(language), "objective": plan.settings.objective, "program": f"KawaSolar {__version__}",
    }  # fmt: skip
    create_table(connection, "plan", [*((name, "TEXT") for name in row), ("share", "REAL")])
    names = ", ".join([*row, "share"])
    marks = ", ".join("?" * (len(row) + 1))
    connection.execute(f"INSERT INTO plan ({names}) VALUES ({marks})", [*row.values(), plan.settings.share])  # noqa: S608 - our own names


def _corrections_table(connection: sqlite3.Connection, plan: Plan, language: Language) -> None:
    """What people corrected or entered, in words."""
    columns = ("facility_id", "kind", "item", "before", "now", "why", "who", "source")
    create_table(connection, "corrections", [*((name, "TEXT") for name in columns), ("entered_at", "TEXT")])
    rows = [entry_texts(language, entry) for entry in changes(plan).to_dict("records")]
    names = ", ".join([*columns, "entered_at"])
    connection.executemany(
        f"INSERT INTO corrections ({names}) VALUES ({', '.join('?' * (len(columns) + 1))})",  # noqa: S608 - our own names
        [[*(row[name] for name in columns), row["when"]] for row in rows],
    )


def _finish(
    connection: sqlite3.Connection, plan: Plan, language: Language, layers: list[str], today: date | None
) -> None:
    """Titles of the columns, default styles, and where the layers come from."""
    prepare(connection)
    origin_table(connection, plan, language, today)
    _corrections_table(connection, plan, language)
    for table in layers:
        describe_columns(connection, table, [row[1] for row in connection.execute(f"PRAGMA table_info({table})")])
    connection.execute(_STYLE_TABLE)
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES ('layer_styles', 'attributes', 'layer_styles', '')"
    )
    styles = {
        "facilities": _classes("class", language, "marker"),
        "buildings": _classes("class", language, "fill"),
        "roof_planes": _ramp("irradiation_kwh_m2", irradiation_range(plan)),
        "subarrays": _modules(),
    }
    connection.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, useAsDefault, description, owner)"
        " VALUES ('', '', ?, 'geom', 'KawaSolar', ?, 1, 'KawaSolar', '')",
        list(styles.items()),
    )


# ---------------------------------------------------------------------------------------------- QGIS styles


def _colour(colour: str, alpha: int = 255) -> str:
    return ",".join(str(part) for part in (*rgb(colour), alpha))


def _symbol(number: int, kind: str, layer: str, options: dict[str, str]) -> str:
    body = "".join(
        f'<Option type="QString" name={quoteattr(name)} value={quoteattr(value)}/>' for name, value in options.items()
    )
    return (
        f'<symbol type="{kind}" name="{number}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{layer}" enabled="1" locked="0" pass="0"><Option type="Map">{body}</Option></layer></symbol>'
    )


def _class_symbol(number: int, name: str, kind: str) -> str:
    colour = CLASS_COLOURS[name]
    if kind == "marker":
        size = "3.4" if name == "chosen" else "2.4"
        fill = _colour(colour) if name in ("chosen", "unknown") else _colour("#FFFFFF")
        options = {
            "name": "circle",
            "color": fill,
            "outline_color": _colour(colour),
            "outline_width": "0.5",
            "size": size,
            "size_unit": "MM",
        }
        return _symbol(number, "marker", "SimpleMarker", options)
    width = {"chosen": "0.9", "other": "0.1"}.get(name, "0.45")
    line = "dash" if name == "unknown" else "solid"
    options = {
        "color": _colour(colour, 0),
        "style": "no",
        "outline_color": _colour(colour),
        "outline_style": line,
        "outline_width": width,
        "outline_width_unit": "MM",
    }
    return _symbol(number, "fill", "SimpleFill", options)


def _classes(field: str, language: Language, kind: str) -> str:
    """Categories by class."""
    names = [name for name in _CLASSES if not (kind == "marker" and name == "other")]
    categories = "".join(
        f'<category symbol="{number}" value="{name}" render="true" type="string" label={quoteattr(say(language, f"export.map.legend.{name}"))}/>'
        for number, name in enumerate(names)
    )
    symbols = "".join(_class_symbol(number, name, kind) for number, name in enumerate(names))
    return _qml(
        f'<renderer-v2 type="categorizedSymbol" attr="{field}" symbollevels="0" enableorderby="0" forceraster="0">',
        f"<categories>{categories}</categories><symbols>{symbols}</symbols>",
    )


def _modules() -> str:
    """All alike."""
    options = {
        "color": _colour(MODULE_COLOUR),
        "style": "solid",
        "outline_color": _colour(MODULE_LINE),
        "outline_width": "0.1",
    }
    symbol = _symbol(0, "fill", "SimpleFill", options)
    return _qml(
        '<renderer-v2 type="singleSymbol" symbollevels="0" enableorderby="0" forceraster="0">',
        f"<symbols>{symbol}</symbols>",
    )


def _ramp(field: str, ends: tuple[float, float]) -> str:
    """Equal steps of the irradiation."""
    low, high = ends
    count = len(IRRADIATION_RAMP)
    step = (high - low) / count
    edges = [low + step * place for place in range(count + 1)]
    # The outermost take what lies beyond.
    bounds = [
        (-1e9 if place == 0 else edges[place], 1e9 if place == count - 1 else edges[place + 1])
        for place in range(count)
    ]
    ranges = "".join(
        f'<range lower="{bound[0]:.6f}" upper="{bound[1]:.6f}" symbol="{place}" render="true" label="{edges[place]:,.0f} – {edges[place + 1]:,.0f} kWh/m²"/>'
        for place, bound in enumerate(bounds)
    )
    symbols = "".join(
        _symbol(place, "fill", "SimpleFill", {"color": _colour(colour), "style": "solid", "outline_style": "no"})
        for place, colour in enumerate(IRRADIATION_RAMP)
    )
    return _qml(
        f'<renderer-v2 type="graduatedSymbol" attr="{field}" graduatedMethod="GraduatedColor" symbollevels="0" enableorderby="0" forceraster="0">',
        f"<ranges>{ranges}</ranges><symbols>{symbols}</symbols>",
    )


def _qml(opening: str, body: str) -> str:
    return f'<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM"><qgis version="3.22.0" styleCategories="Symbology">{opening}{body}</renderer-v2></qgis>'
