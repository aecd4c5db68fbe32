"""Ledgers kept as map layers: GeoJSON, GeoPackage, shapefile."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from gis.drivers import check_vector, stored_tables
from gis.errors import CrsMissing, UnreadableFile
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger.headings import Row, find_header
from kawasolar.ledger.tables import MAX_BYTES, MAX_ROWS, Table
from kawasolar.ledger.vocabulary import heading_key, vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS

SUFFIXES = (".geojson", ".json", ".gpkg", ".shp")

# A field name shorter than this was not cut.
_SHORTEST_CUT = 3

_BROKEN = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    shapely.errors.ShapelyError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    RuntimeError,
    OverflowError,
)


def is_layer(path: Path, head: bytes) -> bool:
    """Whether the file is a map layer, by name and by its first bytes.

    GDAL recognises files by content and some of its formats refer to other files; so only what begins like the
    format that its name says is handed on.
    """
    suffix = path.suffix.lower()
    if suffix == ".shp":
        return head[:4] == b"\x00\x00\x27\x0a"
    if suffix == ".gpkg":
        return head[:16] == b"SQLite format 3\0"
    return suffix in SUFFIXES and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _check_parts(path: Path) -> None:
    """Size of the parts of a shapefile; and that a GeoPackage or its parts are not held by another program."""
    for suffix in (".shp", ".dbf", ".shx", ".prj", ".cpg") if path.suffix.lower() == ".shp" else (path.suffix,):
        part = path.with_suffix(suffix)
        if not part.is_file():
            continue
        if part.stat().st_size > MAX_BYTES:
            raise UnreadableLedger(
                "ledger.too_large", file=part.name, found=part.stat().st_size // 2**20, expected=MAX_BYTES // 2**20
            )
        if not os.access(part, os.R_OK):
            raise UnreadableLedger("ledger.locked", file=part.name)


def _encoding(path: Path) -> str | None:
    """Encoding of a shapefile's table without ``.cpg``: UTF-8 if it reads as such, else cp932 as usual in Japan."""
    if path.suffix.lower() != ".shp" or path.with_suffix(".cpg").is_file() or path.with_suffix(".CPG").is_file():
        return None
    table = path.with_suffix(".dbf")
    if not table.is_file():
        return None
    data = table.read_bytes()
    header = int.from_bytes(data[8:10], "little") if len(data) > 32 else 0
    # Field descriptors are 32 bytes each with a name of 11; the rest of a descriptor is binary.
    names = b" ".join(data[i : i + 11].split(b"\0")[0] for i in range(32, max(header - 1, 32), 32))
    try:
        (names + b" " + data[header:]).decode("utf-8")
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8"


def _cell(value: object) -> object:
    """A plain Python value, None where it is missing in any of pandas' ways."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _cells(frame: pd.DataFrame) -> list[Row]:
    columns = [[_cell(value) for value in frame[name].tolist()] for name in frame.columns]
    return list(zip(*columns, strict=True)) if columns else [()] * len(frame)


def _whole(name: str) -> str:
    """A shapefile's field name, which ends after 10 bytes, as the heading that it was; itself where that is unclear."""
    key = heading_key(name)
    headings = vocabulary().headings
    if key in headings or len(key) < _SHORTEST_CUT:
        return name
    longer = {column: heading for heading, (column, _) in headings.items() if heading.startswith(key)}
    return next(iter(longer.values())) if len(longer) == 1 else name


def _read(path: Path, layer: str | None) -> pd.DataFrame:
    """The layer; of a shapefile with names and texts as they were before the format cut them."""
    if path.suffix.lower() != ".shp":
        return pyogrio.read_dataframe(path, layer=layer, max_features=MAX_ROWS + 1)
    try:
        frame = pyogrio.read_dataframe(path, layer=layer, encoding=_encoding(path), max_features=MAX_ROWS + 1)
    except UnicodeDecodeError:
        # A name or text was cut in the middle of a character: take the bytes, and what they say up to there.
        frame = pyogrio.read_dataframe(path, layer=layer, encoding="ISO-8859-1", max_features=MAX_ROWS + 1)
        frame = frame.rename(columns={name: str(_recoded(name)) for name in frame.columns if name != "geometry"})
        for name in frame.columns:
            if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name]):
                frame[name] = pd.Series([_recoded(value) for value in frame[name]], dtype=object, index=frame.index)
    return frame.rename(columns={name: _whole(str(name)) for name in frame.columns if name != "geometry"})


def _recoded(value: object) -> object:
    """Text whose bytes were taken for Latin-1, as the UTF-8 that it is, up to where it was cut."""
    if not isinstance(value, str):
        return value
    try:
        return value.encode("latin-1").decode("utf-8", errors="ignore")
    except UnicodeEncodeError:
        return value


