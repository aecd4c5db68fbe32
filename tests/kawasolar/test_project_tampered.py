"""Project files that somebody or something has damaged: a message or a sound project, never anything else, and soon."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kawasolar.errors import UnreadableProject
from kawasolar.project import load_project, save_project
from kawasolar.project.gpkg import opened
from kawasolar.project.upgrade import upgraded
from kawasolar.stages import states
from kawasolar.words import say
from tests.kawasolar.test_project import alter, frames
from tests.kawasolar.test_project_2 import VERSION_1, VERSION_2, three_scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["sample", "turned"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.kawasolar"
    shutil.copy(VERSION_1 / path.name, path)
    return path


def code_of(path: Path) -> str | None:
    """The code of the message, None for a sound project; anything else, or seconds of work, fails the test."""
    begin = time.process_time()
    refused, project = None, None
    try:
        project = load_project(path)
    except UnreadableProject as error:
        refused = error
    assert time.process_time() - begin < 4.0
    if refused is not None or project is None:
        assert refused is not None
        assert say("ja", refused.code, **refused.details) != refused.code
        return refused.code
    for plan in project.plans.values():
        frames(plan)
        states(plan, project.profile)
    return None


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("small")
    path = folder / "p.kawasolar"
    save_project(three_scenarios(folder / "three"), path)
    return path.read_bytes()


def test_cut_off_anywhere_it_is_refused(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    for part in range(64):
        path.write_bytes(small[: len(small) * part // 64])
        assert code_of(path) in ("project.damaged", "project.not_a_project"), part


def test_flipped_anywhere_it_is_refused_or_sound(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    rng = np.random.default_rng(2)
    refused = 0
    for trial in range(150):
        damaged = bytearray(small)
        reach = (4096, 65_536, len(small))[trial % 3]
        for place in rng.integers(100, reach, rng.integers(1, 30)):
            damaged[place] = int(rng.integers(0, 256))
        path.write_bytes(damaged)
        refused += code_of(path) is not None
    assert refused >= 50


def disarmed(path: Path) -> sqlite3.Connection:
    """A connection that can write: the triggers of the spatial index need functions of GDAL."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    return connection


NEEDED = (
    "facilities_read", "buildings", "roof_planes", "subarrays", "links", "links_read", "yields", "yields__s3", "outcomes", "outcomes__s2",
    "outcomes__s3", "sites", "sites__s2", "sites__s3", "inputs", "findings", "profile", "entries", "stamps", "exports",
    "kawasolar_arrays",
)  # fmt: skip


def test_dropped_tables_are_said(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    for table in (*NEEDED, "kawasolar_meta"):
        path.write_bytes(small)
        connection = disarmed(path)
        connection.execute(f'DROP TABLE "{table}"')
        connection.close()
        assert code_of(path) == ("project.not_a_project" if table == "kawasolar_meta" else "project.damaged"), table


def test_swapped_tables_are_said(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    rng = np.random.default_rng(4)
    alike = {
        frozenset(pair)
        for pair in (("outcomes__s2", "outcomes__s3"), ("outcomes", "outcomes__s2"), ("outcomes", "outcomes__s3"))
    }
    for _ in range(25):
        one, other = (str(name) for name in rng.choice(NEEDED, 2, replace=False))
        path.write_bytes(small)
        connection = disarmed(path)
        connection.execute("PRAGMA legacy_alter_table=ON")
        for before, after in ((one, "between"), (other, one), ("between", other)):
            connection.execute(f'ALTER TABLE "{before}" RENAME TO "{after}"')
        connection.close()
        same = one.partition("__")[0].removesuffix("_read") == other.partition("__")[0].removesuffix("_read")
        assert code_of(path) is not None or same or frozenset((one, other)) in alike, (one, other)


WRONG: tuple[object, ...] = (
    None,
    True,
    7,
    -1,
    1e308,
    float("nan"),
    "text",
    "",
    [],
    [1],
    {},
    {"": {}},
    [[[[]]]],
    "__s9",
    10**400,
)


def places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to everything in a JSON value."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


def changed(value: Any, at: tuple[Any, ...], wrong: object) -> Any:
    """The value with something else in one place."""
    if not at:
        return wrong
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], wrong)
    return copy


