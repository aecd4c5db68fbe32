"""A second municipality on real data: Kaga's city model and Komatsu's weather, from the model to the half, with nothing of the first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest

from kawasolar.__main__ import main
from kawasolar.bundled import profile_path
from kawasolar.pipeline import PlanInputs, make_and_save
from kawasolar.profile import load_profile
from kawasolar.profiles.toml import document_of, write_profile
from kawasolar.project import load_project
from kawasolar.stages import plan_fingerprint, states
from kawasolar.weather import read_weather

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Project

pytestmark = pytest.mark.realdata
HEAD = "施設番号,施設名称,緯度,経度,延面積(㎡),建築年度,耐震基準,構造,防水改修年度,廃止予定"
# Of PLATEAU's code list: government, and education and welfare.
PUBLIC = ("421", "422")


def ledger(buildings: Path, path: Path) -> int:
    """A small ledger of the model's public buildings; what the model does not know of them is invented."""
    frame = gpd.read_file(buildings)
    public = frame[frame["usage"].astype(str).isin(PUBLIC)]
    places = public.representative_point().to_crs(6668)
    rows = [
        f"K{k:03d},施設{k},{place.y:.7f},{place.x:.7f},3000,2018,新耐震,RC,2022,なし"
        for k, place in enumerate(places, 1)
    ]
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8-sig")
    return len(rows)


@pytest.fixture(scope="module")
def files(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The surface from the command line, on coarse cells and with little around it, so that the test stays cheap."""
    folder = tmp_path_factory.mktemp("加賀")
    near = document_of(load_profile(profile_path("kaga")))
    near["values"]["surface.margin"]["value"] = 10.0
    write_profile(near, folder / "near.toml")
    model = realdata / "plateau_kaga" / "54363371_bldg_6697.gml"
    made = {"dsm": folder / "dsm.tif", "buildings": folder / "buildings.gpkg", "facilities": folder / "facilities.csv"}
    outs = [f"--{name}={made[name]}" for name in ("dsm", "buildings")]
    assert main(["-q", "surface", str(model), *outs, f"--profile={folder / 'near.toml'}", "--cell=1.0", "--json"]) == 0
    assert ledger(made["buildings"], made["facilities"]) == 24
    return {**made, "weather": realdata / "plateau_kaga" / "hm56276year_KOMATSU.csv"}


@pytest.fixture(scope="module")
def project(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    out = tmp_path_factory.mktemp("計画") / "kaga.kawasolar"
    words = [f"--{role}={path}" for role, path in files.items()]
    assert main(["-q", "plan", *words, f"--out={out}", "--profile", "kaga"]) == 0
    return load_project(out)


def test_everything_is_of_the_second_city(project: Project, files: dict[str, Path]) -> None:
    plan = project.plan
    assert (plan.profile.code, plan.profile.name("ja"), plan.crs.to_epsg()) == ("17206", "加賀市", 6675)
    assert plan.facilities.crs.to_epsg() == plan.results.buildings.crs.to_epsg() == 6675
    # Zone VII: the city lies west of its meridian and north of its origin.
    x, y = plan.facilities.geometry.x, plan.facilities.geometry.y
    assert x.between(-100_000, -40_000).all()
    assert y.between(0, 60_000).all()
    assert len(plan.facilities) == 24
    station = plan.profile.tables.stations[0]
    weather = read_weather(files["weather"])
    assert (weather.latitude, weather.longitude) == pytest.approx((station.latitude, station.longitude), abs=1e-3)
    assert weather.altitude == station.elevation_m


def test_figures_have_the_second_citys_factor_and_sun(project: Project) -> None:
    plan = project.plan
    yields = plan.results.yields
    made = yields["energy_kwh"] > 0
    assert made.any()
    factor = plan.profile.number("co2.grid_factor")
    assert factor == 0.496
    assert yields["co2_t"].to_numpy() == pytest.approx(yields["energy_kwh"].to_numpy() * factor / 1000, rel=1e-6)
    # Within what roofs give there (JIS product × 1,326 kWh/m², shade and snow off), and with Hokuriku's snow.
    assert yields.loc[made, "specific_yield"].between(600, 1250).all()
    assert yields.loc[made, "snow_loss"].max() > 0.005
    assert plan.decision.sites["chosen"].sum() >= 1


def test_the_paper_names_no_file_of_the_first_city(project: Project) -> None:
    assert "profile" not in {entry.role for entry in project.plan.inputs}
    assert "kawasaki" not in json.dumps([entry.path for entry in project.plan.inputs])
    assert all(state.is_fresh for state in states(project.plan, project.profile))


def test_the_same_files_give_the_same_plan_again_and_the_first_citys_profile_another(
    project: Project, files: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("kaga", "kawasaki"):
        (tmp_path / name).mkdir()
    made = [
        make_and_save(PlanInputs(**files, out=tmp_path / name / "kaga.kawasolar", profile=profile_path(name)))
        for name in ("kaga", "kawasaki")
    ]
    assert plan_fingerprint(made[0].plan) == plan_fingerprint(project.plan)
    other = made[1].plan
    # The surface says its own zone; the factor, and with it the paper, is the first city's.
    assert other.crs.to_epsg() == 6675
    assert other.results.yields["energy_kwh"].to_numpy() == pytest.approx(
        project.plan.results.yields["energy_kwh"].to_numpy()
    )
    assert other.results.yields["co2_t"].sum() == pytest.approx(
        project.plan.results.yields["co2_t"].sum() * 0.43 / 0.496
    )
    assert plan_fingerprint(other) != plan_fingerprint(project.plan)
