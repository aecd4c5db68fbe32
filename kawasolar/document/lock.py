"""A project opened twice is seen: a small file beside it says who has it open, and since when.

The file lies on the same share as the project, so that everybody who opens it there sees it. It is stale, and taken
over, when its process is gone (this computer) or when it was not touched for ten minutes (another computer, or nobody
can tell whose it is); its age is told by the clock of the share, since those of two computers differ. What it says is
not trusted.

A lock is written under another name and then given its own, so that it is whole from its first moment. Where the file
system cannot do that it is empty for a moment, and what was written lies beside it until then: who finds an empty one
looks there whether its writer lives.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from uuid import uuid4

import psutil

from kawasolar import __version__
from kawasolar.document.person import person_name
from kawasolar.errors import NotWritable

# Ten beats of a minute, after which another computer's lock is taken for one that was left behind.
STALE_AFTER_S = 600.0
# Longer than any takeover of a stale lock lasts: the guard of a process that died in it.
_GUARD_STALE_S = 30.0
_MAX_BYTES = 16_384
_LONGEST = 200
# Bytes that file systems allow for a name, less what we put around it.
_LONGEST_NAME = 200
_TEMPORARY, _PROBE = ".tmp", ".now"
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
_TRIES = 10
_PAUSE_S = 0.03
# Linux has it; elsewhere the time of a process's birth does not move.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


# ---------------------------------------------------------------------------------------------- processes


def host_name() -> str:
    """Name of the computer that we run on."""
    return platform.node()


def birth_of(pid: int) -> str:
    """What tells a process from a later one of the same number; empty where there is none.

    On Linux by the ticks since the boot, as the time of day of its birth moves when the clock is set.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        if _BOOT_ID.is_file():
            boot = _BOOT_ID.read_text("ascii").strip()
            # Its name stands in brackets and may itself have brackets and blanks.
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            return f"{boot}/{fields[19]}"
        return f"{process.create_time():.2f}"
    except psutil.AccessDenied:
        return "?"
    except (psutil.Error, OSError, IndexError):
        return ""


def is_running(pid: int, birth: str) -> bool:
    """Whether the process of this number is still the one of this birth; where it cannot be told, yes."""
    found = birth_of(pid) if 0 < pid < 2**31 else ""
    return found != "" and (found == birth or "?" in {found, birth})


def local_time(moment: str) -> str:
    """An ISO 8601 moment as this computer's clock shows it, to the minute; the text itself where it is none."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OSError, OverflowError):
        return moment


# ---------------------------------------------------------------------------------------------- who


@dataclass(frozen=True)
class Owner:
    """Who has a project open.

    Attributes
    ----------
    name : as shown to others
    birth : tells the process from a later one of the same number (:func:`birth_of`)
    program : version of the program
    since : ISO 8601, UTC
    """

    name: str
    host: str
    pid: int
    birth: str
    program: str
    since: str

    @classmethod
    def here(cls, name: str = "") -> Owner:
        """We ourselves, now; ``name`` instead of the one that the system knows."""
        pid = os.getpid()
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(
            name.strip()[:_LONGEST] or person_name()[:_LONGEST], host_name(), pid, birth_of(pid), __version__, since
        )

    def since_text(self) -> str:
        """Since when, by this computer's clock."""
        return local_time(self.since)

    @property
    def is_known(self) -> bool:
        """Whether the lock says whose it is; one that is empty or damaged does not."""
        return self.pid != 0

    @property
    def is_this_process(self) -> bool:
        """Whether it is ourselves: the same window opens the same project again."""
        return _same_host(self.host) and self.pid == os.getpid() and is_running(self.pid, self.birth)


def _same_host(host: str) -> bool:
    return host.casefold() == host_name().casefold()


# ---------------------------------------------------------------------------------------------- the lock


@dataclass(frozen=True)
class Taken:
    """Somebody has the project open."""

    owner: Owner


@dataclass(frozen=True)
class NoLock:
    """No lock can be made there: a read-only folder, a share that is gone. It can be read, but not saved there.

    Attributes
    ----------
    code : ``lock.none``, the sentence for it, with ``reason``
    """

    reason: str
    code: str = "lock.none"


