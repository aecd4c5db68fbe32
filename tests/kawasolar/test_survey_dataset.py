"""Surveys of whole areas as a dataset: tiles, resumption, damage, folders of others, and a cluster whose workers die."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import box

from gis.errors import UnreadableFile
from gis.progress import Cancelled
from kawasolar import __version__
from kawasolar.cli import EXIT_INPUT, EXIT_OK, EXIT_STOPPED, EXIT_USAGE, EXIT_WRITE, run_command
from kawasolar.cluster.check import check_workers, sources, worker_state
from kawasolar.cluster.inputs import SurveyInputs
from kawasolar.cluster.job import JobFile
from kawasolar.cluster.make import Tally, make_dataset
from kawasolar.cluster.runners import _Running
from kawasolar.cluster.task import tile_task
from kawasolar.errors import NotWritable, PlanError
from tests.support.town import CELL, NORTH, SIZE, WEST, small_town

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("pyarrow")

TILE = 40.0
TILES = 5


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return small_town(tmp_path_factory.mktemp("town"))


def inputs_of(town: dict[str, Path], out: Path, **more: Any) -> SurveyInputs:
    given = SurveyInputs(town["dsm"], town["buildings"], town["weather"], out, town.get("facilities"), tile_m=TILE)
    return replace(given, **more)


@pytest.fixture(scope="module")
def tiled(town: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of five tiles, with all sunlit shares."""
    out = tmp_path_factory.mktemp("tiled") / "新しい フォルダー"
    made = make_dataset(inputs_of(town, out, sunlit="all"))
    assert (made.figures["tiles"], made.figures["computed"], made.figures["kept"]) == (TILES, TILES, 0)
    return out


def planes_of(folder: Path) -> gpd.GeoDataFrame:
    found = gpd.read_parquet(folder / "planes")
    return found.sort_values(["building_id", "plane"]).reset_index(drop=True)


def same(a: Path, b: Path) -> None:
    """Two datasets are equal to the last bit."""
    assert_geodataframe_equal(planes_of(a), planes_of(b))
    assert_geodataframe_equal(gpd.read_parquet(a / "buildings.parquet"), gpd.read_parquet(b / "buildings.parquet"))
    one, other = (pd.read_parquet(folder / "sunlit").sort_values(["building_id", "plane"]) for folder in (a, b))
    assert np.array_equal(np.stack(one["sunlit"].tolist()), np.stack(other["sunlit"].tolist()))


def stops_after(tiles: int, tally: Tally) -> Callable[[float, str], None]:
    def progress(_share: float, _what: str) -> None:
        if tally.computed >= tiles:
            raise Cancelled

    return progress


# ---------------------------------------------------------------------------------------------- the dataset


def test_geopandas_reads_it_as_one(tiled: Path) -> None:
    planes = planes_of(tiled)
    assert planes.crs.to_epsg() == 6677
    assert not planes.duplicated(["building_id", "plane"]).any()
    assert planes["plane"].min() == 1
    months = planes[[f"irradiation_m{k:02d}" for k in range(1, 13)]].sum(axis=1)
    assert np.allclose(months, planes["irradiation_kwh_m2"])
    assert planes.geometry.area.sum() == pytest.approx(planes["footprint_m2"].sum(), rel=0.05)
    assert {"sky_view", "usable_m2", "tilt", "azimuth", "lost_setback_m2"} <= set(planes.columns)
    # Spatial filters find a part of it.
    west, south, _, north = planes.total_bounds
    assert 0 < len(gpd.read_parquet(tiled / "planes", bbox=(west, south, west + 10, north))) < len(planes)


def test_all_outlines_have_figures_and_a_status(tiled: Path, town: dict[str, Path]) -> None:
    buildings = gpd.read_parquet(tiled / "buildings.parquet").set_index("building_id")
    planes = planes_of(tiled)
    assert set(buildings["status"]) == {"ok"}
    assert buildings["usable_m2"].sum() == pytest.approx(planes["usable_m2"].sum())
    assert buildings.loc["B0", "facility_id"] == "001"
    assert pd.isna(buildings.loc["B5", "facility_id"])


