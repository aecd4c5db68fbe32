"""The input files of a plan, opened when a stage first asks for them, and kept for the next."""

from __future__ import annotations

import hashlib
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from gis.aside import aside
from gis.errors import UnreadableFile
from gis.findings import Finding
from gis.progress import Progress, part, silent
from kawasolar.errors import PlanError
from kawasolar.plan import BAND, STATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from gis.canopy import Canopy
    from gis.given_roofs import GivenRoofs
    from gis.grid import Grid
    from gis.outlines import Outlines
    from gis.prepared import Prepared
    from gis.raster import CanopySource, Surface, SurfaceSource
    from gis.sky import SkyTable
    from gis.survey import PartSurvey, Survey, SurveySettings
    from kawasolar.plan import InputFile, Role
    from kawasolar.profile import Profile
    from kawasolar.stages.tiled import TiledInputs, TiledSurvey
    from kawasolar.stages.work import Surveyed
    from kawasolar.weather import Weather

# A larger surface is not held as a whole but surveyed by tiles; a survey holds about 40 bytes a cell.
ONE_WINDOW_CELLS = 36_000_000
# A plan is of a municipality: the largest is 2,178 km². Larger areas are for ``kawasolar survey``.
MOST_CELLS = 3_000_000_000
# A weather station farther than this from the site does not speak for it; said, not refused (a city may be 30 km long itself).
_STATION_NEAR_KM = 50.0


