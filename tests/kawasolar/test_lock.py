"""A project opened twice is seen, a lock left behind is taken over, and of those who race for it one wins."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kawasolar.document import lock as locks
from kawasolar.document.lock import STALE_AFTER_S, Lock, NoLock, Owner, Taken, birth_of, is_running, lock_path, take
from kawasolar.words import LANGUAGES, say

ROUNDS, RACERS = 20, 4


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "脱炭素 計画"
    folder.mkdir()
    return folder / "川崎市 第2版.kawasolar"


def won(outcome: object) -> Lock:
    assert isinstance(outcome, Lock)
    return outcome


def lost(outcome: object) -> Owner:
    assert isinstance(outcome, Taken)
    return outcome.owner


def left_by(project: Path, **other: Any) -> Path:
    """A lock as somebody else has left it."""
    lock = won(take(project, Owner.here("佐藤")))
    value = json.loads(lock.path.read_bytes())
    lock.path.write_text(json.dumps({**value, "token": "0" * 32, **other}), "utf-8")
    return lock.path


def ago(path: Path, seconds: float) -> None:
    """Set back when it was touched."""
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def a_process_that_ended() -> tuple[int, str]:
    code = "from kawasolar.document.lock import Owner; o = Owner.here(); print(o.pid, o.birth)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    pid, birth = done.stdout.split()
    return int(pid), birth


# ---------------------------------------------------------------------------------------------- one at a time


def test_the_second_is_told_who_and_since_when(project: Path) -> None:
    first = won(take(project, Owner.here("山田 花子")))
    owner = lost(take(project, Owner.here("佐藤")))
    assert owner == first.owner
    assert (owner.name, owner.pid, owner.host) == ("山田 花子", os.getpid(), locks.host_name())
    assert owner.since_text() == time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time()))[:16]
    assert owner.is_this_process
    first.release()
    assert not first.path.exists()
    won(take(project, Owner.here("佐藤"))).release()


def test_the_lock_lies_beside_hidden_and_is_no_project(project: Path) -> None:
    lock = won(take(project, Owner.here()))
    assert lock.path.parent == project.parent
    assert lock.path.name.startswith(".")
    assert not lock.path.name.endswith(".kawasolar")
    assert list(project.parent.glob("*.kawasolar")) == []
    lock.release()
    assert list(project.parent.iterdir()) == []


def test_a_long_name_has_a_lock_too(tmp_path: Path) -> None:
    project = tmp_path / ("計" * 80 + ".kawasolar")
    project.touch()
    won(take(project, Owner.here())).release()
    assert lock_path(project) != lock_path(tmp_path / ("計" * 79 + "画.kawasolar"))


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_to_a_project_is_the_project(project: Path, tmp_path: Path) -> None:
    project.touch()
    link = tmp_path / "link.kawasolar"
    link.symlink_to(project)
    won(take(link, Owner.here("山田")))
    assert lost(take(project, Owner.here())).name == "山田"


def test_another_process_is_seen(project: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kawasolar.document.lock import Owner, take;"
        "print(type(take(Path(sys.argv[1]), Owner.here('別'))).__name__, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(project)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "Lock"
        owner = lost(take(project, Owner.here()))
        assert (owner.name, owner.pid, owner.is_this_process) == ("別", other.pid, False)
        other.kill()
        other.wait()
        # It was killed and could not let go.
        assert lock_path(project).exists()
        mine = won(take(project, Owner.here("私")))
        assert lost(take(project, Owner.here())).name == "私"
        mine.release()


# ---------------------------------------------------------------------------------------------- left behind


def test_of_a_process_that_is_gone(project: Path) -> None:
    pid, birth = a_process_that_ended()
    left_by(project, pid=pid, birth=birth)
    won(take(project, Owner.here()))


def test_of_a_process_whose_number_is_another_s_now(project: Path) -> None:
    left_by(project, pid=os.getpid(), birth="long ago")
    won(take(project, Owner.here()))


def test_of_a_process_that_lives(project: Path) -> None:
    path = left_by(project, pid=os.getppid(), birth=birth_of(os.getppid()))
    # However long it has not beaten: a suspended laptop is still its owner's.
    ago(path, 10 * STALE_AFTER_S)
    assert lost(take(project, Owner.here())).name == "佐藤"


@pytest.mark.parametrize(("age", "stale"), [(0.0, False), (STALE_AFTER_S - 60, False), (STALE_AFTER_S + 60, True)])
def test_of_another_computer_by_its_age(project: Path, age: float, stale: bool) -> None:
    pid, birth = a_process_that_ended()
    ago(left_by(project, host="another", pid=pid, birth=birth), age)
    assert isinstance(take(project, Owner.here()), Lock if stale else Taken)


def test_the_age_is_told_by_the_share_and_not_by_our_clock(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(project, host="another")
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert isinstance(take(project, Owner.here()), Taken)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10_000, b"{}" + b" " * 20_000,
        b'{"token": 1}',
        b'{"token":"t","name":"n","host":"h","pid":"1","birth":"","program":"","since":""}',
        b'{"token":"t","name":["n"],"host":"h","pid":1,"birth":"","program":"","since":""}',
    ],
)  # fmt: skip
def test_one_that_says_nothing_is_held_until_it_is_old(project: Path, text: bytes) -> None:
    path = lock_path(project)
    path.write_bytes(text)
    assert lost(take(project, Owner.here())).name == "?"
    ago(path, STALE_AFTER_S + 60)
    won(take(project, Owner.here()))


@pytest.mark.parametrize("pid", [0, -1, 2**31, 10**30])
def test_no_number_of_a_process(project: Path, pid: int) -> None:
    path = left_by(project, pid=pid)
    ago(path, STALE_AFTER_S + 60)
    won(take(project, Owner.here()))


def test_what_another_has_written_is_shown_in_one_short_line(project: Path) -> None:
    left_by(project, host="another\r\n\x1b[31m", name="佐藤\n" + "x" * 5000, since="yesterday")
    owner = lost(take(project, Owner.here()))
    assert owner.name.startswith("佐藤x")
    assert len(owner.name) <= 200
    assert owner.host == "another[31m"
    assert owner.since_text() == "yesterday"


def test_a_takeover_that_died_does_not_bar_the_next(project: Path) -> None:
    path = left_by(project, pid=os.getpid(), birth="long ago")
    guard = path.with_name(f"{path.name}.guard")
    guard.touch()
    assert isinstance(take(project, Owner.here()), Taken)
    ago(guard, 3600)
    won(take(project, Owner.here())).release()
    assert list(project.parent.iterdir()) == []


@pytest.mark.parametrize("years", [0.001, 30.0])
def test_one_that_says_nothing_and_is_of_the_future(project: Path, years: float) -> None:
    """A clock that went wrong may not lock anybody out until that day has come."""
    path = lock_path(project)
    path.touch()
    ago(path, -years * 365 * 86400)
    assert isinstance(take(project, Owner.here()), Taken)
    # It is dated now: it ages as any other from here on.
    ago(path, STALE_AFTER_S + 60)
    won(take(project, Owner.here()))


# ---------------------------------------------------------------------------------------------- killed in the middle

# A process that is killed, or stands still, where a function of the system is called for the nth time on a name that ends so.
INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from kawasolar.document import lock

project, name, ending, how, links = Path(sys.argv[1]), *sys.argv[2:6]
real = getattr(os, name)

def interrupted(first, *rest, **more):
    done = real(first, *rest, **more) if how.startswith("after") else None
    if str(rest[0] if name == "link" else first).endswith(ending):
        if how.endswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        print("there", flush=True)
        sys.stdin.readline()
    return done if how.startswith("after") else real(first, *rest, **more)

def none(*_args, **_more):
    raise OSError(1, "Operation not permitted")

if links == "no":
    os.link = none
setattr(os, name, interrupted)
print(type(lock.take(project, lock.Owner.here("途中"))).__name__, flush=True)
sys.stdin.read()
"""


