"""A large survey that was stopped goes on where it was: the same to the last bit, whatever happened to its files meanwhile."""

from __future__ import annotations

import io
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import gis.tiles
from gis.progress import Cancelled, silent
from gis.tiles import Tiling
from kawasolar.pipeline import PlanInputs, input_files, make_and_save, make_project
from kawasolar.profile import load_profile
from kawasolar.stages.bench import Bench
from kawasolar.stages.tiled import TiledSurvey, survey_large
from kawasolar.stages.unfinished import _read, _write, sweep
from tests.support.town import small_town

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.tiles import Tile, TileResult

TILES = 5
DETAIL = {"B0", "B3"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> PlanInputs:
    folder = tmp_path_factory.mktemp("続き")
    return PlanInputs(**small_town(folder), out=folder / "plan.kawasolar")


class Runs:
    """Surveys of the town by tiles of 40 m; counts the tiles that are really computed and can stop after some."""

    def __init__(self, inputs: PlanInputs, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kawasolar.stages.bench.ONE_WINDOW_CELLS", 1000)
        self.computed: list[str] = []
        self.stop_after: int | None = None
        self._inputs, self._beside = inputs, beside
        real = gis.tiles.survey_tile

        def counted(read: object, tile: Tile, *more: object, **named: object) -> TileResult:
            if self.stop_after is not None and len(self.computed) >= self.stop_after:
                raise Cancelled
            self.computed.append(tile.name)
            return real(read, tile, *more, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(gis.tiles, "survey_tile", counted)

    def survey(self, key: str = "所", detail: set[str] | None = None) -> TiledSurvey:
        self.computed.clear()
        bench = Bench(input_files(self._inputs), 6677)
        with bench._tiled(load_profile(), DETAIL if detail is None else detail, None) as (source, given):
            found, _ = survey_large(source, replace(given, tiling=Tiling(tile_m=40.0)), self._beside, silent, key)
        return found

    def stopped(self, after: int, key: str = "所") -> None:
        self.stop_after = after
        with pytest.raises(Cancelled):
            self.survey(key)
        self.stop_after = None

    def kept(self) -> list[Path]:
        return sorted(self._beside.glob(".kawasolar-tiles-*/*"))


@pytest.fixture
def runs(inputs: PlanInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(inputs, tmp_path, monkeypatch)


def same(one: TiledSurvey, other: TiledSurvey) -> None:
    assert_geodataframe_equal(one.buildings, other.buildings)
    assert_geodataframe_equal(one.planes, other.planes)
    assert np.array_equal(one.sunlit, other.sunlit)
    assert one.findings == other.findings
    for name in ("planes.raw", "irradiation.raw"):
        assert Path(one.scratch.name, name).read_bytes() == Path(other.scratch.name, name).read_bytes()
    assert np.array_equal(one.mosaic._known, other.mosaic._known)


def test_it_goes_on_with_what_is_missing(runs: Runs) -> None:
    whole = runs.survey("")
    assert len(runs.computed) == TILES
    assert runs.kept() == []
    runs.stopped(3)
    assert len(runs.kept()) == 3
    again = runs.survey()
    assert len(runs.computed) == TILES - 3
    same(whole, again)
    # Done: nothing stays.
    assert list(runs._beside.glob(".kawasolar-tiles-*")) == []


def test_another_survey_begins_from_the_beginning(runs: Runs) -> None:
    runs.stopped(2, "所")
    runs.stopped(1, "別")
    assert len(runs.kept()) == 1
    runs.survey("所")
    assert len(runs.computed) == TILES


def packed(content: bytes) -> bytes:
    """The same arrays, deflated: what a small file can blow up to is not known."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as one, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as other:
        for name in one.namelist():
            other.writestr(name, one.read(name))
    return out.getvalue()


@pytest.mark.parametrize("damage", ["cut", "nothing", "words", "other tile", "packed"])
def test_what_is_damaged_is_computed_again(runs: Runs, damage: str) -> None:
    whole = runs.survey("")
    runs.stopped(3)
    first, second, _ = runs.kept()
    content = first.read_bytes()
    spoilt: dict[str, Callable[[], bytes]] = {
        "cut": lambda: content[: len(content) // 2], "nothing": lambda: b"", "words": lambda: b"no tile" * 99, "other tile": second.read_bytes,
        "packed": lambda: packed(content),
    }  # fmt: skip
    first.write_bytes(spoilt[damage]())
    again = runs.survey()
    assert len(runs.computed) == TILES - 2
    same(whole, again)


def test_a_kept_tile_takes_no_more_room_than_what_is_in_it(runs: Runs) -> None:
    """One outline with many corners once made all of them as long as it."""
    runs.stopped(1)
    result = _read(runs.kept()[0], 10**9)
    long = shapely.Point(0, 0).buffer(1.0, quad_segs=2000)
    shapes = [long] + [None] * (len(result.planes) - 1)
    with_long = replace(result, planes=result.planes.set_geometry(gpd.GeoSeries(shapes, crs=result.planes.crs)))
    path = runs.kept()[0]
    _write(path, with_long)
    assert path.stat().st_size < 2 * len(shapely.to_wkb(long)) + result.sunlit.nbytes + 50_000
    again = _read(path, 10**9)
    assert again.planes.geometry.iloc[0].equals_exact(long, 0.0)
    assert again.planes.geometry.iloc[1:].isna().all()


def test_a_full_disk_keeps_nothing_and_stops_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kawasolar.stages.unfinished.np.savez", full)
    found = runs.survey()
    assert runs.kept() == []
    assert len(found.buildings) == 6


def test_a_plan_goes_on_by_what_it_is_made_from(
    runs: Runs, inputs: PlanInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the chain: the same files and values are the same survey, another file is not."""
    monkeypatch.setattr(Tiling, "side", lambda _self, _cell: 80)
    mine = replace(inputs, out=tmp_path / "計画.kawasolar")
    runs.stop_after = 2
    with pytest.raises(Cancelled):
        make_and_save(mine)
    assert len(runs.kept()) == 2
    runs.stop_after = None
    runs.computed.clear()
    made = make_and_save(mine)
    assert len(runs.computed) == TILES - 2
    assert made.plan.results.buildings["planes"].sum() > 0
    assert runs.kept() == []
    assert sorted(path.name for path in tmp_path.iterdir() if "計画" in path.name or path.name.startswith(".")) == [
        "計画.kawasolar",
        "計画.kawasolar-cache",
    ]
    runs.computed.clear()
    runs.stop_after = 2
    with pytest.raises(Cancelled):
        make_project(mine)
    weather = tmp_path / "weather.csv"
    weather.write_bytes(inputs.weather.read_bytes().replace(b"3.0", b"3.1"))
    runs.stop_after = None
    runs.computed.clear()
    make_project(replace(mine, weather=weather))
    assert len(runs.computed) == TILES


def test_what_a_crash_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    day = 24 * 3600.0
    kept = {
        ".kawasolar-ab12_xyz": 0.5,
        ".kawasolar-tiles-0123456789abcdef": 20.0,
        ".kawasolar-other": 90.0,
        "計画.kawasolar-cache": 90.0,
    }
    gone = {".kawasolar-zz9_0aaa": 2.0, ".kawasolar-tiles-ffffffffffffffff": 40.0}
    for name, days in (kept | gone).items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "x").write_bytes(b"x")
        then = time.time() - days * day
        os.utime(folder, (then, then))
    (tmp_path / ".kawasolar-linklink").symlink_to(tmp_path / "計画.kawasolar-cache")
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, ".kawasolar-linklink"}
    sweep(tmp_path / "ない")
