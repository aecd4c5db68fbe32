"""A first look at each chosen file, before anything is computed: format, coordinate system, extent, rows.

Plain functions that run on a worker; what they find is what the assistant shows below the file's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gis.errors import CrsMissing, GisError, UnreadableFile
from gis.progress import Progress
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from pyproj import CRS

    from kawasolar.ledger.mapping import Mapping as ColumnMapping

Role = Literal[
    "dsm", "buildings", "facilities", "weather", "weather_2", "weather_3", "weather_sunny", "weather_dull", "canopy", "roof_planes",
    "roads", "wards", "meters", "parcels", "addresses", "profile",
]  # fmt: skip
ROLES: tuple[Role, ...] = (
    "dsm", "buildings", "facilities", "weather", "weather_2", "weather_3", "weather_sunny", "weather_dull", "canopy", "roof_planes",
    "roads", "wards", "meters", "parcels", "addresses", "profile",
)  # fmt: skip
REQUIRED: tuple[Role, ...] = ("dsm", "buildings", "facilities", "weather")
# Cells along the longer side of a first look at a large raster.
_LOOK_CELLS = 1000
# So many wards are named.
_NAMED = 8
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Area:
    """Where the surface model lies: its metric system and its extent [m]."""

    crs: CRS
    bounds: Bounds


@dataclass(frozen=True)
class Columns:
    """What is known of a ledger's columns: as a person named them for this plan, and the file of what is remembered."""

    mapping: ColumnMapping | None = None
    forms: Path | None = None


@dataclass(frozen=True)
class Checked:
    """What a file turned out to be; ``error`` where it can't be used as it is."""

    role: Role
    path: Path
    values: Mapping[str, object] = field(default_factory=dict)
    findings: int = 0
    area: Area | None = None
    error: GisError | PlanError | None = None
    # The file does not say its coordinate system; the user is asked.
    needs_crs: bool = False
    # The file has several layers; the user chooses.
    layers: tuple[str, ...] = ()
    # By which a ledger was read, where its headings do not say it; ``known``: from the ``plan``, ``memory``.
    mapping: ColumnMapping | None = None
    known: str = ""

    @property
    def good(self) -> bool:
        return self.error is None


def check(
    role: Role, path: Path, area: Area | None, epsg: int, crs: str | None, layer: str | None, progress: Progress,
    columns: Columns | None = None,
) -> Checked:  # fmt: skip
    """Look at one file.

    Parameters
    ----------
    area : where the surface model lies, once it is known; buildings must meet it
    epsg : the profile's plane-rectangular system, for files that come before the surface model
    crs, layer : what the user said of a file that does not say it itself
    columns : what is known of the columns of a ledger
    """
    progress(0.0, "read")
    try:
        if role == "dsm":
            return _surface(path, epsg, crs)
        if role == "buildings":
            return _buildings(path, area, epsg, crs, layer)
        if role == "facilities":
            return _facilities(path, area, epsg, crs, layer, columns or Columns(), progress)
        if role in ("weather", "weather_2", "weather_3", "weather_sunny", "weather_dull"):
            return _weather(role, path, area)
        if role == "canopy":
            return _canopy(path, area, crs)
        if role == "roads":
            return _roads(path, area, epsg)
        if role in ("parcels", "addresses"):
            return (_parcels if role == "parcels" else _addresses)(path, area, epsg, crs, layer)
        if role == "wards":
            return _wards(path, area, epsg, crs)
        if role == "meters":
            return _meters(path)
        if role == "roof_planes":
            return _roof_planes(path, area, epsg, crs, layer, progress)
        return _profile(path)
    except CrsMissing as error:
        return Checked(role, path, error=error, needs_crs=True)
    except UnreadableFile as error:
        return Checked(role, path, error=error, layers=_layers(error, path))
    except (GisError, PlanError) as error:
        return Checked(role, path, error=error)


