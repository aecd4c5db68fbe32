"""Trees from a vegetation raster: what they take from roofs, when, and what becomes stale by them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from pyproj import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

from gis.errors import CrsMismatch, CrsMissing, UnreadableFile
from gis.grid import Grid
from gis.progress import silent
from gis.raster import open_canopy
from kawasolar.__main__ import main
from kawasolar.document import edits
from kawasolar.document.entries import inverse
from kawasolar.pipeline import PlanInputs, input_files, inputs_of, make_project, monthly_transmissivity
from kawasolar.plan import InputFile, no_file, taken_away
from kawasolar.profile import load_profile, profile_from_text
from kawasolar.project import load_project, save_project
from kawasolar.provenance import explain
from kawasolar.reasons import finding_sentence
from kawasolar.stages import bring_up_to_date, observed, states, with_edit
from kawasolar.stages.bench import Bench
from kawasolar.stages.run import stamped, with_results
from kawasolar.stages.steps import can_restore_rasters
from kawasolar.words import LANGUAGES, say
from tests.support.town import CELL, NORTH, SIZE, WEST, small_town

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.survey import Survey
    from kawasolar.plan import Plan, Project
    from kawasolar.stages.tiled import TiledSurvey

ME = edits.Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
ZONE_9 = CRS.from_epsg(6677)
GRID = Grid(SIZE, SIZE, CELL, WEST, NORTH, ZONE_9)
ROOFS = {f"B{k}" for k in range(6)}
ON, OFF = "canopy.transmissivity_leaf_on", "canopy.transmissivity_leaf_off"
WINTER = [f"irradiation_m{month:02d}" for month in (1, 2, 3, 12)]
SUMMER = [f"irradiation_m{month:02d}" for month in range(4, 12)]


def trees() -> NDArray[np.float32]:
    """A row of 12 m south of the roof B1, which is 9 m high."""
    heights = np.zeros((SIZE, SIZE), np.float32)
    heights[52:58, 75:115] = 12.0
    return heights


def write(
    path: Path,
    heights: NDArray[np.generic],
    *,
    crs: str | None = "EPSG:6677",
    cell: float = CELL,
    west: float = WEST,
    north: float = NORTH,
    nodata: float | None = None,
) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=heights.shape[0], width=heights.shape[1], count=1, dtype=heights.dtype, crs=crs, nodata=nodata,
        transform=from_origin(west, north, cell, cell),
    ) as file:  # fmt: skip
        file.write(heights, 1)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("樹木のある町")


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, Path]:
    """The town's files, and its trees."""
    return {**small_town(folder), "canopy": write(folder / "植生高.tif", trees())}


@pytest.fixture(scope="module")
def inputs(files: dict[str, Path], folder: Path) -> PlanInputs:
    return PlanInputs(**files, out=folder / "plan.kawasolar", scenario="案1")


@pytest.fixture(scope="module")
def bare(inputs: PlanInputs) -> Project:
    return make_project(replace(inputs, canopy=None, out=inputs.out.with_name("bare.kawasolar")))


@pytest.fixture(scope="module")
def planted(inputs: PlanInputs) -> Project:
    return make_project(inputs)


@pytest.fixture(scope="module")
def bench(inputs: PlanInputs) -> Bench:
    return Bench(input_files(inputs), 6677)


@pytest.fixture(scope="module")
def without(bare: Project) -> Survey | TiledSurvey:
    return surveyed(Bench(bare.plan.inputs, 6677))


def surveyed(bench: Bench, numbers: Mapping[str, float] | None = None, beside: Path = Path()) -> Survey | TiledSurvey:
    return bench.survey(load_profile().with_numbers(numbers or {}), ROOFS, None, silent, beside)


def irradiation(found: Survey | TiledSurvey) -> NDArray[np.float64]:
    """Of each plane, kWh/m²."""
    light: NDArray[np.float64] = found.planes["irradiation_kwh_m2"].to_numpy(dtype=np.float64)
    return light