@dataclass(frozen=True)
class Lock:
    """A lock that is ours until it is released."""

    path: Path
    owner: Owner
    token: str

    def beat(self) -> bool:
        """Say that we are still there; once a minute.

        Returns
        -------
        bool
            False where it is somebody else's now: what is saved from here on would overwrite their work. A share that
            does not answer is no reason for it.
        """
        try:
            found = _read(self.path)
            if found is None:
                # Swept away by somebody: ours again, unless another was quicker.
                return _create(self.path, self.owner, self.token) or _token(self.path) == self.token
            if found[1] != self.token:
                return False
            # The same bytes again, rather than the local clock's time: the share itself says when.
            with self.path.open("r+b") as file:
                file.write(_bytes(self.owner, self.token))
        except OSError:
            return True
        return True

    def release(self) -> None:
        """Let it go; another's stays."""
        for _ in range(_TRIES):
            try:
                if _token(self.path) == self.token:
                    self.path.unlink()
            except FileNotFoundError:
                return
            except OSError:
                # Windows: a scanner, or a reader, has it open for a moment.
                time.sleep(_PAUSE_S)
            else:
                return


def lock_path(project: Path) -> Path:
    """Where the lock of a project lies: beside it, hidden, and no ``.kawasolar`` for the dialog that opens one."""
    target = Path(os.path.realpath(project))
    name = target.name
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        name = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return target.with_name(f".~{name}.lock")


def take(project: Path, who: Owner) -> Lock | Taken | NoLock:
    """Take the lock of a project, or say who has it."""
    path, token = lock_path(project), uuid4().hex
    failed: OSError | None = None
    for _ in range(_TRIES):
        try:
            if _create(path, who, token):
                _tidy(path)
                return Lock(path, who, token)
            found = _read(path)
            if found is not None:
                owner, seen = found
                if not _is_stale(path, owner):
                    return Taken(owner)
                _sweep(path, seen, who)
                continue
        except OSError as error:
            # Windows refuses for a moment what somebody has open, or has just deleted.
            failed = error
            if not isinstance(error, PermissionError) or not path.exists():
                break
        time.sleep(_PAUSE_S)
    if failed is None:
        return Taken(_nobody())
    return NoLock(failed.strerror or str(failed))


def refused(project: Path, owner: Owner) -> NotWritable:
    """The error for a project that somebody else has open: ``lock.held``, or ``lock.unknown`` where the lock does not say who."""
    if not owner.is_known:
        return NotWritable("lock.unknown", file=str(project), minutes=round(STALE_AFTER_S / 60))
    return NotWritable("lock.held", file=str(project), name=owner.name, host=owner.host, since=owner.since_text())


def _bytes(owner: Owner, token: str) -> bytes:
    return json.dumps({"token": token, **asdict(owner)}, sort_keys=True).encode("ascii")


def _create(path: Path, owner: Owner, token: str) -> bool:
    """Make the file, whole; False where there is one."""
    content, whole = _bytes(owner, token), path.with_name(f"{path.name}.{uuid4().hex}{_TEMPORARY}")
    try:
        with os.fdopen(os.open(whole, _NEW, 0o644), "wb") as file:
            file.write(content)
        try:
            _name(whole, path)
        except FileExistsError:
            return False
        except (OSError, NotImplementedError):
            if not _written(path, content):
                return False
    finally:
        with suppress(OSError):
            whole.unlink(missing_ok=True)
    _hide(path)
    return True


def _name(whole: Path, path: Path) -> None:
    """Give a file a name that nobody has."""
    try:
        os.link(whole, path)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        if os.name != "nt":
            raise
        # Only there it replaces nothing.
        whole.rename(path)


def _written(path: Path, content: bytes) -> bool:
    """Make the file under its own name, empty for a moment; False where there is one."""
    try:
        handle = os.open(path, _NEW, 0o644)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    return True


def _beside(path: Path, suffix: str = _TEMPORARY) -> list[Path]:
    """What writers of a lock have beside it, or have left there."""
    return list(path.parent.glob(f"{escape(path.name)}.*{suffix}"))


