"""From files to a project: all stages once, and the file with its rasters beside it."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.errors import NotWritable, PlanError
from kawasolar.plan import OTHER_LEDGERS, OWN_TABLES, SITING_FILES, InputFile, OtherLedger, Plan, Project, Role
from kawasolar.project.format import cache_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gis.mosaic import Mosaic
    from gis.raster import Surface
    from gis.sky import SkyTable
    from gis.survey import Survey, SurveySettings
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.plan import AnswerKind
    from kawasolar.profile import Profile
    from kawasolar.weather import Weather

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@dataclass(frozen=True)
class PlanInputs:
    """The files of a plan, and what the user said of those that do not say it themselves.

    ``dsm_crs``, ``buildings_crs``, ``facilities_crs``, ``canopy_crs``, ``roof_planes_crs`` are needed only for files that name none; ``*_layer`` for files of
    several layers. ``weather_sunny``, ``weather_dull``: a sunny and a dull year of the same station (METPV-20 max, min). ``canopy``: heights of vegetation above the surface, if there is such a raster.
    ``weather_2``, ``weather_3``: further stations, between which the weather of the place is taken by distance. ``roads``: for the glare. ``wards``: areas with names, which tell a facility's ward by its place. ``meters``: half hours
    of the facilities' meters (:mod:`kawasolar.meters.store`).
    ``facilities_mapping``: which column of the ledger is which, where its headings do not say it.
    ``registers``: ledgers of other things than facilities, by kind.
    ``asks``: what the plan is asked for besides, by the usual options.
    ``parcels``, ``addresses``: parcels of land and addresses with places, for the join.
    ``roof_planes``: planes that are taken in the place of those found in the surface (CityGML LOD2, or drawn), if there is such a file.
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
    scenario: str = ""
    weather_sunny: Path | None = None
    weather_dull: Path | None = None
    canopy: Path | None = None
    canopy_crs: str | None = None
    roof_planes: Path | None = None
    roof_planes_crs: str | None = None
    roof_planes_layer: str | None = None
    weather_2: Path | None = None
    weather_3: Path | None = None
    roads: Path | None = None
    parcels: Path | None = None
    parcels_crs: str | None = None
    parcels_layer: str | None = None
    addresses: Path | None = None
    addresses_crs: str | None = None
    addresses_layer: str | None = None
    meters: Path | None = None
    wards: Path | None = None
    wards_crs: str | None = None
    facilities_mapping: Mapping | None = None
    registers: tuple[tuple[OtherLedger, Path], ...] = ()
    siting: tuple[tuple[Role, Path], ...] = ()
    asks: tuple[AnswerKind, ...] = ()


def make_project(inputs: PlanInputs, progress: Progress = silent, unfinished: Path | None = None) -> Project:
    """Read the files and compute the plan of a first scenario; derived rasters go to the cache folder beside ``inputs.out``.

    The project file itself is written by :func:`kawasolar.project.save_project`.

    Parameters
    ----------
    unfinished : folder in which a large survey that is stopped leaves what is done, for the next run; that of ``inputs.out`` unless given

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        What cannot be lived with, as codes; see ``resources/words``.
    gis.progress.Cancelled
        from ``progress``; nothing that stood is touched before the last step.
    """
    from gis.aside import aside
    from kawasolar.document.asked_edits import ask
    from kawasolar.document.edits import Author, first_scenario, map_columns
    from kawasolar.document.entries import Entries, apply
    from kawasolar.document.person import person_name
    from kawasolar.document.views import settings_of
    from kawasolar.profile import load_profile
    from kawasolar.stages.bench import Bench
    from kawasolar.stages.run import run_stale
    from kawasolar.stages.work import Work
    from kawasolar.words import default_language, say

    progress(0.0, "ledger")
    profile = load_profile(inputs.profile)
    name = inputs.scenario or say(default_language(), "plan.first_scenario")
    entries = apply(Entries(), first_scenario(Entries(), name))
    if inputs.facilities_mapping is not None:
        entries = apply(entries, map_columns(entries, inputs.facilities_mapping, Author(person_name())))
    for kind in inputs.asks:
        entries = apply(entries, ask(entries, "s1", kind, {}, Author(person_name())))
    files = aside(lambda: input_files(inputs), progress, 0.0, "ledger")
    work = Work(
        name=inputs.name or inputs.out.stem, scenario="s1", entries=entries, base_profile=profile, profile=profile,
        settings=settings_of(entries, "s1", profile), inputs=files, dsm=inputs.dsm, cache_root=cache_folder(inputs.out),
        unfinished=unfinished,
    )  # fmt: skip
    run_stale(work, Bench(files, profile.epsg), [], progress)
    return Project(entries, "s1", profile, {"s1": work.plan()})


