"""The dataset's folder: whose it is, what lies where, and how files come into it."""

from __future__ import annotations

import errno
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kawasolar.errors import NotWritable
from kawasolar.export.writing import atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = ".work"
_PROGRAM, _KIND = "KawaSolar", "survey"
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
# No description of ours is larger; the coverage of a tile's outlines takes 30 bytes each.
_MOST_BYTES = 64 * 2**20
_LOCK = "survey"


class Dataset:
    """Paths in a dataset's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / WORK
        self.planes = folder / "planes"
        self.sunlit = folder / "sunlit"
        self.buildings = folder / "buildings.parquet"
        self.about = folder / "survey.json"
        # Says from the first moment whose folder it is.
        self.mark = self.work / "kawasolar.json"
        self.job = self.work / "job.json"
        self.sky = self.work / "sky.npz"
        self.outlines = self.work / "outlines"
        self.given = self.work / "given"
        self.markers = self.work / "tiles"
        # Beside it lies the lock of who works here.
        self.lock = self.work / _LOCK

    def part_files(self, tile: str) -> dict[str, Path]:
        """Where a tile's parts lie."""
        return {"planes": self.planes / f"part-{tile}.parquet", "sunlit": self.sunlit / f"part-{tile}.parquet"}

    def marker(self, tile: str) -> Path:
        """What says that a tile is done, and its parts' hashes."""
        return self.markers / f"{tile}.json"

    def outlines_of(self, tile: str) -> Path:
        """The outlines that a tile looks at."""
        return self.outlines / f"{tile}.parquet"

    def given_of(self, tile: str) -> Path:
        """The given roof planes of these outlines; missing where the survey has none."""
        return self.given / f"{tile}.parquet"

    def stop(self, run: str) -> Path:
        """Is there when tasks of that run shall end."""
        return self.work / f"stop-{run}"


def stamped(**content: object) -> dict[str, object]:
    """A description that is known for ours again."""
    return {"program": _PROGRAM, "kind": _KIND, **content}


def read_json(path: Path) -> dict[str, Any] | None:
    """A description of ours; None where there is none, or another's."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    ours = isinstance(value, dict) and value.get("program") == _PROGRAM and value.get("kind") == _KIND
    return value if ours else None


def put(path: Path, content: bytes) -> None:
    """A file that appears whole or not at all."""
    with atomic(path) as work:
        work.write_bytes(content)


def put_json(path: Path, content: dict[str, object], *, indent: int | None = None) -> None:
    """A description, whole or not at all."""
    put(path, json.dumps(content, ensure_ascii=False, indent=indent, allow_nan=False).encode())


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """What the system says of a target that cannot be written, as our error."""
    try:
        yield
    except OSError as error:
        code = "export.disk_full" if error.errno in _FULL else "export.cannot_write"
        if error.errno == errno.EROFS or isinstance(error, PermissionError):
            code = "export.read_only"
        elif isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
            code = "export.bad_target"
        raise NotWritable(code, file=str(target), reason=error.strerror or str(error)) from error


def claim(dataset: Dataset) -> None:
    """Make the folder, or make sure that it is ours.

    Raises
    ------
    NotWritable
        ``cluster.not_ours``: it holds something else; or it cannot be written.
    """
    folder = dataset.folder
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise NotWritable("cluster.not_a_folder", file=str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        if not _is_ours(dataset):
            raise NotWritable("cluster.not_ours", file=str(folder))
        dataset.work.mkdir(exist_ok=True)
    put_json(dataset.mark, stamped())


def _is_ours(dataset: Dataset) -> bool:
    if any(read_json(path) is not None for path in (dataset.about, dataset.mark)):
        return True
    # One that was killed in the moment between the folder and its mark.
    return all(path == dataset.work and not any(path.iterdir()) for path in dataset.folder.iterdir())


def clear(dataset: Dataset) -> None:
    """Take away all that an earlier survey has left; the lock and the mark stay."""
    with writing(dataset.folder):
        for path in (dataset.about, dataset.buildings):
            path.unlink(missing_ok=True)
        for parts in (dataset.planes, dataset.sunlit):
            _clear_parts(parts)
        for path in dataset.work.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != dataset.mark and not path.name.startswith(".~"):
                path.unlink()


def _clear_parts(folder: Path, keep: frozenset[str] = frozenset()) -> None:
    """Our files go, and the folder if nothing else lies in it."""
    if not folder.is_dir():
        return
    for path in folder.glob("part-*.parquet"):
        if path.name not in keep:
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def keep_only(dataset: Dataset, tiles: frozenset[str]) -> None:
    """Take away the parts of other tiles than these: of another survey in the same folder."""
    with writing(dataset.folder):
        for parts in (dataset.planes, dataset.sunlit):
            _clear_parts(parts, frozenset(f"part-{tile}.parquet" for tile in tiles))
        for folder, suffix in ((dataset.markers, ".json"), (dataset.outlines, ".parquet"), (dataset.given, ".parquet")):
            if folder.is_dir():
                for path in folder.glob(f"*{suffix}"):
                    if path.name.removesuffix(suffix) not in tiles:
                        path.unlink()
        for path in dataset.work.glob("stop-*"):
            path.unlink(missing_ok=True)


def need_space(folder: Path, size: int) -> None:
    """Refuse at once what cannot fit: a file that is mapped kills the program where the disk is full."""
    with writing(folder):
        if shutil.disk_usage(folder).free < size:
            raise NotWritable("export.disk_full", file=str(folder), reason="")
