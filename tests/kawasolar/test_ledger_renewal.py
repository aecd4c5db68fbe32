"""A newer ledger: what comes, goes and changes, and what becomes of what people entered."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import Point

from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import Entries, apply, inverse
from kawasolar.export.ledger_renewal import renewal_rows, write_renewal_csv, write_renewal_xlsx
from kawasolar.ledger import Ledger
from kawasolar.ledger.mapping_words import renewal_lines
from kawasolar.ledger.renewal import compare_ledgers, plain, renewed_tables
from kawasolar.plan import InputFile
from kawasolar.renewing import Newer, renew_ledger
from kawasolar.words import LANGUAGES

if TYPE_CHECKING:
    from kawasolar.ledger.renewal import Renewal

IX = CRS.from_epsg(6677)
ME = Author("川崎 花子", "現地で確認", "2026-05-01T00:00:00+00:00")
COLUMNS = ("name", "built_year", "shelter", "storeys")
Row = dict[str, Any]


def frame(rows: dict[str, Row], columns: tuple[str, ...] = COLUMNS) -> gpd.GeoDataFrame:
    """A ledger by number; ``at`` is the place, as far east [m]."""
    made = {
        "facility_id": list(rows), **{name: [row.get(name) for row in rows.values()] for name in columns}, "source_row": range(2, 2 + len(rows)),
    }  # fmt: skip
    points = [None if row.get("at") is None else Point(row["at"], 0.0) for row in rows.values()]
    found = gpd.GeoDataFrame(made, geometry=gpd.GeoSeries(points, crs=IX), crs=IX)
    for name in ("built_year", "storeys"):
        if name in columns:
            found[name] = found[name].astype(float)
    return found


ROWS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["東小学校", "西小学校", "図書館"]), "built_year": st.sampled_from([None, 1970.0, 1990.0]),
        "shelter": st.sampled_from([None, True, False]), "storeys": st.sampled_from([None, 1.0, 3.0]), "at": st.sampled_from([None, 0.0, 900.0]),
    }
)  # fmt: skip
LEDGERS = st.dictionaries(st.sampled_from(["1", "2", "3", "4/5", "a"]), ROWS, min_size=1)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def corrected(draw: Any, before: dict[str, Row]) -> Entries:
    entries = apply(Entries(), edits.first_scenario(Entries(), "基本案"))
    for facility in (*before, "gone"):
        for column, values in (("built_year", [1970.0, 1990.0, 1981.0]), ("storeys", [1.0, 2.0]), ("shelter", [True])):
            if draw(st.integers(0, 3)) == 0:
                read = before.get(facility, {}).get(column)
                edit = edits.correct_ledger(entries, facility, column, draw(st.sampled_from(values)), read, ME)
                entries = apply(entries, edit)
        if draw(st.booleans()):
            entries = apply(entries, edits.pin(entries, "s1", [facility], ME))
        if draw(st.booleans()):
            entries = apply(entries, edits.correct_join(entries, facility, ["b1"], ME))
    return entries


@QUICK
@given(st.data())
def test_against_a_look_at_every_cell(data: st.DataObject) -> None:
    before = data.draw(LEDGERS)
    # At least half of the numbers stay: who is who is told by them.
    kept = {key: before[key] for key in before if key == min(before) or data.draw(st.booleans())}
    after = {**{key: data.draw(ROWS | st.just(row)) for key, row in kept.items()}}
    while 2 * len(after) < len(before):
        key = next(key for key in before if key not in after)
        after[key] = data.draw(ROWS)
    for key in data.draw(st.lists(st.sampled_from(["8", "9"]), unique=True)):
        after[key] = data.draw(ROWS)
    entries = corrected(data.draw, before)
    found = compare_ledgers(frame(before), frame(after), entries)
    assert not found.by_name
    assert {one[0] for one in found.added} == after.keys() - before.keys()
    assert {one[0] for one in found.removed} == before.keys() - after.keys()
    both = before.keys() & after.keys()
    wanted = {
        (key, column, before[key][column], after[key][column])
        for key in both for column in COLUMNS
        if before[key][column] != after[key][column]
    }  # fmt: skip
    assert {(c.facility_id, c.column, c.before, c.after) for c in found.changed} == wanted
    assert found.same == len(both) - len({key for key, *_ in wanted})
    states = {one.key: one.state for one in found.corrections}
    assert states.keys() == entries.table("ledger").keys()
    for key, entry in entries.table("ledger").items():
        column, facility = key.split("/", 1)
        if facility not in after:
            assert states[key] == "gone"
            continue
        now = after[facility][column]
        assert states[key] == ("equal" if now == entry["value"] else "kept" if now == entry["read"] else "changed")
    assert {(lost.facility_id, lost.table) for lost in found.lost} == {
        (facility, table)
        for facility in before.keys() - after.keys()
        for table, key in (("pins", f"s1/{facility}"), ("joins", facility))
        if key in entries.table(table)
    }
    check_edit(found, entries, frame(after), data.draw)


def check_edit(found: Renewal, entries: Entries, after: gpd.GeoDataFrame, draw: Any) -> None:
    """One step there and back; corrections stand as the comparison says."""
    open_ones = sorted(one.key for one in found.corrections if one.state == "changed")
    taken = set(draw(st.lists(st.sampled_from(open_ones), unique=True))) if open_ones else set()
    newer = Newer(FILE, Ledger(after, (), "新台帳.csv", {}), None, found)
    edit = renew_ledger(entries, [replace_file("古い.csv")], newer, ME, taken)
    done = apply(entries, edit)
    assert apply(done, inverse(edit)).canonical() == entries.canonical()
    for one in found.corrections:
        entry = done.get("ledger", one.key)
        if one.state == "equal" or one.key in taken:
            assert entry is None
        else:
            assert (entry["value"], entry["who"]) == (one.value, ME.who)
            assert entry["read"] == (one.now if one.state == "changed" else one.read)
    for table in ("pins", "joins"):
        assert done.table(table) == entries.table(table)
    assert done.get("inputs", "facilities")["path"] == FILE.path
    # What was decided is not asked again.
    again = compare_ledgers(after, after, done)
    assert again.is_nothing
    assert {one.state for one in again.corrections} <= {"kept", "gone"}


def replace_file(path: str) -> InputFile:
    return InputFile("facilities", path, 10, "0" * 64)


FILE = InputFile("facilities", "新しい台帳.csv", 12, "1" * 64)


# ---------------------------------------------------------------------------------------------- numbers that changed


def test_numbers_that_changed_wholesale_are_found_by_name_and_place() -> None:
    before = {f"{k}": {"name": f"第{k}小学校", "built_year": 1970.0 + k, "at": 1000.0 * k} for k in range(1, 7)}
    after = {f"R{k}": dict(before[f"{k}"]) for k in range(1, 6)} | {"R9": {"name": "新校", "at": 9e4}}
    after["R2"]["built_year"] = 2001.0
    entries = apply(Entries(), edits.first_scenario(Entries(), "案"))
    for edit in (
        lambda e: edits.correct_ledger(e, "3", "storeys", 4.0, None, ME), lambda e: edits.pin(e, "s1", ["3", "6"], ME),
        lambda e: edits.own_meters(e, {"0300": "4"}, ME), lambda e: edits.own_meters(e, {"0301": "6"}, ME), lambda e: edits.own_meters(e, {"0302": ""}, ME),
        lambda e: edits.correct_join(e, "2", ["b7"], ME), lambda e: edits.lay_out(e, "s1", ["1"], {"layout.racks": 3.0}, ME),
    ):  # fmt: skip
        entries = apply(entries, edit(entries))
    found = compare_ledgers(frame(before), frame(after), entries)
    assert found.by_name
    assert found.renumbered == {f"{k}": f"R{k}" for k in range(1, 6)}
    assert ([one[0] for one in found.added], [one[0] for one in found.removed]) == (["R9"], ["6"])
    assert [(c.facility_id, c.column, c.after) for c in found.changed] == [("R2", "built_year", 2001.0)]
    assert [(lost.facility_id, lost.table) for lost in found.lost] == [("6", "pins"), ("6", "meters")]
    tables = renewed_tables(entries, found, frozenset())
    assert set(tables["ledger"]) == {"storeys/R3"}
    assert set(tables["pins"]) == {"s1/R3", "s1/6"}
    assert set(tables["joins"]) == {"R2"}
    assert set(tables["layouts"]) == {"s1/R1"}
    assert {key: entry["facility_id"] for key, entry in tables["meters"].items()} == {
        "0300": "R4",
        "0301": "6",
        "0302": "",
    }
    for language in LANGUAGES:
        lines = list(renewal_lines(language, found))
        assert any("R9" in line for line in lines)
        assert not any("{" in line or "renewal." in line for line in lines)


def test_numbers_of_rows_are_no_numbers() -> None:
    """Without a column of numbers each row has its own; one row more, and all of them move."""
    before = {f"row-{k}": {"name": f"第{k}小学校", "at": 1000.0 * k} for k in range(2, 7)}
    after = {"row-2": {"name": "新校", "at": 5e4}} | {f"row-{k + 1}": dict(before[f"row-{k}"]) for k in range(2, 7)}
    entries = apply(Entries(), edits.first_scenario(Entries(), "案"))
    for facility in ("row-3", "row-4"):
        entries = apply(entries, edits.correct_ledger(entries, facility, "storeys", float(facility[-1]), None, ME))
    found = compare_ledgers(frame(before), frame(after), entries)
    assert found.by_name
    assert [one[1] for one in found.added] == ["新校"]
    assert found.changed == ()
    tables = renewed_tables(entries, found, frozenset())
    assert {key: entry["value"] for key, entry in tables["ledger"].items()} == {"storeys/row-4": 3.0, "storeys/row-5": 4.0}  # fmt: skip


def test_one_name_twice_is_told_by_the_place() -> None:
    before = {"a": {"name": "分館", "at": 0.0}, "b": {"name": "分館", "at": 5000.0}, "c": {"name": "本館"}}
    after = {"x": {"name": "分館", "at": 5001.0}, "y": {"name": "分館", "at": 2.0}, "z": {"name": "本館"}}
    found = compare_ledgers(frame(before), frame(after), Entries())
    assert found.renumbered == {"a": "y", "b": "x", "c": "z"}


def test_a_few_new_numbers_are_new_facilities() -> None:
    before = {f"{k}": {"name": f"第{k}小学校"} for k in range(8)}
    after = {**dict(list(before.items())[2:]), "X": before["0"], "Y": before["1"]}
    found = compare_ledgers(frame(before), frame(after), Entries())
    assert not found.by_name
    assert (len(found.added), len(found.removed), found.renumbered) == (2, 2, {})


def test_columns_that_come_and_go_are_said_once() -> None:
    rows = {"1": {"name": "東小学校", "built_year": 1970.0, "storeys": 3.0}}
    old, new = frame(rows, ("name", "built_year")), frame(rows, ("name", "storeys"))
    found = compare_ledgers(old, new, Entries())
    assert (found.columns_gone, found.columns_new, found.changed) == (("built_year",), ("storeys",), ())
    assert not found.is_nothing
    assert plain(math.nan) is None
    assert compare_ledgers(old, old, Entries()).is_nothing


# ---------------------------------------------------------------------------------------------- papers


@pytest.fixture
def newer() -> Newer:
    before = {"1": {"name": "東小学校", "built_year": 1970.0}, "2": {"name": "=西小学校", "built_year": 1980.0}}
    after = {"1": {"name": "東小学校", "built_year": 1999.0}, "3": {"name": "図書館"}}
    entries = apply(Entries(), edits.first_scenario(Entries(), "案"))
    entries = apply(entries, edits.correct_ledger(entries, "1", "built_year", 1985.0, 1970.0, ME))
    new = frame(after)
    return Newer(FILE, Ledger(new, (), "新台帳.csv", {}), None, compare_ledgers(frame(before), new, entries))


def test_the_differences_as_workbook_and_csv(newer: Newer, tmp_path: Path) -> None:
    rows = renewal_rows(newer, "ja")
    assert [row["kind"] for row in rows] == ["追加", "削除", "変更", "手動訂正・要判断"]
    assert (rows[3]["before"], rows[3]["after"], rows[3]["correction"]) == ("1970", "1999", "1985")
    write_renewal_xlsx(newer, tmp_path / "差分.xlsx", "ja")
    (sheet,) = openpyxl.load_workbook(tmp_path / "差分.xlsx").worksheets
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"追加", "削除", "変更", "手動訂正・要判断"} <= {cell.value for cell in cells}
    assert not any(cell.data_type == "f" for cell in cells)
    write_renewal_csv(newer, tmp_path / "差分.csv", "en")
    lines = (tmp_path / "差分.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Kind,Facility,Name")
    assert ",'=西小学校," in lines[2]


def test_wards_told_by_the_place_are_no_change_of_the_ledger(tmp_path: Path) -> None:
    """A plan with a file of wards fills them in; so is the newer ledger before the two are compared."""
    from dataclasses import replace

    from shapely.geometry import box

    from kawasolar.ledger.loading import load
    from kawasolar.renewing import read_newer
    from tests.support.plans import example_plan

    plan = example_plan(tmp_path / "計画", facilities=12)
    west, south, east, north = plan.results.buildings.total_bounds
    wards = tmp_path / "区.gpkg"
    gpd.GeoDataFrame({"N03_005": ["みほん区"]}, geometry=[box(west - 9, south - 9, east + 9, north + 9)], crs=6677).to_file(wards)  # fmt: skip
    ledger = tmp_path / "台帳.csv"
    frame = plan.facilities
    rows = [f"{i},{n},{a!r},{o!r}" for i, n, a, o in zip(frame["facility_id"], frame["name"], frame["latitude"], frame["longitude"], strict=True)]  # fmt: skip
    ledger.write_text("施設番号,施設名称,緯度,経度\n" + "\n".join(rows) + "\n", encoding="utf-8")
    inputs = (*plan.inputs, InputFile("wards", str(wards), 1, "0" * 64))
    newer = read_newer(replace(plan, inputs=inputs), load(ledger))
    assert "ward" not in newer.renewal.columns_gone
    before = frame.set_index("facility_id")["ward"]
    changed = {change.facility_id for change in newer.renewal.changed if change.column == "ward"}
    assert changed == set(before[before != "みほん区"].index)
    assert "ward" in read_newer(plan, load(ledger)).renewal.columns_gone
