"""Tables and layers that somebody gives: points of demand with weights, what is known of candidates, chargers that stand already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.errors import PlanError
from kawasolar.ledger.values import flag, number, text
from kawasolar.ledger.vocabulary import heading_key
from kawasolar.siting.table import headings

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

LAYERS = (".geojson", ".json", ".gpkg", ".shp")
MOST_ROWS = 1_000_000
_NUMBERS = ("latitude", "longitude", "weight", "stalls", "spare_kw", "price_yen", "chargers")
_FLAGS = ("visible", "hazard")
_HOURS = ("open_from", "open_to")
_CLOCK = re.compile(r"\s*(\d{1,2})\s*[::時]\s*(\d{1,2})?\s*分?(?::\d{2})?\s*")
_LONLAT = 6668


def read_points(path: Path, target: CRS, *, crs: str | None = None, layer: str | None = None) -> tuple[pd.DataFrame, list[Finding]]:  # fmt: skip
    """Points of demand: CSV or XLSX with latitude and longitude, or a layer (areas stand for a point within them).

    Returns
    -------
    frame : ``point_id`` (of the file, else its row), ``name``, ``weight`` (1 where the file has none), ``x y`` [m]
    findings : rows that are left out

    Raises
    ------
    PlanError
        ``siting.no_points``; of a table ``siting.no_place``: no latitude and longitude
    UnreadableLedger, UnreadableFile, CrsMissing
        the file cannot be read, or does not say where it lies
    """
    frame, findings = _read(path, target, crs, layer)
    if "x" not in frame:
        raise PlanError("siting.no_place", file=path.name)
    weight = frame["weight"] if "weight" in frame else pd.Series(1.0, index=frame.index)
    placed = np.isfinite(frame[["x", "y"]].to_numpy(float)).all(axis=1)
    heavy = (np.isfinite(weight) & (weight >= 0)).to_numpy()
    for mask, code in ((~placed, "siting.row_no_place"), (placed & ~heavy, "siting.row_no_weight")):
        if mask.any():
            findings.append(Finding(code, "warning", path.name, int(frame["row"][mask].iloc[0]), found=f"{int(mask.sum()):,}"))  # fmt: skip
    used = placed & heavy & (weight > 0).to_numpy()
    if not used.any():
        raise PlanError("siting.no_points", file=path.name)
    kept = frame[used]
    return pd.DataFrame(
        {
            "point_id": _ids(kept), "name": kept["name"].fillna("").astype(str).to_numpy() if "name" in kept else "",
            "weight": weight[used].to_numpy(float), "x": kept["x"].to_numpy(float), "y": kept["y"].to_numpy(float),
        }
    ), findings  # fmt: skip


def read_known(path: Path, target: CRS, *, crs: str | None = None) -> tuple[pd.DataFrame, list[Finding]]:
    """What is known of candidates, or chargers that stand: one row each, by the facility's number or with a place of its own.

    Returns
    -------
    frame : ``id`` and, where the file has them, ``name stalls spare_kw open_from open_to visible hazard price_yen chargers x y``; hours of the day [h], flags
        as bool or None

    Raises
    ------
    PlanError
        ``siting.no_id``: neither numbers nor places
    """
    frame, findings = _read(path, target, crs, None)
    if "id" not in frame and "x" not in frame:
        raise PlanError("siting.no_id", file=path.name)
    frame["id"] = _ids(frame)
    twice = frame["id"].duplicated()
    if twice.any():
        findings.append(Finding("siting.row_twice", "warning", path.name, int(frame["row"][twice].iloc[0]), found=str(frame["id"][twice].iloc[0])))  # fmt: skip
    return frame[~twice].reset_index(drop=True), findings


def _ids(frame: pd.DataFrame) -> NDArray[np.object_]:
    """The file's own numbers; the row where there is none."""
    rows = "#" + frame["row"].astype(str)
    if "id" not in frame:
        return rows.to_numpy(object)
    own = frame["id"].fillna("").astype(str).str.strip()
    return own.where(own != "", rows).to_numpy(object)


