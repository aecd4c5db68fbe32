"""Administrative areas from national and own files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS
from shapely.geometry import LineString, Point, box

from gis.errors import CrsMissing, UnreadableFile
from gis.wards import read_wards

ZONE_9 = CRS.from_epsg(6677)
WARDS = ["川崎区", "幸区", "中原区", "高津区", "多摩区", "宮前区", "麻生区"]


@pytest.mark.realdata
def test_the_seven_wards_of_kawasaki(realdata: Path) -> None:
    """国土数値情報 N03 of 2019, its table in cp932 and no .cpg."""
    found = read_wards(realdata / "n03_kanagawa" / "N03-19_14_190101.shp", ZONE_9)
    city = found.frame[found.frame["code"].str.startswith("1413")]
    assert city["name"].tolist() == WARDS
    km2 = city.geometry.area / 1e6
    # Each ward to 0.01 km², as they are published, makes 142.99; unrounded it is 142.98 on the plane, of which 1 km² is 0.9998 on the ellipsoid.
    assert km2.round(2).sum() == pytest.approx(142.99, abs=1e-6)
    assert km2.sum() == pytest.approx(142.99, abs=0.011)
    on_earth = abs(CRS(6668).get_geod().geometry_area_perimeter(city.to_crs(6668).union_all())[0])
    assert on_earth / 1e6 == pytest.approx(143.01, abs=0.005)
    assert found.left_out == 0
    offices = gpd.points_from_xy([139.7028, 139.6487, 139.5064], [35.5309, 35.5667, 35.6036], crs=6668).to_crs(6677)
    assert found.at(np.asarray(offices)).tolist() == ["川崎区", "中原区", "麻生区"]
    around = read_wards(
        realdata / "n03_kanagawa" / "N03-19_14_190101.shp", ZONE_9, bounds=(-14500, -50000, -12500, -48000)
    )
    assert set(around.frame["name"]) == {"幸区", "中原区"}


def squares(names: list[str | None], column: str = "行政区", crs: int = 6677) -> gpd.GeoDataFrame:
    """One beside the other, 100 m each."""
    shapes = [box(100 * k, 0, 100 * k + 100, 100) for k in range(len(names))]
    return gpd.GeoDataFrame({column: names}, geometry=shapes, crs=6677).to_crs(crs)


def shp(frame: gpd.GeoDataFrame, path: Path, encoding: str) -> None:
    frame.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink()


WRITERS: dict[str, Callable[[gpd.GeoDataFrame, Path], None]] = {
    "cp932.shp": lambda frame, path: shp(frame, path, "cp932"),
    "utf8.shp": lambda frame, path: shp(frame, path, "utf-8"),
    "cpg.shp": lambda frame, path: frame.to_file(path, encoding="cp932"),
    "w.gpkg": lambda frame, path: frame.to_file(path),
    "w.geojson": lambda frame, path: frame.to_file(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_names_in_every_format_and_encoding(tmp_path: Path, name: str) -> None:
    WRITERS[name](squares(["川崎区", "幸　区 ", "Ａ区"], "name", 6668), tmp_path / name)
    found = read_wards(tmp_path / name, ZONE_9)
    assert found.frame["name"].tolist() == ["川崎区", "幸 区", "A区"]
    assert np.allclose(found.frame.geometry.area, 1e4, rtol=1e-3)


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ({"N03_003": ["川崎市"] * 2, "N03_004": ["幸区", "中原区"]}, ["幸区", "中原区"]),
        # From 2024 the ward has a column of its own.
        ({"N03_004": ["川崎市", "鎌倉市"], "N03_005": ["幸区", None]}, ["幸区", "鎌倉市"]),
        ({"NAME": ["幸区", "中原区"]}, ["幸区", "中原区"]),
    ],
)
def test_which_column_is_the_name(tmp_path: Path, columns: dict[str, list[str]], names: list[str]) -> None:
    squares(["x", "y"]).drop(columns="行政区").assign(**columns).to_file(tmp_path / "w.gpkg")
    assert read_wards(tmp_path / "w.gpkg", ZONE_9).frame["name"].tolist() == names


def test_parts_are_one_ward_and_wards_of_two_cities_are_two(tmp_path: Path) -> None:
    frame = squares(["緑区", "緑区", "緑区", None, "中区"]).assign(code=["14113", "14113", "14151", "1", "14104"])
    frame.loc[4, "geometry"] = None
    frame.to_file(tmp_path / "w.gpkg")
    found = read_wards(tmp_path / "w.gpkg", ZONE_9)
    assert list(zip(found.frame["name"], found.frame["code"], strict=True)) == [("緑区", "14113"), ("緑区", "14151")]
    assert found.frame.geometry.area.tolist() == pytest.approx([2e4, 1e4])
    assert found.left_out == 2
    points = np.array([Point(50, 50), Point(100, 50), Point(250, 50), Point(350, 50), None, Point()], dtype=object)
    assert found.at(points).tolist() == ["緑区", "緑区", "緑区", None, None, None]


def code_of(path: Path, **how: object) -> str:
    with pytest.raises((UnreadableFile, CrsMissing)) as caught:
        read_wards(path, ZONE_9, **how)  # type: ignore[arg-type]
    return caught.value.code


def test_what_is_no_file_of_wards_is_told(tmp_path: Path, realdata: Path) -> None:
    (tmp_path / "text.shp").write_text("x")
    squares(["幸区"]).to_file(tmp_path / "w.gpkg")
    squares(["幸区"], "面積").to_file(tmp_path / "nameless.gpkg")
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[LineString([(0, 0), (1, 1)])], crs=6677).to_file(
        tmp_path / "lines.gpkg"
    )
    squares(["幸区"]).to_file(tmp_path / "where.shp")
    (tmp_path / "where.prj").unlink()
    assert code_of(tmp_path / "none.shp") == "wards.missing"
    assert code_of(tmp_path / "text.shp") == "wards.unreadable"
    assert code_of(tmp_path / "lines.gpkg") == "wards.unreadable"
    assert code_of(tmp_path / "nameless.gpkg") == "wards.no_names"
    assert code_of(tmp_path / "where.shp") == "wards.no_crs"
    assert read_wards(tmp_path / "where.shp", ZONE_9, crs="EPSG:6677").frame["name"].tolist() == ["幸区"]
    assert code_of(tmp_path / "w.gpkg", bounds=(5000, 5000, 6000, 6000)) == "wards.elsewhere"


@pytest.mark.realdata
@pytest.mark.parametrize(("part", "size"), [(".shp", 90), (".shp", 40_000), (".dbf", 200), (".dbf", 0), (".shx", 50)])
def test_a_file_that_is_cut_off_is_told_or_has_fewer_rows(realdata: Path, tmp_path: Path, part: str, size: int) -> None:
    for file in (realdata / "n03_kanagawa").glob("N03*"):
        shutil.copy(file, tmp_path / file.name)
        (tmp_path / file.name).chmod(0o644)
    path = tmp_path / "N03-19_14_190101.shp"
    raw = path.with_suffix(part).read_bytes()
    path.with_suffix(part).write_bytes(raw[:size])
    try:
        found = read_wards(path, ZONE_9).frame
    except UnreadableFile as error:
        said = error.code
    else:
        said = "wards."
        assert shapely.is_valid(found.geometry.to_numpy()).all()
    assert said.startswith("wards.")