def make_plan(inputs: PlanInputs, progress: Progress = silent) -> Plan:
    """The one scenario of a new project; see :func:`make_project`."""
    return make_project(inputs, progress).plan


def make_and_save(
    inputs: PlanInputs, progress: Progress = silent, adjust: Callable[[Project], Project] = lambda project: project
) -> Project:
    """Make a project and write it to ``inputs.out``: first the project, whole, then its derived rasters.

    Until the project is written nothing that stood is touched, neither the old project nor its rasters; a failure leaves both.

    Parameters
    ----------
    adjust : settings of the user's on the fresh project, before it is written
    """
    from kawasolar.project import carry_cache, save_project
    from kawasolar.stages.unfinished import sweep

    target = inputs.out.resolve()
    sweep(target.parent)
    try:
        with tempfile.TemporaryDirectory(
            prefix=".kawasolar-", dir=target.parent, ignore_cleanup_errors=True
        ) as scratch:
            # What a large survey keeps when it is stopped must outlive the scratch folder.
            made = adjust(make_project(replace(inputs, out=Path(scratch) / target.name), progress, target.parent))
            made = renamed(made, inputs.name or target.stem)
            save_project(made, target)
            project = carry_cache(made, target)
    except NotWritable as error:
        # The user knows the target, not the folder of the meantime.
        raise NotWritable(error.code, **{**error.details, "file": str(target)}) from error
    except OSError as error:
        raise _not_writable(target, error) from error
    return project


def renamed(project: Project, name: str) -> Project:
    """The project under another name."""
    return replace(project, plans={key: replace(plan, name=name) for key, plan in project.plans.items()})


def inputs_of(plan: Plan, out: Path) -> PlanInputs:
    """The files that a plan was made from, for choosing others."""
    from kawasolar.document.views import mapping_of

    by_role = {entry.role: entry for entry in plan.inputs}
    missing = {"dsm", "buildings", "facilities", "weather"} - set(by_role)
    if missing:
        raise PlanError("plan.input_unknown", missing=", ".join(sorted(missing)))

    def crs(role: Role) -> str | None:
        return by_role[role].crs or None if role in by_role else None

    def layer(role: Role) -> str | None:
        return by_role[role].layer or None if role in by_role else None

    def optional(role: Role) -> Path | None:
        return Path(by_role[role].path) if role in by_role else None

    return PlanInputs(
        dsm=Path(by_role["dsm"].path), buildings=Path(by_role["buildings"].path),
        facilities=Path(by_role["facilities"].path), weather=Path(by_role["weather"].path), out=out,
        profile=optional("profile"), name=plan.name,
        dsm_crs=crs("dsm"), buildings_crs=crs("buildings"), facilities_crs=crs("facilities"),
        buildings_layer=by_role["buildings"].layer or None, facilities_layer=by_role["facilities"].layer or None,
        weather_sunny=optional("weather_sunny"), weather_dull=optional("weather_dull"),
        canopy=optional("canopy"), canopy_crs=crs("canopy"), roof_planes=optional("roof_planes"), roof_planes_crs=crs("roof_planes"),
        weather_2=optional("weather_2"), weather_3=optional("weather_3"), roads=optional("roads"), wards=optional("wards"), wards_crs=crs("wards"), meters=optional("meters"),
        roof_planes_layer=layer("roof_planes"),
        parcels=optional("parcels"), parcels_crs=crs("parcels"), parcels_layer=layer("parcels"),
        addresses=optional("addresses"), addresses_crs=crs("addresses"), addresses_layer=layer("addresses"),
        facilities_mapping=mapping_of(plan.entries),
        registers=tuple((kind, Path(by_role[kind].path)) for kind in OTHER_LEDGERS if kind in by_role),
        siting=tuple((role, Path(by_role[role].path)) for role in (*SITING_FILES, *OWN_TABLES.values()) if role in by_role),
    )  # fmt: skip


def survey_settings(profile: Profile, *, given: bool = False) -> SurveySettings:
    """The survey's rules from the profile's values; ``given``: with those of roof planes that came with the plan."""
    from gis.roofs import RoofSettings
    from gis.survey import SurveySettings
    from gis.usable import UsableRules

    number = profile.number
    roofs = RoofSettings(min_plane_m2=number("roof.min_plane_area"), obstacle_height_m=number("roof.obstacle_height"))
    if given:
        roofs = replace(roofs, given_shift_m=number("given.max_shift"), given_residual_m=number("given.max_residual"))
    return SurveySettings(
        roofs=roofs,
        usable=UsableRules(
            max_tilt=number("roof.max_tilt"), flat_tilt=number("roof.flat_tilt"),
            north_halfwidth=number("roof.north_halfwidth"), setback_m=number("roof.setback"),
            step_m=number("roof.obstacle_height"), obstacle_clearance_m=number("roof.obstacle_clearance"),
            min_irradiation_share=number("roof.irradiation_share"), min_area_m2=number("roof.min_plane_area"),
            min_width_m=number("roof.min_width"),
        ),
    )  # fmt: skip


