"""From files to the plan: read, survey, yield, decide; the whole way in one call.

DSM ─► surface ─┐
outlines ───────┼─► survey ─► yield ─► decision ─► plan
facilities ─join┘      ▲        ▲
weather ─► sky table ──┴────────┘
"""

from __future__ import annotations

import errno
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.crs import to_lonlat
from gis.findings import Finding
from gis.progress import Progress, part, silent
from kawasolar.errors import NotWritable, PlanError
from kawasolar.plan import InputFile, Plan, Results, Role
from kawasolar.project.format import cache_folder

if TYPE_CHECKING:
    from gis.outlines import Outlines
    from gis.raster import Surface
    from gis.sky import SkyTable
    from gis.survey import Survey, SurveySettings
    from kawasolar.profile import Profile
    from kawasolar.weather import Weather

# A weather station farther than this from the site does not speak for it; said, not refused (Kawasaki itself is 33 km long).
_STATION_NEAR_KM = 50.0
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@dataclass(frozen=True)
class PlanInputs:
    """The files of a plan, and what the user said of those that do not say it themselves.

    ``dsm_crs``, ``buildings_crs``, ``facilities_crs`` are needed only for files that name none; ``*_layer`` for files of several layers.
    """

    dsm: Path
    buildings: Path
    facilities: Path
    weather: Path
    out: Path
    profile: Path | None = None
    name: str = ""
    dsm_crs: str | None = None
    buildings_crs: str | None = None
    facilities_crs: str | None = None
    buildings_layer: str | None = None
    facilities_layer: str | None = None


def make_plan(inputs: PlanInputs, progress: Progress = silent) -> Plan:
    """Read the files and compute the plan; derived rasters go to the cache folder beside ``inputs.out``.

    The project file itself is written by :func:`kawasolar.project.save_project`.

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        What cannot be lived with, as codes; see ``resources/words``.
    gis.progress.Cancelled
        from ``progress``; nothing that stood is touched before the last step.
    """
    from gis.survey import survey
    from kawasolar.decide import decide, default_settings
    from kawasolar.join import join_facilities
    from kawasolar.ledger import read_facilities
    from kawasolar.profile import load_profile
    from kawasolar.yields import compute_yields

    seconds: dict[str, float] = {}
    progress(0.0, "read")
    with _timed(seconds, "read"):
        profile = load_profile(inputs.profile)
        surface, outlines, weather = _read(inputs, profile, part(progress, 0.0, 0.06))
        ledger = read_facilities(
            inputs.facilities, surface.grid.crs, layer=inputs.facilities_layer, area=surface.grid.bounds,
            layer_crs=inputs.facilities_crs,
        )  # fmt: skip
        links, join_findings = join_facilities(
            ledger.facilities, outlines.frame, nearest_m=profile.number("join.nearest_m"),
            progress=part(progress, 0.06, 0.08), outlines=ledger.outlines,
        )  # fmt: skip
    with _timed(seconds, "sky"):
        sky = sky_table(weather, profile)
    with _timed(seconds, "survey"):
        found = survey(
            surface, outlines.frame, sky, survey_settings(profile), detail=set(links["building_id"]), progress=part(progress, 0.08, 0.80)
        )  # fmt: skip
    with _timed(seconds, "yield"):
        progress(0.80, "yield")
        yields = compute_yields(
            found.planes, found.sunlit, found.azimuths, links, weather, profile, part(progress, 0.80, 0.92)
        )
    with _timed(seconds, "decision"):
        progress(0.92, "decision")
        settings = default_settings(profile)
        results = Results(
            found.buildings, found.planes, found.sunlit, found.azimuths, links, yields.yields, yields.month_hour,
            yields.month_hour_lost, weather.summary(), found.open_sky_kwh_m2,
        )  # fmt: skip
        decision = decide(ledger.facilities, results, profile, settings)
    cache = cache_folder(inputs.out)
    with _timed(seconds, "write"):
        write_cache(cache, surface, found, part(progress, 0.93, 1.0))
    findings = (
        *surface.findings, *outlines.findings, *ledger.findings, *join_findings, *weather.findings,
        *_distance_finding(surface, weather), *found.findings,
    )  # fmt: skip
    return Plan(
        name=inputs.name or inputs.out.stem, synthetic=surface.synthetic, crs=surface.grid.crs, profile=profile,
        settings=settings, inputs=tuple(_input_files(inputs)), facilities=ledger.facilities, results=results,
        decision=decision, findings=tuple(findings), seconds=seconds, dsm=inputs.dsm, cache=cache,
    )  # fmt: skip


