"""The job folder: all that a task needs, as files that any process opens for itself; none of them can run code.

``job.json`` what is common, ``tiles.json`` windows of the tiles, ``sky.npz`` the sky table, ``outlines/TILE.parquet`` the outlines that a tile
looks at, ``given/TILE.parquet`` roof planes that were given of them, ``far-KEY/`` block maxima of the surface.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gis.progress import Progress, part
from kawasolar import __version__
from kawasolar.cluster.check import sources
from kawasolar.cluster.folder import Dataset, need_space, put, put_json, read_json, stamped
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from gis.far import FarField
    from gis.findings import Finding
    from gis.given_roofs import GivenRoofs
    from gis.grid import Grid
    from gis.raster import CanopySource, SurfaceSource
    from gis.sky import SkyTable
    from gis.survey import SurveySettings
    from gis.tiles import Tile, Tiling
    from kawasolar.cluster.inputs import Area, SurveyInputs
    from kawasolar.plan import InputFile
    from kawasolar.profile import Profile

FORMAT = 1
# Cells read between two looks at whether somebody has said stop: some 50 ms.
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class JobFile:
    """Where a job lies: all that goes to a worker besides the name of a tile.

    Attributes
    ----------
    folder : of the dataset, by the same path on every machine
    run : name of this run, by which its tasks are told to stop
    """

    folder: str
    fingerprint: str
    run: str = ""

    @property
    def dataset(self) -> Dataset:
        """The paths in it."""
        return Dataset(Path(self.folder))


@dataclass(frozen=True)
class Job:
    """An opened job; one for all tasks of a process."""

    dataset: Dataset
    dsm: Path
    dsm_crs: str | None
    metric_crs: str
    grid: Grid
    sky: SkyTable
    settings: SurveySettings
    tiling: Tiling
    far: FarField
    windows: dict[str, tuple[int, int, int, int]]
    geometry: bool
    near_only: bool
    sunlit: bool
    canopy: Path | None = None
    canopy_crs: str | None = None
    transmissivity: NDArray[np.float64] | None = None
    given: bool = False

    @contextmanager
    def surface(self) -> Iterator[SurfaceSource]:
        """The surface, for one thread."""
        from gis.raster import open_surface

        with open_surface(self.dsm, crs=self.dsm_crs, metric_crs=self.metric_crs) as source:
            if source.grid.shape != self.grid.shape:
                raise PlanError("cluster.job_changed", file=str(self.dsm))
            yield source

    @contextmanager
    def vegetation(self) -> Iterator[CanopySource | None]:
        """The treetops, for one thread; None without them."""
        from gis.raster import open_canopy

        if self.canopy is None:
            yield None
            return
        with open_canopy(self.canopy, self.grid, crs=self.canopy_crs) as source:
            yield source


def fingerprint_of(
    files: Sequence[InputFile], inputs: SurveyInputs, values: dict[str, float], epsg: int, tiling: Tiling
) -> str:
    """Name of all that the parts depend on; not where the files lie or what they are called."""
    from kawasolar.stages.chain import BY_NAME

    told = {
        "format": FORMAT, "program": __version__, "survey": BY_NAME["survey"].version, "values": values, "epsg": epsg,
        "files": [(entry.role, entry.sha256, entry.crs, entry.layer) for entry in files if entry.role != "profile"],
        "tiling": asdict(tiling), "only": inputs.only_facilities, "sunlit": inputs.sunlit, "geometry": inputs.geometry,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


# ---------------------------------------------------------------------------------------------- writing


def write_far(
    dataset: Dataset, inputs: SurveyInputs, dsm: InputFile, epsg: int, tiling: Tiling, progress: Progress
) -> tuple[str, tuple[Finding, ...]]:
    """Block maxima of the surface, unless they are there; name of their folder and what was noticed in the heights."""
    from gis.far import far_field, first_side
    from gis.raster import open_surface

    with open_surface(inputs.dsm, crs=inputs.dsm_crs, metric_crs=f"EPSG:{epsg}") as source:
        grid = source.grid
        near = tiling.near(grid.cell)
        made_of = json.dumps([FORMAT, __version__, sources(), dsm.sha256, dsm.crs, epsg, near, grid.shape])
        name = f"far-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
        folder = dataset.work / name
        done = read_json(folder / "done.json")
        if done is not None and all(_has_size(folder / file, size) for file, size in done["files"].items()):
            return name, findings_of(done["findings"])
        for other in dataset.work.glob("far-*"):
            shutil.rmtree(other, ignore_errors=True)
        need_space(dataset.work, 8 * grid.rows * grid.cols // first_side(near) ** 2)

        def read(top: int, bottom: int) -> NDArray[np.float32]:
            within = part(progress, top / grid.rows, bottom / grid.rows)
            return read_polled(source, (top, bottom, 0, grid.cols), lambda share: within(share, "far"))

        far_field(read, grid.shape, grid.cell, near, folder=folder)
        findings = source.seen()
    files = {path.name: path.stat().st_size for path in sorted(folder.glob("*.npy"))}
    put_json(folder / "done.json", stamped(files=files, findings=[as_json(finding) for finding in findings]))
    return name, findings


def read_polled(
    source: SurfaceSource | CanopySource, box: tuple[int, int, int, int], tell: Callable[[float], None]
) -> NDArray[np.float32]:
    """A window, some rows at a time; between them ``tell`` hears the share and may stop it."""
    import numpy as np

    top, bottom, left, right = box
    z = np.empty((bottom - top, right - left), dtype=np.float32)
    step = max(64, _AT_ONCE // max(1, right - left))
    for row in range(top, bottom, step):
        tell((row - top) / (bottom - top))
        end = min(bottom, row + step)
        z[row - top : end - top] = source.read(row, end, left, right)
    return z


def seen_trees(inputs: SurveyInputs, grid: Grid, progress: Progress) -> tuple[Finding, ...]:
    """Read the vegetation once, before the tiles: what is wrong with it is said at once.

    Raises
    ------
    gis.errors.GisError
        as :func:`gis.raster.open_canopy` and its source do
    """
    from gis.raster import open_canopy

    if inputs.canopy is None:
        return ()
    with open_canopy(inputs.canopy, grid, crs=inputs.canopy_crs) as source:
        step = max(64, _AT_ONCE // max(1, grid.cols))
        for top in range(0, grid.rows, step):
            progress(top / grid.rows, "read")
            source.rows(top, min(grid.rows, top + step))
        return source.seen()


def write_job(
    job: JobFile, inputs: SurveyInputs, area: Area, sky: SkyTable, settings: SurveySettings, tiles: Sequence[Tile], tiling: Tiling, far: str,
    profile: Profile,
) -> None:  # fmt: skip
    """What all tiles have in common; ``job.json`` comes last and says that the rest is there."""
    import numpy as np

    from kawasolar.pipeline import monthly_transmissivity

    dataset, grid = job.dataset, area.grid
    table = io.BytesIO()
    arrays: dict[str, Any] = {field.name: np.asarray(getattr(sky, field.name)) for field in fields(sky)}
    np.savez_compressed(table, **arrays)
    put(dataset.sky, table.getvalue())
    windows = {tile.name: [tile.top, tile.bottom, tile.left, tile.right] for tile in tiles}
    put_json(dataset.work / "tiles.json", stamped(windows=windows))
    put_json(
        dataset.job,
        stamped(
            format=FORMAT, version=__version__, fingerprint=job.fingerprint, dsm=str(inputs.dsm.resolve()), dsm_size=inputs.dsm.stat().st_size,
            dsm_crs=inputs.dsm_crs, metric_crs=f"EPSG:{profile.epsg}", geometry=inputs.geometry, near_only=inputs.only_facilities,
            canopy=None if inputs.canopy is None else str(inputs.canopy.resolve()), canopy_crs=inputs.canopy_crs,
            canopy_size=None if inputs.canopy is None else inputs.canopy.stat().st_size,
            transmissivity=None if inputs.canopy is None else monthly_transmissivity(profile).tolist(), given=inputs.roof_planes is not None,
            sunlit=inputs.sunlit != "none", far=far, tiling=asdict(tiling), roofs=asdict(settings.roofs), usable=asdict(settings.usable),
            grid={"rows": grid.rows, "cols": grid.cols, "cell": grid.cell, "west": grid.west, "north": grid.north, "crs": grid.crs.to_wkt()},
        ),
    )  # fmt: skip


def write_outlines(dataset: Dataset, tile: Tile, outlines: gpd.GeoDataFrame, detailed: NDArray[np.bool_]) -> None:
    """The outlines that one tile looks at, in their order: which are its own, and which are in detail."""
    import numpy as np

    rows = np.sort(np.concatenate([tile.own, tile.ring]))
    frame = outlines.iloc[rows][["building_id", "geometry"]].reset_index(drop=True)
    frame.insert(1, "own", np.isin(rows, tile.own))
    frame.insert(2, "detailed", detailed[rows])
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    put(dataset.outlines_of(tile.name), file.getvalue())


def write_given(dataset: Dataset, tile: Tile, given: GivenRoofs | None, outlines: gpd.GeoDataFrame) -> None:
    """The given roof planes of these outlines; none of another survey stay."""
    from gis.given_places import of_buildings

    path = dataset.given_of(tile.name)
    if given is None:
        path.unlink(missing_ok=True)
        return
    rows = [*tile.own, *tile.ring]
    file = io.BytesIO()
    of_buildings(given, outlines["building_id"].iloc[rows]).frame.to_parquet(file, index=False)
    put(path, file.getvalue())


def _has_size(path: Path, size: object) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


# ---------------------------------------------------------------------------------------------- opening

_opening = threading.Lock()


def opened(job: JobFile) -> Job:
    """The job, opened once in a process.

    Raises
    ------
    PlanError
        ``cluster.job_changed``: the folder holds another job by now.
    """
    with _opening:
        return _opened(job.folder, job.fingerprint)


def forget() -> None:
    """Let opened jobs go: files that are mapped cannot be taken away everywhere."""
    _opened.cache_clear()


@lru_cache(maxsize=2)
def _opened(folder: str, fingerprint: str) -> Job:
    import numpy as np
    from pyproj import CRS

    from gis.far import load_far_field
    from gis.grid import Grid
    from gis.roofs import RoofSettings
    from gis.survey import SurveySettings
    from gis.tiles import Tiling
    from gis.usable import UsableRules

    dataset = Dataset(Path(folder))
    told, tiles = read_json(dataset.job), read_json(dataset.work / "tiles.json")
    if told is None or tiles is None or told.get("fingerprint") != fingerprint:
        raise PlanError("cluster.job_changed", file=folder)
    grid = Grid(**{**told["grid"], "crs": CRS.from_wkt(told["grid"]["crs"])})
    tiling = Tiling(**told["tiling"])
    settings = SurveySettings(RoofSettings(**told["roofs"]), UsableRules(**told["usable"]))
    far = load_far_field(dataset.work / told["far"], grid.shape, grid.cell, tiling.near(grid.cell))
    return Job(
        dataset, Path(told["dsm"]), told["dsm_crs"], told["metric_crs"], grid, _sky(dataset.sky), settings, tiling, far,
        {name: tuple(window) for name, window in tiles["windows"].items()}, told["geometry"], told["near_only"], told["sunlit"],
        None if told["canopy"] is None else Path(told["canopy"]), told["canopy_crs"],
        None if told["transmissivity"] is None else np.array(told["transmissivity"], dtype=np.float64), told["given"],
    )  # fmt: skip


def _sky(path: Path) -> SkyTable:
    import numpy as np

    from gis.sky import SkyTable

    with np.load(path, allow_pickle=False) as stored:
        values: dict[str, Any] = {
            name: stored[name] if stored[name].ndim else float(stored[name]) for name in stored.files
        }
    return SkyTable(**values)


# ---------------------------------------------------------------------------------------------- findings


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain values."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(finding), default=_plain))
    return told


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def findings_of(told: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    """Findings from plain values."""
    from gis.findings import Finding

    return tuple(Finding(**entry) for entry in told)
