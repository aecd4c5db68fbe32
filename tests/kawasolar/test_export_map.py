"""The map as a picture and as layers for QGIS."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyogrio
import pytest
import rasterio.shutil
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyproj import CRS

from gis.tile_source import TileFacts, TileUnavailable
from kawasolar.errors import NotWritable
from kawasolar.export.canvas import Canvas
from kawasolar.export.gpkg import write_gpkg
from kawasolar.export.png import draw_page, write_png
from kawasolar.export.png_basemap import PaperMap
from kawasolar.export.png_map import fit_view, irradiation_range, place_markers, site_points
from kawasolar.export.table import chosen_ids, crs_name
from kawasolar.palette import CLASS_COLOURS, IRRADIATION_RAMP, ramp_colours, rgb
from kawasolar.words import LANGUAGES, Language
from tests.support.plans import example_plan
from tests.support.tiles import plain

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

TODAY = date(2026, 11, 23)
DPI = 80.0


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), facilities=24)


def share_near(picture: np.ndarray, colour: str, within: int = 24) -> float:
    """Share of the pixels that have about this colour."""
    apart = np.abs(picture.astype(int) - np.array(rgb(colour))).max(axis=-1)
    return float((apart <= within).mean())


def part(image: Image.Image, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """A part of the page, in mm."""
    scale = DPI / 25.4
    return np.asarray(image)[round(top * scale) : round(bottom * scale), round(left * scale) : round(right * scale)]


# ---------------------------------------------------------------------------------------------- colours


def test_the_ramp_passes_through_its_colours_and_gets_lighter() -> None:
    count = len(IRRADIATION_RAMP)
    shown = ramp_colours(np.linspace(0, 1, count))
    assert np.abs(shown.astype(int) - [rgb(colour) for colour in IRRADIATION_RAMP]).max() <= 2
    light = ramp_colours(np.linspace(0, 1, 50)).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()
    np.testing.assert_array_equal(ramp_colours(np.array([-3.0, np.nan, 7.0])), ramp_colours(np.array([0.0, 0.0, 1.0])))


# ---------------------------------------------------------------------------------------------- picture


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_all_its_parts(plan: Plan, tmp_path: Path, language: Language) -> None:
    path = tmp_path / "地図.png"
    write_png(plan, path, language, dpi=DPI, today=TODAY)
    image = Image.open(path)
    assert image.format == "PNG"
    assert image.size == (round(420 * DPI / 25.4), round(297 * DPI / 25.4))
    assert image.info["dpi"][0] == pytest.approx(DPI, abs=0.1)
    for box in ((10, 8, 200, 24), (306, 27, 410, 80), (306, 80, 410, 120), (306, 130, 410, 160), (10, 285, 300, 295)):
        assert np.asarray(part(image, *box)).std() > 10, box
    assert share_near(part(image, 320, 8, 411, 17), CLASS_COLOURS["unknown"]) > 0.02
    frame = part(image, 11, 28, 300, 282)
    assert share_near(frame, CLASS_COLOURS["chosen"]) > 0.002
    assert share_near(frame, CLASS_COLOURS["unknown"]) > 0.0003


def test_only_a_synthetic_plan_is_marked(plan: Plan) -> None:
    badge = (330, 8, 411, 17)
    real = draw_page(replace(plan, synthetic=False), "ja", dpi=DPI, today=TODAY)
    assert part(real, *badge).min() == 255
    marked = draw_page(plan, "ja", dpi=DPI, today=TODAY)
    assert part(marked, *badge).min() < 200


def test_roofs_have_the_colour_of_their_irradiation(plan: Plan) -> None:
    """The middle of each roof that no sign covers, found by its coordinates, against the plane's mean."""
    image = np.asarray(draw_page(plan, "ja", dpi=150.0, today=TODAY))
    scale = 150.0 / 25.4
    columns, rows = round(291 * scale), round(256 * scale)
    view = fit_view(plan, columns, rows)
    low, high = irradiation_range(plan)
    linked = set(plan.results.links["building_id"])
    planes = plan.results.planes[~plan.results.planes["building_id"].isin(linked)]
    points = planes.geometry.representative_point()
    pixels = view.pixels(np.stack([points.x, points.y], axis=-1)) + np.array([round(10 * scale), round(27 * scale)])
    wanted = ramp_colours((planes["irradiation_kwh_m2"].to_numpy() - low) / (high - low)).astype(int)
    found = image[pixels[:, 1].astype(int), pixels[:, 0].astype(int)].astype(int)
    # The raster swings by ±40 kWh/m² about the mean: 8 % of the ramp.
    assert np.median(np.abs(found - wanted).max(axis=-1)) < 25
    assert np.corrcoef(found[:, 0], wanted[:, 0])[0, 1] > 0.9


