"""The project file: what goes in comes out, QGIS can read it, and nothing in a bad file does harm."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pandas.testing import assert_frame_equal

from gis.findings import Finding
from kawasolar.errors import NotWritable, UnreadableProject
from kawasolar.plan import ExportRecord, InputFile, Settings, Stamp
from kawasolar.project import (
    FORMAT_VERSION,
    cache_folder,
    carry_cache,
    load_plan,
    load_project,
    project_of,
    save_plan,
    save_project,
)
from kawasolar.project.arrays import DamagedArray, pack_array, unpack_array
from kawasolar.project.frames import decode_column, encode_frame, sql_values
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.plan import Plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A plan with all that ledgers and surveys can hold: gaps, odd texts, odd shapes."""
    plan = example_plan(tmp_path_factory.mktemp("plan"), facilities=12)
    ledger = plan.facilities.copy()
    ledger.loc[0, "name"] = '=cmd|"\' DROP TABLE "facilities";-- 改行\nと𠮷野家'
    ledger["kana"] = None
    ledger["shelter"] = np.array([True, None, False] * 4, dtype=object)
    ledger.loc[3, "geometry"] = None
    buildings = plan.results.buildings.copy()
    first = buildings.geometry.iloc[0]
    buildings.loc[0, "geometry"] = shapely.MultiPolygon([first, shapely.transform(first, lambda p: p + 500.0)])
    buildings.loc[1, "geometry"] = buildings.geometry.iloc[1].difference(
        buildings.geometry.iloc[1].centroid.buffer(1.0)
    )
    planes = plan.results.planes.copy()
    planes.loc[2, "usable_irradiation_kwh_m2"] = np.nan
    findings = (*plan.findings, Finding("ledger.no_rows", "error", details={"count": 3, "names": ["a", "b"]}))
    turned = Settings(
        0.4,
        "energy",
        {"seismic": (False, None), "flood": (True, 2.5)},
        frozenset({"0000003"}),
        frozenset({"0000001", "0000002"}),
    )
    return replace(
        plan,
        facilities=ledger,
        results=replace(plan.results, buildings=buildings, planes=planes),
        findings=findings,
        settings=turned,
        decision=replace(plan.decision, not_applied=("flood",)),
    )


@pytest.fixture
def saved(plan: Plan, tmp_path: Path) -> Path:
    path = tmp_path / "川崎 計画.kawasolar"
    project = project_of(
        replace(plan, stamps={"ledger": Stamp("ledger", 1, {"file:dsm": "0"}, {"B1": ""}, "2026", 0.5)})
    )
    paper = ExportRecord(
        "xlsx", str(tmp_path / "一覧.xlsx"), "ja", "s1", "1234-5678-9abc", "2026-11-23T00:00:00+00:00", ""
    )
    save_project(replace(project, exports=(paper,)), path)
    return path


