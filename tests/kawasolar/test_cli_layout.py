"""Modules, strings, loads and glare of a project: on the command line, and against what can be worked out by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.progress import Cancelled
from kawasolar.__main__ import main
from kawasolar.document import edits
from kawasolar.document.edits import Author, BadEdit
from kawasolar.electrical import System, system_of, systems_of
from kawasolar.electrical_words import load_texts, system_texts
from kawasolar.errors import PlanError
from kawasolar.glare import GlareReport, glare_of
from kawasolar.glare_words import glare_texts
from kawasolar.modules import module_of, own_catalogue, read_catalogue, shipped_catalogue, values_of, write_catalogue
from kawasolar.pipeline import PlanInputs, make_and_save
from kawasolar.plan import Project
from kawasolar.project import load_project
from kawasolar.stages import bring_up_to_date, with_edit
from kawasolar.words import say
from tests.kawasolar.test_provenance import town

BY = Author("川崎 花子", "試算", "2026-11-26T00:00:00+00:00")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("配置 の 町")
    paths = town(folder)
    make_and_save(
        PlanInputs(paths["dsm"], paths["buildings"], paths["facilities"], paths["weather"], folder / "計画.kawasolar")
    )
    return folder


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    return load_project(made / "計画.kawasolar")


@pytest.fixture
def copy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that a test may change; nothing of the person's own is looked at."""
    monkeypatch.setenv("KAWASOLAR_LANG", "en")
    monkeypatch.setattr("kawasolar.modules.own_catalogue", lambda: tmp_path / "none" / "modules.csv")
    home = tmp_path / "写し"
    shutil.copytree(made, home)
    return home / "計画.kawasolar"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main(["-q", *words]) == 0
    return json.loads(capsys.readouterr().out)


# ---------------------------------------------------------------------------------------------- strings and loads


def test_strings_take_the_modules_of_each_direction_and_keep_to_the_voltage(project: Project) -> None:
    plan = project.plan
    number = plan.profile.number
    found = dict(systems_of(plan))
    assert set(found) == {"001", "002", "003", "004"}
    highest = number("module.voc") * (1 + number("module.temp_voc") / 100 * (number("string.temp_low") - 25))
    for site, system in found.items():
        mine = plan.results.subarrays[plan.results.subarrays["building_id"] == f"B{int(site) - 1}"]
        strings = system.strings
        assert strings.strung + strings.unstrung == mine["modules"].sum()
        assert len(strings.groups) == len(
            {(round(a) % 360, round(t)) for a, t in zip(mine["azimuth"], mine["tilt"], strict=True)}
        )
        assert all(part.length * highest <= number("string.system_voltage") + 1e-6 for part in strings.groups)
        assert strings.dc_kw == pytest.approx(strings.strung * number("module.power") / 1000)
        assert strings.ratio <= number("inverter.dc_ac_ratio") + 1e-9
        assert strings.ac_kw == pytest.approx(strings.units * number("inverter.unit"))
        alone = system_of(plan, site)
        assert alone is not None
        assert alone.strings == strings
        assert [load.judgement for load in alone.loads] == [load.judgement for load in system.loads]
    assert system_of(plan, "005") is None


def test_the_load_is_that_of_modules_and_racks_against_the_weaker_of_roof_and_structure(project: Project) -> None:
    plan = project.plan
    number = plan.profile.number
    system = system_of(plan, "004")
    assert system is not None
    by_mounting = {load.mounting: load for load in system.loads}
    assert set(by_mounting) == {"rack", "roof"}
    face = number("module.width") * number("module.length")
    for mounting, rack in (("rack", "load.rack_ballasted"), ("roof", "load.rack_flush")):
        weight = number("module.weight") / face + number(rack)
        assert by_mounting[mounting].load.array_kg_m2 == pytest.approx(weight)
        assert by_mounting[mounting].judgement.load_n_m2 == pytest.approx(weight * 9.80665)
    # 500 N/m² of ballasted racks; the roof's type is not in the ledger: it may be one that bears less.
    assert system.outcome == "unknown"
    assert by_mounting["rack"].judgement.datum == "roof_type"
    bolted = bring_up_to_date(with_edit(project, edits.set_value(project.entries, "s1", "load.fixing", 1.0, BY))).plan
    after = system_of(bolted, "004")
    assert after is not None
    lighter = {load.mounting: load.load.array_kg_m2 for load in after.loads}
    assert by_mounting["rack"].load.array_kg_m2 - lighter["rack"] == pytest.approx(
        number("load.rack_ballasted") - number("load.rack_bolted")
    )
    # Nothing had to be computed for it.
    assert bolted.results is project.plan.results


