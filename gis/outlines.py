"""Building outlines from a GeoPackage, shapefile, GeoJSON or SpatiaLite file of any CRS."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from gis.crs import Bounds, horizontal, label, likely_crs, overlap, parse_crs, swapped
from gis.datums import told_of
from gis.drivers import check_vector, stored_tables
from gis.errors import CrsMissing, NoOverlap, UnreadableFile
from gis.findings import Finding, Severity

_POLYGONS = ("Polygon", "MultiPolygon", "CurvePolygon", "MultiSurface", "Unknown", "GeometryCollection")
_ID_NAMES = (
    "building_id",
    "buildingid",
    "建物id",
    "建物番号",
    "gml_id",
    "gmlid",
    "fid_bldg",
    "identificatie",
    "lokaalid",
    "bldg_id",
    "id",
    "fid",
)
_NAME_NAMES = ("name", "名称", "建物名称", "建物名", "施設名称")
# What a roof is in a surface that was made (:mod:`gis.model_surface`): measured, the model's shape or its box, the box of an unknown height, nothing.
SURFACES = ("measured", "lod2", "lod1", "assumed", "none")
# What a city model or a ledger of buildings says besides, kept where a layer has it: our column -> names of it.
_FURTHER_NAMES = {
    "address": ("address", "住所", "所在地"),
    "storeys": ("storeys", "storeysaboveground", "strysabvg", "地上階数", "階数"),
    "floor_area_m2": ("floor_area_m2", "totalfloorarea", "延床面積", "延べ床面積"),
}
# No building has more storeys or floor area [m²]; 9999 and the like stand for unknown.
_LARGEST = {"storeys": 200.0, "floor_area_m2": 2e6}
_SENTINELS = (9999.0, -9999.0)
_USAGE_NAMES = ("usage", "用途", "建物用途", "type", "種別")
# An outline smaller than this is a digitising slip, not a building.
_SLIVER_M2 = 1.0
# An area with more outlines than this inside is a block or a site; a podium may carry a few towers.
_MOST_INSIDE = 10
# No projection reaches farther than this [m]; beyond it GEOS loses its digits.
_FARTHEST = 1e8
_MAX_FEATURES = 5_000_000
# A layer whose every id repeats is said once for each of the first hundred.
_MOST_SAID = 100
# Rows of a layer that are read in one call: 0.1 s. GeoJSON is parsed whole by every call.
_ROWS_AT_ONCE = 10_000
_READ_WHOLE = (".geojson", ".json")
# How much of a shapefile's table is looked at for its encoding.
_ENCODING_BYTES = 2_000_000


@dataclass(frozen=True)
class Outlines:
    """Building outlines in the project's CRS; columns as in ``docs/nomenclature.md``."""

    frame: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


def read_outlines(
    path: Path,
    target: CRS,
    *,
    layer: str | None = None,
    crs: str | CRS | None = None,
    surface_bounds: Bounds | None = None,
) -> Outlines:
    """Read building outlines and bring them to ``target``.

    Crossing outlines are mended, rows without a polygon left out, repeated ids told apart; each is a finding.

    Parameters
    ----------
    crs : what the coordinates are, where the file does not say
    surface_bounds : west, south, east, north of the DSM in ``target``; no building within it is an error

    Raises
    ------
    UnreadableFile
        ``outlines.missing``, ``outlines.unreadable``, ``outlines.no_layer``, ``outlines.empty``, ``outlines.no_polygons``
    CrsMissing
        ``outlines.no_crs``
    NoOverlap
        ``outlines.no_overlap``, with the CRS that would fit where one does
    """
    if not path.is_file():
        raise UnreadableFile("outlines.missing", file=str(path))
    check_vector(path)
    raw = load_polygons(path, layer)
    findings: list[Finding] = []
    own = _own_crs(raw, path, crs, findings)
    findings += told_of(own, path.name)
    frame = _tidy_columns(raw)
    if not frame["id_given"].any():
        findings.append(Finding("outlines.no_ids", "info", path.name))
    frame = _tidy_geometry(frame, path, findings)
    moved = frame.set_crs(own, allow_override=True)
    if not horizontal(own).equals(horizontal(target), ignore_axis_order=True):
        findings.append(Finding("outlines.reprojected", "info", path.name, found=label(own), expected=label(target)))
        moved = moved.to_crs(target)
        moved = moved[np.isfinite(shapely.bounds(moved.geometry.to_numpy())).all(axis=1)]
    if surface_bounds is not None:
        _check_overlap(frame, moved, own, target, surface_bounds, path)
    moved = _only_buildings(moved, path, findings)
    moved["building_id"] = _unique_ids(moved["building_id"], path, findings)
    columns = [
        "building_id",
        "name",
        "usage",
        "id_given",
        *(name for name in ("surface", *_FURTHER_NAMES) if name in moved),
        "geometry",
    ]
    return Outlines(moved[columns].set_crs(target, allow_override=True), tuple(findings))


