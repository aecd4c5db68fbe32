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
    unseen = [
        told[role] for role in ("dsm", "canopy") if told.get(role) and _size(told[role]) != told.get(f"{role}_size")
    ]
    return {
        "version": __version__, "sources": sources(), "fingerprint": told.get("fingerprint"), "unseen": "".join(unseen[:1]),
    }  # fmt: skip


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return -1


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
        if state["unseen"]:
            raise PlanError("cluster.no_shared_folder", worker=worker, file=state["unseen"])
