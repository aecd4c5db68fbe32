"""What a survey is made from: files, and what the user said of them; read and joined once, before the tiles."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gis.progress import Progress, part
from kawasolar.errors import PlanError
from kawasolar.plan import InputFile, Role

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from gis.findings import Finding
    from gis.given_roofs import GivenRoofs
    from gis.grid import Grid
    from kawasolar.profile import Profile
    from kawasolar.weather import Weather

Sunlit = Literal["facilities", "all", "none"]
# Bytes hashed between two looks at whether somebody has said stop.
_AT_ONCE = 8 * 2**20
# A weather station farther than this from the site is said [km].
_STATION_NEAR_KM = 50.0


@dataclass(frozen=True)
class SurveyInputs:
    """The files, and how to survey.

    Attributes
    ----------
    out : folder of the dataset
    only_facilities : the buildings of the ledger's facilities, and no others
    sunlit : whose planes' sunlit shares are kept
    tile_m : side of a tile [m]
    geometry : whether planes get their outlines
    canopy : heights of vegetation above the surface, if there is such a raster
    roof_planes : planes that are taken in the place of those found in the surface, if there is such a file
    """

    dsm: Path
    buildings: Path
    weather: Path
    out: Path
    facilities: Path | None = None
    only_facilities: bool = False
    profile: Path | None = None
    dsm_crs: str | None = None
    buildings_crs: str | None = None
    buildings_layer: str | None = None
    facilities_crs: str | None = None
    facilities_layer: str | None = None
    tile_m: float = 3072.0
    sunlit: Sunlit = "none"
    geometry: bool = True
    canopy: Path | None = None
    canopy_crs: str | None = None
    roof_planes: Path | None = None
    roof_planes_crs: str | None = None
    roof_planes_layer: str | None = None


@dataclass(frozen=True)
class Area:
    """What the files say of the area, without the heights.

    Attributes
    ----------
    outlines : in the surface's CRS, columns as in ``docs/nomenclature.md``
    links : facilities and their buildings; None without a ledger
    given : roof planes in the outlines; None without such a file
    """

    grid: Grid
    synthetic: bool
    outlines: gpd.GeoDataFrame
    weather: Weather
    links: pd.DataFrame | None
    findings: tuple[Finding, ...]
    given: GivenRoofs | None = None

    def owners(self) -> pd.Series[str]:
        """Facility of each outline; None where it belongs to none."""
        ids = self.outlines["building_id"]
        if self.links is None:
            return ids.map(lambda _: None).astype(object)
        found = self.links.dropna(subset=["building_id"]).set_index("building_id")["facility_id"]
        owners: pd.Series[str] = ids.map(found).astype(object)
        return owners.where(owners.notna(), None)


def hashed_files(inputs: SurveyInputs, progress: Progress) -> tuple[InputFile, ...]:
    """The files with size and SHA-256; a missing one has none, for its reader says why."""
    files: tuple[tuple[Role, Path | None, str | None, str | None], ...] = (
        ("dsm", inputs.dsm, inputs.dsm_crs, None),
        ("buildings", inputs.buildings, inputs.buildings_crs, inputs.buildings_layer),
        ("facilities", inputs.facilities, inputs.facilities_crs, inputs.facilities_layer),
        ("weather", inputs.weather, None, None),
        ("canopy", inputs.canopy, inputs.canopy_crs, None),
        ("roof_planes", inputs.roof_planes, inputs.roof_planes_crs, inputs.roof_planes_layer),
        ("profile", inputs.profile, None, None),
    )
    given = [(role, path, crs, layer) for role, path, crs, layer in files if path is not None]
    found = []
    for k, (role, path, crs, layer) in enumerate(given):
        size, digest = _content(path, part(progress, k / len(given), (k + 1) / len(given)))
        found.append(InputFile(role, str(path.resolve()), size, digest, crs=crs or "", layer=layer or ""))
    return tuple(found)


def _content(path: Path, progress: Progress) -> tuple[int, str]:
    digest, done = hashlib.sha256(), 0
    try:
        if not path.is_file():
            return 0, ""
        size = path.stat().st_size
        with path.open("rb") as file:
            while chunk := file.read(_AT_ONCE):
                digest.update(chunk)
                done += len(chunk)
                progress(min(1.0, done / max(size, 1)), "check")
    except OSError:
        return 0, ""
    return done, digest.hexdigest()


def read_area(inputs: SurveyInputs, profile: Profile, progress: Progress) -> Area:
    """Outlines, weather for the middle of the surface, given roof planes in the outlines, and the ledger joined to them.

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        as the readers do
    """
    from gis.crs import to_lonlat
    from gis.outlines import read_outlines
    from gis.raster import open_surface
    from kawasolar.weather import read_weather

    progress(0.0, "outlines")
    with open_surface(inputs.dsm, crs=inputs.dsm_crs, metric_crs=f"EPSG:{profile.epsg}") as source:
        grid, synthetic = source.grid, source.synthetic
    read = read_outlines(
        inputs.buildings, grid.crs, layer=inputs.buildings_layer, crs=inputs.buildings_crs, surface_bounds=grid.bounds
    )
    outlines = read.frame.reset_index(drop=True)
    progress(0.6, "outlines")
    longitude, latitude = to_lonlat(grid.crs, (grid.west + grid.east) / 2, (grid.south + grid.north) / 2)
    weather = read_weather(inputs.weather, latitude=latitude, longitude=longitude)
    links: pd.DataFrame | None = None
    said: tuple[Finding, ...] = ()
    if inputs.facilities is not None:
        links, said = _joined(inputs, profile, grid, outlines, part(progress, 0.7, 0.9))
    given = _given(inputs, grid, outlines, part(progress, 0.9, 1.0))
    seen = () if given is None else given.findings
    far = _far_station(weather, longitude, latitude)
    return Area(
        grid, synthetic, outlines, weather, links, (*read.findings, *seen, *weather.findings, *far, *said), given
    )


def _given(inputs: SurveyInputs, grid: Grid, outlines: gpd.GeoDataFrame, progress: Progress) -> GivenRoofs | None:
    from gis.given_places import in_outlines
    from gis.given_roofs import read_given_roofs

    if inputs.roof_planes is None:
        return None
    read = read_given_roofs(
        inputs.roof_planes, grid.crs, layer=inputs.roof_planes_layer, crs=inputs.roof_planes_crs, bounds=grid.bounds, progress=progress,
    )  # fmt: skip
    return in_outlines(read, outlines)


def _joined(
    inputs: SurveyInputs, profile: Profile, grid: Grid, outlines: gpd.GeoDataFrame, progress: Progress
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    from kawasolar.join import Weights, join_facilities
    from kawasolar.ledger import read_facilities

    if inputs.facilities is None:
        raise PlanError("plan.input_unknown", missing="facilities")
    progress(0.0, "ledger")
    ledger = read_facilities(
        inputs.facilities, grid.crs, layer=inputs.facilities_layer, area=grid.bounds, layer_crs=inputs.facilities_crs
    )
    links, findings = join_facilities(
        ledger.facilities, outlines, nearest_m=profile.number("join.nearest_m"), weights=Weights.of(profile),
        progress=lambda share, _what: progress(share, "join"), outlines=ledger.outlines,
    )  # fmt: skip
    return links, (*ledger.findings, *findings)


def _far_station(weather: Weather, longitude: float, latitude: float) -> list[Finding]:
    """Say when the weather comes from far away."""
    from pyproj import Geod

    from gis.findings import Finding

    metres = Geod(ellps="GRS80").inv(longitude, latitude, weather.longitude, weather.latitude)[2]
    if metres < _STATION_NEAR_KM * 1000:
        return []
    return [
        Finding(
            "plan.weather_far", "warning", weather.source, found=f"{metres / 1000:.0f} km", expected=f"< {_STATION_NEAR_KM:.0f} km",
            item=weather.station,
        )
    ]  # fmt: skip


def own_values(profile: Profile, *, joined: bool, trees: bool = False, given: bool = False) -> dict[str, float]:
    """The profile's numbers that a survey depends on: with a ledger, with vegetation, with given roof planes."""
    besides = (("join.", joined), ("canopy.", trees), ("given.", given))
    prefixes = ("roof.", "engine.", "pv.albedo", *(prefix for prefix, has_part in besides if has_part))
    return {key: profile.number(key) for key in sorted(profile.values) if key.startswith(prefixes)}