def _only_buildings(frame: gpd.GeoDataFrame, path: Path, findings: list[Finding]) -> gpd.GeoDataFrame:
    """Leave out slivers, second copies of an outline, and areas that hold many outlines: blocks or sites, not buildings."""
    shapes = frame.geometry.to_numpy()
    area = shapely.area(shapes)
    small = area < _SLIVER_M2
    again = pd.Series(_to_centimetre(shapes)).duplicated().to_numpy() & ~small
    tree = shapely.STRtree(shapely.point_on_surface(shapes[~small & ~again]))
    holders = tree.query(shapes, predicate="contains")[0]
    block = np.bincount(holders, minlength=len(frame)) > _MOST_INSIDE
    for code, severity, mask in (
        ("outlines.sliver", "info", small),
        ("outlines.copy", "warning", again),
        ("outlines.block", "warning", block & ~small & ~again),
    ):
        ids, sizes = frame["building_id"].to_numpy()[mask], area[mask]
        findings.extend(
            Finding(code, cast("Severity", severity), path.name, found=f"{size:,.1f} m²", item=str(identity))
            for identity, size in zip(ids[:_MOST_SAID], sizes[:_MOST_SAID], strict=True)
        )
        if len(ids) > _MOST_SAID:
            findings.append(Finding("outlines.and_more", "info", path.name, details={"count": len(ids) - _MOST_SAID}))
    kept = frame[~small & ~again & ~block].reset_index(drop=True)
    if kept.empty:
        raise UnreadableFile("outlines.empty", file=path.name)
    return kept


def _to_centimetre(shapes: NDArray[np.object_]) -> list[bytes]:
    """Outlines as words that are the same for those that lie within a centimetre, whatever corner they begin with."""
    found: list[bytes] = []
    for first in range(0, len(shapes), _ROWS_AT_ONCE):
        rounded = shapely.transform(shapes[first : first + _ROWS_AT_ONCE], lambda xy: np.round(xy, 2))
        found.extend(shapely.to_wkb(shapely.normalize(rounded)))
    return found


def polygon_layers(path: Path) -> list[str]:
    """Names of the layers that hold polygons; of a database only what is really stored in it."""
    try:
        listed = pyogrio.list_layers(path)
    except DataSourceError as error:
        raise UnreadableFile("outlines.unreadable", file=path.name) from error
    stored = stored_tables(path)
    return [
        str(name)
        for name, kind in listed
        if kind and str(kind).split(" ")[0].removesuffix("Z") in _POLYGONS and (stored is None or str(name) in stored)
    ]