def losses(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, column: str, key: str) -> dict[str, float]:
    share = 1.0 - after.set_index(key)[column] / before.set_index(key)[column]
    return {str(name): float(value) for name, value in share.items()}


def months(found: Survey | TiledSurvey, columns: list[str]) -> float:
    """Irradiation of the roof B1 in these months."""
    return float(found.planes.set_index("building_id").loc[["B1"], columns].sum(axis=1).mean())


def standing(plan: Plan, project: Project) -> dict[str, str]:
    return {state.name: state.freshness for state in states(plan, project.profile)}


# ---------------------------------------------------------------------------------------------- what trees take


def test_trees_take_light_from_the_roof_behind_them_alone(bare: Project, planted: Project) -> None:
    before, after = bare.plan.results, planted.plan.results
    light = losses(before.buildings, after.buildings, "irradiation_kwh_m2", "building_id")
    assert 0.02 < light.pop("B1") < 0.15
    assert all(-1e-6 < lost < 0.003 for lost in light.values()), light
    energy = losses(before.yields, after.yields, "energy_kwh", "facility_id")
    assert 0.02 < energy.pop("002") < 0.15
    assert all(-1e-6 < lost < 0.006 for lost in energy.values()), energy
    assert {"004", "005"} <= {name for name, lost in energy.items() if lost < 1e-4}, "far away"
    lost = losses(before.yields, after.yields, "shading_loss", "facility_id")
    assert lost["002"] < 0, "more is lost to the skyline"


def test_glass_trees_are_none(bench: Bench, without: Survey | TiledSurvey) -> None:
    found = surveyed(bench, {ON: 1.0, OFF: 1.0})
    np.testing.assert_allclose(irradiation(found), irradiation(without), rtol=1e-6)
    np.testing.assert_allclose(found.sunlit, without.sunlit, rtol=1e-6, atol=1e-6)


def test_black_trees_are_solid(bench: Bench, files: dict[str, Path], tmp_path: Path) -> None:
    found = surveyed(bench, {ON: 0.0, OFF: 0.0})
    with rasterio.open(files["dsm"]) as file:
        solid = write(tmp_path / "solid.tif", file.read(1) + trees())
    inputs = PlanInputs(solid, files["buildings"], files["facilities"], files["weather"], tmp_path / "p.kawasolar")
    other = surveyed(Bench(input_files(inputs), 6677))
    np.testing.assert_allclose(irradiation(found), irradiation(other), rtol=2e-3)


def test_bare_trees_take_less_and_only_in_winter(bench: Bench, without: Survey | TiledSurvey) -> None:
    evergreen, deciduous = surveyed(bench, {ON: 0.03, OFF: 0.03}), surveyed(bench, {ON: 0.03, OFF: 1.0})
    assert months(evergreen, WINTER) < 0.95 * months(without, WINTER)
    assert months(deciduous, WINTER) == pytest.approx(months(without, WINTER), rel=1e-6)
    assert months(deciduous, SUMMER) == pytest.approx(months(evergreen, SUMMER), rel=1e-6)
    assert months(evergreen, SUMMER) < months(without, SUMMER)
    # Leaves that fall earlier let more light through.
    early = surveyed(bench, {ON: 0.03, OFF: 1.0, "canopy.leaf_off_month": 10})
    assert months(early, ["irradiation_m10", "irradiation_m11"]) > months(
        deciduous, ["irradiation_m10", "irradiation_m11"]
    )


def test_the_leaves_of_twelve_months() -> None:
    profile = load_profile()
    share = monthly_transmissivity(profile)
    assert share.tolist() == [0.5] * 3 + [0.03] * 8 + [0.5]

    def turned(first: int, bare: int) -> list[int]:
        share = monthly_transmissivity(
            profile.with_numbers({"canopy.leaf_on_month": first, "canopy.leaf_off_month": bare})
        )
        return (np.flatnonzero(share == 0.03) + 1).tolist()

    assert turned(5, 11) == [5, 6, 7, 8, 9, 10]
    assert turned(10, 5) == [1, 2, 3, 4, 10, 11, 12], "south of the equator"
    assert turned(4, 4) == list(range(1, 13))


