"""The journal takes every edit before the next, gives back what the file lacks, and trusts no line of it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kawasolar.document import edits, journal, journal_lines, recovery
from kawasolar.document.edits import Author
from kawasolar.document.entries import Edit, Entries, apply, inverse
from kawasolar.document.journal import Journal, JournalFailed
from kawasolar.document.recovery import Recovery, find_recoveries
from kawasolar.plan import SaveMark
from kawasolar.words import LANGUAGES, say

ME = Author("山田", "屋根の改修", "2026-11-23T09:00:00+00:00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "状態 folder" / "recovery"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "川崎市 計画.kawasolar"


class Desk:
    """Somebody who edits: entries, and the journal that goes with them."""

    def __init__(self, folder: Path, project: Path, base: SaveMark | None = None) -> None:
        self.entries = apply(Entries(), edits.first_scenario(Entries(), "基本"))
        self.journal = Journal.begin(folder, project, base=base)

    def do(self, edit: Edit) -> int:
        self.entries = apply(self.entries, edit)
        return self.journal.append(edit, "s1")

    def pin(self, *names: str) -> int:
        return self.do(edits.pin(self.entries, "s1", names, ME))

    def share(self, share: float) -> int:
        return self.do(edits.set_share(self.entries, "s1", share))

    def crash(self) -> None:
        """What the death of the process leaves: the file as the system has it, of a process that is gone."""
        path = self.journal.path
        data = path.read_bytes()
        self.journal.close()
        path.write_bytes(of_gone(data))

    @property
    def mark(self) -> SaveMark:
        return SaveMark(self.journal.id, self.journal.seq)


def of_gone(data: bytes) -> bytes:
    """The same journal, of a process that is gone."""
    lines = data.splitlines(keepends=True)
    header = json.loads(lines[0])["line"]
    return b"".join([journal_lines.line_of({**header, "birth": "long ago"}), *lines[1:]])


def start() -> Entries:
    return apply(Entries(), edits.first_scenario(Entries(), "基本"))


def offered(folder: Path, project: Path, mark: SaveMark | None = None) -> Recovery:
    (found,) = find_recoveries(folder, project, mark)
    return found


# ---------------------------------------------------------------------------------------------- keeping and giving back


def test_a_crash_takes_nothing(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    assert desk.journal.seq == 0
    assert desk.pin("F1") == 1
    assert desk.share(0.3) == 2
    assert desk.pin("第二小/分校") == 3
    desk.crash()
    found = offered(folder, project)
    assert (found.count, found.fits, found.active) == (3, True, "s1")
    entries, done = found.replay(start())
    assert done == 3
    assert entries.canonical() == desk.entries.canonical()
    assert found.when_text()[:2] == "20"


def test_every_line_is_json_and_says_whose_it_is(folder: Path, project: Path) -> None:
    desk = Desk(folder, project, SaveMark("a" * 32, 7))
    desk.pin("F1")
    lines = [json.loads(line) for line in desk.journal.path.read_text("utf-8").splitlines()]
    header = lines[0]["line"]
    assert header["journal"] == desk.journal.id
    assert header["project"] == os.path.realpath(project)
    assert (header["pid"], header["base"]) == (os.getpid(), ["a" * 32, 7])
    assert {"host", "started", "version", "birth"} <= set(header)
    assert lines[1]["line"]["seq"] == 1
    for line in desk.journal.path.read_bytes().splitlines():
        body = line[len(b'{"sum":"00000000","line":') : -1]
        assert int(json.loads(line)["sum"], 16) == zlib.crc32(body)


def test_nothing_is_offered_while_it_is_open_or_after_it_was_closed(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    assert find_recoveries(folder, project, None) == []
    desk.journal.close()
    assert list(folder.iterdir()) == []
    assert find_recoveries(folder, project, None) == []
    assert find_recoveries(folder / "nowhere", project, None) == []


def test_an_abandoned_journal_is_offered_though_its_process_lives(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    desk.journal.abandon()
    assert offered(folder, project).count == 1


def test_of_another_living_process_nothing_is_offered(folder: Path, project: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.kawasolar.test_journal import Desk;"
        "d = Desk(Path(sys.argv[1]), Path(sys.argv[2])); d.pin('F1'); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "ready"
        assert find_recoveries(folder, project, None) == []
        other.kill()
        other.wait()
        assert offered(folder, project).count == 1


def test_each_project_has_its_own(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    desk.crash()
    other = project.with_name("別.kawasolar")
    other.touch()
    project.touch()
    assert find_recoveries(folder, other, None) == []
    assert find_recoveries(folder, other, SaveMark(desk.journal.id, 0)) == []
    assert offered(folder, project).count == 1


def test_a_project_that_was_moved_finds_the_journal_that_it_was_saved_from(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    mark = desk.mark
    desk.pin("F2")
    desk.crash()
    moved = project.with_name("移動後.kawasolar")
    moved.touch()
    assert offered(folder, moved, mark).count == 1
    assert find_recoveries(folder, moved, SaveMark("*" * 32, 0)) == []
    assert find_recoveries(folder, moved, SaveMark("../" * 9, 0)) == []


def test_a_drag_is_one_edit_and_one_that_came_back_none(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    for step in range(1, 200):
        desk.share(step / 200)
    desk.pin("F1")
    desk.share(0.7)
    desk.crash()
    found = offered(folder, project)
    assert found.count == 3
    assert found.replay(start())[0].canonical() == desk.entries.canonical()
    found.discard()
    desk = Desk(folder, project)
    desk.share(0.3)
    desk.do(inverse(edits.set_share(start(), "s1", 0.3)))
    desk.crash()
    assert find_recoveries(folder, project, None) == []


def test_a_drag_tells_the_disk_seldom_and_the_system_always(
    folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, told = Desk(folder, project), []
    clock = [100.0]
    monkeypatch.setattr(os, "fsync", told.append)
    monkeypatch.setattr(journal.time, "monotonic", lambda: clock[0])
    desk.pin("F1")
    assert len(told) == 1
    for step in range(1, 31):
        clock[0] += 0.05
        desk.share(step / 100)
        # Whoever reads the file now sees it, told or not.
        assert len(desk.journal.path.read_bytes().splitlines()) == 2 + step
    # The first of the drag, and then every 0.3 s of 1.45 s.
    assert len(told) == 1 + 1 + 4
    desk.journal.sync()
    assert len(told) == 7
    desk.journal.sync()
    assert len(told) == 7
    desk.pin("F2")
    desk.pin("F3")
    assert len(told) == 9


# ---------------------------------------------------------------------------------------------- saving


def test_a_save_drops_what_is_in_the_file(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    saved, mark = desk.entries, desk.mark
    desk.pin("F2")
    desk.journal.saved(mark.seq)
    desk.pin("F3")
    assert desk.journal.seq == 3
    assert len(desk.journal.path.read_bytes().splitlines()) == 3
    desk.crash()
    found = offered(folder, project, mark)
    assert (found.count, found.fits) == (2, True)
    assert found.replay(saved)[0].canonical() == desk.entries.canonical()


def test_a_crash_between_the_save_and_the_shortening_does_no_harm(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    desk.pin("F2")
    saved, mark = desk.entries, desk.mark
    desk.pin("F3")
    desk.crash()
    found = offered(folder, project, mark)
    assert (found.count, found.fits) == (1, True)
    assert found.replay(saved)[0].canonical() == desk.entries.canonical()


def test_a_journal_that_holds_no_more_than_the_file_is_taken_away(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    desk.crash()
    assert find_recoveries(folder, project, SaveMark(desk.journal.id, 1)) == []
    assert list(folder.iterdir()) == []


def test_a_shortening_that_fails_loses_nothing(folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    saved, mark = desk.entries, desk.mark
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "held")))
        with pytest.raises(JournalFailed) as caught:
            desk.journal.saved(mark.seq)
    assert caught.value.code == "journal.not_writable"
    desk.pin("F2")
    desk.crash()
    found = offered(folder, project, mark)
    assert (found.count, found.fits) == (1, True)
    assert found.replay(saved)[0].canonical() == desk.entries.canonical()


def test_a_file_that_was_saved_by_another_since_is_told(folder: Path, project: Path) -> None:
    base = SaveMark("b" * 32, 4)
    desk = Desk(folder, project, base)
    desk.pin("F1")
    desk.crash()
    assert offered(folder, project, base).fits
    assert not offered(folder, project, SaveMark("c" * 32, 0)).fits
    assert not offered(folder, project, SaveMark("b" * 32, 5)).fits
    assert not offered(folder, project, None).fits


def test_an_older_copy_of_the_file_is_told(folder: Path, project: Path) -> None:
    """Edits 1 to 3 are in the file that was saved, and nowhere else."""
    desk = Desk(folder, project)
    for name in ("F1", "F2", "F3"):
        desk.pin(name)
    desk.journal.saved(3)
    desk.pin("F4")
    desk.crash()
    assert offered(folder, project, SaveMark(desk.journal.id, 3)).fits
    assert not offered(folder, project, SaveMark(desk.journal.id, 2)).fits


def test_replay_stops_at_the_first_that_does_not_fit(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    desk.do(edits.set_objective(desk.entries, "s1", "energy"))
    desk.pin("F2")
    desk.crash()
    other = apply(start(), edits.set_objective(start(), "s1", "co2"))
    entries, done = offered(folder, project).replay(other)
    assert done == 1
    assert set(entries.table("pins")) == {"s1/F1"}
    assert entries.get("objective", "s1") == "co2"


def test_what_was_recovered_is_the_new_journal_s(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    desk.share(0.2)
    desk.crash()
    found = offered(folder, project)
    again = Journal.begin(folder, project)
    found.adopt(again)
    assert again.seq == 2
    assert not found.path.exists()
    again.abandon()
    later = offered(folder, project)
    assert later.edits == found.edits
    # Only what did apply is kept where the rest did not.
    third = Journal.begin(folder, project)
    later.adopt(third, 1)
    third.abandon()
    assert offered(folder, project).edits == found.edits[:1]


def test_the_latest_that_fits_comes_first(folder: Path, project: Path) -> None:
    for base in (SaveMark("x", 1), SaveMark(), SaveMark("y", 1)):
        desk = Desk(folder, project, base)
        desk.pin("F1")
        desk.crash()
    assert [found.fits for found in find_recoveries(folder, project, None)] == [True, False, False]


def test_saved_elsewhere_the_later_edits_go_along(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    saved, mark = desk.entries, desk.mark
    desk.pin("F2")
    old = desk.journal
    target = project.with_name("別名.kawasolar")
    desk.journal = old.moved(folder, target, mark)
    assert not old.path.exists()
    desk.pin("F3")
    assert desk.journal.seq == 2
    desk.crash()
    assert find_recoveries(folder, project, None) == []
    found = offered(folder, target, mark)
    assert (found.count, found.fits) == (2, True)
    assert found.replay(saved)[0].canonical() == desk.entries.canonical()


# ---------------------------------------------------------------------------------------------- when it cannot be written


def test_a_folder_that_cannot_be_made(folder: Path, project: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file")
    with pytest.raises(JournalFailed) as caught:
        Journal.begin(folder, project)
    assert caught.value.code == "journal.not_writable"
    assert caught.value.details["reason"]


class Full:
    """A file whose disk fills after some bytes: writes are cut, then refused."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self.room = file, room

    def write(self, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = data[: self.room]
        self.room -= len(part)
        return int(self._file.write(part))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 20, 150])