@pytest.mark.parametrize("language", ["ja", "en"])
def test_words_of_a_system_have_no_code_and_no_placeholder(project: Project, language: Any) -> None:
    for _, system in systems_of(project.plan):
        for line in (*system_texts(language, system), *load_texts(language, system)):
            assert line
            assert not any(sign in line for sign in ("{", "}", "system.", "strings.", "None", "nan"))


def test_layout_on_the_command_line_tells_what_the_project_holds(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = load_project(copy).plan
    found = told(capsys, "layout", str(copy), "--json")
    for site, figures in found.items():
        mine = plan.results.subarrays[plan.results.subarrays["building_id"] == f"B{int(site) - 1}"]
        assert figures["modules"] == mine["modules"].sum()
        assert figures["capacity_kw"] == pytest.approx(mine["capacity_kw"].sum(), abs=1e-3)
        assert (
            sum(part["length"] * part["strings"] + part["unstrung"] for part in figures["strings"])
            == figures["modules"]
        )
    assert main(["-q", "layout", str(copy), "002"]) == 0
    text = capsys.readouterr().out
    assert f"{found['002']['modules']:,} modules" in text
    assert "Inverters" in text
    assert main(["-q", "layout", str(copy), "999"]) != 0


# ---------------------------------------------------------------------------------------------- laid out otherwise


def test_a_facility_is_laid_out_otherwise_and_as_the_rest_again(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = told(capsys, "layout", str(copy), "--json")
    module = shipped_catalogue()[3]
    words = (
        "edit",
        "layout",
        str(copy),
        "002",
        "--racks",
        "east_west",
        "--module",
        module.key,
        "--value",
        "layout.east_west_tilt=12",
        "--why",
        "試算",
    )
    assert main(["-q", *words]) == 0
    after = told(capsys, "layout", str(copy), "--json")
    assert {row["mounting"] for row in after["002"]["subarrays"]} == {"back_to_back"}
    assert {row["tilt"] for row in after["002"]["subarrays"]} == {12.0}
    assert after["002"]["capacity_kw"] == pytest.approx(after["002"]["modules"] * module.power_w / 1000)
    assert {key: value for key, value in after.items() if key != "002"} == {
        key: value for key, value in before.items() if key != "002"
    }
    plan = load_project(copy).plan
    row = plan.results.yields.set_index("facility_id").loc["002"]
    assert row["capacity_kw"] == pytest.approx(after["002"]["capacity_kw"])
    assert row["modules"] == after["002"]["modules"]
    assert main(["-q", "edit", "layout", str(copy), "002", "--reset"]) == 0
    assert told(capsys, "layout", str(copy), "--json") == before


@pytest.mark.parametrize(
    "words",
    [(), ("--racks", "north"), ("--orientation", "askew"), ("--module", "no-such"), ("--value", "layout.gap"), ("--value", "roof.setback=1"),
     ("--value", "layout.gap=7"), ("--value", "layout.gap=nan")],
)  # fmt: skip
def test_what_is_no_layout_is_refused(copy: Path, words: tuple[str, ...]) -> None:
    before = copy.read_bytes()
    assert main(["-q", "edit", "layout", str(copy), "002", *words]) != 0
    assert copy.read_bytes() == before


def test_the_same_layout_again_is_no_edit(project: Project) -> None:
    edit = edits.lay_out(project.entries, "s1", ["002"], {"layout.racks": 1.0}, BY)
    turned = with_edit(project, edit)
    assert not edits.lay_out(turned.entries, "s1", ["002"], {"layout.racks": 1.0}, Author("another")).changes
    more = with_edit(turned, edits.lay_out(turned.entries, "s1", ["002"], {"layout.gap": 0.03}, BY))
    assert more.entries.of_scenario("layouts", "s1")["002"]["values"] == {"layout.racks": 1.0, "layout.gap": 0.03}
    less = edits.lay_out(more.entries, "s1", ["002"], {"layout.racks": None, "layout.gap": None}, BY)
    assert not with_edit(more, less).entries.of_scenario("layouts", "s1")
    with pytest.raises(BadEdit):
        edits.lay_out(project.entries, "s1", ["002"], {"pv.albedo": 0.3}, BY)


def test_another_module_for_the_whole_plan_is_one_step(project: Project) -> None:
    module = shipped_catalogue()[3]
    edit = edits.choose_module(project.entries, "s1", values_of(module), BY, source=module.source, name=module.name)
    plan = bring_up_to_date(with_edit(project, edit)).plan
    for key, value in values_of(module).items():
        assert plan.profile.number(key) == value
        assert plan.entries.of_scenario("values", "s1")[key]["source"] == module.source
    subarrays = plan.results.subarrays
    assert np.allclose(subarrays["capacity_kw"], subarrays["modules"] * module.power_w / 1000)
    assert np.allclose(subarrays["area_m2"], subarrays["modules"] * module.area_m2)


# ---------------------------------------------------------------------------------------------- the catalogue


def test_the_catalogue_is_listed_written_and_read_again(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = told(capsys, "modules", "--json")
    assert [row["key"] for row in listed] == [module.key for module in shipped_catalogue()]
    out = tmp_path / "カタログ.csv"
    assert main(["-q", "modules", "--out", str(out)]) == 0
    assert read_catalogue(out) == (shipped_catalogue(), ())
    write_catalogue(out, shipped_catalogue()[2:4])
    assert [row["key"] for row in told(capsys, "modules", "--catalogue", str(out), "--json")] == [
        m.key for m in shipped_catalogue()[2:4]
    ]
    # Beside an edit of a layout, too.
    assert (
        main(
            ["-q", "edit", "layout", str(copy), "002", "--module", shipped_catalogue()[3].key, "--catalogue", str(out)]
        )
        == 0
    )
    assert (
        main(
            ["-q", "edit", "layout", str(copy), "002", "--module", shipped_catalogue()[0].key, "--catalogue", str(out)]
        )
        != 0
    )


def test_a_catalogue_of_ones_own_takes_the_place_of_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "modules.csv"
    monkeypatch.setattr("kawasolar.modules.own_catalogue", lambda: path)
    assert module_of(shipped_catalogue()[0].key) == shipped_catalogue()[0]
    write_catalogue(path, shipped_catalogue()[5:6])
    assert module_of(shipped_catalogue()[5].key) == shipped_catalogue()[5]
    with pytest.raises(PlanError):
        module_of(shipped_catalogue()[0].key)
    assert own_catalogue().name == "modules.csv"


# ---------------------------------------------------------------------------------------------- glare


@pytest.fixture(scope="module")
def dazzling(project: Project) -> Project:
    """Steep modules to the north on the southern roofs: they mirror the noon sun into the walls to the north of them."""
    values = {"layout.racks": 1.0, "pv.rack_tilt": 60.0, "pv.rack_azimuth": 0.0, "layout.winter_hours": 0.0}
    return bring_up_to_date(with_edit(project, edits.lay_out(project.entries, "s1", ["003"], values, BY)))


def test_glare_is_on_walls_before_the_modules_and_only_there(dazzling: Project) -> None:
    report = glare_of(dazzling.plan, "003")
    assert isinstance(report, GlareReport)
    assert report.neighbours == 3
    mine = dazzling.plan.results.subarrays
    south = shapely.centroid(shapely.union_all(mine[mine["building_id"] == "B2"].geometry.to_numpy())).y
    # Its azimuth is that of the racks in degrees from true north.
    assert len(report.buildings) > 0
    assert (shapely.get_y(report.buildings.geometry.centroid.to_numpy()) > south).all()
    assert "B2" not in set(report.buildings["building_id"])
    assert set(report.buildings["plane_id"]) <= set(mine[mine["building_id"] == "B2"]["plane_id"])
    assert (report.buildings["minutes"].diff().dropna() <= 0).all()
    assert report.by_hour.sum() == pytest.approx(report.buildings["minutes"].iloc[0])
    worst = report.buildings.iloc[0]
    assert worst["worst_day_minutes"] * worst["days"] >= worst["minutes"]
    limits = dazzling.plan.profile
    over = (report.buildings["minutes"] > 60 * limits.number("glare.limit_year")) | (
        report.buildings["worst_day_minutes"] > limits.number("glare.limit_day")
    )
    assert report.exceeds.tolist() == over.tolist()


def test_nothing_farther_than_the_reach_is_looked_at(dazzling: Project) -> None:
    near = with_edit(dazzling, edits.set_value(dazzling.entries, "s1", "glare.reach", 5.0, BY))
    report = glare_of(near.plan, "003")
    assert (report.neighbours, len(report.buildings)) == (0, 0)
    for language in ("ja", "en"):
        line, roads = glare_texts(language, report)  # type: ignore[arg-type]
        assert "5" in line
        assert roads == say(language, "glare.roads.unknown")  # type: ignore[arg-type]


def test_glare_can_be_stopped_and_needs_modules_and_the_surface(dazzling: Project, tmp_path: Path) -> None:
    def stop(share: float, _what: str) -> None:
        if share > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        glare_of(dazzling.plan, "003", stop)
    with pytest.raises(PlanError):
        glare_of(dazzling.plan, "005")
    import dataclasses

    with pytest.raises(PlanError):
        glare_of(dataclasses.replace(dazzling.plan, dsm=tmp_path / "none.tif"), "003")


def test_glare_on_the_command_line(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "glare", str(copy), "003", "--json")
    report = glare_of(load_project(copy).plan, "003")
    assert found["neighbours"] == report.neighbours
    assert [row["building_id"] for row in found["buildings"]] == report.buildings["building_id"].tolist()
    assert np.allclose(found["month_hour_min"], report.by_hour)
    assert main(["-q", "glare", str(copy), "003"]) == 0
    assert capsys.readouterr().out.strip()
    assert main(["-q", "glare", str(copy), "999"]) != 0


@pytest.fixture(scope="module")
def low(project: Project) -> Project:
    """Gentle modules to the north: at noon in winter they mirror the sun nine degrees below the horizon, to the ground some 50 m before them."""
    values = {"layout.racks": 1.0, "pv.rack_tilt": 20.0, "pv.rack_azimuth": 0.0, "layout.winter_hours": 0.0}
    return bring_up_to_date(with_edit(project, edits.lay_out(project.entries, "s1", ["003"], values, BY)))


@pytest.fixture
def roads(dazzling: Project, tmp_path: Path) -> Path:
    """To the north of the modules, past the buildings there: one that leads to them, one that crosses before them, one far away."""
    mine = dazzling.plan.results.subarrays
    middle = shapely.union_all(mine[mine["building_id"] == "B2"].geometry.to_numpy()).centroid
    x, y = middle.x, middle.y
    lines = {
        "縦": [(x + 20, y + 55), (x + 20, y + 104)], "横": [(x - 29, y + 80), (x + 30, y + 80)], "遠": [(x + 2000, y), (x + 2100, y)],
    }  # fmt: skip
    frame = gpd.GeoDataFrame(
        {"name": list(lines)}, geometry=[shapely.LineString(p) for p in lines.values()], crs=mine.crs
    )
    frame.to_crs(4326).to_file(tmp_path / "roads.geojson")
    return tmp_path / "roads.geojson"


def test_who_drives_towards_the_modules_is_dazzled_and_who_passes_is_not(low: Project, roads: Path) -> None:
    report = glare_of(low.plan, "003", roads=roads)
    assert report.roads is not None
    assert report.roads_by_hour is not None
    assert report.roads["name"].tolist() == ["縦"]
    assert report.road_points == 2 * (10 + 12)
    worst = report.roads.iloc[0]
    assert report.roads_by_hour.sum() == pytest.approx(worst["minutes"])
    assert 0 < worst["metres"] <= 50
    plain = glare_of(low.plan, "003")
    assert plain.roads is None
    assert plain.buildings.drop(columns="geometry").equals(report.buildings.drop(columns="geometry"))
    aside = with_edit(low, edits.set_value(low.entries, "s1", "glare.road_view", 180.0, BY))
    both = glare_of(aside.plan, "003", roads=roads)
    assert both.roads is not None
    assert set(both.roads["name"]) == {"縦", "横"}
    assert both.roads.set_index("name").loc["縦", "minutes"] == pytest.approx(worst["minutes"])
    for language, hours in (
        ("ja", f"年 {worst['minutes'] / 60:,.1f} 時間"),
        ("en", f"{worst['minutes'] / 60:,.1f} h a year"),
    ):
        (line,) = (line for line in glare_texts(language, report) if line.startswith("縦"))  # type: ignore[arg-type]
        assert hours in line


def test_nobody_drives_through_a_building(low: Project, tmp_path: Path) -> None:
    """Of a line across the modules' own building only what lies before and behind it counts."""
    buildings = low.plan.results.buildings
    house = buildings[buildings["building_id"] == "B2"].geometry.iloc[0]
    x, y = house.centroid.x, house.centroid.y
    road = shapely.LineString([(x, y), (x, y + 80)])
    gpd.GeoDataFrame({"name": ["縦"]}, geometry=[road], crs=buildings.crs).to_file(tmp_path / "across.gpkg")
    free = road.difference(buildings.union_all()).length
    assert 0 < free < road.length - 3
    spacing = low.plan.profile.number("glare.road_spacing")
    report = glare_of(low.plan, "003", roads=tmp_path / "across.gpkg")
    assert abs(report.road_points - 2 * free / spacing) <= 2 * 2


def test_roads_on_the_command_line(copy: Path, roads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "glare", str(copy), "003", "--roads", str(roads), "--json")
    assert found["road_points"] == 44
    assert isinstance(found["roads"], list)
    assert main(["-q", "glare", str(copy), "003", "--roads", str(roads.with_name("none.gpkg"))]) == 3


def test_a_system_is_as_sure_as_its_least_sure_load() -> None:
    from types import SimpleNamespace

    def of(*outcomes: str) -> str:
        loads = tuple(SimpleNamespace(judgement=SimpleNamespace(outcome=name)) for name in outcomes)
        return System(None, "general", loads).outcome  # type: ignore[arg-type]

    assert [of("pass"), of("pass", "unknown"), of("unknown", "fail"), of()] == ["pass", "unknown", "fail", "pass"]
