"""One tile = one task: a plain function that opens what it needs, surveys, and writes its part files."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.progress import Cancelled, Progress
from kawasolar.cluster.folder import writing
from kawasolar.cluster.job import JobFile, opened, read_polled
from kawasolar.cluster.parts import is_whole, marker_of, write_parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gis.raster import CanopySource, SurfaceSource
    from gis.tiles import Reader, Tile, TiledWork, TileResult
    from kawasolar.cluster.job import Job

# How often a worker looks whether its run was stopped [s].
_LOOK_S = 0.5


@dataclass(frozen=True)
class TileSummary:
    """What a task tells: what lies in the part files, and who wrote them."""

    name: str
    buildings: int
    planes: int
    seconds: float
    worker: str


def tile_task(job: JobFile, name: str, progress: Progress | None = None) -> TileSummary:
    """Survey one tile and write its parts; one that is there already, written by a worker that died since, stays.

    Parameters
    ----------
    name : of the tile
    progress : unless given, the run's own mark in the job folder is looked at

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``, or because the run was stopped
    """
    tell = _watch(job) if progress is None else progress
    tell(0.0, "read")
    if not is_whole(job.dataset, name, job.fingerprint, deep=False):
        begin = time.perf_counter()
        ready = opened(job)
        result = _surveyed(ready, name, tell)
        tell(1.0, "write")
        with writing(job.dataset.folder):
            write_parts(
                job.dataset, result, ready.sky.azimuths, job.fingerprint, sunlit=ready.sunlit,
                seconds=round(time.perf_counter() - begin, 3), worker=_worker(),
            )  # fmt: skip
    return summary_of(job, name)


def summary_of(job: JobFile, name: str) -> TileSummary:
    """What was written of a tile."""
    told = marker_of(job.dataset, name, job.fingerprint) or {}
    return TileSummary(
        name, int(told.get("buildings", 0)), int(told.get("planes", 0)), float(told.get("seconds", 0.0)), str(told.get("worker", ""))
    )  # fmt: skip


def _surveyed(job: Job, name: str, progress: Progress) -> TileResult:
    from gis.tiles import survey_tile

    tile, work = _of_files(job, name)
    with job.surface() as source, job.vegetation() as trees:
        read_canopy = None if trees is None else _polled(trees, progress)
        return survey_tile(_polled(source, progress), tile, work, job.far, progress, read_canopy=read_canopy)


def _polled(source: SurfaceSource | CanopySource, progress: Progress) -> Reader:
    def read(top: int, bottom: int, left: int, right: int) -> NDArray[np.float32]:
        return read_polled(source, (top, bottom, left, right), lambda _share: progress(0.0, "read"))

    return read


def _of_files(job: Job, name: str) -> tuple[Tile, TiledWork]:
    """The tile and its work: outlines are numbered within those that the tile looks at."""
    import geopandas as gpd
    import numpy as np

    from gis.given_roofs import GivenRoofs
    from gis.tiles import Tile, TiledWork

    frame = gpd.read_parquet(job.dataset.outlines_of(name))
    own = frame["own"].to_numpy(dtype=bool)
    detail = frozenset(frame.loc[frame["detailed"].to_numpy(dtype=bool), "building_id"])
    outlines = frame[["building_id", "geometry"]]
    top, bottom, left, right = job.windows[name]
    tile = Tile(name, np.flatnonzero(own), np.flatnonzero(~own), top, bottom, left, right)
    given = GivenRoofs(gpd.read_parquet(job.dataset.given_of(name)), ()) if job.given else None
    work = TiledWork(
        job.grid, outlines, job.sky, job.settings, job.tiling, detail=detail, geometry=job.geometry, near_only=job.near_only,
        transmissivity=job.transmissivity, given=given,
    )  # fmt: skip
    return tile, work


def _watch(job: JobFile) -> Progress:
    """Progress that ends the task when its run is stopped."""
    stop, seen = job.dataset.stop(job.run), time.monotonic()

    def progress(_share: float, _what: str) -> None:
        nonlocal seen
        now = time.monotonic()
        if now - seen >= _LOOK_S:
            seen = now
            if stop.exists():
                raise Cancelled

    return progress


def _worker() -> str:
    """Address of the worker that we are; empty outside of a cluster."""
    if "distributed" not in sys.modules:
        return ""
    from distributed import get_worker

    try:
        return str(get_worker().address)
    except ValueError:
        return ""
