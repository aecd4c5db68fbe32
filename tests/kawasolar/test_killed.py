"""Killed at a hundred random moments while it edits and saves: the file opens, and what it lacks is offered.

A nursery process imports everything once and forks a child for each round. The child does what the window does: it takes
the lock, recovers what was left, edits on one thread and saves on another. It tells through a pipe, which outlives it, what
it is about to enter, what was acknowledged, and which saves began and ended; then it is killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.document.journal import Journal
from kawasolar.document.lock import Lock, Owner, take
from kawasolar.document.recovery import find_recoveries
from kawasolar.plan import SaveMark
from kawasolar.project import load_project, project_of, save_project
from kawasolar.stages import with_edit
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.document.entries import Edit, Entries
    from kawasolar.plan import Project

ROUNDS = 100
FACILITIES = 8
# Of ten kills, how many come so many seconds at most after the fork, after the child takes over what was left, after it
# is ready, after its first save.
MOMENTS = (("", 1, 0.3), ("adopting", 2, 0.03), ("ready", 4, 0.4), ("saved", 3, 0.1))
ME = Author("山田", "現地確認")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork, no SIGKILL there")


def digest(entries: Entries) -> str:
    return hashlib.sha256(entries.canonical()).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------- the child


def random_edit(dice: random.Random, project: Project) -> Edit:
    """Something that a person does."""
    entries, key = project.entries, dice.choice(sorted(project.entries.table("scenarios")))
    names = project.plan.facilities["facility_id"].tolist()
    some, one = dice.sample(names, 2), dice.choice(names)
    many = len(entries.table("scenarios"))
    box = shapely.box(0, 0, 1 + dice.random(), 2)
    makers = [
        *[lambda: edits.set_share(entries, key, dice.randrange(101) / 100)] * 4,
        lambda: edits.pin(entries, key, some, ME),
        lambda: edits.veto(entries, key, some, ME),
        lambda: edits.release(entries, key, names),
        lambda: edits.set_objective(entries, key, dice.choice(("co2", "energy"))),
        lambda: edits.set_criterion(entries, key, "usable_area", True, float(dice.randrange(500)), ME, merge=True),
        lambda: edits.reset_settings(entries, key),
        lambda: edits.set_value(entries, key, "co2.grid_factor", dice.random(), ME),
        lambda: edits.correct_ledger(entries, one, "built_year", float(dice.randrange(1950, 2026)), None, ME),
        lambda: edits.correct_join(entries, one, dice.choice((None, ["B1"], ["B2", "B3"])), ME),
        lambda: edits.add_keepout(entries, "B1", box, ME),
        lambda: edits.remove_keepouts(entries, list(entries.table("keepouts"))),
        (lambda: edits.remove_scenario(entries, key))
        if many > 2
        else (lambda: edits.duplicate_scenario(entries, key, f"案{dice.random()}")[0]),
    ]
    return dice.choice(makers)()


class Child:
    """A window without a window."""

    def __init__(self, path: Path, recovery: Path, seed: int, pipe: int) -> None:
        self.path, self.recovery, self.pipe, self.dice = path, recovery, pipe, random.Random(seed)  # noqa: S311
        self.saving: threading.Thread | None = None
        self.failed: BaseException | None = None

    def tell(self, *what: Any) -> None:
        os.write(self.pipe, (json.dumps(what) + "\n").encode())

    def live(self) -> None:
        lock = take(self.path, Owner.here())
        self.tell("lock", type(lock).__name__)
        self.project = load_project(self.path)
        found = find_recoveries(self.recovery, self.path, self.project.mark)
        self.journal = Journal.begin(self.recovery, self.path, base=self.project.mark)
        self.tell("journal", self.journal.id, digest(self.project.entries))
        self.tell("found", len(found))
        for recovery in found:
            for number, edit in enumerate(recovery.edits, 1):
                self.project = with_edit(self.project, edit)
                self.tell("wanted", number, digest(self.project.entries))
            self.tell("adopting", recovery.count)
            recovery.adopt(self.journal)
            self.tell("kept", self.journal.seq)
        self.tell("ready")
        while True:
            self.edit()
            self.save()

    def edit(self) -> None:
        edit = random_edit(self.dice, self.project)
        if not edit.changes:
            return
        self.project = with_edit(self.project, edit)
        self.tell("wanted", self.journal.seq + 1, digest(self.project.entries))
        self.tell("kept", self.journal.append(edit, self.project.active))

    def save(self) -> None:
        """As the window: on another thread, while the work goes on; the journal is told on this one."""
        if self.saving is not None and self.saving.is_alive():
            return
        if self.failed is not None:
            raise self.failed
        if self.saving is not None:
            self.journal.saved(self.kept.mark.seq)
            self.tell("shortened", self.kept.mark.seq)
            self.saving = None
            return
        if self.dice.random() < 0.5:
            expect = self.project.mark
            self.kept = self.project = replace(self.project, mark=SaveMark(self.journal.id, self.journal.seq))
            self.tell("saving", self.kept.mark.seq)
            self.saving = threading.Thread(target=self.write, args=(self.kept, expect), daemon=True)
            self.saving.start()

    def write(self, kept: Project, expect: SaveMark) -> None:
        try:
            save_project(kept, self.path, expect=expect)
            self.tell("saved", kept.mark.seq)
        except BaseException as error:  # noqa: BLE001 - told by the other thread
            self.failed = error


def listen(reader: int, told: list[bytes], start: threading.Event, moment: bytes) -> None:
    """Read what a child tells until it is no more; say when it has told of the moment, or of a failure."""
    while part := os.read(reader, 65536):
        told.append(part)
        if moment in part or b'["failed"' in part or (b"adopting" in moment and b'["ready"' in part):
            start.set()


def nursery(folder: Path) -> None:
    """Fork a child for each line of the input, kill it when the line says, and tell what it told.

    A line has a seed, what the child must have told before the clock starts (nothing: the fork), and the seconds from there.
    """
    path, recovery = folder / "計画.kawasolar", folder / "recovery"
    save_project(project_of(example_plan(folder / "plan", facilities=FACILITIES)), path)
    # What is imported late is imported here, once.
    project = load_project(path)
    with_edit(project, random_edit(random.Random(0), project))  # noqa: S311
    print("ready", flush=True)  # noqa: T201 - read by the test
    for line in sys.stdin:
        seed, moment, delay = json.loads(line)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            child = Child(path, recovery, seed, writer)
            try:
                child.live()
            except BaseException:  # noqa: BLE001 - the test fails with it
                child.tell("failed", traceback.format_exc())
            finally:
                os._exit(1)
        os.close(writer)
        told: list[bytes] = []
        start = threading.Event()
        listener = threading.Thread(target=listen, args=(reader, told, start, f'["{moment}"'.encode()))
        listener.start()
        if moment:
            start.wait(60)
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        listener.join()
        os.close(reader)
        print(json.dumps([json.loads(text) for text in b"".join(told).splitlines()]), flush=True)  # noqa: T201


# ---------------------------------------------------------------------------------------------- the test


@dataclass
class Told:
    """What a child told before it died."""

    lines: list[list[Any]]
    # Digest of the entries after each edit, by its number; 0 is what it opened.
    wanted: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert not self.of("failed"), self.of("failed")[0][1]
        for line in self.of("journal"):
            self.wanted[0] = line[2]
        self.wanted |= {number: found for _, number, found in self.of("wanted")}

    def of(self, what: str) -> list[list[Any]]:
        return [line for line in self.lines if line[0] == what]

    def last(self, what: str) -> int:
        found = self.of(what)
        return int(found[-1][1]) if found else 0

    @property
    def journal(self) -> str:
        found = self.of("journal")
        return str(found[0][1]) if found else ""


@pytest.fixture
def mother(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kawasolar.test_killed", str(tmp_path)],
        cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def check_round(told: Told, path: Path, recovery: Path, before: tuple[SaveMark, str]) -> tuple[SaveMark, str, str]:
    """The file and what is offered after a kill, against what the child told; the file's mark, and how it ended.

    ``before`` is the mark of the file that the child opened, and the digest of the last state that was acknowledged.
    """
    mark_before, digest_before = before
    project = load_project(path)
    mark = project.mark
    offered = find_recoveries(recovery, path, mark)
    ours = mark.journal == told.journal != ""
    if ours:
        # The last complete save, or the one that was just being completed.
        assert mark.seq in {told.last("saved"), told.last("saving")}
        assert mark.seq >= told.last("saved")
        assert digest(project.entries) == told.wanted[mark.seq]
    else:
        assert mark == mark_before
        assert not told.of("saved")
    candidates = []
    for found in offered:
        assert found.fits
        entries, done = found.replay(project.entries)
        assert done == found.count
        candidates.append(digest(entries))
    if not told.of("ready"):
        # It died before it had taken over what was left: that is still there, whole.
        assert digest_before in (candidates or [digest(project.entries)])
        return mark, digest_before, "opening"
    assert len(offered) <= 1
    recovered = (candidates or [digest(project.entries)])[0]
    acknowledged = told.last("kept")
    assert recovered in {told.wanted[n] for n in told.wanted if n >= acknowledged}
    if recovered != digest(project.entries):
        assert offered
    how = "saving" if told.last("saving") != told.last("saved") else "editing"
    return mark, recovered, f"{how}, {'with' if offered else 'without'} recovery"


@pytest.mark.timeout(600)
def test_killed_at_random_moments_it_loses_nothing(mother: subprocess.Popen[str], tmp_path: Path) -> None:
    assert mother.stdin is not None
    assert mother.stdout is not None
    path, recovery = tmp_path / "計画.kawasolar", tmp_path / "recovery"
    seed = random.randrange(10**9)  # noqa: S311 - dice
    dice, ends = random.Random(seed), []  # noqa: S311
    project = load_project(path)
    mark, state = project.mark, digest(project.entries)
    saves = kept = 0
    for turn in range(ROUNDS):
        moment, _, longest = dice.choices(MOMENTS, [share for _, share, _ in MOMENTS])[0]
        delay = dice.uniform(0, longest)
        mother.stdin.write(json.dumps([seed + turn, moment, delay]) + "\n")
        mother.stdin.flush()
        told = Told(json.loads(mother.stdout.readline()))
        context = f"round {turn} of seed {seed}, killed {delay:.3f} s after {moment or 'the fork'}: {told.lines[-6:]}"
        try:
            mark, state, how = check_round(told, path, recovery, (mark, state))
        except AssertionError as error:
            raise AssertionError(context) from error
        assert told.of("lock") in ([], [["lock", Lock.__name__]]), context
        saves += len(told.of("saved"))
        kept += len(told.of("kept"))
        ends.append(how)
    # The moments that matter were met: in the middle of a save, between saves, and with edits that no save had.
    counts = {how: ends.count(how) for how in sorted(set(ends))}
    print(counts, f"{saves} saves, {kept} edits")  # noqa: T201 - shown with -s
    assert sum(how.startswith("saving") for how in ends) >= ROUNDS // 5, counts
    assert sum(how.endswith("with recovery") for how in ends) >= ROUNDS // 3, counts
    assert ends.count("opening") >= 1, counts
    assert saves >= ROUNDS // 6
    assert kept >= ROUNDS


if __name__ == "__main__":
    nursery(Path(sys.argv[1]))
