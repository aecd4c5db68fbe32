"""Other ledgers in a plan: taken in, kept, renewed, and whose their rows are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import apply, inverse
from kawasolar.errors import UnreadableLedger, UnreadableProject
from kawasolar.plan import NO_REGISTERS, OTHER_LEDGERS, Project
from kawasolar.project import load_project, save_project
from kawasolar.project.upgrade import upgrade_4_to_5
from kawasolar.registers import (
    KINDS,
    compare_registers,
    leave_register,
    newer_register,
    read_register,
    register_of,
    rows_of_plan,
    schema_of,
    take_register,
    unknown_rows,
)
from kawasolar.stages import bring_up_to_date, observed, plan_fingerprint, states, with_edit
from tests.support.town import project_of, small_town

BY = Author("係", "台帳の更新")
HEAD = "施設名,棟,階,室,ランプ種別,台数,W/台,日/年"
ROWS = [
    "{0},校舎,1,職員室,FLR40W×2,12,85,245",
    "{0},体育館,1,アリーナ,水銀灯400W,16,415,300",
    "川中島小,校舎,2,教室,Hf32,30,65,200",
]
CARS = "車両番号,配置施設,車種,リース満了日\n川崎 300 あ 1,{0},普通乗用車,令和9年3月31日\n川崎 300 あ 2,,軽貨物,\n"


def lamps(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    folder = tmp_path_factory.mktemp("計画")
    return project_of(small_town(folder / "町"), folder)


def name_of(project: Project, row: int = 0) -> str:
    return str(project.plan.facilities["name"].iloc[row])


def take(project: Project, path: Path) -> Project:
    """As the window does: read, compare, one edit, and only what is stale computed."""
    newer = newer_register(project.plan, path, read_register(path), None)
    edited = with_edit(project, take_register(project.entries, project.plan.inputs, newer, BY))
    return refreshed(edited)


def refreshed(project: Project) -> Project:
    return bring_up_to_date(project, inputs=project.plan.inputs)


def waiting(project: Project) -> set[str]:
    return {state.name for state in states(project.plan, project.profile) if not state.is_fresh}


def rows_of(project: Project) -> list[str]:
    return [row.format(name_of(project)) for row in ROWS]


def test_the_kinds_of_a_plan_are_those_of_the_forms() -> None:
    assert OTHER_LEDGERS == KINDS
    for kind in KINDS:
        schema = schema_of(kind)
        assert set(schema.identity) <= set(schema.fields)


def test_a_ledger_is_taken_in_kept_and_opened_again(project: Project, tmp_path: Path) -> None:
    path = lamps(tmp_path / "照明 台帳.csv", *rows_of(project))
    before = plan_fingerprint(project.plan)
    newer = newer_register(project.plan, path, read_register(path), None)
    assert newer.renewal is None
    edited = with_edit(project, take_register(project.entries, project.plan.inputs, newer, BY))
    assert waiting(edited) == {"registers"}
    taken = refreshed(edited)
    assert waiting(taken) == set()
    # Nothing else was computed, and no paper is of another plan for it.
    assert taken.plan.results is project.plan.results
    assert plan_fingerprint(taken.plan) == before
    rows, findings = rows_of_plan(taken.plan, "lamps")
    first = str(project.plan.facilities["facility_id"].iloc[0])
    assert rows["facility_id"].tolist() == [first, first, None]
    assert [finding.code for finding in findings] == ["register.no_facility"]
    place = tmp_path / "計画.kawasolar"
    save_project(taken, place)
    path.unlink()
    back = load_project(place)
    assert waiting(back) == set()
    read, again = taken.plan.registers.by_kind["lamps"], back.plan.registers.by_kind["lamps"]
    pd.testing.assert_frame_equal(read.frame, again.frame)
    assert (read.columns, read.sheet, read.findings) == (again.columns, again.sheet, again.findings)
    register = register_of(back.plan, "lamps")
    assert register is not None
    assert register.source == "照明 台帳.csv"


def test_only_what_has_changed_is_read_again(project: Project, tmp_path: Path) -> None:
    taken = take(project, lamps(tmp_path / "lamps.csv", *rows_of(project)))
    cars = tmp_path / "cars.csv"
    cars.write_text(CARS.format(name_of(project)), encoding="utf-8")
    both = take(taken, cars)
    assert both.plan.registers.by_kind["lamps"] is taken.plan.registers.by_kind["lamps"]
    frame = both.plan.registers.by_kind["vehicles"].frame
    assert frame["lease_end"].tolist() == [pd.Timestamp("2027-03-31"), pd.NaT]
    place = tmp_path / "p.kawasolar"
    save_project(both, place)
    back = load_project(place).plan.registers.by_kind["vehicles"].frame
    pd.testing.assert_frame_equal(frame, back)
    assert rows_of_plan(both.plan, "vehicles")[0]["how"].tolist() == ["name", ""]


def test_undo_and_leaving(project: Project, tmp_path: Path) -> None:
    path = lamps(tmp_path / "lamps.csv", *rows_of(project))
    newer = newer_register(project.plan, path, read_register(path), None)
    edit = take_register(project.entries, project.plan.inputs, newer, BY)
    taken = refreshed(with_edit(project, edit))
    undone = with_edit(taken, inverse(edit), [project.plan])
    assert undone.plan.registers is NO_REGISTERS
    assert waiting(undone) == set()
    left = refreshed(with_edit(taken, leave_register(taken.entries, taken.plan.inputs, "lamps", BY)))
    assert left.plan.registers is NO_REGISTERS
    assert register_of(left.plan, "lamps") is None
    assert len(rows_of_plan(left.plan, "lamps")[0]) == 0
    assert not any(file.role == "lamps" for file in left.plan.inputs)


def test_what_people_say_of_a_name_holds_for_the_next_ledger_too(project: Project, tmp_path: Path) -> None:
    taken = take(project, lamps(tmp_path / "lamps.csv", *rows_of(project)))
    other = str(project.plan.facilities["facility_id"].iloc[1])
    said = with_edit(taken, edits.name_facilities(taken.entries, {"川中島 小": other, "": "x"}, BY))
    assert waiting(said) == set()
    assert (unknown_rows(taken.plan, "lamps"), unknown_rows(said.plan, "lamps")) == (1, 0)
    assert unknown_rows(said.plan, "vehicles") == 0
    rows, findings = rows_of_plan(said.plan, "lamps")
    assert rows["facility_id"].iloc[2] == other
    assert rows["how"].iloc[2] == "person"
    assert findings == []
    newer = take(said, lamps(tmp_path / "next.csv", *reversed(rows_of(project))))
    assert rows_of_plan(newer.plan, "lamps")[0]["facility_id"].iloc[0] == other
    # None of ours: no row of it is missing a facility.
    none = with_edit(newer, edits.name_facilities(newer.entries, {"川中島小": ""}, BY))
    rows, findings = rows_of_plan(none.plan, "lamps")
    assert rows["facility_id"].iloc[0] is None
    assert findings == []
    back = with_edit(none, edits.name_facilities(none.entries, {"川中島小": None}, BY))
    assert [finding.code for finding in rows_of_plan(back.plan, "lamps")[1]] == ["register.no_facility"]


def test_a_newer_ledger_says_what_it_changes(project: Project, tmp_path: Path) -> None:
    rows = rows_of(project)
    taken = take(project, lamps(tmp_path / "lamps.csv", *rows))
    changed = [rows[2], rows[0].replace(",12,", ",14,"), "新しい学校,校舎,1,教室,LED,3,30,200"]
    path = lamps(tmp_path / "newer.csv", *changed)
    newer = newer_register(taken.plan, path, read_register(path), None)
    found = newer.renewal
    assert found is not None
    assert [row for row, _ in found.added] == [4]
    assert [row for row, _ in found.removed] == [3]
    assert [(c.row_before, c.row_after, c.column, c.before, c.after) for c in found.changed] == [
        (2, 3, "fixtures", 12.0, 14.0)
    ]
    assert found.same == 1
    assert not found.is_nothing
    assert found.changed_rows == 1
    same = newer_register(taken.plan, tmp_path / "lamps.csv", read_register(tmp_path / "lamps.csv"), None)
    assert same.renewal is not None
    assert same.renewal.is_nothing
    assert take_register(taken.entries, taken.plan.inputs, same, BY).changes == ()


def test_another_lamp_in_the_same_room_is_a_change(tmp_path: Path) -> None:
    rows = ["学校,校舎,1,室,FLR40W×2,3,85,200", "学校,校舎,2,室,FLR40W×2,3,85,200", "学校,校舎,2,室,Hf32,4,65,200"]
    old = read_register(lamps(tmp_path / "a.csv", *rows))
    new = read_register(lamps(tmp_path / "b.csv", "学校,校舎,1,室,LED,3,30,200", "学校,校舎,2,室,LED,7,30,200"))
    found = compare_registers(old.frame, new.frame, schema_of("lamps"))
    # In the second room nobody can say which of two became the new one.
    assert [(change.column, change.before, change.after) for change in found.changed] == [
        ("lamp_type", "straight_fluorescent", "led"), ("power_w", 85.0, 30.0),
    ]  # fmt: skip
    assert [row for row, _ in found.removed] == [3, 4]
    assert [row for row, _ in found.added] == [3]


def test_a_ledger_that_does_not_say_whose_its_rows_are(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    path.write_text("車両番号,車種\n川崎 300 あ 1,普通乗用車\n", encoding="utf-8")
    taken = take(project, path)
    assert unknown_rows(taken.plan, "vehicles") == 1
    rows, findings = rows_of_plan(taken.plan, "vehicles")
    assert rows["facility_id"].isna().all()
    assert [(finding.code, finding.expected) for finding in findings] == [("register.no_owner", "駐車場所")]


def test_columns_that_come_and_go(tmp_path: Path) -> None:
    old = read_register(lamps(tmp_path / "a.csv", "学校,校舎,1,室,LED,3,30,200"))
    new = read_register(lamps(tmp_path / "b.csv", "学校,校舎,1,室,LED,3,30,4", head=HEAD.replace("日/年", "設置高さ")))
    found = compare_registers(old.frame, new.frame, schema_of("lamps"))
    assert (found.columns_gone, found.columns_new) == (("days_per_year",), ("height_m",))
    assert found.same == 1


CELLS = st.sampled_from(["a", "b", "A", None])
TABLE = st.lists(
    st.tuples(CELLS, CELLS, st.sampled_from(["led", "mercury", None]), st.sampled_from([1.0, 2.0, float("nan")])),
    max_size=12,
)


def frame_of(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    names = ("facility", "room", "lamp_type", "fixtures")
    made = {name: pd.Series([row[k] for row in rows], dtype=object if k < 3 else float) for k, name in enumerate(names)}
    return pd.DataFrame({"source_row": pd.Series(range(2, len(rows) + 2), dtype="int64"), **made})


@given(TABLE, TABLE, st.randoms())
def test_every_row_is_told_once(
    before: list[tuple[object, ...]], after: list[tuple[object, ...]], random: object
) -> None:
    schema = schema_of("lamps")
    found = compare_registers(frame_of(before), frame_of(after), schema)
    paired = len(after) - len(found.added)
    assert paired == len(before) - len(found.removed) == found.same + found.changed_rows
    assert len({row for row, _ in found.added}) == len(found.added)
    # The same rows in another order are the same ledger.
    mixed = list(before)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert compare_registers(frame_of(before), frame_of(mixed), schema).is_nothing


def test_a_ledger_that_is_gone_or_no_ledger_stops_only_the_run(project: Project, tmp_path: Path) -> None:
    taken = take(project, lamps(tmp_path / "lamps.csv", *rows_of(project)))
    lamps(tmp_path / "lamps.csv", "1,2", head="x,y")
    with pytest.raises(UnreadableLedger):
        bring_up_to_date(taken, inputs=observed(taken.plan.inputs))
    # One that is gone was read already.
    (tmp_path / "lamps.csv").unlink()
    assert bring_up_to_date(taken, inputs=observed(taken.plan.inputs)).plan.registers is taken.plan.registers


def test_what_is_in_a_project_file_is_not_trusted(project: Project, tmp_path: Path) -> None:
    import sqlite3

    taken = take(project, lamps(tmp_path / "lamps.csv", *rows_of(project)))
    for k, harm in enumerate(
        (
            "UPDATE ledger_lamps SET lamp_type = 'lava'",
            "UPDATE ledger_lamps SET fixtures = 'x'",
            "DROP TABLE ledger_lamps",
            "UPDATE kawasolar_meta SET value = replace(value, '\"ledger_lamps\"', '\"links\"') WHERE key = 'frames'",
        )
    ):
        place = tmp_path / f"{k}.kawasolar"
        save_project(taken, place)
        connection = sqlite3.connect(place)
        connection.execute(harm)
        connection.commit()
        connection.close()
        with pytest.raises(UnreadableProject):
            load_project(place)


def test_a_file_of_version_4_has_none_and_is_fresh(project: Project, tmp_path: Path) -> None:
    import sqlite3

    place = tmp_path / "old.kawasolar"
    save_project(project, place)
    connection = sqlite3.connect(place)
    meta = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM kawasolar_meta")}
    meta["format_version"] = 4
    del meta["slots"]["registers"]
    for own in meta["scenarios"].values():
        del own["slots"]["registers"]
    connection.execute("DELETE FROM stamps WHERE stage = 'registers'")
    for key, value in meta.items():
        connection.execute("UPDATE kawasolar_meta SET value = ? WHERE key = ?", (json.dumps(value), key))
    connection.commit()
    connection.close()
    back = load_project(place)
    assert back.upgraded_from == 4
    assert waiting(back) == waiting(project)
    assert back.plan.registers is NO_REGISTERS
    assert upgrade_4_to_5.__doc__


def test_facilities_with_other_numbers_keep_their_names(project: Project) -> None:
    from kawasolar.ledger.renewal import compare_ledgers, renewed_tables

    entries = apply(
        project.entries,
        edits.name_facilities(project.entries, {"川中島小": str(project.plan.facilities["facility_id"].iloc[0])}, BY),
    )
    before = project.plan.facilities
    after = before.assign(facility_id=[f"N-{name}" for name in before["facility_id"]])
    renewal = compare_ledgers(before, after, entries)
    assert renewal.renumbered
    tables = renewed_tables(entries, renewal, frozenset())
    assert [entry["facility_id"] for entry in tables["aliases"].values()] == [f"N-{before['facility_id'].iloc[0]}"]
    gone = compare_ledgers(before, before.iloc[1:], entries)
    assert ("aliases", before["facility_id"].iloc[0]) in {(lost.table, lost.facility_id) for lost in gone.lost}
    assert replace(renewal, lost=()).lost == ()