@pytest.mark.parametrize(
    ("table", "column", "trials"),
    [("kawasolar_meta", "value", 160), ("entries", "value", 80), ("stamps", "inputs", 30), ("stamps", "parts", 30)],
)
def test_json_of_other_types_is_said(small: bytes, tmp_path: Path, table: str, column: str, trials: int) -> None:
    path = tmp_path / "p.kawasolar"
    rng = np.random.default_rng(len(table) + trials)
    refused = 0
    path.write_bytes(small)
    connection = disarmed(path)
    rows = connection.execute(f'SELECT fid, "{column}" FROM "{table}"').fetchall()  # noqa: S608
    for _ in range(trials):
        fid, text = rows[rng.integers(len(rows))]
        value = json.loads(text)
        spots = list(places(value))
        # Deep and shallow places alike.
        depth = rng.integers(0, max(len(spot) for spot in spots) + 1)
        spots = [spot for spot in spots if len(spot) == depth] or spots
        wrong = WRONG[rng.integers(len(WRONG))]
        broken = json.dumps(changed(value, spots[rng.integers(len(spots))], wrong))
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE fid = ?', (broken, fid))  # noqa: S608
        refused += code_of(path) is not None
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE fid = ?', (text, fid))  # noqa: S608
    connection.close()
    assert code_of(path) is None
    assert refused >= trials // 3


@pytest.mark.parametrize("missing", ["active", "mark", "scenarios", "slots", "frames", "format_version"])
def test_lacking_keys_are_said(small: bytes, tmp_path: Path, missing: str) -> None:
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    alter(path, f"DELETE FROM kawasolar_meta WHERE key = '{missing}'")  # noqa: S608
    assert code_of(path) == "project.damaged"


STAMPS = "scenario, stage, version, inputs, parts, made, seconds"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE kawasolar_meta SET value = '\"s9\"' WHERE key = 'active'", "project.inconsistent"),
        ("UPDATE kawasolar_meta SET value = json_set(value, '$.s2.slots.yield', '__s9') WHERE key = 'scenarios'", "project.damaged"),
        ("UPDATE kawasolar_meta SET value = json_set(value, '$.s2.slots.yield', '\"; DROP') WHERE key = 'scenarios'", "project.damaged"),
        ("UPDATE kawasolar_meta SET value = json_remove(value, '$.s2') WHERE key = 'scenarios'", "project.inconsistent"),
        ("UPDATE kawasolar_meta SET value = json_set(value, '$.s9', json('{}')) WHERE key = 'scenarios'", "project.inconsistent"),
        ("UPDATE kawasolar_meta SET value = json_set(value, '$.s1.crs', '+init=/etc/passwd:1') WHERE key = 'scenarios'", "project.damaged"),
        ("UPDATE kawasolar_meta SET value = json_set(value, '$.s1.crs', '/etc/passwd') WHERE key = 'scenarios'", "project.damaged"),
        ("UPDATE kawasolar_meta SET value = json_set(value, '$.read.\"\".links', 'kawasolar_meta') WHERE key = 'slots'", "project.damaged"),
        ("UPDATE kawasolar_meta SET value = json_insert(value, '$.buildings.order[#]', 'name') WHERE key = 'frames'", "project.damaged"),
        ("DELETE FROM sites__s2", "project.inconsistent"),
        ("UPDATE sites__s3 SET facility_id = 'same'", "project.inconsistent"),
        ("INSERT INTO entries (kind, key, value) SELECT kind, key, value FROM entries", "project.damaged"),
        (f"INSERT INTO stamps ({STAMPS}) SELECT {STAMPS} FROM stamps", "project.damaged"),  # noqa: S608
        ("UPDATE stamps SET scenario = 's9'", "project.damaged"),
    ],
)  # fmt: skip
def test_scenarios_that_contradict_the_file_are_said(small: bytes, tmp_path: Path, statement: str, code: str) -> None:
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    alter(path, statement)
    assert code_of(path) == code