def make_and_save(
    inputs: PlanInputs, progress: Progress = silent, adjust: Callable[[Plan], Plan] = lambda plan: plan
) -> Plan:
    """Make a plan and write it to ``inputs.out``: first the project, whole, then its derived rasters.

    Until the project is written nothing that stood is touched, neither the old project nor its rasters; a failure leaves both.

    Parameters
    ----------
    adjust : settings of the user's on the fresh plan, before it is written
    """
    from gis.raster import replace_file
    from kawasolar.project import CACHE_RASTERS, save_project

    target = inputs.out.resolve()
    try:
        with tempfile.TemporaryDirectory(
            prefix=".kawasolar-", dir=target.parent, ignore_cleanup_errors=True
        ) as scratch:
            made = adjust(make_plan(replace(inputs, out=Path(scratch) / target.name), progress))
            cache = cache_folder(target)
            plan = replace(made, name=inputs.name or target.stem, cache=cache)
            save_project(plan, target)
            cache.mkdir(exist_ok=True)
            for name in CACHE_RASTERS:
                replace_file(made.cache / name, cache / name)
    except NotWritable as error:
        # The user knows the target, not the folder of the meantime.
        raise NotWritable(error.code, **{**error.details, "file": str(target)}) from error
    except OSError as error:
        raise _not_writable(target, error) from error
    return plan


def inputs_of(plan: Plan, out: Path) -> PlanInputs:
    """The files that a plan was made from, for computing it again."""
    by_role = {entry.role: entry for entry in plan.inputs}
    missing = {"dsm", "buildings", "facilities", "weather"} - set(by_role)
    if missing:
        raise PlanError("plan.input_unknown", missing=", ".join(sorted(missing)))

    def crs(role: Role) -> str | None:
        return by_role[role].crs or None

    return PlanInputs(
        dsm=Path(by_role["dsm"].path), buildings=Path(by_role["buildings"].path),
        facilities=Path(by_role["facilities"].path), weather=Path(by_role["weather"].path), out=out,
        profile=Path(by_role["profile"].path) if "profile" in by_role else None, name=plan.name,
        dsm_crs=crs("dsm"), buildings_crs=crs("buildings"), facilities_crs=crs("facilities"),
        buildings_layer=by_role["buildings"].layer or None, facilities_layer=by_role["facilities"].layer or None,
    )  # fmt: skip


def rerun(plan: Plan, out: Path, progress: Progress = silent) -> Plan:
    """Compute a plan again from its files, with the settings that the planner has chosen."""
    from kawasolar.decide import decide

    fresh = make_plan(inputs_of(plan, out), progress)
    decision = decide(fresh.facilities, fresh.results, fresh.profile, plan.settings)
    return replace(fresh, settings=plan.settings, decision=decision)


def survey_settings(profile: Profile) -> SurveySettings:
    """The survey's rules from the profile's values."""
    from gis.roofs import RoofSettings
    from gis.survey import SurveySettings
    from gis.usable import UsableRules

    number = profile.number
    return SurveySettings(
        roofs=RoofSettings(min_plane_m2=number("roof.min_plane_area"), obstacle_height_m=number("roof.obstacle_height")),
        usable=UsableRules(
            max_tilt=number("roof.max_tilt"), flat_tilt=number("roof.flat_tilt"),
            north_halfwidth=number("roof.north_halfwidth"), setback_m=number("roof.setback"),
            step_m=number("roof.obstacle_height"), obstacle_clearance_m=number("roof.obstacle_clearance"),
            min_irradiation_share=number("roof.irradiation_share"), min_area_m2=number("roof.min_plane_area"),
            min_width_m=number("roof.min_width"),
        ),
    )  # fmt: skip


