"""Former files of meters are told only where nobody can need them any more."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gis.progress import Cancelled
from kawasolar.document.edits import Author, exchange_files
from kawasolar.document.journal import Journal
from kawasolar.meters import MeterSeries, older_stores, open_store, write_store
from kawasolar.plan import InputFile, Project, SaveMark
from kawasolar.project import load_project, project_of, save_project
from kawasolar.project.named import files_in_edits, files_named_in
from kawasolar.stages import with_edit
from tests.support.plans import example_plan

ME = Author("山田", "")


def store(path: Path, before: tuple[str, ...] | None, points: int = 1) -> Path:
    start = pd.Timestamp("2025-04-01", tz="Asia/Tokyo")
    series = [MeterSeries(f"{k:022d}", "", start, np.ones(48)) for k in range(points)]
    write_store(series, path, ["四月.csv"], before)
    return path


@dataclass
class Stand:
    """A project with its third file of meters beside the first two."""

    folder: Path
    journals: Path
    project: Project
    path: Path
    stores: list[Path] = field(default_factory=list)

    def take(self, path: Path) -> None:
        self.project = with_edit(
            self.project,
            exchange_files(self.project.entries, self.project.plan.inputs, [InputFile("meters", str(path), 1, "0" * 64)], ME),
        )  # fmt: skip

    def save(self, path: Path | None = None) -> None:
        save_project(self.project, path or self.path)

    def older(self, *needed: Path) -> list[str]:
        return [one.path.name for one in older_stores(self.stores[-1], self.path, needed, self.journals)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project_of(example_plan(tmp_path_factory.mktemp("例"), facilities=2))


@pytest.fixture
def stand(tmp_path: Path, project: Project) -> Stand:
    folder, journals = tmp_path / "計画 の", tmp_path / "recovery"
    folder.mkdir()
    journals.mkdir()
    made = Stand(folder, journals, project, folder / "計画.kawasolar")
    names = ["計画-30分値.parquet", "計画-30分値 2.parquet", "計画-30分値 3.parquet"]
    for k, name in enumerate(names):
        made.stores.append(store(folder / name, tuple(reversed(names[:k])), k + 1))
        made.take(made.stores[-1])
    made.save()
    return made


def test_the_one_before_the_last_stays_with_the_project_and_what_was_before_it_is_told(stand: Stand) -> None:
    # The project itself names the one that was exchanged last.
    assert files_named_in(stand.path) >= {path.resolve() for path in stand.stores[1:]}
    (found,) = older_stores(stand.stores[-1], stand.path, (), stand.journals)
    assert (found.path, found.points, found.size) == (stand.stores[0], 1, stand.stores[0].stat().st_size)
    assert load_project(stand.path).plan.inputs[-1].role == "meters"


def test_what_can_still_be_undone_needs_it(stand: Stand) -> None:
    edit = exchange_files(stand.project.entries, stand.project.plan.inputs, [InputFile("meters", str(stand.stores[0]), 1, "0" * 64)], ME)  # fmt: skip
    assert stand.stores[0] in files_in_edits([edit])
    assert stand.older(*files_in_edits([edit])) == []


@pytest.mark.parametrize("where", ["beside it", "an older version kept", "another scenario's"])
def test_another_project_in_the_folder_needs_it(stand: Stand, where: str) -> None:
    stand.take(stand.stores[0])
    stand.save(stand.folder / {"an older version kept": "計画.v1.kawasolar"}.get(where, "別案.kawasolar"))
    assert stand.older() == []


def test_an_edit_that_no_file_holds_yet_needs_it(stand: Stand) -> None:
    journal = Journal.begin(stand.journals, stand.folder / "どこか.kawasolar", base=SaveMark())
    edit = exchange_files(stand.project.entries, stand.project.plan.inputs, [InputFile("meters", str(stand.stores[0]), 1, "0" * 64)], ME)  # fmt: skip
    journal.append(edit, "s1")
    journal.sync()
    assert stand.older() == []


def test_what_a_person_made_is_never_told(stand: Stand) -> None:
    """As `kawasolar meters --out` writes it; and what is no file of meters at all, by whatever name."""
    store(stand.stores[0], None)
    assert stand.older() == []
    stand.stores[0].write_bytes(b"PAR1" + b"\0" * 100)
    assert stand.older() == []
    stand.stores[0].unlink()
    assert stand.older() == []
    elsewhere = store(stand.folder.parent / "よその.parquet", ())
    stand.stores[0].symlink_to(elsewhere)
    assert stand.older() == []
    # Nor what the present file does not name.
    store(stand.folder / "もう一つ.parquet", ())
    assert stand.older() == []
    assert open_store(elsewhere).before == ()


def test_where_something_cannot_be_read_nothing_is_told(stand: Stand) -> None:
    bad = stand.folder / "壊れた.kawasolar"
    bad.write_bytes(stand.path.read_bytes()[:4096])
    assert stand.older() == []
    bad.unlink()
    assert stand.older() == [stand.stores[0].name]
    stand.path.unlink()
    assert stand.older() == []


@pytest.mark.parametrize(
    "name", ["../計画-30分値.parquet", "/etc/passwd", "C:\\a.parquet", "\\\\server\\a.parquet", "", "..", "a.csv", "a\n.parquet", "x" * 300 + ".parquet"]
)  # fmt: skip
def test_names_in_a_stranger_s_notes_lead_nowhere(tmp_path: Path, name: str) -> None:
    assert open_store(store(tmp_path / "a.parquet", (name, "良い.parquet"))).before == ("良い.parquet",)


def test_notes_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("{}", "[" * 5000, "null", "nonsense", json.dumps([1, None, ["a.parquet"]])):
        monkeypatch.setattr("kawasolar.meters.store.json.dumps", lambda *_a, text=text, **_m: text)
        path = store(tmp_path / "a.parquet", ("b.parquet",))
        monkeypatch.undo()
        assert open_store(path).before == ()


def test_it_can_be_cancelled(stand: Stand) -> None:
    def cancel(_share: float, _what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        older_stores(stand.stores[-1], stand.path, (), stand.journals, cancel)


def test_the_exchange_of_one_scenario_s_project_is_found_in_all(stand: Stand) -> None:
    from kawasolar.document.edits import duplicate_scenario

    edit, _key = duplicate_scenario(stand.project.entries, stand.project.active, "案2")
    stand.project = replace(with_edit(stand.project, edit))
    stand.save()
    assert stand.older() == [stand.stores[0].name]
