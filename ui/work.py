"""What the window has done for it off its own thread: open, save, compute, export.

The functions here are plain: plan and paths in, plan out; :class:`ui.jobs.Jobs` runs them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.plan import ANSWERS
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from kawasolar.document.journal import Journal
    from kawasolar.document.lock import Lock, Owner
    from kawasolar.document.recovery import Recovery
    from kawasolar.export.png_basemap import PaperMap
    from kawasolar.pipeline import PlanInputs
    from kawasolar.plan import InputFile, Plan, Project, SaveMark
    from kawasolar.provenance.exports import ExportState
    from kawasolar.stages import Bench
    from kawasolar.words import Language

SUFFIX = ".kawasolar"


@dataclass(frozen=True)
class Opened:
    """A project, the file that it lies in, and what goes with it while it is open.

    Attributes
    ----------
    lock : None where the file cannot be written from here
    held_by : who has it open already
    recoveries : edits of before that the file does not hold
    journal : for the edits to come; None where none can be kept
    unkept : why not
    unlocked : why nobody can be told that it is open here; empty where they are
    """

    project: Project
    path: Path
    lock: Lock | None = None
    held_by: Owner | None = None
    recoveries: tuple[Recovery, ...] = ()
    journal: Journal | None = None
    unkept: Exception | None = None
    unlocked: str = ""


def import_heavy(progress: Progress) -> None:
    """Load the libraries that the first click would otherwise wait for."""
    import geopandas  # noqa: F401
    import rasterio  # noqa: F401

    progress(0.5, "libraries")
    import pvlib.solarposition  # noqa: F401

    import kawasolar.decide
    import kawasolar.export.ledger_renewal
    import kawasolar.figures
    import kawasolar.project  # noqa: F401

    progress(1.0, "libraries")


def open_project(path: Path, person: str, recovery: Path, progress: Progress) -> Opened:
    """Read a project file; see whether somebody else has it open, and what was not saved the last time."""
    from kawasolar.project import load_project

    progress(0.1, "open")
    project = load_project(path)
    progress(0.8, "open")
    opened = with_session(Opened(project, path), person, recovery)
    try:
        progress(1.0, "open")
    except BaseException:
        # Nobody waits for it any more: it is not open here.
        if opened.lock is not None:
            opened.lock.release()
        if opened.journal is not None:
            opened.journal.close()
        raise
    return opened


def lock_of(path: Path, person: str) -> Lock | None:
    """The lock of a project that is open here; None where none can be had."""
    from kawasolar.document.lock import Lock, Owner, take

    outcome = take(path, Owner.here(person))
    return outcome if isinstance(outcome, Lock) else None


def lock_to_save(path: Path, person: str) -> Lock | None:
    """The lock of a place where a project shall be saved; None where no lock can be made.

    Raises
    ------
    NotWritable
        ``lock.held``: somebody has the project that lies there open; ``lock.unknown``: nobody knows who.
    """
    from kawasolar.document.lock import Lock, Owner, Taken, refused, take

    outcome = take(path, Owner.here(person))
    if isinstance(outcome, Taken):
        raise refused(path, outcome.owner)
    return outcome if isinstance(outcome, Lock) else None


def with_session(opened: Opened, person: str, recovery: Path) -> Opened:
    """Take the lock and begin a journal for a project that lies in its file."""
    from kawasolar.document.journal import Journal
    from kawasolar.document.lock import Lock, NoLock, Owner, Taken, take
    from kawasolar.document.recovery import find_recoveries
    from kawasolar.errors import PlanError

    path, mark = opened.path, opened.project.mark
    outcome = take(path, Owner.here(person))
    lock = outcome if isinstance(outcome, Lock) else None
    held_by = outcome.owner if isinstance(outcome, Taken) else None
    recoveries = () if held_by is not None else tuple(find_recoveries(recovery, path, mark))
    journal, unkept = None, None
    try:
        journal = Journal.begin(recovery, path, base=mark)
    except (PlanError, OSError) as error:
        unkept = error
    unlocked = outcome.reason if isinstance(outcome, NoLock) else ""
    return replace(
        opened, lock=lock, held_by=held_by, recoveries=recoveries, journal=journal, unkept=unkept, unlocked=unlocked
    )


def recovery_folder() -> Path:
    """Where the edits of unsaved projects are kept."""
    from kawasolar.document.journal import recovery_folder

    return recovery_folder()


@dataclass(frozen=True)
class Saved:
    """A project in its file, with its rasters beside it, and the backup of a file of an older version.

    ``lock`` is that of a place that was not ours before.
    """

    project: Project
    path: Path
    backup: Path | None
    lock: Lock | None = None
    moved: bool = False


def save_project_to(
    project: Project,
    path: Path,
    expect: SaveMark | None,
    progress: Progress,
    person: str = "",
    *,
    ours: bool = True,
) -> Saved:
    """Write the project file, and take its derived rasters along to a new place.

    Parameters
    ----------
    ours : whether the place is that of the project that is open here; another's lock is taken first, or respected
    """
    from kawasolar.project import carry_cache, save_project

    progress(0.1, "save")
    lock = None if ours else lock_to_save(path, person)
    try:
        backup = save_project(project, path, expect=expect, who=person)
        progress(0.6, "save")
        return Saved(carry_cache(project, path), path, backup, lock, moved=not ours)
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def new_project(inputs: PlanInputs, person: str, recovery: Path, progress: Progress) -> Opened:
    """Compute a project from files and write it to its place."""
    from kawasolar.pipeline import make_and_save

    return with_session(Opened(make_and_save(inputs, progress), inputs.out), person, recovery)


@dataclass(frozen=True)
class Computed:
    """A project whose stale stages were computed.

    Attributes
    ----------
    seen : its files as they were then
    bench : the files that were opened, for the next run
    """

    project: Project
    seen: Seen
    seconds: float
    bench: Bench | None = None


def read_inputs(inputs: PlanInputs) -> tuple[tuple[InputFile, ...], str]:
    """Files that were chosen, as a plan remembers them, and the TOML of the profile; empty where none was chosen."""
    from kawasolar.pipeline import input_files
    from kawasolar.profile import load_profile

    return input_files(inputs), "" if inputs.profile is None else load_profile(inputs.profile).to_toml()


@dataclass(frozen=True)
class Seen:
    """The input files as they are now, and the roles of those that are not there."""

    inputs: tuple[InputFile, ...]
    missing: tuple[str, ...]


def observe_inputs(plan: Plan, since: float | None, home: Path | None, progress: Progress = silent) -> Seen:
    """Look at the input files of a project that was opened, but at none on a server that only the project names."""
    from kawasolar.stages import missing, observed

    return Seen(observed(plan.inputs, progress, since=since, home=home), missing(plan.inputs, home))


# A bench of more cells than this is not kept from one run to the next: about 1.5 GB.
_MOST_CELLS_KEPT = 50_000_000


def compute_stale(
    project: Project,
    scenarios: tuple[str, ...],
    attic: tuple[Plan, ...],
    force: bool,
    before: Bench | None,
    progress: Progress,
) -> Computed:
    """Compute what is stale in some scenarios, from the files as they are now.

    Parameters
    ----------
    before : files that an earlier run opened; used again where they have not changed
    """
    from kawasolar.profile import load_profile
    from kawasolar.stages import Bench, bring_up_to_date, missing, observed

    begin = time.perf_counter()
    inputs = observed(project.plan.inputs, part(progress, 0.0, 0.03))
    told = {entry.role: entry for entry in project.plan.inputs}
    profile = None
    for entry in inputs:
        if entry.role == "profile" and (entry.sha256 != told[entry.role].sha256 or entry.path != told[entry.role].path):
            profile = load_profile(Path(entry.path))
    epsg = (profile or project.profile).epsg
    bench = before if before is not None and (before.inputs, before.epsg) == (inputs, epsg) else Bench(inputs, epsg)
    done = bring_up_to_date(
        project, scenarios, part(progress, 0.03, 1.0),
        inputs=inputs, profile=profile, attic=attic, bench=bench, force=force,
    )  # fmt: skip
    kept = bench if bench.cells <= _MOST_CELLS_KEPT else None
    return Computed(done, Seen(inputs, missing(inputs)), time.perf_counter() - begin, kept)


def export_plan(
    plan: Plan, kind: str, path: Path, language: Language, progress: Progress, basemap: PaperMap | None = None
) -> tuple[str, Path, Plan, Language]:
    """Write one export; a picture of the map with ``basemap`` below."""
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
    elif kind in ANSWERS:
        from kawasolar.export.kinds import write_answer

        write_answer(plan, kind, path, language)
    else:
        from kawasolar.export.png import write_png

        write_png(plan, path, language, basemap=basemap, progress=part(progress, 0.1, 0.8))
    return kind, path, plan, language


def paper_states(project: Project) -> list[ExportState]:
    """How the papers that were written from a project stand; may wait for a share that does not answer."""
    from kawasolar.provenance.exports import export_states

    return export_states(project)


def free_place(folder: Path, name: str) -> Path:
    """A place for a plan of this name where no other plan lies: the name, or the name with a number."""
    places = (folder / f"{name}{f' {k}' if k > 1 else ''}{SUFFIX}" for k in range(1, 1000))
    return next((place for place in places if not place.exists()), folder / f"{name}{SUFFIX}")


def sample_folder() -> Path | None:
    """Where the sample's files lie; None where the program came without them."""
    folder = resource_path().parent / "sample_data"
    return folder if folder.is_dir() else None


def sample_target() -> Path:
    """Where the sample's plan is made: the user's own folder of data, which can be written."""
    from platformdirs import user_data_path

    return user_data_path("KawaSolar", appauthor=False) / "sample" / f"sample{SUFFIX}"


def sample_inputs(folder: Path, target: Path, name: str) -> PlanInputs:
    """The sample's files: the four, and the ledgers of lamps and vehicles; with all that a plan may be asked for besides."""
    from kawasolar.pipeline import PlanInputs
    from kawasolar.plan import ANSWERS

    target.parent.mkdir(parents=True, exist_ok=True)
    weather = next((path for path in sorted(folder.glob("weather*")) if path.is_file()), folder / "weather.csv")
    return PlanInputs(
        dsm=folder / "dsm.tif",
        buildings=folder / "buildings.gpkg",
        facilities=folder / "facilities.csv",
        weather=weather,
        out=target,
        name=name,
        registers=(("lamps", folder / "lamps.csv"), ("vehicles", folder / "vehicles.csv")),
        asks=ANSWERS,
    )
