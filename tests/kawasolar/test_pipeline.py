"""From files to the plan, and what bad files get: through the command line, as a user meets it."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from shapely.geometry import Polygon, box

from gis.progress import Cancelled
from kawasolar.__main__ import main
from kawasolar.pipeline import PlanInputs, inputs_of, make_plan, make_project
from kawasolar.plan import ANSWERS
from kawasolar.project import cache_folder, load_plan, load_project, save_project

WEST, NORTH, CELL, SIZE = -20200.0, -44200.0, 0.5, 300
NORMALS = "月,全天日射量(kWh/m2),平均気温(℃),平均風速(m/s)\n" + "\n".join(
    f"{m},{g},{t},3.0"
    for m, g, t in zip(
        range(1, 13),
        (92, 100, 125, 143, 160, 135, 145, 152, 110, 98, 85, 80),
        (6, 7, 10, 15, 19, 22, 26, 27, 24, 18, 13, 8),
        strict=True,
    )
)


def town(folder: Path, count: int = 9) -> dict[str, Path]:
    """Nine flat roofs of different sizes, one beside a tower, with their files."""
    folder.mkdir(parents=True, exist_ok=True)
    z = np.full((SIZE, SIZE), 12.0, np.float32)
    shapes, points = [], []
    for k in range(count):
        row, col = 15 + 95 * (k // 3), 10 + 95 * (k % 3)
        size = 36 + 4 * k
        z[row : row + size, col : col + size] = 20 + k
        west, north = WEST + col * CELL, NORTH - row * CELL
        shapes.append(box(west, north - size * CELL, west + size * CELL, north))
        points.append(
            Transformer.from_crs(6677, 6668, always_xy=True).transform(west + size * CELL / 2, north - size * CELL / 2)
        )
    z[60:70, 10:40] = 70.0  # a tower in the south of the first roof
    paths = {
        "dsm": folder / "dsm.tif",
        "buildings": folder / "建物.gpkg",
        "facilities": folder / "施設 一覧.csv",
        "weather": folder / "normals.csv",
    }
    with rasterio.open(
        paths["dsm"], "w", driver="GTiff", height=SIZE, width=SIZE, count=1, dtype="float32", crs="EPSG:6677",
        transform=rasterio.transform.from_origin(WEST, NORTH, CELL, CELL),
    ) as file:  # fmt: skip
        file.write(z, 1)
    gpd.GeoDataFrame({"building_id": [f"B{k}" for k in range(count)]}, geometry=shapes, crs=6677).to_file(
        paths["buildings"]
    )
    rows = [
        f"{k + 1:03d},第{k + 1}小学校,{lat:.8f},{lon:.8f},500,昭和60年度,新耐震,R2,40"
        for k, (lon, lat) in enumerate(points)
    ]
    paths["facilities"].write_text(
        "施設番号,施設名称,緯度,経度,延面積(㎡),建築年度,耐震基準,防水改修年度,残存使用年数\n" + "\n".join(rows) + "\n",
        encoding="cp932",
    )
    paths["weather"].write_text(NORMALS, encoding="utf-8-sig")
    return paths


def words(paths: dict[str, Path], out: Path, *more: str) -> list[str]:
    return [
        "-q",
        "plan",
        *(part for role in ("dsm", "buildings", "facilities", "weather") for part in (f"--{role}", str(paths[role]))),
        "--out",
        str(out),
        *more,
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return town(tmp_path_factory.mktemp("町 data"))


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWASOLAR_LANG", "en")


def test_plan_from_files(files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "計画 一.kawasolar"
    assert main(words(files, out, "--json")) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["facilities"] == 9
    assert figures["chosen"] == math.ceil(figures["eligible"] / 2)
    assert set(figures["seconds"]) == {
        "ledger",
        "join",
        "registers",
        "survey",
        "layout",
        "yield",
        "use",
        "eligibility",
        "selection",
        "programme",
        *ANSWERS,
    }
    plan = load_plan(out)
    assert sorted(path.name for path in plan.cache.iterdir()) == [
        "hillshade.tif",
        "irradiation.tif",
        "planes.tif",
        "surface.tif",
    ]
    yields = plan.results.yields.set_index("facility_id")
    # The roof north of the tower loses most; the largest roof is ranked first.
    assert yields["shading_loss"].idxmax() == "001"
    assert plan.decision.sites.set_index("facility_id")["rank"].idxmin() == "009"
    # Capacity is the number of modules times their power, facility by facility; energy lies where a plant in Kawasaki lies.
    owner = plan.results.links.set_index("building_id")["facility_id"]
    modules = plan.results.subarrays.groupby(plan.results.subarrays["building_id"].map(owner))["modules"].sum()
    power = plan.profile.number("module.power") / 1000
    assert yields.modules.to_dict() == modules.to_dict()
    np.testing.assert_allclose(yields.capacity_kw, modules.reindex(yields.index) * power, rtol=1e-12)
    assert yields.specific_yield.drop("001").between(900, 1300).all()
    # What an early guess by area says is near.
    density = plan.profile.number("pv.density_flat")
    assert yields.capacity_kw.sum() == pytest.approx(yields.usable_m2.sum() * density, rel=0.35)


def test_plan_by_density(files: dict[str, Path], tmp_path: Path) -> None:
    from kawasolar.document import edits
    from kawasolar.stages import bring_up_to_date, with_edit

    project = make_project(inputs(files, tmp_path))
    edit = edits.set_value(project.entries, "s1", "pv.capacity", 2.0, edits.Author("試験", "早い段階の概算"))
    plan = bring_up_to_date(with_edit(project, edit)).plan
    yields = plan.results.yields
    density = plan.profile.number("pv.density_flat")
    assert yields.capacity_kw.sum() == pytest.approx(yields.usable_m2.sum() * density)
    assert len(plan.results.subarrays) == yields.modules.sum() == 0


def test_set_back_is_taken_from_the_roof(files: dict[str, Path], tmp_path: Path) -> None:
    plan = make_plan(inputs(files, tmp_path))
    planes = plan.results.planes.set_index("building_id")
    side = 36 * CELL + 8 * 4 * CELL  # the ninth roof
    assert planes.loc["B8", "area_m2"] == pytest.approx(side**2, rel=0.02)
    assert planes.loc["B8", "usable_m2"] == pytest.approx((side - 2) ** 2, rel=0.03)


def inputs(files: dict[str, Path], folder: Path) -> PlanInputs:
    return PlanInputs(
        files["dsm"], files["buildings"], files["facilities"], files["weather"], folder / "plan.kawasolar"
    )


def test_computing_everything_anew_gives_the_same_and_keeps_settings(files: dict[str, Path], tmp_path: Path) -> None:
    from kawasolar.document import edits
    from kawasolar.stages import bring_up_to_date, with_edit

    project = make_project(inputs(files, tmp_path))
    project = with_edit(project, edits.set_share(project.entries, "s1", 0.25))
    project = with_edit(project, edits.pin(project.entries, "s1", ["002"], edits.Author("me")))
    save_project(project, tmp_path / "plan.kawasolar")
    plan = project.plan
    again = bring_up_to_date(load_project(tmp_path / "plan.kawasolar"), force=True).plan
    assert again.settings == plan.settings
    assert again.settings.pins == {"002"}
    assert again.settings.share == 0.25
    assert again.decision.sites["chosen"].tolist() == plan.decision.sites["chosen"].tolist()
    np.testing.assert_array_equal(again.results.yields["energy_kwh"], plan.results.yields["energy_kwh"])
    assert inputs_of(again, tmp_path / "plan.kawasolar").dsm == files["dsm"].resolve()


def test_share_and_objective_from_the_command_line(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(files, tmp_path / "p.kawasolar", "--json", "--share", "0.3", "--objective", "energy")) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["chosen"] == math.ceil(0.3 * figures["eligible"] - 1e-9)
    assert figures["objective"] == "energy"


def test_exports_from_the_command_line(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.kawasolar"
    assert main(words(files, out)) == 0
    capsys.readouterr()
    targets = {kind: tmp_path / f"一覧.{kind}" for kind in ("xlsx", "csv", "gpkg", "png")}
    code = main(
        ["-q", "export", str(out), *(part for kind, path in targets.items() for part in (f"--{kind}", str(path)))]
    )
    assert code == 0
    assert all(path.stat().st_size > 500 for path in targets.values())
    assert main(["-q", "status", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["facilities"] == 9


def test_cancel_leaves_nothing_new(files: dict[str, Path], tmp_path: Path) -> None:
    def stop(share: float, _what: str) -> None:
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_plan(inputs(files, tmp_path), stop)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_has_its_own_code(files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gis.prepared.segment_roofs", interrupted)
    assert main(words(files, tmp_path / "p.kawasolar")) == 5
    assert list(tmp_path.iterdir()) == []


def test_without_a_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main([]) == 2
    assert "kawasolar --help" in capsys.readouterr().err


def test_letters_that_the_console_lacks(files: dict[str, Path], tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "cp932", "KAWASOLAR_LANG": "ja"}
    command = [sys.executable, "-m", "kawasolar", *words(files, tmp_path / "p.kawasolar")]
    done = subprocess.run(command, capture_output=True, env=env, check=False, cwd=Path(__file__).resolve().parents[2])
    assert done.returncode == 0, done.stderr.decode("cp932", "replace")
    assert "施設" in done.stdout.decode("cp932")


def test_progress_rises_from_0_to_1(files: dict[str, Path], tmp_path: Path) -> None:
    seen: list[float] = []
    make_plan(inputs(files, tmp_path), lambda share, _what: seen.append(share))
    assert seen[0] == 0.0
    assert max(seen) <= 1.0
    assert all(b >= a - 1e-9 for a, b in pairwise(seen))


@pytest.mark.usefixtures("english")
class TestBadInput:
    """One bad file at a time: an exit code that means something and a sentence that says what to do."""

    def refuse(
        self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str, **bad: Path
    ) -> str:
        assert main(words({**files, **bad}, tmp_path / "p.kawasolar", *more)) == 3
        shown = capsys.readouterr()
        assert shown.out == ""
        assert not (tmp_path / "p.kawasolar").exists()
        assert not cache_folder(tmp_path / "p.kawasolar").exists()
        assert "Traceback" not in shown.err
        return " ".join(shown.err.split())

    def test_missing_files(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for role in ("dsm", "buildings", "facilities", "weather"):
            assert "nowhere" in self.refuse(files, tmp_path, capsys, **{role: tmp_path / "nowhere.csv"})

    def test_truncated_tiff(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        cut = tmp_path / "cut.tif"
        cut.write_bytes(files["dsm"].read_bytes()[:200_000])
        assert "Copy it again" in self.refuse(files, tmp_path, capsys, dsm=cut)

    def test_no_crs(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bare = tmp_path / "bare.tif"
        with rasterio.open(files["dsm"]) as source, rasterio.open(bare, "w", **{**source.profile, "crs": None}) as file:
            file.write(source.read(1), 1)
        assert "--dsm-crs" in self.refuse(files, tmp_path, capsys, dsm=bare)
        assert main(words({**files, "dsm": bare}, tmp_path / "q.kawasolar", "--dsm-crs", "EPSG:6677")) == 0
        capsys.readouterr()
        assert "not known" in self.refuse(files, tmp_path, capsys, "--dsm-crs", "EPSG:1", dsm=bare)

    def test_facility_layer_without_crs(
        self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        points = gpd.read_file(files["buildings"]).representative_point()
        frame = gpd.GeoDataFrame({"id": range(len(points)), "name": "x"}, geometry=points, crs=6677)
        frame.to_file(tmp_path / "points.shp")
        (tmp_path / "points.prj").unlink()
        assert "--facilities-crs" in self.refuse(files, tmp_path, capsys, facilities=tmp_path / "points.shp")
        told = words(
            {**files, "facilities": tmp_path / "points.shp"}, tmp_path / "q.kawasolar", "--facilities-crs", "6677"
        )
        assert main(told) == 0
        assert len(load_plan(tmp_path / "q.kawasolar").results.yields) == 9

    def test_wrong_crs(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        shapes = gpd.read_file(files["buildings"]).to_crs(6676).set_crs(6677, allow_override=True)
        shapes.to_file(tmp_path / "zone8.gpkg")
        assert "EPSG:6676" in self.refuse(files, tmp_path, capsys, buildings=tmp_path / "zone8.gpkg")

    def test_dsm_elsewhere(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        away = tmp_path / "away.tif"
        with rasterio.open(files["dsm"]) as source, rasterio.open(
            away, "w", **{**source.profile, "transform": rasterio.transform.from_origin(WEST + 5000, NORTH, CELL, CELL)}
        ) as file:  # fmt: skip
            file.write(source.read(1), 1)
        assert "No building" in self.refuse(files, tmp_path, capsys, dsm=away)

    def test_empty_list(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        empty = tmp_path / "empty.csv"
        empty.write_text(files["facilities"].read_text("cp932").splitlines()[0] + "\n", encoding="cp932")
        self.refuse(files, tmp_path, capsys, facilities=empty)
        empty.write_bytes(b"")
        self.refuse(files, tmp_path, capsys, facilities=empty)

    def test_weather_of_half_a_year(
        self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        half = tmp_path / "half.csv"
        half.write_text("\n".join(NORMALS.splitlines()[:7]), encoding="utf-8")
        self.refuse(files, tmp_path, capsys, weather=half)

    def test_bad_profile(self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bad = tmp_path / "p.toml"
        bad.write_text("format = 1\n", encoding="utf-8")
        self.refuse(files, tmp_path, capsys, "--profile", str(bad))

    def test_target_is_a_folder(
        self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(words(files, tmp_path)) == 4
        assert "folder" in capsys.readouterr().err

    def test_target_that_must_stay(
        self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = files["buildings"].read_bytes()
        assert main(words(files, files["buildings"])) == 4
        assert files["buildings"].read_bytes() == before
        other = tmp_path / "notes.kawasolar"
        other.write_text("my notes")
        assert main(words(files, other)) == 4
        assert other.read_text() == "my notes"
        assert "not overwritten" in " ".join(capsys.readouterr().err.split())
        assert main(words(files, tmp_path / "p.kawasolar")) == 0
        project = str(tmp_path / "p.kawasolar")
        assert main(["export", project, "--gpkg", project]) == 4
        assert main(["export", project, "--csv", str(tmp_path / "x"), "--xlsx", str(tmp_path / "x")]) == 4
        assert load_plan(tmp_path / "p.kawasolar").facilities.shape[0] == 9

    def test_full_disk_keeps_what_stood(
        self,
        files: dict[str, Path],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        out = tmp_path / "p.kawasolar"
        assert main(words(files, out)) == 0
        before = {path.name: path.read_bytes() for path in [out, *cache_folder(out).rglob("*.tif")]}

        def full(*_args: object, **_more: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("gis.raster_write.replace_file", full)
        assert main(words(files, out)) == 4
        assert {path.name: path.read_bytes() for path in [out, *cache_folder(out).rglob("*.tif")]} == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["p.kawasolar", "p.kawasolar-cache"]
        capsys.readouterr()

    def test_wrong_words(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["plan", "--dsm"]) == 2
        assert main(["fly"]) == 2
        assert "--help" in capsys.readouterr().err

    def test_damaged_project(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        bad = tmp_path / "x.kawasolar"
        bad.write_bytes(b"not a project")
        assert main(["status", str(bad)]) == 3
        assert "Traceback" not in capsys.readouterr().err

    def test_bad_rows_are_said_and_the_rest_planned(
        self, files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = files["facilities"].read_text("cp932").splitlines()
        lines[3] = lines[3].replace("003,", "002,")  # a duplicate id
        lines[4] = ",".join([*lines[4].split(",")[:2], "1354.3", *lines[4].split(",")[3:]])  # a bad latitude
        ledger = tmp_path / "some.csv"
        ledger.write_text("\n".join(lines), encoding="cp932")
        shapes = gpd.read_file(files["buildings"])
        west, south, east, north = shapes.geometry.iloc[6].bounds
        shapes.loc[6, "geometry"] = Polygon([(west, south), (east, north), (east, south), (west, north)])
        shapes.to_file(tmp_path / "crossing.gpkg")
        holes = tmp_path / "holes.tif"
        with rasterio.open(files["dsm"]) as source, rasterio.open(holes, "w", **source.profile) as file:
            z = source.read(1)
            z[10:14], z[100:103] = np.nan, -9999
            file.write(z, 1)
        arguments = words(
            {"dsm": holes, "buildings": tmp_path / "crossing.gpkg", "facilities": ledger, "weather": files["weather"]},
            tmp_path / "p.kawasolar",
        )
        assert main(arguments[1:]) == 0
        shown = " ".join(capsys.readouterr().err.split())
        plan = load_plan(tmp_path / "p.kawasolar")
        assert len(plan.facilities) == 8
        codes = {finding.code for finding in plan.findings}
        assert {"raster.holes", "raster.impossible_heights", "outlines.crossing"} <= codes
        assert "002" in shown
        assert "1354.3" in shown
        assert "crosses itself" in shown


@pytest.mark.realdata
@pytest.mark.parametrize("place", ["delft", "goteborg"])
def test_real_places(realdata: Path, tmp_path: Path, place: str) -> None:
    from gis.outlines import read_outlines
    from gis.raster import read_surface

    dsm, buildings = {
        "delft": ("derived_dsm_0p5m.tif", "bgt_pand.sqlite"),
        "goteborg": ("DSM_KRbig.tif", "buildings.shp"),
    }[place]
    surface = read_surface(realdata / place / dsm)
    frame = read_outlines(realdata / place / buildings, surface.grid.crs).frame
    inside = frame[frame.within(box(*surface.grid.bounds)) & (frame.area > 60)]
    points = inside.representative_point().to_crs(4326)
    ledger = tmp_path / "list.csv"
    ledger.write_text(
        "id,name,latitude,longitude\n" + "\n".join(f"{k},site {k},{p.y:.7f},{p.x:.7f}" for k, p in enumerate(points)),
        encoding="utf-8",
    )
    plan = make_plan(
        PlanInputs(
            realdata / place / dsm,
            realdata / place / buildings,
            ledger,
            realdata / "epw" / "tokyo.epw",
            tmp_path / "p.kawasolar",
        )
    )
    assert len(plan.results.yields) == len(inside)
    flat = plan.results.planes[plan.results.planes.flat & (plan.results.planes.area_m2 > 40)]
    mean = np.average(flat.irradiation_kwh_m2, weights=flat.area_m2)
    assert 0.75 * 1309 < mean < 1309 * 1.01
    energy = plan.results.yields.dropna()
    months = energy[[f"m{k:02d}" for k in range(1, 13)]].sum(axis=1)
    np.testing.assert_allclose(months, energy.energy_kwh, rtol=1e-6)
    assert {"plan.weather_far"} <= {finding.code for finding in plan.findings}
    assert plan.decision.sites.chosen.sum() == math.ceil(0.5 * (plan.decision.sites.status == "eligible").sum())