def test_a_survey_by_tiles_sees_the_same_trees(
    bench: Bench, inputs: PlanInputs, planted: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = surveyed(bench)
    monkeypatch.setattr("kawasolar.stages.bench.ONE_WINDOW_CELLS", 1000)
    tiled = Bench(input_files(inputs), 6677)
    found = surveyed(tiled, beside=tmp_path)
    np.testing.assert_allclose(irradiation(found), irradiation(whole), rtol=1e-5)
    assert tiled.canopy_findings() == ()
    again = tiled.survey_some(load_profile(), found, {"B1"}, ROOFS, None, None, silent, tmp_path)
    np.testing.assert_allclose(irradiation(again), irradiation(whole), rtol=1e-5)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- the file


def _read(path: Path, crs: str | None = None) -> NDArray[np.float32]:
    with open_canopy(path, GRID, crs=crs) as source:
        return source.whole()


def test_the_surface_s_own_grid_is_read_as_it_is(files: dict[str, Path]) -> None:
    assert np.array_equal(_read(files["canopy"]), trees())
    with open_canopy(files["canopy"], GRID) as source:
        assert np.array_equal(source.read(50, 60, 70, 90), trees()[50:60, 70:90])
        assert (source.tallest, source.seen()) == (12.0, ())


def test_what_is_no_height_is_no_tree(tmp_path: Path) -> None:
    heights = trees()
    heights[0, :6] = (-9999, np.nan, -3.0, 9999.0, 3.4e38, np.inf)
    assert np.array_equal(_read(write(tmp_path / "a.tif", heights, nodata=-9999)), trees())
    whole = np.round(trees()).astype(np.uint8)
    whole[10:20, 10:20] = 255
    assert np.array_equal(_read(write(tmp_path / "b.tif", whole, nodata=255)), trees())


def test_another_cell_and_corner_come_to_the_surface_s_grid(tmp_path: Path) -> None:
    # Metres instead of half metres, and only the part that has trees.
    coarse = write(tmp_path / "coarse.tif", trees()[40:80:2, 61:161:2], cell=1.0, west=WEST + 30.5, north=NORTH - 20)
    assert np.array_equal(_read(coarse), trees())


def test_another_system_comes_to_the_surface_s(
    tmp_path: Path, without: Survey | TiledSurvey, inputs: PlanInputs, bench: Bench
) -> None:
    west, south, east, north = transform_bounds("EPSG:6677", "EPSG:32654", WEST, NORTH - 100, WEST + 100, NORTH)
    cell = 0.25
    rows, cols = int((north - south) / cell), int((east - west) / cell)
    heights = np.zeros((rows, cols), np.float32)
    from rasterio.warp import Resampling, reproject

    reproject(
        trees(), heights, src_transform=GRID.transform, src_crs="EPSG:6677", dst_transform=from_origin(west, north, cell, cell),
        dst_crs="EPSG:32654", resampling=Resampling.nearest,
    )  # fmt: skip
    path = write(tmp_path / "utm.tif", heights, crs="EPSG:32654", cell=cell, west=west, north=north)
    back = _read(path)
    assert (back != trees()).mean() < 0.002
    other = Bench(input_files(replace(inputs, canopy=path)), 6677)
    np.testing.assert_allclose(irradiation(surveyed(other)), irradiation(surveyed(bench)), rtol=3e-3)
    assert [finding.code for finding in other.canopy_findings()] == ["raster.reprojected"]


def test_a_file_without_a_system_needs_one(tmp_path: Path, inputs: PlanInputs, bench: Bench) -> None:
    rows = "\n".join(" ".join(f"{value:g}" for value in row) for row in trees())
    asc = tmp_path / "植生.asc"
    asc.write_text(f"ncols {SIZE}\nnrows {SIZE}\nxllcorner {WEST}\nyllcorner {NORTH - 100}\ncellsize {CELL}\n{rows}\n")
    with pytest.raises(CrsMissing) as missing:
        _read(asc)
    assert missing.value.code == "raster.no_crs"
    assert np.array_equal(_read(asc, "EPSG:6677"), trees())
    told = Bench(input_files(replace(inputs, canopy=asc, canopy_crs="EPSG:6677")), 6677)
    np.testing.assert_array_equal(irradiation(surveyed(told)), irradiation(surveyed(bench)))
    assert told.canopy_findings() == ()


def test_heights_above_the_sea_are_refused(tmp_path: Path, inputs: PlanInputs) -> None:
    path = write(tmp_path / "標高.tif", trees() + np.float32(130.0))
    for read in (lambda: _read(path), lambda: surveyed(Bench(input_files(replace(inputs, canopy=path)), 6677))):
        with pytest.raises(UnreadableFile) as refused:
            read()
        assert refused.value.code == "raster.canopy_absolute"
        for language in LANGUAGES:
            words = say(language, refused.value.code, **refused.value.details)
            assert all(part in words for part in ("標高.tif", "142", "100"))


def test_wrong_files_are_refused_and_doubtful_ones_said(tmp_path: Path, inputs: PlanInputs) -> None:
    cases: dict[str, tuple[Path, type[Exception]]] = {
        "raster.missing": (tmp_path / "gone.tif", UnreadableFile),
        "raster.canopy_outside": (write(tmp_path / "far.tif", trees(), west=WEST + 500), CrsMismatch),
    }
    for code, (path, kind) in cases.items():
        with pytest.raises(kind) as refused:
            _read(path)
        assert refused.value.code == code  # type: ignore[attr-defined]
    doubtful = {
        "raster.canopy_empty": np.full((SIZE, SIZE), 0.3, np.float32),
        "raster.canopy_everywhere": np.full((SIZE, SIZE), 8.0, np.float32),
    }
    for code, heights in doubtful.items():
        path = write(tmp_path / f"{code}.tif", heights)
        with open_canopy(path, GRID) as source:
            source.whole()
            (said,) = source.seen()
        assert (said.code, said.severity) == (code, "warning")
        for language in LANGUAGES:
            assert path.name in finding_sentence(language, said)


def test_trees_that_the_surface_has_too_are_said(inputs: PlanInputs, planted: Project, tmp_path: Path) -> None:
    with rasterio.open(inputs.dsm) as file:
        both = write(tmp_path / "dsm.tif", file.read(1) + trees())
    twice = make_project(replace(inputs, dsm=both, out=tmp_path / "plan.kawasolar"))
    code = "raster.canopy_in_surface"
    assert code not in {finding.code for finding in planted.plan.findings}
    (said,) = [finding for finding in twice.plan.findings if finding.code == code]
    assert said.severity == "warning"
    assert "100 %" in finding_sentence("ja", said)
    # By tiles too, and once.
    found = surveyed(Bench(twice.plan.inputs, 6677))
    assert [finding.code for finding in found.findings].count(code) == 1


# ---------------------------------------------------------------------------------------------- stale or not


def test_the_file_makes_the_survey_stale_and_so_do_its_values(
    bare: Project, planted: Project, inputs: PlanInputs
) -> None:
    (file,) = [entry for entry in input_files(inputs) if entry.role == "canopy"]
    added = with_edit(bare, edits.exchange_files(bare.entries, bare.plan.inputs, [file], ME))
    assert [name for name, state in standing(added.plan, added).items() if state == "stale"] == ["survey"]
    (survey,) = [state for state in states(added.plan, added.profile) if state.name == "survey"]
    keys = {"transmissivity_leaf_on", "transmissivity_leaf_off", "leaf_on_month", "leaf_off_month"}
    assert {(reason.kind, reason.name) for reason in survey.reasons} == {
        ("file", "canopy"), *(("value", f"canopy.{key}") for key in keys)
    }  # fmt: skip
    done = bring_up_to_date(added)
    np.testing.assert_array_equal(
        done.plan.results.planes["irradiation_kwh_m2"], planted.plan.results.planes["irradiation_kwh_m2"]
    )
    assert done.plan.stamps["survey"].fingerprint == planted.plan.stamps["survey"].fingerprint
    turned = with_edit(done, edits.set_value(done.entries, "s1", ON, 0.05, ME))
    assert [name for name, state in standing(turned.plan, turned).items() if state == "stale"] == ["survey"]


def test_without_the_file_its_values_change_nothing(bare: Project) -> None:
    turned = with_edit(bare, edits.set_value(bare.entries, "s1", ON, 0.05, ME))
    assert set(standing(turned.plan, turned).values()) == {"fresh"}
    assert not any("canopy" in name for name in bare.plan.stamps["survey"].inputs)
    assert bring_up_to_date(turned).plan.results is turned.plan.results


def test_the_file_can_be_taken_away_and_put_back(bare: Project, planted: Project) -> None:
    others = [entry for entry in planted.plan.inputs if entry.role != "canopy"]
    gone = taken_away(planted.plan.inputs, others)
    assert gone == [no_file("canopy")]
    edit = edits.exchange_files(planted.entries, planted.plan.inputs, [*others, *gone], ME)
    without = with_edit(planted, edit)
    assert without.plan.inputs == bare.plan.inputs
    done = bring_up_to_date(without)
    assert done.plan.stamps["survey"].fingerprint == bare.plan.stamps["survey"].fingerprint
    back = with_edit(done, inverse(edit), [planted.plan])
    assert set(standing(back.plan, back).values()) == {"fresh"}
    assert {entry.role: entry.path for entry in back.plan.inputs} == {
        entry.role: entry.path for entry in planted.plan.inputs
    }
    assert edits.exchange_files(bare.entries, bare.plan.inputs, gone, ME).changes == ()


def test_a_file_taken_away_while_a_run_goes_on_stays_away(planted: Project) -> None:
    edit = edits.exchange_files(planted.entries, planted.plan.inputs, [no_file("canopy")], ME)
    now = with_results(with_edit(planted, edit), planted)
    assert "canopy" not in {entry.role for entry in now.plan.inputs}
    assert standing(now.plan, now)["survey"] == "stale"


def test_results_of_the_first_calculation_are_stale_by_its_version(bare: Project) -> None:
    """A file of format 1 kept no stamps: what it holds was computed by the engine of its time."""
    old = stamped(bare.plan, bare.profile, version=1)
    (survey,) = [state for state in states(old, bare.profile) if state.name == "survey"]
    assert [(reason.kind, reason.before, reason.after) for reason in survey.reasons] == [("version", "1", "3")]
    # Nor is its yield what is computed now: of modules that are laid out.
    assert standing(old, bare)["yield"] == "stale"
    assert standing(old, bare)["eligibility"] == "follows"
    # Its facilities were joined by the distance alone.
    assert standing(old, bare)["ledger"] == "stale"


def test_a_profile_of_before_has_the_bundled_values() -> None:
    text = load_profile().text
    begin, end = text.index('[values."canopy.'), text.index("# ", text.index('[values."canopy.leaf_off_month"]'))
    older = profile_from_text(text[:begin] + text[end:], "older.toml")
    assert older.values == load_profile().values
    assert "canopy." not in older.text


# ---------------------------------------------------------------------------------------------- around it


def test_the_project_keeps_it_and_says_why(
    planted: Project, bare: Project, files: dict[str, Path], tmp_path: Path
) -> None:
    save_project(planted, tmp_path / "trees.kawasolar")
    again = load_project(tmp_path / "trees.kawasolar")
    assert again.plan.inputs == planted.plan.inputs
    assert inputs_of(again.plan, tmp_path / "trees.kawasolar").canopy == files["canopy"].resolve()
    assert set(standing(again.plan, again).values()) == {"fresh"}
    assert observed(again.plan.inputs) == again.plan.inputs
    assert not can_restore_rasters_without(planted)

    def told(plan: Plan) -> set[str]:
        found = json.dumps(explain(plan, "irradiation_kwh_m2", "002"), default=str, ensure_ascii=False)
        return {part for part in ("植生高.tif", ON, "engine.azimuths") if part in found}

    assert told(planted.plan) == {"植生高.tif", ON, "engine.azimuths"}
    assert told(bare.plan) == {"engine.azimuths"}


def can_restore_rasters_without(project: Project) -> bool:
    """Whether rasters would be made anew though the trees' file is gone."""
    from kawasolar.stages.work import Work

    moved = tuple(
        replace(entry, path=entry.path + ".gone") if entry.role == "canopy" else entry for entry in project.plan.inputs
    )
    work = Work.of(project.plan, project.profile, inputs=moved)
    work.cache = Path("/nowhere")
    return can_restore_rasters(work)


def test_the_command_line_takes_it_and_takes_it_away(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "計画.kawasolar"
    bare_asc = tmp_path / "no.tif"
    write(bare_asc, trees(), crs=None)
    given = [part for role in ("dsm", "buildings", "facilities", "weather") for part in (f"--{role}", str(files[role]))]
    assert main(["-q", "plan", *given, "--canopy", str(bare_asc), "--out", str(target)]) == 3
    assert "--canopy-crs" in capsys.readouterr().err
    assert (
        main(["-q", "plan", *given, "--canopy", str(bare_asc), "--canopy-crs", "EPSG:6677", "--out", str(target)]) == 0
    )
    (entry,) = [entry for entry in load_project(target).plan.inputs if entry.role == "canopy"]
    assert (Path(entry.path), entry.crs) == (bare_asc.resolve(), "EPSG:6677")
    assert main(["-q", "edit", "input", str(target), "canopy", "--none", "--run"]) == 0
    project = load_project(target)
    assert "canopy" not in {entry.role for entry in project.plan.inputs}
    assert main(["-q", "edit", "input", str(target), "canopy", str(files["canopy"]), "--run"]) == 0
    project = load_project(target)
    assert "canopy" in {entry.role for entry in project.plan.inputs}
    assert set(standing(project.plan, project).values()) == {"fresh"}
    for wrong in (["dsm", "--none"], ["canopy"], ["canopy", str(files["canopy"]), "--none"]):
        assert main(["-q", "edit", "input", str(target), *wrong]) == 2


@pytest.mark.realdata
def test_the_trees_of_goteborg(realdata: Path, tmp_path: Path) -> None:
    place = realdata / "goteborg"
    paths = {
        "dsm": place / "DSM_KRbig.tif",
        "buildings": place / "buildings.shp",
        "weather": realdata / "epw" / "tokyo.epw",
    }
    plain = [InputFile(role, str(path), 1, "") for role, path in paths.items()]  # type: ignore[arg-type]
    grown = [*plain, InputFile("canopy", str(place / "CDSM_KRbig.asc"), 1, "", crs="EPSG:3007")]
    detail = set(Bench(tuple(plain), 6677).outlines().frame["building_id"])
    one, other = (
        Bench(tuple(entries), 6677).survey(load_profile(), detail, None, silent, tmp_path) for entries in (plain, grown)
    )
    area = one.planes["area_m2"].to_numpy()
    before, after = irradiation(one), irradiation(other)
    # With a treetop beside it an edge may be read as another kind of edge, and a skyline be a hundredth of a degree lower.
    assert (after <= before * (1 + 2e-5)).all()
    fall = 1.0 - np.average(after, weights=area) / np.average(before, weights=area)
    assert 0.0 < fall < 0.3
