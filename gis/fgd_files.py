"""Files of the GSI's 基盤地図情報 as they are delivered: XML, zips of it, zips of such zips, and folders of all these.

Nothing is unpacked under a name that an archive gives: members are streams, and an archive in an archive lies in a nameless temporary file while it is read.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gis.archives import DAMAGED, LARGEST_ALL, MOST_MEMBERS, MOST_PACKED, ZIP_MAGIC, named, plainly_packed
from gis.errors import UnreadableFile
from gis.left_out import LeftOut
from gis.progress import Progress, part, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A city's buildings in one file are a fifth of this [bytes].
LARGEST_FILE = 2 << 30
# Terrain of nothing but sea packs to a thousandth: of a file, and of all in an archive, so much may pack so well [bytes].
_FREELY, _FREELY_ALL = 64 << 20, 1 << 30
_ENDINGS = (".xml", ".zip")


@dataclass
class Told:
    """A progress that remembers what it was told last."""

    progress: Progress
    share: float = 0.0

    def __call__(self, share: float, what: str) -> None:
        self.share = share
        self.progress(share, what)

    def again(self) -> None:
        """Look whether to stop, in the midst of a step."""
        self.progress(self.share, "read")


@dataclass(frozen=True)
class XmlFile:
    """One XML file while it is open.

    Attributes
    ----------
    name : with the archives that it lies in, outermost first
    size : in bytes, unpacked
    alone : given by itself, not found in a folder or an archive
    progress : share of this file
    """

    name: str
    size: int
    alone: bool
    stream: IO[bytes]
    progress: Told


Reader = Callable[[XmlFile], None]


@dataclass
class _Read:
    """What holds through a whole call: who reads, how much has been unpacked [bytes], and what is damaged."""

    reader: Reader
    left: LeftOut
    unpacked: int = 0
    count: int = 0

    def take(self, file: XmlFile) -> None:
        """Hand over one file; if it is damaged it is left out."""
        self.count += 1
        with self.left.unless_damaged(file.name), _guarded(file.name):
            self.reader(file)


def each_file(paths: Sequence[Path], reader: Reader, progress: Progress = silent) -> tuple[LeftOut, int]:
    """Hand every XML file to ``reader``, in the order of the paths and of the names within each; the reader keeps nothing of a file that it refuses.

    Parameters
    ----------
    paths : XML files, archives and folders; of a folder what lies in it or one folder below

    Returns
    -------
    what is damaged and was left out (:mod:`gis.left_out`), and the number of all files

    Raises
    ------
    UnreadableFile
        ``fgd.missing``, ``fgd.archive``, ``fgd.too_large``, ``fgd.nested``; and what ``reader`` raises, but for damage
    gis.progress.Cancelled
        from ``progress``
    """
    files = [found for path in paths for found in _files(path)]
    read = _Read(reader, LeftOut())
    total = max(1, sum(size for *_, size in files))
    done = 0
    for path, alone, size in files:
        told = part(progress, done / total, (done + size) / total)
        with read.left.unless_damaged(path.name), _guarded(path.name), path.open("rb") as file:
            if file.read(len(ZIP_MAGIC)) == ZIP_MAGIC:
                _archive(file, path.name, read, told, outermost=True)
            else:
                file.seek(0)
                _check_size(path.name, size, LARGEST_FILE)
                read.take(XmlFile(path.name, size, alone, file, Told(told)))
        done += size
    return read.left, max(read.count, len(read.left.errors))


def _files(path: Path) -> list[tuple[Path, bool, int]]:
    """The files that a path means, whether it is the file itself, and their sizes [bytes]."""
    try:
        if path.is_file():
            return [(path, True, path.stat().st_size)]
        if not path.is_dir():
            raise UnreadableFile("fgd.missing", file=str(path))
        inside = sorted((*path.glob("*"), *path.glob("*/*")))
        found = [each for each in inside if each.suffix.lower() in _ENDINGS and each.is_file()]
        return [(each, False, each.stat().st_size) for each in found]
    except OSError as error:
        raise UnreadableFile("fgd.unreadable", file=path.name, reason=str(error)) from error


@contextmanager
def _guarded(name: str) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise UnreadableFile("fgd.unreadable", file=name, reason=str(error)) from error


def _check_size(name: str, size: int, largest: int) -> None:
    if size > largest:
        raise UnreadableFile("fgd.too_large", file=name, found=size >> 20, expected=largest >> 20)


def _archive(file: IO[bytes], name: str, read: _Read, progress: Progress, *, outermost: bool) -> None:
    with _guarded(name), zipfile.ZipFile(file) as archive:
        members = _members(archive, name, outermost=outermost)
        total = max(1, sum(member.file_size for member in members))
        read.unpacked += total
        _check_size(name, read.unpacked, LARGEST_ALL)
        done = 0
        for member in members:
            inside = f"{name}/{member.filename.rpartition('/')[2]}"
            told = part(progress, done / total, (done + member.file_size) / total)
            with read.left.unless_damaged(inside), _guarded(inside), archive.open(member) as stream:
                if _is_archive(member):
                    _inner(stream, inside, read, told)
                else:
                    read.take(XmlFile(inside, member.file_size, alone=False, stream=stream, progress=Told(told)))
            done += member.file_size


def _inner(stream: IO[bytes], name: str, read: _Read, progress: Progress) -> None:
    """An archive in an archive: a zip is read from its end, and a stream has none."""
    with tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(stream, kept, 1 << 20)
        progress(0.0, "read")
        _archive(kept, name, read, progress, outermost=False)


def _is_archive(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith(".zip")


def _members(archive: zipfile.ZipFile, name: str, *, outermost: bool) -> list[zipfile.ZipInfo]:
    """The members to read, in the order of their names."""
    count = len(archive.infolist())
    if count > MOST_MEMBERS:
        raise UnreadableFile("fgd.archive", file=name, found=f"{count}")
    members = named(archive, _ENDINGS)
    for member in members:
        if _is_archive(member) and not outermost:
            raise UnreadableFile("fgd.nested", file=name, found=member.filename)
        if not plainly_packed(member, LARGEST_FILE, 0 if _is_archive(member) else _FREELY):
            raise UnreadableFile("fgd.archive", file=name, found=member.filename)
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_FREELY_ALL, MOST_PACKED * packed):
        raise UnreadableFile("fgd.archive", file=name, found=f"{unpacked >> 20} MB")
    return sorted(members, key=lambda member: member.filename)
