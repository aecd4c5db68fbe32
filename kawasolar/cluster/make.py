"""From files to the dataset: prepare the job, run what is not done yet, put it together."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.progress import Progress, part, silent
from kawasolar.cluster.dataset import Summary, put_together
from kawasolar.cluster.folder import Dataset, claim, writing
from kawasolar.cluster.inputs import SurveyInputs
from kawasolar.cluster.job import forget, write_given, write_outlines
from kawasolar.cluster.parts import is_whole, need_arrow
from kawasolar.cluster.prepare import Prepared, prepare
from kawasolar.cluster.runners import connected, run_here, run_on_cluster
from kawasolar.errors import NotWritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from distributed import Client

    from gis.tiles import Tile
    from kawasolar.cluster.task import TileSummary

# Parts that are damaged after they were written are computed again, but not for ever.
_ROUNDS = 3
_BEAT_S = 60.0
# NFS may keep for a minute what it knew of a folder.
_SHARE_S = 65.0


@dataclass
class Tally:
    """How far a run has come; it stays so when it is stopped.

    Attributes
    ----------
    tiles, kept, computed : of all; taken over from an earlier run; done in this one
    workers : addresses of who did them; none where all was done here
    """

    tiles: int = 0
    kept: int = 0
    computed: int = 0
    workers: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.perf_counter)

    def add(self, summary: TileSummary) -> None:
        """One tile is done."""
        self.computed += 1
        if summary.worker:
            self.workers.add(summary.worker)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Count the seconds of a block."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[what] = round(self.seconds.get(what, 0.0) + time.perf_counter() - begin, 3)


def make_dataset(
    inputs: SurveyInputs, progress: Progress = silent, *, scheduler: str = "", fresh: bool = False, tally: Tally | None = None
) -> Summary:  # fmt: skip
    """Survey an area into ``inputs.out``; what an earlier run has done of the same stays.

    Parameters
    ----------
    scheduler : address of a Dask scheduler; here unless given
    fresh : take earlier parts away first
    tally : tells how far the run has come, also when it is stopped

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        What cannot be lived with, as codes.
    gis.progress.Cancelled
        from ``progress``; tiles that are done stay
    """
    tally = Tally() if tally is None else tally
    need_arrow()
    dataset = Dataset(inputs.out.resolve())
    claim(dataset)
    with _locked(dataset, progress) as told:
        forget()
        if not scheduler:
            return _made(_prepared(dataset, inputs, told, tally, fresh), told, tally, None)
        with connected(scheduler, told) as client:
            return _made(_prepared(dataset, inputs, told, tally, fresh), told, tally, client)


def _prepared(dataset: Dataset, inputs: SurveyInputs, progress: Progress, tally: Tally, fresh: bool) -> Prepared:
    with tally.timed("prepare"):
        return prepare(dataset, inputs, part(progress, 0.0, 0.1), fresh=fresh)


def _made(ready: Prepared, progress: Progress, tally: Tally, client: Client | None) -> Summary:
    tally.tiles = len(ready.tiles)
    todo = _missing(ready, deep=True, progress=part(progress, 0.1, 0.12))
    tally.kept = len(ready.tiles) - len(todo)
    try:
        for _ in range(_ROUNDS):
            if not todo:
                break
            with tally.timed("tiles"):
                _run(ready, todo, tally, client, part(progress, 0.12, 0.95))
            todo = _missing(ready, deep=False)
            if client is not None:
                todo = _appearing(ready, todo, progress)
    finally:
        forget()
    if todo:
        raise NotWritable("cluster.parts_changed", file=str(ready.dataset.planes), tile=todo[0].name)
    return put_together(ready, tally, part(progress, 0.95, 1.0))


def _missing(ready: Prepared, *, deep: bool, progress: Progress = silent) -> list[Tile]:
    """Tiles that are to be done."""
    found = []
    for k, tile in enumerate(ready.tiles):
        progress(k / len(ready.tiles), "check")
        if not is_whole(ready.dataset, tile.name, ready.job.fingerprint, deep=deep):
            found.append(tile)
    return found


def _appearing(ready: Prepared, todo: list[Tile], progress: Progress) -> list[Tile]:
    """Tiles that are not done, once a share has shown this machine what others have written there."""
    begin = time.monotonic()
    while todo and time.monotonic() - begin < _SHARE_S:
        progress(0.95, "check")
        time.sleep(0.1)
        todo = [tile for tile in todo if not is_whole(ready.dataset, tile.name, ready.job.fingerprint, deep=False)]
    return todo


def _run(ready: Prepared, todo: Sequence[Tile], tally: Tally, client: Client | None, progress: Progress) -> None:
    for k, tile in enumerate(todo):
        progress(0.0 if client is None else 0.02 * k / len(todo), "prepare")
        # What is damaged may still look whole to a task that reads no more than its size.
        with writing(ready.dataset.folder):
            ready.dataset.marker(tile.name).unlink(missing_ok=True)
        write_outlines(ready.dataset, tile, ready.area.outlines, ready.detailed)
        write_given(ready.dataset, tile, ready.area.given, ready.area.outlines)
    if client is None:
        run_here(ready.job, todo, tally.add, part(progress, 0.02, 1.0))
    else:
        run_on_cluster(client, ready.job, todo, tally.add, part(progress, 0.02, 1.0))


@contextmanager
def _locked(dataset: Dataset, progress: Progress) -> Iterator[Progress]:
    """Hold the folder; the progress of the work keeps the lock young.

    Raises
    ------
    NotWritable
        ``cluster.held``: another survey is at work there.
    """
    from kawasolar.document.lock import Lock, Owner, Taken, take

    outcome = take(dataset.lock, Owner.here())
    if isinstance(outcome, Taken):
        owner = outcome.owner
        raise NotWritable(
            "cluster.held", file=str(dataset.folder), name=owner.name, host=owner.host, since=owner.since_text()
        )
    last = time.monotonic()

    def told(share: float, what: str) -> None:
        nonlocal last
        if isinstance(outcome, Lock) and time.monotonic() - last > _BEAT_S:
            last = time.monotonic()
            if not outcome.beat():
                raise NotWritable("cluster.lock_lost", file=str(dataset.folder))
        progress(share, what)

    try:
        yield told
    finally:
        if isinstance(outcome, Lock):
            outcome.release()
