"""Long work off the window's thread: plain functions with a progress callback, cancelled by their token.

Kernels run one at a time (Numba's own threads do the rest); reading and writing files has a thread of
its own, so that saving need not wait for a calculation.

The threads are Python's own, not QThreadPool's: a QRunnable gets a new Python thread state for each run, with
which pyproj's thread-local PROJ context dies, and the next CRS made in that thread crashes the program.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from gis.progress import Cancelled, Progress

Pool = Literal["kernel", "files"]
POOLS: tuple[Pool, ...] = ("kernel", "files")
Work = Callable[[Progress], object]
# Progress reaches the window at most this often [s].
THROTTLE = 0.05


class Job(QObject):
    """One piece of work as the window sees it. All its signals arrive on the window's thread."""

    progressed = Signal(float, str)
    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()

    _reported = Signal(float, str)
    _result = Signal(str, object)

    def __init__(self, work: Work, topic: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.topic = topic
        self.running = True
        self._work = work
        self._token = threading.Event()
        self._told = 0.0
        self._dropped = False
        self._reported.connect(self._on_reported)
        self._result.connect(self._on_result)

    def cancel(self) -> None:
        """Ask the work to stop at its next report of progress."""
        self._token.set()

    def drop(self) -> None:
        """Cancel, and tell nobody of a result that may still come."""
        self._dropped = True
        self.cancel()

    @property
    def is_cancelled(self) -> bool:
        return self._token.is_set()

    def report(self, share: float, what: str) -> None:
        """The progress callback of the work; called on its thread."""
        self._check()
        now = time.monotonic()
        if share >= 1.0 or now - self._told >= THROTTLE:
            self._told = now
            self._reported.emit(share, what)

    def _check(self) -> None:
        if self._token.is_set():
            raise Cancelled

    def execute(self) -> None:
        """Do the work; called on the worker's thread. Whatever goes wrong is handed to the window."""
        try:
            self._check()
            result = self._work(self.report)
        except Cancelled:
            self._result.emit("cancelled", None)
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the window shows or logs it
            self._result.emit("failed", error)
        else:
            self._result.emit("done", result)

    @Slot(float, str)
    def _on_reported(self, share: float, what: str) -> None:
        if self.running and not self._dropped:
            self.progressed.emit(share, what)

    @Slot(str, object)
    def _on_result(self, how: str, value: object) -> None:
        self.running = False
        if not self._dropped:
            if how == "done" and not self._token.is_set():
                self.done.emit(value)
            elif how == "failed":
                self.failed.emit(value)
            else:
                self.cancelled.emit()
        self.ended.emit()


def _execute(box: list[Job]) -> None:
    """Run the one job in the box; nothing of it is left on this thread when the future is done."""
    box.pop().execute()


class Jobs(QObject):
    """The worker pools; a new job of a topic makes an older one of the same topic stale."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pools = {
            name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"kawasolar-{name}") for name in POOLS
        }
        # A job is deleted only when its worker has let go of it: it may still be inside a signal's emit.
        self._started: list[tuple[Job, Future[None]]] = []
        self._running: list[Job] = []
        self._latest: dict[str, Job] = {}

    def start(self, work: Work, topic: str, *, pool: Pool = "files") -> Job:
        """Queue the work; connect to the job's signals before returning to the event loop."""
        older = self._latest.get(topic)
        if older is not None and older.running:
            older.drop()
        job = Job(work, topic, self)
        self._latest[topic] = job
        self._running.append(job)
        job.ended.connect(lambda: self._forget(job))
        self._purge()
        self._started.append((job, self._pools[pool].submit(_execute, [job])))
        self.changed.emit()
        return job

    def running(self, topic: str | None = None) -> list[Job]:
        """Jobs that have not ended yet."""
        return [job for job in self._running if topic is None or job.topic == topic]

    def shutdown(self, milliseconds: int = 10_000) -> bool:
        """Cancel all, then wait; False where a worker would not stop in time."""
        for job in self._running:
            job.drop()
        futures = [future for _, future in self._started]
        for future in futures:
            future.cancel()
        late = wait(futures, timeout=milliseconds / 1000).not_done
        for pool in self._pools.values():
            pool.shutdown(wait=not late, cancel_futures=True)
        return not late

    def _forget(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
        if self._latest.get(job.topic) is job:
            del self._latest[job.topic]
        self.changed.emit()

    def _purge(self) -> None:
        over = [job for job, future in self._started if future.done() and not job.running]
        self._started = [(job, future) for job, future in self._started if job not in over]
        for job in over:
            job.deleteLater()
