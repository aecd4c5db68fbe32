"""Where tasks run: one after the other here, or on the workers of a Dask cluster."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gis.progress import Progress, part
from kawasolar.cluster.check import check_workers
from kawasolar.cluster.task import TileSummary, summary_of, tile_task
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client, Future

    from gis.tiles import Tile
    from kawasolar.cluster.job import JobFile

# How often the cluster is asked for what is done, and progress told [s].
_LOOK_S = 0.05
_CONNECT_S, _WORKERS_S = 20.0, 30.0
# A task that fails is tried again so often; one whose workers died is handed in anew so often besides.
_RETRIES, _ROUNDS = 2, 5


def run_here(job: JobFile, tiles: Sequence[Tile], done: Callable[[TileSummary], None], progress: Progress) -> None:
    """Tile after tile in this process: the kernels take all its cores."""
    total, before = sum(tile.cells for tile in tiles), 0
    for tile in tiles:
        done(tile_task(job, tile.name, part(progress, before / total, (before + tile.cells) / total)))
        before += tile.cells


@contextmanager
def connected(address: str, progress: Progress) -> Iterator[Client]:
    """A client of the scheduler, with a worker at least.

    Raises
    ------
    PlanError
        ``cluster.not_installed``, ``cluster.no_scheduler``, ``cluster.no_workers``
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise PlanError("cluster.not_installed") from error
    import time

    progress(0.0, "connect")
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        # A timeout is an OSError; a word that is no address is one of the others.
        raise PlanError("cluster.no_scheduler", address=address, reason=str(error)) from error
    try:
        begin = time.monotonic()
        while not client.nthreads():
            progress(0.0, "connect")
            if time.monotonic() - begin > _WORKERS_S:
                raise PlanError("cluster.no_workers", address=address)
            time.sleep(_LOOK_S)
        yield client
    finally:
        # The scheduler may be gone; what was written stays.
        with suppress(OSError, RuntimeError):
            client.close(timeout=2)


def run_on_cluster(
    client: Client, job: JobFile, tiles: Sequence[Tile], done: Callable[[TileSummary], None], progress: Progress
) -> None:
    """One task a tile; a tile whose worker dies runs elsewhere.

    Raises
    ------
    PlanError
        ``cluster.no_shared_folder``, ``cluster.other_version``, ``cluster.no_program`` before anything runs;
        ``cluster.worker_died``, ``cluster.lost``
    gis.progress.Cancelled
        from ``progress``; tasks under way are told to stop
    """
    check_workers(client, job)
    running = _Running(client, job, done)
    try:
        # The largest first, so that none is left alone at the end.
        running.submit([tile.name for tile in sorted(tiles, key=lambda tile: -tile.cells)])
        running.wait({tile.name: tile.cells for tile in tiles}, progress)
    except BaseException:
        with suppress(OSError):
            job.dataset.stop(job.run).touch()
        running.cancel()
        raise


class _Running:
    """The tasks under way."""

    def __init__(self, client: Client, job: JobFile, done: Callable[[TileSummary], None]) -> None:
        from distributed import as_completed

        self._client, self._job, self._done = client, job, done
        self._names: dict[Future, str] = {}
        self._rounds: dict[str, int] = {}
        self._completed = as_completed(loop=client.loop)

    def submit(self, names: Sequence[str]) -> None:
        """Hand tiles in."""
        for name in names:
            turn = self._rounds.get(name, 0)
            key = f"tile-{name}-{self._job.run}-{turn}"
            future = self._client.submit(tile_task, self._job, name, key=key, retries=_RETRIES, pure=False)
            self._names[future] = name
            self._completed.add(future)

    def wait(self, cells: dict[str, int], progress: Progress) -> None:
        """Until all are done."""
        import time

        total, ready = sum(cells.values()), 0
        while self._names:
            progress(ready / total, "tiles")
            if self._client.status not in ("running", "connecting"):
                raise PlanError("cluster.lost")
            for future in self._completed.next_batch(block=False):
                name = self._names.pop(future)
                if self._settled(future, name):
                    ready += cells[name]
            time.sleep(_LOOK_S)

    def _settled(self, future: Future, name: str) -> bool:
        """Whether a task is done; one whose workers died is handed in again."""
        from distributed import KilledWorker

        if future.status == "finished":
            # What was written tells it: the result itself may lie on a worker that has died since.
            self._done(summary_of(self._job, name))
            return True
        if future.status in ("lost", "pending"):
            # Done a moment ago, and gone with its worker before it was looked at: the scheduler computes it again.
            self._names[future] = name
            self._completed.add(future)
            return False
        if future.status != "error":
            # Cancelled by somebody else, or lost with the scheduler.
            raise PlanError("cluster.lost")
        error = future.exception()
        if not isinstance(error, KilledWorker):
            raise error
        self._rounds[name] = self._rounds.get(name, 0) + 1
        if self._rounds[name] >= _ROUNDS:
            raise PlanError("cluster.worker_died", tile=name) from error
        self.submit([name])
        return False

    def cancel(self) -> None:
        """Let all go that has not begun."""
        with suppress(OSError, RuntimeError):
            self._client.cancel(list(self._names), asynchronous=False, force=True)
