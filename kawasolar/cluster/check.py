"""Before the tiles: whether every worker sees the job folder and is of this program."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kawasolar import __version__
from kawasolar.cluster.folder import read_json
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from distributed import Client

    from kawasolar.cluster.job import JobFile


@cache
def sources() -> str:
    """The state of the sources that compute, by their content: the same on every machine; empty in a frozen program."""
    import gis
    import kawasolar.cluster

    digest, found = hashlib.sha256(), False
    for package in (gis, kawasolar.cluster):
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
            found = True
    return digest.hexdigest()[:12] if found else ""


def worker_state(job: JobFile) -> dict[str, Any]:
    """What a worker is and sees; runs there."""
    told = read_json(job.dataset.job) or {}
    dsm = str(told.get("dsm", ""))
    try:
        size = Path(dsm).stat().st_size if dsm else -1
    except OSError:
        size = -1
    return {
        "version": __version__, "sources": sources(), "fingerprint": told.get("fingerprint"), "dsm": dsm,
        "sees_dsm": size >= 0 and size == told.get("dsm_size"),
    }  # fmt: skip


def check_workers(client: Client, job: JobFile) -> None:
    """Ask all workers.

    Raises
    ------
    PlanError
        ``cluster.no_program``, ``cluster.other_version``, ``cluster.no_shared_folder``
    """
    for worker, state in client.run(worker_state, job, on_error="return").items():
        if isinstance(state, ImportError | AttributeError):
            raise PlanError("cluster.no_program", worker=worker, expected=__version__)
        if isinstance(state, BaseException):
            raise state
        if state["version"] != __version__ or state["sources"] != sources():
            found, expected = (
                f"{version} ({mark})"
                for version, mark in ((state["version"], state["sources"]), (__version__, sources()))
            )
            raise PlanError("cluster.other_version", worker=worker, found=found, expected=expected)
        if state["fingerprint"] != job.fingerprint:
            raise PlanError("cluster.no_shared_folder", worker=worker, file=job.folder)
        if not state["sees_dsm"]:
            raise PlanError("cluster.no_shared_folder", worker=worker, file=state["dsm"])
