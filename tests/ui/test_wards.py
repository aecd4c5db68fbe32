"""Wards on the map, and the first look at their file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from PySide6.QtGui import QColor, QImage
from shapely.geometry import box

from gis.progress import silent
from kawasolar.plan import InputFile
from ui.check import Area, check
from ui.map import MapView
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan


@pytest.fixture
def halves(example: Plan, tmp_path: Path) -> Path:
    """Two wards, that meet in the middle of the plan."""
    west, south, east, north = example.results.buildings.total_bounds
    middle = (west + east) / 2
    shapes = [box(west - 500, south - 500, middle, north + 500), box(middle, south - 500, east + 500, north + 500)]
    frame = gpd.GeoDataFrame({"name": ["西区", "東区"]}, geometry=shapes, crs=example.crs)
    frame.to_crs(6668).to_file(tmp_path / "区.geojson")
    return tmp_path / "区.geojson"


def test_the_border_is_seen_while_its_layer_is_shown(qtbot: QtBot, example: Plan, halves: Path) -> None:
    plan = replace(example, inputs=(*example.inputs, InputFile("wards", str(halves), 0, "")))
    view = MapView(LIGHT, "ja")
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    view.set_plan(plan)
    qtbot.waitUntil(view.is_idle, timeout=20_000)
    west, south, east, _ = plan.results.buildings.total_bounds
    px, py = view.viewport().to_screen((west + east) / 2, south - 20)

    def inked() -> int:
        """Rows below the plan in which a pixel near the border has the ink's colour."""
        image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        rows = range(round(py), image.height() - 4)
        near = range(round(px) - 2, round(px) + 3)
        return sum(any(QColor(image.pixel(x, y)).lightness() < 120 for x in near) for y in rows)

    assert view.cards.buttons.action["wards"].isVisible()
    assert inked() > 3
    view.set_layer("wards", False)
    qtbot.waitUntil(view.is_idle, timeout=20_000)
    assert inked() == 0
    view.shutdown()


def test_a_plan_without_wards_has_no_such_layer(qtbot: QtBot, example: Plan, tmp_path: Path) -> None:
    view = MapView(LIGHT, "ja")
    qtbot.addWidget(view)
    # The file is gone since: no line, and no word of it here; the step Data says so.
    view.set_plan(replace(example, inputs=(*example.inputs, InputFile("wards", str(tmp_path / "gone.shp"), 0, ""))))
    view.show()
    qtbot.waitUntil(view.is_idle, timeout=20_000)
    assert not view.cards.buttons.action["wards"].isVisible()
    view.shutdown()


def test_the_first_look_names_the_wards(example: Plan, halves: Path, tmp_path: Path) -> None:
    area = Area(example.crs, tuple(example.results.buildings.total_bounds))
    found = check("wards", halves, area, 6677, None, None, silent)
    assert found.error is None
    assert found.values == {"number": "2", "names": "西区・東区"}
    far = Area(example.crs, (9e4, 9e4, 9.1e4, 9.1e4))
    assert check("wards", halves, far, 6677, None, None, silent).error is not None
