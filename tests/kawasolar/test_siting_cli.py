"""``kawasolar siting``: figures, tables, papers, and words that mean nothing."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest

from kawasolar.__main__ import main
from kawasolar.project import save_plan
from kawasolar.siting.candidates import REASONS
from kawasolar.siting.inputs import SOURCES
from kawasolar.siting.of_plan import METHODS
from kawasolar.siting.table import assumption_rows
from kawasolar.words import catalogue
from tests.kawasolar.test_languages import JAPANESE
from tests.support.plans import CRS_PLAN, NORTH, SIZE, WEST, example_plan

LINES = ["--set", "radius_m=100", "--set", "flood_m=20", "--set", "years_least=0", "--seconds", "5"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("siting")
    path = folder / "例.kawasolar"
    save_plan(example_plan(folder / "plan", 20), path)
    return path


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    places = gpd.points_from_xy(rng.uniform(WEST, WEST + SIZE, 50), rng.uniform(NORTH - SIZE, NORTH, 50))
    frame = gpd.GeoDataFrame({"戸数": rng.integers(1, 40, 50)}, geometry=places, crs=CRS_PLAN)
    path = tmp_path_factory.mktemp("points") / "集合住宅.gpkg"
    frame.to_file(path)
    return path


def test_every_code_has_words() -> None:
    have = catalogue()
    wanted = [f"siting.why_not.{code}" for code in REASONS] + [f"siting.method.{code}" for code in METHODS]
    wanted += [f"siting.{kind}.{code}" for kind in ("source", "weight") for code in SOURCES]
    for key, row in assumption_rows().items():
        wanted += [f"siting.assumption.{key}", f"siting.unit.{row.unit}"]
    assert [code for code in wanted if code not in have] == []


def test_figures_and_papers(project: Path, points: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, table, layers = tmp_path / "設置地点.xlsx", tmp_path / "設置地点.csv", tmp_path / "設置地点.gpkg"
    words = ["-q", "siting", str(project), "--points", str(points), "--number", "4", *LINES]
    papers = ["--xlsx", str(book), "--csv", str(table), "--gpkg", str(layers)]
    assert main(["--lang", "ja", *words, "--pin", "0000003", "--veto", "0000004", "--gap", "0", "--json", *papers]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["site_id"] for one in found["sites"]].count("0000003") == 1
    assert len(found["sites"]) == 4
    assert found["gap"] == 0.0
    covered = sum(one["weight"] for one in found["points"] if one["covered"])
    assert covered == pytest.approx(found["total"])
    assert next(one for one in found["candidates"] if one["site_id"] == "0000004")["why_not"] == "vetoed"
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == ["設置地点", "候補地", "設置数とカバー", "需要地点", "前提値"]
    texts = [str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("0000003" in text for text in texts)
    assert not [text for text in texts if text.startswith(("siting.", "export."))]
    assert table.read_text("utf-8-sig").count("\n") == 5
    catchments = gpd.read_file(layers, layer="catchments")
    assert set(catchments["site_id"]) <= {one["site_id"] for one in found["sites"]}
    assert len(gpd.read_file(layers, layer="points")) == 50
    assert len(gpd.read_file(layers, layer="sites")) == 4


@pytest.mark.parametrize("method", METHODS)
def test_told_in_english(
    project: Path, points: Path, method: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    book = tmp_path / "sites.xlsx"
    words = [
        "--lang",
        "en",
        "-q",
        "siting",
        str(project),
        "--points",
        str(points),
        "--number",
        "3",
        "--method",
        method,
        *LINES,
    ]
    assert main([*words, "--xlsx", str(book)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("3 sites: ")
    assert "siting." not in out
    # Names of facilities are Japanese.
    lines = [line for line in out.splitlines() if not line.startswith("  0")]
    assert not [line for line in lines if JAPANESE.search(line)]


def test_budgets_known_candidates_and_roads(
    project: Path, points: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shapely

    known, stands, roads = tmp_path / "known.csv", tmp_path / "stands.csv", tmp_path / "roads.geojson"
    known.write_text("施設番号,区画数\n0000001,0\n0000002,3\n", "utf-8")
    stands.write_text("施設番号,基数\n0000005,2\n", "utf-8")
    steps = np.arange(0, SIZE + 1, 50.0)
    lines = [shapely.LineString([(WEST + a, NORTH - b) for b in steps]) for a in steps]
    lines += [shapely.LineString([(WEST + a, NORTH - b) for a in steps]) for b in steps]
    gpd.GeoDataFrame(geometry=lines, crs=CRS_PLAN).to_crs(4326).to_file(roads)
    words = ["--lang", "en", "-q", "siting", str(project), "--points", str(points), *LINES, "--no-curve"]
    more = [
        "--candidates",
        str(known),
        "--existing",
        str(stands),
        "--roads",
        str(roads),
        "--budget",
        "6000000,12000000",
    ]
    assert main([*words, *more, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    sites = {one["site_id"]: one for one in found["sites"]}
    assert sites["0000005"]["how"] == "standing"
    assert sites["0000005"]["price_yen"] == 0
    assert "0000001" not in sites
    assert found["way"] == "roads"
    first = found["first_year"]
    spent = {year: sum(one["price_yen"] for one in sites.values() if one["fiscal_year"] == year) for year in (first, first + 1)}  # fmt: skip
    assert spent[first] <= 6_000_000
    assert spent[first + 1] <= 12_000_000
    assert main([*words, *more]) == 0
    assert "fiscal year" in capsys.readouterr().out


def test_a_raster_of_population_with_points_split(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import rasterio
    from rasterio.transform import from_origin

    people = np.random.default_rng(4).integers(0, 5, (20, 20)).astype(np.float32)
    path = tmp_path / "人口.tif"
    with rasterio.open(path, "w", driver="GTiff", height=20, width=20, count=1, dtype="float32", crs=CRS_PLAN.to_wkt(), transform=from_origin(WEST, NORTH, 30.0, 30.0)) as file:  # fmt: skip
        file.write(people, 1)
    words = [
        "-q",
        "siting",
        str(project),
        "--population",
        str(path),
        "--number",
        "3",
        "--method",
        "room",
        "--split",
        "--no-curve",
    ]
    assert main([*words, *LINES, "--set", "ev_share=0.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == "population"
    assert found["weight"] == people.sum()
    assert len(found["points"]) == (people > 0).sum()
    assert all(one["load_kwh_day"] <= one["kwh_day"] + 1e-6 for one in found["sites"])
    # 3 sites × 4 chargers × 6 kW × 8 h × 0.25 against 0.1 EV × 3 kWh for each person.
    assert found["served_share"] == pytest.approx(min(1.0, 144.0 / (0.3 * float(people.sum()))), abs=1e-6)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([], 2),
        (["--fleet", "--number", "2"], 3),
        (["--fleet", "--points", "x.csv", "--number", "2"], 2),
        (["--points", "POINTS"], 3),
        (["--points", "POINTS", "--number", "2", "--method", "best"], 2),
        (["--points", "POINTS", "--number", "2", "--set", "radius_m"], 3),
        (["--points", "POINTS", "--number", "2", "--set", "radius_m=-1"], 3),
        (["--points", "POINTS", "--number", "2", "--veto", "nobody"], 3),
        (["--points", "POINTS", "--number", "2", "--pin", "nobody"], 3),
        (["--points", "POINTS", "--number", "2000"], 3),
        (["--points", "POINTS", "--budget", "1,x"], 3),
        (["--points", "POINTS", "--budget", "1e6", "--method", "room"], 3),
        (["--points", "missing.gpkg", "--number", "2"], 3),
        (["--population", "POINTS", "--number", "2"], 3),
    ],
)
def test_words_that_mean_nothing(project: Path, points: Path, more: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    given = [str(points) if one == "POINTS" else one for one in more]
    assert main(["--lang", "en", "-q", "siting", str(project), *given]) == code
    said = capsys.readouterr().err
    assert said
    assert "siting." not in said