def load_polygons(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    """The rows of a layer of polygons as they are; of several that of buildings, where only one is called so.

    Raises
    ------
    UnreadableFile
        as :func:`read_outlines`, and ``outlines.many_layers``, ``outlines.too_many``
    """
    layers = polygon_layers(path)
    if layer is not None and layer not in layers:
        raise UnreadableFile("outlines.no_layer", file=path.name, found=layer, expected=", ".join(layers))
    if not layers:
        raise UnreadableFile("outlines.no_polygons", file=path.name)
    if layer is None and len(layers) > 1:
        named = [name for name in layers if re.search(r"bldg|build|pand|建物|roof", name, re.IGNORECASE)]
        if len(named) != 1:
            raise UnreadableFile("outlines.many_layers", file=path.name, expected=", ".join(layers))
        layers = named
    try:
        name = layer or layers[0]
        count = int(pyogrio.read_info(path, layer=name, force_feature_count=True)["features"])
        if count > _MAX_FEATURES:
            raise UnreadableFile("outlines.too_many", file=path.name, found=count, expected=_MAX_FEATURES)
        if count == 0:
            raise UnreadableFile("outlines.empty", file=path.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # rings that do not close are said row by row
            return _read_in_parts(path, name, count)
    except (
        DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, shapely.errors.GEOSException, UnicodeDecodeError, ValueError,
    ) as error:  # fmt: skip
        raise UnreadableFile("outlines.unreadable", file=path.name) from error


def _read_in_parts(path: Path, layer: str, count: int) -> gpd.GeoDataFrame:
    """A layer, some rows at a time where a file can begin anywhere: while a part is read, the rest of the program stands still."""
    encoding = _encoding(path)
    if path.suffix.lower() in _READ_WHOLE or count <= _ROWS_AT_ONCE:
        return pyogrio.read_dataframe(path, layer=layer, encoding=encoding, on_invalid="ignore")
    parts = [
        pyogrio.read_dataframe(
            path, layer=layer, encoding=encoding, on_invalid="ignore", skip_features=first, max_features=_ROWS_AT_ONCE
        )
        for first in range(0, count, _ROWS_AT_ONCE)
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=parts[0].crs)


def _encoding(path: Path) -> str | None:
    """Encoding of a shapefile's table: Japanese ones are cp932 and seldom say so."""
    if path.suffix.lower() != ".shp" or path.with_suffix(".cpg").exists():
        return None
    try:
        with path.with_suffix(".dbf").open("rb") as file:
            header = file.read(32)
            begin, record = int.from_bytes(header[8:10], "little"), int.from_bytes(header[10:12], "little")
            file.seek(begin)
            text = file.read(max(record, 1) * min(20_000, _ENCODING_BYTES // max(record, 1) + 1))
    except OSError:
        return None
    for encoding in ("utf-8", "cp932"):
        try:
            text.rstrip(b"\x1a").decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "iso-8859-1"


def _own_crs(frame: gpd.GeoDataFrame, path: Path, crs: str | CRS | None, findings: list[Finding]) -> CRS:
    given = parse_crs(crs) if crs is not None else None
    if frame.crs is None:
        if given is None:
            raise CrsMissing("outlines.no_crs", file=path.name)
        return given
    if given is not None and not given.equals(frame.crs, ignore_axis_order=True):
        findings.append(
            Finding("outlines.crs_overridden", "warning", path.name, found=label(frame.crs), expected=label(given))
        )
        return given
    return CRS(frame.crs)


def column_of(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """The column that bears one of these names, whatever its case; the first of them that there is."""
    lowered = {str(name).strip().lower(): str(name) for name in frame.columns}
    return next((lowered[name] for name in names if name in lowered), None)


def _text(values: pd.Series) -> pd.Series:
    """Text with missing values as None and whole floats without their ``.0``."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype("object").where(values.notna(), None)
    return text.map(lambda value: None if value is None or str(value).strip() == "" else str(value).strip())


def _tidy_columns(raw: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    identity, name, usage = (column_of(raw, names) for names in (_ID_NAMES, _NAME_NAMES, _USAGE_NAMES))
    numbered = pd.Series([f"B{k + 1:05d}" for k in range(len(raw))], index=raw.index, dtype="object")
    ids = _text(raw[identity]) if identity else numbered
    missing = ids.isna()
    if missing.any():
        ids = ids.where(~missing, numbered)
    columns: dict[str, object] = {
        "building_id": ids,
        "name": _text(raw[name]) if name else None,
        "usage": _text(raw[usage]) if usage else None,
        "id_given": ~missing.to_numpy() if identity else False,
        "source_row": np.arange(1, len(raw) + 1),
    }
    if "surface" in raw:
        # Outlines that were made with a surface say what each roof is in it; a column of that name may be another's.
        told = _text(raw["surface"])
        columns["surface"] = told.where(told.isin(SURFACES), None)
    for name, words in _FURTHER_NAMES.items():
        own = column_of(raw, words)
        if own is not None:
            columns[name] = _quantity(raw[own], _LARGEST[name]) if name in _LARGEST else _text(raw[own])
    return gpd.GeoDataFrame(columns, geometry=raw.geometry.to_numpy(), crs=raw.crs)


def _quantity(values: pd.Series, largest: float) -> pd.Series:
    """Positive numbers; NaN for what is none, or stands for unknown."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where((numbers > 0) & (numbers <= largest) & ~numbers.isin(_SENTINELS))


def only_polygons(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons of mended shapes: a crossing may leave lines and points beside them."""
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    out = shapes.copy()
    for k in np.flatnonzero(mixed):
        parts = [part for part in shapely.get_parts(shapes[k]) if part.geom_type in ("Polygon", "MultiPolygon")]
        out[k] = shapely.union_all(parts) if parts else None
    return out


def _tidy_geometry(frame: gpd.GeoDataFrame, path: Path, findings: list[Finding]) -> gpd.GeoDataFrame:
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    ends = shapely.bounds(shapes)
    finite = np.isfinite(ends).all(axis=1) & (np.abs(ends) < _FARTHEST).all(axis=1)
    broken = ~absent & finite & ~shapely.is_valid(shapes)
    if broken.any():
        mended = shapes.copy()
        mended[broken] = only_polygons(shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False))
        findings.extend(
            Finding(
                "outlines.crossing", "warning", path.name, int(frame["source_row"].iloc[k]),
                found=shapely.is_valid_reason(shapes[k]), item=str(frame["building_id"].iloc[k]),
            )
            for k in np.flatnonzero(broken)
        )  # fmt: skip
        shapes = mended
    kinds = shapely.get_type_id(shapes)
    polygon = (kinds == shapely.GeometryType.POLYGON) | (kinds == shapely.GeometryType.MULTIPOLYGON)
    keep = polygon & finite & ~shapely.is_empty(shapes)
    for k in np.flatnonzero(~keep):
        shape = shapes[k]
        findings.append(
            Finding(
                "outlines.no_polygon", "warning", path.name, int(frame["source_row"].iloc[k]),
                found="–" if shape is None else shape.geom_type, expected="Polygon", item=str(frame["building_id"].iloc[k]),
            )
        )  # fmt: skip
    out = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))[keep]
    if out.empty:
        raise UnreadableFile("outlines.no_polygons", file=path.name)
    return out


def _check_overlap(
    own: gpd.GeoDataFrame, moved: gpd.GeoDataFrame, own_crs: CRS, target: CRS, bounds: Bounds, path: Path
) -> None:
    boxes = shapely.bounds(moved.geometry.to_numpy())
    meets = (
        (boxes[:, 0] < bounds[2]) & (boxes[:, 2] > bounds[0]) & (boxes[:, 1] < bounds[3]) & (boxes[:, 3] > bounds[1])
    )
    if meets.any():
        return
    west, south, east, north = (float(v) for v in own.total_bounds)
    found = (west, south, east, north)
    shown = f"{west:.5g}, {south:.5g} … {east:.5g}, {north:.5g}"
    details = {
        "file": path.name,
        "found": shown,
        "crs": label(own_crs),
        "expected": ", ".join(f"{v:.1f}" for v in bounds),
    }
    if box_meets(swapped(found), own_crs, target, bounds):
        raise NoOverlap("outlines.axes_swapped", **details)
    likely = likely_crs(found, target, bounds)
    if likely is not None and likely != label(own_crs):
        raise NoOverlap("outlines.no_overlap_likely", likely=likely, **details)
    raise NoOverlap("outlines.no_overlap", **details)


def box_meets(box: Bounds, own: CRS, target: CRS, bounds: Bounds) -> bool:
    """Whether a box in its own CRS meets the surface."""
    move = Transformer.from_crs(horizontal(own), horizontal(target), always_xy=True)
    try:
        return overlap(move.transform_bounds(*box), bounds)
    except ProjError:
        return False


def _unique_ids(ids: pd.Series, path: Path, findings: list[Finding]) -> pd.Series:
    """Repeated ids get ``#2``, ``#3`` … so that no building is lost."""
    nth = ids.groupby(ids).cumcount()
    repeated = nth > 0
    if not repeated.any():
        return ids.astype(str)
    times = ids[repeated].value_counts().sort_index() + 1
    findings.extend(
        Finding("outlines.duplicate_id", "warning", path.name, item=str(identity), details={"times": int(count)})
        for identity, count in times.head(_MOST_SAID).items()
    )
    return ids.astype(str).where(~repeated, ids.astype(str) + "#" + (nth + 1).astype(str))
