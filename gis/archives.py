"""Zip archives of anybody: what their directory says is looked at before anything is opened, and members are only read as streams."""

from __future__ import annotations

import zipfile
import zlib

ZIP_MAGIC = b"PK\x03\x04"
# What a file, and all of an archive, may hold [bytes].
LARGEST, LARGEST_ALL = 8 << 30, 64 << 30
MOST_MEMBERS = 100_000
# Text packs to a tenth or a thirtieth; what packs better is made to fill a disk.
MOST_PACKED = 250

# RuntimeError: a member is encrypted. NotImplementedError: packed in a way that nobody here knows.
DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, zlib.error)


def named(archive: zipfile.ZipFile, endings: tuple[str, ...]) -> list[zipfile.ZipInfo]:
    """Members whose names end so (in lower case), less what macOS adds beside each file."""
    found = (entry for entry in archive.infolist() if entry.filename.lower().endswith(endings))
    return [entry for entry in found if not entry.filename.startswith("__MACOSX/")]


def plainly_packed(entry: zipfile.ZipInfo, largest: int = LARGEST, freely: int = 0) -> bool:
    """Whether a member is packed as data are.

    Parameters
    ----------
    largest : what it may hold [bytes]
    freely : up to so many bytes it may be packed however well: one line a million times packs to a thousandth
    """
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return False
    return entry.file_size <= min(largest, max(freely, MOST_PACKED * max(entry.compress_size, 1)))