def test_it_says_what_it_was_computed_from(tiled: Path, town: dict[str, Path]) -> None:
    about = json.loads((tiled / "survey.json").read_text("utf-8"))
    assert {entry["role"] for entry in about["files"]} == {"dsm", "buildings", "facilities", "weather"}
    assert all(len(entry["sha256"]) == 64 for entry in about["files"])
    assert about["version"] == __version__
    assert about["values"]["roof.setback"] > 0
    assert about["open_sky_kwh_m2"] > 1000
    assert about["counts"]["planes"] == len(planes_of(tiled))
    assert len(about["sunlit"]["azimuths"]) == about["values"]["engine.azimuths"]
    assert any(finding["code"].startswith("weather.") for finding in about["findings"])


def test_sunlit_shares_are_bytes_by_azimuth_and_height(tiled: Path) -> None:
    about = json.loads((tiled / "survey.json").read_text("utf-8"))["sunlit"]
    found = pd.read_parquet(tiled / "sunlit")
    shares = np.stack(found["sunlit"].tolist()).reshape(len(found), len(about["azimuths"]), about["elevations"])
    assert shares.dtype == np.uint8
    assert len(found) == len(planes_of(tiled))
    assert (shares[:, :, 90] == about["steps"]).all()
    assert (np.diff(shares.astype(int), axis=2) >= 0).all()
    # The tower shades B0.
    assert shares[found["building_id"] == "B0"][:, :, 10].min() < 100


def test_tiles_leave_no_seam(tiled: Path, town: dict[str, Path], tmp_path: Path) -> None:
    made = make_dataset(inputs_of(town, tmp_path / "whole", tile_m=4096.0, sunlit="all"))
    assert made.figures["tiles"] == 1
    one, many = planes_of(tmp_path / "whole"), planes_of(tiled)
    assert list(one["building_id"]) == list(many["building_id"])
    for name in ("irradiation_kwh_m2", "area_m2", "usable_m2", "sky_view", "tilt", "irradiation_m12"):
        assert np.allclose(one[name], many[name], rtol=1e-3, atol=1e-6), name
    assert one.geometry.geom_equals_exact(many.geometry, 1e-6).all()


def test_only_the_buildings_of_facilities(town: dict[str, Path], tmp_path: Path, tiled: Path) -> None:
    out = tmp_path / "public"
    make_dataset(inputs_of(town, out, only_facilities=True, sunlit="none", geometry=False))
    planes = planes_of(out)
    assert set(planes["building_id"]) == {"B0", "B1", "B2", "B3", "B4"}
    assert planes.geometry.isna().all()
    assert not (out / "sunlit").exists()
    every = planes_of(tiled)
    expected = every[every["building_id"] != "B5"]["irradiation_kwh_m2"]
    assert np.allclose(planes["irradiation_kwh_m2"], expected, rtol=1e-3)
    buildings = gpd.read_parquet(out / "buildings.parquet").set_index("building_id")
    assert len(buildings) == 6
    assert buildings.loc["B5", "status"] == "not_surveyed"
    assert pd.isna(buildings.loc["B5", "planes"])


