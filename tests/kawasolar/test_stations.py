"""Several stations of the weather in a plan, and its roads: computed, stale where they are used, named, taken away again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from kawasolar.__main__ import main
from kawasolar.document import edits
from kawasolar.glare import glare_of
from kawasolar.pipeline import PlanInputs, inputs_of, make_and_save, make_project
from kawasolar.plan import InputFile, Project, no_file
from kawasolar.project import load_project
from kawasolar.provenance import explain
from kawasolar.provenance.model import FileSource
from kawasolar.stages import Bench, bring_up_to_date, observed, states, with_edit
from kawasolar.weather import between, read_weather
from tests.kawasolar.test_provenance import town
from tests.kawasolar.weather_years import sample

BY = edits.Author("川崎 花子", "試算", "2026-11-26T00:00:00+00:00")


def station(path: Path, name: str, longitude: float, share: float) -> Path:
    """The sample's year, dimmer, at another place."""
    hours = sample().hours
    table = hours[["ghi", "dni", "dhi", "temp_air", "wind_speed"]].round(3)
    table[["ghi", "dni", "dhi"]] *= share
    table.columns = [f"{column} [W/m2]" if column in ("ghi", "dni", "dhi") else column for column in table.columns]
    table.insert(0, "time", [f"{end.tz_localize(None):%Y-%m-%dT%H:%M}" for end in hours.index])
    text = table.to_csv(index=False, lineterminator="\n")
    path.write_text(f"# station={name}\n# latitude=35.6\n# longitude={longitude}\n{text}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("地点")
    found = {**town(folder)}
    found["weather"] = station(folder / "西.csv", "西", 139.45, 1.0)
    found["weather_2"] = station(folder / "東.csv", "東", 139.85, 0.8)
    return found


@pytest.fixture(scope="module")
def project(files: dict[str, Path]) -> Project:
    return make_project(PlanInputs(**files, out=files["dsm"].parent / "計画.kawasolar"))


def exchanged(project: Project, *chosen: InputFile) -> Project:
    edit = edits.exchange_files(
        project.entries, project.plan.inputs, chosen, BY, profile="", before=project.profile.to_toml()
    )
    return with_edit(project, edit)


def test_the_weather_of_a_plan_lies_between_its_stations(project: Project, files: dict[str, Path]) -> None:
    bench = Bench(project.plan.inputs, 6677)
    longitude, latitude = bench._middle()
    wanted = between([read_weather(files[role]) for role in ("weather", "weather_2")], latitude, longitude)
    found = project.plan.results.weather
    assert found == wanted.summary()
    assert set(found.station.split(" + ")) == {"西", "東"}
    assert (found.longitude, found.latitude) == (longitude, latitude)
    said = next(finding for finding in project.plan.findings if finding.code == "weather.interpolated")
    assert "西" in said.found
    assert "東" in said.found
    alone = make_project(replace(inputs_of(project.plan, Path("x.kawasolar")), weather_2=None)).plan.results
    dimmer = project.plan.results.yields["energy_kwh"] / alone.yields["energy_kwh"]
    assert ((dimmer > 0.8) & (dimmer < 1.0)).all()


def test_a_station_that_is_taken_away_makes_survey_and_yield_stale(project: Project, files: dict[str, Path]) -> None:
    waiting = exchanged(project, no_file("weather_2"))
    stale = {state.name: state for state in states(waiting.plan, waiting.profile) if not state.is_fresh}
    assert {"survey", "yield"} <= set(stale)
    assert any("weather_2" in reason.name for reason in stale["yield"].reasons)
    done = bring_up_to_date(waiting)
    assert done.plan.results.weather.station == "西"
    back = bring_up_to_date(exchanged(done, *observed([InputFile("weather_2", str(files["weather_2"]), 0, "")])))
    assert back.plan.results.weather == project.plan.results.weather
    assert np.array_equal(back.plan.results.yields["energy_kwh"], project.plan.results.yields["energy_kwh"])


def test_a_band_of_one_station_beside_several_is_said(project: Project, files: dict[str, Path]) -> None:
    def told(of: Project) -> list[str]:
        return [finding.code for finding in of.plan.findings if finding.code.startswith("yield.")]

    assert told(project) == []
    sunny = station(files["dsm"].parent / "多照.csv", "西", 139.45, 1.1)
    banded = bring_up_to_date(exchanged(project, *observed([InputFile("weather_sunny", str(sunny), 0, "")])))
    assert told(banded) == ["yield.band_of_one_station"]
    alone = bring_up_to_date(exchanged(banded, no_file("weather_2")))
    assert told(alone) == []


def test_both_files_are_among_the_reasons(project: Project) -> None:
    roles = {
        source.role for source in explain(project.plan, "energy_kwh", "001").walk() if isinstance(source, FileSource)
    }
    assert {"weather", "weather_2"} <= roles


def test_on_the_command_line(files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"--{role}={files[role]}" for role in ("dsm", "buildings", "facilities", "weather")]
    out = tmp_path / "計画.kawasolar"
    assert main(["-q", "plan", *words, f"--station={files['weather_2']}", f"--out={out}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["energy_kwh"] > 0
    opened = load_project(out)
    assert {entry.role for entry in opened.plan.inputs} == {"dsm", "buildings", "facilities", "weather", "weather_2"}
    three = [f"--station={files['weather_2']}"] * 3
    assert main(["-q", "plan", *words, *three, f"--out={tmp_path / 'x.kawasolar'}"]) == 2
    assert main(["-q", "edit", "input", str(out), "weather_2", "--none", "--run"]) == 0
    assert load_project(out).plan.results.weather.station == "西"


def test_roads_of_a_plan_are_looked_at_and_make_nothing_stale(files: dict[str, Path], tmp_path: Path) -> None:
    some = {role: path for role, path in files.items() if role != "weather_2"}
    project = make_and_save(PlanInputs(**some, out=tmp_path / "計画.kawasolar"))
    crs = project.plan.results.buildings.crs
    west, _, east, north = project.plan.results.buildings.total_bounds
    line = shapely.LineString([(west, north + 5), (east, north + 5)])
    gpd.GeoDataFrame({"name": ["市道"]}, geometry=[line], crs=crs).to_file(tmp_path / "道路.gpkg")
    with_roads = exchanged(project, *observed([InputFile("roads", str(tmp_path / "道路.gpkg"), 0, "")]))
    assert all(state.is_fresh for state in states(with_roads.plan, with_roads.profile))
    facility = with_roads.plan.facilities["facility_id"].iloc[0]
    found, asked = glare_of(with_roads.plan, facility), glare_of(project.plan, facility, roads=tmp_path / "道路.gpkg")
    assert found.road_points == asked.road_points > 0
    assert found.roads is not None
    assert glare_of(project.plan, facility).roads is None