def _layers(path: Path) -> list[str]:
    """Layers that lie in the file; a view may be a query that never ends, so it is none, and no catalogue may be one."""
    stored = stored_tables(path)
    if stored is not None and not stored:
        raise UnreadableLedger("ledger.damaged", file=path.name)
    if stored is not None and not {"gpkg_contents", "gpkg_spatial_ref_sys"} <= {name.lower() for name in stored}:
        raise UnreadableLedger("ledger.not_layer", file=path.name)
    names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    return names if stored is None else [name for name in names if name in stored]


def layer_names(path: Path) -> tuple[str, ...]:
    """Names of the layers to choose among.

    Raises
    ------
    UnreadableLedger
        Damaged, locked, or a file that points to others.
    """
    try:
        _check_parts(path)
        check_vector(path, "ledger.not_layer")
        return tuple(_layers(path))
    except PermissionError as error:
        raise UnreadableLedger("ledger.locked", file=path.name) from error
    except UnreadableFile as error:
        raise UnreadableLedger(error.code, file=path.name) from error
    except _BROKEN as error:
        raise UnreadableLedger("ledger.damaged", file=path.name, found=type(error).__name__) from error


def _choose(path: Path, layer: str | None) -> str:
    """Name of the layer: as asked, else the first with a recognisable heading, else the first."""
    names = _layers(path)
    if layer is not None:
        if layer not in names:
            raise UnreadableLedger("ledger.no_layer", file=path.name, found=layer)
        return layer
    if not names:
        raise UnreadableLedger("ledger.empty", file=path.name)
    if len(names) == 1:
        return names[0]
    for name in names[:100]:
        header = find_header([list(pyogrio.read_info(path, layer=name)["fields"])])
        if header is not None and header.recognised:
            return name
    return names[0]


def read_layer(path: Path, layer: str | None, crs: CRS | None = None) -> tuple[Table, gpd.GeoSeries | None]:
    """Attributes as a table whose first row is the heading, and the geometry of each row below it.

    Raises
    ------
    UnreadableLedger
        Damaged, empty, too large, locked, without such a layer, or a file that points to others.
    gis.errors.CrsMissing
        The layer does not say in which coordinate system it is, and ``crs`` is not given.
    """
    source = path.name
    try:
        _check_parts(path)
        check_vector(path, "ledger.not_layer")
        with warnings.catch_warnings():
            # GDAL talks about texts and names that it could not decode; what matters of it is looked at here.
            warnings.simplefilter("ignore", RuntimeWarning)
            name = _choose(path, layer)
            frame = _read(path, name)
    except PermissionError as error:
        raise UnreadableLedger("ledger.locked", file=source) from error
    except UnreadableFile as error:
        raise UnreadableLedger(error.code, file=source) from error
    except _BROKEN as error:
        raise UnreadableLedger("ledger.damaged", file=source, found=type(error).__name__) from error
    if len(frame) > MAX_ROWS:
        raise UnreadableLedger("ledger.too_many_rows", file=source, found=len(frame), expected=MAX_ROWS)
    geometry: gpd.GeoSeries | None = None
    if isinstance(frame, gpd.GeoDataFrame):
        geometry = frame.geometry
        frame = pd.DataFrame(frame.drop(columns=geometry.name))
        if geometry.crs is None:
            if crs is None:
                raise CrsMissing("ledger.no_crs", file=source)
            geometry = geometry.set_crs(crs)
    rows: list[Row] = [tuple(str(column) for column in frame.columns), *_cells(frame)]
    return Table(name, rows), geometry


def points(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """A point of each geometry: itself, or one that surely lies within a polygon. Empty ones become None."""
    shapes = np.asarray(geometry.array, dtype=object)
    with np.errstate(invalid="ignore"):
        shapes = shapely.force_2d(shapes)
        inside = shapely.point_on_surface(shapes)
    inside[shapely.is_empty(inside)] = None
    return gpd.GeoSeries(inside, crs=geometry.crs)


def polygons(geometry: gpd.GeoSeries) -> np.ndarray[Any, np.dtype[np.object_]] | None:
    """The polygons among the geometries, mended; None where there are none at all."""
    shapes = shapely.force_2d(np.asarray(geometry.array, dtype=object))
    areal = np.isin(shapely.get_type_id(shapes), [3, 6]) & ~shapely.is_empty(shapes)
    if not areal.any():
        return None
    mended = shapely.make_valid(shapes)
    mended[~areal] = None
    return mended


def to_crs(geometry: gpd.GeoSeries, crs: CRS) -> gpd.GeoSeries:
    """The geometry in the project's coordinate system."""
    return geometry.to_crs(crs)
