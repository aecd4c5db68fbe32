"""A town of six roofs and five facilities with its files, small enough to be computed in a fifth of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import rasterio
from pyproj import Transformer
from shapely.geometry import Polygon, box

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Project

WEST, NORTH, CELL, SIZE = -20200.0, -44200.0, 0.5, 200
_MONTHS = (
    range(1, 13), (92, 100, 125, 143, 160, 135, 145, 152, 110, 98, 85, 80), (6, 7, 10, 15, 19, 22, 26, 27, 24, 18, 13, 8),
)  # fmt: skip
# Where each roof begins [cells], its side [cells] and its height above the ground [m].
_ROOFS = ((10, 10, 44, 8), (10, 75, 40, 9), (10, 140, 36, 10), (110, 10, 48, 11), (110, 75, 32, 12), (110, 140, 40, 9))
# Name, ward, year of construction, seismic safety and remaining years of the facility on each roof; none on the last.
_FACILITIES = (
    ("東小学校", "東区", "昭和60年度", "新耐震", 40),
    ("西小学校", "西区", "平成2年度", "新耐震", 35),
    ("東図書館", "東区", "昭和62年度", "", 30),
    ("西区役所", "西区", "平成10年度", "新耐震", 45),
    ("東保育園", "東区", "昭和58年度", "新耐震", 5),
)


def small_town(folder: Path) -> dict[str, Path]:
    """DSM, outlines ``B0`` … ``B5``, a ledger of ``001`` … ``005`` (one fails by its years, one is unknown) and monthly normals.

    The building ``B5`` belongs to nobody; a tower shades ``B0``. The weather file names no place of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    z = np.full((SIZE, SIZE), 12.0, np.float32)
    shapes, points = [], []
    for row, col, side, height in _ROOFS:
        z[row : row + side, col : col + side] = 12 + height
        west, north = WEST + col * CELL, NORTH - row * CELL
        shapes.append(box(west, north - side * CELL, west + side * CELL, north))
        points.append((west + side * CELL / 2, north - side * CELL / 2))
    z[58:66, 14:40] = 60.0
    paths = {
        "dsm": folder / "dsm.tif", "buildings": folder / "建物.gpkg", "facilities": folder / "施設 一覧.csv", "weather": folder / "normals.csv",
    }  # fmt: skip
    with rasterio.open(
        paths["dsm"], "w", driver="GTiff", height=SIZE, width=SIZE, count=1, dtype="float32", crs="EPSG:6677",
        transform=rasterio.transform.from_origin(WEST, NORTH, CELL, CELL),
    ) as file:  # fmt: skip
        file.write(z, 1)
    names = [f"B{k}" for k in range(len(shapes))]
    gpd.GeoDataFrame({"building_id": names}, geometry=shapes, crs=6677).to_file(paths["buildings"])
    write_ledger(paths["facilities"], points)
    rows = [f"{month},{sun},{temp},3.0" for month, sun, temp in zip(*_MONTHS, strict=True)]
    paths["weather"].write_text(
        "月,全天日射量(kWh/m2),平均気温(℃),平均風速(m/s)\n" + "\n".join(rows), encoding="utf-8-sig"
    )
    return paths


def write_ledger(path: Path, points: list[tuple[float, float]], *, years: int = 0) -> None:
    """The ledger; ``years`` are added to the remaining years of the first facility."""
    to_degrees = Transformer.from_crs(6677, 6668, always_xy=True)
    rows = []
    for k, ((x, y), (name, ward, built, seismic, left)) in enumerate(zip(points, _FACILITIES, strict=False)):
        longitude, latitude = to_degrees.transform(x, y)
        still = left + (years if k == 0 else 0)
        rows.append(f"{k + 1:03d},{name},{ward},{latitude:.8f},{longitude:.8f},500,{built},{seismic},R2,{still}")
    head = "施設番号,施設名称,区,緯度,経度,延面積(㎡),建築年度,耐震基準,防水改修年度,残存使用年数\n"
    path.write_text(head + "\n".join(rows) + "\n", encoding="cp932")


def middles() -> list[tuple[float, float]]:
    """Middle of each roof in the plan's system."""
    return [(WEST + (col + side / 2) * CELL, NORTH - (row + side / 2) * CELL) for row, col, side, _ in _ROOFS]


def square_on(roof: int, metres: float) -> Polygon:
    """A square in the middle of a roof, of this side."""
    x, y = middles()[roof]
    half = metres / 2
    return box(x - half, y - half, x + half, y + half)


def project_of(files: dict[str, Path], folder: Path) -> Project:
    """The project of a town, as it is made from its files; with one scenario, 案1."""
    from kawasolar.pipeline import PlanInputs, make_project

    inputs = PlanInputs(
        files["dsm"],
        files["buildings"],
        files["facilities"],
        files["weather"],
        folder / "plan.kawasolar",
        scenario="案1",
    )
    return make_project(inputs)