@dataclass
class Bench:
    """Files opened for one run; ``epsg`` is the profile's system for what comes in degrees."""

    inputs: tuple[InputFile, ...]
    epsg: int
    _head: tuple[Grid, bool] | None = None
    _surface: Surface | None = None
    _noticed: tuple[Finding, ...] = ()
    _trees: Canopy | None = field(default=None, repr=False)
    _trees_noticed: tuple[Finding, ...] = ()
    _given: GivenRoofs | None = field(default=None, repr=False)
    _outlines: Outlines | None = None
    _weather: Weather | None = None
    _band: dict[str, Weather] = field(default_factory=dict)
    _last: Survey | TiledSurvey | None = field(default=None, repr=False)
    _prepared: Prepared | None = field(default=None, repr=False)

    def entry(self, role: Role) -> InputFile:
        """The file in that role; :class:`PlanError` where the plan has none."""
        for entry in self.inputs:
            if entry.role == role:
                return entry
        raise PlanError("plan.input_unknown", missing=role)

    def path(self, role: Role) -> Path:
        """Where the file lies."""
        return Path(self.entry(role).path)

    def crs(self, role: Role) -> str | None:
        """What the user said of its CRS."""
        return self.entry(role).crs or None

    def layer(self, role: Role) -> str | None:
        """The layer or sheet that the user named."""
        return self.entry(role).layer or None

    def grid(self) -> Grid:
        """Where the DSM lies."""
        return self._seen_head()[0]

    def synthetic(self) -> bool:
        """Whether the DSM says of itself that it is made up."""
        return self._seen_head()[1]

    def _seen_head(self) -> tuple[Grid, bool]:
        if self._head is None:
            with self._opened() as source:
                cells = source.grid.rows * source.grid.cols
                if cells > MOST_CELLS:
                    raise UnreadableFile(
                        "raster.too_large", file=self.path("dsm").name, found=cells, expected=MOST_CELLS
                    )
                self._head = source.grid, source.synthetic
        return self._head

    def _opened(self) -> AbstractContextManager[SurfaceSource]:
        from gis.raster import open_surface

        return open_surface(self.path("dsm"), crs=self.crs("dsm"), metric_crs=f"EPSG:{self.epsg}")

    def is_large(self) -> bool:
        """Whether the DSM is surveyed by tiles."""
        grid = self.grid()
        return grid.rows * grid.cols > ONE_WINDOW_CELLS

    def surface_findings(self) -> tuple[Finding, ...]:
        """What was noticed in the DSM when all of it was read."""
        return self._noticed if self._surface is None else self._surface.findings

    def surface(self, progress: Progress = silent) -> Surface:
        """The DSM, all of it."""
        from gis.raster import read_surface

        if self._surface is None:
            self._surface = read_surface(
                self.path("dsm"), crs=self.crs("dsm"), metric_crs=f"EPSG:{self.epsg}", progress=progress
            )
        return self._surface

    def has_canopy(self) -> bool:
        """Whether the plan has a vegetation raster."""
        return any(entry.role == "canopy" for entry in self.inputs)

    def _opened_canopy(self) -> AbstractContextManager[CanopySource]:
        from gis.raster import open_canopy

        return open_canopy(self.path("canopy"), self.grid(), crs=self.crs("canopy"))

    def canopy(self, profile: Profile, progress: Progress = silent) -> Canopy | None:
        """The vegetation on the whole grid of the DSM; the same object as long as its file and the profile's values are the same."""
        import numpy as np

        from gis.canopy import Canopy
        from kawasolar.pipeline import monthly_transmissivity

        if not self.has_canopy():
            return None
        share = monthly_transmissivity(profile)
        if self._trees is None:
            with self._opened_canopy() as source:
                heights = source.whole(progress)
                self._trees_noticed = source.seen()
            self._trees = Canopy(heights, share)
        elif not np.array_equal(self._trees.transmissivity, share):
            self._trees = Canopy(self._trees.heights, share)
        return self._trees

    def canopy_findings(self) -> tuple[Finding, ...]:
        """What was noticed in the vegetation raster."""
        return self._trees_noticed

    def has_given(self) -> bool:
        """Whether the plan has a file of roof planes."""
        return any(entry.role == "roof_planes" for entry in self.inputs)

    def _settings(self, profile: Profile) -> SurveySettings:
        from kawasolar.pipeline import survey_settings

        return survey_settings(profile, given=self.has_given())

    def given(self, progress: Progress = silent) -> GivenRoofs | None:
        """Roof planes that came with the plan, in its outlines; the same object every time."""
        from gis.given_places import in_outlines
        from gis.given_roofs import read_given_roofs

        if self._given is None and self.has_given():
            grid = self.grid()
            read = read_given_roofs(
                self.path("roof_planes"), grid.crs, layer=self.layer("roof_planes"), crs=self.crs("roof_planes"), bounds=grid.bounds,
                progress=part(progress, 0.0, 0.8),
            )  # fmt: skip
            frame = self.outlines(part(progress, 0.8, 0.9)).frame
            self._given = aside(lambda: in_outlines(read, frame), progress, 0.9, "read")
        return self._given

    def given_findings(self) -> tuple[Finding, ...]:
        """What was noticed in the file of roof planes."""
        return () if self._given is None else self._given.findings

    @property
    def cells(self) -> int:
        """How many cells of a surface are held."""
        return 0 if self._surface is None else self._surface.z.size

    def outlines(self, progress: Progress = silent) -> Outlines:
        """The building outlines, in the surface's CRS."""
        from gis.outlines import read_outlines

        if self._outlines is None:
            grid = self.grid()
            path, layer, crs = self.path("buildings"), self.layer("buildings"), self.crs("buildings")
            self._outlines = aside(
                lambda: read_outlines(path, grid.crs, layer=layer, crs=crs, surface_bounds=grid.bounds),
                progress,
                0.0,
                "read",
            )
        return self._outlines

    def weather(self, place: tuple[float, float] | None = None, progress: Progress = silent) -> Weather:
        """The year's weather, for the middle of the surface: of its station, or between several of them by distance.

        Parameters
        ----------
        place : longitude and latitude, where they are known already: the surface need not be opened for them
        """
        if self._weather is None:
            longitude, latitude = self._middle() if place is None or self._surface is not None else place
            known = {entry.role for entry in self.inputs}
            paths = [self.path(role) for role in STATIONS if role in known]
            self._weather = aside(lambda: _read_stations(paths, latitude, longitude), progress, 0.0, "read")
        return self._weather

    def band(self) -> dict[str, Weather]:
        """Further years that the plan has, by name (``sunny``, ``dull``)."""
        from kawasolar.weather import read_weather

        for entry in self.inputs:
            name = BAND.get(entry.role)
            if name is not None and name not in self._band:
                longitude, latitude = self._middle()
                path = Path(entry.path)
                self._band[name] = aside(
                    partial(read_weather, path, latitude=latitude, longitude=longitude), silent, 0.0, "read"
                )
        return self._band

    def band_findings(self) -> tuple[Finding, ...]:
        """Say when the band is of one station and the yield lies between several."""
        known = {entry.role: entry for entry in self.inputs}
        further = [role for role in STATIONS[1:] if role in known]
        band = [role for role in BAND if role in known]
        if not further or not band:
            return ()
        named = ", ".join(Path(known[role].path).name for role in band)
        return (Finding("yield.band_of_one_station", "warning", named, found=str(1 + len(further))),)

    def _middle(self) -> tuple[float, float]:
        from gis.crs import to_lonlat

        grid = self.grid()
        return to_lonlat(grid.crs, (grid.west + grid.east) / 2, (grid.south + grid.north) / 2)

    def distance_finding(self) -> list[Finding]:
        """Say when the weather comes from far away."""
        from pyproj import Geod

        weather = self.weather()
        longitude, latitude = self._middle()
        metres = Geod(ellps="GRS80").inv(longitude, latitude, weather.longitude, weather.latitude)[2]
        if metres < _STATION_NEAR_KM * 1000:
            return []
        return [
            Finding(
                "plan.weather_far", "warning", weather.source, found=f"{metres / 1000:.0f} km", expected=f"< {_STATION_NEAR_KM:.0f} km",
                item=weather.station,
            )
        ]  # fmt: skip

    def sky(self, profile: Profile, progress: Progress = silent) -> SkyTable:
        """The year's light by direction."""
        from kawasolar.pipeline import sky_table

        weather = self.weather(progress=progress)
        return aside(lambda: sky_table(weather, profile), progress, 0.0, "read")

    @contextmanager
    def _tiled(
        self, profile: Profile, detail: set[str], keepouts: gpd.GeoDataFrame | None, progress: Progress = silent
    ) -> Iterator[tuple[SurfaceSource, TiledInputs]]:
        """The DSM, opened, and what else a survey by tiles takes."""
        from kawasolar.pipeline import monthly_transmissivity
        from kawasolar.stages.tiled import TiledInputs

        frame, sky = self.outlines(progress).frame, self.sky(profile, progress)
        inputs = TiledInputs(frame, sky, self._settings(profile), detail, keepouts, given=self.given(progress))
        with self._opened() as source:
            if not self.has_canopy():
                yield source, inputs
                return
            with self._opened_canopy() as trees:
                share = monthly_transmissivity(profile)
                yield source, replace(inputs, read_canopy=trees.read, transmissivity=share)
                self._trees_noticed = trees.seen()

    def survey(
        self,
        profile: Profile,
        detail: set[str],
        keepouts: gpd.GeoDataFrame | None,
        progress: Progress,
        beside: Path,
        key: str = "",
    ) -> Survey | TiledSurvey:
        """All roofs.

        Parameters
        ----------
        beside : folder on the disk where a large survey may put what it cannot hold
        key : name of all that the survey depends on; a large one that was stopped is gone on with. Empty: from the beginning
        """
        from gis.survey import prepare, survey
        from kawasolar.stages.tiled import survey_large

        if self.is_large():
            with self._tiled(profile, detail, keepouts, progress) as (source, inputs):
                self._last, self._noticed = survey_large(source, inputs, beside, progress, key)
            return self._last
        settings, frame = self._settings(profile), self.outlines(progress).frame
        canopy, given = self.canopy(profile, part(progress, 0.0, 0.01)), self.given(part(progress, 0.01, 0.03))
        if self._prepared is None or not self._prepared.goes_with(self.surface(), frame, settings.roofs, canopy, given):
            self._prepared = prepare(
                self.surface(), frame, settings, canopy=canopy, given=given, progress=part(progress, 0.03, 0.2)
            )
        self._last = survey(
            self.surface(), frame, self.sky(profile, part(progress, 0.2, 1.0)), settings,
            detail=detail, keepouts=keepouts, prepared=self._prepared, progress=part(progress, 0.2, 1.0),
        )  # fmt: skip
        return self._last

    def survey_some(
        self,
        profile: Profile,
        before: Surveyed,
        changed: set[str],
        detail: set[str],
        keepouts: gpd.GeoDataFrame | None,
        planes: Path | None,
        progress: Progress,
        beside: Path,
        key: str = "",
    ) -> Survey | TiledSurvey | PartSurvey:
        """The roofs of some buildings, the others as they were; all of them where what was kept does not go with the files.

        Parameters
        ----------
        planes : raster of the planes of the earlier survey; saves finding all roofs again
        """
        from gis.errors import SurveyChanged
        from gis.survey import prepare, survey_some
        from kawasolar.stages.tiled import survey_large_some

        settings, frame = self._settings(profile), self.outlines(progress).frame
        try:
            if self.is_large():
                with self._tiled(profile, detail, keepouts, progress) as (source, inputs):
                    found, self._noticed = survey_large_some(source, inputs, before, changed, progress)
                return found
            canopy, given = self.canopy(profile, part(progress, 0.0, 0.01)), self.given(part(progress, 0.01, 0.03))
            if self._prepared is None or not self._prepared.goes_with(
                self.surface(), frame, settings.roofs, canopy, given
            ):
                self._prepared = prepare(
                    self.surface(), frame, settings, plane_ids=self._plane_ids(planes), canopy=canopy, given=given, progress=part(progress, 0.03, 0.4),
                )  # fmt: skip
            return survey_some(
                self.surface(), frame, self.sky(profile, part(progress, 0.4, 1.0)), settings, before, changed,
                detail=detail, keepouts=keepouts, prepared=self._prepared, progress=part(progress, 0.4, 1.0),
            )  # fmt: skip
        except SurveyChanged:
            self._prepared = None
            return self.survey(profile, detail, keepouts, progress, beside, key)

    def _plane_ids(self, path: Path | None) -> NDArray[np.int32] | None:
        """The raster of planes where there is one of this surface; anything may be wrong with it."""
        import numpy as np
        import rasterio
        from rasterio.errors import RasterioError

        grid = self.surface().grid
        if path is None or not path.is_file():
            return None
        try:
            with rasterio.open(path, driver="GTiff") as file:
                fits = (file.height, file.width) == grid.shape and file.transform.almost_equals(grid.transform)
                if not fits or file.count != 1 or file.dtypes[0] != "int32":
                    return None
                return np.asarray(file.read(1), dtype=np.int32)
        except RasterioError:
            return None

    def write_cache(self, folder: Path, progress: Progress) -> Path:
        """The derived rasters of the survey that was last made here."""
        from kawasolar.pipeline import write_cache, write_large_cache
        from kawasolar.stages.tiled import TiledSurvey

        if self._last is None:
            raise AssertionError("no survey on this bench")
        if isinstance(self._last, TiledSurvey):
            with self._opened() as source:
                write_large_cache(folder, source.rows, self._last.mosaic, progress)
        else:
            write_cache(folder, self.surface(), self._last, progress)
        return folder


