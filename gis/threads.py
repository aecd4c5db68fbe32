"""Kernels on all cores: blocks of one piece of work, taken by threads as they come free.

The kernels release the GIL and are compiled without Numba's own parallel loops: those take three to ten times as long to compile, and calls from
several threads of the program are their weak spot. Between two blocks a cancel is heard.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from gis.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.progress import Progress

# How often progress is told while threads work [s]: a cancel is heard within this and one block.
_TELL_S = 0.03


def threads() -> int:
    """How many threads kernels use: the cores this process may run on, or fewer where ``NUMBA_NUM_THREADS`` says so."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    return max(1, min(cores, int(asked))) if asked.isdigit() else max(1, cores)


@cache
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="kernel")


def run_blocks(
    work: Callable[[int, int], None],
    total: int,
    block: int,
    progress: Progress = silent,
    what: str = "",
    *,
    workers: int | None = None,
) -> None:
    """Call ``work(begin, end)`` for every block of ``0 … total``, on all cores.

    Never from within ``work`` itself.

    Parameters
    ----------
    work : must release the GIL for most of its time, and write only what belongs to its block
    block : size of a block; about 20 to 50 ms of work, so that a cancel is heard soon
    progress, what : told the share that is done; what it raises ends the work after the blocks under way
    workers : threads; all cores unless given

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    block = max(1, block)
    blocks = -(-total // block)
    size = min(workers or threads(), blocks)
    if size <= 1:
        for k in range(blocks):
            progress(k / blocks, what)
            work(k * block, min(total, (k + 1) * block))
        return
    numbers = count()  # one call of next() is atomic
    done = [0] * size
    stop = False

    def loop(place: int) -> None:
        while not stop and (k := next(numbers)) < blocks:
            work(k * block, min(total, (k + 1) * block))
            done[place] += 1

    running: set[Future[None]] = {_pool(threads()).submit(loop, place) for place in range(size)}
    try:
        while running:
            progress(sum(done) / blocks, what)
            finished, running = wait(running, _TELL_S, "FIRST_EXCEPTION" if len(running) > 1 else "FIRST_COMPLETED")
            for future in finished:
                future.result()
    finally:
        stop = True
        wait(running)
