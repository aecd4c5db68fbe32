"""A ledger's file as a table of cells, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress, silent
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger import layers
from kawasolar.ledger.tables import Table, read_bytes, read_text
from kawasolar.ledger.workbook import read_workbook, sheet_names

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Loaded:
    """One sheet, text file or layer as cells; ``geometry`` where it is a map layer, one for each row below the heading."""

    path: Path
    table: Table
    geometry: gpd.GeoSeries | None = None


def load(path: Path, layer: str | None = None, crs: CRS | None = None, progress: Progress = silent) -> Loaded:
    """Read a file's cells.

    Parameters
    ----------
    layer : sheet or layer; the first with a recognisable heading unless given
    crs : of a map layer that does not say it

    Raises
    ------
    UnreadableLedger
        The file cannot be read at all.
    gis.errors.CrsMissing
        A map layer that does not say its coordinate system.
    """
    path = Path(path)
    data = read_bytes(path)
    suffix = path.suffix.lower()
    if data.startswith(_OLD_OFFICE):
        raise UnreadableLedger("ledger.old_excel", file=path.name)
    if data.startswith(b"PK\x03\x04"):
        return Loaded(path, read_workbook(data, path.name, layer, lambda: progress(0.0, "ledger")))
    if layers.is_layer(path, data[:512]):
        del data
        return Loaded(path, *layers.read_layer(path, layer, crs))
    if suffix in {*layers.SUFFIXES, ".xlsx", ".xlsm", ".xls", ".ods"}:
        raise UnreadableLedger("ledger.damaged", file=path.name, found=suffix)
    return Loaded(path, read_text(data, path.name))


def sheets_of(path: Path) -> tuple[str, ...]:
    """Names of the sheets or layers to choose among; empty for a text file.

    Raises
    ------
    UnreadableLedger
        As of :func:`load`.
    """
    path = Path(path)
    data = read_bytes(path)
    if data.startswith(b"PK\x03\x04"):
        return sheet_names(data, path.name)
    return layers.layer_names(path) if layers.is_layer(path, data[:512]) else ()