@pytest.fixture(scope="module")
def whole(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "p.kawasolar"
    stamp = Stamp("ledger", 1, {"file:dsm": "0"}, {"B1": ""}, "2026", 0.5)
    paper = ExportRecord("xlsx", "一覧.xlsx", "ja", "s1", "1234-5678-9abc", "2026-11-23T00:00:00+00:00", "")
    save_project(replace(project_of(replace(plan, stamps={"ledger": stamp})), exports=(paper,)), path)
    return path.read_bytes()


@pytest.fixture
def victim(whole: bytes, tmp_path: Path) -> Path:
    """A file to be damaged, saved once for all who damage it."""
    path = tmp_path / "p.kawasolar"
    path.write_bytes(whole)
    return path


def frames(plan: Plan) -> dict[str, pd.DataFrame]:
    results, decision = plan.results, plan.decision
    return {
        "facilities": plan.facilities, "buildings": results.buildings, "planes": results.planes, "subarrays": results.subarrays,
        "links": results.links, "yields": results.yields, "outcomes": decision.outcomes, "sites": decision.sites,
    }  # fmt: skip


def same_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """In columns of objects None and NaN mean the same; elsewhere nothing is changed."""
    out = pd.DataFrame(frame).copy()
    for column in out.columns:
        if out[column].dtype == object:
            out[column] = pd.Series(
                [None if isinstance(v, float) and np.isnan(v) else v for v in out[column]],
                index=out.index,
                dtype=object,
            )
    return out


def assert_same(left: Plan, right: Plan) -> None:
    for name, frame in frames(left).items():
        other = frames(right)[name]
        assert_frame_equal(same_missing(frame), same_missing(other), obj=name)
        if hasattr(frame, "geometry"):
            shapes, back = frame.geometry.to_numpy(), other.geometry.to_numpy()
            assert (shapely.get_type_id(shapes) == shapely.get_type_id(back)).all()
            assert shapely.equals_exact(shapes[~shapely.is_missing(shapes)], back[~shapely.is_missing(back)]).all()
            assert other.crs == frame.crs
    for name in ("name", "synthetic", "settings", "inputs", "seconds", "dsm", "findings", "profile"):
        assert getattr(left, name) == getattr(right, name), name
    assert left.crs == right.crs
    assert left.decision.not_applied == right.decision.not_applied
    assert left.results.weather == right.results.weather
    assert left.results.open_sky_kwh_m2 == right.results.open_sky_kwh_m2


def test_what_goes_in_comes_out(plan: Plan, saved: Path) -> None:
    back = load_plan(saved)
    assert_same(plan, back)
    np.testing.assert_array_equal(back.results.month_hour, plan.results.month_hour)
    np.testing.assert_array_equal(back.results.month_hour_lost, plan.results.month_hour_lost)
    np.testing.assert_array_equal(back.results.typical_days, plan.results.typical_days)
    np.testing.assert_array_equal(back.results.azimuths, plan.results.azimuths)
    assert back.results.sunlit.dtype == np.float32
    assert np.abs(back.results.sunlit - plan.results.sunlit).max() <= 1 / 510 + 1e-7
    assert back.cache == cache_folder(saved) == saved.parent / "川崎 計画.kawasolar-cache"


def test_saving_what_was_loaded_changes_nothing(saved: Path, tmp_path: Path) -> None:
    first = load_plan(saved)
    again = tmp_path / "again.kawasolar"
    save_plan(first, again)
    second = load_plan(again)
    assert_same(first, second)
    np.testing.assert_array_equal(first.results.sunlit, second.results.sunlit)


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, without the times of saving."""
    with sqlite3.connect(path) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree_%'"
            )
        ]
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}  # noqa: S608
    connection.close()
    rows["kawasolar_meta"] = [row for row in rows["kawasolar_meta"] if row[1] != "saved"]
    rows["gpkg_contents"] = [
        tuple(value for place, value in enumerate(row) if place != 4) for row in rows["gpkg_contents"]
    ]
    return rows


def test_saved_twice_is_the_same(saved: Path) -> None:
    before = content(saved)
    save_project(load_project(saved), saved)
    assert content(saved) == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_frames_may_be_empty(plan: Plan, tmp_path: Path) -> None:
    results = plan.results
    bare = replace(
        plan,
        facilities=plan.facilities.iloc[:0],
        findings=(),
        inputs=(),
        results=replace(
            results, buildings=results.buildings.iloc[:0], planes=results.planes.iloc[:0], sunlit=results.sunlit[:0], links=results.links.iloc[:0],
            subarrays=results.subarrays.iloc[:0], yields=results.yields.iloc[:0], month_hour=results.month_hour[:0], month_hour_lost=results.month_hour_lost[:0], typical_days=results.typical_days[:0], hourly=results.hourly[:0],
        ),
        decision=replace(plan.decision, outcomes=plan.decision.outcomes.iloc[:0], sites=plan.decision.sites.iloc[:0]),
    )  # fmt: skip
    save_plan(bare, tmp_path / "empty.kawasolar")
    back = load_plan(tmp_path / "empty.kawasolar")
    for name, frame in frames(bare).items():
        assert list(frames(back)[name].columns) == list(frame.columns)
        assert len(frames(back)[name]) == 0
    assert back.results.sunlit.shape == (0, len(results.azimuths), 91)


# ---------------------------------------------------------------------------------------------- other programs


def test_gdal_reads_the_layers(plan: Plan, saved: Path, tmp_path: Path) -> None:
    as_gpkg = tmp_path / "copy.gpkg"
    shutil.copy(saved, as_gpkg)
    layers = dict(pyogrio.list_layers(as_gpkg))
    assert layers["facilities"] == "Point"
    assert layers["buildings"] == layers["roof_planes"] == layers["subarrays"] == "MultiPolygon"
    assert {
        "links",
        "yields",
        "outcomes",
        "sites",
        "findings",
        "inputs",
        "entries",
        "stamps",
        "exports",
        "profile",
    } <= set(layers)
    facilities = pyogrio.read_dataframe(as_gpkg, layer="facilities")
    assert facilities.crs.to_epsg() == 6677
    assert facilities["facility_id"].tolist() == plan.facilities["facility_id"].tolist()
    chosen = plan.decision.sites.set_index("facility_id")["chosen"]
    assert facilities["chosen"].astype(bool).tolist() == chosen[facilities["facility_id"]].tolist()
    np.testing.assert_allclose(facilities["energy_kwh"], plan.results.yields["energy_kwh"])
    buildings = pyogrio.read_dataframe(as_gpkg, layer="buildings")
    picked = set(chosen.index[chosen])
    for ids, name in zip(buildings["facility_ids"], buildings["class"], strict=True):
        assert (name == "chosen") == (isinstance(ids, str) and bool(set(ids.split(";")) & picked))
    assert (buildings["class"] == "other").sum() == len(buildings) - len(plan.results.links)
    subarrays = pyogrio.read_dataframe(as_gpkg, layer="subarrays")
    assert subarrays["modules"].tolist() == [len(shape.geoms) for shape in subarrays.geometry]
    by_building = subarrays.groupby("building_id")["capacity_kw"].sum()
    power = plan.results.yields["capacity_kw"].to_numpy()
    np.testing.assert_allclose(by_building[plan.facilities["building_ids"]], power, rtol=1e-12)


def test_ogrinfo_opens_it_by_its_own_name(saved: Path) -> None:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("ogrinfo is not installed (Debian: gdal-bin)")
    shown = subprocess.run(
        [program, "-ro", "-so", str(saved), "facilities"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert "JGD2011" in shown.stdout
    assert "Feature Count: 12" in shown.stdout
    assert "capacity_kw: Real" in shown.stdout
    # GDAL takes it as alternative name since 3.7, and QGIS shows that as alias.
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(int(part) for part in version.split()[1].rstrip(",").split(".")[:2]) >= (3, 7):
        assert "設備容量 (kW)" in shown.stdout


def test_header_and_extension_tables_follow_the_standard(saved: Path) -> None:
    head = saved.read_bytes()[:72]
    assert head[68:72] == b"GPKG"
    connection = sqlite3.connect(saved)
    registered = {row[0] for row in connection.execute("SELECT table_name FROM gpkg_contents")}
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    own = {name for name in tables if not name.startswith(("gpkg_", "rtree_", "sqlite_"))}
    assert own == registered
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    described = connection.execute(
        "SELECT table_name, column_name, title, description FROM gpkg_data_columns"
    ).fetchall()
    for table, column, title, description in described:
        assert column in {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
        assert title
        assert description
    assert ("facilities", "capacity_kw", "設備容量 (kW)", "Capacity (kW)") in described
    connection.close()


def test_a_file_in_wal_mode_is_read_and_nothing_stays_beside_it(saved: Path) -> None:
    connection = sqlite3.connect(saved)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    assert load_plan(saved).name == "例示計画"
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


# ---------------------------------------------------------------------------------------------- paths


def test_near_files_move_with_the_project_and_far_ones_stay(plan: Plan, tmp_path: Path) -> None:
    home = tmp_path / "a" / "計画"
    near, far = home.parent / "データ" / "dsm.tif", Path(tmp_path.anchor) / "srv" / "city" / "dsm.tif"
    files = (InputFile("dsm", str(near), 1, "x"), InputFile("weather", str(far), 1, "y", crs="EPSG:6677", layer="屋根"))
    save_plan(replace(plan, inputs=files, dsm=near), home / "p.kawasolar")
    moved = tmp_path / "b"
    shutil.move(tmp_path / "a", moved)
    back = load_plan(moved / "計画" / "p.kawasolar")
    assert back.dsm == moved / "データ" / "dsm.tif"
    assert back.inputs == (replace(files[0], path=str(moved / "データ" / "dsm.tif")), files[1])


def test_the_rasters_go_along_when_saved_as(plan: Plan, tmp_path: Path) -> None:
    there = tmp_path / "別名.kawasolar"
    project = project_of(plan)
    carried = carry_cache(project, there)
    cache = carried.plan.cache
    assert cache == cache_folder(there)
    names = sorted(path.name for path in cache.iterdir())
    assert names == ["hillshade.tif", "irradiation.tif", "planes.tif", "surface.tif"]
    for name in names:
        assert (cache / name).read_bytes() == (plan.cache / name).read_bytes()
    assert carry_cache(carried, there) is carried
    gone = carry_cache(project_of(replace(plan, cache=tmp_path / "nothing")), tmp_path / "third.kawasolar")
    assert list(gone.plan.cache.iterdir()) == []
    # Saved over another project: its rasters are not ours.
    part = tmp_path / "part"
    shutil.copytree(plan.cache, part)
    (part / "irradiation.tif").unlink()
    carry_cache(project_of(replace(plan, cache=part)), there)
    assert sorted(path.name for path in cache_folder(there).iterdir()) == ["hillshade.tif", "planes.tif", "surface.tif"]


# ---------------------------------------------------------------------------------------------- not writable


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder in which this process may not write, also where the tests run as root."""
    if os.name != "posix":
        pytest.skip("needs POSIX permissions")
    folder = Path(tempfile.mkdtemp())
    (folder / "old.kawasolar").write_text("old", encoding="utf-8")
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["new.kawasolar", "old.kawasolar"])
def test_a_read_only_folder_is_said(plan: Plan, closed_folder: Path, name: str) -> None:
    with pytest.raises(NotWritable) as caught:
        save_plan(plan, closed_folder / name)
    assert caught.value.code == "export.read_only"
    assert [path.name for path in closed_folder.iterdir()] == ["old.kawasolar"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EACCES, "export.locked"), (errno.ENOSPC, "export.disk_full"), (errno.EIO, "export.cannot_write")],
)
def test_what_stood_stands_when_saving_fails(
    plan: Plan, saved: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    before = saved.read_bytes()

    def refuse(self: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(NotWritable) as caught:
        save_plan(replace(plan, name="neu"), saved)
    assert caught.value.code == code
    assert caught.value.details["file"] == str(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize(("free", "code"), [(4096, "export.disk_full"), (10**12, "export.failed")])
def test_a_full_disk_is_said(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: str) -> None:
    """A real limit of the file size instead of a real full disk; GDAL and SQLite complain of whatever comes after it."""
    resource = pytest.importorskip("resource")
    import signal

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**12, used=0, free=free))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(NotWritable) as caught:
            save_plan(plan, tmp_path / "p.kawasolar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert caught.value.code == code
    # What a library says of its tables and statements is for the log.
    said = say("ja", code, **caught.value.details)
    assert str(caught.value.details["reason"]) not in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_target(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(NotWritable) as caught:
        save_plan(plan, tmp_path)
    assert caught.value.code == "export.bad_target"


# ---------------------------------------------------------------------------------------------- not readable


def code_of(path: Path) -> str:
    with pytest.raises(UnreadableProject) as caught:
        load_plan(path)
    assert set(catalogue()[caught.value.code]) >= set(LANGUAGES)
    return caught.value.code


def test_what_is_no_project_is_told_apart(victim: Path, tmp_path: Path, plan: Plan) -> None:
    assert code_of(tmp_path / "nowhere.kawasolar") == "project.missing"
    assert code_of(tmp_path) == "project.not_readable"
    (tmp_path / "empty.kawasolar").touch()
    assert code_of(tmp_path / "empty.kawasolar") == "project.not_a_project"
    (tmp_path / "text.kawasolar").write_text("施設番号,施設名称\n1,学校\n", encoding="utf-8")
    assert code_of(tmp_path / "text.kawasolar") == "project.not_a_project"
    plan.results.buildings.to_file(tmp_path / "other.gpkg", driver="GPKG")
    assert code_of(tmp_path / "other.gpkg") == "project.not_a_project"
    cut = tmp_path / "cut.kawasolar"
    cut.write_bytes(victim.read_bytes()[:-5000])
    assert code_of(cut) == "project.damaged"


def test_a_newer_format_is_not_read(victim: Path) -> None:
    alter(victim, "UPDATE kawasolar_meta SET value = '8' WHERE key = 'format_version'")
    with pytest.raises(UnreadableProject) as caught:
        load_plan(victim)
    assert caught.value.code == "project.newer"
    assert caught.value.details["found"] == 8
    assert caught.value.details["expected"] == FORMAT_VERSION == 7
    assert "7" in say("ja", "project.newer", **caught.value.details)


def alter(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_bad_profile_is_said(victim: Path) -> None:
    alter(victim, "UPDATE profile SET text = 'format = 7'")
    assert code_of(victim) == "project.bad_profile"


def test_a_view_is_no_table(victim: Path) -> None:
    alter(victim, "ALTER TABLE sites RENAME TO other", "CREATE VIEW sites AS SELECT * FROM other")
    assert code_of(victim) == "project.damaged"


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("kawasolar_meta", "value", "[" * 100_000),
        ("kawasolar_meta", "value", None),
        ("entries", "value", "{"),
        ("entries", "key", None),
        ("stamps", "parts", "[]"),
        ("stamps", "inputs", '{"file:dsm": 7}'),
        ("stamps", "version", "eins"),
        ("stamps", "seconds", None),
        ("stamps", "scenario", "s9"),
        ("exports", "when", None),
        ("inputs", "path", b"\xff"),
        ("findings", "details", "[]"),
        ("findings", "severity", "fatal"),
        ("sites", "reason_values", "[1]"),
        ("sites", "chosen", None),
        ("sites", "status", 7),
        ("yields", "capacity_kw", "viel"),
        ("facilities", "geom", b"GP\x00\x0f"),
        ("facilities", "geom", b"not a geometry at all"),
        ("roof_planes", "geom", b"GP\x00\x01" + b"\x00" * 4 + b"\x01\x06\x00\x00\x00\xff\xff\xff\xff"),
        ("roof_planes", "plane_id", None),
        ("subarrays", "modules", None),
        ("subarrays", "plane_id", "zwei"),
        ("subarrays", "capacity_kw", "viel"),
        ("subarrays", "portrait", None),
        ("subarrays", "geom", b"not a geometry at all"),
        ("kawasolar_arrays", "data", b""),
        ("kawasolar_arrays", "name", "sunlit"),
    ],
)
def test_wrong_values_are_said(victim: Path, table: str, column: str, value: object) -> None:
    with sqlite3.connect(victim) as connection:
        # The spatial index' triggers need GDAL's functions.
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(f'UPDATE "{table}" SET "{column}" = ?', (value,))  # noqa: S608
    connection.close()
    assert code_of(victim) == "project.damaged"


MONTHS = '$.yield."".weather.months_ghi_kwh_m2'


@pytest.mark.parametrize(
    ("statement", "table", "column"),
    [
        ("UPDATE entries SET value = '9' WHERE kind = 'share'", "entries", "value"),
        ("UPDATE entries SET value = '-0.1' WHERE kind = 'share'", "entries", "value"),
        ("UPDATE entries SET value = 'NaN' WHERE kind = 'share'", "entries", "value"),
        ("UPDATE entries SET value = json_set(value, '$.applied', 1) WHERE kind = 'criteria'", "entries", "value"),
        ("UPDATE entries SET value = json_remove(value, '$.why') WHERE kind = 'pins'", "entries", "value"),
        ("UPDATE entries SET kind = 'nonsense' WHERE kind = 'pins'", "entries", "value"),
        ("UPDATE entries SET key = 's7' WHERE kind = 'share'", "entries", "value"),
        ("DELETE FROM entries WHERE kind = 'scenarios'", "entries", "value"),
        ("DELETE FROM entries", "entries", "scenarios"),
        ("UPDATE sites SET facility_id = 'same'", "sites", "facility_id"),
        ("UPDATE sites SET facility_id = NULL", "sites", "facility_id"),
        ("DELETE FROM sites", "sites", "facility_id"),
        ("DELETE FROM facilities", "sites", "facility_id"),
        ("UPDATE facilities SET facility_id = 'same'", "facilities", "facility_id"),
        ("UPDATE buildings SET building_id = NULL", "buildings", "building_id"),
        ("UPDATE buildings SET geom = NULL", "buildings", "geom"),
        ("UPDATE buildings SET geom = (SELECT geom FROM facilities LIMIT 1)", "buildings", "geom"),
        ("UPDATE roof_planes SET geom = NULL", "roof_planes", "geom"),
        ("UPDATE facilities SET geom = (SELECT geom FROM buildings LIMIT 1)", "facilities", "geom"),
        (
            "UPDATE facilities SET geom = x'47500001000000000101000000000000000000F87F000000000000F87F'",
            "facilities",
            "geom",
        ),
        (
            "UPDATE facilities SET geom = x'47500001000000000101000000000000000000F07F0000000000000000'",
            "facilities",
            "geom",
        ),
        ("UPDATE roof_planes SET plane_id = 1", "roof_planes", "plane_id"),
        ("UPDATE roof_planes SET cell_rules = 'x'", "roof_planes", "cell_rules"),
        ("UPDATE roof_planes SET cell_rules = replace(cell_rules, ' ', '  ')", "roof_planes", "cell_rules"),
        ("UPDATE roof_planes SET cell_rules = '0 0 1.0 4000 4001 eJw='", "roof_planes", "cell_rules"),
        ("UPDATE subarrays SET building_id = 'nobody'", "subarrays", "building_id"),
        ("UPDATE subarrays SET plane_id = 9999", "subarrays", "plane_id"),
        ("UPDATE subarrays SET geom = NULL", "subarrays", "geom"),
        ("UPDATE subarrays SET geom = (SELECT geom FROM facilities LIMIT 1)", "subarrays", "geom"),
        ("UPDATE subarrays SET capacity_kw = -1.0", "subarrays", "capacity_kw"),
        ("UPDATE subarrays SET behind = NULL", "subarrays", "behind"),
        ("UPDATE subarrays SET pitch_m = 9e999", "subarrays", "pitch_m"),
        ("UPDATE subarrays SET modules = -3", "subarrays", "modules"),
        # No such way to mount: it would be taken for a rack.
        ("UPDATE subarrays SET mounting = 'floating'", "subarrays", "mounting"),
        ("UPDATE subarrays SET mounting = NULL", "subarrays", "mounting"),
        # Rows nearer to one another than they are deep, more than all modules behind others, a wall: nothing is computed from such.
        ("UPDATE subarrays SET pitch_m = 0.0", "subarrays", "pitch_m"),
        ("UPDATE subarrays SET behind = 1.5", "subarrays", "behind"),
        ("UPDATE subarrays SET tilt = 120.0", "subarrays", "tilt"),
        ("UPDATE yields SET facility_id = 'same'", "yields", "facility_id"),
        ("UPDATE links SET building_id = 'nobody'", "links", "building_id"),
        ("UPDATE outcomes SET facility_id = 'nobody'", "outcomes", "facility_id"),
        ("UPDATE findings SET source = NULL", "findings", "source"),
        ("UPDATE findings SET code = x'01'", "findings", "code"),
        ("UPDATE findings SET row = 'abc'", "findings", "row"),
        ("UPDATE kawasolar_meta SET value = '0' WHERE key = 'format_version'", "kawasolar_meta", "format_version"),
        ("UPDATE kawasolar_meta SET value = '-5' WHERE key = 'format_version'", "kawasolar_meta", "format_version"),
        ("UPDATE kawasolar_meta SET value = 'true' WHERE key = 'format_version'", "kawasolar_meta", "format_version"),
        (
            f"UPDATE kawasolar_meta SET value = json_set(value, '{MONTHS}', json('[1, 2]')) WHERE key = 'slots'",  # noqa: S608
            "kawasolar_meta",
            "weather",
        ),
    ],
)
def test_what_contradicts_itself_is_said(victim: Path, statement: str, table: str, column: str) -> None:
    """What another program changed, and what would end in a traceback or an empty plan later."""
    connection = sqlite3.connect(victim)
    with connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        assert connection.execute(statement).rowcount > 0
    connection.close()
    with pytest.raises(UnreadableProject) as caught:
        load_plan(victim)
    found = caught.value
    assert (found.code, found.details["table"], found.details["column"]) == ("project.inconsistent", table, column)
    assert f"{table} の {column}" in say("ja", found.code, **found.details)


@pytest.mark.parametrize("value", ["true", "null", '"0.5"', "[]", "{}"])
def test_a_share_that_is_no_number_is_said(victim: Path, value: str) -> None:
    alter(victim, f"UPDATE entries SET value = '{value}' WHERE kind = 'share'")  # noqa: S608
    assert code_of(victim) == "project.inconsistent"


def test_a_hundred_thousand_findings_are_folded(victim: Path) -> None:
    alter(
        victim,
        "DELETE FROM findings",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000)"
        " INSERT INTO findings (code, severity, source, row, details)"
        " SELECT 'ledger.no_name', 'warning', 'a.csv', n, '{}' FROM r",
    )
    findings = load_plan(victim).findings
    assert [finding.row for finding in findings[:20]] == list(range(1, 21))
    assert [(finding.code, finding.found) for finding in findings[20:]] == [("ledger.more_rows", "21–100000")]
    assert findings[20].details["count"] == 99_980


@pytest.mark.parametrize("table", ["facilities", "subarrays", "links", "sites", "inputs", "kawasolar_arrays"])
def test_a_missing_table_or_column_is_said(victim: Path, table: str) -> None:
    alter(victim, f'ALTER TABLE "{table}" RENAME TO "gone"')
    assert code_of(victim) == "project.damaged"


def test_damage_by_chance_is_never_a_traceback(whole: bytes, tmp_path: Path) -> None:
    """Cut off and flipped at random places: read as before, or refused; nothing else."""
    data = whole
    rng = np.random.default_rng(20261123)
    broken = tmp_path / "broken.kawasolar"
    refused = 0
    for trial in range(120):
        if trial % 3 == 0:
            damaged = bytearray(data[: rng.integers(0, len(data))])
        else:
            damaged = bytearray(data)
            # The first pages hold the structure, most others only values.
            reach = 16_384 if trial % 3 == 1 else len(data)
            for place in rng.integers(0, reach, rng.integers(1, 40)):
                damaged[place] ^= 1 << int(rng.integers(0, 8))
        broken.write_bytes(damaged)
        try:
            load_plan(broken)
        except UnreadableProject:
            refused += 1
    assert refused >= 60
    assert not [path for path in tmp_path.iterdir() if path != broken]


# ---------------------------------------------------------------------------------------------- arrays


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=4, max_side=9), elements=st.floats(0, 1, width=32)))
def test_shares_come_back_within_the_stated_error(values: np.ndarray) -> None:
    back = unpack_array(pack_array(values, "share"), values.shape)
    assert back.dtype == np.float32
    assert np.abs(back - values).max(initial=0) <= 1 / 510 + 1e-7
    np.testing.assert_array_equal(unpack_array(pack_array(back, "share"), values.shape), back)


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=9)))
def test_exact_arrays_come_back_exactly(values: np.ndarray) -> None:
    np.testing.assert_array_equal(unpack_array(pack_array(values, "float64"), values.shape), values)
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    np.testing.assert_array_equal(unpack_array(pack_array(short, "float32"), values.shape), short)