@pytest.mark.parametrize("missing", [("hillshade.tif",), ("irradiation.tif",), ("hillshade.tif", "irradiation.tif")])
def test_without_the_cache_the_map_says_so(plan: Plan, tmp_path: Path, missing: tuple[str, ...]) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(plan.cache, cache)
    for name in missing:
        (cache / name).write_bytes(b"damaged")
    image = draw_page(replace(plan, cache=cache), "ja", dpi=DPI, today=TODAY)
    note = part(image, 150, 265, 283, 282)
    assert share_near(note, CLASS_COLOURS["unknown"], 60) > 0.005
    assert (
        share_near(part(draw_page(plan, "ja", dpi=DPI, today=TODAY), 150, 265, 283, 282), CLASS_COLOURS["unknown"], 60)
        < 0.001
    )
    # Roofs have colours all the same.
    warm = part(image, 11, 28, 300, 260).astype(int)
    assert ((warm[..., 0] - warm[..., 2]) > 60).mean() > 0.03


def test_a_raster_that_only_points_to_another_is_not_opened(plan: Plan, tmp_path: Path) -> None:
    """GDAL would follow a VRT to any file or address; the cache holds GeoTIFFs and nothing else counts."""
    bare, pointing = tmp_path / "bare", tmp_path / "pointing"
    for folder in (bare, pointing):
        shutil.copytree(plan.cache, folder)
        (folder / "hillshade.tif").unlink()
    rasterio.shutil.copy(plan.cache / "hillshade.tif", pointing / "hillshade.tif", driver="VRT")
    assert b"VRTDataset" in (pointing / "hillshade.tif").read_bytes()
    pages = [draw_page(replace(plan, cache=folder), "ja", dpi=DPI, today=TODAY) for folder in (bare, pointing)]
    np.testing.assert_array_equal(np.asarray(pages[0]), np.asarray(pages[1]))


def test_many_sites_long_names_and_no_place(tmp_path: Path) -> None:
    plan = example_plan(tmp_path, facilities=300)
    sites = plan.decision.sites.assign(chosen=True, status="eligible")
    sites["rank"] = np.arange(1, 301)
    ledger = plan.facilities.copy()
    ledger["name"] = "じゅげむじゅげむごこうのすりきれ" * 8 + "\n体育館"
    ledger.loc[0, "geometry"] = None
    links = plan.results.links.iloc[1:]
    many = replace(
        plan,
        facilities=ledger,
        decision=replace(plan.decision, sites=sites),
        results=replace(plan.results, links=links),
    )
    assert len(site_points(many)) == 299
    image = draw_page(many, "en", dpi=DPI, today=TODAY)
    # Nothing runs out of the panel or below it.
    assert part(image, 411, 27, 420, 297).min() == 255
    assert part(image, 306, 284.5, 410, 285.5).min() == 255


def test_an_empty_plan_gives_a_map(plan: Plan) -> None:
    results = plan.results
    bare = replace(
        plan,
        facilities=plan.facilities.iloc[:0],
        results=replace(
            results,
            buildings=results.buildings.iloc[:0],
            planes=results.planes.iloc[:0],
            links=results.links.iloc[:0],
            yields=results.yields.iloc[:0],
        ),
        decision=replace(plan.decision, sites=plan.decision.sites.iloc[:0], outcomes=plan.decision.outcomes.iloc[:0]),
    )
    assert np.asarray(draw_page(bare, "ja", dpi=DPI, today=TODAY)).std() > 3


@pytest.mark.parametrize("dpi", [0.0, -1.0, 39.0, 5000.0])
def test_an_unreasonable_size_is_refused(plan: Plan, tmp_path: Path, dpi: float) -> None:
    with pytest.raises(ValueError, match="dpi"):
        write_png(plan, tmp_path / "x.png", "ja", dpi=dpi)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), max_size=40))