def _tidy(path: Path) -> None:
    """Take away what writers who were killed have left beside a lock."""
    with suppress(OSError):
        for left in (*_beside(path), *_beside(path, _PROBE)):
            found = _read(left, tries=1)
            if found is not None and _is_stale(left, found[0]):
                left.unlink(missing_ok=True)


def _hide(path: Path) -> None:
    """Explorer hides by an attribute what others hide by the dot."""
    if sys.platform == "win32":
        import ctypes

        hidden = 2
        ctypes.windll.kernel32.SetFileAttributesW(str(path), hidden)


def _read(path: Path, tries: int = _TRIES) -> tuple[Owner, str] | None:
    """What the file says, and its token; None where there is no file. One that says nothing has no name and no token."""
    for _ in range(tries):
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        # It may be empty for the moment in which it is made.
        if text:
            break
        time.sleep(_PAUSE_S)
    else:
        text = b""
    try:
        return _parsed(text)
    except (ValueError, TypeError, KeyError, RecursionError):
        return _nobody(), ""


def _parsed(text: bytes) -> tuple[Owner, str]:
    if len(text) > _MAX_BYTES:
        raise ValueError("too long")
    value = json.loads(text)
    shown = {name: _line(value[name]) for name in ("name", "host", "birth", "program", "since", "token")}
    pid = value["pid"]
    if type(pid) is not int:
        raise ValueError("pid")
    return Owner(shown["name"], shown["host"], pid, shown["birth"], shown["program"], shown["since"]), shown["token"]


def _line(value: object) -> str:
    """A short text without control characters."""
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - damage is one kind of error here
    return "".join(char for char in value[:_LONGEST] if char.isprintable())


def _nobody() -> Owner:
    return Owner("?", "?", 0, "", "", "")


def _token(path: Path) -> str:
    found = _read(path)
    if found is None:
        raise FileNotFoundError(str(path))
    return found[1]


def _is_stale(path: Path, owner: Owner, after: float = STALE_AFTER_S) -> bool:
    if owner.is_known and _same_host(owner.host):
        return not is_running(owner.pid, owner.birth)
    if not owner.is_known and _is_abandoned(path):
        return True
    return _age(path) > after


def _is_abandoned(path: Path) -> bool:
    """Whether a lock that says nothing was being written by processes of this computer that are all gone."""
    with suppress(OSError):
        writers = [_read(left, tries=1) for left in _beside(path)]
        found = [owner for owner, _ in filter(None, writers)]
        return bool(found) and all(
            owner.is_known and _same_host(owner.host) and not is_running(owner.pid, owner.birth) for owner in found
        )
    return False


def _age(path: Path) -> float:
    """Seconds since the file was touched, by the clock of the share that it lies on."""
    probe = path.with_name(f"{path.name}.{uuid4().hex}{_PROBE}")
    try:
        with probe.open("xb"):
            pass
        now, then = probe.stat().st_mtime, path.stat().st_mtime
        if then > now + _GUARD_STALE_S:
            # A clock went wrong: from now on it ages as any other, and who lives touches it once a minute.
            os.utime(path, (now, now))
        return now - then
    except FileNotFoundError:
        return 0.0
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _sweep(path: Path, seen: str, who: Owner) -> None:
    """Take a stale lock away, one process at a time: who judged it too may not take away its successor's."""
    guard = path.with_name(f"{path.name}.guard")
    if not _create(guard, who, uuid4().hex):
        if _is_left(guard):
            guard.unlink(missing_ok=True)
        time.sleep(_PAUSE_S)
        return
    try:
        found = _read(path)
        if found is not None and found[1] == seen and _is_stale(path, found[0]):
            path.unlink(missing_ok=True)
    finally:
        with suppress(OSError):
            guard.unlink(missing_ok=True)


def _is_left(guard: Path) -> bool:
    """Whether the guard of a takeover is that of a process that died in it."""
    found = _read(guard, tries=1)
    return found is not None and _is_stale(guard, found[0], _GUARD_STALE_S)