def _read(path: Path, target: CRS, crs: str | None, layer: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    """Our columns of a file, ``row`` as a person counts, and ``x y`` where it has places."""
    if path.suffix.lower() in LAYERS:
        return _of_layer(path, target, crs, layer)
    from kawasolar.ledger.loading import load

    table = load(path, layer).table
    first = next((k for k, row in enumerate(table.rows[:20]) if len(_columns([text(cell) or "" for cell in row])) >= 2), None)  # fmt: skip
    if first is None:
        raise PlanError("siting.no_headings", file=path.name)
    columns = _columns([text(cell) or "" for cell in table.rows[first]])
    body = [(k + 1, row) for k, row in enumerate(table.rows) if k > first and any(text(cell) for cell in row)]
    cells = {name: [row[at] if at < len(row) else None for _, row in body] for name, at in columns.items()}
    frame = _values(cells)
    frame.insert(0, "row", [k for k, _ in body])
    if {"latitude", "longitude"} <= set(frame.columns):
        from pyproj import CRS, Transformer

        move = Transformer.from_crs(CRS.from_epsg(_LONLAT), target, always_xy=True)
        lat, lon = frame["latitude"].to_numpy(float), frame["longitude"].to_numpy(float)
        good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
        x, y = move.transform(np.where(good, lon, np.nan), np.where(good, lat, np.nan))
        frame["x"], frame["y"] = _finite(x), _finite(y)
    return frame, []


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)


def _columns(texts: list[str]) -> dict[str, int]:
    """Ours -> place, by the headings; of two that fit the first in the table of headings."""
    keys = {heading_key(one): k for k, one in reversed(list(enumerate(texts))) if one}
    found = {}
    for name, words in headings().items():
        at = next((keys[heading_key(word)] for word in words if heading_key(word) in keys), None)
        if at is not None:
            found[name] = at
    return found


def _values(cells: dict[str, list[object]]) -> pd.DataFrame:
    made: dict[str, object] = {}
    for name, column in cells.items():
        if name in _NUMBERS:
            made[name] = np.array([_number(cell) for cell in column], dtype=np.float64)
        elif name in _FLAGS:
            made[name] = pd.Series([_flag(cell) for cell in column], dtype=object)
        elif name in _HOURS:
            made[name] = np.array([clock(cell) for cell in column], dtype=np.float64)
        else:
            made[name] = pd.Series([text(cell) for cell in column], dtype=object)
    count = len(next(iter(cells.values()), []))
    return pd.DataFrame(made, index=range(count))


def _number(cell: object) -> float:
    """NaN where it is no number."""
    try:
        found = number(cell)
    except ValueError:
        return np.nan
    return np.nan if found is None else float(found)


def _flag(cell: object) -> bool | None:
    """None where it says neither."""
    try:
        return flag(cell)
    except ValueError:
        return None


def clock(cell: object) -> float:
    """Hour of the day [h] of ``9``, ``9:30``, ``9時30分`` or a time of a workbook; NaN where it is none."""
    hour, minute = getattr(cell, "hour", None), getattr(cell, "minute", None)
    if hour is not None and minute is not None:
        return float(hour) + float(minute) / 60.0
    told = text(cell) or ""
    found = _CLOCK.fullmatch(told)
    value = float(found[1]) + float(found[2] or 0) / 60.0 if found else _number(told)
    return value if 0.0 <= value <= 24.0 else np.nan


def _of_layer(path: Path, target: CRS, crs: str | None, layer: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    frame = _layer(path, target, crs, layer)
    names = [str(name) for name in frame.columns if name != frame.geometry.name]
    columns = _columns(names)
    made = _values({name: frame[names[at]].tolist() for name, at in columns.items()} or {"name": [None] * len(frame)})
    made.insert(0, "row", np.arange(1, len(frame) + 1))
    within = frame.geometry.representative_point()
    empty = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    made["x"] = np.where(empty, np.nan, within.x.to_numpy())
    made["y"] = np.where(empty, np.nan, within.y.to_numpy())
    return made, []


def _layer(path: Path, target: CRS, crs: str | None, layer: str | None) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pyogrio
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    from gis.crs import horizontal, parse_crs
    from gis.drivers import check_vector
    from gis.errors import CrsMissing, UnreadableFile

    if not path.is_file():
        raise UnreadableFile("siting.missing", file=str(path))
    check_vector(path, "siting.unreadable")
    try:
        # Named by a person, else the first.
        found = pyogrio.read_dataframe(path, layer=layer, max_features=MOST_ROWS + 1, on_invalid="ignore")
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, shapely.errors.GEOSException, UnicodeDecodeError, ValueError) as error:  # fmt: skip
        raise UnreadableFile("siting.unreadable", file=path.name) from error
    if not isinstance(found, gpd.GeoDataFrame):
        raise UnreadableFile("siting.unreadable", file=path.name)
    if len(found) > MOST_ROWS:
        raise UnreadableFile("siting.too_many_rows", file=path.name, expected=MOST_ROWS)
    if found.crs is None:
        if crs is None:
            raise CrsMissing("siting.no_crs", file=path.name)
        found = found.set_crs(parse_crs(crs))
    return found.to_crs(horizontal(target))