def sky_table(weather: Weather, profile: Profile) -> SkyTable:
    """The year's light by direction, for the station of the weather."""
    from gis.sky import SkyTable

    return SkyTable.from_weather(
        weather.hours, weather.latitude, weather.longitude, weather.altitude,
        albedo=profile.number("pv.albedo"), n_azimuths=int(profile.number("engine.azimuths")),
    )  # fmt: skip


def write_cache(folder: Path, surface: Surface, found: Survey, progress: Progress = silent) -> None:
    """Write the derived rasters that the map and the pictures show."""
    import numpy as np

    from gis.hillshade import hillshade
    from gis.raster import write_raster

    grid = surface.grid
    try:
        folder.mkdir(parents=True, exist_ok=True)
        progress(0.0, "write")
        write_raster(folder / "irradiation.tif", found.irradiation, grid, nodata=float("nan"))
        progress(0.3, "write")
        write_raster(folder / "planes.tif", found.plane_ids, grid, nodata=0)
        progress(0.5, "write")
        write_raster(folder / "hillshade.tif", hillshade(surface.z, grid.cell), grid, nodata=0)
        progress(0.7, "write")
        # Derived pictures of the surface need centimetres, not micrometres: 1/32 m compresses five times better.
        write_raster(folder / "surface.tif", np.round(surface.z * 32) / np.float32(32), grid, nodata=float("nan"))
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(target: Path, error: OSError) -> NotWritable:
    code = "export.disk_full" if error.errno in _FULL else "plan.cache_not_writable"
    return NotWritable(code, file=str(target), reason=error.strerror or str(error))


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - begin, 3)


def _read(inputs: PlanInputs, profile: Profile, progress: Progress) -> tuple[Surface, Outlines, Weather]:
    from gis.outlines import read_outlines
    from gis.raster import read_surface
    from kawasolar.weather import read_weather

    surface = read_surface(inputs.dsm, crs=inputs.dsm_crs, metric_crs=f"EPSG:{profile.epsg}", progress=progress)
    grid = surface.grid
    outlines = read_outlines(
        inputs.buildings, grid.crs, layer=inputs.buildings_layer, crs=inputs.buildings_crs, surface_bounds=grid.bounds
    )
    longitude, latitude = to_lonlat(grid.crs, (grid.west + grid.east) / 2, (grid.south + grid.north) / 2)
    weather = read_weather(inputs.weather, latitude=latitude, longitude=longitude)
    return surface, outlines, weather


def _distance_finding(surface: Surface, weather: Weather) -> list[Finding]:
    """Say when the weather comes from far away."""
    from pyproj import Geod

    grid = surface.grid
    lon, lat = to_lonlat(grid.crs, (grid.west + grid.east) / 2, (grid.south + grid.north) / 2)
    metres = Geod(ellps="GRS80").inv(lon, lat, weather.longitude, weather.latitude)[2]
    if metres < _STATION_NEAR_KM * 1000:
        return []
    return [
        Finding(
            "plan.weather_far", "warning", weather.source, found=f"{metres / 1000:.0f} km", expected=f"< {_STATION_NEAR_KM:.0f} km",
            item=weather.station,
        )
    ]  # fmt: skip


def _input_files(inputs: PlanInputs) -> Iterator[InputFile]:
    files: tuple[tuple[Role, Path | None, str | None, str | None], ...] = (
        ("dsm", inputs.dsm, inputs.dsm_crs, None),
        ("buildings", inputs.buildings, inputs.buildings_crs, inputs.buildings_layer),
        ("facilities", inputs.facilities, inputs.facilities_crs, inputs.facilities_layer),
        ("weather", inputs.weather, None, None),
        ("profile", inputs.profile, None, None),
    )
    for role, path, crs, layer in files:
        if path is not None:
            yield InputFile(
                role, str(path.resolve()), path.stat().st_size, _digest(path), crs=crs or "", layer=layer or ""
            )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