def test_trees_shade_what_is_behind_them(town: dict[str, Path], tmp_path: Path, tiled: Path) -> None:
    """A row of trees south of B1, in a tile that borders on its: as in one tile, less than without, and another survey than that."""
    heights = np.zeros((SIZE, SIZE), np.float32)
    heights[52:58, 75:115] = 12.0
    trees = tmp_path / "樹木.tif"
    profile = {"driver": "GTiff", "height": SIZE, "width": SIZE, "count": 1, "dtype": "float32", "crs": "EPSG:6677"}
    with rasterio.open(
        trees, "w", **profile, transform=rasterio.transform.from_origin(WEST, NORTH, CELL, CELL)
    ) as file:
        file.write(heights, 1)
    made = make_dataset(inputs_of(town, tmp_path / "many", canopy=trees))
    assert made.figures["tiles"] == TILES
    make_dataset(inputs_of(town, tmp_path / "whole", canopy=trees, tile_m=4096.0))
    name = "irradiation_kwh_m2"
    found, one, bare = (
        planes_of(folder).groupby("building_id")[name].sum()
        for folder in (tmp_path / "many", tmp_path / "whole", tiled)
    )
    assert np.allclose(found, one, rtol=1e-3)
    assert 0.85 < found["B1"] / bare["B1"] < 0.98
    told = json.loads((tmp_path / "many" / "survey.json").read_text("utf-8"))
    assert [entry["role"] for entry in told["files"]][:2] == ["dsm", "buildings"]
    assert "canopy" in [entry["role"] for entry in told["files"]]
    # Without the trees it is another survey: nothing of it is taken over.
    again = make_dataset(inputs_of(town, tmp_path / "many"))
    assert again.figures["kept"] == 0
    assert np.allclose(planes_of(tmp_path / "many").groupby("building_id")[name].sum(), bare, rtol=1e-6)
    # Workers must see the raster too.
    make_dataset(inputs_of(town, tmp_path / "many", canopy=trees))
    job = JobFile(str(tmp_path / "many"), told["fingerprint"])
    assert worker_state(job)["unseen"] == ""
    trees.unlink()
    assert worker_state(job)["unseen"] == str(trees)


def test_trees_above_the_sea_are_refused_before_the_first_tile(town: dict[str, Path], tmp_path: Path) -> None:
    """A raster of heights above sea level is no raster of treetops above the ground."""
    with pytest.raises(UnreadableFile, match=r"raster\.canopy_absolute"):
        make_dataset(inputs_of(town, tmp_path / "out", canopy=tall(tmp_path / "dsm.tif")))


def tall(path: Path) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=SIZE, width=SIZE, count=1, dtype="float32", crs="EPSG:6677",
        transform=rasterio.transform.from_origin(WEST, NORTH, CELL, CELL),
    ) as file:  # fmt: skip
        file.write(np.full((SIZE, SIZE), 140.0, np.float32), 1)
    return path


# ---------------------------------------------------------------------------------------------- going on


def test_a_run_that_was_stopped_goes_on(tiled: Path, town: dict[str, Path], tmp_path: Path) -> None:
    out, tally = tmp_path / "out", Tally()
    inputs = inputs_of(town, out, sunlit="all")
    with pytest.raises(Cancelled):
        make_dataset(inputs, stops_after(2, tally), tally=tally)
    assert (tally.tiles, tally.computed) == (TILES, 2)
    assert len(list((out / "planes").iterdir())) == 2
    assert not (out / "survey.json").exists()
    made = make_dataset(inputs)
    assert (made.figures["computed"], made.figures["kept"]) == (TILES - 2, 2)
    same(out, tiled)
    assert make_dataset(inputs).figures["kept"] == TILES
    assert make_dataset(inputs, fresh=True).figures["computed"] == TILES
    same(out, tiled)