def test_arrays_of_several_blocks() -> None:
    values = np.random.default_rng(3).random((3, 1_700_000), dtype=np.float32)
    np.testing.assert_array_equal(unpack_array(pack_array(values, "float32"), (3, None)), values)


def one_block(body: bytes) -> bytes:
    return header(1, (1000,), 1 << 22) + struct.pack("<I", len(body)) + body


def header(code: int, shape: tuple[int, ...], block: int) -> bytes:
    return (
        b"KWA1"
        + struct.pack("<BBH", code, len(shape), 0)
        + struct.pack(f"<{len(shape)}I", *shape)
        + struct.pack("<I", block)
    )


@pytest.mark.parametrize(
    "blob",
    [
        header(1, (4_000_000_000, 64, 91), 1 << 22),
        header(3, (4_000_000_000,), 1 << 22) + b"\x00" * 1000,
        header(1, (300_000,), 1 << 22) + struct.pack("<I", 4_000_000_000),
        # A block that holds far more than it should.
        one_block(zlib.compress(bytes(200_000_000), 9)),
        one_block(zlib.compress(bytes(999))),
    ],
)
def test_sizes_are_checked_before_anything_is_allocated(blob: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DamagedArray):
            unpack_array(blob, (None,) * blob[5])
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_another_shape_than_expected_is_refused() -> None:
    with pytest.raises(DamagedArray):
        unpack_array(pack_array(np.zeros((2, 3), np.float32), "share"), (2, 4))