def test_a_full_disk_is_said_and_nothing_is_lost_when_there_is_room_again(
    folder: Path, project: Path, room: int
) -> None:
    desk = Desk(folder, project)
    desk.pin("F1")
    full = Full(desk.journal._file, room)
    desk.journal._file = full  # type: ignore[assignment]
    for name in ("F2", "F3"):
        with pytest.raises(JournalFailed) as caught:
            desk.pin(name)
        assert caught.value.code == "journal.disk_full"
    # What is there can be read, whole.
    path = desk.journal.path
    copy = path.with_name(path.name.replace(desk.journal.id, "0" * 32))
    copy.write_bytes(of_gone(path.read_bytes()))
    assert offered(folder, project).count == 1
    copy.unlink()
    full.room = 10**9
    desk.pin("F4")
    assert desk.journal.seq == 4
    desk.crash()
    found = offered(folder, project)
    assert found.count == 4
    assert found.replay(start())[0].canonical() == desk.entries.canonical()


def test_what_could_not_be_kept_is_not_missed_after_a_save(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    full = Full(desk.journal._file, 0)
    desk.journal._file = full  # type: ignore[assignment]
    with pytest.raises(JournalFailed):
        desk.pin("F1")
    saved, mark = desk.entries, desk.mark
    assert mark.seq == 1
    desk.journal.saved(mark.seq)
    desk.pin("F2")
    desk.crash()
    found = offered(folder, project, mark)
    assert (found.count, found.fits) == (1, True)
    assert found.replay(saved)[0].canonical() == desk.entries.canonical()


def test_too_many_edits_are_said_and_a_save_makes_room(
    folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(folder, project)
    monkeypatch.setattr(journal, "MAX_BYTES", desk.journal.path.stat().st_size + 700)
    told = None
    while told is None:
        try:
            desk.pin(f"F{desk.journal.seq}")
        except JournalFailed as error:
            told = error.code
    assert told == "journal.full"
    assert 1 < desk.journal.seq < 10
    assert desk.journal.path.stat().st_size <= journal.MAX_BYTES
    mark = desk.mark
    desk.journal.saved(mark.seq)
    desk.pin("last")
    desk.crash()
    assert offered(folder, project, mark).fits


def test_after_the_end_nothing_is_written(folder: Path, project: Path) -> None:
    desk = Desk(folder, project)
    desk.journal.close()
    desk.pin("F1")
    desk.journal.saved(1)
    desk.journal.sync()
    desk.journal.abandon()
    assert list(folder.iterdir()) == []


# ---------------------------------------------------------------------------------------------- damage


def a_journal(folder: Path, project: Path) -> tuple[Path, bytes, list[bytes]]:
    """A journal of a process that is gone, its bytes, and the canonical entries after each of its edits."""
    desk = Desk(folder, project)
    states = [desk.entries.canonical()]
    for step in range(6):
        desk.pin(f"F{step}")
        states.append(desk.entries.canonical())
    desk.crash()
    return desk.journal.path, desk.journal.path.read_bytes(), states


def test_torn_anywhere_it_gives_what_was_whole(folder: Path, project: Path) -> None:
    path, data, states = a_journal(folder, project)
    ends = [at + 1 for at, char in enumerate(data) if char == ord("\n")]
    for length in range(len(data)):
        path.write_bytes(data[:length])
        found = find_recoveries(folder, project, None)
        whole = sum(end <= length for end in ends) - 1
        if whole < 1:
            assert found == []
            continue
        assert found[0].count == whole
        entries, done = found[0].replay(start())
        assert (done, entries.canonical()) == (whole, states[whole])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_anywhere_it_gives_what_stood_before(folder: Path, project: Path, data: st.DataObject) -> None:
    path, whole, states = a_journal(folder, project)
    broken = bytearray(whole)
    at = data.draw(st.integers(0, len(broken) - 1))
    broken[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    path.write_bytes(bytes(broken))
    for found in find_recoveries(folder, project, None):
        entries, done = found.replay(start())
        assert done == found.count
        assert entries.canonical() == states[done]
        assert done == len(states) - 1 or whole[:at].count(b"\n") - 1 <= done
    for left in folder.iterdir():
        left.unlink()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_forged_lines_with_right_checksums_are_checked_too(folder: Path, project: Path, data: st.DataObject) -> None:
    path, whole, _ = a_journal(folder, project)
    lines = [json.loads(line)["line"] for line in whole.splitlines()]
    number = data.draw(st.integers(0, len(lines) - 1))
    line = lines[number]
    if data.draw(st.booleans()):
        line[data.draw(st.sampled_from(sorted(line)))] = data.draw(JUNK)
    elif number and data.draw(st.booleans()):
        line["edit"][data.draw(st.sampled_from(sorted(line["edit"])))] = data.draw(JUNK)
    else:
        lines[number] = data.draw(JUNK)
    path.write_bytes(b"".join(journal_lines.line_of(entry) for entry in lines))
    for found in find_recoveries(folder, project, None):
        found.replay(start())
        assert found.when_text() is not None
    for left in folder.iterdir():
        left.unlink()


def test_numbers_that_are_none_end_the_reading(folder: Path, project: Path) -> None:
    path, whole, states = a_journal(folder, project)
    lines = whole.splitlines(keepends=True)
    # An edit is missing: what follows does not stand on what is before.
    path.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    found = offered(folder, project)
    assert found.count == 2
    assert found.replay(start())[0].canonical() == states[2]
    # Deep nesting, and a number that no program adds up.
    for text in (
        b"[" * 100_000,
        b'{"seq":' + b"9" * 5000 + b"}",
        b'{"seq":NaN}',
        b'{"seq":3,"at":1,"active":"","edit":{}}',
    ):
        path.write_bytes(
            b"".join([*lines[:3], journal_lines.BEGIN % zlib.crc32(text), text, journal_lines.END, *lines[3:]])
        )
        assert offered(folder, project).count == 2


def test_a_giant_is_read_no_further_than_the_limit(
    folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole, _ = a_journal(folder, project)
    monkeypatch.setattr(recovery, "MAX_BYTES", len(whole) - 5)
    assert offered(folder, project).count == 5
    path.write_bytes(b"x" * 3_000_000)
    assert find_recoveries(folder, project, None) == []


def test_what_a_killed_save_left_is_swept_when_it_is_old(folder: Path, project: Path) -> None:
    folder.mkdir(parents=True)
    old, new, other = (folder / name for name in (".kawasolar-a.journal", ".kawasolar-b.journal", "x-y.journal"))
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (1e9, 1e9))
    Journal.begin(folder, project).close()
    assert sorted(folder.iterdir()) == sorted([new, other])


@pytest.mark.parametrize("language", LANGUAGES)
def test_words(language: Any) -> None:
    for code in ("journal.not_writable", "journal.disk_full", "journal.full"):
        said = say(language, code, file="a", reason="b", limit="50 MB")
        assert said != code
        assert "–" not in said


def test_the_folder_is_the_user_s() -> None:
    assert journal.recovery_folder().parts[-2:] == ("KawaSolar", "recovery")