def monthly_transmissivity(profile: Profile) -> NDArray[np.float64]:
    """Share of the light that passes the trees, January first, (12,)."""
    import numpy as np

    number = profile.number
    first, bare = int(number("canopy.leaf_on_month")), int(number("canopy.leaf_off_month"))
    month = np.arange(1, 13)
    # Across the turn of the year in the south; all the year where both are the same month.
    in_leaf = (month - first) % 12 < ((bare - first) % 12 or 12)
    return np.where(in_leaf, number("canopy.transmissivity_leaf_on"), number("canopy.transmissivity_leaf_off"))


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

    from gis.aside import aside
    from gis.hillshade import hillshade
    from gis.raster_write import write_raster

    grid = surface.grid
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Derived pictures of the surface need centimetres, not micrometres: 1/32 m compresses five times better.
        made: tuple[tuple[str, Callable[[Progress], NDArray[np.generic]], float], ...] = (
            ("irradiation.tif", lambda _: found.irradiation, float("nan")), ("planes.tif", lambda _: found.plane_ids, 0),
            ("hillshade.tif", lambda progress: hillshade(surface.z, grid.cell, progress=progress), 0),
            ("surface.tif", lambda progress: aside(lambda: np.round(surface.z * 32) / np.float32(32), progress, 0.0, "write"), float("nan")),
        )  # fmt: skip
        for k, (name, values, nodata) in enumerate(made):
            within = part(progress, k / len(made), (k + 1) / len(made))
            array = values(part(within, 0.0, 0.2))
            write_raster(folder / name, array, grid, nodata=nodata, progress=part(within, 0.2, 1.0))
    except OSError as error:
        raise _not_writable(folder, error) from error


def write_large_cache(
    folder: Path, rows: Callable[[int, int], NDArray[np.float32]], mosaic: Mosaic, progress: Progress = silent
) -> None:
    """As :func:`write_cache`, of a surface that is read by rows."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mosaic.write(folder, rows, progress)
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(target: Path, error: OSError) -> NotWritable:
    code = "export.disk_full" if error.errno in _FULL else "plan.cache_not_writable"
    return NotWritable(code, file=str(target), reason=error.strerror or str(error))


def input_files(inputs: PlanInputs) -> tuple[InputFile, ...]:
    """The files with their size and content, as a plan remembers them; of a bundled profile it keeps the text alone."""
    from kawasolar.bundled import is_bundled

    files: tuple[tuple[Role, Path | None, str | None, str | None], ...] = (
        ("dsm", inputs.dsm, inputs.dsm_crs, None),
        ("buildings", inputs.buildings, inputs.buildings_crs, inputs.buildings_layer),
        ("facilities", inputs.facilities, inputs.facilities_crs, inputs.facilities_layer),
        ("weather", inputs.weather, None, None),
        ("weather_2", inputs.weather_2, None, None),
        ("weather_3", inputs.weather_3, None, None),
        ("weather_sunny", inputs.weather_sunny, None, None),
        ("weather_dull", inputs.weather_dull, None, None),
        ("canopy", inputs.canopy, inputs.canopy_crs, None),
        ("roof_planes", inputs.roof_planes, inputs.roof_planes_crs, inputs.roof_planes_layer),
        ("roads", inputs.roads, None, None),
        ("parcels", inputs.parcels, inputs.parcels_crs, inputs.parcels_layer),
        ("addresses", inputs.addresses, inputs.addresses_crs, inputs.addresses_layer),
        ("wards", inputs.wards, inputs.wards_crs, None),
        ("meters", inputs.meters, None, None),
        *((kind, path, None, None) for kind, path in inputs.registers),
        *((role, path, None, None) for role, path in inputs.siting),
        ("profile", inputs.profile, None, None),
    )
    return tuple(
        InputFile(role, str(path.resolve()), *_content(path), crs=crs or "", layer=layer or "")
        for role, path, crs, layer in files
        if path is not None and not (role == "profile" and is_bundled(path))
    )


def _content(path: Path) -> tuple[int, str]:
    """Size and SHA-256; nothing of a file that cannot be read, for its reader says why."""
    try:
        return path.stat().st_size, _digest(path)
    except OSError:
        return 0, ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
