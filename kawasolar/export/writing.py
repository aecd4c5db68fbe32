"""Files that appear whole or not at all: written beside the target, then moved over it."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import sqlite3
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kawasolar.errors import NotWritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}
# Free bytes below which a writer that failed has filled the disk.
_NEARLY_NOTHING = 2**20
_PREFIX = ".kawasolar-"
_LEFT = re.compile(r"\.kawasolar-[0-9a-f]{12}(\.\w+)?(-journal|-wal|-shm)?")
_LONG_AGO_S = 24 * 3600.0
_DENIED = {errno.EACCES, errno.EPERM, errno.EBUSY}


def _not_writable(target: Path, error: OSError, *, replacing: bool) -> NotWritable:
    """Say why the target could not be written, as far as the system tells."""
    if error.errno in _FULL:
        code = "export.disk_full"
    elif error.errno == errno.EROFS:
        code = "export.read_only"
    elif isinstance(error, PermissionError) or error.errno in _DENIED:
        # The folder takes new files, but this one may not be replaced: somebody holds it, or it is marked read-only.
        code = "export.locked" if replacing and os.access(target, os.W_OK) else "export.read_only"
    elif isinstance(error, (IsADirectoryError, NotADirectoryError, FileNotFoundError, FileExistsError)):
        code = "export.bad_target"
    else:
        code = "export.cannot_write"
    return NotWritable(code, file=str(target), reason=error.strerror or str(error))


@contextmanager
def atomic(path: Path, suffix: str = "") -> Iterator[Path]:
    """A temporary path in the target's folder that replaces the target when the block ends well.

    Parameters
    ----------
    path : Path
        The target; missing folders above it are made.
    suffix : str
        Ending of the temporary file where the writer looks at it (``".gpkg"``).

    Raises
    ------
    NotWritable
        The target is locked by another program, read-only, a folder, or the disk is full. What
        stood at the target still stands.
    """
    # A link is followed, so that the file it points to is replaced and not the link.
    target = Path(os.path.realpath(path))
    # Short and plain: a long Japanese name may not become too long for the file system.
    work = target.with_name(f"{_PREFIX}{secrets.token_hex(6)}{suffix}")
    replacing = False
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        target.parent.mkdir(parents=True, exist_ok=True)
        # Asked before the long work, and by a means that tells the reason.
        work.touch(exist_ok=False)
        work.unlink()
        _sweep(target.parent)
        yield work
        _sync(work, target)
        replacing = True
        work.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _not_writable(target, error, replacing=replacing) from error
    finally:
        for left in (work, *(work.with_name(work.name + tail) for tail in ("-journal", "-wal", "-shm"))):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk too, where the system can do that."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path) -> None:
    """Take away what a program that was killed has left here long ago; what is young may still be being written."""
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            if _LEFT.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LONG_AGO_S:
                        Path(entry.path).unlink()


def _sync(work: Path, target: Path) -> None:
    """Put the finished file on the disk, with the permissions of the one that it replaces."""
    with work.open("rb+") as file:
        os.fsync(file.fileno())
    if target.exists():
        with suppress(OSError):
            shutil.copymode(target, work)


@contextmanager
def atomic_geopackage(path: Path, finish: Callable[[sqlite3.Connection], None]) -> Iterator[Path]:
    """As :func:`atomic`, for a GeoPackage: ``finish`` adds what is no layer, in one transaction, after the block has written the layers.

    Raises
    ------
    NotWritable
        Also for what SQLite and GDAL say of a full or unwritable disk.
    """
    import pyogrio.errors

    with atomic(path, ".gpkg") as work:
        try:
            yield work
            connection = sqlite3.connect(work)
            try:
                with connection:
                    finish(connection)
            finally:
                connection.close()
        except (
            sqlite3.Error,
            pyogrio.errors.DataSourceError,
            pyogrio.errors.DataLayerError,
            pyogrio.errors.FeatureError,
        ) as error:
            raise _database_error(path, work, error) from error


def _database_error(path: Path, work: Path, error: Exception) -> NotWritable:
    """GDAL and SQLite tell of a full disk by whatever failed after it, such as a table that is not there: look at the disk."""
    full = isinstance(error, sqlite3.OperationalError) and "full" in str(error)
    with suppress(OSError):
        full = full or shutil.disk_usage(work.parent).free < _NEARLY_NOTHING
    # Their texts go to the log only: they speak of tables and statements.
    return NotWritable("export.disk_full" if full else "export.failed", file=str(path), reason=str(error))
