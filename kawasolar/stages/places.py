"""The layers of a plan that tell places: parcels, addresses, and the buildings' own addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.aside import aside
from gis.progress import Progress, part, silent
from kawasolar.address import AddressBook, building_entries, read_addresses, read_parcels

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.findings import Finding
    from kawasolar.address import Addresses, Parcels
    from kawasolar.stages.bench import Bench


@dataclass
class Places:
    """Parcels, where the plan has a file of them; all addresses with their places; what was noticed in the files."""

    parcels: gpd.GeoDataFrame | None = None
    book: AddressBook = field(default_factory=AddressBook)
    findings: tuple[Finding, ...] = ()


def places_of(bench: Bench, progress: Progress = silent) -> Places:
    """Read what tells places.

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        as the readers do
    """
    known, found = {entry.role for entry in bench.inputs}, Places()
    if "addresses" in known:
        addresses = aside(lambda: _addresses(bench), progress, 0.0, "addresses")
        found.book.add(addresses.entries)
        found.findings += addresses.findings
    if "parcels" in known:
        parcels = aside(lambda: _parcels(bench), progress, 0.4, "parcels")
        found.book.add(parcels.entries())
        found.parcels = parcels.frame
        found.findings += parcels.findings
    frame = bench.outlines(part(progress, 0.8, 1.0)).frame
    if "address" in frame:
        found.book.add(building_entries(frame["address"].tolist(), frame.geometry.to_numpy()))
    return found


def _addresses(bench: Bench) -> Addresses:
    grid = bench.grid()
    return read_addresses(
        bench.path("addresses"),
        grid.crs,
        layer=bench.layer("addresses"),
        crs=bench.crs("addresses"),
        bounds=grid.bounds,
    )


def _parcels(bench: Bench) -> Parcels:
    grid = bench.grid()
    return read_parcels(
        bench.path("parcels"), grid.crs, layer=bench.layer("parcels"), crs=bench.crs("parcels"), bounds=grid.bounds
    )
