"""What the window has done for it off its own thread: open, save, compute, export.

The functions here are plain: plan and paths in, plan out; :class:`ui.jobs.Jobs` runs them.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress, silent
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from kawasolar.pipeline import PlanInputs
    from kawasolar.plan import Plan
    from kawasolar.words import Language

SUFFIX = ".kawasolar"


@dataclass(frozen=True)
class Opened:
    """A plan, and the project file that it lies in."""

    plan: Plan
    path: Path


def import_heavy(progress: Progress) -> None:
    """Load the libraries that the first click would otherwise wait for."""
    import geopandas  # noqa: F401
    import rasterio  # noqa: F401

    progress(0.5, "libraries")
    import pvlib.solarposition  # noqa: F401

    import kawasolar.decide
    import kawasolar.figures
    import kawasolar.project  # noqa: F401

    progress(1.0, "libraries")


def open_plan(path: Path, progress: Progress) -> Opened:
    """Read a project file."""
    from kawasolar.project import load_project

    progress(0.1, "open")
    plan = load_project(path)
    progress(0.9, "open")
    return Opened(plan, path)


def changed_inputs(plan: Plan, since: float, progress: Progress = silent) -> tuple[str, ...]:
    """Roles of the files that are there and no longer what the plan was computed from.

    A file that is older than ``since`` [s] and of the same size is taken as it is; else its SHA-256 decides.
    """
    changed = []
    for k, entry in enumerate(plan.inputs):
        progress(k / len(plan.inputs), "check")
        path = Path(entry.path)
        try:
            state = path.stat()
        except OSError:
            continue
        if state.st_size != entry.size:
            changed.append(entry.role)
        elif state.st_mtime > since:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
                    changed.append(entry.role)
    return tuple(changed)


def save_plan(plan: Plan, path: Path, progress: Progress) -> Path:
    """Write the project file, and take its derived rasters along to a new place."""
    from kawasolar.project import carry_cache, save_project

    progress(0.1, "save")
    save_project(plan, path)
    progress(0.6, "save")
    carry_cache(plan, path)
    return path


def new_plan(inputs: PlanInputs, progress: Progress) -> Opened:
    """Compute a plan from files and write it to its place."""
    from kawasolar.pipeline import make_and_save

    return Opened(make_and_save(inputs, progress), inputs.out)


def new_plan_like(before: Plan, inputs: PlanInputs, progress: Progress) -> Opened:
    """Compute a plan from other files with the settings of one that is there, and write it to its place."""
    from kawasolar.decide import decide
    from kawasolar.pipeline import make_and_save

    def adjust(fresh: Plan) -> Plan:
        decision = decide(fresh.facilities, fresh.results, fresh.profile, before.settings)
        return replace(fresh, settings=before.settings, decision=decision)

    return Opened(make_and_save(inputs, progress, adjust), inputs.out)


# Where plans that are not saved yet keep their derived rasters; gone with the process.
_SCRATCH: list[tempfile.TemporaryDirectory[str]] = []


def compute_again(plan: Plan, progress: Progress) -> Plan:
    """Compute the plan from its files as they are now, with the settings as they are now.

    The derived rasters go to a folder of their own until the plan is saved: whoever does not save keeps the rasters
    that belong to the project as it stands.
    """
    from kawasolar.pipeline import rerun

    scratch = tempfile.TemporaryDirectory(prefix="kawasolar-run-", ignore_cleanup_errors=True)
    try:
        fresh = rerun(plan, Path(scratch.name) / f"plan{SUFFIX}", progress)
    except BaseException:
        scratch.cleanup()
        raise
    _SCRATCH.append(scratch)
    # The one before may still be on the map; those before that are not.
    for old in _SCRATCH[:-2]:
        old.cleanup()
    del _SCRATCH[:-2]
    return fresh


def export_plan(plan: Plan, kind: str, path: Path, language: Language, progress: Progress) -> tuple[str, Path]:
    """Write one export."""
    progress(0.1, "export")
    if kind == "xlsx":
        from kawasolar.export.xlsx import write_xlsx

        write_xlsx(plan, path, language)
    elif kind == "csv":
        from kawasolar.export.csv import write_csv

        write_csv(plan, path, language)
    elif kind == "gpkg":
        from kawasolar.export.gpkg import write_gpkg

        write_gpkg(plan, path, language)
    else:
        from kawasolar.export.png import write_png

        write_png(plan, path, language)
    return kind, path


def sample_folder() -> Path | None:
    """Where the sample's files lie; None where the program came without them."""
    folder = resource_path().parent / "sample_data"
    return folder if folder.is_dir() else None


def sample_target() -> Path:
    """Where the sample's plan is made: the user's own folder of data, which can be written."""
    from platformdirs import user_data_path

    return user_data_path("KawaSolar", appauthor=False) / "sample" / f"sample{SUFFIX}"


def sample_inputs(folder: Path, target: Path, name: str) -> PlanInputs:
    """The sample's four files."""
    from kawasolar.pipeline import PlanInputs

    target.parent.mkdir(parents=True, exist_ok=True)
    weather = next((path for path in sorted(folder.glob("weather*")) if path.is_file()), folder / "weather.csv")
    return PlanInputs(
        dsm=folder / "dsm.tif",
        buildings=folder / "buildings.gpkg",
        facilities=folder / "facilities.csv",
        weather=weather,
        out=target,
        name=name,
    )