def interrupted(project: Path, name: str, ending: str, how: str, links: str = "yes") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(project), name, ending, how, links],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no SIGKILL there")
@pytest.mark.parametrize(
    ("name", "ending", "how", "links", "left"),
    [
        # Written, and not yet given its name.
        ("link", ".lock", "before kill", "yes", False),
        # It has its name, and the other one too.
        ("link", ".lock", "after kill", "yes", True),
        # Where names cannot be given so: made, and still empty.
        ("open", ".lock", "after kill", "no", True),
        # While a lock that was left behind is taken away.
        ("link", ".guard", "after kill", "yes", True),
        ("open", ".guard", "after kill", "no", True),
    ],
)
def test_who_was_killed_meanwhile_bars_nobody(
    project: Path, name: str, ending: str, how: str, links: str, left: bool
) -> None:
    path = lock_path(project)
    if ending == ".guard":
        left_by(project, pid=os.getpid(), birth="long ago")
    with interrupted(project, name, ending, how, links) as other:
        assert other.wait(30) == -9
    assert path.exists() == left
    mine = won(take(project, Owner.here("私")))
    assert lost(take(project, Owner.here())).name == "私"
    assert mine.beat()
    mine.release()
    assert list(project.parent.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no SIGKILL there")
def test_one_that_is_being_written_holds(project: Path) -> None:
    """Its writer lives and has come no further than an empty file: however long that takes, it is his."""
    with interrupted(project, "open", ".lock", "after", "no") as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "there\n"
        assert lock_path(project).read_bytes() == b""
        assert not lost(take(project, Owner.here())).is_known
        other.stdin.write("go on\n")
        other.stdin.flush()
        assert other.stdout.readline() == "Lock\n"
        assert lost(take(project, Owner.here())).name == "途中"
        other.kill()
    won(take(project, Owner.here())).release()
    assert list(project.parent.iterdir()) == []


def test_an_empty_one_beside_which_another_computer_writes_holds(project: Path) -> None:
    path = lock_path(project)
    gone = left_by(project, host="another", pid=1, birth="x")
    gone.rename(path.with_name(f"{path.name}.0123.tmp"))
    path.touch()
    assert not lost(take(project, Owner.here())).is_known
    # And what says nothing may be of anybody.
    path.with_name(f"{path.name}.4567.tmp").touch()
    assert not lost(take(project, Owner.here())).is_known
    for each in project.parent.iterdir():
        ago(each, STALE_AFTER_S + 60)
    won(take(project, Owner.here())).release()
    assert list(project.parent.iterdir()) == []


# ---------------------------------------------------------------------------------------------- while it is held


def test_a_beat_touches_the_file_and_changes_nothing(project: Path) -> None:
    lock = won(take(project, Owner.here()))
    text = lock.path.read_bytes()
    ago(lock.path, 500)
    before = lock.path.stat().st_mtime
    assert lock.beat()
    assert lock.path.stat().st_mtime > before + 400
    assert lock.path.read_bytes() == text


def test_a_lock_that_another_took_is_lost_and_stays_theirs(project: Path) -> None:
    mine = won(take(project, Owner.here("私")))
    left = mine.path.read_bytes()
    mine.path.unlink()
    theirs = won(take(project, replace(Owner.here("佐藤"), host="another")))
    assert not mine.beat()
    mine.release()
    assert lost(take(project, Owner.here())).name == "佐藤"
    assert theirs.beat()
    assert theirs.path.read_bytes() != left


def test_a_lock_that_was_swept_away_is_made_again(project: Path) -> None:
    mine = won(take(project, Owner.here("私")))
    mine.path.unlink()
    assert mine.beat()
    assert lost(take(project, Owner.here())).name == "私"


def test_a_share_that_is_gone_is_no_reason_to_give_up(project: Path) -> None:
    mine = won(take(project, Owner.here()))
    project.parent.rename(project.parent.with_name("gone"))
    assert mine.beat()
    mine.release()


# ---------------------------------------------------------------------------------------------- no lock


def test_no_folder_no_lock(tmp_path: Path) -> None:
    outcome = take(tmp_path / "nowhere" / "a.kawasolar", Owner.here())
    assert isinstance(outcome, NoLock)
    assert outcome.reason


@pytest.mark.parametrize("number", ["EROFS", "EACCES", "ENOSPC", "EIO", "ETIMEDOUT"])
def test_a_folder_that_takes_no_files(project: Path, monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    import errno

    code = getattr(errno, number)

    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    outcome = take(project, Owner.here())
    assert outcome == NoLock(os.strerror(code))
    assert list(project.parent.iterdir()) == []


def test_a_disk_that_fills_leaves_no_empty_lock(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_bytes", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert take(project, Owner.here()) == NoLock("No space left on device")
    assert list(project.parent.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nobody denies root a folder")
def test_a_read_only_folder(project: Path) -> None:
    project.parent.chmod(0o500)
    try:
        assert isinstance(take(project, Owner.here()), NoLock)
    finally:
        project.parent.chmod(0o700)


# ---------------------------------------------------------------------------------------------- races


def racer(folder: str, barrier: Any, results: Any, number: int) -> None:
    """Run for every lock of the rounds; hold what was won until all have run."""
    for turn in range(ROUNDS):
        project = Path(folder) / f"{turn}.kawasolar"
        barrier.wait()
        outcome = take(project, Owner.here(f"racer {number}"))
        barrier.wait()
        results.put((turn, number, type(outcome).__name__, getattr(getattr(outcome, "owner", None), "name", "")))
        if isinstance(outcome, Lock):
            assert outcome.beat()
        barrier.wait()


@pytest.mark.parametrize("stale", [False, True])
def test_of_those_who_race_one_wins(tmp_path: Path, stale: bool) -> None:
    if stale:
        for turn in range(ROUNDS):
            left_by(tmp_path / f"{turn}.kawasolar", pid=os.getpid(), birth="long ago")
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(RACERS), context.Queue()
    runners = [context.Process(target=racer, args=(str(tmp_path), barrier, results, n)) for n in range(RACERS)]
    for runner in runners:
        runner.start()
    found = [results.get(timeout=60) for _ in range(ROUNDS * RACERS)]
    for runner in runners:
        runner.join(30)
        assert runner.exitcode == 0
    for turn in range(ROUNDS):
        of_turn = [entry for entry in found if entry[0] == turn]
        winners = [entry for entry in of_turn if entry[2] == "Lock"]
        assert len(winners) == 1, of_turn
        assert {entry[2] for entry in of_turn} == {"Lock", "Taken"}
        # The others know whom, unless they looked while it changed hands.
        assert {entry[3] for entry in of_turn if entry[2] == "Taken"} <= {winners[0][3], "?"}
    assert not list(tmp_path.glob("*.guard"))


# ---------------------------------------------------------------------------------------------- processes and words


def test_who_runs_is_told_from_who_ran() -> None:
    me = birth_of(os.getpid())
    assert me
    assert birth_of(os.getpid()) == me
    assert is_running(os.getpid(), me)
    assert not is_running(os.getpid(), "")
    assert not is_running(os.getpid(), me + "0")
    pid, birth = a_process_that_ended()
    assert birth != me
    assert not is_running(pid, birth)


@pytest.mark.skipif(os.name == "nt", reason="no zombies there")
def test_a_process_that_died_and_that_nobody_asked_after_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        birth = birth_of(other.pid)
        assert is_running(other.pid, birth)
        other.kill()
        deadline = time.monotonic() + 10
        while is_running(other.pid, birth) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not is_running(other.pid, birth)


def test_the_name_is_the_one_that_was_chosen_or_the_system_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWASOLAR_PERSON", "環境局 山田")
    assert Owner.here(" 佐藤 ").name == "佐藤"
    assert Owner.here().name == "環境局 山田"


@pytest.mark.parametrize("language", LANGUAGES)
def test_words(language: Any) -> None:
    values = {
        "file": "a.kawasolar",
        "name": "佐藤",
        "host": "pc",
        "since": "2026-11-23 09:00",
        "reason": "read-only",
        "minutes": 10,
    }
    for code in ("lock.held", "lock.unknown", "lock.none"):
        said = say(language, code, **values)
        assert said != code
        assert "a.kawasolar" in said
        assert "–" not in said