def observed(
    inputs: Sequence[InputFile], progress: Progress = silent, *, since: float | None = None, home: Path | None = None
) -> tuple[InputFile, ...]:
    """The files as they are now; one that is gone stays as it was known.

    Parameters
    ----------
    since : seconds since 1970
        A file of the same size that was not touched after it is taken as it is; None hashes all.
    home : where the project lies, when it was only opened and nobody asked to compute: see :func:`is_elsewhere`
    """
    found = []
    for k, entry in enumerate(inputs):
        share = k / max(len(inputs), 1)
        known = is_elsewhere(entry.path, home)
        found.append(entry if known else aside(partial(_observed, entry, since), progress, share, "check"))
    return tuple(found)


def missing(inputs: Sequence[InputFile], home: Path | None = None) -> tuple[Role, ...]:
    """Roles whose file is not there."""
    return tuple(entry.role for entry in inputs if not is_elsewhere(entry.path, home) and not _is_file(entry.path))


def is_elsewhere(path: str, home: Path | None) -> bool:
    """Whether a path lies on another server than the project does.

    Windows introduces the user by name and password hash to any server that a path names; a project from elsewhere shall not
    choose that server. Only a run, which somebody asks for, goes there.
    """
    drive = PureWindowsPath(path).drive
    if home is None or not drive.startswith("\\\\"):
        return False
    return _server(drive) != _server(PureWindowsPath(str(home)).drive)


def _server(drive: str) -> str:
    return drive.lstrip("\\").split("\\", 1)[0].casefold()


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _observed(entry: InputFile, since: float | None) -> InputFile:
    path = Path(entry.path)
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            # A device or a pipe never ends; a project from elsewhere may name one.
            return entry
        if since is not None and state.st_size == entry.size and state.st_mtime <= since:
            return entry
        with path.open("rb") as file:
            return replace(entry, size=state.st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        return entry


def _read_stations(paths: list[Path], latitude: float, longitude: float) -> Weather:
    """The weather of one station as it is, or of a place between several."""
    from kawasolar.weather import between, read_weather

    found = [read_weather(path, latitude=latitude, longitude=longitude) for path in paths]
    return found[0] if len(found) == 1 else between(found, latitude, longitude)