def test_marks_stay_inside_and_apart(places: list[tuple[float, float]]) -> None:
    radius = 8.0
    markers = place_markers([(number, x, y) for number, (x, y) in enumerate(places)], radius, (400, 300))
    marks = np.array([marker.mark for marker in markers]).reshape(-1, 2)
    assert [marker.number for marker in markers] == list(range(len(places)))
    assert ((marks >= radius - 1e-9) & (marks <= np.array([400, 300]) - radius + 1e-9)).all()
    gaps = np.hypot(*(marks[:, None] - marks[None]).transpose(2, 0, 1)) + np.eye(len(marks)) * 1e9
    assert gaps.min(initial=1e9) >= 2 * radius


def test_long_text_is_cut_to_its_width() -> None:
    canvas = Canvas(100, 50, 200)
    text = "川崎市立みぞのくち総合体育館・複合施設"
    cut = canvas.elided(text, 3.0, 30.0)
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])
    assert canvas.text_width(cut, 3.0) <= 30.0 < canvas.text_width(text[: len(cut)] + "…", 3.0)
    assert canvas.elided("a\n b\t c", 3.0, 30.0) == "a b c"


def test_names_of_coordinate_systems() -> None:
    assert crs_name(CRS.from_epsg(6669), "ja") == "JGD2011 平面直角座標系 第I系 (EPSG:6669)"
    assert crs_name(CRS.from_epsg(6677), "en") == "JGD2011 plane-rectangular zone IX (EPSG:6677)"
    assert crs_name(CRS.from_epsg(6687), "ja").count("第XIX系") == 1
    assert crs_name(CRS.from_epsg(28992), "ja") == "Amersfoort / RD New (EPSG:28992)"


# ---------------------------------------------------------------------------------------------- GeoPackage