# ---------------------------------------------------------------------------------------------- frames

_cells = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-1e6, 1e6),
    st.lists(st.integers(0, 3), max_size=3),
)
_columns = st.one_of(
    st.lists(
        st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)), min_size=4, max_size=4
    ),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=4, max_size=4),
    st.lists(_cells, min_size=4, max_size=4),
)


@settings(max_examples=60)
@given(
    _columns,
    st.lists(st.floats(allow_nan=True), min_size=4, max_size=4),
    st.lists(st.integers(-(2**62), 2**62), min_size=4, max_size=4),
)
def test_columns_come_back(mixed: list[object], reals: list[float], wholes: list[int]) -> None:
    odd = pd.Series(np.empty(4, dtype=object))
    odd[:] = mixed
    frame = pd.DataFrame({"Name": odd, "name": reals, "fid": wholes, "n": pd.array([1, None, 3, 4], dtype="Int64")})
    encoded, schema = encode_frame(frame, ("fid",))
    assert len({name.lower() for name in encoded.columns} | {"fid"}) == 5
    back = pd.DataFrame(
        {column: decode_column(sql_values(encoded[name]), kind, dtype) for column, name, kind, dtype in schema}
    )
    assert_frame_equal(same_missing(back), same_missing(frame))


def test_meta_is_plain_json(saved: Path) -> None:
    connection = sqlite3.connect(saved)
    meta = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM kawasolar_meta")}
    connection.close()
    assert meta["format_version"] == 7
    assert meta["crs"] == meta["scenarios"]["s1"]["crs"] == "EPSG:6677"
    assert meta["scenarios"]["s1"]["synthetic"] is True