def test_a_stamp_of_too_many_parts_is_refused(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    many = json.dumps(dict.fromkeys(map(str, range(1_000_001)), ""))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE stamps SET parts = ? WHERE stage = 'survey' AND scenario = 's1'", (many,))
    connection.close()
    assert code_of(path) == "project.damaged"


def test_more_entries_than_people_can_make_are_refused(small: bytes, tmp_path: Path) -> None:
    """Ten thousand scenarios would each look through all entries."""
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    connection = sqlite3.connect(path)
    scenario = json.dumps({"name": "", "note": "", "order": 1})
    with connection:
        rows = [("scenarios", f"t{k}", scenario) for k in range(10_000)]
        connection.executemany("INSERT INTO entries (kind, key, value) VALUES (?, ?, ?)", rows)
    connection.close()
    assert code_of(path) == "project.damaged"


@pytest.mark.parametrize("table", ["inputs", "exports"])
def test_a_path_that_no_system_takes_is_refused(small: bytes, tmp_path: Path, table: str) -> None:
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO exports (kind, path, language, scenario, fingerprint, \"when\", who) VALUES ('csv', 'a', 'ja', 's1', '', '', '')"
        )
        connection.execute(f"UPDATE {table} SET path = 'a' || char(0) || 'b'")  # noqa: S608
    connection.close()
    assert code_of(path) == "project.damaged"


def test_more_entries_than_a_run_could_keep_are_refused(small: bytes, tmp_path: Path) -> None:
    """Computed with them, a stage would have a stamp that cannot be read back: the saved file would be lost."""
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    connection = sqlite3.connect(path)
    entry = json.dumps({"value": "a", "read": None, "why": "x", "who": "y", "when": "z"})
    with connection:
        rows = (("ledger", f"name/X{k}", entry) for k in range(200_001))
        connection.executemany("INSERT INTO entries (kind, key, value) VALUES (?, ?, ?)", rows)
    connection.close()
    assert code_of(path) == "project.damaged"


@pytest.mark.parametrize("text", ["\\ud83d", "\\udcff理由"])
def test_half_a_character_is_refused(small: bytes, tmp_path: Path, text: str) -> None:
    """JSON's escapes can hold what no layer and no workbook can."""
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    entry = f'{{"why": "{text}", "who": "", "when": ""}}'
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO entries (kind, key, value) VALUES ('pins', 's1/000', ?)", (entry,))
    connection.close()
    assert code_of(path) == "project.inconsistent"


def test_no_view_and_no_trigger_of_a_file_ever_runs(older: Path, small: bytes, tmp_path: Path) -> None:
    """Each would leave a trace: the upgrade writes, in its copy, to the tables that these hang on."""
    alter(
        older,
        "CREATE TABLE trace (text)",
        "CREATE TRIGGER t1 BEFORE DELETE ON settings BEGIN INSERT INTO trace VALUES (hex(randomblob(900000000))); END",
        "CREATE TRIGGER t2 BEFORE UPDATE ON kawasolar_meta BEGIN SELECT RAISE(FAIL, 'ran'); END",
        "CREATE VIEW entries AS SELECT 's' AS kind",
    )
    assert code_of(older) is None
    with opened(older) as connection, upgraded(connection, older, 1) as copy:
        armed = copy.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall()
        assert (armed, copy.execute("SELECT * FROM trace").fetchall()) == ([], [])
    path = tmp_path / "new.kawasolar"
    for table in ("entries", "stamps", "sites__s2", "kawasolar_arrays"):
        path.write_bytes(small)
        alter(
            path,
            f"ALTER TABLE {table} RENAME TO hidden",
            f"CREATE VIEW {table} AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n, n AS fid FROM r",  # noqa: S608
        )
        assert code_of(path) == "project.damaged", table


def test_a_virtual_table_is_no_table(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    alter(path, "DROP TABLE stamps", "CREATE VIRTUAL TABLE stamps USING rtree(fid, version, seconds)")
    assert code_of(path) == "project.damaged"


def test_paths_in_a_file_are_not_touched(small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the surface, not the inputs, not the papers: one may lie on somebody's server."""
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    alter(path, "UPDATE inputs SET path = '//server/share/x'", "UPDATE exports SET path = '//server/share/y'")
    touched: list[str] = []
    real = os.stat

    def stat(place: Any, *args: Any, **named: Any) -> os.stat_result:
        touched.append(str(place))
        return real(place, *args, **named)

    monkeypatch.setattr(os, "stat", stat)
    project = load_project(path)
    assert {entry.path for entry in project.plan.inputs} == {"//server/share/x"}
    assert project.exports[0].path == "//server/share/y"
    assert not [name for name in touched if "server" in name or "dsm" in name]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settings SET value = '9' WHERE key = 'share'",
        "UPDATE settings SET value = '{\"flood\": [true, NaN]}' WHERE key = 'criteria'",
        "UPDATE settings SET value = '{\"nonsense\": [true, 1]}' WHERE key = 'criteria'",
        "UPDATE settings SET value = '[[]]' WHERE key = 'pins'",
        "UPDATE settings SET value = '{}'",
        "DELETE FROM settings",
        "DROP TABLE settings",
        "UPDATE kawasolar_meta SET value = '[]' WHERE key = 'frames'",
        "UPDATE kawasolar_meta SET value = NULL WHERE key = 'frames'",
        "DELETE FROM kawasolar_meta WHERE key = 'weather'",
        "UPDATE kawasolar_meta SET value = '7' WHERE key = 'crs'",
        "DELETE FROM sites",
        "CREATE TABLE entries (fid INTEGER PRIMARY KEY)",
    ],
)
def test_a_damaged_version_1_is_refused(older: Path, statement: str) -> None:
    alter(older, statement)
    with pytest.raises(UnreadableProject) as caught:
        load_project(older)
    assert caught.value.code in ("project.damaged", "project.inconsistent")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kawasolar_meta SET value = '[]' WHERE key = 'frames'",
        "UPDATE kawasolar_meta SET value = NULL WHERE key = 'frames'",
        "UPDATE kawasolar_meta SET value = '[1]' WHERE key = 'scenarios'",
        "UPDATE kawasolar_meta SET value = json_remove(value, '$.s1.slots') WHERE key = 'scenarios'",
        "UPDATE kawasolar_meta SET value = json_set(value, '$.s2.slots', '') WHERE key = 'scenarios'",
        "UPDATE kawasolar_meta SET value = '7' WHERE key = 'crs'",
        "DELETE FROM kawasolar_meta WHERE key = 'crs'",
        "DELETE FROM kawasolar_meta WHERE key = 'scenarios'",
        "DELETE FROM sites",
    ],
)
def test_a_damaged_version_2_is_refused(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "edited.kawasolar"
    shutil.copy(VERSION_2, path)
    alter(path, statement)
    with pytest.raises(UnreadableProject) as caught:
        load_project(path)
    assert caught.value.code in ("project.damaged", "project.inconsistent")


def test_a_view_in_the_place_of_the_layout_never_runs(tmp_path: Path) -> None:
    path = tmp_path / "edited.kawasolar"
    shutil.copy(VERSION_2, path)
    alter(
        path,
        "CREATE VIEW subarrays AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS fid FROM r",
    )
    assert code_of(path) is None


def packed(size: int) -> str:
    """So many zeros in some kilobytes."""
    return base64.b64encode(zlib.compress(bytes(size), 9)).decode("ascii")


def test_cells_that_unpack_to_far_more_than_they_say_are_refused(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    path.write_bytes(small)
    connection = disarmed(path)
    connection.execute("UPDATE roof_planes SET cell_rules = ?", (f"0 0 1.0 10 10 {packed(400_000_000)}",))
    connection.close()
    assert code_of(path) == "project.inconsistent"