def test_layers_for_qgis(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "計画.gpkg"
    write_gpkg(plan, path, "ja")
    facilities = pyogrio.read_dataframe(path, layer="facilities")
    assert facilities.crs.to_epsg() == 6677
    assert facilities["facility_id"].tolist() == plan.facilities["facility_id"].tolist()
    assert set(facilities.loc[facilities["class"] == "chosen", "facility_id"]) == set(chosen_ids(plan))
    np.testing.assert_array_equal(facilities["energy_kwh"], plan.results.yields["energy_kwh"])
    assert facilities["reason_text"].str.contains("位").any()
    assert facilities.geometry.x.tolist() == plan.facilities.geometry.x.tolist()
    planes = pyogrio.read_dataframe(path, layer="roof_planes")
    assert planes["plane_id"].tolist() == plan.results.planes["plane_id"].tolist()
    assert planes.geometry.area.sum() == pytest.approx(plan.results.planes.geometry.area.sum())
    # What only the program reads stays in the project.
    assert "cell_rules" not in planes
    subarrays = pyogrio.read_dataframe(path, layer="subarrays")
    assert subarrays.crs.to_epsg() == 6677
    assert subarrays["modules"].tolist() == [len(shape.geoms) for shape in subarrays.geometry]
    assert set(subarrays["plane_id"]) <= set(planes["plane_id"])
    power = subarrays.groupby("building_id")["capacity_kw"].sum()[plan.facilities["building_ids"]]
    np.testing.assert_allclose(power, plan.results.yields["capacity_kw"], rtol=1e-12)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_styles_are_sound(plan: Plan, tmp_path: Path) -> None:
    write_gpkg(plan, tmp_path / "s.gpkg", "ja")
    connection = sqlite3.connect(tmp_path / "s.gpkg")
    rows = connection.execute(
        "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
    ).fetchall()
    geometry = dict(connection.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
    connection.close()
    assert {row[0] for row in rows} == set(geometry)
    for table, column, qml, default in rows:
        assert column == geometry[table]
        assert default == 1
        renderer = ET.fromstring(qml.split(">", 1)[1]).find("renderer-v2")  # noqa: S314 - our own
        assert renderer is not None
        symbols = {symbol.get("name") for symbol in renderer.findall("symbols/symbol")}
        if renderer.get("type") == "singleSymbol":
            assert (table, symbols) == ("subarrays", {"0"})
            continue
        entries = renderer.findall("categories/category") + renderer.findall("ranges/range")
        assert {entry.get("symbol") for entry in entries} == symbols
        assert len(entries) >= 4
        frame = pyogrio.read_dataframe(tmp_path / "s.gpkg", layer=table)
        field = renderer.get("attr")
        assert field in frame.columns
        if renderer.get("type") == "categorizedSymbol":
            assert set(frame[field]) <= {entry.get("value") for entry in entries}


def test_ogrinfo_reads_the_export(plan: Plan, tmp_path: Path) -> None:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("ogrinfo is not installed (Debian: gdal-bin)")
    write_gpkg(plan, tmp_path / "s.gpkg", "en")
    shown = subprocess.run(
        [program, "-ro", "-so", "-al", str(tmp_path / "s.gpkg")], capture_output=True, text=True, check=True
    )
    assert shown.stderr == ""
    assert shown.stdout.count("Geometry: Multi Polygon") == 3
    assert f"Feature Count: {len(plan.results.planes)}" in shown.stdout


def test_a_layer_open_in_qgis_is_said(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path as Paths

    (tmp_path / "s.gpkg").write_bytes(b"stands")

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "in use", str(target))

    monkeypatch.setattr(Paths, "replace", refuse)
    for write in (write_gpkg, write_png):
        with pytest.raises(NotWritable) as caught:
            write(plan, tmp_path / "s.gpkg", "ja")
        assert caught.value.code == "export.locked"
    assert (tmp_path / "s.gpkg").read_bytes() == b"stands"
    assert len(list(tmp_path.iterdir())) == 1


def test_at_least_does_not_become_at_most() -> None:
    """The bundled Regular weight shows ≥ as ≤ and the other way round; ≧ and ≦, which Japanese print uses, are right."""

    def drawn(text: str) -> bytes:
        canvas = Canvas(40, 12, 200)
        canvas.text(2, 2, text, 6)
        return canvas.image.tobytes()

    assert drawn("日影 ≥ 3") == drawn("日影 ≧ 3")
    assert drawn("日影 ≤ 3") == drawn("日影 ≦ 3") != drawn("日影 ≧ 3")


# ---------------------------------------------------------------------------------------------- background map


class Blue:
    """A source of tiles of one colour; some cannot be had."""

    facts = TileFacts("blue", 5, 18)

    def __init__(self, *, offline: bool = False) -> None:
        self.offline, self.zooms = offline, set[int]()

    def read(self, z: int, x: int, y: int) -> bytes | None:
        self.zooms.add(z)
        if self.offline:
            raise TileUnavailable
        return plain((0, 0, 255))

    def close(self) -> None:
        pass


def test_a_background_map_lies_below_the_roofs_and_is_credited(plan: Plan) -> None:
    bare, written = draw_page(plan, "ja", dpi=DPI, today=TODAY), []
    source = Blue()
    for credit in ("", "出典：国土地理院（地理院タイル）"):
        paper = PaperMap(lambda: source, credit, 1.0)
        written.append(draw_page(plan, "ja", dpi=DPI, today=TODAY, basemap=paper))
    frame = (12, 29, 298, 270)
    assert share_near(part(bare, *frame), "#0000FF") == 0
    assert share_near(part(written[0], *frame), "#0000FF") > 0.4
    # What is drawn above stays what it was.
    for colour in (CLASS_COLOURS["chosen"], IRRADIATION_RAMP[3]):
        before, after = (share_near(part(page, *frame), colour) for page in (bare, written[0]))
        assert after == pytest.approx(before, rel=0.15)
    # The credit, and nothing else, is new; it lies in the corner of the map.
    new = np.abs(np.asarray(written[0]).astype(int) - np.asarray(written[1])).max(axis=-1) > 8
    rows, cols = np.nonzero(new)
    scale = DPI / 25.4
    assert rows.min() > 270 * scale
    assert cols.min() > 200 * scale
    assert len(source.zooms) == 1  # of a zoom that can be read on paper


def test_tiles_that_cannot_be_had_are_said_on_the_picture(plan: Plan) -> None:
    from kawasolar.export.png_map import draw_map

    paper = PaperMap(lambda: Blue(offline=True), "x")
    assert "export.map.no_tiles" in draw_map(plan, 300, 200, 3.0, paper).notes
    assert "export.map.no_tiles" not in draw_map(plan, 300, 200, 3.0, PaperMap(Blue, "x")).notes
