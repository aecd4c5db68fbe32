"""Before the tiles: files read, the area cut, the job folder written, parts of other surveys taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from gis.progress import Progress, part
from kawasolar.cluster.folder import Dataset, clear, keep_only, read_json, writing
from kawasolar.cluster.inputs import SurveyInputs, hashed_files, own_values, read_area
from kawasolar.cluster.job import JobFile, fingerprint_of, seen_trees, write_far, write_job
from kawasolar.cluster.parts import marker_of
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from gis.findings import Finding
    from gis.tiles import Tile
    from kawasolar.cluster.inputs import Area
    from kawasolar.plan import InputFile
    from kawasolar.profile import Profile


@dataclass(frozen=True)
class Prepared:
    """All that a run knows before its first tile.

    Attributes
    ----------
    wanted : bool by outline, is surveyed
    detailed : bool by outline, keeps its sunlit shares
    """

    dataset: Dataset
    inputs: SurveyInputs
    job: JobFile
    files: tuple[InputFile, ...]
    profile: Profile
    values: dict[str, float]
    area: Area
    wanted: NDArray[np.bool_]
    tiles: list[Tile]
    detailed: NDArray[np.bool_]
    azimuths: NDArray[np.float64]
    findings: tuple[Finding, ...]


def prepare(dataset: Dataset, inputs: SurveyInputs, progress: Progress, *, fresh: bool = False) -> Prepared:
    """Read the files, cut the tiles, and write the job folder.

    Parameters
    ----------
    fresh : keep nothing of an earlier survey

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        as the readers do; ``cluster.no_buildings``
    """
    import numpy as np

    from gis.tiles import Tiling, tiles_of
    from kawasolar.pipeline import sky_table, survey_settings
    from kawasolar.profile import load_profile

    profile = load_profile(inputs.profile)
    files = hashed_files(inputs, part(progress, 0.0, 0.2))
    values = own_values(
        profile,
        joined=inputs.facilities is not None,
        trees=inputs.canopy is not None,
        given=inputs.roof_planes is not None,
    )
    tiling = Tiling(tile_m=inputs.tile_m)
    area = read_area(inputs, profile, part(progress, 0.2, 0.4))
    job = JobFile(str(dataset.folder), fingerprint_of(files, inputs, values, profile.epsg, tiling), uuid4().hex[:12])
    public = area.owners().notna().to_numpy()
    every = np.ones(len(area.outlines), dtype=bool)
    wanted = public if inputs.only_facilities else every
    tiles = tiles_of(area.grid, area.outlines, tiling, wanted)
    if not tiles:
        raise PlanError("cluster.no_buildings")
    trees = seen_trees(inputs, area.grid, part(progress, 0.4, 0.5))
    # Not before the files are known to be good.
    if fresh:
        clear(dataset)
    _drop_other(dataset, job, tiles)
    with writing(dataset.work):
        far, seen = write_far(dataset, inputs, files[0], profile.epsg, tiling, part(progress, 0.5, 1.0))
    progress(1.0, "far")
    sky = sky_table(area.weather, profile)
    write_job(
        job, inputs, area, sky, survey_settings(profile, given=area.given is not None), tiles, tiling, far, profile
    )
    detailed = {"all": every, "facilities": public, "none": ~every}[inputs.sunlit]
    return Prepared(
        dataset, inputs, job, files, profile, values, area, wanted, tiles, detailed, sky.azimuths, (*seen, *trees, *area.findings)
    )  # fmt: skip


def _drop_other(dataset: Dataset, job: JobFile, tiles: Sequence[Tile]) -> None:
    """Take away what is of another job: its parts must not be read among these."""
    mine = frozenset(tile.name for tile in tiles if marker_of(dataset, tile.name, job.fingerprint) is not None)
    keep_only(dataset, mine)
    told = read_json(dataset.about)
    if told is None or told.get("fingerprint") != job.fingerprint:
        with writing(dataset.folder):
            dataset.about.unlink(missing_ok=True)
            dataset.buildings.unlink(missing_ok=True)