def _surface(path: Path, epsg: int, crs: str | None) -> Checked:
    from pyproj import CRS
    from rasterio.warp import transform_bounds

    from gis.crs import label, measures_metres
    from gis.raster import read_head

    head = read_head(path, crs=crs)
    own, bounds = head.crs, head.bounds
    if measures_metres(own, (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2):
        area = Area(own, bounds)
    else:
        target = CRS.from_epsg(epsg)
        area = Area(target, transform_bounds(own.to_wkt(), target.to_wkt(), *bounds))
    values = {
        "rows": f"{head.rows:,}",
        "cols": f"{head.cols:,}",
        "cell": f"{head.cell:,.3g} m" if own.is_projected else f"{head.cell:.3g}°",
        "epsg": own.to_epsg(min_confidence=70) or label(own),
    }
    return Checked("dsm", path, values, area=area)


def _buildings(path: Path, area: Area | None, epsg: int, crs: str | None, layer: str | None) -> Checked:
    from pyproj import CRS

    from gis.outlines import read_outlines

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    found = read_outlines(path, target, layer=layer, crs=crs, surface_bounds=area.bounds if area is not None else None)
    values = {"number": f"{len(found.frame):,}", "epsg": target.to_epsg(min_confidence=70) or target.name}
    return Checked("buildings", path, values, findings=len(found.findings))


def _facilities(
    path: Path, area: Area | None, epsg: int, crs: str | None, layer: str | None, columns: Columns, progress: Progress
) -> Checked:
    from pyproj import CRS

    from gis.crs import parse_crs
    from kawasolar.ledger.facilities import read_loaded
    from kawasolar.ledger.loading import load
    from kawasolar.ledger.remembered import recall

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    wanted, known = columns.mapping, "plan"
    sheet = layer or (wanted.sheet if wanted is not None else "") or None
    loaded = load(path, sheet, parse_crs(crs) if crs else None, progress)
    mapping = None if wanted is None else wanted.placed(loaded.table.rows)
    if mapping is None and columns.forms is not None:
        mapping, known = recall(columns.forms, loaded.table.rows), "memory"
    ledger = read_loaded(
        loaded, target, area=area.bounds if area is not None else None, mapping=mapping, progress=progress
    )
    frame = ledger.facilities
    placed = int((frame.geometry.notna() & ~frame.geometry.is_empty).sum())
    values = {"number": f"{len(frame):,}", "placed": f"{placed:,}"}
    return Checked(
        "facilities", path, values, findings=len(ledger.findings), mapping=mapping, known=known if mapping is not None else ""
    )  # fmt: skip


def _weather(role: Role, path: Path, area: Area | None) -> Checked:
    from gis.crs import to_lonlat
    from kawasolar.weather import read_weather

    place: dict[str, float] = {}
    if area is not None:
        west, south, east, north = area.bounds
        longitude, latitude = to_lonlat(area.crs, (west + east) / 2, (south + north) / 2)
        place = {"latitude": latitude, "longitude": longitude}
    found = read_weather(path, **place)
    values = {"station": found.station, "kind": found.kind, "ghi": f"{found.ghi_kwh_m2:,.0f}"}
    return Checked(role, path, values, findings=len(found.findings))


def _canopy(path: Path, area: Area | None, crs: str | None) -> Checked:
    """Vegetation: whether it meets the surface, and whether its heights are those of trees; some cells of it are looked at."""
    from gis.crs import label
    from gis.grid import Grid
    from gis.raster import open_canopy, read_head

    head = read_head(path, crs=crs)
    epsg = head.crs.to_epsg(min_confidence=70) or label(head.crs)
    if area is None:
        return Checked("canopy", path, {"epsg": epsg})
    west, south, east, north = area.bounds
    cell = max(east - west, north - south) / _LOOK_CELLS
    grid = Grid(max(1, round((north - south) / cell)), max(1, round((east - west) / cell)), cell, west, north, area.crs)
    with open_canopy(path, grid, crs=crs) as source:
        source.whole()
        values = {"tallest": f"{source.tallest:,.1f}", "share": f"{100 * source.share:.0f}", "epsg": epsg}
        said = [finding for finding in source.seen() if finding.severity == "warning"]
        return Checked("canopy", path, values, findings=len(said))


def _roof_planes(
    path: Path, area: Area | None, epsg: int, crs: str | None, layer: str | None, progress: Progress
) -> Checked:
    from pyproj import CRS

    from gis.given_roofs import read_given_roofs
    from gis.roofs import SOURCES

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    bounds = area.bounds if area is not None else None
    found = read_given_roofs(path, target, layer=layer, crs=crs, bounds=bounds, progress=progress)
    values = {"number": f"{len(found.frame):,}", "source": SOURCES[int(found.frame["source"].iloc[0])]}
    said = [finding for finding in found.findings if finding.severity == "warning"]
    return Checked("roof_planes", path, values, findings=len(said))


def _roads(path: Path, area: Area | None, epsg: int) -> Checked:
    from pyproj import CRS

    from gis.roads import read_roads

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    found = read_roads(path, target, area.bounds if area is not None else None)
    return Checked("roads", path, {"number": f"{len(found):,}"})


def _parcels(path: Path, area: Area | None, epsg: int, crs: str | None, layer: str | None) -> Checked:
    from pyproj import CRS

    from kawasolar.address import read_parcels

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    found = read_parcels(path, target, layer=layer, crs=crs, bounds=area.bounds if area is not None else None)
    values = {"number": f"{len(found.frame):,}", "lots": f"{int(found.frame['lot'].notna().sum()):,}"}
    return Checked("parcels", path, values, findings=len(found.findings))


def _addresses(path: Path, area: Area | None, epsg: int, crs: str | None, layer: str | None) -> Checked:
    from pyproj import CRS

    from kawasolar.address import read_addresses

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    found = read_addresses(path, target, layer=layer, crs=crs, bounds=area.bounds if area is not None else None)
    return Checked("addresses", path, {"number": f"{len(found.entries):,}"}, findings=len(found.findings))


def _wards(path: Path, area: Area | None, epsg: int, crs: str | None) -> Checked:
    from pyproj import CRS

    from gis.wards import read_wards

    target = area.crs if area is not None else CRS.from_epsg(epsg)
    found = read_wards(path, target, crs=crs, bounds=area.bounds if area is not None else None)
    names = "・".join(found.frame["name"].iloc[:_NAMED].tolist())
    more = " …" if len(found.frame) > _NAMED else ""
    return Checked("wards", path, {"number": f"{len(found.frame):,}", "names": names + more}, findings=found.left_out)


def _profile(path: Path) -> Checked:
    from kawasolar.profile import load_profile

    profile = load_profile(path)
    names = {"name_ja": profile.name_ja, "name_en": profile.name_en, "epsg": profile.epsg}
    return Checked("profile", path, {**names, "profile": profile})


def _layers(error: UnreadableFile, path: Path) -> tuple[str, ...]:
    """The layers to choose among, where that is what the file needs."""
    if error.code not in ("outlines.many_layers", "roof_planes.many_layers", "parcels.many_layers"):
        return ()
    from gis.outlines import polygon_layers

    return tuple(polygon_layers(path))


def _meters(path: Path) -> Checked:
    from kawasolar.meters.store import open_store

    return Checked("meters", path, {"number": f"{len(open_store(path).points):,}"})