def test_what_is_damaged_or_gone_is_computed_again(tiled: Path, town: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    inputs = inputs_of(town, out, sunlit="all")
    make_dataset(inputs)
    parts, shares = sorted((out / "planes").iterdir()), sorted((out / "sunlit").iterdir())
    flipped = bytearray(parts[0].read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    parts[0].write_bytes(flipped)
    parts[1].write_bytes(parts[1].read_bytes()[:100])
    shares[2].unlink()
    assert make_dataset(inputs).figures["computed"] == 3
    same(out, tiled)
    # Without the block maxima or anything else in the work folder that was only means to the end.
    next((out / ".work").glob("far-*/far_*.npy")).write_bytes(b"")
    (out / ".work" / "sky.npz").write_bytes(b"no table")
    parts[3].unlink()
    assert make_dataset(inputs).figures["computed"] == 1
    same(out, tiled)


def test_another_survey_in_the_folder_takes_the_place_of_the_first(town: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    make_dataset(inputs_of(town, out, sunlit="all"))
    made = make_dataset(inputs_of(town, out, sunlit="none", tile_m=200.0))
    assert made.figures["kept"] == 0
    assert made.figures["tiles"] == len(list((out / "planes").iterdir()))
    assert not (out / "sunlit").exists()
    assert len(planes_of(out)) == made.figures["planes"]


# ---------------------------------------------------------------------------------------------- folders


def test_a_folder_of_somebody_else_is_refused(town: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(NotWritable, match=r"cluster\.not_ours"):
        make_dataset(inputs_of(town, tmp_path), fresh=True)
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(NotWritable, match=r"cluster\.not_a_folder"):
        make_dataset(inputs_of(town, file))
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".work", "file", "mine.txt"]


def test_two_surveys_at_once_are_refused(town: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"

    def progress(_share: float, what: str) -> None:
        with pytest.raises(NotWritable, match=r"cluster\.held"):
            make_dataset(inputs_of(town, out))
        raise Cancelled

    with pytest.raises(Cancelled):
        make_dataset(inputs_of(town, out), progress)


def test_a_full_disk_is_said(town: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, write = tmp_path / "out", Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if data[:4] == b"PAR1" and ".work" not in str(self):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NotWritable, match=r"export\.disk_full"):
        make_dataset(inputs_of(town, out))
    assert not list(out.glob("planes/*"))
    monkeypatch.undo()
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=10))
    with pytest.raises(NotWritable, match=r"export\.disk_full"):
        make_dataset(inputs_of(town, tmp_path / "other"))


# ---------------------------------------------------------------------------------------------- command line


def words_of(town: dict[str, Path], out: Path, *more: str) -> list[str]:
    named = [f"--{role}={town[role]}" for role in ("dsm", "buildings", "weather", "facilities")]
    return ["--lang", "en", "survey", *named, f"--out={out}", f"--tile={TILE}", *more]


def test_the_command(town: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run_command(words_of(town, out, "--json")) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    assert (told["buildings"], told["tiles"], told["computed"]) == (6, TILES, TILES)
    # Those of facilities, as a ledger is given.
    assert len(pd.read_parquet(out / "sunlit")) == 5
    assert run_command(["--lang", "ja", *words_of(town, out)[2:]]) == EXIT_OK
    assert "5 は前回の結果を使いました" in capsys.readouterr().out
    assert run_command(words_of(town, town["dsm"].parent)) == EXIT_WRITE
    assert "no survey of KawaSolar" in capsys.readouterr().err
    assert run_command(words_of(town, tmp_path / "other", "--sunlit=some")) == EXIT_USAGE
    words = [word for word in words_of(town, tmp_path / "other", "--only-facilities") if "facilities=" not in word]
    assert run_command(words) == EXIT_USAGE
    assert not (tmp_path / "other").exists()


def test_stopping_says_how_far_it_came(
    town: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def task(job: JobFile, name: str, progress: Any) -> Any:
        if len(list((tmp_path / "out" / "planes").glob("*"))) == 1:
            raise KeyboardInterrupt
        return tile_task(job, name, progress)

    monkeypatch.setattr("kawasolar.cluster.runners.tile_task", task)
    assert run_command(words_of(town, tmp_path / "out")) == EXIT_STOPPED
    assert "1 of 5 tiles are done" in capsys.readouterr().err


def test_a_cluster_without_dask_says_what_to_install(
    town: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run_command(words_of(town, tmp_path / "out", "--scheduler=tcp://10.0.0.1:8786")) == EXIT_INPUT
    assert "kawasolar[cluster]" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------- a cluster


class Workers:
    """A client whose workers answer so."""

    def __init__(self, **answer: object) -> None:
        self.answer = answer

    def run(self, function: Callable[[JobFile], dict[str, Any]], job: JobFile, **_: object) -> dict[str, object]:
        return {"tcp://10.0.0.7:4711": self.answer.get("error") or {**function(job), **self.answer}}


def test_workers_must_see_the_folder_and_be_of_this_program(tiled: Path, tmp_path: Path) -> None:
    fingerprint = json.loads((tiled / "survey.json").read_text("utf-8"))["fingerprint"]
    job = JobFile(str(tiled), fingerprint)
    assert worker_state(job)["unseen"] == ""
    assert len(sources()) == 12
    check_workers(Workers(), job)
    wrong: dict[str, tuple[dict[str, object], JobFile]] = {
        "cluster.no_shared_folder": ({}, JobFile(str(tmp_path), fingerprint)),
        "cluster.other_version": ({"version": "0.0.1"}, job),
        "cluster.no_program": ({"error": ModuleNotFoundError("kawasolar")}, job),
    }
    for code, (answer, asked) in wrong.items():
        with pytest.raises(PlanError) as found:
            check_workers(Workers(**answer), asked)
        assert found.value.code == code
        assert found.value.details["worker"] == "tcp://10.0.0.7:4711"
    with pytest.raises(PlanError, match=r"cluster\.no_shared_folder"):
        check_workers(Workers(unseen="/data/dsm.tif"), job)


def rows_of_sheds(folder: Path, weather: Path, side: int = 4) -> dict[str, Path]:
    """Many small roofs, each in a tile of its own."""
    cells, cell, west, north = side * 80, 0.5, -20200.0, -44200.0
    z, shapes = np.full((cells, cells), 12.0, np.float32), []
    for k in range(side * side):
        row, col = 80 * (k // side) + 20, 80 * (k % side) + 20
        z[row : row + 40, col : col + 40] = 18 + k % 5
        x, y = west + col * cell, north - row * cell
        shapes.append(box(x, y - 20, x + 20, y))
    paths = {"dsm": folder / "dsm.tif", "buildings": folder / "b.gpkg", "weather": weather}
    with rasterio.open(
        paths["dsm"], "w", driver="GTiff", height=cells, width=cells, count=1, dtype="float32", crs="EPSG:6677",
        transform=rasterio.transform.from_origin(west, north, cell, cell),
    ) as file:  # fmt: skip
        file.write(z, 1)
    gpd.GeoDataFrame({"building_id": [f"B{k}" for k in range(len(shapes))]}, geometry=shapes, crs=6677).to_file(
        paths["buildings"]
    )
    return paths


@pytest.mark.timeout(240)
def test_a_worker_that_is_killed_loses_nothing(town: dict[str, Path], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    sheds = rows_of_sheds(tmp_path, town["weather"])
    here, there = inputs_of(sheds, tmp_path / "here", sunlit="all"), inputs_of(sheds, tmp_path / "there", sunlit="all")
    tally, killed = Tally(), []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:

        def progress(_share: float, what: str) -> None:
            if not killed and tally.computed >= 3:
                pid = next(iter(cluster.workers.values())).pid
                killed.append(pid)
                os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

        made = make_dataset(there, progress, scheduler=cluster.scheduler_address, tally=tally)
        assert killed
        assert made.figures["tiles"] == made.figures["computed"] == 16
        assert made.figures["workers"] >= 2
        # A run that is stopped tells its tasks so, and the next goes on.
        tally = Tally()
        with pytest.raises(Cancelled):
            make_dataset(
                there, stops_after(3, tally), scheduler=cluster.scheduler_address, fresh=True, tally=tally
            )  # fmt: skip
        time.sleep(1.0)
        made = make_dataset(there, scheduler=cluster.scheduler_address)
        assert made.figures["kept"] >= 3
        assert made.figures["kept"] + made.figures["computed"] == 16
    make_dataset(here)
    same(tmp_path / "here", tmp_path / "there")


@pytest.mark.parametrize("status", ["lost", "pending"])
def test_a_result_that_goes_with_its_worker_is_waited_for_again(status: str) -> None:
    """Between the moment in which a task is done and that in which it is looked at, its worker may die."""
    pytest.importorskip("distributed")

    class Future:
        def __init__(self, status: str) -> None:
            self.status = status

    future, again = Future(status), []
    running = object.__new__(_Running)
    running._names, running._rounds, running._completed = {}, {}, SimpleNamespace(add=again.append)
    assert not running._settled(future, "r000c000")
    assert (running._names, again) == ({future: "r000c000"}, [future])
    future.status = "cancelled"
    with pytest.raises(PlanError, match=r"cluster\.lost"):
        running._settled(future, "r000c000")


def test_a_scheduler_that_is_not_there(
    town: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiled: Path
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("kawasolar.cluster.runners._CONNECT_S", 0.5)
    with pytest.raises(PlanError, match=r"cluster\.no_scheduler"):
        make_dataset(inputs_of(town, tmp_path / "out"), scheduler="tcp://127.0.0.1:9")
