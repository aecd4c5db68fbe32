"""The lines of a journal: what they hold, and whether they are whole."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kawasolar import __version__
from kawasolar.document.lock import birth_of, host_name
from kawasolar.plan import SaveMark

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".journal"
MAX_BYTES = 50_000_000
_FORMAT = 1
BEGIN, END = b'{"sum":"%08x","line":', b"}\n"
_BEGIN_LENGTH = len(BEGIN % 0)


@dataclass(frozen=True)
class Header:
    """The first line: whose journal it is, and which file its edits start from."""

    journal: str
    project: str
    base: SaveMark
    pid: int
    birth: str
    host: str
    started: str

    @classmethod
    def here(cls, journal: str, project: Path, base: SaveMark) -> Header:
        """Of this process."""
        pid = os.getpid()
        return cls(journal, place_of(project), base, pid, birth_of(pid), host_name(), now())

    def on(self, base: SaveMark) -> Header:
        """The same from another file on."""
        return Header(self.journal, self.project, base, self.pid, self.birth, self.host, self.started)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; see :meth:`from_json`."""
        return {
            "format": _FORMAT, "journal": self.journal, "project": self.project,
            "base": [self.base.journal, self.base.seq], "pid": self.pid, "birth": self.birth, "host": self.host,
            "started": self.started, "version": __version__,
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Header:
        """Raises ValueError, KeyError, TypeError."""
        if value["format"] != _FORMAT:
            raise ValueError("format")
        journal, seq = value["base"]
        texts = [value[name] for name in ("journal", "project", "birth", "host", "started")]
        if not all(isinstance(text, str) for text in (journal, *texts)) or not all(
            type(number) is int for number in (seq, value["pid"])
        ):
            raise ValueError("header")
        name, project, birth, host, started = texts
        return cls(name, project, SaveMark(journal, seq), value["pid"], birth, host, started)


def now() -> str:
    """The present moment, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def place_of(project: Path) -> str:
    """Where a project really lies."""
    return os.path.realpath(project)


def hash_of(project: Path) -> str:
    """What journals of a project are called by."""
    text = os.path.normcase(place_of(project))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def line_of(value: dict[str, Any]) -> bytes:
    """A line with its checksum."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = text.encode("utf-8", "surrogatepass")
    return BEGIN % zlib.crc32(data) + data + END


def _constant(name: str) -> float:
    raise ValueError(name)


def checked(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is torn or damaged."""
    data = line[_BEGIN_LENGTH : -len(END)]
    if line != BEGIN % zlib.crc32(data) + data + END:
        return None
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
